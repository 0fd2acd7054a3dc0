"""Folders that the commands read: recordings, predictions, ground truth, videos."""

from collections import Counter
from pathlib import Path

from sklearn.utils import Bunch

from skl_tot.datasets.folders import load_action_dataset, read_ground_truth
from skl_tot.inputs.clocks import is_same
from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.guidance import UNKNOWN_NAME
from skl_tot.inputs.names import labels_of_one_type
from skl_tot.inputs.recordings import Recordings
from skl_tot.io.formats import (
    FORMATS,
    frame_formats,
    read_records,
    read_records_of_many,
)
from skl_tot.io.long_tables import table_of
from skl_tot.io.rate_files import rate_of_arrays
from skl_tot.io.recordings import find_files, read_recordings
from skl_tot.io.segments import labels_from_segments


def open_recordings(folder, model=None, *, fps=None, transpose=False, **tables):
    """Open recordings of a folder or file, with labels of frames if there are any.

    Parameters
    ----------
    folder : str
        What `load_action_dataset` or `read_recordings` reads; tables may lie in
        ``features``, beside ``groundTruth``, too.
    model : estimator, default=None
        Fitted segmenter, or pipeline, whose columns and rate count unless options say
        otherwise.
    fps, transpose, tables
        Options of `options.add_reading`.

    Returns
    -------
    data : Bunch
        ``videos`` (`Recordings`), their ``video_names``, and ``labels`` or None.
    """
    root = Path(folder)
    source = root / "features" if (root / "features").is_dir() else root
    has_text = source != root and any(source.glob("[!.]*.txt"))
    if root.is_dir() and (has_text or find_files(source)[1] == "arrays"):
        _refuse_options(tables, folder, "arrays")
        data = load_action_dataset(root, transpose=transpose)
        rate = rate_of_arrays([source / "any.npy"], fps)
        videos = Recordings(data.videos, data.video_names, fps=rate)
        labels = data.labels
    else:
        _refuse_options({"transpose": transpose or None}, folder, "tables")
        if tables["columns"] is None:
            tables["columns"] = _columns_of(model)
        videos = read_recordings(source, fps=fps, **tables)
        # as if there were files of these names
        paths = [root / f"{name}.csv" for name in videos.names]
        labels, _ = read_ground_truth(root, paths, videos)
    videos = _at_rate_of(model, videos, folder)
    return Bunch(videos=videos, labels=labels, video_names=videos.names)


def _refuse_options(options, folder, found):
    """Refuse options that are of other files."""
    for name, value in options.items():
        if value is not None:
            option = "no-clock" if value is False else name
            raise ValueError(
                f"--{option} is given, but {folder} has {found}, which it is not for."
            )


def _columns_of(model):
    """Names of the features of a fit, if it had any."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else names.tolist()


def _at_rate_of(model, videos, folder):
    """Give recordings the rate of a model, unless they have another."""
    from skl_tot.segmenters.pipelines import last_step

    rate = getattr(last_step(model), "fps_", None)
    if rate is None or videos.fps == rate:
        return videos
    if not is_same(videos.fps, rate):
        remedy = f"--fps {rate:g}, or none"
        if videos.times is not None:
            remedy = f"the same, as by --resample {rate:g}"
        raise ValueError(
            f"{folder} has {videos.fps:g} frames per second, but the model was fitted "
            f"to {rate:g}; expected {remedy}."
        )
    return Recordings(videos.arrays, videos.names, fps=rate, times=videos.times)


def check_file_names(names):
    """Refuse names of recordings that cannot be names of files."""
    for name in names:
        if not name.strip() or name.startswith(".") or set(name) & set("/\\\0"):
            raise ValueError(
                f"A recording is called {short_repr(name)}, expected what can be the "
                "name of a file, without slashes and no dot in front; one table of "
                "all, such as --out segments.csv, takes any name."
            )


def read_predictions(folder):
    """Names of the videos of a folder or of one file, and labels of their frames."""
    if Path(folder).is_file() and table_of(folder) is not None:
        found = read_records_of_many(folder)
        labels = [labels_from_segments(records) for records in found.values()]
        return list(found), labels_of_one_type(labels)
    paths = _prediction_files(folder)
    names = [path.stem for path in paths]
    repeated = find_repeated(names)
    if repeated is not None:
        raise ValueError(f"{folder} has several files of {repeated!r}, expected one.")
    labels = [labels_from_segments(read_records(path)) for path in paths]
    return names, labels_of_one_type(labels)


def _prediction_files(folder):
    """Files of segments, in the order of their names."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder, expected one of predictions.")
    suffixes = list(dict.fromkeys(entry.suffix for entry in frame_formats().values()))
    paths = [path for path in folder.glob("[!.]*") if path.suffix in suffixes]
    if not paths:
        expected = " or ".join(f"*{suffix}" for suffix in suffixes)
        raise FileNotFoundError(f"{folder} has no file {expected}.")
    return sorted(paths, key=lambda path: path.stem)


def find_repeated(names):
    """First name that occurs more than once, or None."""
    for name, count in Counter(names).items():
        if count > 1:
            return name
    return None


def labels_of_names(data, folder, names):
    """Labels of the named videos of a folder."""
    if data.labels is None:
        raise FileNotFoundError(f"{folder} has no folder groundTruth.")
    return _labels_of(names, data, folder)


def _labels_of(names, data, folder):
    """Labels of the named videos, which have to be there."""
    labels = dict(zip(data.video_names, data.labels))
    for name in names:
        if name not in labels:
            raise ValueError(f"{folder} has no video {name!r}, which predictions have.")
    if len(names) < len(labels):
        print(f"{len(names)} of {len(labels)} videos of {folder} have predictions.")
    return [labels[name] for name in names]


def pick_labelled(data, folder, names, predicted):
    """Names, predictions and labels of the videos with predictions that have labels.

    ``data.labels`` are arrays, or None where there are none.
    """
    truth = _labels_of(names, data, folder)
    kept = [i for i, own in enumerate(truth) if own is not None]
    n_without = sum(own is None for own in data.labels)
    if n_without:
        print(f"{n_without} of {len(data.labels)} videos have no labels, left out.")
    truth = [truth[i] for i in kept]
    if not any((own != UNKNOWN_NAME).any() for own in truth):
        raise ValueError("No video with predictions has labels, expected some.")
    return [names[i] for i in kept], [predicted[i] for i in kept], truth


def find_video_file(folder, name):
    """Find the one video file of a name, which its segments may lie beside."""
    others = {".npy", ".srt"}
    others.update(entry.suffix for entry in FORMATS.values())
    paths = []
    for path in Path(folder).glob("[!.]*"):
        if path.stem == name and path.suffix not in others:
            paths.append(path)
    if len(paths) != 1:
        raise FileNotFoundError(
            f"{folder} has {len(paths)} files called {name!r}, expected one video."
        )
    return paths[0]


def check_other_folder(out, folder):
    """Refuse to write among the files that are read."""
    out, folder = Path(out).resolve(), Path(folder).resolve()
    root = folder.parent if folder.name == "features" or folder.is_file() else folder
    if out in (folder, root / "features", root / "groundTruth") or (
        folder.is_file() and out == root
    ):
        raise ValueError(f"--out is {out}, which is read; expected another folder.")
