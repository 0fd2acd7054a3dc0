"""Differences of groups in resampled fits: made to hold, or found in one fit alone."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skl_tot import AutoSegmenter, GuidedSegmenter, HMMSegmenter, compare_refits
from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.corrections import merge, rename
from skl_tot.meta import is_quick
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
    members = [("hmm", HMMSegmenter(order="free")), ("parts", EqualPartsSegmenter())]
    model = AutoSegmenter("auto", candidates=members, refine=False, random_state=0)
    model.fit(takes)
    table = compare_refits(model, takes, GROUPS, n_fits=2, n_permutations=99)
    assert table["holds"].between(0, 2).all()
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
    guided = GuidedSegmenter(KMeansSegmenter(4, random_state=0)).fit(takes, y)
    with pytest.raises(TypeError, match="'GuidedSegmenter', expected a model that le"):
        compare_refits(guided, takes, GROUPS)
