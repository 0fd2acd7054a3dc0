import numpy as np
import pytest
from scipy.special import softmax

from skl_tot.meta.activities import (
    choose_n_groups,
    count_words,
    group_bags,
    learn_vocabulary,
    mean_bags,
    nearest_bags,
)
from skl_tot.recordings import Recordings


def make_bags(n_groups, n_each, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(size=(n_groups, 12))
    bags = np.repeat(corners, n_each, axis=0)
    return bags + rng.normal(scale=noise, size=bags.shape)


class TestBags:
    def test_by_the_formula(self):
        rng = np.random.default_rng(0)
        video, centres = rng.normal(size=(40, 3)), rng.normal(size=(5, 3))
        vocabulary = {"centres": centres, "width": np.array(0.7)}
        distances = ((video[:, None] - centres) ** 2).sum(axis=2)
        expected = np.sqrt(softmax(-distances / 0.07, axis=1).mean(axis=0))
        for blocks in ([video], [video[:7], video[7:]]):
            np.testing.assert_allclose(count_words(blocks, vocabulary), expected)

    def test_of_length_one(self):
        rng = np.random.default_rng(1)
        vocabulary = {"centres": rng.normal(size=(5, 3)), "width": np.array(1e-12)}
        bag = count_words([rng.normal(size=(9, 3)).astype(np.float32)], vocabulary)
        assert np.linalg.norm(bag) == pytest.approx(1)


class TestVocabulary:
    def test_few_distinct_frames(self):
        video = np.repeat([[0.0, 1.0], [2.0, 3.0]], 10, axis=0)
        found = learn_vocabulary(Recordings([video, video]), np.random.RandomState(0))
        assert sorted(found["centres"].tolist()) == [[0, 1], [2, 3]]
        assert found["width"] > 0

    def test_long_videos_do_not_decide(self):
        rng = np.random.default_rng(0)
        short, long = rng.normal(size=(500, 2)), 50 + rng.normal(size=(60_000, 2))
        videos = Recordings([short] * 20 + [long])
        centres = learn_vocabulary(videos, np.random.RandomState(0))["centres"]
        assert (centres < 25).all(axis=1).sum() > 48

    def test_width_is_the_mean_squared_distance(self):
        video = np.random.default_rng(0).normal(size=(300, 2))
        found = learn_vocabulary(Recordings([video]), np.random.RandomState(0))
        distances = ((video[:, None] - found["centres"]) ** 2).sum(axis=2)
        assert found["width"] == pytest.approx(distances.min(axis=1).mean())


class TestGroups:
    @pytest.mark.parametrize("seed", range(4))
    def test_numbered_by_their_first(self, seed):
        bags = make_bags(4, 5)
        order = np.random.default_rng(seed).permutation(20)
        groups = group_bags(bags[order], 4, seed)
        first = [groups.tolist().index(k) for k in range(4)]
        assert first == sorted(first)
        for k in range(4):
            assert len(np.unique(order[groups == k] // 5)) == 1

    def test_nearest_mean_is_that_of_the_group(self):
        bags = np.random.default_rng(0).uniform(size=(200, 6))
        groups = group_bags(bags, 7, 0)
        np.testing.assert_array_equal(
            nearest_bags(bags, mean_bags(bags, groups)), groups
        )


class TestNumber:
    @pytest.mark.parametrize("n_groups", [2, 3, 5, 10])
    def test_groups_apart(self, n_groups):
        found, scores = choose_n_groups(make_bags(n_groups, 6), 0)
        assert found == n_groups
        assert scores[found] >= 0.95 * max(scores.values())

    def test_one_cloud(self):
        bags = np.random.default_rng(0).normal(size=(40, 12))
        assert choose_n_groups(bags, 0)[0] == 1

    @pytest.mark.parametrize("n_distinct", [1, 2])
    def test_too_few_to_choose(self, n_distinct):
        bags = np.eye(3)[:n_distinct].repeat(3, axis=0)
        assert choose_n_groups(bags, 0) == (n_distinct, None)

    @pytest.mark.parametrize(("n_bags", "n_groups"), [(1, 1), (2, 1), (3, 1), (4, 2)])
    def test_two_recordings_are_no_two_activities(self, n_bags, n_groups):
        bags = np.eye(3)[np.arange(n_bags) % 2]
        assert choose_n_groups(bags, 0) == (n_groups, None)

    def test_groups_are_not_cut_up(self):
        centres = np.array([[0.0, 0.0], [0.0, 0.05], [1.0, 0.0], [1.0, 0.05]])
        noise = np.random.default_rng(0).normal(scale=1e-4, size=(40, 2))
        found, scores = choose_n_groups(centres.repeat(10, axis=0) + noise, 0)
        assert found == 2
        assert scores[2] < scores[4]

    def test_at_most_half_of_the_bags(self):
        _, scores = choose_n_groups(np.random.default_rng(0).normal(size=(9, 4)), 0)
        assert list(scores) == [2, 3, 4]
