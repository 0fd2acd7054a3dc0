"""The table of formats, and one that somebody adds to it."""

import re
import subprocess
import sys

import numpy as np
import pytest

from skl_tot.cli.main import main, make_parser
from skl_tot.io import (
    FORMATS,
    Format,
    read_segments,
    segments,
    write_segments,
    write_table,
)
from skl_tot.io.formats import writable_formats

LABELS = np.repeat(["take cup", "pour", "take cup", "stir"], [12, 30, 5, 13])
RATE = 10

# What a user writes for the labels of Audacity: seconds, and their name.


def write_audacity(path, records):
    lines = []
    for record in records:
        times = f"{record['start_time']:.6f}\t{record['end_time']:.6f}"
        lines.append(f"{times}\t{record['action']}\n")
    path.write_text("".join(lines), encoding="utf-8")


def read_audacity(path):
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        start, end, action = line.split("\t")
        start, end = round(RATE * float(start)), round(RATE * float(end))
        records.append({"action": action, "start": start, "end": end})
    return records


AUDACITY = Format(".aud", write_audacity, read_audacity, True, "labels of Audacity")


@pytest.fixture
def _audacity(monkeypatch):
    monkeypatch.setitem(FORMATS, "audacity", AUDACITY)


@pytest.mark.usefixtures("_audacity")
class TestAddedFormat:
    def test_there_and_back(self, tmp_path):
        for path, format in [("a.aud", None), ("a.AUD", None), ("b.x", "audacity")]:
            write_segments(segments(LABELS, RATE), tmp_path / path, format=format)
            found = read_segments(tmp_path / path, format=format)
            np.testing.assert_array_equal(found, LABELS)
        text = (tmp_path / "a.aud").read_text()
        assert text.startswith("0.000000\t1.200000\ttake cup\n")
        write_segments(segments([3, -1], RATE), tmp_path / "a.aud")
        found = read_segments(tmp_path / "a.aud")
        assert found.tolist() == ["3", "background"]

    def test_errors_are_those_of_other_formats(self, tmp_path):
        path = tmp_path / "a.aud"
        with pytest.raises(ValueError, match=r"fps is None, expected frames per sec"):
            write_segments(segments(LABELS), path)
        for content in (b"1.0\tcut\n", b"0\t1\t\n", b"2\t1\tcut\n", b"\xff", b""):
            path.write_bytes(content)
            with pytest.raises(ValueError, match=re.escape(str(path))) as error:
                read_segments(path)
            assert "\n" not in str(error.value)

    def test_command_line(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("MPLBACKEND", "Agg")
        for name in ("data/features", "data/groundTruth"):
            (tmp_path / name).mkdir(parents=True)
        rng = np.random.default_rng(0)
        for i in range(2):
            video = np.eye(3)[[0, 1, 2]].repeat(20, axis=0)
            video += 0.1 * rng.normal(size=(60, 3))
            np.save(tmp_path / f"data/features/v{i}.npy", video)
            text = "a\n" * 20 + "b\n" * 20 + "c\n" * 20
            (tmp_path / f"data/groundTruth/v{i}.txt").write_text(text)

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
        assert run("evaluate DIR/data DIR/found") == 0
        assert re.search(r"frames +120", capsys.readouterr().out)
        assert run("plot DIR/found --ground-truth DIR/data --out DIR/a.png") == 0

    def test_help(self, capsys):
        with pytest.raises(SystemExit):
            main(["predict", "--help"])
        assert re.search(r"audacity +labels of Audacity", capsys.readouterr().out)


class TestTable:
    @pytest.mark.parametrize("format", FORMATS)
    def test_there_and_back(self, tmp_path, format):
        path = tmp_path / f"video{FORMATS[format].suffix}"
        write_segments(segments(LABELS, RATE), path, format=format)
        for name in (None, format):
            found = read_segments(path, fps=RATE, format=name)
            np.testing.assert_array_equal(found, LABELS)

    def test_not_written(self, tmp_path, monkeypatch):
        monkeypatch.setitem(FORMATS, "own", Format(".own", read=read_audacity))
        with pytest.raises(ValueError, match=r"expected one of \['csv', 'parquet', "):
            write_segments(segments(LABELS, RATE), tmp_path / "a.own")
        for format in ("own", "srt", "elan"):
            with pytest.raises(
                ValueError, match=r"expected one of \['csv', 'parquet', "
            ):
                write_table([LABELS], tmp_path / "a.csv", fps=RATE, format=format)

    @pytest.mark.parametrize("format", FORMATS)
    def test_documented(self, format):
        entry = FORMATS[format]
        row = rf'``"{format}"`` +``{entry.suffix}``'
        assert re.search(row, read_segments.__doc__)
        if entry.write:
            row += rf" +{entry.description}\n"
            assert re.search(row, write_segments.__doc__)

    @pytest.mark.parametrize("format", FORMATS)
    def test_needs_fps(self, tmp_path, format):
        if FORMATS[format].needs_fps:
            with pytest.raises(ValueError, match="fps is None"):
                write_segments(segments(LABELS), tmp_path / "a", format=format)
        else:
            write_segments(segments(LABELS), tmp_path / "a", format=format)

    def test_unknown_format(self, tmp_path, capsys):
        known = re.escape(str(list(writable_formats())))
        with pytest.raises(ValueError, match=rf"format is 'srt', .* {known}"):
            write_segments(segments(LABELS), tmp_path / "a.csv", format="srt")
        with pytest.raises(ValueError, match=rf"format is '\.srt', .* {known}"):
            write_segments(segments(LABELS), tmp_path / "a.srt")
        with pytest.raises(ValueError, match=r"format is '\.srt', .*\['csv', "):
            read_segments(tmp_path / "a.srt")
        with pytest.raises(SystemExit):
            main(["predict", "a", "b", "--out", "c", "--format", "srt"])
        error = capsys.readouterr().err
        assert "invalid choice: 'srt'" in error
        assert all(name in error for name in writable_formats())

    def test_first_of_a_suffix(self, tmp_path, monkeypatch):
        """An addition does not change what files mean."""
        monkeypatch.setitem(FORMATS, "own", Format(".csv", write_audacity))
        write_segments(segments(LABELS, RATE), tmp_path / "a.csv")
        np.testing.assert_array_equal(read_segments(tmp_path / "a.csv"), LABELS)


def test_arguments_wait_for_nothing():
    """The table of formats needs numpy, and the parser does not need the table."""
    code = (
        "import sys; from skl_tot.cli.main import make_parser;"
        "make_parser().format_help(); sys.exit('numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    arguments = ["predict", "a", "b", "--out", "c", "--format", "json"]
    assert make_parser().parse_args(arguments).format == "json"
