"""The formats of files of segments."""

import itertools
import json
import re
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import FORMATS, read_segments, read_table, segments, write_segments
from skl_tot.io.files import formats_that
from skl_tot.io.formats.tables import write_workbook
from skl_tot.recordings import Recordings

# with a non-breaking space, and with a joiner of zero width
NAMES = ['take\u00a0"cup"', "cut & <b>", "می\u200cریزد", "cut & <b>"]
LABELS = np.repeat(NAMES, [7, 31, 4, 19])
FPS = 29.97


@pytest.fixture
def table():
    return segments(LABELS, FPS, confidence=np.linspace(0.3, 1, len(LABELS)))


CUPS = np.repeat(["take cup", "pour", "take cup", "stir"], [12, 30, 5, 13])


def test_unknown_format(tmp_path):
    (tmp_path / "a.none").touch()
    for name, format in [("a.csv", "none"), ("a.none", None)]:
        with pytest.raises(ValueError, match="none"):
            write_segments(segments(CUPS), tmp_path / name, format=format)
    with pytest.raises(ValueError, match="none"):
        read_segments(tmp_path / "a.none")


def milliseconds(seconds):
    return round(1000 * float(seconds))


def read_elan(path):
    elan = pytest.importorskip("speach.elan").read_eaf(path)
    (tier,) = [tier for tier in elan if tier.name == "action"]
    return [(a.from_ts.value, a.to_ts.value, a.text) for a in tier.annotations]


def read_textgrid(path):
    parselmouth = pytest.importorskip("parselmouth")  # Praat itself
    grid, call = parselmouth.read(path), parselmouth.praat.call
    assert call(grid, "Get tier name", 1) == "action"
    return [
        (
            milliseconds(call(grid, "Get start time of interval", 1, i)),
            milliseconds(call(grid, "Get end time of interval", 1, i)),
            call(grid, "Get label of interval", 1, i),
        )
        for i in range(1, int(call(grid, "Get number of intervals", 1)) + 1)
    ]


def rows_of(table, start="start_time", end="end_time", action="action"):
    times = table[[start, end]].map(milliseconds)
    return list(zip(times[start], times[end], table[action]))


def read_labels(path):
    table = pd.read_csv(path, header=None, sep="\t", quoting=3)[0]
    cuts = table.index[table != table.shift()].tolist() + [len(table)]
    return [
        (milliseconds(a / FPS), milliseconds(b / FPS), table[a])
        for a, b in itertools.pairwise(cuts)
    ]


def read_events(path):
    table = pd.read_excel(path)
    starts, ends = table[::2].reset_index(), table[1::2].reset_index()
    return rows_of(starts.assign(end=ends["time"]), "time", "end", "code")


def read_nwb(path):
    pynwb = pytest.importorskip("pynwb")
    assert pynwb.validate(path=path) == []
    with pynwb.NWBHDF5IO(path, "r") as file:
        table = file.read().processing["behavior"]["action"].to_dataframe()
    return rows_of(table, end="stop_time", action="label")


def read_labelstudio(path):
    with open(path, encoding="utf-8") as file:
        (task,) = json.load(file)
    assert task["data"]["fps"] == pytest.approx(FPS)
    rows = []
    for region in task["predictions"][0]["result"]:
        (frames,), (action,) = region["value"].values()
        times = (frames["start"] - 1) / FPS, frames["end"] / FPS
        rows.append((*map(milliseconds, times), action))
    return rows


READERS = {
    "boris_events": read_events,
    "nwb": read_nwb,
    "labelstudio": read_labelstudio,
    "labels": read_labels,
    "elan": read_elan,
    "textgrid": read_textgrid,
}


TABLES = [name for name in formats_that("many") if name in formats_that("write")]


