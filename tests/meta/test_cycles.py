"""Cycles found in long recordings, and any segmenter of them."""

import itertools
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning

from skl_tot import CyclicSegmenter, HMMSegmenter, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode
from skl_tot.meta import cycles
from skl_tot.meta.cycles import (
    N_PHASES,
    Cycles,
    PhaseModel,
    _cheapest_frames,
    _cut_line,
    _distances_to_window,
    _elect,
    find_cycles,
    find_origin,
    find_period,
    phases_between,
)
from skl_tot.meta.cyclic import cuts_of_path, errors_of_cycles
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.recordings.errors import RecordingTypeError, RecordingValueError
from skl_tot.recordings.files import open_arrays


def make_log(n_cycles=8, seed=0, missing=(), scale=1):
    """Frames, labels and cuts of one recording of cycles of three actions."""
    rng = np.random.default_rng(seed)
    labels, cuts = [], [0]
    for i in range(n_cycles):
        lengths = scale * (np.array([20, 8, 14]) + rng.integers(-2, 3, size=3))
        lengths[1] *= i not in missing
        labels.append(np.repeat(np.arange(3), lengths))
        cuts.append(cuts[-1] + lengths.sum())
    labels = np.concatenate(labels)
    frames = 4 * np.eye(3, 4)[labels] + rng.normal(size=(len(labels), 4))
    return frames, labels, np.array(cuts)


def test_cycles_are_not_cut_in_half():
    """A first vote is for cycles of half the length, which are alike by turns only."""
    takes, _ = make_activities(9, 6, n_features=16, mean_length=20, random_state=0)
    cuts = find_cycles(np.concatenate(takes), 6, seed=0)
    true = np.cumsum([0, *map(len, takes)])
    assert len(cuts) == len(true)
    assert np.abs(cuts - true).max() < 15


def test_a_long_recording_is_read_in_blocks(monkeypatch):
    frames, _, cuts = make_log(5, scale=2)
    monkeypatch.setattr(cycles, "MOST_BLOCKS", 2**8)
    monkeypatch.setattr("skl_tot.meta.cycles.BLOCK_BYTES", 2**12)
    found = find_cycles(frames.astype(np.float32), 3, seed=0)
    assert len(found) == len(cuts)
    assert found[-1] == len(frames)
    assert (np.abs(cuts[:, None] - found).min(axis=1) <= 6).mean() >= 0.9


def test_cycles_that_are_few_or_none_make_a_warning():
    once = np.repeat(np.arange(4.0), 25)[:, None]
    noise = np.random.default_rng(0).normal(size=(16, 2))
    for frames in (once, np.ones((40, 2)), noise, noise[:10]):
        with pytest.warns(UserWarning, match="cycle"):
            cuts = find_cycles(frames, 4, seed=0)
        assert cuts[0] == 0


def test_cycles_of_one_half_only_make_a_warning_that_names_labels():
    frames, _, _ = make_log(8)
    others, _, _ = make_log(2, scale=4)
    with pytest.warns(UserWarning, match=r"cycles=True"):
        find_cycles(np.concatenate([frames, others]), 4, seed=0)


