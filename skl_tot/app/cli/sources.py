"""Inputs of commands: recordings, groups, labels; without slow imports."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from zipfile import is_zipfile

from skl_tot.recordings import (
    UNKNOWN_NAME,
    find_separator,
    find_source,
    one_line,
    rate_of_arrays,
    read_text,
    short_repr,
)

# Options of `read_recordings`.
OPTIONS = ("by", "time", "columns", "without", "resample", "split_gaps", "fps")


@dataclass
class Source:
    """Recordings of a folder or file, with the options for reading them.

    Reads input of `read_recordings`, or arrays as text in the layout of the field,
    perhaps in ``features`` beside ``groundTruth``. ``like`` is the file of a model.
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
        if self.like is not None:
            check_model(self.like)
        root = Path(self.path)
        features = root / "features"
        self.folder = features if features.is_dir() else root
        self.is_text = features.is_dir() and any(features.glob("[!.]*.txt"))
        if not self.is_text:  # fails before a model is loaded
            self.found = find_source(self.folder, bool(self.by))

    def open(self, model=None):
        """Return ``videos`` (`Recordings`), ``video_names``, and ``labels`` or None.

        They are read like those of ``model``, a fitted one, unless options differ.
        """
        from skl_tot.datasets import read_ground_truth
        from skl_tot.recordings import read_recordings

        if self.like is not None:
            from skl_tot.io import load_model

            model = load_model(self.like)
        options = dict(self.read or [])
        if self.transpose:
            options["transpose"] = True
        if self.is_text:
            videos = self._open_text(model, **options)
        else:
            options |= {option: getattr(self, option) for option in OPTIONS}
            videos = read_recordings(self.found, like=model, **options)
        paths = [self.folder / f"{name}.npy" for name in videos.names]
        labels, _ = read_ground_truth(Path(self.path), paths, videos)
        return SimpleNamespace(videos=videos, labels=labels, video_names=videos.names)

    def _open_text(self, model, **options):
        """Open arrays, some of them text, without clock and names of columns."""
        from skl_tot.datasets import load_action_dataset
        from skl_tot.recordings import (  # loads scikit-learn
            Recordings,
            flag_of,
            rate_like,
            remembered,
            with_remembered,
        )

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


def check_model(path):
    """Refuse a file that is no archive, before torch is imported."""
    if Path(path).is_file() and not is_zipfile(path):  # a pipe would block
        raise ValueError(
            f"{one_line(path)} cannot be loaded: it is no archive, expected a file "
            "from fit or search."
        )
    return path


class Groups:
    """Group and subject of each recording, from a table."""

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
        except ValueError as error:  # the base of pandas' errors
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
        """Return groups, and subjects or None, of recordings by name."""
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
    """Labels that people corrected, in a folder of files or one file."""

    path: str
    gaps: str = "unknown"

    def read(self, data, folder):
        """Labels of each recording of `Source.open`, None for one without a file.

        ``folder`` names the recordings in errors.
        """
        from skl_tot.io import label_recordings, read_by_recording

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
