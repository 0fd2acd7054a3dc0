"""The command line for the files that people have: tables, clocks and rates."""

import csv

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.main import main
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_segments

START = 5.0  # of the clocks
FIT = "--n-actions 3 --method hmm --order strict"


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, folder):
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def made():
    return make_activities(4, 3, n_features=3, mean_length=40, random_state=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, made):
    """The same recordings as arrays, as tables of their own, and as one table."""
    root = tmp_path_factory.mktemp("files")
    for name in ("arrays", "tables", "slow", "set/features", "set/groundTruth"):
        (root / name).mkdir(parents=True)
    parts = []
    for i, (video, truth) in enumerate(zip(*made)):
        np.save(root / "arrays" / f"v{i}.npy", video)
        frame = pd.DataFrame(video, columns=["x", "y", "z"])
        clock = START + np.arange(len(video)) / 30
        frame.insert(0, "time", clock)
        frame.to_csv(root / "tables" / f"v{i}.csv", index=False)
        frame.to_csv(root / "set" / "features" / f"v{i}.csv", index=False)
        frame.assign(time=clock * 1.2).to_csv(root / "slow" / f"v{i}.csv", index=False)
        text = "\n".join(f"act{k}" for k in truth)
        (root / "set" / "groundTruth" / f"v{i}.txt").write_text(text)
        own = {"episode": i, "timestamp": clock, "state": list(video), "task": "pour"}
        parts.append(pd.DataFrame(own))
    pd.concat(parts).to_parquet(root / "long.parquet", index=False)
    assert main(f"fit {root}/tables {FIT} --out {root}/tables.skops".split()) == 0
    assert main(f"fit {root}/arrays {FIT} --out {root}/arrays.skops".split()) == 0
    command = f"fit {root}/arrays {FIT} --fps 30 --out {root}/rated.skops"
    assert main(command.split()) == 0
    return root


