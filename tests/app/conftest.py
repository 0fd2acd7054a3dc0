"""A vote with two alternatives, for commands and pages."""

import pytest

from skl_tot import AutoSegmenter, HMMSegmenter
from skl_tot.baselines import KMeansSegmenter
from skl_tot.datasets import make_activities
from skl_tot.meta.vote import Plan

CANDIDATES = [
    ("hmm", HMMSegmenter(order="strict")),
    ("second", HMMSegmenter(order="strict", n_components=5)),
    ("third", HMMSegmenter(order="strict", max_iter=20)),
    ("free", HMMSegmenter(order="free", random_state=0)),
    ("k-means", KMeansSegmenter(switch_cost="auto")),
]


def plans_of(order, words, **_):
    """Members of a view that fit at once."""
    hmm = HMMSegmenter(order=order)
    parts = KMeansSegmenter(switch_cost="auto")
    return [Plan(("HMM", *words), estimator=hmm), Plan(("k", *words), estimator=parts)]


@pytest.fixture
def _quick_votes(monkeypatch):
    monkeypatch.setattr("skl_tot.meta.auto.default_plans", plans_of)


@pytest.fixture(scope="session")
def free_videos():
    options = {"n_features": 6, "mean_length": 30, "order": "free", "random_state": 0}
    return make_activities(8, 4, **options)[0]


@pytest.fixture(scope="session")
def open_vote(free_videos):
    """A vote of two groups, in order and without one."""
    vote = AutoSegmenter(4, candidates=CANDIDATES, order="mostly", random_state=0)
    model = vote.fit(free_videos)
    assert [own.name for own in model.alternatives_] == ["most members", "mixed"]
    return model
