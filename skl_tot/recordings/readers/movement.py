"""Poses that movement wrote as NetCDF, which is HDF5."""

from skl_tot.recordings.errors import import_extra
from skl_tot.recordings.readers import base

DIMS = ("individuals", "time", "keypoints", "space")


def recognises(path):
    """Whether a file has positions of keypoints of individuals."""
    if not base.is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return "position" in file and "individuals" in file and "keypoints" in file


def read(path, animal=None, likelihood=None):
    """Tracks of one animal or of all, and their rate."""
    base.check_likelihood(likelihood)
    with import_extra("h5py").File(path) as file:
        animals = base.words_inside(path, file, "individuals")
        keypoints = base.words_inside(path, file, "keypoints")
        tracks = {}
        for name in base.choose_animals(animals, animal):
            index = animals.index(name)
            points = _read_ordered(path, file, "position", DIMS, index)
            if "confidence" in file:
                sure = _read_ordered(path, file, "confidence", DIMS[:-1], index)
                points = base.without_unlikely(points, sure, likelihood)
            tracks[name] = points, keypoints
        fps = file.attrs.get("fps")
    rate = None if fps is None else float(fps[0] if hasattr(fps, "__len__") else fps)
    return {path.stem: base.table_of_animals(tracks)}, rate


def _read_ordered(path, file, name, dims, index):
    """Array of one individual, with its other dimensions in the given order."""
    scales = [dim[0].name for dim in base.inside(file, name).dims]
    dims_of_file = [scale.rpartition("/")[2] for scale in scales]
    key = tuple(index if dim == DIMS[0] else slice(None) for dim in dims_of_file)
    dims_of_file.remove(DIMS[0])
    values = base.read_inside(path, file, name, key)
    return values.transpose([dims_of_file.index(dim) for dim in dims[1:]])


READER = base.Reader(recognises, read, (".nc",))
