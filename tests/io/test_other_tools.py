"""Files for Praat, BORIS, Label Studio, NWB and data frames, and those on clocks."""

import csv
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skl_tot.io import read_segments, read_table, segments, write_segments
from skl_tot.recordings import Recordings

LABELS = {
    "take 1": np.repeat(["reach", "pour, hot", "reach"], [7, 31, 4]),
    'b "2"': np.repeat(["pour, hot", "background"], [3, 9]),
    "3": np.array(["stir"]),
}
SURE = {name: np.linspace(0.2, 0.9, len(y)) for name, y in LABELS.items()}


@pytest.fixture
def clocks():
    """Recordings whose frames come when they like, the first after 5 s or so."""
    rng = np.random.default_rng(0)
    times = []
    for y in LABELS.values():
        steps = rng.choice([0.02, 0.05, 0.05, 0.06, 1.3], size=len(y))
        times.append(5 + np.cumsum(steps))
    return Recordings(list(LABELS.values()), list(LABELS), fps=20, times=times)


class TestClocks:
    def test_corrections(self, tmp_path):
        times = [np.array([2.0, 2.1, 2.2, 4.0, 4.1])]
        recordings = Recordings([np.zeros(5)], ["a"], fps=10, times=times)
        path = tmp_path / "a.csv"

        def read(rows):
            path.write_text(f"label,start,end\n{rows}\n")
            return read_segments(path, recordings=recordings).tolist()

        assert read("x,2.0,2.24\ny,2.24,4.16") == ["x", "x", "y", "y", "y"]
        assert read("x,2.14,3.9") == ["", "x", "x", "", ""]
        assert read("x,2.16,4.29") == ["", "", "x", "x", "x"]  # one frame later is cut
        with pytest.raises(
            ValueError, match=r"'x' from 1\.9 to 2\.5 s, expected it to start at 2"
        ):
            read("x,1.9,2.5")
        with pytest.raises(ValueError, match="ends after 7 frames"):
            read("x,2.0,4.4")

    def test_seconds_beside_frames(self, tmp_path, clocks):
        path = tmp_path / "3.csv"
        write_segments(segments(clocks[2:]).drop(columns="recording"), path)
        read_segments(path, recordings=clocks)
        with pytest.warns(UserWarning, match="seconds and frames disagree"):
            read_segments(path, fps=20)

    def test_other_recordings(self, tmp_path, clocks):
        write_segments(segments(["a"]), tmp_path / "b.csv")
        message = r"b\.csv: there is no recording 'b', expected one of \['take"
        with pytest.raises(ValueError, match=message):
            read_segments(tmp_path / "b.csv", recordings=clocks)
        with pytest.raises(ValueError, match="fps is 10, expected 20 frames"):
            read_segments(tmp_path / "b.csv", recordings=clocks, fps=10)
        with pytest.raises(ValueError, match="n_frames and recordings are given"):
            read_segments(tmp_path / "b.csv", recordings=clocks, n_frames=3)

    @pytest.mark.parametrize("format", ["elan", "webvtt", "boris", "textgrid"])
    def test_before_zero(self, tmp_path, format):
        recordings = Recordings([["a", "b"]], ["a"], fps=2, times=[[-0.5, 0.5]])
        path = tmp_path / "a"
        message = "A segment of 'a' is from -500 to 500 ms, expected it to start at 0"
        with pytest.raises(ValueError, match=message):
            write_segments(segments(recordings), path, format=format)
        assert not path.exists()


@pytest.mark.parametrize("second", [(0.1, 0.3), (-0.5, -0.2)])
def test_intervals_of_a_textgrid_do_not_overlap(tmp_path, second):
    pytest.importorskip("praatio")
    table = segments(["a", "a", "b"], 10)
    table.loc[1, ["start_time", "end_time"]] = second
    with pytest.raises(ValueError, match=r"'b' is from -?\d+ to -?\d+ ms, expected"):
        write_segments(table, tmp_path / "v.TextGrid")
    assert not list(tmp_path.iterdir())


