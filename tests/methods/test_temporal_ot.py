"""TemporalOTSegmenter: what it learns, what it says, what it goes on from."""

import pickle
from itertools import combinations, product

import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax, logsumexp, softmax
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import mutual_info_score
from sklearn.model_selection import GridSearchCV

from skl_tot import TemporalOTSegmenter, corrections
from skl_tot.decoding.chain import Chain, skip_chain
from skl_tot.decoding.evidence import find_switch_cost
from skl_tot.extend import Adam, PathPrior, Sinkhorn, TemporalPrior, TimeStamp
from skl_tot.methods.scores import group_prototypes
from skl_tot.metrics import mof_score
from skl_tot.metrics.label_free import held_out_information
from skl_tot.training.pseudo_labels import log_temporal_prior
from skl_tot.training.terms import TemporalCoherence


def quick(n_actions=4, **params):
    """The paper's method on scaled features, fitted in no time."""
    optimizer = Adam(freeze_iter=10, frames_per_video=32)
    fixed = {"max_iter": 30, "optimizer": optimizer, "random_state": 0}
    fixed |= {"standardize": "dataset"}
    return TemporalOTSegmenter.paper(n_actions, **fixed).set_params(**params)


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


@pytest.fixture(scope="module", params=["strict", "mostly", "free"])
def of_order(request, videos):
    """The defaults of each order, fitted in no time."""
    model = TemporalOTSegmenter(4, order=request.param, n_networks=2, random_state=0)
    model.set_params(max_iter=60, optimizer=Adam(frames_per_video=32))
    return model.fit(videos)


class TestEachOrder:
    """The network and its codes: all that a fit says is of the same thing."""

    def test_probabilities_are_codes_of_the_networks(self, of_order, videos):
        """Sums over prototypes of an action, and means over networks."""
        embedded, scores = [], []
        for r in range(2):
            p = {name: value[r] for name, value in of_order.network_.items()}
            hidden = of_order.scaler_.transform(videos[0]) @ p["hidden_weight"]
            hidden = expit(hidden + p["hidden_bias"])
            embedded.append(expit(hidden @ p["output_weight"] + p["output_bias"]))
            scores.append(embedded[r] @ p["prototypes"].T)
        found = of_order.transform(videos[0]), of_order.similarities(videos[0])
        np.testing.assert_allclose(found[0], np.hstack(embedded), rtol=1e-3)
        np.testing.assert_allclose(found[1], np.hstack(scores), rtol=1e-3, atol=1e-5)
        codes = [softmax(of_one / of_order.temperature_, axis=1) for of_one in scores]
        codes = np.hstack(codes) @ np.eye(4)[of_order.prototype_actions_] / 2
        log_likelihood = of_order.log_likelihood(videos[0])
        np.testing.assert_allclose(np.exp(log_likelihood), codes, rtol=1e-3)
        proba = of_order.predict_proba(videos[0])
        np.testing.assert_allclose(proba, np.exp(log_likelihood), rtol=1e-6)

    @pytest.mark.parametrize("decoding", ["auto", "fixed", "skip", "free"])
    @pytest.mark.parametrize("switch_cost", ["auto", "estimate", 0.3])
    def test_labels_are_the_best_path(self, of_order, videos, decoding, switch_cost):
        """Through a chain of moves written out, at the fitted cost."""
        model = copy_of(of_order, decoding=decoding, switch_cost=switch_cost)
        scores = np.log(model.predict_proba(videos[0]).astype(float))
        by_order = {"strict": 0.0, "mostly": 0.25, "free": "estimate"}
        cost = by_order[model.order] if switch_cost == "auto" else switch_cost
        assert model.decoder_[1] == cost
        is_given = cost != "estimate"
        nats = cost * len(scores) / 4 if is_given else find_switch_cost(scores)
        steps = np.arange(4) - np.arange(4)[:, None]
        starts, moves = np.zeros(4), np.where(steps == 0, 0, nats)
        if decoding == "skip":
            moves[steps < 0] = np.inf
        if (decoding if decoding != "auto" else model.order) in ("fixed", "strict"):
            moves = np.where((steps == 0) | (steps == 1), 0, np.inf)
            starts = np.array([0, np.inf, np.inf, np.inf])
        expected = Chain(starts, moves, starts[::-1]).viterbi(scores)
        np.testing.assert_array_equal(model.predict(videos)[0], expected)

    def test_pseudo_labels_have_equal_shares(self, of_order, videos):
        """Those of Eq. 10, of one recording: 1/K of its frames for each prototype."""
        model = copy_of(of_order, transport=Sinkhorn(2000))
        codes = model.pseudo_labels(videos[0])
        np.testing.assert_allclose(codes.sum(axis=1), 1)
        parts = model.prototype_actions_
        shares = np.bincount(parts) / len(parts)
        np.testing.assert_allclose(codes.mean(axis=0), shares, rtol=1e-4)


