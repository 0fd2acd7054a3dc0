"""Every mistake gets a one-line error of the right type that names the culprit."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import TemporalOTSegmenter, baselines
from skl_tot.decoding.chain import fixed_chain
from skl_tot.extend import Adam
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings.errors import RecordingValueError

RNG = np.random.default_rng(0)
GOOD = [RNG.normal(size=(n, 5)) for n in (12, 9, 15)]


def quick(n_actions=3, **params):
    optimizer = Adam(freeze_iter=1, frames_per_video=8)
    fixed = {"max_iter": 3, "optimizer": optimizer, "random_state": 0}
    return baselines.paper(n_actions, **fixed).set_params(**params)


def replaced(video, index=2):
    return [*GOOD[:index], video, *GOOD[index + 1 :]]


def spoiled(value):
    video = GOOD[2].copy()
    video[3, 1] = value
    return replaced(video)


# What is passed, the type of the error, and what its one line says.
BAD_VIDEOS = {
    "nan": (spoiled(np.nan), ValueError, "^Recording 2: Input X contains NaN"),
    "inf": (spoiled(np.inf), ValueError, "^Recording 2: Input X contains infinity"),
    "too wide": (
        replaced(np.ones((4, 6))),
        ValueError,
        "^Recording 2: X has 6 features, but TemporalOTSegmenter is expecting 5 "
        "features",
    ),
    "too narrow": (
        replaced(np.ones((4, 4)), 1),
        ValueError,
        "^Recording 1: X has 4 features, but TemporalOTSegmenter is expecting 5 "
        "features",
    ),
    "no videos": ([], ValueError, "^X is an empty list"),
    "no videos in a tuple": ((), ValueError, "^X is an empty tuple"),
    "no videos in an object array": (
        np.empty(0, dtype=object),
        ValueError,
        "^X is an empty object array",
    ),
    "no videos in three dimensions": (np.empty((0, 4, 5)), ValueError, "shape .0, 4"),
    "None": (None, TypeError, "^X is a NoneType"),
    "number": (3, TypeError, "^X is a int"),
    "generator": ((video for video in GOOD), TypeError, "^X is a generator"),
    "empty dict": ({}, ValueError, "^X is an empty dict"),
    "dict of columns": ({"a": np.ones(5)}, ValueError, "^a: Expected 2D array, got 1D"),
    "set": ({1, 2}, TypeError, "^X is a set"),
    "text": ("videos.npy", TypeError, "^X is a str"),
    "list of text": (["a.npy", "b.npy"], TypeError, "list of str. skl_tot.recordings"),
    "video of text": (
        replaced(np.full((4, 5), "1.0")),
        ValueError,
        "^Recording 2: X holds text",
    ),
    "video of words as objects": (
        replaced(np.full((4, 5), "walk", dtype=object)),
        ValueError,
        "^Recording 2: could not convert string to float",
    ),
    "dates": (
        replaced(np.zeros((4, 5), dtype="datetime64[s]")),
        ValueError,
        "^Recording 2: X holds text, dates",
    ),
    "four dimensions": (np.ones((2, 3, 4, 5)), ValueError, "^X has 4 dimensions"),
    "three dimensions in a list": (
        replaced(np.ones((2, 3, 5))),
        ValueError,
        "^Recording 2: Expected 2D array, got 3D array",
    ),
    "one dimension": (np.ones(5), ValueError, "^Expected 2D array, got 1D array"),
    "one dimension in a list": (
        replaced(np.ones(5)),
        ValueError,
        "^Recording 2: Expected 2D array, got 1D array",
    ),
    "scalar array": (np.array(1.0), ValueError, "^Expected 2D array, got 0D array"),
    "ragged nested lists as one video": (
        [[1.0, 2.0], [1.0]],
        ValueError,
        "^expected a 2-D array .* nested sequence of unequal lengths",
    ),
    "ragged nested lists as a video": (
        replaced([[1.0] * 5, [1.0] * 4]),
        ValueError,
        "^Recording 2: expected a 2-D array .* nested sequence of unequal lengths",
    ),
    "None as a video": (replaced(None), ValueError, "^Recording 2: Expected 2D array"),
    "masked": (
        replaced(np.ma.masked_array(np.ones((4, 5)), mask=np.eye(4, 5))),
        TypeError,
        "^Recording 2: masked arrays",
    ),
    "complex": (
        replaced(np.ones((4, 5)) * 1j),
        ValueError,
        "^Recording 2: Complex data not supported",
    ),
    "sparse": (
        replaced(sp.csr_matrix(np.eye(5))),
        TypeError,
        "^Recording 2: Sparse data was passed",
    ),
    "one sparse video": (sp.csr_array(np.eye(5)), TypeError, "^Sparse data was passed"),
    "objects": (
        replaced(np.full((4, 5), {}, dtype=object)),
        TypeError,
        "^Recording 2: float.. argument must be",
    ),
    "no frames": (
        replaced(np.empty((0, 5))),
        ValueError,
        r"^Recording 2: Found array with 0 sample\(s\)",
    ),
    "no features": (
        [np.empty((4, 0))],
        ValueError,
        r"^Recording 0: (Found array with 0 feature\(s\)|X has 0 features)",
    ),
    "numbers too large for a float": (
        replaced(np.full((4, 5), 10**400, dtype=object)),
        ValueError,
        "^Recording 2: int too large",
    ),
    "complex tensor": (
        replaced(torch.ones(4, 5, dtype=torch.complex64)),
        ValueError,
        "^Recording 2: Complex data not supported",
    ),
    "other column names": (
        [pd.DataFrame(GOOD[0], columns=list("abcde"))]
        + [pd.DataFrame(GOOD[1], columns=list("abcdf"))],
        ValueError,
        "^Recording 1: The feature names should match",
    ),
    "data frame without columns": (
        replaced(pd.DataFrame(index=range(4))),
        ValueError,
        r"^Recording 2: Found a data frame of shape \(4, 0\)",
    ),
    "columns that are no numbers": (
        replaced(pd.DataFrame({c: list("xyz") for c in "abcde"})),
        ValueError,
        "^Recording 2: column 'a' holds text, such as 'x', expected numbers; drop it.",
    ),
}
BAD_PARAMETERS = [
    ("n_actions", 0, ValueError),
    ("n_actions", -3, ValueError),
    ("n_actions", 2.5, ValueError),
    ("n_actions", "3", ValueError),
    ("n_actions", None, ValueError),
    ("prior", "time", ValueError),
    ("prior", False, ValueError),
    ("background_percentile", 0, ValueError),
    ("background_percentile", 100, ValueError),
    ("rho", 0.0, ValueError),
    ("rho", -1.0, ValueError),
    ("rho", np.nan, ValueError),
    ("prior__sigma", 0, ValueError),
    ("network__temperature", 0, ValueError),
    ("transport__n_iter", 0, ValueError),
    ("alpha", -0.1, ValueError),
    ("optimizer__frames_per_video", 0, ValueError),
    ("optimizer__batch_size", 0, ValueError),
    ("max_iter", 0, ValueError),
    ("optimizer__freeze_iter", -1, ValueError),
    ("optimizer__learning_rate", 0.0, ValueError),
    ("optimizer__weight_decay", -1e-4, ValueError),
    ("optimizer__tol", -1.0, ValueError),
    ("optimizer__n_iter_no_change", 0, ValueError),
    ("optimizer__n_threads", 0, ValueError),
    ("standardize", "batch", ValueError),
    ("standardize", True, ValueError),
    ("device", "tpu", ValueError),
    ("device", 0, ValueError),
    ("random_state", "seed", ValueError),
    ("verbose", "loud", ValueError),
]


def state(model):
    return pickle.dumps(vars(model))


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(GOOD)


@pytest.fixture(scope="module")
def videos(activity):
    return activity[0]


def check_error(info, model, before):
    assert "\n" not in str(info.value)
    assert state(model) == before


@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict"])
@pytest.mark.parametrize("case", BAD_VIDEOS)
def test_bad_videos(fitted, case, method):
    X, error, message = BAD_VIDEOS[case]
    if case == "other column names" and method != "fit":
        pytest.skip("the estimator was fitted without names")
    if case == "no features" and method != "fit":
        message = "^Recording 0: Found array with 0 feature"
    before = state(fitted)
    with pytest.raises(error, match=message) as info:
        getattr(fitted, method)(X)
    check_error(info, fitted, before)


@pytest.mark.parametrize(("name", "value", "error"), BAD_PARAMETERS)
def test_bad_parameters(name, value, error):
    model = quick().fit(GOOD).set_params(**{name: value})
    before = state(model)
    with pytest.raises(error, match=name.partition("__")[2] or name) as info:
        model.fit(GOOD)
    assert str(value).strip("'") in str(info.value)
    check_error(info, model, before)


def test_more_actions_than_frames_in_any_video():
    model = quick().fit(GOOD).set_params(n_actions=16)
    before = state(model)
    with pytest.raises(ValueError, match=r"n_actions=16 is more than .*=15\)") as info:
        model.fit(GOOD)
    check_error(info, model, before)


def test_predict_before_fit():
    with pytest.raises(NotFittedError, match="TemporalOTSegmenter"):
        TemporalOTSegmenter().predict(GOOD)


def test_a_failed_first_fit_leaves_an_unfitted_estimator():
    model = quick()
    with pytest.raises(ValueError, match="Recording 2"):
        model.fit(spoiled(np.nan))
    assert str(vars(model)) == str(vars(quick()))


def test_column_names_of_another_fit():
    frames = [pd.DataFrame(video, columns=list("abcde")) for video in GOOD]
    model = quick().fit(frames)
    before = state(model)
    other = [frames[0], frames[1].rename(columns={"a": "z"})]
    with pytest.raises(ValueError, match=r"^Recording 1: .*- z .*- a$") as info:
        model.predict(other)
    check_error(info, model, before)


def test_interrupted_fit_leaves_the_estimator(monkeypatch):
    model = quick().fit(GOOD)
    before = state(model)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("skl_tot.methods.networks.train", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit([video * 2 for video in GOOD])
    assert state(model) == before


@pytest.mark.parametrize("max_iter", [1, 20])
def test_diverging_fit_leaves_the_estimator(max_iter):
    model = quick().fit(GOOD)
    model.set_params(max_iter=max_iter)
    model.set_params(optimizer__learning_rate=1e38, optimizer__freeze_iter=0)
    before = state(model)
    with pytest.raises(ValueError, match=r"(loss|scores).* finite") as info:
        model.fit(GOOD)
    check_error(info, model, before)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "transform", "score", "pseudo_labels"]
)
def test_features_beyond_single_precision(fitted, method):
    before = state(fitted)
    huge = np.array([[1e300, -1e300, 1e300, -1e300, 0.0]] * 8)
    with pytest.raises(
        ValueError, match=r"^Recording 1: the scores are not finite"
    ) as info:
        getattr(fitted, method)([GOOD[0], huge])
    check_error(info, fitted, before)


class TestLabelsOfAFit:
    """They are not learned from, but must be of these videos."""

    @pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_predict", "score"])
    def test_wrong_numbers(self, activity, method):
        videos, labels = activity
        fitted = quick().fit(videos)
        call = getattr(fitted if method == "score" else quick(), method)
        with pytest.raises(ValueError, match="y is of 5 recordings, expected 6"):
            call(videos, labels[:5])
        other = [*labels[:2], labels[2][:-1], *labels[3:]]
        message = (
            rf"^Recording 2: y has {len(other[2])} labels, X has {len(videos[2])} fr"
        )
        with pytest.raises(RecordingValueError, match=message):
            call(videos, other)
        with pytest.raises(ValueError, match=r"^y has 3 labels, X has \d+ frames"):
            call(videos[0], [0, 1, 2])
        with pytest.raises(TypeError, match="y is a int, expected labels of each"):
            call(videos, 3)


class TestHugeValues:
    def test_one_huge_value_is_an_error(self, videos):
        fitted = quick().fit(videos)
        huge = [video.astype(float) for video in videos]
        huge[3][5, 2] = 1e200
        with np.errstate(over="ignore"), pytest.raises(RecordingValueError) as info:
            fitted.score(huge)
        assert info.value.recording == 3
        assert "too large for float32" in str(info.value)


class TestVideos:
    def test_nan_is_located(self, videos):
        frames = [pd.DataFrame(video, columns=list("abcde")) for video in videos]
        frames[2].loc[7, "d"] = np.nan
        frames[2].loc[9, "a"] = np.nan
        share = 2 / frames[2].size
        with pytest.raises(RecordingValueError) as info:
            quick().fit(frames)
        assert str(info.value) == (
            f"Recording 2: Input X contains NaN in frame 7, column 'd', and in "
            f"{share:.2%} "
            "of all values; fill gaps, as by skl_tot.preprocessing.GapFiller "
            "(--pipeline gaps:N), or leave such frames out."
        )
        spoiled = videos[0].copy()
        spoiled[3, 4] = -np.inf
        with pytest.raises(
            ValueError, match=r"contains infinity in frame 3, column 4,"
        ):
            quick().fit(spoiled)

    def test_columns_that_are_no_numbers(self, videos):
        frame = pd.DataFrame(videos[0]).assign(
            day=pd.Timestamp("2020-01-01") + pd.to_timedelta(range(len(videos[0])))
        )
        frame.columns = frame.columns.astype(str)
        with pytest.raises(
            ValueError, match=r"column 'day' holds datetime64.* drop it"
        ):
            quick().fit(frame)
        with pytest.raises(ValueError, match="column 'day' holds timedelta64"):
            quick().fit(frame.assign(day=frame["day"] - frame["day"][0]))

    @pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="numpy below 2")
    def test_text_of_numpy_2(self, videos):
        text = videos[0].astype(str).astype(np.dtypes.StringDType())
        with pytest.raises(ValueError, match="X holds text"):
            quick().fit(text)

    def test_paths(self, tmp_path):
        for paths in ("a.npy", tmp_path, ["a.npy", "b.npy"], [tmp_path]):
            with pytest.raises(TypeError, match=r"recordings\.open_features\(paths\)"):
                quick().fit(paths)

    def test_a_clock_among_the_features(self, videos):
        clocks = [np.c_[video, np.arange(len(video)) / 30] for video in videos]
        with pytest.warns(UserWarning, match=r"Columns \[5\] of X grow steadily"):
            quick().fit(clocks)
        columns = [*"abcde", "time"]
        frames = [pd.DataFrame(clock, columns=columns) for clock in clocks]
        with pytest.warns(UserWarning, match=r"Columns \['time'\] of X grow steadily"):
            quick().fit(frames)
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Columns")
            stopped = [*clocks[:-1], clocks[-1].round(0)]  # not in every video
            quick().fit(stopped)

    def test_one_warning_about_names_for_all_videos(self, videos):
        columns = list("abcde")
        frames = [pd.DataFrame(video, columns=columns) for video in videos]
        model = quick().fit(frames)
        with pytest.warns(
            UserWarning, match="does not have valid feature names"
        ) as found:
            model.predict(videos)
        assert len(found) == 1
        assert found[0].filename == __file__

    def test_duplicate_columns_are_named(self, videos):
        frame = pd.DataFrame(videos[0], columns=list("aabcd"))
        model = make_pipeline(FramewiseTransformer(StandardScaler()), quick())
        with pytest.raises(ValueError, match=r"unique|duplicate") as info:
            model.fit([frame])
        assert not str(info.value).endswith(":")
        assert "\n" not in str(info.value)


@pytest.mark.parametrize(("changes", "n_bytes"), [({}, 250), ({"n_init": 3}, 300)])
def test_a_long_video_takes_little_memory(activity, monkeypatch, changes, n_bytes):
    """A path needs bytes of each frame, no arrays of scores besides the likelihood.

    Similarities of several networks are held, four bytes each, and no codes of them.
    """
    n_frames, n_actions = 50_000, 8
    rng = np.random.default_rng(0)
    log_likelihood = rng.normal(size=(n_frames, n_actions))
    tracemalloc.start()
    fixed_chain(log_likelihood.shape[1]).viterbi(log_likelihood)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 * n_frames
    monkeypatch.setattr("skl_tot.recordings.container.BLOCK_BYTES", 2**18)
    model = quick(decoding="skip", **changes).fit(activity[0])
    long = rng.normal(size=(n_frames, 5)).astype(np.float32)
    model.predict(long[:100])
    tracemalloc.start()
    model.predict(long)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n_bytes * n_frames
