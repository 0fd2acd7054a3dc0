"""Trust in labels that are made right or wrong; differences that are made to hold."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skl_tot import (
    ActivitySegmenter,
    AutoSegmenter,
    CyclicSegmenter,
    HMMSegmenter,
    SemiSupervisedSegmenter,
    compare_refits,
    rate_trust,
)
from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.corrections import merge, rename
from skl_tot.datasets import make_activities
from skl_tot.meta import HEADLINES, is_quick, rate_share
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.statistics import compare_groups, describe_pairs, is_different

GROUPS = ["a"] * 8 + ["b"] * 8
QUICK = {"n_permutations": 999, "n_fits": 5}


@pytest.fixture(scope="module")
def takes():
    """A turn, which lasts twice as long in the second half, amid noise alone."""
    random, videos = np.random.default_rng(2), []
    for i in range(16):
        n_turn = 12 + 12 * (i >= 8)
        means = np.zeros((68 + n_turn, 3))
        means[30 : 30 + n_turn, 0] = 8
        videos.append(means + random.normal(size=means.shape))
    return Recordings(videos, [f"take {i}" for i in range(16)], fps=10)


@pytest.fixture(scope="module")
def model(takes):
    return KMeansSegmenter(4, random_state=0).fit(takes)


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


def test_a_real_difference_holds(takes, model):
    """The turn is one action in each fit, and the noise is cut as it happens."""
    turn = model.predict(takes)["take 0"][35]
    table = compare_refits(model, takes, GROUPS, **QUICK)
    plain = compare_groups(model.predict(takes), GROUPS, n_permutations=999)
    columns = ["measure", "action", "first", "second", "difference"]
    pd.testing.assert_frame_equal(table[columns], plain[columns])
    found = table[is_different(table)]
    assert set(found["action"]) == {turn}
    assert set(found["holds"]) == set(found["fits"]) == {5}
    (said,) = describe_pairs(table)
    assert f"{len(found)} of {len(table)} comparisons differ (q < 0.05)" in said
    assert "and hold in at least 4 of 5 resampled fits" in said


def test_a_difference_of_one_fit_does_not_hold(takes, model):
    """Groups are chosen by a part of the noise, so that they differ in this fit."""
    paths = model.predict(takes)
    part = next(k for k in range(4) if k != paths["take 0"][35])
    shares = np.array([(path == part).mean() for path in paths])
    groups = np.where(shares > np.median(shares), "much", "little")
    table = compare_refits(model, takes, groups, n_jobs=2, **QUICK)
    (said, note) = describe_pairs(compare_groups(paths, groups))
    assert "much, 2 of 24" in said or "little, 2 of 24" in said
    assert "--refits 10" in note
    assert (table["q"] < 0.05).sum() == 2
    assert not is_different(table).any()
    (said,) = describe_pairs(table)
    assert "0 of 24 comparisons" in said
    assert "; 2 more differ in the labels of this fit alone" in said
    again = compare_refits(model, takes, groups, **QUICK)
    pd.testing.assert_frame_equal(table, again)


@pytest.mark.filterwarnings("ignore:.*n_permutations=99? is so few")
def test_subjects_are_drawn_whole_and_within_their_groups(takes):
    """The recordings of each fit, as a model sees them."""
    seen = []

    class Spy(EqualPartsSegmenter):
        def fit(self, X, y=None):
            seen.append([int(frames[0, 0]) for frames in X])
            return super().fit(X, y)

    videos = [np.full((6, 1), float(i)) for i in range(12)]
    model = EqualPartsSegmenter(2).fit(videos)
    model.__class__ = Spy
    people = [i // 2 for i in range(12)]
    compare_refits(model, videos, GROUPS[2:14], people, n_permutations=9, n_fits=8)
    assert len(seen) == 8
    for drawn in seen:
        own = np.array(drawn).reshape(6, 2)
        assert (own[:, 0] % 2 == 0).all()
        assert (own[:, 1] == own[:, 0] + 1).all()  # both of a person
        assert (own < 6).sum() == 6  # three people of each group
    assert len({tuple(drawn) for drawn in seen}) > 4
    seen.clear()
    before = ["before", "after"] * 6
    compare_refits(model, videos, before, people, n_permutations=9, n_fits=2)
    assert all((np.diff(drawn)[::2] == 1).all() for drawn in seen)


def test_corrected_labels_and_pipelines(takes, model):
    """Merged actions take the frames of both; names and steps make no difference."""
    kept = [k for k in range(4) if k != model.predict(takes)["take 0"][35]]
    merged = rename(merge(model, kept), ["rest", "turn"])
    found = compare_refits(merged, takes, GROUPS, **QUICK)
    assert set(found["action"]) == {"rest", "turn"}
    assert (found.loc[is_different(found), "holds"] == 5).all()
    assert is_different(found).sum() >= 2
    steps = make_pipeline(FunctionTransformer(), KMeansSegmenter(4, random_state=0))
    table = compare_refits(steps.fit(list(takes)), list(takes), GROUPS, **QUICK)
    same = compare_refits(model, takes, GROUPS, **QUICK)
    assert table["holds"].tolist() == same["holds"].tolist()


def test_a_vote_keeps_its_reading(takes):
    members = [("looks", KMeansSegmenter()), ("parts", EqualPartsSegmenter())]
    model = AutoSegmenter("auto", candidates=members, refine=False, random_state=0)
    model.fit(takes)
    table = compare_refits(model, takes, GROUPS, n_fits=1, n_permutations=99)
    assert table["holds"].between(0, 1).all()
    assert set(table["action"]) == set(range(model.n_actions_))
    assert not is_quick(model)


def test_refusals(takes, model):
    for options, message in [
        ({"n_fits": 0}, "n_fits is 0, expected a positive integer"),
        ({"labels": [[0, 1]]}, "the number of labels is 1, expected 16, as of X"),
    ]:
        with pytest.raises(ValueError, match=message):
            compare_refits(model, takes, GROUPS, **options)
    y = [model.predict(takes)["take 0"]] + [None] * 15
    guided = SemiSupervisedSegmenter(KMeansSegmenter(4, random_state=0)).fit(takes, y)
    with pytest.raises(
        TypeError, match="'SemiSupervisedSegmenter', expected a model that le"
    ):
        compare_refits(guided, takes, GROUPS)
