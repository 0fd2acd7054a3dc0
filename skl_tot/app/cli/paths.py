"""Checks of paths: inputs exist, and outputs do not overwrite inputs."""

import os
from pathlib import Path

# Placeholders of paths in the help, and options with paths to write.
PLACES = {"DATA", "DIR", "FILE", "FOLDER", "MODEL", "PATH", "PICTURE"}
PLACES |= {"PREDICTIONS", "ROOT", "SEGMENTS", "START", "VIDEO"}
WRITTEN = {"out", "recordings", "summary"}


def check_paths(arguments):
    """Check paths of pairs of an `argparse` action and its value; no slow imports."""
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
            what = f"{name_of(action)}: {action.help}"
            raise FileNotFoundError(f"{path} is no folder or file, expected {what}.")
        if action.metavar == "MODEL":
            check_model(path)
    for i, (action, path) in enumerate(written):
        _check_target(action, path)
        for _, other in written[:i]:
            _check_other(name_of(action), Path(path), Path(other), "written")
        for source, other in read:
            if {action.metavar, source.metavar} != {"MODEL"}:  # may be overwritten
                _check_other(name_of(action), Path(path), Path(other), "read")


def name_of(action):
    """Return the name of an argument in the help."""
    return action.option_strings[0] if action.option_strings else action.metavar


def check_model(path):
    """Refuse a file that is no archive, before torch is imported."""
    from zipfile import is_zipfile

    if os.path.isfile(path) and not is_zipfile(path):  # a pipe would block
        text = f"{path} cannot be loaded: it is no archive"
        raise ValueError(f"{text}, expected a file from fit.")


def _check_target(action, path):
    """Refuse a path that cannot be written, or a suffix that is no picture."""
    from skl_tot.recordings.disk import check_target
    from skl_tot.recordings.errors import import_extra

    if path == "":
        raise ValueError(f"{name_of(action)} is '', expected a path to write to.")
    is_folder = action.metavar == "FOLDER"
    if action.metavar == "PATH":  # a folder, or one table of all recordings
        from skl_tot.io.formats import table_of

        is_folder = table_of(path) is None
    check_target(path, is_folder=is_folder)
    suffix = Path(path).suffix
    if action.metavar != "PICTURE" or path == action.default:
        return
    if not suffix:  # matplotlib is slow to load
        raise ValueError(f"{path} has no suffix, expected one such as {path}.png.")
    canvas = import_extra("matplotlib.backend_bases").FigureCanvasBase
    known = canvas.get_supported_filetypes()
    if suffix[1:].lower() not in known:
        what = f"one of {', '.join(known)}"
        raise ValueError(f"{path} has the suffix {suffix!r}, expected {what}.")


def _check_other(name, out, other, use):
    """Refuse an output that overwrites an input, or that a later run reads as input."""
    root = other.parent if other.name == "features" else other
    folders = [other, root / "features", root / "groundTruth"]
    # in any case, as names of files on Windows and macOS
    near = [Path(os.path.realpath(own).casefold()) for own in folders]
    real = Path(os.path.realpath(out).casefold())
    if not any(real.is_relative_to(own) or own.is_relative_to(real) for own in near):
        return
    from skl_tot.recordings.readers import READERS

    if any(_is_same(out, own) for own in folders):
        kind = "folder" if out.is_dir() else "file"
        raise ValueError(f"{name} is {out}, which is {use}; expected another {kind}.")
    is_inside = any(_is_same(out.parent, own) for own in folders)
    for reader in READERS.values():  # of data sets that are read as a whole
        is_named = out.name.lower().endswith(reader.suffixes)
        is_whole = reader.is_root and is_named and reader.recognises(other)
        is_inside |= is_whole and other.resolve() in out.resolve().parents
    place = f"in a folder that is {use}" if is_inside and _is_recording(out) else None
    if out.is_dir() and _is_same(out, other.parent) and _is_recording(other):
        place = f"where {other.name} is {use}"
    if place is not None:
        raise ValueError(f"{name} is {out}, {place}; expected another folder.")


def _is_same(path, other):
    if path.exists() and other.exists():
        return path.samefile(other)
    return os.path.realpath(path) == os.path.realpath(other)


def _is_recording(path):
    from skl_tot.io.formats import FORMATS
    from skl_tot.recordings.readers import KINDS, READERS

    endings = [*KINDS, *(entry.suffix.lower() for entry in FORMATS.values())]
    for reader in READERS.values():
        endings += reader.suffixes
    return path.name.lower().endswith(tuple(endings))
