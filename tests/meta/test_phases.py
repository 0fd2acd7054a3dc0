"""Phases of cycles, and which of several numbers of cycles is taken."""

import numpy as np
import pytest

from skl_tot.meta.cycle_search import Candidate, _cuts, _elect, errors_of_cycles
from skl_tot.meta.phases import (
    N_PHASES,
    PhaseModel,
    find_occurrences,
    find_origin,
    phases_between,
)
from skl_tot.recordings.errors import RecordingTypeError, RecordingValueError


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


@pytest.mark.parametrize(("first", "origin"), [(1, 0), (9, 10)])
def test_a_boundary_just_ahead_comes_after_one_just_behind(first, origin):
    assert find_origin(make_phases([0, 2, 10], [1.0, 9.0, 5.0], first), 3) == origin


def test_arcs_weigh_as_many_frames_as_they_have():
    model = make_phases([0, 8, 16], [0.0, 1.0, 1.9], 17)
    assert find_origin(model, 2) in (0, 8)
    often = np.concatenate([model.path, np.repeat(np.arange(8, 24), 40)])
    assert find_origin(model._replace(path=often), 2) == 16


def test_time_runs_evenly_before_and_after_occurrences():
    phases = phases_between(np.array([10, 20, 40]), 60)
    assert phases[[10, 15, 20, 30]].tolist() == [0, 12, 0, 12]
    # 15 frames a cycle
    assert phases[[1, 4, 9]].tolist() == [9, 14, 22]
    assert phases[[40, 46, 51, 56]].tolist() == [0, 9, 17, 1]


@pytest.mark.parametrize("seed", range(3))
def test_occurrences_are_a_period_apart(seed):
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * np.arange(600) / 30
    frames = np.c_[np.sin(angles), np.cos(angles)] + rng.normal(
        scale=0.5, size=(600, 2)
    )
    found = find_occurrences(frames, 30, np.random.RandomState(seed))
    assert len(found) >= 18
    assert np.abs(np.diff(found) - 30).max() < 15


class TestCutsOfPhases:
    def test_a_piece_at_the_start_is_no_cycle(self):
        path = np.r_[22, 23, np.tile(np.arange(N_PHASES), 2)]
        np.testing.assert_array_equal(_cuts(path, 0, 1, 50), [0, 26, 50])

    def test_half_a_cycle_at_the_start_is_one(self):
        path = np.r_[12:24, np.tile(np.arange(N_PHASES), 2)]
        np.testing.assert_array_equal(_cuts(path, 0, 2, 120), [0, 24, 72, 120])

    @pytest.mark.parametrize(("n_left", "end"), [(13, 24), (14, 38)])
    def test_the_end_is_a_cycle_from_its_middle_on(self, n_left, end):
        path = np.r_[0:24, 0:n_left]
        assert _cuts(path, 0, 1, len(path))[-1] == end


def make_candidates(lengths, period=100):
    return [Candidate(period, length, None, None, 0, None) for length in lengths]


class TestVote:
    def test_few_cycles_agree_by_chance(self):
        best, n_votes = _elect(make_candidates([250] * 5 + [50] * 4), 1000)
        assert (best.length, n_votes) == (50, 4)
        best, n_votes = _elect(make_candidates([250] * 9 + [50] * 4), 1000)
        assert (best.length, n_votes) == (250, 9)

    def test_those_that_stay_come_first(self):
        candidates = make_candidates([100, 100]) + make_candidates([100], period=98)
        assert _elect(candidates[::-1], 1000)[0].period == 100


@pytest.mark.parametrize("kind", [RecordingTypeError, RecordingValueError])
def test_errors_of_cycles_are_of_their_recordings(kind):
    cuts = [np.array([0, 9]), np.array([2, 5, 8]), np.array([1, 4])]
    places = [(0, 0, 9), (1, 2, 5), (1, 5, 8), (2, 1, 4)]
    for number, (video, start, end) in enumerate(places):
        text = f": frames {start} to {end}: odd"
        with pytest.raises(kind, match=text) as caught, errors_of_cycles(cuts):
            raise kind("odd.", number)
        assert caught.value.recording == video
