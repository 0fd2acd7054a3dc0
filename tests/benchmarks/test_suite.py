import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.metrics import (
    adjusted_mutual_info_score,
    mean_recall_score,
    mof_score,
    segment_f1_score,
)
from skl_tot.recordings.labels import equal_parts

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
QUICK = "tot:max_iter=3,n_parts=2"


@pytest.fixture(scope="module")
def suite():
    """The scripts as modules; they find their neighbours as when they are run."""
    names = ("suite", "_sets", "_suite_cells", "_suite_rows", "_suite_tables")
    names += ("_baselines", "_methods", "_pages", "_published")
    sys.path.insert(0, str(FOLDER))
    n_threads = torch.get_num_threads()
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    torch.set_num_threads(n_threads)
    sys.path.remove(str(FOLDER))


def write_set(root, n_actions, seed):
    """Six videos in the field's layout."""
    videos, labels = make_activities(
        6, n_actions, n_features=4, mean_length=30, random_state=seed
    )
    for name in ("features", "groundTruth", "mapping"):
        (root / name).mkdir(parents=True)
    for i, (video, actions) in enumerate(zip(videos, labels)):
        np.save(root / "features" / f"video_{i}.npy", video)
        text = "\n".join(f"act{action}" for action in actions)
        (root / "groundTruth" / f"video_{i}.txt").write_text(text)
    mapping = "".join(f"{k} act{k}\n" for k in range(n_actions))
    (root / "mapping" / "mapping.txt").write_text(mapping)


@pytest.fixture
def data(tmp_path):
    write_set(tmp_path / "data" / "first", 3, 0)
    write_set(tmp_path / "data" / "second", 4, 1)
    (tmp_path / "data" / "no_set").mkdir()
    return tmp_path / "data"


@pytest.fixture
def run(suite, data, tmp_path):
    """Run with one file of results; returns status, page and lines."""

    def run(*arguments):
        results, out = tmp_path / "suite.jsonl", tmp_path / "suite.md"
        own = ["--data", data, "--results", results, "--out", out]
        status = suite.suite.main([*map(str, own), *map(str, arguments)])
        lines = results.read_text().splitlines()
        page = out.read_text()
        return status, page, [json.loads(line) for line in lines]

    return run


def entries(page, title, table="sets"):
    """Entries of a row of one of the tables of a page."""
    _, _, text = page.partition(f"## {table}\n")
    lines = text.partition("\n## ")[0].splitlines()
    row = next(line for line in lines if line.startswith(f"| {title} |"))
    return [entry.strip() for entry in row.strip("|").split("|")]


def test_end_to_end(run, data, capsys):
    only = ["--only", "equal split", "k-means*", "left-right HMM", "tot:*"]
    status, page, lines = run("--seeds", 2, "--jobs", 2, "--method", QUICK, *only)
    assert status == 0
    assert page in capsys.readouterr().out
    # two rows have no seed
    assert len(lines) == 2 * (2 * 1 + 4 * 2)
    assert {line["set"]: line["n_actions"] for line in lines} == {
        "first": 3,
        "second": 4,
    }
    title = "tot:max_iter=3,n_parts=2"
    own = [line for line in lines if line["method"] == "tot"]
    assert all(line["settings"] == {"max_iter": 3, "n_parts": 2} for line in own)
    assert all(line["fit"] > 0 and line["predict"] > 0 for line in own)
    expected = []
    for name in ("first", "second"):
        cell = []
        for score in ("MoF", "F1@50"):
            scores = [100 * x["scores"][score] for x in own if x["set"] == name]
            cell.append(f"{np.mean(scores):.1f} ± {np.std(scores):.1f}")
        expected.append(" / ".join(cell))
    assert entries(page, title)[1:] == [f"`{title}`", *expected]
    assert entries(page, title, "other_scores")[1] == "2"
    assert entries(page, "equal split", "other_scores")[1] == "1"
    assert "- first: 6 videos, " in page
    assert "Failed" not in page


