"""Files: segments in many formats, names of actions, models."""

import lazy_loader

# Loaded on first use: the command line reports wrong arguments before it loads them.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
