"""Errors that know the video they are of."""

import contextlib
import sys
import warnings
from pathlib import Path

PACKAGE = str(Path(__file__).parents[1])
MAX_SHOWN = 80  # characters of a value in an error


class VideoError(Exception):
    """Something is wrong with one of many videos; its number is not in the text only.

    Parameters
    ----------
    reason : str
        What is wrong, in one line.
    video : int
        Number of the video.
    name : str or int, default=None
        Its name, if it has one.

    Examples
    --------
    >>> error = VideoValueError("it has no frames.", 3)
    >>> print(error, error.video, error.reason, sep="; ")
    Video 3: it has no frames.; 3; it has no frames.
    >>> print(VideoValueError("it has no frames.", 3, "take_3"))
    take_3: it has no frames.
    """

    def __init__(self, reason, video, name=None):
        super().__init__(reason, video, name)  # all, so that it can be pickled
        self.reason, self.video, self.name = reason, video, name

    def __str__(self):
        name = f"Video {self.video}" if self.name is None else self.name
        return f"{name}: {self.reason}"


class VideoTypeError(VideoError, TypeError):
    """A `TypeError` of one of many videos."""


class VideoValueError(VideoError, ValueError):
    """A `ValueError` of one of many videos."""


class VideoFileNotFoundError(VideoError, FileNotFoundError):
    """A `FileNotFoundError` of one of many videos."""


@contextlib.contextmanager
def errors_of_video(video, name=None):
    """Give a TypeError or a ValueError of the block the number of the video.

    None, for a single video, leaves errors as they are. One with a number already gets
    the name, if it lacks one.
    """
    try:
        yield
    except VideoError as error:
        if error.name is None:
            error.name = name
        raise
    except (TypeError, ValueError) as error:
        if video is None:
            raise
        kind = VideoTypeError if isinstance(error, TypeError) else VideoValueError
        raise kind(str(error), video, name) from error


def one_line(message):
    """Text of a message without its line breaks."""
    return " ".join(str(message).split())


def short_repr(value):
    """Show a value, whatever it is, in one line that is not long.

    >>> short_repr("a" * 100)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."
    """
    try:
        text = one_line(repr(value))
    except Exception:  # nested too deeply, say
        text = f"a {type(value).__name__}"
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def warn_user(text, category=UserWarning):
    """Warn at the line outside of this package, and of decorators, that called it."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_inside(frame.f_code.co_filename):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def _is_inside(filename):
    return (
        filename.startswith(PACKAGE)
        or filename == contextlib.__file__
        or "sklearn" in Path(filename).parts
    )
