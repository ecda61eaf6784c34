"""What tests share: servers, pens, oracles, callbacks, the workflows of users."""
