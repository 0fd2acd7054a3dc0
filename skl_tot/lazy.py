"""Public names of a module that are loaded on first use."""

import importlib


def loader(module, places):
    """Make the ``__getattr__`` of a module that gets its names from other modules.

    Parameters
    ----------
    module : str
        Name of the module.
    places : dict
        Module of each name.

    >>> load = loader("tools", {"sqrt": "math"})
    >>> load("sqrt")(4)
    2.0
    >>> load("cube")
    Traceback (most recent call last):
    AttributeError: module 'tools' has no attribute 'cube'
    """
    for name, place in places.items():
        assert place != f"{module}.{name}", f"the module {place} would hide its {name}"

    def load(name):
        if name in places:
            return getattr(importlib.import_module(places[name]), name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return load
