"""What actions of a review change, and what they leave."""

import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.app.review import Review
from skl_tot.app.review.state import GONE, TRACKS, labels_of
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections.questions import describe_signals, order_to_review
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
        assert GONE not in entry.segments.codes
        for own in filter(None, (getattr(entry, name) for name in TRACKS)):
            assert own.starts[0] == 0
            assert (np.diff(np.append(own.starts, entry.n_frames)) > 0).all()
            assert np.isin(entry.breaks, own.starts).all()
            assert set(own.codes.tolist()) <= {GONE, *state.names}
            assert len(own.starts) == len(own.codes) == len(own.by_hand)
    assert len(set(state.names.values())) == len(state.names)


recordings, frames = st.integers(-1, 4), st.integers(-1, 31)
actions = st.sampled_from(["action 0", "action 2", "x", "y", "background", 1, 7, " z"])
STEPS = st.one_of(
    st.tuples(st.just("rename"), actions, actions),
    st.tuples(st.just("relabel"), recordings, frames, actions),
    st.tuples(st.just("move"), recordings, frames, frames),
    st.tuples(st.just("cut"), recordings, frames),
    st.tuples(st.just("check"), recordings, st.booleans()),
    st.tuples(st.just("merge"), actions, actions),
    st.tuples(st.just("split"), actions),
    st.tuples(st.just("learn")),
    st.tuples(st.sampled_from(["keep", "take_back"]), st.none() | recordings),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
)
OF_ONE = ("relabel", "move", "cut", "check", "keep", "take_back")


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
    if name not in ("rename", "relabel", "merge", "split", "learn", "undo", "redo"):
        assert review.state.names == before.names
    if name not in ("merge", "split", "learn", "undo", "redo"):
        assert review.state.model == before.model
    for old, new in zip(before.entries, review.state.entries):
        if name in ("relabel", "move", "cut", "check", "keep", "take_back"):
            assert new.predicted is old.predicted
            assert new.confidence is old.confidence
        if name == "learn" and old.checked:
            assert new.segments is old.segments


@settings(max_examples=30)
@given(steps=st.lists(STEPS, max_size=12))
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


def shown(review, i=0):
    """Segments of a recording, as text: action, start, end."""
    own = review.table().query("recording == @review.recordings.names[@i]")
    return [
        tuple(row) for row in own[["action", "start", "end"]].itertuples(index=False)
    ]


def test_relabel_changes_one_segment_and_joins(review):
    (_, _, end), *rest = before = shown(review)
    others = [review.state.entries[i] for i in (1, 2, 3)]
    review.relabel("a", 0, "new")
    assert shown(review) == [("new", 0, end), *rest]
    assert review.actions[-1] == "new"
    assert [review.state.entries[i] for i in (1, 2, 3)] == others
    review.relabel("a", 0, before[0][0])
    assert shown(review) == before  # but for the break, both would be one
    review.relabel("a", 0, "background")
    assert shown(review)[0] == ("background", 0, end)
    assert review.labels()["a"][0] == "background"


def test_relabel_does_not_join_over_a_break(model, videos):
    review = Review(model, videos).open()
    for start in review.state.entries[0].segments.starts.tolist():
        review.relabel("a", start, "same")
    n = len(videos.arrays[0])
    assert shown(review) == [("same", 0, 9), ("same", 9, n)]


def test_move_and_cut(review):
    starts = review.state.entries[1].segments.starts.tolist()
    assert len(starts) > 1
    action, _, end = shown(review, 1)[0]
    review.cut("b", 2)
    assert shown(review, 1)[:2] == [(action, 0, 2), (action, 2, end)]
    review.move("b", 2, end - 1)
    assert shown(review, 1)[:2] == [(action, 0, end - 1), (action, end - 1, end)]
    before = review.state
    review.move("b", end - 1, end - 1)
    assert review.state is before
    with pytest.raises(
        ValueError, match=f"b: to is 0, expected a frame from 1 to {end - 1}"
    ):
        review.move("b", end - 1, 0)
    with pytest.raises(ValueError, match="a: frame 9 begins a part"):
        review.move("a", 9, 8)
    entry = review.state.entries[1]
    assert entry.segments.by_hand[:2].all()
    assert not entry.segments.by_hand[2:].any()


