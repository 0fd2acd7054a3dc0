"""Labels of all kinds: what is read, and what is refused."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.labels import (
    decode,
    encode,
    encode_known,
    encode_transcripts,
    find_code,
    split_label_sequences,
)
from skl_tot.recordings.layouts import as_recordings


def refused(labels, error, message):
    for y in (labels, [labels, labels]):
        with pytest.raises(error, match=message) as caught:
            split_label_sequences(y)
        assert "\n" not in str(caught.value)


class TestMasked:
    def test_masked_frames_are_refused(self):
        labels = np.ma.array([1, 2, 3], mask=[False, True, False])
        refused(labels, TypeError, r"is masked in 1 of 3 frames, expected a label for")
        stacked = np.ma.array([[1, 2], [3, 4]], mask=[[False, False], [True, True]])
        with pytest.raises(TypeError, match=r"^y\[1\] is masked in 2 of 2 frames"):
            split_label_sequences(stacked)

    def test_nothing_masked(self):
        (labels,), _ = split_label_sequences(np.ma.array([1, 2], mask=[False, False]))
        assert labels.tolist() == [1, 2]


class TestLargeIntegers:
    @pytest.mark.parametrize(
        "labels",
        [
            np.array([0, 2**64 - 1], dtype=np.uint64),
            [0, 2**63],
            [0, -(2**63) - 1],
            [2**70, 0],
            np.array([0, 10**400], dtype=object),
        ],
    )
    def test_refused(self, labels):
        refused(labels, ValueError, r"a label is -?\d+.*, expected integers of 64 bits")

    def test_largest(self):
        ends = [-(2**63), 2**63 - 1]
        (labels,), _ = split_label_sequences(ends)
        assert labels.tolist() == ends
        (labels,), _ = split_label_sequences(np.array([2**63 - 1], dtype=np.uint64))
        assert labels.tolist() == [2**63 - 1]

    def test_beyond_floats(self):
        labels = np.array([0.5, 10**400], dtype=object)
        refused(labels, TypeError, "labels of type object, expected integers or str")


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["2020-01-01"], dtype="datetime64[s]"),
        [np.datetime64("2020-01-01")],
        np.array([1], dtype="timedelta64[s]"),
        [np.timedelta64(1, "s")],
        [1, np.timedelta64(1, "s")],
        ["1", 2],
        [2, b"1"],
    ],
)
def test_neither_integers_nor_text(labels):
    refused(labels, TypeError, r"has labels of type .*, expected integers or strings")


def string_dtype_of_numpy():
    if not hasattr(np.dtypes, "StringDType"):
        pytest.skip("numpy 1 has none")
    return np.dtypes.StringDType


class TestStringDType:
    def test_is_text(self):
        string_dtype = string_dtype_of_numpy()
        labels = np.array(["cut", "stir well"], dtype=string_dtype())
        for y in (labels, [labels], np.array([labels])):
            (found,), _ = split_label_sequences(y)
            assert found.dtype.kind == "U"
            assert found.tolist() == ["cut", "stir well"]

    def test_missing(self):
        string_dtype = string_dtype_of_numpy()
        for missing in (np.nan, None):
            kind = string_dtype(na_object=missing)
            labels = np.array(["cut", missing], dtype=kind)
            refused(labels, TypeError, r"expected integers or strings")


@pytest.mark.parametrize(
    "fps", [np.inf, -np.inf, np.nan, 0, -1, 1e-320, 1e300, 10**400, "30", [30]]
)
def test_rates_that_give_no_time(fps):
    message = "expected a positive number from 1e-06 to 1e+06, or None."
    with pytest.raises(ValueError, match=re.escape(message)):
        check_fps(fps)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.longdouble])
def test_whole_floats_of_any_size(kind):
    (labels,), _ = split_label_sequences(np.array([0, 3, 3], dtype=kind))
    assert labels.tolist() == [0, 3, 3]


class TestCodes:
    """Codes are indices of the labels; unknown labels and background have -1."""

    @given(
        st.lists(st.lists(st.sampled_from(["", "a", "b c", "é"]), max_size=4)),
        st.booleans(),
    )
    def test_there_and_back(self, words, is_text):
        numbers = {"": -1, "a": 3, "b c": 0, "é": 7}
        if not is_text:
            words = [[numbers[word] for word in own] for own in words]
        known = {label for own in words for label in own} - {"", -1}
        recordings = as_recordings([np.zeros((1, 1))] * max(1, len(words)))
        if not known:
            with pytest.raises(ValueError, match="no known label"):
                encode_known(words, recordings)
            return
        codes, classes = encode_known(words, recordings)
        assert classes.tolist() == sorted(known)
        for own, labels in zip(codes, words):
            shown = decode(own, classes).tolist()
            assert shown == ["background" if own == "" else own for own in labels]
        every = np.arange(len(classes))
        assert (encode(classes, classes) == every).all()
        assert [find_code(label, classes) for label in classes.tolist()] == [*every]

    def test_transcripts(self):
        classes, one = np.array(["a", "b"]), as_recordings(np.zeros((3, 1)))
        for labels in (["b", "a"], [["b", "a"]], np.array(["b", "a"])):
            (codes,) = encode_transcripts(labels, one, classes)
            assert codes.tolist() == [1, 0]
        with pytest.raises(ValueError, match=r"\['c'\], expected actions among \['a'"):
            encode_transcripts([["c"]], one, classes)
