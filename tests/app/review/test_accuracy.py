"""What is said of how much is right, by what people checked."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from skl_tot.app.review.entry import Stretch, Track
from skl_tot.app.review.results import Check, compare, estimate, measure

LABELS = st.lists(st.integers(-1, 2), min_size=1, max_size=12)


def segments(labels, cuts=()):
    """Segments of labels, cut at some frames besides."""
    labels = np.asarray(labels)
    is_start = np.r_[True, labels[1:] != labels[:-1]]
    is_start[list(cuts)] = True
    starts = np.flatnonzero(is_start)
    return Track(starts, labels[starts], np.zeros(len(starts), bool), len(labels))


CUTS = st.sets(st.integers(0, 11))


@given(LABELS, LABELS, st.tuples(CUTS, CUTS))
def test_compare_is_what_frames_say(first, second, cuts):
    n = min(len(first), len(second))
    pair = np.array([first[:n], second[:n]])
    both = [segments(*x) for x in zip(pair, [[c for c in x if c < n] for x in cuts])]
    check = compare(*both, 3)
    assert check.n_right_frames == (pair[0] == pair[1]).sum()
    sets = [
        [set(range(*x)) for x in zip(own.starts, [*own.starts[1:], n])] for own in both
    ]
    alike = np.zeros([len(own.codes) for own in both], bool)
    for i, j in np.ndindex(alike.shape):
        a, b = sets[0][i], sets[1][j]
        alike[i, j] = both[0].codes[i] == both[1].codes[j]
        alike[i, j] &= len(a & b) >= len(a | b) / 2
    matched = maximum_bipartite_matching(csr_array(alike))
    assert check.n_right_segments == (matched >= 0).sum()
    assert check[::2] == (n, len(both[0].codes), 3)


def drawn(rng, mean):
    """Check of a recording whose segments differ in length; recordings differ, too."""
    lengths = 5 + rng.geometric(1 / 40, rng.integers(5, 16))
    is_right = rng.random(len(lengths)) < rng.beta(20 * mean, 20 - 20 * mean)
    n_right_frames, n_frames = int(lengths[is_right].sum()), int(lengths.sum())
    return Check(n_frames, n_right_frames, len(lengths), int(is_right.sum()), 0)


def shares_of(checks):
    """Share of right frames and segments in all recordings together."""
    n_frames, n_right_frames, n_segments, n_right_segments, _ = np.sum(checks, axis=0)
    return {
        "frames": n_right_frames / n_frames,
        "segments": n_right_segments / n_segments,
    }


@pytest.mark.parametrize("mean", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("n_checked", [1, 2, 5, 20])
def test_intervals_have_the_truth_in_them(n_checked, mean):
    rng = np.random.default_rng(n_checked)
    hits, widths = {"frames": [], "segments": []}, []
    for _ in range(500):
        checks = [drawn(rng, mean) for _ in range(n_checked)]
        truth = shares_of([drawn(rng, mean) for _ in range(20)])
        accuracy = estimate(checks, 20, 0)
        for what, share in truth.items():
            interval = accuracy[what]
            hits[what].append(interval["low"] <= share <= interval["high"])
        widths.append(accuracy["frames"]["high"] - accuracy["frames"]["low"])
    assert np.mean(hits["frames"]) >= 0.85
    assert np.mean(hits["segments"]) >= 0.85
    assert np.mean(widths) < 1.2 / np.sqrt(n_checked)


def test_intervals_of_few_checks():
    """Without a spread they depend on the segments, and on how many are to be told."""

    def width(checks, n_rest=20):
        low, high = list(estimate(checks, n_rest, 0)["frames"].values())[1:]
        assert 0 <= low < high <= 1
        return high - low

    few, many = Check(90, 60, 3, 2, 0), Check(90, 60, 90, 60, 0)
    assert width([many]) < width([few])
    assert width([many] * 4) < width([many]) < width([many], n_rest=1)
    assert width([Check(90, 90, 9, 9, 0)] * 4) < width([Check(90, 90, 9, 9, 0)])
    other = Check(90, 30, 90, 30, 0)
    assert width([many, other]) > width([many] * 2)  # recordings that differ


def test_a_figure_has_a_history_and_is_said():
    checks = [Check(100, 50, 10, 4, 0), Check(300, 240, 10, 8, 1)]
    accuracy = estimate([*checks, Check(100, 100, 20, 20, 1)], 7, 1)
    assert accuracy["history"] == [
        {"n_learned": 0, "n_checked": 1, "frames": 0.5, "segments": 0.4},
        {"n_learned": 1, "n_checked": 2, "frames": 0.85, "segments": 28 / 30},
    ]
    assert accuracy["frames"]["share"] == 0.85  # of the latest model
    assert json.loads(json.dumps(accuracy)) == accuracy
    first, second = accuracy["sentences"]
    assert first.startswith("About 85 % (90 % interval: ")
    assert "7 recordings that are not checked" in first
    assert second.startswith("This is estimated from the 2 checked recordings: pred")
    again = estimate(checks, 7, 2)["sentences"][1]
    assert "from the 1 checked recording, before the model learned from them: " in again
    accuracy = estimate(checks, 0, 1)  # all are checked
    assert accuracy["frames"] == dict.fromkeys(["share", "low", "high"], 0.725)
    (said,) = accuracy["sentences"]
    assert said.startswith("In the 2 checked recordings, 72 % of the frames and 60 %")


def test_what_a_model_has_seen_tells_nothing():
    predicted, shown = np.repeat([[0, 0, 0, 1], [0, 0, 1, 1]], 5, axis=1)
    known = {"predicted": segments(predicted), "segments": segments(shown)}

    def entry(*stretches, seen=(), n_learned=1):
        checked = [Stretch(*own, n_learned) for own in stretches]
        own = {"checked": checked, "seen": seen}
        return SimpleNamespace(n_frames=20, **own, **known)

    other, seen = entry(), entry((0, 20, 1), seen=[(0, 20)])
    assert measure([seen, other], 1) is None
    whole = entry((0, 20, 2))
    found = measure([whole, seen, other, other], 2)
    assert "right in the 2 recordings that are not" in found["sentences"][0]
    assert found["history"][0]["frames"] == 0.75
    first = entry((0, 20, 1), n_learned=0)
    history = measure([whole, first, other], 2)["history"]
    assert [part["n_learned"] for part in history] == [0, 1]
    # stretches: those of one check are one, and none that the model has learned counts
    parts = entry((0, 4, 1), (4, 8, 2), (8, 12, 3), (16, 20, 2), seen=[(11, 13)])
    found = measure([parts, entry()], 3)
    samples = [Check(4, 4, 1, 1, 1), Check(8, 8, 2, 2, 1)]
    alike = estimate(samples, 4, 3, "stretch")  # as 24 frames are as 4 of 6
    assert (found["frames"], found["sentences"]) == (
        alike["frames"],
        alike["sentences"],
    )
    assert found["history"][0] == {
        "n_learned": 1, "n_checked": 2, "frames": 1, "segments": 1
    }  # fmt: skip
    wrong = measure([entry((5, 15, 1)), entry()], 0)["history"][0]
    assert (wrong["frames"], wrong["segments"]) == (0.5, 1)  # by half
    assert "in all that is not checked" in found["sentences"][0]
    assert found["sentences"][1].startswith("This is estimated from the 2 checked str")
