"""What pages call does what Python does, and they hear of what others do."""

import json
import threading
import time

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.review.calls import Calls, Ended
from skl_tot.app.review.session import Review
from skl_tot.app.review.view import Signals
from skl_tot.recordings import Recordings


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


@pytest.fixture
def opened(reviewed):
    """Pages of a review, and a review of the same from Python."""
    calls = Calls(lambda tell: Review(*reviewed))
    pages = Pages(calls, n_pages=2)
    calls.start()
    calls.wait()
    return pages, Review(*reviewed).open()


def test_snapshot(opened):
    pages, review = opened
    shown = pages("open")
    table = review.table()
    assert shown["ready"] is True
    assert shown["phase"] == ""
    assert (shown["fps"], shown["pages"]) == (10.0, 2)
    assert shown["names"] == {"-1": "background"} | {
        str(k): f"action {k}" for k in range(3)
    }
    assert shown["looks"].keys() == {"0", "1", "2"}
    for name, row in zip("abcd", shown["rows"]):
        own = table[table["recording"] == name]
        assert row["name"] == name
        assert row["prediction"]["start"] == own["start_time"].tolist()
        words = [shown["names"][str(code)] for code in row["prediction"]["code"]]
        assert words == own["action"].tolist()
        assert row["end"] == own["end_time"].iloc[-1]
        assert row["hand"] == [0] * len(own)
        flags = ["checked", "changed", "video"]
        assert not any(row[flag] for flag in flags)
    assert {row["deviation"] for row in shown["rows"]} == {1, 2, 3, 4}


def test_actions_do_what_python_does(opened):
    """Times are seconds of the page; frames of Python are a tenth of one."""
    pages, review = opened
    k = review.state.entries[0].segments.starts[1]
    steps = [
        ("rename", {"action": 0, "name": "pour"}, (0, "pour")),
        ("relabel", {"recording": 1, "time": 0.17, "action": 2}, (1, 1, 2)),
        ("relabel", {"recording": 2, "time": 0, "action": "stir"}, (2, 0, "stir")),
        ("move", {"recording": 0, "time": k / 10, "to": k / 10 + 0.36}, (0, k, k + 4)),
        ("cut", {"recording": 3, "time": 1.04}, (3, 10)),
        ("relabel", {"recording": 3, "time": 1, "action": -1}, (3, 10, -1)),
        ("merge", {"action": 1, "into": 2}, (1, 2)),
        ("check", {"recording": 0, "checked": True}, (0, True)),
        ("undo", {}, ()),
        ("redo", {}, ()),
        ("undo", {}, ()),
        ("check", {"recording": 3, "checked": True}, (3,)),
        ("check", {"recording": 3, "checked": False}, (3, False)),
        ("keep", {"recording": None}, ()),
        ("take_back", {"recording": 1}, (1,)),
    ]
    rows = pages("open")["rows"]
    for name, arguments, own in steps:
        reply = pages(name, **arguments, client="me")
        assert "error" not in reply
        assert reply["said"] == getattr(review, name)(*own)
        for index, row in reply["rows"].items():
            rows[int(index)] = row
        assert pages("open")["rows"] == rows  # nothing else has changed
        pd.testing.assert_frame_equal(pages.calls.review.table(), review.table())
        for page in (0, 1):
            event = pages.of("delta", page)[-1]
            assert event == reply | {"type": "delta", "by": "me"}
    assert reply["undo"] == review.undoable
    assert reply["names"]["0"] == "pour"


def test_outdated_pages_change_nothing(opened):
    pages, _ = opened
    version = pages.calls.version
    reply = pages("rename", action=0, name="pour")
    assert reply["version"] == version + 1
    state = pages.calls.review.state
    reply = pages("rename", action=0, name="stir", version=version)
    assert reply["outdated"] is True
    assert "look again" in reply["error"]
    assert pages.calls.review.state is state


def test_errors_are_lines(opened):
    pages, _ = opened
    for name, arguments, expected in [
        ("relabel", {"recording": 9, "time": 0, "action": 0}, "recording is 9, expect"),
        ("cut", {"recording": 0, "time": -1}, "time is -1, expected a time within"),
        ("merge", {"action": 0, "into": 7}, "there is no action 7, only"),
        ("cut", {"recording": 0}, "expected the arguments recording, time."),
        ("fly", {}, "there is no such call"),
    ]:
        reply = pages(name, **arguments)
        assert expected in reply["error"]
        assert "\n" not in reply["error"]
        assert "outdated" not in reply


