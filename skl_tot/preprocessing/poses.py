"""Features of poses, independent of the position and size of a body."""

import re
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Options

from skl_tot.preprocessing.framewise import VideoTransformer
from skl_tot.recordings.errors import refuse, short_repr
from skl_tot.shared_texts import with_shared_texts

AXES = "xyz"
SEPARATORS = " _.,:/-"
# A single letter of an axis, as in "nose x", "left_ear_y", "z.tail".
_AXIS = re.compile(rf"(?<![^{SEPARATORS}])[{AXES}](?![^{SEPARATORS}])", re.IGNORECASE)
# Size of a body relative to its coordinates, below which it is a rounding error.
ROUNDING = 1e-12
EXPECTED_NAMES = "expected columns such as 'nose x', 'nose_y' or 'x nose'"


@with_shared_texts
class PoseFeatures(VideoTransformer):
    r"""Posture and movement of a body from its points, independent of its position.

    For the points :math:`p_{tk} \in \mathbb{R}^d` of frame t, with centre
    :math:`c_t = \frac{1}{K} \sum_k p_{tk}`, each coordinate becomes

    .. math::

       q_{tk} = R_t \frac{p_{tk} - c_t}{s}, \qquad
       s = \operatorname{median}_t
           \sqrt{\frac{1}{K} \sum_k \lVert p_{tk} - c_t \rVert^2} .

    The size s is one number per recording. :math:`R_t` is the rotation in the plane of
    x and y that turns the heading, from one point to another, to the direction of x;
    without ``heading``, or if both points coincide, it is the identity.

    Speeds are central differences, in sizes s per frame: of the centre,
    :math:`\lVert \dot c_t \rVert / s`, and of the points within the body,
    :math:`\lVert \dot q_{tk} \rVert`. With a heading, its angular speed is added, in
    radians per frame, positive from x to y.

    Parameters
    ----------
    heading : tuple of two str or int, default=None
        Two points of the heading, such as ``("tail", "nose")``, by name or number. None
        keeps the directions of the picture, if these are meaningful.
    speeds : bool, default=True
        Whether to add speeds.
    n_dims : {2, 3}, default=None
        Coordinates of a point. None takes them from the column names. Columns without
        names need ``n_dims``; their order is x, y(, z) of the first point, of the
        second, …, as in ``track.reshape(len(track), -1)`` of an array (frames, points,
        dimensions).

    Attributes
    ----------
    points_ : list of str
        Names of the points, "point0", "point1", … without column names.
    columns_ : ndarray of shape (n_points, n_dims)
        Column of each coordinate.
    {shared: n_features_in_, feature_names_in_}

    Notes
    -----
    Column names have a single x, y or z and the name of the point: "nose x", "nose_x",
    "x nose mouse1". Data frames give data frames with columns "nose x", …, "speed",
    "nose speed", …, "turn". All points form one body: transform the columns of several
    bodies separately. `GapFiller` fills missing points.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.preprocessing import PoseFeatures
    >>> track = np.array([[[0.0, 0.0], [2.0, 0.0]], [[3.0, 0.0], [5.0, 0.0]]])
    >>> poses = PoseFeatures(n_dims=2, heading=(0, 1)).fit(track.reshape(2, -1))
    >>> poses.get_feature_names_out()[:5].tolist()
    ['point0 x', 'point0 y', 'point1 x', 'point1 y', 'speed']
    >>> poses.transform(track.reshape(2, -1))[0, :5].tolist()
    [-1.0, 0.0, 1.0, 0.0, 3.0]
    """

    __module__ = "skl_tot.preprocessing"

    _parameter_constraints = {
        "heading": [tuple, list, None],
        "speeds": ["boolean"],
        "n_dims": [Options(Integral, {2, 3}), None],
    }

    def __init__(self, *, heading=None, speeds=True, n_dims=None):
        self.heading = heading
        self.speeds = speeds
        self.n_dims = n_dims

    def _learn(self, recordings):
        names = getattr(self, "feature_names_in_", None)
        found = _find_points(names, self.n_features_in_, self.n_dims)
        self.points_, self.columns_ = found
        self._find_heading()

    def _names_out(self, names):
        axes = AXES[: self.columns_.shape[1]]
        names = [f"{point} {axis}" for point in self.points_ for axis in axes]
        if self.speeds:
            names += ["speed", *(f"{point} speed" for point in self.points_)]
            names += ["turn"] * (self.heading is not None)
        return np.array(names, dtype=object)

    def _find_heading(self):
        if self.heading is None:
            return None
        n_points = len(self.points_)
        known = [*self.points_, *range(n_points)]
        found = [known.index(own) % n_points for own in self.heading if own in known]
        if len(self.heading) != 2 or len(set(found)) != 2:
            expected = f"two of the points {short_repr(self.points_)}"
            refuse("heading", self.heading, expected)
        return found

    def _apply(self, video):
        points = video[:, self.columns_].astype(float)
        centre = points.mean(axis=1)
        posture = points - centre[:, None]
        size = np.median(np.sqrt((posture**2).sum(axis=2).mean(axis=1)))
        if size <= ROUNDING * np.abs(points).max():
            raise ValueError("all points are in one place in most frames.")
        posture /= size
        heading, angle = self._find_heading(), None
        if heading is not None:
            start, end = heading
            angle = np.arctan2(*(posture[:, end] - posture[:, start])[:, [1, 0]].T)
            posture = _rotate(posture, -angle)
        features = [posture.reshape(len(video), -1)]
        if self.speeds:
            features += _speeds(centre / size, posture, angle)
        return np.column_stack(features).astype(video.dtype)


