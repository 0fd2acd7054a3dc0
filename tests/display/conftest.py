import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def pyplot():
    plt.switch_backend("Agg")
    plt.close("all")  # which examples of docstrings leave
    yield plt
    plt.close("all")
