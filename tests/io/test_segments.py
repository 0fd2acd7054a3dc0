"""Segments, names of actions, and files that other tools read."""

import html
import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skl_tot.io import labels_from_segments, name_actions, read_names, segments
from skl_tot.io.formats import FORMATS, read_records, writable_formats, write_segments

# with a non-breaking space, and with a joiner of zero width
NAMES = ['take\u00a0"cup"', "cut & <b>", "می\u200cریزد", "cut & <b>"]
LABELS = np.repeat(NAMES, [7, 31, 4, 19])
FPS = 29.97


@pytest.fixture
def records():
    return segments(LABELS, FPS, confidence=np.linspace(0.3, 1, len(LABELS)))


class TestSegments:
    def test_values(self):
        first, second = segments([4, 4, 4, 1], fps=2, confidence=[0.5, 0.6, 0.7, 0.25])
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
        assert second["confidence"] == 0.25

    def test_many_videos_and_frame(self):
        videos = [["a", "b"], ["b", "b", "b"]]
        assert [len(video) for video in segments(videos)] == [2, 1]
        frame = segments(videos, fps=10, as_frame=True)
        assert frame.columns[0] == "video"
        assert frame["video"].tolist() == [0, 0, 1]
        assert frame["duration_time"].sum() == pytest.approx(0.5)
        assert list(segments(videos[0], as_frame=True)["action"]) == ["a", "b"]

    @given(st.lists(st.integers(-1, 4), min_size=1, max_size=40))
    def test_there_and_back(self, labels):
        np.testing.assert_array_equal(labels_from_segments(segments(labels)), labels)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"fps": 0}, "fps is 0, expected a positive number from 1e-06"),
            ({"confidence": [0.5]}, "confidence has shapes [(1,)], expected"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=re.escape(message)):
            segments([1, 1], **arguments)

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_confidence_is_finite(self, value):
        message = r"^Video 1: confidence is .* in frame 2, expected finite numbers\."
        with pytest.raises(ValueError, match=message):
            segments([[1], [1, 1, 2]], confidence=[[0.5], [0.5, 1, value]])
        with pytest.raises(ValueError, match=r"^confidence is .* in frame 0, expected"):
            segments([1, 2], confidence=[value, 1])

    def test_confidence_is_not_masked(self):
        confidence = np.ma.array([0.5, 0.7], mask=[False, True])
        with pytest.raises(TypeError, match=r"^confidence is masked, expected"):
            segments([1, 2], confidence=confidence)

    @pytest.mark.parametrize(
        ("records", "error", "message"),
        [
            ([{}], ValueError, "Segment 0 has no 'action', expected action, start and"),
            ([{"action": 1, "start": 0}], ValueError, "Segment 0 has no 'end'"),
            ([3], TypeError, "Segment 0 is a int, expected a dict."),
            (3, TypeError, "records is a int, expected a list of dict."),
            ([], ValueError, "records is empty"),
            (
                [{"action": 1, "start": "0", "end": 2}],
                TypeError,
                "Segment 0 has start '0', expected a number of frames.",
            ),
            (
                [{"action": 1, "start": 0, "end": np.nan}],
                TypeError,
                "Segment 0 has end nan, expected a number of frames.",
            ),
            (
                [{"action": 1, "start": 0, "end": 2**70}],
                ValueError,
                f"Segment 0 ends at {2**70}, expected at most 1000000000 frames.",
            ),
            (
                [{"action": 2**64, "start": 0, "end": 2}],
                ValueError,
                f"actions has the label {2**64}, expected integers of 64 bits.",
            ),
        ],
    )
    def test_records_that_are_no_segments(self, records, error, message):
        with pytest.raises(error, match=re.escape(message)):
            labels_from_segments(records)

    def test_memory_for_hostile_records(self, monkeypatch):
        records = [{"action": "a" * 500, "start": 0, "end": 10**9}]

        def repeat(*arguments):
            raise MemoryError

        monkeypatch.setattr(np, "repeat", repeat)
        message = "1000000000 frames with labels of 2000 bytes do not fit into mem"
        with pytest.raises(ValueError, match=message):
            labels_from_segments(records)

    @pytest.mark.parametrize(
        "change", [{"start": 1}, {"end": 0}, {"end": 8}], ids=["late", "empty", "gap"]
    )
    def test_segments_must_cover_all_frames(self, records, change):
        with pytest.raises(ValueError, match=r"Segment [01] is of frames"):
            labels_from_segments([records[0] | change, *records[1:]])


