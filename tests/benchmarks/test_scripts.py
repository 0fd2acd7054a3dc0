"""Every script of the benchmarks at its smallest size; scores are the package's."""

import functools
import importlib
import json
import shutil
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from skl_tot import HMMSegmenter, TemporalOTSegmenter
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
    """Two sets of eight recordings, the second with frames without a label."""
    folder = tmp_path_factory.mktemp("data")
    for n_actions, name in ((3, "first"), (4, "second")):
        for part in ("features", "groundTruth", "mapping"):
            (folder / name / part).mkdir(parents=True)
        options = {"n_features": 4, "mean_length": 40, "random_state": n_actions}
        made = make_activities(8, n_actions, **options)
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
    table = page.partition("## sets\n")[2].partition("\n## ")[0]
    (row,) = [line for line in table.splitlines() if "equal split" in line]
    score = row.split("|")[3].split("/")[0].strip()
    assert score == f"{100 * mof_score(labels, split):.1f}"
    assert suite(data) == (0, page, lines)
    broken = tmp_path / "copy"
    shutil.copytree(data, broken)
    features = broken / "second" / "features" / "video_02.npy"
    features.write_bytes(features.read_bytes()[:-8])
    path.unlink()
    status, page, lines = suite(broken)
    assert (status, ["error" in line for line in lines]) == (1, [False, True])


FIT = "fit --data {data} --sets first --results {out}/a.jsonl --methods"
SMALL = "--sets first --seeds 1 --data {data}"
TABLE = "table --results {out}/a.jsonl --csv {out}/a.csv"
COMMANDS = {
    "unseen": [f"{SMALL} --method hmm --csv {{out}}/a.csv"],
    "review": [f"{SMALL} --method mallow --draws 1 --fits {{out}}/fits"],
    "reproduce": [
        "{data}/first --protocol custom --out {out}/a --seeds 1 "
        "--set max_iter=2 --methods TOT CTE",
        "{data}/first --protocol custom --out {out}/b --activities video_0 video_1 "
        "--seeds 1 --methods Mallow",
    ],
    "trust": [f"{FIT} KMeansSegmenter"],
    "groups": ["--draws 2 --subjects 5"],
    "differences": [f"{FIT} alpha standardize", TABLE],
    "first_answer": [f"{FIT} HMM --seeds 1", f"{TABLE} --csv-of-sets {{out}}/b.csv"],
    "speed": ["--quick --json {out}/a.json"],
    "labels": ["sets --data {data} --sets first --results {out}/a.jsonl", TABLE],
    "cycles": ["--data {data} --seeds 1"],
    "n_actions": ["--data {data} --sets first --most 4"],
}


@pytest.fixture
def _short(script, monkeypatch):
    """Fewer and shorter fits, of smaller data, in scripts that have no option."""
    quick = functools.partial(HMMSegmenter, max_iter=3)
    where = "skl_tot.corrections.semi_supervised.default_estimators"
    monkeypatch.setattr(where, lambda *_: [quick(3), quick(4)])
    small = make_activities(6, 4, n_features=4, mean_length=40, random_state=0)
    cycles = script("cycles")
    work = functools.partial(cycles.make_work, n_cycles=8, n_frames=40)
    for name, values in {
        "speed": {"make_activities": lambda *_, **__: small},
        "labels": {"AutoSegmenter": quick, "N_DRAWS": 1, "N_TREES": 5, "COUNTS": (1,)},
        "cycles": {"RECORDED": {"first": ["video"]}, "make_work": work},
        "n_actions": {"GENERATED": []},
        "review": {"STOPS": (1,)},
    }.items():
        for key, value in values.items():
            monkeypatch.setattr(script(name), key, value)


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("name", COMMANDS)
def test_runs(run, data, tmp_path, name):
    for command in COMMANDS[name]:
        run(name, *command.format(data=data, out=tmp_path).split())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory(script, tmp_path):
    memory = script("memory")
    memory.make_dataset(tmp_path, 0.01, "course")
    settings = {"order": "mostly", "n_networks": 1}
    figures = memory.measure(tmp_path, 2, settings, with_folds=False)
    assert figures["gigabytes"] == pytest.approx(0.01, rel=0.1)


def test_figures(run, data, tmp_path):
    path = tmp_path / "a.png"
    options = ["--data", data, "--steps", 2, "--out", path]
    run("figures", "codes", "--set", "first", *options)
    assert plt.imread(path)[..., :3].std() > 0.1


def test_settings_are_those_of_the_paper_and_of_the_package(script):
    reproduce, make = script("reproduce"), script("_methods").make
    settings = reproduce.choose_settings("TOT", reproduce.PROTOCOLS["desktop"], {})
    published = TemporalOTSegmenter.paper().get_params()
    assert str(make("paper", **settings).get_params()) == str(published)
    videos, _ = make_activities(3, 3, n_features=4, mean_length=20, random_state=0)
    defaults, spelt = TemporalOTSegmenter(), script("differences").make_defaults()
    for model in (defaults, spelt):
        model.set_params(n_actions=3, order="mostly", max_iter=5, random_state=0)
        model.fit(videos)
    np.testing.assert_array_equal(defaults.network_["prototypes"], spelt.prototypes_)


def test_guard(script):
    before = {"a": np.arange(3.0), "b": np.array(["x"]), "c": np.zeros(2)}
    after = {"a": np.array([0, 1, 2.1]), "b": np.array(["y"]), "d": np.zeros(2)}
    assert script("guard").compare(before, before) == 0
    assert script("guard").compare(before, after) == 3
