"""Inputs of commands: recordings, labels, predictions, ground truth, video files."""

from collections import Counter
from pathlib import Path

from skl_tot.io import FORMATS, frame_formats, name_actions, read_whole, table_of
from skl_tot.recordings import (
    UNKNOWN_NAME,
    check_names,
    distinct_labels,
    find_same_files,
    is_file_name,
    labels_of_one_type,
    name_all_actions,
    one_line,
    short_repr,
)

ONE_TABLE = "one table of all, such as --out segments.csv, takes any name."


def columns_of(model):
    """Names of the features of a fit, or None."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else names.tolist()


def describe_labels(y):
    """Describe the amount of labels."""
    labelled = [own[own != UNKNOWN_NAME] for own in y if own is not None]
    labelled = [own for own in labelled if len(own)]
    n_frames, n_labels = sum(map(len, labelled)), len(distinct_labels(labelled))
    return (
        f"{n_frames} frames of {len(labelled)} of {len(y)} recordings are labelled, "
        f"with {n_labels} labels."
    )


def shown_names(model, names):
    """Display names of the labels of a fitted model; None for numbers without names."""
    from skl_tot.methods import segmenter_of, shown_labels

    labels = shown_labels(segmenter_of(model))
    if labels.dtype.kind == "U":
        return name_all_actions(labels, names)
    if not names:
        return None
    check_names(names, labels)
    return name_actions(labels, names)


def read_predictions(path):
    """Names of recordings in a folder or file, and labels of their frames."""
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
    """Files of a folder with one of some suffixes, sorted by name."""
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
    """Labels of the named recordings of a folder."""
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
    """Names, predictions and labels of the recordings that have labels."""
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
                f"A recording is called {short_repr(name)}, expected a name that "
                "files can have, also on Windows: without slashes or any of "
                f'<>:"|?*, no dot in front, and no device such as con; {ONE_TABLE}'
            )
    same = find_same_files(names)
    if same is not None:
        raise ValueError(
            f"Recordings are called {same[0]!r} and {same[1]!r}, which are one file on "
            f"Windows and macOS, expected other names; {ONE_TABLE}"
        )


def find_video_file(folder, name):
    """Find the only video file of a name, for segments beside it."""
    others = {".npy", ".srt"}
    others.update(entry.suffix for entry in FORMATS.values())
    found = [own for own in Path(folder).glob("[!.]*") if own.stem == name]
    found = [own for own in found if own.suffix not in others]
    if len(found) != 1:
        raise FileNotFoundError(
            f"{folder} has {len(found)} files called {name!r}, expected one video."
        )
    return found[0]
