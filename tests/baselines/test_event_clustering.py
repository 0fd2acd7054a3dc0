"""Discriminative clustering of events."""

from itertools import combinations, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from sklearn.linear_model import Ridge

from skl_tot.baselines.frank_wolfe import (
    EventClustering,
    best_step,
    cheapest_events,
    mean_frames,
    minimise,
)
from skl_tot.recordings import Recordings, container


def ridge_objective(chunks, assignment, regularization):
    """Objective by scikit-learn, and the regression."""
    n_chunks = len(chunks)
    ridge = Ridge(alpha=n_chunks * regularization, solver="svd")
    ridge.fit(chunks, assignment)
    coef = ridge.coef_.reshape(assignment.shape[1], -1)
    errors = assignment - (chunks @ coef.T + ridge.intercept_)
    value = (errors**2).sum() / n_chunks + regularization * (coef**2).sum()
    return value, ridge


def problem_of(seed, lengths=(6, 5, 7), n_events=3, n_features=4, regularization=0.1):
    rng = np.random.RandomState(seed)
    lengths = np.array(lengths)
    chunks = rng.normal(size=(lengths.sum(), n_features)) + rng.normal(size=n_features)
    return EventClustering(chunks, lengths, n_events, regularization), chunks


def mixed(problem, seed):
    """A mixture of events, and its prediction."""
    return problem.start(np.random.RandomState(seed), 3)


@pytest.mark.parametrize("n_features", [1, 4, 40])
@pytest.mark.parametrize("regularization", [1e-6, 0.1, 10.0])
def test_prediction_and_objective_are_of_ridge_regression(n_features, regularization):
    problem, chunks = problem_of(
        0, n_features=n_features, regularization=regularization
    )
    rows = problem.cheapest(np.random.RandomState(0).normal(size=(len(chunks), 3)))
    assignment = problem.assignment(rows)
    value, ridge = ridge_objective(chunks, assignment, regularization)
    projection = problem.projection(rows)
    assert problem.objective(projection) == pytest.approx(value, rel=1e-6, abs=1e-9)
    np.testing.assert_allclose(
        problem.predict(projection), ridge.predict(chunks), atol=1e-6
    )
    solution = problem.solution(rows, [])
    np.testing.assert_allclose(solution.coef, ridge.coef_, atol=1e-6)
    np.testing.assert_allclose(solution.intercept, ridge.intercept_, atol=1e-6)
    errors = (assignment - ridge.predict(chunks)) ** 2
    np.testing.assert_allclose(solution.noise, errors.mean(axis=0), atol=1e-9)


def test_gradient_is_of_finite_differences():
    problem, chunks = problem_of(1)
    assignment, predicted = mixed(problem, 1)
    gradient = problem.gradient(assignment, predicted)
    for row, event in [(0, 0), (3, 1), (9, 2), (17, 0)]:
        values = []
        for step in (1e-4, -1e-4):
            moved = assignment.copy()
            moved[row, event] += step
            values.append(ridge_objective(chunks, moved, 0.1)[0])
        slope = (values[0] - values[1]) / 2e-4
        assert gradient[row, event] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def brute_force(costs):
    """Least sum of costs (n_events, n_chunks) of one video."""
    n_events, n_chunks = costs.shape
    return min(
        sum(costs[k, t] for k, t in enumerate(chosen))
        for chosen in combinations(range(n_chunks), n_events)
    )


@pytest.mark.parametrize("windows", [0.0, 0.2, 0.5])
def test_oracle_is_brute_force(windows):
    rng = np.random.RandomState(0)
    n_feasible = 0
    for _ in range(150):
        n_events, n_videos = rng.randint(1, 5, size=2)
        costs = rng.normal(size=(n_events, n_videos, rng.randint(n_events, 8)))
        if rng.uniform() < 0.5:  # equal costs, too
            costs = costs.round()
        costs[rng.uniform(size=costs.shape) < windows] = np.inf
        events, totals = cheapest_events(costs)
        for video in range(n_videos):
            assert totals[video] == pytest.approx(brute_force(costs[:, video]))
            if np.isinf(totals[video]):
                continue
            n_feasible += 1
            assert (np.diff(events[video]) > 0).all()
            chosen = costs[np.arange(n_events), video, events[video]]
            assert chosen.sum() == pytest.approx(totals[video])
    assert n_feasible > 100


def test_oracle_keeps_to_videos_of_unequal_length():
    problem, chunks = problem_of(2)
    for seed in range(20):
        costs = np.random.RandomState(seed).normal(size=(len(chunks), 3))
        rows = problem.cheapest(costs)
        for own, start, length in zip(rows, problem.starts, problem.lengths):
            assert start <= own[0]
            assert own[-1] < start + length
            chosen = costs[own, np.arange(3)].sum()
            best = brute_force(costs[start : start + length].T)
            assert chosen == pytest.approx(best)


