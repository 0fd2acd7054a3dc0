"""How a review begins: videos that are found, models that are fitted first."""

import re

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter, TemporalOTSegmenter
from skl_tot.app.review.history import Log
from skl_tot.app.review.server import find_videos, make_review
from skl_tot.baselines import MallowSegmenter
from skl_tot.preprocessing import FramewiseTransformer


def test_videos_by_name(tmp_path, links):
    """The folder, and files that lead into it, may be links."""
    folder, link = tmp_path / "videos", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    with pytest.raises(ValueError, match=r"has no video of a .* such as a\.mp4\.$"):
        find_videos(folder, ["a"])
    for name in ("a.mp4", "b.WEBM", "a.csv", "a.html", ".b.mp4", "other.mp4", "c"):
        (folder / name).write_bytes(b"")
    (folder / "d.mp4").symlink_to(folder / "a.mp4")
    found = [link / "b.WEBM", None, link / "a.mp4", link / "d.mp4"]
    assert find_videos(link, ["b", "c", "a", "d"]) == found
    (folder / "a.mov").write_bytes(b"")
    with pytest.raises(ValueError, match=r"has 2 videos called 'a', expected one\.$"):
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
    """Of a step, too; labels need not be given again to be the same."""
    values = reviewed[1], tmp_path, None, None, lambda *args: None

    def make(n_actions, low=-9):
        step = FramewiseTransformer(MinMaxScaler((low, 9)))
        return make_pipeline(step, MallowSegmenter(n_actions))

    make_review(make(3), *values).open().close()
    before = (tmp_path / "review.sqlite3").read_bytes()
    for model, now in [
        (make(4), "n_actions=4"),
        (make(3, 0), "(0, 9)"),
        (HMMSegmenter(3), "HMM"),
    ]:
        with pytest.raises(
            ValueError, match=rf"other settings .*got .*{re.escape(now)}"
        ):
            make_review(model, *values)
    assert (tmp_path / "review.sqlite3").read_bytes() == before


def test_labels_are_learned_by_the_fit(reviewed, tmp_path):
    _, recordings = reviewed
    labels = [["pour"] * len(recordings.arrays[0]), None, None, None]
    model = SemiSupervisedSegmenter(MallowSegmenter(3))
    tell = lambda *args: None  # noqa: E731
    out = tmp_path / "out"
    review = make_review(model, recordings, out, labels, None, tell).open()
    assert "pour" in review.actions
    assert review.state.entries[0].checked
    review.close()
    make_review(MallowSegmenter(3), recordings, out, None, None, tell).close()
