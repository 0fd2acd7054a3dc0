"""TemporalOTSegmenter: what it learns, what it says, what it goes on from."""

import pickle

import numpy as np
import pytest
import torch
from scipy.special import softmax
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import mutual_info_score

from skl_tot import baselines, corrections
from skl_tot.decoding import decode
from skl_tot.extend import Adam, PathPrior, TemporalPrior, TimeStamp
from skl_tot.metrics import mof_score
from skl_tot.metrics.label_free import held_out_information
from skl_tot.training.pseudo_labels import log_temporal_prior, sinkhorn


def quick(n_actions=4, **params):
    """The paper's method on scaled features, fitted in no time."""
    optimizer = Adam(freeze_iter=10, frames_per_video=32)
    fixed = {"max_iter": 30, "optimizer": optimizer, "random_state": 0}
    fixed |= {"standardize": "dataset"}
    return baselines.paper(n_actions, **fixed).set_params(**params)


@pytest.fixture(scope="module")
def videos(activity):
    return activity[0]


@pytest.fixture(scope="module")
def fitted(videos):
    return quick().fit(videos)


def copy_of(model, **params):
    return pickle.loads(pickle.dumps(model)).set_params(**params)


def assert_all_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one, other)


class TestFit:
    def test_finds_the_actions(self, activity):
        videos, labels = activity
        optimizer = Adam(freeze_iter=200, frames_per_video=256)
        predicted = quick(max_iter=600, optimizer=optimizer).fit_predict(videos)
        equal_split = [np.arange(len(y)) * 4 // len(y) for y in labels]
        assert mof_score(labels, predicted) > mof_score(labels, equal_split) + 0.05
        assert mof_score(labels, predicted) > 0.85

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("prior", None),
            ("rho", 1.0),
            ("network__temperature", 0.5),
            ("transport", "structured"),
            ("alpha", 1.0),
            ("optimizer__decay", 0.1),
        ],
    )
    def test_every_parameter_matters(self, fitted, videos, name, value):
        other = quick(**{name: value}).fit(videos)
        difference = np.abs(other.coefs_[0][:5] - fitted.coefs_[0]).max()
        assert difference > 0


class TestOutputs:
    @pytest.mark.parametrize("n_prototypes", [1, 2])
    def test_labels_are_decoded_codes_of_similarities(self, videos, n_prototypes):
        model = quick(n_prototypes=n_prototypes).fit(videos)
        similarities = model.similarities(videos[0])
        expected = model.transform(videos[0]) @ model.prototypes_.T
        np.testing.assert_allclose(similarities, expected, rtol=1e-4, atol=1e-6)
        codes = softmax(similarities.astype(float) / model.temperature_, axis=1)
        codes = codes @ (model.prototype_actions_[:, None] == np.arange(4))
        scores = model.log_likelihood(videos[0])
        np.testing.assert_allclose(np.exp(scores), codes, rtol=1e-6)
        proba = model.predict_proba(videos[0])
        np.testing.assert_allclose(proba, codes, rtol=1e-4)
        np.testing.assert_array_equal(decode(scores), model.predict(videos[0]))

    @pytest.mark.parametrize("prior", ["temporal", None])
    def test_pseudo_labels_are_those_of_the_solver(self, videos, prior):
        model = quick(prior=prior).fit(videos)
        scores = torch.tensor(model.similarities(videos[0])).double()
        log_prior = None
        if prior is not None:
            log_prior = torch.tensor(log_temporal_prior(len(scores), 4, 1.2))
        expected = sinkhorn(scores, model.rho, log_prior=log_prior)
        found = model.pseudo_labels(videos[0])
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found.sum(axis=1), 1)

    def test_standardisation(self, fitted, videos):
        shifted = [video * 3 + 7 for video in videos]
        assert_all_equal(quick().fit(shifted).labels_, fitted.labels_)
        frames = np.concatenate(videos).astype(float)
        np.testing.assert_allclose(fitted.scaler_.mean_, frames.mean(axis=0))
        np.testing.assert_allclose(fitted.scaler_.scale_, frames.std(axis=0))
        # that of the fit stays, whatever is set since
        for other in (None, "video"):
            model = copy_of(fitted, standardize=other)
            assert_all_equal(model.predict(videos), fitted.labels_)
        model = quick(standardize="video").fit(videos)
        moved = [video * (i + 1) + i for i, video in enumerate(videos)]
        assert_all_equal(model.predict(moved), model.labels_)
        assert model.scaler_ is None


@pytest.fixture(scope="module")
def learned(videos):
    """Fitted for so long that its labels do not collapse, which would score 0."""
    return quick(max_iter=300).fit(videos)