class TestOutputs:
    @pytest.mark.parametrize(
        "prior", [TemporalPrior(0.8), PathPrior(n_diagonal=0), None]
    )
    def test_pseudo_labels_are_those_of_the_solver(self, videos, prior):
        model = quick(prior=prior).fit(videos)
        scores = model.similarities(videos[0]).astype(float)
        log_prior = None
        if isinstance(prior, PathPrior):
            # frames count as those of a sample do; paths may skip actions
            log_codes = log_softmax(scores / model.temperature_, axis=1)
            log_codes -= logsumexp(log_codes, axis=0)
            share = 32 / len(scores)
            assert share < 0.7
            paths = skip_chain(4, 0.0).posterior(share * log_codes)
            log_prior = torch.tensor(np.log(paths).clip(-30))
        elif prior is not None:
            log_prior = torch.tensor(log_temporal_prior(len(scores), 4, 0.8, 1))
        expected = Sinkhorn()(torch.tensor(scores), log_prior, 1, model.rho)
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
    return quick(max_iter=150).fit(videos)


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
        with pytest.warns(
            UndefinedMetricWarning, match="or cycles, but X has one"
        ) as found:
            assert np.isnan(fitted.score(videos[0]))
        assert found[0].filename == __file__
        with pytest.raises(ValueError, match="cycles, but X has one, expected two"):
            fitted.score(videos[:1])


def merged_slowly(codes, n_actions, reach):
    """Pair after pair of the largest overlap for sizes and places, by loops."""
    groups = [[k] for k in range(codes.shape[1])]
    while len(groups) > n_actions:
        likeness = {}
        for first, second in combinations(range(len(groups)), 2):
            shared = sum(
                codes[:, j] @ codes[:, k] * np.exp(-abs(j - k) / reach)
                for j, k in product(groups[first], groups[second])
            )
            size = codes[:, groups[first]].sum() * codes[:, groups[second]].sum()
            likeness[first, second] = shared / size**0.7
        first, second = max(likeness, key=likeness.get)
        groups[first] += groups.pop(second)
    sizes, actions = codes.sum(axis=0), np.empty(codes.shape[1], int)
    groups.sort(key=lambda group: sizes[group] @ group / sizes[group].sum())
    for action, group in enumerate(groups):
        actions[group] = action
    return actions


def in_one_order(noise, seed=0):
    """Twelve actions of uneven durations, once each, in the same order."""
    rng, n_actions = np.random.default_rng(seed), 12
    centres, durations = rng.normal(size=(n_actions, 32)), (15, n_actions)
    labels = [
        np.repeat(range(n_actions), row) for row in rng.integers(10, 61, size=durations)
    ]
    noises = [noise * rng.normal(size=(len(path), 32)) for path in labels]
    return [centres[path] + x for path, x in zip(labels, noises)], labels


