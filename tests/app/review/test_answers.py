"""What a review answers: examples, merges, and how much is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from skl_tot.app.review import Review
from skl_tot.app.review.entry import Entry, Stretch, find_track
from skl_tot.app.review.results import compare, measure
from skl_tot.io import read_table
from skl_tot.metrics import mof_score


@pytest.fixture
def review(reviewed):
    return Review(*reviewed).open()


def bouts_of(review, code):
    """Recording, start, end and mean confidence of each bout, by a loop over frames."""
    for i, entry in enumerate(review.state.entries):
        labels, start = entry.segments.labels(), 0
        for end in range(1, len(labels) + 1):
            if end == len(labels) or labels[end] != labels[start]:
                if labels[start] == code:
                    confidence = entry.confidence[start:end].astype(float)
                    yield i, start, end, confidence.mean()
                start = end


def test_equal_parts_are_compared_with_what_is_shown(review):
    review.relabel(0, 0, "new")
    paths = [entry.segments.labels() for entry in review.state.entries]
    parts = [np.arange(len(path)) * 4 // len(path) for path in paths]
    share = float(review.equal_parts.split()[5])
    assert share == pytest.approx(100 * mof_score(paths, parts), abs=2)


def test_examples_are_the_surest_and_the_least_sure(review):
    known = list(bouts_of(review, 1))
    found = review.examples("action 2", 1)
    keys = ["recording", "start", "end", "confidence"]
    assert all(tuple(own[key] for key in keys) in known for own in found)
    assert [own["kind"] for own in found] == ["typical", "doubtful"]
    sure = [own[3] for own in known]
    assert round(found[0]["confidence"], 2) == round(max(sure), 2)
    sure.remove(found[0]["confidence"])
    assert found[1]["confidence"] == min(sure)
    assert review.examples(1) == review.examples("action 2", 5)
    assert len(review.examples("action 2", 100)) == len(known)


def test_examples_of_people_are_not_doubtful(review):
    """And of a recording there are two at most."""
    for frame in range(2, 12, 2):
        review.assign(0, 4 * frame, 4 * frame + 2, "blink")
    review.assign(3, 4, 8, "blink")
    found = review.examples("blink")
    assert [own["recording"] for own in found].count(0) == 2
    assert found[0]["kind"] == "typical"
    first, *_ = bouts_of(review, 1)
    review.relabel(first[0], first[1], "new")
    (found,) = review.examples("new")
    assert (found["kind"], found["confidence"]) == ("typical", 0)  # of the model
    for recording in range(4):
        review.check(recording)
    assert {own["kind"] for own in review.examples("action 2", 1)} == {"typical"}


def test_boundaries_of_the_model_have_intervals(reviewed, tmp_path):
    model, recordings = reviewed
    review = Review(model, recordings, tmp_path).open()
    names = ["start_time", "start_low", "start_high"]
    table = review.table()[["recording", *names]]
    for name, own in table.groupby("recording"):
        at, low, high = own[names].to_numpy().T
        assert np.isnan([low[0], high[0]]).all()  # the recording begins here
        assert (low[1:] <= at[1:]).all(), name
        assert (at[1:] <= high[1:]).all()
    frame = int(review.state.entries[1].segments.starts[1])
    review.move(1, frame, frame + 1)
    review.check(2)
    after = review.table()
    assert after.query("recording == 'c'")[names[1:]].isna().all(axis=None)
    known = after.query("recording == 'b'")["start_low"].notna().tolist()
    assert known[:2] == [False, False]
    assert all(known[3:])
    review.save()
    assert read_table(tmp_path / "segments.csv")[names].equals(after[names])
    review.undo()
    review.undo()
    assert review.table()[["recording", *names]].equals(table)
    review.close()


def test_pairs_are_suggested_until_they_are_answered(split_fit, monkeypatch):
    review = Review(*split_fit).open()
    pairs = [own["actions"] for own in review.suggest_merges()]
    assert len(pairs) > 1
    names = [[review.state.names[code] for code in pair] for pair in pairs]
    assert review.keep_apart(*names[0][::-1]).endswith("are two actions")
    assert [own["actions"] for own in review.suggest_merges()] == pairs[1:]
    state = review.state
    review.keep_apart(*pairs[0])
    assert review.state is state
    review.undo()
    assert [own["actions"] for own in review.suggest_merges()] == pairs
    into, action = pairs[0]
    review.merge(action, into)
    assert pairs[0] not in [own["actions"] for own in review.suggest_merges()]
    review.undo()
    for recording in range(16):
        review.check(recording)
    assert review.suggest_merges() == []  # as people say that both are there
    monkeypatch.setattr("skl_tot.app.review.answers.SURE", 0.5)  # as a model may be
    assert Review(*split_fit).open().suggest_merges() == []


# How much is right

LABELS = st.lists(st.integers(-1, 2), min_size=1, max_size=12)
CUTS = st.sets(st.integers(0, 11))


def track(labels, cuts=()):
    """Segments of labels, cut at some frames besides."""
    by_hand = np.zeros(len(labels), bool)
    return find_track(np.asarray(labels), by_hand, np.array([*cuts]))


@given(LABELS, LABELS, st.tuples(CUTS, CUTS))
def test_compare_is_what_frames_say(first, second, cuts):
    n = min(len(first), len(second))
    pair = np.array([first[:n], second[:n]])
    both = [track(*x) for x in zip(pair, [[c for c in x if c < n] for x in cuts])]
    check = compare(*both, 3)
    assert check.n_right_frames == (pair[0] == pair[1]).sum()
    ends = [[*own.starts[1:], n] for own in both]
    sets = [[set(range(*x)) for x in zip(own.starts, e)] for own, e in zip(both, ends)]
    alike = np.zeros([len(own.codes) for own in both], bool)
    for i, j in np.ndindex(alike.shape):
        a, b = sets[0][i], sets[1][j]
        alike[i, j] = both[0].codes[i] == both[1].codes[j]
        alike[i, j] &= len(a & b) >= len(a | b) / 2
    matched = maximum_bipartite_matching(csr_array(alike))
    assert check.n_right_segments == (matched >= 0).sum()
    assert check[::2] == (n, len(both[0].codes), 3)


def test_what_a_model_has_seen_tells_nothing():
    predicted, shown = np.repeat([[0, 0, 0, 1], [0, 0, 1, 1]], 5, axis=1)
    tracks = {"predicted": track(predicted), "segments": track(shown)}

    def entry(*stretches, seen=(), n_learned=1):
        checked = tuple(Stretch(*stretch, n_learned) for stretch in stretches)
        breaks, confidence = np.zeros(0, int), np.ones(20)
        told = {"confidence": confidence, "checked": checked, "seen": seen}
        return Entry(breaks, **told, **tracks)

    other, seen = entry(), entry((0, 20, 1), seen=((0, 20),))
    assert measure([seen, other]) is None
    whole = entry((0, 20, 2))
    accuracy = measure([whole, seen, other, other])
    assert accuracy["history"][0]["frames"] == 0.75
    assert "frames" not in accuracy  # what is checked was chosen
    assert "%" not in str(accuracy["sentences"])
    first = entry((0, 20, 1), n_learned=0)
    assert [own["n_learned"] for own in measure([whole, first])["history"]] == [0, 1]
    assert measure([whole, seen, first])["frames"] == 0.75
    # stretches: those of one check are one, and none that the model has learned counts
    parts = entry((0, 4, 1), (4, 8, 2), (8, 12, 3), (16, 20, 2), seen=((11, 13),))
    (history,) = measure([parts, entry()])["history"]
    assert history == {"n_learned": 1, "n_checked": 2, "frames": 1, "segments": 1}
    wrong = measure([entry((5, 15, 1)), entry()])["history"][0]
    assert (wrong["frames"], wrong["segments"]) == (0.5, 1)  # by half
