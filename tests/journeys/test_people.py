"""People: from their files to a checked result and tables, in a few commands."""

import importlib
from pathlib import Path

import pytest

from skl_tot import TemporalOTSegmenter

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("name", "least"), [("line", 0.85), ("robot", 0.9)])
def test_a_recording_or_two_cycles_are_enough(monkeypatch, name, least):
    """The others follow; times, stops, cycles and subtasks are exact, too."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.syspath_prepend(BENCHMARKS)
    for setting, value in {"max_iter": 60, "n_networks": 1}.items():
        defaults = TemporalOTSegmenter.__init__.__kwdefaults__
        monkeypatch.setitem(defaults, setting, value)
    walk, _ = importlib.import_module("journeys").walk(name, 0, small=True)
    assert walk.share >= least
    assert all(walk.checks.values()), walk.checks
