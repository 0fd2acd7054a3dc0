"""What pages call does what Python does, and they hear of what others do."""

import json
import threading
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.review import Review
from skl_tot.app.review.calls import Calls, Ended
from skl_tot.app.review.view import View
from skl_tot.recordings import Recordings

pytestmark = pytest.mark.usefixtures("fit_once")
CHECKED = {"start": 0, "end": None, "checked": True}


class Pages:
    """Calls as pages make them, through JSON, and the events of each page."""

    def __init__(self, calls, n_pages=1):
        self.calls, self.heard = calls, [[] for _ in range(n_pages)]
        for heard in self.heard:
            calls.subscribe(lambda event, heard=heard: heard.append(as_json(event)))

    def __call__(self, call, /, **arguments):
        arguments.setdefault("version", self.calls.version)
        return as_json(self.calls.call(call, as_json(arguments)))

    def of(self, kind, page=0):
        return [event for event in self.heard[page] if event["type"] == kind]


def as_json(values):
    return json.loads(json.dumps(values, allow_nan=False))


def started(make, n_pages=1):
    pages = Pages(calls := Calls(make), n_pages)
    calls.start()
    calls.wait()
    return pages


@pytest.fixture
def opened(reviewed):
    """Pages of a review, and a review of the same from Python."""
    return started(lambda tell: Review(*reviewed), 2), Review(*reviewed).open()


@pytest.fixture
def kept(reviewed, tmp_path):
    """Pages of a review with a folder."""
    pages = started(lambda tell: Review(*reviewed, tmp_path / "out"))
    yield pages
    pages.calls.close()


def take(pages, state, reply):
    """Change the state of a page by a reply, and see that all else is as before."""
    for index, row in reply["rows"].items():
        state["rows"][int(index)] = row
    state |= {key: reply[key] for key in state.keys() & reply.keys() - {"rows"}}
    now = pages("open")
    for key in state.keys() - {"next"}:  # which are for the next check
        assert state[key] == now[key], key


def test_actions_do_what_python_does(opened):
    """Times are seconds of the page; frames of Python are a tenth of one."""
    pages, review = opened
    k = review.state.entries[0].segments.starts[1]
    assign = {"recording": 1, "time": 0.2, "to": 0.67, "action": 0}
    steps = [
        ("rename", {"action": 0, "name": "pour"}, (0, "pour")),
        ("relabel", {"recording": 1, "time": 0.17, "action": "stir"}, (1, 1, "stir")),
        ("assign", assign, (1, 2, 7, 0)),
        ("move", {"recording": 0, "time": k / 10, "to": k / 10 + 0.36}, (0, k, k + 4)),
        ("cut", {"recording": 3, "time": 1.04}, (3, 10)),
        ("merge", {"action": 1, "into": 2}, (1, 2)),
        ("undo", {}, ()),
        ("redo", {}, ()),
        ("check", {"recording": 3, "start": 1, "end": 2, "checked": True}, (3, 10, 20)),
        ("check", {"recording": 3, **CHECKED, "checked": False}, (3, 0, None, False)),
        ("keep", {"recording": None}, ()),
        ("take_back", {"recording": 1}, (1,)),
    ]
    state = pages("open")
    for name, arguments, frames in steps:
        reply = pages(name, **arguments, client="me")
        assert reply["said"] == getattr(review, name)(*frames)
        take(pages, state, reply)
        pd.testing.assert_frame_equal(pages.calls.review.table(), review.table())
        for page in (0, 1):
            event = pages.of("delta", page)[-1]
            assert event == reply | {"type": "delta", "by": "me"}
    assert reply["undo"] == review.undoable
    assert pages("open")["names"]["0"] == "pour"


