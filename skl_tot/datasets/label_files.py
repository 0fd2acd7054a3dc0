"""Labels of frames in text files, and those to use in their place."""

import numpy as np

from skl_tot.inputs.errors import one_line
from skl_tot.inputs.names import distinct_labels


def read_labels(folder, feature_paths, shapes, target_names):
    """Labels of each video, held against the shape of its features and the mapping."""
    labels = []
    for feature_path, shape in zip(feature_paths, shapes):
        path = _find_labels(folder, feature_path.stem)
        video = _read_lines(path)
        _check_labels(video, target_names, path)
        _check_length(video, shape, path, feature_path)
        labels.append(np.array(video))
    return labels


def _find_labels(folder, name):
    """Find the one file of the labels of a video."""
    paths = [folder / f"{name}.txt", folder / name]
    found = [path for path in paths if path.is_file()]
    if len(found) != 1:
        error = ValueError if found else FileNotFoundError
        raise error(
            f"{folder} has {len(found)} of the files {name}.txt and {name}, expected 1."
        )
    return found[0]


def _read_lines(path):
    """Lines of a text file without surrounding blanks, up to the last filled one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{one_line(path)} cannot be read: {error}") from error
    return [line.strip() for line in text.rstrip().splitlines()]


def _check_labels(labels, target_names, path):
    """Refuse lines that are blank or are not in the mapping, if there is one."""
    for i, label in enumerate(labels, start=1):
        if not label or (target_names is not None and label not in target_names):
            known = "a label" if target_names is None else f"one of {target_names}"
            raise ValueError(f"{path}, line {i}, is {label!r}, expected {known}.")


def _check_length(labels, shape, path, feature_path):
    """Refuse labels that are more or fewer than the frames."""
    if len(labels) != shape[0]:
        hint = ""
        if len(labels) == shape[1]:
            hint = " Are the features stored the other way round (transpose)?"
        raise ValueError(
            f"{path} has {len(labels)} labels, but {feature_path} has shape {shape}, "
            f"expected {shape[0]} labels.{hint}"
        )


def map_labels(labels, feature_paths, path):
    """Labels after a mapping file, if there are any, and all that it maps to."""
    mapping = _read_label_mapping(path)
    target_names = list(dict.fromkeys(mapping.values()))
    if labels is None:
        return None, target_names
    mapped = []
    for video, feature_path in zip(labels, feature_paths):
        unknown = sorted(distinct_labels([video]) - mapping.keys())
        if unknown:
            raise ValueError(
                f"{path} has no line for {unknown[0]!r}, a label of "
                f"{feature_path.stem}."
            )
        mapped.append(np.array([mapping[label] for label in video]))
    return mapped, target_names


def _read_label_mapping(path):
    """Read the label to use for each label of the files."""
    mapping = {}
    for i, line in enumerate(_read_lines(path), start=1):
        words = line.split()
        if len(words) != 2:
            raise ValueError(
                f"{path}, line {i}, is {line!r}, expected '<label> <label to use>'."
            )
        label, new_label = words
        if label in mapping:
            raise ValueError(f"{path}, line {i}, maps {label!r} for a second time.")
        mapping[label] = new_label
    return mapping
