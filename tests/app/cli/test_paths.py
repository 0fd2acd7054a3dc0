"""Mistakes in paths: they are found at once, and inputs are not overwritten."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.main import COMMANDS

# Mistakes that are found before a library is loaded; "none" is no file.
EARLY = [
    "fit none --n-actions 2 --out a.skops",
    "fit flat --n-actions 2 --labels none --out a.skops",
    "fit flat --n-actions 2 --like names.txt --out a.skops",
    "fit flat --n-actions 2 --out none/a.skops",
    "predict model.skops none --out a",
    "predict names.txt flat --out a",
    "predict model.skops flat --names groups.csv --out a",
    "evaluate flat none",
    "refine model.skops flat --labels none --out a.skops",
    "suggest none",
    "edit model.skops --rename other --out a.skops",
    "edit model.skops --split 0 --features none --out a.skops",
    "report model.skops flat --videos none --out a.html",
    "report model.skops flat --out a.html --summary none/a",
    "review model.skops none",
    "review model.skops",
    "review model.skops flat --out none/a",
    "summary segments --groups none --out a",
    "plot segments --out new",
    "features clip.mp4 --weights none --out a",
    "subtasks none segments --out a",
    "demo --out none/a.png",
    "doctor other",
]
# Mistakes in files, which need pandas, but not torch.
LATE = [
    "fit broken --n-actions 2 --out a.skops",
    "fit tables --n-actions 2 --columns other --out a.skops",
    "evaluate flat segments",
    "report model.skops flat --groups names.txt --out a.html",
    "summary empty --out a",
    "features clip.mp4 --fps 5 --out flat",
]


def test_mistakes_do_not_wait_for_slow_libraries(kept):
    assert {command.split()[0] for command in EARLY} == set(COMMANDS)
    (kept / "empty").mkdir()
    (kept / "broken").mkdir()
    (kept / "broken" / "a.npy").write_text("no array")
    code = f"""
import sys
from skl_tot.app.cli.main import main

def check(commands, *slow):
    for command in commands:
        try:
            status = main(command.split())
        except SystemExit as error:
            status = error.code
        assert status == 2, command
        assert not set(slow) & set(sys.modules), command

check({EARLY!r}, "matplotlib", "pandas", "scipy", "sklearn", "skops", "torch")
check({LATE!r}, "torch")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    errors = done.stderr.splitlines()
    assert done.returncode == 0, done.stderr
    assert len(errors) == len(EARLY) + len(LATE)
    assert all(line.startswith("skl-tot") for line in errors)


SUFFIXES = {
    "fit flat --n-actions 2 --out a.csv": ".skops",
    "edit model.skops --rename 0=a --out a.skop": ".skops",
    "predict model.skops flat --out a.docx": "a folder, .*.csv, .xlsx, ",
    "predict model.skops flat --format elan --out a.eaf": "a folder, ",
    "report model.skops flat --out a.pdf": ".html",
    "report model.skops flat --out a.html --summary a.csv": "a folder, .*.xlsx",
    "summary segments --out a.docx": "a folder, .*.xlsx",
    "plot segments --out a.docx": ".png, .svg",
    "features clip.mp4 --out a.npy": "a folder",
    "review model.skops flat --out a.csv": "a folder",
}


@pytest.mark.parametrize("command", SUFFIXES)
def test_suffixes_that_a_command_does_not_write(refuses, kept, command):
    assert re.search(SUFFIXES[command], refuses(command, kept))


@pytest.fixture
def kept(folder, links):
    """Further things that commands read."""
    table = pd.DataFrame(np.load("flat/v0.npy")).add_prefix("x")
    (folder / "tables").mkdir()
    table.to_csv("tables/v0.csv", index=False)
    table.to_csv("alone.csv", index=False)
    Path("groups.csv").write_text("recording,group\nv0,a\nv1,b\n", encoding="utf-8")
    (folder / "clip.mp4").write_bytes(b"clip")
    (folder / "robot" / "meta").mkdir(parents=True)
    (folder / "robot" / "data").mkdir()
    (folder / "robot" / "meta" / "info.json").write_text('{"codebase_version": "v2.1"}')
    table.to_parquet("robot/data/e.parquet")
    (folder / "linked").symlink_to("tables")
    return folder


FIT = "fit tables --n-actions 2 --method hmm"
KEPT = [
    "predict model.skops tables --out tables/v0.csv",
    "predict model.skops tables --out linked",
    "predict model.skops data --out data/features/v0.csv",
    "predict model.skops data/features --out data/groundTruth",
    "predict model.skops alone.csv --out .",
    "predict model.skops robot --out robot/data/e.parquet",
    f"{FIT} --labels two --out two/v0.csv",
    "edit model.skops --split 0 --features tables --out tables/v0.csv",
    "report model.skops tables --out model.skops",
    "report model.skops tables --names names.txt --out names.txt",
    "report model.skops tables --out a --summary a",
    "summary segments --groups groups.csv --out .",
    "plot segments --out segments/v0.csv",
    "features clip.mp4 --weights names.txt --out names.txt",
    "review model.skops tables --no-browser --out tables",
]


@pytest.mark.parametrize("command", KEPT)
def test_inputs_are_kept(refuses, kept, command):
    refuses(command, kept)


def test_other_files_beside_inputs(run, folder):
    for _ in range(2):  # files of the command itself are no inputs
        assert run("report model.skops flat --out flat/page.html") == 0
        assert run("predict model.skops flat --out data/all.csv") == 0
        assert run("predict model.skops flat --out flat/segments") == 0