def test_times_of_clocks_and_breaks(reviewed):
    """A time is of the frame that it is in, a boundary of the nearest one."""
    model, recordings = reviewed
    times = np.arange(len(recordings.arrays[0])) * 0.1 + 50
    times[20:] += 3  # a break
    one = Recordings(recordings.arrays[:1], ["a"], fps=10, times=[times], breaks=[[20]])
    pages = started(lambda tell: Review(model, one))
    row, state = pages("open")["rows"][0], lambda: pages.calls.review.state.entries[0]
    assert row["prediction"]["start"][:3] == [0, 2.0, 5.0]
    assert row["prediction"]["code"][1] == -2
    assert row["hand"][1] == 0
    assert "error" not in pages("relabel", recording=0, time=5.0, action=1)
    assert state().segments.codes[1] == 1
    assert "error" not in pages("cut", recording=0, time=5.26)
    assert 23 in state().segments.starts
    wanted = {"recording": 0, "from": 0, "to": 6, "n": 6, "features": ["feature 1"]}
    (shown,) = pages("signals", **wanted)["shown"]
    assert [own is None for own in shown["low"]] == [False] * 2 + [True] * 3 + [False]


# Signals


def test_signals(opened, reviewed):
    pages, _ = opened
    values = reviewed[1].arrays[2][:, 1]
    wanted = {"recording": 2, "from": 0, "to": 4, "n": 8, "features": ["feature 1"]}
    reply = pages("signals", **wanted)
    assert reply["features"] == [f"feature {k}" for k in range(4)]
    (shown,) = reply["shown"]
    bins = values[:40].reshape(8, 5)
    np.testing.assert_allclose(shown["low"], bins.min(axis=1), atol=6e-4)
    np.testing.assert_allclose(shown["high"], bins.max(axis=1), atol=6e-4)
    # more bins than frames show the frame that each is in
    fine = pages("signals", **(wanted | {"to": 0.2, "n": 4}))["shown"][0]
    np.testing.assert_allclose(fine["low"], values[[0, 0, 1, 1]], atol=6e-4)
    chosen = pages("signals", **(wanted | {"features": None}))["shown"]
    assert {own["name"] for own in chosen} == set(reply["features"])


def test_a_page_hears_of_other_cycles(log_fit):
    pages = started(lambda _: Review(*log_fit))
    state = pages("open")
    first, start = state["cycles"], state["cycles"][1][1]
    take(pages, state, pages("move", recording=0, time=start, to=start + 0.2))
    assert state["cycles"] != first
    take(pages, state, pages("relabel", recording=0, time=start + 0.3, action=-1))
    end = state["cycles"][0][2]
    take(pages, state, pages("check", recording=0, start=0, end=end, checked=True))
    assert state["cycles"][0][4]
    take(pages, state, pages("undo"))
    assert not state["cycles"][0][4]


def test_a_page_says_why_a_cycle_is_unusual(log_fit):
    """In the words of the report, with seconds."""
    pages = started(lambda _: Review(*log_fit))
    _, start, end, *_, reasons = pages("open")["cycles"][6]
    assert reasons == []
    time = pages.calls.review.state.entries[0].segments.starts[19] / 10
    step = {"recording": 0, "time": time}  # the second of three
    reply = pages("relabel", **step, action=-1)
    missing = ["missing", [[1, ""]]]
    assert [row[5] for row in reply["cycles"][5:8]] == [[], [missing], []]
    (row,) = (row for row in reply["next"] if row["from"] == start)
    assert row["unusual"] == [missing]
    reply = pages("assign", **step, to=end - 0.2, action=1)
    twice = ["as long as two", [[1, "2.00 s, usually 0.85 s"]]]
    reasons = [["missing", [[2, ""]]], ["repeated", [[1, ""]]], twice]
    assert reply["cycles"][6][5] == reasons


def test_a_page_says_why_a_recording_is_unusual(reviewed):
    review = Review(*reviewed).open()
    code = review.state.entries[2].segments.codes[0]
    review.relabel(2, 0, "background")
    view = View(review)
    view.rank()
    reasons = {row["recording"]: row["unusual"] for row in view.everything()["next"]}
    assert reasons.pop(2) == [("missing", [(code, "")])]
    long = [("unusually long", [(0, "10.2 s, usually 7.70 s")])]
    assert reasons == {0: [], 1: [], 3: long}
    assert [view.row(i)["unusual"] for i in (1, 3)] == [[], long]


