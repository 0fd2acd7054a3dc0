"""Labels of all kinds and their names: those that are read, and those refused."""

import re

import numpy as np
import pytest

from skl_tot.io import name_actions, read_names, segments
from skl_tot.recordings.names import describe_actions, name_all_actions, name_labels


def test_names_of_labels():
    assert name_labels([0, 2], None) == {0: 0, 2: 2}
    assert name_labels([0, 2], {2: "mix", 5: "fry"}) == {0: 0, 2: "mix"}
    assert list(name_labels(["a", "c"], np.array(["c", "a"]))) == ["c", "a"]
    assert name_all_actions(np.arange(2), ["cut"]).tolist() == ["cut", "action 1"]


def test_words_in_place_of_numbers():
    named = name_actions([[0, 0, 1], [2, -1, 3]], {0: "cut", 1: "cut", 3: "mix"})
    assert named[0].tolist() == ["cut", "cut", "cut"]
    assert named[1].tolist() == ["2", "background", "mix"]
    assert len(segments(named[0])) == 1
    for y, names, expected in [
        ([1, 0], ["a", "b"], ["b", "a"]),
        ([0, 1], {0: "1", 1: "0"}, ["1", "0"]),
        (["cut", "stir"], {"cut": "slice", "fry": "fry"}, ["slice", "stir"]),
    ]:
        assert name_actions(y, names).tolist() == expected


def test_files(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("0 take cup\n\n -1  nothing \n\n")
    assert read_names(path) == {0: "take cup", -1: "nothing"}


BAD = ['{"0": "a"}', "[" * 100_000, "cup", "0 a\n0 b", "ü"]


@pytest.mark.parametrize("text", BAD)
def test_bad_files(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=re.escape(str(path))) as error:
        read_names(path)
    assert "\n" not in str(error.value)


def test_actions_that_are_missing_rare_or_without_a_label():
    paths, names = [np.array([0, 1, -1]), np.zeros(3, int)], ["reach", "turn", "lift"]
    missing, rare, kept = describe_actions(paths, dict(enumerate(names)), [1, 2])
    assert "lift" in missing
    assert "turn (1)" in rare
    assert "turn (1 frame of recording 0)" in kept
