"""Windows of signals against loops, at ends and breaks, and the width that is found."""

from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from skl_tot.preprocessing import SignalWindows, windows
from skl_tot.recordings import Recordings
from skl_tot.recordings.signals import FLOOR


def loop(part, half, floor):
    """Mean, log spread and log change around each frame, one by one."""
    rows = []
    for t in range(len(part)):
        near = part[max(0, t - half) : t + half + 1]
        steps = np.abs(np.diff(near, axis=0))
        change = steps.mean(axis=0) if len(steps) else np.zeros(part.shape[1])
        logs = [np.log(near.var(axis=0) + floor**2) / 2, np.log(change + floor)]
        rows.append(np.concatenate([near.mean(axis=0), *logs]))
    return np.array(rows)


VALUES = st.floats(-100, 100).map(lambda value: round(value, 9))  # of squares > 0


@pytest.mark.filterwarnings("ignore:window is .* but the longest recording")
@settings(max_examples=60)
@given(
    arrays(float, (37, 2), elements=VALUES),
    st.floats(2, 90),
    st.sets(st.integers(1, 36), max_size=3).map(sorted),
    st.integers(1, 4000),
)
def test_windows_are_those_of_loops(video, width, breaks, block_bytes):
    takes = Recordings([video, video[:1]], breaks=[breaks, []])
    with mock.patch.object(windows, "BLOCK_BYTES", block_bytes):
        model = SignalWindows(width).fit(takes)
        found, single = model.transform(takes)
    half = model.n_around_
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
    with pytest.raises(ValueError, match="25 frames per second, but the model was"):
        model.transform(Recordings(frames, fps=25))


def test_windows_longer_than_all_recordings_are_said():
    takes = Recordings([np.zeros((90, 1)), np.zeros((60, 1))], fps=30)
    with pytest.warns(UserWarning, match="is 4, 120 frames, but the longest .* has 90"):
        SignalWindows(4).fit(takes)
    SignalWindows(2.9).fit(takes)  # does not warn


@pytest.mark.parametrize(
    ("options", "fps", "message"),
    [
        ({"window": 1}, None, "window is 1, 1 frames, expected two or more"),
        ({"window": 0.1}, 15, "window is 0.1, 1.5 frames, expected two or more"),
        ({"window": 0}, None, "The 'window' parameter"),
        ({"window": "wide"}, None, "The 'window' parameter"),
        ({"window": np.inf}, None, "The 'window' parameter"),
        ({"window": True}, 25, "The 'window' parameter"),
        ({"window": (1, 2)}, None, "The 'window' parameter"),
        ({"statistics": ("median",)}, None, r"statistics is .*, expected some of"),
        ({"statistics": [["std"]]}, None, r"statistics is \[\['std'\]\], expected"),
        ({"statistics": ["std", "std"]}, None, r"expected some of .*, each once"),
    ],
)
def test_bad_options(options, fps, message):
    takes = Recordings([np.zeros((9, 2))], fps=fps)
    with pytest.raises(ValueError, match=message):
        SignalWindows(**{"window": 3} | options).fit(takes)


@pytest.mark.parametrize("window", [3, "auto"])
def test_signals_that_are_too_large(window):
    frames = np.array([[0.0, 1e200], [0.0, -1e200]] * 20)
    with pytest.raises(ValueError, match="Feature 1 of X is too large"):
        SignalWindows(window).fit(frames)
