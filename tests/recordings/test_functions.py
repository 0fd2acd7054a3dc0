"""Small functions, by the values that their names promise."""

import numpy as np
import pytest

from skl_tot.recordings.checks import looks_turned
from skl_tot.recordings.clocks import (
    agreed_rate,
    is_clock,
    is_same,
    rate_of,
    read_cells,
    unit_of,
)
from skl_tot.recordings.disk import (
    find_same_files,
    find_separator,
    is_file_name,
    split_lines,
)
from skl_tot.recordings.errors import refuse, short_repr
from skl_tot.recordings.labels import describe_classes, equal_parts
from skl_tot.recordings.layouts import plain_name
from skl_tot.recordings.readers import find_remedy
from skl_tot.recordings.reading import flag_of
from skl_tot.recordings.signals import window_means

COLUMN = np.array([[1.0], [2.0], [6.0]])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (looks_turned((64, 500), None, 64), True),
        (looks_turned((64, 500), (64, 450), 450), True),
        (looks_turned((500, 64), (450, 32), 32), False),
        (rate_of(np.array([0, 0.033, 0.067, 0.1, 0.133, 0.167, 0.2, 5])), 30),
        (read_cells(["0", "40", "80"], 1e-3), [0, 0.04, 0.08]),
        (read_cells(["0:00:01", "0:00:02"], 1e-3), [1, 2]),
        (list(map(unit_of, ["Time (ms)", "time", "t_min"])), [1e-3, 1, 60]),
        (list(map(is_clock, ["Time (ms)", "t", "x"])), [True, False, False]),
        ([is_same(30, 29.97), is_same(30, 29), is_same(None, 1)], [True, False, True]),
        ([agreed_rate(None, 25, "x"), agreed_rate(10, None, "x")], [25, 10]),
        (find_same_files(["a", "B", "b"]), ("B", "b")),
        (find_same_files(["a", "b"]), None),
        (
            list(map(is_file_name, ["take 1", "a/b", "10:30", "con"])),
            [True] + [False] * 3,
        ),
        (list(map(find_separator, ["t;x,y;z", '"a;b;c",d', "x"])), [";", ",", ","]),
        (split_lines("a\x0cb\r\nc"), ["a\x0cb", "c"]),
        (len(short_repr("a" * 100)), 80),
        (describe_classes(np.arange(3)), "from 0 to 2"),
        (describe_classes(np.array([4, 9])), "among [4, 9]"),
        (equal_parts(7, 3).tolist(), [0, 0, 0, 1, 1, 2, 2]),
        (plain_name(("anna", 2)), "anna/2"),
        (find_remedy("*.npz"), ": read *.npz by numpy.load, then numpy.save"),
        (list(map(flag_of, ["split_gaps", "x"])), ["--split-gaps", "--read x"]),
        (window_means(COLUMN, 1, 1, slice(0, 3)).ravel().tolist(), [1.5, 3, 4]),
    ],
)
def test_values(found, expected):
    assert found == expected


def test_refusals():
    with pytest.raises(TypeError, match=r"^width is -2, expected a number above 0\.$"):
        refuse("width", -2, "a number above 0", TypeError)
    with pytest.raises(
        ValueError, match="fps is 3, expected 25 frames per second as x"
    ):
        agreed_rate(3, 25, "x")
    with pytest.raises(ValueError, match="its first line is no header: field larger"):
        find_separator("a" * 2**20)
