import numpy as np
import pytest

from skl_tot.recordings import Recordings


@pytest.fixture
def several():
    """Labels of three recordings by name."""
    return {
        "take 1": np.repeat(["reach", "pour, hot", "reach"], [7, 31, 4]),
        'b "2"': np.repeat(["pour, hot", "background"], [3, 9]),
        "3": np.array(["stir"]),
    }


@pytest.fixture
def sure(several):
    """Confidences of these labels."""
    return {name: np.linspace(0.2, 0.9, len(y)) for name, y in several.items()}


@pytest.fixture
def clocks(several):
    """Recordings whose frames come when they like, the first after 5 s or so."""
    rng = np.random.default_rng(0)
    times = []
    for y in several.values():
        steps = rng.choice([0.02, 0.05, 0.05, 0.06, 1.3], size=len(y))
        times.append(5 + np.cumsum(steps))
    return Recordings(list(several.values()), list(several), fps=20, times=times)
