"""What commands read: recordings, labels, predictions, ground truth, video files."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sklearn.utils import Bunch

from skl_tot.datasets.folders import load_action_dataset, read_ground_truth
from skl_tot.io.files import label_recordings, read_by_recording, read_whole
from skl_tot.io.formats import FORMATS, frame_formats, table_of
from skl_tot.recordings import Recordings
from skl_tot.recordings.errors import one_line, short_repr
from skl_tot.recordings.labels import UNKNOWN_NAME
from skl_tot.recordings.names import (
    check_names,
    distinct_labels,
    labels_of_one_type,
    name_actions,
    name_all_actions,
)
from skl_tot.recordings.options import (
    flag_of,
    rate_like,
    remembered,
    with_remembered,
)
from skl_tot.recordings.readers import find_reader
from skl_tot.recordings.reading import read_recordings
from skl_tot.recordings.sources import find_files, rate_of_arrays
from skl_tot.recordings.text import (
    find_same_files,
    find_separator,
    is_file_name,
    read_text,
)

ONE_TABLE = "one table of all, such as --out segments.csv, takes any name."
# Options that `read_recordings` has, too.
OPTIONS = ("by", "time", "columns", "without", "resample", "split_gaps", "fps")


@dataclass
class Source:
    """Recordings of a folder or file, and options of how they are read.

    It is what `read_recordings` reads, or arrays as text in the layout of the field;
    all may lie in ``features``, beside ``groundTruth``. ``like`` is a file of a model.
    """

    path: str
    by: list | None = None
    time: str | bool | None = None
    columns: list | None = None
    without: list | None = None
    resample: float | None = None
    split_gaps: float | None = None
    fps: float | None = None
    transpose: bool = False
    read: list | None = None
    like: str | None = None

    def __post_init__(self):
        root = Path(self.path)
        features = root / "features"
        self.folder = features if features.is_dir() else root
        self.is_text = features.is_dir() and any(features.glob("[!.]*.txt"))
        if not self.is_text and (self.by or find_reader(self.folder) is None):
            find_files(self.folder)  # refuses what is none, before a model is loaded

    def open(self, model=None):
        """Open them: ``videos`` (`Recordings`), ``video_names``, ``labels`` or None.

        They are read as those of ``model``, which is fitted, unless options say
        otherwise.
        """
        if self.like is not None:
            from skl_tot.io.models import load_model

            model = load_model(self.like)
        options = dict(self.read or [])
        if self.transpose:
            options["transpose"] = True
        if self.is_text:
            videos = self._open_text(model, **options)
        else:
            options |= {option: getattr(self, option) for option in OPTIONS}
            videos = read_recordings(self.folder, like=model, **options)
        paths = [self.folder / f"{name}.npy" for name in videos.names]
        labels, _ = read_ground_truth(Path(self.path), paths, videos)
        return Bunch(videos=videos, labels=labels, video_names=videos.names)

    def _open_text(self, model, **options):
        """Open arrays of which some are text, which have no clock and no names."""
        for option in OPTIONS:
            if option != "fps" and getattr(self, option) is not None:
                raise ValueError(
                    f"{flag_of(option)} is given, but {self.path} has "
                    "arrays, which it is not for."
                )
        own = {} if model is None else remembered(model)
        options = with_remembered(options, own, ["transpose"])
        data = load_action_dataset(self.path, **options)
        rate = rate_of_arrays([self.folder / "any.npy"], self.fps)
        rate = rate_like(rate, own, self.path)
        videos = Recordings(data.videos, data.video_names, fps=rate)
        videos.reading = {"reader": "arrays", "time": False, "fps": rate, **options}
        return videos


def columns_of(model):
    """Names of the features of a fit, if it had any."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else names.tolist()


class Groups:
    """Group of each recording, and its subject if that is known, from a table."""

    def __init__(self, path):
        import pandas as pd

        self.path = one_line(path)
        try:
            separator = find_separator(read_text(path).partition("\n")[0])
            table = pd.read_csv(
                path,
                sep=separator,
                dtype=str,
                keep_default_na=False,
                encoding="utf-8-sig",
            )
        except ValueError as error:  # all of pandas are
            raise ValueError(f"{self.path} is no table: {one_line(error)}") from error
        if not {"recording", "group"} <= set(table.columns):
            raise ValueError(
                f"{self.path} has the columns {short_repr(list(table.columns))}, "
                "expected recording and group."
            )
        names = table["recording"]
        if names.duplicated().any():
            name = names[names.duplicated()].iloc[0]
            raise ValueError(f"{self.path} has {name!r} twice, expected once.")
        self.columns = {key: dict(zip(names, table[key])) for key in table.columns}

    def pick(self, names):
        """Return groups, and subjects or None, of recordings by their names."""
        picked = []
        for key in ("group", "subject"):
            own = self.columns.get(key)
            for name in names if own is not None else ():
                if not own.get(name, "").strip():
                    raise ValueError(f"{self.path} has no {key} for {name!r}.")
            picked.append(own and {name: own[name] for name in names})
        return picked