class TestScore:
    @pytest.mark.parametrize(
        "changes",
        [{}, {"decoding": "free", "switch_cost": 0.1}, {"decoding": "skip"}],
        ids=str,
    )
    def test_equals_the_formula(self, learned, videos, changes):
        """Of the labels that `predict` gives, and of the standardised features."""
        model = copy_of(learned, **changes)
        frames = [model.scaler_.transform(video) for video in videos]
        labels = model.predict(videos)
        information = held_out_information(lambda i: [frames[i]], labels, 4)
        names = np.repeat(range(len(videos)), [len(path) for path in labels])
        own = mutual_info_score(names, np.concatenate(labels))
        expected = np.exp(information - 2 * own)
        assert model.score(videos) == pytest.approx(expected)

    def test_a_single_video(self, fitted, videos):
        with pytest.warns(UndefinedMetricWarning, match="single one") as found:
            assert np.isnan(fitted.score(videos[0]))
        assert found[0].filename == __file__
        with pytest.raises(ValueError, match="compares recordings, but X has one"):
            fitted.score(videos[:1])


class TestParts:
    def test_durations_are_learned(self):
        rng = np.random.default_rng(0)
        labels = [np.repeat(range(3), [20, 20, 100])] * 10
        centres = 3 * rng.normal(size=(3, 5))
        videos = [centres[y] + rng.normal(size=(len(y), 5)) for y in labels]
        scores = []
        for n_prototypes in (1, 3):
            model = baselines.paper(
                3, n_prototypes=n_prototypes, max_iter=1000, random_state=0
            )
            scores.append(mof_score(labels, model.fit_predict(videos)))
        assert scores[1] > scores[0] + 0.1


class TestPathPrior:
    def test_pseudo_labels_follow_the_video(self):
        # the second action is missing in the last video
        rng = np.random.default_rng(0)
        labels = [np.repeat(range(3), 20)] * 9 + [np.repeat([0, 2], 30)]
        videos = [4 * np.eye(3)[y] + rng.normal(size=(len(y), 3)) for y in labels]
        mass = []
        for prior in (TemporalPrior(0.75), PathPrior(200, sigma=0.75)):
            model = baselines.paper(3, prior=prior, max_iter=600, random_state=0)
            mass.append(model.fit(videos).predict_proba(videos[-1])[:, 1].mean())
        assert mass[1] < mass[0]


class TestPartialFit:
    def test_first_call_starts_and_later_ones_go_on(self, videos):
        model = quick(optimizer__batch_size=2).partial_fit(videos)
        assert model.n_iter_ == 3
        model.partial_fit(videos[:3])
        assert model.n_iter_ == len(model.loss_curve_) == 5
        assert len(model.labels_) == 3
        assert len(model.partial_fit([videos[0][:2]]).labels_[0]) == 2

    @pytest.mark.parametrize(
        "params",
        [{"terms": [TimeStamp()]}, {"n_networks": 3, "background_percentile": 20}],
        ids=str,
    )
    def test_a_pickle_goes_on_the_same(self, videos, params):
        model = quick(**params).partial_fit(videos[:3])
        twin = pickle.loads(pickle.dumps(model))
        for one in (model, twin):
            one.partial_fit(videos[3:])
        for name, value in model.network_.items():
            np.testing.assert_array_equal(value, twin.network_[name])
        assert_all_equal(model.labels_, twin.labels_)

    def test_names_stay_and_other_corrections_are_refused(self, videos):
        names = ["take", "pour", "fill", "close"]
        plain = quick(4, n_prototypes=2).fit(videos)
        model = corrections.rename(plain, names)
        expected = model.partial_fit(videos).predict(videos[0])
        assert model.actions_.tolist() == names
        codes = plain.partial_fit(videos).predict(videos[0])
        assert expected.tolist() == [names[code] for code in codes]
        for corrected in (
            corrections.merge(model, names[:2]),
            corrections.split(model, "pour", videos),
            corrections.rename(quick(4, prior=None).fit(videos), names),
        ):
            before = corrected.predict(videos[0])
            with pytest.raises(ValueError, match="or teach this model by"):
                corrected.partial_fit(videos)
            np.testing.assert_array_equal(corrected.predict(videos[0]), before)

    @pytest.mark.parametrize(
        "params",
        [{"n_actions": 5}, {"standardize": None}, {"terms": [TimeStamp()]}],
        ids=str,
    )
    def test_what_cannot_go_on(self, videos, params):
        model = quick().partial_fit(videos).set_params(**params)
        before = model.prototypes_
        with pytest.raises(ValueError):
            model.partial_fit(videos)
        assert model.prototypes_ is before
