"""Streams against whole videos, and against videos cut where they are looked at."""

import io
import pickle
import tracemalloc

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import (
    ActivitySegmenter,
    CyclicSegmenter,
    HMMSegmenter,
    MallowSegmenter,
    TemporalOTSegmenter,
)
from skl_tot.datasets import make_activities
from skl_tot.decoding import DECODERS, Decoder
from skl_tot.decoding.evidence import find_switch_cost
from skl_tot.io import Recordings
from skl_tot.meta.online import OnlinePrediction
from skl_tot.methods import METHODS
from skl_tot.preprocessing import FramewiseTransformer, GapFiller

QUICK = {
    "max_iter": 15,
    "freeze_iter": 2,
    "frames_per_video": 24,
    "n_steps": 5,
    "n_init": 2,
    "random_state": 0,
}
WHOLE = {"asot": "TemporalOTSegmenter", "auto": "one of its estimators_"}


def make(method, **given):
    """Make a segmenter of three actions that is fitted in no time."""
    segmenter = getattr(skl_tot, METHODS[method][0])(3)
    own = segmenter.get_params()
    quick = {name: value for name, value in QUICK.items() if name in own}
    if "segmenter" in own:
        quick["segmenter"] = make("hmm")
    if "candidates" in own:
        quick["candidates"] = [("hmm", make("hmm")), ("mallow", make("mallow"))]
    return segmenter.set_params(**(quick | given))


@pytest.fixture(scope="module")
def videos():
    return make_activities(n_videos=5, n_actions=3, n_features=5, random_state=0)[0]


@pytest.fixture(scope="module")
def models(videos):
    return {method: make(method).fit(videos) for method in METHODS}


@pytest.fixture(scope="module")
def hmm(models):
    return models["hmm"]


def run(online, video, sizes=(7,)):
    """All labels and probabilities of a video given in blocks of these sizes."""
    found, start = [], 0
    while start < len(video):
        size = sizes[len(found) % len(sizes)]
        found.append(online.push(video[start : start + size]))
        start += size
    found.append(online.finish())
    labels, probabilities = zip(*found)
    return np.concatenate(labels), np.concatenate(probabilities)


def with_settings(model, **given):
    """Give a copy of a fitted model other parameters, which do not change the fit."""
    return pickle.loads(pickle.dumps(model)).set_params(**given)


@pytest.mark.parametrize("method", METHODS)
def test_lag_of_a_recording_gives_predict(models, videos, method):
    model, video = models[method], videos[0]
    if method in WHOLE:
        with pytest.raises(ValueError, match=f"video; take {WHOLE[method]}") as error:
            model.predict_online(lag=len(video))
        assert "\n" not in str(error.value)
        return
    labels, probabilities = run(model.predict_online(lag=len(video)), video)
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
    model = with_settings(models[method], decoding=decoding, switch_cost=cost)
    video = videos[1][start : start + length]
    online = model.predict_online(lag=length)
    labels, probabilities = run(online, video, (size, 3))
    np.testing.assert_array_equal(labels, model.predict(video))
    np.testing.assert_array_equal(probabilities, model.predict_posterior(video))


@pytest.mark.parametrize("method", sorted(set(METHODS) - set(WHOLE)))
@pytest.mark.parametrize("cost", [0.5, "auto"])
def test_labels_are_those_of_a_video_cut_a_lag_later(models, videos, method, cost):
    model = with_settings(models[method], decoding="free", switch_cost=cost)
    video, lag = videos[2], 6
    scores = model.log_likelihood(video)
    labels, probabilities = run(model.predict_online(lag=lag, n_frames=90), video)
    nats = 0.5 * 90 / 3 if cost == 0.5 else find_switch_cost(scores[:7])
    confidence = model.confidence_
    for t in range(0, len(video) - lag, 5):
        known = scores[: t + lag + 1]
        assert labels[t] == DECODERS["free"].path(known, nats)[t]
        b, kappa = confidence["tempering"], confidence["agreement"]
        own = DECODERS["free"].posterior(b * known, b * nats)[t]
        expected = kappa * own + (1 - kappa) / 3
        np.testing.assert_allclose(probabilities[t], expected, atol=1e-5)


