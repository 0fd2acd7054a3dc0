"""Priors and transports, by their authors, POT and loops; checks of components."""

import numpy as np
import ot
import pytest
import torch

from skl_tot.decoding.chain import skip_chain
from skl_tot.training.components import MLP, Adam
from skl_tot.training.pseudo_labels import (
    PathPrior,
    Sinkhorn,
    StructuredTransport,
    TemporalPrior,
    log_path_prior,
    log_temporal_prior,
    structured_transport,
)
from skl_tot.training.terms import CrossEntropy, TemporalCoherence, TimeStamp


def random_scores(*shape, seed=0, scale=1.0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape) * scale)


@pytest.mark.parametrize("case", "abcd")
@pytest.mark.parametrize("kind", ["tot", "ot"])
def test_codes_and_prior_of_the_authors(golden, case, kind):
    """A mini-batch is one problem, of two recordings in case b."""
    n_videos, n_frames, n_actions, rho, sigma, n_iter = golden[f"{case}_params"]
    scores = torch.tensor(golden[f"{case}_scores"])
    assert len(scores) == n_videos * n_frames
    coverage = torch.ones(int(n_videos), 1, 1)
    prior, transport = TemporalPrior(sigma, 0), Sinkhorn(n_iter)
    table = prior(scores.double(), coverage, 0, 0.1)
    theirs = np.log(golden[f"{case}_prior"].astype(float))
    assert np.ptp(table.numpy() - theirs) < 1e-4  # theirs are float32
    term = CrossEntropy(
        int(n_actions), transport, prior=prior if kind == "tot" else None, rho=rho
    )
    codes = term.codes(scores, coverage, 0)
    np.testing.assert_allclose(codes, golden[f"{case}_q_{kind}"], atol=1e-5)


def test_prior_counted_from_one_by_loops():
    table = TemporalPrior(1.5).table(7, 3)
    for i in range(1, 8):
        for j in range(1, 4):
            distance = abs(i / 7 - j / 3) / np.sqrt(1 / 7**2 + 1 / 3**2)
            expected = -(distance**2) / (2 * 1.5**2)
            assert table[i - 1, j - 1] == pytest.approx(expected, abs=1e-12)


class TestSinkhorn:
    @pytest.mark.parametrize("with_prior", [False, True])
    @pytest.mark.parametrize("rho", [0.05, 0.3, 2.0])
    def test_converges_to_pot(self, rho, with_prior):
        n_frames, n_actions = 24, 5
        scores = random_scores(n_frames, n_actions)
        prior = log_temporal_prior(n_frames, n_actions, 1.0) * with_prior
        codes = Sinkhorn(4_000)(scores, torch.tensor(prior), 1, rho)
        # POT minimises <Q, M> + reg sum Q log Q.
        expected = ot.sinkhorn(
            np.full(n_frames, 1 / n_frames),
            np.full(n_actions, 1 / n_actions),
            -scores.numpy() - rho * prior,
            rho,
            method="sinkhorn_log",
            numItermax=100_000,
            stopThr=1e-13,
        )
        np.testing.assert_allclose(codes / n_frames, expected, atol=1e-6)
        np.testing.assert_allclose(codes.sum(0), n_frames / n_actions, rtol=1e-6)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    @pytest.mark.parametrize("rho", np.logspace(-4, 1, 11))
    def test_finite_with_exact_rows_for_every_rho(self, rho, dtype):
        prior = torch.tensor(log_temporal_prior(64, 12, 0.5))
        for scale in (0.01, 1.0, 40.0):
            scores = random_scores(2 * 64, 12, scale=scale).to(dtype)
            codes = Sinkhorn()(scores, prior.repeat(2, 1).to(dtype), 2, rho)
            assert torch.isfinite(codes).all()
            assert (codes >= 0).all()
            np.testing.assert_allclose(codes.sum(1), 1, rtol=1e-5)


class TestPathPrior:
    @pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 5), (40, 1), (200, 6)])
    def test_equals_the_posterior_of_paths_with_skips(self, shape):
        scores = np.random.default_rng(0).normal(scale=3, size=shape)
        prior = log_path_prior(torch.tensor(scores)).exp().numpy()
        expected = skip_chain(scores.shape[1], 0.0).posterior(scores)
        np.testing.assert_allclose(prior, expected, atol=1e-9)


# ------------------------------------------------------ structured transport

SETTINGS = {"epsilon": 0.07, "structure_weight": 0.3, "radius": 0.1, "balance": 0.1}


@pytest.fixture
def cost():
    return torch.rand(2, 30, 4, generator=torch.Generator().manual_seed(0)).double()


def dense_structure(codes, radius):
    """G of the docstring, frame by frame."""
    n_frames, n_prototypes = codes.shape
    result = np.zeros_like(codes)
    for t in range(n_frames):
        for k in range(n_prototypes):
            for s in range(n_frames):
                if 1 <= abs(s - t) <= int(n_frames * radius):
                    result[t, k] += codes[s].sum() - codes[s, k]
    return result / (n_frames * radius)


