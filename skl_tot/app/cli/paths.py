"""Checks of paths: inputs exist, and outputs do not overwrite inputs."""

import os
from pathlib import Path

# Placeholders of paths in the help, and options with paths to write.
PLACES = {"DATA", "DIR", "FILE", "FOLDER", "MODEL", "PATH", "PICTURE"}
PLACES |= {"PREDICTIONS", "ROOT", "SEGMENTS", "VIDEO"}
WRITTEN = {"out", "recordings", "summary"}


def check_paths(arguments):
    """Check all paths of a command before its work, without slow imports.

    ``arguments`` are pairs of an `argparse` action and its value.
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
            if {action.metavar, source.metavar} != {"MODEL"}:  # may be overwritten
                _check_other(_name(action), Path(path), Path(other), "read")
        for _, other in written[:i]:
            _check_other(_name(action), Path(path), Path(other), "written")


def _name(action):
    """Return the name of an argument in the help."""
    return action.option_strings[0] if action.option_strings else action.metavar


def _check_target(action, path):
    """Refuse a path that cannot be written, or a suffix that is no picture."""
    from skl_tot.recordings import check_target

    if path == "":
        raise ValueError(f"{_name(action)} is '', expected a path to write to.")
    is_folder = action.metavar == "FOLDER"
    if action.metavar == "PATH":  # a folder, or one table of all recordings
        from skl_tot.io import table_of

        is_folder = table_of(path) is None
    check_target(path, is_folder=is_folder)
    if action.metavar == "PICTURE" and path != action.default:
        _check_picture(path)


def _check_picture(path):
    """Refuse a suffix that is no picture format."""
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
    """Refuse an output that overwrites an input, or that a later run reads as input."""
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
    """Whether two paths lead to one file or folder."""
    if path.exists() and other.exists():
        return path.samefile(other)
    return os.path.realpath(path) == os.path.realpath(other)


def _is_part(path, root):
    """Whether a path lies in a data set that is read as a whole, such as LeRobot's."""
    from skl_tot.recordings import READERS

    if root.resolve() not in path.resolve().parents:
        return False
    for reader in READERS.values():
        is_named = path.name.lower().endswith(reader.suffixes)
        if reader.is_root and is_named and reader.recognises(root):
            return True
    return False


def _is_recording(path):
    """Whether a path has the suffix of a recording or of segments."""
    from skl_tot.io import FORMATS
    from skl_tot.recordings import KINDS, READERS

    endings = [*KINDS, *(entry.suffix.lower() for entry in FORMATS.values())]
    for reader in READERS.values():
        endings += reader.suffixes
    return path.name.lower().endswith(tuple(endings))
