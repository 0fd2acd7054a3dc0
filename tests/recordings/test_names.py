"""Names of labels, and what is background."""

import re

import numpy as np
import pytest

from skl_tot.io import segments
from skl_tot.recordings.names import (
    background_labels,
    labels_of_one_type,
    name_actions,
    name_all_actions,
    name_labels,
    read_names,
)


def as_lists(sequences):
    return [sequence.tolist() for sequence in sequences]


@pytest.mark.parametrize(
    ("clusters", "classes", "given", "expected"),
    [
        ([-1, 0], [-1, 3], None, (-1, -1)),
        ([-1, 0], ["background", "cut"], None, (-1, "background")),
        (["background", "0"], [-1, 3], None, ("background", -1)),
        (["background", "-1"], ["background"], None, ("background", "background")),
        ([-1, 0], ["SIL", "cut"], None, (-1, None)),
        ([-1, 0], ["SIL", "background"], "SIL", (-1, "SIL")),
        # without a cluster of background, no class is set apart
        ([0, 1], [-1, 3], None, (-1, None)),
        (["0"], ["background"], None, (-1, None)),
        ([0, 1], [0, 3], 0, (-1, 0)),
    ],
)
def test_background(clusters, classes, given, expected):
    assert background_labels(clusters, classes, given) == expected


class TestNameLabels:
    @pytest.mark.parametrize(
        ("labels", "target_names", "expected"),
        [
            ([0, 2], None, {0: 0, 2: 2}),
            ([0, 2], {2: "mix", 5: "fry"}, {0: 0, 2: "mix"}),
            ([0, 2], ["cut", "fry", "mix"], {0: "cut", 2: "mix"}),
            (["a", "c"], ["c", "b", "a"], {"c": "c", "a": "a"}),
            (["a", "c"], np.array(["c", "a"]), {"c": "c", "a": "a"}),
            ([], ["cut"], {}),
            ([], {0: "cut"}, {}),
        ],
    )
    def test_values(self, labels, target_names, expected):
        names = name_labels(labels, target_names)
        assert list(names.items()) == list(expected.items())

    @pytest.mark.parametrize(
        ("labels", "target_names"),
        [
            ([0, 2], ["cut", "mix"]),
            ([0, 1], ["cut", "cut"]),
            ([0, 1], {0: 1}),
            (["a", "b"], ["a"]),
        ],
    )
    def test_labels_without_a_name_of_their_own(self, labels, target_names):
        message = f"expected a name of its own for each of {labels}."
        with pytest.raises(ValueError, match=re.escape(message)):
            name_labels(labels, target_names)


class TestNameAllActions:
    @pytest.mark.parametrize("names", [None, [], {}])
    def test_without_names(self, names):
        assert name_all_actions(2, names).tolist() == ["action 0", "action 1"]

    def test_names_of_some(self):
        assert name_all_actions(2, ["cut"]).tolist() == ["cut", "action 1"]
        assert name_all_actions(2, {1: "action 1"}).tolist() == ["action 0", "action 1"]
        assert name_all_actions(2, {1: "cut", 0: "cut"}).tolist() == ["cut", "cut"]

    @pytest.mark.parametrize(
        ("names", "message"),
        [
            ({2: "cut"}, r"what is of \[2\], expected actions from 0 to 1\."),
            ({-1: "cut"}, r"what is of \[-1\], expected actions from 0 to 1\."),
            (["a", "b", "c"], r"what is of \[0, 1, 2\], expected"),
            ({0: "action 1"}, "'action 1' is the name of an action, but another"),
            ({0: "background"}, "'background' is the name of an action, but another"),
            ({0: "a\nb"}, "The name of 0 is"),
        ],
    )
    def test_bad_names(self, names, message):
        with pytest.raises(ValueError, match=message):
            name_all_actions(2, names, "what")


class TestLabelsOfOneType:
    def test_integers_stay(self):
        videos = [np.array([0, -1]), np.array([2])]
        assert as_lists(labels_of_one_type(videos)) == [[0, -1], [2]]

    def test_text_makes_all_text(self):
        videos = [np.array([10, -1]), np.array(["cut", "-1", "background", "7"])]
        assert as_lists(labels_of_one_type(videos)) == [
            ["10", "background"],
            ["cut", "background", "background", "7"],
        ]


