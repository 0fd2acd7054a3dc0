"""Several bodies in one recording: found by names, followed each, related in pairs."""

import cmath
from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skl_tot import HMMSegmenter
from skl_tot.preprocessing import GapFiller, PoseFeatures

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


def features(bodies, points=POINTS, **options):
    return PoseFeatures(**options).fit_transform(table(bodies, points))


def test_by_hand():
    """A heads to x at (1, 0); B, of twice the size, comes down to (1, 4) by 2 a frame.

    Sizes are 1 and 2, so distances count in 1.5.
    """
    a = np.array([[[2.0, 0], [0, 0]]] * 3)
    b = np.array([[[1.0, 6 - 2 * t], [1, 10 - 2 * t]] for t in range(3)])
    points = {"A": ["nose", "tail"], "B": ["nose", "tail"]}
    found = features({"A": a, "B": b}, points, **BOTH)
    expected = {
        "A B distance": [8 / 1.5, 6 / 1.5, 4 / 1.5],
        "A nose B tail distance": [np.hypot(1, 10 - 2 * t) / 1.5 for t in range(3)],
        "A tail B nose distance": [np.hypot(1, 6 - 2 * t) / 1.5 for t in range(3)],
        "A nose B nose distance": [np.hypot(1, 6 - 2 * t) / 1.5 for t in range(3)],
        "A B approach": 2 / 1.5,
        "A to B x": 0,
        "A to B y": 1,
        "B to A x": 1,
        "B to A y": 0,
        "A B alignment": 0,
    }
    assert found.columns[-10:].tolist() == list(expected)
    for name, values in expected.items():
        assert_allclose(found[name], values, atol=1e-15, err_msg=name)


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
    assert_allclose(features(moved, **BOTH), features(bodies, **BOTH), atol=1e-7)


@pytest.mark.parametrize("options", [{}, BOTH, {"speeds": False}])
@pytest.mark.parametrize("n_dims", [2, 3])
def test_exchanged_animals_exchange_features(options, n_dims):
    m1, m2 = scene(n_dims=n_dims).values()
    found = features({"m1": m1, "m2": m2}, **options)
    swapped = features({"m1": m2, "m2": m1}, **options)
    names = {"m1": "m2", "m2": "m1"}
    for column in found:
        other = " ".join(names.get(word, word) for word in column.split())
        if other not in swapped:  # what both have together
            words = other.split()
            at = words.index("m1")
            other = " ".join(words[at:-1] + words[:at] + words[-1:])
        assert_allclose(swapped[other], found[column], atol=1e-12, err_msg=column)


def test_each_body_has_the_posture_that_it_has_alone():
    bodies = scene()
    found = features(bodies, **BOTH)
    for body in bodies:
        alone = features({body: bodies[body]}, heading=("tail", "nose"))
        assert alone.columns[0] == "nose x"
        assert_array_equal(found[[f"{body} {name}" for name in alone]], alone)


