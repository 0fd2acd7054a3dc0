"""Heat maps show pseudo-labels."""

import numpy as np
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

from skl_tot import PseudoLabelDisplay
from skl_tot.display.palette import COLOURS


class Model:
    def predict(self, X):
        return np.arange(len(X)) * 2 // len(X)

    def pseudo_labels(self, X):
        return np.eye(2)[self.predict(X)]


def test_of_an_estimator():
    display = PseudoLabelDisplay.from_estimator(Model(), np.zeros((6, 3)), fps=2)
    ax = display.ax_
    assert_allclose(display.im_.get_array(), np.eye(2)[[0, 0, 0, 1, 1, 1]].T)
    assert display.im_.get_extent() == [0, 3, 1.5, -0.5]
    assert display.im_.get_clim() == (0, 1)
    assert ax.get_ylabel() == "action"
    strips = [to_hex(strip.get_facecolor()[0]).upper() for strip in ax.collections]
    assert strips == list(COLOURS[:2])
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
    PseudoLabelDisplay.from_predictions(codes, labels, ax=ax, colorbar=False)
    assert figure.axes == [ax]
    assert_allclose(ax.patches[0].get_data().values, [0, np.nan, np.nan, 1])
    assert len(PseudoLabelDisplay(codes).plot().ax_.patches) == 0
