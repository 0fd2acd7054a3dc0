"""Errors that name the recording or the missing package, and warnings."""

import contextlib
import importlib
import re
import sys
import warnings
from collections import Counter
from numbers import Integral, Real
from pathlib import Path
from typing import NoReturn
from weakref import WeakKeyDictionary

PACKAGE = str(Path(__file__).parents[1])


class RecordingError(Exception):
    """An error about one of many recordings.

    Parameters
    ----------
    reason : str
        Description of the fault, in one line.
    recording : int
        Number of the recording.
    name : str or int, default=None
        Its name, if it has one.

    Examples
    --------
    >>> from skl_tot.recordings import RecordingValueError
    >>> print(RecordingValueError("it has no frames.", 3, "take_3"))
    take_3: it has no frames.
    """

    def __init__(self, reason, recording, name=None):
        super().__init__(reason, recording, name)  # all arguments, for pickle
        self.reason, self.recording, self.name = reason, recording, name

    def __str__(self):
        name = f"Recording {self.recording}" if self.name is None else self.name
        return f"{name}: {self.reason}"


class RecordingTypeError(RecordingError, TypeError):
    """A `TypeError` about one of many recordings."""


class RecordingValueError(RecordingError, ValueError):
    """A `ValueError` about one of many recordings."""


@contextlib.contextmanager
def errors_of_recording(recording, name=None):
    """Add the number and the name of a recording to errors of the block."""
    try:
        yield
    except RecordingError as error:
        if error.name is None:
            error.name = name
        raise
    except (TypeError, ValueError) as error:
        if recording is None:
            raise
        is_type = isinstance(error, TypeError)
        kind = RecordingTypeError if is_type else RecordingValueError
        raise kind(str(error), recording, name) from error


@contextlib.contextmanager
def errors_of_file(path):
    """Name a file in the errors of the block, unless they name it."""
    shown = one_line(path)
    try:
        yield
    except Exception as error:  # a broken file raises many types
        reason = one_line(error)
        is_named = getattr(error, "filename", None) or reason.startswith(shown)
        if is_named or isinstance(error, ImportError):
            raise
        if isinstance(error, UnicodeDecodeError):
            reason = "it is no text in UTF-8; save it as 'CSV UTF-8'."
        elif not reason.endswith("."):  # no sentence of this package
            kind = f"{type(error).__name__}: {reason}"
            reason = f"it is damaged or of another kind ({kind}); write it again."
        raise ValueError(f"{shown}: {reason}") from error


def one_line(message):
    """Text of a message without its line breaks."""
    return " ".join(str(message).split())


def short_repr(value):
    """Show any value in one short line."""
    try:
        text = one_line(repr(value))
    except Exception:  # nested too deeply, say
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def listed(words, most=5):
    """Join the first words, with the number of others."""
    words = list(words)
    if len(words) > most:
        words = [*words[:most], f"and {len(words) - most} more"]
    return ", ".join(words)


def repeated(names):
    """List the names that occur more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def is_int(value):
    """Whether a value is an integer, and no truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value):
    """Whether a value is a real number, and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


def refuse(name, value, expected, error=ValueError) -> NoReturn:
    """Raise the error of a bad value, with the value and the expectation."""
    raise error(f"{name} is {short_repr(value)}, expected {expected}.")


# Starts of warnings, up to their first number, by the `Parallel` of a search, and those
# in a process that works for searches.
_WARNED_BY_SEARCH: WeakKeyDictionary = WeakKeyDictionary()
_WARNED_BY_WORKER: set = set()
# Packages between a line of the user and a warning.
INSIDE = ("skl_tot", "sklearn", "joblib", "contextlib")


class FaultWarning(UserWarning):
    """A fault of files, which `list_faults` lists, too."""


def warn_user(text, category=UserWarning):
    """Warn at the line of the user that led here; in a search once of each thing."""
    level, frame, warned = 2, sys._getframe(1), None
    while frame.f_back is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package not in INSIDE:
            break
        if frame.f_code.co_name == "_fit_and_score":  # of a fold, perhaps in a worker
            warned = _WARNED_BY_WORKER
        if package == "sklearn" and "parallel" in frame.f_locals:  # also the last fit
            parallel = frame.f_locals["parallel"]
            warned = _WARNED_BY_SEARCH.setdefault(parallel, set())
        frame, level = frame.f_back, level + 1
    start, *_ = re.split(r"\d", str(text), maxsplit=1)
    if warned is not None:
        if start in warned:
            return
        warned.add(start)
    warnings.warn(text, category, stacklevel=level)


# Modules that are imported, by extra.
EXTRAS = {
    "files": [
        "h5py",
        "ndx_ethogram",
        "openpyxl",
        "praatio",
        "pyarrow",
        "pympi",
        "pynwb",
    ],
    "models": ["skops"],
    "plot": ["matplotlib"],
    "review": ["starlette", "uvicorn"],
    "tables": ["jinja2", "pandas"],
    "video": ["av", "PIL", "safetensors", "timm"],
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
        text = f"This needs {package}, which {reason}: {how_to_install(extra)}"
        raise ImportError(text) from error


def how_to_install(extra):
    """Command that installs the package with an extra, also from a checkout."""
    root = Path(PACKAGE).parent
    if (root / "pyproject.toml").is_file():
        return f"pip install -e '{root}[{extra}]'"
    return f"pip install -U 'skl-tot[{extra}]'"
