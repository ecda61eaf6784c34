"""The backend of the same name."""
