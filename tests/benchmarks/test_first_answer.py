import importlib
import json
from pathlib import Path

import numpy as np
import pytest

import skl_tot
from skl_tot.datasets import make_activities
from skl_tot.metrics import effective_actions, mof_score, segment_f1_score

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
SIMPLE = ["--methods", "equal parts", "k-means", "HMM", "--seeds", "2"]


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)  # it finds its neighbours as when it is run
    return importlib.import_module("first_answer")


@pytest.fixture
def data(tmp_path):
    """Two sets of twelve recordings, the second with frames without a label."""
    for n_actions, name in ((3, "first"), (4, "second")):
        root = tmp_path / "data" / name
        for part in ("features", "groundTruth", "mapping"):
            (root / part).mkdir(parents=True)
        made = make_activities(
            12, n_actions, n_features=4, mean_length=40, random_state=n_actions
        )
        for i, (video, actions) in enumerate(zip(*made)):
            np.save(root / "features" / f"video_{i:02}.npy", video)
            labels = [f"act{action}" for action in actions]
            if name == "second":
                labels[0] = "unlabelled"
            (root / "groundTruth" / f"video_{i:02}.txt").write_text("\n".join(labels))
        mapping = "".join(f"{k} act{k}\n" for k in range(n_actions))
        (root / "mapping" / "mapping.txt").write_text(mapping)
    return tmp_path / "data"