def test_what_a_person_says_is_certain(review):
    before = review.table()
    review.relabel("c", 5, "action 1")
    own = review.table().query("recording == 'c' and start <= 5 < end")
    assert own["confidence"].tolist() == [1]
    review.check("b")
    assert set(review.table().query("recording == 'b'")["confidence"]) == {1}
    a = "recording == 'a'"
    assert review.table().query(a).equals(before.query(a))


def test_labels_are_those_of_the_model_at_first(review, model, videos):
    from skl_tot.corrections import rename

    named = rename(model, ["action 0", "action 1", "action 2"]).predict(videos)
    found = review.labels()
    for name in videos.names:
        np.testing.assert_array_equal(found[name], named[name])
        own = review.state.entries[videos.names.index(name)]
        codes = labels_of(own.segments, own.n_frames)
        np.testing.assert_array_equal(codes, model.predict(videos)[name])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.rename("z", "x"), "there is no action 'z', only"),
        (
            lambda r: r.rename("action 1", "action 0"),
            "'action 0' is another action; merge",
        ),
        (lambda r: r.rename(False, "x"), "there is no action False"),
        (lambda r: r.rename("action 1", "two\nlines"), "expected text of one line"),
        (lambda r: r.rename("background", "x"), "'background' is no action"),
        (
            lambda r: r.relabel("z", 0, "x"),
            "recording is 'z', expected a number from 0 to 3",
        ),
        (lambda r: r.relabel(True, 0, "x"), "recording is True"),
        (lambda r: r.relabel("a", 10**6, "x"), "a: frame is 1000000, expected a frame"),
        (lambda r: r.relabel("a", 0.5, "x"), "a: frame is 0.5"),
        (lambda r: r.relabel("a", 0, None), "there is no action None"),
        (lambda r: r.cut("a", 0), "a: frame 0 is a boundary"),
        (lambda r: r.undo(), "nothing to undo"),
        (lambda r: r.redo(), "nothing to redo"),
    ],
)
def test_errors_say_what_is_wrong(review, call, message):
    state = review.state
    with pytest.raises(ValueError, match=message) as caught:
        call(review)
    assert "\n" not in str(caught.value)
    assert review.state is state


def test_what_changes_nothing_is_no_step(review):
    review.check("a")
    state = review.state
    assert review.check("a") == "a: checked"
    assert review.rename("action 0", "action 0")
    assert review.keep() == "changes of 0 recordings are kept"
    assert review.state is state
    review.undo()
    assert not review.undoable


def test_reading_is_told_and_actions_wait(model, videos):
    told = []
    review = Review(model, videos)

    def progress(doing, done, total):
        told.append((doing, done, total))
        is_read = [entry is not None for entry in review.state.entries]
        assert is_read == [k < done for k in range(4)]
        with pytest.raises(RuntimeError, match=f"still reading, {done} of 4"):
            review.check(0)

    own = [
        lambda: review.check(0),
        lambda: review.split(0),
        review.learn,
        review.export,
    ]
    for call in (review.table, review.labels, review.next, *own):
        with pytest.raises(RuntimeError, match="open"):
            call()
    assert not review.ready
    assert review.open(progress).ready
    assert told == [("reading", k + 1, 4) for k in range(4)]


def test_the_model_is_there_while_recordings_are_read(model, videos, tmp_path):
    review = Review(model, videos, tmp_path)
    found = []
    review.open(lambda *_: found.append(review.model.actions_.tolist()))
    assert found == [review.actions] * len(videos)
    review.close()


def test_next_is_what_others_are_most_like(review, videos):
    """By what is shown, of those that are checked as well."""
    for start in review.state.entries[1].segments.starts.tolist():
        review.relabel("b", start, "other")
    review.check("b")
    shown = review.labels()
    counts = [[np.sum(shown[name] == k) for k in review.actions] for name in "abcd"]
    expected = order_to_review(counts, describe_signals(videos.arrays), [1], 3)
    assert review.next() == expected
    assert review.next(2) == expected[:2]
    for i in expected:
        review.check(i)
    assert review.next() == []
