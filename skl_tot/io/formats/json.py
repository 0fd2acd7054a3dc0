"""Lists of objects, one per segment, and tasks of Label Studio."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from skl_tot.io.formats import base
from skl_tot.recordings.errors import refuse, short_repr

TYPE = "timelinelabels"  # of a video, in frames
SERIES = "timeserieslabels"  # of a table, in the unit of its column of times
MINIMAL = {"annotator", "annotation_id", "lead_time"}  # of JSON-MIN


def write_json(table, path):
    """Write a list of objects."""
    _write(table.to_dict("records"), path)


def _write(content, path):
    text = json.dumps(content, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_json(path):
    """Read a list of objects, or tasks of Label Studio."""
    content = json.loads(base.read_any_text(path))
    task = content[0] if isinstance(content, list) and content else content
    keys = {"annotations", "predictions", *MINIMAL}
    has_tasks = isinstance(task, Mapping) and keys & set(task)
    return frame_of_tasks(content) if has_tasks else content


def write_tasks(table, path):
    """Write a task of Label Studio per recording, its segments as a prediction."""
    tasks = []
    for name, own in base.split_recordings(table, path).items():
        rate = base.mean_rate(own)
        data = {"video": name, "recording": name}
        data |= {} if rate is None else {"fps": round(rate, 6)}
        regions = [_as_region(i, row) for i, row in enumerate(own.to_dict("records"))]
        prediction = {"model_version": "skl-tot", "result": regions}
        tasks.append({"data": data, "predictions": [prediction]})
    _write(tasks, path)


def _as_region(i, row):
    frames = {"start": row["start"] + 1, "end": row["end"]}
    region = {"id": str(i), "from_name": "action", "to_name": "video", "type": TYPE}
    value = {"ranges": [frames], TYPE: [str(row["action"])]}
    score = {"score": row["confidence"]} if "confidence" in row else {}
    return region | {"value": value} | score


def read_tasks(path):
    """Read the annotation of each task of Label Studio, or else its prediction."""
    return frame_of_tasks(json.loads(base.read_any_text(path)))


def frame_of_tasks(tasks):
    """Return the segments of all tasks."""
    import pandas as pd

    rows = []
    for i, task in enumerate([tasks] if isinstance(tasks, Mapping) else tasks):
        if "data" not in task and MINIMAL & set(task):
            raise base.SegmentsError("this is JSON-MIN, expected an export as JSON.")
        name = _name_of(task.get("data", {}), i)
        regions = _find_regions(task, name)
        kinds = {region["type"] for region in regions}
        if kinds and not kinds & {TYPE, SERIES}:
            what, kinds = f"the kinds of regions of {name!r}", sorted(kinds)
            refuse(what, kinds, f"{TYPE} or {SERIES}", base.SegmentsError)
        for region in regions:
            rows.extend(_read_region(region, name))
    columns = ["recording", "action", "start", "end", "start_time", "end_time"]
    return pd.DataFrame(rows, columns=columns if rows else columns[:4], dtype=object)


def _name_of(data, i):
    if isinstance(data.get("recording"), str):
        return data["recording"]
    paths = [value for value in data.values() if isinstance(value, str)]
    path = data.get("video", paths[0] if len(paths) == 1 else None)
    if not isinstance(path, str):
        expected = "a video or a recording"
        refuse(f"data of task {i}", data, expected, base.SegmentsError)
    return PurePosixPath(path.replace("\\", "/")).stem  # of any system


def _find_regions(task, name):
    done, guessed = (  # an export may list some by number
        [found for found in task.get(key, []) if isinstance(found, Mapping)]
        for key in ("annotations", "predictions")
    )
    done = [found for found in done if not found.get("was_cancelled")]
    found = done or guessed
    if len(found) > 1:
        found = f"{len(found)} {'annotations' if done else 'predictions'}"
        task = f"the task of {short_repr(name)}"
        raise base.SegmentsError(f"{task} has {found}, expected one.")
    return found[0]["result"] if found else []


def _read_region(region, name):
    kind = region["type"]
    if kind not in (TYPE, SERIES):
        return []
    value = region["value"]
    labels = value.get(kind, [])
    if len(labels) != 1:
        where = f"a region of {short_repr(name)}: its labels"
        refuse(where, labels, "one label", base.SegmentsError)
    if kind == SERIES:
        return [(name, labels[0], None, None, value["start"], value["end"])]
    frames = value["ranges"]
    return [(name, labels[0], x["start"] - 1, x["end"], None, None) for x in frames]


JSON = base.Format(".json", write_json, read_json, "list of objects", many=True)
LABEL_STUDIO = base.Format(
    ".json", write_tasks, read_tasks, "tasks of Label Studio, TimelineLabels", many=True
)
