"""Files that are written completely or not at all."""

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np

IS_WINDOWS = os.name == "nt"


@contextlib.contextmanager
def replaced(path):
    """Write to a temporary file, and rename it to ``path`` after success.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name, "a.txt")
    >>> with replaced(path) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> path.read_text()
    'whole'
    >>> folder.cleanup()
    """
    path = Path(os.path.realpath(path))  # follow a link
    check_target(path)
    with _folder_in(path.parent) as folder:
        temporary = folder / path.name
        with _named_errors(path):
            yield temporary
        _move(temporary, path)


@contextlib.contextmanager
def replaced_files(folder):
    """Write files to a temporary folder, and move them to ``folder`` after success.

    The folder is created if it is missing; its other files stay.

    >>> import tempfile
    >>> parent = tempfile.TemporaryDirectory()
    >>> with replaced_files(Path(parent.name, "new")) as temporary:
    ...     _ = Path(temporary, "a.txt").write_text("whole")
    >>> Path(parent.name, "new", "a.txt").read_text()
    'whole'
    >>> parent.cleanup()
    """
    folder = Path(folder)
    check_target(folder, is_folder=True)
    place = folder if folder.is_dir() else folder.parent
    with _folder_in(place) as temporary:
        with _named_errors(folder):
            yield temporary
        paths = list(temporary.iterdir())
        folder.mkdir(exist_ok=True)
        for path in paths:
            check_target(folder / path.name)
        for path in paths:
            _move(path, folder / path.name)


@contextlib.contextmanager
def _folder_in(place):
    """Make a folder for the time of the block.

    Folders of `tempfile` belong to one user on Windows, and files keep that when moved.
    """
    folder = Path(place, f".skl-tot-{secrets.token_hex(8)}")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def check_target(path, is_folder=False):
    """Raise an error before the work if a file or folder cannot be written."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} is no folder, cannot write {path}.")
    place = path if is_folder and path.is_dir() else path.parent
    if not os.access(place, os.W_OK):
        raise PermissionError(f"{place} is not writable, cannot write {path}.")
    is_expected = path.is_dir() if is_folder else path.is_file()
    if path.exists() and not is_expected:
        kind = "folder" if is_folder else "file"
        raise FileExistsError(f"{path} is there, and no {kind}.")
    if IS_WINDOWS and path.is_file():
        with _no_other_program(path), open(path, "r+b"):
            pass


def write_array(path, array):
    """Write a ``.npy`` file; an error gives the reason.

    numpy's own error gives only the number of bytes written.
    """
    with open(path, "wb") as file:
        np.save(SimpleNamespace(write=file.write), array)


def _move(path, target):
    """Put a file or folder in the place of another, or where none is."""
    with _no_other_program(target):
        os.replace(path, target)


@contextlib.contextmanager
def _no_other_program(path):
    """Say why a file cannot be replaced, mostly on Windows."""
    try:
        yield
    except PermissionError as error:
        raise PermissionError(
            f"{path} cannot be replaced, as another program has it open or it is "
            "read-only; close it there, or write elsewhere."
        ) from error


@contextlib.contextmanager
def _named_errors(path):
    """Add the file or folder to a system error that names none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
