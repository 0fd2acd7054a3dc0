"""ASAL and Mallow's model, which alternate between labels and models."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skl_tot import TemporalOTSegmenter
from skl_tot.baselines import ASALSegmenter, EqualPartsSegmenter, MallowSegmenter
from skl_tot.baselines.alternating import (
    expected_inversions,
    fit_dispersions,
    fit_mallow,
)
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode
from skl_tot.decoding.orders import DurationDecoder, MallowDecoder, inversions_of
from skl_tot.methods.gaussians import log_joint
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings import Recordings
from skl_tot.training.components import Adam

FAST = Adam(3e-3, frames_per_video=256)


def tot(n_actions=4, **params):
    adam = Adam(freeze_iter=1 / 6, frames_per_video=64)
    quick = {"max_iter": 30, "optimizer": adam}
    return TemporalOTSegmenter.paper(n_actions, **(quick | params))


def asal(**params):
    start = EqualPartsSegmenter(4)
    defaults = {"estimator": start, "random_state": 0, "n_steps": 25}
    return ASALSegmenter(4, **(defaults | params))


@pytest.fixture(scope="module")
def fitted(activity):
    return asal(optimizer=FAST).fit(activity[0])


@pytest.mark.parametrize(
    "start",
    [
        make_pipeline(FramewiseTransformer(PCA(3)), tot()),
        tot(decoding="free", background_percentile=5),
    ],
    ids=["pipeline", "background"],
)
def test_starts(start, activity):
    model = asal(estimator=start, max_iter=3).fit(activity[0])
    assert not hasattr(start, "labels_")
    assert 1 <= model.n_iter_ <= 3
    assert len(model.changes_) == model.n_iter_
    assert len(model.loss_curve_) == model.n_iter_ * 25
    for path in model.labels_:
        assert np.unique(path).tolist() == [0, 1, 2, 3]


def test_refines_a_start_that_is_wrong():
    videos, labels = make_activities(8, 4, noise=0.4, unevenness=0.5, random_state=1)
    before = mof_score(labels, EqualPartsSegmenter(4).fit(videos).labels_)
    model = asal(optimizer=FAST).fit(videos)
    assert mof_score(labels, model.labels_) > before + 0.1
    assert model.changes_[-1] < model.changes_[0] / 2


def test_frozen_start_is_used_as_it_is(activity):
    start = tot(random_state=3).fit(activity[0])
    network = {name: value.copy() for name, value in start.network_.items()}
    model = asal(estimator=FrozenEstimator(start), max_iter=1).fit(activity[0])
    for name, value in network.items():
        np.testing.assert_array_equal(start.network_[name], value)
    changed = np.concatenate(start.labels_) != np.concatenate(model.labels_)
    assert model.changes_ == [pytest.approx(changed.mean())]
    shares = [np.bincount(own, minlength=4) / len(own) for own in start.labels_]
    expected = (np.sum(shares, axis=0) + 1 / 4) / 7
    np.testing.assert_allclose(np.exp(model.log_shares_), expected)
    # each action is one segment of each video here
    np.testing.assert_allclose(model.mean_durations_, np.mean(shares, axis=0))


def test_labels_heed_durations_and_those_of_other_decoders_do_not(fitted, activity):
    video, model = activity[0][0], pickle.loads(pickle.dumps(fitted))
    scores = model.log_likelihood(video)
    expected = decode(scores, DurationDecoder(model.mean_durations_))
    np.testing.assert_array_equal(model.predict(video), expected)
    for decoding in ("fixed", "skip", "free"):
        model.set_params(decoding=decoding)
        np.testing.assert_array_equal(model.predict(video), decode(scores, decoding))


def test_scores_are_probabilities_over_shares(fitted, activity):
    video, network = activity[0][0], fitted.network_
    scores = fitted.transform(video) @ network["action_weight"] + network["action_bias"]
    found = fitted.log_likelihood(video)
    np.testing.assert_allclose(found, scores - fitted.log_shares_, rtol=1e-3, atol=1e-3)


OPTIONS = {"max_iter": 7}


@pytest.mark.parametrize("n_actions", [2, 3, 4, 5])
@pytest.mark.parametrize("common", [0.0, 1e-9, 1e-3, 0.4, 3.0])
def test_expected_inversions_equal_all_orders(n_actions, common):
    dispersions = common * np.arange(1, n_actions)
    orders = itertools.permutations(range(n_actions))
    inversions = np.array([inversions_of(order) for order in orders])
    weights = np.exp(-inversions @ dispersions)
    expected = weights @ inversions / weights.sum()
    found = [
        expected_inversions(dispersion, n_actions - k)
        for k, dispersion in enumerate(dispersions)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(
    n_videos=st.integers(1, 20), n_actions=st.integers(2, 5), seed=st.integers(0, 10**6)
)
def test_dispersions_have_the_highest_posterior(n_videos, n_actions, seed):
    rng = np.random.default_rng(seed)
    bound = np.arange(n_actions, 1, -1) - rng.integers(2, size=n_actions - 1)
    inversions = rng.integers(bound, size=(n_videos, n_actions - 1))
    grid = np.linspace(0, 20, 4001)
    for k, found in enumerate(fit_dispersions(inversions)):
        values = np.arange(n_actions - k)
        log_psi = np.log(np.exp(-np.outer(grid, values)).sum(axis=1))
        prior = np.exp(-values)
        prior_mean = prior @ values / prior.sum()
        posterior = -grid * (inversions[:, k].sum() + 0.1 * prior_mean)
        posterior -= (n_videos + 0.1) * log_psi
        assert found == pytest.approx(grid[posterior.argmax()], abs=0.005)


def shuffled_activities(orders, n_frames=30, seed=0):
    """Videos that show actions in orders of their own, and their labels."""
    rng = np.random.default_rng(seed)
    centres = 4 * rng.normal(size=(max(map(len, orders)), 6))
    labels = [np.repeat(order, n_frames) for order in orders]
    arrays = [centres[own] + rng.normal(size=(len(own), 6)) for own in labels]
    return Recordings(arrays), labels


def test_learns_actions_orders_and_dispersions():
    orders = [[0, 1, 2, 3]] * 8 + [[1, 0, 2, 3]] * 3 + [[0, 1, 3, 2]]
    videos, labels = shuffled_activities(orders)
    appearance, dispersions, n_iter, embedded = fit_mallow(videos, 4, **OPTIONS)
    assert n_iter < 7  # nothing changes any more
    for frames, own in zip(embedded, labels):
        assert (log_joint(frames, appearance).argmax(axis=1) == own).mean() > 0.95
    inversions = np.array([inversions_of(order) for order in orders])
    np.testing.assert_allclose(dispersions, fit_dispersions(inversions))
    assert dispersions[1] > dispersions[2] > dispersions[0] > 0


# two actions come the other way round in a third of the videos
SWAPPED = [[0, 1, 2, 3], [0, 1, 2, 3], [0, 2, 1, 3]] * 4


def test_finds_an_order_for_each_video():
    videos, labels = shuffled_activities(SWAPPED)
    model = MallowSegmenter(4).fit(videos[:9])
    assert isinstance(model.decoder_.decoder, MallowDecoder)
    assert mof_score(labels[9:], model.predict(videos[9:])) > 0.95
    assert model.dispersions_[1] < min(model.dispersions_[[0, 2]])
    fixed = model.set_params(decoding="fixed").predict(videos[11])
    assert (np.diff(fixed) >= 0).all()
    assert mof_score([labels[11]], [fixed]) < 0.95


def test_decodes_with_the_dispersions_of_the_fit():
    videos, _ = shuffled_activities(SWAPPED)
    model = MallowSegmenter(4, switch_cost=0.1).fit(videos)
    videos = videos[:3]
    for dispersions in (model.dispersions_, np.full(3, 1e6)):
        model.dispersions_ = dispersions
        decoder = MallowDecoder(dispersions)
        for video in videos:
            scores = model.log_likelihood(video)
            cost = 0.1 * len(video) / 4
            expected = decoder.path(scores, cost)
            np.testing.assert_array_equal(model.predict(video), expected)
            posterior = decoder.posterior(scores, cost)
            found = model.predict_posterior(video)
            np.testing.assert_allclose(found, posterior, atol=1e-7)
    for path in model.predict(videos):  # no inversion is worth so much
        assert (np.diff(path) >= 0).all()
