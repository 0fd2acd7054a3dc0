"""Ways of decoding, transcripts and scores without labels, in the estimator."""

import pickle
import re

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from scipy.special import softmax
from scipy.stats import entropy, norm
from sklearn.metrics import log_loss

from skl_tot import baselines
from skl_tot.decoding import path_posterior
from skl_tot.decoding.chain import fixed_chain, free_chain, skip_chain
from skl_tot.extend import Adam
from skl_tot.metrics import mof_score
from skl_tot.metrics.label_free import held_out_information


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

    def test_cost_lowers_the_number_of_segments(self, fitted, videos):
        fitted = pickle.loads(pickle.dumps(fitted)).set_params(decoding="free")
        n_switches = [
            sum(
                np.count_nonzero(np.diff(path))
                for path in fitted.set_params(switch_cost=cost).predict(videos)
            )
            for cost in (0.0, 0.1, 1.0, 1e4)
        ]
        assert n_switches == sorted(n_switches, reverse=True)
        assert n_switches[-1] == 0

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

    @pytest.mark.parametrize("decoding", ["fixed", "skip", "free"])
    def test_posterior_is_sure_inside_and_unsure_at_boundaries(self, videos, decoding):
        model = quick(max_iter=300, decoding=decoding, switch_cost=0.3).fit(videos)
        path = model.predict(videos[0])
        probabilities = model.predict_posterior(videos[0])
        assert probabilities.dtype == videos[0].dtype
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        sure = probabilities.max(axis=1)
        agrees = probabilities.argmax(axis=1) == path
        assert agrees[sure >= np.median(sure)].mean() > 0.95
        (ends,) = np.nonzero(np.diff(path))
        assert sure[ends].mean() < sure.mean()

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

    @pytest.mark.parametrize(
        ("transcripts", "message"),
        [
            ([[0, 1]], "transcripts has 1 sequences, expected one for each of 6"),
            ([[0]] * 5 + [[4]], "Recording 5: the transcript is [4], expected actions"),
            ([[0]] * 5 + [[]], "Recording 5: the transcript is [], expected actions"),
            (
                [[0]] * 5 + [[-1]],
                "Recording 5: the transcript is [-1], expected actions",
            ),
            ([], "transcripts is empty, expected actions of each recording."),
            ([["a"]] * 6, "Recording 0: the transcript is ['a'], expected actions"),
        ],
    )
    def test_bad_transcripts(self, fitted, videos, transcripts, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            fitted.predict(videos, transcripts=transcripts)


class TestLabelFreeChoice:
    def test_information_equals_scikit_learn(self, activity):
        videos, labels = activity
        information = held_out_information(
            lambda i: np.array_split(videos[i], 3), labels, 4
        )
        truth, posterior = [], []
        for half in (0, 1):
            frames = np.concatenate(videos[1 - half :: 2]).astype(float)
            codes = np.concatenate(labels[1 - half :: 2])
            means = np.array([frames[codes == k].mean(axis=0) for k in range(4)])
            scale = ((frames - means[codes]) ** 2).mean(axis=0) ** 0.5
            for video, true in zip(videos[half::2], labels[half::2]):
                scores = norm.logpdf(video[:, None], means, scale).sum(axis=2)
                posterior.append(softmax(scores + np.log(np.bincount(codes)), axis=1))
                truth.append(true)
        truth = np.concatenate(truth)
        mixed = 0.9 * np.concatenate(posterior) + 0.1 / 4
        expected = entropy(np.bincount(truth)) - log_loss(truth, mixed)
        assert information == pytest.approx(expected)
