"""Paths and cycles that labels teach, by hand and by slow loops."""

import itertools

import numpy as np
import pytest
from scipy.stats import norm

from skl_tot import CyclicSegmenter, HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.corrections import label_paths, refine
from skl_tot.corrections.label_paths import (
    cut_recordings,
    find_labelled_cycles,
    learn_template,
)
from skl_tot.recordings import Recordings


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
    labels = np.repeat([0, 1], [4, 36])  # in a cycle, wherever it is cut
    cuts = [labels], [np.roll(labels, 20)]
    first, half = (label_paths.log_densities_of_time(x, 2, True) for x in cuts)
    np.testing.assert_allclose(np.roll(first, len(first) // 2, axis=0), half)


def test_changes_that_scores_show_late_are_put_on_time():
    labels = np.repeat([0, 1, 2], [20, 30, 20])
    late = np.repeat([0, 1, 2], [26, 20, 24])  # by 6 frames, then early by 4
    scores = 5 * np.eye(3)[late]
    delays = label_paths.find_delays([scores, scores], [labels, np.full(70, -1)], 3)
    assert delays.tolist() == [[0, 3, 0], [0, 0, -2], [0, 0, 0]]  # half of one move's
    delays = label_paths.find_delays([scores] * 9, [labels] * 9, 3)
    np.testing.assert_allclose(delays, 0.9 * np.array([[0, 6, 0], [0, 0, -4], [0] * 3]))
    on_time = label_paths.put_on_time(scores, late, np.rint(delays))
    expected = np.repeat([0, 1, 2], [21, 29, 20])
    np.testing.assert_array_equal(on_time.argmax(axis=1), expected)
    path = np.repeat([0, 1], [9, 15])  # of either segment, a third moves at most
    for delay, start in ((100, 6), (-100, 14)):
        delays = np.array([[0, delay], [0, 0]])
        moved = label_paths.put_on_time(np.eye(2)[path], path, delays).argmax(axis=1)
        assert moved.argmax() == start


ORDER = [0, 1, 2, 1, 3]  # both times, action 1 looks the same


def make_log(n_cycles=12, seed=0, missing=0.0, drift=2.0):
    """Frames, labels and cuts of a raw log: oscillations, and levels that drift."""
    rng = np.random.default_rng(seed)
    labels, cuts = [], [0]
    for _ in range(n_cycles):
        lengths = np.array([30, 15, 25, 20, 30]) * np.exp(
            rng.normal(scale=0.15, size=5)
        )
        lengths[rng.random(5) < missing] = 0
        labels.append(np.repeat(ORDER, lengths.astype(int)))
        cuts.append(cuts[-1] + len(labels[-1]))
    labels = np.concatenate(labels)
    frequencies, levels = np.array([0.02, 0.3, 0.02, 0.8]), np.array([0, 0, 1.5, 0])
    phase = np.cumsum(frequencies[labels] * 2 * np.pi / 4)
    levels = levels[labels] + np.linspace(0, drift, len(labels))
    frames = np.column_stack([np.sin(phase), np.cos(phase), levels])
    return frames + 0.3 * rng.normal(size=frames.shape), labels, np.array(cuts)


def make(cycles=True):
    return SemiSupervisedSegmenter(
        [HMMSegmenter(4, max_iter=3)], cycles=cycles, random_state=0
    )


def first_of(labels, end):
    return np.where(np.arange(len(labels)) < end, labels, -1)


@pytest.fixture(scope="module")
def log():
    return make_log()


@pytest.fixture(scope="module")
def taught(log):
    frames, labels, cuts = log
    return make().fit(frames, first_of(labels, cuts[1]))


class TestLearning:
    def test_one_labelled_cycle_teaches_the_log(self, log, taught):
        frames, labels, cuts = log
        rest = slice(cuts[1], None)
        assert (taught.labels_ == labels)[rest].mean() >= 0.9
        assert len(taught.cuts_) == len(cuts)
        assert np.abs(taught.cuts_ - cuts).mean() == pytest.approx(36 / 13, abs=0.5)
        assert taught.template_["variances"].sum() == pytest.approx(0.75908, rel=1e-4)
        with pytest.warns(UserWarning, match="cycles=True"):
            plain = make(cycles=False).fit(frames, first_of(labels, cuts[1]))
        assert (plain.labels_ == labels)[rest].mean() < 0.7

    def test_predicts_another_log(self, taught):
        frames, labels, _ = make_log(9, seed=1)
        assert (taught.predict(frames) == labels).mean() >= 0.9
        assert len(taught.predict(frames[:2])) == 2  # shorter than a block of frames

    def test_two_labelled_cycles_of_two_logs(self):
        frames, labels, cuts = make_log(5, drift=0.5)
        others, codes, ends = make_log(4, seed=2, drift=0.5)
        y = [first_of(labels, cuts[2]), first_of(codes, ends[1])]
        model = make().fit([frames, others], y)
        assert (model.labels_[0] == labels).mean() >= 0.85
        assert (model.labels_[1] == codes).mean() >= 0.85
        assert set(cuts[:3]) <= set(model.cuts_[0])

    def test_cycles_may_lack_actions(self):
        frames, labels, cuts = make_log(10, seed=3, missing=0.1)
        whole = next(
            i
            for i, (a, b) in enumerate(itertools.pairwise(cuts))
            if (np.unique(labels[a:b]).tolist() == [0, 1, 2, 3])
        )
        y = np.full(len(labels), -1)
        y[cuts[whole] : cuts[whole + 1]] = labels[cuts[whole] : cuts[whole + 1]]
        model = make().fit(frames, y)
        assert (model.labels_ == labels)[y < 0].mean() >= 0.8


class TestLabels:
    @pytest.mark.parametrize(
        ("labels", "expected"),
        [
            ([0, 0, 1, 2, -1, -1], [(0, 4)]),
            ([0, 0, 1, 2, 0, 1, 2, -1], [(0, 4), (4, 7)]),
            # an action may occur twice in a cycle
            ([0, 1, 0, 1, 2, 0, 1, 2, -1], [(0, 5), (5, 8)]),
            # one action is no cycle beside whole ones
            ([-1, 0, 1, 2, -1, 2, -1, -1], [(1, 4)]),
            # single frames stand for segments
            ([-1, -1, 0, -1, -1, -1, 1, -1, -1, -1, -1, -1], [(0, 9)]),
        ],
    )
    def test_of_whole_cycles(self, labels, expected):
        found = find_labelled_cycles([np.full(3, -1), np.array(labels)])
        assert found == [[], expected]

    def test_without_a_cycle_are_refused(self):
        frames = np.random.default_rng(0).normal(size=(40, 2))
        with pytest.raises(ValueError, match="from its start to its end"):
            make().fit(frames, first_of(np.zeros(40, int), 10))


def test_cuts_keep_labelled_cycles_and_part_all_frames(log):
    frames, labels, cuts = log
    recordings = Recordings([frames])
    template = learn_template(recordings, [labels], [[(0, cuts[1])]], 4)
    n, length = len(frames), cuts[1]
    found = [3, length - 2, length + 5, 3 * length, n - 4]
    kept = template.with_labelled(found, n, [(0, length)])
    assert kept.tolist() == [0, length, 3 * length, n]
    breaks = [[length, length + 7]]
    parts = cut_recordings(Recordings([frames], fps=1, breaks=breaks), [kept])
    assert [part.tolist() for part in parts.breaks] == [[], [7], []]
    np.testing.assert_array_equal(np.concatenate(parts.arrays), frames)


def test_a_model_of_cycles_learns_from_cycles(monkeypatch):
    where = "skl_tot.corrections.semi_supervised.default_estimators"
    monkeypatch.setattr(where, lambda look: [HMMSegmenter(4, max_iter=3)])
    frames, labels, cuts = make_log(4)
    monkeypatch.setattr("skl_tot.meta.cyclic.find_cycles", lambda *given: cuts)
    model = CyclicSegmenter(4, estimator=HMMSegmenter(4, max_iter=3))
    y = first_of(labels, cuts[1])
    taught = refine(model.fit(frames), frames, y)
    assert taught.cycles
    assert len(taught.cuts_) == len(cuts)