def test_cost_goes_by_the_mean_length_of_the_fit(hmm, videos):
    model = with_settings(hmm, decoding="free", switch_cost=0.2)
    assert model.mean_frames_ == np.mean([len(video) for video in videos])
    expected = run(model.predict_online(lag=3, n_frames=model.mean_frames_), videos[3])
    for found, own in zip(run(model.predict_online(lag=3), videos[3]), expected):
        np.testing.assert_array_equal(found, own)
    other = run(model.predict_online(lag=3, n_frames=9), videos[3])
    assert (other[1] != expected[1]).any()


def test_cycles_cost_by_their_own_length(hmm, videos):
    model = with_settings(hmm, decoding="cyclic", switch_cost=0.2)
    usual = run(model.predict_online(lag=3), videos[3])[1]
    longer = run(model.predict_online(lag=3, n_frames=10**6), videos[3])[1]
    np.testing.assert_array_equal(usual, longer)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4))
@settings(max_examples=6)
def test_blocks_make_no_difference(models, videos, sizes):
    model = models["mallow"]
    labels, probabilities = run(model.predict_online(lag=8), videos[0], sizes)
    expected = run(model.predict_online(lag=8), videos[0], (1,))
    np.testing.assert_array_equal(labels, expected[0])
    np.testing.assert_allclose(probabilities, expected[1], atol=1e-9)


def test_labels_come_at_the_lag(hmm, videos):
    online = hmm.predict_online(lag=5)
    assert online.delay == 5
    for t, frame in enumerate(videos[0][:20]):
        labels, probabilities = online.push(frame)
        assert len(labels) == len(probabilities) == (t >= 5)
    assert (online.n_seen, online.n_decided) == (20, 15)
    assert repr(online).endswith("of HMMSegmenter, 15 of 20 frames labelled")
    assert len(online.finish().labels) == 5
    assert (online.n_decided, online.is_finished) == (20, True)


def test_no_lag_labels_at_once(hmm, videos):
    model = with_settings(hmm, decoding="framewise")
    online = model.predict_online(lag=0)
    labels = [online.push(frame).labels for frame in videos[0]]
    np.testing.assert_array_equal(np.concatenate(labels), model.predict(videos[0]))
    assert len(online.finish().labels) == 0


@pytest.mark.parametrize("sizes", [(1,), (10, 3)])
def test_context_is_waited_for(videos, sizes):
    model = MallowSegmenter(3, context=4, decoding="free").fit(videos)
    video = videos[0]
    online = model.predict_online(lag=6, n_frames=60)
    assert online.delay == 10
    labels, _ = run(online, video, sizes)
    scores = model.log_likelihood(video)
    for t in range(len(video) - 6):
        nats = model.switch_cost * 60 / 3
        assert labels[t] == DECODERS["free"].path(scores[: t + 7], nats)[t]
    full = run(model.predict_online(lag=len(video) - 4), video, sizes)
    np.testing.assert_array_equal(full[0], model.predict(video))
    np.testing.assert_array_equal(full[1], model.predict_posterior(video))


def scaled(segmenter):
    return make_pipeline(FramewiseTransformer(StandardScaler()), segmenter)


@pytest.mark.parametrize(
    "segmenter",
    [
        MallowSegmenter(3, context=4),
        scaled(HMMSegmenter(3)),
        FrozenEstimator(scaled(HMMSegmenter(3, context=1))),
    ],
)
def test_cycles(videos, segmenter):
    if isinstance(segmenter, FrozenEstimator):
        segmenter.estimator.fit(videos)
    recording = np.concatenate(videos).astype(float)
    cuts = np.cumsum([0, *map(len, videos)])
    options = {"decoding": "cyclic_skip", "switch_cost": 0.5}
    model = CyclicSegmenter(3, segmenter=segmenter, **options)
    model.fit([recording], cuts=[cuts])
    online = model.predict_online(lag=20)
    labels, _ = run(online, recording)
    (scores,) = model.log_likelihood([recording])
    cost = model.switch_cost * model.mean_frames_ / 3
    for t in range(0, len(recording) - 20, 40):
        path = DECODERS["cyclic_skip"].path(scores[: t + 21], cost)
        assert labels[t] == path[t]
    found = run(model.predict_online(lag=len(recording)), recording, (200,))
    np.testing.assert_array_equal(found[0], model.predict(recording))
    np.testing.assert_array_equal(found[1], model.predict_posterior(recording))


