"""Features of poses, independent of the position and size of a body."""

import re
from dataclasses import KW_ONLY, dataclass
from itertools import chain, combinations
from numbers import Integral
from typing import NamedTuple

import numpy as np
from sklearn.utils._param_validation import Options, StrOptions

from skl_tot.preprocessing.framewise import VideoTransformer
from skl_tot.recordings.errors import refuse, short_repr

AXES = "xyz"
SEPARATORS = " _.,:/-"
# A single letter of an axis, as in "nose x", "left_ear_y", "z.tail".
_AXIS = re.compile(rf"(?<![^{SEPARATORS}])[{AXES}](?![^{SEPARATORS}])", re.IGNORECASE)
# A word with a number that is a body wherever it stands, as in "mouse1 nose x".
NUMBERED = "animal|fish|fly|id|ind|individual|instance|mouse|person|rat|subject|track"
NUMBERED = rf"(?i:(?:{NUMBERED})s?[ _-]?[0-9]+)"
# A point, with its body as the first word or the last.
_NAME = rf"(?:({{0}})[{SEPARATORS}]+)?(.+?)(?(1)|(?:[{SEPARATORS}]+({{0}}))?)"
NAMES = "columns such as 'nose x', 'nose_y' or 'x nose'"


class Body(NamedTuple):
    """Movement of a body, by frame: posture, centre, and angle of its heading."""

    centre: np.ndarray
    size: float
    posture: np.ndarray
    angle: np.ndarray | None


