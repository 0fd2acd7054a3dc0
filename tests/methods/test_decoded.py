"""How sure segmenters are, background, least durations, and what an order is."""

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import cohen_kappa_score

from skl_tot import HMMSegmenter, TemporalOTSegmenter
from skl_tot.baselines import ASOTSegmenter, MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode, path_posterior
from skl_tot.decoding.decoders import Decoded
from skl_tot.methods.pipelines import path_confidence
from skl_tot.metrics.label_free import held_out_agreement
from skl_tot.recordings import Recordings


def test_agreement_by_scipy():
    """Discriminants are those of Gaussians with one variance for all actions."""
    rng = np.random.default_rng(0)
    labels = [rng.integers(3, size=50) for _ in range(5)]
    videos = [y[:, None] * [1.0, -0.5] + rng.normal(size=(50, 2)) for y in labels]
    judged = []
    for i in range(5):
        frames = np.concatenate(videos[1 - i % 2 :: 2])
        known = np.concatenate(labels[1 - i % 2 :: 2])
        means = np.array([frames[known == k].mean(axis=0) for k in range(3)])
        spread = np.sqrt(np.mean((frames - means[known]) ** 2, axis=0))
        densities = norm.logpdf(videos[i][:, None], means, spread).sum(axis=2)
        judged.append(densities.argmax(axis=1))
    expected = cohen_kappa_score(np.concatenate(labels), np.concatenate(judged))
    found = held_out_agreement(lambda i: [videos[i][:20], videos[i][20:]], labels, 3)
    assert found == pytest.approx(expected, abs=1e-12)


def test_one_fit_says_one_thing_once(activity):
    model = TemporalOTSegmenter(4, decoding="skip", switch_cost=1e4, max_iter=5)
    with pytest.warns(UserWarning, match="^Labels collapse") as caught:
        model.set_params(random_state=0).fit(activity[0])
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert "Actions found" not in str(caught[0].message)


def test_background_is_sure():
    posterior = np.array([[0.2, 0.8], [0.3, 0.7], [1.0 + 1e-9, 0.0]])
    path = np.array([-1, 0, 0])
    confidence = path_confidence(Decoded(None, path, posterior))
    np.testing.assert_array_equal(confidence, [1.0, 0.3, 1.0])


def test_strict_order_that_squeezes_actions_is_told():
    videos, _ = make_activities(12, 5, missing=0.4, noise=0.3, random_state=0)
    model = HMMSegmenter(5, order="strict")
    with pytest.warns(UserWarning, match="has a single frame in") as caught:
        model.fit(videos)
    (text,) = [str(own.message) for own in caught if "single" in str(own.message)]
    counts = np.array([np.bincount(path, minlength=5) for path in model.labels_])
    action = int((counts == 1).sum(axis=0).argmax())
    assert text.startswith(f"Action {action} ")
    with pytest.warns(UserWarning, match="3 frames"):
        HMMSegmenter(5, order="strict", min_duration=3).fit(videos)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(make_activities(9, 5, noise=0.3, random_state=0)[0])


@pytest.mark.parametrize("Segmenter", [TemporalOTSegmenter, HMMSegmenter])
def test_paths_run_through_what_is_left(activity, Segmenter):
    videos, _ = activity
    model = Segmenter(4, background_percentile=20, decoding="fixed", max_iter=30)
    model.fit(videos)
    for path in model.predict(videos):
        kept = path[path >= 0]
        assert (np.diff(kept) >= 0).all()
        assert set(kept) == {0, 1, 2, 3}
    share = np.mean(np.concatenate(model.labels_) == -1)
    assert 0.05 < share < 0.21  # at most the percentile of each action


@pytest.fixture(scope="module")
def frames():
    return make_activities(4, 3, n_features=4, mean_length=60, random_state=0)[0]


@pytest.fixture(scope="module")
def recordings(frames):
    return Recordings(frames, fps=10)


def hmm(**parameters):
    own = {"decoding": "free", "switch_cost": 0.0, "n_components": None, "max_iter": 3}
    return HMMSegmenter(3, **(own | parameters))


def shortest(path):
    return np.diff(np.flatnonzero(np.diff(path, prepend=-9, append=-9))).min()


def test_seconds_where_there_is_a_rate(frames, recordings):
    assert hmm().fit(frames).min_frames_ == 1
    for duration, of_frames, of_seconds in (
        (0.7, 1, 7),
        (0.71, 1, 8),
        (3, 3, 30),
        (2.5, 3, 25),
        (1e-9, 1, 1),
    ):
        model = hmm(min_duration=duration)
        assert model.fit(frames).min_frames_ == of_frames
        assert model.fit(recordings).min_frames_ == of_seconds


def test_paths_and_posteriors(recordings):
    model = hmm(min_duration=0.8).fit(recordings)
    paths, found = model.predict(recordings), model.predict_posterior(recordings)
    assert min(map(shortest, hmm().fit(recordings).labels_.values())) == 1
    b, kappa = model.confidence_["tempering"], model.confidence_["agreement"]
    for name, scores in model.log_likelihood(recordings).items():
        expected = decode(scores, "free", min_frames=8)
        np.testing.assert_array_equal(paths[name], expected)
        np.testing.assert_array_equal(model.labels_[name], expected)
        assert shortest(expected) >= 8
        exact = path_posterior(b * scores, "free", min_frames=8)
        np.testing.assert_allclose(found[name], kappa * exact + (1 - kappa) / 3)


QUICK = {"max_iter": 8, "random_state": 0}
KINDS = [TemporalOTSegmenter, ASOTSegmenter, HMMSegmenter, MallowSegmenter]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["strict", "mostly", "free"])
def test_an_order_is_what_its_values_are(kind, order, activity):
    videos, table = activity[0], kind._defaults_by_order
    model = kind(4, order=order, **QUICK)
    if order not in table:
        with pytest.raises(ValueError, match="'order' parameter"):
            model.fit(videos)
        return
    values = table[order]
    assert {model.get_params()[name] for name in values} == {"auto"}
    told = kind(4, order=order, **values, **QUICK).fit(videos)
    labels = model.fit(videos).labels_
    for path, expected in zip(labels, told.labels_, strict=True):
        np.testing.assert_array_equal(path, expected)
        if order == "strict":
            assert (np.diff(path) >= 0).all()
            assert len(np.unique(path)) == 4
