"""What actions of a review change, and what they leave."""

import re
import tempfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.app.review import Review
from skl_tot.app.review.entry import GONE
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import rename
from skl_tot.datasets import make_activities
from skl_tot.recordings import Recordings


@pytest.fixture(scope="module")
def videos():
    videos, _ = make_activities(n_videos=4, n_actions=3, mean_length=30, random_state=0)
    breaks = [[9], [], [4, 20], []]
    return Recordings(videos, list("abcd"), fps=10, breaks=breaks)


@pytest.fixture(scope="module")
def model(videos):
    return MallowSegmenter(3, random_state=0).fit(videos)


@pytest.fixture
def review(model, videos):
    return Review(model, videos).open()


def check_valid(state):
    """Segments leave no frame out, do not go on over breaks, and show known actions."""
    for entry in state.entries:
        for own in entry.tracks().values():
            assert own.starts[0] == 0
            assert (np.diff(np.append(own.starts, entry.n_frames)) > 0).all()
            assert np.isin(entry.breaks, own.starts).all()
            known = {*state.names, *[GONE] * (own is entry.predicted)}
            assert set(own.codes.tolist()) <= known
            assert len(own.starts) == len(own.codes) == len(own.by_hand)
        ends = [0, *(end for own in entry.checked for end in own[:2]), entry.n_frames]
        assert ends == sorted(ends)
        assert all(start < end for start, end, *_ in entry.checked)
        if entry.changed:
            assert not entry.is_checked()
    assert len(set(state.names.values())) == len(state.names)


def is_learned(entry, known, is_checked):
    """Whether the model has learned the known frames, but for checks before it."""
    learned = np.zeros(entry.n_frames, bool)
    for start, end in entry.seen:
        learned[start:end] = True
    return np.array_equal(learned[~is_checked], known[~is_checked])


recordings, frames = st.integers(-1, 4), st.integers(-1, 31)
actions = st.sampled_from(["action 1", "action 3", "x", "y", "background", 1, 7, " z"])
ARGUMENTS = {
    "rename": (actions, actions),
    "relabel": (recordings, frames, actions),
    "assign": (recordings, frames, frames, actions),
    "move": (recordings, frames, frames),
    "cut": (recordings, frames),
    "check": (recordings, frames, st.none() | frames, st.booleans()),
    "merge": (actions, actions),
    "keep_apart": (actions, actions),
    "split": (actions,),
    "keep": (st.none() | recordings,),
    "take_back": (st.none() | recordings,),
    **dict.fromkeys(["learn", "undo", "redo"], ()),
}
STEPS = [st.tuples(st.just(name), *own) for name, own in ARGUMENTS.items()]
OF_ONE = ("relabel", "assign", "move", "cut", "check", "keep", "take_back")


def do(review, step):
    """Do something, which changes what it names, or is refused and changes nothing."""
    before = review.state
    name, *arguments = step
    try:
        getattr(review, name)(*arguments)
    except ValueError:
        assert review.state is before
        return
    pairs = enumerate(zip(before.entries, review.state.entries))
    changed = {i for i, (old, new) in pairs if old is not new}
    if name in OF_ONE and arguments[0] is not None:
        assert changed <= {arguments[0]}
    if name == "rename":
        assert not changed
    if name not in ("rename", *OF_ONE[:2], "merge", "split", "learn", "undo", "redo"):
        assert review.state.names == before.names
    if name not in ("merge", "split", "learn", "take_back", "undo", "redo"):
        assert review.state.model == before.model
    for old, new in zip(before.entries, review.state.entries):
        if name in OF_ONE and review.state.model == before.model:
            assert new.predicted is old.predicted
            assert new.confidence is old.confidence
        if name == "learn" and old.is_checked():
            assert new.segments is old.segments
        if name in ("learn", "take_back"):  # keeps what people made or checked
            tracks = [own.segments for own in (old, new)]
            by_hand, still = (own.spread(own.by_hand) for own in tracks)
            known = old.frames_checked()
            if name == "learn":
                assert (still >= by_hand).all()
                was_checked, known = known, known | by_hand
                assert new.is_checked() or is_learned(new, known, was_checked)
                tracks_before = (own.predicted.labels() for own in (old, new))
                before, after = (own[was_checked] for own in tracks_before)
                assert (before == after).all()
            labels, after = (own.labels() for own in tracks)
            assert (labels == after)[known].all()


