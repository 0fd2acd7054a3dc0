"""Mistakes in paths: they are found at once, and inputs are not overwritten."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.main import COMMANDS

ROOT = Path(__file__).parents[3]

# Prints for each mistake its status, and which of the slow packages are loaded by then.
SCRIPT = """
import json, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
import skl_tot
import start
from skl_tot.app.cli.main import main
SLOW = ("matplotlib", "pandas", "scipy", "sklearn", "skops", "torch")

def refused(line):
    try:
        status = main(line.split())
    except SystemExit as error:
        status = error.code
    return line, status, [name for name in SLOW if name in sys.modules]

start.make_files(Path())
found = [refused(line) for line in [*start.OF_ARGUMENTS, *start.OF_FILES]]
print(json.dumps(found))
"""


def test_mistakes_do_not_wait(tmp_path):
    folders = [str(ROOT), str(ROOT / "benchmarks")]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *folders],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout.splitlines()[-1])
    assert [row for row in rows if row[1] != 2] == []
    assert {line.split()[0] for line, *_ in rows} == set(COMMANDS)
    n_light = next(i for i, row in enumerate(rows) if row[0].startswith("fit broken"))
    assert [row for row in rows[:n_light] if row[2]] == []
    assert [row for row in rows if "torch" in row[2]] == []
    errors = done.stderr.splitlines()
    assert len(errors) == len(rows)
    assert all(line.startswith("skl-tot") for line in errors)


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
