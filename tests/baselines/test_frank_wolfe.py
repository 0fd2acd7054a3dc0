"""Events that are found by Frank-Wolfe."""

import numpy as np

from skl_tot.baselines import FrankWolfeSegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score


def model_of(n_actions=4, **params):
    return FrankWolfeSegmenter(n_actions, random_state=0, max_iter=50, **params)


def test_finds_clear_actions():
    videos, labels = make_activities(12, 5, noise=0.5, random_state=0)
    model = FrankWolfeSegmenter(5, random_state=0).fit(videos[:10])
    assert mof_score(labels[:10], model.labels_) > 0.95
    assert mof_score(labels[10:], model.predict(videos[10:])) > 0.9


def test_log_likelihood_is_of_the_classifier(activity):
    videos, _ = activity
    model = model_of().fit(videos)
    frames = model.scaler_.transform(videos[0])
    scores = frames @ model.coef_.T + model.intercept_
    ones = -((1 - scores) ** 2) / (2 * model.noise_)
    zeros = -(scores**2) / (2 * model.noise_)
    found = model.log_likelihood(videos[0])
    np.testing.assert_allclose(found, ones - zeros, rtol=1e-3, atol=1e-3)
