"""Files that hold the frames of segments, and are read again."""

import csv
import json
from pathlib import Path

from skl_tot.io.labelstudio import are_tasks, records_of_tasks
from skl_tot.io.records import SegmentsError, read_text
from skl_tot.io.segments import labels_from_segments, segments


def write_csv(path, records):
    """Write a table, one segment a row."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, records[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def write_json(path, records):
    """Write a list of objects."""
    text = json.dumps(records, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8")


def read_json(path):
    """Read a list of objects, or tasks of Label Studio if it is of such."""
    records = json.loads(read_text(path))
    return records_of_tasks(records) if are_tasks(records) else records


def write_labels(path, records):
    """Write one label a line for each frame."""
    labels = labels_from_segments(records).astype(str)
    Path(path).write_text("\n".join(labels) + "\n", encoding="utf-8")


def read_labels(path):
    """Read one label a line for each frame."""
    lines = read_text(path).rstrip().splitlines()
    labels = [line.strip() for line in lines]
    for i, label in enumerate(labels, start=1):
        if not label:
            raise SegmentsError("there is nothing, expected the label of a frame.", i)
        if "\t" in label:
            raise SegmentsError(
                "there is a tab, expected the label of a frame; format='csv' reads "
                "tables with a row of names.",
                i,
            )
    return segments(labels)
