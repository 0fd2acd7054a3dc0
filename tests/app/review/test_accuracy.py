"""What is said of how much is right, by what people checked."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from skl_tot.app.review.accuracy import Check, compare, estimate, measure
from skl_tot.app.review.state import Segments, Stretch

LABELS = st.lists(st.integers(-1, 2), min_size=1, max_size=12)


def segments(labels, cuts=()):
    """Segments of labels, cut at some frames besides."""
    labels = np.asarray(labels)
    is_start = np.r_[True, labels[1:] != labels[:-1]]
    is_start[list(cuts)] = True
    starts = np.flatnonzero(is_start)
    return Segments(starts, labels[starts], np.zeros(len(starts), bool))


CUTS = st.sets(st.integers(0, 11))


@given(LABELS, LABELS, st.tuples(CUTS, CUTS))
def test_compare_is_what_frames_say(first, second, cuts):
    n = min(len(first), len(second))
    pair = np.array([first[:n], second[:n]])
    both = [segments(*x) for x in zip(pair, [[c for c in x if c < n] for x in cuts])]
    check = compare(*both, n, 3)
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


def drawn(rng, angle, n_learned, n_frames=200, n_segments=200):
    """Check of a recording that differs from others by an angle of about 0.12."""
    share = np.sin(np.clip(angle + rng.normal(0, 0.12), 0, np.pi / 2)) ** 2
    rights = round(share * n_frames), round(share * n_segments)
    return Check(n_frames, rights[0], n_segments, rights[1], n_learned)


@pytest.mark.parametrize("n_checked", [2, 5, 10])
def test_intervals_have_the_truth_in_them(n_checked):
    rng = np.random.default_rng(n_checked)
    hits, widths = [], []
    for _ in range(400):
        angle = rng.normal(1.0, 0.15)
        checks = [drawn(rng, angle, 2) for _ in range(n_checked)]
        rest = [drawn(rng, angle, 2) for _ in range(20)]
        truth = sum(x.n_right_frames for x in rest) / sum(x.n_frames for x in rest)
        found = estimate(checks, 20, 2)["frames"]
        hits.append(found["low"] <= truth <= found["high"])
        widths.append(found["high"] - found["low"])
    assert 0.85 <= np.mean(hits) <= 0.98  # what is learned adds some
    assert np.mean(widths) < 0.5 / np.sqrt(n_checked)


def test_what_tells_less_is_less_certain():
    """Few segments, and checks of a model that has learned since; which is better."""
    few, many = Check(90, 60, 3, 2, 1), Check(90, 60, 90, 60, 1)
    found = [estimate([own] * 4, 20, n) for own, n in [(many, 1), (few, 1), (many, 5)]]
    for what, others in (("segments", found[1:]), ("frames", found[2:])):
        width, *widths = (
            own[what]["high"] - own[what]["low"] for own in [found[0], *others]
        )
        assert min(widths) > 1.1 * width
        assert found[2][what]["share"] > found[0][what]["share"]
    first = estimate([many._replace(n_learned=0)] * 4, 20, 0)
    assert first["frames"]["share"] < found[0]["frames"]["share"]


def test_a_figure_has_a_history_and_is_said():
    checks = [Check(100, 50, 10, 4, 0), Check(300, 240, 10, 8, 1)]
    found = estimate([*checks, Check(100, 100, 20, 20, 1)], 7, 3)
    assert found["history"] == [
        {"n_learned": 0, "n_checked": 1, "frames": 0.5, "segments": 0.4},
        {"n_learned": 1, "n_checked": 2, "frames": 0.85, "segments": 28 / 30},
    ]
    assert json.loads(json.dumps(found)) == found
    said = " ".join(found["sentences"])
    assert f"About {100 * found['frames']['share']:.0f} % (90 % interval: " in said
    assert "7 recordings that are not checked. This is estimated from the 3" in said
    found = estimate(checks, 0, 1)  # all are checked
    assert found["frames"] == dict.fromkeys(["share", "low", "high"], 0.725)
    (said,) = found["sentences"]
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
    assert (found["n_checked"], found["n_rest"]) == (1, 2)
    assert found["history"][0]["frames"] == 0.75
    first = entry((0, 20, 1), n_learned=0)
    history = measure([whole, first, other], 2)["history"]
    assert [part["n_learned"] for part in history] == [0, 1]
    # stretches: those of one check are one, and none that the model has learned counts
    parts = entry((0, 4, 1), (4, 8, 2), (8, 12, 3), (16, 20, 2), seen=[(11, 13)])
    found = measure([parts, entry()], 3)
    assert (found["n_checked"], found["n_rest"]) == (2, 4)  # 24 frames are as 4 of 6
    assert found["history"][0] == {
        "n_learned": 1, "n_checked": 2, "frames": 1, "segments": 1
    }  # fmt: skip
    wrong = measure([entry((5, 15, 1)), entry()], 0)["history"][0]
    assert (wrong["frames"], wrong["segments"]) == (0.5, 1)  # by half
    assert "in all that is not checked" in found["sentences"][0]
    assert found["sentences"][1].startswith("This is estimated from the 2 checked str")
