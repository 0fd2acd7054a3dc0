"""Every script of the benchmarks at its smallest size, and the parts that compute."""

import functools
import importlib
import json
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from skl_tot import HMMSegmenter, TemporalOTSegmenter
from skl_tot.baselines import paper
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.metrics import mof_score

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


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
        options = {"n_features": 4, "mean_length": 40, "random_state": n_actions}
        made = make_activities(12, n_actions, **options)
        for i, (video, actions) in enumerate(zip(*made)):
            np.save(folder / name / "features" / f"video_{i:02}.npy", video)
            labels = [f"act{action}" for action in actions]
            labels[0] = "unlabelled" if name == "second" else labels[0]
            path = folder / name / "groundTruth" / f"video_{i:02}.txt"
            path.write_text("\n".join(labels))
        names = [f"act{k}" for k in range(n_actions)]
        names += ["unlabelled"] if name == "second" else []
        lines = [f"{k} {label}\n" for k, label in enumerate(names)]
        (folder / name / "mapping" / "mapping.txt").write_text("".join(lines))
    return folder


def rows_of(page, title=""):
    """Rows of a table of a page by their first entry."""
    text = page.partition(f"## {title}\n\n")[2] if title else page
    lines = text.partition("\n## ")[0].splitlines()
    rows = [[x.strip() for x in x.strip("|").split("|")] for x in lines if "|" in x]
    return {row[0]: row[1:] for row in rows}


def test_suite(script, data, tmp_path, capsys):
    """Scores are those of the package; nothing is run twice; errors are kept."""
    path = tmp_path / "suite.jsonl"

    def suite(folder):
        arguments = ["--data", folder, "--results", path, "--only", "equal split"]
        status = script("suite").main([*map(str, arguments)])
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return status, capsys.readouterr().out, lines

    status, page, lines = suite(data)
    assert (status, len(lines)) == (0, 2)
    labels = load_action_dataset(data / "first").labels
    split = [np.arange(len(y)) * 3 // len(y) for y in labels]
    score = f"{100 * mof_score(labels, split):.1f}"
    assert rows_of(page, "sets")["equal split"][1].split(" / ")[0] == score
    assert suite(data) == (0, page, lines)
    broken = tmp_path / "copy"
    shutil.copytree(data, broken)
    features = broken / "second" / "features" / "video_02.npy"
    features.write_bytes(features.read_bytes()[:-8])
    path.unlink()
    status, page, lines = suite(broken)
    assert (status, ["error" in line for line in lines]) == (1, [False, True])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda x: x.stem)
def test_can_be_imported(script, path):
    if path.stem == "page":
        pytest.importorskip("selenium")
    script(path.stem)


