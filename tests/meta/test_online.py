"""Streams against whole videos, and against videos cut where they are looked at."""

import functools
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import HMMSegmenter, OnlinePrediction, TemporalOTSegmenter
from skl_tot.baselines import ASALSegmenter, MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.decoding import DECODERS
from skl_tot.decoding.evidence import find_switch_cost
from skl_tot.preprocessing import FramewiseTransformer, SignalWindows
from skl_tot.recordings import Recordings

# methods whose labels need the whole recording
WHOLE = (
    "ASOTSegmenter",
    "ActivitySegmenter",
    "EqualPartsSegmenter",
    "SemiSupervisedSegmenter",
)


@pytest.fixture(scope="module")
def videos():
    return make_activities(n_videos=5, n_actions=3, n_features=5, random_state=0)[0]


@pytest.fixture(scope="module")
def models(videos):
    """Give a segmenter by its name, fitted when it is first asked for."""
    kinds = {
        "asal": lambda: ASALSegmenter(
            3, estimator=HMMSegmenter(3), max_iter=2, n_steps=5, random_state=0
        ),
        "hmm": lambda: HMMSegmenter(3),
        "mallow": lambda: MallowSegmenter(3),
        "tot": lambda: TemporalOTSegmenter(
            3, order="mostly", max_iter=15, n_networks=2, random_state=0
        ),
    }
    return functools.cache(lambda name: kinds[name]().fit(videos))


def run(online, video, sizes=(7,)):
    """All labels and probabilities of a video given in blocks of these sizes."""
    decided, start = [], 0
    while start < len(video):
        size = sizes[len(decided) % len(sizes)]
        decided.append(online.push(video[start : start + size]))
        start += size
    decided.append(online.finish())
    labels, probabilities = zip(*decided)
    return np.concatenate(labels), np.concatenate(probabilities)


def with_settings(model, **given):
    """Give a copy of a fitted model other parameters, which do not change the fit."""
    return pickle.loads(pickle.dumps(model)).set_params(**given)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_lag_of_a_recording_gives_predict(estimator, estimator_name, videos):
    labels = [np.arange(len(video)) * 2 // len(video) for video in videos]
    model, video = estimator.fit(videos, labels), videos[0]
    if estimator_name in WHOLE:
        with pytest.raises(ValueError):
            OnlinePrediction(model, len(video))
        return
    labels, probabilities = run(OnlinePrediction(model, len(video)), video)
    np.testing.assert_array_equal(labels, model.predict(video))
    np.testing.assert_array_equal(probabilities, model.predict_posterior(video))


@given(
    method=st.sampled_from(["hmm", "mallow", "tot", "asal"]),
    decoding=st.sampled_from([*DECODERS, "durations"]),
    cost=st.sampled_from([0.0, 0.3, "auto"]),
    start=st.integers(0, 20),
    length=st.integers(1, 60),
    size=st.integers(1, 9),
)
@settings(max_examples=40)
def test_lag_of_a_recording_gives_predict_for_all_decodings(
    models, videos, method, decoding, cost, start, length, size
):
    if decoding == "durations" and method != "asal":
        decoding = "fixed"
    model = with_settings(models(method), decoding=decoding, switch_cost=cost)
    video = videos[1][start : start + length]
    online = OnlinePrediction(model, lag=length)
    labels, probabilities = run(online, video, (size, 3))
    np.testing.assert_array_equal(labels, model.predict(video))
    np.testing.assert_array_equal(probabilities, model.predict_posterior(video))


@pytest.fixture(scope="module")
def of_windows(videos):
    scaler = FramewiseTransformer(StandardScaler())
    windows = SignalWindows(9)
    segmenter = HMMSegmenter(3, decoding="free", switch_cost=0.5)
    return make_pipeline(scaler, windows, segmenter).fit(videos)


@given(
    start=st.integers(0, 20),
    length=st.integers(1, 60),
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=3),
    lag=st.integers(0, 60),
)
@settings(max_examples=40)
def test_windows_look_ahead(of_windows, videos, start, length, sizes, lag):
    video = videos[1][start : start + length]
    online = OnlinePrediction(of_windows, lag=lag)
    assert online.delay == lag + of_windows[1].n_around_ == lag + 4
    labels, probabilities = run(online, video, sizes)
    (features,) = of_windows[:-1].transform([video])
    if len(features) <= online.delay:
        expected = [of_windows.predict([video])[0]]
        expected.append(of_windows[-1].predict_posterior(features))
        np.testing.assert_array_equal(labels, expected[0])
        np.testing.assert_array_equal(probabilities, expected[1])
        return
    expected = run(OnlinePrediction(of_windows[-1], lag=lag), features, (7,))
    np.testing.assert_array_equal(labels, expected[0])
    np.testing.assert_allclose(probabilities, expected[1], atol=1e-9)


