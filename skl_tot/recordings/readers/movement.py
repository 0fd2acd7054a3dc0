"""Poses that movement wrote as NetCDF, which is HDF5."""

from skl_tot.extras import import_extra
from skl_tot.recordings.readers import (
    Reader,
    check_likelihood,
    choose_animal,
    is_hdf5,
    table_of_points,
    without_unlikely,
)

DIMS = ("individuals", "time", "keypoints", "space")


def recognises(path):
    """Whether a file has positions of keypoints of individuals."""
    if not is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return "position" in file and "individuals" in file and "keypoints" in file


def read(path, animal, likelihood):
    """Track of one animal, and its rate."""
    check_likelihood(likelihood)
    with import_extra("h5py").File(path) as file:
        animals, names = (_words(file[dim]) for dim in ("individuals", "keypoints"))
        index = choose_animal(animals, animal)
        points = _ordered(file["position"], DIMS)[index]
        if "confidence" in file:
            sure = _ordered(file["confidence"], DIMS[:-1])[index]
            points = without_unlikely(points, sure, likelihood)
        fps = file.attrs.get("fps")
    rate = None if fps is None else float(fps[0] if hasattr(fps, "__len__") else fps)
    return {path.stem: table_of_points(points, names)}, rate


def _words(variable):
    """Text of a coordinate."""
    return [word.decode() for word in variable[:]]


def _ordered(variable, dims):
    """Array of a variable with its dimensions in the given order."""
    own = [dim[0].name.rpartition("/")[2] for dim in variable.dims]
    return variable[:].transpose([own.index(dim) for dim in dims])


READER = Reader(
    recognises,
    read,
    "a track of movement",
    (".nc",),
    {"animal": None, "likelihood": None},
)
