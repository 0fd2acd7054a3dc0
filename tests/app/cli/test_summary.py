"""The command summary: files in, tables out."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.reports import write_lists
from skl_tot.io import segments, write_segments
from skl_tot.metrics import mof_score
from skl_tot.statistics import cycle_times, durations, transitions, usual_order
from skl_tot.statistics.deviations import deviations

TABLES = {"durations.csv", "transitions.csv", "deviations.csv"}
LABELS = {
    f"take {i}": np.array(["reach", "background", "grasp", "lift"]).repeat(9 + i)
    for i in range(5)
}
LABELS["take 3"] = np.array(["reach", "lift"]).repeat(10)


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def put(folder, labels, suffix=".csv", fps=10):
    """Write files as predict does."""
    folder.mkdir()
    for name, own in labels.items():
        write_segments(segments(own, fps), folder / f"{name}{suffix}")


def same(path, expected):
    """Whether a CSV file holds a table."""
    found = pd.read_csv(path, keep_default_na=True)
    expected = expected.replace("", np.nan).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_folder_of_predictions(run, tmp_path, capsys):
    put(tmp_path / "segments", LABELS)
    rows = ["group; recording;age", *(f"g{i % 2}; take {i};9" for i in range(6))]
    text = "\ufeff" + "\r\n".join(rows)  # as of a spreadsheet
    (tmp_path / "groups.csv").write_bytes(text.encode())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few subjects
        assert run("summary segments --groups groups.csv --out out") == 0
    out = tmp_path / "out"
    names = {path.name for path in out.iterdir()}
    assert names == TABLES | {"durations_by_group.csv", "groups.csv"}
    same(out / "durations.csv", durations(LABELS, fps=10))
    same(out / "transitions.csv", transitions(LABELS))
    table = deviations(LABELS, fps=10).query("deviates")
    table = table.drop(columns=["unlikely", "likelihood_quantile", "deviates"])
    same(out / "deviations.csv", write_lists(table))
    lines = capsys.readouterr().out.splitlines()[3:]
    assert [line.split()[0] for line in lines[:3]] == usual_order(LABELS)
    assert lines[0].split()[1:4] == ["5", "5", "1"]
    assert lines[4].strip() == "take 3: missing: grasp"
    parts = [np.arange(len(path)) * 3 // len(path) for path in LABELS.values()]
    share = 100 * mof_score(LABELS, dict(zip(LABELS, parts)))
    assert f"{share:.0f} %" in lines[6]


def test_cycles(run, tmp_path, capsys):
    """Cycles in one recording are counted and compared."""
    steps = [("pick", 30), ("weld", 50), ("pack", 20)] * 12
    steps[7 * 3 + 1] = ("weld", 130)
    steps[3 * 3 + 2] = ("jam", 90)
    steps[5 * 3] = ("pick", 66)
    labels = np.concatenate([np.repeat(action, n) for action, n in steps])
    put(tmp_path / "segments", {"shift": labels})
    assert run("summary segments --out out") == 0
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == TABLES | {"cycles.csv"}
    cycles = cycle_times(labels, fps=10)
    assert len(cycles) == 12
    same(out / "cycles.csv", write_lists(cycles.assign(recording="shift")))
    assert pd.read_csv(out / "deviations.csv")["cycle"].tolist() == [4, 6, 8]
    printed = capsys.readouterr().out
    assert "of 18 s: shift, cycle 8 from 80.6 s" in printed
    assert "cycle 4 from 30 s: missing: pack; extra: jam (9)" in printed
    words = "cycle 6 from 57 s: repeated: pick; as long as two: pick (6.6, usually 3)"
    assert words in printed
    assert "cycle 8 from 80.6 s: too long: weld (13, usually 5)" in printed


def test_actions_without_an_order_are_by_their_time(run, tmp_path, capsys):
    random, n = np.random.default_rng(0), np.array([9, 30, 5, 20])
    orders = enumerate(random.permutation(4) for _ in range(9))
    put(tmp_path / "segments", {f"take {i}": own.repeat(n[own]) for i, own in orders})
    assert run("summary segments --out out") == 0
    printed = capsys.readouterr().out
    assert "usual order" not in printed
    assert [line.split()[0] for line in printed.splitlines()[2:6]] == list("1302")


def test_a_bout_of_an_action_that_is_called_missing_is_counted_nowhere(run, capsys):
    takes = {f"take {i}": np.repeat(list("abc"), [30 + i, 20, 40]) for i in range(12)}
    takes["take 5"] = np.repeat(list("abc"), [30, 1, 40])
    write_segments(segments(takes, 10), "all.xlsx")
    assert run("summary all.xlsx --out a.xlsx") == 0
    printed = capsys.readouterr().out
    assert "3 tables written to a.xlsx" in printed
    assert "take 5: missing: b" in printed
    assert printed.splitlines()[3].split()[:3] == ["b", "11", "11"]
    assert "A bout far shorter than usual counts" in printed
    sheets = pd.read_excel("a.xlsx", sheet_name=None)
    assert list(sheets) == ["durations", "deviations", "transitions"]
    times = sheets["durations"].set_index("recording").loc["take 5"]
    assert times["bouts"].tolist() == [1, 0, 1]
    assert times["total"].tolist() == pytest.approx([3.1, 0, 4])
    del takes["take 5"]  # now there is no empty sheet
    write_segments(segments(takes, 10), "all.csv")
    groups = pd.DataFrame({"recording": list(takes), "group": list("aaaaabbbbbb")})
    groups.to_excel("groups.xlsx", index=False)
    assert run("summary all.csv --groups groups.xlsx --out a.xlsx") == 0
    sheets = pd.read_excel("a.xlsx", sheet_name=None)
    assert {*sheets} == {"durations", "transitions", "durations_by_group", "groups"}
    assert (
        "No recording deviates.\nA report may list more: it also tells"
        in capsys.readouterr().out
    )
    expected = durations(takes, fps=10)
    pd.testing.assert_frame_equal(sheets["durations"], expected, check_dtype=False)


GROUPS = "recording,group\n" + "".join(f"take {k},{'gh'[k > 2]}\n" for k in range(5))
REFUSED = {  # tables of groups, options, and the words of the refusal
    "some": (GROUPS.replace("take 4,h\n", ""), "", "in --groups is ['take 4']"),
    "empty": (GROUPS.replace("take 1,g", "take 1,"), "", "empty cell of 'take 1'"),
    "twice": (f"{GROUPS}take 0,h\n", "", "has 'take 0' twice"),
    "only": ("group\ng\n", "", "expected recording, group and perhaps"),
    "nothing": ("", "", "groups.csv has the columns [] and 0 rows"),
    "double": (f"group,{GROUPS}", "", "each once"),
    "rate": (GROUPS, "--fps 30", "expected 10 frames per second"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(refuses, tmp_path, case):
    table, options, words = REFUSED[case]
    put(tmp_path / "segments", LABELS)
    (tmp_path / "groups.csv").write_text(table, encoding="utf-8")
    command = f"summary segments --out out --groups groups.csv {options}"
    assert words in refuses(command, tmp_path)


def test_the_terminal_and_the_page_tell_the_same_deviations(run, tmp_path, capsys):
    random = np.random.default_rng(0)
    (tmp_path / "data").mkdir()
    for i in range(12):
        video = 5 * np.eye(3)[np.repeat([0, 1, 2], 20)]
        video += random.normal(0, 0.1 if i < 11 else 0.8, video.shape)
        np.save(tmp_path / "data" / f"v{i}.npy", video)
    assert run("fit data --n-actions 3 --method hmm --out m.skops --fps 10") == 0
    capsys.readouterr()
    assert run("report m.skops data --out a.html --summary s") == 0
    assert "v11: unlike the others" in capsys.readouterr().out
    assert "1 of 12 recordings deviates" in (tmp_path / "a.html").read_text("utf-8")
    table = pd.read_csv(tmp_path / "s" / "deviations.csv")
    assert table["recording"][table["unlikely"]].tolist() == ["v11"]