class TestNames:
    def test_words_in_place_of_numbers(self):
        videos = [[0, 0, 1], [2, -1, 3]]
        named = name_actions(videos, {0: "cut", 1: "cut", 3: "mix"})
        assert named[0].tolist() == ["cut", "cut", "cut"]
        assert named[1].tolist() == ["2", "background", "mix"]
        assert len(segments(named[0])) == 1
        assert name_actions([1, 0], ["a", "b"]).tolist() == ["b", "a"]

    @pytest.mark.parametrize("name", ["", " ", "a\nb", "a\tb", "a\u2028b", 3, None])
    def test_bad_names(self, name):
        with pytest.raises(ValueError, match=r"The name of 0 is .*text of one line"):
            name_actions([0, 1], {0: name})

    def test_keys_and_labels_of_different_types(self):
        message = "names has '0', text, but labels are integers: expected keys as 0."
        for y in ([0, 1], [[0, 1], []]):
            with pytest.raises(TypeError, match=re.escape(message)):
                name_actions(y, {"0": "take"})
        message = "names has 0, no text, but labels are text: expected keys as 'cut'."
        for names in ({0: "take"}, ["take"]):
            with pytest.raises(TypeError, match=re.escape(message)):
                name_actions(["cut", "stir"], names)
        named = name_actions(["cut", "stir"], {"cut": "slice", "fry": "fry"})
        assert named.tolist() == ["slice", "stir"]
        named = name_actions([0, 7], {np.int64(0): "cut", 5: "fry"})
        assert named.tolist() == ["cut", "7"]
        assert [x.tolist() for x in name_actions([[], []], {0: "cut"})] == [[], []]

    def test_minus_one_is_no_name(self):
        message = "The name of 0 is '-1', which files and scores take for background."
        with pytest.raises(ValueError, match=re.escape(message)):
            name_actions([0, 1], {0: "-1"})
        assert name_actions([0, -1], {-1: "-1"}).tolist() == ["0", "-1"]

    @pytest.mark.parametrize("name", ["1", "background"])
    def test_names_of_other_frames(self, name):
        with pytest.raises(ValueError, match=rf"'{name}' is the name of an action, bu"):
            name_actions([0, 1, -1], {0: name})
        assert name_actions([0, 1], {0: "1", 1: "0"}).tolist() == ["1", "0"]

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("a.txt", "0 take cup\n-1 nothing\n"),
            ("a.txt", "0 take cup\n\n -1  nothing \n\n"),
            ("a.json", '{"0": "take cup", "-1": "nothing"}'),
        ],
    )
    def test_read(self, tmp_path, file, text):
        (tmp_path / file).write_text(text)
        assert read_names(tmp_path / file) == {0: "take cup", -1: "nothing"}

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("a.txt", "cup"),
            ("a.txt", "0"),
            ("a.txt", "0 a\n0 b"),
            ("a.txt", "0 a\n1 b\nc"),
            ("a.json", "[1]"),
            ("a.json", "{"),
            ("a.json", '{"x": "a"}'),
            ("a.json", '{"0": 1}'),
            ("a.json", "[" * 100_000),
            ("a.json", '{"' + "9" * 5000 + '": "a"}'),
            ("a.json", "9" * 5000),
            ("a.txt", "9" * 5000 + " a"),
            ("a.txt", "9223372036854775808 a"),
        ],
    )
    def test_bad_files(self, tmp_path, file, text):
        (tmp_path / file).write_text(text)
        with pytest.raises(ValueError, match=re.escape(str(tmp_path / file))) as error:
            read_names(tmp_path / file)
        assert "\n" not in str(error.value)

    def test_no_text(self, tmp_path):
        (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(ValueError, match=r"a\.txt is no text"):
            read_names(tmp_path / "a.txt")


def milliseconds(seconds):
    return round(1000 * float(seconds))


def read_elan(path):
    elan = pytest.importorskip("speach.elan").read_eaf(path)
    (tier,) = [tier for tier in elan if tier.name == "action"]
    return [(a.from_ts.value, a.to_ts.value, a.text) for a in tier.annotations]


def read_webvtt(path):
    events = pytest.importorskip("pysubs2").load(path, format_="vtt")
    return [(e.start, e.end, html.unescape(e.text)) for e in events]


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


def read_csv(path):
    table = pd.read_csv(path)
    times = table[["start_time", "end_time"]].map(milliseconds)
    return list(zip(times["start_time"], times["end_time"], table["action"]))


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return [
            (milliseconds(r["start_time"]), milliseconds(r["end_time"]), r["action"])
            for r in json.load(file)
        ]


def read_labels(path):
    table = pd.read_csv(path, header=None, sep="\t", quoting=3)[0]
    cuts = table.index[table != table.shift()].tolist() + [len(table)]
    return [
        (milliseconds(a / FPS), milliseconds(b / FPS), table[a])
        for a, b in itertools.pairwise(cuts)
    ]


def read_parquet(path):
    pytest.importorskip("pyarrow")
    table = pd.read_parquet(path)
    times = table[["start_time", "end_time"]].map(milliseconds)
    return list(zip(times["start_time"], times["end_time"], table["action"]))


def read_boris(path):
    table = pd.read_csv(path, sep="\t")
    times = table[["Start (s)", "Stop (s)"]].map(milliseconds)
    return list(zip(times["Start (s)"], times["Stop (s)"], table["Behavior"]))


def read_nwb(path):
    pynwb = pytest.importorskip("pynwb")
    with pynwb.NWBHDF5IO(path, "r") as file:
        table = file.read().processing["behavior"]["action"].to_dataframe()
    times = table[["start_time", "stop_time"]].map(milliseconds)
    return list(zip(times["start_time"], times["stop_time"], table["label"]))


def read_labelstudio(path):
    with open(path, encoding="utf-8") as file:
        (task,) = json.load(file)
    found = []
    for region in task["predictions"][0]["result"]:
        (frames,), (action,) = region["value"].values()
        times = (frames["start"] - 1) / FPS, frames["end"] / FPS
        found.append((*map(milliseconds, times), action))
    assert task["data"]["fps"] == pytest.approx(FPS)
    return found


READERS = {
    "csv": read_csv,
    "parquet": read_parquet,
    "boris": read_boris,
    "nwb": read_nwb,
    "labelstudio": read_labelstudio,
    "json": read_json,
    "labels": read_labels,
    "elan": read_elan,
    "webvtt": read_webvtt,
    "textgrid": read_textgrid,
}


class TestFiles:
    @pytest.mark.parametrize("format", writable_formats())
    def test_other_tools_read_the_same_to_the_millisecond(
        self, records, tmp_path, format
    ):
        path = tmp_path / f"video{FORMATS[format].suffix}"
        write_segments(records, path, format=format)
        assert READERS[format](str(path)) == [
            (milliseconds(r["start_time"]), milliseconds(r["end_time"]), r["action"])
            for r in records
        ]
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("format", ["elan", "webvtt", "textgrid", "boris"])
    def test_many_segments_of_numbers(self, tmp_path, format):
        labels = np.random.default_rng(0).integers(3, size=500)
        records = segments(labels, fps=25)
        path = tmp_path / "video.file"
        write_segments(records, path, format=format)
        found = READERS[format](str(path))
        assert [int(action) for *_, action in found] == [r["action"] for r in records]
        assert found[-1][1] == 20_000

    @pytest.mark.parametrize("suffix", [".csv", ".parquet", ".json", ".txt"])
    def test_read_again(self, records, tmp_path, suffix):
        path = tmp_path / f"video{suffix}"
        write_segments(records, path)
        found = read_records(path)
        np.testing.assert_array_equal(labels_from_segments(found), LABELS)
        if suffix != ".txt":
            assert found == records
        write_segments(segments([3, 3, -1]), path)
        assert labels_from_segments(read_records(path)).tolist() == [3, 3, -1]

    @pytest.mark.parametrize(
        ("file", "text"),
        [
            ("a.csv", ""),
            ("a.csv", "x,y\n1,2\n"),
            ("a.csv", "action,start,end\ncut,0,x\n"),
            ("a.csv", "action,start,end\ncut,0,3\ncut,4,5\n"),
            ("a.json", "{}"),
            ("a.json", "[1]"),
            ("a.json", "[]"),
            ("a.json", '[{"action": "a", "start": 0, "end": 2.7}]'),
            ("a.json", '[{"action": null, "start": 0, "end": 2}]'),
            ("a.json", '[{"action": "", "start": 0, "end": 2}]'),
            ("a.json", '[{"action": true, "start": 0, "end": 2}]'),
            ("a.json", '[{"action": "a", "start": false, "end": 2}]'),
            ("a.csv", "action,start,end\ncut,0,3,4\n"),
            ("a.json", "nonsense"),
            ("a.json", "[" * 100_000),
            ("a.json", "9" * 5000),
            ("a.json", '[{"action": "a", "start": 0, "end": 1000000000000000}]'),
            ("a.json", '[{"action": "a", "start": 0, "end": 9223372036854775808}]'),
            ("a.json", '[{"action": "a", "start": 0, "end": 2, "confidence": NaN}]'),
            ("a.json", '[{"action": "a", "start": 0, "end": 2, "end_time": 1e999}]'),
            ("a.csv", "action,start,end,confidence\na,0,2,nan\n"),
            ("a.csv", "action,start,end\na,0," + "9" * 5000),
            ("a.json", '[{"start": 0, "end": 2}]'),
            ("a.csv", "action,start\ncut,0\n"),
            ("a.txt", ""),
            ("a.txt", "cut\n\ncut"),
            ("a.doc", "cut"),
        ],
    )
    def test_files_that_hold_no_segments(self, tmp_path, file, text):
        (tmp_path / file).write_text(text)
        with pytest.raises(ValueError, match=re.escape(str(tmp_path / file))) as error:
            read_records(tmp_path / file)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize(
        ("labels", "fps", "format", "message"),
        [
            ([0, 1], None, "elan", "fps is None, expected frames per second"),
            ([0, 1], 30, "srt", "format is 'srt', expected one of ['csv', 'parq"),
            ([0, 1], 5000, "webvtt", "A segment of '0' at 0 ms is shorter than 1 ms."),
            (["a\x01", "b"], 30, "elan", "An action is 'a\\x01', expected text"),
            (["", "b"], 30, "labels", "An action is '', expected text of one line."),
        ],
    )
    def test_an_error_leaves_what_was(self, tmp_path, labels, fps, format, message):
        path = tmp_path / "video.file"
        path.write_text("before")
        with pytest.raises(ValueError, match=re.escape(message)):
            write_segments(segments(labels, fps), path, format=format)
        assert path.read_text() == "before"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("digits", [19, 5000])
    def test_texts_of_many_digits_stay_text(self, tmp_path, digits):
        text = f"action,start,end\n{'9' * digits},0,2\n"
        (tmp_path / "a.csv").write_text(text)
        found = labels_from_segments(read_records(tmp_path / "a.csv"))
        assert found.tolist() == ["9" * digits] * 2

    @pytest.mark.parametrize("format", writable_formats())
    @pytest.mark.parametrize("key", ["confidence", "end_time"])
    def test_no_file_has_numbers_that_are_none(self, tmp_path, format, key):
        for value in (np.nan, np.inf):
            record = segments([0], 1, confidence=[1])[0] | {key: value}
            message = f"Segment 0 has {key} {value}, expected a finite number."
            with pytest.raises(ValueError, match=re.escape(message)):
                write_segments([record], tmp_path / "a", format=format)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("format", writable_formats())
    def test_no_file_has_an_action_that_reads_as_background(self, tmp_path, format):
        message = "An action is called '-1', which is read as background, expected a"
        for labels in (["-1", "2"], ["cut", "-1"]):
            with pytest.raises(ValueError, match=re.escape(message)):
                write_segments(segments(labels, 1), tmp_path / "a", format=format)
        assert not list(tmp_path.iterdir())

    def test_texts_of_digits_stay_apart(self, tmp_path):
        write_segments(segments(["1", "01", "1"]), tmp_path / "a.csv")
        found = labels_from_segments(read_records(tmp_path / "a.csv"))
        assert found.tolist() == ["1", "01", "1"]

    def test_no_segments(self, tmp_path):
        with pytest.raises(ValueError, match="records is empty"):
            write_segments([], tmp_path / "a.json")

    def test_missing_library(self, records, tmp_path, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "webvtt", None)
        with pytest.raises(ImportError, match=r"skl-tot\[export\]"):
            write_segments(records, tmp_path / "video.vtt")
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("second", [(0.1, 0.3), (0.3, 0.2), (-0.5, -0.2)])
def test_intervals_of_a_textgrid_do_not_overlap(tmp_path, second):
    pytest.importorskip("praatio")
    records = segments(["a", "a", "b"], 10)
    records[1] |= {"start_time": second[0], "end_time": second[1]}
    with pytest.raises(ValueError, match=r"'b' is from -?\d+ to -?\d+ ms, expected"):
        write_segments(records, tmp_path / "v.TextGrid")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("confidence", "error"), [([1j, 0], TypeError), ([10**400, 0], ValueError)]
)
def test_confidence_that_is_no_float(confidence, error):
    with pytest.raises(error, match="confidence "):
        segments([0, 1], confidence=confidence)


def test_paths_that_are_none():
    with pytest.raises(TypeError):
        read_records(np.ones(3), format="csv")