def test_scores_are_those_of_the_metrics(run, data):
    _, page, lines = run("--only", "equal split")
    expected = []
    for line in lines:
        videos = load_action_dataset(data / line["set"])
        k = line["n_actions"]
        split = [np.arange(len(y)) * k // len(y) for y in videos.labels]
        mof, f1 = (
            mof_score(videos.labels, split),
            segment_f1_score(videos.labels, split),
        )
        assert (line["scores"]["MoF"], line["scores"]["F1@50"]) == (mof, f1)
        more = (mean_recall_score, adjusted_mutual_info_score)
        recall, information = (score(videos.labels, split) for score in more)
        assert line["scores"]["mean recall"] == recall
        assert line["scores"]["AMI"] == information
        expected.append([100 * own for own in (mof, f1, information, recall)])
    first, second = expected
    row = entries(page, "equal split")
    assert row[2:] == [f"{mof:.1f} / {f1:.1f}" for mof, f1, *_ in (first, second)]
    row = entries(page, "equal split", "means")
    assert row[1:5] == [f"{mean:.1f}" for mean in np.mean(expected, axis=0)]
    row = entries(page, "equal split", "other_scores")
    assert row[4:] == [f"{abs(a - b) / 2:.1f}" for a, b in zip(first[:2], second[:2])]


def test_what_is_known_of_a_set(run, suite, data, monkeypatch):
    monkeypatch.setitem(suite._sets.FACTS, "second", suite._sets.Facts(is_local=True))
    facts = suite._sets.Facts(ignore=("act0",), stride=2)
    monkeypatch.setitem(suite._sets.FACTS, "first", facts)
    only = ["--only", "equal split"]
    _, _, (first, second, made) = run("--sets", "first", "second", "even-0", *only)
    assert (first["n_actions"], second["n_actions"], made["n_actions"]) == (2, 4, 6)
    assert made["scores"]["MoF"] == 1  # all actions last equally long
    assert made["n_videos"] == 60
    labels = load_action_dataset(data / "first").labels
    split = [np.arange(len(y)) // 2 * 2 // ((len(y) + 1) // 2) for y in labels]
    expected = mof_score(labels, split, ignore_labels="act0")
    assert first["scores"]["MoF"] == expected
    labels = load_action_dataset(data / "second").labels
    own = [np.arange(len(y)) * len(set(y)) // len(y) for y in labels]
    assert second["scores"]["MoF"] == mof_score(labels, own, scope="video")
    status, text, _ = run("--sets", "even-0", *only)
    assert status == 0
    row = entries(text, "even", "simple")
    assert row == ["even", "100.0/100.0", "–", "–"]
    row = entries(text, "equal split", "generated")
    assert row[2:] == ["100.0 / 100.0"]


def test_state_detection(suite, tmp_path, capsys):
    states = importlib.import_module("states")
    for seed, name in enumerate(states.SETS):
        write_set(tmp_path / name, 3, seed)
    results = tmp_path / "states.jsonl"
    arguments = ["--data", tmp_path, "--results", results, "--seeds", 1]
    for _ in range(2):
        states.main([*map(str, arguments), "--only", "k-means"])
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert [line["key"][:3] for line in lines] == [
        [name, "k-means", fit] for name in states.SETS for fit in states.FITS
    ]
    alone = lines[0]["scores"]
    assert 0 < alone["ARI"] < alone["NMI"] < 1
    shown = [f"{alone[score]:.3f} ± .000"[1:] for score in states.SCORES]
    row = next(x for x in capsys.readouterr().out.splitlines() if "| k-means |" in x)
    expected = ["given", "each recording", states.SETS[0], *shown]
    assert row.strip("| ").split(" | ")[1:] == expected
    page = tmp_path / "page.md"
    page.write_text("Text\n\n<!-- states -->\nOld\n<!-- end of states -->\n")
    arguments = ["--results", results, "--only-table", "--page", page]
    states.main([*map(str, arguments)])
    row = f"| k-means | given | {shown[0]} |"
    assert row in page.read_text()
    written = (tmp_path / "measured" / "states.csv").read_text()
    assert f"{states.SETS[0]},{','.join(shown)}" in written


def test_models_are_made_as_the_cell_says(run, suite, monkeypatch):
    models, make = [], suite._suite_cells.make

    def spy(*args, **settings):
        models.append(make(*args, **settings))
        return models[-1]

    monkeypatch.setattr(suite._suite_cells, "make", spy)
    spec = "tot:max_iter=2,prior=None"
    run("--seeds", 2, "--sets", "second", "--method", spec, "--only", "tot:*")
    assert [model.random_state for model in models] == [0, 1]
    for model in models:
        assert (model.n_actions, model.max_iter, model.prior) == (4, 2, None)


def test_nothing_is_run_twice(run):
    only = ["--only", "k-means", "equal split"]
    _, before, lines = run("--seeds", 1, *only)
    assert len(lines) == 4
    _, after, lines = run("--seeds", 1, *only)
    assert len(lines) == 4
    assert after == before
    # the same settings written otherwise, in another order
    _, _, lines = run("--seeds", 1, "--method", "equal", *only)
    assert len(lines) == 4
    # one seed more, of the row that has seeds
    _, page, lines = run("--seeds", 2, *only)
    assert len(lines) == 6
    assert entries(page, "k-means", "other_scores")[1] == "2"
    # again by the name of the row, or of the set; the last result counts
    _, _, lines = run("--seeds", 2, "--rerun", "equal*", *only)
    assert len(lines) == 8
    _, page, lines = run("--seeds", 2, "--rerun", "second", *only)
    assert len(lines) == 11
    assert entries(page, "k-means", "other_scores")[1] == "2"


def test_data_of_the_variable_and_no_file_unless_named(
    suite, data, tmp_path, monkeypatch, capsys
):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv(suite._sets.VARIABLE, str(data))
    assert suite.suite.main(["--only", "equal split"]) == 0
    page = capsys.readouterr().out
    assert entries(page, "equal split")[0] == "equal split"
    reproduce = importlib.import_module("reproduce")
    arguments = [str(data / "first"), "--protocol", "custom"]
    assert reproduce.main([*arguments, "--methods", "equal split"]) == 0
    assert "| equal split | 1 |" in capsys.readouterr().out
    assert list(empty.iterdir()) == []


def test_order_and_type_of_settings_do_not_matter(run):
    only = ["--seeds", 1, "--sets", "first", "--only", "k_means:*"]
    run(*only, "--method", "k_means:n_init=1,switch_cost=1,decoding=skip")
    again = "k_means:decoding='skip',switch_cost=1.0,n_init=1"
    _, _, lines = run(*only, "--method", again)
    assert len(lines) == 1


def test_goes_on_after_a_line_that_was_cut_off(run, tmp_path):
    path = tmp_path / "suite.jsonl"
    only = ["--only", "equal split"]
    run(*only)
    text = path.read_text()
    path.write_text(text[:-30])
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        run(*only)  # the test's own reading: the cut line is still there
    whole = []
    for line in path.read_text().splitlines():
        try:
            whole.append(json.loads(line)["set"])
        except ValueError:
            continue
    assert whole == ["first", "second"]


def test_errors_are_kept_and_shown(run, data):
    broken = data / "second" / "features" / "video_2.npy"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-8])
    only = ["--seeds", 1, "--only", "k-means", "equal split"]
    status, page, lines = run(*only)
    assert status == 1
    assert ["error" in line for line in lines] == [False, False, True, True]
    assert "video_2.npy cannot be read" in page
    assert "(equal split, second, seed 0; k-means, second, seed 0)" in page
    assert entries(page, "k-means")[3:] == ["failed"]
    assert entries(page, "k-means", "means")[1:] == ["–"] * 5
    assert entries(page, "k-means", "other_scores")[1:] == ["0", *["–"] * 4]
    # only what failed is run again
    broken.write_bytes(whole)
    status, page, lines = run(*only)
    assert status == 0
    assert len(lines) == 6
    assert "Failed" not in page


def test_a_method_that_cannot_be_loaded_stops_its_cells_only(run, suite, monkeypatch):
    monkeypatch.setitem(suite._methods.METHODS, "mallow", "NoSegmenter")
    only = ["--seeds", 1, "--sets", "first", "--only", "Mallow", "equal split"]
    status, page, _ = run(*only)
    assert status == 1
    assert "no attribute 'NoSegmenter' (Mallow, first, seed 0)" in page
    assert entries(page, "equal split")[2] != "failed"


def test_only_the_table(run, suite, tmp_path, capsys):
    _, page, _ = run("--only", "equal split")
    results = tmp_path / "suite.jsonl"
    out = tmp_path / "again.md"
    arguments = ["--only-table", "--results", str(results), "--out", str(out)]
    assert suite.suite.main(arguments) == 0
    assert out.read_text() == page
    target = tmp_path / "page.md"
    places = ["\nOld\n".join(suite._pages.marks(x)) for x in suite.suite.ON_PAGE]
    target.write_text("Text\n\n" + "\n\n".join(places) + "\n\nMore\n")
    for _ in range(2):
        assert suite.suite.main([*arguments, "--page", str(target)]) == 0
        text = target.read_text()
        assert text.startswith("Text\n\n<!-- means -->\n\n")
        assert text.endswith("<!-- end of simple -->\n\nMore\n")
        row = entries(page, "equal split", "means")
        assert text.count(f"| {' | '.join(row)} |") == 1
    written = (tmp_path / "measured" / "sets.csv").read_text().splitlines()
    assert written[0] == "method,command line,first,second"
    assert written[1] == ",".join(entries(page, "equal split"))


def result(seed, name, mof, **others):
    scores = {"MoF": mof, "F1@50": mof / 2, "edit": 0.25, "mIoU": 0.125}
    scores |= {"AMI": 0.0625, "mean recall": 0.75}
    return {
        "method": "tot",
        "settings": {},
        "set": name,
        "seed": seed,
        "version": "0",
        "n_actions": 2,
        "n_videos": 3,
        "n_frames": 4,
        "scores": scores,
        "fit": 1.0,
        "predict": 0.5,
        **others,
    }


def test_means_and_deviations(suite):
    values = np.array([[0.2, 0.6, 0.7], [0.4, 0.9, 0.1], [0.3, 0.3, 0.8]])
    names = ["a", "b", "c"]
    results = [
        result(seed, name, values[seed, i])
        for i, name in enumerate(names)
        for seed in (2, 0, 1)
    ]
    summary = suite._suite_tables.summarise(results, names)
    percent = 100 * values
    assert summary.n_seeds == 3
    assert summary.means["MoF"] == pytest.approx(percent.mean())
    assert summary.deviations["MoF"] == pytest.approx(percent.mean(axis=1).std())
    assert summary.spreads["MoF"] == pytest.approx(percent.mean(axis=0).std())
    assert summary.means["F1@50"] == pytest.approx(percent.mean() / 2)
    assert summary.means["seconds"] == pytest.approx(1.5)
    # a seed that lacks a set counts for the sets that it has, and not for means
    summary = suite._suite_tables.summarise(results[:-1], names)
    assert results[-1]["seed"] == 1
    assert summary.n_seeds == 2
    known = percent[[0, 2]]
    assert summary.means["MoF"] == pytest.approx(known.mean())
    assert summary.deviations["MoF"] == pytest.approx(known.mean(axis=1).std())
    assert summary.spreads["MoF"] == pytest.approx(known.mean(axis=0).std())
    both = suite._suite_tables.entry(results[:-1], ["b"])
    assert both.startswith("60.0 ± 24.5 /")


def test_format_of_the_tables(suite):
    paper = {"method": "paper"}
    results = [result(seed, "a", 0.5 + seed / 10, **paper) for seed in (0, 1)]
    results += [result(0, "a", 0.25, settings={"alpha": 1}, **paper)]
    results += [result(0, "a", 0.75)]
    results += [result(seed, "mocap86", 0.5 + seed / 5) for seed in (0, 1)]
    results += [result(0, f"free-{seed}", 0.2 + seed / 5) for seed in (0, 1)]
    page = suite._suite_tables.page(results)
    scores = "| 55.0 ± 5.0 | 27.5 ± 2.5 | 6.2 ± 0.0 | 75.0 ± 0.0 |"
    assert f"| TOT, as published {scores} 1.50 |" in page
    assert "| TOT | 75.0 | 37.5 | 6.2 | 75.0 | 1.50 |" in page
    assert "| method | command line | a |\n| --- | --- | ---: |" in page
    both = "55.0 ± 5.0 / 27.5 ± 2.5"
    text = suite._suite_rows.ROWS["TOT, as published"].text
    assert f"| TOT, as published | `{text}` | {both} |" in page
    assert entries(page, "TOT+TCL")[2] == "25.0 / 12.5"
    row = "| TOT, as published | 2 | 25.0 ± 0.0 | 12.5 ± 0.0 | 0.0 | 0.0 |"
    assert row in page
    row = entries(page, "TOT", "raw_signals")
    assert row[1:] == ["`tot`", "60.0 ± 10.0 / 30.0 ± 5.0"]
    assert entries(page, "TOT", "generated")[2] == "30.0 / 15.0"
    # what was published stands beside what is as published
    row = entries(page, "TOT", "systems")
    assert row[1] == "CVPR 2022"
    assert row[3] == "55.0 ± 5.0 / 27.5 ± 2.5"
    assert row[4:] == [
        "47.4 / 42.8 P",
        "31.8 / – P",
        "40.6 / 30.0 P",
        "47.5 / 31.0 P",
        "56.3 / 51.7 P",
    ]
    assert entries(page, "ASOT", "systems")[4] == "59.3 / 53.6 NL"
    assert entries(page, "CLOT", "systems")[2:4] == ["none", "–"]
    assert "32.9" in page


def test_every_system_of_the_paper_has_its_row(suite):
    systems, rows = suite._published.SYSTEMS, suite._suite_rows.ROWS
    in_tables = ["Frank-Wolfe", "Mallow", "CTE", "VTE", "ASAL", "UDE", "TOT", "TOT+TCL"]
    for name in [*in_tables, "ASOT"]:
        assert suite._suite_rows.title_of_system(name) in rows
        assert systems[name].basis
    assert {row.method for row in rows.values()} == {
        *suite._methods.METHODS,
        *suite._baselines.BASELINES,
    }
    letters = suite._published.SOURCES.keys()
    for system in systems.values():
        for pair in [*system.results.values(), *system.unseen.values()]:
            assert set(pair.source) <= letters
            assert pair.source
            assert not (pair.mof is None and pair.f1 is None)


def test_rows_of_the_paper_are_changes_of_its_method(suite):
    rows = suite._suite_rows.ROWS
    changes = {
        "TOT, as published": set(),
        "TOT, two parts": {"n_parts"},
        "TOT, two parts, free": {"n_parts", "decoding", "switch_cost"},
        "TOT, structured transport": {"transport"},
        "TOT+TCL": {"alpha"},
        "OT": {"prior"},
    }
    for title, changed in changes.items():
        assert rows[title].method == "paper"
        assert rows[title].settings.keys() == changed
    assert rows["TOT"].settings == {}


def test_rows_are_read_as_they_are_written(suite):
    rows = suite._suite_rows
    for row in rows.ROWS.values():
        assert rows.parse_row(row.text) == row
    row = rows.parse_row("tot:prior=None,rho=1e-2,decoding='free',n_parts=2")
    assert not row.windows
    expected = {"prior": None, "rho": 0.01, "decoding": "free", "n_parts": 2}
    assert row.settings == expected
    assert row.title == "tot:prior=None,rho=0.01,decoding=free,n_parts=2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "svm"], "no method 'svm', expected one of ['tot', "),
        (["--method", "tot:rhoo=1"], "no parameter 'rhoo', expected one of"),
        (["--method", "tot:n_actions=1"], "no parameter 'n_actions'"),
        (["--method", "tot:rho"], "expected METHOD:NAME=VALUE"),
        (["--method", "tot:rho=1)"], "expected METHOD:NAME=VALUE"),
        (["--method", "tot:rho=[1]"], "expected METHOD:NAME=VALUE"),
        (["--method", "tot:rho=f(1)"], "expected METHOD:NAME=VALUE"),
        (["--method", "tot:**a"], "expected METHOD:NAME=VALUE"),
        (["--only", "SVM"], "--only SVM matches no"),
        (["--sets", "third"], "--sets third is not one of ['first', 'second']"),
        (["--seeds", "0"], "--seeds must be positive"),
        (["--jobs", "0"], "--jobs not 0"),
        (["--page", __file__], "test_suite.py: expected the lines <!-- means -->"),
        (["--data", "nowhere"], "nowhere has no folder with a folder features"),
        (["--only-table"], "is no file"),
    ],
)
def test_wrong_usage_is_one_line(run, capsys, arguments, message):
    with pytest.raises(SystemExit) as error:
        run(*arguments)
    assert error.value.code == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1


