"""Public names of a module that are loaded on first use."""

import importlib

__all__ = ["loader", "places"]


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


def places(room, **names):
    """Places of names in the modules of a room, which are given by module.

    >>> places("skl_tot.recordings", errors="one_line short_repr")
    {'one_line': 'skl_tot.recordings.errors', 'short_repr': 'skl_tot.recordings.errors'}
    """
    return {
        name: f"{room}.{module.replace('__', '.')}"
        for module, own in names.items()
        for name in own.split()
    }
