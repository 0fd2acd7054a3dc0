"""Names of labels, what is background, and what is said of actions."""

import re

import numpy as np
import pytest

from skl_tot.io import name_actions, read_names, segments
from skl_tot.recordings.names import (
    background_labels,
    describe_actions,
    describe_paths,
    name_all_actions,
    name_labels,
)


@pytest.mark.parametrize(
    ("clusters", "classes", "given", "expected"),
    [
        ([-1, 0], [-1, 3], None, (-1, -1)),
        ([-1, 0], ["background", "cut"], None, (-1, "background")),
        (["background", "0"], [-1, 3], None, ("background", -1)),
        ([-1, 0], ["SIL", "cut"], None, (-1, None)),
        ([-1, 0], ["SIL", "background"], "SIL", (-1, "SIL")),
        # without a cluster of background, no class is set apart
        ([0, 1], [-1, 3], None, (-1, None)),
        ([0, 1], [0, 3], 0, (-1, 0)),
    ],
)
def test_background(clusters, classes, given, expected):
    assert background_labels(clusters, classes, given) == expected


@pytest.mark.parametrize(
    ("labels", "target_names", "expected"),
    [
        ([0, 2], None, {0: 0, 2: 2}),
        ([0, 2], {2: "mix", 5: "fry"}, {0: 0, 2: "mix"}),
        ([0, 2], ["cut", "fry", "mix"], {0: "cut", 2: "mix"}),
        (["a", "c"], np.array(["c", "a"]), {"c": "c", "a": "a"}),
        ([], {0: "cut"}, {}),
    ],
)
def test_names_of_labels(labels, target_names, expected):
    names = name_labels(labels, target_names)
    assert list(names.items()) == list(expected.items())


def test_names_of_all_actions():
    assert name_all_actions(2, None).tolist() == ["action 0", "action 1"]
    assert name_all_actions(2, ["cut"]).tolist() == ["cut", "action 1"]
    assert name_all_actions(2, {1: "cut", 0: "cut"}).tolist() == ["cut", "cut"]


def test_words_in_place_of_numbers():
    named = name_actions([[0, 0, 1], [2, -1, 3]], {0: "cut", 1: "cut", 3: "mix"})
    assert named[0].tolist() == ["cut", "cut", "cut"]
    assert named[1].tolist() == ["2", "background", "mix"]
    assert len(segments(named[0])) == 1
    for y, names, expected in [
        ([1, 0], ["a", "b"], ["b", "a"]),
        ([0, 1], {0: "1", 1: "0"}, ["1", "0"]),
        ([0, -1], {-1: "-1"}, ["0", "-1"]),
        ([0, 7], {np.int64(0): "cut", 5: "fry"}, ["cut", "7"]),
        (["cut", "stir"], {"cut": "slice", "fry": "fry"}, ["slice", "stir"]),
    ]:
        assert name_actions(y, names).tolist() == expected


REFUSED = [
    (name_labels, [0, 2], ["cut", "mix"]),
    (name_labels, [0, 1], ["cut", "cut"]),
    (name_labels, ["a", "b"], ["a"]),
    (name_labels, [0, 1], "ab"),
    (name_all_actions, 2, {2: "cut"}),
    (name_all_actions, 2, {0: "action 1"}),
    *((name_actions, [0, 1], {0: name}) for name in ["", "a\u2028b", 3, "-1", "1"]),
    (name_actions, [[0, 1], []], {"0": "take"}),
    (name_actions, [0, -1], {0: "background"}),
]


@pytest.mark.parametrize(("function", "labels", "names"), REFUSED)
def test_refused(function, labels, names):
    with pytest.raises((TypeError, ValueError)) as caught:
        function(labels, names)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.txt", "0 take cup\n\n -1  nothing \n\n"),
        ("a.json", '{"0": "take cup", "-1": "nothing"}'),
    ],
)
def test_files(tmp_path, file, text):
    (tmp_path / file).write_text(text)
    assert read_names(tmp_path / file) == {0: "take cup", -1: "nothing"}


BAD_TEXT = ["cup", "0 a\n0 b", "9" * 5000 + " a", "ü"]
BAD_JSON = ["[1]", "{", '{"x": "a"}', '{"0": 1}', "[" * 100_000]


@pytest.mark.parametrize(
    ("file", "text"),
    [("a.txt", text) for text in BAD_TEXT] + [("a.json", text) for text in BAD_JSON],
)
def test_bad_files(tmp_path, file, text):
    (tmp_path / file).write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=re.escape(str(tmp_path / file))) as error:
        read_names(tmp_path / file)
    assert "\n" not in str(error.value)


RARE = "Actions that at most half of the"


@pytest.mark.parametrize(
    ("labels", "actions", "expected"),
    [
        ([[0, 1], [1, 0], [0, 0, 1]], [0, 1], []),
        ([["a"], ["b"]], ["a", "b"], [f"{RARE} 2 recordings show: a (1), b (1); 100"]),
        ([[0, 1, 1]], [0, 1, 2], ["2 of the 3 asked for; no recording shows action"]),
        ([[0, 1], [0, 0]], [0, 1], [f"{RARE} 2 recordings show: action 1 (1); 25.0%"]),
        ([[-1, 0], [-1, -1]], [0], [f"{RARE} 2 recordings show: action 0 (1); 25.0%"]),
        ([["background"]], ["a", "background"], ["0 of the 1 asked for"]),
        ([[0, 5], [5, 0]], {0: "reach", 5: "lift", 7: "pour"}, ["shows pour."]),
        ([], [0], ["0 of the 1"]),
    ],
)
def test_sentences(labels, actions, expected):
    found = describe_actions([np.array(own) for own in labels], actions)
    assert len(found) == len(expected)
    for sentence, part in zip(found, expected):
        assert part in sentence


def test_paths_of_codes_have_the_words_of_actions():
    paths = [np.array([0, 1, -1]), np.array([0, 0, 0])]
    names = np.array(["reach", "action 1", "lift"])
    begin = "Actions that are kept without a label: action 1 (1 frame of recording "
    for recordings, name in ((None, "0"), (["b", "a"], "b")):
        found = describe_paths(paths, names, ["action 1", "gone", "lift"], recordings)
        missing, rare, kept = found
        assert missing.endswith("no recording shows lift.")
        assert "action 1 (1)" in rare
        assert kept == f"{begin}{name})."
