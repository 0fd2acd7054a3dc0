"""Lists of objects, one per segment."""

import json
from pathlib import Path

from skl_tot.io.formats.base import Format, read_text
from skl_tot.io.formats.tasks import are_tasks, frame_of_tasks


def write_json(table, path):
    """Write a list of objects."""
    text = json.dumps(table.to_dict("records"), indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_json(path):
    """Read a list of objects, or tasks of Label Studio."""
    content = json.loads(read_text(path))
    return frame_of_tasks(content) if are_tasks(content) else content


FORMAT = Format(".json", write_json, read_json, "list of objects", many=True)
