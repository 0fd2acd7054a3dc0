"""Features of poses: what they do not depend on, what they are, which points."""

import cmath
from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation
from sklearn.utils.estimator_checks import parametrize_with_checks

from skl_tot.extend import expected_failed_checks
from skl_tot.preprocessing import PoseFeatures, poses

N_FRAMES, N_POINTS = 30, 4


def track(n_dims, seed=0, n_frames=N_FRAMES):
    """Points (n_frames, N_POINTS, n_dims) of a body that walks and bends."""
    rng = np.random.RandomState(seed)
    steps = rng.normal(size=(n_frames, N_POINTS, n_dims))
    body = 10 * rng.normal(size=(N_POINTS, n_dims))
    walk = rng.normal(size=(n_frames, 1, n_dims)).cumsum(axis=0)
    return body + walk + steps


def flat(points):
    return points.reshape(len(points), -1)


def features(points, **parameters):
    n_dims = points.shape[2]
    return PoseFeatures(n_dims=n_dims, **parameters).fit_transform(flat(points))


def any_number(n_features, n_dims, bodies):
    """Points of any number of columns: x of one point is y of the one before."""
    columns = np.arange(n_features)[:, None] + np.arange(n_dims)
    return [("", f"point{k}") for k in range(n_features)], columns % n_features


