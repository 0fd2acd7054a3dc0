"""Tables, clocks and rates on the command line; a model knows how they were read."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.cli.inputs import open_checked
from skl_tot.app.cli.main import main
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, read_segments, read_table
from skl_tot.preprocessing import GapFiller
from skl_tot.recordings import Recordings, read_recordings
from skl_tot.recordings.errors import FaultWarning

RATE = 8
BREAK = 60  # seconds, in the first recording
FIT = "--n-actions 3 --method hmm --order strict"


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, folder):
    monkeypatch.chdir(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings as one long table, as tables with a clock, and as arrays."""
    root = tmp_path_factory.mktemp("read")
    for name in ("turned", "tables", "slow", "set/features", "set/groundTruth"):
        (root / name).mkdir(parents=True)
    videos, truth = make_activities(4, 3, n_features=3, mean_length=40, random_state=0)
    parts = []
    for i, video in enumerate(videos):
        np.save(root / "turned" / f"v{i}.npy", video.T)
        np.save(root / "set" / "features" / f"v{i}.npy", video)
        labels = np.array(["cut", "mix", "pour"])[truth[i]]
        (root / "set" / "groundTruth" / f"v{i}.txt").write_text("\n".join(labels))
        clock = 100 + np.arange(len(video)) / RATE
        table = pd.DataFrame(video, columns=["x", "y", "z"])
        table.assign(time=clock).to_csv(root / "tables" / f"v{i}.csv", index=False)
        table.assign(time=clock * 1.2).to_csv(root / "slow" / f"v{i}.csv", index=False)
        clock[20:] += BREAK * (i == 0)
        table["other"] = np.linspace(0, 9, len(video))
        told = {"subject": f"s{i // 2}", "trial": f"0{i % 2}", "note": "ok"}
        parts.append(table.assign(Zeit=clock, **told))
    pd.concat(parts).to_csv(root / "long.csv", index=False)
    by = "--recording-column subject trial --time Zeit --bridge 30 --columns x y z"
    for name, data, options in [
        ("long", "long.csv", by),
        ("turned", "turned", f"--transpose --fps {RATE}"),
        ("tables", "tables", ""),
        ("arrays", "set", ""),
    ]:
        command = f"fit {root / data} {FIT} --out {root}/{name}.skops {options}"
        assert main(command.split()) == 0
    command = f"predict {root}/long.skops {root}/long.csv --out {root}/l.csv"
    assert main(command.split()) == 0
    return root


def test_predictions_are_those_of_the_fit():
    table, model = read_table("l.csv"), load_model("long.skops")
    assert list(model.labels_) == ["s0/00", "s0/01", "s1/00", "s1/01"]
    for name, labels in read_segments("l.csv").items():
        np.testing.assert_array_equal(labels, model.labels_[name].astype(str))
    first = table[table["recording"] == "s0/00"]
    frames, seconds = (first[f"end{x}"] - first[f"start{x}"] for x in ("", "_time"))
    assert first["start_time"].iloc[0] == 100  # of the clock
    assert (frames / seconds).to_numpy() == pytest.approx(RATE)  # without the break
    assert (first["end"].to_numpy() == 20).any()
    options = {"recording_column": ["subject", "trial"], "time": "Zeit"}
    with pytest.warns(FaultWarning, match="1 of 1 gaps in clocks are breaks"):
        read_recordings("long.csv", **options, columns=["x", "y", "z"])


@pytest.mark.parametrize(
    "command",
    [
        "report long.skops long.csv --out a.html --summary a",
        "refine long.skops long.csv --labels l.csv --out a.skops",
        "evaluate long.csv l.csv --labels l.csv --like long.skops",
    ],
)
def test_no_command_needs_the_options_again(run, folder, capsys, command):
    (folder / "a.skops").unlink(missing_ok=True)
    assert run(command) == 0
    assert capsys.readouterr().err == ""
    if command.endswith("a.skops"):
        expected = load_model("long.skops").read_options_
        assert load_model("a.skops").read_options_ == expected


def test_a_column_time_is_the_clock(run):
    """The model is that of the arrays, and knows the rate."""
    model = load_model("tables.skops")
    assert model.feature_names_in_.tolist() == ["x", "y", "z"]
    assert model.fps_ == pytest.approx(RATE)
    assert run("predict tables.skops tables --out timed") == 0
    labels = load_model("arrays.skops").predict(np.load("set/features/v1.npy"))
    table = pd.read_csv("timed/v1.csv")
    np.testing.assert_array_equal(read_segments("timed/v1.csv"), labels.astype(str))
    times = 100 + table["start"] / RATE
    assert table["start_time"].tolist() == pytest.approx(times)
    assert run(f"fit slow {FIT} --resample {RATE} --out slow.skops") == 0
    assert load_model("slow.skops").fps_ == RATE


