"""The formats of files of segments, and one that somebody adds."""

import html
import itertools
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skl_tot.app.cli.main import main, make_parser
from skl_tot.io import (
    FORMATS,
    Format,
    labels_from_segments,
    read_segments,
    read_table,
    segments,
    write_segments,
)
from skl_tot.io.files import read_whole
from skl_tot.io.formats import describe_formats, table_formats, writable_formats
from skl_tot.recordings import Recordings

# with a non-breaking space, and with a joiner of zero width
NAMES = ['take\u00a0"cup"', "cut & <b>", "می\u200cریزد", "cut & <b>"]
LABELS = np.repeat(NAMES, [7, 31, 4, 19])
FPS = 29.97
SEVERAL = {
    "take 1": np.repeat(["reach", "pour, hot", "reach"], [7, 31, 4]),
    'b "2"': np.repeat(["pour, hot", "background"], [3, 9]),
    "3": np.array(["stir"]),
}
SURE = {name: np.linspace(0.2, 0.9, len(y)) for name, y in SEVERAL.items()}


@pytest.fixture
def table():
    return segments(LABELS, FPS, confidence=np.linspace(0.3, 1, len(LABELS)))


@pytest.fixture
def clocks():
    """Recordings whose frames come when they like, the first after 5 s or so."""
    rng = np.random.default_rng(0)
    times = []
    for y in SEVERAL.values():
        steps = rng.choice([0.02, 0.05, 0.05, 0.06, 1.3], size=len(y))
        times.append(5 + np.cumsum(steps))
    return Recordings(list(SEVERAL.values()), list(SEVERAL), fps=20, times=times)


# What a user writes for the labels of Audacity: seconds, and their name.


def write_audacity(table, path):
    lines = []
    for record in table.to_dict("records"):
        times = f"{record['start_time']:.6f}\t{record['end_time']:.6f}"
        lines.append(f"{times}\t{record['action']}\n")
    path.write_text("".join(lines), encoding="utf-8")


def read_audacity(path):
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        start, end, action = line.split("\t")
        rows.append((action, start, end))
    return pd.DataFrame(rows, columns=["action", "start_time", "end_time"])


RATE = 10
CUPS = np.repeat(["take cup", "pour", "take cup", "stir"], [12, 30, 5, 13])
AUDACITY = Format(".aud", write_audacity, read_audacity, "labels of Audacity", True)


@pytest.fixture
def _audacity(monkeypatch):
    monkeypatch.setitem(FORMATS, "audacity", AUDACITY)