def test_one_text_is_no_list_of_names():
    with pytest.raises(TypeError, match="names is 'ab', expected a dict or a list"):
        name_actions([0, 1], "ab")
    with pytest.raises(TypeError, match="target_names is 'ab', expected a dict or"):
        name_labels([0, 1], "ab")


class TestNames:
    def test_words_in_place_of_numbers(self):
        videos = [[0, 0, 1], [2, -1, 3]]
        named = name_actions(videos, {0: "cut", 1: "cut", 3: "mix"})
        assert named[0].tolist() == ["cut", "cut", "cut"]
        assert named[1].tolist() == ["2", "background", "mix"]
        assert len(segments(named[0])) == 1
        assert name_actions([1, 0], ["a", "b"]).tolist() == ["b", "a"]

    @pytest.mark.parametrize("name", ["", " ", "a\nb", "a\tb", "a\u2028b", 3, None])
    def test_bad_names(self, name):
        with pytest.raises(ValueError, match=r"The name of 0 is .*text of one line"):
            name_actions([0, 1], {0: name})

    def test_keys_and_labels_of_different_types(self):
        message = "names has the key '0', expected one of the type of the labels, as 0."
        for y in ([0, 1], [[0, 1], []]):
            with pytest.raises(TypeError, match=re.escape(message)):
                name_actions(y, {"0": "take"})
        message = "names has the key 0, expected one of the type of the labels"
        for names in ({0: "take"}, ["take"]):
            with pytest.raises(TypeError, match=re.escape(message)):
                name_actions(["cut", "stir"], names)
        named = name_actions(["cut", "stir"], {"cut": "slice", "fry": "fry"})
        assert named.tolist() == ["slice", "stir"]
        named = name_actions([0, 7], {np.int64(0): "cut", 5: "fry"})
        assert named.tolist() == ["cut", "7"]
        assert [x.tolist() for x in name_actions([[], []], {0: "cut"})] == [[], []]

    def test_minus_one_is_no_name(self):
        message = "The name of 0 is '-1', expected another, as files and scores take it"
        with pytest.raises(ValueError, match=re.escape(message)):
            name_actions([0, 1], {0: "-1"})
        assert name_actions([0, -1], {-1: "-1"}).tolist() == ["0", "-1"]

    @pytest.mark.parametrize("name", ["1", "background"])
    def test_names_of_other_frames(self, name):
        with pytest.raises(ValueError, match=rf"'{name}' is the name of an action, bu"):
            name_actions([0, 1, -1], {0: name})
        assert name_actions([0, 1], {0: "1", 1: "0"}).tolist() == ["1", "0"]

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("a.txt", "0 take cup\n-1 nothing\n"),
            ("a.txt", "0 take cup\n\n -1  nothing \n\n"),
            ("a.json", '{"0": "take cup", "-1": "nothing"}'),
        ],
    )
    def test_read(self, tmp_path, file, text):
        (tmp_path / file).write_text(text)
        assert read_names(tmp_path / file) == {0: "take cup", -1: "nothing"}

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("a.txt", "cup"),
            ("a.txt", "0"),
            ("a.txt", "0 a\n0 b"),
            ("a.txt", "0 a\n1 b\nc"),
            ("a.json", "[1]"),
            ("a.json", "{"),
            ("a.json", '{"x": "a"}'),
            ("a.json", '{"0": 1}'),
            ("a.json", "[" * 100_000),
            ("a.json", '{"' + "9" * 5000 + '": "a"}'),
            ("a.json", "9" * 5000),
            ("a.txt", "9" * 5000 + " a"),
            ("a.txt", "9223372036854775808 a"),
        ],
    )
    def test_bad_files(self, tmp_path, file, text):
        (tmp_path / file).write_text(text)
        with pytest.raises(ValueError, match=re.escape(str(tmp_path / file))) as error:
            read_names(tmp_path / file)
        assert "\n" not in str(error.value)

    def test_no_text(self, tmp_path):
        (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ValueError, match=r"a\.txt is no text"):
            read_names(tmp_path / "a.txt")
