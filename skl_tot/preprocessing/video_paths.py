"""Video files that a path, a list of paths or a folder stand for."""

import os
from collections import Counter
from itertools import pairwise
from pathlib import Path

from skl_tot.inputs.errors import (
    VideoFileNotFoundError,
    errors_of_video,
    one_line,
)

# fmt: off
SUFFIXES = [
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg",
    ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv", ".3gp",
]
# fmt: on


def list_videos(X):
    """Paths of existing files, and whether X is a "file", a "folder" or a "list"."""
    if isinstance(X, (str, os.PathLike)):
        if os.path.isdir(X):
            return videos_of_folder(X), "folder"
        _check_path(X, None)
        return [X], "file"
    if not hasattr(X, "__len__"):
        raise TypeError(
            f"X is a {type(X).__name__}, expected a path, a folder or a list."
        )
    paths = list(X)
    if not paths:
        raise ValueError(f"X is an empty {type(X).__name__}, expected paths of videos.")
    for i, path in enumerate(paths):
        _check_path(path, i)
    return paths, "list"


def videos_of_folder(folder):
    """Paths of the videos that lie in a folder, by name; each name occurs once."""
    found = [path for path in Path(folder).glob("[!.]*") if path.is_file()]
    paths = [path for path in found if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise FileNotFoundError(
            f"{one_line(folder)} has no video ({', '.join(SUFFIXES)}), "
            f"{_describe(found)}."
        )
    paths.sort(key=lambda path: (path.stem, path.suffix))
    for path, following in pairwise(paths):
        if path.stem == following.stem:
            raise ValueError(
                f"{one_line(folder)} has {one_line(path.name)} and "
                f"{one_line(following.name)}, expected one video of each name."
            )
    return paths


def _describe(found):
    """Say what files there are in place of videos."""
    if not found:
        return "and no other file"
    kinds = Counter(path.suffix.lower() or "without suffix" for path in found)
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    return f"but {listed}"


def _check_path(path, video):
    """Refuse what is no path of a file."""
    with errors_of_video(video):
        if not isinstance(path, (str, os.PathLike)):
            kind = type(path).__name__
            raise TypeError(f"expected a path of a video file, got a {kind}.")
    if os.path.isfile(path):
        return
    reason = f"{one_line(path)} is not a file."
    if os.path.isdir(path):
        reason = f"{one_line(path)} is a folder, expected a file or that folder alone."
    if video is None:
        raise FileNotFoundError(reason)
    raise VideoFileNotFoundError(reason, video)
