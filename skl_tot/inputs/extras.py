"""Packages that are installed on demand."""

import importlib


def import_extra(name, extra):
    """Import a module of an extra of this package, or say how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"This needs {name.partition('.')[0]}, which is not installed: "
            f"pip install 'skl-tot[{extra}]'"
        ) from error
