"""What people see while a command works: bars, and errors that name files."""

import contextlib
import sys

from skl_tot.recordings.text import text_of_name


def progress(items, unit):
    """Show a bar on a terminal."""
    from tqdm.auto import tqdm

    return tqdm(items, unit=unit, disable=None)


def has_bars():
    """Whether someone would see the bar of a fit."""
    return sys.stderr.isatty()


def count(number, noun):
    """Put a number before its noun.

    >>> count(1, "video"), count(2, "video")
    ('1 video', '2 videos')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def describe_seed(seed):
    """Say which seed a fit had, if anything was drawn by chance.

    >>> describe_seed(0), describe_seed(None)
    (' with seed 0', '')
    """
    return "" if seed is None else f" with seed {seed}"


def printable(names):
    r"""Names of files as text; bytes that are none stand as ``\xff``."""
    return list(map(text_of_name, names))


@contextlib.contextmanager
def names_in_errors(names):
    """Name the recording in errors that have its number only."""
    from skl_tot.recordings.errors import RecordingError

    try:
        yield
    except RecordingError as error:
        error.name = names[error.recording]
        raise
