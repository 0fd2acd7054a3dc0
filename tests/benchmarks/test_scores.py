"""Scores that only the benchmarks have, on cases that are counted by hand."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
from _states import covering, match_states, state_matching

from skl_tot.metrics import adjusted_rand_score


@pytest.mark.parametrize(
    ("true", "pred", "weight"),  # of all wrong frames together
    [
        ("00001111", "00000111", 1.1),  # a delay
        ("00001111", "00011111", 1.1),
        ("00001111", "00201111", 1 + 0.8 * 2 * 2 / 8),  # isolated, 2 from an edge
        ("00001111", "00022111", 2 * (1 + 0.3 * 2 * 0.5 / 8)),  # at a transition
        ("00112200", "03333330", 6 * (1.5 - 0.75 / 4)),  # segments are missing
    ],
)
def test_state_matching_weighs_errors(true, pred, weight):
    labels = (np.array([*map(int, text)]) for text in (true, pred))
    assert match_states(*labels) == pytest.approx(1 - weight / len(true))


def test_scores_of_states_equal_those_of_tsseg():
    path = Path(__file__).parents[1] / "data" / "coming_from" / "tsseg.json"
    theirs = json.loads(path.read_text("utf-8"))
    y = theirs["truth"], theirs["states"]
    expected = theirs["Covering"], theirs["StateMatchingScore"]
    assert (covering(*y), state_matching(*y)) == pytest.approx(expected, abs=1e-12)
    score = adjusted_rand_score([y[0]], [y[1]])
    assert score == pytest.approx(theirs["AdjustedRandIndex"], abs=1e-12)
