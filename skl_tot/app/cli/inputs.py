"""Inputs of commands: recordings, labels, groups, segments."""

import os
import re
import shlex
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from skl_tot.app.cli.outputs import count, print_rows, stage
from skl_tot.progress import each

# Options of `read_recordings`.
READING = ("only", "recording_column", "time", "columns", "without", "resample")
READING += ("bridge", "pauses", "fps", "header", "read", "transpose")

TRACKERS = ["deeplabcut", "movement", "sleap"]  # readers of tracks of points
LEAST_GAPS = 25  # frames of filled gaps of tracks, as later ones may be longer
KINDS = ["group", "subject"]  # of recordings, which the table of groups names


def check_inputs(*paths):
    """Refuse given paths that are not there."""
    from skl_tot.recordings.files import is_pattern

    for path in paths:
        if path is not None and not (os.path.exists(path) or is_pattern(path)):
            raise FileNotFoundError(f"{path} is no folder or file, expected one.")


def load_model(path):
    """Model of a file, None without a path."""
    if path is None:
        return None
    with stage("loading the model"):
        from skl_tot import io

        return io.load_model(path)


class Source:
    """Recordings of a folder or file, with the options for reading them."""

    def __init__(self, path, arguments):
        """Find the recordings, or fail before slow packages and models are loaded."""
        from skl_tot.recordings.sources import find_source

        self.path = path
        self.options = {name: getattr(arguments, name) for name in READING}
        of_reader = dict(self.options.pop("read") or [])
        if not self.options["transpose"]:
            del self.options["transpose"]
        for name in set(self.options) & set(of_reader):
            flag = f"--{name.replace('_', '-')}"
            raise ValueError(f"--read has {name}, expected it as {flag}.")
        self.options |= of_reader
        features = Path(path, "features")
        self.folder = features if features.is_dir() else Path(path)
        find_source(self.folder, bool(arguments.recording_column))
        if getattr(arguments, "labels", None):
            from skl_tot.io.files import check_overlaps

            check_overlaps(arguments.labels)

    def open(self, model=None):
        """Read the recordings, like those of a model."""
        from skl_tot.recordings.read import read_recordings

        with stage("reading", "file"):
            recordings = read_recordings(self.folder, like=model, **self.options)
            for frames in each(recordings.arrays):
                len(frames)  # opens a file: a broken one is found before a fit
        return recordings

    def ground_truth(self, recordings):
        """Labels of the recordings in ``groundTruth``, or None."""
        from skl_tot.datasets import read_ground_truth

        labels, _ = read_ground_truth(Path(self.path), recordings)
        return labels


class Opened(NamedTuple):
    """Recordings with a model, or with that of a review and its labels of people."""

    source: Source
    model: Any
    recordings: Any
    corrected: list  # labels of people, or None, for each recording
    accuracy: Any = None
    numbers: Any = None  # of colours, by name


def open_reviewed(options):
    """Open the model or review and the recordings of a command."""
    from skl_tot.app.review import find_review

    source, folder = Source(options.data, options), find_review(options.model)
    if folder is None:
        model = load_model(options.model)
        recordings = open_fitted(source, model)
        return Opened(source, model, recordings, [None] * len(recordings))
    with stage("loading the model"):
        from skl_tot.app.review.results import ReviewedModel  # slow

        reviewed = ReviewedModel(folder)
    recordings = open_fitted(source, reviewed.model)
    corrected, accuracy = reviewed.labels(recordings)
    of_review = corrected, accuracy, reviewed.numbers()
    return Opened(source, reviewed.model, recordings, *of_review)


def open_fitted(source, model):
    """Read recordings for a fitted model, and say their faults."""
    return open_checked(source, model, "leave", is_fitted=True)[0]


