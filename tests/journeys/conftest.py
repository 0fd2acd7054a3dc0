"""Simulated files of people, and the truth about each frame."""

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.main import main

DAY = pd.Timestamp("2024-03-04 06:51:08.200")


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


@pytest.fixture
def simulate():
    """Functions that write files into a folder, and give labels and clocks by name."""
    return SimpleNamespace(clinic=clinic, line=line)


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


def line(path):
    """Forty minutes of packing at 2 Hz: stops, a jam, a skipped step, a night between.

    Labels are steps, or -1 in stops. After the first stop, in mid-cycle, the machine
    goes on with the step after the next. In the jam, only the current swings.
    """
    rng, runs = np.random.default_rng(1), []
    for cycle in range(60):
        for step, mean in enumerate((20, 30, 12, 16)):  # frames
            if (cycle, step) not in ((13, 2), (23, 2)):  # are skipped
                runs.append((step, round(rng.normal(mean, 0.05 * mean))))
            if (cycle, step) in ((13, 1), (47, 3)):
                runs.append((-1, 520 if cycle == 13 else 120))
            if (cycle, step) == (40, 1):
                jam = sum(n for _, n in runs)
                runs.append((step, 240))
        if cycle == 31:
            night = sum(n for _, n in runs)
    labels = np.repeat(*map(np.array, zip(*runs)))
    clock = DAY + pd.to_timedelta(np.arange(len(labels)) / 2, "s")
    clock = clock.where(np.arange(len(labels)) < night, clock + pd.Timedelta(hours=9))
    level = np.array([[2.0, 1, 0, 5], [0, 2, 1, -3], [1, 0, 2, 1], [4, 3, -1, 0]])
    turns = np.arange(len(labels))[:, None] * [0.9, 1.1, 1.3, 1.7]
    frames = np.where((labels < 0)[:, None], 0.5, level[labels] + np.sin(turns))
    frames[jam : jam + 240] = frames[jam - 1]
    frames[jam : jam + 240, 2] += 2 * np.sin(0.8 * np.arange(240))
    frames += rng.normal(scale=0.02, size=frames.shape)
    table = pd.DataFrame(frames, columns=["force", "travel", "current", "torque"])
    table.insert(0, "ts", clock)
    table.to_parquet(path)
    return labels, clock
