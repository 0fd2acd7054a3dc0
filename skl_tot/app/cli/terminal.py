"""Terminal output of commands: bars, and errors that name files."""

import contextlib
import sys

from skl_tot.recordings import text_of_name


def progress(items, unit):
    """Show a bar on a terminal."""
    from tqdm.auto import tqdm

    return tqdm(items, unit=unit, disable=None)


def has_bars():
    """Whether a terminal shows the bar of a fit."""
    return sys.stderr.isatty()


def count(number, noun):
    """Put a number before its noun.

    >>> count(1, "video"), count(2, "video")
    ('1 video', '2 videos')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def describe_seed(seed):
    """Describe the seed of a fit, if it used random numbers.

    >>> describe_seed(0), describe_seed(None)
    (' with seed 0', '')
    """
    return "" if seed is None else f" with seed {seed}"


def printable(names):
    r"""File names as text; invalid bytes become ``\xff``."""
    return list(map(text_of_name, names))


@contextlib.contextmanager
def names_in_errors(names):
    """Add the recording to errors that have only its number."""
    from skl_tot.recordings import RecordingError

    try:
        yield
    except RecordingError as error:
        error.name = names[error.recording]
        raise
