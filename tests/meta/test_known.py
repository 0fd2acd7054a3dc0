"""Reading labels and transcripts that people give."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.meta.known_labels import read_labels, read_transcripts
from skl_tot.recordings.errors import RecordingError
from skl_tot.recordings.layouts import as_recordings

SCALARS = [7, 2.5, "abc", b"abc", {"a": 0}, {1, 2}, np.array(3), Ellipsis]


def of_lengths(*lengths, form="list"):
    """Recordings of so many frames; "single" is one."""
    arrays = [np.zeros((length, 1)) for length in lengths]
    return as_recordings(arrays[0] if form == "single" else arrays)


def lists(codes):
    return [own.tolist() for own in codes]


class TestLabels:
    def test_numbers(self):
        y = [[5, -1, 2], None, np.array([2, 2])]
        codes, classes = read_labels(y, of_lengths(3, 4, 2), 3)
        assert lists(codes) == [[1, -1, 0], [-1] * 4, [0, 0]]
        assert classes.tolist() == [2, 5]
        assert classes.dtype == np.intp
        assert all(own.dtype == np.intp for own in codes)

    def test_text(self):
        y = [["pour", "", None], np.array(["cut", "pour"])]
        codes, classes = read_labels(y, of_lengths(3, 2), 2)
        assert lists(codes) == [[1, -1, -1], [0, 1]]
        assert classes.tolist() == ["cut", "pour"]

    def test_one_video(self):
        codes, classes = read_labels([3, -1], of_lengths(2, form="single"), 1)
        assert lists(codes) == [[0, -1]]
        assert classes.tolist() == [3]

    @pytest.mark.parametrize("length", [1, 2, 3])
    def test_fewer_or_as_many_frames_as_videos(self, length):
        y = [list(range(length))] * 3
        codes, _ = read_labels(y, of_lengths(*[length] * 3), 3)
        assert lists(codes) == y

    @pytest.mark.parametrize(
        "own",
        [
            np.array([0, -1, 1], np.int8),
            np.array([0.0, np.nan, 1.0], np.float32),
            np.array([0, None, 1], object),
            np.ma.masked_array([0, 9, 1], [False, True, False]),
            pd.Series([0, -1, 1], index=[7, 8, 9]),
            pd.Series([0, None, 1], dtype="Int64"),
            pd.Index([0, -1, 1]),
            torch.tensor([0, -1, 1]),
            (0, -1, 1),
            [np.int64(0), float("nan"), True],
        ],
        ids=str,
    )
    def test_forms_of_a_video(self, own):
        for y, form in (([own], "list"), (own, "single")):
            codes, classes = read_labels(y, of_lengths(3, form=form), 2)
            assert lists(codes) == [[0, -1, 1]]
            assert classes.tolist() == [0, 1]

    @pytest.mark.parametrize(
        "make",
        [
            list,
            tuple,
            np.array,
            torch.tensor,
            pd.DataFrame,
            lambda y: pd.Series(y, index=["a", "b"]),
        ],
    )
    def test_forms_of_videos(self, make):
        codes, _ = read_labels(make([[0, -1], [1, 1]]), of_lengths(2, 2), 2)
        assert lists(codes) == [[0, -1], [1, 1]]

    def test_text_of_pandas(self):
        own = pd.Series(["a", None, "b"], dtype="string")
        codes, _ = read_labels([own], of_lengths(3), 2)
        assert lists(codes) == [[0, -1, 1]]

    @given(st.lists(st.lists(st.integers(-1, 5), min_size=1), min_size=1, max_size=4))
    def test_classes_of_codes_are_the_labels(self, y):
        lengths = list(map(len, y))
        if max(map(max, y)) < 0:
            with pytest.raises(ValueError, match="no known label"):
                read_labels(y, of_lengths(*lengths), 9)
            return
        codes, classes = read_labels(y, of_lengths(*lengths), 9)
        assert (np.diff(classes) > 0).all()
        words = np.append(classes, -1)  # the last is that of code -1
        assert lists(words[own] for own in codes) == y

    def test_does_not_change_what_is_given(self):
        own = np.array([3, -1])
        codes, _ = read_labels([own], of_lengths(2), 1)
        codes[0][:] = 7
        assert own.tolist() == [3, -1]

    @pytest.mark.parametrize("own", SCALARS, ids=str)
    def test_what_is_no_sequence(self, own):
        with pytest.raises(
            TypeError, match=r"^Recording 1: y has .*expected a sequence"
        ):
            read_labels([[0, 1], own], of_lengths(2, 3), 3)
        with pytest.raises(TypeError, match=r"^y has .*expected a sequence"):
            read_labels(own, of_lengths(3, form="single"), 3)

    @pytest.mark.parametrize("y", SCALARS, ids=str)
    def test_what_is_no_sequence_of_videos(self, y):
        with pytest.raises(TypeError, match=r"^y is a .*expected a sequence with"):
            read_labels(y, of_lengths(2, 3), 3)

    @pytest.mark.parametrize(
        ("y", "match"),
        [
            ([[0, 1]], "of 1 recordings, expected 2"),
            ([[0, 1], [0]], "^Recording 1: y has 1 labels, X has 3 frames"),
            ([None, [0] * 4], "^Recording 1: y has 4 labels, X has 3 frames"),
            (
                [[0, -2], None],
                "^Recording 0: y has the label -2, expected integers from 0",
            ),
            ([None, [0.5, 1, 2]], "^Recording 1: y has labels of type float64"),
            ([None, [0, 1, np.inf]], "^Recording 1: y has labels of type float64"),
            ([[0, "a"], None], "^Recording 0: y has labels of type object"),
            ([[0, 1], ["a", "", ""]], "text in some recordings and integers in others"),
            ([None, [b"a", b"a", b"b"]], "^Recording 1: y has labels of type"),
            ([None, [1j, 1, 2]], "^Recording 1: y has labels of type"),
            ([None, [2**70, 1, 2]], "^Recording 1: y has the label .*64 bits"),
            ([None, None], "no known label, expected some"),
            ([[-1, -1], ["", None, ""]], "no known label, expected some"),
            ([[0, 1], [2, 3, 3]], "has 4 labels, expected at most n_actions=3"),
            ([[0, 1], [[0], [1], [1]]], "^Recording 1: y has .*expected a sequence"),
            (
                [np.zeros((2, 2), int), None],
                "^Recording 0: y has .*expected a sequence",
            ),
            ([[0, [1, 1]], None], "^Recording 0: y has .*expected a sequence|of type"),
            ([[[0], 1], None], "^Recording 0: y has .*expected a sequence|of type"),
            ([pd.DataFrame({"a": [0, 1]}), None], "^Recording 0: y has .*a sequence"),
            ([[{}, 1], None], "^Recording 0: y has labels of type object"),
            (None, "y is None, expected labels of some recordings"),
            (
                [np.array(["2020-01-01"] * 2, "M8[D]"), None],
                "^Recording 0: y has labels",
            ),
        ],
        ids=str,
    )
    def test_refused(self, y, match):
        with pytest.raises((ValueError, TypeError), match=match) as caught:
            read_labels(y, of_lengths(2, 3), 3)
        assert "\n" not in str(caught.value)
        is_of_one = match.startswith("^Recording")
        assert isinstance(caught.value, RecordingError) == is_of_one


class TestTranscripts:
    def test_numbers_and_text(self):
        codes, classes = read_transcripts(
            [[4, 2, 4], None, np.array([2])], of_lengths(*[9] * 3), 2
        )
        assert lists(codes) == [[1, 0, 1], [], [0]]
        assert classes.tolist() == [2, 4]
        codes, classes = read_transcripts(["b", "a"], of_lengths(9, form="single"), 2)
        assert lists(codes) == [[1, 0]]
        assert classes.tolist() == ["a", "b"]

    def test_as_long_as_the_video(self):
        codes, _ = read_transcripts([[0, 1, 0]], of_lengths(3), 2)
        assert lists(codes) == [[0, 1, 0]]

    @pytest.mark.parametrize("own", SCALARS, ids=str)
    def test_what_is_no_sequence(self, own):
        with pytest.raises(
            TypeError, match=r"^Recording 1: y has .*expected a sequence"
        ):
            read_transcripts([[0, 1], own], of_lengths(9, 9), 3)

    @pytest.mark.parametrize(
        ("y", "match"),
        [
            ([[0, 1]], "of 1 recordings, expected 2"),
            ([[0, 1], []], "^Recording 1: the transcript is empty, expected actions"),
            ([[0, 1], [1, 1]], "^Recording 1: the transcript has 1 twice in a row"),
            ([["a", "b"], ["b", "b"]], "^Recording 1: the transcript has 'b' twice"),
            (
                [[0, -1, 1], None],
                "^Recording 0: the transcript has no label in place 1",
            ),
            ([["a", ""], None], "^Recording 0: the transcript has no label in place 1"),
            (
                [None, [0, 1, 0, 1]],
                "^Recording 1: the transcript has 4 actions, but X has",
            ),
            ([None, None], "no known label"),
            ([[], []], "no known label"),
            ([[0, 1], [2, 3]], "has 4 labels, expected at most n_actions=3"),
            ([[0, 1], ["a"]], "text in some recordings and integers in others"),
            ([[0, "a"], None], "^Recording 0: y has labels of type object"),
            ([None, [-3]], "^Recording 1: y has the label -3"),
            ([None, [0.5]], "^Recording 1: y has labels of type float64"),
            ([[[0, 1]], None], "^Recording 0: y has .*expected a sequence"),
            (None, "y is None, expected transcripts of some recordings"),
            ({0: [0, 1], 1: [1]}, "y is a dict, expected a sequence with transcripts"),
        ],
        ids=str,
    )
    def test_refused(self, y, match):
        with pytest.raises((ValueError, TypeError), match=match) as caught:
            read_transcripts(y, of_lengths(3, 3), 3)
        assert "\n" not in str(caught.value)
        assert isinstance(caught.value, RecordingError) == match.startswith(
            "^Recording"
        )
