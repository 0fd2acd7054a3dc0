"""Parts of actions, the prior of paths and the ways of decoding, in the estimator."""

import pickle
import re

import numpy as np
import pytest
import torch
from hmmlearn.hmm import GaussianHMM
from scipy.special import softmax
from scipy.stats import entropy, norm
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV

from skl_tot import CTESegmenter, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.decoding import path_posterior
from skl_tot.decoding.chain import fixed_chain, free_chain, skip_chain
from skl_tot.methods.temporal_ot import PAPER
from skl_tot.metrics import label_free_scorer, mof_score, mof_scorer
from skl_tot.metrics.label_free import held_out_information
from skl_tot.training.priors import log_path_prior
from skl_tot.training.transport import sinkhorn

QUICK = PAPER | {
    "max_iter": 30,
    "freeze_iter": 10,
    "frames_per_video": 32,
    "random_state": 0,
}
ALL = {"n_parts": 2, "prior": "path", "path_iter": 15}


def quick(n_actions=4, **params):
    return TemporalOTSegmenter(n_actions, **{**QUICK, **params})


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


@pytest.fixture(scope="module")
def with_parts(videos):
    return quick(n_parts=3).fit(videos)


class TestPathPrior:
    @pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 5), (40, 1), (200, 6)])
    def test_equals_the_posterior_of_paths_with_skips(self, shape):
        scores = np.random.default_rng(0).normal(scale=3, size=shape)
        prior = log_path_prior(torch.tensor(scores)).exp().numpy()
        expected = skip_chain(scores.shape[1], 0.0).posterior(scores)
        np.testing.assert_allclose(prior, expected, atol=1e-9)

    def test_equals_the_posterior_in_single_precision(self):
        scores = np.random.default_rng(0).normal(scale=5, size=(256, 24))
        prior = log_path_prior(torch.tensor(scores, dtype=torch.float32)).exp()
        expected = skip_chain(24, 0.0).posterior(scores)
        np.testing.assert_allclose(prior, expected, atol=1e-3)

    def test_batch_equals_loop(self):
        scores = torch.randn(3, 20, 4, generator=torch.Generator().manual_seed(0))
        for problem, prior in zip(scores, log_path_prior(scores)):
            torch.testing.assert_close(prior, log_path_prior(problem))

    def test_codes_stay_finite_when_one_path_is_certain(self):
        scores = torch.full((10, 3), -1e4)
        scores[:, 1] = 0.0
        codes = sinkhorn(torch.zeros(10, 3), 0.07, log_prior=log_path_prior(scores))
        assert torch.isfinite(codes).all()


class TestParts:
    def test_shapes(self, with_parts, videos):
        assert with_parts.prototypes_.shape == (12, 40)
        assert with_parts.prototype_actions_.shape == (12,)
        assert set(with_parts.prototype_actions_) == {0, 1, 2, 3}
        for codes in (
            with_parts.predict_proba(videos[0]),
            with_parts.predict_posterior(videos[0]),
            with_parts.pseudo_labels(videos[0]),
        ):
            assert codes.shape == (len(videos[0]), 4)
            np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-5)
        assert set(with_parts.predict(videos[0])) == {0, 1, 2, 3}

    def test_action_has_the_probability_of_its_parts(self, with_parts, videos):
        scores = with_parts.transform(videos[0]) @ with_parts.prototypes_.T / 0.1
        codes = np.exp(scores - scores.max(axis=1, keepdims=True))
        codes /= codes.sum(axis=1, keepdims=True)
        parts = np.eye(4)[with_parts.prototype_actions_]
        np.testing.assert_allclose(
            with_parts.predict_proba(videos[0]), codes @ parts, rtol=1e-3, atol=1e-6
        )

    def test_one_part_is_one_action(self, fitted):
        np.testing.assert_array_equal(fitted.prototype_actions_, range(4))

    def test_parts_without_a_prior(self, videos):
        model = quick(prior=None, n_parts=2).fit(videos)
        assert set(model.predict(videos[0])) == {0, 1, 2, 3}
        stream = quick(prior=None, n_parts=2).partial_fit(videos).partial_fit(videos)
        # prototypes are sorted anew: nothing of the first call is left
        codes = [np.exp(stream._log_codes(s)) for s in stream.similarities(videos)]
        np.testing.assert_allclose(stream._overlap, sum(p.T @ p for p in codes))

    def test_background_goes_with_parts_and_free_order(self, videos):
        model = quick(
            n_parts=2, decoding="free", switch_cost=0.2, background_percentile=30
        )
        path = np.concatenate(model.fit(videos).labels_)
        assert set(path) <= {-1, 0, 1, 2, 3}
        assert 0 < (path == -1).mean() < 0.5

    @pytest.mark.parametrize("n_parts", [1, 2])
    def test_fitted_actions_count_not_those_set_later(self, videos, n_parts):
        model = quick(n_parts=n_parts).fit(videos)
        path, score = model.predict(videos[0]), model.score(videos)
        for changes in ({"n_actions": 2}, {"n_actions": 9}, {"n_parts": 3}):
            model.set_params(**changes)
            np.testing.assert_array_equal(model.predict(videos[0]), path)
            assert model.score(videos) == score
        with pytest.raises(ValueError, match="expected actions from 0 to 3"):
            model.predict(videos[0], transcripts=[5])

    def test_stream_after_a_fit_of_other_parts(self, videos):
        model = quick(n_parts=3).fit(videos).set_params(n_parts=1).fit(videos)
        model.set_params(n_actions=2, n_parts=2).partial_fit(videos)
        assert set(model.predict(videos[0])) == {0, 1}

    def test_durations_are_learned(self):
        rng = np.random.default_rng(0)
        labels = [np.repeat(range(3), [20, 20, 100])] * 10
        centres = 3 * rng.normal(size=(3, 5))
        videos = [centres[y] + rng.normal(size=(len(y), 5)) for y in labels]
        scores = [
            mof_score(
                labels,
                TemporalOTSegmenter(
                    3,
                    **(PAPER | {"n_parts": n_parts, "max_iter": 1000}),
                    random_state=0,
                ).fit_predict(videos),
            )
            for n_parts in (1, 3)
        ]
        assert scores[1] > scores[0] + 0.1

    def test_stream_goes_on_as_if_never_pickled(self, videos):
        stream = quick(**ALL)
        for i in (0, 2):
            stream.partial_fit(videos[i : i + 2])
        other = pickle.loads(pickle.dumps(stream))
        for model in (stream, other):
            model.partial_fit(videos[4:])
        np.testing.assert_array_equal(stream.prototypes_, other.prototypes_)
        np.testing.assert_array_equal(
            stream.prototype_actions_, other.prototype_actions_
        )
        assert_all_equal(stream.predict(videos), other.predict(videos))

    def test_stream_may_change_parts_for_actions(self, videos):
        model = quick(4).partial_fit(videos).set_params(n_actions=2, n_parts=2)
        assert set(model.partial_fit(videos).predict(videos[0])) == {0, 1}