def test_a_page_hears_only_of_what_changes(opened):
    """A boundary of a recording that is not checked changes its row, and no figure."""
    pages, review = opened
    k = review.state.entries[0].segments.starts[1]
    boundary = {"recording": 0, "time": k / 10, "to": k / 10 + 0.3}
    reply = pages("move", **boundary)
    work = {"accuracy", "next", "cycles", "names", "appearance"}
    assert reply["rows"].keys() == {"0"}
    assert not work & reply.keys()
    named = pages("rename", action=0, name="pour")
    assert named.keys() & work == {"names", "appearance"}
    pages("check", recording=0, **CHECKED)
    back = {"recording": 0, "time": k / 10 + 0.3, "to": k / 10 + 0.1}
    assert "accuracy" in pages("move", **back)


def test_a_page_that_listens_late_hears_of_the_fits(quick_fits, reviewed, wait_for):
    """Also of those that ended after it got the state."""
    calls, events = Calls(lambda _: Review(None, reviewed[1])), []
    calls.start()
    wait_for(lambda: (calls.call("open", {}).get("fits") or [0])[-1], 3)
    wait_for(lambda: calls.review.clusterings.counts, [2, 3, 3])
    calls.subscribe(events.append)
    calls.close()
    assert events[0]["type"] == "pages"
    assert events[0]["fits"] == [2, 3, 3]


# Work beside


def test_close_gives_up_what_is_under_way():
    """A fit, say, ends at its next step."""
    begun, ended = threading.Event(), []

    def make(tell):
        try:
            while True:
                tell("fitting", 1, 2)
                begun.set()
        except Ended:
            ended.append(True)
            raise

    calls = Calls(make)
    pages = Pages(calls)
    calls.start()
    assert begun.wait(20)
    assert pages("open")["phase"] == "fitting"
    calls.close()
    calls.wait()
    assert ended == [True]
    assert calls.failure is None
    assert pages.of("error") == []


@pytest.mark.parametrize(("phase", "seconds"), [("exporting", None), ("learning", 3)])
def test_close_waits_for_files_to_the_end(kept, phase, seconds):
    waited = []
    kept.calls.phase = phase
    kept.calls._worker = SimpleNamespace(join=waited.append)
    kept.calls.close()
    assert waited == [seconds]


def test_learn_goes_on_beside(kept, reviewed):
    """While it does, pages can look, but not change; then they hear what is new."""
    review = Review(*reviewed).open()
    kept("check", recording=0, **CHECKED)
    review.check(0)
    go_on, calls = threading.Event(), kept.calls
    learn = calls.review.learn
    calls.review.learn = lambda progress: go_on.wait(30) and learn(progress)
    version = calls.version
    assert kept("learn", client="me") == {"version": version}
    for name, arguments in (("undo", {}), ("learn", {}), ("export", {"format": "csv"})):
        assert "still learning" in kept(name, **arguments)["error"]
    before = kept("open")
    assert before["phase"] == "learning"
    wanted = {"recording": 0, "from": 0, "to": 1, "n": 3, "features": None}
    assert "shown" in kept("signals", **wanted)
    go_on.set()
    calls.wait()
    said = review.learn()
    event = kept.of("delta")[-1]
    assert (event["version"], event["by"]) == (version + 1, "me")
    assert event["said"] == said
    pd.testing.assert_frame_equal(calls.review.table(), review.table())
    take(kept, before | {"phase": ""}, event)
    assert kept("open")["undo"] == said
    assert {event["phase"] for event in kept.of("progress")} >= {"learning", ""}
    assert kept("learn", version=version)["outdated"] is True
    assert "error" not in kept("undo")


def test_changes_are_written_soon_and_once(kept, monkeypatch):
    """An error is told, and one of the last time is raised."""
    held = []

    class Timer:
        def __init__(self, _, save):
            held.append(save)

        def start(self):
            pass

        cancel = start

    monkeypatch.setattr("threading.Timer", Timer)
    for k in range(5):
        kept("rename", action=0, name=f"pour {k}")
    (save,) = held
    segments = kept.calls.review.out / "segments.csv"
    assert not segments.exists()
    save()
    assert "pour 4" in segments.read_text()
    segments.unlink()
    segments.mkdir()
    kept("rename", action=0, name="stir")
    held[1]()
    assert "segments.csv" in kept.of("error")[0]["error"]
    with pytest.raises(FileExistsError):
        kept.calls.close()
