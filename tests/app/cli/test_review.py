"""The command that serves the page, which somebody opens and leaves by Ctrl-C."""

import json
import os
import re
import signal
import time
import urllib.request
from pathlib import Path
from urllib.request import url2pathname

import pytest

from skl_tot.io import read_table

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")


def ask(address, call, **values):
    """Make a call as the page at an address does."""
    headers = {"origin": address.rsplit("/", 2)[0], "content-type": "application/json"}
    body, url = json.dumps(values).encode(), f"{address}call/{call}"
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture
def looks(monkeypatch):
    """What somebody sees of each page, who names action 0 and presses Ctrl-C."""
    looks = []

    def look(uri):
        text = Path(url2pathname(uri.removeprefix("file://"))).read_text("utf-8")
        address = re.search('url=(.*?)"', text)[1]
        try:
            while (shown := ask(address, "open"))["phase"] or not shown["ready"]:
                time.sleep(0.05)
            ask(address, "rename", action=0, name="pour", version=shown["version"])
            looks.append(shown)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("webbrowser.open", look)
    return looks


@pytest.fixture
def shown(monkeypatch):
    """Contents of pages that commands in this process would serve."""
    shown = []

    def serve(calls, *_):
        calls.start()
        calls.wait()
        shown.append(calls.call("open", {}))
        calls.close()
        if calls.failure is not None:
            raise calls.failure

    monkeypatch.setattr("skl_tot.app.review.server.run", serve)
    return shown


@pytest.mark.skipif(os.name == "nt", reason="no signals to others")
def test_ends_by_ctrl_c(looks, run, folder, refuses):
    """And all is saved; a model of other settings is no longer fitted."""
    command = "review flat --n-actions 3 --method hmm --out checked"
    assert run(command) == 0
    assert [row["name"] for row in looks[0]["rows"]] == ["v0", "v1", "v2", "v3"]
    table = read_table(folder / "checked" / "segments.csv")
    assert "pour" in table["action"].tolist()
    refuses("review flat --n-actions 4 --method hmm --no-browser --out checked", folder)


def test_labels_and_videos(run, shown, folder):
    (folder / "videos").mkdir()
    (folder / "videos" / "v1.mp4").write_bytes(b"abc")
    options = "--labels two --videos videos --out checked"
    assert run(f"review model.skops flat {options}") == 0
    assert run(f"review flat {options} --pipeline gaps:3 --out steps") == 0
    assert [row["checked"] for row in shown[1]["rows"]] == [True, False, True, False]
    rows = shown[0]["rows"]
    assert [row["checked"] for row in rows] == [True, False, True, False]
    assert [row["video"] for row in rows] == [False, True, False, False]
