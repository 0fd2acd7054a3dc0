"""Labels of all kinds: what is read, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.recordings.labels import (
    codes_of_labels,
    encode_known,
    encode_transcripts,
    find_code,
    labels_of_codes,
    split_label_sequences,
)
from skl_tot.recordings.layouts import as_recordings

REFUSED = [
    np.ma.array([1, 2, 3], mask=[False, True, False]),
    np.array([0, 2**64 - 1], dtype=np.uint64),
    [0, -(2**63) - 1],
    np.array([0.5, 10**400], dtype=object),
    np.array(["2020-01-01"], dtype="datetime64[s]"),
    [1, np.timedelta64(1, "s")],
    ["1", 2],
    [2, b"1"],
]


@pytest.mark.parametrize("labels", REFUSED)
def test_refused(labels):
    for y in (labels, [labels, labels]):
        with pytest.raises((TypeError, ValueError)) as caught:
            split_label_sequences(y)
        assert "\n" not in str(caught.value)


def test_integers_of_all_types():
    ends = [-(2**63), 2**63 - 1]
    for y in (ends, np.array(ends[1:], dtype=np.uint64)):
        assert split_label_sequences(y)[0][0].tolist() == list(y)
    for kind in (np.float16, np.float32, np.longdouble):
        (labels,), _ = split_label_sequences(np.array([0, 3, 3], dtype=kind))
        assert labels.tolist() == [0, 3, 3]


def test_string_dtype():
    if not hasattr(np.dtypes, "StringDType"):
        pytest.skip("numpy 1 has none")
    labels = np.array(["cut", "stir well"], dtype=np.dtypes.StringDType())
    for y in (labels, [labels], np.array([labels])):
        (found,), _ = split_label_sequences(y)
        assert found.dtype.kind == "U"
        assert found.tolist() == ["cut", "stir well"]
    for missing in (np.nan, None):
        kind = np.dtypes.StringDType(na_object=missing)
        with pytest.raises(TypeError, match="expected integers or strings"):
            split_label_sequences(np.array(["cut", missing], dtype=kind))


@given(
    st.lists(st.lists(st.sampled_from(["", "a", "b c", "é"]), max_size=4)),
    st.booleans(),
)
def test_codes_there_and_back(words, is_text):
    """Codes are indices of the labels; unknown labels and background have -1."""
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
        shown = labels_of_codes(own, classes).tolist()
        assert shown == ["background" if own == "" else own for own in labels]
    every = np.arange(len(classes))
    assert (codes_of_labels(classes, classes) == every).all()
    assert [find_code(label, classes) for label in classes.tolist()] == [*every]


def test_transcripts():
    classes, one = np.array(["a", "b"]), as_recordings(np.zeros((3, 1)))
    for labels in (["b", "a"], [["b", "a"]], np.array(["b", "a"])):
        (codes,) = encode_transcripts(labels, one, classes)
        assert codes.tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"\['c'\], expected actions among \['a'"):
        encode_transcripts([["c"]], one, classes)
