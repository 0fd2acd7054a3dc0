"""Short fits, and recordings without an order, for commands and pages."""

import pytest

from skl_tot import HMMSegmenter
from skl_tot.datasets import make_activities


@pytest.fixture(scope="module", autouse=True)
def _short_fits(short_networks):
    pass


@pytest.fixture(autouse=True)
def _one_clustering(monkeypatch):
    """A clustering of seconds less in place of the default ones of a learner."""
    quick = lambda *_, **__: [HMMSegmenter(3, order="free", random_state=0)]  # noqa: E731
    for module in ("corrections.semi_supervised", "app.review.teaching"):
        monkeypatch.setattr(f"skl_tot.{module}.default_estimators", quick)


@pytest.fixture(scope="session")
def free_videos():
    options = {"n_features": 6, "mean_length": 30, "order": "free", "random_state": 0}
    return make_activities(8, 4, **options)[0]
