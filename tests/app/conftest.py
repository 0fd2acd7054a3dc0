"""A vote that leaves two readings open, for commands and pages."""

import pytest

from skl_tot import AutoSegmenter, HMMSegmenter
from skl_tot.baselines import KMeansSegmenter, MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.meta.members import Plan


def plans_of(order, **_):
    """Members of a vote that fit at once."""
    other = MallowSegmenter(order="mostly")
    if order == "free":
        other = KMeansSegmenter(switch_cost="auto")
    return [Plan("hmm", HMMSegmenter(order=order)), Plan("other", other)]


@pytest.fixture
def _quick_votes(monkeypatch):
    monkeypatch.setattr("skl_tot.meta.auto.default_plans", plans_of)


@pytest.fixture(scope="session")
def free_videos():
    options = {"n_features": 6, "mean_length": 30, "order": "free", "random_state": 0}
    return make_activities(8, 4, **options)[0]


@pytest.fixture(scope="session")
def open_vote(free_videos):
    """A vote of recordings that are too few to show a course."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("skl_tot.meta.auto.default_plans", plans_of)
        model = AutoSegmenter(4, random_state=0).fit(free_videos)
    names = [own["name"] for own in model.readings_]
    assert names == ["with a course", "without a course"]
    return model
