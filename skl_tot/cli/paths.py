"""Paths of commands: those to read are there, those to write are not read."""

import os
from pathlib import Path

# What stands in the help for a path, and the options whose path is written.
PLACES = {"DATA", "DIR", "FILE", "FOLDER", "MODEL", "PATH", "PICTURE"}
PLACES |= {"PREDICTIONS", "ROOT", "SEGMENTS", "VIDEO"}
WRITTEN = {"out", "recordings", "summary"}


def check_paths(arguments):
    """Check all paths of a command before its work, by what `argparse` knows of them.

    ``arguments`` are pairs of an action of `argparse` and its value. What is missing is
    found without loading anything.
    """
    read, written = [], []
    for action, value in arguments:
        if action.metavar not in PLACES or value is None:
            continue
        if action.dest in WRITTEN:
            written.append((action, value))
        elif value != action.default:
            paths = value if isinstance(value, list) else [value]
            read += [(action, path) for path in paths]
    for action, path in read:
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"{path} is no folder or file, expected {_name(action)}: {action.help}."
            )
    for i, (action, path) in enumerate(written):
        _check_target(action, path)
        for source, other in read:
            if {action.metavar, source.metavar} != {"MODEL"}:  # one may follow another
                _check_other(_name(action), Path(path), Path(other), "read")
        for _, other in written[:i]:
            _check_other(_name(action), Path(path), Path(other), "written")


def _name(action):
    """Return what users know an argument by."""
    return action.option_strings[0] if action.option_strings else action.metavar


def _check_target(action, path):
    """Refuse a path that cannot be written, or no picture where one is asked for."""
    from skl_tot.recordings.atomic import check_target

    if path == "":
        raise ValueError(f"{_name(action)} is '', expected a path to write to.")
    is_folder = action.metavar == "FOLDER"
    if action.metavar == "PATH":  # a folder, or one table of all
        from skl_tot.io.formats import table_of

        is_folder = table_of(path) is None
    check_target(path, is_folder=is_folder)
    if action.metavar == "PICTURE" and path != action.default:
        _check_picture(path)


def _check_picture(path):
    """Refuse a suffix by which no picture is drawn."""
    from skl_tot.extras import import_extra

    suffix = Path(path).suffix
    if not suffix:
        raise ValueError(
            f"{path} has no suffix, expected a picture such as {path}.png."
        )
    canvas = import_extra("matplotlib.backend_bases").FigureCanvasBase
    known = canvas.get_supported_filetypes()
    if suffix[1:].lower() not in known:
        raise ValueError(
            f"{path} has the suffix {suffix}, expected one of {', '.join(known)}."
        )


def _check_other(name, out, other, use):
    """Refuse to write over what is used, or where it is taken for a part of that."""
    root = other.parent if other.name == "features" else other
    folders = [other, root / "features", root / "groundTruth"]
    if any(_is_same(out, folder) for folder in folders):
        kind = "folder" if out.is_dir() else "file"
        raise ValueError(f"{name} is {out}, which is {use}; expected another {kind}.")
    is_inside = any(_is_same(out.parent, own) for own in folders)
    if (is_inside and _is_recording(out)) or _is_part(out, other):
        raise ValueError(
            f"{name} is {out}, in a folder that is {use}; expected another folder."
        )
    if out.is_dir() and _is_same(out, other.parent) and _is_recording(other):
        raise ValueError(
            f"{name} is {out}, where {other.name} is {use}; expected another folder."
        )


def _is_same(path, other):
    """Whether two paths are of one file or folder."""
    if path.exists() and other.exists():
        return path.samefile(other)
    return os.path.realpath(path) == os.path.realpath(other)


def _is_part(path, root):
    """Whether a path is of a data set whose root folder is read, such as LeRobot's."""
    from skl_tot.recordings.readers import READERS

    if root.resolve() not in path.resolve().parents:
        return False
    for reader in READERS.values():
        is_named = path.name.lower().endswith(reader.suffixes)
        if reader.is_root and is_named and reader.recognises(root):
            return True
    return False


def _is_recording(path):
    """Whether the name of a path is as those of recordings or of their segments."""
    from skl_tot.io.formats import FORMATS
    from skl_tot.recordings.readers import READERS
    from skl_tot.recordings.sources import KINDS

    endings = [*KINDS, *(entry.suffix.lower() for entry in FORMATS.values())]
    for reader in READERS.values():
        endings += reader.suffixes
    return path.name.lower().endswith(tuple(endings))
