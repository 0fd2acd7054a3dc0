"""One recording is labelled, and the others follow, on files of the benchmark."""

import importlib
from pathlib import Path

import pytest

from skl_tot import TemporalOTSegmenter

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("person", "seed", "least"), [("mice", 5, 0.85), ("robot", 0, 0.9)]
)
def test_one_labelled_recording_is_enough(monkeypatch, person, seed, least):
    """Groups are right, too, and times and subtasks of demonstrations are exact."""
    for name, value in {"max_iter": 300, "n_networks": 1}.items():
        monkeypatch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, name, value)
    monkeypatch.syspath_prepend(FOLDER)
    walk, _ = importlib.import_module("journeys").walk(person, seed, small=True)
    assert walk.share >= least
    assert all(walk.checks.values()), walk.checks