@parametrize_with_checks(
    [PoseFeatures(n_dims=2, heading=(0, 1))],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learn_checks(estimator, check, monkeypatch):
    monkeypatch.setattr(poses, "_unnamed_points", any_number)
    check(estimator)


def test_equals_the_equation():
    """Frame by frame, with rotations of scipy and differences by hand."""
    points = track(2)
    centre = points.mean(axis=1)
    squares = [((p - c) ** 2).sum() for p, c in zip(points, centre)]
    size = np.median(np.sqrt(np.array(squares) / N_POINTS))
    posture, angles = [], []
    for p, c in zip(points, centre):
        x, y = p[3] - p[1]
        angles.append(np.arctan2(y, x))
        matrix = Rotation.from_euler("z", -angles[-1]).as_matrix()[:2, :2]
        posture.append((p - c) @ matrix.T / size)
    posture = np.array(posture)
    found = features(points, heading=(1, 3))
    assert found.shape == (N_FRAMES, 2 * N_POINTS + 1 + N_POINTS + 1)
    assert_allclose(found[:, :8], flat(posture), atol=1e-12)
    t = 5
    speed = np.linalg.norm(centre[t + 1] - centre[t - 1]) / 2 / size
    assert found[t, 8] == pytest.approx(speed)
    within = np.linalg.norm(posture[t + 1] - posture[t - 1], axis=1) / 2
    assert_allclose(found[t, 9:13], within)
    turn = (angles[t + 1] - angles[t - 1] + np.pi) % (2 * np.pi) - np.pi
    assert found[t, 13] == pytest.approx(turn / 2)
    first = np.linalg.norm(centre[1] - centre[0]) / size
    assert found[0, 8] == pytest.approx(first)


def test_names_decide_which_column_is_what():
    points = track(2)
    frame = pd.DataFrame(flat(points))
    names = ["x nose", "y nose", "x left ear", "y left ear"]
    frame.columns = [*names, "hip.x", "hip.y", "tail_base_X", "tail_base_Y"]
    shuffled = frame.sample(frac=1, axis=1, random_state=3)
    model = PoseFeatures(heading=("tail_base", "nose")).fit(shuffled)
    assert set(model.points_) == {"nose", "left ear", "hip", "tail_base"}
    found = model.transform(shuffled)
    expected = features(points, heading=(3, 0))
    columns = ["nose x", "nose y", "tail_base y", "speed", "hip speed", "turn"]
    assert_allclose(found[columns], expected[:, [0, 1, 7, 8, 11, 13]])
    assert found.columns.tolist() == model.get_feature_names_out().tolist()
    columns = [f"p{k} {axis} mouse" for k in range(N_POINTS) for axis in "xyz"]
    table = pd.DataFrame(flat(track(3)), columns=columns)
    found = PoseFeatures().fit_transform(table)
    assert found.columns[:3].tolist() == ["p0 x", "p0 y", "p0 z"]
    assert_allclose(found, features(track(3)))


# Several bodies: found by names, followed each, related in pairs.

POINTS = {"m1": ["nose", "ear", "tail"], "m2": ["nose", "ear", "tail"]}
BOTH = {"heading": ("tail", "nose"), "distances": [("nose", "tail"), (0, 0)]}


def scene(points=POINTS, n_dims=2, n_frames=25, seed=0):
    """Points (n_frames, n_points, n_dims) of each body, which walks and bends."""
    rng = np.random.RandomState(seed)
    return {
        body: rng.normal(0, 20, (len(names), n_dims))
        + rng.normal(0, 3, (n_frames, 1, n_dims)).cumsum(axis=0)
        + rng.normal(0, 2, (n_frames, len(names), n_dims))
        for body, names in points.items()
    }


def table(bodies, points=POINTS, name="{point} {axis} {body}"):
    """Columns of all bodies, as a data frame."""
    columns = {
        name.format(body=body, point=point, axis=axis): own[:, k, d]
        for body, own in bodies.items()
        for k, point in enumerate(points[body])
        for d, axis in enumerate("xyz"[: own.shape[2]])
    }
    return pd.DataFrame(columns)


def relations(bodies, points=POINTS, **options):
    return PoseFeatures(**options).fit_transform(table(bodies, points))


def test_against_loops():
    """Three bodies of unlike points: each frame and pair by complex numbers."""
    points = {
        "a": ["nose", "tail"],
        "b": ["ear", "tail", "nose"],
        "c": ["tail", "nose"],
    }
    bodies = scene(points)
    X = table(bodies, points).iloc[:, [0, 1, 4, 5, 10, 11, 6, 7, 2, 3, 8, 9, 12, 13]]
    options = {"heading": ("tail", "nose"), "distances": [("tail", 0)]}
    found = PoseFeatures(**options).fit_transform(X)
    flat = {own: bodies[own] @ [1, 1j] for own in bodies}
    tails = {own: flat[own][:, points[own].index("tail")] for own in flat}
    noses = {own: flat[own][:, points[own].index("nose")] for own in flat}
    sizes = {}
    for own, frames in flat.items():
        spread = [np.mean([abs(p - sum(z) / len(z)) ** 2 for p in z]) for z in frames]
        sizes[own] = sorted(spread)[len(spread) // 2] ** 0.5
    for (a, b), t in product(permutations("abc", 2), range(25)):
        way = sum(flat[b][t]) / len(flat[b][t]) - sum(flat[a][t]) / len(flat[a][t])
        angles = [cmath.phase(noses[own][t] - tails[own][t]) for own in (a, b)]
        seen = cmath.rect(1, cmath.phase(way) - angles[0])
        expected = {f"{a} to {b} x": seen.real, f"{a} to {b} y": seen.imag}
        if a < b:
            unit = (sizes[a] + sizes[b]) / 2
            gap = abs(tails[a][t] - flat[b][t, 0]) / unit
            expected[f"{a} {b} distance"] = abs(way) / unit
            expected[f"{a} {b} alignment"] = np.cos(angles[0] - angles[1])
            expected[f"{a} tail {b} {points[b][0]} distance"] = gap
        assert_allclose(
            found.loc[t, list(expected)], list(expected.values()), atol=1e-9
        )
    distance = found["a c distance"].to_numpy()
    assert_allclose(found["a c approach"][1:24], (distance[:-2] - distance[2:]) / 2)


@given(
    angle=st.floats(-7, 7),
    shift=st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
    factor=st.floats(0.01, 100),
    height=st.booleans(),
)
def test_the_place_direction_and_size_of_a_scene_do_not_matter(
    angle, shift, factor, height
):
    bodies = scene(n_dims=3 if height else 2)
    turn = np.eye(3 if height else 2)
    turn[:2, :2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    shift = np.array([*shift, 5.0])[: len(turn)]
    moved = {body: factor * own @ turn + shift for body, own in bodies.items()}
    assert_allclose(relations(moved, **BOTH), relations(bodies, **BOTH), atol=1e-7)


NAMES = ["{point}_{axis}_{body}", "{body} {point} {axis}", "{body}_{point}_{axis}"]
NAMES += ["{point} {body} {axis}", "{axis} {point} {body}"]
WORDS = ["mouse1", "Rat 12", "individuals_0"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("word", WORDS)
def test_names_of_bodies(name, word):
    points = dict.fromkeys((word, word[:-1] + "9"), ("nose", "left ear"))
    bodies = scene(points)
    X = table(bodies, points, name).sample(frac=1, axis=1, random_state=1)
    pair = "left ear", "nose"
    options = {"heading": pair, "distances": [pair]}
    found = PoseFeatures(**options).fit_transform(X)
    expected = relations(bodies, points, **options)
    assert set(found) == set(expected)
    for column in expected:
        assert_allclose(found[column], expected[column])


A = ["a x m1", "a y m1", "b x m1", "b y m1"]
B = [name.replace("m1", "m2") for name in A]
REFUSED = [
    (["a x", "a y", "b x", "likelihood"], {}),
    (["a x", "a y", "b x", "c y"], {}),
    (["a x", "a y", "a_x", "a_y"], {}),
    (["p", "q", "r", "s"], {}),
    (A + B, {"heading": ("a", "c")}),
    (A + B, {"heading": (True, 0)}),
    (A + B, {"distances": [("a", "c")]}),
    (A + B, {"distances": 5}),
    (A + B, {"bodies": ["m1", "m3"]}),
    (A + B, {"bodies": [1, 2]}),
    (A + B, {"n_dims": 3}),
    (A, {"distances": [("a", "b")]}),
    (A + B[:2], {}),
    ([*A, *B, "c x", "c y"], {}),
    (["p", "q", "r", "s"], {"n_dims": 3}),
    ([name.replace("m1", "left").replace("m2", "R") for name in A + B], {}),
    (None, {"bodies": ["a", "b"]}),
    (A + B[:3], {}),
    ([*A, *B, "frame", "c"], {}),
    (None, {"n_dims": 2, "bodies": "abc"}),
]


@pytest.mark.parametrize(("columns", "options"), REFUSED)
def test_refusals(columns, options):
    X = np.random.RandomState(0).normal(size=(9, len(columns or A + B)))
    X = X if columns is None else pd.DataFrame(X, columns=columns)
    model = PoseFeatures().fit(pd.DataFrame(np.ones((9, 8)), columns=A + B))
    before = {**vars(model)}
    model.set_params(**options)
    with pytest.raises((TypeError, ValueError)) as caught:
        model.fit(X)
    assert "\n" not in str(caught.value)
    assert vars(model) == {**before, **options}
