"""Input of all forms: told apart, matched by name, and put together again."""

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.recordings.layouts import as_recordings, flatten


def table(recordings, n_features=2):
    """Data frame of rows that are numbered, of these recordings."""
    frames = [recordings[:i].count(own) for i, own in enumerate(recordings)]
    index = pd.MultiIndex.from_arrays([recordings, frames])
    values = np.arange(len(recordings) * n_features).reshape(-1, n_features)
    return pd.DataFrame(values, index=index, columns=[f"f{k}" for k in range(2)])


@pytest.mark.parametrize(
    ("X", "kind", "n_videos"),
    [
        (np.ones((3, 4)), "single", 1),
        ([[1.0, 2.0], [3.0, 4.0]], "single", 1),
        (pd.DataFrame(np.ones((3, 4))), "single", 1),
        ([np.ones((3, 4)), np.ones((2, 4))], "list", 2),
        ((np.ones((3, 4)), [[1.0, 2.0]]), "list", 2),
        (np.ones((2, 3, 1)), "stacked", 2),
        (pd.Series([np.ones((3, 4))] * 2, index=[5, 7]), "object", 2),
    ],
)
def test_forms_without_names(X, kind, n_videos):
    recordings = as_recordings(X)
    assert len(recordings) == n_videos
    assert recordings.is_single == (kind == "single")
    assert not recordings.is_named
    outputs = [np.arange(3)] * n_videos
    for restored in (recordings.restore(outputs), recordings.store(outputs)):
        if kind == "single":
            assert restored is outputs[0]
        else:
            np.testing.assert_array_equal(list(restored), outputs)


def test_axes_that_seem_to_be_others_are_told():
    cases = np.random.default_rng(0).normal(size=(4, 6, 100))
    with pytest.warns(UserWarning, match=r"6 frames with 100 .*transpose\(0, 2"):
        as_recordings(cases)
    track = np.random.default_rng(0).normal(size=(30, 4, 2))
    with pytest.warns(UserWarning, match=r"taken as 30 recordings of 4 frames.*X.resh"):
        as_recordings(track)
    with warnings.catch_warnings(action="error"):
        as_recordings(list(track))  # as the warning says
        as_recordings(track.reshape(len(track), -1))
        as_recordings(cases.transpose(0, 2, 1))


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=20))
def test_rows_go_back_to_where_they_were(names):
    X = table(names)
    recordings = as_recordings(X)
    assert recordings.names == list(dict.fromkeys(names))
    for name, video in recordings.items():
        own = X.xs(name, drop_level=False)  # pandas' own way
        np.testing.assert_array_equal(video.to_numpy(), own.to_numpy())
        assert video.index.tolist() == list(range(len(own)))
    first = recordings.restore([video["f0"].to_numpy() for video in recordings])
    pd.testing.assert_series_equal(first, X["f0"], check_names=False)
    both = recordings.restore([video.to_numpy() for video in recordings])
    np.testing.assert_array_equal(both, X)
    assert both.index.equals(X.index)
    pd.testing.assert_frame_equal(recordings.restore(recordings.arrays), X)


def track(n_frames=40, **coords):
    values = np.random.default_rng(0).normal(size=(n_frames, 2, 3))
    coords = {"space": ["x", "y"], "keypoints": ["nose", "ear", "hip"]} | coords
    dims = ("time", "space", "keypoints")
    return xr.DataArray(values, coords, dims=dims, name="position")


class TestXarray:
    def test_an_array(self):
        X = track()
        found = flatten(X)
        assert found.columns.tolist() == [
            f"{point} {axis}" for point in ("nose", "ear", "hip") for axis in "xy"
        ]
        for name in found.columns:
            point, axis = name.split()
            own = X.sel(space=axis, keypoints=point)
            np.testing.assert_array_equal(found[name], own)

    def test_a_data_set(self):
        X = track().to_dataset()
        assert flatten(X).columns.tolist() == flatten(track()).columns.tolist()
        X["speed"] = "time", np.arange(40)
        X["length"] = "keypoints", np.ones(3)  # not of time
        found = flatten(X)
        assert found.columns.tolist()[5:] == ["position hip y", "speed"]
        np.testing.assert_array_equal(found["speed"], np.arange(40))
        with pytest.raises(ValueError, match="without a variable of the dimension ti"):
            flatten(X[["length"]].assign_coords(time=[0]))


@pytest.mark.parametrize("kind", ["durations", "dates", "zone", "xarray", "both"])
def test_coordinates_and_indices_of_time_are_clocks(kind):
    expected = 1 + np.arange(40) / 25
    index = pd.to_timedelta(1e9 * expected, unit="ns")
    table = pd.DataFrame({"x": np.sin(expected), "y": np.cos(expected)}, index)
    if kind in ("dates", "zone"):
        table.index = pd.Timestamp(2024, 1, 1) + table.index
        table = table.tz_localize("Asia/Tokyo") if kind == "zone" else table
        expected = expected - 1
    array = xr.DataArray(table, {"time": expected}, dims=("time", "feature"))
    X = {"xarray": [array] * 2, "both": [table, array]}.get(kind, [table] * 2)
    found = as_recordings(X)
    assert found.fps == 25
    for clock in found.times:
        np.testing.assert_allclose(clock, expected)
    assert as_recordings(X[0]).fps == 25
    assert as_recordings(dict(zip("ab", X))).fps == 25


def test_what_is_no_clock_and_no_name():
    with pytest.warns(UserWarning, match="'0' has no times that go forward"):
        assert as_recordings(track(time=-np.arange(40.0))).fps is None
    X = table(["a", "b"])
    X.index = pd.MultiIndex.from_arrays([["a", None], [0, 0]])
    with pytest.raises(ValueError, match="names no recording in row 1"):
        as_recordings(X)
    with pytest.raises(ValueError, match=r"two recordings are called 'a/1'"):
        as_recordings({("a", 1): np.ones((2, 2)), "a/1": np.ones((2, 2))})