SMALL = "--sets first --seeds 1 --data {data}"
COMMANDS = {
    "robust": "fit --data {data} --sets first --methods HMM --results {out}/a.jsonl",
    "unseen": f"{SMALL} --method hmm --csv {{out}}/a.csv",
    "review": f"{SMALL} --method mallow --draws 1 --fits {{out}}/fits",
    "reproduce": "{data}/first --protocol custom --out {out}/a --seeds 1 "
    "--set max_iter=2 --methods TOT CTE",
    "trust": "fit --data {data} --sets first --methods KMeansSegmenter "
    "--results {out}/a.jsonl",
    "groups": "--draws 2 --subjects 5",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_runs(run, data, tmp_path, name):
    run(name, *COMMANDS[name].format(data=data, out=tmp_path).split())


def test_the_protocol_of_desktop_assembly_is_table_10(script):
    reproduce, make = script("reproduce"), script("_methods").make
    settings = reproduce.choose_settings("TOT", reproduce.PROTOCOLS["desktop"], {})
    assert str(make("paper", **settings).get_params()) == str(paper().get_params())
    settings = reproduce.choose_settings("TOT", reproduce.PROTOCOLS["yti"], {})
    network = make("paper", **settings).network
    assert (network.hidden_size, network.embedding_size) == (400, 200)


def test_differences(run, script, data, tmp_path):
    """Defaults are spelt out as they are, and each that differs has a row."""
    path, table = tmp_path / "a.jsonl", tmp_path / "a.csv"
    fit = ["--sets", "first", "--methods", "alpha", "prior__sigma", "--data"]
    run("differences", "fit", *fit, data, "--results", path)
    rows = rows_of(run("differences", "table", "--results", path, "--csv", table))
    assert rows["alpha"][:3] == ["0.5", "0", "1"]
    assert rows["prior__sigma"][:2] == ["1.2", "2"]
    differences = script("differences")
    defaults, spelt = TemporalOTSegmenter(), differences.make_defaults()
    assert {"rho", "transport__n_iter"}.isdisjoint(differences.CHANGES)
    videos = load_action_dataset(data / "first").videos
    for model in (defaults, spelt):
        model.set_params(n_actions=3, order="mostly", max_iter=40, random_state=0)
        model.fit(videos)
    np.testing.assert_array_equal(defaults.network_["prototypes"], spelt.prototypes_)
    np.testing.assert_array_equal(defaults.labels_[0], spelt.labels_[0])


@pytest.mark.parametrize("options", ["sensitivity --sets first", "codes --set first"])
def test_figures(run, data, tmp_path, options):
    path = tmp_path / "a.png"
    text = run("figures", *options.split(), "--data", data, "--steps", 6, "--out", path)
    assert "MoF" in text
    picture = plt.imread(path)
    assert picture.shape[1] > 1000
    assert picture[..., :3].std() > 0.1


def test_first_answer(run, data, tmp_path):
    """Tables have the mean of the four scores, in percent."""
    results, means, sets = (tmp_path / x for x in ("a.jsonl", "a.csv", "b.csv"))
    methods = ["equal parts", "left-right HMM", "HMM"]
    options = ["--data", data, "--seeds", 1, "--results", results, "--methods"]
    run("first_answer", "fit", *options, *methods)
    options = ["--results", results, "--csv", means, "--csv-of-sets", sets]
    run("first_answer", "table", *options)
    table, by_set = pd.read_csv(means, index_col=0), pd.read_csv(sets, index_col=0)
    assert set(table.index) == set(methods)
    lines = map(json.loads, results.read_text().splitlines())
    shown = {(x["cell"]["set"], x["cell"]["method"]): x["scores"] for x in lines}
    names = ["MoF", "F1@50", "AMI", "mean recall"]
    for method in methods:
        rows = [[shown[name, method][x] for x in names] for name in by_set.index]
        rows = 100 * np.array(rows)
        np.testing.assert_allclose(table.loc[method, names], rows.mean(0), atol=0.051)
        np.testing.assert_allclose(by_set[method], rows.mean(1), atol=0.051)
        assert abs(table.loc[method, "mean"] - rows.mean()) < 0.051


def test_speed(run, script, monkeypatch, tmp_path):
    made = make_activities(6, 4, n_features=4, mean_length=40, random_state=0)
    monkeypatch.setattr(script("speed"), "make_activities", lambda *_, **__: made)
    run("speed", "--quick", "--json", tmp_path / "a.json")


def test_studies_with_fewer_fits(run, script, data, tmp_path, monkeypatch):
    quick = functools.partial(HMMSegmenter, max_iter=3)
    labels = script("labels")
    where = "skl_tot.corrections.semi_supervised.default_estimators"
    monkeypatch.setattr(where, lambda *_: [quick(3), quick(4)])
    monkeypatch.setattr(labels, "AutoSegmenter", quick)
    monkeypatch.setattr(labels, "N_DRAWS", 1)
    monkeypatch.setattr(labels, "N_TREES", 5)
    results, table = tmp_path / "labels.jsonl", tmp_path / "labels.csv"
    run("labels", "sets", "--data", data, "--results", results)
    run("labels", "table", "--results", results, "--csv", table)
    assert pd.read_csv(table)["row"].nunique() == 9
    cycles = script("cycles")
    monkeypatch.setattr(cycles, "RECORDED", {"first": ["video"]})
    short = functools.partial(cycles.make_work, n_cycles=12, n_frames=60)
    monkeypatch.setattr(cycles, "make_work", short)
    assert rows_of(run("cycles", "--data", data, "--seeds", 1))["generated"][0] == "12"
    monkeypatch.setattr(script("n_actions"), "GENERATED", [])
    page = run("n_actions", "--data", data, "--sets", "first", "--most", 4)
    assert rows_of(page)["true number"] == ["", "", "3"]


def test_guard(script):
    before = {"a": np.arange(3.0), "b": np.array(["x"]), "c": np.zeros(2)}
    after = {"a": np.array([0, 1, 2.1]), "b": np.array(["y"]), "d": np.zeros(2)}
    assert script("guard").compare(before, before) == 0
    assert script("guard").compare(before, after) == 3
