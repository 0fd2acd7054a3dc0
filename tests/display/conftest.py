import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def pyplot():
    plt.switch_backend("Agg")
    yield plt
    plt.close("all")