def test_faults_are_said_before_a_fit(run, capsys, tmp_path, monkeypatch):
    """And mended by one flag, in later commands too, which say them again."""

    def open_page(calls, *_):
        calls.start()
        calls.wait()
        calls.close()

    monkeypatch.setattr("skl_tot.app.review.server.run", open_page)
    cells = np.random.default_rng(0).normal(size=(4, 200, 2))
    cells[1, 10:13], cells[2, 51:100] = np.nan, cells[2, 50]
    for i, rows in enumerate(cells):
        table = pd.DataFrame(rows, columns=["x", "y"])
        table["time"] = table.index / RATE
        table.to_csv(tmp_path / f"{i}.csv", index=False)
    empty, frozen = "1 1.25 s 1.625 s 3 empty rows", "2 6.375 s 12.5 s frozen: no value"
    for answer, status, done in [
        ("leave", 2, ["left (--faults fill)", "left (--faults cut)"]),
        ("fill", 0, ["filled", "left (--faults cut)"]),
        ("cut", 0, ["filled", "cut out"]),
    ]:
        fit = f"fit {tmp_path} {FIT} --faults {answer} --out {tmp_path}/m.skops"
        assert run(fit) == status
        lines = capsys.readouterr().out.splitlines()[1:3]
        rows = [" ".join(line.split()) for line in lines]
        assert rows == [f"{empty} {done[0]}", f"{frozen} changes {done[1]}"]
    again = f"{tmp_path}/m.skops {tmp_path}/*.csv --out {tmp_path}/a"
    for command in [f"predict {again}", f"review {again}"]:
        assert run(command) == 0
        head, row, *others = capsys.readouterr().out.splitlines()
        assert head.split() == ["recording", "from", "to", "fault", "treatment"]
        assert " ".join(row.split()) == f"{empty} filled"
        is_said = "1 stop takes 6.12 s in 2, since 6.375 s." in others
        assert is_said == (not command.startswith("review"))
    assert run(f"fit {tmp_path} {FIT} --only [03] --out clean.skops") == 0
    assert run(f"predict clean.skops {tmp_path}/*.csv --out b") == 2
    assert (
        "rows              left (--faults fill of fit or review)"
        in capsys.readouterr().out
    )
    table.loc[20:59, ["x", "y"]] = np.nan
    table.to_csv(tmp_path / "3.csv", index=False)
    for answer, done in [("fill", "filled"), ("cut", "cut out")]:
        fit = f"fit {tmp_path} {FIT} --faults {answer} --out lost.skops"
        assert run(fit) == 0
        assert f"40 empty rows             {done}" in capsys.readouterr().out
        cleaned = load_model("lost.skops").named_steps
        assert any(isinstance(step, GapFiller) for step in cleaned.values())
    fit = f"fit {tmp_path} {FIT} --pipeline gaps:2 --faults fill --out other.skops"
    assert run(fit) == 0
    assert "3 empty rows              filled\n" in capsys.readouterr().out


def test_steps_for_tracks_of_points_are_named(run, capsys, tmp_path):
    points, kinds = ["Nose", "ear tip", "tail_base", "tail"], ["x", "y", "likelihood"]
    columns = pd.MultiIndex.from_product([["DLC"], points, kinds])
    columns = columns.set_names(["scorer", "bodyparts", "coords"])
    values = np.random.default_rng(0).random((90, 12))
    values[:, 2::3] += 0.6
    values[10:15, 11] = 0.1  # the tail is lost
    track = pd.DataFrame(values, columns=columns)
    (tmp_path / "dlc").mkdir()
    track.to_csv(tmp_path / "dlc" / "a.csv")
    track.columns = [f"{point}_{kind}" for _, point, kind in columns]
    track.drop(columns=["Nose_x", "Nose_y"]).to_csv(tmp_path / "b.csv", index=False)
    others = "Nose_likelihood 'ear tip_likelihood' tail_base_likelihood tail_likelihood"
    steps = "poses:tail_base:Nose"
    for data, pipeline, advice in [
        ("dlc", "", f"(--pipeline gaps:25,{steps})\n"),
        ("dlc", f"--pipeline gaps:5,{steps}", ""),
        ("b.csv", "", f"(--pipeline poses --without {others})\n"),
    ]:
        options = f"{FIT} --fps 9 {pipeline} --out {tmp_path}/a.skops"
        run(f"fit {tmp_path}/{data} {options}")
        _, is_said, steps_said = capsys.readouterr().out.partition("places  left ")
        assert bool(is_said) == bool(advice)
        assert steps_said.startswith(advice)
    asked = []
    dlc = read_recordings(tmp_path / "dlc", fps=9)
    source = SimpleNamespace(options={"pauses": None}, open=lambda _: dlc)
    open_checked(source, HMMSegmenter(2), lambda rows: asked.append(rows[1]) or "fill")
    assert asked[0][-1] == f"left (--pipeline gaps:25,{steps})"


def test_only_stops_as_of_a_model_are_cut_out(capsys):
    takes = Recordings([np.random.default_rng(0).normal(size=(600, 2))], fps=10)
    takes.arrays[0][300:450] *= 0.01
    takes.stops = [np.empty((0, 4))]  # found by the pauses of the model
    takes.read_options = {}
    source = SimpleNamespace(options={}, open=lambda _: takes)
    open_checked(source, HMMSegmenter(2), "cut", is_fitted=True)
    assert "nothing moves  left (see --pauses)" in capsys.readouterr().out


REFUSED = [
    "predict long.skops long.csv --recording-column subject",
    "predict long.skops long.csv --no-clock",
    "predict long.skops unclocked.csv",
    "predict tables.skops tables/v0.csv --fps 25",
    "predict tables.skops slow",
    "predict turned.skops turned --format elan",
    "predict long.skops bad.csv",
    f"fit long.csv {FIT} --time Zeit",
    f"fit long.csv {FIT} --time seconds --no-clock",
    f"fit tables --transpose {FIT}",
    f"fit tables --read header=x {FIT}",
]


@pytest.mark.parametrize("command", REFUSED)
def test_refusals(refuses, folder, command):
    table = pd.read_csv("long.csv", dtype={"trial": str})
    table.drop(columns="Zeit").to_csv("unclocked.csv", index=False)
    table.assign(subject="../" + table["subject"]).to_csv("bad.csv", index=False)
    out = "out" if "bad" in command else "a.csv"
    refuses(f"{command} --out {out}", folder)
