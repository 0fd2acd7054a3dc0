"""Short fits, and recordings without an order, for commands and pages."""

import pytest

from skl_tot.datasets import make_activities


@pytest.fixture(scope="module", autouse=True)
def _short_fits(short_networks):
    pass


@pytest.fixture(scope="session")
def free_videos():
    options = {"n_features": 6, "mean_length": 30, "order": "free", "random_state": 0}
    return make_activities(8, 4, **options)[0]
