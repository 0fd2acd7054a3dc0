"""Frames that are learned from together with what is around them."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skl_tot import CTESegmenter, MallowSegmenter, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.methods import METHODS, method_class
from skl_tot.metrics import mof_score
from skl_tot.recordings.files import open_arrays
from skl_tot.training import batches

QUICK = {
    "max_iter": 15,
    "freeze_iter": 2,
    "frames_per_video": 24,
    "n_steps": 5,
    "n_init": 1,
    "random_state": 0,
}
# "auto" hands it on to its candidates, which makes another fit
OWN = [method for method in METHODS if method != "auto"]


def make(method, **settings):
    """Make a segmenter of three actions that is fitted in no time."""
    segmenter = method_class(method)(3)
    own = segmenter.get_params()
    quick = {name: value for name, value in QUICK.items() if name in own}
    if "segmenter" in own:
        quick["segmenter"] = make("tot", **settings)
    return segmenter.set_params(**(quick | settings))


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


each_method = pytest.mark.parametrize("method", OWN)


def test_all_methods_have_it():
    for method in OWN:
        assert make(method).context is None


@each_method
def test_equals_a_fit_of_joined_features(method, data):
    model = make(method, context=3, background_percentile=20).fit(data)
    other = make(method, standardize=None, background_percentile=20)
    if method == "asal":  # its first labels are those of single frames
        other.segmenter.set_params(context=None)
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


@each_method
def test_every_output_and_file(method, data, tmp_path):
    model = make(method, context=2, background_percentile=20).fit(data)
    save_model(model, tmp_path / "model.skops")
    for other in (
        load_model(tmp_path / "model.skops"),
        pickle.loads(pickle.dumps(model)),
        clone(model).fit(data),
    ):
        for name in ("predict", "predict_proba", "predict_posterior", "transform"):
            if not hasattr(model, name):
                continue
            found, expected = getattr(other, name)(data), getattr(model, name)(data)
            for own, theirs in zip(found, expected, strict=True):
                np.testing.assert_array_equal(own, theirs)
    assert np.isfinite(model.score(data))


@each_method
def test_short_videos_and_single_arrays(method, data):
    model = make(method, context=30).fit(data)
    assert [len(labels) for labels in model.predict([data[0][:n] for n in (1, 2, 9)])]
    assert model.predict(data[1]).shape == (len(data[1]),)
    assert model.predict(data[0][:1]).shape == (1,)
    model = make(method, context=2).fit(data[0])
    assert model.labels_.shape == (len(data[0]),)


@each_method
@pytest.mark.parametrize("value", [0, -1, 1.5, "2", 2**31])
def test_bad_values(method, value, data):
    with pytest.raises((ValueError, TypeError), match="context"):
        make(method, context=value).fit(data)


@each_method
def test_predicts_as_it_was_fitted(method, data):
    model = make(method, context=2).fit(data)
    expected = model.log_likelihood(data[0])
    model.set_params(context=None)
    np.testing.assert_array_equal(model.log_likelihood(data[0]), expected)
    plain = make(method).fit(data)
    expected = plain.log_likelihood(data[0])
    plain.set_params(context=5)
    np.testing.assert_array_equal(plain.log_likelihood(data[0]), expected)
    del plain._context  # a model of an earlier version
    np.testing.assert_array_equal(plain.log_likelihood(data[0]), expected)


@pytest.mark.parametrize("method", ["tot", "cte", "mallow", "frank-wolfe"])
def test_forms_are_the_same(method, data, tmp_path):
    paths = []
    for i, video in enumerate(data):
        paths.append(tmp_path / f"{i}.npy")
        np.save(paths[-1], video)
    files = open_arrays(paths)
    mapped = [np.load(path, mmap_mode="r") for path in paths]
    expected = make(method, context=4).fit(data)
    for X in (files, mapped, tuple(data)):
        model = make(method, context=4).fit(X)
        for own, theirs in zip(model.labels_, expected.labels_, strict=True):
            np.testing.assert_array_equal(own, theirs)
    cube = np.stack([video[:30] for video in data])
    assert make(method, context=4).fit_predict(cube).shape == (5, 30)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_readers_are_the_same(data, kind, monkeypatch):
    data = [video.astype(kind) for video in data]
    settings = QUICK | {"context": 5, "alpha": 1.0, "beta": 1.0}
    del settings["n_steps"]
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


def test_streams(data):
    model = make("tot", context=3, background_percentile=20)
    for video in data:
        model.partial_fit(video)
    assert model.scaler_.mean_.shape == (4,)
    assert model.network_["hidden_weight"].shape[0] == 12
    with pytest.raises(ValueError, match="from a fit with context=3 to None; fit anew"):
        clone(model).set_params(context=3).fit(data).set_params(
            context=None
        ).partial_fit(data)
    assert len(model.set_params(context=3).partial_fit(data).labels_) == len(data)


def test_standardised_per_video(data):
    moved = [video + 10 * i for i, video in enumerate(data)]
    for kind in (MallowSegmenter, CTESegmenter):
        settings = {"max_iter": 15, "context": 3, "standardize": "video"}
        expected = kind(3, random_state=0, **settings).fit_predict(data)
        found = kind(3, random_state=0, **settings).fit_predict(moved)
        assert mof_score(expected, found) > 0.99


def test_score_is_of_single_frames(data):
    model = make("mallow", context=2).fit(data)
    own = make("mallow").fit(data)
    # the same labels, so the same score
    own._read = lambda *arguments, **options: model._read(model_videos(model, data))
    assert own.score(data) == model.score(data)


def model_videos(model, data):
    from skl_tot.segmenters.fitted import check_fitted

    return check_fitted(model, data)[0]


def test_file_of_other_widths_is_refused(data, tmp_path):
    for method in ("tot", "mallow", "frank-wolfe", "asal"):
        model = make(method, context=2).fit(data)
        model._context = None
        save_model(model, tmp_path / "model.skops")
        with pytest.raises(ValueError, match="expected"):
            load_model(tmp_path / "model.skops")
