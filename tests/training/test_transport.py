import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.training.pseudo_labels import (
    StructuredTransport,
    log_temporal_prior,
    sinkhorn,
    structured_transport,
)


def random_scores(*shape, seed=0, scale=1.0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape) * scale)


@pytest.mark.parametrize("case", ["a", "c", "d"])
class TestGolden:
    def test_prior(self, golden, case):
        _, n_frames, n_actions, _, sigma, _ = golden[f"{case}_params"]
        ours = log_temporal_prior(int(n_frames), int(n_actions), sigma)
        theirs = np.log(golden[f"{case}_prior"].astype(float))
        difference = ours - theirs
        assert np.ptp(difference) < 1e-4  # theirs are float32
        assert np.abs(ours).max() > 1

    @pytest.mark.parametrize("kind", ["tot", "ot"])
    def test_codes(self, golden, case, kind):
        n_videos, n_frames, n_actions, epsilon, sigma, n_iter = golden[f"{case}_params"]
        prior = torch.tensor(log_temporal_prior(int(n_frames), int(n_actions), sigma))
        codes = sinkhorn(
            torch.tensor(golden[f"{case}_scores"]),
            epsilon,
            log_prior=prior.repeat(int(n_videos), 1) if kind == "tot" else None,
            n_iter=int(n_iter),
        )
        np.testing.assert_allclose(codes, golden[f"{case}_q_{kind}"], atol=1e-5)


class TestPrior:
    def test_follows_equation_8(self):
        n_frames, n_actions, sigma = 7, 3, 1.3
        prior = log_temporal_prior(n_frames, n_actions, sigma)
        for i in range(n_frames):
            for j in range(n_actions):
                distance = abs(i / n_frames - j / n_actions)
                distance /= (1 / n_frames**2 + 1 / n_actions**2) ** 0.5
                expected = -(distance**2) / (2 * sigma**2)
                assert prior[i, j] == pytest.approx(expected)

    def test_prefers_the_diagonal(self):
        prior = log_temporal_prior(120, 4, 0.5)
        assert (np.diff(prior.argmax(axis=1)) >= 0).all()
        assert set(prior.argmax(axis=1)) == {0, 1, 2, 3}

    def test_infinite_sigma_is_uniform(self):
        np.testing.assert_array_equal(log_temporal_prior(5, 3, np.inf), 0)


class TestSinkhorn:
    @pytest.mark.parametrize("with_prior", [False, True])
    @pytest.mark.parametrize("rho", [0.05, 0.3, 2.0])
    def test_converges_to_pot(self, rho, with_prior):
        n_frames, n_actions = 24, 5
        scores = random_scores(n_frames, n_actions)
        prior = log_temporal_prior(n_frames, n_actions, 1.0) * with_prior
        codes = sinkhorn(scores, rho, log_prior=torch.tensor(prior), n_iter=20_000)
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
            codes = sinkhorn(scores, rho, log_prior=prior.repeat(2, 1).to(dtype))
            assert torch.isfinite(codes).all()
            assert (codes >= 0).all()
            np.testing.assert_allclose(codes.sum(1), 1, rtol=1e-5)

    def test_batch_equals_loop(self):
        scores = random_scores(3, 20, 4)
        prior = torch.tensor(log_temporal_prior(20, 4, 1.0))
        batch = sinkhorn(scores, 0.1, log_prior=prior)
        for problem, codes in zip(scores, batch):
            torch.testing.assert_close(codes, sinkhorn(problem, 0.1, log_prior=prior))

    def test_marginals_span_the_mini_batch(self):
        # Video one looks like action 0 throughout and video two like action 1: the
        # mini-batch is balanced as it is, each video by itself is not.
        scores = torch.zeros(2, 10, 2)
        scores[0, :, 0] = scores[1, :, 1] = 1
        together = sinkhorn(scores.reshape(20, 2), 0.05, n_iter=50)
        apart = sinkhorn(scores, 0.05, n_iter=50)
        assert together[:10, 0].min() > 0.99
        torch.testing.assert_close(apart, torch.full_like(apart, 0.5))

    @settings(max_examples=50)
    @given(
        n_frames=st.integers(1, 12),
        n_actions=st.integers(1, 6),
        rho=st.floats(0.05, 10),
        seed=st.integers(0, 1000),
    )
    def test_no_action_is_favoured_by_an_offset(self, n_frames, n_actions, rho, seed):
        scores = random_scores(n_frames, n_actions, seed=seed)
        offset = random_scores(1, n_actions, seed=seed + 1)
        plain, shifted = sinkhorn(scores, rho), sinkhorn(scores + offset, rho)
        torch.testing.assert_close(plain, shifted)


# ------------------------------------------------------ structured transport

SETTINGS = {
    "epsilon": 0.07,
    "structure_weight": 0.3,
    "radius": 0.1,
    "balance": 0.1,
}


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


