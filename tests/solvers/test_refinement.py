import numpy as np
import pytest

from skl_tot.decoding.evidence import find_switch_cost
from skl_tot.decoding.paths import viterbi_free
from skl_tot.inputs.blocks import StandardizedVideos
from skl_tot.metrics import mof_score
from skl_tot.solvers.discriminants import appearance_scores
from skl_tot.solvers.mallow import fit_mallow
from skl_tot.solvers.refinement import measure_spread, refine_labels

OPTIONS = {"reg_covar": 0.1, "max_iter": 3}


@pytest.fixture(scope="module")
def problem():
    """Videos of actions in any order, and labels whose boundaries are wrong."""
    rng = np.random.default_rng(0)
    means = 4 * np.eye(3, 5)
    labels, wrong, videos = [], [], []
    for _ in range(6):
        path = np.repeat(rng.permutation(3), rng.integers(20, 40, 3))
        labels.append(path)
        wrong.append(np.roll(path, 7))
        videos.append(means[path] + rng.normal(size=(len(path), 5)))
    return StandardizedVideos(videos), labels, wrong


def refine(videos, labels, n_actions=3, **options):
    spread = measure_spread(videos, 1.0)
    return refine_labels(videos, labels, n_actions, spread, **(OPTIONS | options))


def test_refines(problem):
    videos, labels, wrong = problem
    _, _, found = refine(videos, wrong)
    assert mof_score(labels, wrong) < 0.8
    assert mof_score(labels, found) > 0.98
    assert found[0].dtype == np.intp


def test_labels_are_paths_of_what_was_learned(problem):
    videos, _, wrong = problem
    for max_iter in (1, 3, 50):
        appearance, cost, found = refine(videos, wrong, max_iter=max_iter)
        scores = list(appearance_scores(videos, appearance))
        assert cost == pytest.approx(find_switch_cost(*scores))
        for path, own in zip(found, scores):
            np.testing.assert_array_equal(path, viterbi_free(own, cost)[0])


def test_start_is_left_alone_and_background_is_an_action(problem):
    videos, _, wrong = problem
    start = [np.where(path == 0, -1, path) for path in wrong]
    before = [path.copy() for path in start]
    _, _, found = refine(videos, start)
    _, _, expected = refine(videos, wrong)
    for path, own in zip(start, before):
        np.testing.assert_array_equal(path, own)
    for path, own in zip(found, expected):
        np.testing.assert_array_equal(path, own)


def test_one_round_is_that_of_mallow(problem):
    """Both learn from equal parts; only paths differ."""
    videos, _, _ = problem
    equal = [np.arange(n) * 3 // n for n in videos.lengths]
    options = {"shrinkage": 1.0, "reg_covar": 0.1, "max_iter": 1}
    expected, _, _, _ = fit_mallow(videos, 3, **options)
    found, _, _ = refine(videos, equal, max_iter=1)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, err_msg=name)


def test_one_action_and_actions_without_frames(problem):
    videos, _, _ = problem
    start = [np.zeros(n, dtype=int) for n in videos.lengths]
    for n_actions in (1, 4):
        appearance, cost, found = refine(videos, start, n_actions)
        assert 0 <= cost < np.inf
        assert not np.concatenate(found).any()
        assert appearance["means"].shape == (n_actions, max(1, n_actions - 1))


def test_cost_follows_what_one_frame_tells(problem):
    """Frames that are there four times are worth no more; nor is a switch cheaper."""
    videos, _, wrong = problem
    slow = StandardizedVideos([np.repeat(x, 4, axis=0) for x in videos.arrays])
    _, cost, found = refine(videos, wrong)
    _, slow_cost, slowly = refine(slow, [np.repeat(path, 4) for path in wrong])
    assert slow_cost > 2 * cost
    agree = [np.repeat(a, 4) == b for a, b in zip(found, slowly)]
    assert np.mean(np.concatenate(agree)) > 0.98