class TestRecurrence:
    def test_period(self):
        time = np.arange(900)
        frames = np.column_stack([np.sin(time / 50 * 2 * np.pi), 0 * time])
        assert abs(find_period(frames) - 50) <= 1

    def test_distances(self):
        frames = np.random.default_rng(0).normal(size=(40, 3))
        window = frames[5:12]
        expected = [np.square(frames[i : i + 7] - window).mean() for i in range(34)]
        np.testing.assert_allclose(
            _distances_to_window(frames, 5, 7), expected, atol=1e-12
        )

    @settings(max_examples=25)
    @given(st.integers(0, 10**6))
    def test_least_sum_equals_that_of_all_choices(self, seed):
        distances = np.random.default_rng(seed).normal(size=(2, 9))
        nearest, farthest = 2, 4
        best, found = np.inf, None
        for n in range(1, 6):
            for places in itertools.combinations(range(9), n):
                gaps = np.diff(places)
                is_whole = places[0] < farthest and places[-1] >= 9 - farthest
                if is_whole and ((gaps >= nearest) & (gaps <= farthest)).all():
                    for row in distances:
                        if row[list(places)].sum() < best:
                            best, found = row[list(places)].sum(), places
        np.testing.assert_array_equal(
            _cheapest_frames(distances, nearest, farthest), found
        )


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_least_variance_of_pieces(seed, n_pieces):
    rng = np.random.default_rng(seed)
    means, weights = rng.normal(size=(7, 2)), rng.uniform(0.5, 2, size=7)
    best = np.inf
    for cuts in itertools.combinations(range(1, 7), n_pieces - 1):
        total = 0.0
        for start, end in itertools.pairwise([0, *cuts, 7]):
            piece, weight = means[start:end], weights[start:end, None]
            center = (weight * piece).sum(axis=0) / weight.sum()
            total += (weight * np.square(piece - center)).sum()
        if total < best:
            best, expected = total, (0, *cuts)
    variance, starts = _cut_line(means, weights, n_pieces)
    assert variance == pytest.approx(best)
    np.testing.assert_array_equal(np.sort(starts), expected)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ([0, 1, 2, 3], [0, 4]),
        ([3, 0, 1, 2, 3, 0], [1, 5]),
        ([2, 3, 0, 1, 3, 1, 2], [0, 2, 5, 7]),
        ([0, 0], [0, 2]),
        ([1, 0], [1]),
    ],
)
def test_cuts_of_a_path(path, expected):
    np.testing.assert_array_equal(cuts_of_path(np.array(path), 4), expected)


def make_phases(starts, values, first, n_frames=48):
    """A model of arcs that look like these values, from a phase on."""
    means = np.zeros((N_PHASES, 1))
    for start, value in zip(starts, values):
        means[start:] = value
    path = (first + np.arange(n_frames)) % N_PHASES
    return PhaseModel(path, means, np.ones(1))


@pytest.mark.parametrize(
    ("first", "origin"), [(0, 0), (9, 8), (23, 0), (7, 8), (10, 8), (15, 16)]
)
def test_origin_is_where_the_recording_starts(first, origin):
    model = make_phases([0, 8, 16], [1.0, 5.0, 9.0], first)
    assert find_origin(model, 3) == origin


def test_time_runs_evenly_before_and_after_occurrences():
    phases = phases_between(np.array([10, 20, 40]), 60)
    assert phases[[10, 15, 20, 30]].tolist() == [0, 12, 0, 12]
    # 15 frames a cycle
    assert phases[[1, 4, 9]].tolist() == [9, 14, 22]
    assert phases[[40, 46, 51, 56]].tolist() == [0, 9, 17, 1]


def make_candidates(lengths, period=100):
    return [Cycles(period, length, None, None, 0, None) for length in lengths]


def test_few_cycles_agree_by_chance():
    best, n_votes = _elect(make_candidates([250] * 5 + [50] * 4), 1000)
    assert (best.length, n_votes) == (50, 4)
    best, n_votes = _elect(make_candidates([250] * 9 + [50] * 4), 1000)
    assert (best.length, n_votes) == (250, 9)


@pytest.mark.parametrize("kind", [RecordingTypeError, RecordingValueError])
def test_errors_of_cycles_are_of_their_recordings(kind):
    cuts = [np.array([0, 9]), np.array([2, 5, 8]), np.array([1, 4])]
    places = [(0, 0, 9), (1, 2, 5), (1, 5, 8), (2, 1, 4)]
    for number, (video, start, end) in enumerate(places):
        text = f": frames {start} to {end}: odd"
        with pytest.raises(kind, match=text) as caught, errors_of_cycles(cuts):
            raise kind("odd.", number)
        assert caught.value.recording == video


@pytest.fixture(scope="module")
def work():
    return make_log(missing=(4,))


@pytest.fixture(scope="module")
def fitted(work):
    return CyclicSegmenter(3, estimator=HMMSegmenter(), random_state=0).fit(work[0])


def cut_at(monkeypatch, *cuts):
    """Let the search find these cuts of recordings, one after the other."""
    found = iter(cuts)
    where = "skl_tot.meta.cyclic.find_cycles"
    monkeypatch.setattr(where, lambda array, n_actions, seed: next(found))


