"""Packages that are installed on demand."""

import importlib


def import_extra(name, extra):
    """Import a module of an extra, or say how to install it.

    Parameters
    ----------
    name : str
        Module.
    extra : str
        Extra of this package that brings it.

    Returns
    -------
    module : module
        The module.

    Raises
    ------
    ImportError
        If it is not installed.

    Examples
    --------
    >>> import_extra("json", "export").__name__
    'json'
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"This needs {name.partition('.')[0]}, which is not installed: "
            f"pip install 'skl-tot[{extra}]'"
        ) from error
