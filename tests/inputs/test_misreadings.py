"""What has been misread in silence: one test for each way, named after it."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.inputs.errors import VideoValueError
from skl_tot.inputs.forms import split_videos
from skl_tot.io import Recordings

NAMES = ["take_1", "take_2", "take_3", "b", "a", "10"]
COLUMNS = ["nose x", "nose y", "hip x", "hip y", "speed"]


def model():
    return HMMSegmenter(3, max_iter=3)


@pytest.fixture
def videos(activity):
    return activity[0]


@pytest.fixture
def frames(videos):
    return [pd.DataFrame(video, columns=COLUMNS) for video in videos]


@pytest.fixture
def table(frames):
    return pd.concat(frames, keys=NAMES, names=["take", "frame"])


@pytest.fixture(scope="module")
def expected(activity):
    return model().fit(activity[0]).labels_


def test_fit_of_a_frame_with_a_multiindex(table, expected):
    fitted = model().fit(table)
    assert list(fitted.labels_) == NAMES
    for name, labels in zip(NAMES, expected):
        np.testing.assert_array_equal(fitted.labels_[name], labels)
    assert fitted.feature_names_in_.tolist() == COLUMNS


@pytest.mark.parametrize("n_features", [2, 3])
@pytest.mark.parametrize("shape", [(30, 4), (4, 30), (12, 12)])
def test_fit_of_one_pose_track(shape, n_features):
    track = np.random.default_rng(0).normal(size=(*shape, n_features))
    n_videos, n_frames = shape
    text = f"taken as {n_videos} videos of {n_frames} frames.*X.reshape.len.X., -1"
    with pytest.warns(UserWarning, match=text):
        split_videos(track)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split_videos(list(track))  # as the warning says
        split_videos(track.reshape(len(track), -1))
        split_videos(np.ones((*shape, 4)))


def test_list_of_pose_tracks():
    tracks = [np.random.default_rng(0).normal(size=(30, 4, 2)) for _ in range(3)]
    with pytest.raises(VideoValueError, match=r"video\.reshape\(len\(video\), -1\)"):
        model().fit(tracks)
    with pytest.raises(VideoValueError, match=r"^b: .*video\.reshape\(len\(video\)"):
        model().fit(dict(zip("bac", tracks)))
    model().fit([track.reshape(len(track), -1) for track in tracks])


def test_dict_of_name_to_array(videos, expected):
    named = dict(zip(NAMES, videos))
    fitted = model().fit(named)
    assert list(fitted.labels_) == NAMES
    found = fitted.predict(named)
    assert type(found) is dict
    assert list(found) == NAMES
    for name, labels in zip(NAMES, expected):
        np.testing.assert_array_equal(found[name], labels)


def test_a_column_time_left_in_a_table(table):
    timed = table.assign(time=table.index.get_level_values("frame") / 30)
    text = r"Columns \['time'\] of X grow steadily in every video"
    with pytest.warns(UserWarning, match=text):
        model().fit(timed)
    with pytest.warns(UserWarning, match=text):
        model().fit({name: timed.loc[name] for name in NAMES})


class TestNaN:
    """The recording, the frame, the column, the share, and what to do."""

    @pytest.fixture
    def spoiled(self, frames):
        frames[2].loc[5, "hip x"] = np.nan
        frames[2].loc[9, "nose x"] = np.nan
        return frames

    def message(self, name, frame):
        share = 2 / frame.size
        return (
            f"{name}: Input X contains NaN in frame 5, column 'hip x', and in "
            f"{share:.2%} of all values; fill gaps, as by "
            "skl_tot.preprocessing.GapFiller (--pipeline gaps:N), or leave such frames "
            "out."
        )

    @pytest.mark.parametrize("form", ["list", "dict", "recordings", "table"])
    @pytest.mark.parametrize("method", ["fit", "predict"])
    def test_is_located(self, spoiled, videos, form, method):
        given = {
            "list": spoiled,
            "dict": dict(zip(NAMES, spoiled)),
            "recordings": Recordings(spoiled, NAMES),
            "table": pd.concat(spoiled, keys=NAMES),
        }[form]
        known = model()
        if method == "predict":
            clean = [pd.DataFrame(video, columns=COLUMNS) for video in videos]
            known.fit(clean)
        with pytest.raises(VideoValueError) as caught:
            getattr(known, method)(given)
        name = "Video 2" if form == "list" else "take_3"
        assert str(caught.value) == self.message(name, spoiled[2])
        assert caught.value.recording == 2

    def test_types_that_know_a_missing_value(self, spoiled):
        spoiled[2] = spoiled[2].astype("Float64")
        with pytest.raises(VideoValueError) as caught:
            model().fit(Recordings(spoiled, NAMES))
        assert str(caught.value) == self.message("take_3", spoiled[2])

    def test_text_is_located(self, frames):
        frames[1] = frames[1].assign(who="bob")
        text = "take_2: column 'who' holds text, such as 'bob', expected numbers; drop"
        with pytest.raises(VideoValueError, match=f"^{text}"):
            model().fit(Recordings([frames[1]], ["take_2"]))

    def test_is_filled_as_the_error_says(self, spoiled):
        from skl_tot.preprocessing import GapFiller

        takes = Recordings(spoiled, NAMES)
        filled = GapFiller().fit_transform(takes)
        assert isinstance(filled, Recordings)
        assert model().fit(filled).feature_names_in_.tolist() == COLUMNS
