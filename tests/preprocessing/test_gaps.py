"""Gaps are filled as pandas does, refused where too long, and told of."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from skl_tot.preprocessing import GapFiller
from skl_tot.recordings import Recordings

NAN = np.nan


@given(
    values=arrays(float, (12, 3), elements=st.floats(-9, 9)),
    missing=arrays(bool, (12, 3)),
)
def test_equals_pandas(values, missing):
    missing[5] = False  # no feature is missing throughout
    frame = pd.DataFrame(values).mask(missing)
    filled = GapFiller(limit=None).fit_transform(frame.to_numpy())
    expected = frame.interpolate(limit_direction="both").to_numpy()
    assert_allclose(filled, expected, atol=1e-12)


@given(missing=arrays(bool, 15), limit=st.integers(0, 15))
def test_a_gap_is_refused_where_it_is_longer_than_the_limit(missing, limit):
    missing[7] = False
    runs = "".join("01"[int(value)] for value in missing).split("0")
    video = np.where(missing, NAN, 1.0)[:, None]
    filler = GapFiller(limit=limit).fit(video)
    if max(map(len, runs)) <= limit:
        assert_array_equal(filler.transform(video), np.ones((15, 1)))
    else:
        with pytest.raises(ValueError):
            filler.transform(video)


def test_the_longest_gap_is_told():
    frame = pd.DataFrame(np.ones((60, 2)), columns=["a x", "b x"])
    frame.loc[10:13, "a x"] = frame.loc[20:28, "b x"] = NAN
    takes = Recordings([frame, frame.fillna(1)], ["m", "n"])
    filler = GapFiller(limit=2).fit(takes)
    with pytest.raises(ValueError, match=r"9 frames .*'b x' of 'm', frame 20.*limit=9"):
        filler.transform(takes)
    assert np.isfinite(filler.set_params(limit=9).transform(takes)[0]).all(axis=None)


def test_lost_columns_are_left_out():
    values = np.arange(60.0).reshape(30, 2) ** 2
    frames = [pd.DataFrame(values, columns=["hip x", "hip y"]) for _ in range(2)]
    frames[0].iloc[4:6, 0] = frames[1].iloc[:20, 1] = NAN
    takes = Recordings(frames, ["a", "b"])
    with pytest.warns(UserWarning, match="hip y"):
        filler = GapFiller(limit=2, drop_lost=0.2).fit(takes)
    filled = filler.transform(takes)
    assert [list(frame) for frame in filled] == [["hip x"], ["hip x"]]
    assert_allclose(filled["a"]["hip x"], frames[0]["hip x"].interpolate())
    assert filler.get_feature_names_out().tolist() == ["hip x"]
    assert filler.kept_.tolist() == [0]
