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
        from skl_tot.recordings.readers import find_source

        self.data, self.like, self.options = data, like, options
        self.more = dict(read or []) | ({"transpose": True} if transpose else {})
        features = Path(data, "features")
        self.folder = features if features.is_dir() else Path(data)
        self.found = find_source(self.folder, bool(options["by"]))

    def open(self, model=None):
        """Return videos (`Recordings`), their names, and labels or None."""
        if self.like is not None:
            from skl_tot.io.models import load_model

            model = load_model(self.like)
        from skl_tot.recordings.read import read_recordings

        for name in set(self.options) & set(self.more):
            raise ValueError(f"--read has {name}, expected it as --{name}.")
        options = self.options | self.more
        videos = read_recordings(self.found, like=model, **options)
        from skl_tot.datasets import read_ground_truth

        paths = [self.folder / f"{name}.npy" for name in videos.names]
        labels, _ = read_ground_truth(Path(self.data), paths, videos)
        return SimpleNamespace(videos=videos, labels=labels, video_names=videos.names)


@dataclass
class Labels:
    """Labels that people corrected, in a folder of files or one file."""

    labels: str
    gaps: str | None = None

    def read(self, data, folder):
        """Labels of each recording of `Source.open`, None for one without a file."""
        from skl_tot.io.files import read_by_recording
        from skl_tot.recordings.labels import UNKNOWN_NAME

        gaps = self.gaps or "unknown"
        labels, _ = read_by_recording(self.labels, gaps=gaps, recordings=data.videos)
        if not any((own != UNKNOWN_NAME).any() for own in labels.values()):
            raise ValueError(f"{self.labels} has no labelled frame, expected some.")
        return [labels.get(name) for name in data.video_names]


def read_names(names):
    """Names of actions by number."""
    from skl_tot import io

    return io.read_names(names)


def shown_names(model, names):
    """Display names of the labels of a fitted model; None for numbers without names."""
    from skl_tot.methods.pipelines import segmenter_of, shown_labels
    from skl_tot.recordings.names import check_names, name_actions, name_all_actions

    labels = shown_labels(segmenter_of(model))
    if labels.dtype.kind == "U":
        return name_all_actions(labels, names)
    if not names:
        return None
    check_names(names, labels)
    return name_actions(labels, names)


def describe_amount(y):
    """Describe the amount of labels."""
    from skl_tot.recordings.labels import UNKNOWN_NAME
    from skl_tot.recordings.names import distinct_labels

    labelled = [own[own != UNKNOWN_NAME] for own in y if own is not None]
    labelled = [own for own in labelled if len(own)]
    n_frames, n_labels = sum(map(len, labelled)), len(distinct_labels(labelled))
    known = f"{n_frames} frames of {len(labelled)} of {len(y)} recordings"
    return f"{known} are labelled, with {n_labels} labels."


def read_table(path):
    """Table of the segments of a path, or of those that a review shows."""
    from skl_tot import io
    from skl_tot.app.review import find_review

    if (folder := find_review(path)) is None:
        return io.read_table(path)
    from skl_tot.app.review.results import reviewed_segments  # slow

    return reviewed_segments(folder)


def read_predictions(path):
    """Names of recordings in a folder or file, and labels of their frames."""
    from skl_tot.io.files import read_whole
    from skl_tot.io.formats import frame_formats, table_of
    from skl_tot.recordings.errors import repeated
    from skl_tot.recordings.names import labels_of_one_type

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
    from skl_tot.recordings.disk import find_same_files, is_file_name
    from skl_tot.recordings.errors import refuse

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
    from skl_tot.io.formats import FORMATS

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
    from skl_tot.recordings.errors import RecordingError

    try:
        yield
    except RecordingError as error:
        error.name = names[error.recording]
        raise


def print_stops(videos):
    """Print the stops that were cut out, the longest first, if that was asked for."""
    if videos.stops is None:
        return
    from skl_tot.recordings.stops import list_stops

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
    from skl_tot.recordings.disk import replaced

    display = SegmentationDisplay.from_predictions(y_true, y_pred, **options)
    with replaced(path) as temporary:
        display.figure_.savefig(temporary, dpi=150, bbox_inches="tight")
