"""Packages of extras, imported on demand."""

import importlib

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