class TestFiles:
    @pytest.mark.parametrize("format", READERS)
    def test_other_tools_read_the_same_to_the_millisecond(
        self, table, tmp_path, format
    ):
        path = tmp_path / f"video{FORMATS[format].suffix}"
        write_segments(table, path, format=format)
        times = table[["start_time", "end_time"]].map(milliseconds)
        expected = zip(times["start_time"], times["end_time"], table["action"])
        assert READERS[format](str(path)) == list(expected)
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("format", formats_that("write"))
    def test_on_a_clock(self, tmp_path, format, clocks, several):
        """Boundaries that are moved by less than half a frame stay."""
        path = tmp_path / f"take 1{FORMATS[format].suffix}"
        write_segments(segments(clocks[:1]), path, format=format)
        found = read_segments(path, format=format, recordings=clocks)["take 1"]
        np.testing.assert_array_equal(found, several["take 1"])

    def test_each_column_has_a_place(self, tmp_path):
        table = segments({"a": [0, 1]}).rename(columns={"recording": "video"})
        with pytest.raises(ValueError, match="'video'"):
            write_segments(table, tmp_path / "a.csv")

    @pytest.mark.parametrize("format", sorted(set(FORMATS) - set(formats_that("many"))))
    def test_one_recording_a_file(self, tmp_path, format, several):
        with pytest.raises(ValueError, match="recordings"):
            write_segments(segments(several, FPS), tmp_path / "a", format=format)

    @pytest.mark.parametrize(
        ("labels", "fps", "format"),
        [
            ([0, 1], None, "elan"),
            ([0, 1], None, "nwb"),
            ([0, 1], 5000, "elan"),
            (["a\x01"], 30, "elan"),
            (["", "b"], 30, "labels"),
        ],
    )
    def test_an_error_leaves_what_was(self, tmp_path, labels, fps, format):
        path = tmp_path / "video.file"
        path.write_text("before")
        with pytest.raises(ValueError):
            write_segments(segments(labels, fps), path, format=format)
        assert path.read_text() == "before"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("format", ["csv", "elan"])
    def test_no_file_has_what_is_not_read_again(self, tmp_path, format):
        table = segments([0, 1], 1, confidence=[1, 1])
        for wrong in [
            table.assign(confidence=[1, np.nan]),
            table.assign(end_time=[1, np.inf]),
            segments(["cut", "-1"], 1),
            table.iloc[:0],
            table.drop(columns=["start", "end"]),
            segments({" a": [1]}, 1),
            segments({"a\nb": [1]}, 1),
            segments(["cut", "cut "], 1),
        ]:
            with pytest.raises(ValueError):
                write_segments(wrong, tmp_path / "a", format=format)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", TABLES)
def test_several_go_there_and_back(tmp_path, format, clocks, several, sure):
    path = tmp_path / f"all{FORMATS[format].suffix}"
    for table, timing in [
        (segments(several, 10, confidence=sure), {"fps": 10}),
        (segments(clocks), {"recordings": clocks}),
    ]:
        write_segments(table, path, format=format)
        labels = read_segments(path, format=format, **timing)
        assert list(labels) == list(several)
        for name, y in several.items():
            np.testing.assert_array_equal(labels[name], y)


@pytest.mark.parametrize("fps", [None, 29.97])
def test_tasks_of_label_studio(tmp_path, several, sure, fps):
    """Tasks as the import of Label Studio documents them."""
    path = tmp_path / "tasks.json"
    write_segments(segments(several, fps, confidence=sure), path, format="labelstudio")
    first, *others = json.loads(path.read_text(encoding="utf-8"))
    rate = {} if fps is None else {"fps": fps}
    assert first["data"] == {"video": "take 1", "recording": "take 1"} | rate
    assert [task["data"]["video"] for task in others] == list(several)[1:]
    (prediction,) = first["predictions"]
    assert prediction["model_version"] == "skl-tot"
    assert prediction["result"][1] == {
        "id": "1",
        "from_name": "action",
        "to_name": "video",
        "type": "timelinelabels",
        "value": {"ranges": [{"start": 8, "end": 38}], "timelinelabels": ["pour, hot"]},
        "score": pytest.approx(sure["take 1"][7:38].mean()),
    }


@pytest.mark.parametrize("name", ["all.csv", "all.xlsx"])
def test_tables_come_back(tmp_path, name):
    """Intervals are in seconds of the clock; those that are unknown are blank."""
    labels = [np.array([0, 0, 1, 1, 2]), np.array([1, 1])]
    times = [np.array([0, 1, 2, 9, 10.5]), np.array([3.0, 5])]
    clocks = Recordings(labels, ["a", "b"], fps=1, times=times)
    found = {"boundaries": [[[2, 1, 3]], np.empty((0, 3), int)]}
    found["confidence"] = [np.linspace(0.2, 0.9, len(own)) for own in labels]
    table = segments(clocks, **found)
    np.testing.assert_array_equal(table["start_low"], [np.nan, 1, np.nan, np.nan])
    assert table["start_high"].dropna().tolist() == [9]
    write_segments(table, tmp_path / name)
    again = read_table(tmp_path / name)
    pd.testing.assert_frame_equal(again, table[list(again)], check_dtype=False)


