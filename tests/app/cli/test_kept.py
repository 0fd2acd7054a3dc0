"""Commands on the folder of a review, or its model: what people set stays set."""

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.review import Review
from skl_tot.app.review.history import Log
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.display.palette import style_of
from skl_tot.io import load_model, read_segments, read_table, save_model
from skl_tot.recordings import read_recordings

NAMES = list("abcdef")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A review of six recordings; all of two, a part of a third and one segment."""
    root = tmp_path_factory.mktemp("kept")
    videos, _ = make_activities(6, 3, n_features=4, mean_length=60, random_state=0)
    (root / "takes").mkdir()
    for name, video in zip(NAMES, videos):
        np.save(root / "takes" / f"{name}.npy", video)
    (root / "takes" / "recordings.json").write_text('{"fps": 10}')
    rows = [f"{name},{'xy'[i % 2]}" for i, name in enumerate(NAMES)]
    (root / "groups.csv").write_text("\n".join(["recording,group", *rows]))
    takes = read_recordings(root / "takes")
    review = Review(MallowSegmenter(3).fit(takes), takes, root / "checked").open()
    n = takes.lengths.tolist()
    review.rename("action 1", "pour")
    for i in (0, 1):
        review.assign(i, 3, 9, "turn")  # which the model does not know
        review.check(i)
    review.assign(2, 20, 31, "pour")
    review.check(2, 0, 40)
    review.assign(3, n[3] - 7, n[3], "background")
    review.export()
    known = {"a": [(0, n[0])], "b": [(0, n[1])], "c": [(0, 40)]}
    known["d"] = [(n[3] - 7, n[3])]
    labels = dict(zip(NAMES, review.labels()))
    table = review.table()
    save_model(review.model, root / "plain.skops")
    review.close()
    values = {"takes": takes, "labels": labels, "known": known, "table": table}
    return SimpleNamespace(root=root, **values)


@pytest.fixture(autouse=True)
def _there(made, monkeypatch):
    monkeypatch.chdir(made.root)


def expected_labels(made, names=NAMES):
    """Labels of people, and of the model in other frames; where people set them."""
    model = load_model("plain.skops")
    found = dict(zip(made.takes.names, model.predict(made.takes)))
    masks = {}
    for name, labels in found.items():
        masks[name] = np.zeros(len(labels), bool)
        for start, end in made.known.get(name, []) if name in names else []:
            masks[name][start:end] = True
        found[name] = np.where(masks[name], made.labels[name], labels)
    return found, masks


@pytest.mark.parametrize("model", ["checked", "checked/model.skops"])
@pytest.mark.parametrize("format", ["csv", "labels", "one table"])
def test_predictions_keep_labels_of_people(run, made, tmp_path, capsys, model, format):
    expected, masks = expected_labels(made)
    plain = load_model("plain.skops").predict(made.takes)
    assert any(map(np.any, map(np.not_equal, plain, expected.values())))
    out = tmp_path / ("all.csv" if format == "one table" else "found")
    options = "" if format == "one table" else f"--format {format}"
    assert run(f"predict {model} takes --out {out} {options}") == 0
    printed = capsys.readouterr().out
    assert "Labels of people in 4 of 6 recordings are kept.\n" in printed
    found = read_segments(out, recordings=made.takes)
    for name in NAMES:
        assert found[name].tolist() == expected[name].tolist()
    if format == "labels":
        return
    rows = read_table(out)
    for row in rows.to_dict("records"):
        mask, start = masks[row["recording"]], row["start"]
        is_set = mask[max(start - 1, 0) : start + 1].any()
        assert np.isnan(row["start_low"]) or not is_set
        if mask[start : row["end"]].all():
            assert row["confidence"] == 1
    assert rows["start_low"].notna().any()


def test_other_frames_are_predicted(run, made, tmp_path, capsys):
    """One value of one frame differs; another recording is new, others are missing."""
    shutil.copytree("takes", tmp_path / "takes")
    for name in "cef":
        (tmp_path / "takes" / f"{name}.npy").unlink()
    changed = np.load("takes/b.npy")
    changed[7, 1] += 1e-3
    np.save(tmp_path / "takes" / "b.npy", changed)
    shutil.copy("takes/c.npy", tmp_path / "takes" / "new.npy")
    assert run(f"predict checked {tmp_path}/takes --out {tmp_path}/found") == 0
    printed = capsys.readouterr().out
    assert "Labels of people in 2 of 4 recordings are kept.\n" in printed
    assert "are not those that people labelled: ['b'].\n" in printed
    takes = read_recordings(tmp_path / "takes")
    plain = dict(load_model("plain.skops").predict(takes).items())
    kept, _ = expected_labels(made)
    found = read_segments(tmp_path / "found", recordings=takes)
    for name, own in found.items():
        expected = kept if name in "ad" else plain
        assert own.tolist() == expected[name].tolist()


def test_names_apply_to_labels_of_people(run, made, tmp_path):
    (tmp_path / "names.txt").write_text("1 fill cup\n")
    command = f"predict checked takes --names {tmp_path}/names.txt"
    assert run(f"{command} --out {tmp_path}/found") == 0
    expected, _ = expected_labels(made)
    labels = read_segments(tmp_path / "found", recordings=made.takes)
    for name, path in expected.items():
        words = ["fill cup" if word == "pour" else word for word in path.tolist()]
        assert labels[name].tolist() == words


@pytest.mark.filterwarnings("ignore:x and y have so few subjects")
def test_the_report_is_that_of_the_export(run, made, tmp_path, capsys):
    out = f"--out {tmp_path}/report.html --summary {tmp_path}/summary"
    assert run(f"report checked takes {out} --groups groups.csv") == 0
    assert "Labels of people in 4 of 6 recordings" in capsys.readouterr().out
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "In 4 of 6 recordings, this page shows labels that people gave." in page
    assert "estimated from" in page
    assert "nobody has checked" not in page
    expected, _ = expected_labels(made)
    table = pd.read_csv(tmp_path / "summary" / "durations_by_group.csv")
    found = table[table["action"] == "turn"].set_index("group")["total"]
    for group, names in (("x", "ace"), ("y", "bdf")):
        n = sum((expected[name] == "turn").sum() for name in names)
        assert found.get(group, 0) == pytest.approx(n / 10)
    assert run(f"report checked takes --out {tmp_path}/other.html") == 0
    exported = (made.root / "checked" / "report.html").read_bytes()
    assert (tmp_path / "other.html").read_bytes() == exported


@pytest.mark.usefixtures("made")
def test_an_action_has_one_colour():
    """On pages of a review and of reports, whatever its name."""
    numbers = {"action 0": 0, "pour": 1, "action 2": 2, "turn": 3}
    colours = {name: style_of(number).fill for name, number in numbers.items()}
    text = Path("checked/report.html").read_text(encoding="utf-8")
    page = json.loads(re.search('id="data">(.*?)</script>', text)[1])
    for code, style in page["appearance"].items():
        assert style["fill"] == colours[page["names"][code]]


@pytest.mark.filterwarnings("ignore:x and y have so few subjects")
def test_an_export_compares_groups(run, made, tmp_path, monkeypatch):
    def serve(calls, *_):
        calls.start()
        calls.wait()
        calls.review.relabel("a", 0, "turn")
        calls.review.check("a")
        calls.call("export", {"format": "csv", "version": 1})
        calls.wait()
        calls.close()

    monkeypatch.setattr("skl_tot.app.review.server.run", serve)
    checked, groups = tmp_path / "checked", "--groups groups.csv"
    assert run(f"review plain.skops takes {groups} --out {checked}") == 0
    assert run(f"report {checked} takes {groups} --out {tmp_path}/report.html") == 0
    page = (checked / "report.html").read_bytes()
    assert b"Groups compared" in page
    assert page == (tmp_path / "report.html").read_bytes()


def test_a_report_of_some_recordings_tells_no_accuracy(run, made, tmp_path):
    (tmp_path / "takes").mkdir()
    for name in "abe":
        shutil.copy(f"takes/{name}.npy", tmp_path / "takes")
    shutil.copy("takes/recordings.json", tmp_path / "takes")
    assert run(f"report checked {tmp_path}/takes --out {tmp_path}/report.html") == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "In 2 of 3 recordings, this page shows labels that people gave." in page
    assert "estimated from" not in page


def test_summary_and_subtasks_take_the_review(run, made, tmp_path, capsys, monkeypatch):
    assert run(f"summary checked --out {tmp_path}/summary") == 0
    printed = capsys.readouterr().out
    assert "Labels of people in 4 of 6 recordings are kept.\n" in printed
    found = pd.read_csv(tmp_path / "summary" / "durations.csv")
    totals = made.table.groupby(["recording", "action"])["duration_time"].sum()
    totals = totals.drop("background", level="action")
    found = found[found["total"] > 0].set_index(["recording", "action"])["total"]
    assert found.to_dict() == pytest.approx(totals.to_dict())
    written = []

    def write(table, *_):
        written.append(table)
        return ["pour"]

    monkeypatch.setattr("skl_tot.io.write_subtasks", write)
    assert run(f"subtasks takes checked --out {tmp_path}/subtasks") == 0
    shared = ["recording", "action", "start", "end"]
    assert written[0][shared].to_dict("list") == made.table[shared].to_dict("list")


def test_segments_without_the_last_changes_are_refused(refuses, made, tmp_path):
    """As after a crash, before files are written."""
    shutil.copytree("checked", tmp_path / "checked")
    review = Review(None, made.takes, tmp_path / "checked")
    review.rename("turn", "rotate")
    review.close()
    command = f"summary {tmp_path}/checked --out {tmp_path}/summary"
    refuses(command, tmp_path)
    (tmp_path / "checked" / "segments.csv").unlink()
    refuses(command, tmp_path)


def test_reviews_that_cannot_be_read_are_refused(refuses, made, tmp_path):
    (tmp_path / "new").mkdir()
    Log(tmp_path / "new").close()  # has not begun
    shutil.copytree("checked", tmp_path / "open")
    review = Review(None, made.takes, tmp_path / "open")
    for name in ("new", "open"):
        command = f"predict {tmp_path / name} takes --out {tmp_path}/found"
        refuses(command, tmp_path / name)
    review.close()


def test_a_review_without_a_model_has_segments_only(run, refuses, made, tmp_path):
    review = Review(None, made.takes, tmp_path / "labelled").open()
    review.assign("b", 3, 9, "turn")
    review.save()
    review.close()
    assert run(f"summary {tmp_path}/labelled --out {tmp_path}/summary") == 0
    table = pd.read_csv(tmp_path / "summary" / "durations.csv")
    assert table["total"].tolist() == pytest.approx([0.6])
    command = f"predict {tmp_path}/labelled takes --out {tmp_path}/found"
    assert "has no model" in refuses(command, tmp_path)
