"""One file of all predictions, from the command line and back."""

import re

import numpy as np
import pandas as pd
import pytest

from skl_tot.cli.main import main
from skl_tot.io import read_segments


@pytest.fixture
def run(tmp_path, capsys):
    def run(command):
        code = main(command.replace("DIR", str(tmp_path)).split())
        out, err = capsys.readouterr()
        return code, out + err

    return run


@pytest.fixture
def _model(tmp_path, run):
    rng = np.random.default_rng(0)
    for name in ("data/features", "data/groundTruth"):
        (tmp_path / name).mkdir(parents=True)
    for i, order in enumerate([[0, 1, 2], [0, 2, 1], [0, 1, 2]]):
        video = np.eye(3)[order].repeat(20, axis=0)
        np.save(
            tmp_path / f"data/features/v{i}.npy",
            video + 0.1 * rng.normal(size=(60, 3)),
        )
        words = "".join(f"{'abc'[action]}\n" * 20 for action in order)
        (tmp_path / f"data/groundTruth/v{i}.txt").write_text(words)
    options = "--n-actions 3 --method hmm --out DIR/m.skops"
    code, text = run(f"fit DIR/data {options}")
    assert code == 0, text


@pytest.mark.usefixtures("_model")
def test_one_file_of_all(tmp_path, run, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    predict = "predict DIR/m.skops DIR/data --fps 10 --out"
    assert run(f"{predict} DIR/found")[0] == 0
    expected = read_segments(tmp_path / "found")
    for name in ("all.csv", "all.parquet", "all.tsv"):
        assert run(f"{predict} DIR/{name}")[0] == 0
        found = read_segments(tmp_path / name, fps=10)
        assert found.keys() == expected.keys()
        for video in found:
            np.testing.assert_array_equal(found[video], expected[video])
    frame = pd.read_csv(tmp_path / "all.csv")
    assert frame.columns.tolist() == [
        *["recording", "action", "start", "end", "duration", "start_time"],
        *["end_time", "duration_time", "confidence"],
    ]
    assert run(f"{predict} DIR/tasks.json --format labelstudio")[0] == 0
    found = read_segments(tmp_path / "tasks.json", format="labelstudio")
    np.testing.assert_array_equal(found["v1"], expected["v1"])

    folder, table = (
        run(f"evaluate DIR/data DIR/{name}") for name in ("found", "all.csv")
    )
    assert table == folder
    assert re.search(r"frames +180", table[1])
    assert run("plot DIR/all.parquet --out DIR/a.png")[0] == 0


@pytest.mark.usefixtures("_model")
def test_errors(tmp_path, run):
    predict = "predict DIR/m.skops DIR/data"
    code, text = run(f"{predict} --out DIR/all.csv --format elan --fps 10")
    assert code == 2
    assert "segments are of 3 recordings, expected one, or one of the formats [" in text
    code, text = run(f"{predict} --out DIR/all.tsv")
    assert code == 2
    assert "--fps is missing, which --format boris needs." in text
    assert not (tmp_path / "all.csv").exists()
    (tmp_path / "is.csv").mkdir()
    assert run(f"{predict} --out DIR/is.csv")[0] == 0
    assert (tmp_path / "is.csv" / "v0.csv").exists()
    code, text = run("plot DIR/all.csv --out DIR/a.png")
    assert code == 2
    assert "is no folder, expected one of predictions" in text