@pytest.mark.usefixtures("_audacity")
class TestAddedFormat:
    def test_there_and_back(self, tmp_path):
        for path, format in [("a.aud", None), ("a.AUD", None), ("b.x", "audacity")]:
            write_segments(segments(CUPS, RATE), tmp_path / path, format=format)
            found = read_segments(tmp_path / path, fps=RATE, format=format)
            np.testing.assert_array_equal(found, CUPS)
        text = (tmp_path / "a.aud").read_text()
        assert text.startswith("0.000000\t1.200000\ttake cup\n")
        write_segments(segments([3, -1], RATE), tmp_path / "a.aud")
        found = read_segments(tmp_path / "a.aud", fps=RATE)
        assert found.tolist() == ["3", "background"]

    def test_errors_are_those_of_other_formats(self, tmp_path):
        path = tmp_path / "a.aud"
        with pytest.raises(ValueError, match=r"fps is None, expected frames per sec"):
            write_segments(segments(CUPS), path)
        for content in (b"1.0\tcut\n", b"0\t1\t\n", b"2\t1\tcut\n", b"\xff", b""):
            path.write_bytes(content)
            with pytest.raises(ValueError, match=re.escape(str(path))) as error:
                read_segments(path, fps=RATE)
            assert "\n" not in str(error.value)

    def test_command_line(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("MPLBACKEND", "Agg")
        (tmp_path / "data").mkdir()
        rng = np.random.default_rng(0)
        for i in range(2):
            video = np.eye(3)[[0, 1, 2]].repeat(20, axis=0)
            video += 0.1 * rng.normal(size=(60, 3))
            np.save(tmp_path / f"data/v{i}.npy", video)

        def run(command):
            return main(command.replace("DIR", str(tmp_path)).split())

        options = "--n-actions 3 --set max_iter=20 random_state=0 --out DIR/m.skops"
        assert run(f"fit DIR/data {options}") == 0
        predict = "predict DIR/m.skops DIR/data --out DIR/found --format audacity"
        assert run(predict) == 2
        error = capsys.readouterr().err
        assert "--fps is missing, which --format audacity needs." in error
        assert run(f"{predict} --fps {RATE}") == 0
        files = sorted(path.name for path in (tmp_path / "found").iterdir())
        assert files == ["v0.aud", "v1.aud"]
        table = read_table(tmp_path / "found")
        assert table.groupby("recording")["end_time"].max().tolist() == [6, 6]

    def test_help(self, capsys):
        with pytest.raises(SystemExit):
            main(["predict", "--help"])
        assert re.search(r"audacity +labels of Audacity", capsys.readouterr().out)


class TestRegistry:
    @pytest.mark.parametrize("format", FORMATS)
    def test_described(self, format):
        row = rf"\| `{format}` \| `{FORMATS[format].suffix}` \| \S"
        assert re.search(row, describe_formats())

    def test_not_written(self, tmp_path, monkeypatch):
        monkeypatch.setitem(FORMATS, "own", Format(".own", read=read_audacity))
        known = re.escape(str(list(writable_formats())))
        with pytest.raises(ValueError, match=rf"format is '\.own', .* {known}"):
            write_segments(segments(CUPS, RATE), tmp_path / "a.own")

    def test_unknown_format(self, tmp_path, capsys):
        known = re.escape(str(list(writable_formats())))
        with pytest.raises(ValueError, match=rf"format is 'none', .* {known}"):
            write_segments(segments(CUPS), tmp_path / "a.csv", format="none")
        with pytest.raises(ValueError, match=rf"format is '\.none', .* {known}"):
            write_segments(segments(CUPS), tmp_path / "a.none")
        (tmp_path / "a.none").touch()
        with pytest.raises(ValueError, match=r"format is '\.none', .*\['csv', "):
            read_segments(tmp_path / "a.none")
        with pytest.raises(SystemExit):
            main(["predict", "a", "b", "--out", "c", "--format", "none"])
        error = capsys.readouterr().err
        assert "invalid choice: 'none'" in error
        assert all(name in error for name in writable_formats())

    def test_first_of_a_suffix(self, tmp_path, monkeypatch):
        """An addition does not change what files mean."""
        monkeypatch.setitem(FORMATS, "own", Format(".csv", write_audacity))
        write_segments(segments(CUPS, RATE), tmp_path / "a.csv")
        np.testing.assert_array_equal(read_segments(tmp_path / "a.csv"), CUPS)


def test_arguments_wait_for_nothing():
    """The table of formats needs numpy, and the parser does not need the table."""
    code = (
        "import sys; from skl_tot.app.cli.main import make_parser;"
        "make_parser().format_help(); sys.exit('numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    arguments = ["predict", "a", "b", "--out", "c", "--format", "json"]
    assert make_parser().parse_args(arguments).format == "json"


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

    @pytest.mark.parametrize("format", ["elan", "webvtt", "textgrid", "boris"])
    def test_many_segments_of_numbers(self, tmp_path, format):
        labels = np.random.default_rng(0).integers(3, size=500)
        table = segments(labels, fps=25)
        path = tmp_path / "video.file"
        write_segments(table, path, format=format)
        found = READERS[format](str(path))
        assert [int(action) for *_, action in found] == table["action"].tolist()
        assert found[-1][1] == 20_000

    @pytest.mark.parametrize("format", FORMATS)
    def test_times(self, tmp_path, format):
        if FORMATS[format].in_seconds:
            with pytest.raises(ValueError, match="fps is None"):
                write_segments(segments(LABELS), tmp_path / "a", format=format)
        else:
            write_segments(segments(LABELS), tmp_path / "a", format=format)

    @pytest.mark.parametrize("format", FORMATS)
    def test_on_a_clock(self, tmp_path, format, clocks):
        """Boundaries that are moved by less than half a frame stay."""
        path = tmp_path / f"take 1{FORMATS[format].suffix}"
        write_segments(segments(clocks[:1]), path, format=format)
        found = read_segments(path, format=format, recordings=clocks)
        np.testing.assert_array_equal(found, SEVERAL["take 1"])

    @pytest.mark.parametrize("format", sorted(set(FORMATS) - set(table_formats())))
    def test_one_recording_a_file(self, tmp_path, format):
        with pytest.raises(ValueError, match="segments are of 3 recordings, expected"):
            write_segments(segments(SEVERAL, FPS), tmp_path / "a", format=format)

    @pytest.mark.parametrize(
        ("labels", "fps", "format", "message"),
        [
            ([0, 1], None, "elan", "fps is None, expected frames per second"),
            ([0, 1], 30, "none", "format is 'none', expected one of ["),
            ([0, 1], 5000, "webvtt", "A segment of '0' at 0 ms is shorter than 1 ms."),
            (
                ["a\x01", "b"],
                30,
                "elan",
                "Segment 0: the label is 'a\\x01', expected",
            ),
            (["", "b"], 30, "labels", "Segment 0: the label is '', expected text of o"),
        ],
    )
    def test_an_error_leaves_what_was(self, tmp_path, labels, fps, format, message):
        path = tmp_path / "video.file"
        path.write_text("before")
        with pytest.raises(ValueError, match=re.escape(message)):
            write_segments(segments(labels, fps), path, format=format)
        assert path.read_text() == "before"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("format", writable_formats())
    def test_no_file_has_what_is_not_read_again(self, tmp_path, format):
        table = segments([0, 1], 1, confidence=[1, 1])
        cases = [
            (table.assign(confidence=[1, np.nan]), "Segment 1 has no confidence, exp"),
            (table.assign(end_time=[1, np.inf]), "Segment 1: end_time is inf, expect"),
            (segments(["cut", "-1"], 1), "An action is called '-1', which is read as"),
            (table.iloc[:0], "segments has no rows, expected a row for each segment"),
            (table.drop(columns=["start", "end"]), "segments have times only, "),
            (segments({" a": [1]}, 1), "A recording is called ' a', expected text wi"),
            (segments({"a\nb": [1]}, 1), "the recording is 'a\\nb', expected text of"),
        ]
        for wrong, message in cases:
            with pytest.raises(ValueError, match=re.escape(message)):
                write_segments(wrong, tmp_path / "a", format=format)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("module", "format"),
        [("webvtt", "webvtt"), ("pyarrow", "parquet"), ("ndx_ethogram", "nwb")],
    )
    def test_missing_library(self, table, tmp_path, monkeypatch, module, format):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(ImportError, match=rf"{module}.*skl-tot\[files\]"):
            write_segments(table, tmp_path / "video", format=format)
        assert FORMATS[format].extra == "files"
        assert not list(tmp_path.iterdir())


class TestSeveral:
    """One file of several recordings."""

    @pytest.mark.parametrize("format", table_formats())
    def test_there_and_back(self, tmp_path, format, clocks):
        path = tmp_path / f"all{FORMATS[format].suffix}"
        for labels, options in [
            (segments(SEVERAL, 10, confidence=SURE), {"fps": 10}),
            (segments(clocks), {"recordings": clocks}),
        ]:
            write_segments(labels, path, format=format)
            found = read_segments(path, format=format, **options)
            assert list(found) == list(SEVERAL)
            for name, y in SEVERAL.items():
                np.testing.assert_array_equal(found[name], y)

    @pytest.mark.parametrize("format", table_formats())
    def test_one_and_those_without_names(self, tmp_path, format):
        path = tmp_path / f"all{FORMATS[format].suffix}"
        write_segments(segments([[3, 3, -1], [1]], 10), path, format=format)
        found = read_segments(path, format=format, fps=10)
        assert found["0"].tolist() == ["3", "3", "background"]
        assert found["1"].tolist() == ["1"]
        write_segments(segments([[3, 3, -1]], 10), path, format=format)
        again = read_segments(path, format=format, fps=10)
        np.testing.assert_array_equal(again, found["0"])
        recordings = Recordings([np.zeros(3)], ["0"], fps=10)
        again = read_segments(path, format=format, recordings=recordings)
        np.testing.assert_array_equal(again, found["0"])

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_columns(self, tmp_path, suffix, clocks):
        path = tmp_path / f"all{suffix}"
        expected = segments(clocks, confidence=list(SURE.values()))
        write_segments(expected, path)
        read = pd.read_csv if suffix == ".csv" else pd.read_parquet
        found = read(path).astype(expected.dtypes)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-15)


