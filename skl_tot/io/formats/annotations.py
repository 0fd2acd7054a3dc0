"""Files of ELAN, Praat, NWB, browsers and Label Studio: `FORMATS`, their table."""

import datetime
import io
import json
import math
import mimetypes
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import skl_tot
from skl_tot.io import formats
from skl_tot.recordings.errors import import_extra, refuse, short_repr, warn_user
from skl_tot.recordings.files import read_text
from skl_tot.recordings.readers import read_inside

# Kind of regions of a video in Label Studio.
VIDEO_LABELS = "timelinelabels"
SERIES_LABELS = "timeserieslabels"  # of times, in units that the file does not say
# Of a TextGrid: a text in quotes, or a number or flag that stands free.
VALUE = re.compile(r'"(?:[^"]|"")*"|(?<!\S)(?:-?\d[\d.]*(?:[eE][+-]?\d+)?|<\w+>)(?!\S)')


def write_elan(table, path):
    """Write an annotation document of ELAN, which shows the video of the table."""
    document = import_extra("pympi").Elan.Eaf(author="")  # an attribute that it needs
    if (video := table.attrs.get("video")) is not None:
        url = f"./{Path(video).as_posix()}"
        document.add_linked_file(url, url, mimetypes.guess_type(url)[0] or "unknown")
    document.add_tier(formats.TIER)
    document.remove_tier("default")
    for start, end, action in formats.to_milliseconds(table):
        document.add_annotation(formats.TIER, start, end, action)
    document.to_file(str(path))


def read_elan(path):
    """Read an annotation document of ELAN; times are those of its first media file."""
    document = ElementTree.parse(path).getroot()
    header = document.find("HEADER")
    if header is None:
        refuse("the root", document.tag, "a document of ELAN")
    unit = header.get("TIME_UNITS", "milliseconds")
    if unit != "milliseconds":
        refuse("TIME_UNITS", unit, "milliseconds")
    first_media = header.find("MEDIA_DESCRIPTOR")
    origin = 0 if first_media is None else int(first_media.get("TIME_ORIGIN", 0))
    if origin:
        warn_user(
            f"{formats.shown_name(path)}: time 0 is at {origin} ms of the media "
            "(TIME_ORIGIN), which is added to all times."
        )
    seconds = {
        slot.get("TIME_SLOT_ID"): (origin + float(slot.get("TIME_VALUE", "nan"))) / 1000
        for slot in document.iter("TIME_SLOT")
    }
    tiers = []
    for tier in document.iter("TIER"):
        rows = []
        for interval in tier.iter("ALIGNABLE_ANNOTATION"):
            slots = (interval.get(f"TIME_SLOT_REF{k}") for k in (1, 2))
            times = (seconds.get(slot, math.nan) for slot in slots)
            rows.append((interval.findtext("ANNOTATION_VALUE"), *times))
        tiers.append((tier.get("TIER_ID", ""), rows))
    return formats.pick_tier(tiers)


def write_textgrid(table, path):
    """Write a TextGrid of Praat."""
    textgrid = import_extra("praatio.textgrid")
    intervals, last = [], 0
    for start, end, action in formats.to_milliseconds(table):
        if start < last or end < start:
            problem = f"A segment of {action!r} is from {start} to {end} ms"
            expected = f"expected a start from {last} ms, then the end"
            raise ValueError(f"{problem}, {expected}.")
        last = end
        intervals.append((start / 1000, end / 1000, action))
    grid = textgrid.Textgrid()
    grid.addTier(textgrid.IntervalTier(formats.TIER, intervals, 0, intervals[-1][1]))
    options = {"includeBlankSpaces": True, "reportingMode": "error"}
    grid.save(str(path), "long_textgrid", **options)


def read_textgrid(path):
    """Read the labelled intervals of a TextGrid of Praat that is saved as text."""
    # As Praat reads it: texts in quotes, numbers and flags that stand free. A library
    # that looks for words such as "intervals [1]:" finds those in labels, too.
    values = iter(VALUE.findall(read_text(path)))
    if list(islice(values, 2)) != ['"ooTextFile"', '"TextGrid"']:
        raise ValueError("this is no TextGrid that Praat saved as text.")
    try:
        *_, n_tiers = islice(values, 4)
        tiers = [_read_tier(values) for _ in range(int(n_tiers))]
        () = values  # else there is more than it declares
    except ValueError as error:
        text = "the TextGrid has more or less than it declares, or text for a number"
        raise ValueError(f"{text}; save it again in Praat.") from error
    return formats.pick_tier([tier for tier in tiers if tier is not None])


def _read_tier(values):
    """Name and rows of the next tier, None for one of points."""
    kind, name, _, _, n_rows = islice(values, 5)
    is_of_points = kind != '"IntervalTier"'
    rows = []
    for _ in range(int(n_rows)):
        *times, label = islice(values, 2 if is_of_points else 3)
        if not is_of_points:
            start, end = map(float, times)
            rows.append((_unquoted(label), start, end))
    return None if is_of_points else (_unquoted(name), [row for row in rows if row[0]])


def _unquoted(text):
    if not text.startswith('"'):
        raise ValueError("no text")
    return text[1:-1].replace('""', '"')


