"""One recording is labelled, and the others follow, on files of the benchmark."""

import importlib
from pathlib import Path

import pytest

from skl_tot import TemporalOTSegmenter

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.filterwarnings("default")
def test_one_labelled_recording_is_enough(monkeypatch):
    """Times and subtasks of demonstrations are exact, too."""
    for name, value in {"max_iter": 300, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)
    monkeypatch.syspath_prepend(FOLDER)
    walk, _ = importlib.import_module("journeys").walk("robot", 0, small=True)
    assert walk.share >= 0.9
    assert all(walk.checks.values()), walk.checks
