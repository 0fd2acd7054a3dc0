"""The command that serves the page, in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest

from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import read_table, save_model
from skl_tot.recordings import read_recordings

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings at 10 frames per second, and a model of them."""
    root = tmp_path_factory.mktemp("review")
    videos, _ = make_activities(4, 3, n_features=4, random_state=0)
    (root / "takes").mkdir()
    for name, video in zip("abcd", videos):
        np.save(root / "takes" / f"{name}.npy", video)
    (root / "takes" / "recordings.json").write_text('{"fps": 10}')
    recordings = read_recordings(root / "takes")
    save_model(MallowSegmenter(3).fit(recordings), root / "model.skops")
    (root / "broken.skops").write_bytes(b"no model")
    return root


class Process:
    """The command while it runs, and calls to it."""

    def __init__(self, folder, *arguments):
        command = [sys.executable, "-m", "skl_tot", "review", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=folder, **pipes)
        lines = [
            self.process.stdout.readline() for _ in range(2)
        ]  # terminals open the 2nd
        found = re.fullmatch(r"(http://[0-9.:]+)/[^/]+/\n", lines[1])
        self.origin, self.address = found[1], found[0].strip()

    def call(self, call, /, **values):
        headers = {"origin": self.origin, "content-type": "application/json"}
        body = json.dumps(values).encode()
        url = f"{self.address}call/{call}"
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def wait(self):
        """Wait until all recordings are read; returns what a page shows."""
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            shown = self.call("open")
            if shown["ready"] and shown["phase"] == "":
                return shown
            time.sleep(0.1)
        raise TimeoutError

    def end(self, number):
        self.process.send_signal(number)
        out, error = self.process.communicate(timeout=120)
        return self.process.returncode, out, error


@pytest.fixture
def start(folder):
    """Start the command without a browser; it ends with the test."""
    started = []

    def start(*arguments):
        started.append(Process(folder, *arguments, "--no-browser"))
        return started[-1]

    yield start
    for own in started:
        own.process.kill()
        own.process.communicate()


FIT = "takes", "--n-actions", "3", "--method", "hmm"


NO_SIGNALS = pytest.mark.skipif(os.name == "nt", reason="no signals to others")


@NO_SIGNALS
def test_ends_and_goes_on(start, folder, tmp_path, refuses, monkeypatch):
    """A model that it fits first is not fitted again."""
    out = tmp_path / "out"
    page = start(*FIT, "--out", str(out))
    shown = page.wait()
    assert [row["name"] for row in shown["rows"]] == list("abcd")
    assert shown["names"].keys() == {"-1", "0", "1", "2"}
    assert (shown["title"], shown["fps"]) == ("takes", 10)
    reply = page.call("rename", action=0, name="pour", version=shown["version"])
    assert reply["names"]["0"] == "pour"
    found, said, error = page.end(signal.SIGINT)
    assert (found, error) == (0, "")
    assert "the same command goes on" in said
    assert "pour" in read_table(out / "segments.csv")["action"].tolist()
    log = (out / "review.sqlite3").read_bytes()
    page = start(*FIT, "--out", str(out))
    again = page.wait()
    assert again["names"]["0"] == "pour"
    assert again["undo"] == reply["undo"]
    _, said, _ = page.end(signal.SIGINT)
    assert (out / "review.sqlite3").read_bytes() == log
    assert "has a review, which goes on with its model" in said
    monkeypatch.chdir(folder)
    other = f"takes --n-actions 4 --method hmm --no-browser --out {out}"
    refuses(f"review {other}", folder)


def test_labels_and_videos(start, folder, tmp_path):
    (tmp_path / "labels").mkdir()
    n_frames = len(np.load(folder / "takes" / "b.npy"))
    (tmp_path / "labels" / "b.txt").write_text("\n".join(["pour"] * n_frames))
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "c.mp4").write_bytes(b"abc")
    options = [f"--{name}={tmp_path / name}" for name in ("labels", "videos", "out")]
    page = start("model.skops", "takes", *options)
    shown = page.wait()
    assert [row["checked"] for row in shown["rows"]] == [False, True, False, False]
    assert [row["video"] for row in shown["rows"]] == [False, False, True, False]
    with urllib.request.urlopen(f"{page.address}video/2") as answer:
        assert answer.read() == b"abc"


@pytest.mark.parametrize(
    "command",
    [
        "broken.skops takes",
        "model.skops",
        "model.skops takes --n-actions 3",
        "model.skops takes --method hmm",
        "model.skops takes --port 70000",
        "takes --n-actions 3 --gaps unknown",
    ],
)
def test_refusals(refuses, folder, monkeypatch, command):
    monkeypatch.chdir(folder)
    refuses(f"review {command} --no-browser", folder)