def test_times_of_clocks_and_breaks(reviewed):
    """A time is of the frame that it is in, a boundary of the nearest one."""
    model, recordings = reviewed
    n = len(recordings.arrays[0])
    times = np.arange(n) * 0.1 + 50
    times[20:] += 3  # a break
    one = Recordings(recordings.arrays[:1], ["a"], fps=10, times=[times], breaks=[[20]])
    calls = Calls(lambda tell: Review(model, one))
    pages = Pages(calls)
    calls.start()
    calls.wait()
    row = pages("open")["rows"][0]
    assert row["prediction"]["start"][:3] == [0, 2.0, 5.0]
    assert row["prediction"]["code"][1] == -2
    assert row["hand"][1] == 0
    assert "error" not in pages("relabel", recording=0, time=5.0, action=1)
    assert calls.review.state.entries[0].segments.codes[1] == 1
    assert "error" not in pages("cut", recording=0, time=5.26)
    assert 23 in calls.review.state.entries[0].segments.starts
    shown = pages(
        "signals",
        **{"recording": 0, "from": 0, "to": 6, "n": 6},
        features=["feature 1"],
    )["shown"][0]
    assert [own is None for own in shown["low"]] == [False] * 2 + [True] * 3 + [False]


def test_signals_of_tables_and_of_lists_are_those_of_arrays(reviewed):
    _, recordings = reviewed
    arrays = recordings.arrays
    given = [pd.DataFrame(arrays[0]), arrays[1].tolist(), *arrays[2:]]
    path, bins = np.arange(20) // 10, ([0, 10], [10, 20])
    for i in range(2):
        found = [Signals(own, None) for own in (recordings, Recordings(given))]
        names = [own.choose(i, path, np.zeros(0, int)) for own in found]
        assert names[0] == names[1]
        for one, other in zip(*(own.bins(i, names[0], *bins) for own in found)):
            np.testing.assert_allclose(one, other, rtol=1e-5)


def test_signals(opened, reviewed):
    pages, _ = opened
    values = reviewed[1].arrays[2][:, 1]
    values = (values - values.mean()) / values.std()
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


def test_reading_is_told_as_it_goes(reviewed):
    """The page has names before rows, and each row once it is read."""

    class Slow(Review):
        def open(self, progress=None):
            def tell(*values):
                time.sleep(0.25)
                progress(*values)
                snapshots.append(as_json(calls.call("open", {})))

            return super().open(tell)

    snapshots, calls = [], Calls(lambda tell: Slow(*reviewed), title="takes")
    pages = Pages(calls)
    before = pages("open")
    assert (before["rows"], before["ready"], before["title"]) == ([], False, "takes")
    assert "error" in pages("undo")
    calls.update()  # of which there is nothing to tell
    calls.start()
    calls.wait()
    events = pages.heard[0]
    kinds = [event["type"] for event in events if event.get("rows") != {}]
    assert kinds == ["pages", "open", *["progress"] * 4, "open"]
    rows = {
        k: row for event in pages.of("progress") for k, row in event["rows"].items()
    }
    shown = pages("open")["rows"]
    for index, row in rows.items():
        assert row | {"deviation": 0} == shown[int(index)] | {"deviation": 0}
    assert len(rows) == 4
    for i, snapshot in enumerate(snapshots):
        assert [row is None for row in snapshot["rows"]] == [k > i for k in range(4)]
        assert snapshot["names"]["0"] == "action 0"
    assert snapshots[0]["phase"] == "reading"


def test_failure_is_told():
    def make(tell):
        raise ValueError("the file\nis broken")

    ended, calls = [], Calls(make)
    pages = Pages(calls)
    calls.start(on_failure=lambda: ended.append(True))
    calls.wait()
    assert pages.of("error")[0]["error"] == "the file is broken"
    assert ended == [True]
    assert isinstance(calls.failure, ValueError)
    assert "error" in pages("undo")
    calls.close()


def test_close_gives_up_what_is_under_way():
    """A fit, say, ends at its next step."""
    begun, ended = threading.Event(), []

    def make(tell):
        try:
            for step in range(10_000):
                tell("fitting", step, 10_000)
                begun.set()
                time.sleep(0.01)
        except Ended:
            ended.append(True)
            raise

    calls = Calls(make)
    pages = Pages(calls)
    calls.start()
    assert begun.wait(10)
    assert pages("open")["phase"] == "fitting"
    calls.close()
    assert ended == [True]
    assert calls.failure is None
    assert pages.of("error") == []


