"""Shared by commands: recordings, labels, names, bars; without slow imports."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

N_STOPS = 5  # stops that are printed


class Source:
    """Recordings of a folder or file, with the options for reading them."""

    # finds the recordings, or fails before slow packages and models are loaded
    def __init__(self, data, transpose=False, read=None, like=None, **options):
        from skl_tot.recordings import find_source

        self.data, self.like, self.options = data, like, options
        self.more = dict(read or []) | ({"transpose": True} if transpose else {})
        features = Path(data, "features")
        self.folder = features if features.is_dir() else Path(data)
        self.is_text = any(features.glob("[!.]*.txt"))  # arrays
        if not self.is_text:
            self.found = find_source(self.folder, bool(options["by"]))

    def open(self, model=None):
        """Return videos (`Recordings`), their names, and labels or None."""
        if self.like is not None:
            from skl_tot.io import load_model

            model = load_model(self.like)
        options = self.options
        if self.is_text:
            from skl_tot.datasets import read_text_arrays

            fps = options["fps"]
            for name, value in options.items():
                if name != "fps" and value is not None:
                    what = f"but {self.data} has arrays, which it is not for"
                    raise ValueError(f"--{name} is given, {what}.")
            videos = read_text_arrays(self.data, fps=fps, like=model, **self.more)
        else:
            from skl_tot.recordings import read_recordings

            for name in set(options) & set(self.more):
                raise ValueError(f"--read has {name}, expected it as --{name}.")
            videos = read_recordings(self.found, like=model, **options, **self.more)
        from skl_tot.datasets import read_ground_truth

        paths = [self.folder / f"{name}.npy" for name in videos.names]
        labels, _ = read_ground_truth(Path(self.data), paths, videos)
        return SimpleNamespace(videos=videos, labels=labels, video_names=videos.names)


class Groups:
    """Group and subject of each recording, from a table."""

    def __init__(self, groups, group_column=None):
        import pandas as pd

        from skl_tot.recordings import find_separator, one_line

        self.path, self.group = one_line(groups), group_column
        options = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
        try:
            with open(groups, encoding="utf-8-sig") as file:
                separator = find_separator(file.readline())
            self.table = pd.read_csv(groups, sep=separator, **options)
        except ValueError as error:  # the base of pandas' errors
            raise ValueError(f"{self.path} is no table: {one_line(error)}") from error
        # a short row has NaN in its last cells
        self.table = self.table.fillna("").apply(lambda column: column.str.strip())
        if group_column is None:
            self.group = self._called("group")
        elif group_column not in self.table:
            self._refuse_columns(f"{group_column!r} of --group-column among them")

    def pick(self, names):
        """Return groups, and subjects or None, of recordings by name; print how."""
        from skl_tot.recordings import repeated

        by, found = self._match(names)
        group, subject = self.group or self._find_group(by), self._called("subject")
        if subject is None and any(place for place, _ in found.values()):
            subject = by
        what = f"one row of each, with its name in {by!r}, the start of it, or a part "
        what += "between separators"
        bad = {own: keys for own, (_, keys) in found.items() if len(keys) != 1}
        self._refuse(bad, what)
        used = {key for _, (key,) in found.values()}
        rows = self.table.drop_duplicates([by, group, subject or by])
        rows = rows[rows[by].isin(used)].set_index(by, drop=False)
        for name in repeated(rows.index)[:1]:
            raise ValueError(f"{self.path} has {name!r} twice, expected once.")
        rows = rows.loc[[key for _, (key,) in found.values()]]
        picked = [own and dict(zip(found, rows[own])) for own in (group, subject)]
        for column, own in zip((group, subject), picked):
            empty = {name: () for name, value in (own or {}).items() if not value}
            self._refuse(empty, f"each cell of {column!r} filled")
        said = _describe_names(found)
        print(f"{self.path}: {by!r} names {said}; {group!r} the groups.")
        if subject is not None and (subject != by or len(used) < len(found)):
            print(f"Recordings of one {subject!r} count as one subject.")
        unused = self.table[by].nunique() - len(used)
        if unused:
            print(f"{count(unused, 'row')} of {self.path} without a recording.")
        return picked

    def _called(self, word):
        names = self.table.columns
        return next((own for own in names if own.strip().casefold() == word), None)

    def _match(self, names):
        """Column that names most recordings, and its values for each of them."""
        from skl_tot.recordings import keys_in_names

        said = self._called("recording")
        columns = [own for own in self.table if own != self.group]
        found = {}
        for own in [said] if said else columns:
            found[own] = keys_in_names(self.table[own].unique(), names)
        if not found:
            self._refuse_columns("one that names the recordings, and one called group")
        return max(
            found.items(), key=lambda own: sum(3 - k for k, _ in own[1].values())
        )

    def _find_group(self, by):
        """Find the only other column in which most values occur several times."""
        numbers = self.table.drop(columns=[by, self._called("subject") or by]).nunique()
        few = numbers.index[(numbers > 1) & (2 * numbers <= len(self.table))]
        if len(few) != 1:
            self._refuse_columns("one called group, or --group-column to name it")
        return few[0]

    def _refuse_columns(self, expected):
        from skl_tot.recordings import short_repr

        columns = short_repr(list(self.table.columns))
        raise ValueError(f"{self.path} has the columns {columns}, expected {expected}.")

    def _refuse(self, bad, expected):
        """Refuse all recordings without one row, by name, with the rows they have."""
        if bad:
            rows = ((k, f" ({' and '.join(v)})" if v else "") for k, v in bad.items())
            names = ", ".join(f"{name!r}{found}" for name, found in rows)
            what = f"not one group for {names}, expected {expected}"
            raise ValueError(f"{self.path} has {what}.")


def _describe_names(found):
    """Words on the matches of `keys_in_names` of all recordings."""
    said = count(len(found), "recording")
    for place, word in ((1, "the start"), (2, "a part")):
        own = [(name, key) for name, (k, (key,)) in found.items() if k == place]
        if own:
            said += f", {'all' if len(own) == len(found) else len(own)} by {word} of "
            said += f"the name, as {own[0][1]!r} of {own[0][0]!r}"
    return said


@dataclass
class Labels:
    """Labels that people corrected, in a folder of files or one file."""

    labels: str
    gaps: str | None = None

    def read(self, data, folder):
        """Labels of each recording of `Source.open`, None for one without a file."""
        from skl_tot.io import label_recordings, read_by_recording
        from skl_tot.recordings import UNKNOWN_NAME, one_line, short_repr

        found, _ = read_by_recording(self.labels, None, None, data.videos)
        lengths = {name: len(video) for name, video in data.videos.items()}
        for name, (_, file) in found.items():
            if name not in lengths:
                raise ValueError(
                    f"{one_line(file)} has labels of {short_repr(name)}, expected a "
                    f"recording of {folder}, such as {short_repr(data.video_names[0])}."
                )
        labels = label_recordings(found, lengths, self.gaps or "unknown")
        if not any((own != UNKNOWN_NAME).any() for own in labels.values()):
            raise ValueError(f"{self.labels} has no labelled frame, expected some.")
        return [labels.get(name) for name in data.video_names]


def read_names(names):
    """Names of actions by number."""
    from skl_tot import io

    return io.read_names(names)


def shown_names(model, names):
    """Display names of the labels of a fitted model; None for numbers without names."""
    from skl_tot.io import name_actions
    from skl_tot.methods import segmenter_of, shown_labels
    from skl_tot.recordings import check_names, name_all_actions

    labels = shown_labels(segmenter_of(model))
    if labels.dtype.kind == "U":
        return name_all_actions(labels, names)
    if not names:
        return None
    check_names(names, labels)
    return name_actions(labels, names)


def describe_amount(y):
    """Describe the amount of labels."""
    from skl_tot.recordings import UNKNOWN_NAME, distinct_labels

    labelled = [own[own != UNKNOWN_NAME] for own in y if own is not None]
    labelled = [own for own in labelled if len(own)]
    n_frames, n_labels = sum(map(len, labelled)), len(distinct_labels(labelled))
    known = f"{n_frames} frames of {len(labelled)} of {len(y)} recordings"
    return f"{known} are labelled, with {n_labels} labels."


def read_predictions(path):
    """Names of recordings in a folder or file, and labels of their frames."""
    from skl_tot.io import frame_formats, read_whole, table_of
    from skl_tot.recordings import labels_of_one_type, repeated

    if Path(path).is_file() and table_of(path) is not None:
        found = read_whole(path)
        return list(found), labels_of_one_type(list(found.values()))
    if not Path(path).is_dir():
        raise FileNotFoundError(f"{path} is no folder, expected one of predictions.")
    suffixes = list(dict.fromkeys(entry.suffix for entry in frame_formats().values()))
    paths = [own for own in Path(path).glob("[!.]*") if own.suffix in suffixes]
    paths.sort(key=lambda own: (own.stem, own.name))
    if not paths:
        expected = " or ".join(f"*{suffix}" for suffix in suffixes)
        raise FileNotFoundError(f"{path} has no file {expected}.")
    names = [own.stem for own in paths]
    for name in repeated(names)[:1]:
        raise ValueError(f"{path} has several files of {name!r}, expected one.")
    labels = []
    for own in paths:
        found = read_whole(own)
        if len(found) > 1:
            raise ValueError(f"{own} has several recordings, expected one of each.")
        labels += found.values()
    return names, labels_of_one_type(labels)


def labels_of_names(data, folder, names):
    """Labels of the named recordings of a folder."""
    if data.labels is None:
        raise FileNotFoundError(f"{folder} has no folder groundTruth.")
    labels = dict(zip(data.video_names, data.labels))
    for name in names:
        if name not in labels:
            what = f"no recording {name!r}, which predictions have"
            raise ValueError(f"{folder} has {what}.")
    if len(names) < len(labels):
        print(f"{len(names)} of {len(labels)} recordings of {folder} have predictions.")
    return [labels[name] for name in names]


def check_file_names(names, remedy=""):
    """Refuse names of recordings that cannot be names of files on all systems."""
    from skl_tot.recordings import find_same_files, is_file_name, refuse

    for name in names:
        if not is_file_name(name):
            expected = "one that files can have, also on Windows: without slashes or "
            expected += 'any of <>:"|?*, no dot in front, and no device such as con'
            refuse("The name of a recording", name, expected + remedy)
    same = find_same_files(names)
    if same is not None:
        text = f"{same[0]!r} and {same[1]!r}, which are one file on Windows and macOS"
        raise ValueError(f"Recordings are called {text}, expected others{remedy}.")


def find_video_file(folder, name):
    """Find the only video file of a name, for segments beside it."""
    from skl_tot.io import FORMATS

    others = {".npy", ".srt", *(entry.suffix for entry in FORMATS.values())}
    found = [own for own in Path(folder).glob("[!.]*") if own.stem == name]
    found = [own for own in found if own.suffix not in others]
    if len(found) != 1:
        text = f"{folder} has {len(found)} files called {name!r}"
        raise FileNotFoundError(f"{text}, expected one video.")
    return found[0]


@contextlib.contextmanager
def names_in_errors(names):
    """Add the recording to errors that have only its number."""
    from skl_tot.recordings import RecordingError

    try:
        yield
    except RecordingError as error:
        error.name = names[error.recording]
        raise


def print_stops(videos):
    """Print the stops that were cut out, the longest first, if that was asked for."""
    if videos.stops is None:
        return
    from skl_tot.recordings import list_stops

    table = list_stops(videos)
    unit, kind = ("frames", "") if videos.fps is None else ("s", "_time")
    lengths = table[f"duration{kind}"]
    if len(table) == 0:
        print("Nothing rests for long enough to be a stop.")
        return
    stops = count(len(table), "stop")
    print(f"Cut out {stops} of {lengths.min():.4g} to {lengths.max():.4g} {unit}:")
    for k in lengths.sort_values(ascending=False, kind="stable").index[:N_STOPS]:
        row = table.loc[k]
        place = row.get("start_clock") or f"{row[f'start{kind}']:.10g} {unit}"
        print(f"  {row['recording']}: {lengths[k]:.4g} {unit}, since {place}")


def progress(items, unit):
    """Show a bar on a terminal."""
    from tqdm.auto import tqdm

    return tqdm(items, unit=unit, disable=None)


def count(number, noun):
    """Put a number before its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def draw_timelines(path, y_true, y_pred, **options):
    """Draw timelines into a file."""
    from skl_tot import SegmentationDisplay
    from skl_tot.recordings import replaced

    display = SegmentationDisplay.from_predictions(y_true, y_pred, **options)
    with replaced(path) as temporary:
        display.figure_.savefig(temporary, dpi=150, bbox_inches="tight")
