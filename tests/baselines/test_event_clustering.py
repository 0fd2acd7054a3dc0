"""Discriminative clustering of events."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from skl_tot.baselines.frank_wolfe import EventClustering, cheapest_events, minimise


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


@pytest.mark.parametrize("n_features", [1, 4, 40])
@pytest.mark.parametrize("regularization", [1e-6, 10.0])
def test_prediction_and_objective_are_of_ridge_regression(n_features, regularization):
    options = {"n_features": n_features, "regularization": regularization}
    problem, chunks = problem_of(0, **options)
    rows = problem.cheapest(np.random.RandomState(0).normal(size=(len(chunks), 3)))
    assignment = problem.assignment(rows)
    value, ridge = ridge_objective(chunks, assignment, regularization)
    projection = problem.projection(rows)
    assert problem.objective(projection) == pytest.approx(value, rel=1e-6, abs=1e-9)
    pair = problem.predict(projection), ridge.predict(chunks)
    np.testing.assert_allclose(*pair, atol=1e-6)
    solution = problem.solution(rows, [])
    np.testing.assert_allclose(solution.coef, ridge.coef_, atol=1e-6)
    np.testing.assert_allclose(solution.intercept, ridge.intercept_, atol=1e-6)
    errors = (assignment - ridge.predict(chunks)) ** 2
    np.testing.assert_allclose(solution.noise, errors.mean(axis=0), atol=1e-9)


def test_gradient_is_of_finite_differences():
    problem, chunks = problem_of(1)
    assignment, predicted = problem.start(np.random.RandomState(1), 3)
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
    for _ in range(60):
        n_events, n_videos = rng.randint(1, 5, size=2)
        costs = rng.normal(size=(n_events, n_videos, rng.randint(n_events, 8)))
        if rng.uniform() < 0.5:  # equal costs, too
            costs = costs.round()
        costs[rng.uniform(size=costs.shape) < windows] = np.inf
        events = cheapest_events(costs)
        for video in range(n_videos):
            least = brute_force(costs[:, video])
            if np.isinf(least):
                continue
            n_feasible += 1
            assert (np.diff(events[video]) > 0).all()
            chosen = costs[np.arange(n_events), video, events[video]]
            assert chosen.sum() == pytest.approx(least)
    assert n_feasible > 30


def limit(problem, allowed):
    """Let events be only in some chunks, a mask (n_chunks, n_events)."""
    cheapest = problem.cheapest
    problem.cheapest = lambda costs: cheapest(np.where(allowed, costs, np.inf))


def test_reaches_the_minimum_over_all_mixtures():
    options = {"lengths": (4, 5), "n_events": 2, "n_features": 2}
    problem, chunks = problem_of(0, **options, regularization=1.0)
    # another event is dear, else the mixture of all explains itself
    allowed = np.ones((9, 2), bool)
    allowed[2:4, 0] = allowed[4:7, 1] = False
    limit(problem, allowed)
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
    solution = minimise(problem, np.random.RandomState(0), 10, 3000, 1e-5)
    assert solution.curve[-1] == pytest.approx(best.fun, rel=2e-3)
    assert solution.objective >= best.fun - 1e-9


def test_finds_planted_events_within_windows():
    rng = np.random.RandomState(0)
    lengths = np.full(12, 20)
    planted = np.sort([rng.choice(20, 3, replace=False) for _ in lengths], axis=1)
    chunks = rng.normal(scale=0.3, size=(240, 6))
    for video, own in enumerate(planted):
        chunks[video * 20 + own, np.arange(3)] += 2
    problem = EventClustering(chunks, lengths, 3, 1 / 36)
    distances = np.tile(np.arange(20), 12)[:, None] - np.repeat(planted, 20, axis=0)
    limit(problem, abs(distances) <= 2)
    solution = minimise(problem, rng, 10, 650, 0.0)
    np.testing.assert_array_equal(solution.events, planted)
