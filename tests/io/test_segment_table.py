"""The segment table: made of labels, checked, and turned into labels again."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.io import labels_from_segments, read_table, segments, write_segments
from skl_tot.recordings.segment_checks import check_segments

TIMES = ["start_time", "end_time", "duration_time"]


class TestSegments:
    def test_values(self):
        table = segments([4, 4, 4, 1], fps=2, confidence=[0.5, 0.6, 0.7, 0.25])
        first, second = table.to_dict("records")
        assert first == {
            "action": 4,
            "start": 0,
            "end": 3,
            "duration": 3,
            "start_time": 0.0,
            "end_time": 1.5,
            "duration_time": 1.5,
            "confidence": pytest.approx(0.6),
        }
        assert list(table) == list(first)
        assert second["confidence"] == 0.25

    def test_a_dict_by_name(self, several, sure):
        table = segments(several, 10, confidence=sure)
        columns = ["recording", "action", "start", "end", "duration"]
        assert table.columns.tolist() == [*columns, *TIMES, "confidence"]
        assert table["recording"].unique().tolist() == list(several)
        for name, y in several.items():
            own = table[table["recording"] == name].drop(columns="recording")
            expected = segments(y, 10, confidence=sure[name])
            pd.testing.assert_frame_equal(own.reset_index(drop=True), expected)

    def test_times_of_a_clock(self, clocks):
        table = segments(clocks)
        length = table["end_time"] - table["start_time"]
        np.testing.assert_allclose(table["duration_time"], length)
        for i, (_, own) in enumerate(table.groupby("recording", sort=False)):
            starts = clocks.times[i].tolist()
            ends = [*starts[1:], starts[-1] + 1 / 20]
            for first in clocks.breaks[i]:  # the gaps of 1.3 s
                ends[first - 1] = starts[first - 1] + 1 / 20
            assert own["start_time"].tolist() == [starts[k] for k in own["start"]]
            assert own["end_time"].tolist() == [ends[k - 1] for k in own["end"]]

    @pytest.mark.parametrize(
        ("y", "arguments"),
        [
            ([1, 1], {"fps": 0}),
            ([1, 1], {"confidence": [0.5]}),
            ({"a": ["x"], "b": []}, {}),
            ({"a": [1]}, {"confidence": {"b": [1]}}),
            ([[1], [1, 1, 2]], {"confidence": [[0.5], [0.5, 1, np.nan]]}),
            ([1, 2], {"confidence": [1j, 1]}),
            ([1, 2], {"confidence": np.ma.array([0.5, 0.7], mask=[False, True])}),
            ([1, 1], {"fps": 1, "boundaries": {"b": []}}),
            ([0, 0, 1], {"fps": 1, "boundaries": [[2, 1, 9]]}),
            ([0, 0, 1], {"fps": 1, "boundaries": [[2, 3, 3]]}),
        ],
    )
    def test_wrong_arguments(self, y, arguments):
        with pytest.raises((TypeError, ValueError)):
            segments(y, **arguments)


class TestLabels:
    @given(st.lists(st.integers(-1, 4), min_size=1, max_size=40))
    def test_there_and_back(self, labels):
        np.testing.assert_array_equal(labels_from_segments(segments(labels)), labels)

    @pytest.mark.parametrize("change", [{"start": 1}, {"end": 0}, {"end": 8}])
    def test_segments_must_cover_all_frames(self, several, change):
        table = segments(several["take 1"])
        table.loc[0, list(change)] = list(change.values())
        with pytest.raises(ValueError):
            labels_from_segments(table)
        with pytest.raises(ValueError, match="x: Segment"):
            labels_from_segments(table.assign(recording="x"))


def row(**changes):
    return {"action": 1, "start": 0, "end": 2} | changes


@pytest.mark.parametrize(
    "table",
    [
        {"start": [0], "end": [2]},
        [{"action": 1, "start": 0}],
        [row(start=-1)],
        [row(end=1.5)],
        [row(end=True)],
        [row(), row(start=3)],
        [row(start_time="x", end_time=1)],
        [row(confidence=np.inf)],
        [row(end=2**70)],
        [row(action=2**64)],
        [row(action=None)],
        [row(recording="a\nb")],
    ],
)
def test_tables_that_are_none(table):
    with pytest.raises(TypeError):
        check_segments(table)
    with pytest.raises((TypeError, ValueError)) as caught:
        check_segments(pd.DataFrame(table, dtype=object))
    assert "\n" not in str(caught.value)


def test_a_table_has_each_column_once():
    twice = pd.DataFrame([[1, 0, 2, 2]], columns=["action", "start", "end", "end"])
    with pytest.raises(ValueError, match="each once"):
        check_segments(twice)


def test_a_checked_table_has_types_and_no_other_columns():
    rows = [row(start="0", note="x", confidence=""), row(action="b", start_time=1)]
    table = check_segments(pd.DataFrame(rows, dtype=object))
    assert table.columns.tolist() == ["action", "start", "end", "confidence"]
    assert table["action"].tolist() == ["1", "b"]
    assert table[["start", "end"]].dtypes.tolist() == [np.int64] * 2
    assert table["confidence"].isna().all()
    pd.testing.assert_frame_equal(check_segments(table), table)


def test_names_of_files_become_text():
    for name in ("caf\udce9", "caf\ud800"):
        assert segments({name: [1]})["recording"][0].encode().startswith(b"caf")


def test_actions_as_floats_are_integers(tmp_path):
    """A concat with a table that lacks the column makes floats of integers."""
    table = pd.DataFrame({"action": [-1.0, 0.0, 2.0], "start": [0, 2, 3]})
    table["end"] = [2, 3, 7]
    assert labels_from_segments(table).tolist() == [-1, -1, 0, 2, 2, 2, 2]
    write_segments(table, tmp_path / "a.csv")
    table.to_csv(tmp_path / "b.csv", index=False)
    for name in ("a.csv", "b.csv"):
        assert read_table(tmp_path / name)["action"].tolist() == [-1, 0, 2]
    for bad in (0.5, np.inf, 2.0**70):
        with pytest.raises(ValueError, match="Segment 1"):
            labels_from_segments(table.assign(action=[-1, bad, 0]))