def objective(codes, cost, epsilon, structure_weight, radius, balance):
    """What is descended, of one video."""
    n_frames, n_prototypes = codes.shape
    shares = codes.mean(axis=0)
    structure = (codes * dense_structure(codes, radius)).sum() / 2
    entropy = (codes * np.log(np.maximum(codes, 1e-300))).sum()
    divergence = n_frames * (shares * np.log(n_prototypes * shares)).sum()
    linear = (codes * cost).sum()
    return (
        structure_weight * structure
        + (1 - structure_weight) * linear
        + epsilon * entropy
        + balance * divergence
    )


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


def test_gradient_is_that_of_the_objective(cost):
    """Up to what all prototypes of a frame have in common."""
    rng = np.random.default_rng(0)
    codes = rng.dirichlet(np.ones(4), 30)
    direction = rng.normal(size=codes.shape)
    direction -= direction.mean(axis=1, keepdims=True)
    settings = SETTINGS
    gradient = settings["structure_weight"] * dense_structure(codes, settings["radius"])
    gradient += (1 - settings["structure_weight"]) * cost[0].numpy()
    gradient += settings["epsilon"] * np.log(codes)
    gradient += settings["balance"] * np.log(codes.mean(axis=0))
    small = 1e-6 * direction
    ahead = objective(codes + small, cost[0].numpy(), **settings)
    behind = objective(codes - small, cost[0].numpy(), **settings)
    slope = (ahead - behind) / 2e-6
    assert slope == pytest.approx((gradient * direction).sum(), rel=1e-5)


def test_objective_falls(cost):
    values = []
    for n_iter in [1, 2, 5, 25, 200]:
        codes = structured_transport(cost[:1], **SETTINGS, n_iter=n_iter)[0].numpy()
        values.append(objective(codes, cost[0].numpy(), **SETTINGS))
    assert np.all(np.diff(values) < 0)


def test_balance_pulls_columns_together(cost):
    tilted = cost + torch.arange(4) / 4
    spreads = []
    for balance in [0.0, 0.1, 1.0]:
        codes = structured_transport(tilted, **(SETTINGS | {"balance": balance}))
        np.testing.assert_allclose(codes.sum(-1), 1)  # columns need not
        spreads.append(float(codes.mean(1).std()))
    assert spreads[0] > spreads[1] > spreads[2]


def test_neighbours_are_kept_together():
    """An odd frame follows those around it, but not without the structure."""
    cost = torch.ones(1, 40, 2)
    cost[0, :20, 0] = cost[0, 20:, 1] = 0
    cost[0, 10] = torch.tensor([0.6, 0.4])
    together = structured_transport(cost, **SETTINGS)
    alone = structured_transport(cost, **(SETTINGS | {"structure_weight": 0.0}))
    expected = [0] * 20 + [1] * 20
    assert together[0].argmax(-1).tolist() == expected
    assert alone[0, 10].argmax() == 1


@pytest.mark.parametrize("scale", [0.0, 1e-3, -1e3, 1e6, -1e6])
@pytest.mark.parametrize("shape", [(2, 30, 4), (1, 1, 1), (1, 1, 3), (3, 5, 1)])
def test_costs_of_any_size_give_numbers(scale, shape):
    codes = structured_transport(scale * torch.rand(shape), **SETTINGS)
    assert torch.isfinite(codes).all()
    np.testing.assert_allclose(codes.sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize("radius", [0.0, 5e-324, 0.03])
def test_without_neighbours_there_is_no_structure(cost, radius):
    codes = structured_transport(cost, 0.07, 0.3, radius, 0.1)
    # the linear part keeps its share, and only that
    gradient = 0.7 * cost + 0.1 * (codes.mean(1, keepdim=True) * 4).log()
    gradient = gradient + 0.07 * codes.log()
    assert torch.isfinite(codes).all()
    np.testing.assert_allclose(gradient.std(-1), 0, atol=1e-2)


@pytest.mark.parametrize("epsilon", [1e3, 1e38, 1e300])
def test_entropy_without_bounds_gives_uniform_codes(cost, epsilon):
    codes = structured_transport(cost.float(), epsilon, 0.3, 0.1, 0.1)
    np.testing.assert_allclose(codes, 1 / 4, rtol=1e-3)


def test_transport_adds_the_prior_and_splits_the_videos(cost):
    similarities, log_prior = 1 - cost, -torch.rand(30, 4).double()
    transport = StructuredTransport()
    codes = transport(
        similarities.flatten(0, 1), log_prior.repeat(2, 1), n_videos=2, rho=0.2
    ).unflatten(0, (2, 30))
    expected = structured_transport(cost - 0.2 * log_prior, 0.07, 0.3, 0.04, 0.1)
    np.testing.assert_allclose(codes, expected)
