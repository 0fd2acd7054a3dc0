"""Features of poses: what they do not depend on, what they are, which points."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation
from sklearn.utils.estimator_checks import (
    parametrize_with_checks,
)

from skl_tot.preprocessing import PoseFeatures, poses
from skl_tot.recordings import RecordingError

N_FRAMES, N_POINTS = 30, 4
EXPECTED_FAILURES = {
    "check_methods_sample_order_invariance": "speeds follow the order of frames",
    "check_methods_subset_invariance": "the size of a body is that in its whole video",
}


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


def any_number(n_features, n_dims):
    """Points of any number of columns: x of one point is y of the one before."""
    columns = np.arange(n_features)[:, None] + np.arange(n_dims)
    return [f"point{k}" for k in range(n_features)], columns % n_features


def expected_failures(estimator):
    if estimator.speeds:
        return EXPECTED_FAILURES
    return {k: v for k, v in EXPECTED_FAILURES.items() if "order" not in k}


@parametrize_with_checks(
    [PoseFeatures(n_dims=2), PoseFeatures(n_dims=2, heading=(0, 1), speeds=False)],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check, monkeypatch):
    monkeypatch.setattr(poses, "_unnamed_points", any_number)
    check(estimator)


@given(
    shift=st.tuples(*[st.floats(-1e3, 1e3)] * 3),
    factor=st.floats(0.01, 100),
    n_dims=st.sampled_from([2, 3]),
    heading=st.sampled_from([None, (0, 2)]),
)
def test_where_and_how_large_a_body_is_does_not_matter(shift, factor, n_dims, heading):
    points = track(n_dims)
    moved = factor * points + np.array(shift)[:n_dims]
    assert_allclose(
        features(moved, heading=heading),
        features(points, heading=heading),
        atol=1e-8,
    )


@given(angle=st.floats(-7, 7), n_dims=st.sampled_from([2, 3]))
def test_with_a_heading_the_direction_does_not_matter(angle, n_dims):
    points = track(n_dims)
    rotation = Rotation.from_euler("z", angle).as_matrix()[:n_dims, :n_dims]
    turned = points @ rotation.T
    assert_allclose(
        features(turned, heading=(1, 3)), features(points, heading=(1, 3)), atol=1e-8
    )
    if abs(np.sin(angle)) > 0.1:
        without = features(turned) - features(points)
        assert np.abs(without[:, : N_POINTS * n_dims]).max() > 0.01


def test_equals_the_equation():
    """Frame by frame, with rotations of scipy and differences by hand."""
    points = track(2)
    centre = points.mean(axis=1)
    size = np.median(
        [np.sqrt(((p - c) ** 2).sum() / N_POINTS) for p, c in zip(points, centre)]
    )
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
    assert_allclose(found[["nose x", "nose y"]], expected[:, :2])
    assert_allclose(found[["tail_base x", "tail_base y"]], expected[:, 6:8])
    assert_allclose(found["speed"], expected[:, 8])
    assert_allclose(found["hip speed"], expected[:, 11])
    assert_allclose(found["turn"], expected[:, 13])
    assert found.columns.tolist() == model.get_feature_names_out().tolist()
    columns = [f"p{k} {axis} mouse" for k in range(N_POINTS) for axis in "xyz"]
    found = PoseFeatures(speeds=False).fit_transform(
        pd.DataFrame(flat(track(3)), columns=columns)
    )
    assert found.columns[:3].tolist() == ["p0 x", "p0 y", "p0 z"]
    assert_allclose(found, features(track(3), speeds=False))


@pytest.mark.parametrize(
    ("columns", "parameters", "message"),
    [
        (["a x", "a y", "b x", "likelihood"], {}, r"columns \['likelihood'\] of X are"),
        (["a x", "a y", "b x", "likelihood"], {"n_dims": 2}, "drop them"),
        (["a x", "a y", "b x", "b z"], {}, "point 'a' of X has x, y, expected x, y, z"),
        (["a x", "a y", "b x", "c y"], {}, "point 'b' of X has x, expected x, y"),
        (["a x", "a y", "a_x", "a_y"], {}, "two columns of x of point 'a'"),
        (["a x", "a y", "b x", "b y"], {"n_dims": 3}, "points of X have 2 coordinates"),
        (["p", "q", "r", "s"], {}, r"give n_dims=2 or 3"),
        (["p", "q", "r", "s"], {"n_dims": 3}, "n_features = 4, expected a multiple"),
        (None, {}, r"columns of X have no names of .* give n_dims=2 or 3"),
        (None, {"heading": (0, 2), "n_dims": 2}, "heading is .0, 2., expected two of"),
        (None, {"heading": (0, 0), "n_dims": 2}, "heading is .0, 0., expected two of"),
        (None, {"heading": (0,), "n_dims": 2}, "heading is .0,., expected two of"),
        (
            ["a x", "a y", "b x", "b y"],
            {"heading": ("a", "nose")},
            "heading is .'a', 'nose'., expected two of the points .'a', 'b'.",
        ),
    ],
)
def test_columns_that_are_no_points(columns, parameters, message):
    frame = pd.DataFrame(np.random.RandomState(0).normal(size=(9, 4)), columns=columns)
    X = frame.to_numpy() if columns is None else frame
    good = frame.set_axis(["a x", "a y", "b x", "b y"], axis=1)
    model = PoseFeatures().fit(good)
    before = {**vars(model)}
    model.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(X)
    assert vars(model) == {**before, **parameters}


def test_all_points_in_one_place():
    good, bad = flat(track(2)), np.full((9, 8), 0.1)
    bad[:, :2] += 1e-16  # a difference of rounding
    model = PoseFeatures(n_dims=2).fit([good, bad])
    with pytest.raises(RecordingError, match=r"^Recording 1: all points are in one"):
        model.transform([good, bad])
    with pytest.raises(ValueError, match="n_features = 2 of one point, expected two"):
        model.fit(good[:, :2])
    assert_array_equal(features(track(2, n_frames=1), heading=(0, 1))[0, 8:], 0)
