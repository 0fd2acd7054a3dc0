"""Files of segments that come back, from this package and from other tools."""

import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skl_tot.io import FORMATS, name_actions, read_segments, segments
from skl_tot.io import write_segments as write
from skl_tot.io.formats import frame_formats, writable_formats
from skl_tot.recordings.disk import is_line

WRITTEN = list(writable_formats())
RATES = [1, 7.5, 23.976, 25, 29.97, 30000 / 1001, 50, 59.94, 119.88, 120, 240, 999.9]
LABEL = st.one_of(
    st.sampled_from(
        ["cut", 'a "b"', "a, b; c", "<b>a</b>", "&lt;", "-->", "NOTE", "!"]
    ),
    st.sampled_from(
        ["1", "007", "background", "it's", "a  b", "ü\u00a0é", "={x}", "日本"]
    ),
    st.text(min_size=1, max_size=8).map(str.strip).filter(is_line),
).filter(lambda text: text != "-1")
FAST = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


def save(tmp_path, name, text, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
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
    # files of NWB take long; test_handover has a few
    @pytest.mark.parametrize("format", sorted(set(WRITTEN) - {"nwb"}))
    @settings(max_examples=10, **FAST)
    @given(
        runs=st.lists(st.tuples(LABEL, st.integers(1, 400)), min_size=1, max_size=12),
        fps=st.sampled_from(RATES) | st.floats(0.01, 999),
        gaps=st.sampled_from(["unknown", "background"]),
    )
    @example(runs=[("a", 10**6 - 7), ("b", 1), ("a", 6)], fps=29.97, gaps="unknown")
    @example(runs=[("a", 1), ("b", 1)] * 300, fps=120, gaps="unknown")
    @example(runs=[("a", 1), ("b", 1)] * 300, fps=999.9, gaps="unknown")
    def test_exports_are_read_back(self, tmp_path, format, runs, fps, gaps):
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
    def test_numbers(self, tmp_path, format):
        labels = [3, 3, -1, 10, 3]
        path = tmp_path / f"a{FORMATS[format].suffix}"
        write(segments(labels, 25), path, format=format)
        found = read_segments(path, fps=25, format=format)
        np.testing.assert_array_equal(found, name_actions(labels, {}))
        assert found.tolist() == ["3", "3", "background", "10", "3"]

    @pytest.mark.parametrize("format", frame_formats())
    def test_frames_need_no_rate(self, tmp_path, format):
        write(segments(["a", "a", "b"]), tmp_path / "a", format=format)
        assert read_segments(tmp_path / "a", format=format).tolist() == ["a", "a", "b"]

    @pytest.mark.parametrize("format", sorted(set(FORMATS) - set(frame_formats())))
    def test_times_need_a_rate(self, tmp_path, format):
        path = tmp_path / f"a{FORMATS[format].suffix}"
        write(segments(["a", "a", "b"], 25), path, format=format)
        refused(path, "fps is None", format=format)

    def test_table_of_many(self, tmp_path):
        labels = [["a", "a", "b"], ["b"]]
        segments(labels).to_csv(tmp_path / "a.csv", index=False)
        found = read_segments(tmp_path / "a.csv")
        assert [video.tolist() for video in found.values()] == labels
        assert list(found) == ["0", "1"]


BORIS_COLUMNS = [
    *["Observation id", "Observation date", "Description", "Media file"],
    *["Total length", "FPS", "Subject", "Behavior", "Behavioral category", "Modifiers"],
    *["Behavior type", "Start (s)", "Stop (s)", "Duration (s)", "Comment start"],
    *["Comment stop"],
]
BORIS_EVENTS = [
    ("obs1", "dig", "STATE", "1.000", "2.503"),
    ("obs1", "dig", "STATE", "3.0", "4.0"),
    ("obs1", "jump", "POINT", "1.2", "NA"),
    ("obs1", "rest", "STATE", "2.504", "3.0"),
]


def boris(events, delimiter):
    lines = [delimiter.join(BORIS_COLUMNS)]
    for name, behavior, kind, start, stop in events:
        cells = [name, "2024-05-01", "", "v.mp4", "10.0", "25.0", "No focal subject"]
        cells += [behavior, "", "", kind, start, stop, "NA", "", ""]
        lines.append(delimiter.join(cells))
    return "\r\n".join(lines) + "\r\n"


ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-05-01T10:00:00+01:00" FORMAT="3.0">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///v.mp4" MIME_TYPE="video/mp4"/>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="200"/>
        <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="510"/>
        <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="700"/>
        <TIME_SLOT TIME_SLOT_ID="ts4"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="hands">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
                <ANNOTATION_VALUE>pour
                    &amp; stir</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
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
ELAN_LABELS = ["", "", *["cut"] * 3, "pour & stir", "pour & stir"]

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
SHORT = """File type = "ooTextFile"
"TextGrid"

0 ! a comment with 3 "things"
1
<exists>
1
"IntervalTier"
"hands"
0
1
3
0.2
0.51
"cut ""it"" 2"
0.51
0.7
"pöur"
0.7
1
""
"""
GRID_LABELS = ["", "", *['cut "it" 2'] * 3, "pöur", "pöur"]

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


class TestOtherTools:
    @pytest.mark.parametrize(("name", "between"), [("a.tsv", "\t"), ("a.csv", ",")])
    def test_boris(self, tmp_path, name, between):
        path = save(tmp_path, name, boris(BORIS_EVENTS, between))
        with pytest.warns(UserWarning, match=r"1 of 4 .* 'jump' from 1\.2 to 1\.2 s"):
            found = read_segments(path, fps=10, n_frames=42, gaps="background")
        expected = np.repeat(
            ["background", "dig", "rest", "dig", "background"], [10, 15, 5, 10, 2]
        )
        np.testing.assert_array_equal(found, expected)

    def test_boris_of_several(self, tmp_path):
        events = [("1", "a", "STATE", "0", "1"), ("2", "b", "STATE", "1", "2")]
        path = save(tmp_path, "a.tsv", boris(events, "\t"))
        found = read_segments(path, fps=2)
        assert {name: x.tolist() for name, x in found.items()} == {
            "1": ["a", "a"],
            "2": ["", "", "b", "b"],
        }
        found = read_segments(path, fps=2, n_frames={"1": 3, "2": 5, "3": 9})
        assert {name: len(x) for name, x in found.items()} == {"1": 3, "2": 5}
        with pytest.raises(TypeError, match="n_frames is 5 for 2 recordings"):
            read_segments(path, fps=2, n_frames=5)
        refused(path, "n_frames has no '2'", fps=2, n_frames={"1": 3})
        path = save(tmp_path, "a.tsv", boris([events[0], ("", *events[1][1:])], "\t"))
        refused(path, "line 3: the recording is '', expected text", fps=2)

    def test_elan(self, tmp_path):
        path = save(tmp_path, "a.eaf", ELAN)
        assert read_segments(path, fps=10).tolist() == ELAN_LABELS
        others = ELAN.replace("REF_ANNOTATION", "ALIGNABLE_ANNOTATION").replace(
            'ANNOTATION_REF="a1"', 'TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"'
        )
        path = save(tmp_path, "a.eaf", others)
        refused(path, "tiers of intervals are ['hands', 'comment']", fps=10)
        path = save(tmp_path, "a.eaf", others.replace('"hands"', '"action"'))
        assert read_segments(path, fps=10).tolist() == ELAN_LABELS

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
        for kind in ("Save as text file", "Save as short text file"):
            praat.call(grid, kind, str(tmp_path / "a.TextGrid"))
            found = read_segments(tmp_path / "a.TextGrid", fps=10)
            assert found.tolist() == ["", "", *['c"u"t 1 日'] * 3]

    def test_webvtt(self, tmp_path):
        for text in (WEBVTT, WEBVTT.replace("\n", "\r\n")):
            path = save(tmp_path, "a.vtt", text)
            found = read_segments(path, fps=10)
            assert found.tolist() == ["", "", *["cut & slice"] * 3, "pour", "pour"]

    @pytest.mark.parametrize("between", [",", ";", "\t"])
    @pytest.mark.parametrize(
        ("names", "scale"),
        [
            (["Label", "START", "End", "Duration"], 10),
            (["label", "start", "Stop", "duration"], 10),
            (["annotation", "Start_Time", "end time", "x"], 10),
            (["behaviour", "start (s)", "Stop (s)", "x"], 10),
            (["label", "start_frame", "End_Frame", "duration"], 1),
            (["action", "start", "end", "duration"], 1),
            (["Action", "Start Frame", "stop_frame", "duration"], 1),
        ],
    )
    def test_plain_tables(self, tmp_path, between, names, scale):
        rows = [names, ["b", 20 / scale, 30 / scale, 7], ["a", 0, 10 / scale, "x"]]
        text = "\n".join(between.join(map(str, row)) for row in rows)
        path = save(tmp_path, "a.csv", text)
        expected = np.repeat(["a", "", "b"], 10).tolist()
        assert read_segments(path, fps=10).tolist() == expected
        path = save(tmp_path, "a.csv", f"{text}\r\n{between * 3}\r\n", "utf-8-sig")
        assert read_segments(path, fps=10).tolist() == expected
        path = save(tmp_path, "a.csv", text.replace("\n", "\r"))
        assert read_segments(path, fps=10).tolist() == expected

    def test_columns_in_any_order_and_more_of_them(self, tmp_path):
        text = "note,end,label,start\nx,1.5,a,0\n,2,b,1.5\n"
        found = read_segments(save(tmp_path, "a.csv", text), fps=2)
        assert found.tolist() == ["a", "a", "a", "b"]

    def test_decimal_commas(self, tmp_path):
        path = save(tmp_path, "a.csv", "label;start;end\na,1;0;0,4\nb;0,4;0,6\n")
        assert read_segments(path, fps=5).tolist() == ["a,1", "a,1", "b"]
        path = save(tmp_path, "a.csv", 'label,start,end\na,0,"1,234"\n')
        refused(path, "line 2: end_time is '1,234', expected seconds.", fps=5)

    def test_clock(self, tmp_path):
        path = save(tmp_path, "a.csv", "label,start,end\na,0:01.5,00:00:02\n")
        assert read_segments(path, fps=2).tolist() == ["", "", "", "a"]
        path = save(tmp_path, "a.csv", "label,start,end\na,0,1:00:00.5\n")
        assert len(read_segments(path, fps=2)) == 7201

    def test_json_with_seconds(self, tmp_path):
        text = '[{"action": 3, "start_time": 0, "end_time": 1.5}]'
        path = save(tmp_path, "a.json", text)
        assert read_segments(path, fps=2).tolist() == ["3"] * 3


class TestCorrections:
    """What people do to a file of this package."""

    def test_one_end_of_a_csv_is_moved(self, tmp_path):
        write(segments(np.repeat(["a", "b"], [10, 5]), 10), tmp_path / "a.csv")
        text = (tmp_path / "a.csv").read_text()
        path = save(tmp_path, "a.csv", text.replace("a,0,10,", "a,0,8,"))
        assert "8,10,0.0,1.0,1.0" in path.read_text()
        expected = ["a"] * 8 + [""] * 2 + ["b"] * 5
        with pytest.warns(UserWarning, match=r"line 2: .* in 1 of 2 segments"):
            assert read_segments(path, fps=10).tolist() == expected
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert read_segments(path).tolist() == expected  # no rate to compare by

    def test_another_rate(self, tmp_path):
        write(segments(np.repeat(["a", "b"], [10, 5]), 10), tmp_path / "a.csv")
        with pytest.warns(UserWarning, match="at 25 frames per second, as in 2 of 2"):
            assert len(read_segments(tmp_path / "a.csv", fps=25)) == 15

    def test_a_row_without_seconds_is_added(self, tmp_path):
        text = "action,start,end,start_time,end_time\na,0,2,0,0.2\nb,2,3,,\n"
        found = read_segments(save(tmp_path, "a.csv", text), fps=10)
        assert found.tolist() == ["a", "a", "b"]

    def test_frames_of_spreadsheets(self, tmp_path):
        path = save(tmp_path, "a.csv", "action,start,end\na,0.0,2.0\n")
        assert read_segments(path).tolist() == ["a", "a"]
        path = save(tmp_path, "a.csv", "action,start,end\na,0,1.5\n")
        refused(path, "line 2: end is '1.5'", "whole frames", "end_time are seconds")

    def test_all_segments_are_taken_out(self, tmp_path):
        path = save(tmp_path, "a.csv", "label,start,end\n")
        refused(path, "no segment has a frame", "n_frames", fps=1)
        assert read_segments(path, n_frames=2).tolist() == ["", ""]


TABLE = "label,start,end\n"


class TestErrors:
    def test_overlap(self, tmp_path):
        path = save(tmp_path, "a.csv", f"{TABLE}b,1.8,3\nc,4,5\na,0.5,2\n")
        expected = "'a' from 0.5 to 2 s (line 4) and 'b' from 1.8 to 3 s (line 2) over"
        refused(path, expected, fps=10)
        path = save(tmp_path, "a.csv", f"{TABLE}a,0,2.01\nb,2,3\n")
        assert read_segments(path, fps=10).tolist() == ["a"] * 20 + ["b"] * 10
        path = save(tmp_path, "a.csv", f"{TABLE}a,0,9\nb,2,3\nc,4,5\n")
        refused(
            path, "'a' from 0 to 9 s (line 2) and 'b' from 2 to 3 s (line 3)", fps=1
        )
        path = save(tmp_path, "a.csv", f"{TABLE}a,0,2\na,0,2\n")
        refused(path, "line 2", "line 3", "overlap", fps=1)

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("a,2,1", "line 2: 'a' from 2 to 1 s, expected it to end after its start."),
            (
                "a,-0.1,1",
                "line 2: 'a' from -0.1 to 1 s, expected it to start",
            ),
            ("a,0,nan", "line 2: end_time is 'nan', expected seconds."),
            ("a,0,inf", "line 2: end_time is 'inf', expected"),
            ("a,0,1e999", "line 2: end_time is '1e999', expected"),
            ("a,0,", "line 2: end_time is '', expected"),
            ("a,0,1_0", "line 2: end_time is '1_0', expected"),
            ("a,0,٣", "line 2: end_time is '٣', expected"),
            (",0,1", "line 2: the label is '', expected text"),
            ("a\x01,0,1", "line 2: the label is 'a\\x01', expected text of"),
            ("a,0,1,2", "line 2: there are 4 cells, expected 3."),
            (
                "a,0,1e9",
                "line 2: 'a' from 0 to 1000000000 s, expected at most",
            ),
            ('"a,0,1', "holds no segments: "),
        ],
    )
    def test_rows(self, tmp_path, row, message):
        refused(save(tmp_path, "a.csv", f"{TABLE}{row}\n"), message, fps=10)

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            ("", "columns are []"),
            ("cut,0,1", "columns are ['cut', '0', '1'], expected a row of names"),
            ("label,start", "columns are ['label', 'start'], expected"),
            ("label,start_frame,end", "columns are"),
            ("start,end", "columns are ['start', 'end'], expected"),
            ("label,start,end,End", "several columns are called 'end'"),
        ],
    )
    def test_headers(self, tmp_path, header, message):
        path = save(tmp_path, "a.csv", f"{header}\na,0,1,2\n")
        refused(path, "line 1", message, fps=10)

    def test_beyond_the_recording(self, tmp_path):
        path = save(tmp_path, "a.csv", f"{TABLE}a,0,1\nb,1,2.05\n")
        assert len(read_segments(path, fps=20)) == 41
        assert read_segments(path, fps=20, n_frames=40).tolist() == list(
            "a" * 20 + "b" * 20
        )
        message = "'b' from 1 to 2.05 s (line 3) ends after 41 frames, expected at most"
        refused(path, message, "39", fps=20, n_frames=39)

    def test_points(self, tmp_path):
        rows = "a,0,1\nb,0.5,0.5\nc,1,1.04\nd,1.04,2\n"
        path = save(tmp_path, "a.csv", TABLE + rows)
        with pytest.warns(
            UserWarning, match=r"2 of 4 segments .* 'b' from 0\.5 to 0\.5"
        ):
            found = read_segments(path, fps=10)
        assert found.tolist() == ["a"] * 10 + ["d"] * 10

    @pytest.mark.parametrize(
        "name", ["a.csv", "a.TextGrid", "a.vtt", "a.txt", "a.json"]
    )
    def test_encodings(self, tmp_path, name):
        path = save(tmp_path, name, "a\nü,0,1\n", "latin1")
        refused(path, "line 2: this is no text in UTF-8", fps=1)

    @pytest.mark.parametrize(
        ("change", "by", "parts"),
        [
            ("<?xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><!--", ["a DOCTYPE"]),
            ("</HEADER>", "", ["this is no XML, mismatched tag: line 32"]),
            ("ANNOTATION_DOCUMENT", "html", ["found 'html'"]),
            ('"milliseconds"', '"PAL-frames"', ["times are 'PAL-frames'"]),
            ('REF2="ts3"', 'REF2="ts4"', ["slot 'ts4' is None"]),
            ('REF2="ts3"', 'REF2="ts9"', ["slot 'ts9' is None"]),
            ('"510"', '"0.5"', ["slot 'ts2' is '0.5', expected milliseconds"]),
            ('"510"', '"-510"', ["segment 1: 'cut' from 0.2 to -0.51 s"]),
            ('"700"', '"400"', ["segment 0: 'pour & stir' from 0.51 to 0.4 s"]),
            (">cut<", "> <", ["segment 1: the label is ''"]),
            ('"UTF-8"', '"nonsense"', ["this is no XML", "unknown encoding"]),
        ],
    )
    def test_elan(self, tmp_path, change, by, parts):
        text = ELAN.replace(change, by)
        assert text != ELAN
        refused(save(tmp_path, "a.eaf", text), *parts, fps=10)

    def test_elan_without_tiers(self, tmp_path):
        text = re.sub("(?s)<TIER .*</TIER>", "", ELAN)
        refused(save(tmp_path, "a.eaf", text), "tiers of intervals are []", fps=10)

    @pytest.mark.parametrize(
        ("change", "by", "parts"),
        [
            ('"TextGrid"', '"Pitch"', ["line 1", "'Pitch'"]),
            ("<exists>", "<absent>", ["there are no tiers"]),
            ("size = 4", "size = 5", ["the file ends before its last number"]),
            ("size = 4", "size = 4.5", ["line 23: found '4.5' in place of a count"]),
            ("xmax = 0.51", "xmax = half", ["line 31: found '\"cut", "of a number"]),
            ('"pöur"', "pour", ["line 37: found '0.7' in place of a text"]),
            ('"IntervalTier"', '"TextTier"', ["tiers of intervals are []"]),
            ("xmax = 0.7", "xmax = 0.4", ["line 33: 'pöur' from 0.51 to 0.4 s"]),
        ],
    )
    def test_textgrid(self, tmp_path, change, by, parts):
        text = LONG.replace(change, by)
        assert text != LONG
        if change == '"IntervalTier"':  # points have one time
            text = text[: text.index("intervals: size")] + "points: size = 0\n"
        refused(save(tmp_path, "a.TextGrid", text), *parts, fps=10)

    @pytest.mark.parametrize(
        ("change", "by", "parts"),
        [
            ("WEBVTT", "1", ["line 1: found no WEBVTT"]),
            ("00:00.200 -->", "00:00.200 ->", ["line 11: found", "'start --> end'"]),
            ("00:00.510 align", "half align", ["line 11: end_time is 'half'"]),
            ("1 - first", "1\n\nfirst", ["line 11: found '', expected"]),
            ("<i>pour</i>", "<i></i>", ["line 15: the label is ''"]),
        ],
    )
    def test_webvtt(self, tmp_path, change, by, parts):
        text = WEBVTT.replace(change, by)
        assert text != WEBVTT
        refused(save(tmp_path, "a.vtt", text), *parts, fps=10)

    def test_labels(self, tmp_path):
        refused(save(tmp_path, "a.txt", "a\n\nb\n"), "line 2: there is nothing")

    @pytest.mark.parametrize(
        "row",
        [
            '{"action": null, "start": 0, "end": 1}',
            '{"action": ["a"], "start": 0, "end": 1}',
            '{"action": 1.5, "start": 0, "end": 1}',
            '{"action": "a", "start": false, "end": 1}',
            '{"action": "a", "start": 0, "end": 1.5}',
            '{"action": "a", "start": 0, "end": 1e400}',
            '{"action": "a", "start": 0, "end": 1000000001}',
            '{"action": "a", "start": 0, "end": 1, "recording": []}',
            '{"action": "a"}',
            "3",
        ],
    )
    def test_json(self, tmp_path, row):
        refused(save(tmp_path, "a.json", f"[{row}]"), fps=10)

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
    def test_options(self, tmp_path, options, error, message):
        path = save(tmp_path, "a.csv", f"{TABLE}a,0,1\n")
        with pytest.raises(error, match=re.escape(message)):
            read_segments(path, **({"fps": 1} | options))
        with pytest.raises(TypeError):
            read_segments(3)
        with pytest.raises(ValueError, match="path is empty"):
            read_segments([])


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

    def test_two_files_of_one_name(self, tmp_path):
        for name in ("v.csv", "v.json"):
            write(segments(["a"]), tmp_path / name)
        with pytest.raises(ValueError, match=r"v\.json and .*v\.csv both have .* 'v'"):
            read_segments(tmp_path)


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
@settings(max_examples=60, **FAST)
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


