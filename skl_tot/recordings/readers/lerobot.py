"""LeRobot data sets, versions 2 and 3: read, and written with subtasks."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np

from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.errors import (
    import_extra,
    one_line,
    refuse,
    short_repr,
    warn_user,
)
from skl_tot.recordings.files import parse_json, read_text, replaced_files
from skl_tot.recordings.labels import BACKGROUND_NAME, NO_ACTIONS
from skl_tot.recordings.readers import Reader
from skl_tot.recordings.segment_checks import check_segments

# Columns that identify files without their root folder.
KEYS = {"episode_index", "frame_index", "timestamp"}
SUBTASK = "subtask_index"  # column of written files
EPISODE = re.compile(r"^episode_(\d+)(?: |$)")  # a recording
COMMANDS = ("action",)  # starts of their columns


def find_root(path):
    """Root folder of a path, which is the path or contains it; None without one."""
    resolved = Path(os.path.realpath(path))  # a loop of links is no error here
    for root in (path, *resolved.parents):
        inside = root == path or resolved.is_relative_to(root / "data")
        if inside and (root / "meta" / "info.json").is_file():
            return root if read_info(root) else None
    return None


def read_info(root):
    """Read the metadata of a data set."""
    path = root / "meta" / "info.json"
    info = parse_json(path, read_text(path))
    if not isinstance(info, dict) or "codebase_version" not in info:
        return {}  # another kind of info.json
    features = info.setdefault("features", {})
    is_dict = isinstance(features, dict)
    if not (is_dict and all(isinstance(x, dict) for x in features.values())):
        raise ValueError(f"{path}: features is no object of objects.")
    check_fps(info.get("fps"), f"{path}: fps")
    return info


def data_files(path):
    """Parquet files of a root folder or a folder of its data, or the file itself."""
    if path.is_file():
        return [path]
    folder = path / "data" if find_root(path) == path else path
    files = sorted(folder.rglob("*.parquet"))
    if not files:
        raise ValueError("it has no file *.parquet in its folder data.")
    return files


def recognises(path):
    """Whether a path belongs to a data set, or is a Parquet file of one."""
    if find_root(path) is not None:
        return True
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return False
    try:
        return set(_schema(path).names) >= KEYS
    except (ImportError, OSError, ValueError):  # the reader of tables reports it
        return False


def read(path, task=None):
    """Episodes, with the task in the name if there are several, and the rate."""
    pd = import_extra("pandas")
    root = find_root(path)
    info = {} if root is None else read_info(root)
    described = info.get("features", {})
    parts = [_read_file(file, described) for file in data_files(path)]
    table = pd.concat(parts, ignore_index=True)
    texts = {} if root is None else _read_tasks(root)
    texts = {k: texts.get(k, f"task {k}") for k in table["task_index"]}
    table["task"] = table.pop("task_index").map(texts)
    table = table.sort_values(["episode_index", "frame_index"], ignore_index=True)
    n_episodes = table["episode_index"].nunique()
    tasks = table["task"].unique().tolist()
    if root == path and info.get("total_episodes", n_episodes) != n_episodes:
        expected = f"{info['total_episodes']} episodes of meta/info.json"
        warn_user(f"{path} has {n_episodes} of {expected}.")
    if task is None and len(tasks) > 1:
        warn_user(
            f"{path} has {len(tasks)} tasks, {short_repr(tasks)}, which are read "
            "together; task=... (--read task=...) chooses one."
        )
    elif task is not None and task not in tasks:
        raise ValueError(f"it has no task {task!r}, expected one of {tasks}.")
    episodes_by_name = {}
    for number, episode in table.groupby("episode_index"):
        task_of_episode = episode["task"].iloc[0]
        name = f"episode_{number:06d}"
        if task is None and len(tasks) > 1:
            name += f" {task_of_episode}".replace("/", "-").replace("\\", "-")
        if task in (None, task_of_episode):
            episode = episode.drop(columns=["episode_index", "frame_index", "task"])
            episode = episode.reset_index(drop=True)
            # commands are features only if they are asked for
            episode.attrs = {"asides": COMMANDS}
            episodes_by_name[name] = episode
    if not episodes_by_name:
        refuse("task (--read task)", task, "one with which an episode begins")
    return episodes_by_name, info.get("fps")


def _schema(path):
    return import_extra("pyarrow.parquet").read_schema(path)


def _read_file(path, described):
    """Keys, clock and features of a Parquet file; lists get names if known."""
    pd = import_extra("pandas")
    schema = _schema(path)
    kept = [field.name for field in schema if _is_feature(field)]
    missing = KEYS - set(schema.names)
    if missing:
        raise ValueError(f"{path.name} has no column {min(missing)!r}.")
    keys = [*sorted(KEYS), *({"task_index"} & set(schema.names))]
    table = pd.read_parquet(path, columns=[*keys, *kept])
    parts = {key: table[key].to_numpy() for key in keys}
    if not all(parts[key].dtype.kind == "i" for key in KEYS - {"timestamp"}):
        raise ValueError(f"{path.name} has indices that are no integers.")
    parts.setdefault("task_index", np.zeros(len(table), int))
    for column in kept:
        names = _names_of(described.get(column, {}))
        if names is None:
            parts[column] = table[column]
            continue
        rows = table[column].tolist()
        for row in [row for row in rows if np.shape(row) != (len(names),)][:1]:
            refuse(f"{path.name}: {column!r}", row, f"lists of {len(names)}")
        for name, values in zip(names, np.reshape(rows, (-1, len(names))).T):
            parts[f"{column} {name}"] = values
    return pd.DataFrame(parts)


def _is_feature(field):
    types = import_extra("pyarrow").types
    is_key = field.name in KEYS or field.name == "index"
    # values of the next step, annotations and rows of pandas are no measurements
    is_other = field.name.startswith(("next.", "annotation.", "__index_level_"))
    if is_key or is_other or field.name.endswith("_index"):
        return False
    kind = field.type
    while hasattr(kind, "value_type"):
        kind = kind.value_type
    return types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)


def _names_of(feature):
    """Names of the parts of a column, as meta/info.json describes it, or None."""
    names = feature.get("names")
    if isinstance(names, dict) and len(names) == 1:
        (names,) = names.values()
    is_flat = isinstance(names, list) and np.size(feature.get("shape", [])) == 1
    return names if is_flat and len(set(map(str, names))) == len(names) > 1 else None


def _read_tasks(root):
    pd = import_extra("pandas")
    lines, table = root / "meta" / "tasks.jsonl", root / "meta" / "tasks.parquet"
    if lines.is_file():
        text = read_text(lines).strip().split("\n")
        rows = [parse_json(lines, line) for line in text]
        return {row["task_index"]: row["task"] for row in rows}
    if not table.is_file():
        return {}
    tasks = pd.read_parquet(table)
    words = tasks.get("task", tasks.index)
    return dict(zip(tasks["task_index"].tolist(), map(str, words)))


READER = Reader(recognises, read, (".parquet",), is_root=True)


# ----------------------------------------------------------------------------- subtasks


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
    table = check_segments(table, "table")
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
    pd = import_extra("pandas")
    if "recording" not in table:
        raise ValueError("table has no column 'recording', expected one of episodes.")
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
    for row in segments.index[segments["start"] == segments["end"]][:1]:
        refuse(f"Segment {row}: its end", segments["end"][row], "a frame after start")
    return segments[~segments["action"].isin(NO_ACTIONS)]


def _column_of(table, segments, actions):
    """Index of the action of each row; their number for a row without one."""
    pd = import_extra("pandas")
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
    if SUBTASK in table.column_names:
        table = table.drop_columns([SUBTASK])
    table = table.append_column(SUBTASK, pyarrow.array(column, pyarrow.int64()))
    return table.replace_schema_metadata(None)


def _describe(meta, info, subtasks):
    pd = import_extra("pandas")
    feature = {"dtype": "int64", "shape": [1], "names": None}
    info = {**info, "features": {**info.get("features", {}), SUBTASK: feature}}
    text = json.dumps(info, indent=4, ensure_ascii=False)
    (meta / "info.json").write_text(text, encoding="utf-8", newline="\n")
    index = pd.Index(subtasks, name="subtask")
    table = pd.DataFrame({SUBTASK: range(len(subtasks))}, index)
    table.to_parquet(meta / "subtasks.parquet")
