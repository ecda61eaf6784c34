"""What tests share: servers, pens, oracles, the workflows of users."""
