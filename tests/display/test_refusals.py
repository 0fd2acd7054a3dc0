"""What displays refuse, without leaving a figure behind."""

from types import SimpleNamespace

import numpy as np
import pytest

from skl_tot import (
    CycleDisplay,
    DeviationDisplay,
    DurationDisplay,
    GroupsDisplay,
    NumbersDisplay,
    ProfileDisplay,
    PseudoLabelDisplay,
    SegmentationDisplay,
    TransitionDisplay,
)
from skl_tot.statistics import compare_groups, durations

TAKES = [["x"] * n + ["y"] * 3 for n in (11, 9, 12, 10, 2, 4, 3, 1)]
MODEL = SimpleNamespace(pseudo_labels=np.ones, predict=np.ones, numbers_=None)
OF_LABELS = CycleDisplay, DeviationDisplay, DurationDisplay, TransitionDisplay
CALLS = {
    SegmentationDisplay.from_predictions: [
        *((None, y, {}) for y in ([], [[0], []], [0.5], {})),
        *((None, {"A": [0, 1], "B": y}, {}) for y in ([0], ["0", "1"])),
        *((y, [[0, 1], [2, 2]], {}) for y in ([[0]], [[0, 1], [1]])),
        ([[0, 0], [0, 0]], [[0, 1], [2, 2]], {"scope": "activity"}),
        *((None, [[0, 1], [2, 2]], {name: value}) for name, value in (
            ("target_names", ["a", "b"]),
            ("video_names", ["x"]),
            ("videos", [True, False]),
            ("videos", [0, 2]),
            ("confidence", [[1, 1]]),
            ("confidence", [[1, 1], [1, 2]]),
        )),
        (None, {"a": [0], "b": [0]}, {"confidence": [1.0]}),
    ],
    PseudoLabelDisplay.from_predictions: [
        *((codes, {}) for codes in ([0.5], np.ones((0, 2)), [[2.0]], [[np.nan]])),
        *((np.eye(2), {"labels": labels}) for labels in ([0], ["a", "b"], [0, 2])),
        (np.eye(2), {"fps": 0}),
    ],
    ProfileDisplay.from_predictions: [
        ([[0.0], [1.0]], [0, 1], {"action_names": ["a"]}),
        *(([[0.0], [1.0]], labels, {}) for labels in ([0], [[0], [1]])),
    ],
    GroupsDisplay.from_table: [
        (durations(TAKES), {}),
        (compare_groups(TAKES, list("aaaabbbb")).iloc[:0], {}),
    ],
    SegmentationDisplay.from_estimator: [(3, np.ones((4, 2)), {})],
    PseudoLabelDisplay.from_estimator: [
        (3, np.ones((4, 2)), {}),
        (MODEL, [np.zeros((4, 3))] * 2, {}),
    ],
    ProfileDisplay.from_estimator: [(3, np.ones((4, 2)), {})],
    NumbersDisplay.from_estimator: [(MODEL, {})],
    ProfileDisplay([[0]]).plot: [({},)],
    NumbersDisplay({}).plot: [({},)],
    SegmentationDisplay(y_pred=[0]).plot: [({"fps": 0},)],
    **{
        display.from_labels: [([[-1, -1]], {})]
        for display in OF_LABELS
    },
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__qualname__)
def test_no_figure_is_left(call, pyplot):
    for *arguments, options in CALLS[call]:
        with pytest.raises((TypeError, ValueError)) as caught:
            call(*arguments, **options)
        for name in options:
            assert name.split("_")[-1] in str(caught.value)
        assert pyplot.get_fignums() == []