def test_pages_are_counted(opened):
    pages, _ = opened
    end = pages.calls.subscribe(lambda event: None)
    assert pages.of("pages")[-1]["n"] == 3
    end()
    assert pages.of("pages")[-1] == {
        "type": "pages",
        "by": None,
        "n": 2,
        "version": pages.calls.version,
    }


@pytest.fixture
def kept(reviewed, tmp_path):
    """Pages of a review with a folder."""
    calls = Calls(lambda tell: Review(*reviewed, tmp_path / "out"))
    calls.start()
    calls.wait()
    yield Pages(calls)
    calls.close()


def test_learn_goes_on_beside(kept, reviewed, tmp_path):
    """While it does, pages can look, but not change; then they hear what is new."""
    review = Review(*reviewed).open()
    for index, code in [(0, 1), (1, 2)]:
        kept("relabel", recording=index, time=0, action=code)
        kept("check", recording=index, checked=True)
        review.relabel(index, 0, code)
        review.check(index)
    go_on, calls = threading.Event(), kept.calls
    tell, calls._tell = calls._tell, lambda *args: (go_on.wait(30), tell(*args))
    version = calls.version
    reply = kept("learn", client="me")
    assert reply == {"version": version}
    for name in ("undo", "learn", "export"):
        arguments = {"format": "csv"} if name == "export" else {}
        assert "still learning" in kept(name, **arguments)["error"]
    assert "still learning" in kept("cut", recording=0, time=1)["error"]
    assert kept("open")["phase"] == "learning"
    wanted = {"recording": 0, "from": 0, "to": 1, "n": 3, "features": None}
    assert "shown" in kept("signals", **wanted)
    before = kept("open")["rows"]
    go_on.set()
    calls.wait()
    said = review.learn()
    event = kept.of("delta")[-1]
    assert (event["version"], event["by"]) == (version + 1, "me")
    assert event["said"] == said
    pd.testing.assert_frame_equal(calls.review.table(), review.table())
    for index, row in event["rows"].items():
        before[int(index)] = row
    after = kept("open")
    assert after["rows"] == before
    assert after["undo"] == said
    phases = {event["phase"] for event in kept.of("progress")}
    assert phases == {"learning", ""}
    assert kept("learn", version=version)["outdated"] is True
    assert "error" not in kept("undo")


def test_split_goes_on_beside(kept, reviewed):
    review = Review(*reviewed).open()
    assert "error" not in kept("split", action=1)
    kept.calls.wait()
    assert kept.of("delta")[-1]["said"] == review.split(1)
    pd.testing.assert_frame_equal(kept.calls.review.table(), review.table())


def test_export_goes_on_beside(kept, tmp_path):
    kept("rename", action=0, name="pour")
    assert "error" not in kept("export", format="csv")
    kept.calls.wait()
    assert kept.of("error") == []
    assert str(tmp_path / "out") in kept.of("said")[0]["said"]
    assert "pour" in (tmp_path / "out" / "segments.csv").read_text()


def test_errors_of_long_work_are_told(kept):
    """Nobody has checked anything that could be learned."""
    version, state = kept.calls.version, kept.calls.review.state
    kept("learn", client="me")
    kept.calls.wait()
    (event,) = kept.of("error")
    assert event["by"] == "me"
    assert "expected some to learn from" in event["error"]
    assert (kept.calls.version, kept.calls.phase) == (version, "")
    assert kept.calls.review.state is state


def test_changes_are_written_soon_and_once(kept, monkeypatch):
    saved, save = [], kept.calls.review.save

    def count():
        saved.append(time.monotonic())
        save()

    monkeypatch.setattr(kept.calls.review, "save", count)
    for k in range(5):
        kept("rename", action=0, name=f"pour {k}")
    assert saved == []
    deadline = time.monotonic() + 20
    while not saved and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    assert len(saved) == 1
    out = kept.calls.review.out
    assert "pour 4" in (out / "segments.csv").read_text()
    kept("rename", action=0, name="stir")
    kept.calls.close()
    assert len(saved) == 2
    assert "stir" in (out / "segments.csv").read_text()


def test_a_full_disk_is_told(kept, monkeypatch):
    def fail():
        raise OSError(28, "No space left on device", "out/segments.csv")

    monkeypatch.setattr(kept.calls.review, "save", fail)
    kept("rename", action=0, name="pour")
    deadline = time.monotonic() + 20
    while not kept.of("error") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "No space left on device" in kept.of("error")[0]["error"]
    with pytest.raises(OSError, match="No space left"):
        kept.calls.close()
    monkeypatch.undo()
