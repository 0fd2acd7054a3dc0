"""People: from their files to a checked result and a table, in a few commands."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.review import Review
from skl_tot.io import load_model
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
    right = [found[name] == np.array(words)[truth[name]] for name in rest]
    return np.mean(np.concatenate(right))


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


def test_packaging_engineer(skl_tot, simulate, tmp_path):
    labels, clock = simulate.line(tmp_path / "line.parquet")
    said = skl_tot(
        "fit line.parquet --n-actions 4 --cycles --pauses 20 --method hmm "
        "--out model.skops"
    )
    assert "Found 60 cycles." in said
    assert "2024-03-04 06:5" in said  # the first stop
    skl_tot("predict model.skops line.parquet --out segments.csv")
    options = "--out report.html --summary summary"
    said = skl_tot(f"report model.skops line.parquet {options}")
    stopped = "2 stops take 5 min 20 s together, the longest 4 min 20 s in line, since"
    assert stopped in said
    assert stopped in (tmp_path / "report.html").read_text(encoding="utf-8")
    stops, cycles = (pd.read_csv(f"summary/{name}.csv") for name in ("stops", "cycles"))
    edges = np.flatnonzero(np.diff(np.r_[0, labels < 0, 0].astype(int))).reshape(-1, 2)
    assert stops[["start", "end"]].to_numpy().tolist() == edges.tolist()
    starts = pd.to_datetime(stops["start_clock"], format="ISO8601")
    assert (starts.to_numpy() == clock[edges[:, 0]].to_numpy()).all()
    assert stops[["start_clock", "end_clock"]].stack().str.len().nunique() == 1
    assert stops["duration_time"].tolist() == [260, 60]
    assert len(cycles) == 60
    longest = cycles["duration"].nlargest(2)
    assert longest.index[0] == 40  # the jam; no stop and no night is in a cycle
    assert longest.iloc[1] < 45
    assert cycles["stopped"][cycles["stopped"] > 0].to_dict() == {13: 260}
    assert cycles["deviates"].to_numpy().nonzero()[0].tolist() == [23, 40]
    assert cycles["missing"].notna().to_numpy().nonzero()[0].tolist() == [23]
    moving = labels[labels >= 0]
    shares = pd.read_csv("summary/durations.csv")["share"]
    assert shares.sum() == pytest.approx(1)
    true = np.bincount(moving) / len(moving)
    np.testing.assert_allclose(np.sort(shares), np.sort(true), atol=0.01)
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
