"""Errors of one of many videos carry its number."""

import pickle

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator

from skl_tot.inputs.errors import (
    VideoError,
    VideoTypeError,
    VideoValueError,
    errors_of_video,
)
from skl_tot.inputs.labels import check_transcripts
from skl_tot.inputs.videos import check_videos
from skl_tot.metrics import mof_score

GOOD = np.ones((4, 2))


def check(X):
    """Hold videos against a fitted estimator."""
    check_videos(BaseEstimator(), X, reset=True)


@pytest.mark.parametrize(
    ("function", "arguments", "error", "reason"),
    [
        (
            check,
            ([GOOD, GOOD * np.nan],),
            ValueError,
            "Input X contains NaN in frame 0, column 0,",
        ),
        (check, ([GOOD, np.ma.array(GOOD)],), TypeError, "masked arrays lose "),
        (check, ([GOOD, np.ones((4, 3))],), ValueError, "X has 3 features, but "),
        (check, ([GOOD, [[1, 2], [3]]],), ValueError, "expected a 2-D array "),
        (check_transcripts, ([[0], [2]], 2, "list", 2), ValueError, "the transcript "),
        (mof_score, ([[0, 0], [1]], [[0, 0], [1, 1]]), ValueError, "y_true has 1 fr"),
        (mof_score, ([[0], []], [[0], []]), ValueError, "y_true and y_pred have no "),
    ],
)
def test_the_second_of_two_videos_is_video_1(function, arguments, error, reason):
    with pytest.raises(VideoError) as info:
        function(*arguments)
    assert isinstance(info.value, error)
    assert info.value.recording == 1
    assert info.value.reason.startswith(reason)
    assert str(info.value) == f"Video 1: {info.value.reason}"
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        (check, (GOOD * np.nan,), ValueError),
        (check, (np.ma.array(GOOD),), TypeError),
        (check_transcripts, ([2], 1, "single", 2), ValueError),
        (mof_score, ([0, 0], [0]), ValueError),
    ],
)
def test_a_single_video_has_no_number(function, arguments, error):
    with pytest.raises(error) as info:
        function(*arguments)
    assert not isinstance(info.value, VideoError)
    assert not str(info.value).startswith("Video")


@pytest.mark.parametrize("kind", [ArithmeticError, RuntimeError, ValueError])
def test_other_errors_are_value_errors_of_one_line(kind):
    class Video(np.ndarray):
        @property
        def iloc(self):
            raise kind("it is odd.\nAnd more.")

    with pytest.raises(VideoValueError, match=r"^Video 1: it is odd\.$") as info:
        check([GOOD, GOOD.view(Video)])
    assert info.value.recording == 1


@pytest.mark.parametrize("kind", [VideoValueError, VideoTypeError])
def test_survives_a_pickle(kind):
    error = pickle.loads(pickle.dumps(kind("it is odd.", 3)))
    assert type(error) is kind
    assert (error.recording, error.reason) == (3, "it is odd.")
    assert str(error) == "Video 3: it is odd."


def test_survives_another_process():
    videos = [GOOD, GOOD, GOOD * np.inf]
    jobs = [delayed(check_videos)(BaseEstimator(), videos, reset=True)] * 2
    with pytest.raises(VideoValueError) as info:
        Parallel(n_jobs=2)(jobs)
    assert info.value.recording == 2
    assert str(info.value).startswith("Video 2: Input X contains infinity")


def test_the_innermost_number_stays():
    with pytest.raises(VideoValueError) as info, errors_of_video(7), errors_of_video(2):
        raise ValueError("it is odd.")
    assert info.value.recording == 2


def test_other_errors_pass():
    with pytest.raises(KeyError), errors_of_video(0):
        raise KeyError("a")