class TestParquet:
    def test_parquet_of_others(self, tmp_path):
        frame = pd.DataFrame(
            {"Label": ["a", "b"], "start": [0.0, 0.5], "stop": [0.5, 1]}
        )
        frame["note"] = [[1], None]
        frame.to_parquet(tmp_path / "a.parquet")
        found = read_segments(tmp_path / "a.parquet", fps=4)
        assert found.tolist() == ["a", "a", "b", "b"]
        frame["Label"] = ["a", None]
        frame.to_parquet(tmp_path / "a.parquet")
        with pytest.raises(
            ValueError, match=r"a\.parquet, segment 1: the label is (None|nan)"
        ):
            read_segments(tmp_path / "a.parquet", fps=4)

    @pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(99) + b"PAR1"])
    def test_no_parquet(self, tmp_path, content):
        path = tmp_path / "a.parquet"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.parquet, this is no table in Parq"):
            read_segments(path)


def test_boris(tmp_path):
    """Columns and types of the aggregated events that BORIS 8 exports."""
    path = tmp_path / "all.tsv"
    write_segments(segments(LABELS, 29.97), path)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert list(rows[0])[:5] == [
        *["Observation id", "Observation date", "Description", "Observation type"],
        "Source",
    ]
    assert list(rows[0])[5:] == [
        *["Time offset (s)", "Coding duration", "Media duration (s)", "FPS (frame/s)"],
        *["Subject", "Observation duration by subject by observation", "Behavior"],
        *["Behavioral category", "Modifiers", "Behavior type", "Start (s)", "Stop (s)"],
        *["Duration (s)", "Media file name", "Image index start", "Image index stop"],
        *["Image file path start", "Image file path stop", "Comment start"],
        "Comment stop",
    ]
    expected = segments(LABELS, 29.97)
    frame = pd.DataFrame(rows)
    assert frame["Observation id"].tolist() == expected["recording"].tolist()
    assert frame["Behavior"].tolist() == expected["action"].tolist()
    assert set(frame["Behavior type"]) == {"STATE"}
    assert set(frame["FPS (frame/s)"]) == {"29.97"}
    for column, name in [("Start (s)", "start_time"), ("Stop (s)", "end_time")]:
        assert frame[column].map(re.compile(r"\d+\.\d{3}").fullmatch).all()
        assert (frame[column].astype(float) - expected[name]).abs().max() <= 0.0005
    length = frame["Stop (s)"].astype(float) - frame["Start (s)"].astype(float)
    np.testing.assert_allclose(frame["Duration (s)"].astype(float), length)


TEXT = {"type": "string", "minLength": 1}
FRAME = {"type": "integer", "minimum": 1}
RANGE = {
    "type": "object",
    "properties": {"start": FRAME, "end": FRAME},
    "required": ["start", "end"],
    "additionalProperties": False,
}
REGION = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "type": {"const": "timelinelabels"},
        "from_name": TEXT,
        "to_name": TEXT,
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "value": {
            "type": "object",
            "properties": {
                "ranges": {"type": "array", "items": RANGE, "minItems": 1},
                "timelinelabels": {"type": "array", "items": TEXT, "minItems": 1},
            },
            "required": ["ranges", "timelinelabels"],
            "additionalProperties": False,
        },
    },
    "required": ["type", "from_name", "to_name", "value"],
    "additionalProperties": False,
}
PREDICTION = {
    "type": "object",
    "properties": {
        "model_version": {"type": "string"},
        "score": {"type": "number"},
        "result": {"type": "array", "items": REGION},
    },
    "required": ["result"],
    "additionalProperties": False,
}
TASKS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "data": {"type": "object", "required": ["video"]},
            "predictions": {"type": "array", "items": PREDICTION},
        },
        "required": ["data", "predictions"],
        "additionalProperties": False,
    },
}