@pytest.mark.parametrize(
    ("segmenter", "message"),
    [
        (make("asot", max_iter=3), "solves a transport problem"),
        (HMMSegmenter(3, standardize="video"), 'standardize="video" takes'),
        (make_pipeline(GapFiller(2), HMMSegmenter(3)), "step 'gapfiller' .* may look"),
    ],
)
def test_cycles_of_what_needs_whole_videos(videos, segmenter, message):
    cuts = np.cumsum([0, *map(len, videos)])
    model = CyclicSegmenter(3, segmenter=segmenter)
    model.fit([np.concatenate(videos)], cuts=[cuts])
    with pytest.raises(ValueError, match=message):
        model.predict_online()


def test_activities(videos):
    model = ActivitySegmenter(HMMSegmenter(3), 2).fit(videos)
    with pytest.raises(ValueError, match="take one of its segmenters_, or predict"):
        model.predict_online()
    own = model.segmenters_[0]
    labels, _ = run(own.predict_online(lag=len(videos[0])), videos[0])
    np.testing.assert_array_equal(labels, own.predict(videos[0]))


def test_background(videos):
    model = HMMSegmenter(3, background_percentile=30, decoding="skip").fit(videos)
    video = videos[0]
    offline = model.predict(video)
    assert 0 < (offline == -1).sum() < len(video)
    for lag in (0, 5, len(video)):
        labels, _ = run(model.predict_online(lag=lag), video)
        np.testing.assert_array_equal(labels == -1, offline == -1)
    np.testing.assert_array_equal(labels, offline)
    only_other = np.full((30, 5), 1e3)
    assert (run(model.predict_online(lag=2), only_other)[0] == -1).all()


@pytest.mark.parametrize("method", ["tot", "mallow"])
def test_edits_and_names(models, videos, method):
    model = with_settings(models[method], decoding="free")
    split = model.labels_[0][-1]
    model.split(split, videos).rename({1: "pour"}).merge(["action 0", "action 2"])
    labels, probabilities = run(model.predict_online(lag=len(videos[0])), videos[0])
    np.testing.assert_array_equal(labels, model.predict(videos[0]))
    np.testing.assert_array_equal(probabilities, model.predict_posterior(videos[0]))
    labels, probabilities = run(model.predict_online(lag=2, n_frames=50), videos[0])
    scores = model.log_likelihood(videos[0])
    words = model.classes_
    for t in range(0, len(scores) - 2, 7):
        cost = model.switch_cost * 50 / probabilities.shape[1]
        path = DECODERS["free"].path(scores[: t + 3], cost)
        assert labels[t] == words[path[t]]


@pytest.mark.parametrize("save", [pickle.dumps, "joblib"])
@pytest.mark.parametrize("stop", [5, 60])
def test_saved_state_goes_on(models, videos, save, stop):
    video = videos[0]
    online = models["tot"].predict_online(lag=10)
    before = online.push(video[:stop])
    if save == "joblib":
        file = io.BytesIO()
        joblib.dump(online, file)
        file.seek(0)
        loaded = joblib.load(file)
    else:
        loaded = pickle.loads(save(online))
    assert isinstance(loaded, OnlinePrediction)
    for own in (loaded, online):
        labels, probabilities = run(own, video[stop:])
        expected = run(models["tot"].predict_online(lag=10), video, (stop, 7))
        np.testing.assert_array_equal([*before.labels, *labels], expected[0])
        found = np.concatenate([before.probabilities, probabilities])
        np.testing.assert_allclose(found, expected[1], atol=1e-6)


def test_labels_of_the_fit_are_not_saved(hmm):
    model = with_settings(hmm)
    model.labels_ = np.zeros(10**6)
    assert len(pickle.dumps(model.predict_online())) < 10**5