@dataclass(eq=False, repr=False)
class PoseFeatures(VideoTransformer):
    r"""Posture and movement of bodies from their points, and relations of two bodies.

    Posture does not depend on the position of a body. For its points
    :math:`p_{tk} \in \mathbb{R}^d` of frame t, with centre
    :math:`c_t = \frac{1}{K} \sum_k p_{tk}`, each coordinate becomes

    .. math::

       q_{tk} = R_t \frac{p_{tk} - c_t}{s}, \qquad
       s = \operatorname{median}_t
           \sqrt{\frac{1}{K} \sum_k \lVert p_{tk} - c_t \rVert^2} .

    The size s is one number per body and recording. :math:`R_t` is the rotation in the
    plane of x and y that turns the heading, from one point to another, to the direction
    of x; without ``heading``, or if both points coincide, it is the identity.

    Speeds are central differences, in sizes s per frame: of the centre,
    :math:`\lVert \dot c_t \rVert / s`, and of the points within the body,
    :math:`\lVert \dot q_{tk} \rVert`. With a heading, its angular speed is added, in
    radians per frame, positive from x to y.

    Each pair of bodies A and B adds

    .. math::

       \text{distance} = \frac{\lVert c_t^B - c_t^A \rVert}{(s^A + s^B) / 2}, \qquad
       \text{A to B} = R_t^A \frac{c_t^B - c_t^A}{\lVert c_t^B - c_t^A \rVert}, \qquad
       \text{alignment} = \cos(\theta_t^B - \theta_t^A) .

    The approach is the decrease of the distance per frame. With a heading, of angle
    :math:`\theta_t`, "A to B" is the direction of B as A sees it: x is ahead, y aside.
    It is 0 where the centres coincide. "B to A" is the reverse.

    Parameters
    ----------
    heading : tuple of two str or int, default=None
        Two points of the heading of each body, such as ``("tail", "nose")``, by name or
        number. None keeps the directions of the picture.
    n_dims : {2, 3} or "auto", default="auto"
        Coordinates of a point. "auto" takes them from the column names. Columns without
        names are x, y(, z) of the first point, of the second, ….
    bodies : list of str or "auto", default="auto"
        Names of the bodies, the first or last words of column names, or of equal blocks
        of columns without names; empty if all points form one body. "auto" finds bodies
        in the column names, see Notes.
    distances : list of tuples of two str or int, default=None
        Points, one of each body of a pair, whose distances are added, such as
        ``[("nose", "tail"), ("nose", "nose")]``, both ways.

    Attributes
    ----------
    points_ : list of str
        Names of the points, body by body, without the name of the body; "point0",
        "point1", … of each body without column names.
    columns_ : ndarray of shape (n_points, n_dims)
        Column of each coordinate.
    bodies_ : dict of str to list of int
        Name of each body, and its places in ``points_``. "" is a body without name.
    n_features_in_ : int
        Number of features D.
    feature_names_in_ : ndarray of str
        Names of the features, if all are text (data frames).

    Notes
    -----
    Column names have a single x, y or z and the name of the point: "nose x", "nose_x",
    "x nose". Words behind the axis name the body, as in "nose x resident". So does a
    first or last word such as "mouse1", "individual_0" or "track 2". Other names, such
    as "resident nose x", need ``bodies``.

    Data frames give data frames with columns "nose x", …, "speed", "nose speed", …,
    "turn"; pairs of bodies add "mouse1 mouse2 distance", "mouse1 to mouse2 x", ….

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.preprocessing import PoseFeatures
    >>> track = np.array([[[0.0, 0.0], [2.0, 0.0]], [[3.0, 0.0], [5.0, 0.0]]])
    >>> poses = PoseFeatures(n_dims=2, heading=(0, 1)).fit(track.reshape(2, -1))
    >>> poses.transform(track.reshape(2, -1))[0, :5].tolist()
    [-1.0, 0.0, 1.0, 0.0, 3.0]
    """

    __module__ = "skl_tot.preprocessing"

    _parameter_constraints = {
        "heading": [tuple, list, None],
        "n_dims": [Options(Integral, {2, 3}), StrOptions({"auto"})],
        "bodies": [tuple, list, StrOptions({"auto"})],
        "distances": [tuple, list, None],
    }

    _: KW_ONLY
    heading: tuple | list | None = None
    n_dims: int | str = "auto"
    bodies: tuple | list | str = "auto"
    distances: tuple | list | None = None

    def _learn(self, recordings):
        names = getattr(self, "feature_names_in_", None)
        size = self.n_features_in_
        points, self.columns_ = _find_points(names, size, self.n_dims, self.bodies)
        self.points_ = [name for _, name in points]
        self.bodies_ = {}
        for place, (body, _) in enumerate(points):
            self.bodies_.setdefault(body, []).append(place)
        _check_bodies(self.bodies_, self.points_, self.bodies)
        if self.distances is not None and len(self.bodies_) == 1:
            refuse("distances", self.distances, "None, as X has one body")
        self._names_out(names)  # refuses headings and distances of other points

    def _names_out(self, names):
        # any coordinates give the names
        points = np.arange(self.columns_.size).reshape(1, *self.columns_.shape)
        blocks = [names for names, _ in self._features(points)]
        return np.array(list(chain.from_iterable(blocks)), dtype=object)

    def _apply(self, video):
        features = self._features(video[:, self.columns_].astype(float))
        return np.column_stack([values for _, values in features]).astype(video.dtype)

    def _features(self, points):
        """Yield names and columns of features, from points (n_frames, K, n_dims)."""
        bodies = {name: self._follow(name, points) for name in self.bodies_}
        axes = AXES[: points.shape[2]]
        for name, body in bodies.items():
            prefix = f"{name} " if len(bodies) > 1 else ""
            names = [f"{prefix}{self.points_[place]}" for place in self.bodies_[name]]
            coordinates = [f"{point} {axis}" for point in names for axis in axes]
            yield coordinates, body.posture.reshape(len(points), -1)
            yield [f"{prefix}speed"], _speeds(body.centre / body.size)
            yield [f"{point} speed" for point in names], _speeds(body.posture)
            if body.angle is not None:
                yield [f"{prefix}turn"], _differences(np.unwrap(body.angle))
        for pair in combinations(sorted(bodies.items()), 2):
            yield from self._relations(points, *pair)

    def _follow(self, name, points):
        """`Body` of a name, from points (n_frames, K, n_dims) of all bodies."""
        points = points[:, self.bodies_[name]]
        centre = points.mean(axis=1)
        posture = points - centre[:, None]
        size = np.median(np.sqrt((posture**2).sum(axis=2).mean(axis=1)))
        if size <= 1e-12 * np.abs(points).max():  # a rounding error
            raise ValueError(f"all points{_of(name)} are in one place in most frames.")
        posture /= size
        angle = None
        if self.heading is not None:
            places = self._find(self.heading, [name, name], "heading")
            start, end = map(self.bodies_[name].index, places)
            angle = np.arctan2(*(posture[:, end] - posture[:, start])[:, [1, 0]].T)
            posture = _rotate(posture, -angle)
        return Body(centre, size, posture, angle)

    def _relations(self, points, first, second):
        """Yield names and columns of a pair of bodies, each a name and a `Body`."""
        (a, of_a), (b, of_b) = first, second
        unit, away = (of_a.size + of_b.size) / 2, of_b.centre - of_a.centre
        length = np.linalg.norm(away, axis=1)
        yield [f"{a} {b} distance"], length / unit
        pairs = []
        for pair in self.distances or []:
            pairs.append(tuple(self._find(pair, [a, b], "distances")))
            pairs.append(tuple(self._find(pair, [b, a], "distances")[::-1]))
        for p, q in dict.fromkeys(pairs):
            name = f"{a} {self.points_[p]} {b} {self.points_[q]} distance"
            yield [name], np.linalg.norm(points[:, q] - points[:, p], axis=1) / unit
        yield [f"{a} {b} approach"], -_differences(length / unit)
        if self.heading is not None:
            way = (away / np.where(length > 0, length, 1)[:, None])[:, None]
            axes = AXES[: points.shape[2]]
            names = [f"{a} to {b} {axis}" for axis in axes]
            yield names, _rotate(way, -of_a.angle)[:, 0]
            names = [f"{b} to {a} {axis}" for axis in axes]
            yield names, _rotate(-way, -of_b.angle)[:, 0]
            yield [f"{a} {b} alignment"], np.cos(of_b.angle - of_a.angle)

    def _find(self, pair, bodies, parameter):
        """Places in ``points_`` of two points of bodies, by their names or numbers."""
        is_pair = isinstance(pair, (tuple, list)) and len(pair) == 2
        places = []
        for body, point in zip(bodies, pair if is_pair else [pair]):
            names = [self.points_[place] for place in self.bodies_[body]]
            keys = [*names, *range(len(names))]
            place = None
            if is_pair and point in keys and not isinstance(point, bool):
                place = self.bodies_[body][keys.index(point) % len(names)]
            if place is None or place in places:
                expected = f"two of the points {short_repr(names)}{_of(body)}"
                refuse(parameter, pair, expected)
            places.append(place)
        return places