class TestReadTable:
    @pytest.mark.parametrize("suffix", [".csv", ".parquet", ".json", ".txt"])
    def test_read_again(self, table, tmp_path, suffix):
        path = tmp_path / f"video{suffix}"
        write_segments(table, path)
        found = read_table(path)
        np.testing.assert_array_equal(read_whole(path)["video"], LABELS)
        assert found.pop("recording").tolist() == ["video"] * 4
        for key in ["action", "start", "end"] if suffix == ".txt" else found:
            assert found[key].tolist() == table[key].tolist()
        write_segments(segments([3, 3, -1]), path)
        assert labels_from_segments(read_table(path))["video"].tolist() == [3, 3, -1]

    def test_a_folder(self, tmp_path):
        write_segments(segments({"x": ["a"], "y": ["b", "-2"]}), tmp_path / "a.csv")
        write_segments(segments(["background"]), tmp_path / "b.txt")
        found = read_table(tmp_path)
        assert found.to_dict("list") == {
            "recording": ["x", "y", "y", "b"],
            "action": ["a", "b", "-2", "background"],
            "start": [0, 0, 1, 0],
            "end": [1, 1, 2, 1],
        }
        write_segments(segments(["b"]), tmp_path / "y.json")
        with pytest.raises(ValueError, match=r"y\.json and .*a\.csv both have .* 'y'"):
            read_table(tmp_path)

    @pytest.mark.parametrize("digits", [19, 5000])
    def test_texts_of_many_digits_stay_text(self, tmp_path, digits):
        text = f"action,start,end\n{'9' * digits},0,2\n"
        (tmp_path / "a.csv").write_text(text)
        assert read_whole(tmp_path / "a.csv")["a"].tolist() == ["9" * digits] * 2

    def test_texts_of_digits_stay_apart(self, tmp_path):
        write_segments(segments(["1", "01", "1"]), tmp_path / "a.csv")
        assert read_whole(tmp_path / "a.csv")["a"].tolist() == ["1", "01", "1"]

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
            ("a.json", '[{"action": "a", "start": 0, "end": 2, "end_time": 1e999}]'),
            ("a.csv", "action,start,end,confidence\na,0,2,inf\n"),
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
            read_whole(tmp_path / file)
        assert "\n" not in str(error.value)

    def test_paths_that_are_none(self):
        with pytest.raises(TypeError):
            read_table(np.ones(3), format="csv")
