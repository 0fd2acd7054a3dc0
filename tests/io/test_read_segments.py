"""Files of segments that come back, from this package and from other programs."""

import json
import os
import re
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skl_tot.io import FORMATS, name_actions, read_segments, read_table, segments
from skl_tot.io import write_segments as write
from skl_tot.io.formats import frame_formats, writable_formats
from skl_tot.recordings import Recordings
from skl_tot.recordings.disk import is_line
from skl_tot.statistics import durations

WRITTEN = list(writable_formats())
RATES = [1, 7.5, 23.976, 25, 29.97, 30000 / 1001, 50, 59.94, 119.88, 120, 240, 999.9]
LABEL = st.one_of(
    st.sampled_from(
        ["cut", 'a "b"', "a, b; c", "<b>a</b>", "&lt;", "-->", "NOTE", "!", "007"]
        + ["background", "it's", "a  b", "ü\u00a0é", "={x}", "日本", "#N/A"]
    ),
    st.text(min_size=1, max_size=8).map(str.strip).filter(is_line),
).filter(lambda text: text != "-1")
FAST = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


def save(tmp_path, name, content, encoding="utf-8"):
    path = tmp_path / name
    is_text = isinstance(content, str)
    path.write_bytes(content.encode(encoding) if is_text else content)
    return path