class TestLabelStudio:
    """Tasks as the import of Label Studio documents them, and its export."""

    @pytest.mark.parametrize("fps", [None, 29.97])
    def test_schema(self, tmp_path, fps):
        jsonschema = pytest.importorskip("jsonschema")
        path = tmp_path / "tasks.json"
        table = segments(LABELS, fps, confidence=SURE)
        write_segments(table, path, format="labelstudio")
        tasks = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.validate(tasks, TASKS)
        assert [task["data"]["video"] for task in tasks] == list(LABELS)
        assert [task["data"].get("fps") for task in tasks] == [fps] * 3
        regions = tasks[0]["predictions"][0]["result"]
        ranges = [region["value"]["ranges"][0] for region in regions]
        assert ranges[:2] == [{"start": 1, "end": 7}, {"start": 8, "end": 38}]
        assert len({region["id"] for region in regions}) == len(regions)

    def corrected(self, tmp_path, **changes):
        write_segments(
            segments(["a", "a", "b"]), tmp_path / "take.json", format="labelstudio"
        )
        (task,) = json.loads((tmp_path / "take.json").read_text())
        regions = json.loads(json.dumps(task["predictions"][0]["result"]))
        regions[0]["value"]["ranges"][0]["end"] = 1
        regions[1]["value"]["ranges"][0]["start"] = 2
        annotation = {"id": 7, "was_cancelled": False, "result": regions} | changes
        task["annotations"] = [annotation]
        return task, regions

    def read(self, tmp_path, tasks):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks))
        return read_segments(path, format="labelstudio")

    def test_corrections(self, tmp_path):
        task, _ = self.corrected(tmp_path)
        assert self.read(tmp_path, [task]).tolist() == ["a", "b", "b"]
        assert self.read(tmp_path, task).tolist() == ["a", "b", "b"]
        task["annotations"][0]["was_cancelled"] = True
        assert self.read(tmp_path, [task]).tolist() == ["a", "a", "b"]

    def test_several_ranges_and_other_regions(self, tmp_path):
        task, regions = self.corrected(tmp_path)
        regions[0]["value"]["ranges"].append({"start": 4, "end": 5})
        regions[1]["value"]["ranges"][0]["end"] = 2
        regions.append({"type": "choices", "value": {"choices": ["good"]}})
        assert self.read(tmp_path, [task]).tolist() == ["a", "b", "", "a", "a"]

    def test_names(self, tmp_path):
        task, _ = self.corrected(tmp_path)
        task["data"] = {"video": "/data/upload/3/0af-take_07.mp4"}
        found = self.read(tmp_path, [task, task | {"data": {"recording": "other"}}])
        assert list(found) == ["0af-take_07", "other"]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                lambda task, _: task.pop("data"),
                "data of task 0 is {}, expected a video",
            ),
            (
                lambda task, _: task["annotations"].append(task["annotations"][0]),
                "the task of 'take' has 2 annotations, expected one.",
            ),
            (
                lambda _, regions: regions[0]["value"].update(
                    timelinelabels=["a", "b"]
                ),
                "a region of 'take' has the labels ['a', 'b'], expected one.",
            ),
            (
                lambda _, regions: regions[0]["value"]["ranges"][0].update(start=0),
                "start is -1, expected 0 or more whole frames",
            ),
            (
                lambda _, regions: regions[0]["value"]["ranges"][0].update(end=2),
                "overlap, expected one label at a time.",
            ),
            (lambda _, regions: regions[0].pop("value"), "holds no segments: "),
        ],
    )
    def test_errors(self, tmp_path, change, message):
        task, regions = self.corrected(tmp_path)
        change(task, regions)
        with pytest.raises(ValueError, match=re.escape(message)) as error:
            self.read(tmp_path, [task])
        assert str(tmp_path / "export.json") in str(error.value)

    def test_told_by_content(self, tmp_path):
        task, _ = self.corrected(tmp_path)
        for tasks in ([task], task):
            (tmp_path / "export.json").write_text(json.dumps(tasks))
            found = read_segments(tmp_path / "export.json")
            assert found.tolist() == ["a", "b", "b"]
            assert read_table(tmp_path / "export.json")["end"].tolist() == [1, 3]


