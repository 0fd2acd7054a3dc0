"""Discriminative clustering of events, which Frank-Wolfe finds."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from skl_tot.baselines import FrankWolfeSegmenter
from skl_tot.baselines.frank_wolfe import EventClustering, cheapest_events
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score


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
    coef, intercept, noise = problem.classifier(rows)
    np.testing.assert_allclose(coef, ridge.coef_, atol=1e-6)
    np.testing.assert_allclose(intercept, ridge.intercept_, atol=1e-6)
    errors = (assignment - ridge.predict(chunks)) ** 2
    np.testing.assert_allclose(noise, errors.mean(axis=0), atol=1e-9)


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


def test_finds_clear_actions():
    videos, labels = make_activities(12, 5, noise=0.5, random_state=0)
    model = FrankWolfeSegmenter(5, random_state=0).fit(videos[:10])
    assert mof_score(labels[:10], model.labels_) > 0.95
    assert mof_score(labels[10:], model.predict(videos[10:])) > 0.9


def test_log_likelihood_is_of_the_classifier(activity):
    videos, _ = activity
    model = FrankWolfeSegmenter(4, random_state=0, max_iter=50).fit(videos)
    frames = model.scaler_.transform(videos[0])
    scores = frames @ model.coef_.T + model.intercept_
    ones = -((1 - scores) ** 2) / (2 * model.noise_)
    zeros = -(scores**2) / (2 * model.noise_)
    found = model.log_likelihood(videos[0])
    np.testing.assert_allclose(found, ones - zeros, rtol=1e-3, atol=1e-3)
