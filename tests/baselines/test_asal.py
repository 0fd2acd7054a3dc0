import pickle

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skl_tot.baselines import ASALSegmenter, EqualPartsSegmenter, paper
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode
from skl_tot.decoding.orders import DurationDecoder
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.training.components import Adam

FAST = Adam(3e-3, frames_per_video=256)


def tot(n_actions=4, **params):
    adam = Adam(freeze_iter=1 / 6, frames_per_video=64)
    quick = {"max_iter": 30, "optimizer": adam}
    return paper(n_actions, **(quick | params))


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


def test_transcripts_heed_durations_and_other_decoders_do_not(fitted, activity):
    video = activity[0][0]
    model = pickle.loads(pickle.dumps(fitted))
    transcript = [2, 0, 3]
    log_likelihood = model.log_likelihood(video)
    decoder = DurationDecoder(model.mean_durations_)
    np.testing.assert_array_equal(
        model.predict(video, transcripts=transcript),
        decode(log_likelihood, decoder, transcript=transcript),
    )
    for decoding in ("fixed", "skip", "free"):
        model.set_params(decoding=decoding)
        expected = decode(log_likelihood, decoding)
        np.testing.assert_array_equal(model.predict(video), expected)
        np.testing.assert_array_equal(
            model.predict(video, transcripts=transcript),
            decode(log_likelihood, transcript=transcript),
        )


def test_scores_are_probabilities_over_shares(fitted, activity):
    video, network = activity[0][0], fitted.network_
    scores = fitted.transform(video) @ network["action_weight"] + network["action_bias"]
    found = fitted.log_likelihood(video)
    np.testing.assert_allclose(found, scores - fitted.log_shares_, rtol=1e-3, atol=1e-3)
