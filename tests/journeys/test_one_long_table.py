"""From one table of a shift to its cycles, with commands of the documentation alone."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot import TemporalOTSegmenter
from skl_tot.app.cli.main import main
from skl_tot.io import load_model

RATE = 2  # frames a second
BREAK = 720  # seconds
N_CYCLES = 24
STEPS = (70, 100, 54)  # mean seconds, of cycles of 224 s: an hour and a half
NAMES = np.array(["einlegen", "pressen", "entnehmen"])


@pytest.fixture(scope="module")
def shift(tmp_path_factory):
    """Write hours as German spreadsheets do; give the folder and the truth.

    The truth is a table of bouts: step, first frame and end, and their true times.
    """
    folder = tmp_path_factory.mktemp("shift")
    rng = np.random.default_rng(0)
    lengths = rng.normal(STEPS, np.multiply(0.06, STEPS), (N_CYCLES, 3))
    counts = np.rint(RATE * lengths).astype(int).ravel()
    ends = np.cumsum(counts)
    actions, starts = np.tile([0, 1, 2], N_CYCLES), ends - counts
    truth = pd.DataFrame({"action": actions, "start": starts})
    truth["end"] = ends
    seconds = np.arange(ends[-1]) / RATE + rng.uniform(-0.04, 0.04, ends[-1])
    pause = ends[3 * 10 - 1]  # between two cycles
    seconds[pause:] += BREAK
    seconds = np.round(seconds - seconds[0], 3)
    truth["start_time"] = seconds[truth["start"]]
    truth["end_time"] = np.append(seconds, seconds[-1] + 1 / RATE)[ends]
    truth.loc[ends == pause, "end_time"] = seconds[pause - 1] + 1 / RATE

    labels = np.repeat(truth["action"], counts)
    level = np.array([[20, 3, 0.4], [80, 1, 0.9], [55, 7, 0.1]])
    sensors = level[labels] * rng.normal(1, 0.05, (ends[-1], 3))
    table = pd.DataFrame(sensors, columns=["Kraft", "Weg", "Strom"])
    clock = pd.Timestamp("2024-03-11 06:00:00.090") + pd.to_timedelta(seconds, "s")
    table.insert(0, "Zeitstempel", clock.strftime("%d.%m.%Y %H:%M:%S,%f").str[:-3])
    table["Status"] = np.where(rng.random(ends[-1]) < 0.01, "Warnung", "ok")
    table["Anlage"] = 7
    path = folder / "schicht.csv"
    table.to_csv(path, sep=";", decimal=",", index=False, float_format="%.3f")
    return folder, truth


def run(command):
    """Run a command that is not refused, whose warnings are printed."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(command.split()) == 0, command


def test_from_a_shift_to_its_cycles(shift, monkeypatch, capsys):
    folder, truth = shift
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    for name, value in {"max_iter": 300, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)

    run(
        "fit schicht.csv --time Zeitstempel --bridge 60 --n-actions 3 --cycles "
        "--out model.skops"
    )
    printed = capsys.readouterr()
    assert f"Found {N_CYCLES} cycles." in printed.out
    assert "with seed 0, 1 break, written" in printed.out
    assert "Status" in printed.err
    assert "Anlage" in printed.err
    assert "gap" not in printed.err  # each is a break

    run("predict model.skops schicht.csv --out segments.csv")
    check_segments(pd.read_csv("segments.csv"), truth)

    run("summary segments.csv --out summary")
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"{N_CYCLES} cycles; one usually takes" in printed.out
    assert "No cycle deviates." in printed.out
    check_summary(folder / "summary", truth)

    run("report model.skops schicht.csv --out report.html")
    assert capsys.readouterr().err == ""
    page = (folder / "report.html").read_text("utf-8")
    assert f"{N_CYCLES} cycles" in page

    first = truth.head(9).assign(recording="schicht", action=np.tile(NAMES, 3))
    first.loc[0, "end_time"] = first.loc[1, "start_time"] = 60.0  # a correction
    columns = ["recording", "action", "start_time", "end_time"]
    first.to_csv("corrected.csv", columns=columns, index=False)
    run("refine model.skops schicht.csv --labels corrected.csv --out better.skops")
    assert capsys.readouterr().err == ""
    check_refined(load_model("better.skops"), truth, first)


def check_segments(found, truth):
    """Hold segments against the truth, to two frames a boundary; the break is exact."""
    assert len(found) == 3 * N_CYCLES
    assert found["action"].tolist() == truth["action"].tolist()
    for column, most in {
        "start": 2,
        "end": 2,
        "start_time": 1.1,
        "end_time": 1.1,
    }.items():
        assert np.abs(found[column] - truth[column]).max() <= most
    seconds = (found["end_time"] - found["start_time"]).to_numpy()
    assert seconds.max() < 2 * max(STEPS)
    np.testing.assert_allclose(found["duration_time"], seconds)
    away = (found["start_time"][1:].to_numpy() - found["end_time"][:-1]).to_numpy()
    assert np.count_nonzero(away) == 1
    assert away.max() == pytest.approx(BREAK, abs=0.6)


def check_summary(folder, truth):
    """Hold counts, times and shares against sums over the truth."""
    durations = pd.read_csv(folder / "durations.csv").set_index("action")
    seconds = (truth["end_time"] - truth["start_time"]).groupby(truth["action"])
    assert durations["bouts"].tolist() == [N_CYCLES] * 3
    np.testing.assert_allclose(durations["total"], seconds.sum(), rtol=0.005)
    np.testing.assert_allclose(durations["median"], seconds.median(), rtol=0.01)
    shares = seconds.sum() / seconds.sum().sum()
    np.testing.assert_allclose(durations["share"], shares, atol=0.002)

    cycles = pd.read_csv(folder / "cycles.csv")
    assert len(cycles) == N_CYCLES
    assert cycles["steps"].tolist() == [3] * N_CYCLES
    assert cycles["missing"].isna().all()
    start, end = truth["start_time"][::3].to_numpy(), truth["end_time"][2::3].to_numpy()
    np.testing.assert_allclose(cycles["start"], start, atol=1.1)
    np.testing.assert_allclose(cycles["duration"], end - start, atol=2.1)


def check_refined(model, truth, corrected):
    """What is corrected is kept, names are learned, and all cycles are found again."""
    labels = model.labels_["schicht"]
    frames = truth["end"].iloc[8]
    first = truth.head(9)
    expected = np.repeat(corrected["action"], first["end"] - first["start"])
    moved = (labels[:frames] != expected.to_numpy()).sum()
    assert moved == pytest.approx(RATE * abs(truth["end_time"][0] - 60), abs=1)
    rest = np.repeat(NAMES[truth["action"]], truth["end"] - truth["start"])[frames:]
    assert (labels[frames:] == rest).mean() > 0.95
