"""Single methods, one file each, and the mathematics that they learn by."""