def refused(path, *parts, **options):
    """Error of a file, in one line that names it."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read_segments(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text, text


class TestRoundTrip:
    @pytest.mark.parametrize("format", WRITTEN)
    @settings(max_examples=5, **FAST)
    @given(
        runs=st.lists(st.tuples(LABEL, st.integers(1, 400)), min_size=1, max_size=12),
        fps=st.sampled_from(RATES) | st.floats(0.01, 999),
        gaps=st.sampled_from(["unknown", "background"]),
    )
    @example(runs=[("a", 10**6 - 7), ("b", 1), ("a", 6)], fps=29.97, gaps="unknown")
    @example(runs=[("a", 1), ("b", 1)] * 300, fps=999.9, gaps="unknown")
    def test_exports_are_read_back(self, tmp_path, format, runs, fps, gaps):
        if format == "nwb":  # which takes long for each row
            runs = runs[:12]
        labels = np.repeat(*zip(*runs))
        path = tmp_path / f"video{FORMATS[format].suffix}"
        write(segments(labels, fps), path, format=format)
        options = {"fps": fps, "gaps": gaps, "format": format}
        found = read_segments(path, **options)
        np.testing.assert_array_equal(found, labels)
        assert found.dtype.kind == "U"
        found = read_segments(path, n_frames=len(labels) + 2, **options)
        gap = "" if gaps == "unknown" else "background"
        assert found.tolist() == [*labels.tolist(), gap, gap]

    @pytest.mark.parametrize("format", WRITTEN)
    def test_numbers_and_the_need_of_a_rate(self, tmp_path, format):
        labels = [3, 3, -1, 10, 3]
        path = tmp_path / f"a{FORMATS[format].suffix}"
        write(segments(labels, 25), path, format=format)
        found = read_segments(path, fps=25, format=format)
        np.testing.assert_array_equal(found, name_actions(labels, {}))
        assert found.tolist() == ["3", "3", "background", "10", "3"]
        if format in frame_formats():
            np.testing.assert_array_equal(read_segments(path, format=format), found)
        else:
            refused(path, "fps is None", format=format)


class TestClocks:
    def test_corrections(self, tmp_path):
        times = [np.array([2.0, 2.1, 2.2, 4.0, 4.1])]
        recordings = Recordings([np.zeros(5)], ["a"], fps=10, times=times)

        def read(rows):
            path = save(tmp_path, "a.csv", f"label,start,end\n{rows}\n")
            return read_segments(path, recordings=recordings).tolist()

        assert read("x,2.0,2.24\ny,2.24,4.16") == ["x", "x", "y", "y", "y"]
        assert read("x,2.14,3.9") == ["", "x", "x", "", ""]
        assert read("x,2.16,4.29") == ["", "", "x", "x", "x"]  # one frame later is cut
        with pytest.raises(ValueError, match=r"'x' from 1\.9 to 2\.5 s, expected it"):
            read("x,1.9,2.5")
        with pytest.raises(ValueError, match="ends at frame 7, expected"):
            read("x,2.0,4.4")

    def test_other_recordings(self, tmp_path, clocks):
        write(segments(["a"]), tmp_path / "b.csv")
        message = r"b\.csv: the recording is 'b', expected one of \['take"
        with pytest.raises(ValueError, match=message):
            read_segments(tmp_path / "b.csv", recordings=clocks)
        with pytest.raises(ValueError, match="fps is 10, expected 20 frames"):
            read_segments(tmp_path / "b.csv", recordings=clocks, fps=10)
        with pytest.raises(ValueError, match="n_frames and recordings are given"):
            read_segments(tmp_path / "b.csv", recordings=clocks, n_frames=3)


# As version 8 of BORIS exports aggregated events, and tabular ones.
AGGREGATED = (
    "Observation id,Observation date,Description,Media file,Total length,FPS,Subject,"
    "Behavior,Behavioral category,Modifiers,Behavior type,Start (s),Stop (s),"
    "Duration (s),Comment start,Comment stop"
)
TABULAR = (
    "Observation id,Observation date,Description,Observation duration,Observation type,"
    "Source,Media duration (s),FPS (frame/s),Subject,Behavior,Behavioral category,"
    "Modifier #1,Behavior type,Time,Media file name,Image index,Image file path,Comment"
)
BORIS_EVENTS = [
    ("obs1", "dig", "STATE", "1.000", "2.503"),
    ("obs1", "dig", "STATE", "3.0", "4.0"),
    ("obs1", "jump", "POINT", "1.2", "NA"),
    ("obs1", "rest", "STATE", "2.504", "3.0"),
]


def boris(events, delimiter):
    lines = [AGGREGATED.replace(",", delimiter)]
    for name, behavior, kind, start, stop in events:
        cells = [name, "2024-05-01", "", "v.mp4", "10.0", "25.0", "No focal subject"]
        cells += [behavior, "", "", kind, start, stop, "NA", "", ""]
        lines.append(delimiter.join(cells))
    return "\r\n".join(lines) + "\r\n"


def tabular(*events):
    """Tabular events of BORIS, of subject, behaviour, modifier, type and time."""
    lines = [TABULAR.replace(",", "\t")]
    for subject, behavior, modifier, kind, time in events:
        cells = ["take 1", *[""] * 7, subject, behavior, "", modifier, kind, time]
        lines.append("\t".join([*cells, *[""] * 4]))
    return "\n".join(lines) + "\n"


class TestBoris:
    @pytest.mark.parametrize(("name", "between"), [("a.tsv", "\t"), ("a.csv", ",")])
    def test_aggregated_events(self, tmp_path, name, between):
        path = save(tmp_path, name, boris(BORIS_EVENTS, between))
        with pytest.warns(UserWarning, match=r"1 of 4 .* 'jump' from 1\.2 to 1\.2 s"):
            found = read_segments(path, fps=10, n_frames=42, gaps="background")
        expected = np.repeat(
            ["background", "dig", "rest", "dig", "background"], [10, 15, 5, 10, 2]
        )
        np.testing.assert_array_equal(found, expected)

    def test_several_observations(self, tmp_path):
        events = [("1", "a", "STATE", "0", "1"), ("2", "b", "STATE", "1", "2")]
        path = save(tmp_path, "a.tsv", boris(events, "\t"))
        found = read_segments(path, fps=2)
        assert {name: x.tolist() for name, x in found.items()} == {
            "1": ["a", "a"],
            "2": ["", "", "b", "b"],
        }
        found = read_segments(path, fps=2, n_frames={"1": 3, "2": 5, "3": 9})
        assert {name: len(x) for name, x in found.items()} == {"1": 3, "2": 5}
        with pytest.raises(TypeError, match="n_frames is 5, expected a dict"):
            read_segments(path, fps=2, n_frames=5)
        refused(path, "n_frames has no '2', which", fps=2, n_frames={"1": 2})

    def test_starts_and_stops(self, tmp_path):
        text = tabular(
            ("", "dig", "", "START", "1.5"),
            ("", "jump", "", "POINT", "2"),
            ("", "dig", "", "STOP", "3.25"),
            ("", "rest", "", "START", "4"),
            ("", "rest", "", "STOP", "5"),
        )
        table = read_table(save(tmp_path, "events.tsv", text))
        assert table.sort_values("start_time").to_numpy().tolist() == [
            ["take 1", "dig", 1.5, 3.25],
            ["take 1", "jump", 2, 2],
            ["take 1", "rest", 4, 5],
        ]
        path = save(tmp_path, "a.tsv", text.replace("\t", ";").replace("1.5", "1,5"))
        assert read_table(path)["start_time"].min() == 1.5

    def test_each_subject_is_a_recording(self, tmp_path):
        events = [("ann", "dig", "", "START", "0"), ("bob", "dig", "", "START", "1")]
        events += [("ann", "dig", "", "STOP", "2"), ("bob", "dig", "", "STOP", "5")]
        path = save(tmp_path, "events.tsv", tabular(*events))
        found = durations(read_table(path)).set_index("recording")["total"]
        assert found.to_dict() == {"take 1/ann": 2, "take 1/bob": 4}
        path = save(tmp_path, "events.tsv", tabular(*events[::2]))
        assert read_table(path)["recording"].tolist() == ["take 1"]
        rows = "Behavior,Subject,Start (s),Stop (s)\ndig,ann,0,2\ndig,bob,1,3\n"
        path = save(tmp_path, "a.csv", rows)
        assert read_table(path)["recording"].tolist() == ["ann", "bob"]
        path = save(tmp_path, "a.csv", rows.replace("Behavior", "action"))
        assert set(read_table(path)["recording"]) == {"a"}  # a table of others

    def test_modifiers_are_said_not_to_count(self, tmp_path):
        events = [("", "dig", "deep", "START", "0"), ("", "dig", "", "START", "1")]
        events += [("", "dig", "deep", "STOP", "3"), ("", "dig", "", "STOP", "1")]
        path = save(tmp_path, "events.tsv", tabular(*events))
        with pytest.warns(UserWarning, match="modifiers of 1 of 2 segments .* 'deep'"):
            table = read_table(path)
        assert sorted(table["end_time"]) == [1, 3]

    def test_spreadsheets(self, tmp_path):
        """The five columns that BORIS asks for, and tables of others."""
        path = tmp_path / "take.xlsx"
        labels = np.repeat(["dig", "=SUM(A1)", "#N/A", "dig"], [3, 1, 2, 4])
        table = segments(labels, 29.97)
        write(table, path)
        found = pd.read_excel(path, keep_default_na=False)
        assert list(found) == ["time", "subject", "code", "modifier", "comment"]
        assert found["code"].tolist() == table["action"].repeat(2).tolist()
        times = table[["start_time", "end_time"]].to_numpy().ravel()
        np.testing.assert_allclose(found["time"], times, atol=0.0005)
        other = pd.DataFrame({"Action": ["a", 2], "note": [None, 1], "Start": [0, 2]})
        other.assign(End=[2, 3]).to_excel(path, index=False)
        assert read_segments(path).tolist() == ["a", "a", "2"]
        other.to_excel(path, index=False)
        refused(path, "line 1: columns are ['Action', 'note'")


ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-01T10:00:00+01:00" FORMAT="3.0"
    VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///v.mp4" MIME_TYPE="video/mp4"/>
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///w.mp4" TIME_ORIGIN="7"/>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="200"/>
        <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="510"/>
        <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="700"/>
        <TIME_SLOT TIME_SLOT_ID="ts4"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="hands">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts2"
                TIME_SLOT_REF2="ts3">
                <ANNOTATION_VALUE>pour
                    &amp; stir</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts1"
                TIME_SLOT_REF2="ts2">
                <ANNOTATION_VALUE>cut</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="sub" PARENT_REF="hands" TIER_ID="comment">
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1">
                <ANNOTATION_VALUE>which knife?</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
    </TIER>
</ANNOTATION_DOCUMENT>
"""
TIERS = ELAN.replace("REF_ANNOTATION", "ALIGNABLE_ANNOTATION").replace(
    'ANNOTATION_REF="a1"', 'TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"'
)
LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "TextTier"
        name = "remarks"
        xmin = 0
        xmax = 1
        points: size = 1
        points [1]:
            number = 0.4
            mark = "which 3 knives?"
    item [2]:
        class = "IntervalTier"
        name = "hands"
        xmin = 0
        xmax = 1
        intervals: size = 4
        intervals [1]:
            xmin = 0
            xmax = 0.2
            text = ""
        intervals [2]:
            xmin = 0.2
            xmax = 0.51
            text = "cut ""it"" 2"
        intervals [3]:
            xmin = 0.51
            xmax = 0.7
            text = "pöur"
        intervals [4]:
            xmin = 0.7
            xmax = 1
            text = ""
