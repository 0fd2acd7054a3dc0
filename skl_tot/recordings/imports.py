"""Modules imported on demand: those of public names, and packages of extras."""

import importlib

__all__ = ["EXTRAS", "import_extra", "loader", "places"]

# By extra: imported modules, and their distributions.
EXTRAS = {
    "files": {
        "edfio": "edfio",
        "h5py": "h5py",
        "ndx_ethogram": "ndx-ethogram",
        "openpyxl": "openpyxl",
        "praatio": "praatio",
        "pyarrow": "pyarrow",
        "pympi": "pympi-ling",
        "pynwb": "pynwb",
        "webvtt": "webvtt-py",
    },
    "notebook": {"anywidget": "anywidget", "IPython": "anywidget"},
    "plot": {"matplotlib": "matplotlib"},
    "review": {"starlette": "starlette", "uvicorn": "uvicorn"},
    "video": {"av": "av", "PIL": "timm", "safetensors": "timm", "timm": "timm"},
}


def loader(module, places):
    """Make the ``__getattr__`` of a module that gets its names from other modules."""
    for name, place in places.items():
        assert place != f"{module}.{name}", f"the module {place} would hide its {name}"

    def load(name):
        if name in places:
            return getattr(importlib.import_module(places[name]), name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return load


def places(room, **names):
    """Places of names in the modules of a room, which are given by module."""
    return {
        name: f"{room}.{module.replace('__', '.')}"
        for module, own in names.items()
        for name in own.split()
    }


def import_extra(name):
    """Import a module of an extra, or raise an error with the install command."""
    package = name.partition(".")[0]
    (extra,) = [extra for extra, modules in EXTRAS.items() if package in modules]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        is_missing = getattr(error, "name", None) in (package, name)
        reason = "is not installed" if is_missing else f"does not load ({error})"
        raise ImportError(
            f"This needs {package}, which {reason}: pip install 'skl-tot[{extra}]'"
        ) from error
