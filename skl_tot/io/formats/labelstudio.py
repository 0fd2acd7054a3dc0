"""Tasks of Label Studio; its timeline labels count frames from 1, end included.

The labelling configuration has a video called "video" and TimelineLabels called
"action". The video's frame rate there must equal the rate of the segments, which tasks
have as ``$fps``.
"""

import json
from pathlib import Path

from skl_tot.io.formats.base import (
    Format,
    mean_rate,
    read_text,
    split_recordings,
)
from skl_tot.io.formats.tasks import TYPE, frame_of_tasks


def write_labelstudio(table, path):
    """Write a task per recording, with its segments as a prediction."""
    tasks = [_as_task(*part) for part in split_recordings(table, path).items()]
    text = json.dumps(tasks, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8", newline="\n")


def _as_task(name, table):
    """Return the task of a recording."""
    data = {"video": name, "recording": name}
    rate = mean_rate(table)
    if rate is not None:
        data["fps"] = round(rate, 6)
    rows = table.to_dict("records")
    regions = [_as_region(i, row) for i, row in enumerate(rows)]
    prediction = {"model_version": "skl-tot", "result": regions}
    return {"data": data, "predictions": [prediction]}


def _as_region(i, row):
    """Return the region of segment i."""
    frames = {"start": row["start"] + 1, "end": row["end"]}
    region = {
        "id": str(i),
        "from_name": "action",
        "to_name": "video",
        "type": TYPE,
        "value": {"ranges": [frames], TYPE: [str(row["action"])]},
    }
    score = {"score": row["confidence"]} if "confidence" in row else {}
    return region | score


def read_labelstudio(path):
    """Read the annotation of each task, or else its prediction."""
    return frame_of_tasks(json.loads(read_text(path)))


DESCRIPTION = "tasks of Label Studio, TimelineLabels"
FORMAT = Format(".json", write_labelstudio, read_labelstudio, DESCRIPTION, many=True)
