"""From one table of subjects and trials to groups compared, by documented commands."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot import TemporalOTSegmenter
from skl_tot.app.cli.main import main
from skl_tot.io import load_model

RATE = 20  # frames a second
N_SUBJECTS, N_TRIALS = 8, 3
STEPS = {"young": (30, 40, 24), "old": (30, 60, 24)}  # mean frames
NAMES = np.array(["reach", "grasp", "lift"])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Write the table and that of groups; give the folder and the true bouts."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(1)
    parts, bouts, groups = [], [], []
    for i, trial in itertools.product(range(N_SUBJECTS), range(1, N_TRIALS + 1)):
        group, name = list(STEPS)[i % 2], f"s{i}/{trial}"
        counts = np.rint(rng.normal(STEPS[group], 2)).astype(int)
        labels, start = np.repeat([0, 1, 2], counts), round(rng.uniform(0, 5), 2)
        sensors = 3 * np.eye(3)[labels] + rng.normal(0, 0.5, (len(labels), 3))
        own = pd.DataFrame(sensors, columns=["x", "y", "z"])
        own.insert(0, "time", start + np.arange(len(labels)) / RATE)
        own.insert(0, "trial", trial)
        own.insert(0, "subject", f"s{i}")
        parts.append(own.assign(group=group))
        groups.append([name, group, f"s{i}"])
        ends = np.cumsum(counts)
        times = {
            "start_time": start + (ends - counts) / RATE,
            "end_time": start + ends / RATE,
        }
        bouts.append(pd.DataFrame({"recording": name, "action": range(3), **times}))
    table = pd.concat(parts).sort_values("time", kind="stable")  # trials are mixed
    table.to_csv(folder / "study.csv", index=False)
    columns = ["recording", "group", "subject"]
    pd.DataFrame(groups, columns=columns).to_csv(folder / "groups.csv", index=False)
    return folder, pd.concat(bouts, ignore_index=True)


def run(command):
    """Run a command that is not refused, whose warnings are printed."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(command.split()) == 0, command


def test_from_trials_to_groups(study, monkeypatch, capsys):
    folder, truth = study
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    for name, value in {"max_iter": 300, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)

    run("fit study.csv --by subject trial --n-actions 3 --out model.skops")
    printed = capsys.readouterr()
    n_recordings = N_SUBJECTS * N_TRIALS
    assert f"Fitted to {n_recordings} recordings at 20 frames per second" in printed.out
    assert "'group'" in printed.err  # is no feature, as it is text
    assert printed.err.count("\n") == 1

    run("predict model.skops study.csv --out segments.csv")
    found = pd.read_csv("segments.csv")
    key = ["recording", "action"]
    both = truth.merge(found, on=key, suffixes=("_true", ""))
    assert len(both) == len(found) == len(truth) == 3 * n_recordings
    for end in ("start_time", "end_time"):
        assert np.abs(both[end] - both[f"{end}_true"]).max() <= 1.5 / RATE

    run("summary segments.csv --groups groups.csv --out summary")
    printed = capsys.readouterr()
    assert printed.err == ""
    check_summary(folder / "summary", truth)
    assert "a bout of 1 lasts 3.0" in printed.out

    run("report model.skops study.csv --out report.html")
    assert capsys.readouterr().err == ""
    assert "s0/1" in (folder / "report.html").read_text("utf-8")

    corrected = truth[truth["recording"].isin(["s0/1", "s1/2"])]
    corrected = corrected.assign(action=NAMES[corrected["action"]])
    corrected.to_csv("corrected.csv", index=False)
    run("refine model.skops study.csv --labels corrected.csv --out better.skops")
    assert capsys.readouterr().err == ""
    labels = load_model("better.skops").labels_
    assert set(np.concatenate(list(labels.values()))) == set(NAMES)
    for name, own in corrected.groupby("recording"):
        counts = np.rint(RATE * (own["end_time"] - own["start_time"])).astype(int)
        assert labels[name].tolist() == np.repeat(own["action"], counts).tolist()


def check_summary(folder, truth):
    """Hold counts, times, shares and the difference of groups against the truth."""
    durations = pd.read_csv(folder / "durations.csv")
    truth = truth.assign(total=truth["end_time"] - truth["start_time"])
    whole = truth.groupby("recording")["total"].transform("sum")
    truth = truth.assign(share=truth["total"] / whole)
    both = truth.merge(durations, on=["recording", "action"], suffixes=("_true", ""))
    assert len(both) == len(truth)
    assert (both["bouts"] == 1).all()
    np.testing.assert_allclose(both["total"], both["total_true"], atol=4 / RATE)
    np.testing.assert_allclose(both["share"], both["share_true"], atol=0.04)

    compared = pd.read_csv(folder / "groups.csv")
    compared = compared[compared["measure"] == "duration"].set_index("action")
    subjects = truth["recording"].str.partition("/")[0]
    means = truth.groupby(["action", subjects])["total"].mean().unstack()
    expected = means.iloc[:, ::2].mean(axis=1) - means.iloc[:, 1::2].mean(axis=1)
    assert compared[["first", "second"]].iloc[0].tolist() == ["old", "young"]
    np.testing.assert_allclose(compared["difference"], expected, atol=2 / RATE)
    assert compared["p"][1] == pytest.approx(2 / 70)  # of 8 over 4, two are as extreme
    assert compared["permutations"].tolist() == [70] * 3
