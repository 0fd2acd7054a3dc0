"""Paths of commands: what is missing is said at once, what is read is kept."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.cli.registry import COMMANDS
from skl_tot.datasets import make_activities
from skl_tot.io import save_model, segments, write_segments


@pytest.fixture(scope="module")
def folder(tmp_path_factory, links):
    """One of each thing that commands read."""
    root = tmp_path_factory.mktemp("paths")
    videos, _ = make_activities(3, 2, n_features=2, mean_length=30, random_state=0)
    videos = [pd.DataFrame(video, columns=["x", "y"]) for video in videos]
    model = HMMSegmenter(2, max_iter=3).fit(videos)
    save_model(model, root / "m.skops")
    for name in ("tables", "labels", "set/features", "clips"):
        (root / name).mkdir(parents=True)
    for i, video in enumerate(videos):
        video.to_csv(root / "tables" / f"v{i}.csv", index=False)
        np.save(root / "set" / "features" / f"v{i}.npy", video)
        labels = segments(model.predict(video))
        write_segments(labels, root / "labels" / f"v{i}.csv")
        (root / "clips" / f"v{i}.mp4").write_bytes(b"clip")
    (root / "n.txt").write_text("0 a\n1 b\n")
    video.to_csv(root / "alone.csv", index=False)
    (root / "groups.csv").write_text("recording,group\nv0,a\nv1,b\nv2,b\n")
    (root / "robot" / "meta").mkdir(parents=True)
    (root / "robot" / "data").mkdir()
    (root / "robot" / "meta" / "info.json").write_text('{"codebase_version": "v2.1"}')
    video.to_parquet(root / "robot" / "data" / "e.parquet")
    (root / "linked").symlink_to("tables")
    return root


FIT = "fit tables --n-actions 2 --method hmm"
KEPT = [
    ("predict m.skops tables --out tables/v0.csv", "in a folder that is read"),
    ("predict m.skops tables --out linked/v0.csv", "in a folder that is read"),
    ("predict m.skops tables --out linked", "linked, which is read; expected another"),
    ("predict m.skops set --out set/features/v0.csv", "in a folder that is read"),
    ("predict m.skops alone.csv --out .", "., where alone.csv is read"),
    ("predict m.skops alone.csv --out alone.csv", "which is read; expected another f"),
    (f"{FIT} --out tables/v0.csv", "in a folder that is read"),
    (f"{FIT} --labels labels --out labels/v0.csv", "in a folder that is read"),
    ("edit m.skops --split 0 --features tables --out tables/v0.csv", "in a folder th"),
    ("report m.skops tables --out m.skops", "m.skops, which is read"),
    ("report m.skops tables --names n.txt --out n.txt", "n.txt, which is read"),
    ("report m.skops tables --out a --summary tables", "--summary is tables, which"),
    ("report m.skops tables --out a --summary a", "a, which is written; expected"),
    ("summary labels --out labels", "labels, which is read; expected another folder"),
    ("summary labels --groups groups.csv --out .", "., where groups.csv is read"),
    ("plot labels --out labels/v0.csv", "expected one of eps, "),
    ("predict m.skops robot --out robot/data/e.parquet", "in a folder that is read"),
    ("features clips/v0.mp4 --weights n.txt --out n.txt", "n.txt is there, and no "),
]


@pytest.mark.parametrize(("command", "message"), KEPT)
def test_what_is_read_is_kept(refuses, folder, monkeypatch, command, message):
    monkeypatch.chdir(folder)
    refuses(command, message, folder)


def test_other_files_beside_what_is_read(run, folder, monkeypatch):
    monkeypatch.chdir(folder)
    for _ in range(2):  # what the command itself wrote is no reason
        assert run("report m.skops tables --out tables/page.html") == 0
        assert run("predict m.skops tables --out set/all.csv") == 0
        assert run("predict m.skops tables --out tables/segments") == 0


MISSING = [
    "fit none --n-actions 2 --out a.skops",
    "fit tables --n-actions 2 --labels none --out a.skops",
    "predict m.skops none --out a",
    "predict m.skops tables --names none --out a",
    "watch m.skops none",
    "evaluate tables none",
    "refine m.skops tables --labels none --out a.skops",
    "edit m.skops --split 0 --features none --out a.skops",
    "report m.skops tables --videos none --out a.html",
    "report m.skops tables --out a.html --summary none/a",
    "review m.skops none",
    "review m.skops tables --out none/a",
    "summary labels --groups none --out a",
    "plot none --out a.png",
    "features clips/v0.mp4 --weights none --out a",
    "subtasks none labels --out a",
    "demo --out none/a.png",
]


def test_what_is_missing_is_said_without_loading_anything(folder):
    assert {command.split()[0] for command in MISSING} == set(COMMANDS) - {"doctor"}
    code = f"""
import contextlib, io, os, sys
from skl_tot.app.cli.main import main
os.chdir({str(folder)!r})
for command in {MISSING!r}:
    with contextlib.redirect_stderr(io.StringIO()) as error:
        assert main(command.split()) == 2, command
    assert "none is no folder" in error.getvalue(), (command, error.getvalue())
    assert not {{"pandas", "sklearn", "torch"}} & set(sys.modules), command
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
