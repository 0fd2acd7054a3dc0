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
from skl_tot.statistics.bouts import collect_bouts

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
    review.rename("action 2", "pour")
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


@pytest.mark.parametrize(
    ("model", "out", "options"),
    [
        ("checked", "found", ""),
        ("checked", "all.csv", ""),
        ("checked/model.skops", "found", "--format labels"),
    ],
)
def test_predictions_keep_labels_of_people(
    run, made, tmp_path, capsys, model, out, options
):
    expected, masks = expected_labels(made)
    plain = load_model("plain.skops").predict(made.takes)
    assert any(map(np.any, map(np.not_equal, plain, expected.values())))
    assert run(f"predict {model} takes --out {tmp_path}/{out} {options}") == 0
    printed = capsys.readouterr().out
    assert "Labels of people in 4 of 6 recordings are kept.\n" in printed
    found = read_segments(tmp_path / out, recordings=made.takes)
    for key, labels in expected.items():
        assert found[key].tolist() == labels.tolist()
    if "labels" in options:
        return
    rows = read_table(tmp_path / out)
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


@pytest.mark.filterwarnings("ignore:x and y have so few subjects")
def test_the_report_is_that_of_the_export(run, made, tmp_path, capsys):
    out = f"--out {tmp_path}/report.html --summary {tmp_path}/summary"
    assert run(f"report checked takes {out} --groups groups.csv") == 0
    assert "Labels of people in 4 of 6 recordings" in capsys.readouterr().out
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "In 4 of 6 recordings, this page shows labels that people gave." in page
    assert re.search(r"k-means agrees on \d+ % of the frames", page)
    assert "nobody has checked" not in page
    expected, _ = expected_labels(made)
    table = pd.read_csv(tmp_path / "summary" / "durations_by_group.csv")
    found = table[table["action"] == "turn"].set_index("group")["total"]
    n_frames = sum((expected[name] == "turn").sum() for name in "ace")
    assert found["x"] == pytest.approx(n_frames / 10)
    assert run(f"report checked takes --out {tmp_path}/other.html") == 0
    other = (tmp_path / "other.html").read_text(encoding="utf-8")
    assert Path("checked/report.html").read_text(encoding="utf-8") == other
    # an action has one colour, on pages of a review and of reports
    numbers = {"action 1": 0, "pour": 1, "action 3": 2, "turn": 3}
    colours = {name: style_of(number).fill for name, number in numbers.items()}
    data = json.loads(re.search('id="data">(.*?)</script>', other)[1])
    for code, style in data["appearance"].items():
        assert style["fill"] == colours[data["names"][code]]


def test_summary_and_subtasks_take_the_review(run, made, tmp_path, capsys, monkeypatch):
    assert run(f"summary checked --out {tmp_path}/summary") == 0
    printed = capsys.readouterr().out
    assert "Labels of people in 4 of 6 recordings are kept.\n" in printed
    found = pd.read_csv(tmp_path / "summary" / "durations.csv")
    bouts = collect_bouts(made.table).without_crumbs().table
    totals = bouts.groupby(["recording", "action"], observed=True)["duration"].sum()
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


def test_reviews_that_lack_something_are_refused(run, refuses, made, tmp_path):
    """One without a model has segments, at least."""
    predict = "predict {0} takes --out {0}/found"
    new, changed, labelled = (tmp_path / x for x in ("new", "changed", "labelled"))
    new.mkdir()
    Log(new).close()  # has not begun
    refuses(predict.format(new), tmp_path)
    shutil.copytree("checked", changed)
    review = Review(None, made.takes, changed)
    for command in (predict.format(changed), f"review takes --out {changed}"):
        assert "Ctrl + C in its window" in refuses(command, tmp_path)  # is open
    review.rename("turn", "rotate")
    review.close()  # as after a crash, before files are written
    refuses(f"summary {changed} --out {tmp_path}/summary", tmp_path)
    (changed / "segments.csv").unlink()
    refuses(f"summary {changed} --out {tmp_path}/summary", tmp_path)
    review = Review(None, made.takes, labelled).open()
    review.assign("b", 3, 9, "turn")
    review.save()
    review.close()
    assert run(f"summary {labelled} --out {tmp_path}/summary") == 0
    table = pd.read_csv(tmp_path / "summary" / "durations.csv")
    assert table["total"].tolist() == pytest.approx([0.6])
    assert "has no model" in refuses(predict.format(labelled), tmp_path)
