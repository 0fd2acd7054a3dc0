"""People: from their files to a checked result and a table, in a few commands."""

import importlib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skl_tot import TemporalOTSegmenter
from skl_tot.app.cli.main import main
from skl_tot.app.review import Review
from skl_tot.io import load_model
from skl_tot.recordings import read_recordings

pytestmark = pytest.mark.usefixtures("short_networks")
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    """Import a script of the benchmarks, which simulate files of people, too."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


@pytest.fixture
def skl_tot(tmp_path, monkeypatch, capsys):
    """Run a command in a folder, refused by nothing; give what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")

    def run(command):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            status = main(command.split())
        printed = capsys.readouterr()
        assert status == 0, printed.err
        return printed.out + printed.err

    return run


def clinic(folder):
    """Timed-Up-and-Go: an IMU at 25 Hz, comments, dates, and values that are lost."""
    rng, found = np.random.default_rng(0), {}
    folder.mkdir()
    axes = [f"{kind}_{axis}" for kind in ("Acc", "Gyr") for axis in "XYZ"]
    level = rng.normal(scale=2, size=(5, 6))  # rise, walk, turn, walk back, sit
    level[3] = level[1] * [1, 1, 1, -1, 1, 1]
    patients = [f"P{i:02}" for i in range(1, 13)]
    for k, patient in enumerate(patients):
        seconds = rng.normal([1.8, 3.5, 2.7 if k < 6 else 1.6, 3.5, 2], 0.12)
        counts = np.rint(25 * seconds).astype(int)
        labels = np.repeat(range(5), counts)
        clock = pd.Timestamp("2024-03-04 09:30:00.120")
        clock += pd.to_timedelta(40 * np.arange(len(labels)), "ms")
        steps = np.sin(2 * np.pi * 1.8 * np.arange(len(labels)) / 25 + k)
        frames = level[labels] + rng.normal(scale=0.6, size=(len(labels), 6))
        frames += 1.5 * (steps * np.isin(labels, (1, 3)))[:, None]
        if k % 4 == 1:
            frames[50 + k : 70 + k, k % 6] = np.nan
        name = f"{patient}_TUG_2024-03-04"
        table = pd.DataFrame(frames, columns=axes)
        times = clock.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3]
        table.insert(0, "Timestamp (ISO 8601)", times)
        head = f"# Device: MTw 00B4{k:04X}\n# Rate: 25 Hz\n# Site, sacrum, left\n"
        text = head + table.to_csv(index=False, float_format="%.4f")
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        found[name] = labels, clock
    rows = ["recording,subject,group"]
    for name in found:
        patient = name.partition("_")[0]
        group = "PD" if patients.index(patient) < 6 else "control"
        rows.append(f"{name},{patient},{group}")
    (folder.parent / "patients.csv").write_text("\n".join(rows))
    return found


def labels_of(table):
    """Labels of the frames of each recording, of a table of segments."""
    return {
        name: np.repeat(own["action"].to_numpy(), own["end"] - own["start"])
        for name, own in table.groupby("recording", sort=False)
    }


def check(folder, data, words, truth, n, **options):
    """Correct and check the first ``n`` recordings in a review, learn, and save."""
    model = load_model("model.skops")
    recordings = read_recordings(data, like=model, **options)
    review = Review(model, recordings, folder).open()
    for name in list(truth)[:n]:
        cuts = np.flatnonzero(np.r_[True, np.diff(truth[name]) != 0, True])
        for start, end in zip(cuts[:-1].tolist(), cuts[1:].tolist()):
            review.assign(name, start, end, words[truth[name][start]])
        review.check(name)
    review.learn()
    review.save()
    review.close()
    found = labels_of(pd.read_csv(folder / "segments.csv"))
    for name in list(truth)[:n]:
        assert found[name].tolist() == np.array(words)[truth[name]].tolist()
    rest = list(truth)[n:]
    right = [found[name] == np.array(words)[truth[name]] for name in rest]
    return np.mean(np.concatenate(right))


