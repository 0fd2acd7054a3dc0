"""The package torch, imported at its first use, as most predictions do without."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
else:

    class _Torch:
        """Stands for the module."""

        # `lazy_loader.load` would enter torch into `sys.modules`, where scipy and
        # scikit-learn look for it, and use it if it is there.

        def __getattr__(self, name):
            import torch

            value = getattr(torch, name)
            setattr(self, name, value)  # from now on, without this call
            return value

    torch = _Torch()
