"""Features that are kept on disk, under a name made of all that they depend on."""

import hashlib
import os
from pathlib import Path

from skl_tot.inputs.feature_files import read_features
from skl_tot.io.atomic import replaced, write_array


def find(folder, key):
    """Path of the features that ``key`` leads to."""
    name = hashlib.sha256(repr(key).encode()).hexdigest()
    return Path(folder, f"{name}.npy")


def file_version(path):
    """Tell a file apart from others and from what it was before."""
    status = os.stat(path)
    return os.path.abspath(path), status.st_size, status.st_mtime_ns


def read(path):
    """Features that were kept, or None; no path or a broken file is as good as none."""
    try:
        return path and read_features(path, mmap=False)
    except ValueError:
        return None


def write(path, features):
    """Keep features."""
    with replaced(path) as unfinished:
        write_array(unfinished, features)