class TestParts:
    @pytest.mark.parametrize(("noise", "least"), [(1.5, 0.97), (3.0, 0.85)])
    def test_one_order_is_found_in_noise(self, noise, least):
        videos, labels = in_one_order(noise)
        found = TemporalOTSegmenter(12, random_state=0).fit_predict(videos)
        assert mof_score(labels, found) >= least

    def test_prototypes_of_neighbouring_actions_may_interleave(self):
        """Each frame shows both prototypes of its action."""
        actions = np.array([0, 1, 0, 1, 2, 3, 2, 3])
        codes = (actions == np.arange(4).repeat(20)[:, None]) / 2
        overlap = codes.T @ codes
        np.testing.assert_array_equal(group_prototypes(overlap, 1, 4), actions)

    @pytest.mark.parametrize("reach", [10.0, 0.25])
    def test_those_that_overlap_most_for_sizes_and_places_are_merged(self, reach):
        for seed in range(20):
            rng = np.random.default_rng(seed)
            codes = rng.dirichlet(rng.uniform(0.1, 1, size=9), size=30)
            expected = merged_slowly(codes, 3, reach)
            found = group_prototypes(codes.T @ codes, 1, 3, reach)
            np.testing.assert_array_equal(found, expected)

    def test_a_prototype_without_frames_is_merged_first(self):
        """With the closest one in time."""
        overlap = np.diag([4.0, 3.0, 0.0, 5.0])
        overlap[0, 1] = overlap[1, 0] = 1.0
        assert group_prototypes(overlap, 1, 3).tolist() in ([0, 1, 1, 2], [0, 1, 2, 2])

    def test_actions_of_networks_are_matched(self):
        codes = np.random.default_rng(0).dirichlet(np.full(4, 0.2), size=50)
        order = [2, 0, 3, 1]
        codes = np.hstack([codes, codes[:, order]])
        overlap = codes.T @ codes
        assert group_prototypes(overlap, 2, 4).tolist() == [0, 1, 2, 3, *order]


