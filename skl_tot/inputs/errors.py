"""Errors that know the video they are of."""

import contextlib


class VideoError(Exception):
    """Something is wrong with one of many videos; its number is not in the text only.

    Parameters
    ----------
    reason : str
        What is wrong, in one line.
    video : int
        Number of the video.

    Examples
    --------
    >>> error = VideoValueError("it has no frames.", 3)
    >>> print(error, error.video, error.reason, sep="; ")
    Video 3: it has no frames.; 3; it has no frames.
    """

    def __init__(self, reason, video):
        super().__init__(reason, video)  # both, so that it can be pickled
        self.reason, self.video = reason, video

    def __str__(self):
        return f"Video {self.video}: {self.reason}"


class VideoTypeError(VideoError, TypeError):
    """A `TypeError` of one of many videos."""


class VideoValueError(VideoError, ValueError):
    """A `ValueError` of one of many videos."""


class VideoFileNotFoundError(VideoError, FileNotFoundError):
    """A `FileNotFoundError` of one of many videos."""


@contextlib.contextmanager
def errors_of_video(video):
    """Give a TypeError or a ValueError of the block the number of the video.

    None, for a single video, leaves errors as they are.
    """
    try:
        yield
    except VideoError:
        raise
    except (TypeError, ValueError) as error:
        if video is None:
            raise
        kind = VideoTypeError if isinstance(error, TypeError) else VideoValueError
        raise kind(str(error), video) from error


def one_line(message):
    """Text of a message without its line breaks."""
    return " ".join(str(message).split())