def test_another_fit_does_not_change_a_stream(videos):
    model = MallowSegmenter(3).fit(videos)
    expected = run(model.predict_online(lag=5), videos[0])
    online = model.predict_online(lag=5)
    model.set_params(n_actions=2, decoding="free").fit(videos[:2])
    for found, own in zip(run(online, videos[0]), expected):
        np.testing.assert_array_equal(found, own)


def test_a_camera_may_use_its_array_again(hmm, videos):
    online, camera, labels = hmm.predict_online(lag=20), np.empty((4, 5)), []
    for start in range(0, 40, 4):
        camera[:] = videos[0][start : start + 4]
        labels.extend(online.push(camera).labels)
        camera[:] = 1e6
    labels.extend(online.finish().labels)
    expected, _ = run(hmm.predict_online(lag=20), videos[0][:40], (4,))
    np.testing.assert_array_equal(labels, expected)


def test_stream_is_followed(hmm, videos):
    expected = run(hmm.predict_online(lag=9), videos[0])
    frame = pd.DataFrame(videos[0])
    for stream in (
        videos[0],
        list(videos[0]),
        frame,
        (videos[0][i : i + 7] for i in range(0, 10**4, 7)),
    ):
        pairs = list(hmm.predict_online(stream, lag=9))
        assert type(pairs[0][0]) is int
        assert [label for label, _ in pairs] == expected[0].tolist()
        np.testing.assert_allclose([own for _, own in pairs], expected[1], atol=1e-9)


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (
            Recordings([[[0.0] * 5]]),
            "expected frames of one recording; label each by a",
        ),
        ({"a": [[0.0] * 5]}, "expected frames of one recording; label each by a"),
        (3, "stream is 3, expected frames, or blocks"),
        ("take.csv", "stream is 'take.csv', expected frames, or blocks"),
    ],
)
def test_what_is_no_stream(hmm, stream, message):
    with pytest.raises(TypeError, match=message):
        hmm.predict_online(stream)


def test_labels_of_a_stream_come_before_its_end(hmm, videos):
    def stream():
        yield from videos[0][:30]
        raise EOFError

    labels = []
    with pytest.raises(EOFError):
        labels.extend(label for label, _ in hmm.predict_online(stream(), lag=9))
    followed = hmm.predict_online(stream(), lag=9)
    assert len([next(followed) for _ in range(21)]) == 21


def test_nothing_came(hmm):
    labels, probabilities = hmm.predict_online().finish()
    assert labels.shape == (0,)
    assert probabilities.shape == (0, 3)
    assert hmm.predict_online().push(np.empty((0, 5))).labels.shape == (0,)


def test_data_frames_and_integers(videos):
    frames = [pd.DataFrame(video, columns=list("abcde")) for video in videos]
    model = HMMSegmenter(3).fit(frames)
    online = model.predict_online(lag=len(frames[0]))
    labels, _ = run(online, frames[0])
    np.testing.assert_array_equal(labels, model.predict(frames[0]))
    with pytest.raises(ValueError, match=r"columns \['b', 'a', .* expected those of"):
        model.predict_online().push(frames[0][list("bacde")])
    whole = np.round(videos[0]).astype(int)
    np.testing.assert_array_equal(
        run(HMMSegmenter(3).fit(videos).predict_online(lag=99999), whole)[0],
        HMMSegmenter(3).fit(videos).predict(whole),
    )


def test_models_of_before_need_a_length(hmm):
    model = with_settings(hmm, decoding="free", switch_cost=0.5)
    del model.mean_frames_
    with pytest.raises(ValueError, match=r"does not know how long .* give n_frames"):
        model.predict_online()
    assert model.predict_online(n_frames=50).delay == 30
    for kept in ({"switch_cost": 0.0}, {"switch_cost": "auto"}, {"decoding": "fixed"}):
        assert with_settings(model, **kept).predict_online().delay == 30


def test_decoder_without_a_chain(hmm, monkeypatch):
    free = DECODERS["free"]
    own = Decoder(free.path, free.posterior, keeps_order=False)
    monkeypatch.setitem(DECODERS, "own", own)
    with pytest.raises(ValueError, match="decoding='own' has no chain"):
        with_settings(hmm, decoding="own").predict_online()


