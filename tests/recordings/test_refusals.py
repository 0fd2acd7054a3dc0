"""What recordings, labels, names and clocks refuse, in one line that says it."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import segments
from skl_tot.recordings import (
    Recordings,
    list_faults,
    list_stops,
    with_stops,
    without_stops,
)
from skl_tot.recordings.clocks import clock_text
from skl_tot.recordings.labels import arrange, encode_known, split_label_sequences
from skl_tot.recordings.layouts import as_recordings

DAY = np.datetime64("2024-03-04T06:51:08.2", "ms")
STILL = Recordings([np.ones((9, 2))], fps=10)


def recordings(**options):
    return Recordings(**{"arrays": [[0, 1]]} | options)


def clocked(clock):
    return Recordings([np.zeros((3, 2))], ["a"], fps=4, times=[clock])


def encode(*y):
    return encode_known(y, as_recordings([np.zeros((2, 1)), np.zeros((1, 1))]))


def split_both(labels):
    with pytest.raises((TypeError, ValueError)):
        split_label_sequences([labels, labels])
    return split_label_sequences(labels)


BACKWARDS = [[0, 0, 1], [0, 1, np.inf], np.arange(3).astype("M8[s]"), ["0", "1", "2"]]
OPTIONS = [{"starts": [5]}, {"starts": []}, {"breaks": [[0]]}, {"breaks": 5}]
OPTIONS += [{"names": "a"}, {"times": 5, "fps": 1}, {"fps": True}, {"arrays": None}]
OPTIONS += [{"arrays": {"a": [0, 1]}}]
LABELS = [
    np.ma.array([1, 2, 3], mask=[False, True, False]),
    np.array([0, 2**64 - 1], dtype=np.uint64),
    [0, -(2**63) - 1],
    np.array(["2020-01-01"], dtype="datetime64[s]"),
    ["1", 2],
    [2, b"1"],
]
KNOWN = [([-1, -1], [-1]), ([0, 1], ["a"]), ([0, -5], [0]), (["a\n", "b"], ["a"])]
KNOWN += [([2**63 - 1, 0], [0])]
OF_NAMED = pd.Series(1, pd.MultiIndex.from_product([["a", "b"], [0, 1]]))
NO_PAUSES = [0, np.nan, np.inf, True, "20", None, 0.2]
KINDS = ["S1", "M8[s]", complex]
REFUSED = [  # the call, and words of the message
    *((clocked, [clock], "times of 'a'") for clock in BACKWARDS),
    *((recordings, option, next(iter(option))) for option in OPTIONS),
    *((clock_text, [DAY, value], "seconds is") for value in (np.inf, -1e300)),
    *((split_both, [labels], "label") for labels in LABELS),
    *((encode, y, "label|text") for y in KNOWN),
    (encode, KNOWN[0], "no known label.* fewer folds"),
    (arrange, (OF_NAMED, as_recordings(np.zeros((4, 1)))), "lost.*FramewiseTransf"),
    *((without_stops, (STILL, pauses), "pauses") for pauses in NO_PAUSES),
    (list_stops, [[np.ones((9, 2))]], "without_stops"),
    *((list_faults, [{"a": np.zeros(n)}], "a: its shape") for n in (9, (0, 2))),
    (list_faults, [{"a": np.zeros((9, 2), complex)}], "a: Complex data"),
    (segments, [["cut", "\ud800"]], "a label is .*ud800"),
    (without_stops, ({"a": np.zeros(9)}, 5), "a: its shape"),
    *((with_stops, [Recordings([np.ones(5).astype(x)])], "type of") for x in KINDS),
]


@pytest.mark.parametrize(("function", "values", "words"), REFUSED)
def test_refused(function, values, words):
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        function(**values) if isinstance(values, dict) else function(*values)
    assert "\n" not in str(caught.value)
