"""Structured transport against the authors' results, dense sums and descent."""

import numpy as np
import pytest
import torch

from skl_tot.training.transport import StructuredTransport, structured_transport

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
    settings = golden[f"asot_{case}_settings"][:4].tolist()
    epsilon, structure_weight, radius, balance = settings
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


def test_rows_sum_to_one_and_columns_need_not(cost):
    codes = structured_transport(cost, **SETTINGS)
    np.testing.assert_allclose(codes.sum(-1), 1)
    assert codes.mean((0, 1)).std() > 0.01


def test_balance_pulls_columns_together(cost):
    tilted = cost + torch.arange(4) / 4
    spreads = []
    for balance in [0.0, 0.1, 1.0]:
        codes = structured_transport(tilted, **(SETTINGS | {"balance": balance}))
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


@pytest.mark.parametrize("scale", [0.0, 1e-3, 1e3, 1e6])
@pytest.mark.parametrize("sign", [-1, 1])
def test_costs_of_any_size_give_numbers(cost, scale, sign):
    codes = structured_transport((sign * scale * cost).float(), **SETTINGS)
    assert torch.isfinite(codes).all()
    np.testing.assert_allclose(codes.sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 3), (3, 5, 1), (2, 2, 7)])
def test_small_problems(shape):
    codes = structured_transport(torch.rand(shape), **SETTINGS)
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