@dataclass
class Labels:
    """Labels that people have corrected, a folder of files or one of all."""

    path: str
    gaps: str = "unknown"

    def read(self, data, folder):
        """Labels of each recording of `Source.open`, None of those without a file.

        ``folder`` is where the recordings are, for errors.
        """
        found, _ = read_by_recording(self.path, None, None, data.videos)
        lengths = {name: len(video) for name, video in data.videos.items()}
        for name, (_, file) in found.items():
            if name not in lengths:
                raise ValueError(
                    f"{one_line(file)} has labels of {short_repr(name)}, expected a "
                    f"recording of {folder}, such as {short_repr(data.video_names[0])}."
                )
        labels = label_recordings(found, lengths, self.gaps)
        if not any((own != UNKNOWN_NAME).any() for own in labels.values()):
            raise ValueError(f"{self.path} has no labelled frame, expected some.")
        return [labels.get(name) for name in data.video_names]


def describe_labels(y):
    """Say in a few words what is labelled."""
    labelled = [own[own != UNKNOWN_NAME] for own in y if own is not None]
    labelled = [own for own in labelled if len(own)]
    n_frames, n_labels = sum(map(len, labelled)), len(distinct_labels(labelled))
    return (
        f"{n_frames} frames of {len(labelled)} of {len(y)} recordings are labelled, "
        f"with {n_labels} labels."
    )


def shown_names(model, names):
    """Words for the labels of a fitted model; None for numbers without names."""
    from skl_tot.methods.pipelines import segmenter_of, shown_labels

    labels = shown_labels(segmenter_of(model))
    if labels.dtype.kind == "U":
        return name_all_actions(labels, names)
    if not names:
        return None
    check_names(names, labels)
    return name_actions(labels, names)


def read_predictions(path):
    """Names of the videos of a folder or of one file, and labels of their frames."""
    if Path(path).is_file() and table_of(path) is not None:
        found = read_whole(path)
        return list(found), labels_of_one_type(list(found.values()))
    suffixes = list(dict.fromkeys(entry.suffix for entry in frame_formats().values()))
    if not Path(path).is_dir():
        raise FileNotFoundError(f"{path} is no folder, expected one of predictions.")
    paths = find_segments_in(path, suffixes)
    names = [own.stem for own in paths]
    repeated = find_repeated(names)
    if repeated is not None:
        raise ValueError(f"{path} has several files of {repeated!r}, expected one.")
    labels = []
    for own in paths:
        found = read_whole(own)
        if len(found) > 1:
            raise ValueError(f"{own} has several recordings, expected one of each.")
        labels += found.values()
    return names, labels_of_one_type(labels)


def find_segments_in(folder, suffixes):
    """Files of a folder with one of some suffixes, in the order of their names."""
    found = [own for own in Path(folder).glob("[!.]*") if own.suffix in suffixes]
    if not found:
        expected = " or ".join(f"*{suffix}" for suffix in suffixes)
        raise FileNotFoundError(f"{one_line(folder)} has no file {expected}.")
    return sorted(found, key=lambda own: (own.stem, own.name))


def find_repeated(names):
    """First name that occurs more than once, or None."""
    for name, count in Counter(names).items():
        if count > 1:
            return name
    return None


def labels_of_names(data, folder, names):
    """Labels of the named videos of a folder, of which there have to be some."""
    if data.labels is None:
        raise FileNotFoundError(f"{folder} has no folder groundTruth.")
    labels = dict(zip(data.video_names, data.labels))
    for name in names:
        if name not in labels:
            raise ValueError(
                f"{folder} has no recording {name!r}, which predictions have."
            )
    if len(names) < len(labels):
        print(f"{len(names)} of {len(labels)} recordings of {folder} have predictions.")
    return [labels[name] for name in names]


def pick_labelled(data, names, predicted, truth):
    """Names, predictions and labels of the videos that have labels."""
    n_without = sum(own is None for own in data.labels)
    if n_without:
        print(f"{n_without} of {len(data.labels)} recordings have no labels, left out.")
    found = [each for each in zip(names, predicted, truth) if each[2] is not None]
    if not any((own != UNKNOWN_NAME).any() for _, _, own in found):
        raise ValueError("No recording with predictions has labels, expected some.")
    return map(list, zip(*found))


def check_file_names(names):
    """Refuse names of recordings that cannot be names of files on all systems."""
    for name in names:
        if not is_file_name(name):
            raise ValueError(
                f"A recording is called {short_repr(name)}, expected what can be the "
                "name of a file, also on Windows: without slashes or any of "
                f'<>:"|?*, no dot in front, and no device such as con; {ONE_TABLE}'
            )
    same = find_same_files(names)
    if same is not None:
        raise ValueError(
            f"Recordings are called {same[0]!r} and {same[1]!r}, which are one file on "
            f"Windows and macOS, expected other names; {ONE_TABLE}"
        )


def find_video_file(folder, name):
    """Find the one video file of a name, which its segments may lie beside."""
    others = {".npy", ".srt"}
    others.update(entry.suffix for entry in FORMATS.values())
    found = [own for own in Path(folder).glob("[!.]*") if own.stem == name]
    found = [own for own in found if own.suffix not in others]
    if len(found) != 1:
        raise FileNotFoundError(
            f"{folder} has {len(found)} files called {name!r}, expected one video."
        )
    return found[0]
