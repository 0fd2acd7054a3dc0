"""What estimators refuse: which recording it is, where, and what to do about it."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from skl_tot import HMMSegmenter
from skl_tot.metrics import mof_score
from skl_tot.recordings import (
    RecordingError,
    Recordings,
    RecordingValueError,
    open_features,
)
from skl_tot.recordings.checks import HINT, check_recordings
from skl_tot.recordings.labels import encode_transcripts
from skl_tot.recordings.layouts import as_recordings

GOOD = np.ones((4, 2))
NAMES = ["take_1", "take_2", "take_3", "b", "a", "10"]
COLUMNS = ["nose x", "nose y", "hip x", "hip y", "speed"]


def check(X, estimator=None, reset=True):
    """Hold videos against an estimator."""
    return check_recordings(estimator or BaseEstimator(), X, reset=reset)


def check_actions(transcripts, X):
    return encode_transcripts(transcripts, as_recordings(X), np.arange(2))


@pytest.mark.parametrize(
    ("function", "arguments", "error", "reason"),
    [
        (check, ([GOOD, GOOD * np.nan],), ValueError, "Input X contains NaN in frame"),
        (check, ([GOOD, np.ma.array(GOOD)],), TypeError, "masked arrays lose "),
        (check, ([GOOD, np.ones((4, 3))],), ValueError, "X has 3 features, but "),
        (check, ([GOOD, [[1, 2], [3]]],), ValueError, "expected a 2-D array "),
        (check, ([GOOD, np.ones((4, 3, 2))],), ValueError, "Expected 2D array, got 3D"),
        (check, ([GOOD, [["a", "b"]]],), ValueError, "X holds text, dates or records"),
        (check_actions, ([[0], [2]], [GOOD] * 2), ValueError, "the transcript is [2]"),
        (mof_score, ([[0, 0], [1]], [[0, 0], [1, 1]]), ValueError, "y_true has 1 fr"),
        (mof_score, ([[0], []], [[0], []]), ValueError, "y_true and y_pred have no "),
    ],
)
def test_the_second_of_two_videos_is_video_1(function, arguments, error, reason):
    with pytest.raises(RecordingError) as info:
        function(*arguments)
    assert isinstance(info.value, error)
    assert info.value.recording == 1
    assert info.value.reason.startswith(reason)
    assert str(info.value) == f"Recording 1: {info.value.reason}"
    assert "\n" not in str(info.value)


class TestTurned:
    """Errors about widths ask whether videos lie the other way round."""

    VIDEOS = [np.random.default_rng(i).normal(size=(4, 30 + i)) for i in range(3)]

    def test_fit(self, tmp_path):
        paths = [tmp_path / f"{i}.npy" for i in range(len(self.VIDEOS))]
        for path, video in zip(paths, self.VIDEOS):
            np.save(path, video)
        for X, name in ((self.VIDEOS, "Recording 1"), (open_features(paths), "1")):
            message = f"^{name}: X has 31 features, but .* 30 .*{re.escape(HINT)}$"
            with pytest.raises(ValueError, match=message):
                check(X)

    def test_predict(self):
        fitted = BaseEstimator()
        check([video.T for video in self.VIDEOS], fitted)
        for given in (self.VIDEOS[0], self.VIDEOS):
            with pytest.raises(ValueError, match=re.escape(HINT)):
                check(given, fitted, reset=False)

    @pytest.mark.parametrize(
        "shapes", [[(30, 4), (31, 5)], [(30, 4), (30, 5)], [(3, 4)]]
    )
    def test_other_widths(self, shapes):
        fitted = BaseEstimator()
        check(np.ones((30, 6)), fitted)
        with pytest.raises(ValueError, match="features as input") as info:
            check([np.ones(shape) for shape in shapes], fitted, reset=False)
        assert HINT not in str(info.value)


@pytest.fixture
def frames(activity):
    # copies, as pandas below 3 makes none, and a test spoils them
    return [pd.DataFrame(video.copy(), columns=COLUMNS) for video in activity[0]]


def test_a_table_of_many_in_a_list_is_refused(frames):
    table = pd.concat(frames[:2], keys=["a", "b"])
    with pytest.raises(RecordingValueError, match=r"Recording 1: .* give it by itself"):
        check([frames[0], table])


def test_a_column_time_left_in_a_table(frames):
    timed = [frame.assign(time=np.arange(len(frame)) / 30) for frame in frames]
    text = r"Columns \['time'\] of X grow steadily in every recording"
    for X in (timed, pd.concat(timed, keys=NAMES)):
        with pytest.warns(UserWarning, match=text):
            check_recordings(BaseEstimator(), X, reset=True, find_clocks=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_recordings(BaseEstimator(), frames, reset=True, find_clocks=True)


@pytest.mark.parametrize("form", ["list", "dict", "table"])
def test_nan_is_located(frames, form):
    """By the recording, the frame, the column and the share, with what to do."""
    fitted = HMMSegmenter(3, max_iter=3).fit(frames)
    frames[2].loc[5, "hip x"] = np.nan
    frames[2].loc[9, "nose x"] = np.nan
    given = {
        "list": frames,
        "dict": dict(zip(NAMES, frames)),
        "table": pd.concat(frames, keys=NAMES),
    }[form]
    message = (
        f"{'Recording 2' if form == 'list' else 'take_3'}: Input X contains NaN in "
        f"frame 5, column 'hip x', and in {2 / frames[2].size:.2%} of all values; "
        "skl_tot.preprocessing.GapFiller (--pipeline gaps:N) fills gaps."
    )
    for method in (fitted.predict, HMMSegmenter(3).fit):
        with pytest.raises(RecordingValueError) as caught:
            method(given)
        assert str(caught.value) == message
        assert caught.value.recording == 2


@pytest.mark.parametrize("form", ["list", "dict", "arrays", "files"])
def test_nan_of_all_recordings_is_said_at_once(frames, form, tmp_path):
    """The error is of the recording with most of them in one feature."""
    n_frames = min(map(len, frames))
    for i, n_missing in ((1, 2), (3, n_frames - 2), (4, 5)):
        frames[i].iloc[1 : n_missing + 1, i] = np.nan
    arrays = [frame.to_numpy() for frame in frames]
    for i, array in enumerate(arrays):
        np.save(tmp_path / f"{i}.npy", array)
    given = {"list": frames, "arrays": arrays, "dict": dict(zip(NAMES, frames))}
    given["files"] = open_features([tmp_path / f"{i}.npy" for i in range(len(frames))])
    name, others = {"dict": ("b", "take_2, b, a"), "files": ("3", "1, 3, 4")}.get(
        form, ("Recording 3", "1, 3, 4")
    )
    column = repr(COLUMNS[3]) if form in ("list", "dict") else 3
    with pytest.raises(RecordingValueError) as caught:
        HMMSegmenter(3).fit(given[form])
    assert caught.value.recording == 3
    assert str(caught.value) == (
        f"{name}: Input X contains NaN in {n_frames - 2} of {len(frames[3])} frames of "
        f"column {column}, and 3 of 6 recordings have missing values: {others}; "
        "skl_tot.preprocessing.GapFiller (--pipeline gaps:N) fills gaps."
    )


def test_text_is_located(frames):
    named = Recordings([frames[1].assign(who="bob")], ["take_2"])
    text = "^take_2: column 'who' holds 'bob', expected numbers; drop"
    with pytest.raises(RecordingValueError, match=text):
        HMMSegmenter(3, max_iter=3).fit(named)


def test_infinity_has_a_remedy(frames):
    with pytest.raises(ValueError, match=r"infinity in frame 0, .*; make it NaN: skl_"):
        HMMSegmenter(3).fit(frames[1].replace({frames[1].iloc[0, 0]: np.inf}))
