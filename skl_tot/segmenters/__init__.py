"""Single methods."""
