"""Gaps are filled as pandas does, refused where too long, and told of."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from skl_tot import HMMSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.preprocessing import FramewiseTransformer, GapFiller
from skl_tot.recordings import RecordingError, Recordings
from skl_tot.recordings.files import open_arrays

NAN = np.nan


@pytest.fixture
def videos():
    """Two videos with gaps: of 2 frames inside, of 1 at the start, of 3 at the end."""
    first = np.arange(40.0).reshape(20, 2) ** 2
    second = np.arange(60.0).reshape(30, 2)
    first[4:6, 0] = NAN
    second[0, 1] = NAN
    second[27:, 1] = NAN
    return [first, second]


def test_values_by_hand(videos):
    filled = GapFiller(limit=3).fit_transform(videos)
    expected = videos[0].copy()
    before, after = expected[3, 0], expected[6, 0]
    expected[4, 0] = before + (after - before) / 3
    expected[5, 0] = before + 2 * (after - before) / 3
    assert_allclose(filled[0], expected)
    expected = videos[1].copy()
    expected[0, 1], expected[27:, 1] = expected[1, 1], expected[26, 1]
    assert_allclose(filled[1], expected)


@given(
    values=arrays(float, (12, 3), elements=st.floats(-9, 9)),
    missing=arrays(bool, (12, 3)),
)
def test_equals_pandas(values, missing):
    missing[5] = False  # no feature is missing throughout
    frame = pd.DataFrame(values).mask(missing)
    with warnings.catch_warnings(action="ignore"):
        filled = GapFiller(limit=None).fit_transform(frame.to_numpy())
    expected = frame.interpolate(limit_direction="both").to_numpy()
    assert_allclose(filled, expected, atol=1e-12)


@given(missing=arrays(bool, 15), limit=st.integers(0, 15))
def test_a_gap_is_refused_where_it_is_longer_than_the_limit(missing, limit):
    missing[7] = False
    runs = "".join("01"[int(value)] for value in missing).split("0")
    video = np.where(missing, NAN, 1.0)[:, None]
    filler = GapFiller(limit=limit).fit(video)
    with warnings.catch_warnings(action="ignore"):
        if max(map(len, runs)) <= limit:
            assert_array_equal(filler.transform(video), np.ones((15, 1)))
        else:
            with pytest.raises(ValueError, match=f"more than limit={limit} frames, "):
                filler.transform(video)


def test_a_long_gap_is_named_with_the_remedy(videos):
    frames = [pd.DataFrame(video, columns=["hip x", "hip y"]) for video in videos]
    filler = GapFiller(limit=2).fit(frames)  # which report is there to tell of
    with pytest.raises(ValueError, match="gaps of more") as info:
        filler.transform(frames)
    assert str(info.value) == (
        "1 columns of recordings have gaps of more than limit=2 frames, the longest: "
        "'hip y' in frames 27 to 29 of recording 1 (3 frames; 13% missing in all). "
        "limit=3 fills them all, drop_lost=SHARE drops columns with a larger missing "
        "share (--pipeline gaps:N:SHARE)."
    )


def test_all_long_gaps_are_told_at_once():
    """The longest come first, x and y of a point together."""
    video = np.ones((60, 6))
    for k, length in enumerate([4, 4, 9, 9, 3]):
        video[10 : 10 + length, k] = NAN
    frame = pd.DataFrame(video, columns=["a x", "a y", "b x", "b y", "c x", "c y"])
    takes = Recordings([frame, frame.fillna(1)], ["m", "n"])
    filler = GapFiller(limit=2).fit(takes)
    told = (
        r"^5 col.* longest: 'b x', 'b y' in frames 10 to 18 of m \(9 frames; 15%.*"
        r"; 'a x', 'a y' in frames 10 to 13 .*; 'c x' in .* limit=9 fills them all"
    )
    with pytest.raises(ValueError, match=told):
        filler.transform(takes)
    assert np.isfinite(filler.set_params(limit=9).transform(takes)[0]).all(axis=None)


def test_lost_columns_are_left_out(videos):
    frames = [pd.DataFrame(video, columns=["hip x", "hip y"]) for video in videos]
    frames[1].iloc[:20, 1] = NAN  # 23 of 30 frames of one of two
    takes = Recordings(frames, ["a", "b"])
    with pytest.warns(UserWarning, match=r"\['hip y'\] are left out, .* more than 20%"):
        filler = GapFiller(limit=2, drop_lost=0.2).fit(takes)
    filled = filler.transform(takes)
    assert [list(own) for own in filled] == [["hip x"], ["hip x"]]
    assert_allclose(filled["a"]["hip x"], frames[0]["hip x"].interpolate())
    assert filler.get_feature_names_out().tolist() == ["hip x"]
    assert filler.kept_.tolist() == [0]
    assert len(filler.report(takes)) == 2  # which tells of all
    kept = GapFiller(limit=None, drop_lost=23 / 30).fit(takes)
    assert kept.kept_.tolist() == [0, 1]
    with pytest.raises(ValueError, match="all columns are missing in more frames"):
        GapFiller(drop_lost=0).fit(takes)


@pytest.mark.parametrize("limit", [3, None])
def test_a_feature_missing_throughout_is_refused(videos, limit):
    videos[0][:, 1] = NAN
    filler = GapFiller(limit=limit).fit(videos)
    with pytest.raises(RecordingError) as info:
        filler.transform(videos)
    assert info.value.recording == 0
    assert info.value.reason == (
        "column 1 is missing in all 20 frames; leave it out, as by drop_lost, or this "
        "recording."
    )


def test_infinity_is_no_gap(videos):
    filler = GapFiller().fit(videos)
    before = pickle.dumps(filler)
    videos[1][9, 0] = np.inf
    for method in (filler.fit, filler.transform, filler.report):
        with pytest.raises(RecordingError, match=r"^Recording 1: Input X contains inf"):
            method(videos)
    assert pickle.dumps(filler) == before


def test_how_much_is_missing(videos):
    filler = GapFiller().fit(videos)
    assert_allclose(filler.missing_share_, [2 / 50, 4 / 50])
    columns = ["recording", "feature", "gaps", "frames", "share", "longest", "start"]
    rows = [(0, 0, 1, 2, 0.1, 2, 4), (1, 1, 2, 4, 4 / 30, 3, 27)]
    assert filler.report(videos) == [dict(zip(columns, row)) for row in rows]


def test_much_is_filled_with_a_warning(videos):
    videos[1][3:9, 0] = NAN
    filler = GapFiller().fit(videos)
    filler.transform(videos)  # a fifth and no more, so without a word
    videos[1][9, 0] = NAN
    with pytest.warns(
        UserWarning, match="23% of the frames of column 0 of recording 1"
    ):
        filler.transform(videos)


def test_data_frames_keep_names_and_index(videos):
    index = pd.Index(np.arange(20) / 25, name="seconds")
    frame = pd.DataFrame(videos[0], columns=["a", "b"], index=index)
    filler = GapFiller().fit([frame])
    (filled,) = filler.transform([frame])
    pd.testing.assert_frame_equal(filled, frame.interpolate())
    assert filler.get_feature_names_out().tolist() == ["a", "b"]
    two_levels = frame.set_axis(pd.MultiIndex.from_product([["p"], ["x", "y"]]), axis=1)
    filled = GapFiller().fit_transform(two_levels)
    pd.testing.assert_frame_equal(filled, two_levels.interpolate())


def test_files_are_filled_as_arrays_are(videos, tmp_path):
    paths = [tmp_path / f"{i}.npy" for i in range(2)]
    for path, video in zip(paths, videos):
        np.save(path, video)
    filler = GapFiller().fit(open_arrays(paths))
    assert_allclose(filler.missing_share_, [2 / 50, 4 / 50])
    filled = filler.transform(open_arrays(paths))
    for video, expected in zip(filled, filler.transform(videos)):
        assert_array_equal(video, expected)


@pytest.fixture
def activities():
    videos, _ = make_activities(6, 3, mean_length=40, random_state=0)
    for video in videos:
        video[5:9, 2] = NAN
    return videos


def test_pipeline_in_a_file(activities, tmp_path):
    model = make_pipeline(GapFiller(limit=4), HMMSegmenter(3, max_iter=3))
    model.fit(activities)
    save_model(model, tmp_path / "model.skops")
    restored = load_model(tmp_path / "model.skops")
    for labels, expected in zip(
        restored.predict(activities), model.predict(activities)
    ):
        assert_array_equal(labels, expected)


def test_names_of_recordings_are_in_reports_and_errors(videos):
    takes = Recordings(videos, ["a", "b"], fps=25)
    report = GapFiller().fit(takes).report(takes)
    assert [gaps["recording"] for gaps in report] == ["a", "b"]
    with pytest.raises(ValueError, match=r"longest: 1 in frames 27 to 29 of b \("):
        GapFiller(limit=2).fit_transform(takes)


def test_a_table_of_all_recordings(videos):
    tables = [pd.DataFrame(video, columns=["x", "y"]) for video in videos]
    table = pd.concat(tables, keys=["a", "b"])
    filled = GapFiller().fit_transform(table)
    pd.testing.assert_index_equal(filled.index, table.index)
    assert_allclose(filled.loc["b"], GapFiller().fit_transform(videos)[1])
    assert filled.columns.tolist() == ["x", "y"]


def test_an_imputer_may_come_before_a_segmenter(activities):
    model = make_pipeline(
        FramewiseTransformer(SimpleImputer()), HMMSegmenter(3, max_iter=3)
    )
    labels = model.fit(activities).predict(activities)
    assert [len(path) for path in labels] == [len(video) for video in activities]
    column = np.concatenate(activities)[:, 2]
    filled = model[0].transform(activities)
    assert_allclose(filled[3][5:9, 2], np.nanmean(column))


def test_without_filling_the_gap_is_named(activities):
    frames = [pd.DataFrame(video).add_prefix("f") for video in activities]
    for model in (HMMSegmenter(3), FramewiseTransformer(PCA(2))):
        with pytest.raises(
            RecordingError,
            match=r"contains NaN in frame 5, column 'f2'.*fill gaps",
        ) as info:
            model.fit(frames)
        assert info.value.recording == 0