class TestPathTraining:
    def test_starts_when_it_is_told_to(self, videos):
        diagonal, never, late, early = (
            quick(**settings).fit(videos)
            for settings in (
                {},
                {"prior": "path", "path_iter": 30},
                {"prior": "path", "path_iter": 29},
                {"prior": "path", "path_iter": 5},
            )
        )
        np.testing.assert_array_equal(diagonal.prototypes_, never.prototypes_)
        assert diagonal.loss_curve_[:29] == late.loss_curve_[:29]
        assert diagonal.loss_curve_[29] != late.loss_curve_[29]
        assert diagonal.loss_curve_[:5] == early.loss_curve_[:5]
        assert diagonal.loss_curve_[5] != early.loss_curve_[5]

    def test_stream_counts_its_own_steps(self, videos):
        stream = quick(prior="path", path_iter=3).partial_fit(videos)
        plain = quick().partial_fit(videos)
        assert stream.loss_curve_ == plain.loss_curve_
        stream.partial_fit(videos)
        assert stream.loss_curve_[3:] != plain.partial_fit(videos).loss_curve_[3:]

    def test_tol_does_not_stop_before_paths(self, videos):
        options = {"tol": 1e9, "n_iter_no_change": 5, "freeze_iter": 0, "max_iter": 60}
        assert quick(**options).fit(videos).n_iter_ == 10
        model = quick(**options, prior="path", path_iter=30).fit(videos)
        assert model.n_iter_ == 40

    @pytest.mark.parametrize("settings", [{"alpha": 1.0, "beta": 1.0}, {"n_init": 3}])
    def test_goes_with_everything_else(self, videos, settings):
        model = quick(**ALL, **settings).fit(videos)
        assert np.isfinite(model.loss_curve_).all()
        again = quick(**ALL, **settings).fit(videos)
        np.testing.assert_array_equal(model.prototypes_, again.prototypes_)

    def test_pseudo_labels_follow_the_video(self):
        # the second action is missing in the last video
        rng = np.random.default_rng(0)
        labels = [np.repeat(range(3), 20)] * 9 + [np.repeat([0, 2], 30)]
        videos = [4 * np.eye(3)[y] + rng.normal(size=(len(y), 3)) for y in labels]
        mass = [
            TemporalOTSegmenter(
                3,
                **(PAPER | {"prior": prior, "path_iter": 200, "max_iter": 600}),
                random_state=0,
            )
            .fit(videos)
            .predict_proba(videos[-1])[:, 1]
            .mean()
            for prior in ("temporal", "path")
        ]
        assert mass[1] < mass[0]


class TestDecoding:
    @pytest.mark.parametrize("kind", [TemporalOTSegmenter, CTESegmenter])
    @pytest.mark.parametrize("decoding", ["fixed", "skip", "free"])
    def test_uses_the_decoder_that_it_names(self, videos, kind, decoding):
        model = kind(4, max_iter=30, n_init=1, random_state=0).fit(videos)
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

        model = TemporalOTSegmenter(3, **(PAPER | {"max_iter": 600}), random_state=0)
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
            ([[0, 1]], "transcripts has 1 sequences, expected 6, one for each video."),
            ([[0]] * 5 + [[4]], "Video 5: the transcript is [4], expected actions"),
            ([[0]] * 5 + [[]], "Video 5: the transcript is [], expected actions"),
            ([[0]] * 5 + [[-1]], "Video 5: the transcript is [-1], expected actions"),
            ([], "transcripts is empty, expected the actions of each video."),
            ([["a"]] * 6, "Video 0: the transcript is ['a'], expected actions"),
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
            TemporalOTSegmenter(
                5, **(PAPER | {"max_iter": n}), freeze_iter=0, random_state=0
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