def open_checked(source, model, answer, is_fitted=False):
    """Say the faults of recordings, and mend them; also return the model that does."""
    # `answer` is one of `arguments.FAULTS`, or a function of the rows that returns it
    from skl_tot.methods.pipelines import joined, steps_of
    from skl_tot.recordings.errors import FaultWarning
    from skl_tot.recordings.faults import (
        CUT,
        FILLED,
        LEFT,
        WORDS_OF_LOST,
        WORDS_OF_STOPS,
        list_faults,
    )
    from skl_tot.recordings.stops import without_stops

    # those of a fitted model are cut out where files are read
    pauses = None if is_fitted else source.options.pop("pauses")
    steps = steps_of(model)
    warnings.filterwarnings("ignore", category=FaultWarning)  # the table says the same
    recordings = source.open(model if is_fitted else None)
    with stage("checking the files"):
        faults = list_faults(recordings, pauses)
    # no command changes the steps of a fitted model
    where = " of fit or review" if is_fitted else ""
    to_mend = _words_of_open(faults, pauses, steps, where)
    is_left = faults["done"].str.startswith(LEFT) & faults["fault"].isin(WORDS_OF_STOPS)
    faults.loc[is_left, "done"] += " (see --pauses)"
    is_plain = len(steps) == 1 and not is_fitted
    poses = _find_pose_step(recordings) if is_plain else None
    if poses and (n_frames := faults.attrs["longest_gap"]):  # it needs filled gaps
        poses = f"gaps:{max(n_frames, LEAST_GAPS)},{poses}"
    if not isinstance(answer, str):
        is_open = faults["done"].isin(to_mend).any()
        answer = answer(rows_of_faults(faults, poses)) if is_open else "leave"
    is_lost = faults["fault"].str.endswith(WORDS_OF_LOST)
    if pauses is None and answer != "cut":
        faults.loc[is_lost, "done"] = FILLED
    mended = {"cut": {CUT, FILLED}, "fill": {FILLED}, "leave": set()}[answer]
    present = set(faults["done"])
    if is_lost.any():  # later recordings may have shorter gaps
        present.add(FILLED)
    mended &= to_mend.keys() & present
    left = {done: words for done, words in to_mend.items() if done not in mended}
    faults["done"] = faults["done"].replace(left)
    print_rows(rows_of_faults(faults, poses))
    if CUT in mended:
        pauses = faults.attrs["pauses"]
    if pauses is not None:
        recordings = without_stops(recordings, pauses)
        recordings.read_options = recordings.read_options | {"pauses": pauses}
    if FILLED in mended:
        model = joined([(None, fills_all()), *steps])
    return recordings, model


def _find_pose_step(recordings):
    """Step for tracks of points, and further options; None for other recordings."""
    columns = [str(x) for x in getattr(recordings.arrays[0], "columns", [])]
    others = [x for x in columns if x.lower().endswith("likelihood")]
    if not others and recordings.read_options.get("reader") not in TRACKERS:
        return None
    # "nose" of "nose x" or "nose_x m1", if it needs no quotes
    names = (re.match(r"([\w-]+?)[ _.][xyz](?: |$)", x) for x in columns)
    plain = [name[1] for name in names if name]
    tails, noses = ([x for x in plain if end in x.lower()] for end in ("tail", "nose"))
    step = f"poses:{tails[0]}:{noses[0]}" if tails and noses else "poses"
    return f"{step} --without {shlex.join(others)}" if others else step


def _words_of_open(faults, pauses, steps, where):
    """Words on faults that options do not mend already, by their treatment."""
    import numpy as np

    from skl_tot.preprocessing.framewise import GapFiller
    from skl_tot.recordings.faults import CUT, FILLED

    words = {CUT: f"left (--faults cut{where})"} if pauses is None else {}
    fillers = [step for _, step in steps if isinstance(step, GapFiller)]
    limits = [np.inf if step.limit is None else step.limit for step in fillers]
    if not limits:
        words[FILLED] = f"left (--faults fill{where})"
    elif faults.attrs["longest_gap"] > max(limits):
        words[FILLED] = f"filled up to {max(limits)} frames (--faults fill{where})"
    return words


def fills_all():
    """Step that fills gaps of any length, as later recordings cannot ask."""
    from skl_tot.preprocessing.framewise import GapFiller

    return GapFiller(limit=None, drop_lost=0.99)


