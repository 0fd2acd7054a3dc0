"""What recordings tell without labels, by sums written out part by part."""

import numpy as np
import pytest

import skl_tot
from skl_tot.datasets import make_activities
from skl_tot.preprocessing.look import LEAST_COURSE
from skl_tot.recordings import Recordings

FAMILIES = {
    "strict": {},
    "missing": {"missing": 1 / 3},
    "alike": {"n_actions": 5, "alike": True},
    "free": {"order": "free"},
}


def cycles(n_cycles):
    """Recordings that repeat four actions, from anywhere in the cycle."""
    rng = np.random.default_rng(0)
    looks, found = rng.normal(size=(4, 6)), []
    for _ in range(10):
        path = np.repeat(np.tile(np.arange(4), n_cycles + 1), 25)
        start = rng.integers(100)
        path = path[start : start + 100 * n_cycles]
        found.append(looks[path] + 0.5 * rng.normal(size=(len(path), 6)))
    return found


def share_explained(videos):
    """Share of the looks of inner parts that the others' at the same time explain."""
    joined = np.concatenate(videos)
    mean, scale = joined.mean(axis=0), joined.std(axis=0)
    looks = []
    for video in videos:
        parts = np.split((video - mean) / scale, 16)[2:-2]
        spreads = [np.log(x.var(axis=0) + 0.01) / 2 for x in parts]
        looks.append([[*x.mean(axis=0), *y] for x, y in zip(parts, spreads)])
    looks = np.array(looks)
    looks -= looks.mean(axis=1, keepdims=True)
    rest = np.zeros(looks.shape[2])
    for i, j in np.ndindex(looks.shape[:2]):
        others = np.delete(looks[:, j], i, axis=0).mean(axis=0)
        rest += (looks[i, j] - others) ** 2
    return np.maximum(0, 1 - rest / (looks**2).sum(axis=(0, 1))).mean()


class TestCourse:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_found(self, family):
        videos, _ = make_activities(20, random_state=0, **FAMILIES[family])
        found = skl_tot.look(videos, 5)
        assert found.order == ("free" if family == "free" else "mostly")
        assert (found.course > LEAST_COURSE) == (family != "free")
        assert not found.is_raw
        assert found.window is None
        assert f"{100 * found.course:.1f}%" in found.sentences()[0]

    def test_none_in_cycles(self):
        """A cycle of actions is no period of a signal, which windows cover."""
        found = skl_tot.look(cycles(9), 4)
        assert found.order == "free"
        assert found.n_repeats == pytest.approx(9, rel=0.2)

    @pytest.mark.parametrize("order", ["strict", "free"])
    def test_equals_sums(self, order):
        options = {"n_features": 3, "mean_length": 160, "order": order}
        videos, _ = make_activities(12, 3, **options, random_state=1)
        videos = [video[: len(video) // 16 * 16].astype(float) for video in videos]
        assert skl_tot.look(videos, 3).course == pytest.approx(share_explained(videos))


def test_counts_segments_and_their_lengths():
    labels = np.repeat(np.tile([0, 1, 2], 4), 20)
    rng = np.random.default_rng(0)
    videos = []
    for _ in range(5):
        videos.append(10 * np.eye(3)[labels] + 0.1 * rng.normal(size=(240, 3)))
    found = skl_tot.look(videos, 3)
    assert found.returns == pytest.approx(4)
    assert found.bout == 20
    timed = skl_tot.look(Recordings(videos, fps=10), 3)
    assert "2 s" in timed.sentences()[1]
