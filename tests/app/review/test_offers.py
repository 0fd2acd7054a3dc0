"""Offers of a review: examples of actions, alternatives, actions that are alike."""

import itertools
import json
import shutil
import subprocess

import numpy as np
import pytest

from skl_tot.app.review import Review
from skl_tot.app.review.calls import Calls
from skl_tot.app.review.server import MODULES
from skl_tot.app.web import joined
from skl_tot.corrections.questions import find_typical, mean_and_spread
from skl_tot.io import read_table
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings


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
                    own = entry.confidence[start:end].astype(float).mean()
                    yield i, start, end, own
                start = end


def test_examples_are_the_surest_and_the_least_sure(review):
    known = list(bouts_of(review, 1))
    found = review.examples("action 1", 1)
    keys = ["recording", "start", "end", "confidence"]
    assert all(tuple(own[key] for key in keys) in known for own in found)
    assert [own["kind"] for own in found] == ["typical", "doubtful"]
    sure = [own[3] for own in known]
    assert round(found[0]["confidence"], 2) == round(max(sure), 2)
    sure.remove(found[0]["confidence"])
    assert found[1]["confidence"] == min(sure)
    assert review.examples(1) == review.examples("action 1", 5)
    assert len(review.examples("action 1", 100)) == len(known)


def test_examples_of_people_are_not_doubtful(review):
    first, *_ = bouts_of(review, 1)
    review.relabel(first[0], first[1], "new")
    (found,) = review.examples("new")
    assert (found["kind"], found["confidence"]) == ("typical", 0)  # of the model
    for recording in range(4):
        review.check(recording)
    assert {own["kind"] for own in review.examples("action 1", 1)} == {"typical"}


def test_at_most_two_examples_of_a_recording(review):
    for frame in range(2, 12, 2):
        review.assign(0, 4 * frame, 4 * frame + 2, "blink")
    review.assign(3, 4, 8, "blink")
    found = review.examples("blink")
    assert [own["recording"] for own in found].count(0) == 2
    assert found[0]["kind"] == "typical"


def test_assign_is_as_frame_by_frame(review):
    """For any stretch, also over breaks and at the ends; one step to undo."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        recording = int(rng.integers(4))
        before = review.state.entries[recording]
        n = before.n_frames
        start, end = np.sort(rng.choice(n + 1, 2, replace=False)).tolist()
        code = int(rng.integers(-1, 3))
        expected = before.segments.labels()
        expected[start:end] = code
        state = review.state
        review.assign(recording, start, end, code)
        after = review.state.entries[recording]
        assert (after.segments.labels() == expected).all()
        starts = after.segments.starts
        place = np.searchsorted(starts, start, "right") - 1
        assert after.segments.by_hand[place]
        if start > 0 and expected[start - 1] == code and start not in before.breaks:
            assert start not in starts
        if review.state is not state:
            review.undo()
            assert review.state is state
            review.redo()


def test_the_preview_of_a_held_key_is_what_it_makes(reviewed, tmp_path):
    """In JavaScript, for stretches in a recording with a break."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    model, recordings = reviewed
    times = np.arange(len(recordings.arrays[0])) * 0.1
    times[20:] += 3
    one = Recordings(recordings.arrays[:1], ["a"], fps=10, times=[times], breaks=[[20]])
    calls = Calls(lambda _: Review(model, one))
    calls.start()
    calls.wait()
    (row,) = calls.call("open", {})["rows"]
    spans = [(0, 3), (2, 30), (18, 20), (20, 22), (0, len(times)), (19, len(times))]
    rows = []
    for start, end in spans:
        calls.review.assign(0, start, end, 2)
        calls.update()
        rows.append(calls.call("open", {})["rows"][0]["prediction"])
        calls.review.undo()
    path = tmp_path / "preview.mjs"
    own = [(float(times[a]), float(times[b - 1] + 0.1)) for a, b in spans]
    values = json.dumps([row, own])
    shown = "([from, to]) => painted(row, from, to, 2).prediction"
    shown = f"console.log(JSON.stringify(spans.map({shown})))"
    text = joined("web/timelines.js", "review/holding.js")
    path.write_text(f"{text}\nconst [row, spans] = {values};\n{shown}", "utf-8")
    done = subprocess.run([node, path], capture_output=True, encoding="utf-8")
    assert done.stderr == ""
    for drawn, made in zip(json.loads(done.stdout), rows, strict=True):
        assert labelled(drawn, times) == labelled(made, times)


