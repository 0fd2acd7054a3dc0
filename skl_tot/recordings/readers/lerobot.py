"""LeRobot data sets, versions 2 and 3: a root folder, or its Parquet files."""

import numpy as np

from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.disk import parse_json, read_text
from skl_tot.recordings.errors import import_extra, refuse, short_repr, warn_user
from skl_tot.recordings.readers import Reader

# Columns that identify files without their root folder.
KEYS = {"episode_index", "frame_index", "timestamp"}
COMMANDS = ("action",)  # starts of their columns


def find_root(path):
    """Root folder of a path, which is the path or contains it; None without one."""
    for root in (path, *path.resolve().parents):
        inside = root == path or path.resolve().is_relative_to(root / "data")
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
    for file in files:
        if not file.is_file():  # a pipe would block
            raise ValueError(f"{file.name} is no regular file, expected *.parquet.")
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
    import pandas as pd

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
    return episodes_by_name, info.get("fps")


def _schema(path):
    return import_extra("pyarrow.parquet").read_schema(path)


def _read_file(path, described):
    """Keys, clock and features of a Parquet file; lists get names if known."""
    import pandas as pd

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
    import pandas as pd

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
