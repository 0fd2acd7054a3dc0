import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import ShuffleSplit

from skl_tot.baselines import paper
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.metrics import mof_score

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "reproduce.py"
BASELINES = ["equal split", "k-means", "left-right HMM"]
VARIANTS = ["OT", "OT+CTE", "OT+TCL", "TOT", "TOT+CTE", "TOT+TCL"]
SYSTEMS = ["CTE", "Frank-Wolfe", "Mallow", "VTE", "ASAL", "UDE", "ASOT"]
QUICK = ["--set", "max_iter=3", "optimizer__freeze_iter=1", "embedding_dim=4"]


@pytest.fixture(scope="module")
def reproduce():
    """The script as a module; it finds its neighbours as when it is run."""
    sys.path.insert(0, str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("reproduce", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(SCRIPT.parent))


def write_activity(root, prefix, seed=0):
    """Ten videos of three actions, in the field's layout."""
    videos, labels = make_activities(
        10, 3, n_features=4, mean_length=40, random_state=seed
    )
    for name in ("features", "groundTruth", "mapping"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for i, (video, actions) in enumerate(zip(videos, labels)):
        np.save(root / "features" / f"{prefix}_{i}.npy", video)
        text = "\n".join(f"act{action}" for action in actions)
        (root / "groundTruth" / f"{prefix}_{i}.txt").write_text(text)
    (root / "mapping" / "mapping.txt").write_text("0 act0\n1 act1\n2 act2\n")
    return labels


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "data"
    write_activity(root, "video")
    return root


def cells_of(out):
    """Modification times of the cells by file name."""
    # without temporary files, which a killed process leaves
    paths = [p for p in (out / "cells").iterdir() if not p.name.startswith(".")]
    return {path.name: path.stat().st_mtime_ns for path in paths}


def test_all_methods_and_metrics(reproduce, folder, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = [str(folder), "--protocol", "custom", "--seeds", "2", *QUICK]
    methods = [*VARIANTS, *SYSTEMS, *BASELINES]
    assert list(reproduce.METHODS) == methods
    methods.remove("ASAL")  # takes its time, as it starts from a fit of another
    arguments += ["--methods", *methods]
    assert reproduce.main([*arguments, "--out", str(out), "--title", "Mine"]) == 0
    text = (out / "results.md").read_text()
    assert text.startswith("# Mine\n")
    assert text in capsys.readouterr().out
    for name in ("MoF", "F1 per video", "F1 pooled", "edit", "mIoU", "fit, s"):
        assert f"| {name} |" in text
    content = json.loads((out / "results.json").read_text())
    assert list(content["methods"]) == methods
    assert set(content["versions"]) == {"skl_tot", "torch", "sklearn"}
    for method in methods:
        assert f"\n| {method} | " in text
        n_seeds = 2 if "random_state" in reproduce.parameters(method) else 1
        assert content["methods"][method]["seeds"] == n_seeds
    assert "random_state" not in reproduce.parameters("equal split")
    assert "random_state" in reproduce.parameters("TOT")
    of_tot = [c for c in content["cells"] if c["cell"]["method"] == "TOT"]
    assert {c["n_actions"] for c in of_tot} == {3}
    mofs = [c["scores"]["MoF"] for c in of_tot]
    mean, deviation = content["methods"]["TOT"]["MoF"]
    assert mean == pytest.approx(np.mean(mofs))
    assert deviation == pytest.approx(np.std(mofs))
    assert f"| TOT | 2 | {mean:.3f} ± {deviation:.3f} |".replace(" 0.", " .") in text


def test_goes_on_where_it_stopped(reproduce, folder, tmp_path):
    out = tmp_path / "out"
    arguments = [str(folder), "--protocol", "custom", "--out", str(out), "--seeds", "2"]
    assert reproduce.main([*arguments, "--methods", "k-means", "equal split"]) == 0
    before = cells_of(out)
    assert len(before) == 3
    assert reproduce.main([*arguments, "--methods", *BASELINES]) == 0
    after = cells_of(out)
    assert len(after) == 4
    assert {name: after[name] for name in before} == before
    # other settings are other cells
    assert reproduce.main([*arguments, "--methods", "k-means", "--ignore", "act0"]) == 0
    assert len(cells_of(out)) == 6


def test_rows_of_a_file_are_renewed(reproduce, folder, tmp_path):
    path = tmp_path / "tables" / "rows.csv"
    arguments = [str(folder), "--protocol", "custom", "--csv", str(path)]
    arguments += ["--methods", "equal split"]
    for title in ("one", "other", "one"):
        assert reproduce.main([*arguments, "--title", title]) == 0
    head, *rows = path.read_text().splitlines()
    assert head.startswith("set,method,seeds,MoF,F1 per video,")
    assert [row.split(",")[:2] for row in rows] == [
        ["other", "equal split"],
        ["one", "equal split"],
    ]


def test_ignored_labels_are_not_scored(reproduce, folder, tmp_path):
    """The equal split has all frames of act0 in the first third, or misses them."""
    scores = []
    for ignore in ([], ["--ignore", "act0"]):
        out = tmp_path / "".join(["out", *ignore])
        arguments = [str(folder), "--protocol", "custom", "--out", str(out)]
        options = ["--methods", "equal split", "--n-actions", "3", *ignore]
        assert reproduce.main([*arguments, *options]) == 0
        content = json.loads((out / "results.json").read_text())
        scores.append(content["cells"][0]["scores"]["MoF"])
    data = load_action_dataset(folder)
    split = [np.arange(len(y)) * 3 // len(y) for y in data.labels]
    expected = (
        mof_score(data.labels, split),
        mof_score(data.labels, split, ignore_labels="act0"),
    )
    assert scores == list(expected)
    assert scores[0] != scores[1]


def test_unreadable_cell_is_computed_again(reproduce, folder, tmp_path):
    out = tmp_path / "out"
    arguments = [str(folder), "--protocol", "custom", "--out", str(out)]
    assert reproduce.main([*arguments, "--methods", "equal split"]) == 0
    (path,) = (out / "cells").iterdir()
    path.write_text("null")
    assert reproduce.main([*arguments, "--methods", "equal split"]) == 0
    assert "scores" in json.loads(path.read_text())


def test_goes_on_after_being_killed(reproduce, folder, tmp_path):
    out = tmp_path / "out"
    arguments = [str(folder), "--protocol", "custom", "--out", str(out)]
    methods = ["--methods", "equal split", "k-means", "OT", "--seeds", "2"]
    package = os.pathsep.join(filter(None, sys.path))
    process = subprocess.Popen(
        # so many steps that OT does not finish
        [sys.executable, SCRIPT, *arguments, *methods, "--set", "max_iter=100_000_000"],
        env=os.environ | {"PYTHONPATH": package},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while not (out / "cells").is_dir() or len(cells_of(out)) < 3:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        process.wait()
    before = cells_of(out)
    assert not (out / "results.md").exists()
    assert reproduce.main([*arguments, *methods, *QUICK]) == 0
    after = cells_of(out)
    assert len(after) == 5
    assert {name: after[name] for name in before} == before


def test_a_broken_file_stops_its_cells_only(reproduce, tmp_path, capsys):
    root, out = tmp_path / "data", tmp_path / "out"
    write_activity(root, "cpr")
    write_activity(root, "repot", seed=1)
    broken = root / "features" / "repot_3.npy"
    whole = broken.read_bytes()
    broken.write_bytes(whole[:-8])
    arguments = [str(root), "--protocol", "yti", "--activities", "cpr", "repot"]
    arguments += ["--methods", "TOT", "k-means", "--seeds", "1", "--out", str(out)]
    assert reproduce.main([*arguments, *QUICK]) == 1
    text = (out / "results.md").read_text()
    assert "repot_3.npy cannot be read" in text
    assert "(TOT, repot, seed 0; k-means, repot, seed 0)" in text
    assert "| TOT | 0 | failed |" in text
    cpr = text.partition("## cpr")[2].partition("## repot")[0]
    assert cpr.count("| 1 | ") == 2
    assert "cpr: 3 labels occur, K is 7." in text
    results = json.loads((out / "results.json").read_text())["cells"]
    assert [r["cell"]["data"]["activity"] for r in results if "error" in r] == [
        "repot"
    ] * 2

    before = cells_of(out)
    broken.write_bytes(whole)
    assert reproduce.main([*arguments, *QUICK]) == 0
    assert "| failed |" not in (out / "results.md").read_text()
    after = cells_of(out)
    changed = {name for name in after if after[name] != before[name]}
    assert len(changed) == 2
    assert all("repot" in name for name in changed)


def test_features_that_are_not_finite_are_named(reproduce, folder, tmp_path):
    path = folder / "features" / "video_7.npy"
    video = np.load(path)
    video[0, 0] = np.nan
    np.save(path, video)
    arguments = [str(folder), "--protocol", "custom", "--out", str(tmp_path / "out")]
    assert reproduce.main([*arguments, "--methods", "equal split"]) == 1
    assert "features of video_7 are not" in (tmp_path / "out/results.md").read_text()


def test_generalization_scores_unseen_videos(reproduce, tmp_path, monkeypatch):
    root, out = tmp_path / "data", tmp_path / "out"
    labels = write_activity(root, "video")
    lengths = {"fit": [], "predict": []}

    class Spy(reproduce.METHODS["equal split"]):
        def fit(self, videos):
            lengths["fit"].append([len(video) for video in videos])
            return super().fit(videos)

        def predict(self, videos):
            lengths["predict"].append([len(video) for video in videos])
            return super().predict(videos)

    monkeypatch.setitem(reproduce.METHODS, "equal split", Spy)
    arguments = [str(root), "--protocol", "custom", "--generalization", "--seeds", "2"]
    arguments += ["--methods", "equal split", "--out", str(out)]
    assert reproduce.main(arguments) == 0
    results = json.loads((out / "results.json").read_text())["cells"]
    for seed, result in enumerate(results):
        split = ShuffleSplit(1, test_size=0.2, random_state=seed)
        train, test = map(np.sort, next(split.split(labels)))
        assert len(test) == 2
        assert not set(train) & set(test)
        assert result["fit_videos"] == [f"video_{i}" for i in train]
        assert result["scored_videos"] == [f"video_{i}" for i in test]
        assert lengths["fit"][seed] == [len(labels[i]) for i in train]
        assert lengths["predict"][seed] == [len(labels[i]) for i in test]
        true = [labels[i] for i in test]
        parts = [np.arange(len(y)) * 3 // len(y) for y in true]
        assert result["scores"]["MoF"] == pytest.approx(mof_score(true, parts))
    assert results[0]["scored_videos"] != results[1]["scored_videos"]


def test_without_hmmlearn_it_is_left_out(reproduce, folder, tmp_path, monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n: None if n == "hmmlearn" else find_spec(n)
    )
    arguments = [str(folder), "--protocol", "custom", "--out", str(tmp_path / "out")]
    assert reproduce.main([*arguments, "--methods", "equal split", BASELINES[-1]]) == 0
    text = (tmp_path / "out" / "results.md").read_text()
    assert "left out, as hmmlearn is not installed" in text
    assert "| left-right HMM" not in text


def test_protocols_agree_with_the_paper(reproduce):
    """Numbers typed from the paper's tables 1 to 7: (F1-Score, MOF) in its order."""
    tables = {
        "50salads-eval": {
            "OT": (27.8, 37.6),
            "OT+CTE": (34.3, 40.4),
            "OT+TCL": (30.3, 27.5),
            "TOT": (42.8, 47.4),
            "TOT+CTE": (36.0, 40.8),
            "TOT+TCL": (48.2, 44.5),
            "CTE": (None, 35.5),
        },
        "50salads-mid": {
            "CTE": (None, 30.2),
            "TOT": (None, 31.8),
            "TOT+TCL": (None, 34.3),
        },
        "yti": {
            "OT": (11.6, 16.0),
            "OT+CTE": (22.0, 35.2),
            "OT+TCL": (24.8, 35.7),
            "TOT": (30.0, 40.6),
            "TOT+CTE": (26.7, 38.2),
            "TOT+TCL": (32.9, 45.3),
            "CTE": (28.3, 39.0),
        },
        "breakfast": {
            "CTE": (26.4, 41.8),
            "TOT": (31.0, 47.5),
            "TOT+TCL": (30.3, 39.0),
        },
        "desktop": {
            "CTE": (44.9, 47.6),
            "TOT": (51.7, 56.3),
            "TOT+TCL": (53.4, 58.1),
        },
    }
    generalization = {
        "50salads-eval": [(18.4, 12.2), (38.2, 38.3), (44.2, 38.6)],
        "50salads-mid": [],
        "yti": [(16.4, 17.0), (20.6, 24.7), (23.6, 38.8)],
        "breakfast": [(23.4, 40.6), (24.5, 45.3), (25.1, 36.1)],
        "desktop": [(33.8, 36.0), (45.1, 49.7), (45.4, 51.0)],
    }
    n_actions = {
        "50salads-eval": [12],
        "50salads-mid": [19],
        "yti": [11, 10, 7, 12, 8],
        "breakfast": [7, 5, 7, 5, 8, 9, 12, 9, 8, 14],
        "desktop": [23],
    }
    others = {
        "50salads-eval": {"VTE": (30.6, None), "ASAL": (39.2, None)},
        "50salads-mid": {"VTE": (24.2, None), "ASAL": (34.4, None)},
        "yti": {
            "Frank-Wolfe": (None, 24.4),
            "Mallow": (27.8, 27.0),
            "VTE": (None, 29.9),
            "ASAL": (44.9, 32.1),
            "UDE": (43.8, 29.6),
        },
        "breakfast": {
            "Mallow": (34.6, None),
            "VTE": (48.1, None),
            "ASAL": (52.5, 37.9),
            "UDE": (47.4, 31.9),
            "CTE, SIL split": (41.5, 22.7),
        },
        "desktop": {},
    }
    others["50salads-eval"]["UDE"] = (42.2, None)
    published = importlib.import_module("_published").published
    assert tables.keys() == reproduce.PROTOCOLS.keys() - {"custom"}
    for name, table in tables.items():
        protocol = reproduce.PROTOCOLS[name]
        printed = {
            method: (result.mof, result.f1)
            for method, result in published(name).items()
            if result.source == "P"
        }
        expected = {method: result[::-1] for method, result in table.items()}
        assert printed == expected | others[name]
        unseen = published(name, unseen=True)
        expected = dict(zip(["CTE", "TOT", "TOT+TCL"], generalization[name]))
        assert unseen.keys() == expected.keys()
        for method, result in unseen.items():
            assert (result.f1, result.mof, result.source) == (*expected[method], "P")
        assert list(protocol.activities.values()) == n_actions[name]
        for method in VARIANTS:
            settings = reproduce.choose_settings(method, protocol, {})
            optimizer = reproduce.METHODS[method](n_actions=2, **settings).optimizer
            assert optimizer.frames_per_video * optimizer.batch_size == 512
        for method in SYSTEMS:
            settings = reproduce.choose_settings(method, protocol, {})
            reproduce.METHODS[method](n_actions=2, **settings)
            known = reproduce.parameters(method)
            assert settings.keys() == protocol.shared.keys() & known
    dims = {name: reproduce.PROTOCOLS[name].shared["embedding_dim"] for name in tables}
    assert dims["50salads-eval"] == dims["50salads-mid"] == 30
    assert (dims["breakfast"], dims["yti"]) == (40, 200)


def test_published_numbers_stand_beside(reproduce, tmp_path):
    root, out = tmp_path / "data", tmp_path / "out"
    write_activity(root, "P03_cam01_P03_tea")
    for path in (root / "groundTruth").iterdir():
        path.write_text(path.read_text().replace("act0", "SIL"))
    (root / "mapping" / "mapping.txt").write_text("0 SIL\n1 act1\n2 act2\n")
    arguments = [str(root), "--protocol", "breakfast", "--activities", "tea", *QUICK]
    arguments += ["--methods", "CTE", "TOT", "--seeds", "1", "--out", str(out)]
    assert reproduce.main(arguments) == 0
    lines = (out / "results.md").read_text().splitlines()
    assert next(x for x in lines if x.startswith("| TOT")).endswith(
        "| .475 | .310 | P |"
    )
    assert "| ASOT | .561 | .383 | NL |" in lines
    assert "| UFSA | .521 | – | L |" in lines
    assert "N: notes on the system's own paper" in "\n".join(lines)
    assert "- tea: 3 labels occur, K is 8." in lines
    assert reproduce.main([*arguments, "--generalization"]) == 0
    lines = (out / "results.md").read_text().splitlines()
    assert next(x for x in lines if x.startswith("| CTE")).endswith(
        "| .406 | .234 | P |"
    )
    assert not any(line.startswith("| ASOT") for line in lines)


def test_weights_set_by_hand_keep_the_variants(reproduce):
    protocol = reproduce.PROTOCOLS["custom"]

    def settings(method):
        return reproduce.choose_settings(
            method, protocol, {"alpha": 0.5, "rho": 0.1, "max_iter": 9}
        )

    assert settings("TOT") == {"rho": 0.1, "max_iter": 9}
    model = reproduce.METHODS["TOT"](n_actions=3, **settings("TOT"))
    expected = paper(3, rho=0.1, max_iter=9)
    assert str(model.get_params()) == str(expected.get_params())
    assert settings("TOT+TCL") == {"alpha": 0.5, "rho": 0.1, "max_iter": 9}
    assert settings("CTE") == {"max_iter": 9}
    assert settings("ASOT") == {"rho": 0.1, "max_iter": 9}
    assert settings("k-means") == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--protocol", "breakfst"], "invalid choice: 'breakfst'"),
        (["--protocol", "custom", "--methods", "SVM"], "invalid choice: 'SVM'"),
        (["--protocol", "custom", "--seeds", "0"], "--seeds must be positive"),
        (["--protocol", "custom", "--set", "rho"], "expected NAME=VALUE"),
        (["--protocol", "custom", "--set", "rhoo=1"], "expected NAME=VALUE"),
        (["--protocol", "custom", "--label-mapping", "none"], "none is no file"),
        (["--protocol", "yti", "--n-actions", "3"], "single activity only"),
        (["--protocol", "yti", "--split-label", "bg"], "that is not scored"),
        (["--protocol", "yti", "--activities", "tea"], "tea is not one of"),
    ],
)
def test_wrong_usage_is_one_line(reproduce, folder, capsys, arguments, message):
    with pytest.raises(SystemExit) as error:
        reproduce.main([str(folder), *arguments])
    assert error.value.code == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1


def test_a_folder_without_features(reproduce, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        reproduce.main([str(tmp_path), "--protocol", "custom"])
    assert "has no folder features" in capsys.readouterr().err
