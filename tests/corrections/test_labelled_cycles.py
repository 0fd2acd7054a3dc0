"""Cycles of long recordings, learned from labels of one or some of them."""

import itertools

import numpy as np
import pytest

from skl_tot import CyclicSegmenter, HMMSegmenter, SemiSupervisedSegmenter
from skl_tot.corrections import refine
from skl_tot.corrections.label_paths import (
    cut_recordings,
    find_labelled,
    learn_template,
)
from skl_tot.recordings import Recordings

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
        found = find_labelled([np.full(3, -1), np.array(labels)])
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
    kept = template.keep(found, n, [(0, length)])
    assert kept.tolist() == [0, length, 3 * length, n]
    breaks = [[length, length + 7]]
    parts = cut_recordings(Recordings([frames], fps=1, breaks=breaks), [kept])
    assert [part.tolist() for part in parts.breaks] == [[], [7], []]
    np.testing.assert_array_equal(np.concatenate(parts.arrays), frames)


def test_a_model_of_cycles_learns_from_cycles(monkeypatch):
    where = "skl_tot.corrections.semi_supervised.default_estimators"
    monkeypatch.setattr(where, lambda look: [HMMSegmenter(4, max_iter=3)])
    frames, labels, cuts = make_log(4)
    model = CyclicSegmenter(4, estimator=HMMSegmenter(4, max_iter=3))
    y = first_of(labels, cuts[1])
    taught = refine(model.fit(frames, cuts=cuts), frames, y)
    assert taught.cycles
    assert len(taught.cuts_) == len(cuts)