NAMES = ["{point}_{axis}_{body}", "{body} {point} {axis}", "{body}_{point}_{axis}"]
NAMES += ["{point} {body} {axis}", "{axis} {point} {body}"]
WORDS = ["mouse1", "Rat 12", "individual_0", "track_3", "ID2", "individuals 1"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("word", WORDS)
def test_names_of_bodies(name, word):
    points = dict.fromkeys((word, word[:-1] + "9"), ("nose", "left ear"))
    bodies = scene(points)
    X = table(bodies, points, name).sample(frac=1, axis=1, random_state=1)
    found = PoseFeatures().fit_transform(X)
    expected = features(bodies, points)
    for column in expected:
        other = " ".join([*points][::-1]) + column.removeprefix(" ".join(points))
        assert_allclose(found[column if column in found else other], expected[column])


def test_bodies_that_are_said():
    points = {"resident": ["nose", "tail"], "intruder": ["nose", "tail"]}
    bodies = scene(points)
    X = table(bodies, points, "{body} {point} {axis}")
    assert list(PoseFeatures().fit(X).bodies_) == [""]
    found = PoseFeatures(bodies=["intruder", "resident"]).fit_transform(X)
    assert_array_equal(found, features(bodies, points))
    arrays = PoseFeatures(bodies=list(points), n_dims=2).fit(X.to_numpy())
    assert arrays.get_feature_names_out()[0] == "resident point0 x"
    assert_array_equal(arrays.transform(X.to_numpy()), found)
    one = PoseFeatures(bodies=[]).fit(table(scene()))
    assert one.points_[0] == "nose m1"


def test_animals_in_one_place_have_no_direction():
    bodies = scene()
    bodies["m2"] = bodies["m1"].copy()
    found = features(bodies, **BOTH)
    assert_array_equal(found[["m1 to m2 x", "m2 to m1 y", "m1 m2 distance"]], 0)
    assert_allclose(found["m1 m2 alignment"], 1)
    still = {body: own[:1].repeat(9, axis=0) for body, own in scene().items()}
    found = features(still, **BOTH)
    assert np.isfinite(found).all(axis=None)
    assert_array_equal(found["m1 m2 approach"], 0)


def test_a_pipeline():
    """Gaps of one animal are filled; frames go in and out; a clone is alike."""
    takes = {f"take{i}": table(scene(seed=i)) for i in range(3)}
    for take in takes.values():
        take.iloc[5:9, 6:8] = np.nan  # the nose of m2
    steps = GapFiller(limit=4), PoseFeatures(**BOTH), HMMSegmenter(2, order="free")
    model = make_pipeline(*steps).fit(takes)
    names = model[:-1].get_feature_names_out()
    assert len(names) == 2 * (6 + 1 + 3 + 1) + 1 + 3 + 1 + 4 + 1
    frames = clone(model[:-1]).fit_transform(takes)
    assert frames["take1"].columns.tolist() == names.tolist()
    assert [len(labels) for labels in model.predict(takes).values()] == [25] * 3
    takes["take1"].iloc[:, 6:] = np.nan
    with pytest.raises(ValueError, match=r"take1: .*'nose x m2' is missing in all 25"):
        model.predict(takes)
    with pytest.raises(ValueError, match=r"take1: .*contains NaN .*GapFiller"):
        PoseFeatures().fit(takes)
    with pytest.warns(UserWarning, match="'nose x m2'.* are left out"):
        alone = make_pipeline(GapFiller(drop_lost=0.5), PoseFeatures()).fit(takes)
    assert alone[-1].points_ == ["nose", "ear", "tail"]


A, AB = (
    ["a x m1", "a y m1", "b x m1", "b y m1"],
    ["a x m2", "a y m2", "b x m2", "b y m2"],
)
TWO = A + AB
LISTED = r"expected two of the points \['a', 'b'\] of body 'm1'"


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (TWO, {"heading": ("a", "c")}, f"heading is .'a', 'c'., {LISTED}"),
        (TWO, {"heading": (0, 2)}, LISTED),
        (TWO, {"heading": ("a", "a")}, LISTED),
        (TWO, {"heading": ("a m1", "b m1")}, LISTED),
        (TWO, {"heading": (True, 0)}, LISTED),
        (TWO, {"distances": ["ab"]}, f"distances is 'ab', {LISTED}"),
        (TWO, {"distances": ("a", "b")}, f"distances is 'a', {LISTED}"),
        (TWO, {"distances": [("a",)]}, LISTED),
        (TWO, {"distances": [("a", "b", "a")]}, LISTED),
        (TWO, {"distances": [("a", "c")]}, r"\['a', 'b'\] of body 'm2'"),
        (TWO, {"distances": [5]}, "distances is 5, expected two"),
        (TWO, {"distances": 5}, "'distances' parameter .* must be"),
        (A, {"distances": [("a", "b")]}, "distances is .* expected None, as X has one"),
        (TWO, {"bodies": ["m1"]}, "points .'a m2', 'b m2'. of X are of no body"),
        (
            TWO,
            {"bodies": ["m1", "m3"]},
            "bodies is .'m1', 'm3'., expected first or las",
        ),
        (TWO, {"bodies": ["m1", "m2", "m2"]}, "bodies is .* each once"),
        (TWO, {"bodies": ["m1", "m2", ""]}, "bodies is .* each once"),
        (TWO, {"bodies": "m1"}, "'bodies' parameter .* must be"),
        (TWO, {"bodies": 2}, "'bodies' parameter .* must be"),
        (TWO, {"bodies": [1, 2]}, r"bodies is \[1, 2\], expected names"),
        (TWO, {"n_dims": 3}, "points of X have 2 coordinates"),
        (A + AB[:2], {}, "X has one point, 'a', of body 'm2', expected two or more"),
        (A + AB[:3], {}, "point 'b' of body 'm2' of X has x, expected x, y"),
        (
            [*TWO, "a z m2"],
            {},
            "point 'a' of body 'm1' of X has x, y, expected x, y, z",
        ),
        ([*TWO, "c x", "c y"], {}, r"points \['c'\] of X are of no body, others of"),
        ([*TWO, "a_x_m1", "c y"], {}, "two columns of x of point 'a' of body 'm1'"),
        ([*TWO, "frame", "c"], {}, r"columns \['frame', 'c'\] of X are no coordinates"),
        ([*TWO, "a x y", "c"], {}, r"columns \['a x y', 'c'\] of X are no coordin"),
        (
            [own.replace("m1", "left").replace("m2", "R") for own in TWO],
            {},
            r"two bodies \['left', 'R'\], or of sides of one; give bodies=\['left'",
        ),
        (None, {"n_dims": 2, "bodies": ["a", "b", "c"]}, "equal blocks of 4 points"),
        (None, {"n_dims": 2, "bodies": ["a", "a"]}, "bodies is .'a', 'a'., expected"),
        (
            None,
            {"n_dims": 2, "bodies": list("abcd")},
            "one point, 'point0', of body 'a'",
        ),
        (None, {"bodies": ["a", "b"]}, "give n_dims=2 or 3"),
    ],
)
def test_refusals(columns, options, message):
    X = np.random.RandomState(0).normal(size=(9, len(columns or TWO)))
    X = X if columns is None else pd.DataFrame(X, columns=columns)
    model = PoseFeatures().fit(pd.DataFrame(np.ones((9, 8)), columns=TWO))
    before = {**vars(model)}
    model.set_params(**options)
    with pytest.raises((TypeError, ValueError), match=message) as caught:
        model.fit(X)
    assert "\n" not in str(caught.value)
    assert vars(model) == {**before, **options}


def test_a_body_without_a_size():
    bodies = scene()
    bodies["m2"][:] = 7
    bodies["m2"][:10, 0] += 1  # in fewer than half of the frames
    with pytest.raises(ValueError, match="all points of body 'm2' are in one place in"):
        features(bodies)
