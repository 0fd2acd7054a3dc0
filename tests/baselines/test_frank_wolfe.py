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


def test_events_are_in_order(activity):
    videos, _ = activity
    events = model_of(frames_per_chunk=5).fit(videos).events_
    assert events.shape == (len(videos), 4)
    assert (np.diff(events, axis=1) > 0).all()
    for video, own in zip(videos, events):
        assert own[0] >= 0
        assert own[-1] < len(video)


def test_log_likelihood_is_of_the_classifier(activity):
    videos, _ = activity
    model = model_of().fit(videos)
    frames = model.scaler_.transform(videos[0])
    scores = frames @ model.coef_.T + model.intercept_
    ones = -((1 - scores) ** 2) / (2 * model.noise_)
    zeros = -(scores**2) / (2 * model.noise_)
    found = model.log_likelihood(videos[0])
    np.testing.assert_allclose(found, ones - zeros, rtol=1e-3, atol=1e-3)


def test_short_videos_are_not_learned_from(activity):
    videos, _ = activity
    alone = model_of(standardize=None).fit(videos)
    more = model_of(standardize=None).fit([videos[0][:3], *videos])
    np.testing.assert_array_equal(more.coef_, alone.coef_)
    np.testing.assert_array_equal(more.events_[1:], alone.events_)
    assert (more.events_[0] == -1).all()
