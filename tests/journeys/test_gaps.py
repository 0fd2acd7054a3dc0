"""A gap of twelve minutes beside an action of nine seconds, by default."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.cli.main import main
from skl_tot.io import save_model
from skl_tot.recordings import read_recordings

FPS, GAP, START = 10, 720, pd.Timestamp("2024-03-04 06:51:08.2")
LABELS = np.repeat([0, 1, 2], [100, 90, 100])  # frames
SHARE = 100 * 90 / 290


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Recordings, of which one stands still within the action 1, and a model."""
    folder = tmp_path_factory.mktemp("gaps")
    (folder / "takes").mkdir()
    random = np.random.default_rng(0)
    for i in range(6):
        seconds = np.arange(len(LABELS)) / FPS
        seconds[145:] += GAP * (i == 0)
        frames = 5 * np.eye(3)[LABELS] + random.normal(size=(len(LABELS), 3))
        table = pd.DataFrame(frames, columns=list("xyz"))
        table.insert(0, "time", START + pd.to_timedelta(seconds, "s"))
        table.to_csv(folder / "takes" / f"t{i}.csv", index=False)
    with pytest.warns(UserWarning, match="720.1 s after 14.4 s of 't0': 1 is a break,"):
        takes = read_recordings(folder / "takes")
    model = HMMSegmenter(3, random_state=0).fit(takes)
    assert (np.concatenate(model.predict(takes).arrays) == np.tile(LABELS, 6)).all()
    save_model(model, folder / "model.skops")
    return folder


def run(command, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert main(command.split()) == 0, command
    return capsys.readouterr().out


def shares_in(text):
    """Share of action 1 in the table that the terminal shows."""
    return float(re.search(r"^1 .* ([0-9.]+)%$", text, re.MULTILINE)[1])


def test_one_share_everywhere(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    run("predict model.skops takes --out segments.csv", capsys)
    table = pd.read_csv("segments.csv")
    assert len(table) == 3 * 6 + 1
    assert table["duration_time"].sum() == pytest.approx(6 * len(LABELS) / FPS)
    own = table[(table["recording"] == "t0") & (table["action"] == 1)]
    assert own["start_clock"].tolist() == [
        "2024-03-04 06:51:18.2",
        "2024-03-04 07:03:22.7",
    ]
    assert own["end_clock"].iloc[0] == "2024-03-04 06:51:22.7"

    printed = run("summary segments.csv --out summary", capsys)
    assert shares_in(printed) == pytest.approx(SHARE, abs=0.05)
    assert "No recording deviates." in printed
    found = pd.read_csv("summary/durations.csv").query("action == 1")
    np.testing.assert_allclose(found["share"], SHARE / 100)
    np.testing.assert_allclose(found[["bouts", "total"]], [[1, 9]] * 6)
    steps = pd.read_csv("summary/transitions.csv").query("count > 0")
    assert steps[["from", "to", "count"]].to_numpy().tolist() == [[0, 1, 6], [1, 2, 6]]
    assert pd.read_csv("summary/cycles.csv")["steps"].tolist() == [3] * 6

    printed = run(
        "report model.skops takes --out report.html --summary summary2", capsys
    )
    assert shares_in(printed) == pytest.approx(SHARE, abs=0.05)
    page = (folder / "report.html").read_text("utf-8")
    cells = re.findall(r'data-head="share of time"[^>]*>([0-9.]+)&nbsp;%', page)
    assert sorted(map(float, cells))[0] == pytest.approx(SHARE, abs=0.05)
    assert "repeated" not in re.sub("(?s)<script.*?</script>", "", page).lower()


@pytest.mark.parametrize("bridge", ["--bridge 1000", ""])
def test_a_share_of_the_time_with_a_bridged_gap(folder, monkeypatch, capsys, bridge):
    """The frame before lasts through the gap: in tables and on the page."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    command = f"report model.skops takes --out b.html --summary b {bridge}"
    shown = shares_in(run(command, capsys))
    expected = SHARE if not bridge else 100 * (6 * 9 + GAP) / (6 * 29 + GAP)
    assert shown == pytest.approx(expected, abs=0.05)
    page = (folder / "b.html").read_text("utf-8")
    cells = re.findall(r'data-head="share of time"[^>]*>([0-9.]+)&nbsp;%', page)
    assert shown in list(map(float, cells))


def test_watch_prints_dates_and_breaks(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    run("predict model.skops takes/t0.csv --out one.csv", capsys)
    expected = pd.read_csv("one.csv")
    printed = run("watch model.skops takes/t0.csv --lag 999", capsys)
    (folder / "watched.csv").write_text(printed)
    found = pd.read_csv("watched.csv")
    kept = ["action", "start_clock", "end_clock"]
    pd.testing.assert_frame_equal(found[kept], expected[kept])
    assert found["start_time"].tolist() == pytest.approx(expected["start_time"])
