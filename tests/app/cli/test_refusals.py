"""What commands refuse: they say it in a line, write nothing, and keep their inputs."""

import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import segments, write_segments

FIT = "fit flat --n-actions 3 --method hmm --out a.skops"
PREDICT = "predict model.skops flat --out a"
REVIEW = "review model.skops flat --no-browser"
REFUSED = {  # and the words of the refusal
    "fly": "invalid choice: 'fly'",
    "fit flat --out a.skops": "--n-actions is missing",
    f"{FIT} --set rho": "'rho' is not NAME=VALUE",
    f"{FIT} --set n_actions=2": "n_actions is set twice",
    f"{FIT} --set order={'[' * 300}": r"Got '\[\[",
    f"{FIT} --seed 1 --set random_state=1": "random_state is set twice",
    f"{FIT} --seed 4294967296": "Got 4294967296",
    f"{FIT} --pipeline standard,": "'' is no step",
    f"{FIT} --min-duration 0": "0 is not a positive",
    f"{FIT} --method cte": "invalid choice: 'cte'",
    f"{FIT} --labels stranger": "v9.csv: the recording is 'v9'",
    f"{FIT} --gaps unknown": "without --labels",
    f"{PREDICT} --format none": "format is 'none'",
    f"{PREDICT} --only w*": r"'w\*' matches nothing in flat",
    "predict model.skops data --out a --format elan": "--fps is missing",
    f"{PREDICT} --out b --format labels": "--format is given with several --out",
    f"{PREDICT} --out a": "which another argument names",
    f"{PREDICT} --report a.csv": r"\.html",
    "predict model.skops flat --out taken": "v1.csv is there, and no file",
    "predict pipe.skops flat --out a": "no regular file",
    "fit pipes --n-actions 3 --out a.skops": "v0.npy is no folder or file",
    "refine model.skops flat --out a.skops": "required: --labels",
    "fit flat --n-actions 3 --seeds 3 --out a.skops": "flat has no groundTruth",
    "fit flat --labels two --seeds 3 --out a.skops": "without --n-actions",
    "evaluate data segments ./segments": "expected different names",
    "evaluate data segments --scope activity": "one of each activity",
    "evaluate data segments --only w*": "matches nothing in data/features",
    "report model.skops flat --out a.html --videos flat": "flat has no video",
    f"{REVIEW} --cycles": "--cycles is given with the model",
    f"{REVIEW} --faults cut": "--faults is given with the model",
    f"{REVIEW} --port 70000": "port is 70000",
    "review model.skops --no-browser": "no file that is read",
    "review flat --no-browser --method hmm": "without --n-actions",
    # suffixes that a command does not write
    "fit flat --n-actions 2 --out a.csv": r"\.skops",
    "predict model.skops flat --out a.docx": r"a folder .*\.csv, \.xlsx,",
    "predict model.skops flat --format elan --out a.eaf": "a folder ",
    "report model.skops flat --out a.pdf": r"\.html",
    "report model.skops flat --out a.html --summary a.csv": r"a folder .*\.xlsx",
    "summary segments --out a.docx": r"a folder .*\.xlsx",
    "demo --out a.docx": r"\.png, \.svg",
    "features clip.mp4 --out a.npy": "a folder",
    "review model.skops flat --out a.csv": "a folder",
    # inputs are kept
    "predict model.skops flat/v[01].npy --out flat": "which another argument names",
    "predict model.skops tables --out tables/v0.csv": "in a folder that is read",
    "predict model.skops tables --out linked": "which another argument names",
    "predict model.skops tables --out link.csv": "in a folder that is read",
    "predict model.skops data --out data/features/v0.csv": "in a folder that is read",
    "predict model.skops data/features --out data/groundTruth": "which another",
    "predict model.skops alone.csv --out .": "where alone.csv is read",
    "summary segments --groups groups.csv --out .": "where groups.csv is read",
    "features clip.mp4 --weights notes.txt --out .": "where notes.txt is read",
    "review model.skops tables --no-browser --out tables": "which another",
}


# Beside what all tests of commands read: files of mistakes, and further inputs.
TEXTS = {
    "clip.mp4": "clip",
    "groups.csv": "recording,group\nv0,a\nv1,b\n",
}


@pytest.fixture(scope="module")
def mistakes(world, tmp_path_factory, links):
    root = tmp_path_factory.mktemp("mistakes")
    shutil.copytree(world, root, dirs_exist_ok=True)
    (root / "stranger").mkdir()
    write_segments(segments(["pour", "stir"], fps=10), root / "stranger" / "v9.csv")
    for name, text in TEXTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    for name in ("taken/v1.csv", "tables", "pipes"):
        (root / name).mkdir(parents=True)
    table = pd.DataFrame(np.load(root / "flat" / "v0.npy")).add_prefix("x")
    table.to_csv(root / "tables" / "v0.csv", index=False)
    table.to_csv(root / "alone.csv", index=False)
    (root / "linked").symlink_to("tables")
    (root / "link.csv").symlink_to("tables/v0.csv")
    if hasattr(os, "mkfifo"):
        os.mkfifo(root / "pipe.skops")
        os.mkfifo(root / "pipes" / "v0.npy")
    return root


@pytest.mark.parametrize("command", REFUSED)
def test_refused(refuses, mistakes, monkeypatch, command):
    monkeypatch.chdir(mistakes)
    assert re.search(REFUSED[command], refuses(command, mistakes))
