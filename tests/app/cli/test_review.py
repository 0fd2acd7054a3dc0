"""The command that serves the page, in a process of its own or in this one."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from skl_tot.io import read_table

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")


class Process:
    """The command while it runs, and calls to it."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "skl_tot", "review", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([*command, "--no-browser"], **pipes)
        lines = [self.process.stdout.readline() for _ in range(2)]
        match = re.fullmatch(r"(http://[0-9.:]+)/[^/]+/\n", lines[1])
        self.origin, self.address = match[1], match[0].strip()

    def call(self, call, /, **values):
        headers = {"origin": self.origin, "content-type": "application/json"}
        body = json.dumps(values).encode()
        url = f"{self.address}call/{call}"
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def wait(self):
        """Wait until all recordings are read; returns the content of a page."""
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            shown = self.call("open")
            if shown["ready"] and shown["phase"] == "":
                return shown
            time.sleep(0.1)
        raise TimeoutError

    def end(self):
        """Interrupt it; returns its status and output."""
        self.process.send_signal(signal.SIGINT)
        out, error = self.process.communicate(timeout=120)
        return self.process.returncode, out + error


@pytest.fixture
def start():
    """Start the command; it ends with the test."""
    started = []

    def start(*arguments):
        started.append(Process(*arguments))
        return started[-1]

    yield start
    for served in started:
        served.process.kill()
        served.process.communicate()


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
def test_ends_and_goes_on(start, run, shown, folder, refuses):
    """A model that it fits first is not fitted again."""
    command = ["flat", "--n-actions", "3", "--method", "hmm", "--out", "checked"]
    page = start(*command)
    first = page.wait()
    assert [row["name"] for row in first["rows"]] == ["v0", "v1", "v2", "v3"]
    reply = page.call("rename", action=0, name="pour", version=first["version"])
    assert reply["names"]["0"] == "pour"
    assert page.end()[0] == 0
    table = read_table(folder / "checked" / "segments.csv")
    assert "pour" in table["action"].tolist()
    log = (folder / "checked" / "review.sqlite3").read_bytes()
    assert run(f"review {' '.join(command)}") == 0
    assert shown[0]["names"][0] == "pour"
    assert shown[0]["undo"] == reply["undo"]
    assert (folder / "checked" / "review.sqlite3").read_bytes() == log
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