def test_the_modules_of_a_notebook_share_no_name(tmp_path):
    """There they are one module."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    path = tmp_path / "widget.mjs"
    path.write_text(joined(*MODULES, "review/widget.js"), "utf-8")
    done = subprocess.run(
        [node, "--check", path], capture_output=True, encoding="utf-8"
    )
    assert done.stderr == ""


def labelled(prediction, times):
    """Code at each of some times, between boundaries."""
    places = np.searchsorted(prediction["start"], times + 0.05, "right") - 1
    return [prediction["code"][k] for k in places.tolist()]


# Alternatives of a vote


def test_an_alternative_is_taken_and_undone(open_vote, free_videos, tmp_path):
    review = Review(open_vote, free_videos, tmp_path).open()
    names = [own.name for own in open_vote.alternatives_]
    assert [own.name for own in review.alternatives] == names
    review.rename("action 0", "pour")
    review.check(0)
    review.relabel(1, 0, "wipe")
    first, labels = review.state, review.labels()
    said = review.use_alternative(names[1])
    assert said == f"the alternative is {names[1]!r}"
    assert [own.name for own in review.alternatives] == names[::-1]
    expected = open_vote.alternative(names[1]).predict(free_videos)
    found = review.labels()
    assert (found[0] == labels[0]).all()  # checked
    assert found[1][0] == "wipe"
    pairs = {}  # of numbers and names
    for number, word in zip(np.concatenate(expected[2:]), np.concatenate(found[2:])):
        pairs.setdefault(number, set()).add(word)
    assert all(len(words) == 1 for words in pairs.values())
    assert len({*map(str, pairs.values())}) == len(pairs)
    assert (np.concatenate(found[2:]) == np.concatenate(labels[2:])).mean() > 0.3
    assert not any(entry.changed for entry in review.state.entries)
    after = review.state
    review.close()
    review = Review(open_vote, free_videos, tmp_path).open()  # from the log
    assert [own.name for own in review.alternatives] == names[::-1]
    assert all(map(np.array_equal, review.labels(), found))
    assert review.use_alternative(0) == f"the alternative is {names[1]!r}"  # as it is
    review.undo()
    assert all(map(np.array_equal, review.labels(), labels))
    review.use_alternative(1)
    assert review.state.names == after.names
    review.undo()
    assert review.state.names == first.names
    review.learn()
    assert review.alternatives == []
    with pytest.raises(ValueError, match="no alternatives, or has learned labels"):
        review.use_alternative(1)
    review.close()


@pytest.mark.parametrize("key", ["other", 2, -1, True, None])
def test_unknown_alternatives_are_refused(open_vote, free_videos, key):
    review = Review(open_vote, free_videos).open()
    with pytest.raises(ValueError, match=r"alternative is .* expected one of \['most"):
        review.use_alternative(key)
    assert not review.undoable


def open_calls(*args):
    """Calls of a review that is read."""
    calls = Calls(lambda _: Review(*args))
    calls.start()
    calls.wait()
    return calls


def asked(calls):
    """Alternatives as pages get them."""
    return json.loads(json.dumps(calls.call("alternatives", {})))


def test_pages_get_bars_of_each_alternative(open_vote, free_videos):
    calls = open_calls(open_vote, free_videos)
    reply = asked(calls)
    names = [row["name"] for row in reply["alternatives"]]
    assert calls.call("open", {})["alternatives"] == names == ["most members", "mixed"]
    chosen = find_typical([mean_and_spread(video) for video in free_videos], 3)
    for place, row in enumerate(reply["alternatives"]):
        paths = open_vote.alternative(place).predict(free_videos)
        for own, i in zip(row["rows"], chosen, strict=True):
            starts = [0, *(np.flatnonzero(np.diff(paths[i])) + 1).tolist()]
            assert own["name"] == f"{i}"
            assert own["prediction"]["start"] == starts
            assert {*map(str, own["prediction"]["code"])} <= reply["names"].keys()
    assert [row["is_own"] for row in reply["alternatives"]] == [True, False]
    assert reply["alternatives"][0]["sentences"] == [
        open_vote.alternatives_[0].sentence
    ]
    assert "% of the frames of the fit" in reply["alternatives"][1]["sentences"][-1]


def test_equal_colours_are_about_the_same_action(open_vote, free_videos):
    """Also after an alternative is taken, and with edits that it does not have."""
    calls = open_calls(open_vote, free_videos)
    chosen = find_typical([mean_and_spread(video) for video in free_videos], 3)

    def codes_of(name):
        (row,) = [x for x in asked(calls)["alternatives"] if x["name"] == name]
        paths = []
        for own, i in zip(row["rows"], chosen):
            starts, codes = own["prediction"]["start"], own["prediction"]["code"]
            ends = [*starts[1:], len(free_videos[i])]
            paths.append(np.repeat(codes, np.subtract(ends, starts).astype(int)))
        return np.concatenate(paths)

    first, second = codes_of("most members"), codes_of("mixed")
    plain = [open_vote.predict([free_videos[i] for i in chosen])]
    plain += [open_vote.alternative(1).predict([free_videos[i] for i in chosen])]
    assert (first == second).mean() == mof_score(*plain) > 0.3
    calls.review.check(chosen[0])
    calls.review.relabel(chosen[1], 0, "wipe")
    assert (codes_of("most members") == first).all()
    calls.review.use_alternative(1)
    assert (codes_of("most members") == codes_of("mixed")).mean() == mof_score(*plain)


def test_labels_of_one_recording_rank_alternatives(open_vote, free_videos):
    calls = open_calls(open_vote, free_videos)
    review, paths = calls.review, open_vote.alternative(1).predict(free_videos)
    assert review.rank_alternatives() == {}
    edges = [0, *(np.flatnonzero(np.diff(paths[2])) + 1).tolist(), len(paths[2])]
    for start, end in itertools.pairwise(edges):
        review.assign(2, start, end, f"step {paths[2][start]}")
    ranks = review.rank_alternatives()
    assert list(ranks) == ["mixed", "most members"]
    assert ranks["mixed"] == 1
    assert ranks["most members"] == mof_score(
        paths[2], open_vote.predict(free_videos[2])
    )
    rows = asked(calls)["alternatives"]
    assert [(row["name"], row["is_own"]) for row in rows] == [
        ("mixed", False),
        ("most members", True),
    ]
    for row in rows:
        share = f"{100 * ranks[row['name']]:.0f} % of the labelled frames are right."
        assert row["sentences"][0] == share
    review.use_alternative("mixed")
    assert [row["is_own"] for row in asked(calls)["alternatives"]] == [True, False]
    review.learn()
    assert review.rank_alternatives() == {}


# Intervals of boundaries


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
    review.close()
    review = Review(model, recordings, tmp_path)
    assert review.table().equals(after)
    assert read_table(tmp_path / "segments.csv")[names].equals(after[names])
    review.undo()
    review.undo()
    assert review.table()[["recording", *names]].equals(table)
    review.close()


# Actions that are alike


def test_pairs_are_suggested_until_they_are_answered(split_fit, tmp_path):
    review = Review(*split_fit, tmp_path).open()
    pairs = [own["actions"] for own in review.suggest_merges()]
    assert len(pairs) > 1
    names = [[review.state.names[code] for code in pair] for pair in pairs]
    assert review.keep_apart(*names[0][::-1]).endswith("are two actions")
    assert [own["actions"] for own in review.suggest_merges()] == pairs[1:]
    state = review.state
    review.keep_apart(*pairs[0])
    assert review.state is state
    review.close()
    review = Review(*split_fit, tmp_path)
    assert [own["actions"] for own in review.suggest_merges()] == pairs[1:]
    review.undo()
    assert [own["actions"] for own in review.suggest_merges()] == pairs
    into, action = pairs[0]
    review.merge(action, into)
    assert pairs[0] not in [own["actions"] for own in review.suggest_merges()]
    for wrong in (into, "background"):
        with pytest.raises(ValueError, match=r"other is .* expected an action, other"):
            review.keep_apart(into, wrong)
    review.close()
