"""Reading of Label Studio tasks, which share the suffix .json with other files."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from skl_tot.io.formats.base import SegmentsError
from skl_tot.recordings.errors import short_repr

TYPE = "timelinelabels"  # of a video, in frames
SERIES = "timeserieslabels"  # of a table, in the unit of its column of times
MINIMAL = {"annotator", "annotation_id", "lead_time"}  # of JSON-MIN


def are_tasks(content):
    """Whether the content of a JSON file is a list of tasks."""
    task = content[0] if isinstance(content, list) and content else content
    return isinstance(task, Mapping) and bool(
        {"annotations", "predictions", *MINIMAL} & set(task)
    )


def frame_of_tasks(tasks):
    """Return the segments of all tasks."""
    import pandas as pd

    if isinstance(tasks, Mapping):  # a single task
        tasks = [tasks]
    rows = []
    for i, task in enumerate(tasks):
        if "data" not in task and MINIMAL & set(task):
            raise SegmentsError("this is JSON-MIN, expected an export as JSON.")
        name = _name_of(task.get("data", {}), i)
        regions = _find_regions(task, name)
        kinds = {region["type"] for region in regions}
        if kinds and not kinds & {TYPE, SERIES}:
            raise SegmentsError(
                f"the task of {short_repr(name)} has regions of {sorted(kinds)}, "
                f"expected {TYPE} or {SERIES}."
            )
        for region in regions:
            rows.extend(_read_region(region, name))
    columns = ["recording", "action", "start", "end", "start_time", "end_time"]
    if not rows:
        columns = columns[:4]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _name_of(data, i):
    """Return the recording's name of task i: explicit, or that of its only file."""
    if isinstance(data.get("recording"), str):
        return data["recording"]
    paths = [value for value in data.values() if isinstance(value, str)]
    path = data.get("video", paths[0] if len(paths) == 1 else None)
    if not isinstance(path, str):
        raise SegmentsError(
            f"data of task {i} is {short_repr(data)}, expected a video or a recording."
        )
    return PurePosixPath(path.replace("\\", "/")).stem  # of any system


def _find_regions(task, name):
    """Return the regions of the only annotation of a task, or of its prediction.

    Regions that an export lists as numbers are missing.
    """
    done, guessed = (
        [found for found in task.get(key, []) if isinstance(found, Mapping)]
        for key in ("annotations", "predictions")
    )
    done = [found for found in done if not found.get("was_cancelled")]
    found = done or guessed
    if len(found) > 1:
        raise SegmentsError(
            f"the task of {short_repr(name)} has {len(found)} "
            f"{'annotations' if done else 'predictions'}, expected one."
        )
    return found[0]["result"] if found else []


def _read_region(region, name):
    """Return the rows of a region; none if it has no label in time."""
    kind, value = region["type"], region.get("value", {})
    if kind not in (TYPE, SERIES):
        return []
    labels = region["value"].get(kind, [])
    if len(labels) != 1:
        raise SegmentsError(
            f"a region of {short_repr(name)} has the labels {short_repr(labels)}, "
            "expected one."
        )
    if kind == SERIES:
        return [(name, labels[0], None, None, value["start"], value["end"])]
    frames = value["ranges"]
    return [(name, labels[0], x["start"] - 1, x["end"], None, None) for x in frames]