def write_nwb(table, path):
    """Write a session with an ethogram in its behaviour module."""
    pynwb = import_extra("pynwb")
    bouts = import_extra("ndx_ethogram").EthogramBouts(
        name=formats.TIER,
        description="Segments, one after the other, each of one action.",
        labeling_method="automated",
        source_software=f"skl-tot {skl_tot.__version__}",
    )
    kept = {"start_time": "start_time", "end_time": "stop_time", "action": "label"}
    if "confidence" in table:
        bouts.add_column("confidence", "Mean probability of the action in its frames.")
        kept["confidence"] = "confidence"
    columns = table[list(kept)].rename(columns=kept).astype({"label": str})
    for row in columns.to_dict("records"):
        bouts.add_row(row)
    # a session of NWB needs a date, unknown here
    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    session = pynwb.NWBFile("Segments of actions.", formats.shown_name(path), start)
    session.create_processing_module("behavior", "Segments of actions.").add(bouts)
    content = io.BytesIO()  # on a full disk, HDF5 fails without an error of Python
    with (
        import_extra("h5py").File(content, "w") as file,
        pynwb.NWBHDF5IO(mode="w", file=file) as writer,
    ):
        writer.write(session)
    Path(path).write_bytes(content.getvalue())


def read_nwb(path):
    """Read the labelled intervals called "action", or the only ones."""
    h5py = import_extra("h5py")
    columns = ("label", "start_time", "stop_time")
    tiers = []

    def visit(name, group):
        if isinstance(group, h5py.Group) and group.keys() >= set(columns):
            words = read_inside(path, group, "label").tolist()
            labels = [word.decode() for word in words]
            times = (read_inside(path, group, key).tolist() for key in columns[1:])
            rows = list(zip(labels, *times, strict=True))
            tiers.append((name.rpartition("/")[2], rows))

    with open(path, "rb") as content, h5py.File(content, "r") as file:
        file.visititems(visit)
    return formats.pick_tier(tiers)


def write_tasks(table, path):
    """Write a task of Label Studio per recording, its segments as a prediction."""
    if "recording" not in table:
        table = table.assign(recording=formats.shown_name(path))
    tasks = []
    for name, rows in table.groupby("recording", sort=False):
        rate = formats.mean_rate(rows)
        data = {"video": name, "recording": name}
        data |= {} if rate is None else {"fps": round(rate, 6)}
        regions = [_as_region(i, row) for i, row in enumerate(rows.to_dict("records"))]
        prediction = {"model_version": "skl-tot", "result": regions}
        tasks.append({"data": data, "predictions": [prediction]})
    text = json.dumps(tasks, indent=1, ensure_ascii=False)
    Path(path).write_text(text + "\n", encoding="utf-8", newline="\n")


def _as_region(number, row):
    """Region of a segment; Label Studio counts frames from 1, with the last one."""
    frames = {"start": row["start"] + 1, "end": row["end"]}
    region = {
        "id": str(number),
        "from_name": "action",
        "to_name": "video",
        "type": VIDEO_LABELS,
        "value": {"ranges": [frames], VIDEO_LABELS: [str(row["action"])]},
    }
    if "confidence" in row:
        region["score"] = row["confidence"]
    return region


def read_tasks(path):
    """Read the annotation of each task of Label Studio, or else its prediction."""
    pd = import_extra("pandas")
    content = json.loads(read_text(path))
    segments, names = [], set()
    for i, task in enumerate(content if isinstance(content, list) else [content]):
        part = task
        try:
            name = _name_of(task["data"], i)
            if name in names:
                raise ValueError(f"two tasks are of {name!r}, expected one.")
            names.add(name)
            for region in _find_regions(task, name):
                part = region
                segments.extend(_read_region(region, name))
        except (AttributeError, KeyError, TypeError):
            expected = "one of a Label Studio export as JSON, frames as numbers"
            refuse(f"task {i} or its region", part, expected)
    columns = ["recording", "action", "start", "end"]
    return pd.DataFrame(segments, columns=columns, dtype=object)


def _name_of(data, number):
    if isinstance(data.get("recording"), str):
        return data["recording"]
    paths = [value for value in data.values() if isinstance(value, str)]
    path = data.get("video", paths[0] if len(paths) == 1 else None)
    if not isinstance(path, str):
        expected = "a video or a recording"
        refuse(f"data of task {number}", data, expected)
    return PurePosixPath(path.replace("\\", "/")).stem  # of any system


def _find_regions(task, name):
    for key in ("annotations", "predictions"):
        # an export may list some by number
        results = [x for x in task.get(key, []) if isinstance(x, Mapping)]
        results = [result for result in results if not result.get("was_cancelled")]
        if len(results) > 1:
            shown = f"{short_repr(name)} has {len(results)} {key}, expected one."
            raise ValueError(shown)
        if results:
            return results[0]["result"]
    return []


def _read_region(region, name):
    """Rows of recording, action and frames; none of boxes, choices and text."""
    if region["type"] == SERIES_LABELS:
        refuse(f"a region of {short_repr(name)}", region["type"], VIDEO_LABELS)
    if region["type"] != VIDEO_LABELS:
        return []
    labels, frames = region["value"].get(VIDEO_LABELS, []), region["value"]["ranges"]
    if len(labels) != 1:
        labels_of = f"a region of {short_repr(name)}: its labels"
        refuse(labels_of, labels, "one label")
    return [(name, labels[0], x["start"] - 1, x["end"]) for x in frames]


FORMATS = {
    "elan": formats.timed(
        ".eaf", write_elan, read_elan, 'ELAN annotation document, tier "action"'
    ),
    "labelstudio": formats.Format(
        ".json",
        write_tasks,
        read_tasks,
        "tasks of Label Studio, TimelineLabels",
        many=True,
    ),
    "nwb": formats.timed(
        ".nwb", write_nwb, read_nwb, "Neurodata Without Borders, with an ethogram"
    ),
    "textgrid": formats.timed(
        ".TextGrid",
        write_textgrid,
        read_textgrid,
        'Praat TextGrid, interval tier "action"',
    ),
}