@pytest.mark.filterwarnings("ignore:Labels show one action")
@settings(max_examples=15)
@given(steps=st.lists(st.one_of(STEPS), max_size=12))
def test_any_steps_leave_it_whole_and_are_undone(model, videos, plain, steps):
    folder = tempfile.TemporaryDirectory()
    review = Review(model, videos, folder.name).open()
    first = plain(review.state)
    for step in steps:
        do(review, step)
        check_valid(review.state)
    last = plain(review.state)
    review.close()
    review = Review(model, videos, folder.name)
    assert plain(review.state) == last
    n_done = 0
    while review.undoable:
        review.undo()
        n_done += 1
    assert plain(review.state) == first
    for _ in range(n_done):
        review.redo()
    assert plain(review.state) == last
    review.close()
    folder.cleanup()


def test_codes_of_text_names_are_in_their_order(model, videos):
    """So that colours are those of pictures."""
    review = Review(rename(model, ["c", "a", "b"]), videos).open()
    assert review.actions == ["a", "b", "c"]
    assert review.state.actions == (2, 0, 1)
    labels = rename(model, ["c", "a", "b"]).predict(videos)
    for name, words in review.labels().items():
        np.testing.assert_array_equal(words, labels[name])


def shown(review, i=0):
    """Segments of a recording, as text: action, start, end."""
    own = review.table().query("recording == @review.recordings.names[@i]")
    return list(zip(own["action"], own["start"], own["end"]))


def test_relabel_changes_one_segment_and_joins(review):
    (action, _, end), *rest = before = shown(review)
    table, a = review.table(), "recording == 'a'"
    review.relabel("a", 0, "new")
    assert shown(review) == [("new", 0, end), *rest]
    assert review.actions[-1] == "new"
    assert review.table().query(a)["confidence"].iloc[0] == 1  # what people say is so
    assert review.table().query(f"not {a}").equals(table.query(f"not {a}"))
    review.relabel("a", 0, action)
    assert shown(review) == before  # but for the break, both would be one
    review.relabel("a", 0, "background")
    assert review.labels()["a"][:end].tolist() == ["background"] * end
    review.check("a")
    assert set(review.table().query(a)["confidence"]) == {1}


def test_move_and_cut(review):
    action, _, end = shown(review, 1)[0]
    review.cut("b", 2)
    assert shown(review, 1)[:2] == [(action, 0, 2), (action, 2, end)]
    review.move("b", 2, end - 1)
    assert shown(review, 1)[:2] == [(action, 0, end - 1), (action, end - 1, end)]
    before = review.state
    review.move("b", end - 1, end - 1)
    assert review.state is before
    with pytest.raises(ValueError):
        review.move("b", end - 1, 0)
    by_hand = review.state.entries[1].segments.by_hand
    assert by_hand.tolist() == [True, True] + [False] * (len(by_hand) - 2)


def checked(review, i=1):
    return [(own.start, own.end) for own in review.state.entries[i].checked]


def test_stretches_are_checked_and_go_with_boundaries(review):
    """Each frame counts once; what is checked already stays as it is."""
    frame = int(review.state.entries[1].segments.starts[1])
    n = review.state.entries[1].n_frames
    said = review.check("b", 0, frame)
    assert said == f"b: 0.00 s to {frame / 10:.2f} s is checked"
    review.check("b", frame - 2, frame + 3)
    assert checked(review) == [(0, frame), (frame, frame + 3)]
    review.move("b", frame, frame + 1)
    assert checked(review) == [(0, frame + 1), (frame + 1, frame + 3)]
    table = review.table().query("recording == 'b'")
    assert table["confidence"].iloc[0] == 1
    assert [len(review.next(n)) for n in (1, 9)] == [1, 4]
    review.check("b")
    assert checked(review)[2:] == [(frame + 3, n)]
    assert 1 not in [own["recording"] for own in review.next(9)]
    said = review.check("b", 1, n - 1, checked=False)
    assert said.endswith("s is not checked")
    assert checked(review) == [(0, 1), (n - 1, n)]
    before = review.state
    assert review.check("b", 0, 1)
    assert review.state is before


