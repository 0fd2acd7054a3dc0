import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import PseudoLabelDisplay, TemporalOTSegmenter
from skl_tot.display.palette import COLOURS


class Model:
    """Two actions that change half-way."""

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
    bottom, top = ax.get_ylim()
    assert bottom > top  # action 0 is above
    (path,) = ax.patches
    assert_allclose(path.get_data().values, [0, 0, 0, 1, 1, 1])
    assert_allclose(path.get_data().edges, np.arange(7) / 2)
    colorbar = [other for other in display.figure_.axes if other is not ax]
    assert [other.get_ylabel() for other in colorbar] == ["probability"]


def test_of_a_fitted_segmenter(activity):
    videos, _ = activity
    model = TemporalOTSegmenter(n_actions=4, max_iter=5).fit(videos)
    display = PseudoLabelDisplay.from_estimator(model, videos[0])
    assert_allclose(display.im_.get_array(), model.pseudo_labels(videos[0]).T)
    (path,) = display.ax_.patches
    assert_allclose(path.get_data().values, model.predict(videos[0]))
    scaler = StandardScaler().fit(videos[1])
    pipeline = make_pipeline(scaler, model)
    display = PseudoLabelDisplay.from_estimator(pipeline, videos[0])
    expected = model.pseudo_labels(scaler.transform(videos[0]))
    assert_allclose(display.im_.get_array(), expected.T)


@pytest.mark.parametrize("X", [[np.zeros((4, 3))] * 2, np.zeros((2, 5, 4))])
def test_many_videos(X):
    with pytest.raises(ValueError, match="X holds 2 recordings, expected one"):
        PseudoLabelDisplay.from_estimator(Model(), X)


def test_background_has_no_path(pyplot):
    figure, ax = pyplot.subplots()
    codes = np.full((4, 2), 0.5)
    labels = [0, -1, -1, 1]
    PseudoLabelDisplay.from_predictions(codes, labels, ax=ax, colorbar=False)
    assert figure.axes == [ax]
    assert_allclose(ax.patches[0].get_data().values, [0, np.nan, np.nan, 1])
    assert len(PseudoLabelDisplay(codes).plot().ax_.patches) == 0


def test_actions_are_marked_in_their_colours(pyplot):
    figure, ax = pyplot.subplots()
    PseudoLabelDisplay(np.eye(3)).plot(ax=ax)
    figure.canvas.draw()
    marks = [to_hex(strip.get_facecolor()[0]).upper() for strip in ax.collections]
    assert marks == list(COLOURS[:3])
    axes = ax.get_window_extent()
    for k, strip in enumerate(ax.collections):
        box = strip.get_paths()[0].get_extents(strip.get_transform())
        assert axes.x0 - 25 < box.x0 < box.x1 < axes.x0
        _, top = ax.transData.transform((0, k - 0.5))
        assert_allclose(box.y1, top)
    names = [text.get_window_extent() for text in ax.get_yticklabels()]
    assert max(name.x1 for name in names) <= box.x0
    assert ax.get_xlim() == (0, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"codes": [0.5]}, r"codes has shape \(1,\), expected \(frames"),
        ({"codes": np.ones((0, 2))}, r"codes has shape \(0, 2\)"),
        ({"codes": [[2.0]]}, "codes has values from 2.0 to 2.0, expected"),
        ({"codes": [[np.nan]]}, "codes has values from nan"),
        ({"codes": [[1j, 0]]}, "codes is of type complex"),
        ({"codes": [[10**400, 0]]}, "codes has numbers that are too large"),
        ({"labels": [0]}, "labels has 1 frames of 1 recordings, expected the 2"),
        ({"labels": [[0, 0], [1]]}, "labels has 2 frames of 2 recordings"),
        ({"labels": ["a", "b"]}, "labels is of type <U1, expected integers"),
        ({"labels": [0, 2]}, "labels has values from 0 to 2, expected -1"),
    ],
)
def test_errors(pyplot, options, message):
    options = {"codes": [[0.5, 0.5], [0, 1]]} | options
    with pytest.raises((TypeError, ValueError), match=message):
        PseudoLabelDisplay.from_predictions(**options)
    assert pyplot.get_fignums() == []
