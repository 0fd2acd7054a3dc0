"""Frames that are learned from together with what is around them."""

from functools import partial

import numpy as np
import pytest

from skl_tot import MallowSegmenter, TemporalOTSegmenter
from skl_tot.baselines import CTESegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import TimeStamp
from skl_tot.metrics import mof_score
from skl_tot.training import batches


@pytest.fixture
def make(estimator_name, make_estimator):
    """Maker of each estimator that reads frames with their context."""
    if estimator_name == "AutoSegmenter":
        pytest.skip("hands it on to its own candidates")
    if "context" not in make_estimator(estimator_name).get_params(deep=False):
        pytest.skip("has none of its own")
    return partial(make_estimator, estimator_name, n_actions=3, max_iter=8)


def join(videos, context):
    """Join videos at once, standardised over all frames before."""
    frames = np.concatenate(videos)
    joined = []
    for video in videos:
        video = (video - frames.mean(axis=0)) / frames.std(axis=0)
        rows = []
        for t in range(len(video)):
            window = video[max(0, t - context) : t + context + 1]
            rows.append([*video[t], *window.mean(axis=0), *window.std(axis=0)])
        joined.append(np.array(rows) / np.sqrt(3))
    return joined


@pytest.fixture(scope="module")
def data():
    return make_activities(
        n_videos=5, n_actions=3, n_features=4, mean_length=50, random_state=0
    )[0]


def test_equals_a_fit_of_joined_features(make, data):
    model = make(context=3, background_percentile=20).fit(data)
    other = make(standardize=None, background_percentile=20)
    if "estimator" in other.get_params():
        pytest.skip("its first labels are those of single frames")
    joined = join(data, 3)
    other.fit(joined)
    assert model.n_features_in_ == 4
    assert model.scaler_.mean_.shape == (4,)
    assert model.background_["means"].shape == (3, 12)
    found, expected = model.log_likelihood(data), other.log_likelihood(joined)
    for own, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, theirs, rtol=1e-3, atol=1e-3)
    for own, theirs in zip(model.labels_, other.labels_, strict=True):
        assert np.mean(own == theirs) > 0.97  # but for rounding


def test_short_videos_and_single_arrays(make, data):
    model = make(context=30).fit(data)
    assert [len(labels) for labels in model.predict([data[0][:n] for n in (1, 2, 9)])]
    assert model.predict(data[1]).shape == (len(data[1]),)
    assert model.predict(data[0][:1]).shape == (1,)
    model = make(context=2).fit(data[0])
    assert model.labels_.shape == (len(data[0]),)


@pytest.mark.parametrize("value", [0, -1, 1.5, "2", 2**31])
def test_bad_values(make, value, data):
    with pytest.raises((ValueError, TypeError), match="context"):
        make(context=value).fit(data)


def test_predicts_as_it_was_fitted(make, data):
    model = make(context=2).fit(data)
    expected = model.log_likelihood(data[0])
    model.set_params(context=None)
    np.testing.assert_array_equal(model.log_likelihood(data[0]), expected)
    plain = make().fit(data)
    expected = plain.log_likelihood(data[0])
    plain.set_params(context=5)
    np.testing.assert_array_equal(plain.log_likelihood(data[0]), expected)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_readers_are_the_same(data, kind, monkeypatch):
    data = [video.astype(kind) for video in data]
    settings = {"context": 5, "alpha": 1.0, "terms": [TimeStamp()], "max_iter": 15}
    settings |= {"n_init": 1, "random_state": 0}
    resident = TemporalOTSegmenter(3, **settings).fit(data)
    monkeypatch.setattr(batches, "RESIDENT_BYTES", 0)
    streamed = TemporalOTSegmenter(3, **settings).fit(data)
    for name, value in resident.network_.items():
        np.testing.assert_array_equal(streamed.network_[name], value)


def test_what_fits_into_memory_is_wider(data, monkeypatch):
    n_bytes = 4 * sum(video.size for video in data)
    monkeypatch.setattr(batches, "RESIDENT_BYTES", n_bytes)
    opened = []
    read = batches.StreamReader.read

    def spy(self, *arguments):
        opened.append(self)
        return read(self, *arguments)

    monkeypatch.setattr(batches.StreamReader, "read", spy)
    settings = {"max_iter": 40, "random_state": 0}
    TemporalOTSegmenter(3, **settings).fit(data)
    assert not opened
    TemporalOTSegmenter(3, context=1, **settings).fit(data)
    assert opened


def test_standardised_per_video(data):
    moved = [video + 10 * i for i, video in enumerate(data)]
    for kind in (MallowSegmenter, CTESegmenter):
        settings = {"max_iter": 15, "context": 3, "standardize": "video"}
        expected = kind(3, random_state=0, **settings).fit_predict(data)
        found = kind(3, random_state=0, **settings).fit_predict(moved)
        assert mof_score(expected, found) > 0.99
