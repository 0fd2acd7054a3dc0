"""Tasks of Label Studio, whose timeline labels count frames from 1, the last included.

For a labelling configuration with a video called "video" and TimelineLabels called
"action". The frame rate that the video has there must be that of the segments; tasks
say it as ``$fps``.
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
    """Write a task for each recording, with its segments as a prediction."""
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
    """Read the annotation of each task, or its prediction where there is none."""
    return frame_of_tasks(json.loads(read_text(path)))


DESCRIPTION = "tasks of Label Studio, TimelineLabels"
FORMAT = Format(".json", write_labelstudio, read_labelstudio, DESCRIPTION, many=True)
