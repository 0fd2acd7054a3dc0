"""How sure segmenters say they are, and the warning where they show few actions."""

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import cohen_kappa_score

from skl_tot import HMMSegmenter, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.decoding.decoders import Decoded
from skl_tot.methods.pipelines import path_confidence
from skl_tot.metrics.label_free import held_out_agreement


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
    videos, _ = make_activities(20, 5, missing=0.4, noise=0.3, random_state=0)
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
        model.fit(make_activities(20, 5, noise=0.3, random_state=0)[0])
