"""Recordings: the container, its readers, and their labels, clocks and names."""

import lazy_loader

# Loaded on first use: the command line reports wrong arguments before it loads them.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
