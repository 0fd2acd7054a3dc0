"""Six people: from their files to a checked result and a table, in a few commands."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.review import Review
from skl_tot.io import load_model
from skl_tot.metrics import mof_score
from skl_tot.recordings import read_recordings


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
    return np.mean(
        np.concatenate([found[name] == np.array(words)[truth[name]] for name in rest])
    )


def test_physiotherapist(skl_tot, simulate, tmp_path):
    found = simulate.clinic(tmp_path / "TUG")
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
        np.testing.assert_allclose(own["start_time"], own["start"] / 50, atol=1e-9)
    said = skl_tot(
        "report checked/model.skops TUG --groups patients.csv --out report.html "
        "--summary summary"
    )
    assert "'Patient' names 24 recordings, all by the start" in said
    assert "Recordings of one 'Patient' count as one subject." in said
    groups = pd.read_csv("summary/groups.csv")
    groups = groups[groups["measure"] == "duration"].set_index("action")
    assert groups.loc["turn", ["first", "second"]].tolist() == ["PD", "control"]
    assert set(groups["permutations"]) == {924}  # of 12 patients, not of 24 recordings
    assert groups.loc["turn", "difference"] == pytest.approx(-1.1, abs=0.2)
    assert groups.loc["turn", "q"] < 0.02 < groups["q"].drop("turn").min()


def test_mouse_lab(skl_tot, simulate, tmp_path):
    truth = simulate.mice(tmp_path / "tracks")
    skl_tot(
        "fit tracks --fps 25 --n-actions 4 --method hmm --order free --min-duration .3 "
        "--pipeline gaps:12,poses:tail:nose --out model.skops"
    )
    words = ["walk", "rear", "groom", "sit"]
    assert check(tmp_path / "checked", "tracks", words, truth, 3) > 0.9
    said = skl_tot(
        "report checked/model.skops tracks --groups mice.csv --group-column genotype "
        "--out report.html --summary summary"
    )
    assert "'mouse' names 20 recordings, all by the start" in said
    groups = pd.read_csv("summary/groups.csv").query("measure == 'share'")
    groups = groups.set_index("action")
    shares = {
        kind: np.mean([np.mean(truth[name] == 2) for name in list(truth)[i::2]])
        for i, kind in enumerate(("wt", "ko"))
    }
    row = groups.loc["groom"]
    expected = shares[row["second"]] - shares[row["first"]]
    assert row["difference"] == pytest.approx(expected, abs=0.03)
    assert row["q"] < 0.05


def test_two_mice(skl_tot, simulate, tmp_path):
    truth = simulate.pairs(tmp_path / "cages")
    skl_tot(
        "fit cages --fps 25 --read animal=all --n-actions 3 --method hmm --order free "
        "--pipeline gaps:12,poses --out model.skops"
    )
    words = ["apart", "follow", "together"]
    assert check(tmp_path / "checked", "cages", words, truth, 2) > 0.9
    said = skl_tot("summary checked/segments.csv --out summary")
    assert "follow" in said
    table = pd.read_csv("summary/durations.csv").set_index(["recording", "action"])
    for name, labels in truth.items():
        for code, word in enumerate(words):
            share = table.loc[(name, word), "share"]
            assert share == pytest.approx(np.mean(labels == code), abs=0.05)
