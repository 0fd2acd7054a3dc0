"""Frames of video files."""

import os
from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skl_tot.inputs.errors import one_line
from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.rates import MAX_FPS, MIN_FPS

FPS = [None, Interval(Real, MIN_FPS, MAX_FPS, closed="both")]

# Seconds by which a frame may come late, as some files round times to milliseconds.
LATE = 1e-3


@validate_params(
    {"path": [str, os.PathLike], "fps": FPS}, prefer_skip_nested_validation=True
)
def iterate_frames(path, fps=10):
    """Decode a video frame by frame.

    Parameters
    ----------
    path : str or path-like
        Video file. Needs the ``video`` extra.
    fps : float, default=10
        Frames per second, see `FrameFeatures`; None gives every frame of the file.

    Yields
    ------
    time : float
        Seconds from the first frame: i / ``fps``, or with ``fps=None`` what the file
        says.
    frame : ndarray of shape (height, width, 3)
        Red, green and blue, uint8.

    Raises
    ------
    ImportError
        If the ``video`` extra is not installed.
    FileNotFoundError
        If there is no such file.
    ValueError
        If ``fps`` is not from 1e-6 to 1e6, or the file is no video, is damaged or was
        cut off.

    Examples
    --------
    >>> from skl_tot.preprocessing import iterate_frames
    >>> for time, frame in iterate_frames("take_1.mp4", fps=1):  # doctest: +SKIP
    ...     print(f"{time:.0f} s: {frame.mean():.0f}")
    """
    av = import_extra("av", "video")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{one_line(path)} is not a file.")
    try:
        # absolute, as ffmpeg takes what is before a colon for a protocol
        with av.open(os.path.abspath(path)) as container:
            stream = _find_stream(container, av.stream.Disposition.attached_pic)
            if stream is None:
                raise ValueError(f"{path} holds no video.")
            frames = _decode(container, stream, path)
            if fps is not None:
                frames = _resample(frames, fps)
            for time, frame in frames:
                if frame is not None:
                    yield time, _to_rgb(frame)
    except av.error.FFmpegError as error:
        raise ValueError(f"{path} cannot be decoded: {error.strerror}.") from error


def _find_stream(container, cover):
    """First stream of pictures that are not the cover of a sound file, or None."""
    if container.format.name == "tty":  # to ffmpeg, text is
        return None
    for stream in container.streams.video:
        if not stream.disposition & cover:
            return stream
    return None


def _decode(container, stream, path):
    """Yield times, from the first, and frames; at last the end of the video and None.

    Raises a ValueError at the end of a file that was cut off. One that lacks frames but
    no time is in order: frames may be left out, or hidden by the list of edits.
    """
    n_frames, start = 0, None
    for frame in container.decode(stream):
        if frame.pts is None:
            raise ValueError(
                f"{path} has frames without a time; copy them into a file of another "
                "format, such as .mp4."
            )
        if start is None:
            start = frame.pts
        time = float((frame.pts - start) * frame.time_base)
        n_frames += 1
        yield time, frame
    if n_frames == 0:
        raise ValueError(f"{path} has no frames that can be decoded.")
    # some files do not say how long the last one is shown
    duration = max(float(frame.duration * frame.time_base), 2 * LATE)
    expected = float((stream.duration or 0) * stream.time_base) - duration / 2
    if n_frames < stream.frames and time + duration < expected:
        raise ValueError(
            f"{path} was cut off: only {n_frames} of {stream.frames} frames are there."
        )
    yield time + duration, None


def _resample(frames, fps):
    """Yield the frames that are shown at whole multiples of 1 / fps seconds."""
    i, shown = 0, None
    for time, frame in frames:
        while shown is not None and i / fps < time - LATE:
            yield i / fps, shown
            i += 1
        shown = frame


def _to_rgb(frame):
    """Array (height, width, 3) of a frame, turned upright."""
    array = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(array, round(frame.rotation / 90)))
