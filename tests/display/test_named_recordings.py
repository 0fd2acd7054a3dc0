"""Timelines of recordings by name are no methods."""

import pytest

from skl_tot import SegmentationDisplay

LABELS = {1: [0, 0, 1], 2: [1, 1, 0, 0]}


def rows(display):
    return [text.get_text() for text in display.ax_.get_yticklabels()]


@pytest.mark.parametrize("names", [(1, 2), (("ann", 1), ("ann", 2)), ("ann", "bob")])
def test_predictions_by_the_names_of_the_truth(names):
    true = dict(zip(names, LABELS.values()))
    pred = dict(reversed(true.items()))
    display = SegmentationDisplay.from_predictions(true, pred)
    expected = ["ann/1", "ann/2"] if isinstance(names[0], tuple) else map(str, names)
    assert rows(display) == list(expected)
    bars = display.ax_.collections
    ends = {path.get_extents().x1 for bar in bars for path in bar.get_paths()}
    assert ends == {2, 3, 4}  # of one with 3 frames, and of one with 4


def test_keys_that_are_no_text_name_recordings():
    assert rows(SegmentationDisplay.from_predictions(None, LABELS)) == ["1", "2"]
    named = {"CTE": LABELS, "TOT": LABELS}
    shown = rows(SegmentationDisplay.from_predictions(None, named))
    assert shown == ["CTE", "TOT"] * 2
    with pytest.raises(ValueError, match="y_pred has no 2, which y_true has"):
        SegmentationDisplay.from_predictions(LABELS, {1: LABELS[1]})


class Same:
    """Predicts what it gets."""

    def predict(self, X):
        return X


def test_an_estimator_gives_recordings():
    takes = {"ann": [0, 1, 1], "bob": [1, 0]}
    display = SegmentationDisplay.from_estimator(Same(), takes, takes)
    assert rows(display) == ["ann", "bob"]
    shown = rows(SegmentationDisplay.from_estimator(Same(), takes))
    assert shown == ["ann", "bob"]