def rows_of_faults(faults, poses):
    """Texts of a table of `list_faults`, below a head; none without a fault."""
    # `poses` is the step that tracks of points lack, or None
    key = next(x for x in ("_clock", "_time", "") if f"start{x}" in faults)
    form = {"_clock": "{}", "_time": "{:.10g} s", "": "frame {}"}[key]
    columns = ["recording", f"start{key}", f"end{key}", "fault", "done"]
    rows = [["recording", "from", "to", "fault", "treatment"]]
    if poses is not None:
        text = "tracks of points: posture tells more than places"
        rows.append(["all", "", "", text, f"left (--pipeline {poses})"])
    for name, start, end, *of in faults[columns].itertuples(index=False):
        rows.append([name, form.format(start), form.format(end), *of])
    return rows if len(rows) > 1 else []


def read_labels_in_order(arguments, recordings, data):
    """Labels of ``--labels`` for each recording, None for one without a file."""
    from skl_tot.io.files import read_by_recording
    from skl_tot.recordings.files import is_pattern
    from skl_tot.recordings.labels import UNKNOWN_NAME

    gaps = getattr(arguments, "gaps", None) or "unknown"
    pattern = arguments.only
    if pattern is None and is_pattern(data):
        pattern = Path(data).stem
    labels, _ = read_by_recording(
        arguments.labels, gaps=gaps, recordings=recordings, only=pattern
    )
    if not any((of_frames != UNKNOWN_NAME).any() for of_frames in labels.values()):
        raise ValueError(f"{arguments.labels} has no labelled frame, expected some.")
    return [labels.get(name) for name in recordings.names]


def describe_amount(y):
    """Describe the amount of labels."""
    from skl_tot.recordings.labels import UNKNOWN_NAME
    from skl_tot.recordings.names import distinct_labels

    labels = [path[path != UNKNOWN_NAME] for path in y if path is not None]
    labels = [path for path in labels if len(path)]
    n_frames, n_labels = sum(map(len, labels)), len(distinct_labels(labels))
    amount = f"{n_frames} frames of {len(labels)} of {len(y)} recordings"
    return f"{amount} are labelled, with {n_labels} labels."


def read_segments(path):
    """Table of segments of a path, or of a review."""
    from skl_tot import io
    from skl_tot.app.review import find_review

    if (folder := find_review(path)) is None:
        return io.read_table(path)
    from skl_tot.app.review.results import reviewed_segments  # slow

    return reviewed_segments(folder)


def read_groups(path):
    """Table of the group, and the subject if given, by recording; None without one."""
    if path is None:
        return None
    from skl_tot.io.formats.tables import cells_of_rows, read_rows
    from skl_tot.recordings.errors import errors_of_file, one_line, repeated

    shown = one_line(path)
    with errors_of_file(path):
        names, rows, _ = read_rows(path)
        table = cells_of_rows(names, rows)
    table = table.fillna("").astype(str).apply(lambda cells: cells.str.strip())
    table.columns = [name.strip().lower() for name in names]
    kept = [name for name in table if name in ("recording", *KINDS)]
    if not {"recording", "group"} <= set(kept) or repeated(kept) or table.empty:
        text = f"{shown} has the columns {names} and {count(len(table), 'row')}"
        expected = "recording, group and perhaps subject, each once"
        raise ValueError(f"{text}, expected {expected}.")
    table = table[kept].set_index("recording")
    for name in repeated(table.index)[:1]:
        raise ValueError(f"{shown} has {name!r} twice, expected once.")
    for name in table.index[(table == "").any(axis=1)][:1]:
        raise ValueError(f"{shown} has an empty cell of {name!r}, expected it filled.")
    return table


def pick_groups(table, names):
    """Pick groups, and subjects or None, of recordings from a table or None."""
    from skl_tot.recordings.errors import refuse

    if table is None:
        return None, None
    lacking = [name for name in names if name not in table.index]
    if lacking:
        refuse("recordings without a row in --groups", lacking, "a row for each")
    n_unused = len(table) - len(names)
    if n_unused:
        print(f"{count(n_unused, 'row')} of --groups without a recording.")
    columns = table.loc[list(names)].to_dict()
    return columns["group"], columns.get("subject")