@pytest.mark.parametrize("method", ["asal", "hmm", "mallow", "tot"])
@pytest.mark.parametrize("cost", [0.5, "auto"])
def test_labels_are_those_of_a_video_cut_a_lag_later(models, videos, method, cost):
    model = with_settings(models(method), decoding="free", switch_cost=cost)
    video, lag = videos[2], 6
    scores = model.log_likelihood(video)
    labels, probabilities = run(OnlinePrediction(model, lag=lag, n_frames=90), video)
    nats = 0.5 * 90 / 3 if cost == 0.5 else find_switch_cost(scores[:7])
    confidence = model.confidence_
    for t in range(0, len(video) - lag, 5):
        received = scores[: t + lag + 1]
        assert labels[t] == DECODERS["free"].path(received, nats)[t]
        b, kappa = confidence["tempering"], confidence["agreement"]
        posterior = DECODERS["free"].posterior(b * received, b * nats)[t]
        expected = kappa * posterior + (1 - kappa) / 3
        np.testing.assert_allclose(probabilities[t], expected, atol=1e-5)


@pytest.mark.parametrize("method", ["hmm", "tot"])
def test_blocks_make_no_difference(method):
    """The cost of a switch is that of the first scores; ties stay ties."""
    videos = make_activities(6, 3, n_features=5, random_state=3)[0]
    model = HMMSegmenter(3, switch_cost="auto")
    if method == "tot":  # some rounded frames have equal scores
        videos = list(map(np.round, videos))
        model = TemporalOTSegmenter(3, max_iter=5, n_prototypes=2, random_state=1)
    model.fit(videos)
    for video in videos[:2]:
        labels, probabilities = run(OnlinePrediction(model, lag=10), video, (1,))
        for size in (7, len(video)):
            found = run(OnlinePrediction(model, lag=10), video, (size,))
            np.testing.assert_array_equal(found[0], labels)
            np.testing.assert_allclose(found[1], probabilities, atol=1e-5)


def test_labels_come_at_the_lag(models, videos):
    online = OnlinePrediction(models("hmm"), lag=5)
    assert online.delay == 5
    for t, frame in enumerate(videos[0][:20]):
        labels, probabilities = online.push(frame)
        assert len(labels) == len(probabilities) == (t >= 5)
    assert (online.n_seen, online.n_decided) == (20, 15)
    assert repr(online).endswith("of HMMSegmenter, 15 of 20 frames labelled")
    assert len(online.finish().labels) == 5
    assert (online.n_decided, online.is_finished) == (20, True)


@pytest.mark.parametrize("stop", [5, 60])
def test_saved_state_goes_on(models, videos, stop):
    video = videos[0]
    online = OnlinePrediction(models("tot"), lag=10)
    before = online.push(video[:stop])
    loaded = pickle.loads(pickle.dumps(online))
    expected = run(OnlinePrediction(models("tot"), lag=10), video, (stop, 7))
    for stream in (loaded, online):
        labels, probabilities = run(stream, video[stop:])
        np.testing.assert_array_equal([*before.labels, *labels], expected[0])
        found = np.concatenate([before.probabilities, probabilities])
        np.testing.assert_allclose(found, expected[1], atol=1e-6)


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((2, 4)),
        np.float64(3),
        [[0, 0, 0, 0, np.nan]],
        "abcde",
        [[0.0] * 5, [0.0]],
        np.ma.masked_less(np.zeros(5), 1),
        np.full((2, 5), 1e200),
    ],
)
def test_bad_frames_leave_a_stream_as_it_was(models, videos, frames):
    online = OnlinePrediction(models("mallow"), lag=3)
    online.push(videos[0][:3])
    with pytest.raises((TypeError, ValueError)) as error:
        online.push(frames)
    assert "\n" not in str(error.value)
    assert online.n_seen == 3
    labels, _ = run(online, videos[0][3:])
    expected, _ = run(OnlinePrediction(models("mallow"), lag=3), videos[0])
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize(
    "call",
    [
        *(lambda m, lag=lag: OnlinePrediction(m, lag) for lag in (-1, 1.5, True)),
        *(lambda m, n=n: OnlinePrediction(m, 3, n) for n in (0, "3", np.inf, True)),
        lambda m: OnlinePrediction(m).follow(Recordings([[[0.0] * 5]])),
        lambda m: OnlinePrediction(m).follow({"a": [[0.0] * 5]}),
        lambda m: OnlinePrediction(m).follow(3),
        lambda m: OnlinePrediction(m).follow("take.csv"),
        lambda m: OnlinePrediction(TemporalOTSegmenter()),
        lambda m: OnlinePrediction(with_settings(m, min_duration=10**6)),
    ],
)
def test_refused(models, call):
    with pytest.raises((TypeError, ValueError)):
        call(models("hmm"))


def test_a_stream_of_streams_needs_a_length(videos):
    model = TemporalOTSegmenter(3, random_state=0).partial_fit(videos)
    with pytest.raises(ValueError, match="n_frames"):
        OnlinePrediction(model)
    OnlinePrediction(model, n_frames=50)


def test_an_ended_stream_stays_ended(models, videos):
    online = OnlinePrediction(models("hmm"))
    assert online.finish().probabilities.shape == (0, 3)
    for call in (lambda: online.push(videos[0]), online.finish):
        with pytest.raises(ValueError, match="ended"):
            call()


def test_memory_does_not_grow(models, videos):
    online = OnlinePrediction(models("mallow"), lag=10)
    block = np.concatenate(videos)[:60]
    used = []
    tracemalloc.start()
    for _ in range(4):
        for _ in range(3):
            online.push(block)
        used.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert used[-1] - used[0] < 2**14
