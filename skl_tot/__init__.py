"""Action segmentation by temporal optimal transport, without labels or from a few."""

import lazy_loader

__version__ = "1.0.0"

# Loaded on first use, so that metrics and data sets do not wait for methods. Names
# stand in `__init__.pyi`.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
