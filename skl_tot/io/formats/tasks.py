"""What is read of tasks of Label Studio, whose files are called .json as others are."""

from collections.abc import Mapping
from pathlib import Path

from skl_tot.io.formats.base import SegmentsError
from skl_tot.recordings.errors import short_repr

TYPE = "timelinelabels"


def are_tasks(content):
    """Whether the content of a JSON file is of tasks."""
    task = content[0] if isinstance(content, list) and content else content
    return isinstance(task, Mapping) and bool(
        {"annotations", "predictions"} & set(task)
    )


def frame_of_tasks(tasks):
    """Return the segments of all tasks."""
    import pandas as pd

    if isinstance(tasks, Mapping):  # one alone
        tasks = [tasks]
    rows = []
    for i, task in enumerate(tasks):
        name = _name_of(task.get("data", {}), i)
        for region in _find_regions(task, name):
            rows.extend(_read_region(region, name))
    columns = ["recording", "action", "start", "end"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _name_of(data, i):
    """Return the name of the recording of task i: as written, or of its video file."""
    name = data.get("recording", data.get("video"))
    if not isinstance(name, str):
        raise SegmentsError(
            f"data of task {i} is {short_repr(data)}, expected a video or a recording."
        )
    return name if "recording" in data else Path(name).stem


def _find_regions(task, name):
    """Return the regions of the one annotation of a task, or of its prediction."""
    done = [a for a in task.get("annotations", []) if not a.get("was_cancelled")]
    found = done or task.get("predictions", [])
    if len(found) > 1:
        raise SegmentsError(
            f"the task of {short_repr(name)} has {len(found)} "
            f"{'annotations' if done else 'predictions'}, expected one."
        )
    return found[0]["result"] if found else []


def _read_region(region, name):
    """Return the rows of a region; none if it is no label in time."""
    if region["type"] != TYPE:
        return []
    labels = region["value"].get(TYPE, [])
    if len(labels) != 1:
        raise SegmentsError(
            f"a region of {short_repr(name)} has the labels {short_repr(labels)}, "
            "expected one."
        )
    return [
        (name, labels[0], frames["start"] - 1, frames["end"])
        for frames in region["value"]["ranges"]
    ]
