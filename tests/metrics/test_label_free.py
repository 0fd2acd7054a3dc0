"""Scores without labels, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline

from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.metrics import effective_actions, label_free_scorer
from skl_tot.metrics.label_free import (
    carried_information,
    held_out_information,
    transfer_score,
    video_information,
)


def draw(seed, n_videos, n_actions, background=True):
    rng = np.random.default_rng(seed)
    low = -1 if background else 0
    lengths = rng.integers(1, 15, n_videos)
    return [rng.integers(low, rng.integers(n_actions) + 1, n) for n in lengths]


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5))
def test_video_information_equals_scikit_learn(seed, n_videos, n_actions):
    labels = draw(seed, n_videos, n_actions)
    names = np.repeat(range(n_videos), [len(path) for path in labels])
    frames = np.concatenate(labels)
    expected = 0.0
    if (frames >= 0).any():
        expected = mutual_info_score(names[frames >= 0], frames[frames >= 0])
    found = video_information(labels, n_actions)
    assert found == pytest.approx(expected, abs=1e-12)
    assert found >= 0


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5))
def test_video_information_is_symmetric_and_bounded(seed, n_videos, n_actions):
    labels = draw(seed, n_videos, n_actions, background=False)
    found = video_information(labels, n_actions)
    rng = np.random.default_rng(seed)
    order = rng.permutation(n_actions)
    renamed = [rng.permutation(order[path]) for path in reversed(labels)]
    assert video_information(renamed, n_actions) == pytest.approx(found, abs=1e-12)
    counts = np.bincount(np.concatenate(labels))
    assert found <= entropy(counts) + 1e-12


def test_video_information_of_no_frames():
    assert video_information([np.full(3, -1)] * 2, 2) == 0
    one = [np.array([0, 1, 1]), np.full(5, -1)]
    assert video_information(one, 2) == 0


@given(st.integers(0, 10**6))
def test_carried_information_is_the_difference(seed):
    labels = draw(seed, 4, 3)
    rng = np.random.default_rng(seed)
    videos = [rng.normal(size=(len(path), 2)) for path in labels]
    blocks = [[video] for video in videos]
    found = carried_information(blocks.__getitem__, labels, 3)
    shared = held_out_information(blocks.__getitem__, labels, 3)
    assert found == pytest.approx(shared - 2 * video_information(labels, 3))
    assert found <= np.log(3)


def test_actions_that_all_share_are_worth_more_than_clusters_of_videos():
    rng = np.random.default_rng(0)
    actions = [np.repeat([0, 1], 20)] * 8
    kinds = [np.full(40, i // 2 % 2) for i in range(8)]
    videos = [
        np.c_[4 * own, 4 * kind] + rng.normal(size=(40, 2))
        for own, kind in zip(actions, kinds)
    ]
    shared, apart = (
        carried_information(lambda i: [videos[i]], labels, 2)
        for labels in (actions, kinds)
    )
    assert shared > 0.4
    assert apart < 0
    # the other videos know both equally well
    known = [
        held_out_information(lambda i: [videos[i]], labels, 2)
        for labels in (actions, kinds)
    ]
    assert known[0] == pytest.approx(known[1], abs=0.05)


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_effective_actions_are_those_of_the_entropy(seed, n_actions):
    labels = draw(seed, 4, n_actions)
    known = [code for path in labels for code in path.tolist() if code >= 0]
    expected = 0.0
    if known:
        shares = [known.count(code) / len(known) for code in set(known)]
        expected = np.prod([share**-share for share in shares])
    assert effective_actions(labels) == pytest.approx(expected)
    words = np.array(["cut", "mix", "fry", "eat", "rest", "background"])
    named = {f"r{i}": words[path] for i, path in enumerate(labels)}
    assert effective_actions(named) == pytest.approx(expected)


def test_equal_shares_give_the_number_of_actions():
    for n_actions in range(1, 30):
        assert effective_actions(np.arange(2 * n_actions) // 2) == n_actions


@pytest.mark.parametrize(
    ("labels", "n_actions", "is_zero"),
    [
        ([0, 0, 0, 0], 1, False),
        ([0, 0, 0, 0], 2, True),
        ([0, 0, 0, 1], 2, False),
        ([0, 0, 0, 0, 0, 0, 0, 1], 3, True),
        ([0, 0, 0, 1], 4, True),
        ([0, 0, 1, 1], 4, False),
        ([-1, -1, -1, -1], 2, True),
    ],
)
def test_only_a_collapse_scores_0(labels, n_actions, is_zero):
    videos = [np.arange(len(labels), dtype=float)[:, None]] * 2
    paths = [np.array(labels)] * 2
    found = transfer_score(lambda i: [videos[i]], paths, n_actions)
    assert (found == 0) == is_zero
    if not is_zero:
        information = carried_information(lambda i: [videos[i]], paths, n_actions)
        assert found == pytest.approx(np.exp(information))


@pytest.mark.filterwarnings("ignore:Actions ", "ignore:.* recordings show fewer")
def test_a_search_prefers_any_fit_to_a_collapse():
    """Labels without relation to the features score below 1, but above a collapse."""
    rng = np.random.default_rng(0)
    videos = []
    for n_frames in (60, 70, 80, 90, 100, 110):
        scales = np.where(rng.random(n_frames) < 0.05, 5, 0.1)
        videos.append(scales[:, None] * rng.normal(size=(n_frames, 3)))
    collapse = KMeansSegmenter(3, switch_cost=1e6, random_state=0)
    for scoring in (None, label_free_scorer):
        search = GridSearchCV(
            Pipeline([("segmenter", collapse)]),
            {"segmenter": [collapse, EqualPartsSegmenter(3)]},
            scoring=scoring,
            cv=KFold(2),
        ).fit(videos)
        collapsed, useless = search.cv_results_["mean_test_score"]
        assert collapsed == 0 < useless < 1
        assert search.best_index_ == 1