def _of(body):
    return f" of body {body!r}" if body else ""


def _rotate(points, angles):
    """Rotate points (n_frames, K, n_dims) in the plane of x and y."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    x, y = points[..., 0], points[..., 1]
    rotated = points.copy()
    rotated[..., 0] = cos * x - sin * y
    rotated[..., 1] = sin * x + cos * y
    return rotated


def _speeds(places):
    return np.linalg.norm(_differences(places), axis=-1)


def _differences(values):
    return np.gradient(values, axis=0) if len(values) > 1 else np.zeros_like(values)


def _find_points(names, n_features, n_dims, bodies):
    """Body and name of each point, and the column of each coordinate (K, n_dims)."""
    if not all(isinstance(body, str) for body in bodies):
        refuse("bodies", bodies, "names", TypeError)
    coordinates = []
    if names is not None:
        coordinates = [_split_name(name, bodies) for name in names]
    if any(coordinates):
        points, columns = _named_points(names, coordinates)
    else:
        blocks = [""] if bodies == "auto" or not bodies else bodies
        points, columns = _unnamed_points(n_features, n_dims, blocks)
    if n_dims not in ("auto", columns.shape[1]):
        refuse("n_dims", n_dims, f"{columns.shape[1]}, as points of X have")
    if len(points) < 2:
        raise ValueError(f"X has n_features = {n_features}, expected two points.")
    return points, columns


def _check_bodies(places, points, bodies):
    """Refuse bodies that are in doubt, or too small; ``places`` has their points."""
    names = [body for body in places if body]
    if bodies != "auto" and bodies and sorted(bodies) != sorted(names):
        expected = "first or last words of columns, as of 'nose x mouse1', each once"
        refuse("bodies", bodies, expected)
    is_side = {"left", "right", "l", "r"}.issuperset(map(str.lower, names))
    if bodies == "auto" and len(names) > 1 and is_side:
        refuse("bodies", bodies, f"{names}, or [] if these are sides of one body")
    for body, places_of_body in places.items():
        points_of_body = [points[place] for place in places_of_body]
        if names and not body:
            raise ValueError(
                f"points {short_repr(points_of_body)} of X are of no body, others of "
                f"{short_repr(names)}; drop them, or give bodies=[] for one body of "
                "all points."
            )
        if len(points_of_body) < 2:
            refuse(f"the list of points{_of(body)}", points_of_body, "two or more")


def _split_name(name, bodies):
    """Body, point and axis of a column's name, or None."""
    axes = list(_AXIS.finditer(name))
    if len(axes) != 1:
        return None
    start, end = axes[0].span()
    parts = [name[:start].rstrip(SEPARATORS), name[end:].lstrip(SEPARATORS)]
    pattern = NUMBERED if bodies == "auto" else "|".join(map(re.escape, bodies))
    match = re.fullmatch(_NAME.format(pattern), " ".join(filter(None, parts)))
    if match is None:
        return None
    body, point = match[1] or match[3] or "", match[2]
    if bodies == "auto" and not body and all(parts):
        point, body = parts
    return body, point, name[start].lower()


