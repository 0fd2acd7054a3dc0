"""Recordings with names: how they are told apart, ordered and put together."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.inputs.clocks import check_rate, rate_of
from skl_tot.inputs.errors import VideoValueError
from skl_tot.inputs.forms import keep_outputs, mirror_form, mirror_kept, split_videos
from skl_tot.inputs.labelled_arrays import flatten
from skl_tot.inputs.labels import split_label_sequences
from skl_tot.inputs.named import arrange, by_name, match_names
from skl_tot.io import Recordings


def table(recordings, n_features=2):
    """Data frame of rows that are numbered, of these recordings."""
    frames = [recordings[:i].count(own) for i, own in enumerate(recordings)]
    index = pd.MultiIndex.from_arrays([recordings, frames])
    values = np.arange(len(recordings) * n_features).reshape(-1, n_features)
    return pd.DataFrame(values, index=index, columns=[f"f{k}" for k in range(2)])


class TestTables:
    @given(st.lists(st.sampled_from("abc"), min_size=1, max_size=20))
    def test_rows_go_back_to_where_they_were(self, recordings):
        X = table(recordings)
        videos, form = split_videos(X)
        assert form.names == list(dict.fromkeys(recordings))
        for name, video in zip(form.names, videos):
            own = X.xs(name, drop_level=False)  # pandas' own way
            np.testing.assert_array_equal(video.to_numpy(), own.to_numpy())
            assert video.index.tolist() == list(range(len(own)))
        first = mirror_form([video["f0"].to_numpy() for video in videos], form)
        pd.testing.assert_series_equal(first, X["f0"], check_names=False)
        both = mirror_form([video.to_numpy() for video in videos], form)
        np.testing.assert_array_equal(both, X)
        assert both.index.equals(X.index)
        pd.testing.assert_frame_equal(mirror_form(videos, form), X)

    def test_several_levels(self):
        X = pd.concat({("anna", 1): table(["x"]), ("ben", 1): table(["x", "x"])})
        videos, form = split_videos(X)
        assert form.names == ["anna/1/x", "ben/1/x"]
        assert list(map(len, videos)) == [1, 2]

    def test_a_recording_without_a_name(self):
        X = table(["a", "b", "a"])
        X.index = pd.MultiIndex.from_arrays([["a", None, "a"], [0, 0, 1]])
        with pytest.raises(ValueError, match="names no recording in row 1, expected"):
            split_videos(X)

    def test_text_of_other_lengths_and_other_types(self):
        X = table(["a", "b"])
        _, form = split_videos(X)
        words = mirror_form([np.array(["go"]), np.array(["wander"])], form)
        assert words.tolist() == ["go", "wander"]

    def test_in_a_list_it_is_refused(self):
        from skl_tot import HMMSegmenter

        with pytest.raises(VideoValueError, match=r"Video 1: .* give it by itself"):
            HMMSegmenter(2).fit([np.eye(4, 2), table(["a", "b", "a"])])

    def test_empty(self):
        with pytest.raises(ValueError, match="X is an empty DataFrame, but expected"):
            split_videos(table([]))


class TestNames:
    def test_of_one_text(self):
        with pytest.raises(ValueError, match=r"two recordings are called 'a/1', exp"):
            split_videos({("a", 1): np.ones((2, 2)), "a/1": np.ones((2, 2))})

    def test_kept_ones_are_text_or_integers(self):
        X = {("a", np.int64(1)): np.ones((2, 2)), np.int64(3): np.ones((2, 2))}
        _, form = split_videos(X)
        kept = keep_outputs([np.zeros(2), np.ones(2)], form)
        assert list(kept) == ["a/1", 3]
        assert list(map(type, kept)) == [str, int]
        assert list(mirror_kept(kept, X)) == list(X)

    def test_empty_ones(self):
        for X in ({}, Recordings([])):
            with pytest.raises(
                ValueError, match=f"X is an empty {type(X).__name__}, b"
            ):
                split_videos(X)
        with pytest.raises(ValueError, match="y is empty, expected labels"):
            split_label_sequences({})

    def test_arrange(self):
        _, form = split_videos({"b": np.ones((2, 1)), "a": np.ones((3, 1))})
        y = {"a": [1, 1, 0], "b": [0, 1]}
        expected = [[0, 1], [1, 1, 0]]
        assert arrange(y, form) == expected
        assert arrange(Recordings(list(y.values()), list(y)), form) == expected
        rows = [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2)]
        series = pd.Series([1, 0, 1, 1, 0], pd.MultiIndex.from_tuples(rows))
        assert [own.tolist() for own in arrange(series, form)] == expected
        frame = series.to_frame("label")
        assert [own.tolist() for own in arrange(frame, form)] == expected
        assert arrange(expected, form) is expected
        assert arrange(None, form) is None

    def test_arrange_for_what_has_no_names(self):
        y = {"a": [1], "b": [0]}
        assert arrange(Recordings([[1], [0]]), "list") == [[1], [0]]
        for form in ("single", "list"):
            with pytest.raises(TypeError, match="y is a dict of names, but X has none"):
                arrange(y, form)

    def test_arrange_for_a_table(self):
        X = table(["a", "b", "a"])
        _, form = split_videos(X)
        expected = [[5, 7], [6]]
        y = pd.Series([5, 6, 7], X.index)
        for known in ([5, 6, 7], np.array([5, 6, 7]), y, y.reset_index(drop=True)):
            assert [list(own) for own in arrange(known, form)] == expected
        other = y.sort_index()
        with pytest.raises(ValueError, match=r"another index than X, .* y.loc\[X.ind"):
            arrange(other, form)
        assert [list(own) for own in arrange(other.loc[X.index], form)] == expected
        assert arrange(["ab", "c"], form) == ["ab", "c"]  # not of rows

    def test_missing_and_others(self):
        values = dict.fromkeys("abc", 0)
        with pytest.raises(ValueError, match="y has no 'd', which X has"):
            match_names(values, list("abcd"), "y", "X")
        with pytest.raises(ValueError, match="y has 'b', 'c', which X has not"):
            match_names(values, ["a"], "y", "X")
        many = [str(i) for i in range(9)]
        with pytest.raises(ValueError, match=r"'0', '1', '2', '3', '4' and 9 in all"):
            match_names({}, many, "y", "X")

    def test_what_has_none(self):
        for y in (None, 3, "a", [1], np.ones(3), pd.Series([1]), {1}):
            assert by_name(y) is None


def track(n_frames=40, **coords):
    values = np.random.default_rng(0).normal(size=(n_frames, 2, 3))
    coords = {"space": ["x", "y"], "keypoints": ["nose", "ear", "hip"]} | coords
    return xr.DataArray(
        values, coords, dims=("time", "space", "keypoints"), name="position"
    )


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

    def test_time_may_come_last(self):
        X = track()
        turned = X.transpose("space", "keypoints", "time")
        pd.testing.assert_frame_equal(flatten(turned), flatten(X))

    def test_other_dimensions(self):
        plain = xr.DataArray(np.ones((4, 2)), dims=("time", "sensor"))
        assert flatten(plain).columns.tolist() == ["sensor 0", "sensor 1"]
        numbered = plain.assign_coords(sensor=[3, 7])
        assert flatten(numbered).columns.tolist() == ["sensor 3", "sensor 7"]
        single = xr.DataArray(np.ones(4), dims="time")
        assert flatten(single).columns.tolist() == ["value"]
        assert flatten(single.rename("speed")).columns.tolist() == ["speed"]

    def test_a_data_set(self):
        X = track().to_dataset()
        assert flatten(X).columns.tolist() == flatten(track()).columns.tolist()
        X["speed"] = "time", np.arange(40)
        X["length"] = "keypoints", np.ones(3)  # not of time
        found = flatten(X)
        assert found.columns.tolist()[5:] == ["position hip y", "speed"]
        np.testing.assert_array_equal(found["speed"], np.arange(40))
        with pytest.raises(
            ValueError, match="without a variable of the dimension time"
        ):
            flatten(X[["length"]].assign_coords(time=[0]))

    def test_forms(self):
        X = track()
        (video,), form = split_videos(X)
        assert form == "single"
        assert video.shape == (40, 6)
        for many in ([X, X], (X, X), {"a": X, "b": X}, Recordings([X, X])):
            videos, _ = split_videos(many)
            assert [list(video.columns) for video in videos] == [list(video)] * 2
        with pytest.warns(UserWarning, match="taken as 40 videos"):  # as other arrays
            _, form = split_videos(X.rename(time="frame"))
        assert form == "stacked"


class TestRates:
    @pytest.mark.parametrize(
        ("clock", "rate"),
        [
            (np.arange(40) / 25, 25),
            (7 + np.arange(40, dtype=np.float32) / 8, 8),
            (pd.date_range("2026-01-01", periods=40, freq="20ms"), 50),
            (pd.timedelta_range(0, periods=40, freq="2s"), 0.5),
            (np.arange(40), None),  # may count frames
            (np.arange(40) ** 1.5, None),
            (np.arange(40) / -25, None),
            (np.full(40, np.nan), None),
            (np.zeros(40), None),
        ],
    )
    def test_of_a_clock(self, clock, rate):
        expected = None if rate is None else pytest.approx(rate, rel=1e-6)
        assert rate_of(track(time=clock)) == expected

    def test_of_many(self):
        slow, fast = track(time=np.arange(40) / 25), track(time=np.arange(40) / 30)
        assert rate_of([slow, track()]) == 25
        assert rate_of({"a": track(), "b": fast}) == 30
        assert rate_of(Recordings([slow, slow])) == 25
        assert rate_of(Recordings([slow, slow], fps=25)) == 25
        with pytest.raises(ValueError, match="of 30 and of 25 frames per second"):
            rate_of(Recordings([slow, slow], fps=30))
        with pytest.raises(
            ValueError, match="videos of 25 and of 30 frames per second"
        ):
            rate_of([slow, fast])

    @pytest.mark.parametrize("X", [None, 3, [], np.ones((3, 2)), [np.ones((3, 2))], {}])
    def test_of_others(self, X):
        assert rate_of(X) is None

    def test_single_frame_or_no_clock(self):
        assert rate_of(track()) is None
        assert rate_of(track(1, time=[0.5])) is None

    def test_of_a_model(self):
        class Fitted:
            fps_ = 30.0

        def takes(fps):
            return Recordings([np.ones((2, 2))], fps=fps)

        assert check_rate(Fitted, takes(29.97)) == 30
        assert check_rate(Fitted, takes(None)) == 30
        assert check_rate(object, takes(25)) == 25
        with pytest.raises(ValueError, match=r"X has 29 frames .* fitted to 30; .*=30"):
            check_rate(Fitted, takes(29.0))
