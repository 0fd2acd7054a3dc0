"""Inputs of commands: recordings, labels, names, groups, segments."""

import os
from pathlib import Path

from skl_tot.app.cli.arguments import check_needed
from skl_tot.app.cli.outputs import count
from skl_tot.app.cli.stages import stage
from skl_tot.progress import each

# Options of `read_recordings`.
READING = ("only", "recording_column", "time", "columns", "without", "resample")
READING += ("bridge", "pauses", "fps", "header", "comment", "read", "transpose")


def check_inputs(*paths, model=None):
    """Refuse given paths that are not there, and a model that is no archive."""
    from skl_tot.recordings.disk import is_pattern

    for path in (model, *paths):
        if path is not None and not (os.path.exists(path) or is_pattern(path)):
            raise FileNotFoundError(f"{path} is no folder or file, expected one.")
    if model is not None and os.path.isfile(model):  # a pipe would block
        from zipfile import is_zipfile

        if not is_zipfile(model):
            text = f"{model} cannot be loaded: it is no archive"
            raise ValueError(f"{text}, expected a file from fit.")


def load_model(path):
    """Model of a file, None without a path."""
    if path is None:
        return None
    with stage("loading the model"):
        from skl_tot import io

        return io.load_model(path)


def load_reviewed(path):
    """Model of a file, or of a review with labels of people."""
    with stage("loading the model"):
        from skl_tot.app.review.results import ReviewedModel

        return ReviewedModel(path)


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

        paths = [self.folder / f"{name}.npy" for name in recordings.names]
        labels, _ = read_ground_truth(Path(self.path), paths, recordings)
        return labels


def read_labels_in_order(arguments, recordings, data):
    """Labels of ``--labels`` for each recording, None for one without a file."""
    from skl_tot.io.files import read_by_recording
    from skl_tot.recordings.disk import is_pattern
    from skl_tot.recordings.labels import UNKNOWN_NAME

    gaps = getattr(arguments, "gaps", None) or "unknown"
    pattern = arguments.only
    if pattern is None and is_pattern(data):
        pattern = Path(data.removesuffix(".gz")).stem
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


def read_names(path):
    """Names of actions by number; None without a path."""
    if path is None:
        return None
    from skl_tot.recordings import names

    return names.read_names(path)


def shown_names(model, names):
    """Display names of the labels of a fitted model; None for numbers without names."""
    from skl_tot.methods.pipelines import segmenter_of
    from skl_tot.recordings.names import check_names, name_actions, name_all_actions

    labels = segmenter_of(model).actions_
    if labels.dtype.kind == "U":
        return name_all_actions(labels, names)
    if not names:
        return None
    check_names(names, labels)
    return name_actions(labels, names)


def read_segments(path):
    """Table of segments of a path, or of a review."""
    from skl_tot import io
    from skl_tot.app.review import find_review

    if (folder := find_review(path)) is None:
        return io.read_table(path)
    from skl_tot.app.review.results import reviewed_segments  # slow

    return reviewed_segments(folder)


def read_predictions(path):
    """Names of recordings in a folder or file, and labels of their frames."""
    from skl_tot.io.files import read_table
    from skl_tot.recordings.names import labels_of_one_type
    from skl_tot.recordings.segment_table import labels_from_segments

    table = read_table(path)
    try:
        labels = labels_from_segments(table)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} holds no labels of all frames: {error}") from error
    return list(labels), labels_of_one_type(list(labels.values()))


def labels_of_names(labels, folder, names):
    """Labels of the named recordings of a folder; ``labels`` are by name, or None."""
    if labels is None:
        raise FileNotFoundError(f"{folder} has no folder groundTruth.")
    for name in names:
        if name not in labels:
            text = f"no recording {name!r}, which predictions have"
            raise ValueError(f"{folder} has {text}.")
    if len(names) < len(labels):
        print(f"{len(names)} of {len(labels)} recordings of {folder} have predictions.")
    return [labels[name] for name in names]


def read_groups(arguments):
    """Read the groups of ``--groups``, or None."""
    check_needed(arguments, "groups", ["group_column"])
    return arguments.groups and Groups(arguments.groups, arguments.group_column)


def _read_texts(path):
    """Read the cells of a table or workbook as text; blank ones may be missing."""
    import pandas as pd

    from skl_tot.app.cli.outputs import WORKBOOK
    from skl_tot.recordings.disk import find_separator

    if path.lower().endswith(WORKBOOK):
        from skl_tot.io.formats.workbooks import read_sheet

        names, rows = read_sheet(path)
        table = pd.DataFrame(rows, columns=names, dtype=object).dropna(how="all")
        named = table.loc[:, table.columns != ""]
        if not named.columns.is_unique:
            raise ValueError("two columns have one name, expected each once.")
        return named.fillna("").astype(str)
    with open(path, encoding="utf-8-sig") as file:
        separator = find_separator(file.readline())
    return pd.read_csv(
        path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig"
    )


