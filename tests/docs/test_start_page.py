"""Transcripts of pages, in an empty folder."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skl_tot
from skl_tot import TemporalOTSegmenter
from skl_tot.app.cli.main import main
from skl_tot.datasets import make_activities

DOCS = Path(skl_tot.__file__).parents[1] / "docs"


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """Fits are short, and the folder is one of ours."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"max_iter": 40, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)


def masked(line):
    """Line without digits, which depend on the fit."""
    return re.sub(r"[0-9.]+", "N", line)


def shown(printed, expected):
    """Whether a transcript shows lines in their order, with "..." for some."""
    lines = iter(printed.splitlines())
    for line in expected.splitlines():
        if line != "..." and masked(line) not in map(masked, lines):
            return False
    return True


def block_of(text, start):
    """Content of the block of text that starts with a line."""
    return re.search(rf"^```text\n({re.escape(start)}\n.*?)^```", text, re.S | re.M)[1]


def check(block, capsys):
    """Run the commands of a block, and compare their output with it."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        capsys.readouterr()
        assert main(shlex.split(command)[1:]) == 0, command
        assert shown(capsys.readouterr().out, expected), command


def transcripts(text):
    """Blocks of commands with their output."""
    return re.findall(r"^```console\n(.*?)^```", text, re.S | re.M)


def test_start(capsys):
    text = (DOCS / "start.md").read_text("utf-8")
    labels = block_of(text, "recording,action,start_time,end_time")
    Path("first.csv").write_text(labels, encoding="utf-8")
    Path("names.txt").write_text(block_of(text, "0 reach"), encoding="utf-8")
    assert main(["demo", "--recordings", "cycles"]) == 0
    for block in transcripts(text):
        check(block, capsys)
        if Path("named").exists() and not Path("corrected").exists():
            Path("corrected").mkdir()
            for name in ("cycle_01.csv", "cycle_02.csv"):
                shutil.copy(Path("named", name), "corrected")
    assert Path("edited.skops").is_file()


def test_stops(capsys, monkeypatch):
    cycles, _ = make_activities(12, 4, mean_length=40, random_state=0)
    frames = np.concatenate(cycles)
    lengths = np.ones(len(frames), int)
    lengths[[150, 260]] = 2600, 600  # the machine stands still
    table = pd.DataFrame(np.repeat(frames, lengths, axis=0)).add_prefix("x")
    seconds = pd.to_timedelta(100 * np.arange(len(table)), "ms")
    table.insert(0, "time", pd.Timestamp("2024-03-04 06:00:00.3") + seconds)
    table.to_csv("shift.csv", index=False)
    monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, "max_iter", 9)
    text = (DOCS / "guide" / "cycles_and_large_data.md").read_text("utf-8")
    (block,) = transcripts(text)
    check(block, capsys)