def test_physiotherapist(skl_tot, tmp_path):
    found = clinic(tmp_path / "TUG")
    truth = {name: labels for name, (labels, _) in found.items()}
    skl_tot(
        "fit TUG --n-actions 5 --method hmm --order strict --pipeline gaps:25,windows "
        "--out model.skops"
    )
    words = ["rise", "walk", "turn", "back", "sit"]
    assert check(tmp_path / "checked", "TUG", words, truth, 4) > 0.93
    skl_tot("predict checked/model.skops TUG --out segments.csv")
    table = pd.read_csv("segments.csv")
    assert list(table["recording"].unique()) == sorted(truth)
    for name, own in table.groupby("recording"):
        clock = found[name][1]
        starts = pd.to_datetime(own["start_clock"], format="ISO8601").to_numpy()
        assert (starts == clock[own["start"]].to_numpy()).all()
        np.testing.assert_allclose(own["start_time"], own["start"] / 25, atol=1e-9)
    skl_tot(
        "report checked/model.skops TUG --groups patients.csv --out report.html "
        "--summary summary"
    )
    groups = pd.read_csv("summary/groups.csv")
    groups = groups[groups["measure"] == "duration"].set_index("action")
    assert groups.loc["turn", ["first", "second"]].tolist() == ["PD", "control"]
    assert set(groups["permutations"]) == {924}
    assert groups.loc["turn", "difference"] == pytest.approx(-1.1, abs=0.2)
    assert groups.loc["turn", "q"] < 0.02 < groups["q"].drop("turn").min()


def test_packaging_engineer(skl_tot, script, tmp_path):
    make = script("_people").line
    labels, clock, facts = make(tmp_path / "line.parquet", 2, n_cycles=30, rate=2)
    said = skl_tot(
        "fit line.parquet --n-actions 6 --cycles --pauses 20 --method hmm "
        "--out model.skops"
    )
    assert "Found 30 cycles." in said
    assert "2024-03-04 06:02" in said  # the first stop
    skl_tot("predict model.skops line.parquet --out segments.csv")
    options = "--out report.html --summary summary"
    said = skl_tot(f"report model.skops line.parquet {options}")
    stopped = "3 stops take 8 min 28 s together, the longest 4 min 20 s in line, since"
    assert stopped in said
    assert stopped in (tmp_path / "report.html").read_text(encoding="utf-8")
    stops, cycles = (pd.read_csv(f"summary/{name}.csv") for name in ("stops", "cycles"))
    edges = np.flatnonzero(np.diff(np.r_[0, labels < 0, 0].astype(int))).reshape(-1, 2)
    assert stops[["start", "end"]].to_numpy().tolist() == edges.tolist()
    starts = pd.to_datetime(stops["start_clock"], format="ISO8601")
    assert (starts.to_numpy() == clock[edges[:, 0]].to_numpy()).all()
    assert stops[["start_clock", "end_clock"]].stack().str.len().nunique() == 1
    assert stops["duration_time"].tolist() == [260, 188, 60]
    assert len(cycles) == 30
    assert cycles["duration"].argmax() == facts["jam"]  # no stop or night is in one
    deviating = cycles["deviates"].to_numpy().nonzero()[0].tolist()
    assert {facts["skipped"], facts["jam"]} <= set(deviating)
    assert len(deviating) < 5
    assert 188 in set(cycles["stopped"])  # in mid-cycle
    moving = labels[labels >= 0]
    shares = pd.read_csv("summary/durations.csv")["share"]
    assert shares.sum() == pytest.approx(1)
    table = pd.read_csv("segments.csv")
    assert table["duration_time"].sum() == pytest.approx(len(moving) / 2)
    first = table.iloc[-1]
    assert pd.Timestamp(first["end_clock"]) == clock[-1] + pd.Timedelta(seconds=0.5)
    model = load_model("model.skops")
    with pytest.warns(
        UserWarning, match="1 of 1 gaps in clocks are breaks"
    ):  # the night
        review = Review(model, read_recordings("line.parquet", like=model)).open()
    review.rename(review.actions[0], "feed")
    review.check("line", 0, int(table["end"][7]))
    assert review.table()["action"][0] == "feed"


@pytest.mark.filterwarnings("default")
def test_one_labelled_recording_is_enough(script, monkeypatch):
    """The others follow; times and subtasks of demonstrations are exact, too."""
    for name, value in {"max_iter": 150, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)
    walk, _ = script("journeys").walk("robot", 0, small=True)
    assert walk.share >= 0.9
    assert all(walk.checks.values()), walk.checks
