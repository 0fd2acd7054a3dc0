"""Folders that the commands read: predictions, their ground truth, and videos."""

from collections import Counter
from pathlib import Path

from skl_tot.datasets.folders import load_action_dataset
from skl_tot.inputs.guidance import UNKNOWN_NAME
from skl_tot.inputs.names import labels_of_one_type
from skl_tot.io.formats import FORMATS, frame_formats, read_records
from skl_tot.io.segments import labels_from_segments


def read_predictions(folder):
    """Names of the videos, and labels of their frames."""
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
    suffixes = [entry.suffix for entry in frame_formats().values()]
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


def read_ground_truth(folder, names, transpose):
    """Labels of the named videos."""
    data = load_action_dataset(folder, transpose=transpose)
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
    root = folder.parent if folder.name == "features" else folder
    if out in (folder, root / "features", root / "groundTruth"):
        raise ValueError(f"--out is {out}, which is read; expected another folder.")
