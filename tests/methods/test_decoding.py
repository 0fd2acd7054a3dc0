"""Ways of decoding, transcripts and scores without labels, in the estimator."""

import pickle
import re

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from scipy.special import softmax
from scipy.stats import entropy, norm
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV

from skl_tot import baselines
from skl_tot.datasets import make_activities
from skl_tot.decoding import path_posterior
from skl_tot.decoding.chain import fixed_chain, free_chain, skip_chain
from skl_tot.extend import Adam
from skl_tot.metrics import label_free_scorer, mof_score, mof_scorer
from skl_tot.metrics.label_free import held_out_information


def quick(n_actions=4, **params):
    """The method as published, fitted in no time."""
    optimizer = Adam(freeze_iter=10, frames_per_video=32)
    fixed = {"max_iter": 30, "optimizer": optimizer, "random_state": 0}
    return baselines.paper(n_actions, **fixed).set_params(**params)


@pytest.fixture(scope="module")
def videos(activity):
    return activity[0]


def assert_all_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one, other)


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

    def test_frame_rate_does_not_matter(self, fitted, videos):
        fitted = pickle.loads(pickle.dumps(fitted))
        fitted.set_params(decoding="skip", switch_cost=0.4)
        path = fitted.predict(videos[0])
        slow = fitted.predict(np.repeat(videos[0], 3, axis=0))
        np.testing.assert_array_equal(slow, np.repeat(path, 3))

    @pytest.mark.parametrize(
        ("name", "value"), [("decoding", "Free"), ("switch_cost", -1.0)]
    )
    def test_set_after_the_fit_but_checked(self, fitted, videos, name, value):
        model = pickle.loads(pickle.dumps(fitted)).set_params(**{name: value})
        with pytest.raises(ValueError, match=f"The '{name}' parameter"):
            model.predict(videos)

    @pytest.mark.parametrize("cost", [0.0, 1.0, 1e6])
    def test_fixed_order_has_no_cost(self, fitted, videos, cost):
        short = [video[:3] for video in videos]
        model = pickle.loads(pickle.dumps(fitted)).set_params(switch_cost=cost)
        assert_all_equal(model.predict(short), fitted.predict(short))
        np.testing.assert_array_equal(
            model.predict_posterior(short[0]), fitted.predict_posterior(short[0])
        )
        assert model.score(short) == fitted.score(short)

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

    def test_posterior_has_the_form_of_the_input(self, fitted, videos):
        probabilities = fitted.predict_posterior(videos)
        assert [p.shape for p in probabilities] == [(len(v), 4) for v in videos]
        np.testing.assert_allclose(
            fitted.predict_posterior(videos[1]), probabilities[1]
        )

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

    def test_single_video(self, fitted, videos):
        path = fitted.predict(videos[0], transcripts=[3, 0])
        assert path.shape == (len(videos[0]),)
        assert path[0] == 3
        assert path[-1] == 0

    def test_all_actions_in_order_is_the_fixed_path(self, fitted, videos):
        assert_all_equal(
            fitted.predict(videos, transcripts=[range(4)] * len(videos)),
            fitted.predict(videos),
        )

    def test_fewer_frames_than_segments(self, fitted, videos):
        path = fitted.predict(videos[0][:2], transcripts=[0, 1, 2])
        assert (np.diff(path) >= 0).all()

    @pytest.mark.parametrize(
        ("transcripts", "message"),
        [
            (
                [[0, 1]],
                "transcripts has 1 sequences, expected 6, one for",
            ),
            ([[0]] * 5 + [[4]], "Recording 5: the transcript is [4], expected actions"),
            ([[0]] * 5 + [[]], "Recording 5: the transcript is [], expected actions"),
            (
                [[0]] * 5 + [[-1]],
                "Recording 5: the transcript is [-1], expected actions",
            ),
            ([], "transcripts is empty, expected the actions of each recording."),
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

    def test_offset_of_the_features_does_not_matter(self, activity):
        videos, labels = activity
        near, far = (
            held_out_information(
                lambda i, c=c: [videos[i].astype(float) + c], labels, 4
            )
            for c in (0, 1e6)
        )
        assert near == pytest.approx(far, rel=1e-6)

    @pytest.mark.parametrize("constant", [0.0, 0.1, 1e6 + 0.1])
    def test_constant_features_count_for_nothing(self, activity, constant):
        videos, labels = activity
        expected = held_out_information(lambda i: [videos[i]], labels, 4)
        wide = [np.insert(video, [0, 0, 0], constant, axis=1) for video in videos]
        found = held_out_information(lambda i: [wide[i]], labels, 4)
        assert found == pytest.approx(expected)

    def test_labels_that_say_nothing(self, activity):
        videos = activity[0]
        rng = np.random.default_rng(0)
        labels = [rng.integers(4, size=len(video)) for video in videos]
        assert held_out_information(lambda i: [videos[i]], labels, 4) < 0.01
        first_only = [labels[0], *(np.full(len(video), -1) for video in videos[1:])]
        assert held_out_information(lambda i: [videos[i]], first_only, 4) == 0

    def test_prefers_better_fits(self):
        videos, labels = make_activities(16, 5, unevenness=0.0, random_state=1)
        models = [
            baselines.paper(
                5, max_iter=n, optimizer=Adam(freeze_iter=0), random_state=0
            ).fit(videos)
            for n in (1, 600)
        ]
        mofs = [mof_score(labels, model.labels_) for model in models]
        scores = [model.score(videos) for model in models]
        assert mofs[1] > mofs[0]
        assert scores[1] > scores[0]

    def test_grid_search_with_both_kinds_of_scorers(self, activity):
        search = GridSearchCV(
            quick(),
            {"n_parts": [1, 2], "decoding": ["fixed", "skip"]},
            scoring={"mof": mof_scorer, "free": label_free_scorer},
            refit="free",
            cv=2,
            error_score="raise",
        ).fit(*activity)
        assert np.isfinite(search.cv_results_["mean_test_free"]).all()
        alone = GridSearchCV(quick(), {"n_parts": [1, 2]}, cv=2).fit(activity[0])
        np.testing.assert_allclose(
            alone.cv_results_["mean_test_score"],
            search.cv_results_["mean_test_free"][:2],
        )
