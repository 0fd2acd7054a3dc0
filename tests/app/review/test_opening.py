"""How a review begins: videos that are found, models that are fitted first."""

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skl_tot import GuidedSegmenter, HMMSegmenter, TemporalOTSegmenter
from skl_tot.app.review.history import Log
from skl_tot.app.review.server import find_videos, make_review
from skl_tot.baselines import MallowSegmenter
from skl_tot.preprocessing import FramewiseTransformer


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "videos").mkdir()
    return tmp_path / "videos"


def test_videos_by_name(folder):
    for name in ("a.mp4", "b.WEBM", "a.csv", "a.html", ".b.mp4", "other.mp4", "c"):
        (folder / name).write_bytes(b"")
    found = find_videos(folder, ["b", "c", "a"])
    assert found == [folder / "b.WEBM", None, folder / "a.mp4"]


def test_folders_of_videos_may_be_links(folder, links):
    (folder / "a.mp4").write_bytes(b"")
    (folder / "b.mp4").symlink_to(folder / "a.mp4")
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert find_videos(link, ["b"]) == [link / "b.mp4"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], r"videos has no video of a recording, expected one such as a.mp4\."),
        (["a.mp4", "a.mov"], r"videos has 2 videos called 'a', expected one\."),
    ],
)
def test_videos_that_are_none(folder, files, message):
    for name in files:
        (folder / name).write_bytes(b"")
    with pytest.raises(ValueError, match=message):
        find_videos(folder, ["a"])


def test_a_model_is_fitted_first(reviewed, tmp_path):
    """Once: the next review of the folder has it, and steps of the fit are told."""
    _, recordings = reviewed
    model = TemporalOTSegmenter(3, max_iter=5, random_state=0)
    told = []
    (tmp_path / "out").mkdir()
    Log(tmp_path / "out").close()  # killed there
    values = recordings, tmp_path / "out", None, None, lambda *args: told.append(args)
    review = make_review(model, *values).open()
    assert told[:2] == [("fitting",), ("fitting", 0, 5)]
    assert told[-1] == ("fitting", 5, 5)
    table = review.table()
    review.close()
    told.clear()
    model = TemporalOTSegmenter(3, max_iter=5, random_state=0)
    again = make_review(model, *values).open()
    assert told == []
    assert again.table().equals(table)
    again.close()


def test_a_fit_of_other_settings_is_refused(reviewed, tmp_path):
    """Labels need not be given again, nor steps be fitted, to be the same."""
    _, recordings = reviewed
    out = tmp_path / "out"
    values = recordings, out, None, None, lambda *args: None

    def make(n_actions, low=-9):
        step = FramewiseTransformer(MinMaxScaler((low, 9)))
        return make_pipeline(step, MallowSegmenter(n_actions))

    make_review(make(3), *values).open().close()
    make_review(make(3), *values).open().close()
    before = (out / "review.sqlite3").read_bytes()
    for model, now in [
        (make(4), r"MallowSegmenter\(n_actions=4\)"),
        (make(3, low=0), r"feature_range=\(0, 9\)"),
        (MallowSegmenter(3), r"got MallowSegmenter\(n_actions=3\);"),
        (HMMSegmenter(3), "got HMMSegmenter"),
    ]:
        message = rf"other settings Pipeline.*\(-9, 9\).*got .*{now}.*expected the same"
        if now.startswith("got"):
            message = rf"other settings Pipeline.*{now}"
        with pytest.raises(ValueError, match=message):
            make_review(model, *values)
    assert (out / "review.sqlite3").read_bytes() == before


def test_labels_are_learned_by_the_fit(reviewed, tmp_path):
    _, recordings = reviewed
    labels = [["pour"] * len(recordings.arrays[0]), None, None, None]
    model = GuidedSegmenter(MallowSegmenter(3))
    tell = lambda *args: None  # noqa: E731
    out = tmp_path / "out"
    review = make_review(model, recordings, out, labels, None, tell).open()
    assert "pour" in review.actions
    assert review.state.entries[0].checked
    review.close()
    make_review(MallowSegmenter(3), recordings, out, None, None, tell).close()
