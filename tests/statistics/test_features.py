"""Features: profiles of actions and which tell them, against loops and as planted."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from skl_tot.recordings import Recordings
from skl_tot.statistics import telling_features
from skl_tot.statistics.features import (
    _is_above_chance,
    action_profiles,
    describe_useless,
)

PLANTED = ["b", "middle", "ramp", "offset", "noise", "constant", "other noise"]


def planted(n_videos, n_rounds=1, seed=0):
    """Recordings of a, b, c, and a again: which features tell what is known."""
    rng = np.random.default_rng(seed)
    videos, labels = [], []
    for _ in range(n_videos):
        lengths = rng.integers(12, 30, 4 * n_rounds)
        path = np.repeat(np.tile(list("abca"), n_rounds), lengths)
        noise = rng.normal(size=(len(path), 7))
        noise[:, 0] += 6 * (path == "b")
        noise[:, 1] += 6 * np.array(["bac".index(name) for name in path])
        noise[:, 2] = np.arange(len(path)) / len(path)
        noise[:, 3] = 0.01 * noise[:, 3] + 100 * rng.normal()
        noise[:, 5] = 7
        videos.append(noise)
        labels.append(path)
    return videos, labels


@pytest.mark.parametrize(
    ("n_videos", "n_rounds", "total"),
    [
        (12, 2, 13.6493),
        (2, 8, 13.1757),
        (1, 16, 12.8528),
    ],
)
def test_planted(n_videos, n_rounds, total):
    videos, labels = planted(n_videos, n_rounds)
    frames = [pd.DataFrame(video, columns=PLANTED) for video in videos]
    table = telling_features(frames, labels)
    assert table["action"].tolist() == [name for name in "abc" for _ in PLANTED]
    assert table["rank"].tolist() == 3 * [*range(1, 8)]
    assert_allclose(table["score"].sum(), total, rtol=1e-5)
    scores = table.pivot(index="feature", columns="action", values="score")
    assert scores.loc["b", "b"] > 0.93
    assert (scores.loc["middle"] > 0.93).all()  # between its neighbours, too
    assert table.groupby("action")["feature"].first().tolist()[0] == "middle"
    nothing = {"offset", "noise", "constant", "other noise"}
    assert nothing - {"other noise"} <= set(table[table["carries_nothing"]]["feature"])
    assert not table[table["carries_nothing"]]["tells"].any()
    for seed in range(2):  # few recordings tell nothing by chance
        few = telling_features(*planted(3, seed=seed), feature_names=PLANTED)
        assert not few.loc[few["feature"].str.contains("noise"), "tells"].any()
    assert (scores.loc["constant"] == 0.5).all()
    kept = table[table["feature"].isin(["b", "middle"])]
    assert not kept["carries_nothing"].any()
    sentence = describe_useless(table)
    assert "of 7 signals separate no action from its neighbours: " in sentence
    assert "constant, noise, of" in sentence


def test_by_hand():
    # the first recording is learned from the second, and the second from the first
    videos = [[[0], [1], [2], [3]], [[0], [3], [2], [1]]]
    labels = [[7, 7, 8, 8], [7, 7, 8, 8]]
    table = telling_features(videos, labels).set_index("action")
    # of the nearer halves: 0, 1 against 2, then 0, 3 against 2; and 1, then 3, of 2, 3
    # and of 2, 1. By the other recording 1 and 3 are unknown or wrong
    assert table.loc[7, "score"] == pytest.approx(np.mean([0.875, 0.875]))


def test_mixed_values_count_by_their_shares():
    """3/4 of own frames are right; of the nearer halves beside, all and a half."""
    video, path = np.array([1, 1, 1, 0, 0, 0, 0, 1])[:, None], [7] * 4 + [8] * 4
    table = telling_features([video] * 2, [path] * 2)
    assert table["score"].tolist() == [7 / 8, 5 / 8]


def test_background_is_passed_over_and_breaks_are_not():
    rng = np.random.default_rng(0)
    labels = [np.repeat(["a", "background", "b", "a"], 10)] * 10
    videos = [(rng.normal(size=40) + 9 * (path == "b"))[:, None] for path in labels]
    table = telling_features(videos, labels).set_index("action")
    assert table.index.tolist() == ["a", "b"]
    assert table.loc["b", "score"] > 0.93
    cut = Recordings(videos, breaks=[[20, 30]] * 10)
    alone = telling_features(cut, labels)
    assert alone["score"].isna().all()
    assert not alone["carries_nothing"].any()
    assert describe_useless(alone).startswith("There are too few segments")
    half = telling_features(Recordings(videos, breaks=[[20]] * 10), labels)
    assert half["score"].notna().all()


@pytest.mark.parametrize("halves", [[0, 0, 1, 1], [1, 1, 0, 0]])
def test_either_half_is_above_chance_beyond_its_spread(halves):
    scores = np.array([[0.4, 0.5], [0.6, 0.5], [0.9, 0.5], [0.91, 0.6]])
    found = _is_above_chance(scores, np.array(halves), 0.05)
    assert found.tolist() == [True, False]


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("offset", [0, 1e6])
def test_profiles_by_hand(text, offset):
    rng = np.random.default_rng(0)
    videos = [offset + rng.normal(size=(n, 4)) * [1, 2, 3, 0] for n in (23, 40, 7)]
    labels = [np.sort(rng.integers(-1, 3, len(video))) for video in videos]
    labels[0][:3] = 2  # that returns
    if text:
        words = np.array(["pour", "add", "stir", "background"])
        labels = [words[path] for path in labels]
    found = action_profiles(videos, labels)
    actions = ["add", "pour", "stir"] if text else [0, 1, 2]
    assert found.actions == actions
    frames = np.concatenate(videos)
    spread = frames.std(axis=0)
    spread[3] = np.inf
    for k, action in enumerate(actions):
        own = []
        for video, path in zip(videos, labels):
            for t in range(len(video)):
                if path[t] == action:
                    own.append(video[t])
        expected = (np.mean(own, axis=0) - frames.mean(axis=0)) / spread
        assert_allclose(found.means[k], expected, atol=1e-8)
    assert (found.means[:, 3] == 0).all()


def test_profiles_of_what_is_constant_but_for_rounding():
    videos = [np.array([[0.1 + 0.2], [0.3], [0.3]])]
    assert action_profiles(videos, [[0, 1, 1]]).means.tolist() == [[0], [0]]
