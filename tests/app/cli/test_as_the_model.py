"""A model knows how its recordings were read; other commands need none of it again."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.main import main
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_segments, read_table

RATE = 8
BREAK = 60  # seconds, in the first recording


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, folder):
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings as a long table of many columns, and as arrays (features, frames)."""
    root = tmp_path_factory.mktemp("read")
    for name in ("turned", "set/features", "set/groundTruth"):
        (root / name).mkdir(parents=True)
    videos, truth = make_activities(4, 3, n_features=3, mean_length=40, random_state=0)
    parts = []
    for i, video in enumerate(videos):
        np.save(root / "turned" / f"v{i}.npy", video.T)
        clock = 100 + np.arange(len(video)) / RATE
        clock[20:] += BREAK * (i == 0)
        own = pd.DataFrame(video, columns=["x", "y", "z"])
        own["other"] = np.linspace(0, 9, len(video))
        own["Zeit"], own["subject"], own["trial"] = clock, f"s{i // 2}", f"0{i % 2}"
        own["note"] = "ok"
        parts.append(own)
        labels = np.array(["cut", "mix", "pour"])[truth[i]]
        own.to_csv(root / "set" / "features" / f"v{i}.csv", index=False)
        (root / "set" / "groundTruth" / f"v{i}.txt").write_text("\n".join(labels))
    pd.concat(parts).to_csv(root / "long.csv", index=False)
    fit = "fit {data} --n-actions 3 --method hmm --out {root}/{name}.skops "
    reading = "--time Zeit --split-gaps 30"
    for name, data, options in [
        ("long", "long.csv", f"--by subject trial {reading} --columns x y z"),
        ("apart", "set", f"{reading} --without other note subject trial"),
        ("turned", "turned", f"--transpose --fps {RATE}"),
        ("still", "set", "--no-clock --columns x y z"),
    ]:
        command = fit.format(data=root / data, root=root, name=name) + options
        assert main(command.split()) == 0
    return root


class TestLongTable:
    def test_predictions_are_those_of_the_fit(self, run):
        assert run("predict long.skops long.csv --out long-segments.csv") == 0
        table, model = read_table("long-segments.csv"), load_model("long.skops")
        assert list(model.labels_) == ["s0/00", "s0/01", "s1/00", "s1/01"]
        for name, labels in read_segments("long-segments.csv").items():
            np.testing.assert_array_equal(labels, model.labels_[name].astype(str))
        first = table[table["recording"] == "s0/00"]
        rates = (first["end"] - first["start"]) / (
            first["end_time"] - first["start_time"]
        )
        assert first["start_time"].iloc[0] == 100  # of the clock
        assert rates.to_numpy() == pytest.approx(RATE)  # the break is in no segment
        assert (first["end"].to_numpy() == 20).any()

    @pytest.mark.parametrize(
        "command",
        [
            "report long.skops long.csv --out a.html --summary a",
            "refine long.skops long.csv --labels long-segments.csv --out a.skops",
            "edit long.skops --split 0 --features long.csv --out a.skops",
            "evaluate long.csv long-segments.csv --labels long-segments.csv "
            "--like long.skops",
            "plot long-segments.csv --out a.png",
            "fit long.csv --like long.skops --n-actions 2 --method hmm --out a.skops",
        ],
    )
    def test_no_command_needs_it_again(self, run, folder, capsys, command):
        assert run("predict long.skops long.csv --out long-segments.csv") == 0
        capsys.readouterr()
        (folder / "a.skops").unlink(missing_ok=True)
        assert run(command) == 0
        assert capsys.readouterr().err == ""
        if command.endswith("a.skops"):
            reading = load_model("a.skops").reading_
            assert reading == load_model("long.skops").reading_


def test_arrays_the_other_way_round(run):
    assert run("predict turned.skops turned --out turned-segments.csv") == 0
    table = read_table("turned-segments.csv")
    assert table["end_time"].max() == table["end"].max() / RATE


def test_no_clock_stays_none(run):
    assert run("predict still.skops set --out still-segments.csv") == 0
    assert "start_time" not in read_table("still-segments.csv")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("predict long.skops long.csv --by subject", "by (--by) is 'subject', but the"),
        ("predict long.skops long.csv --no-clock", "time (--time) is False, but the"),
        ("predict apart.skops set --split-gaps 90", "(--split-gaps) is 90.0, but the"),
        ("predict long.skops unclocked.csv", "Zeit"),
        ("predict turned.skops set", "columns"),
    ],
)
def test_a_contradiction_is_an_error(refuses, folder, command, message):
    table = pd.read_csv("long.csv", dtype={"trial": str})
    table.drop(columns="Zeit").to_csv("unclocked.csv", index=False)
    refuses(f"{command} --out a.csv", message, folder)