def _rotate(points, angles):
    """Rotate points (T, K, d) of each frame in the plane of the first two axes."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    x, y = points[..., 0], points[..., 1]
    rotated = points.copy()
    rotated[..., 0] = cos * x - sin * y
    rotated[..., 1] = sin * x + cos * y
    return rotated


def _speeds(centre, posture, angle):
    """Speed of the centre (T,), of the points (T, K) and, if any, of the angle (T,)."""
    speeds = [
        np.linalg.norm(_differences(centre), axis=1),
        np.linalg.norm(_differences(posture), axis=2),
    ]
    if angle is not None:
        speeds.append(_differences(np.unwrap(angle)))
    return speeds


def _differences(values):
    return np.gradient(values, axis=0) if len(values) > 1 else np.zeros_like(values)


def _find_points(names, n_features, n_dims):
    """Names of points, and the column of each of their coordinates (K, d)."""
    found = [] if names is None else [_split_name(name) for name in names]
    if any(found):
        points, columns = _named_points(names, found)
    else:
        points, columns = _unnamed_points(n_features, n_dims)
    if n_dims not in (None, columns.shape[1]):
        found = f"but points of X have {columns.shape[1]} coordinates"
        raise ValueError(f"n_dims is {n_dims}, {found}.")
    if len(points) < 2:
        found = f"X has n_features = {n_features} of one point"
        raise ValueError(f"{found}, expected two or more.")
    return points, columns


def _split_name(name):
    """Point and axis of a column's name, or None."""
    found = list(_AXIS.finditer(name))
    if len(found) != 1:
        return None
    start, end = found[0].span()
    parts = [name[:start].rstrip(SEPARATORS), name[end:].lstrip(SEPARATORS)]
    point = " ".join(part for part in parts if part)
    return (point, name[start].lower()) if point else None


def _named_points(names, found):
    others = [str(name) for name, coordinate in zip(names, found) if coordinate is None]
    if others:
        said = f"columns {short_repr(others)} of X are no coordinates of points"
        raise ValueError(f"{said}, {EXPECTED_NAMES}; drop them.")
    places = {}
    for column, (point, axis) in enumerate(found):
        if axis in places.setdefault(point, {}):
            raise ValueError(f"X has two columns of {axis} of point {point!r}.")
        places[point][axis] = column
    axes = AXES[:3] if "z" in set().union(*places.values()) else AXES[:2]
    for point, own in places.items():
        if set(own) != set(axes):
            found = f"point {point!r} of X has {', '.join(sorted(own))}"
            raise ValueError(f"{found}, expected {', '.join(axes)}.")
    columns = [[own[axis] for axis in axes] for own in places.values()]
    return list(places), np.array(columns)


def _unnamed_points(n_features, n_dims):
    if n_dims is None:
        said = "n_dims is None and columns of X have no names of points and axes"
        raise ValueError(f"{said}, {EXPECTED_NAMES}; give n_dims=2 or 3.")
    if n_features % n_dims:
        expected = f"a multiple of n_dims={n_dims}"
        raise ValueError(f"X has n_features = {n_features}, expected {expected}.")
    columns = np.arange(n_features).reshape(-1, n_dims)
    return [f"point{k}" for k in range(len(columns))], columns
