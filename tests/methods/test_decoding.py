"""Ways of decoding, transcripts and scores without labels, in the estimator."""

import pickle

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM

from skl_tot import baselines
from skl_tot.decoding import path_posterior
from skl_tot.decoding.chain import fixed_chain, free_chain, skip_chain
from skl_tot.extend import Adam
from skl_tot.metrics import mof_score


def quick(n_actions=4, **params):
    """The method as published, fitted in no time."""
    optimizer = Adam(freeze_iter=10, frames_per_video=32)
    fixed = {"max_iter": 30, "optimizer": optimizer, "random_state": 0}
    return baselines.paper(n_actions, **fixed).set_params(**params)


@pytest.fixture(scope="module")
def videos(activity):
    return activity[0]


@pytest.fixture(scope="module")
def fitted(videos):
    return quick().fit(videos)


class TestDecoding:
    @pytest.mark.parametrize("decoding", ["fixed", "skip", "free"])
    def test_uses_the_decoder_that_it_names(self, videos, fitted, decoding):
        model = pickle.loads(pickle.dumps(fitted))
        model.set_params(decoding=decoding, switch_cost=0.3)
        scores, *_ = model.log_likelihood(videos)
        cost = 0.3 * len(videos[0]) / 4
        expected = {
            "fixed": fixed_chain(4),
            "skip": skip_chain(4, cost),
            "free": free_chain(4, cost),
        }[decoding].viterbi(scores)
        np.testing.assert_array_equal(model.predict(videos)[0], expected)

    def test_actions_may_return(self):
        rng = np.random.default_rng(0)
        centres = 3 * rng.normal(size=(3, 5))

        def make(order):
            labels = [np.repeat(order, 20)] * 10
            noise = [rng.normal(size=(len(y), 5)) for y in labels]
            return [centres[y] + e for y, e in zip(labels, noise)], labels

        model = baselines.paper(3, max_iter=600, random_state=0)
        model.fit(make([0, 1, 2])[0])
        videos, labels = make([1, 0, 2, 1])
        fixed = mof_score(labels, model.predict(videos))
        free = model.set_params(decoding="free", switch_cost=0.2).predict(videos)
        assert mof_score(labels, free) > fixed + 0.2

    def test_posterior_equals_hmmlearn_of_the_same_scores(self, fitted, videos):
        fitted = pickle.loads(pickle.dumps(fitted)).set_params(decoding="free")
        scores, *_ = fitted.log_likelihood(videos)

        class Given(GaussianHMM):
            def _compute_log_likelihood(self, X):
                return X

        model = Given(4)
        model.startprob_ = np.full(4, 0.25)
        model.transmat_ = np.full((4, 4), 0.25)
        model.means_, model.covars_ = np.zeros((4, 4)), np.ones((4, 4))
        model.n_features = 4
        expected = model.predict_proba(scores)
        np.testing.assert_allclose(path_posterior(scores, "free"), expected, atol=1e-6)
        fitted.confidence_ = None  # as after a fit that did not look for it
        found = fitted.predict_posterior(videos[0])
        np.testing.assert_allclose(found, expected, atol=1e-6)


class TestTranscripts:
    def test_path_has_the_given_segments(self, fitted, videos):
        transcripts = [[0, 1, 2, 3], [2, 0, 2], [3], [1, 0], [0, 3], [3, 2, 1]]
        for path, transcript in zip(
            fitted.predict(videos, transcripts=transcripts), transcripts
        ):
            changes = np.flatnonzero(np.diff(path, prepend=-1))
            assert path[changes].tolist() == transcript