def _named_points(names, coordinates):
    """Points and their columns, from the body, point and axis of each column."""
    others = [str(name) for name, parts in zip(names, coordinates) if parts is None]
    if others:
        what = "the list of columns of X without coordinates"
        refuse(what, others, f"{NAMES}; drop them")
    columns = {}
    for column, (body, point, axis) in enumerate(coordinates):
        of_point = columns.setdefault((body, point), {})
        if axis in of_point:
            shown = f"{axis} of point {point!r}{_of(body)}"
            raise ValueError(f"X has two columns of {shown}.")
        of_point[axis] = column
    axes = AXES if "z" in set().union(*columns.values()) else AXES[:2]
    for (body, point), of_point in columns.items():
        if set(of_point) != set(axes):
            refuse(f"the list of axes of point {point!r}{_of(body)}", [*of_point], axes)
    bodies = list(dict.fromkeys(body for body, _ in columns))
    points = sorted(columns, key=lambda point: bodies.index(point[0]))  # body by body
    places = [[columns[point][axis] for axis in axes] for point in points]
    return points, np.array(places)


def _unnamed_points(n_features, n_dims, bodies):
    """Points of equal blocks of columns, one for each body, and their columns."""
    if n_dims == "auto":
        refuse("n_dims", n_dims, f"2 or 3, or {NAMES}")
    if n_features % n_dims:
        refuse("n_features of X", n_features, f"a multiple of n_dims={n_dims}")
    columns = np.arange(n_features).reshape(-1, n_dims)
    n_points, n_left = divmod(len(columns), len(bodies))
    if n_left:
        refuse("bodies", bodies, f"names of equal blocks of {len(columns)} points")
    return [(body, f"point{k}") for body in bodies for k in range(n_points)], columns