REFUSED = [  # by a review with the action "new", and the words of the refusal
    (("rename", "z", "x"), "no action 'z'"),
    (("rename", "action 1", "action 2"), "merge makes one of both"),
    (("rename", "action 1", "two\nlines"), "text of one line"),
    (("rename", "background", "x"), "'background' is no action"),
    (("relabel", "a", 0, None), "no action None"),
    (("relabel", "z", 0, "x"), "recording is 'z', expected a number from 0 to 3"),
    (("relabel", "a", 10**6, "x"), "a: frame is 1000000, expected a frame from 0 to"),
    (("relabel", "a", 0.5, "x"), "frame is 0.5"),
    (("assign", "a", 3, 3, 1), "end is 3, expected a frame from 4"),
    (("cut", "a", 0), "frame 0 is a boundary"),
    (("move", "a", 1, 2), "no boundary is at frame 1"),
    (("move", "a", 9, 8), "begins a part of the recording"),
    (("check", "b", 0, 32), "end is 32, expected a frame from 1 to 31"),
    (("split", "new"), "the model does not know 'new'"),
    (("merge", "action 1", "background"), "the model finds 'action 1'"),
    (("merge", "background", "new"), "cannot become 'new'"),
    (("keep_apart", 0, "background"), "other is 'background'"),
    (("take_proposal", 0), "the review began with a model"),
    (("redo",), "nothing to redo"),
    (("examples", "action 1", -1), "n is -1"),
    (("save",), "out is None"),
    (("export",), "out is None"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_what_is_wrong_is_refused_and_changes_nothing(review, call, words):
    review.relabel("b", 1, "new")
    state, (name, *arguments) = review.state, call
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        getattr(review, name)(*arguments)
    assert "\n" not in str(caught.value)
    assert review.state is state


def test_what_changes_nothing_is_no_step(review):
    for call in (review.undo, review.learn):
        with pytest.raises(ValueError, match=r"nothing to undo|is checked"):
            call()
    review.check("a")
    state = review.state
    assert review.check("a") == "a: checked"
    assert review.rename("action 1", "action 1")
    assert review.keep() == "changes of 0 recordings are kept"
    assert review.state is state
    review.undo()
    assert not review.undoable


def test_reading_is_told_and_actions_wait(model, videos):
    told, review = [], Review(model, videos)

    def progress(*work):
        told.append(work)
        assert review.model.actions_.tolist() == review.actions
        is_read = [entry is not None for entry in review.state.entries]
        assert is_read == [k < work[1] for k in range(4)]
        with pytest.raises(RuntimeError, match=f"{work[1]} of 4"):
            review.check(0)

    results = review.table, review.labels, review.next, review.export
    for call in (*results, review.learn, lambda: review.check(0)):
        with pytest.raises(RuntimeError, match="open"):
            call()
    assert not review.ready
    assert review.open(progress).ready
    assert told == [("reading", k, 4) for k in range(5)]


def test_assign_is_as_frame_by_frame(review):
    """For any stretch, also over breaks and at the ends; one step to undo."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        recording = int(rng.integers(4))
        before, state = review.state.entries[recording], review.state
        n = before.n_frames
        start, end = np.sort(rng.choice(n + 1, 2, replace=False)).tolist()
        code = int(rng.integers(-1, 3))
        expected = before.segments.labels()
        expected[start:end] = code
        review.assign(recording, start, end, code)
        segments = review.state.entries[recording].segments
        assert (segments.labels() == expected).all()
        assert segments.by_hand[segments.find(start)]
        if start > 0 and expected[start - 1] == code and start not in before.breaks:
            assert start not in segments.starts
        if review.state is not state:
            review.undo()
            assert review.state is state
            review.redo()


def test_excel_has_the_segments_of_all(model, videos, tmp_path):
    pytest.importorskip("openpyxl")
    review = Review(model, videos, tmp_path).open()
    review.export("excel")
    review.close()
    sheet = pd.read_excel(tmp_path / "segments.xlsx")
    assert sheet["action"].tolist() == review.table()["action"].tolist()
