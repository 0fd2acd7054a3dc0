"""Scores of state detection, against definitions and those of tsseg."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
path = ROOT / "benchmarks" / "_states.py"
spec = importlib.util.spec_from_file_location("_states", path)
states = importlib.util.module_from_spec(spec)
spec.loader.exec_module(states)
runs = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=8)


@st.composite
def labellings(draw):
    """One to three recordings as runs of labels, true and predicted."""
    both = [], []
    for _ in range(draw(st.integers(1, 3))):
        true, pred = (np.repeat(*np.transpose(draw(runs))) for _ in both)
        n_frames = min(len(true), len(pred))
        both[0].append(true[:n_frames])
        both[1].append(pred[:n_frames])
    return both


def segments_of(labels):
    """Sets of frames, by loops."""
    found = [{0}]
    for t in range(1, len(labels)):
        if labels[t] != labels[t - 1]:
            found.append(set())
        found[-1].add(t)
    return found


@given(labellings())
def test_covering_is_its_definition(y):
    parts = []
    for true, pred in zip(*y):
        best = [
            len(own) * max(len(own & s) / len(own | s) for s in segments_of(pred))
            for own in segments_of(true)
        ]
        parts.append(sum(best) / len(true))
    assert [*map(states.covering, *y)] == pytest.approx(parts)


def penalty(true, pred, start, end):
    """Weight of the frames from start to end, which are wrong in one way."""
    shown = len(segments_of(true[start : end + 1]))
    if shown > 2:
        return 1.5 - 0.75 / shown
    for t in (start - 1, end + 1):
        is_frame = 0 <= t < len(true)
        if shown == 1 and is_frame and true[t] == pred[t] == pred[start]:
            return 1.1
    edges = [min(segment) for segment in segments_of(true)] + [len(true)]
    far = min(abs(edge - (start + end) / 2) for edge in edges) * 2 / len(true)
    return 1 + (0.3 if shown == 2 else 0.8) * far


@given(labellings())
def test_state_matching_is_its_definition(y):
    parts = []
    for true, pred in zip(*y):
        total, t = 0.0, 0
        while t < len(true):
            end = t
            if true[t] != pred[t]:
                while end + 1 < len(true) and true[end + 1] != pred[end + 1] == pred[t]:
                    end += 1
                total += (end - t + 1) * penalty(true, pred, t, end)
            t = end + 1
        parts.append(1 - total / len(true))
    assert [*map(states.match_states, *y)] == pytest.approx(parts)


def test_scores_equal_those_of_tsseg():
    path = ROOT / "tests" / "data" / "coming_from" / "tsseg.json"
    theirs = json.loads(path.read_text("utf-8"))
    y = theirs["truth"], theirs["states"]
    expected = theirs["Covering"], theirs["StateMatchingScore"]
    found = states.covering(*y), states.state_matching(*y)
    assert found == pytest.approx(expected, abs=1e-12)