class TestNWB:
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        runs=st.lists(
            st.tuples(
                st.sampled_from(["cut", "ü é", "a, <b>", "1", "日本", 'a "b"']),
                st.integers(1, 400),
            ),
            min_size=1,
            max_size=12,
        ),
        fps=st.sampled_from([1, 29.97, 999.9]) | st.floats(0.01, 999),
    )
    def test_there_and_back(self, tmp_path, runs, fps):
        labels = np.repeat(*zip(*runs))
        write_segments(segments(labels, fps), tmp_path / "a.nwb")
        found = read_segments(tmp_path / "a.nwb", fps=fps)
        np.testing.assert_array_equal(found, labels)

    def test_pynwb(self, tmp_path):
        """Types, names and values, and what its own validation says."""
        pynwb = pytest.importorskip("pynwb")
        path = str(tmp_path / "take 1.nwb")
        table = segments(LABELS["take 1"], 29.97, confidence=SURE["take 1"])
        write_segments(table, path)
        assert pynwb.validate(path=path) == []
        with pynwb.NWBHDF5IO(path, "r") as file:
            session = file.read()
            bouts = session.processing["behavior"]["action"]
            assert type(bouts).__name__ == "EthogramBouts"
            assert isinstance(bouts, pynwb.epoch.TimeIntervals)
            assert bouts.labeling_method == "automated"
            assert session.identifier == "take 1"
            assert session.session_start_time.timestamp() == 0
            frame = bouts.to_dataframe()
        assert frame["label"].tolist() == table["action"].tolist()
        for column, key in [
            ("start_time", "start_time"),
            ("stop_time", "end_time"),
            ("confidence", "confidence"),
        ]:
            assert frame[column].tolist() == table[key].tolist()

    def write(self, h5py, path, *, label=("a", "b"), stop_time=(1.0, 2.0)):
        with h5py.File(path, "w") as file:
            group = file.create_group("intervals/somebody")
            group["start_time"] = [0.0, 1.0]
            group["stop_time"] = list(stop_time)
            group["label"] = list(label)

    def test_tables_of_others(self, tmp_path):
        h5py = pytest.importorskip("h5py")
        path = tmp_path / "a.nwb"
        self.write(h5py, path)
        assert read_segments(path, fps=1).tolist() == ["a", "b"]
        with h5py.File(path, "a") as file:
            file.copy("intervals/somebody", "intervals/other")
        message = (
            r"a\.nwb, tiers of intervals are \['other', 'somebody'\], expected one"
        )
        with pytest.raises(ValueError, match=message):
            read_segments(path, fps=1)
        with h5py.File(path, "a") as file:
            file.move("intervals/other", "intervals/action")
            del file["intervals/action/label"]
            file["intervals/action/label"] = ["c", "d"]
        assert read_segments(path, fps=1).tolist() == ["c", "d"]

    def test_what_is_no_table(self, tmp_path):
        h5py = pytest.importorskip("h5py")
        path = tmp_path / "a.nwb"
        for changes, message in [
            ({"stop_time": [1.0]}, "this is no file of NWB, zip"),
            ({"stop_time": [1.0, np.nan]}, "segment 1: end_time is nan, expected"),
            ({"label": [1, 2]}, "this is no file of NWB"),
        ]:
            self.write(h5py, path, **changes)
            with pytest.raises(ValueError, match=message):
                read_segments(path, fps=1)
        with h5py.File(path, "w") as file:
            for name in ("label", "start_time", "stop_time"):
                file.create_dataset(f"x/{name}", (10**12,), "f8", chunks=(1000,))
        with pytest.raises(ValueError, match="there are 1000000000000 rows, expected"):
            read_segments(path, fps=1)
        for content in (b"", b"noise", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" * 99):
            path.write_bytes(content)
            with pytest.raises(ValueError, match=r"a\.nwb, this is no file of NWB"):
                read_segments(path, fps=1)
        with pytest.raises(FileNotFoundError):
            read_segments(tmp_path / "b.nwb", fps=1)
