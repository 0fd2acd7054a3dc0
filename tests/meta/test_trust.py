"""Trust in labels that are made right or wrong."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter, rate_trust
from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter, MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.meta.trust import HEADLINES, rate_share
from skl_tot.metrics import mof_score


@pytest.fixture(scope="module")
def easy():
    """Recordings whose four actions any method finds, with a model and its labels."""
    videos, _ = make_activities(
        n_videos=12, n_actions=4, mean_length=40, noise=0.3, random_state=0
    )
    model = HMMSegmenter(4, order="strict").fit(videos)
    return videos, model, model.predict(videos)


@pytest.mark.parametrize(
    ("share", "level"), [(0.35, "middle"), (0.45, "low"), (0.6, "low")]
)
def test_levels_of_labels_made_wrong(easy, share, level):
    """A share of the frames gets other actions; other methods find the true ones."""
    videos, _, paths = easy
    model = HMMSegmenter(4, order="free", random_state=0).fit(videos)
    wrong = []
    for path in paths:
        frames = np.arange(len(path))
        others = (path + 1 + frames % 3) % 4
        wrong.append(np.where(frames % 20 < 20 * share, others, path))
    found = rate_trust(model, videos, wrong)
    assert found["level"] == level
    assert found["agreement"] == pytest.approx(mof_score(paths, wrong), abs=0.03)
    assert found["agreement"] == min(found["methods"].values())
    assert found["sentences"][0] == HEADLINES[level]


def test_collapsed_and_squeezed_labels_are_not_trusted(easy):
    videos, model, paths = easy
    for share in (1, 0.97):  # of one action, by which k-means cannot tell them
        one = [np.where(np.arange(len(p)) < share * len(p), 0, 1) for p in paths]
        found = rate_trust(model, videos, one)
        assert found["level"] == "low"
    squeezed = []
    for path in paths:
        (frames,) = np.nonzero(path == 3)
        squeezed.append(np.where(np.isin(np.arange(len(path)), frames[1:]), 2, path))
    found = rate_trust(model, videos, squeezed)
    assert found["agreement"] > 0.6
    assert found["level"] == "low"
    names = [np.array(list("abcd"))[path] for path in squeezed]
    assert rate_trust(model, videos, names) == found
    assert rate_trust(model, videos[:5], squeezed[:5])["level"] == "low"


def test_labels_that_are_no_more_than_equal_parts_are_not_trusted():
    videos, _ = make_activities(
        12, 4, mean_length=40, noise=0.3, unevenness=0.1, random_state=0
    )
    model = HMMSegmenter(4, order="strict").fit(videos)
    equal = EqualPartsSegmenter(4).fit(videos)
    found = rate_trust(model, videos)
    assert found["level"] == "middle"
    assert found["equal_parts"] == mof_score(equal.labels_, model.labels_)
    found = rate_trust(equal, videos)
    assert (found["level"], found["equal_parts"]) == ("low", 1)
    assert found["agreement"] > 0.9
    free = HMMSegmenter(4, order="free", random_state=0).fit(videos)
    found = rate_trust(free, videos, equal.labels_)
    assert (found["level"], found["equal_parts"]) == ("middle", None)


def test_other_methods_are_unlike_the_model(easy):
    videos, paths = easy[0][:6], easy[2]
    states = "a hidden Markov model"
    looks, free = "k-means", f"{states} without an order"
    strict, mostly = f"{states} in strict order", f"{states} with an order"
    again = " with one scale for all"
    cycles = [np.concatenate(videos[:4])]
    cyclic = {"order": "mostly", "decoding": "cyclic"}
    kmeans = KMeansSegmenter(4, decoding="cyclic")
    piped = make_pipeline(FunctionTransformer(), HMMSegmenter(4, order="mostly"))
    # models, recordings, other methods, and whether there is a course
    for model, X, expected, has_course in [
        (KMeansSegmenter(4), videos, [free, free + again], False),
        (kmeans, cycles, [free, free + again], False),
        (HMMSegmenter(4, order="free"), videos, [looks, looks + again], False),
        (HMMSegmenter(4, **cyclic), cycles, [looks, looks + again], False),
        (piped, videos, [looks, looks + again], True),
        (EqualPartsSegmenter(4), videos, [looks, strict], True),
        (MallowSegmenter(4, order="mostly"), videos, [looks, mostly], True),
        (MallowSegmenter(4, **cyclic), cycles, [looks, free], False),
    ]:
        rating = rate_trust(model.fit(X), X)
        assert list(rating["methods"]) == expected
        assert (rating["equal_parts"] is not None) == has_course
    guided = SemiSupervisedSegmenter(KMeansSegmenter(4))
    guided.fit(videos, [paths[0]] + [None] * 5)
    rating = rate_trust(guided, videos)
    shown = [
        posterior[np.arange(len(path)), path]
        for posterior, path in zip(
            guided.predict_posterior(videos), guided.predict(videos)
        )
    ]
    assert rating["agreement"] == pytest.approx(np.concatenate(shown).mean())
    assert rating["level"] == rate_share(rating["agreement"])
    assert rate_trust(HMMSegmenter(1).fit(videos), videos) is None
    model = EqualPartsSegmenter(4).fit(videos)
    assert rate_trust(model, [video[:3] for video in videos]) is None


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
