"""Names, files and consoles of Windows and macOS, as far as Linux can test them."""

import json
import ntpath
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.cli.main import COMMANDS, main
from skl_tot.app.review import Review
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.io import (
    FORMATS,
    load_model,
    read_names,
    read_segments,
    save_model,
    segments,
    write_segments,
)
from skl_tot.recordings import Recordings, disk, read_recordings
from skl_tot.recordings.disk import find_same_files, is_file_name, text_of_name

VIDEOS, _ = make_activities(
    n_videos=3, n_actions=2, n_features=2, mean_length=20, random_state=0
)
VIDEOS = [pd.DataFrame(video, columns=["x", "y"]) for video in VIDEOS]
MODEL = HMMSegmenter(2, max_iter=2, random_state=0).fit(VIDEOS)
ENDS = {"Windows": b"\r\n", "old Mac": b"\r"}
REFUSED = [
    "CON",
    "nul",
    "Com1",
    "lpt\u00b9",
    "aux.1",
    "con ",
    "a:b",
    "x?",
    "a\\b",
    "a*",
]
REFUSED += ["a<b", 'a"b', "a|b", "a\tb", ".a", "a/b", " "]
ALLOWED = ["console", "com", "com10", "a.", "a ", "a.b", "aux_1", "录像", "a'b", "é"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Folder to work in, with a model."""
    monkeypatch.chdir(tmp_path)
    save_model(MODEL, "m.skops")
    return tmp_path


def write_table(path, names):
    """Write a table of recordings, one for each name."""
    lines = ["who\tx\ty"]
    for name, video in zip(names, VIDEOS):
        lines += [f"{name}\t{x}\t{y}" for x, y in video.to_numpy()]
    path.write_text("\n".join(lines), encoding="utf-8")


class TestNames:
    @pytest.mark.parametrize("name", REFUSED + ALLOWED)
    def test_names_of_files(self, name):
        assert is_file_name(name) == (name in ALLOWED)
        if hasattr(ntpath, "isreserved") and name.strip():  # from Python 3.13 on
            _, tail = ntpath.split(name + ".csv")
            is_there = not ntpath.isreserved(tail) and tail == name + ".csv"
            assert is_file_name(name) == (is_there and name[0] != ".")

    @pytest.mark.parametrize(
        ("names", "same"),
        [
            (["a", "b", "c"], None),
            (["M1", "x", "m1"], ("M1", "m1")),
            (["caf\u00e9", "cafe\u0301", "x"], ("caf\u00e9", "cafe\u0301")),
        ],
    )
    def test_names_of_one_file(self, folder, capsys, names, same):
        assert find_same_files(names) == same
        write_table(folder / "all.tsv", names)
        command = ["predict", "m.skops", "all.tsv", "--by", "who", "--out"]
        assert main([*command, "out"]) == (0 if same is None else 2)
        assert (folder / "out").exists() == (same is None)
        assert ("which are one file on Windows" in capsys.readouterr().err) == bool(
            same
        )
        assert main([*command, "out.csv"]) == 0
        assert list(read_segments(folder / "out.csv")) == names

    @pytest.mark.parametrize("name", ["a:b", "CON"])
    def test_a_name_that_windows_refuses(self, folder, capsys, name):
        write_table(folder / "all.tsv", ["x", name, "y"])
        command = ["predict", "m.skops", "all.tsv", "--by", "who", "--out", "out"]
        assert main(command) == 2
        error = capsys.readouterr().err
        assert f"A recording is called {name!r}, expected a name that files" in error
        assert error.count("\n") == 1
        assert not (folder / "out").exists()

    @pytest.mark.parametrize("names", [["x", "X", "y"], ["x", "a:b", "y"]])
    def test_a_review_writes_one_file_of_all(self, tmp_path, names):
        review = Review(MODEL, Recordings(VIDEOS, names), tmp_path / "out").open()
        review.export("csv")
        review.close()
        assert os.listdir(tmp_path / "out" / "labels") == ["all.csv"]
        assert list(read_segments(tmp_path / "out" / "labels")) == names

    def test_features_of_videos_of_one_file(self, folder, capsys):
        for name in ("one", "two"):
            (folder / name).mkdir()
        (folder / "one" / "a.mp4").touch()
        (folder / "two" / "A.mp4").touch()
        assert main(["features", "one", "two", "--out", "features"]) == 2
        error = capsys.readouterr().err
        assert "Recordings are called 'a' and 'A', which are one" in error

    @pytest.mark.parametrize(
        "path",
        [r"C:\takes\a.b.mp4", "/data/takes/a.b.mp4", r"\\disk\a.b.mp4", "a.b.mp4"],
    )
    def test_paths_in_tasks(self, tmp_path, path):
        """Label Studio may run on another system than this."""
        value = {"ranges": [{"start": 1, "end": 3}], "timelinelabels": ["cut"]}
        result = [{"type": "timelinelabels", "value": value}]
        task = {"data": {"video": path}, "annotations": [{"result": result}]}
        file = tmp_path / "tasks.json"
        file.write_text(json.dumps([task, task | {"data": {"video": "c"}}]))
        assert list(read_segments(file)) == ["a.b", "c"]

    def test_names_that_this_system_has_not(self, monkeypatch):
        def fail(name):
            return name.encode("ascii")

        monkeypatch.setattr(os, "fsencode", fail)
        assert text_of_name("录像") == "录像"


class TestText:
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    @pytest.mark.parametrize(
        "name",
        [
            name
            for name, entry in FORMATS.items()
            if entry.write
            and entry.read
            and entry.suffix not in (".nwb", ".parquet", ".xlsx")
        ],
    )
    def test_segments(self, tmp_path, name, end, mark):
        path = tmp_path / f"a{FORMATS[name].suffix}"
        labels = np.repeat(["切", "mix"], [7, 5])
        write_segments(segments(labels, fps=10), path, format=name)
        content = path.read_bytes().replace(b"\r\n", b"\n")
        path.write_bytes(mark + content.replace(b"\n", end))
        found = read_segments(path, format=name, fps=10)
        if isinstance(found, dict):
            (found,) = found.values()
        assert found.tolist() == labels.tolist()

    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    def test_tables_and_lists(self, tmp_path, end, mark):
        def write(name, text):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(mark + text.encode().replace(b"\n", end))
            return path

        path = write("a.csv", '"x,é",y\n1.5,3\n2.5,1\n4,2.5\n')
        (array,) = read_recordings(path).arrays
        assert array["x,é"].tolist() == [1.5, 2.5, 4]
        path = write("names.txt", "0 take cup\n1 切\n")
        assert read_names(path) == {0: "take cup", 1: "切"}
        path = write("names.json", '{"0":\n"切"}\n')
        assert read_names(path) == {0: "切"}
        write("set/groundTruth/a.txt", "切\nmix\n")
        write("set/mapping.txt", "0 切\n1 mix\n")
        (tmp_path / "set" / "features").mkdir()
        np.save(tmp_path / "set" / "features" / "a.npy", np.ones((2, 3)))
        data = load_action_dataset(tmp_path / "set")
        assert data.labels[0].tolist() == ["切", "mix"]
        tracks = "scorer,D,D\nbodyparts,nose,nose\ncoords,x,y\n0,1,2\n1,3,4\n"
        path = write("track.csv", tracks)
        assert read_recordings(path).arrays[0].to_numpy().tolist() == [[1, 2], [3, 4]]

    @pytest.mark.parametrize(
        ("name", "text", "read"),
        [
            ("a.csv", "zeit,größe\n1,2\n", read_recordings),
            ("a.csv", "action,start,end\nrühren,0,2\n", read_segments),
            ("a.txt", "rühren\n", read_segments),
            ("a.txt", "0 rühren\n", read_names),
            ("a.json", '{"0": "rühren"}', read_names),
        ],
    )
    @pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
    def test_text_of_other_encodings_is_refused(
        self, tmp_path, name, text, read, encoding
    ):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        with pytest.raises(ValueError, match="UTF-8") as caught:
            read(path)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


class TestConsole:
    """Consoles of Windows show the letters of one code page."""

    def run(self, arguments, **variables):
        """Run a command; its output is of bytes."""
        command = [sys.executable, "-m", "skl_tot", *arguments]
        environment = os.environ | {"PYTHONUTF8": "0"} | variables
        return subprocess.run(command, capture_output=True, env=environment)

    @pytest.mark.parametrize("command", [None, *COMMANDS])
    @pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
    def test_help(self, capsysbinary, monkeypatch, command, encoding):
        sys.stdout.reconfigure(encoding=encoding, errors="strict")
        with pytest.raises(SystemExit, match="0"):
            main([*filter(None, [command]), "--help"])
        assert b"usage: skl-tot" in capsysbinary.readouterr().out

    def test_names_that_it_cannot_show(self, folder):
        write_table(folder / "all.tsv", ["录像1", "录像2", "录像3"])
        (folder / "names.json").write_text('{"0": "拿"}', encoding="utf-8")
        options = ["--by", "who", "--names", "names.json"]
        done = self.run(
            ["report", "m.skops", "all.tsv", *options]
            + ["--out", "a.html", "--summary", "sum"],
            PYTHONIOENCODING="cp1252",
        )
        assert done.returncode == 0
        assert rb"\u62ff" in done.stdout
        assert "录像3" in (folder / "a.html").read_text(encoding="utf-8")
        done = self.run(
            ["predict", "m.skops", "all.tsv", "--by", "谁", "--out", "out"],
            PYTHONIOENCODING="cp1252",
        )
        assert done.returncode == 2
        assert rb"has no column '\u8c01'" in done.stderr
        assert done.stderr.count(b"\n") == 1

    def test_a_file_that_watch_prints_can_be_read(self, folder):
        lines = ["x,y", *(f"{x},{y}" for x, y in VIDEOS[0].to_numpy())]
        (folder / "take.csv").write_text("\n".join(lines))
        (folder / "names.json").write_text('{"0": "拿", "1": "é"}', encoding="utf-8")
        command = ["watch", "m.skops", "take.csv", "--fps", "10"]
        command += ["--names", "names.json"]
        # a locale of ASCII, as of the console
        done = self.run(command, LC_ALL="C", PYTHONIOENCODING="")
        (folder / "seen.csv").write_bytes(done.stdout)
        found = read_segments(folder / "seen.csv", fps=10)
        assert set(found.tolist()) == {"拿", "é"}

    def test_streams_that_are_not_there(self, monkeypatch):
        """As in a program without a console."""
        from skl_tot.app.cli.main import _open_closed_streams

        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, None)
        _open_closed_streams()
        opened = sys.stdout, sys.stderr
        print("录像", file=sys.stdout)
        print("\ud800", file=sys.stderr, flush=True)
        for stream in opened:
            stream.close()


class TestOpenFiles:
    """Windows replaces no file that a program has open; here, a fake refuses it."""

    MESSAGE = r"^.*a\.csv cannot be replaced, as another program has it open or it is "

    @pytest.fixture
    def table(self, tmp_path):
        (tmp_path / "a.csv").write_text("old")
        yield tmp_path / "a.csv"
        assert (tmp_path / "a.csv").read_text() == "old"
        assert os.listdir(tmp_path) == ["a.csv"]

    def test_others_may_read_the_new_file(self, table):
        """Windows gives files the rights of the folder where they are made."""
        (table.parent / "plain").mkdir()
        expected = (table.parent / "plain").stat().st_mode
        with disk.replaced(table) as path:
            assert path.parent.stat().st_mode == expected
            path.write_text("old")
        (table.parent / "plain").rmdir()

    def test_found_at_the_end(self, table, monkeypatch):
        def refuse(*_):
            raise PermissionError(13, "Access is denied")

        monkeypatch.setattr(os, "replace", refuse)
        with (
            pytest.raises(PermissionError, match=self.MESSAGE),
            disk.replaced(table) as path,
        ):
            path.write_text("new")
        with (
            pytest.raises(PermissionError, match=self.MESSAGE),
            disk.replaced_files(table.parent) as folder,
        ):
            (folder / "a.csv").write_text("new")

    def test_found_before_the_work(self, table, monkeypatch):
        def refuse(path, mode):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(disk, "IS_WINDOWS", True)
        disk.check_target(table)
        monkeypatch.setattr(disk, "open", refuse, raising=False)
        with pytest.raises(PermissionError, match=self.MESSAGE):
            disk.check_target(table)
        disk.check_target(table.parent / "b.csv")
        disk.check_target(table.parent, is_folder=True)

    @pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="Linux only")
    def test_a_model_can_be_replaced_after_it_is_read(self, folder):
        """Nothing keeps a file open that has been read."""
        load_model("m.skops")
        files = Path("/proc/self/fd")
        held = {os.path.realpath(path) for path in files.iterdir()}
        assert str(folder / "m.skops") not in held
