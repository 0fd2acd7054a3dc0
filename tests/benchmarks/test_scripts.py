"""Every script of the benchmarks at its smallest size, and the parts that compute."""

import functools
import importlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from skl_tot import HMMSegmenter
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.metrics import mof_score, segment_f1_score

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
QUICK = "tot:max_iter=3,n_prototypes=2"


@pytest.fixture
def script(monkeypatch):
    """Import a script; it finds its neighbours as when it is run."""
    monkeypatch.syspath_prepend(FOLDER)
    n_threads = torch.get_num_threads()
    yield importlib.import_module
    torch.set_num_threads(n_threads)


@pytest.fixture
def run(script, monkeypatch, capsys):
    """Run a script as from the command line, and return what it prints."""

    def run(name, *arguments):
        monkeypatch.setattr("sys.argv", [f"{name}.py", *map(str, arguments)])
        script(name).main()
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Two sets of twelve recordings, the second with frames without a label."""
    folder = tmp_path_factory.mktemp("data")
    for n_actions, name in ((3, "first"), (4, "second")):
        for part in ("features", "groundTruth", "mapping"):
            (folder / name / part).mkdir(parents=True)
        made = make_activities(
            12, n_actions, n_features=4, mean_length=40, random_state=n_actions
        )
        for i, (video, actions) in enumerate(zip(*made)):
            np.save(folder / name / "features" / f"video_{i:02}.npy", video)
            labels = [f"act{action}" for action in actions]
            if name == "second":
                labels[0] = "unlabelled"
            path = folder / name / "groundTruth" / f"video_{i:02}.txt"
            path.write_text("\n".join(labels))
        known = [f"act{k}" for k in range(n_actions)] + ["unlabelled"]
        lines = [f"{k} {label}\n" for k, label in enumerate(known[: n_actions + 1])]
        mapping = folder / name / "mapping" / "mapping.txt"
        mapping.write_text("".join(lines[: None if name == "second" else n_actions]))
    return folder


def rows_of(page, title=""):
    """Rows of a table of a page by their first entry."""
    text = page.partition(f"## {title}\n\n")[2] if title else page
    lines = text.partition("\n## ")[0].splitlines()
    rows = [[x.strip() for x in x.strip("|").split("|")] for x in lines if "|" in x]
    return {row[0]: row[1:] for row in rows}


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class TestSuite:
    @pytest.fixture
    def suite(self, script, data, tmp_path, capsys):
        """Run the suite; returns status, page and lines."""

        def suite(*arguments):
            path = tmp_path / "suite.jsonl"
            own = ["--data", data, "--results", path, *arguments]
            status = script("suite").main([*map(str, own)])
            return status, capsys.readouterr().out, lines_of(path)

        return suite

    def test_rows_scores_and_tables(self, suite, data, tmp_path):
        only = ["--only", "equal split", "k-means", "left-right HMM", "tot:*"]
        status, page, lines = suite("--seeds", 2, "--method", QUICK, *only)
        assert status == 0
        # two rows have no seed
        assert len(lines) == 2 * (2 * 1 + 2 * 2)
        own = [x for x in lines if x["cell"]["method"] == "tot"]
        assert own[0]["cell"]["settings"] == {"max_iter": 3, "n_prototypes": 2}
        assert [x["n_actions"] for x in own] == [3, 3, 5, 5]
        expected = []
        for name in ("first", "second"):
            cell = []
            for score in ("MoF", "F1@50"):
                scores = [
                    100 * x["scores"][score] for x in own if x["cell"]["set"] == name
                ]
                cell.append(f"{np.mean(scores):.1f} ± {np.std(scores):.1f}")
            expected.append(" / ".join(cell))
        assert rows_of(page, "sets")[QUICK] == [f"`{QUICK}`", *expected]
        assert "- first: 12 videos, " in page
        labels = load_action_dataset(data / "first").labels
        split = [np.arange(len(y)) * 3 // len(y) for y in labels]
        scores = mof_score(labels, split), segment_f1_score(labels, split)
        found = rows_of(page, "sets")["equal split"][1]
        assert found == " / ".join(f"{100 * score:.1f}" for score in scores)
        # nothing is run twice
        _, again, lines = suite("--seeds", 2, "--method", QUICK, *only)
        assert (again, len(lines)) == (page, 12)
        _, _, lines = suite("--rerun", "equal*", "--only", "equal split")
        assert len(lines) == 14
        suite("--only-table", "--csv", tmp_path / "measured")
        written = (tmp_path / "measured" / "sets.csv").read_text().splitlines()
        assert written[0] == "method,command line,first,second"

    def test_facts_of_sets(self, script, suite, data, monkeypatch):
        sets = script("_sets")
        monkeypatch.setitem(sets.FACTS, "second", sets.Facts(is_local=True))
        facts = sets.Facts(ignore=("act0",), stride=2)
        monkeypatch.setitem(sets.FACTS, "first", facts)
        only = ["--only", "equal split", "--sets", "first", "second", "even-0"]
        _, page, (first, second, made) = suite(*only)
        assert (first["n_actions"], second["n_actions"]) == (2, 5)
        assert made["scores"]["MoF"] == 1  # all actions last equally long
        labels = load_action_dataset(data / "first").labels
        split = [np.arange(len(y)) // 2 * 2 // ((len(y) + 1) // 2) for y in labels]
        expected = mof_score(labels, split, ignore_labels="act0")
        assert first["scores"]["MoF"] == expected
        labels = load_action_dataset(data / "second").labels
        own = [np.arange(len(y)) * len(set(y)) // len(y) for y in labels]
        assert second["scores"]["MoF"] == mof_score(labels, own, scope="video")
        assert rows_of(page, "generated")["equal split"][1:] == ["100.0 / 100.0"]

    def test_errors_are_kept_shown_and_tried_again(self, script, suite, data, tmp_path):
        path = tmp_path / "suite.jsonl"
        shutil.copytree(data, tmp_path / "copy")
        broken = tmp_path / "copy" / "second" / "features" / "video_02.npy"
        whole = broken.read_bytes()
        broken.write_bytes(whole[:-8])
        only = ["--data", tmp_path / "copy", "--only", "equal split"]
        status, page, lines = suite(*only)
        assert (status, ["error" in x for x in lines]) == (1, [False, True])
        assert "video_02.npy cannot be read" in page
        assert rows_of(page, "sets")["equal split"][2] == "failed"
        broken.write_bytes(whole)
        path.write_text(path.read_text()[:-30])  # a killed process
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            suite(*only)  # the test's own reading: the cut line is still there
        assert len(script("_study").read_results(path)) == 2

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--sets", "none"], "--sets none is not one of ['first', 'second']."),
            (["--only", "none"], "--only none matches no row of ["),
            (
                ["--method", "none"],
                "--method none: no method 'none', expected one of [",
            ),
            (["--method", "tot:no=1"], "--method tot:no=1: expected METHOD:NAME=VALUE"),
            (["--method", "tot:1"], "--method tot:1: expected METHOD:NAME=VALUE"),
            (["--seeds", "0"], "--seeds must be positive and --jobs not 0."),
            (["--only-table", "--results", "none"], "--results none is no file."),
        ],
    )
    def test_bad_arguments(self, script, data, capsys, arguments, message):
        with pytest.raises(SystemExit) as error:
            script("suite").main(["--data", str(data), *arguments])
        assert error.value.code == 2
        assert capsys.readouterr().err.startswith(f"suite.py: {message}")


def test_look_and_robust(run, data, tmp_path):
    page = run("look", "--data", data, "--seeds", 1)
    assert rows_of(page)["first"][0] == "12"
    results = "--results", tmp_path / "robust.jsonl"
    run(
        "robust", "fit", "--data", data, "--sets", "first", "--methods", "HMM", *results
    )
    page = run("robust", "table", *results)
    assert float(rows_of(page)["features permuted"][0]) > 90


def test_states(run, script, data, tmp_path):
    states = script("states")
    for name, source in zip(states.SETS, ("first", "second")):
        shutil.copytree(data / source, tmp_path / name)
    results, table = tmp_path / "states.jsonl", tmp_path / "states.csv"
    only = ["--seeds", 1, "--only", "k-means", "--csv", table]
    run("states", "--data", tmp_path, "--results", results, *only)
    lines = lines_of(results)
    assert [x["cell"]["fit"] for x in lines] == ["alone", "jointly"] * 2
    shown = pd.read_csv(table).query("method == 'k-means'")
    assert shown["ARI"].iloc[0].startswith(states.three(lines[0]["scores"]["ARI"]))


def test_reproduce(script, data, tmp_path, capsys):
    reproduce = script("reproduce")
    own = [data / "first", "--protocol", "custom", "--out", tmp_path / "out"]
    own += ["--csv", tmp_path / "rows.csv", "--seeds", 2, "--set", "max_iter=2"]
    methods = ["--methods", "TOT", "OT+CTE", "CTE", "equal split"]
    assert reproduce.main([*map(str, own), *methods]) == 0
    assert reproduce.main([*map(str, own), *methods, "--generalization"]) == 0
    capsys.readouterr()
    lines = lines_of(tmp_path / "out" / "cells.jsonl")
    assert len(lines) == (2 + 2 + 2 + 1) + 8
    assert lines[0]["cell"]["settings"] == {"max_iter": 2}
    assert (tmp_path / "out" / "results.md").read_text().startswith("# first, own prot")
    rows = (tmp_path / "rows.csv").read_text().splitlines()
    assert rows[0].startswith("set,method,seeds,MoF,F1 per video,F1 pooled,edit")
    assert len(rows) == 1 + 4 + 4
    settings = reproduce.choose_settings("CTE", reproduce.PROTOCOLS["breakfast"], {})
    assert (settings["embedding_dim"], settings["standardize"]) == (40, "video")
    assert "rho" not in settings
    settings = reproduce.choose_settings("OT", reproduce.PROTOCOLS["breakfast"], {})
    assert (settings["rho"], settings["prior"]) == (0.07, None)
    assert "prior__sigma" not in settings
    for arguments, message in [
        (["--activities", "x"], "--activities x is not one of [None]."),
        (["--set", "no=1"], "--set no=1: no method has this parameter."),
        (["--ignore", "a", "--split-label", "a"], "--split-label would split a label"),
    ]:
        with pytest.raises(SystemExit):
            reproduce.main([*map(str, own[:3]), *arguments])
        assert f"reproduce.py: {message}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("unseen", "unseen half, match of the fitted half"),
    ],
)
def test_studies_of_sets(run, data, tmp_path, name, row):
    own = ["--data", data, "--sets", "first", "--method", "hmm", "--seeds", 1]
    page = run(name, *own, "--csv", tmp_path / "rows.csv")
    assert 50 < float(rows_of(page)[row][0]) <= 100
    assert row in (tmp_path / "rows.csv").read_text()


def test_trust_leaves_families_out(run, script, data, tmp_path):
    """Levels of a family do not depend on its own fits."""
    own = "--results", tmp_path / "trust.jsonl"
    options = "--sets", "first", "--methods", "KMeansSegmenter"
    run("trust", "fit", "--data", data, *options, *own)
    results = script("_study").read_results(own[1])
    assert results[0]["level"] in ("low", "middle", "high")
    assert set(results[0]["methods"]) > {"a hidden Markov model without an order"}

    def result(name, agreement, mof):
        level = script("skl_tot.meta.trust").LEVELS[0]
        cell = {"set": name, "method": "KMeansSegmenter"}
        scores = {"MoF": mof, "F1@50": mof}
        known = {"cell": cell, "level": level, "scores": scores, "held out": mof}
        return known | {"agreement": agreement}

    others = [(0.32, 0.1), (0.38, 0.1), (0.42, 0.5), (0.48, 0.5), (0.49, 0.9)]
    rows = [result(f"other_{i}", *own) for i, own in enumerate(others)]
    for mof in (0.0, 1.0):
        results = [*rows, result("one_a", 0.43, mof), result("one_b", 0.33, 1 - mof)]
        thresholds = script("trust").leave_out(results)
        assert "one 0.40 0.45" in thresholds
        assert [own["left out"] for own in results[-2:]] == [1, 0]


def test_labels(run, script, data, tmp_path, monkeypatch):
    labels = script("labels")
    quick = functools.partial(HMMSegmenter, max_iter=3)
    monkeypatch.setattr(labels, "default_estimators", lambda *_: [quick(3), quick(4)])
    monkeypatch.setattr(labels, "TemporalOTSegmenter", quick)
    monkeypatch.setattr(labels, "N_DRAWS", 1)
    monkeypatch.setattr(labels, "N_TREES", 5)
    results, table = tmp_path / "labels.jsonl", tmp_path / "labels.csv"
    run("labels", "sets", "--data", data, "--results", results)
    lines = lines_of(results)
    assert [line["cell"]["count"] for line in lines] == 2 * [1, 2, 5]
    for line in lines:
        assert line["scores"]["labels"]["MoF"] > 0.9
        assert 0 < line["probability"] <= 1
    run("labels", "table", "--results", results, "--csv", table)
    shown = pd.read_csv(table)
    assert shown.columns.tolist() == ["row", "labelled", "first", "second", "mean"]
    assert shown["row"].nunique() == 8


def test_review(run, data, tmp_path):
    own = ["--data", data, "--sets", "first", "--method", "mallow", "--seeds", 1]
    own += ["--draws", 1, "--fits", tmp_path / "fits"]
    page = run("review", *own)
    assert run("review", *own) == page
    mean = page.partition("mean of 1")[2].splitlines()[4]
    assert float(mean.split("|")[5].split()[0]) > 50  # MoF


@pytest.mark.parametrize(
    ("predicted", "left", "n"),
    [
        ("aaaabbbb", "aaaaabbb", 0),  # near enough
        ("aaaabbbb", "aaaaaabb", 1),  # dragged
        ("aaaabbbb", "bbbbaaaa", 2),
        ("aabbbbaa", "aaaaaaaa", 1),  # joined
        ("aaaaaaaa", "aabbbbaa", 3),  # cut and named
        ("aaabbccc", "aaaaaaac", 2),
    ],
)
def test_edits_are_counted(script, predicted, left, n):
    review = script("review")
    both = [review.segments(np.array(list(text))) for text in (predicted, left)]
    assert review.count_edits(*both) == n


def test_cycles_activities_and_numbers(run, script, data, monkeypatch):
    monkeypatch.setattr(script("cycles"), "RECORDED", {"first": ["video"]})
    page = rows_of(run("cycles", "--data", data, "--seeds", 1))
    assert float(page["generated"][0]) == 40
    activities = script("activities")
    monkeypatch.setattr(activities, "SEEDS", (400,))
    monkeypatch.setattr(activities, "TemporalOTSegmenter", activities.MallowSegmenter)
    monkeypatch.setattr(activities, "SETS", ("first", "second"))
    assert "MallowSegmenter" in run("activities", "real", "--data", data)
    monkeypatch.setattr(script("n_actions"), "GENERATED", [])
    page = run("n_actions", "--data", data, "--sets", "first", "--most", 4)
    assert rows_of(page)["true number"] == ["", "", "3"]


def test_streams_groups_and_costs(run, data, tmp_path, monkeypatch):
    page = run("live", "accuracy", "--data", data, "--set", "first", "--seeds", 0)
    assert "offline" in page
    assert "5 subjects a group" in run("groups", "--draws", 2, "--subjects", 5)
    if Path("/proc/self/status").exists():
        sizes = ["--gigabytes", 0.1, "--steps", 2, "--json", tmp_path / "a.json"]
        run("memory", *sizes)
        assert json.loads((tmp_path / "a.json").read_text())[0]["n_videos"] == 100


def test_speed(run, script, tmp_path, capsys):
    path = tmp_path / "speed.json"
    printed = run("speed", "--quick", "--json", path)
    topics = json.loads(path.read_text())["topics"]
    assert list(topics) == list(script("speed").TOPICS)
    for topic in topics.values():
        assert f"| {' | '.join(topic['rows'][0])} |" in printed
    if not torch.cuda.is_available():
        with pytest.raises(SystemExit):
            run("speed", "--device", "cuda")
        error = capsys.readouterr().err
        assert error == "speed.py: torch finds no CUDA device.\n"


def test_guard(script, tmp_path, monkeypatch, capsys):
    guard = script("guard")
    groups = [("generated", guard.run_arrays)]
    monkeypatch.setattr(
        guard, "make_cases", lambda _: [(name, group()) for name, group in groups]
    )
    path = tmp_path / "before.npz"
    for action in ("store", "compare"):
        monkeypatch.setattr("sys.argv", ["guard.py", action, str(path)])
        assert guard.main() == 0
    assert "0 differ, 0 are within 1e-12, all others equal." in capsys.readouterr().out
    before = {"a": np.arange(3.0), "b": np.array(["x"]), "c": np.zeros(2)}
    after = {"a": np.array([0, 1, 2.1]), "b": np.array(["y"]), "d": np.zeros(2)}
    assert guard.compare(before, after) == 3


def test_page_can_be_imported(script):
    pytest.importorskip("selenium")
    assert set(script("page").GESTURES) == {"scroll", "zoom all", "zoom one"}
