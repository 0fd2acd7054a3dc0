import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skl_tot import ProfileDisplay
from skl_tot.baselines import MallowSegmenter
from skl_tot.display.palette import COLOURS
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.statistics.features import action_profiles


def rows(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


def columns(display):
    return [text.get_text() for text in display.ax_.get_xticklabels()]


def colours(display):
    strips = display.ax_.collections
    return [to_hex(strip.get_facecolor()[0]).upper() for strip in strips]


def drawn(display):
    return np.asarray(display.im_.get_array())


def test_heat_map(activity):
    videos, labels = activity
    display = ProfileDisplay.from_predictions(videos, labels)
    profiles = action_profiles(videos, labels)
    assert_allclose(drawn(display), profiles.means)
    assert rows(display) == [f"action {k}" for k in range(4)]
    assert columns(display) == [f"feature {i}" for i in range(5)]
    assert colours(display) == [COLOURS[k] for k in range(4)]
    low, high = display.im_.get_clim()
    assert (low, high) == (-high, np.abs(profiles.means).max())
    # red is above the mean
    red, _, blue, _ = display.im_.cmap(1.0)
    assert red > blue
    assert display.ax_.get_xlabel() == ""
    assert display.figure_ is display.ax_.figure


def test_features_that_differ_most():
    rng = np.random.default_rng(0)
    videos, labels = rng.normal(size=(50, 60)), np.repeat([0, 1, 2], [20, 20, 10])
    names = [f"f{i}" for i in range(60)]
    display = ProfileDisplay.from_predictions(videos, labels, feature_names=names)
    means = action_profiles(videos, labels).means
    differences = []
    for column in means.T:
        differences.append(np.sqrt(np.mean((column - np.mean(column)) ** 2)))
    most = sorted(sorted(range(60), key=lambda i: -differences[i])[:40])
    assert columns(display) == [f"f{i}" for i in most]
    assert_allclose(drawn(display), means[:, most])
    expected = "the 40 of 60 features that differ most between actions"
    assert display.ax_.get_xlabel() == expected


@pytest.mark.parametrize(
    ("labels", "names", "expected", "codes"),
    [
        ([3, 1, -1], None, ["action 1", "action 3"], [1, 3]),
        ([3, 1, -1], {3: "pour"}, ["1", "pour"], [1, 3]),
        ([2, 1, -1], ["a", "b", "c"], ["b", "c"], [1, 2]),
        (["pour", "add", "background"], None, ["add", "pour"], [0, 1]),
        (["pour", "add", "-1"], ["pour", "stir", "add"], ["add", "pour"], [2, 0]),
    ],
)
def test_actions(labels, names, expected, codes):
    video = [[0.0], [1.0], [5.0]]
    display = ProfileDisplay.from_predictions(video, labels, action_names=names)
    assert rows(display) == expected
    assert colours(display) == [COLOURS[code] for code in codes]
    low_first = drawn(display)[:, 0]
    assert low_first[0] > low_first[1]  # the second frame is the higher one


def test_names_as_they_are():
    video = pd.DataFrame([[0.0, 1.0], [1.0, 0.0]], columns=["$x_1$", "y" * 60])
    display = ProfileDisplay.from_predictions(video, ["a", "b"])
    assert columns(display) == ["$x_1$", "y" * 39 + "…"]
    assert not display.ax_.get_xticklabels()[0].get_parse_math()
    display.figure_.canvas.draw()


def test_estimator(activity, pyplot):
    videos = activity[0]
    model = MallowSegmenter(4).fit(videos)
    _, ax = pyplot.subplots()
    names = list("abcde")
    display = ProfileDisplay.from_estimator(
        model, videos, ax=ax, feature_names=names, action_names=["p", "q", "r", "s"]
    )
    assert display.ax_ is ax
    expected = action_profiles(videos, model.predict(videos)).means
    assert_allclose(drawn(display), expected)
    assert (columns(display), rows(display)) == (names, ["p", "q", "r", "s"])


def test_pipeline_shows_what_its_last_step_gets(activity):
    videos = activity[0]
    transformer = FramewiseTransformer(PCA(2, random_state=0))
    model = make_pipeline(transformer, MallowSegmenter(4)).fit(videos)
    display = ProfileDisplay.from_estimator(model, videos)
    read = model[:-1].transform(videos)
    expected = action_profiles(read, model.predict(videos)).means
    assert_allclose(drawn(display), expected)
    alone = ProfileDisplay.from_estimator(model, videos[0])
    assert drawn(alone).shape[1] == 2


def test_constant_features_have_no_colour():
    display = ProfileDisplay.from_predictions(np.ones((3, 2)), [0, 0, 1])
    assert (drawn(display) == 0).all()
    assert display.im_.get_clim() == (-1, 1)


@pytest.mark.parametrize("n_features", [1, 40])
def test_names_are_inside_of_the_figure(n_features):
    rng = np.random.default_rng(0)
    display = ProfileDisplay.from_predictions(
        rng.normal(size=(6, n_features)),
        np.repeat(["short", "a long name of an action"], 3),
        feature_names=["a rather long name of a feature"] * n_features,
    )
    display.figure_.canvas.draw()
    texts = [*display.ax_.get_xticklabels(), *display.ax_.get_yticklabels()]
    box = display.figure_.bbox
    for text in texts:
        extent = text.get_window_extent()
        assert extent.x0 >= box.x0
        assert extent.y0 >= box.y0


def test_errors():
    with pytest.raises(TypeError, match=r"profiles is \[\[0\]\], expected Profiles"):
        ProfileDisplay([[0]]).plot()
    with pytest.raises(ValueError, match="target_names gives"):
        ProfileDisplay.from_predictions([[0.0], [1.0]], [0, 1], action_names=["a"])
    with pytest.raises(
        ValueError, match="Recording 0: labels has 1 frames, expected 2"
    ):
        ProfileDisplay.from_predictions([[0.0], [1.0]], [0])