def test_what_depends_on_whole_videos_is_refused(videos):
    model = HMMSegmenter(3, standardize="video").fit(videos)
    with pytest.raises(
        ValueError, match=r'"video" takes .* fit with "dataset", or pre'
    ):
        model.predict_online()
    model = (
        MallowSegmenter(3).fit(videos).guide(videos, [model.labels_[0], *[None] * 4])
    )
    with pytest.raises(ValueError, match="relative time in a whole video; fit without"):
        model.predict_online()


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((2, 4)), r"shape \(2, 4\), expected \(n_frames, 5\), as in the fit"),
        (np.zeros(4), r"shape \(4,\), expected .* or \(5,\) of one frame"),
        (np.zeros((1, 2, 5)), r"shape \(1, 2, 5\)"),
        (np.float64(3), r"shape \(\)"),
        ([[0, 0, 0, 0, np.nan]], "frame 3 of the stream has nan in column 4; fill"),
        ([[0] * 5, [0, np.inf, 0, 0, 0]], "frame 4 of the stream has inf in column 1"),
        ([["a"] * 5], "expected an array of floats"),
        ("abcde", "expected an array of floats"),
        (None, "expected an array of floats"),
        ([[0.0] * 5, [0.0]], "expected an array of floats"),
        (np.ma.masked_less(np.zeros(5), 1), "expected an array of floats"),
        (np.zeros(5, complex), "expected an array of floats"),
        (np.full((2, 5), 1e200), "frames of the stream from 0 on: the features are"),
    ],
)
def test_bad_frames_leave_a_stream_as_it_was(models, videos, frames, message):
    online = models["mallow"].predict_online(lag=3)
    online.push(videos[0][:3])
    with pytest.raises((TypeError, ValueError), match=message) as error:
        online.push(frames)
    assert "\n" not in str(error.value)
    assert online.n_seen == 3
    labels, _ = run(online, videos[0][3:])
    expected, _ = run(models["mallow"].predict_online(lag=3), videos[0])
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("lag", [-1, 1.5, "3", None, True, np.nan])
def test_bad_lag(hmm, lag):
    with pytest.raises(ValueError, match=r"lag is .*, expected a number of frames"):
        hmm.predict_online(lag=lag)


@pytest.mark.parametrize("n_frames", [0, -1, "3", np.inf, np.nan, True])
def test_bad_n_frames(hmm, n_frames):
    with pytest.raises(
        ValueError, match=r"n_frames is .*, expected a number of frames"
    ):
        hmm.predict_online(n_frames=n_frames)


def test_after_the_end_and_before_a_fit(hmm, videos):
    online = hmm.predict_online()
    online.finish()
    for late in (online.finish, lambda: online.push(videos[0])):
        with pytest.raises(ValueError, match="ended by finish; predict_online makes"):
            late()
    with pytest.raises(NotFittedError):
        TemporalOTSegmenter().predict_online()


def test_memory_does_not_grow(models, videos):
    online = models["mallow"].predict_online(lag=10)
    block = np.concatenate(videos)[:60]
    used = []
    tracemalloc.start()
    for _ in range(4):
        for _ in range(3):
            online.push(block)
        used.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert used[-1] - used[0] < 2**14


def test_blocks_are_not_kept():
    videos = np.random.default_rng(0).normal(size=(2, 40, 64))
    online = HMMSegmenter(2).fit(list(videos)).predict_online(lag=3)
    tracemalloc.start()
    online.push(np.zeros((5000, 64)))  # 2.6 MB
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used < 2**20


def test_refused_frames_leave_no_trace():
    videos = np.random.default_rng(0).normal(size=(2, 40, 3)).astype(np.float32)
    online = HMMSegmenter(2).fit(list(videos)).predict_online(lag=3)
    online.push(videos[0][:9])
    before = pickle.dumps(online)
    with pytest.raises(ValueError, match="too far from those of the fit"):
        online.push(np.full((1, 3), 1e308))
    assert pickle.dumps(online) == before
    assert online.finish().probabilities.dtype == np.float32
