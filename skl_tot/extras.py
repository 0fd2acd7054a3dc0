"""Packages that some things need only: extras of this package, imported when used."""

import importlib

# By extra, the modules that are imported, and the distribution that each comes with.
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
    "video": {
        "av": "av",
        "huggingface_hub": "timm",
        "PIL": "timm",
        "safetensors": "timm",
        "timm": "timm",
        "torchvision": "torchvision",
    },
}


def import_extra(name):
    """Import a module of an extra, or say how to install that.

    >>> import_extra("matplotlib.colors").__name__
    'matplotlib.colors'
    """
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