def left_right(n_videos=12, n_actions=4):
    """Well separated actions in their order, of lengths far from equal."""
    rng = np.random.default_rng(0)
    means = 4 * rng.normal(size=(n_actions, 6))
    labels = [np.repeat(range(n_actions), rng.integers(8, 40, n_actions))]
    for _ in range(n_videos - 1):
        labels.append(np.repeat(range(n_actions), rng.integers(8, 40, n_actions)))
    videos = [means[y] + rng.normal(size=(len(y), 6)) for y in labels]
    return videos, labels


def test_left_right_hmm(suite):
    videos, labels = left_right()
    for options in ({}, {"n_components": None}):
        model = suite._baselines.LeftRightHMM(4, **options).fit(videos)
        predicted = model.predict(videos)
        assert mof_score(labels, predicted) > 0.99
        for path in predicted:
            assert path[0] == 0
            assert set(np.diff(path)) <= {0, 1}
    split = [equal_parts(len(video), 4) for video in videos]
    assert mof_score(labels, split) < 0.9


def test_components_are_no_more_than_there_are(suite):
    one = [np.random.default_rng(0).normal(size=(20, 1)).astype("f4")]
    model = suite._baselines.LeftRightHMM(2).fit(one)
    assert model.predict(one)[0].shape == (20,)
    assert model.reduce_[-1].n_components_ == 1
