"""Exports of other tools that hold segments in a way of their own."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import read_segments, read_table, segments, write_segments
from skl_tot.statistics import durations

# As version 8 of BORIS exports tabular events.
TABULAR = [
    *["Observation id", "Observation date", "Description", "Observation duration"],
    *["Observation type", "Source", "Media duration (s)", "FPS (frame/s)", "Subject"],
    *["Behavior", "Behavioral category", "Modifier #1", "Behavior type", "Time"],
    *["Media file name", "Image index", "Image file path", "Comment"],
]


def tabular(*events):
    """Tabular events of BORIS, of subject, behaviour, modifier, type and time."""
    rows = ["\t".join(TABULAR)]
    for event in events:
        own = dict(zip(["Subject", "Behavior", "Modifier #1", *TABULAR[12:14]], event))
        own["Observation id"] = "take 1"
        rows.append("\t".join(own.get(name, "") for name in TABULAR))
    return "\n".join(rows) + "\n"


class TestBoris:
    def test_starts_and_stops(self, tmp_path):
        path = tmp_path / "events.tsv"
        text = tabular(
            ("", "dig", "", "START", "1.5"),
            ("", "jump", "", "POINT", "2"),
            ("", "dig", "", "STOP", "3.25"),
            ("", "rest", "", "START", "4"),
            ("", "rest", "", "STOP", "5"),
        )
        path.write_text(text)
        table = read_table(path)
        assert table.columns.tolist() == ["recording", "action", *table.columns[2:]]
        assert table.sort_values("start_time").to_numpy().tolist() == [
            ["take 1", "dig", 1.5, 3.25],
            ["take 1", "jump", 2, 2],
            ["take 1", "rest", 4, 5],
        ]
        path.write_text(text.replace("\t", ";").replace("1.5", "1,5"))
        assert read_table(path)["start_time"].min() == 1.5

    def test_each_subject_is_a_recording(self, tmp_path):
        path = tmp_path / "events.tsv"
        events = [("ann", "dig", "", "START", "0"), ("bob", "dig", "", "START", "1")]
        events += [("ann", "dig", "", "STOP", "2"), ("bob", "dig", "", "STOP", "5")]
        path.write_text(tabular(*events))
        found = durations(read_table(path)).set_index("recording")["total"]
        assert found.to_dict() == {"take 1/ann": 2, "take 1/bob": 4}
        assert list(read_segments(path, fps=1)) == ["take 1/ann", "take 1/bob"]
        path.write_text(tabular(*events[::2]))
        assert read_table(path)["recording"].tolist() == ["take 1"]

    def test_subjects_of_aggregated_events(self, tmp_path):
        path = tmp_path / "a.csv"
        rows = "Behavior,Subject,Start (s),Stop (s)\ndig,ann,0,2\ndig,bob,1,3\n"
        path.write_text(rows)
        assert read_table(path)["recording"].tolist() == ["ann", "bob"]
        path.write_text(rows.replace("Behavior", "action"))  # a table of others
        assert set(read_table(path)["recording"]) == {"a"}

    def test_modifiers_are_said_not_to_count(self, tmp_path):
        path = tmp_path / "events.tsv"
        events = [("", "dig", "deep", "START", "0"), ("", "dig", "", "START", "1")]
        events += [("", "dig", "deep", "STOP", "3"), ("", "dig", "", "STOP", "1")]
        path.write_text(tabular(*events))
        with pytest.warns(UserWarning, match="modifiers of 1 of 2 segments .* 'deep'"):
            table = read_table(path)
        assert sorted(table["end_time"]) == [1, 3]

    @pytest.mark.parametrize(
        ("kinds", "message"),
        [
            (["START", "START"], "line 3: 'dig' has a start too many"),
            (["STOP"], "line 2: 'dig' has a stop too many"),
            (["START"], "line 2: 'dig' starts and does not stop"),
        ],
    )
    def test_events_without_a_partner(self, tmp_path, kinds, message):
        path = tmp_path / "events.tsv"
        path.write_text(tabular(*(("", "dig", "", kind, "1") for kind in kinds)))
        with pytest.raises(ValueError, match=message):
            read_table(path)

    def test_spreadsheet_to_import(self, tmp_path):
        """The five columns that BORIS asks for, and two rows a segment."""
        pytest.importorskip("openpyxl")
        path = tmp_path / "take.xlsx"
        labels = np.repeat(["dig", "=SUM(A1)", "#N/A", "dig"], [3, 1, 2, 4])
        write_segments(segments(labels, 29.97), path)
        found = pd.read_excel(path, keep_default_na=False)
        assert found.columns.tolist() == [
            "time",
            "subject",
            "code",
            "modifier",
            "comment",
        ]
        table = segments(labels, 29.97)
        assert found["code"].tolist() == table["action"].repeat(2).tolist()
        times = table[["start_time", "end_time"]].to_numpy().ravel()
        np.testing.assert_allclose(found["time"], times, atol=0.0005)
        assert set(found["subject"]) == {""}
        assert read_segments(path, fps=29.97).tolist() == labels.tolist()

    def test_other_spreadsheets(self, tmp_path):
        pytest.importorskip("openpyxl")
        path = tmp_path / "a.xlsx"
        table = pd.DataFrame({"Action": ["a", 2], "note": [None, 1], "Start": [0, 2]})
        table.assign(End=[2, 3]).to_excel(path, index=False)
        assert read_segments(path).tolist() == ["a", "a", "2"]
        table.to_excel(path, index=False)
        with pytest.raises(ValueError, match=r"line 1: columns are \['Action', 'note'"):
            read_segments(path)
        for content in (b"", b"PK", b"PK\x03\x04" * 99):
            path.write_bytes(content)
            with pytest.raises(ValueError, match=r"a\.xlsx, this is no spreadsheet"):
                read_segments(path)


VIDEO = {
    "type": "timelinelabels",
    "value": {"ranges": [{"start": 1, "end": 4}], "timelinelabels": ["dig"]},
}
SERIES = {
    "type": "timeserieslabels",
    "value": {"start": 0.5, "end": 2, "instant": False, "timeserieslabels": ["run"]},
}


def task(name, regions, kind="video", **options):
    annotations = [{"was_cancelled": False, "result": regions}] if regions else []
    return {"data": {kind: name}, "annotations": annotations} | options


class TestLabelStudio:
    def read(self, tmp_path, tasks, **options):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks))
        return read_segments(path, **options)

    def test_tasks_without_labels(self, tmp_path):
        """The default export has tasks that nobody did, and predictions by number."""
        skipped = {"was_cancelled": True, "result": []}
        tasks = [
            task("a.mp4", [], predictions=[23]),
            task("b.mp4", [], annotations=[skipped], predictions=[24]),
            task("c.mp4", [VIDEO], predictions=[25]),
            task("d.mp4", [VIDEO], drafts=[]),
        ]
        found = self.read(tmp_path, tasks)
        assert {name: len(own) for name, own in found.items()} == {"c": 4, "d": 4}

    def test_series(self, tmp_path):
        tasks = [task("/data/upload/1/take.csv", [SERIES], "csv")]
        found = self.read(tmp_path, tasks, fps=2)
        assert found.tolist() == ["", *["run"] * 3]
        assert read_table(tmp_path / "export.json")["recording"].tolist() == ["take"]

    @pytest.mark.parametrize(
        ("tasks", "message"),
        [
            (
                [task("a", [{"type": "rectanglelabels", "value": {}}])],
                "the task of 'a' has regions of ['rectanglelabels'], expected timeline",
            ),
            (
                [
                    {
                        "id": 1,
                        "video": "a.mp4",
                        "annotator": 1,
                        "label": [VIDEO["value"]],
                    }
                ],
                "this is JSON-MIN, expected an export as JSON",
            ),
            ([task("a", [], "csv")], "no segment has a frame"),
            (
                [task("a", [SERIES | {"value": SERIES["value"] | {"end": "May 3"}}])],
                "end_time is 'May 3', expected seconds",
            ),
        ],
    )
    def test_errors_name_the_cure(self, tmp_path, tasks, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            self.read(tmp_path, tasks, fps=2)


def test_separators_within_a_label_do_not_end_its_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("cut\x0cdeep\r\na\u2028b\nc\x85d\n\n".encode())
    assert read_segments(path).tolist() == ["cut deep", "a b", "c d"]


@pytest.mark.parametrize("time", ["00:00:75.000", "00:60:01.000", "60:00.000"])
def test_cues_that_browsers_pass_over(tmp_path, time):
    path = tmp_path / "a.vtt"
    path.write_text(f"WEBVTT\n\n00:00.000 --> {time}\ncut\n")
    with pytest.raises(ValueError, match=f"line 3: the time is '{time}', expected min"):
        read_segments(path, fps=1)
    path.write_text("WEBVTT\n\n00:00.000 --> 75:59:59.000\ncut\n")
    assert read_table(path)["end_time"].tolist() == [75 * 3600 + 3599]


ELAN = """<ANNOTATION_DOCUMENT><HEADER>
<MEDIA_DESCRIPTOR TIME_ORIGIN="{}"/><MEDIA_DESCRIPTOR TIME_ORIGIN="7"/></HEADER>
<TIME_SLOT TIME_SLOT_ID="1" TIME_VALUE="200"/>
<TIME_SLOT TIME_SLOT_ID="2" TIME_VALUE="900"/>
<TIER TIER_ID="action"><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="1" TIME_SLOT_REF2="2">
<ANNOTATION_VALUE>cut</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"""


def test_origin_of_the_media(tmp_path):
    path = tmp_path / "a.eaf"
    path.write_text(ELAN.format(1500))
    with pytest.warns(UserWarning, match="time 0 of annotations is at 1500 ms of the"):
        table = read_table(path)
    assert table[["start_time", "end_time"]].to_numpy().tolist() == [[1.7, 2.4]]
    path.write_text(ELAN.format(0))
    assert read_table(path)["start_time"].tolist() == [0.2]
    path.write_text(ELAN.format("soon"))
    with pytest.raises(
        ValueError, match="TIME_ORIGIN is 'soon', expected milliseconds"
    ):
        read_table(path)


def test_binary_textgrid(tmp_path):
    path = tmp_path / "a.TextGrid"
    praat = pytest.importorskip("parselmouth").praat
    grid = praat.call("Create TextGrid", 0, 1, "action", "")
    praat.call(grid, "Save as binary file", str(path))
    with pytest.raises(ValueError, match="this is a binary TextGrid; save it as text"):
        read_segments(path, fps=1)
