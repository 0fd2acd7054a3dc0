"""Files of segments that come back, from this package and from other programs."""

import json
import os
import re
import sys
import tracemalloc
import zipfile
from datetime import time as time_of_day
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skl_tot.io import FORMATS, read_segments, read_table, segments
from skl_tot.io import write_segments as write
from skl_tot.io.files import formats_that
from skl_tot.recordings import Recordings
from skl_tot.recordings.files import is_line
from skl_tot.statistics import durations

DATA = Path(__file__).parents[1] / "data" / "segments"  # files of other programs
WRITTEN = list(formats_that("write"))
RATES = [1, 7.5, 23.976, 25, 29.97, 30000 / 1001, 50, 59.94, 119.88, 120, 240, 999.9]
LABEL = st.one_of(
    st.sampled_from(
        ["cut", 'a "b"', "a, b; c", "<b>a</b>", "&lt;", "-->", "NOTE", "!", "007"]
        + ["background", "it's", "a  b", "ü\u00a0é", "={x}", "日本", "#N/A"]
        + ["intervals [1]:", "item [2]:", '"IntervalTier"']
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


def refused(path, word="", **arguments):
    """A file is refused by one line that names it."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read_segments(path, **arguments)
    assert "\n" not in str(caught.value)
    assert word in str(caught.value)


def read_as(path, n_frames, fps=None, **options):
    """Labels of a file for a recording of its name, of so many frames."""
    takes = Recordings([np.zeros((n_frames, 1))], [path.stem], fps=fps)
    return read_segments(path, recordings=takes, **options)[path.stem]


class TestRoundTrip:
    @pytest.mark.parametrize("format", WRITTEN)
    @settings(max_examples=3, **FAST)
    @given(
        runs=st.lists(st.tuples(LABEL, st.integers(1, 400)), min_size=1, max_size=12),
        fps=st.sampled_from(RATES) | st.floats(0.01, 999),
        gaps=st.sampled_from(["unknown", "background"]),
    )
    @example(runs=[("a", 3 * 10**5 - 7), ("b", 1), ("a", 6)], fps=29.97, gaps="unknown")
    @example(runs=[("a", 1), ("b", 1)] * 60, fps=999.9, gaps="unknown")
    def test_exports_are_read_back(self, tmp_path, format, runs, fps, gaps):
        if format == "nwb":  # which takes long for each row
            runs = runs[:12]
        labels = np.repeat(*zip(*runs))
        path = tmp_path / f"video{FORMATS[format].suffix}"
        write(segments(labels, fps), path, format=format)
        gap = "" if gaps == "unknown" else "background"
        n_more = 0 if FORMATS[format].of_frames else 2
        again = read_as(path, len(labels) + n_more, fps, gaps=gaps, format=format)
        assert again.tolist() == [*labels.tolist(), *[gap] * n_more]

    @pytest.mark.filterwarnings("ignore:BORIS")
    @pytest.mark.parametrize("format", WRITTEN)
    def test_numbers_and_the_need_of_a_rate(self, tmp_path, format):
        labels = [3, 3, -1, 10, 3]
        path = tmp_path / f"a{FORMATS[format].suffix}"
        write(segments(labels, 25), path, format=format)
        again = read_segments(path, fps=25, format=format)
        assert again.tolist() == ["3", "3", "background", "10", "3"]
        if FORMATS[format].in_seconds:
            refused(path, "fps", format=format)
        else:
            np.testing.assert_array_equal(read_segments(path, format=format), again)


def test_corrections_on_a_clock(tmp_path):
    times = [np.array([2.0, 2.1, 2.2, 4.0, 4.1])]
    recordings = Recordings([np.zeros(5)], ["a"], fps=10, times=times)

    def read(rows):
        path = save(tmp_path, "a.csv", f"label,start,end\n{rows}\n")
        return read_segments(path, recordings=recordings)["a"].tolist()

    assert read("x,2.0,2.24\ny,2.24,4.16") == ["x", "x", "y", "y", "y"]
    assert read("x,2.14,3.9") == ["", "x", "x", "", ""]
    assert read("x,2.16,4.29") == ["", "", "x", "x", "x"]  # one frame later is cut
    for rows in ("x,1.9,2.5", "x,2.0,4.4"):
        with pytest.raises(ValueError):
            read(rows)


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
    def test_aggregated_events(self, tmp_path):
        path = save(tmp_path, "a.tsv", boris(BORIS_EVENTS, "\t"))
        with pytest.warns(UserWarning, match="'jump'"):
            found = read_as(path, 42, fps=10, gaps="background")
        actions = ["background", "dig", "rest", "dig", "background"]
        expected = np.repeat(actions, [10, 15, 5, 10, 2])
        np.testing.assert_array_equal(found, expected)

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

    def test_the_media_file_names_the_recording(self, tmp_path):
        rows = "Observation id,Media file name,Behavior,Start (s),Stop (s)\n"
        rows += "m14 by AK,D:/b 2/m14.mp4,dig,0,1\nm15,D:\\b\\x.mp4,run,0,2\n"
        path = save(tmp_path, "all.csv", rows)
        takes = Recordings([np.zeros((2, 1))] * 2, ["m14", "m15"], fps=1)
        found = read_segments(path, recordings=takes)
        assert {k: x.tolist() for k, x in found.items()} == {
            "m14": ["dig", ""],
            "m15": ["run"] * 2,
        }
        path = save(tmp_path, "all.csv", f"{rows}m14 by BC,m14.mp4,run,1,2\n")
        refused(path, "'m14 by AK', expected one of", recordings=takes)

    def test_modifiers_are_said_not_to_count(self, tmp_path):
        events = [("", "dig", "deep", "START", "0"), ("", "dig", "", "START", "1")]
        events += [("", "dig", "deep", "STOP", "3"), ("", "dig", "", "STOP", "1")]
        path = save(tmp_path, "events.tsv", tabular(*events))
        with pytest.warns(UserWarning, match="'deep'"):
            table = read_table(path)
        assert sorted(table["end_time"]) == [1, 3]

    def test_spreadsheets(self, tmp_path):
        """The five columns that BORIS asks for, and tables of others."""
        path = tmp_path / "take.xlsx"
        labels = np.repeat(["dig", "=SUM(A1)", "#N/A", "dig"], [3, 1, 2, 4])
        table = segments(labels, 29.97)
        write(table, path, format="boris_events")
        found = pd.read_excel(path, keep_default_na=False)
        assert list(found) == ["time", "subject", "code", "modifier", "comment"]
        assert found["code"].tolist() == table["action"].repeat(2).tolist()
        times = table[["start_time", "end_time"]].to_numpy().ravel()
        np.testing.assert_allclose(found["time"], times, atol=0.0005)
        other = pd.DataFrame({"Action": ["a", 2], "note": [None, 1], "Start": [0, 2]})
        other.assign(End=[2, 3]).to_excel(path, index=False)
        assert read_segments(path).tolist() == ["a", "a", "2"]
        other.to_excel(path, index=False)
        refused(path)


def hard_cells(book):
    """Sheets that are not read, and cells that Excel shows as times or errors."""
    book.active.append(["label", "start", "end"])
    book.active.append(["old", 0, 9])
    book.active.sheet_state = "hidden"
    book.create_chartsheet()
    sheet = book.create_sheet()
    sheet.append(["label", "note", "start", "end"])
    sheet.append(["a", "#N/A", time_of_day(0), time_of_day(0, 0, 1, 500_000)])
    sheet.append(["b", None, time_of_day(0, 0, 1, 500_000), timedelta(seconds=2)])
    sheet.append(["#N/A"] * 4)


def test_cells_of_excel(tmp_path):
    book = pytest.importorskip("openpyxl").Workbook()
    hard_cells(book)
    book.save(tmp_path / "a.xlsx")
    assert read_segments(tmp_path / "a.xlsx", fps=2).tolist() == ["a", "a", "a", "b"]
    book.worksheets[1].sheet_state = "veryHidden"
    book.save(tmp_path / "a.xlsx")
    refused(tmp_path / "a.xlsx", "no visible sheet")


def test_a_small_workbook_unpacks_to_little(tmp_path):
    write(segments(["a"]), tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet2.xml", "<row/>" * 10**6)
        archive.writestr("xl/media/noise.png", os.urandom(10**6))
    tracemalloc.start()
    refused(tmp_path / "a.xlsx", "unpacks to")
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


ELAN = (DATA / "hands.eaf").read_text("utf-8")
TIERS = ELAN.replace("REF_ANNOTATION", "ALIGNABLE_ANNOTATION").replace(
    'ANNOTATION_REF="a1"', 'TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"'
)
LONG = (DATA / "hands.TextGrid").read_text("utf-8")
VALUES = re.findall(r'"(?:[^"]|"")*"|<exists>|(?<== )[0-9.]+', LONG[50:])
SHORT = 'File type = "ooTextFile"\n"TextGrid"\n\n' + "\n".join([*VALUES, ""])
GRID_LABELS = ["", "", *['cut "it" 2'] * 3, "pöur", "pöur"]
ELAN_LABELS = ["", "", *["cut"] * 3, "pour & stir", "pour & stir"]
TABLE = "label,start,end\n"


class TestOtherPrograms:
    def test_elan(self, tmp_path):
        path = save(tmp_path, "a.eaf", ELAN)
        assert read_segments(path, fps=10).tolist() == ELAN_LABELS
        path = save(tmp_path, "a.eaf", re.sub(r'\s(xmlns|xsi):\w+="[^"]*"', "", ELAN))
        assert read_segments(path, fps=10).tolist() == ELAN_LABELS
        path = save(tmp_path, "a.eaf", TIERS.replace('"hands"', '"action"'))
        assert read_segments(path, fps=10).tolist() == ELAN_LABELS
        later = ELAN.replace("MIME_TYPE", 'TIME_ORIGIN="1500" MIME_TYPE')
        path = save(tmp_path, "a.eaf", later)
        with pytest.warns(UserWarning, match="1500"):
            table = read_table(path)
        assert table["start_time"].tolist() == [2.01, 1.7]

    def test_text_of_elan(self, tmp_path):
        text = "Begin Time - ss.msec\tEnd Time - ss.msec\tDuration - ss.msec\taction\n"
        path = save(tmp_path, "a.txt", f"{text}0.2\t0.5\t0.9\tcut\n")
        found = read_segments(path, fps=10, format="csv")
        assert found.tolist() == ["", "", "cut", "cut", "cut"]
        refused(path, "format='csv'", fps=10)

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
        refused(path, fps=1)

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
        refused(path, "['other', 'somebody']")
        with h5py.File(path, "a") as file:
            file.move("intervals/other", "intervals/action")
        assert read_segments(path, fps=1).tolist() == ["a", "b"]
        for changes in ({"stop_time": [1.0]}, {"label": [1, 2]}):
            write_intervals("somebody", **changes)
            refused(path, fps=1)
        for n_rows in (10**7, 10**12):  # of which none is written
            with h5py.File(path, "w") as file:
                for name in ("label", "start_time", "stop_time"):
                    file.create_dataset(f"x/{name}", (n_rows,), "f8", chunks=(1000,))
            refused(path, "MB for a file of this size", fps=1)
        path.rename(tmp_path / "other.nwb")
        write_intervals("somebody")
        with h5py.File(path, "a") as file:
            del file["intervals/somebody/label"]
            file["intervals/somebody/label"] = h5py.ExternalLink("other.nwb", "x/label")
        refused(path, "expected data in the file", fps=1)


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
            ("action;start;end;confidence\na;0;2;0,93\n", None, "aa"),
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
        with pytest.warns(UserWarning, match="line 2"):
            assert read_segments(path, fps=10).tolist() == expected
        assert read_segments(path).tolist() == expected  # no rate to compare by
        with pytest.warns(UserWarning, match="at 25 frames"):
            assert len(read_segments(path, fps=25)) == 15

    def test_ends(self, tmp_path):
        path = save(tmp_path, "a.csv", f"{TABLE}a,0,1\nb,1,2.05\n")
        assert len(read_segments(path, fps=20)) == 41
        found = read_as(path, 40, fps=20)
        assert found.tolist() == ["a"] * 20 + ["b"] * 20
        with pytest.raises(ValueError, match="line 3"):
            read_as(path, 39, fps=20)
        path = save(tmp_path, "a.csv", TABLE)
        assert read_as(path, 2).tolist() == ["", ""]

    @pytest.mark.parametrize(
        ("text", "labels"),
        [
            (f"{TABLE}a,0,2.06\nb,2,4\na,3.94,5\n", "a" * 203 + "b" * 194 + "a" * 103),
            (f"{TABLE}b,9.5,20\na,0,10\n", "a" * 975 + "b" * 1025),  # of ten seconds
            ("action,start,end\na,0,20\nb,18,99\n", "a" * 19 + "b" * 80),
        ],
    )
    def test_small_overlaps_are_cut_at_their_middles(self, tmp_path, text, labels):
        path = save(tmp_path, "a.csv", text)
        n_cut = text.count("\n") - 2
        with pytest.warns(UserWarning, match=f"{n_cut} small overlaps"):
            assert "".join(read_segments(path, fps=100)) == labels

    def test_labels_of_all_frames_are_as_many(self, tmp_path):
        path = save(tmp_path, "a.txt", "a\n" * 5)
        for n_frames in (4, 6, 10):
            with pytest.raises(ValueError, match=f"5 frames, but 'a' has {n_frames}"):
                read_as(path, n_frames)
        table = save(tmp_path, "a.csv", "action,start,end\na,0,5\n")
        assert read_as(table, 6).tolist() == [*"aaaaa", ""]

    def test_points(self, tmp_path):
        rows = "a,0,1\nb,0.5,0.5\nc,1,1.04\nd,1.04,2\n"
        path = save(tmp_path, "a.csv", TABLE + rows)
        with pytest.warns(UserWarning, match="2 of 4"):
            found = read_segments(path, fps=10)
        assert found.tolist() == ["a"] * 10 + ["d"] * 10


VIDEO = {
    "type": "timelinelabels",
    "value": {"ranges": [{"start": 1, "end": 4}], "timelinelabels": ["dig"]},
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


def tasks_of(*tasks):
    return json.dumps(tasks)


TWO = {"annotations": task("a", VIDEO)["annotations"] * 2}
OVERLAP = [{"start": 1, "end": 4}, {"start": 4, "end": 9}]
# Contents of files, each with a word of its error.
REFUSED = {
    "a.csv": [
        (f"{TABLE}b,1.8,3\nc,4,5\na,.5,2\n", "(line 4) and 'b' from 1.8 to 3 s"),
        (f"{TABLE}a,0,9\nb,2,3\nc,4,5\n", "'b' from 2 to 3 s (line 3), 'a' from 0"),
        (f"{TABLE}a,0,9\nb,5,5.05\n", "overlap"),  # within another
        (f"{TABLE}a,0,1\nb,.95,1.07\nc,.99,2\n", "overlap"),  # of three
        (f"{TABLE}a,0,9\n" + "b,1,2\n" * 9, "and 6 more overlap, expected at most"),
        (f"{TABLE}a,2,1", "line 2"),
        (f"{TABLE}a,-0.1,1", "line 2"),
        (f"{TABLE}a,0,٣", "line 2"),
        (f"{TABLE}a\x01,0,1", "line 2"),
        (f"{TABLE}a,0,1,2", "line 2"),
        (f"{TABLE}a,0,1e9", "at most"),
        (f'{TABLE}"a,0,1', ""),
        (TABLE, "no segment has a frame"),
        ("", "line 1"),
        ("label,start", "line 1"),
        ("label,start,end,End", "several"),
        ("action,start,end\na,0,1.5\n", "line 2"),
        ("a\nü,0,1\n".encode("latin1"), "UTF-8, line 2; save it"),
    ],
    "a.tsv": [
        (tabular(*[("", "dig", "", "START", "1")] * 2), "line 3"),
        (tabular(("", "dig", "", "STOP", "1")), "line 2"),
        (tabular(("", "dig", "", "START", "1")), "line 2"),
    ],
    "a.eaf": [
        (ELAN.replace("</HEADER>", ""), ""),
        ("<svg/>", "document of ELAN"),
        (ELAN.replace('"milliseconds"', '"PAL-frames"'), "PAL-frames"),
        (ELAN.replace('REF2="ts3"', 'REF2="ts4"'), "segment 0"),
        (ELAN.replace('"510"', '"-510"'), "segment 1"),
        (re.sub("(?s)<TIER .*</TIER>", "", ELAN), "tiers"),
        (TIERS, "['hands', 'comment']"),
    ],
    "a.TextGrid": [
        (LONG.replace("xmax = 0.51", "xmax = half"), ""),
        (LONG.replace('"pöur"', "4"), "text for a number"),
        (SHORT[:-9], "than it declares"),
        (f'{SHORT}0\n1\n"cut"\n', "than it declares"),
        (LONG.replace('"IntervalTier"', '"TextTier"'), "than it declares"),
        (f'{SHORT.partition("<")[0]}<exists> 1 "TextTier" "a" 0 1 0', "tiers"),
    ],
    "a.txt": [("a\n\nb\n", "line 2"), ("", "line 1")],
    "a.json": [
        ("{}", "Label Studio"),
        ("[" * 100_000, ""),
        ("[null]", "task 0 or its region is None"),
        (tasks_of(task("a", changed(VIDEO, ranges=[{"start": "1", "end": 4}]))), "'1'"),
        (tasks_of(task("a", {})), "region is {}"),
        (tasks_of({"id": 1, "video": "a", "annotator": 1}), "Label Studio"),
        (tasks_of(task("a", VIDEO, data={})), "task 0"),
        (tasks_of(task("take", VIDEO, **TWO)), "2 annotations"),
        (tasks_of(task("a", changed(VIDEO, timelinelabels=["a", "b"]))), "one label"),
        (tasks_of(task("a", changed(VIDEO, ranges=[{"start": 0, "end": 4}]))), "-1"),
        (tasks_of(task("a", changed(VIDEO, ranges=OVERLAP))), "overlap"),
        (tasks_of(task("a", VIDEO | {"type": "timeserieslabels"})), "timelinelabels"),
        (tasks_of(*[task("a", VIDEO)] * 2), "two tasks are of 'a'"),
        (tasks_of(task("a", {"type": "rectanglelabels", "value": {}})), "no segment"),
    ],
    **{name: [(content, "") for content in (b"", b"PK")]
       for name in ("a.xlsx", "a.nwb")},
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name):
    for content, word in REFUSED[name]:
        refused(save(tmp_path, name, content), word, fps=10)


@pytest.mark.parametrize(
    "change",
    [{"gaps": "none"}, {"fps": 0}, {"recordings": [1]}, {"path": 5}, {"path": [None]}],
)
def test_wrong_arguments(tmp_path, change):
    path = save(tmp_path, "a.csv", f"{TABLE}a,0,1\n")
    with pytest.raises((TypeError, ValueError), match=f"^{next(iter(change))} "):
        read_segments(**({"path": path, "fps": 1} | change))


class TestManyFiles:
    def test_folder(self, tmp_path):
        labels = {"v0": ["a", "a"], "v1": ["b"], "v2": ["c", "a"]}
        for (name, video), suffix in zip(labels.items(), (".csv", ".eaf", ".TextGrid")):
            write(segments(video, 25), tmp_path / f"{name}{suffix}")
        save(tmp_path, "v1.pfsx", "preferences of ELAN")
        save(tmp_path, ".v1.csv", "hidden")
        found = read_segments(tmp_path, fps=25)
        assert {name: x.tolist() for name, x in found.items()} == labels
        paths = [tmp_path / "v2.TextGrid", str(tmp_path / "v0.csv")]
        assert list(read_segments(paths, fps=25)) == ["v2", "v0"]
        found = read_segments(tmp_path, format="csv")
        assert {name: x.tolist() for name, x in found.items()} == {"v0": ["a", "a"]}
        with pytest.raises(FileNotFoundError, match="nwb"):
            read_segments(tmp_path, format="nwb", fps=25)

    @pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
    @pytest.mark.parametrize("format", WRITTEN)
    def test_a_name_of_a_file_need_not_be_text(self, tmp_path, format):
        path = tmp_path / (os.fsdecode(b"caf\xe9") + FORMATS[format].suffix)
        write(segments(["cut", "mix"], 10), path, format=format)
        found = read_segments(path, fps=10, format=format)
        assert found.tolist() == ["cut", "mix"]
        assert read_table(path, format=format)["recording"][0].startswith("caf")
