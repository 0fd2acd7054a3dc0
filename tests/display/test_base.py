"""What all displays have in common."""

import sys

import numpy as np
import pytest

import skl_tot

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
    assert getattr(skl_tot, type(display).__name__) is type(display)
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
