"""Trust in labels that are made right or wrong."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skl_tot import (
    ActivitySegmenter,
    CyclicSegmenter,
    HMMSegmenter,
    SemiSupervisedSegmenter,
    rate_trust,
)
from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.datasets import make_activities
from skl_tot.meta import HEADLINES, rate_share
from skl_tot.metrics import mof_score


@pytest.fixture(scope="module")
def easy():
    """Recordings whose four actions any method finds, with a model and its labels."""
    videos, _ = make_activities(n_videos=12, n_actions=4, noise=0.3, random_state=0)
    model = HMMSegmenter(4, order="strict").fit(videos)
    return videos, model, model.predict(videos)


@pytest.mark.parametrize(
    ("share", "level"), [(0.0, "high"), (0.35, "high"), (0.45, "middle"), (0.6, "low")]
)
def test_levels_of_labels_made_wrong(easy, share, level):
    """A share of the frames gets other actions; other methods find the true ones."""
    videos, model, paths = easy
    wrong = []
    for path in paths:
        frames = np.arange(len(path))
        others = (path + 1 + frames % 3) % 4
        wrong.append(np.where(frames % 20 < 20 * share, others, path))
    found = rate_trust(model, videos, wrong)
    assert found["level"] == level
    assert found["agreement"] == pytest.approx(mof_score(paths, wrong), abs=0.03)
    assert found["agreement"] == min(found["methods"].values())
    first, reason, expected = found["sentences"]
    assert first == HEADLINES[level]
    share = 100 * found["methods"]["k-means"]
    assert f"k-means agrees on {share:.0f} % of the frames, and" in reason
    assert "% of the frames right" in expected


def test_collapsed_and_squeezed_labels_are_not_trusted(easy):
    videos, model, paths = easy
    for share in (1, 0.97):  # of one action, by which k-means cannot tell them
        one = [np.where(np.arange(len(p)) < share * len(p), 0, 1) for p in paths]
        found = rate_trust(model, videos, one)
        assert found["level"] == "low"
        assert " of 4 actions are in effect." in found["sentences"][2]
    squeezed = []
    for path in paths:
        (own,) = np.nonzero(path == 3)
        squeezed.append(np.where(np.isin(np.arange(len(path)), own[1:]), 2, path))
    found = rate_trust(model, videos, squeezed)
    assert found["agreement"] > 0.6
    assert found["level"] == "middle"
    assert (
        found["sentences"][-1] == "Fixed order squeezes an action in many recordings."
    )
    names = [np.array(list("abcd"))[path] for path in squeezed]
    assert rate_trust(model, videos, names) == found


def test_other_methods_are_unlike_the_model(easy):
    videos, _, paths = easy
    looks, in_order, free = "k-means", "with an order", "without an order"
    cycles = [np.concatenate(videos[:4])]
    for model, X, expected in [
        (KMeansSegmenter(4, random_state=0), videos, (in_order, free)),
        (HMMSegmenter(4, order="mostly"), videos, (looks, free)),
        (HMMSegmenter(4, order="free"), videos, (looks, in_order)),
        (CyclicSegmenter(4, estimator=HMMSegmenter()), cycles, (looks, free)),
        (ActivitySegmenter(HMMSegmenter(4), 1), videos, (looks, free)),
        (make_pipeline(FunctionTransformer(), HMMSegmenter(4)), videos, (looks, free)),
    ]:
        names = list(rate_trust(model.fit(X), X)["methods"])
        assert len(names) == 2
        assert all(own in name for own, name in zip(expected, names))
    guided = SemiSupervisedSegmenter(KMeansSegmenter(4)).fit(
        videos, [paths[0]] + [None] * 11
    )
    assert rate_trust(guided, videos) is None
    assert rate_trust(HMMSegmenter(1).fit(videos), videos) is None
    model = EqualPartsSegmenter(4).fit(videos)
    assert rate_trust(model, [video[:3] for video in videos]) is None
    with pytest.raises(ValueError, match="the number of labels is 1, expected 12"):
        rate_trust(model, videos, [paths[0]])


def test_long_recordings_are_thinned(monkeypatch, easy):
    """Other methods see some frames of ten of the recordings, with their labels."""
    videos, model, paths = easy
    seen = []
    fit = KMeansSegmenter.fit
    monkeypatch.setattr(
        KMeansSegmenter, "fit", lambda self, X, y=None: seen.append(X) or fit(self, X)
    )
    monkeypatch.setattr("skl_tot.meta.trust.MOST_FRAMES", sum(map(len, paths)) // 4)
    found = rate_trust(model, videos, paths)
    assert len(seen[0]) == 10
    assert sum(map(len, seen[0])) < 1.5 * sum(map(len, paths)) / 4
    assert found["agreement"] > 0.95


def test_levels_of_shares_by_people():
    shares = [0.0, 0.59, 0.6, 0.79, 0.8, 1.0]
    expected = ["low", "low", "middle", "middle", "high", "high"]
    assert list(map(rate_share, shares)) == expected