class TestPartialFit:
    def test_first_call_starts_and_later_ones_go_on(self, videos):
        model = quick(optimizer__batch_size=2).partial_fit(videos)
        assert model.n_iter_ == 3
        model.partial_fit(videos[:3])
        assert model.n_iter_ == len(model.loss_curve_) == 5
        assert len(model.labels_) == 3
        assert len(model.partial_fit([videos[0][:2]]).labels_[0]) == 2

    def test_prototypes_stay_for_exactly_the_steps_said(self, videos):
        """Each call takes a step for each pair of recordings."""
        model, seen = quick(optimizer=Adam(freeze_iter=3, batch_size=2)), []
        for n_videos in (2, 4, 2):
            model.partial_fit(videos[:n_videos])
            weights = model.network_["output_weight"]
            seen.append((model.n_iter_, model.prototypes_, weights))
        steps, prototypes, weights = zip(*seen)
        assert steps == (1, 3, 4)
        np.testing.assert_array_equal(prototypes[1], prototypes[0])
        assert (prototypes[2] != prototypes[1]).all()
        assert (weights[1] != weights[0]).all()

    @pytest.mark.parametrize(
        "params",
        [{"terms": [TimeStamp()]}, {"n_networks": 3}],
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

    def test_a_stream_learns_the_same_in_any_order_of_prototypes(
        self, videos, monkeypatch
    ):
        """The optimiser's memory moves with them."""
        found = []
        for order in (np.arange(4), np.array([2, 0, 3, 1])):
            place = "skl_tot.methods.networks.time_order"
            monkeypatch.setattr(place, lambda *_, order=order: order)
            model = quick(prior=None, optimizer=Adam(frames_per_video=32))
            model.partial_fit(videos).partial_fit(videos)
            found.append(model.prototypes_[model.prototypes_[:, 0].argsort()])
        np.testing.assert_allclose(*found, atol=1e-6)

    def test_corrections_are_refused(self, videos):
        model = quick(4, n_prototypes=2).fit(videos)
        for corrected in (
            corrections.merge(model, [0, 1]),
            corrections.split(model, 1, videos),
            corrections.rename(model, {0: "take"}),
        ):
            before = corrected.predict(videos[0])
            with pytest.raises(ValueError, match="or teach this model by"):
                corrected.partial_fit(videos)
            np.testing.assert_array_equal(corrected.predict(videos[0]), before)

    @pytest.mark.parametrize(
        "params",
        [
            {"n_actions": 5},
            {"standardize": None},
            {"terms": [TimeStamp()]},
            {"background_percentile": 20},
        ],
        ids=str,
    )
    def test_what_cannot_go_on(self, videos, params):
        model = quick().partial_fit(videos).set_params(**params)
        before = model.prototypes_
        with pytest.raises(ValueError):
            model.partial_fit(videos)
        assert model.prototypes_ is before


# of table 10 and supplement A.3, then of the released code where the paper is silent
PAPER = {
    **{"rho": 0.07, "prior__sigma": 2.0, "network__temperature": 0.1},
    **{"transport__n_iter": 3, "optimizer__frames_per_video": 256},
    **{"optimizer__learning_rate": 1e-3, "optimizer__weight_decay": 1e-4},
    **{"optimizer__batch_size": 2, "network__start": "paper", "alpha": 0},
    **{"optimizer__decay": 0, "n_networks": 1, "n_prototypes": 1, "max_iter": 12_000},
    "prior__first_index": 1,
    "optimizer__freeze_iter": pytest.approx(1 / 3),
}


def test_settings_are_those_of_the_paper():
    values = TemporalOTSegmenter.paper().get_params()
    assert {name: values[name] for name in PAPER} == PAPER
    assert TemporalCoherence().window == 30


def test_each_call_makes_objects_of_its_own():
    first = TemporalOTSegmenter.paper(5, prior__sigma=0.75, network__embedding_size=7)
    assert (first.prior.sigma, first.network.embedding_size) == (0.75, 7)
    assert TemporalOTSegmenter.paper(5).prior.sigma == 2.0
    twin = pickle.loads(pickle.dumps(clone(first)))
    assert str(twin.get_params()) == str(first.get_params())


def test_the_paper_in_a_search(videos):
    grid = {"rho": [0.05, 0.3], "alpha": [0.0, 1.0], "prior__sigma": [1.0, 2.0]}
    model = TemporalOTSegmenter.paper(4, max_iter=1, random_state=0)
    model.set_params(network__start="scaled")  # else codes are the same at first
    search = GridSearchCV(
        model, grid, cv=2, scoring=lambda fitted, X, y=None: fitted.loss_curve_[0]
    ).fit(videos)
    assert len(set(search.cv_results_["mean_test_score"])) == 8  # all act
    assert search.best_params_.items() <= search.best_estimator_.get_params().items()


class TestNestedParameters:
    @pytest.mark.parametrize("order", ["strict", "mostly", "free"])
    @pytest.mark.parametrize("prior", ["auto", None])
    def test_a_prior_without_a_name_has_none(self, order, prior):
        model = TemporalOTSegmenter(order=order, prior=prior)
        before = vars(model).copy()
        words = (
            "^prior__sigma needs a named prior, .* set prior='(path|temporal)' first"
        )
        with pytest.raises(ValueError, match=words):
            model.set_params(rho=0.1, network__temperature=0.3, prior__sigma=2.0)
        assert vars(model) == before

    def test_a_name_and_its_parameters_in_one_call(self):
        model = TemporalOTSegmenter(order="strict", prior="temporal")
        model.set_params(order="free", prior="path", prior__sigma=2.0)
        assert str(model.prior) == "PathPrior(sigma=2.0)"
        assert model.set_params(network__temperature=0.3).network.hidden_size == 80

    @pytest.mark.parametrize("wrong", ["prior__width", "width"])
    def test_a_refused_call_changes_no_parameter(self, wrong):
        prior = TemporalPrior(sigma=0.8)
        model = TemporalOTSegmenter(prior=prior)
        with pytest.raises(ValueError, match="Invalid parameter 'width'"):
            model.set_params(**{"rho": 0.1, "prior__sigma": 2.0, wrong: 1})
        assert (model.prior, prior.sigma, model.rho) == (prior, 0.8, 0.07)
