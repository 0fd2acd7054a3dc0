"""Rows of timelines as data, files of pages, and what node tests of the timelines."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from skl_tot.app import web as rows
from skl_tot.recordings import Recordings
from skl_tot.recordings.labels import find_segments


def test_timelines_by_the_tests_of_node():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    tests = Path(__file__).with_name("timelines.test.mjs")
    done = subprocess.run(
        [node, "--test", tests], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout


def described(y, n_bins=400, **clock):
    """Row of a recording of labels, and its clock."""
    takes = Recordings([np.zeros((len(y), 1))], ["<b>"], **clock)
    clock = rows.read_clock(takes, 0, rows.count_digits(takes.fps))
    segments = find_segments(np.array(y), clock.breaks)
    confidence = np.linspace(0, 1, len(y))
    return rows.describe_row("<b>", segments, clock, confidence, n_bins), segments


def test_a_row_has_starts_codes_and_means():
    row, _ = described([0, 0, 2, 2, 2, -1])
    assert row["prediction"] == {
        "start": [0, 2, 5],
        "code": [0, 2, -1],
        "confidence": [0.1, 0.6, 1.0],
    }
    assert (row["name"], row["end"], row["confidence"]) == ("<b>", 6, 0.5)
    assert row["doubt"] == "zsle70"  # 1, 0.8, … of 35 to the base 36


def test_a_pause_of_the_clock_is_a_segment_of_its_own():
    times = np.array([5, 5.1, 5.2, 9, 9.1, 9.2])
    row, segments = described([0] * 4 + [1] * 2, fps=10, times=[times], breaks=[[3]])
    assert row["prediction"]["start"] == [0, 0.3, 4, 4.1]
    assert row["prediction"]["code"] == [0, rows.BREAK, 0, 1]
    assert row["end"] == pytest.approx(4.3)
    takes = Recordings([np.zeros((6, 1))], fps=10, times=[times], breaks=[[3]])
    clock = rows.read_clock(takes, 0, 2)
    assert rows.spread([1, 0, 1], segments, clock, 0) == [1, 0, 0, 1]


def test_doubt_of_a_part_is_its_largest():
    row, _ = described([0] * 1000, n_bins=10)
    worst = 1 - np.linspace(0, 1, 1000)[::100]
    digits = [int(digit, 36) for digit in row["doubt"]]
    np.testing.assert_array_equal(digits, np.rint(35 * worst))
    assert rows.count_bins(1) == 400
    assert rows.count_bins(10**6) == 1


def test_looks_are_of_actions():
    looks = rows.describe_looks([-1, 0, 21])
    assert looks.keys() == {0, 21}
    assert looks[0].keys() == {"fill", "ink", "hatch"}
    assert looks[21]["hatch"] > 0


def test_modules_are_joined_without_the_imports_of_each_other():
    text = rows.joined("web/timelines.js", "report/report.js")
    assert "export class Timelines" in text
    assert re.search(r"^import\b", text, re.MULTILINE) is None
    assert text.index("export class Timelines") < text.index("new Timelines(byId")


def test_no_text_ends_the_element_of_data():
    text = rows.as_json({"a": "</script><!--"})
    assert "<" not in text
    assert json.loads(text) == {"a": "</script><!--"}
