"""Files that pages of the documentation read."""

import numpy as np
import pandas as pd
import pytest

POINTS = ["nose", "left_ear", "tail"]
FPS, N_FRAMES = 25, 240


def make_track(seed):
    """Points (n_frames, n_points, 2) of an animal; likelihoods (n_frames, n_points).

    It turns about now and then, and walks and bends in turns.
    """
    rng = np.random.RandomState(seed)
    phase = (np.arange(N_FRAMES) // 40) % 2
    angle = np.cumsum(rng.normal(scale=0.05, size=N_FRAMES))
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    centre = 200 + np.cumsum(direction * (0.2 + 3 * phase)[:, None], axis=0)
    length = (20 - 8 * phase)[:, None] * direction
    ear = 3 * direction[:, ::-1] * [-1, 1]
    points = np.stack([centre + length, centre + ear, centre - length], axis=1)
    likelihood = np.full((N_FRAMES, len(POINTS)), 0.95)
    likelihood[50:58, 0] = 0.1  # gaps of up to eight frames
    likelihood[100:103, 2] = 0.59
    likelihood[0, 1] = 0.0
    return points + rng.normal(scale=0.3, size=points.shape), likelihood


def write_deeplabcut(path, points, likelihood, animals=()):
    """One table of an animal or several, with a header of three rows or four."""
    values = np.concatenate([points, likelihood[:, :, None]], axis=2)
    levels = {"scorer": ["network"], "individuals": animals, "bodyparts": POINTS}
    levels |= {"coords": ["x", "y", "likelihood"]}
    levels = {name: level for name, level in levels.items() if len(level)}
    columns = pd.MultiIndex.from_product(levels.values(), names=levels)
    pd.DataFrame(values.reshape(len(points), -1), columns=columns).to_csv(path)


def write_sleap(path, points, likelihood):
    """Analysis file of one track, whose arrays lie as Matlab has them."""
    h5py = pytest.importorskip("h5py")
    points = np.where(likelihood[:, :, None] < 0.6, np.nan, points)
    with h5py.File(path, "w") as file:
        file["tracks"] = points.T[None]
        file["node_names"] = POINTS


@pytest.fixture
def pose_files(tmp_path, monkeypatch):
    """Folders of tracks, in the working directory."""
    tracks = {f"mouse{i}": make_track(i) for i in range(3)}
    folder, exports, pairs = (tmp_path / x for x in ("tracks", "exports", "pairs"))
    folder.mkdir()
    exports.mkdir()
    pairs.mkdir()
    for i, (name, track) in enumerate(tracks.items()):
        both = zip(track, make_track(i + 9), strict=True)
        both = [np.concatenate(parts, axis=1) for parts in both]
        write_deeplabcut(pairs / f"{name}.csv", *both, ["mouse1", "mouse2"])
        write_deeplabcut(folder / f"{name}.csv", *track)
        write_sleap(exports / f"{name}.analysis.h5", *track)

    monkeypatch.chdir(tmp_path)
    return tracks