def slow_descent(cost, epsilon, structure_weight, radius, balance, n_iter):
    """Mirror descent by dense sums and the gradient as it is written down."""
    n_frames, n_prototypes = cost.shape
    codes = np.full_like(cost, 1 / n_prototypes)
    step = None
    for _ in range(n_iter):
        gradient = structure_weight * dense_structure(codes, radius)
        gradient = gradient + (1 - structure_weight) * cost
        gradient = gradient + epsilon * np.log(codes / n_frames)
        gradient = gradient + balance * (1 + np.log(n_prototypes * codes.mean(axis=0)))
        if step is None:
            step = 4 / gradient.max()
        codes = codes * np.exp(-step * gradient)
        codes = codes / codes.sum(axis=1, keepdims=True)
    return codes


@pytest.mark.parametrize("case", ["a", "b"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_of_the_authors(golden, case, dtype):
    epsilon, structure_weight, radius, balance = golden[f"asot_{case}_settings"][:4]
    cost = torch.from_numpy(golden[f"asot_{case}_cost"]).to(dtype)
    codes = structured_transport(cost, epsilon, structure_weight, radius, balance)
    np.testing.assert_allclose(codes, golden[f"asot_{case}_q"], atol=1e-5)


@pytest.mark.parametrize("n_iter", [1, 2, 10])
@pytest.mark.parametrize("radius", [0.02, 0.1, 0.9])
def test_equals_a_slow_descent(cost, n_iter, radius):
    settings = SETTINGS | {"radius": radius, "n_iter": n_iter}
    codes = structured_transport(cost[:1], **settings)[0]
    np.testing.assert_allclose(codes, slow_descent(cost[0].numpy(), **settings))


def test_transport_adds_the_prior_and_splits_the_videos(cost):
    similarities, log_prior = 1 - cost, -torch.rand(30, 4).double()
    transport = StructuredTransport()
    codes = transport(
        similarities.flatten(0, 1), log_prior.repeat(2, 1), n_videos=2, rho=0.2
    ).unflatten(0, (2, 30))
    expected = structured_transport(cost - 0.2 * log_prior, 0.07, 0.3, 0.04, 0.1)
    np.testing.assert_allclose(codes, expected)


@pytest.mark.parametrize(
    ("component", "name"),
    [
        (TemporalPrior(0), "sigma"),
        (TemporalPrior(first_index=2), "first_index"),
        (PathPrior(n_diagonal=-1), "n_diagonal"),
        (Sinkhorn(0), "n_iter"),
        (StructuredTransport(radius=1.0), "radius"),
        (TemporalCoherence(window=0), "window"),
        (TimeStamp(-1.0), "weight"),
        (Adam(freeze_iter=1.0), "freeze_iter"),
        (Adam(learning_rate=0), "learning_rate"),
    ],
)
def test_what_is_not_valid_is_named(component, name):
    with pytest.raises(ValueError, match=f"'{name}' parameter of"):
        component.checked()


LEAST = [
    *(
        TemporalPrior(1e-100),
        PathPrior(n_diagonal=0),
        Sinkhorn(1),
        TemporalCoherence(0, 1),
    ),
    *(StructuredTransport(n_iter=1), TimeStamp(0), MLP(1, 1, 1e-100)),
    Adam(1e-100, 0, decay=0, frames_per_video=1, batch_size=1),
]


@pytest.mark.parametrize("component", LEAST, ids=lambda x: type(x).__name__)
def test_least_values_are_valid(component):
    assert component.checked().get_params() == component.get_params()


def test_path_prior_starts_as_the_diagonal():
    similarities, coverage = torch.rand(8, 3), torch.ones(2, 1, 1)
    prior, diagonal = PathPrior(n_diagonal=5, sigma=0.8), TemporalPrior(0.8, 0)
    given = similarities, coverage
    torch.testing.assert_close(prior(*given, 4, 0.1), diagonal(*given, 4, 0.1))
    assert (prior(*given, 5, 0.1) != diagonal(*given, 5, 0.1)).any()


def test_a_fit_makes_the_table_of_a_prior_once():
    """Outside of fits, parameters may change between calls."""
    made, given = [], (torch.rand(8, 3), torch.ones(2, 1, 1), 0, 0.1)

    class Counted(TemporalPrior):
        def table(self, *shape):
            made.append(self.sigma)
            return super().table(*shape)

    prior = Counted(sigma=1.0)
    of_fit = prior.checked()
    assert torch.equal(of_fit(*given), of_fit(*given))
    prior(*given)
    assert torch.equal(prior.set_params(sigma=2.0)(*given), TemporalPrior(2.0)(*given))
    assert made == [1.0, 1.0, 2.0]


def test_path_prior_weighs_actions_by_their_frames():
    """Codes of the actions of a frame, over the sum of each action's."""
    similarities, coverage = torch.rand(8, 3), torch.tensor([1.0, 0.5]).view(2, 1, 1)
    codes = torch.softmax(similarities / 0.1, dim=1)
    likelihoods = (codes / codes.sum(dim=0)).log().view(2, 4, 3)
    expected = log_path_prior(coverage * likelihoods).view(8, 3)
    posterior = PathPrior(n_diagonal=0)(similarities, coverage, 0, 0.1)
    torch.testing.assert_close(posterior, expected)
