import os
from pathlib import Path

# before torch: its threads would wait for each other's cores in networks this small
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import settings

from skl_tot.datasets import load_action_dataset, make_activities

# Machines may be slow and busy; no test asserts a time.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
DATA = Path(os.environ.get("SKL_TOT_DATA", SHARED / "data"))


@pytest.fixture(scope="session")
def golden():
    """Inputs and outputs of the authors' code."""
    path = SHARED / "golden" / "tot_reference.npz"
    if not path.exists():
        pytest.skip("no golden vectors beside the repository")
    return np.load(path)


@pytest.fixture(scope="session")
def real_data():
    """Loader of a real data set by name, which skips where there is none."""

    def load(name):
        if not (DATA / name).is_dir():
            pytest.skip(f"no data set {name} in {DATA} (set SKL_TOT_DATA)")
        return load_action_dataset(DATA / name)

    return load


@pytest.fixture(scope="session")
def activity():
    """A small generated activity: videos and labels."""
    return make_activities(
        n_videos=6,
        n_actions=4,
        n_features=5,
        mean_length=60,
        unevenness=0.3,
        noise=0.3,
        random_state=0,
    )
