"""Cycles found in one recording, and cuts that are given."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.datasets import make_activities
from skl_tot.meta import cycles
from skl_tot.meta.cycles import (
    N_PHASES,
    Cycles,
    PhaseModel,
    _cut_line,
    _distances,
    _elect,
    _least_sum,
    find_cycles,
    find_origin,
    find_period,
    phases_between,
)
from skl_tot.meta.cyclic import check_cuts, cuts_of_path, errors_of_cycles
from skl_tot.recordings.errors import RecordingTypeError, RecordingValueError


def make_work(n_cycles=20, duration=60, drift=0.3, noise=0.7, missing=0.1, seed=0):
    """Frames of one recording of uneven actions, their labels and the true cuts."""
    rng = np.random.default_rng(seed)
    shares = np.array([0.35, 0.1, 0.25, 0.3])
    labels, cuts = [], [0]
    for pace in np.linspace(1 - drift / 2, 1 + drift / 2, n_cycles):
        lengths = duration * shares * pace * np.exp(rng.normal(scale=0.1, size=4))
        lengths = np.maximum(lengths.round().astype(int), 1)
        if rng.random() < missing:
            lengths[rng.integers(4)] = 0
        labels.append(np.repeat(np.arange(4), lengths))
        cuts.append(cuts[-1] + lengths.sum())
    labels = np.concatenate(labels)
    means = rng.normal(size=(4, 6))
    frames = means[labels] + noise * rng.normal(size=(len(labels), 6))
    return frames, labels, np.array(cuts)


def test_cycles_are_not_cut_in_half():
    """A first vote is for cycles of half the length, which are alike by turns only."""
    takes, _ = make_activities(9, 6, n_features=16, mean_length=20, random_state=0)
    cuts = find_cycles(np.concatenate(takes), 6, random_state=0)
    true = np.cumsum([0, *map(len, takes)])
    assert len(cuts) == len(true)
    assert np.abs(cuts - true).max() < 15


def test_a_long_recording_is_read_in_blocks(monkeypatch):
    frames, _, cuts = make_work(n_cycles=5, duration=100)
    monkeypatch.setattr(cycles, "MOST_BLOCKS", 2**8)
    monkeypatch.setattr("skl_tot.meta.cycles.BLOCK_BYTES", 2**12)
    found = find_cycles(frames.astype(np.float32), 4, random_state=0)
    assert len(found) == len(cuts)
    assert found[-1] == len(frames)
    assert (np.abs(cuts[:, None] - found).min(axis=1) <= 6).mean() >= 0.9


def test_cycles_that_are_few_or_none_make_a_warning():
    once = np.repeat(np.arange(4.0), 25)[:, None]
    noise = np.random.default_rng(0).normal(size=(16, 2))
    for frames in (once, np.ones((40, 2)), noise, noise[:10]):
        with pytest.warns(UserWarning, match="cycle"):
            cuts = find_cycles(frames, 4, random_state=0)
        assert cuts[0] == 0


def test_cycles_of_one_half_only_make_a_warning_that_names_labels():
    frames, _, _ = make_work(n_cycles=8, duration=40)
    others, _, _ = make_work(n_cycles=2, duration=160, seed=1)
    with pytest.warns(UserWarning, match=r"cycles=True"):
        find_cycles(np.concatenate([frames, others]), 4, random_state=0)


class TestRecurrence:
    def test_period(self):
        time = np.arange(900)
        frames = np.column_stack([np.sin(time / 50 * 2 * np.pi), 0 * time])
        assert abs(find_period(frames) - 50) <= 1

    def test_distances(self):
        frames = np.random.default_rng(0).normal(size=(40, 3))
        window = frames[5:12]
        expected = [np.square(frames[i : i + 7] - window).mean() for i in range(34)]
        np.testing.assert_allclose(_distances(frames, 5, 7), expected, atol=1e-12)

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
        np.testing.assert_array_equal(_least_sum(distances, nearest, farthest), found)


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


class TestCuts:
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
    def test_of_a_path(self, path, expected):
        np.testing.assert_array_equal(cuts_of_path(np.array(path), 4), expected)

    def test_given(self):
        lengths = np.array([50])
        for given_cuts in ([0, 10, 50], [[0, 10, 50]], np.array([0, 10, 50])):
            (checked,) = check_cuts(given_cuts, lengths)
            np.testing.assert_array_equal(checked, [0, 10, 50])
        series = pd.Series([0, 10, 50], index=[7, 8, 9])
        assert check_cuts(series, lengths)[0].tolist() == [0, 10, 50]
        checked = check_cuts([[3, 9], [0, 4, 20]], np.array([10, 20]))
        assert [x.tolist() for x in checked] == [[3, 9], [0, 4, 20]]


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
