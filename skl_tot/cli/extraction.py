"""Command that makes features of video files."""

import os
from pathlib import Path

from skl_tot.cli import folders
from skl_tot.cli.terminal import count, names_in_errors, progress
from skl_tot.io.atomic import replaced_files, write_array
from skl_tot.io.rate_files import RATE_FILE, read_rate, write_rate
from skl_tot.preprocessing.video_paths import videos_of_folder


def features(videos, out, fps, backbone, weights, device, pooling, image_size):
    """Compute features of video files, one .npy file for each, and write their rate."""
    from skl_tot.preprocessing.frame_features import FrameFeatures

    paths = _list_paths(videos)
    names = [path.stem for path in paths]
    repeated = folders.find_repeated(names)
    if repeated is not None:
        raise ValueError(f"Several videos are called {repeated!r}, expected one.")
    _check_rate(out, names, fps)
    extractor = FrameFeatures(
        backbone,
        fps=fps,
        weights=weights if weights == "DEFAULT" else os.path.abspath(weights),
        device=device,
        pooling=pooling,
        image_size=image_size,
    )
    with replaced_files(out) as temporary, names_in_errors(names):
        arrays = extractor.transform_each(paths)
        for name, array in zip(progress(names, "video"), arrays):
            write_array(temporary / f"{name}.npy", array)
        write_rate(temporary, fps)
    print(f"Features of {count(len(paths), 'video')} written to {out}.")


def _list_paths(videos):
    """Paths of files as they are, of folders those of the videos in them."""
    paths = []
    for video in map(Path, videos):
        paths += videos_of_folder(video) if video.is_dir() else [video]
    return paths


def _check_rate(out, names, fps):
    """Refuse to put features beside others of another rate, as one file says all."""
    others = sorted({path.stem for path in Path(out).glob("[!.]*.npy")} - set(names))
    if not others:
        return
    rate = read_rate(out)
    if rate == fps:
        return
    if rate is None:
        found = f"but no {RATE_FILE} that says its rate"
    else:
        found = f"of {rate:g} frames per second"
    raise ValueError(
        f"{out} has {others[0]}.npy, {found}; expected a folder of its own for "
        f"features of --fps {fps:g}."
    )
