"""Agreement of equal parts with labels, against the score of their frames."""

import numpy as np
import pytest

from skl_tot.io import segments
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.recordings.labels import equal_parts
from skl_tot.statistics.actions import share_of_equal_parts
from skl_tot.statistics.bouts import collect_bouts

N_ACTIONS = 3


@pytest.fixture
def labels():
    """Recordings of lengths that three parts divide, in an order that is not sorted."""
    rng = np.random.default_rng(0)
    found = []
    for n_frames in (30, 60, 45, 90):
        first, second = np.sort(rng.choice(np.arange(1, n_frames), 2, replace=False))
        lengths = [first, second - first, n_frames - second]
        found.append(np.repeat([2, 0, 1], lengths))
    return found


def score_by_frames(labels):
    parts = [equal_parts(len(path), N_ACTIONS) for path in labels]
    return mof_score(labels, parts, background=-1)


@pytest.mark.parametrize("fps", [None, 12.5])
def test_is_the_score_of_the_frames_of_parts(labels, fps):
    expected = score_by_frames(labels)
    assert expected < 0.9
    assert share_of_equal_parts(collect_bouts(labels, fps)) == pytest.approx(expected)
    table = segments({f"r{i}": path for i, path in enumerate(labels)}, fps)
    assert share_of_equal_parts(collect_bouts(table)) == pytest.approx(expected)


def test_background_agrees_with_no_part(labels):
    labels = [np.where(np.arange(len(path)) < 9, -1, path) for path in labels]
    expected = score_by_frames(labels)
    assert share_of_equal_parts(collect_bouts(labels)) == pytest.approx(expected)
    nothing = [np.full(5, -1)]
    assert share_of_equal_parts(collect_bouts(nothing)) == 0


def test_equal_parts_agree_with_themselves_even_across_a_break():
    paths = [np.repeat([1, 0, 2], n) for n in (4, 10)]
    times = [np.arange(len(path)) + 50.0 for path in paths]
    times[1][15:] += 1000
    recordings = Recordings(paths, ["a", "b"], fps=1, times=times, breaks=[[], [15]])
    assert share_of_equal_parts(collect_bouts(recordings)) == pytest.approx(1)