"""
VALUES = re.findall(r'"(?:[^"]|"")*"|<exists>|(?<== )[0-9.]+', LONG[50:])
SHORT = 'File type = "ooTextFile"\n"TextGrid"\n\n' + "\n".join([*VALUES, ""])
WEBVTT = """WEBVTT - corrected
Kind: captions

STYLE
::cue { color: red }

NOTE
which knife?

1 - first
00:00.200 --> 00:00.510 align:start line:0
<v Ann>cut</v> &amp;
slice

00:00:00.510 --> 00:00:00.700
<i>pour</i>
"""
GRID_LABELS = ["", "", *['cut "it" 2'] * 3, "pöur", "pöur"]
ELAN_LABELS = ["", "", *["cut"] * 3, "pour & stir", "pour & stir"]
TABLE = "label,start,end\n"


class TestOtherPrograms:
    def test_elan(self, tmp_path):
        path = save(tmp_path, "a.eaf", ELAN)
        assert read_segments(path, fps=10).tolist() == ELAN_LABELS
        path = save(tmp_path, "a.eaf", TIERS.replace('"hands"', '"action"'))
        assert read_segments(path, fps=10).tolist() == ELAN_LABELS
        later = ELAN.replace("MIME_TYPE", 'TIME_ORIGIN="1500" MIME_TYPE')
        path = save(tmp_path, "a.eaf", later)
        with pytest.warns(UserWarning, match="time 0 of annotations is at 1500 ms of"):
            table = read_table(path)
        assert table["start_time"].tolist() == [2.01, 1.7]

    def test_text_of_elan(self, tmp_path):
        text = "Begin Time - ss.msec\tEnd Time - ss.msec\tDuration - ss.msec\taction\n"
        path = save(tmp_path, "a.txt", f"{text}0.2\t0.5\t0.9\tcut\n")
        found = read_segments(path, fps=10, format="csv")
        assert found.tolist() == ["", "", "cut", "cut", "cut"]
        refused(path, "line 1", "a tab", "format='csv'", fps=10)

    @pytest.mark.parametrize("text", [LONG, SHORT])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_textgrid(self, tmp_path, text, encoding):
        path = save(tmp_path, "a.TextGrid", text, encoding)
        assert read_segments(path, fps=10).tolist() == GRID_LABELS

    def test_textgrid_of_praat(self, tmp_path):
        praat = pytest.importorskip("parselmouth").praat
        grid = praat.call("Create TextGrid", 0, 1, "action remarks", "remarks")
        praat.call(grid, "Insert boundary", 1, 0.2)
        praat.call(grid, "Insert boundary", 1, 0.51)
        praat.call(grid, "Set interval text", 1, 2, 'c"u"t 1 日')
        praat.call(grid, "Insert point", 2, 0.4, "3")
        path = tmp_path / "a.TextGrid"
        for kind in ("Save as text file", "Save as short text file"):
            praat.call(grid, kind, str(path))
            assert read_segments(path, fps=10).tolist() == ["", "", *['c"u"t 1 日'] * 3]
        praat.call(grid, "Save as binary file", str(path))
        refused(path, "holds no segments: ", fps=1)

    def test_webvtt(self, tmp_path):
        for text in (WEBVTT, WEBVTT.replace("\n", "\r\n")):
            path = save(tmp_path, "a.vtt", text)
            found = read_segments(path, fps=10)
            assert found.tolist() == ["", "", *["cut & slice"] * 3, "pour", "pour"]
        path = save(tmp_path, "a.vtt", "WEBVTT\n\n00:00.000 --> 75:59:59.000\ncut\n")
        assert read_table(path)["end_time"].tolist() == [75 * 3600 + 3599]

    def test_separators_within_a_label_do_not_end_its_line(self, tmp_path):
        content = "cut\x0cdeep\r\na\u2028b\nc\x85d\n\n"
        found = read_segments(save(tmp_path, "a.txt", content))
        assert found.tolist() == ["cut deep", "a b", "c d"]

    def test_parquet(self, tmp_path):
        path = tmp_path / "a.parquet"
        frame = pd.DataFrame(
            {"Label": ["a", "b"], "start": [0.0, 0.5], "stop": [0.5, 1]}
        )
        frame["note"] = [[1], None]
        frame.to_parquet(path)
        assert read_segments(path, fps=4).tolist() == ["a", "a", "b", "b"]
        frame.assign(Label=["a", None]).to_parquet(path)
        refused(path, "a.parquet, segment 1: the label is ", fps=4)

    def test_nwb(self, tmp_path):
        h5py = pytest.importorskip("h5py")
        path = tmp_path / "a.nwb"

        def write_intervals(group, label=("a", "b"), stop_time=(1.0, 2.0)):
            with h5py.File(path, "w") as file:
                own = file.create_group(f"intervals/{group}")
                own["start_time"] = [0.0, 1.0]
                own["stop_time"], own["label"] = list(stop_time), list(label)

        write_intervals("somebody")
        assert read_segments(path, fps=1).tolist() == ["a", "b"]
        with h5py.File(path, "a") as file:
            file.copy("intervals/somebody", "intervals/other")
        refused(path, "tiers of intervals is ['other', 'somebody'], expected one")
        with h5py.File(path, "a") as file:
            file.move("intervals/other", "intervals/action")
        assert read_segments(path, fps=1).tolist() == ["a", "b"]
        for changes, message in [
            ({"stop_time": [1.0]}, "holds no segments: ValueError, zip"),
            ({"stop_time": [1.0, np.nan]}, "segment 1: end_time is nan, expected"),
            ({"label": [1, 2]}, "holds no segments: "),
        ]:
            write_intervals("somebody", **changes)
            refused(path, message, fps=1)
        with h5py.File(path, "w") as file:
            for name in ("label", "start_time", "stop_time"):
                file.create_dataset(f"x/{name}", (10**12,), "f8", chunks=(1000,))
        refused(path, "there are 1000000000000 rows, expected", fps=1)


class TestTables:
    @pytest.mark.parametrize("between", [",", ";", "\t"])
    @pytest.mark.parametrize(
        ("names", "scale"),
        [
            (["Label", "START", "End", "Duration"], 10),
            (["annotation", "Start_Time", "end time", "x"], 10),
            (["label", "start_frame", "End_Frame", "duration"], 1),
            (["Action", "Start Frame", "stop_frame", "duration"], 1),
        ],
    )
    def test_columns(self, tmp_path, between, names, scale):
        rows = [names, ["b", 20 / scale, 30 / scale, 7], ["a", 0, 10 / scale, "x"]]
        text = "\n".join(between.join(map(str, row)) for row in rows)
        expected = np.repeat(["a", "", "b"], 10).tolist()
        for content, encoding in [
            (text, "utf-8"),
            (f"{text}\r\n{between * 3}\r\n", "utf-8-sig"),
            (text.replace("\n", "\r"), "utf-16"),
        ]:
            path = save(tmp_path, "a.csv", content, encoding)
            assert read_segments(path, fps=10).tolist() == expected

    @pytest.mark.parametrize(
        ("text", "fps", "labels"),
        [
            ("note,end,label,start\nx,1.5,a,0\n,2,b,1.5\n", 2, "aaab"),
            ("label;start;end\na;0;0,4\nb;0,4;0,6\n", 5, "aab"),
            (f"{TABLE}a,0:01.5,00:00:02\n", 2, ["", "", "", "a"]),
            (f"{TABLE}a,0,1:00:00.5\n", 2, ["a"] * 7201),
            ("action,start,end,start_time,end_time\na,0,2,0,.2\nb,2,3,,\n", 10, "aab"),
            ("action,start,end\na,0.0,2.0\n", None, "aa"),
        ],
    )
    def test_cells(self, tmp_path, text, fps, labels):
        found = read_segments(save(tmp_path, "a.csv", text), fps=fps)
        assert found.tolist() == list(labels)

    def test_one_end_is_moved(self, tmp_path):
        write(segments(np.repeat(["a", "b"], [10, 5]), 10), tmp_path / "a.csv")
        text = (tmp_path / "a.csv").read_text()
        path = save(tmp_path, "a.csv", text.replace("a,0,10,", "a,0,8,"))
        expected = ["a"] * 8 + [""] * 2 + ["b"] * 5
        with pytest.warns(UserWarning, match=r"line 2: .* in 1 of 2 segments"):
            assert read_segments(path, fps=10).tolist() == expected
        assert read_segments(path).tolist() == expected  # no rate to compare by
        with pytest.warns(UserWarning, match="at 25 frames per second, as in 2 of 2"):
            assert len(read_segments(path, fps=25)) == 15

    def test_ends(self, tmp_path):
        path = save(tmp_path, "a.csv", f"{TABLE}a,0,2.01\nb,2,3\n")
        assert read_segments(path, fps=10).tolist() == ["a"] * 20 + ["b"] * 10
        path = save(tmp_path, "a.csv", f"{TABLE}a,0,1\nb,1,2.05\n")
        assert len(read_segments(path, fps=20)) == 41
        found = read_segments(path, fps=20, n_frames=40)
        assert found.tolist() == ["a"] * 20 + ["b"] * 20
        message = "'b' from 1 to 2.05 s (line 3) ends at frame 41, expected at most"
        refused(path, message, "39", fps=20, n_frames=39)
        path = save(tmp_path, "a.csv", TABLE)
        assert read_segments(path, n_frames=2).tolist() == ["", ""]

    def test_points(self, tmp_path):
        rows = "a,0,1\nb,0.5,0.5\nc,1,1.04\nd,1.04,2\n"
        path = save(tmp_path, "a.csv", TABLE + rows)
        with pytest.warns(UserWarning, match=r"2 of 4 segm.* 'b' from 0\.5 to 0\.5"):
            found = read_segments(path, fps=10)
        assert found.tolist() == ["a"] * 10 + ["d"] * 10


VIDEO = {
    "type": "timelinelabels",
    "value": {"ranges": [{"start": 1, "end": 4}], "timelinelabels": ["dig"]},
}
SERIES = {
    "type": "timeserieslabels",
    "value": {"start": 0.5, "end": 2, "instant": False, "timeserieslabels": ["run"]},
}


def task(name, *regions, kind="video", **options):
    annotations = [{"was_cancelled": False, "result": regions}] if regions else []
    return {"data": {kind: name}, "annotations": annotations} | options


def changed(region, **values):
    return region | {"value": region["value"] | values}


class TestLabelStudio:
    def read(self, tmp_path, tasks, **options):
        return read_segments(save(tmp_path, "tasks.json", json.dumps(tasks)), **options)

    def test_tasks_without_labels(self, tmp_path):
        """The default export has tasks that nobody did, and predictions by number."""
        skipped = {"was_cancelled": True, "result": []}
        tasks = [
            task("a.mp4", predictions=[23]),
            task("b.mp4", annotations=[skipped], predictions=[24]),
            task("/data/upload/3/0af-take_07.mp4", VIDEO, predictions=[25]),
            task("d.mp4", VIDEO, data={"recording": "other"}),
        ]
        found = self.read(tmp_path, tasks)
        assert {name: len(own) for name, own in found.items()} == {
            "0af-take_07": 4,
            "other": 4,
        }

    def test_corrections(self, tmp_path):
        path = tmp_path / "take.json"
        write(segments(["a", "a", "b"]), path, format="labelstudio")
        (own,) = json.loads(path.read_text())
        result = own["predictions"][0]["result"]
        regions = json.loads(json.dumps(result))
        regions[0]["value"]["ranges"] = [{"start": 1, "end": 1}, {"start": 4, "end": 5}]
        regions.append({"type": "choices", "value": {"choices": ["good"]}})
        own["annotations"] = [{"id": 7, "was_cancelled": False, "result": regions}]
        for tasks in (own, [own]):
            assert self.read(tmp_path, tasks).tolist() == ["a", "", "b", "a", "a"]
        own["annotations"][0]["was_cancelled"] = True
        assert self.read(tmp_path, [own]).tolist() == ["a", "a", "b"]

    def test_series(self, tmp_path):
        tasks = [task("/data/upload/1/take.csv", SERIES, kind="csv")]
        assert self.read(tmp_path, tasks, fps=2).tolist() == ["", *["run"] * 3]
        assert read_table(tmp_path / "tasks.json")["recording"].tolist() == ["take"]


def tasks_of(*own):
    return json.dumps(list(own))


TWO = {"annotations": task("a", VIDEO)["annotations"] * 2}
OVERLAP = [{"start": 1, "end": 4}, {"start": 4, "end": 9}]
REFUSED = {
    "a.csv": [
        (f"{TABLE}b,1.8,3\nc,4,5\na,.5,2\n", "to 2 s (line 4) and 'b' from 1.8 to 3 s"),
        (f"{TABLE}a,0,9\nb,2,3\nc,4,5\n", "'a' from 0 to 9 s (line 2) and 'b' from 2"),
        (f"{TABLE}a,2,1", "line 2: 'a' from 2 to 1 s, expected it to end after its"),
        (f"{TABLE}a,-0.1,1", "line 2: 'a' from -0.1 to 1 s, expected it to start at 0"),
        (f"{TABLE}a,0,٣", "line 2: end_time is '٣', expected"),
        (f'{TABLE}a,0,"1,234"', "line 2: end_time is '1,234', expected seconds."),
        (f"{TABLE}a\x01,0,1", "line 2: the label is 'a\\x01', expected text of"),
        (f"{TABLE}a,0,1,2", "line 2: there are 4 cells, expected 3."),
        (f"{TABLE}a,0,1e9", "'a' from 0 to 1000000000 s, expected it at most"),
        (f'{TABLE}"a,0,1', "holds no segments: "),
        (TABLE, "no segment has a frame, expected n_frames"),
        ("", "line 1: columns are []"),
        ("label,start", "columns are ['label', 'start'], expected"),
        ("label,start,end,End", "several columns are called 'end'"),
        ("action,start,end\na,0,1.5\n", "line 2: end is '1.5', expected 0 or more"),
        (boris([("1", *BORIS_EVENTS[0][1:]), ("", "a", "", "1", "2")], ","), "line 3:"),
        ("a\nü,0,1\n".encode("latin1"), "line 2: this is no text in UTF-8"),
    ],
    "a.tsv": [
        (tabular(*[("", "dig", "", "START", "1")] * 2), "line 3: 'dig' has a start to"),
        (tabular(("", "dig", "", "STOP", "1")), "line 2: 'dig' has a stop too many"),
        (tabular(("", "dig", "", "START", "1")), "line 2: 'dig' starts and does not"),
    ],
    "a.eaf": [
        (ELAN.replace("</HEADER>", ""), "holds no segments: Exception, Unable to pars"),
        (ELAN.replace('"milliseconds"', '"PAL-frames"'), "TIME_UNITS is 'PAL-frames',"),
        (ELAN.replace('REF2="ts3"', 'REF2="ts4"'), "segment 0: end_time is nan"),
        (ELAN.replace('REF2="ts3"', 'REF2="ts9"'), "holds no segments: KeyError"),
        (ELAN.replace('"510"', '"0.5"'), "holds no segments: ValueError"),
        (ELAN.replace('"510"', '"-510"'), "segment 1: 'cut' from 0.2 to -0.51 s"),
        (ELAN.replace(">cut<", "> <"), "segment 1: the label is ''"),
        (ELAN.replace("MIME", 'TIME_ORIGIN="soon" MIME'), "holds no segments: ValueEr"),
        (re.sub("(?s)<TIER .*</TIER>", "", ELAN), "tiers of intervals is []"),
        (TIERS, "tiers of intervals is ['hands', 'comment'], expected one"),
    ],
    "a.TextGrid": [
        (LONG.replace("xmax = 0.51", "xmax = half"), "holds no segments: ParsingError"),
        (LONG.replace("xmax = 0.7", "xmax = 0.4"), "cannot occur after its end time"),
        (LONG.replace("xmin = 0\n", "xmin = -1\n", 1), "xmin is -1.0, expected 0 s or"),
        (LONG[: LONG.index("        intervals [4]")], "'hands' breaks off at 0.7 s, e"),
        (SHORT[:-9], "'hands' breaks off at 0.7 s, expected inter"),
        (LONG.replace('"IntervalTier"', '"TextTier"'), "tiers of intervals is []"),
        ("ü".encode("latin1"), "holds no segments: UnicodeDecodeError"),
    ],
    "a.vtt": [
        (WEBVTT.replace("WEBVTT", "1"), "holds no segments: MalformedFileError"),
        (WEBVTT.replace("00:00.510 a", "00:75.000 a"), "holds no segments: Malformed"),
        (WEBVTT.replace("<i>pour</i>", "<i></i>"), "segment 1: the label is ''"),
    ],
    "a.txt": [
        ("a\n\nb\n", "line 2: there is nothing"),
        ("", "line 1: there is nothing"),
    ],
    "a.json": [
        ('[{"action": ["a"], "start": 0, "end": 1}]', "label is"),
        ('[{"action": "a", "start": 0, "end": 1e400}]', "expected 0 or more "),
        ('[{"action": "a", "start": 0, "end": 1, "recording": []}]', "recording is []"),
        ("{}", "the file is {}, expected a data frame"),
        ("[" * 100_000, "holds no segments: RecursionError"),
        (tasks_of(task("a", VIDEO, data={})), "data of task 0 is {}, expected a video"),
        (tasks_of(task("take", VIDEO, **TWO)), "the task of 'take' has 2 annotations"),
        (tasks_of(task("a", changed(VIDEO, timelinelabels=["a", "b"]))), "['a', 'b'],"),
        (tasks_of(task("a", changed(VIDEO, ranges=[{"start": 0, "end": 4}]))), "is -1"),
        (tasks_of(task("a", changed(VIDEO, ranges=OVERLAP))), "overlap, expected one"),
        (tasks_of(task("a", {"type": "rectanglelabels"})), "is ['rectanglelabels'], e"),
        (tasks_of({"id": 1, "video": "a", "annotator": 1}), "this is JSON-MIN, expect"),
        (tasks_of(task("a", kind="csv")), "no segment has a frame"),
        (tasks_of(task("a", changed(SERIES, end="May 3"))), "end_time is 'May 3', exp"),
    ],
    **{name: [(content, "holds no segments: ") for content in (b"", b"PK", b"PAR1")]
       for name in ("a.xlsx", "a.parquet", "a.nwb")},
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name):
    for content, message in REFUSED[name]:
        refused(save(tmp_path, name, content), message, fps=10)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"gaps": "none"}, ValueError, "gaps is 'none', expected one of ['unk"),
        ({"fps": 0}, ValueError, "fps is 0, expected"),
        ({"n_frames": 0}, ValueError, "n_frames is 0, expected 1 to"),
        ({"n_frames": 2.5}, TypeError, "n_frames is 2.5, expected an integer"),
        ({"n_frames": {"a": True}}, TypeError, "n_frames is True, expected an"),
        ({"format": "none"}, ValueError, "format is 'none', expected one of"),
    ],
)
def test_options(tmp_path, options, error, message):
    path = save(tmp_path, "a.csv", f"{TABLE}a,0,1\n")
    with pytest.raises(error, match=re.escape(message)):
        read_segments(path, **({"fps": 1} | options))


class TestManyFiles:
    def test_folder(self, tmp_path):
        labels = {"v0": ["a", "a"], "v1": ["b"], "v2": ["c", "a"]}
        for (name, video), suffix in zip(labels.items(), (".csv", ".eaf", ".vtt")):
            write(segments(video, 25), tmp_path / f"{name}{suffix}")
        save(tmp_path, "v1.pfsx", "preferences of ELAN")
        save(tmp_path, ".v1.csv", "hidden")
        found = read_segments(tmp_path, fps=25)
        assert {name: x.tolist() for name, x in found.items()} == labels
        paths = [tmp_path / "v2.vtt", str(tmp_path / "v0.csv")]
        assert list(read_segments(paths, fps=25)) == ["v2", "v0"]
        found = read_segments(tmp_path, format="csv", n_frames={"v0": 3})
        assert {name: x.tolist() for name, x in found.items()} == {"v0": ["a", "a", ""]}
        with pytest.raises(FileNotFoundError, match=r"has no file \*\.TextGrid\."):
            read_segments(tmp_path, format="textgrid", fps=25)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "a.csv")
        for path in (tmp_path / "a.csv", [tmp_path / "a.csv"], tmp_path):
            with pytest.raises(OSError, match=r"a\.csv is no regular file, expected"):
                read_segments(path)

    def test_all_levels_but_the_last_name_a_recording(self, tmp_path):
        index = pd.MultiIndex.from_product([["ann", "bob"], ["t1", "t2"], range(4)])
        labels = pd.Series(["cut", "cut", "mix", "mix"] * 4, index=index)
        names = ["ann/t1", "ann/t2", "bob/t1", "bob/t2"]
        write(segments(labels), tmp_path / "all.csv")
        found = read_segments(tmp_path / "all.csv")
        assert {name: len(own) for name, own in found.items()} == dict.fromkeys(
            names, 4
        )
        assert durations(labels)["recording"].unique().tolist() == names

    @pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
    @pytest.mark.parametrize("format", WRITTEN)
    def test_a_name_of_a_file_need_not_be_text(self, tmp_path, format):
        path = tmp_path / (os.fsdecode(b"caf\xe9") + FORMATS[format].suffix)
        write(segments(["cut", "mix"], 10), path, format=format)
        found = read_segments(path, fps=10, format=format)
        assert found.tolist() == ["cut", "mix"]
        assert read_table(path, format=format)["recording"][0].startswith("caf")

    def test_no_files(self):
        with pytest.raises(ValueError, match="path is empty"):
            read_segments([])
        with pytest.raises(TypeError):
            read_segments(3, format="csv")


PIECES = ["<", ">", '"', "\n", "\n\n", " ", ",", ";", "\t", "0", "-1", "1e9", "-->"]
PIECES += ["&", "&b;", "<TIER>", "<TIME_SLOT/>", "NaN", "9" * 11, "\x00", "\ufeff"]
FILES = {
    "a.eaf": ELAN,
    "b.TextGrid": LONG,
    "c.TextGrid": SHORT,
    "d.vtt": WEBVTT,
    "e.tsv": boris(BORIS_EVENTS, "\t"),
    "f.csv": "action,start,end\na,0,1\nb,1,3\n",
}


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=40, **FAST)
@given(
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30)), max_size=4),
    pieces=st.lists(st.sampled_from(PIECES), min_size=4, max_size=4),
)
def test_spoilt_files(tmp_path, name, places, pieces):
    """Labels, or an error of one line that names the file."""
    text = FILES[name]
    for (place, length), piece in zip(places, pieces):
        start = int(place * len(text))
        text = text[:start] + piece + text[start + length :]
    path = save(tmp_path, name, text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            found = read_segments(path, fps=10, n_frames=100)
        except ValueError as error:
            found = str(error)
        except TypeError as error:  # a subject more is a recording more
            found = f"{name}: {error}"
    if isinstance(found, str):
        assert name in found
        assert "\n" not in found
    else:
        assert found.shape == (100,)
