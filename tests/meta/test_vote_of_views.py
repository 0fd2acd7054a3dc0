"""What members of a vote see: views, and some frames of long recordings."""

import numpy as np
import pytest

from skl_tot import AutoSegmenter, OnlinePrediction
from skl_tot.datasets import make_activities
from skl_tot.meta import vote
from skl_tot.meta.vote import find_stride, scout_segment, see_view
from skl_tot.preprocessing import FrameView
from skl_tot.preprocessing.windows import views_of_vote
from skl_tot.recordings import Recordings


@pytest.fixture(scope="module")
def videos():
    found, _ = make_activities(
        6, 4, n_features=5, mean_length=240, noise=0.5, random_state=0
    )
    return Recordings(found, fps=10)


@pytest.fixture(scope="module")
def fitted(videos):
    """A vote of members that see every third frame."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vote, "N_STEPS", 20)
        patch.setattr(vote, "MOST_SEEN", int(videos.lengths.sum() / 3.5))
        model = AutoSegmenter(4, order="mostly", random_state=0)
        return model.fit(videos)


@pytest.mark.parametrize(
    ("n_frames", "segment", "stride"),
    [(9_000, 500, 1), (35_000, 500, 3), (35_000, 25, 2), (35_000, 8, 1)],
)
def test_stride_leaves_ten_frames_of_a_segment(n_frames, segment, stride):
    assert find_stride(n_frames, segment) == stride


def test_middle_frames_of_steps_are_seen(videos):
    view = FrameView(scaling="video").fit(videos)
    whole = view.transform(videos)
    for seen, array in zip(see_view(view, videos, 3), whole):
        assert seen.dtype == np.float32
        places = np.minimum(np.arange(1, len(array) + 1, 3), len(array) - 1)
        np.testing.assert_array_equal(seen, array[places].astype(np.float32))
        assert len(seen) == -(-len(array) // 3)
    given = see_view(None, videos, 3)
    assert all(map(np.array_equal, given, videos))


def test_members_see_frames_in_views_and_vote_for_those_around(fitted, videos):
    assert fitted.stride_ == 3
    found = fitted.candidate_labels(videos)
    pairs = zip(fitted.names_, fitted.estimators_, fitted.mappings_)
    for place, (name, member, mapping) in enumerate(pairs):
        frames = see_view(fitted.views_[place // 4], videos, 3)
        assert member.fps_ == pytest.approx(10 / 3)
        paths = found[name].arrays
        for path, own in zip(paths, member.predict(frames), strict=True):
            expected = mapping[own][np.arange(len(path)) // 3]
            np.testing.assert_array_equal(path, expected)
    predicted = fitted.predict(videos).arrays
    assert all(map(np.array_equal, predicted, fitted.labels_.values()))


def test_a_member_that_sees_some_frames_labels_no_stream(fitted):
    with pytest.raises(ValueError, match="no member that labels a stream"):
        fitted.best_member()


def test_windows_are_no_longer_than_segments(videos):
    segment = scout_segment(videos, 4, "mostly")
    true = videos.lengths.mean() / 4
    assert true / 2 < segment < 2 * true
    for _, view in views_of_vote(7.0):
        found = view.fit(videos).windows_
        assert all(windows.window_ <= 7 for windows in found)
    _, wide = views_of_vote()[-1]
    assert wide.fit(videos).windows_[0].window_ > 7


def test_words_of_views_differ():
    words = [own for own, _ in views_of_vote()]
    assert len(set(words)) == len(words) == 5
    for own, view in views_of_vote():
        assert ("windows" in own) == bool(view.windows)
        assert ("each recording scaled" in own) == (view.scaling == "video")
        assert ("wide" in own) == (view.windows == (3,))


def test_a_member_labels_a_stream_through_its_view(videos):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vote, "N_STEPS", 20)
        model = AutoSegmenter(4, order="mostly", random_state=0).fit(videos)
    name, member = model.best_member()
    assert "each recording scaled" not in name
    assert isinstance(member[0], FrameView)
    assert np.array_equal(
        model.candidate_labels(videos)[name][0], member.predict(videos)[0]
    )
    video = videos.arrays[0]
    with pytest.warns(UserWarning, match=f"its candidate '{name}' labels these"):
        online = OnlinePrediction(model, lag=5)
    assert online.delay == 5 + member[0].n_around_
    blocks = [online.push(video[i : i + 7]).labels for i in range(0, len(video), 7)]
    found = np.concatenate([*blocks, online.finish().labels])
    whole = list(OnlinePrediction(member, lag=5).follow(video))
    np.testing.assert_array_equal(found, [label for label, _ in whole])
    assert np.mean(found == member.predict(videos)[0]) > 0.7