def test_reading_loads_no_other_library(tmp_path):
    code = (
        "import sys; from skl_tot.io import read_segments; read_segments(sys.argv[1],"
        "fps=10); sys.exit(bool({'torch', 'webvtt', 'pympi', 'praatio'} & set("
        "sys.modules)))"
    )
    path = save(tmp_path, "a.TextGrid", LONG)
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


@pytest.mark.parametrize("format", writable_formats())
@pytest.mark.parametrize("fps", [10, 29.97])
def test_writing_again_gives_the_same_file(tmp_path, format, fps):
    labels = np.repeat(["reach", "pour", "background", "stir"], [7, 5, 3, 9])
    path = tmp_path / f"a{FORMATS[format].suffix}"
    write(segments(labels, fps=fps), path, format=format)
    content = re.sub(b' DATE="[^"]*"', b"", path.read_bytes())  # of ELAN
    options = {"fps": fps, "n_frames": 24, "gaps": "background", "format": format}
    again = read_segments(path, **options)
    write(segments(again, fps=fps), path, format=format)
    if format in ("boris_events", "nwb"):  # which have the time of their writing
        np.testing.assert_array_equal(read_segments(path, **options), again)
    else:
        assert re.sub(b' DATE="[^"]*"', b"", path.read_bytes()) == content