def table(text, title):
    """Rows of a table by their first entry."""
    lines = text.partition(f"## {title}\n\n")[2].partition("\n\n")[0].splitlines()
    rows = [[x.strip() for x in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in rows}


def scores(study, data, *arguments):
    path = data.parent / "scores.jsonl"
    study.main(["scores", "--data", str(data), "--results", str(path), *arguments])
    return path, [json.loads(line) for line in path.read_text().splitlines()]


def test_scores_go_on_and_give_tables(study, data, capsys, monkeypatch):
    path, first = scores(study, data, *SIMPLE, "--sets", "first")
    assert len(first) == 1 + 2 + 2  # equal parts have no seed
    path, lines = scores(study, data, *SIMPLE)
    assert lines[:5] == first
    assert len(lines) == 10
    monkeypatch.setattr(study, "MOST_FRAMES", 1)
    study.read.cache_clear()
    videos, labels, n_actions = study.read(data / "second")
    study.read.cache_clear()
    assert (len(videos), n_actions) == (10, 4)
    for i, own in ((0, labels[0]), (11, labels[-1])):
        text = data / "second" / "groundTruth" / f"video_{i:02}.txt"
        assert text.read_text().split() == own.tolist()
    capsys.readouterr()
    csv = path.with_suffix(".csv")
    study.main(["table", "--results", str(path), "--csv", str(csv)])
    page = capsys.readouterr().out
    means = table(page, "all sets")
    own = [line for line in lines if line["method"] == "k_means"]
    for column, score in enumerate(("MoF", "F1@50", "AMI")):
        values = [[x["scores"][score] for x in own if x["seed"] == s] for s in (0, 1)]
        over_sets = 100 * np.mean(values, axis=1)
        expected = f"{over_sets.mean():.1f} ± {over_sets.std():.1f}"
        assert means["k-means"][column] == expected
    assert len(csv.read_text().splitlines()) == 1 + 2 * 3
    collapsed = table(page, "fewer than half of the actions in effect")
    assert collapsed["equal parts"] == ["2", "0", "–"]


def test_unlabelled_frames_are_not_scored(study, data):
    scored = scores(study, data, "--methods", "equal parts", "--sets", "second")[1][0]
    study.read.cache_clear()
    _, labels, k = study.read(data / "second")
    parts = [np.arange(len(y)) * k // len(y) for y in labels]
    options = {"ignore_labels": "unlabelled"}
    assert scored["scores"]["MoF"] == mof_score(labels, parts, **options)
    assert scored["true in effect"] == effective_actions([y[1:] for y in labels]) / k
    assert scored["scores"]["F1@50"] == segment_f1_score(labels, parts, **options)


def test_constants_are_set_for_a_cell_alone(study, data):
    constants = importlib.import_module("skl_tot.preprocessing.look")
    usual = constants.LEAST_COURSE
    orders = []
    for seed, value in enumerate((0.0, 9.0, None)):
        settings = {"order": "auto"} | (
            {} if value is None else {"LEAST_COURSE": value}
        )
        cell = study.Cell(study.Row("hmm", settings), "first", seed)
        found = study.score(cell, data / "first")
        orders.append(found["order"])
        assert found["look"]["course"] > usual
    assert orders == ["mostly", "free", "mostly"]
    assert usual == constants.LEAST_COURSE


def test_a_constant_is_chosen_without_the_set(study):
    tables = importlib.import_module("_first_tables")

    def cells(*values):
        return [{"scores": {"MoF": x, "F1@50": x}} for x in values]

    # with a course "a" and "b" gain, and "c" loses; only a threshold tells them apart
    groups = {
        tables.MOSTLY: {"a": cells(0.9), "b": cells(0.8), "c": cells(0.1)},
        tables.FREE: {"a": cells(0.5), "b": cells(0.5), "c": cells(0.6)},
    }
    groups[tables.RETURNS] = groups[tables.MOSTLY]
    courses = {"a": 0.06, "b": 0.032, "c": 0.012}
    looks = {x: {"course": y, "returns": 1, "order": "?"} for x, y in courses.items()}
    _, course, returns = tables.left_out(groups, looks)
    # in use .03: 90, 80, 60; without "c" any up to .03 is as good, the nearest is .03
    assert course == ["LEAST_COURSE", "0.03", "76.7", "76.7", "0.03 (3)"]
    assert returns[2:4] == ["76.7", "76.7"]
    courses["c"] = 0.032  # now "c" looks like "b"
    looks["c"]["course"] = 0.032
    _, course, _ = tables.left_out(groups, looks)
    # "b" is left out: .035 for "c", so 50; "c" is left out: .03, so 10
    assert course[2:4] == ["60.0", "50.0"]
    assert course[4] == "0.03 (1), 0.035 (2)"


def test_collapses_are_listed(study):
    tables = importlib.import_module("_first_tables")
    cells = [
        {"set": "a", "seed": seed, "scores": {"in effect": x}, "true in effect": 0.9}
        for seed, x in enumerate((0.4, 0.5))
    ]
    rows = tables.collapses({"TOT": {"a": cells}, "HMM": {"a": cells[1:]}})
    assert rows[1:] == [["TOT", "2", "1", "a 0: 40 %, 90.0 %"], ["HMM", "1", "0", "–"]]


def test_the_vote_beside_its_members(study):
    tables = importlib.import_module("_first_tables")
    own = {
        "scores": {"MoF": 0.8, "F1@50": 0.6},
        "members": {"x": 0.1, "y": 0.5, "z": 0.9},
    }
    other = {"scores": {"MoF": 0.9, "F1@50": 0.7}}
    groups = {"Auto": {"a": [own]}, "k-means": {"a": [other]}}
    rows = tables.vote_rows(groups)
    assert rows[1] == ["a", "70.0", "50.0", "90.0", "–", "80.0"]
    assert rows[3][2:] == ["100.0", "0.0", "–", "0.0"]


def test_changes_that_do_not_matter(study, data, capsys):
    path = data.parent / "robust.jsonl"
    options = ["--data", str(data), "--results", str(path), "--methods", "equal parts"]
    study.main(["robust", *options])
    capsys.readouterr()
    study.main(["table", "--results", str(path)])
    agreement = table(capsys.readouterr().out, "agreement")
    for change in ("two dropped", "another seed", "features permuted"):
        assert agreement[change] == ["100.0", "100.0 (first)"]
    assert 90 < float(agreement["every frame twice"][0]) <= 100
    assert 50 < float(agreement["two split"][0]) < 100


@pytest.mark.parametrize("change", ["two dropped", "two split", "every frame twice"])
def test_labels_of_changed_recordings_find_their_frames(study, change):
    videos = [np.arange(n)[:, None] + 100 * n for n in (5, 8, 3, 6)]
    changed, back = study.CHANGES[change](videos, np.random.RandomState(0))
    found = back([video[:, 0] for video in changed])
    assert len(found) == (2 if change == "two dropped" else 4)
    for i, labels in found.items():
        assert labels.tolist() == videos[i][:, 0].tolist()


def test_looks(study, data, capsys, tmp_path, monkeypatch):
    look = importlib.import_module("_first_look")
    kept = {name: look.FAMILIES[name] for name in ("strict", "free")}
    monkeypatch.setattr(look, "FAMILIES", kept)
    monkeypatch.setattr(look, "RATES", {"features": None})
    path = tmp_path / "look.csv"
    options = ["--data", str(data), "--seeds", "2", "--csv", str(path)]
    study.main(["look", *options])
    assert "100,000 frames of 30 features: " in capsys.readouterr().out
    first, second, strict, free = path.read_text().splitlines()[1:]
    for row, n_actions in ((first, "3"), (second, "4")):
        assert row.split(",")[1:3] == ["12", n_actions]
        assert row.endswith("no,mostly,mostly,yes")
    assert strict.endswith("0 of 2,–,mostly,2 of 2")
    assert free.endswith("0 of 2,–,free,2 of 2")


@pytest.mark.parametrize("fps", [None, 20])
def test_families(study, fps):
    look = importlib.import_module("_first_look")
    for family in look.FAMILIES:
        videos, k = look.draw(family, 3, fps)
        again, _ = look.draw(family, 3, fps)
        assert all(np.array_equal(*pair) for pair in zip(videos, again, strict=True))
        assert 20 <= len(videos) <= 30
        assert 4 <= k <= 7
        assert skl_tot.look(videos, k).is_raw == (fps is not None)
