"""What displays refuse, without leaving a figure behind."""

from types import SimpleNamespace

import numpy as np
import pytest

from skl_tot import PseudoLabelDisplay, SegmentationDisplay


def draw_codes(codes, **options):
    PseudoLabelDisplay(codes, **options).plot()


MODEL = SimpleNamespace(pseudo_labels=np.ones, predict=np.ones)
CALLS = {
    SegmentationDisplay.from_predictions: [
        *((None, y, {}) for y in ([], [[0], []], [0.5], {})),
        *((None, {"A": [0, 1], "B": y}, {}) for y in ([0], ["0", "1"])),
        *((y, [[0, 1], [2, 2]], {}) for y in ([[0]], [[0, 1], [1]])),
    ],
    draw_codes: [
        *((codes, {}) for codes in ([0.5], np.ones((0, 2)), [[2.0]], [[np.nan]])),
        *((np.eye(2), {"labels": labels}) for labels in ([0], ["a", "b"], [0, 2])),
    ],
    PseudoLabelDisplay(np.eye(2)).plot: [({"fps": 0},)],
    PseudoLabelDisplay.from_estimator: [(MODEL, [np.zeros((4, 3))] * 2, {})],
    SegmentationDisplay(y_pred=[0]).plot: [({"fps": 0},)],
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__qualname__)
def test_no_figure_is_left(call, pyplot):
    for *arguments, options in CALLS[call]:
        with pytest.raises((TypeError, ValueError)) as caught:
            call(*arguments, **options)
        for name in options:
            assert name.split("_")[-1] in str(caught.value)
        assert pyplot.get_fignums() == []
