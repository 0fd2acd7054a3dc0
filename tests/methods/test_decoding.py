"""Ways of decoding, transcripts and scores without labels, in the estimator."""

import pickle

import numpy as np
import pytest

from skl_tot import baselines
from skl_tot.decoding.chain import fixed_chain, free_chain, skip_chain
from skl_tot.extend import Adam
from skl_tot.metrics import mof_score


def quick(n_actions=4, **params):
    """The paper's method, fitted in no time."""
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


class TestTranscripts:
    def test_path_has_the_given_segments(self, fitted, videos):
        transcripts = [[0, 1, 2, 3], [2, 0, 2], [3], [1, 0], [0, 3], [3, 2, 1]]
        for path, transcript in zip(
            fitted.predict(videos, transcripts=transcripts), transcripts
        ):
            changes = np.flatnonzero(np.diff(path, prepend=-1))
            assert path[changes].tolist() == transcript
