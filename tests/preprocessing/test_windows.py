"""Windows of signals against loops, and views of frames against numpy."""

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from skl_tot.datasets import make_activities
from skl_tot.preprocessing import FrameView, SignalWindows, windows
from skl_tot.recordings import Recordings
from skl_tot.recordings.signals import FLOOR


def loop(part, half, floor):
    """Mean, log spread, log change and slope around each frame, one by one."""
    rows = []
    for t in range(len(part)):
        near = part[max(0, t - half) : t + half + 1]
        steps = np.abs(np.diff(near, axis=0))
        change = steps.mean(axis=0) if len(steps) else np.zeros(part.shape[1])
        logs = [np.log(near.var(axis=0) + floor**2) / 2, np.log(change + floor)]
        ahead, behind = part[t : t + half + 1], part[max(0, t - half) : t + 1]
        slope = ahead.mean(axis=0) - behind.mean(axis=0)
        rows.append(np.concatenate([near.mean(axis=0), *logs, slope]))
    return np.array(rows)


VALUES = st.floats(-100, 100).map(lambda value: round(value, 9))  # of squares > 0


@pytest.mark.filterwarnings("ignore:window is .* but the longest recording")
@given(
    arrays(float, (37, 2), elements=VALUES),
    st.floats(2, 90),
    st.sets(st.integers(1, 36), max_size=3).map(sorted),
    st.integers(1, 4000),
)
def test_windows_are_those_of_loops(video, width, breaks, block_bytes):
    takes = Recordings([video, video[:1]], breaks=[breaks, []])
    with mock.patch.object(windows, "BLOCK_BYTES", block_bytes):
        model = SignalWindows(width, statistics=windows.ALL_STATISTICS).fit(takes)
        found, single = model.transform(takes)
    half = model.window_ // 2
    assert model.window_ == 2 * half + 1
    assert abs(model.window_ - width) <= 1
    floor = FLOOR * model.scales_
    expected = [loop(part, half, floor) for part in np.split(video, breaks)]
    assert_allclose(found, np.concatenate(expected), rtol=1e-9, atol=1e-9)
    assert_allclose(single, loop(video[:1], half, floor), rtol=1e-9, atol=1e-9)


def test_seconds_of_recordings_with_a_rate():
    frames = [pd.DataFrame({"acc": np.arange(90.0)})]
    takes = Recordings(frames, ["walk"], fps=30)
    model = SignalWindows(1.5, statistics=("mean",)).fit(takes)
    assert model.window_ == 45
    assert list(model.transform(takes)["walk"]) == ["acc mean 1.5 s"]
    with pytest.raises(ValueError, match="25 frames per second"):
        model.transform(Recordings(frames, fps=25))


VIDEOS, _ = make_activities(4, 3, n_features=5, mean_length=40, random_state=0)


def products(arrays):
    """Inner products of all frames, which a rotation keeps."""
    frames = np.concatenate(arrays)
    return frames @ frames.T


def scaled(arrays, scaling):
    if scaling == "video":
        return [(x - x.mean(axis=0)) / x.std(axis=0) for x in arrays]
    frames = np.concatenate(arrays).astype(float)
    return [(x - frames.mean(axis=0)) / frames.std(axis=0) for x in arrays]


@pytest.mark.parametrize("scaling", ["dataset", "video"])
@pytest.mark.parametrize("widths", [(), [3, 9]])
def test_equals_numpy(scaling, widths):
    """Scaled frames and windows, rotated, with the largest variances first."""
    view = FrameView([1.0] * bool(widths), scaling=scaling).fit(VIDEOS)
    parts = [VIDEOS, *(own.transform(VIDEOS) for own in view.windows_)]
    columns = scaled([np.hstack(own) for own in zip(*parts)], scaling)
    found = view.transform(VIDEOS)
    centred = np.concatenate(columns)
    centred = centred - centred.mean(axis=0)
    values = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    variances = (np.concatenate(found) ** 2).sum(axis=0)
    np.testing.assert_allclose(variances, values[: len(variances)], rtol=1e-4)
    assert found[0].shape[1] == min(40, len(columns[0].T))
    if len(columns[0].T) <= 40:
        expected = centred @ centred.T
        np.testing.assert_allclose(products(found), expected, atol=1e-3)


def test_windows_have_multiples_of_the_automatic_width():
    automatic = SignalWindows().fit(VIDEOS).window_
    recordings = Recordings(VIDEOS, fps=25)
    for X, rate in ((VIDEOS, 1), (recordings, 25)):
        view = FrameView([1, 3], n_components=4).fit(X)
        widths = [own.window_ for own in view.windows_]
        assert widths[0] == pytest.approx(automatic, abs=2)
        assert widths[0] < widths[1] <= max(map(len, VIDEOS))
        assert view.windows_[0].get_params()["window"] == widths[0] / rate
        assert [own.shape for own in view.transform(X)] == [(len(x), 4) for x in VIDEOS]
    names = [f"component {i}" for i in range(4)]
    assert view.get_feature_names_out().tolist() == names
