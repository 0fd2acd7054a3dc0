"""What estimators refuse: which recording it is, where, and what to do about it."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from skl_tot import HMMSegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score
from skl_tot.recordings import RecordingError, RecordingValueError, read_recordings
from skl_tot.recordings.checks import HINT, blocks_of, check_recordings

GOOD = np.ones((4, 2))
NAMES = ["take_1", "take_2", "take_3", "b", "a", "10"]
COLUMNS = ["nose x", "nose y", "hip x", "hip y", "speed"]


def check(X):
    """Hold videos against an estimator."""
    return check_recordings(BaseEstimator(), X, reset=True)


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        (check, ([GOOD, GOOD * np.nan],), ValueError),
        (check, ([GOOD, np.ma.array(GOOD)],), TypeError),
        (check, ([GOOD, np.ones((4, 3))],), ValueError),
        (check, ([GOOD, [[1, 2], [3]]],), ValueError),
        (check, ([GOOD, np.ones((4, 3, 2))],), ValueError),
        (check, ([GOOD, [["a", "b"]]],), ValueError),
        (mof_score, ([[0, 0], [1]], [[0, 0], [1, 1]]), ValueError),
    ],
)
def test_the_second_of_two_videos_is_video_1(function, arguments, error):
    with pytest.raises(RecordingError) as info:
        function(*arguments)
    assert isinstance(info.value, error)
    assert info.value.recording == 1
    assert str(info.value) == f"Recording 1: {info.value.reason}"
    assert "\n" not in str(info.value)


def test_widths_that_differ_may_be_recordings_turned_round(tmp_path):
    videos = [np.random.default_rng(i).normal(size=(4, 30 + i)) for i in range(3)]
    paths = [tmp_path / f"{i}.npy" for i in range(3)]
    for path, video in zip(paths, videos):
        np.save(path, video)
    for X, name in ((videos, "Recording 1"), (read_recordings(paths), "1")):
        message = f"^{name}: X has 31 features, but .* 30 .*{re.escape(HINT)}$"
        with pytest.raises(ValueError, match=message):
            check(X)


def test_other_widths_name_the_option_that_takes_some(frames):
    with pytest.raises(ValueError, match=r"3 features as input, as the first .* only="):
        check([np.eye(9)[:, :3], np.eye(9)[:, :5]])
    more = frames[1].assign(more=0.0)
    for other in (more, more["more"].to_numpy()):  # names, and a recording without
        with pytest.raises(ValueError) as caught:
            check([frames[0], other])
        assert "only=" not in str(caught.value)


@pytest.fixture
def frames(activity):
    # copies, as pandas below 3 makes none, and a test spoils them
    return [pd.DataFrame(video.copy(), columns=COLUMNS) for video in activity[0]]


def test_a_column_time_left_in_a_table(frames):
    timed = [frame.assign(time=np.arange(len(frame)) / 30) for frame in frames]
    text = r"Columns \['time'\] of X grow steadily in every .* index of timedeltas"
    for X in (timed, pd.concat(timed, keys=NAMES)):
        with pytest.warns(UserWarning, match=text):
            check_recordings(BaseEstimator(), X, reset=True, find_clocks=True)
    with warnings.catch_warnings(action="error"):
        check_recordings(BaseEstimator(), frames, reset=True, find_clocks=True)


@pytest.mark.parametrize("form", ["list", "dict", "table"])
def test_nan_is_located(frames, form):
    """By the recording, the frame, the column and the share, with a remedy."""
    fitted = HMMSegmenter(3, max_iter=3).fit(frames)
    frames[2].loc[5, "hip x"] = frames[2].loc[9, "nose x"] = np.nan
    named = dict(zip(NAMES, frames))
    X = {"list": frames, "dict": named, "table": pd.concat(named)}[form]
    share = f"{2 / frames[2].size:.2%}"
    place = rf"{'Recording 2' if form == 'list' else 'take_3'}: .* frame 5, .*'hip x'"
    for method in (fitted.predict, HMMSegmenter(3).fit):
        with pytest.raises(RecordingValueError, match=f"{place}.*{share}.*GapFiller"):
            method(X)


@pytest.mark.parametrize("later", [1.0, np.nan])
def test_infinity_has_a_remedy(frames, later):
    values = frames[1].to_numpy(copy=True)
    values[0, 0], values[1, 1] = np.inf, later
    with pytest.raises(ValueError, match=r"infinity in frame 0, .*; make it NaN: skl_"):
        HMMSegmenter(3).fit(values)


def test_huge_numbers_of_32_bits_are_taken():
    videos, _ = make_activities(3, 2, random_state=0)
    huge = [(x / np.abs(x).max() * 3e38).astype(np.float32) for x in videos]
    model = HMMSegmenter(2, random_state=0)
    expected = model.fit_predict([x.astype(float) for x in huge])
    np.testing.assert_array_equal(model.fit_predict(huge)[0], expected[0])


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_tensors_of_few_bits_are_read(dtype):
    torch = pytest.importorskip("torch")
    tensor = torch.arange(6).reshape(3, 2).to(getattr(torch, dtype))
    (block,) = [values for _, values in blocks_of(tensor)]
    assert block.tolist() == [[0, 1], [2, 3], [4, 5]]
