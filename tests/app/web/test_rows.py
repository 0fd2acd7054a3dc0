"""Rows of timelines as data, files of pages, and what node tests of the timelines."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from skl_tot.app import web
from skl_tot.app.review.view import describe_appearance
from skl_tot.recordings import Recordings
from skl_tot.recordings.labels import find_segments


def test_timelines_by_the_tests_of_node():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    tests = Path(__file__).with_name("timelines.test.mjs")
    command = [node, "--test", tests]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout


def described(y, n_doubts=400, confidence=None, **clock):
    """Row of a recording of labels, and what spreads values of its segments."""
    takes = Recordings([np.zeros((len(y), 1))], ["<b>"], **clock)
    clock = web.read_clock(takes, 0)
    segments = find_segments(np.array(y), clock.breaks)
    confidence = np.linspace(0, 1, len(y)) if confidence is None else confidence
    row = web.describe_row("<b>", segments, clock, confidence, n_doubts)
    return row, lambda values, filler: web.spread(values, segments, clock, filler)


def test_a_row_has_starts_codes_and_means():
    row, _ = described([0, 0, 2, 2, 2, -1])
    codes = {"start": [0, 2, 5], "code": [0, 2, -1], "confidence": [0.1, 0.6, 1.0]}
    assert row["prediction"] == codes
    assert (row["name"], row["end"], row["confidence"]) == ("<b>", 6, 0.5)


def test_doubt_is_where_another_action_is_likelier():
    """On a scale that no other frame changes; of many parts few are told of."""
    sure = np.array([0.9, 0.4, 0.49, 0.5, 0.51, 0.2])
    row, _ = described([0] * 6, confidence=sure, fps=10)
    assert row["doubt"] == {"start": [0.1, 0.5], "end": [0.3, 0.6]}
    more, _ = described([0] * 7, confidence=np.append(sure, 0.01), fps=10)
    assert more["doubt"]["start"] == row["doubt"]["start"]
    none = described([0] * 6, confidence=np.full(6, 0.5))[0]["doubt"]
    assert none == {"start": [], "end": []}
    often = np.tile([0.9, 0.3], 500)
    assert len(described([0] * 1000, 500, often)[0]["doubt"]["start"]) == 500
    often[:500] = 0.1
    doubt = described([0] * 1000, 99, often)[0]["doubt"]
    assert len(doubt["start"]) <= 99
    assert (doubt["start"][0], doubt["end"][0]) == (0, 500)
    assert [web.count_doubts(n) for n in (1, 10**6)] == [4000, 1]


def test_a_pause_of_the_clock_is_a_segment_of_its_own():
    times = np.array([5, 5.1, 5.2, 9, 9.1, 9.2])
    row, spread = described([0] * 4 + [1] * 2, fps=10, times=[times], breaks=[[3]])
    assert row["prediction"]["start"] == [0, 0.3, 4, 4.1]
    assert row["prediction"]["code"] == [0, web.BREAK, 0, 1]
    assert row["end"] == pytest.approx(4.3)
    assert spread([1, 0, 1], 0) == [1, 0, 0, 1]


def test_data_of_pages():
    appearance = describe_appearance([-1, 0, 21])
    assert appearance.keys() == {0, 21}
    assert appearance[0].keys() >= {"fill", "ink", "hatch"}
    assert appearance[21]["hatch"] > 0
    text = web.as_json({"a": "</script><!--"})  # which ends no element
    assert "<" not in text
    assert json.loads(text) == {"a": "</script><!--"}
    text = web.joined("web/timelines.js", "report/report.js")
    assert re.search(r"^import\b", text, re.MULTILINE) is None
    assert text.index("export class Timelines") < text.index("new Timelines(byId")