def rows(path):
    """Lines of a CSV file by its columns."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestTables:
    def test_a_column_time_left_in_a_table(self, made):
        """It is the clock: the model is that of the arrays, and knows the rate."""
        model = load_model("tables.skops")
        assert model.feature_names_in_.tolist() == ["x", "y", "z"]
        assert model.fps_ == pytest.approx(30)
        expected = load_model("arrays.skops").predict(made[0])
        frames = [pd.read_csv(f"tables/v{i}.csv")[["x", "y", "z"]] for i in range(4)]
        for own, other in zip(model.predict(frames), expected):
            np.testing.assert_array_equal(own, other)

    def test_times_are_those_of_the_clock(self, run, capsys):
        assert run("predict tables.skops tables --out timed") == 0
        for i in range(4):
            clock = pd.read_csv(f"tables/v{i}.csv")["time"].to_numpy()
            for row in rows(f"timed/v{i}.csv"):
                start = clock[int(row["start"])]
                assert float(row["start_time"]) == pytest.approx(start)

    def test_long_table_with_lists_and_text(self, run, capsys):
        command = f"fit long.parquet --by episode {FIT} --out long.skops"
        assert run(f"{command} --columns state") == 0
        printed = capsys.readouterr()
        assert printed.out.startswith("Fitted to 4 recordings at 30 frames per second")
        assert printed.err == ""
        # the model knows which columns are features
        assert run("predict long.skops long.parquet --by episode --out long") == 0
        assert run("predict tables.skops tables --out short") == 0
        for i in range(4):
            own, other = rows(f"long/{i}.csv"), rows(f"short/v{i}.csv")
            assert [row["start"] for row in own] == [row["start"] for row in other]

    def test_tables_with_ground_truth(self, run, capsys):
        assert run("predict tables.skops set --out truth") == 0
        assert run("evaluate set truth") == 0
        assert "MoF" in capsys.readouterr().out
        assert run("report tables.skops set --out set.html") == 0

    def test_resampled(self, run, capsys):
        assert run(f"fit slow {FIT} --resample 30 --out slow.skops") == 0
        assert load_model("slow.skops").fps_ == 30
        assert run("predict tables.skops slow --resample 30 --out slow30") == 0
        n_frames = len(pd.read_csv("slow/v0.csv"))
        last = rows("slow30/v0.csv")[-1]
        assert int(last["end"]) == 1 + int((n_frames - 1) * 1.2 + 1e-6)


class TestRates:
    def test_the_rate_is_that_of_the_model(self, run, capsys):
        assert run("predict rated.skops arrays --out rated") == 0
        row = rows("rated/v0.csv")[-1]
        assert float(row["end_time"]) == pytest.approx(int(row["end"]) / 30)
        assert run("predict rated.skops arrays --out elan --format elan") == 0

    @pytest.mark.parametrize("command", ["predict", "report"])
    @pytest.mark.parametrize("model", ["rated", "tables"])
    def test_report_with_the_wrong_fps(self, run, folder, capsys, command, model):
        """And any other command with a model of another rate."""
        before = sorted(folder.rglob("*"))
        data = "arrays" if model == "rated" else "tables"
        assert run(f"{command} {model}.skops {data} --fps 25 --out wrong") == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "25" in error
        assert "30" in error
        assert "--fps" in error
        assert sorted(folder.rglob("*")) == before


class TestOneFile:
    """One file of all predictions, and back."""

    PREDICT = "predict rated.skops arrays --out"

    def test_round_trip(self, run, capsys):
        assert run(f"{self.PREDICT} found") == 0
        expected = read_segments("found")
        for name in ("all.csv", "all.parquet", "all.tsv"):
            assert run(f"{self.PREDICT} {name}") == 0
            found = read_segments(name, fps=30)
            assert found.keys() == expected.keys()
            for video in found:
                np.testing.assert_array_equal(found[video], expected[video])
        assert pd.read_csv("all.csv").columns.tolist() == [
            *["recording", "action", "start", "end", "duration", "start_time"],
            *["end_time", "duration_time", "confidence"],
        ]
        assert run(f"{self.PREDICT} tasks.json --format labelstudio") == 0
        found = read_segments("tasks.json", format="labelstudio")
        np.testing.assert_array_equal(found["v1"], expected["v1"])
        printed = []
        for name in ("found", "all.csv"):
            capsys.readouterr()
            assert run(f"evaluate set {name}") == 0
            printed.append(capsys.readouterr().out)
        assert printed[0] == printed[1]
        assert run("plot all.parquet --out a.png") == 0

    def test_folders_that_are_called_as_files(self, run, tmp_path):
        (tmp_path / "is.csv").mkdir()
        assert run(f"{self.PREDICT} {tmp_path}/is.csv") == 0
        assert (tmp_path / "is.csv" / "v0.csv").exists()


ERRORS = [
    (f"fit long.parquet {FIT} --out a.skops", "of 'long' goes back from "),
    ("report tables.skops tables --out a --summary a", "a, which is written; expected"),
    (f"fit tables --transpose {FIT} --out a.skops", "(--transpose, --read transp"),
    ("predict tables.skops long.parquet --by episode --out a", "'0' has no column 'ti"),
    ("predict tables.skops tables/v0.csv --out tables", "where v0.csv is read; expect"),
    ("predict tables.skops bad.csv --by who --out a", "recording is '../b', expected"),
    ("edit tables.skops --merge 0 1 --by x --out a.skops", "--by is given without --f"),
    ("predict rated.skops arrays --out a.csv --format elan", "segments are of 4 reco"),
    ("predict arrays.skops arrays --out a.tsv", "--fps is missing, which --format b"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "message"), ERRORS)
def test_errors_are_one_line_and_leave_nothing(refuses, folder, command, message):
    bad = "who,time,x,y,z\n../b,0,1,2,3\n../b,0.0333333333,1,2,3\n"
    (folder / "bad.csv").write_text(bad)
    refuses(command, message, folder)
