"""Members of a vote, what they see, how they are grouped, and what they agree on."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from skl_tot import AutoSegmenter, OnlinePrediction
from skl_tot.datasets import make_activities
from skl_tot.meta import vote
from skl_tot.meta.vote import (
    count_votes,
    find_groups,
    find_stride,
    find_voters,
    match_actions,
    measure_agreement,
    name_groups,
    scout_segment,
    see_view,
)
from skl_tot.preprocessing import FrameView
from skl_tot.preprocessing.windows import views_of_vote
from skl_tot.recordings import Recordings


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_matching_equals_all_permutations(seed, n_actions):
    labels, reference = np.random.default_rng(seed).integers(-1, n_actions, (2, 30))
    found = match_actions(labels, reference, n_actions)
    is_action = labels >= 0

    def agreement(mapping):
        return (np.array(mapping)[labels[is_action]] == reference[is_action]).sum()

    best = max(map(agreement, itertools.permutations(range(n_actions))))
    assert sorted(found) == list(range(n_actions))
    assert agreement(found) == best


def test_labels_of_few_bits_match():
    labels = np.repeat(np.arange(100, dtype=np.int8), 2)
    np.testing.assert_array_equal(match_actions(labels, labels, 100), np.arange(100))


def test_agreement_is_the_adjusted_mutual_information_of_spaced_frames():
    labels = np.random.default_rng(0).integers(0, 3, (3, 10_000))
    labels[1] = (labels[0] + 1) % 3
    found = measure_agreement(list(labels))
    assert found[0, 1] == pytest.approx(1)
    np.testing.assert_array_equal(found, found.T)
    expected = adjusted_mutual_info_score(labels[0, ::3], labels[2, ::3])
    assert found[0, 2] == pytest.approx(expected)


def test_groups_are_those_that_agree_the_largest_first():
    rng = np.random.default_rng(0)
    truths = rng.integers(0, 4, (4, 400))
    members = [0, 1, 1, 2, 2, 1, 3, 0, 1, 3, 2]
    labellings = []
    for i in members:
        wrong = rng.random(400) < (0.02 if i == 0 else 0.1)
        labels = np.where(wrong, rng.integers(0, 4, 400), truths[i])
        labellings.append(rng.permutation(4)[labels])
    agreement = measure_agreement(labellings)
    groups = find_groups(agreement, np.arange(11))
    sets = [set(group.tolist()) for group in groups]
    assert sets[:2] == [{1, 2, 5, 8}, {3, 4, 10}]
    assert sets[2] == {0, 7}  # as large as the last one, with more agreement
    for group in groups:
        sums = agreement[np.ix_(group, group)].sum(axis=1)
        assert sums.argmax() == 0
    voters = np.array([0, 1, 3, 4, 7, 9])
    some = find_groups(agreement, voters)
    assert sorted(np.concatenate(some).tolist()) == voters.tolist()


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (2, 1), (3, 1), (4, 2), (20, 4)])
def test_number_of_groups(n, expected):
    labels = np.random.default_rng(0).integers(0, 4, (n, 200))
    groups = find_groups(measure_agreement(list(labels)), np.arange(n))
    assert len(groups) == expected


def test_collapsed_members_do_not_vote():
    good, poor = [np.array([0, 1, 2, 3] * 5)], [np.array([0] * 19 + [1])]
    assert find_voters([good, poor, good], 4).tolist() == [0, 2]
    assert find_voters([poor, good], 4).tolist() == [1]
    assert find_voters([poor, poor], 4).tolist() == [0, 1]


def test_background_is_no_vote():
    labels = np.repeat([0, 1], 5)
    labellings, same = [labels, np.full(10, -1), 1 - labels], np.arange(2)
    votes = count_votes(labellings, [0.5, 0.25, 0.25], [same, same, 1 - same], 2)
    np.testing.assert_allclose(votes, np.eye(2)[labels])
    votes = count_votes(labellings, [0, 1, 0], [same] * 3, 2)
    np.testing.assert_allclose(votes, 0.5)


def test_names_are_words_that_most_share():
    words = [
        (method, view, order, "free")
        for method in ("HMM", "TOT")
        for view in ("frames", "windows")
        for order in ("once", "often")
    ]
    groups = [[0, 1, 4, 5, 2], [3], [6, 7], [2, 3, 6]]
    expected = ["frames", "HMM, windows, often", "TOT, windows", "windows"]
    assert name_groups(groups, words) == expected
    assert name_groups([[0, 7], [3, 4], [1, 6]], words) == [
        "mixed",
        "mixed (2)",
        "mixed (3)",
    ]
    assert name_groups([[0, 1]], [("a",), ("b",)]) == ["most members"]
    assert name_groups([[0]], [("a",)]) == ["a"]


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
        for path, seen in zip(paths, member.predict(frames), strict=True):
            expected = mapping[seen][np.arange(len(path)) // 3]
            np.testing.assert_array_equal(path, expected)
    predicted = fitted.predict(videos).arrays
    assert all(map(np.array_equal, predicted, fitted.labels_.values()))


def test_a_member_that_sees_some_frames_labels_no_stream(fitted):
    with pytest.raises(ValueError):
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


def test_a_member_labels_a_stream_through_its_view(videos):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vote, "N_STEPS", 20)
        model = AutoSegmenter(4, order="free", random_state=0).fit(videos)
    name, member = model.best_member()
    assert "each recording scaled" not in name
    assert isinstance(member[0], FrameView)
    assert np.array_equal(
        model.candidate_labels(videos)[name][0], member.predict(videos)[0]
    )
    video = videos.arrays[0]
    with pytest.warns(UserWarning, match=name):
        online = OnlinePrediction(model, lag=5)
    assert online.delay == 5 + member[0].n_around_
    blocks = [online.push(video[i : i + 7]).labels for i in range(0, len(video), 7)]
    found = np.concatenate([*blocks, online.finish().labels])
    whole = list(OnlinePrediction(member, lag=5).follow(video))
    np.testing.assert_array_equal(found, [label for label, _ in whole])
    assert np.mean(found == member.predict(videos)[0]) > 0.7
