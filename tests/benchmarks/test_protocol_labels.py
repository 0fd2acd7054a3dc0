"""Labels of protocols: coarser ones, and others at the ends."""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def labels(monkeypatch):
    """The module, as scripts beside it import it."""
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    import _labels

    return _labels


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("baab", "b_start a a b_end"),
        ("bbab", "b_start b_start a b_end"),
        ("abba", "a b b a"),
        ("babab", "b_start a b a b_end"),
        ("bb", "b_start b_start"),
    ],
)
def test_ends(labels, given, expected):
    assert " ".join(labels.split_ends([np.array(list(given))], "b")[0]) == expected
    with pytest.raises(ValueError, match="split_label is 'c', expected a label"):
        labels.split_ends([np.array(list(given))], "c")


@pytest.mark.parametrize("text", ["a x\nb y\n", "a x\n", "a x\na y\nb z\n", "a\nb x\n"])
def test_coarser(labels, tmp_path, text):
    (tmp_path / "map.txt").write_text(text)
    given = [np.array(["a", "b"])]
    if text == "a x\nb y\n":
        (found,) = labels.map_labels(given, tmp_path / "map.txt")
        assert found.tolist() == ["x", "y"]
        return
    with pytest.raises(ValueError, match=r"map\.txt(: expected| has no line for 'b')"):
        labels.map_labels(given, tmp_path / "map.txt")