def test_codes_of_events_are_text(tmp_path):
    """Numbers of unnamed actions are no numeric cells, which BORIS reads as 4.0."""
    openpyxl = pytest.importorskip("openpyxl")
    table = segments(Recordings([[4, 4, 0]], ["a"], fps=10))
    with pytest.warns(UserWarning, match="BORIS"):
        write_segments(table, tmp_path / "a.xlsx", format="boris_events")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    cells = [row[2] for row in sheet.iter_rows(min_row=2)]
    values = [(cell.value, cell.data_type) for cell in cells]
    assert values == [("4", "s"), ("4", "s"), ("0", "s"), ("0", "s")]


def test_workbooks_have_numbers_text_and_dates(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    labels = [np.array(["=A1"] * 3 + ["4"] * 2), np.array(["4"])]
    starts = ["2024-03-04T06:51:08.25", "NaT"]
    clock = {"fps": 10, "times": [np.arange(5) / 10, [0]], "starts": starts}
    takes = Recordings(labels, ["a", "b"], **clock)
    table = segments(takes, confidence=[np.full(5, 0.50001), np.ones(1)])
    write_segments(table, tmp_path / "all.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "all.xlsx").active
    header, *rows = sheet.iter_rows()
    cells = [dict(zip([cell.value for cell in header], row)) for row in rows]
    assert [row["action"].data_type for row in cells] == ["s"] * 3
    assert [row["end"].value for row in cells] == [3, 5, 1]
    assert sheet.title == "segments"
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
    assert sheet.auto_filter.ref == sheet.dimensions
    assert sheet.page_setup.orientation == "landscape"
    assert all(cell.font.bold for cell in header)
    assert not any(cell.font.bold for cell in rows[0])
    formats = {name: cell.number_format for name, cell in cells[0].items()}
    assert (formats["end"], formats["end_time"]) == ("0_)", "0.0_)")
    assert formats["end_clock"] == "yyyy-mm-dd hh:mm:ss.00_)"
    widths = [sheet.column_dimensions[cell.column_letter].width for cell in header]
    assert widths[list(formats).index("end_clock")] > len("2024-03-04 06:51:08.25")
    assert cells[0]["end_time"].value == 0.3
    assert cells[0]["end_clock"].value == datetime(2024, 3, 4, 6, 51, 8, 550_000)
    assert cells[2]["end_clock"].value is None
    again = read_table(tmp_path / "all.xlsx")
    assert again["end_clock"].tolist()[:2] == [f"{x}0" for x in table["end_clock"][:2]]
    assert again["end_time"].tolist() == table["end_time"].tolist()
    assert again["confidence"].tolist() == [0.5, 0.5, 1]
    sums = pd.DataFrame(
        {"mean": [1 / 3, 171.9000000000001], "total": [2.5, 1.7e9 + 0.125]}
    )
    write_workbook({"sums": sums}, tmp_path / "a.xlsx")
    row = next(openpyxl.load_workbook(tmp_path / "a.xlsx")["sums"].iter_rows(2, 3))
    assert [cell.number_format for cell in row] == ["0.000_)", "0.000_)"]
    sums = pd.read_excel(tmp_path / "a.xlsx").to_numpy().tolist()
    assert sums == [[0.3333333333333, 2.5], [171.9, 1_700_000_000.125]]
    with pytest.raises(ValueError, match="number of characters in 'action' is 32768"):
        write_segments(segments(["a" * 2**15]), "a.xlsx")
    found = read_segments(tmp_path / "all.xlsx")
    assert {name: own.tolist() for name, own in found.items()} == {
        name: own.tolist() for name, own in zip("ab", labels)
    }


def test_days_in_workbooks_are_days(tmp_path):
    pytest.importorskip("openpyxl")
    days = [datetime(2024, 3, 4), datetime(2024, 3, 5, 6, 30)]
    table = pd.DataFrame({"recording": days, "action": "a", "start": 0, "end": 2})
    table.to_excel(tmp_path / "a.xlsx", index=False)
    expected = ["2024-03-04", "2024-03-05 06:30:00.000"]
    assert list(read_segments(tmp_path / "a.xlsx")) == expected


@pytest.mark.parametrize("format", formats_that("write"))
def test_a_full_disk_is_an_error_about_the_file(table, tmp_path, format, limited):
    """Here by a limit of the size of files; the file of before stays."""
    path = tmp_path / f"a{FORMATS[format].suffix}"
    path.write_bytes(b"old")
    limited("FSIZE", 9)
    with pytest.raises(OSError, match=re.escape(f"'{path}'")):
        write_segments(table, path, format=format)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
