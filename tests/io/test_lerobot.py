"""Subtasks in data sets of LeRobot: a copy, held against the segments by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import segments, write_subtasks
from skl_tot.recordings import Recordings, read_recordings

NAMES = [f"episode_{i:06d}" for i in range(4)]
LABELS = [[1] * 5 + [0] * 15, [1] * 21, [-1] * 3 + [2] * 19, [0] * 20 + [1] * 3]


def read_column(root):
    """Index of the subtask of each frame of each episode, by their numbers."""
    files = [pd.read_parquet(path) for path in sorted(root.rglob("data/**/*.parquet"))]
    table = pd.concat(files)
    return table.groupby("episode_index")["subtask_index"].apply(list).tolist()


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
@pytest.mark.parametrize("in_seconds", [False, True])
def test_each_frame_has_its_subtask(tmp_path, write_lerobot, version, in_seconds):
    write_lerobot(tmp_path / "set", version)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    table = segments(Recordings(LABELS, NAMES, fps=10))
    if in_seconds:
        table = table[["recording", "action", "start_time", "end_time"]]
    out = tmp_path / "new"
    words = write_subtasks(table, tmp_path / "set", out)
    assert words == ["1", "0", "2", "background"]
    index = {1: 0, 0: 1, 2: 2, -1: 3}
    assert read_column(out) == [[index[label] for label in y] for y in LABELS]
    subtasks = pd.read_parquet(out / "meta" / "subtasks.parquet")
    assert subtasks["subtask_index"].to_dict() == dict(zip(words, range(4)))
    info = json.loads((out / "meta" / "info.json").read_text())
    feature = {"dtype": "int64", "shape": [1], "names": None}
    assert info["features"]["subtask_index"] == feature
    assert {path: path.read_bytes() for path in before} == before
    copied, original = (
        read_recordings(root, columns=["observation.state pan"])
        for root in (out, tmp_path / "set")
    )
    for new, old in zip(copied, original):
        pd.testing.assert_frame_equal(new, old)


def test_episodes_without_segments(tmp_path, write_lerobot):
    write_lerobot(tmp_path / "set", "v2.1", n_tasks=2)
    table = segments(Recordings([["cut"] * 21], [f"{NAMES[1]} place a-b"]))
    words = write_subtasks(table, tmp_path / "set", tmp_path / "new")
    assert words == ["cut", "background"]
    expected = [{1}, {0}, {1}, {1}]
    assert list(map(set, read_column(tmp_path / "new"))) == expected
    again = write_subtasks(table, tmp_path / "new", tmp_path / "again")
    assert again == words


WRONG = [("recording", "take_1"), ("recording", "episode_9")]
WRONG += [("end", 99), ("start", -1), ("end", 6), ("end", 0), ("start", 0.5)]
WRONG += [("start", np.nan), ("action", None)]


def test_wrong_segments_leave_nothing(tmp_path, write_lerobot):
    write_lerobot(tmp_path / "set", "v3.0")
    for name, value in WRONG:
        table = segments(Recordings(LABELS, NAMES)).astype(object)
        table.loc[0, name] = value
        for wrong in (table, table.drop(columns=name)):
            with pytest.raises(ValueError) as caught:
                write_subtasks(wrong, tmp_path / "set", tmp_path / "new")
            assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
