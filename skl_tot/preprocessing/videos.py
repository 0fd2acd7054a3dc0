"""Video files: their paths, their frames, and colour and motion of these."""

import os
from collections.abc import Iterator
from numbers import Real
from pathlib import Path

import numpy as np
from sklearn.utils._param_validation import validate_params

from skl_tot.preprocessing.framewise import Number
from skl_tot.recordings.clocks import MAX_FPS, MIN_FPS
from skl_tot.recordings.errors import (
    errors_of_recording,
    import_extra,
    one_line,
    refuse,
    repeated,
)
from skl_tot.recordings.sources import describe_folder

FPS = [None, Number(Real, MIN_FPS, MAX_FPS, closed="both")]

# fmt: off
SUFFIXES = [
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg",
    ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv", ".3gp",
]
# fmt: on
# Tolerated delay of a frame in seconds, as some files round times to milliseconds.
LATE = 1e-3
# Parts of a picture, and pixels of a part of the shrunken one, in each direction.
GRID, SIDE = 4, 16


@validate_params(
    {"path": [str, os.PathLike], "fps": FPS}, prefer_skip_nested_validation=True
)
def iterate_frames(path, fps=10) -> Iterator[tuple[float, np.ndarray]]:
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
        Seconds from the first frame: i / ``fps``, or else the time in the file.
    frame : ndarray of shape (height, width, 3)
        Red, green and blue, uint8.

    Raises
    ------
    ImportError, FileNotFoundError, ValueError
        If the ``video`` extra or the file is missing, damaged or no video.

    Examples
    --------
    >>> from skl_tot.preprocessing import iterate_frames
    >>> for time, frame in iterate_frames("take_1.mp4", fps=1):  # doctest: +SKIP
    ...     print(f"{time:.0f} s: {frame.mean():.0f}")
    """
    av = import_extra("av")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{one_line(path)} is not a file.")
    try:
        # absolute, as ffmpeg reads text before a colon as a protocol
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
    """First stream of pictures other than the cover of a sound file, or None."""
    if container.format.name == "tty":  # ffmpeg's format for text
        return None
    for stream in container.streams.video:
        if not stream.disposition & cover:
            return stream
    return None


def _decode(container, stream, path):
    """Yield times, from 0, and frames; at last the end of the video and None."""
    n_frames, start = 0, None
    for frame in container.decode(stream):
        if frame.pts is None:
            remedy = "copy them into another format, such as .mp4"
            raise ValueError(f"{path} has frames without a time; {remedy}.")
        if start is None:
            start = frame.pts
        time = float((frame.pts - start) * frame.time_base)
        n_frames += 1
        yield time, frame
    if n_frames == 0:
        raise ValueError(f"{path} has no frames that can be decoded.")
    # some files omit the duration of the last frame
    duration = max(float(frame.duration * frame.time_base), 2 * LATE)
    expected = float((stream.duration or 0) * stream.time_base) - duration / 2
    # without missing time: files may omit frames, or hide them in the list of edits
    if n_frames < stream.frames and time + duration < expected:
        raise ValueError(f"{path} is cut off: {n_frames} of {stream.frames} frames.")
    yield time + duration, None


def _resample(frames, fps):
    i, shown = 0, None
    for time, frame in frames:
        while shown is not None and i / fps < time - LATE:
            yield i / fps, shown
            i += 1
        shown = frame


def _to_rgb(frame):
    array = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(array, round(frame.rotation / 90)))


def list_videos(X):
    """Paths of existing files, and whether X is a "file", a "folder" or a "list"."""
    if isinstance(X, (str, os.PathLike)):
        if os.path.isdir(X):
            return videos_of_folder(X), "folder"
        _check_path(X)
        return [X], "file"
    if not hasattr(X, "__len__"):
        refuse("X", X, "a path, a folder or a list", TypeError)
    paths = list(X)
    if not paths:
        raise ValueError(f"X is an empty {type(X).__name__}, expected paths of videos.")
    for i, path in enumerate(paths):
        with errors_of_recording(i):
            _check_path(path)
    return paths, "list"


def videos_of_folder(folder):
    """Paths of the videos in a folder, sorted by name; each name occurs once."""
    files = [path for path in Path(folder).glob("[!.]*") if path.is_file()]
    paths = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not paths:
        content = f"no video ({', '.join(SUFFIXES)}), {describe_folder(Path(folder))}"
        raise FileNotFoundError(f"{one_line(folder)} has {content}.")
    paths.sort(key=lambda path: (path.stem, path.suffix))
    for name in repeated(path.stem for path in paths)[:1]:
        raise ValueError(f"{one_line(folder)} has two videos {name!r}, expected one.")
    return paths


def videos_beside(*places):
    """Video by name, of those in folders, or in folders of files."""
    folders = [path if path.is_dir() else path.parent for path in map(Path, places)]
    files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return {path.stem: path for path in files if path.suffix.lower() in SUFFIXES}


def _check_path(path):
    if not isinstance(path, (str, os.PathLike)):
        refuse("a video", path, "a path", TypeError)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{one_line(path)} is not a file.")


def colour_and_motion(frames, batch_size=None):
    """Features (n_frames, 112) of consecutive frames (height, width, 3)."""
    rows, before = [], None
    of_colours = np.array([0.299, 0.587, 0.114], np.float32)  # as eyes see them
    for frame in frames:
        small = _shrink(frame)
        grey = small @ of_colours
        before = grey if before is None else before
        parts = [_parts(small[..., k]).mean(axis=2) for k in range(3)]
        parts += [_parts(grey).std(axis=2), _parts(np.abs(grey - before)).mean(axis=2)]
        parts += _flow(before, grey)
        rows.append(np.stack(parts).ravel())
        before = grey
    return np.array(rows, np.float32)


def _shrink(frame):
    """Mean colours (64, 64, 3) of rectangles of a frame, from 0 to 1."""
    small = frame.astype(np.float32) / 255
    for axis in (0, 1):
        edges = np.linspace(0, small.shape[axis], GRID * SIDE + 1).astype(int)
        sizes = np.maximum(np.diff(edges), 1)
        sums = np.add.reduceat(small, edges[:-1].clip(max=small.shape[axis] - 1), axis)
        small = sums / np.expand_dims(sizes, tuple({0, 1, 2} - {axis}))
    return small


def _parts(picture):
    """Pixels (4, 4, 256) of the parts of a picture (64, 64)."""
    blocks = picture.reshape(GRID, SIDE, GRID, SIDE).swapaxes(1, 2)
    return blocks.reshape(GRID, GRID, -1)


def _flow(before, after):
    """Movement of each part, (4, 4) to the right and (4, 4) down."""
    down, right = np.gradient((before + after) / 2)
    change = after - before
    xx, yy, xy, xt, yt = (
        _parts(product).sum(axis=2)
        for product in (right**2, down**2, right * down, right * change, down * change)
    )
    xx, yy = xx + 1e-2, yy + 1e-2  # parts without texture stand still
    determinant = xx * yy - xy**2
    flow = [xy * yt - yy * xt, xy * xt - xx * yt]
    return [direction / determinant / SIDE for direction in flow]
