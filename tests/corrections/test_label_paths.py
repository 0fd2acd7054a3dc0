"""Paths that labels teach, by hand and by slow loops."""

import numpy as np
import pytest
from scipy.stats import norm

from skl_tot.corrections import label_paths


@pytest.mark.parametrize("seed", range(6))
def test_chosen_paths_have_the_rate_of_the_labels(seed):
    """Of all costs, none explains their number and is usual as much; labels stay."""
    rng = np.random.default_rng(seed)
    labels, scores = [], []
    for i in range(6):
        path = np.repeat(rng.integers(3, size=12), rng.integers(2, 3 + 4 * seed, 12))
        scores.append(2.0 * np.eye(3)[path] + rng.normal(size=(len(path), 3)))
        part = np.where(np.arange(len(path)) < 20, path, -1)
        labels.append([path, part, np.full(len(path), -1)][min(i, 2)])
    chain, paths = label_paths.choose_chain(scores, labels, 3)
    for path, labelled in zip(paths, labels):
        np.testing.assert_array_equal(path[labelled >= 0], labelled[labelled >= 0])
    shown = label_paths.measure_segments(labels)
    costs, losses = [], []
    for cost in label_paths.COSTS:
        candidate = label_paths.chain_of_labels(labels, 3, cost * shown.n_frames)
        costs.append(candidate.moves)
        n_changes = n_pairs = 0
        for values, labelled in zip(scores, labels):
            path = candidate.viterbi(label_paths.keep_labels(values, labelled))
            free = (labelled[1:] < 0) & (labelled[:-1] < 0)
            n_changes += (free & (path[1:] != path[:-1])).sum()
            n_pairs += free.sum()
        expected = shown.n_units * n_changes / n_pairs + 0.5
        n_shown = shown.n_changes + 0.5
        loss = expected - n_shown * np.log(expected)
        losses.append(loss - norm(np.log(0.2), np.log(5)).logpdf(np.log(cost)))
    best = costs[int(np.argmin(losses))]
    np.testing.assert_array_equal(chain.moves, best)


def test_a_slow_demonstration_does_not_take_actions_from_quick_ones():
    rng = np.random.default_rng(0)
    paths = [np.repeat(range(5), n) for n in (40, 10, 8, 12, 9, 11)]
    scores = [np.eye(5)[path] + 0.5 * rng.normal(size=(len(path), 5)) for path in paths]
    labels = [paths[0], *(np.full(len(path), -1) for path in paths[1:])]
    _, found = label_paths.choose_chain(scores, labels, 5, is_relative=True)
    assert [len(set(path)) for path in found] == [5] * 6


def test_labels_forbid_other_actions():
    scores = np.arange(6.0).reshape(3, 2)
    found = label_paths.keep_labels(scores, np.array([-1, 1, 0]))
    np.testing.assert_array_equal(found[0], scores[0])
    assert found[1].argmax() == 1
    assert found[2].argmax() == 0
    assert found[1, 1] == scores[1, 1]
    assert np.ptp(found[1:], axis=1).min() > 1e5
    assert scores[1, 0] == 2  # unchanged


def test_a_single_frame_beside_a_stretch_is_no_segment():
    labels = [np.array([0, 0, 1, 1]), np.array([-1, -1, 0, -1])]
    for path, given in zip(label_paths.fill_single_frames(labels), labels, strict=True):
        np.testing.assert_array_equal(path, given)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ([-1, -1, 4, -1], [4] * 4),
        ([3, -1, -1, -1, 5], [3, 3, 5, 5, 5]),
        ([-1, 1, -1, 1, -1, 0], [1, 1, 1, 1, 0, 0]),
        ([0, 0, -1, 1], [0, 0, -1, 1]),
        ([-1, -1], [-1, -1]),
        ([2], [2]),
    ],
)
def test_single_frames_reach_half_way_to_the_next(path, expected):
    (found,) = label_paths.fill_single_frames([np.array(path)])
    assert found.tolist() == expected


def test_segments_are_measured_where_they_are_known():
    """Three changes, and half of each of three ends, in nine pairs of known frames.

    They are nine fifths of recordings of five frames.
    """
    labels = [[0, 0, 1, 1, 1], [-1, 2, 2, -1, 2], [-1, -1], [0, 1, 1, 1, 0]]
    found = label_paths.measure_segments([np.array(path) for path in labels])
    assert (found.rate, found.n_frames) == ((3 + 3 / 2) / 9, 13 / 7)
    found = label_paths.measure_segments(list(map(np.array, labels)), is_relative=True)
    assert found.rate == pytest.approx((3 + 3 / 2) / (9 / 5))


def test_moves_that_labels_show_cost_less():
    labels = [np.array([0, 1, 1, -1, 0]), np.array([-1, 1, 2, -1]), np.array([-1, -1])]
    chain = label_paths.chain_of_labels(labels, 4, 5.0)
    far = 2 * 5 + 2
    # nothing is known of moves of action 3, which has no label, nor of moves from 2
    expected = [[0, 5, far, 5], [far, 0, 5, 5], [5, 5, 0, 5], [5, 5, 5, 0]]
    np.testing.assert_array_equal(chain.moves, expected)
    np.testing.assert_array_equal(chain.starts, [0, 5, 5, 0])
    # of four starts, labels repeat two
    starts = [np.array(path) for path in ([3, 0], [1], [2], [2])]
    chain = label_paths.chain_of_labels(starts, 5, 5.0)
    np.testing.assert_allclose(chain.starts, [5 * (1 + 2) / (1 + 4), 0, 0, 0, 0])
    unknown = label_paths.chain_of_labels([np.array([-1, 0, 1])], 2, 5.0)
    np.testing.assert_array_equal(unknown.starts, [0, 0])


def test_moves_cost_less_where_labels_repeat_none():
    """Of six moves from actions that are left twice or more, four are repeated."""
    path = np.array([0, 1, 0, 1, 0, 2, 1, 2])
    chain = label_paths.chain_of_labels([path], 3, 5.0)
    share = (1 + 4) / (1 + 6)
    more = share * (5 + 2)
    expected = [[0, 5, 5], [5, 0, 5], [5 + more, 5, 0]]
    np.testing.assert_allclose(chain.moves, expected)


def test_densities_of_time():
    labels = [np.repeat([0, 1], [30, 10]), np.full(9, -1), np.array([1, -1] * 8)]
    found = np.exp(label_paths.log_densities_of_time(labels, 3)) - 0.03
    np.testing.assert_allclose(found.mean(axis=0), 1)
    np.testing.assert_allclose(found[:, 2], 1)  # as time tells nothing of it
    assert found[5, 0] > 1.2
    assert found[95, 0] < 0.3 < found[95, 1]


def test_changes_that_scores_show_late_are_put_on_time():
    labels = np.repeat([0, 1, 2], [20, 30, 20])
    late = np.repeat([0, 1, 2], [26, 20, 24])  # by 6 frames, then early by 4
    scores = 5 * np.eye(3)[late]
    delays = label_paths.find_delays([scores, scores], [labels, np.full(70, -1)], 3)
    assert delays.tolist() == [[0, 3, 0], [0, 0, -2], [0, 0, 0]]  # half of one move's
    delays = label_paths.find_delays([scores] * 9, [labels] * 9, 3)
    np.testing.assert_allclose(delays, 0.9 * np.array([[0, 6, 0], [0, 0, -4], [0] * 3]))
    on_time = label_paths.put_on_time(scores, late, np.rint(delays))
    assert (
        on_time.argmax(axis=1).tolist() == np.repeat([0, 1, 2], [21, 29, 20]).tolist()
    )
