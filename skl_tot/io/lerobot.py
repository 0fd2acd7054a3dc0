"""Segments as subtasks of a LeRobot data set."""

import json
import re
import shutil
from pathlib import Path

import numpy as np

from skl_tot.recordings.disk import replaced_files
from skl_tot.recordings.errors import import_extra, one_line, refuse
from skl_tot.recordings.labels import BACKGROUND_NAME, NO_ACTIONS
from skl_tot.recordings.readers.lerobot import data_files, find_root, read_info

INDEX = "subtask_index"
EPISODE = re.compile(r"^episode_(\d+)(?: |$)")


def write_subtasks(table, root, out) -> list[str]:
    """Write a LeRobot data set in which each frame has its action as a subtask.

    Files of ``data`` get the column ``subtask_index``. ``meta/subtasks.parquet`` has
    the text of each subtask, ``meta/info.json`` lists the column, and the rest of
    ``meta`` is copied. Copy or link the folder of videos into ``out`` yourself.

    Parameters
    ----------
    table : DataFrame
        Segments of episodes, from `segments` or `read_table`: ``recording`` with the
        names of `read_recordings`, ``action``, and ``start`` and ``end`` in frames or
        ``start_time`` and ``end_time`` in seconds.
    root : str or path-like
        Root folder of the data set, version 2 or 3. It is not changed.
    out : str or path-like
        Folder to write, new or empty.

    Returns
    -------
    subtasks : list of str
        Text of each subtask, by index. Frames without a segment are "background",
        the last one, if there are any.

    Raises
    ------
    ImportError, OSError, ValueError
        If the extra ``files`` is missing, or an argument is not as described.

    Examples
    --------
    >>> table = io.segments(model.predict(episodes))  # doctest: +SKIP
    >>> io.write_subtasks(table, "pick_cubes", "pick_cubes_labelled")  # doctest: +SKIP
    ['0', '1', '2', 'background']
    """
    parquet = import_extra("pyarrow.parquet")
    root, out = Path(root), Path(out)
    if find_root(root) != root:
        raise ValueError(f"{one_line(root)} is no root folder of LeRobot.")
    if out.is_dir() and any(out.iterdir()):
        raise FileExistsError(f"{one_line(out)} is not empty, expected a new folder.")
    info = read_info(root)
    segments = _segments_in_frames(table, info.get("fps"))
    subtasks = segments["action"].unique().tolist()
    n_actions, unused, columns = len(subtasks), set(segments["episode"]), {}
    for path in data_files(root):
        frames = parquet.read_table(path, columns=["episode_index", "frame_index"])
        columns[path] = _column_of(frames, segments, subtasks)
        unused -= set(frames["episode_index"].to_pylist())
    if unused:
        refuse("an episode of segments", min(unused), f"one of {one_line(root)}")
    if any((column == n_actions).any() for column in columns.values()):
        subtasks.append(BACKGROUND_NAME)
    with replaced_files(out) as temporary:
        shutil.copytree(root / "meta", temporary / "meta")
        for path, column in columns.items():
            target = temporary / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            frames = _with_column(parquet.read_table(path), column)
            parquet.write_table(frames, target)
        _describe(temporary / "meta", info, subtasks)
    return subtasks


def _segments_in_frames(table, fps):
    """Return episode, action as text, start and end of segments without background."""
    import pandas as pd

    numbers = table["recording"].astype(str).str.extract(EPISODE)[0]
    for name in table["recording"][numbers.isna()][:1]:
        refuse("recording", name, "an episode, such as 'episode_000000'")
    if not {"start", "end"} <= set(table.columns):
        if fps is None:
            raise ValueError("meta/info.json has no fps, which times need.")
        ends = (table[["start_time", "end_time"]] * fps).round()
        table = table.assign(start=ends["start_time"], end=ends["end_time"])
    columns = {"episode": numbers.astype(int), "action": table["action"].astype(str)}
    segments = pd.DataFrame(columns | {"start": table["start"], "end": table["end"]})
    return segments[~segments["action"].isin(NO_ACTIONS)]


def _column_of(table, segments, actions):
    """Index of the action of each row; their number for a row without one."""
    import pandas as pd

    numbers = table["episode_index"].to_numpy()
    frames = table["frame_index"].to_numpy()
    column = np.full(len(numbers), len(actions))
    for number, segments_of_episode in segments.groupby("episode"):
        rows = numbers == number
        if not rows.any():
            continue
        starts, ends = segments_of_episode["start"], segments_of_episode["end"]
        spans = pd.IntervalIndex.from_arrays(starts, ends, closed="left")
        is_outside = spans.left.min() < 0 or spans.right.max() > rows.sum()
        if spans.is_overlapping or is_outside:
            problem = f"segments of episode {number} overlap, or are not within its"
            raise ValueError(f"{problem} {rows.sum()} frames.")
        codes = [*map(actions.index, segments_of_episode["action"]), len(actions)]
        column[rows] = np.array(codes)[spans.get_indexer(frames[rows])]
    return column


def _with_column(table, column):
    pyarrow = import_extra("pyarrow")
    if INDEX in table.column_names:
        table = table.drop_columns([INDEX])
    table = table.append_column(INDEX, pyarrow.array(column, pyarrow.int64()))
    return table.replace_schema_metadata(None)


def _describe(meta, info, subtasks):
    import pandas as pd

    feature = {"dtype": "int64", "shape": [1], "names": None}
    info = {**info, "features": {**info.get("features", {}), INDEX: feature}}
    text = json.dumps(info, indent=4, ensure_ascii=False)
    (meta / "info.json").write_text(text, encoding="utf-8", newline="\n")
    index = pd.Index(subtasks, name="subtask")
    table = pd.DataFrame({INDEX: range(len(subtasks))}, index)
    table.to_parquet(meta / "subtasks.parquet")