@pytest.mark.parametrize(
    ("slope", "curvature"), [(1, 1), (-1, 0), (-1, 0.2), (-1, 4), (0, 0), (-3, 1.5)]
)
def test_step_is_within_bounds(slope, curvature):
    found = best_step(slope, curvature)
    best = minimize_scalar(
        lambda s: slope * s + curvature * s**2, bounds=(0, 1), method="bounded"
    ).x
    if slope or curvature:
        assert found == pytest.approx(best, abs=1e-4)
    assert 0 <= found <= 1


@pytest.mark.parametrize("seed", range(3))
def test_reaches_the_minimum_over_all_mixtures(seed):
    problem, chunks = problem_of(
        seed, lengths=(4, 5), n_events=2, n_features=2, regularization=1.0
    )
    # another event is dear, else the mixture of all explains itself
    problem.allowed[0, 0, 2:] = problem.allowed[1, 1, :3] = False
    corners = []
    for first in combinations(range(4), 2):
        for second in combinations(range(5), 2):
            if first[0] < 2 and second[1] >= 3:
                rows = np.array([first, np.add(second, 4)])
                corners.append(problem.assignment(rows))
    corners = np.array(corners)

    def value(weights):
        mixture = np.tensordot(weights, corners, 1)
        return ridge_objective(chunks, mixture, 1.0)[0]

    best = minimize(
        value,
        np.full(len(corners), 1 / len(corners)),
        bounds=[(0, 1)] * len(corners),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        tol=1e-12,
    )
    solution = minimise(problem, np.random.RandomState(0), max_iter=3000, tol=1e-5)
    assert solution.curve[-1] == pytest.approx(best.fun, rel=2e-3)
    assert solution.objective >= best.fun - 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_objective_never_rises(seed):
    problem, _ = problem_of(seed, lengths=(20, 15, 30), n_events=4)
    solution = minimise(problem, np.random.RandomState(seed), max_iter=200)
    assert len(solution.curve) > 20
    assert (np.diff(solution.curve) <= 1e-15).all()
    assert 0 <= solution.curve[-1] <= solution.objective


def test_keeps_the_best_events_of_all_iterations():
    problem, _ = problem_of(0, lengths=(20, 15, 30), n_events=4)
    found = []
    for max_iter in (1, 2, 5, 10, 20, 50, 100):
        solution = minimise(problem, np.random.RandomState(0), max_iter=max_iter)
        rows = solution.events + problem.starts[:, None]
        assert solution.objective == problem.objective(problem.projection(rows))
        found.append(solution.objective)
    assert (np.diff(found) <= 0).all()
    assert found[-1] < found[0]


def test_tol_bounds_the_distance_from_the_minimum():
    problem, _ = problem_of(3, lengths=(9, 8))
    problem.allowed[:, :, 6:] = False  # so that the minimum is not 0
    rough = minimise(problem, np.random.RandomState(0), tol=0.3, max_iter=5000)
    exact = minimise(problem, np.random.RandomState(0), max_iter=5000)
    assert len(rough.curve) < len(exact.curve)
    assert rough.curve[-1] <= exact.curve[-1] / 0.7 + 1e-12


def test_finds_planted_events_within_windows():
    rng = np.random.RandomState(0)
    lengths = np.full(12, 20)
    planted = np.sort([rng.choice(20, 3, replace=False) for _ in lengths], axis=1)
    chunks = rng.normal(scale=0.3, size=(240, 6))
    for video, own in enumerate(planted):
        chunks[video * 20 + own, np.arange(3)] += 2
    problem = EventClustering(chunks, lengths, 3, 1 / 36)
    for video, own in enumerate(planted):
        for event, chunk in enumerate(own):
            problem.allowed[event, video, : max(chunk - 2, 0)] = False
            problem.allowed[event, video, chunk + 3 :] = False
    solution = minimise(problem, rng)
    np.testing.assert_array_equal(solution.events, planted)


def test_constant_features_count_for_nothing():
    problem = EventClustering(np.full((10, 3), 7.0), np.array([5, 5]), 2, 1e-9)
    solution = minimise(problem, np.random.RandomState(0))
    np.testing.assert_array_equal(solution.coef, 0)
    np.testing.assert_allclose(solution.intercept, 0.2)
    np.testing.assert_allclose(solution.noise, 0.16)


def test_refuses_features_whose_squares_are_infinite():
    with pytest.raises(ValueError, match="too large"):
        EventClustering(np.array([[1e200], [-1e200]]), np.array([2]), 1, 1.0)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_mean_frames_are_read_in_blocks(monkeypatch, dtype):
    video = np.random.RandomState(0).normal(size=(101, 3)).astype(dtype)
    videos = Recordings([video]).standardize(
        SimpleNamespace(mean_=np.ones(3), scale_=np.full(3, 2.0))
    )
    edges = np.array([0, 1, 40, 41, 90, 101])
    expected = [((video[a:b] - 1) / 2).mean(axis=0) for a, b in pairwise(edges)]
    monkeypatch.setattr(container, "BLOCK_BYTES", 7 * video.itemsize * 3)
    np.testing.assert_allclose(mean_frames(videos, 0, edges), expected, atol=1e-6)
