"""Tasks of Label Studio, whose timeline labels count frames from 1, the last included.

For a labelling configuration with a video called "video" and TimelineLabels called
"action". The frame rate that the video has there must be that of the segments; tasks
say it as ``$fps``.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from skl_tot.inputs.errors import short_repr
from skl_tot.io.records import (
    SegmentsError,
    group_by_recording,
    mean_rate,
    read_text,
)

TYPE = "timelinelabels"


def write_labelstudio(path, records):
    """Write a task for each recording, with its segments as a prediction."""
    recordings = group_by_recording(records, path)
    tasks = [_as_task(*recording) for recording in recordings.items()]
    text = json.dumps(tasks, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def _as_task(name, records):
    """Task of a recording."""
    data = {"video": name, "recording": name}
    rate = mean_rate(records)
    if rate is not None:
        data["fps"] = round(rate, 6)
    regions = [_as_region(i, record) for i, record in enumerate(records)]
    prediction = {"model_version": "skl-tot", "result": regions}
    return {"data": data, "predictions": [prediction]}


def _as_region(i, record):
    """Region of segment i."""
    frames = {"start": int(record["start"]) + 1, "end": int(record["end"])}
    region = {
        "id": str(i),
        "from_name": "action",
        "to_name": "video",
        "type": TYPE,
        "value": {"ranges": [frames], TYPE: [str(record["action"])]},
    }
    score = {"score": float(record["confidence"])} if "confidence" in record else {}
    return region | score


def read_labelstudio(path):
    """Read the annotation of each task, or its prediction where there is none."""
    return records_of_tasks(json.loads(read_text(path)))


def are_tasks(content):
    """Whether the content of a JSON file is of tasks."""
    task = content[0] if isinstance(content, list) and content else content
    return isinstance(task, Mapping) and bool(
        {"annotations", "predictions"} & set(task)
    )


def records_of_tasks(tasks):
    """Segments of each task."""
    if isinstance(tasks, Mapping):  # one alone
        tasks = [tasks]
    records = []
    for i, task in enumerate(tasks):
        name = _name_of(task.get("data", {}), i)
        for region in _find_regions(task, name):
            records.extend(_read_region(region, name))
    return records


def _name_of(data, i):
    """Name of the recording of task i: as written, or that of its video file."""
    name = data.get("recording", data.get("video"))
    if not isinstance(name, str):
        raise SegmentsError(
            f"data of task {i} is {short_repr(data)}, expected a video or a recording."
        )
    return name if "recording" in data else Path(name).stem


def _find_regions(task, name):
    """Regions of the one annotation of a task that counts, or of its prediction."""
    done = [a for a in task.get("annotations", []) if not a.get("was_cancelled")]
    found = done or task.get("predictions", [])
    if len(found) > 1:
        raise SegmentsError(
            f"the task of {short_repr(name)} has {len(found)} "
            f"{'annotations' if done else 'predictions'}, expected one."
        )
    return found[0]["result"] if found else []


def _read_region(region, name):
    """Segments of a region; none if it is of another kind than a label in time."""
    if region["type"] != TYPE:
        return []
    labels = region["value"].get(TYPE, [])
    if len(labels) != 1:
        raise SegmentsError(
            f"a region of {short_repr(name)} has the labels {short_repr(labels)}, "
            "expected one."
        )
    records = []
    for frames in region["value"]["ranges"]:
        start = frames["start"] - 1
        record = {"action": labels[0], "start": start, "end": frames["end"]}
        records.append(record | {"recording": name})
    return records
