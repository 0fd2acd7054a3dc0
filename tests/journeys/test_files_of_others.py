"""From robots' episodes to a correction that is learned."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.main import main
from skl_tot.metrics import mof_score


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def labels_of(path):
    """Labels of the frames of each recording, of a table of segments."""
    found = {}
    for name, own in pd.read_csv(path).groupby("recording", sort=False):
        assert own["start"].tolist() == [0, *own["end"][:-1]]
        found[name] = np.repeat(own["action"], own["end"] - own["start"]).to_numpy()
    return found


def check_segments(truth, fps):
    """Recordings and frames are the true ones, and so are most of the actions."""
    found = labels_of("segments.csv")
    assert list(found) == list(truth)
    assert list(map(len, found.values())) == list(map(len, truth.values()))
    assert mof_score(list(truth.values()), list(found.values())) > 0.9
    table = pd.read_csv("segments.csv")
    np.testing.assert_allclose(table["end_time"], table["end"] / fps)
    return found


def check_summary(found, fps):
    """Times, shares and counts are those of the segments, as counted here."""
    table = pd.read_csv("summary/durations.csv").set_index(["recording", "action"])
    for name, own in found.items():
        for action in np.unique(own):
            is_own = own == action
            row = table.loc[name, action]
            assert row["total"] == pytest.approx(is_own.sum() / fps)
            assert row["share"] == pytest.approx(is_own.mean())
            assert row["bouts"] == (np.diff(np.r_[False, is_own].astype(int)) > 0).sum()
    page = Path("report.html").read_text("utf-8")
    assert all(name in page for name in found)


def correct(truth, words, n_corrected):
    """Write what somebody says of the first recordings."""
    rows = []
    for name in list(truth)[:n_corrected]:
        cuts = np.flatnonzero(np.r_[True, np.diff(truth[name]) != 0, True])
        for start, end in pairwise(cuts.tolist()):
            rows.append([name, words[truth[name][start]], start, end])
    columns = ["recording", "action", "start", "end"]
    pd.DataFrame(rows, columns=columns).to_csv("corrected.csv", index=False)


def check_learned(folder, truth, words, n_corrected):
    """The refined model answers in these words, of the other recordings too."""
    assert main(["predict", "better.skops", folder, "--out", "better.csv"]) == 0
    learned = labels_of("better.csv")
    for name in list(truth)[n_corrected:]:
        assert np.mean(learned[name] == np.array(words)[truth[name]]) > 0.9


def run(commands):
    """Run what people type."""
    for command in commands:
        assert main(command.split()) == 0, command


def write_episodes(root, n_episodes):
    """Write a data set of LeRobot, version 3; give the true labels."""
    rng, truth, tables = np.random.default_rng(0), {}, []
    poses = rng.normal(size=(3, 4))
    for i in range(n_episodes):
        labels = np.repeat(range(3), rng.integers(8, 20, 3))
        state = poses[labels] + rng.normal(scale=0.2, size=(len(labels), 4))
        frame = np.arange(len(labels))
        table = pd.DataFrame({"observation.state": list(state.astype(np.float32))})
        table["action"] = list(np.roll(state, -1, axis=0).astype(np.float32))
        table["timestamp"] = (frame / 10).astype(np.float32)
        table["frame_index"], table["episode_index"] = frame, i
        table["index"], table["task_index"] = frame + 60 * i, 0
        table["next.done"] = frame == frame[-1]
        tables.append(table)
        truth[f"episode_{i:06d}"] = labels
    (root / "meta").mkdir(parents=True)
    (root / "data" / "chunk-000").mkdir(parents=True)
    joints = {
        "dtype": "float32",
        "shape": [4],
        "names": ["pan", "lift", "bend", "grip"],
    }
    info = {"codebase_version": "v3.0", "fps": 10, "total_episodes": n_episodes}
    info["features"] = {"observation.state": joints, "action": joints}
    (root / "meta" / "info.json").write_text(json.dumps(info))
    tasks = pd.DataFrame({"task_index": [0]}, pd.Index(["pick the cube"]))
    tasks.to_parquet(root / "meta" / "tasks.parquet")
    table = pd.concat(tables, ignore_index=True)
    table.to_parquet(root / "data" / "chunk-000" / "file-000.parquet")
    return truth


def test_root_of_episodes():
    truth = write_episodes(Path("cubes"), 12)
    words = ["reach", "grasp", "lift"]
    correct(truth, words, 4)
    run(
        [
            "fit cubes --n-actions 3 --method hmm --columns observation.state "
            "--out model.skops",
            "predict model.skops cubes --out segments.csv",
            "summary segments.csv --out summary",
            "report model.skops cubes --out report.html",
            "refine model.skops cubes --labels corrected.csv --out better.skops",
        ]
    )
    check_summary(check_segments(truth, 10), 10)
    check_learned("cubes", truth, words, 4)
    run(["subtasks cubes better.csv --out labelled"])
    frames = pd.read_parquet("labelled/data/chunk-000/file-000.parquet")
    known = pd.read_parquet("labelled/meta/subtasks.parquet")
    said = known.index.to_numpy()[frames["subtask_index"]]
    better = np.concatenate(list(labels_of("better.csv").values()))
    np.testing.assert_array_equal(said, better)
