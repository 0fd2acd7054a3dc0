"""What all displays have in common, and heat maps of pseudo-labels."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

import skl_tot
from skl_tot import PseudoLabelDisplay

LABELS = [["cut", "mix", "cut"], ["cut", "bake"]]
DISPLAYS = [
    skl_tot.SegmentationDisplay(y_pred=LABELS),
    skl_tot.PseudoLabelDisplay(np.eye(3), labels=[0, 1, 2]),
]
IDS = [type(display).__name__ for display in DISPLAYS]


@pytest.mark.parametrize("display", DISPLAYS, ids=IDS)
def test_draws_on_given_axes_or_on_its_own(display, pyplot, monkeypatch):
    figure, ax = pyplot.subplots()
    assert display.plot(ax=ax) is display
    assert (display.ax_, display.figure_) == (ax, figure)
    assert pyplot.get_fignums() == [figure.number]
    display.plot()
    assert display.ax_ is not ax
    assert display.figure_ is display.ax_.figure
    display.figure_.draw_without_rendering()
    n_figures = len(pyplot.get_fignums())
    with pytest.raises(TypeError):
        display.plot(ax=3)
    assert len(pyplot.get_fignums()) == n_figures
    for name in ("matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install .*\[plot\]"):
        display.plot()


@pytest.mark.parametrize("display", DISPLAYS, ids=IDS)
def test_rates(display):
    assert display.plot().ax_.get_xlabel() == "frame"
    left, right = display.ax_.get_xlim()
    assert display.plot(fps=2).ax_.get_xlabel() == "time (s)"
    assert display.ax_.get_xlim() == (left / 2, pytest.approx(right / 2))


class Model:
    def predict(self, X):
        return np.arange(len(X)) * 2 // len(X)

    def pseudo_labels(self, X):
        return np.eye(2)[self.predict(X)]


def test_a_heat_map_of_an_estimator():
    display = PseudoLabelDisplay.from_estimator(Model(), np.zeros((6, 3)), fps=2)
    ax = display.ax_
    assert_allclose(display.im_.get_array(), np.eye(2)[[0, 0, 0, 1, 1, 1]].T)
    assert display.im_.get_extent() == [0, 3, 1.5, -0.5]
    assert display.im_.get_clim() == (0, 1)
    assert ax.get_ylabel() == "action"
    bottom, top = ax.get_ylim()
    assert bottom > top  # action 0 is above
    (path,) = ax.patches
    assert_allclose(path.get_data().values, [0, 0, 0, 1, 1, 1])
    assert_allclose(path.get_data().edges, np.arange(7) / 2)
    colorbar = [other for other in display.figure_.axes if other is not ax]
    assert [other.get_ylabel() for other in colorbar] == ["probability"]


def test_background_has_no_path(pyplot):
    figure, ax = pyplot.subplots()
    codes = np.full((4, 2), 0.5)
    labels = [0, -1, -1, 1]
    PseudoLabelDisplay(codes, labels=labels).plot(ax=ax, colorbar=False)
    assert figure.axes == [ax]
    assert_allclose(ax.patches[0].get_data().values, [0, np.nan, np.nan, 1])
    assert len(PseudoLabelDisplay(codes).plot().ax_.patches) == 0