class TestLongRecordings:
    def test_finds_cycles_and_actions(self, fitted, work):
        frames, labels, cuts = work
        assert fitted.n_cycles_ == 8
        assert np.abs(fitted.cuts_ - cuts).max() <= 3
        assert (fitted.labels_ == labels).mean() > 0.95
        np.testing.assert_array_equal(fitted.predict(frames), fitted.labels_)

    def test_is_the_decoder_of_what_the_segmenter_says(self, fitted, work):
        given = fitted.estimator_.log_likelihood(work[0])
        np.testing.assert_array_equal(fitted.log_likelihood(work[0]), given)
        assert fitted.mean_frames_ == pytest.approx(len(work[0]) / 8, rel=0.05)
        cost = 0.5 * fitted.mean_frames_ / len(work[0])
        expected = decode(given, "cyclic_skip", cost)
        np.testing.assert_array_equal(fitted.labels_, expected)
        codes = fitted.predict_posterior(work[0])
        np.testing.assert_allclose(codes.sum(axis=1), 1)
        np.testing.assert_array_equal(codes.argmax(axis=1)[30:34], expected[30:34])

    @pytest.mark.parametrize(("given", "used"), [(0.0, 0.5), (2.0, 2.0)])
    def test_cost_is_half_a_nat_or_that_of_the_segmenter(
        self, monkeypatch, work, given, used
    ):
        cut_at(monkeypatch, work[2])
        inner = HMMSegmenter(max_iter=5, switch_cost=given)
        model = CyclicSegmenter(3, estimator=inner).fit(work[0])
        assert model.estimator_.switch_cost == model.decoder_[1] == used

    def test_lacking_actions(self, fitted, work):
        assert not (fitted.labels_[work[2][4] : work[2][5]] == 1).any()
        whole = pickle.loads(pickle.dumps(fitted)).set_params(decoding="cyclic")
        steps = np.diff(whole.predict(work[0])) % 3
        assert set(steps.tolist()) == {0, 1}

    def test_learns_from_cycles_as_recordings(self, monkeypatch, work):
        frames, labels, cuts = work
        cut_at(monkeypatch, cuts[1:6] - 20)  # it starts within a cycle
        model = CyclicSegmenter(3, estimator=HMMSegmenter()).fit(frames[20:])
        assert model.mean_frames_ == np.diff(cuts[1:6]).mean()
        assert (model.labels_ == labels[20:]).mean() > 0.95
        direct = HMMSegmenter(3).fit([frames[a:b] for a, b in pairwise(cuts[1:6])])
        np.testing.assert_allclose(model.estimator_.means_, direct.means_)
        # what is left of the first cycle shows two of three actions
        assert model.n_cycles_ == 8

    def test_several_recordings(self):
        work, other = make_log(5, seed=3), make_log(5, seed=2)
        takes = Recordings([work[0], other[0]], ["a", "b"], fps=10)
        model = CyclicSegmenter(3, estimator=HMMSegmenter(), random_state=0).fit(takes)
        assert model.n_cycles_ == 10
        assert sorted(model.cuts_) == ["a", "b"]
        assert mof_score([work[1], other[1]], list(model.labels_.values())) > 0.95
        assert model.fps_ == 10

    def test_score_compares_cycles(self, fitted, work):
        assert 2.2 < fitted.score(work[0]) <= 3
        with pytest.raises(ValueError, match="cycles"):
            fitted.score([work[0][:40]])
        with pytest.warns(UndefinedMetricWarning, match="score compares .*cycles"):
            assert np.isnan(fitted.score(work[0][:40]))


def test_files_give_the_same_as_memory(tmp_path, monkeypatch, work):
    frames = np.asarray(work[0], dtype=np.float16)
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", frames)
    files = open_arrays([tmp_path / "a.npy", tmp_path / "b.npy"])
    frames = frames.astype(float)
    cut_at(monkeypatch, *[work[2]] * 4)
    network = TemporalOTSegmenter(max_iter=5, n_networks=1)
    model = CyclicSegmenter(3, estimator=network, random_state=0)
    model.fit(files)
    other = clone(model).fit([frames, frames])
    np.testing.assert_array_equal(model.labels_[1], other.labels_[1])
    assert model.score(files) == pytest.approx(other.score([frames, frames]))
