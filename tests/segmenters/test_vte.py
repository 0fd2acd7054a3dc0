import pickle

import numpy as np
import pytest
import skops.io

from skl_tot import CTESegmenter, VTESegmenter
from skl_tot.metrics import mof_score
from skl_tot.training.batches import later_frames
from skl_tot.training.reconstruction import Prediction


def quick(n_actions=4, **params):
    defaults = {"max_iter": 30, "frames_per_video": 32, "n_init": 1, "random_state": 0}
    return VTESegmenter(n_actions, **(defaults | params))


@pytest.fixture(scope="module")
def fitted(activity):
    return quick().fit(activity[0])


def decoded(model, videos):
    """What the decoder finds in the embeddings of each video, written out."""
    p = model.network_
    for video, z in zip(videos, model.transform(videos)):
        x = model.scaler_.transform(video)
        added = x @ p["hidden_weight"] + p["hidden_bias"]
        around = 1 / (1 + np.exp(-added)) @ p["decoder_skip_weight"]
        hidden = z @ p["decoder_hidden_weight"] + p["decoder_hidden_bias"]
        hidden = 1 / (1 + np.exp(-hidden))
        found = hidden @ p["decoder_output_weight"] + p["decoder_output_bias"]
        yield around + found


def errors_of_prediction(model, videos, horizon):
    """Mean squared error of the features at a horizon, and their variance."""
    errors, targets = [], []
    for video, found in zip(videos, decoded(model, videos)):
        frames = np.arange(len(video))
        later = later_frames(frames[None, None], np.array([[len(video)]]), horizon)
        target = model.scaler_.transform(video)[later.ravel()]
        errors.append((found - target) ** 2)
        targets.append(target)
    return np.concatenate(errors).mean(), np.concatenate(targets).var(axis=0).mean()


@pytest.mark.parametrize("horizon", [20, 0.1])
def test_predicts_better_than_the_mean(activity, horizon):
    options = {"prediction_weight": 1.0, "horizon": horizon, "max_iter": 400}
    model = quick(**options).fit(activity[0])
    error, variance = errors_of_prediction(model, activity[0], horizon)
    assert error < 0.85 * variance


def test_learns_time_too(activity):
    assert mof_score(activity[1], quick(max_iter=600).fit(activity[0]).labels_) > 0.7


def test_predicts_later_frames_and_not_others(activity):
    model = quick(prediction_weight=1.0, horizon=60, max_iter=600).fit(activity[0])
    then, _ = errors_of_prediction(model, activity[0], 60)
    now, _ = errors_of_prediction(model, activity[0], 1)
    assert then < 0.8 * now


def test_loss_is_that_of_both_terms(fitted, activity):
    # before the first step all but nothing is known of time and features
    first = fitted.loss_curve_[0]
    assert first == pytest.approx(1 / 3 + fitted.prediction_weight, abs=0.05)
    assert fitted._terms()[1].lag == fitted.horizon


def test_without_weight_it_is_cte(activity):
    options = {"max_iter": 30, "frames_per_video": 32, "n_init": 1, "random_state": 0}
    without = VTESegmenter(4, prediction_weight=0.0, **options).fit(activity[0])
    cte = CTESegmenter(4, **options).fit(activity[0])
    assert without.network_.keys() == cte.network_.keys()
    for name, value in cte.network_.items():
        np.testing.assert_array_equal(value, without.network_[name])
    np.testing.assert_array_equal(without.labels_[0], cte.labels_[0])


def test_attributes_and_outputs(fitted, activity):
    videos, _ = activity
    assert len(fitted.gaussians_) == 4
    assert fitted.n_iter_ == len(fitted.loss_curve_) == 30
    shapes = Prediction(1.0, 1).shapes(
        {"n_features": 5, "hidden_dim": 80, "embedding_dim": 40}
    )
    for name, shape in shapes.items():
        assert fitted.network_[name].shape == tuple(shape.values())
    for path in fitted.predict(videos):
        assert (np.diff(path) >= 0).all()
        assert set(path) == {0, 1, 2, 3}


@pytest.mark.parametrize("horizon", [0, 0.0, 1.0, 1.5, -3, "soon"])
def test_bad_horizons_are_refused(activity, horizon):
    with pytest.raises(ValueError, match="'horizon' parameter of VTESegmenter"):
        quick(horizon=horizon).fit(activity[0])


def test_numbers_of_numpy(activity):
    one, other = (quick(horizon=h).fit(activity[0]) for h in (120, np.int8(120)))
    np.testing.assert_array_equal(one.coefs_[0], other.coefs_[0])


def test_same_seed_same_result(fitted, activity):
    again = quick().fit(activity[0])
    for name, value in fitted.network_.items():
        np.testing.assert_array_equal(again.network_[name], value)
    np.testing.assert_array_equal(again.labels_[0], fitted.labels_[0])


def test_survives_pickle_and_skops(fitted, activity):
    data = skops.io.dumps(fitted)
    untrusted = skops.io.get_untrusted_types(data=data)
    assert untrusted == ["skl_tot.VTESegmenter"]
    for loaded in (
        pickle.loads(pickle.dumps(fitted)),
        skops.io.loads(data, trusted=untrusted),
    ):
        for one, other in zip(loaded.predict(activity[0]), fitted.labels_):
            np.testing.assert_array_equal(one, other)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("horizon", [10, 2**31 - 1, 0.5, 1e-9])
@pytest.mark.parametrize(
    "videos",
    [
        [np.ones((20, 3))] * 2,
        [np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)],
        [np.random.default_rng(0).normal(size=(n, 1)) for n in (9, 1, 3)],
    ],
    ids=["constant", "as many frames as actions", "short videos"],
)
def test_edge_cases_have_valid_paths(videos, horizon):
    for path, video in zip(quick(horizon=horizon).fit(videos).labels_, videos):
        assert (np.diff(path) >= 0).all()
        assert len(path) == len(video)
        if len(video) >= 4:
            assert set(path) == {0, 1, 2, 3}


def test_one_frame():
    assert quick(1).fit(np.ones((1, 3))).labels_.tolist() == [0]
