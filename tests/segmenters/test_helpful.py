"""What people do by mistake is said in one line, or does no harm."""

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import CTESegmenter, TemporalOTSegmenter
from skl_tot.decoding.chain import fixed_chain
from skl_tot.methods.temporal_ot import PAPER
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings.errors import RecordingValueError

QUICK = PAPER | {"max_iter": 20, "frames_per_video": 16, "random_state": 0}


def quick(n_actions=3, **params):
    return TemporalOTSegmenter(n_actions, **(QUICK | params))


@pytest.fixture
def videos(activity):
    return activity[0]


@pytest.fixture(scope="module")
def fitted(activity):
    return quick().fit(activity[0])


class TestFreeze:
    def test_a_share_of_the_steps(self, videos):
        share, number = quick(freeze_iter=0.25), quick(freeze_iter=5)
        np.testing.assert_array_equal(
            share.fit(videos).prototypes_, number.fit(videos).prototypes_
        )

    def test_the_default_is_what_it_was(self):
        published = TemporalOTSegmenter(**PAPER)
        assert published._cross_entropy().freeze_iter == 300
        assert TemporalOTSegmenter()._cross_entropy().freeze_iter == 200

    def test_prototypes_move_in_short_fits(self, videos):
        drawn = quick(max_iter=2, freeze_iter=1, learning_rate=1e-30).fit(videos)
        assert (quick().fit(videos).prototypes_ != drawn.prototypes_).any()

    @pytest.mark.parametrize("freeze_iter", [20, 300])
    def test_a_fit_without_a_step_to_move_is_refused(self, videos, freeze_iter):
        message = rf"freeze_iter={freeze_iter} leaves no step of max_iter=20 .* a share"
        with pytest.raises(ValueError, match=message):
            quick(freeze_iter=freeze_iter).fit(videos)
        # a stream has more steps, and so has a fit that goes on
        quick(freeze_iter=freeze_iter).partial_fit(videos)
        model = quick(freeze_iter=5, warm_start=True).fit(videos)
        model.set_params(freeze_iter=30).fit(videos)

    @pytest.mark.parametrize("freeze_iter", [1.0, -0.1, -1, "a", None])
    def test_other_values(self, videos, freeze_iter):
        with pytest.raises(ValueError, match="The 'freeze_iter' parameter"):
            quick(freeze_iter=freeze_iter).fit(videos)


class TestStandardisation:
    def test_of_a_stream_does_not_change(self, videos):
        model = quick().partial_fit(videos)
        before = model.prototypes_
        message = r"from a fit with standardize='dataset' to None"
        for other in (None, "video"):
            model.set_params(standardize=other)
            with pytest.raises(ValueError, match="Cannot go on " + message[:11]):
                model.partial_fit(videos)
        assert model.prototypes_ is before

    @pytest.mark.parametrize("other", [None, "video"])
    def test_of_a_fit_stays(self, videos, other):
        model = quick().fit(videos)
        expected = model.predict_proba(videos[0])
        model.set_params(standardize=other)
        np.testing.assert_array_equal(model.predict_proba(videos[0]), expected)


class TestLabelsOfAFit:
    """They are not learned from, but must be of these videos."""

    def test_right_numbers(self, activity, fitted):
        videos, labels = activity
        model = quick().fit(videos, labels)
        np.testing.assert_array_equal(model.labels_[0], fitted.labels_[0])
        assert model.score(videos, labels) == fitted.score(videos)
        quick().fit(videos[0], labels[0])
        quick().partial_fit(videos, [list(map(str, video)) for video in labels])

    @pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_predict", "score"])
    def test_wrong_numbers(self, activity, fitted, method):
        videos, labels = activity
        call = getattr(fitted if method == "score" else quick(), method)
        with pytest.raises(ValueError, match="y is of 5 videos, expected 6"):
            call(videos, labels[:5])
        other = [*labels[:2], labels[2][:-1], *labels[3:]]
        message = rf"^Video 2: y has {len(other[2])} labels, X has {len(videos[2])} fr"
        with pytest.raises(RecordingValueError, match=message):
            call(videos, other)
        with pytest.raises(ValueError, match=r"^y has 3 labels, X has \d+ frames"):
            call(videos[0], [0, 1, 2])
        with pytest.raises(TypeError, match="y is a int, expected labels of each"):
            call(videos, 3)


class TestScore:
    def test_a_single_video_of_a_fold_is_an_error(self, fitted, videos):
        with pytest.raises(ValueError, match="score compares videos, but X has one"):
            fitted.score(videos[:1])
        search = GridSearchCV(quick(), {"rho": [0.1]}, cv=6, error_score="raise")
        with pytest.raises(ValueError, match="each fold of a search needs two"):
            search.fit(videos)

    def test_one_huge_value_is_an_error(self, fitted, videos):
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
            f"Video 2: Input X contains NaN in frame 7, column 'd', and in {share:.2%} "
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

    @pytest.mark.parametrize("kind", [TemporalOTSegmenter, CTESegmenter])
    def test_a_clock_among_the_features(self, videos, kind):
        options = {"max_iter": 5, "decoding": "fixed", "random_state": 0}
        clocks = [np.c_[video, np.arange(len(video)) / 30] for video in videos]
        with pytest.warns(UserWarning, match=r"Columns \[5\] of X grow steadily"):
            kind(3, **options).fit(clocks)
        columns = [*"abcde", "time"]
        frames = [pd.DataFrame(clock, columns=columns) for clock in clocks]
        with pytest.warns(UserWarning, match=r"Columns \['time'\] of X grow steadily"):
            kind(3, **options).fit(frames)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            stopped = [*clocks[:-1], clocks[-1].round(0)]  # not in every video
            kind(3, **options).fit(stopped)

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


class TestNumbersOutOfReach:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("n_actions", 2**63),
            ("n_parts", 2**70),
            ("embedding_dim", 2**63),
            ("hidden_dim", 2**64),
            ("frames_per_video", 2**63),
            ("max_iter", 2**63),
            ("n_init", 2**70),
        ],
    )
    def test_integers(self, videos, name, value):
        with pytest.raises(ValueError, match=name):
            quick(**{name: value}).fit(videos)

    def test_a_prior_that_says_nothing(self, videos):
        model = quick(sigma=1e300).fit(videos)
        np.testing.assert_allclose(
            model.loss_curve_, quick(sigma=1e10).fit(videos).loss_curve_, rtol=1e-4
        )


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
    monkeypatch.setattr("skl_tot.recordings.blocks.BLOCK_BYTES", 2**18)
    model = quick(decoding="skip", **changes).fit(activity[0])
    long = rng.normal(size=(n_frames, 5)).astype(np.float32)
    model.predict(long[:100])
    tracemalloc.start()
    model.predict(long)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n_bytes * n_frames
