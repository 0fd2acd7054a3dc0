"""Names and clocks of recordings."""

import numpy as np
import pandas as pd
import pytest

from skl_tot import ActivitySegmenter, MallowSegmenter
from skl_tot.inputs.forms import split_videos
from skl_tot.inputs.named import arrange, arrange_each
from skl_tot.io import Recordings


@pytest.fixture
def takes():
    arrays = [np.zeros((3, 2)), np.ones((2, 2))]
    return Recordings(arrays, ["a", "b"], fps=4, times=[[0, 0.25, 1], [5, 6]])


def test_a_name_is_in_recordings(takes):
    assert "b" in takes
    assert "c" not in takes
    assert 3 in Recordings([2, 3])


def test_the_last_frame_lasts_as_the_rate_says(takes):
    assert takes.edges(0).tolist() == [0, 0.25, 1, 1.25]
    assert takes.edges(1).tolist() == [5, 6, 6.25]


@pytest.mark.parametrize("clock", [[0, 0, 1], [0, 2, 1], [0, 1, np.inf]])
def test_clocks_go_forward(clock):
    with pytest.raises(ValueError, match="times of 'a' do not go forward"):
        Recordings([np.zeros((3, 2))], ["a"], fps=4, times=[clock])


@pytest.mark.parametrize("key", [[1], np.array([False, True]), slice(1, None)])
def test_selections_keep_clocks(takes, key):
    chosen = takes[key]
    assert (chosen.names, chosen.fps) == (["b"], 4)
    assert [clock.tolist() for clock in chosen.times] == [[5, 6]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Series({"b": "wash", "a": "cook"}), ["cook", "wash"]),
        (pd.Series(["cook", "wash"]), ["cook", "wash"]),
        ({"b": "wash", "a": "cook"}, ["cook", "wash"]),
        (["cook", "wash"], ["cook", "wash"]),
    ],
)
def test_one_value_of_each_goes_by_its_name(takes, values, expected):
    assert list(arrange_each(values, split_videos(takes)[1], "activities")) == expected


def test_numbers_may_be_names():
    form = split_videos({1: np.ones((2, 2)), 0: np.ones((2, 2))})[1]
    assert arrange_each(pd.Series(["x", "y"]), form, "activities") == ["y", "x"]
    with pytest.raises(ValueError, match="activities has no 0, which X has"):
        arrange_each(pd.Series(["x", "y"], index=[1, 2]), form, "activities")


def test_a_series_names_activities():
    arrays = np.random.default_rng(0).normal(size=(4, 30, 3))
    takes = Recordings(list(arrays), list("abcd"))
    known = pd.Series({"d": "y", "c": "x", "a": "x", "b": "y"})
    model = ActivitySegmenter(MallowSegmenter(2), random_state=0)
    model.fit(takes, activities=known)
    assert model.activities_ == known.to_dict()


def test_a_series_of_labels_goes_by_its_names(takes):
    form = split_videos(takes)[1]
    labels = pd.Series({"b": [5, 6], "a": [1, 2, 3]})
    assert arrange(labels, form) == [[1, 2, 3], [5, 6]]
    assert arrange(labels[["a"]], form).tolist() == [[1, 2, 3]]  # refused by lengths