class Groups:
    """Group and subject of each recording, from a table."""

    def __init__(self, path, column=None):
        """Read the table; groups are in ``column``, that called group, or the other."""
        from skl_tot.recordings.errors import one_line

        self.path = one_line(path)
        try:
            table = _read_texts(path)
        except (ImportError, OSError):
            raise
        except Exception as error:  # of pandas or openpyxl
            raise ValueError(f"{self.path} is no table: {one_line(error)}") from error
        # a short row has NaN in its last cells
        self.table = table.fillna("").apply(lambda cells: cells.str.strip())
        if self.table.shape[1] < 2 or self.table.empty:
            self._refuse_columns("one that names the recordings, and one called group")
        if column is not None and column not in self.table:
            self._refuse_columns(f"{column!r} of --group-column among them")
        self.group = column or self._column_called("group")
        if self.group is None and self.table.shape[1] > 2:
            self._refuse_columns("one called group, or --group-column to name it")
        self.subject = self._column_called("subject")

    def pick(self, names):
        """Return groups, and subjects or None, of recordings by name; print how."""
        from skl_tot.recordings.errors import repeated

        column, matches = self._match(names)
        self._refuse_recordings(
            {name: keys for name, (_, keys) in matches.items() if len(keys) != 1},
            f"one row of each, with its name in {column!r}, the start of it, or a part "
            "between separators",
        )
        subject = self.subject
        group = self.group or self.table.columns.drop(column)[0]
        if subject is None and any(place for place, _ in matches.values()):
            subject = column
        key_of = {name: key for name, (_, (key,)) in matches.items()}
        rows = self.table.drop_duplicates([column, group, subject or column])
        rows = rows[rows[column].isin(key_of.values())].set_index(column, drop=False)
        for key in repeated(rows.index)[:1]:
            raise ValueError(f"{self.path} has {key!r} twice, expected once.")
        rows = rows.loc[list(key_of.values())].set_axis(list(key_of))
        for filled in filter(None, (group, subject)):
            empty = dict.fromkeys(rows.index[rows[filled] == ""], ())
            self._refuse_recordings(empty, f"each cell of {filled!r} filled")
        self._print_match(matches, column, group, subject)
        return rows[group].to_dict(), subject and rows[subject].to_dict()

    def _column_called(self, word):
        names = self.table.columns
        return next((name for name in names if name.strip().casefold() == word), None)

    def _match(self, names):
        """Column that names most recordings, and its values for each of them."""
        from skl_tot.recordings.names import keys_in_names

        said = self._column_called("recording")
        columns = [said] if said else self.table.columns.drop(self.group or [])
        matches = {
            column: keys_in_names(self.table[column].unique(), names)
            for column in columns
        }
        return max(
            matches.items(),
            key=lambda match: sum(3 - place for place, _ in match[1].values()),
        )

    def _refuse_columns(self, expected):
        from skl_tot.recordings.errors import short_repr

        columns = short_repr(list(self.table.columns))
        raise ValueError(f"{self.path} has the columns {columns}, expected {expected}.")

    def _refuse_recordings(self, rows_of, expected):
        """Refuse recordings without one row, by name, with the rows that they have."""
        if rows_of:
            names = ", ".join(
                f"{name!r} ({' and '.join(rows)})" if rows else f"{name!r}"
                for name, rows in rows_of.items()
            )
            text = f"not one group for {names}, expected {expected}"
            raise ValueError(f"{self.path} has {text}.")

    def _print_match(self, matches, column, group, subject):
        """Print which columns are used, and how they name the recordings."""
        text = count(len(matches), "recording")
        for place, words in ((1, "the start"), (2, "a part")):
            of_place = [(x, key) for x, (k, (key,)) in matches.items() if k == place]
            if of_place:
                number = "all" if len(of_place) == len(matches) else len(of_place)
                name, key = of_place[0]
                text += f", {number} by {words} of the name, as {key!r} of {name!r}"
        print(f"{self.path}: {column!r} names {text}; {group!r} the groups.")
        n_used = len({key for _, (key,) in matches.values()})
        if subject is not None and (subject != column or n_used < len(matches)):
            print(f"Recordings of one {subject!r} count as one subject.")
        n_unused = self.table[column].nunique() - n_used
        if n_unused:
            print(f"{count(n_unused, 'row')} of {self.path} without a recording.")
