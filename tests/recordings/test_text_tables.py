"""Text tables among other lines: rows are held against those without these lines."""

import itertools
import re
import warnings

import numpy as np
import pytest

from skl_tot.app.cli.main import main
from skl_tot.io.growing_files import GrowingTable
from skl_tot.recordings import read_recordings

HEAD = "time,x,y"
ROWS = [f"{k / 10},{k * k % 7}.5,{k % 3}" for k in range(12)]
TABLE = "\n".join([HEAD, *ROWS, ""])
ACTIGRAPH = """\
------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 at 30 Hz -----------
Serial Number: MOS2A0000000
Start Time 09:00:00
Start Date 3/4/2024
Epoch Period (hh:mm:ss) 00:00:00
Download Time 10:00:00
Download Date 3/5/2024
Current Memory Address: 0
Current Battery Voltage: 4.2     Mode = 12
--------------------------------------------------
"""
ABOVE = {
    "nothing": "",
    "numpy": "# ",
    "signs": "# Device: A, B, C\n#\n% 1,2,3\n// a,b,c\n",
    "words": "Device X200\nstarted 2024-03-04 06:51:08\n\n",
    "pairs": "DeviceTag:,Xsens DOT\nRate,100\n\n",
    "padded": "Anlage 3,,\nDatum,04.03.2024,\n,,\n",
    "sep": "sep=,\nDeviceTag:,Xsens DOT\n",
    "quoted": '"Recorded by ""me"", on a\nMonday"\n',
    "number": "Trajectories\n100\n",
    "actigraph": ACTIGRAPH,
}


def read_aloud(path, **options):
    """Recordings, and what warnings say of lines."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        takes = read_recordings(path, **options)
    said = [str(own.message) for own in caught]
    return takes, " ".join(text for text in said if " line" in text)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "mixed"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("above", ABOVE)
def test_rows_below_other_lines(tmp_path, above, separator, end):
    """With a mark of UTF-8, and decimal commas where commas separate no cells."""
    text = (ABOVE[above] + TABLE).replace(",", separator)
    if separator != ",":
        text = re.sub(r"(\d)\.(\d)(?=[;\t\n])", r"\1,\2", text)
    if end == "mixed":
        ends = itertools.cycle(["\n", "\r\n", "\r"])
        text = "".join(line + next(ends) for line in text.splitlines())
    text = text.replace("\n", "\n" if end == "mixed" else end)
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode("utf-8-sig"))
    takes, said = read_aloud(path)
    expected = np.array([list(map(float, row.split(","))) for row in ROWS])
    np.testing.assert_array_equal(takes[0], expected[:, 1:])
    np.testing.assert_array_equal(takes.times[0], expected[:, 0])
    assert list(takes[0]) == ["x", "y"]
    n_above = {"nothing": 0, "numpy": 0, "signs": 4, "actigraph": 10}.get(above, 2)
    assert said.count(" above the header of 1 of 1 files ") == (n_above > 0)
    assert said.startswith(f"{n_above} line" if n_above else "")
    assert "\n" not in said
    if n_above == 0:
        (other,) = read_recordings(path, header=1)
        np.testing.assert_array_equal(other, takes[0])


VICON = """Trajectories
100
,,S:LASI,,,S:RASI,,
Frame,Sub Frame,X,Y,Z,X,Y,Z
,,mm,mm,mm,mm,mm,mm
1,0,1.5,2,3,4,5,6
2,0,2.5,3,4,5,7,7
3,0,1.5,5,4,5,9,9
"""


@pytest.mark.parametrize(
    ("text", "options", "columns", "fps", "said"),
    [
        ("time;x\ns;m/s²\n0;1\n1;2\n2;5\n", {}, ["x"], 1, "has no numbers, and is no"),
        ("time,x\nms,[deg/s]\n0,1\n1,2\n2,5\n", {}, ["x"], 1000, "['ms', '[deg/s]']"),
        ("t,x\nwhen,how\n0,1\n1,2\n2,5\n", {"header": 1}, ["x"], 1, "['when', 'how']"),
        ("a,b,c\nt,x,z\n0,1,1\n1,2,0\n2,5,3\n", {"header": 2}, ["x", "z"], 1, ""),
        ("x\n# b\n1\n#c\n2\n", {"comment": "#"}, ["x"], None, ""),
        ("x,y\n1,2\n-- end\n3,1\n", {"comment": "--"}, ["x", "y"], None, ""),
        ("#x,y\n1,2\n#,\n3,1\n", {"comment": "#", "header": 1}, ["x", "y"], None, ""),
        (VICON, {}, ["S:LASI X", "S:LASI Y", "S:LASI Z"], None, "2 lines above the"),
        (VICON, {"header": 4}, ["S:LASI X", "S:LASI Y"], None, "The line below the h"),
        (",x\n5,1\n7,2\n8,5\n", {}, ["Unnamed: 0", "x"], None, ""),
        ("t,400,450\n0,1,1\n1,2,0\n2,5,3\n", {}, ["400", "450"], 1, ""),
        ("t,x\n0,nan\n1,\n2,5\n", {}, ["x"], 1, ""),
        ("x,y\n,\n,\n1,2\n2,1\n", {}, ["x", "y"], None, ""),
        ('"x","y"\n"1","2"\n"3","1"\n', {}, ["x", "y"], None, ""),
        ("x\n1\n\n2\n\n\n", {}, ["x"], None, ""),
    ],
)
def test_lines_that_are_no_rows(tmp_path, text, options, columns, fps, said):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    takes, found = read_aloud(tmp_path, **options)
    assert list(takes[0])[: len(columns)] == columns
    assert takes.fps == fps
    assert said in found
    assert bool(said) == bool(found)
    again, found = read_aloud(tmp_path, like=takes)  # as it was said
    np.testing.assert_array_equal(again[0], takes[0])
    assert not found
    assert {name: again.read_options[name] for name in options} == options


def test_lines_of_a_folder_are_said_once(tmp_path):
    for k in range(3):
        text = "# a\n" * (k + 1) + TABLE
        (tmp_path / f"take_{k}.csv").write_text(text if k else TABLE)
    _, said = read_aloud(tmp_path)
    assert said == (
        "2 to 3 lines above the header of 2 of 3 files are no rows, as '# a'; "
        "header=LINE (--header LINE) says which line names the columns."
    )


REFUSED = [
    ("1,2\n3,4\n", {}, "its line 1 is ['1', '2'], expected names of the columns"),
    ("# a\n1,2\n3,4\n", {}, "its line 2 is ['1', '2'], expected names"),
    ("0:00:01,2\n0:00:02,4\n", {}, "its line 1 is ['0:00:01', '2'], expected names"),
    ("walk,2\nrun,4\nwalk,3\n", {}, "its line 1 is ['walk', '2'], expected names"),
    ("t,x\nwhen,how\n0,1\n1,2\n", {}, "its lines 1 and 2 may both name the columns; h"),
    ("Rate,x\nt,100\nt,y\n0,1\n1,2\n", {}, "its lines 1 and 3 may both name"),
    (
        "5,6\nx,y\n0,1\n1,2\n",
        {},
        "its line 1 is ['5', '6'], expected names of the columns: header=",
    ),
    ("x\noff\n1\n2\n", {}, "its lines 1 and 2 may both name the columns; header=LINE"),
    (TABLE + TABLE, {}, "the clock 'time' of 'a' cannot be read: 'time' in row 12"),
    (
        f"{TABLE}1,2,3,4\n",
        {},
        "rows have more cells than the header in line 1; header=",
    ),
    (
        "time,x\n" + TABLE[9:],
        {},
        "rows have more cells than the header in line 1; head",
    ),
    (
        "T: 1\n\n1,2\n3,4\n",
        {},
        "rows have more cells than the header in line 1; header",
    ),
    (
        f"{TABLE}# end\n",
        {},
        "the clock 'time' of 'a' cannot be read: '# end' in row 12",
    ),
    ("x,x\n1,2\n", {}, "it has two columns 'x' in line 1, expected one."),
    ("a,\nx,x\n1,2\n3,4\n", {"header": 2}, "it has two columns 'a x' in line 2"),
    (
        TABLE,
        {"header": 99},
        "header (--header) is 99, expected the number of a line wi",
    ),
    (
        f"a\n\n{TABLE}",
        {"header": 2},
        "header (--header) is 2, expected the number of a",
    ),
    (TABLE, {"header": 0}, "The 'header' parameter of read_recordings must be"),
    (TABLE, {"header": 1.5}, "The 'header' parameter of read_recordings must be"),
    (TABLE, {"header": 13}, "its line 13 is ['1.1', '2.5', '2'], expected names"),
    (TABLE, {"header": 3}, "its line 3 is ['0.1', '1.5', '1'], expected names of"),
    (TABLE, {"comment": ""}, "comment (--comment) is '', expected a sign such as '#'"),
    (TABLE, {"comment": ","}, "comment (--comment) is ',', expected a sign that start"),
    (TABLE, {"comment": "-"}, "comment (--comment) is '-', expected a sign that start"),
    (TABLE, {"comment": "1"}, "comment (--comment) is '1', expected a sign that start"),
    (TABLE, {"comment": "t"}, "its line 2 is ['0.0', '0.5', '0'], expected names"),
    ("# a\n# b\n", {"comment": "#"}, "its first line is empty, expected names"),
    ("", {}, "its first line is empty, expected names of the columns."),
    ("\n \n\n", {}, "its first line is empty, expected names of the columns."),
    ("# a\n", {}, "a.csv has no rows, expected one for each frame."),
    ("x,y\n", {}, "a.csv has no rows, expected one for each frame."),
    ("x,y\n1,\0\n", {}, "it has NUL characters, expected cells of text."),
    ("x\0,y\n1,2\n", {"header": 1}, "it has NUL characters, expected cells"),
    ('x,y\n1,"2\n3,4\n', {}, "a.csv"),
    ('t,"Acc\n(g)"\n0,1\n1,2\n2,5\n', {}, "in row 0, expected numbers"),
    ('"x,y\n1,2\n3,4\n', {}, "a.csv"),
]


@pytest.mark.parametrize(("text", "options", "said"), REFUSED)
def test_refusals(tmp_path, text, options, said):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises((TypeError, ValueError)) as caught:
        read_aloud(tmp_path / "a.csv", **options)
    assert any(own in str(caught.value) for own in said.split("|"))
    assert "\n" not in str(caught.value)


def test_growing_tables_are_read_as_files(tmp_path):
    lines = f"a,b,c\n{TABLE}".replace("\n", "\n! b\n").split("\n")
    (tmp_path / "a.csv").write_text("\n".join(lines))
    (take,) = read_recordings(tmp_path, header=3, comment="!")
    table = GrowingTable("a.csv", 2, ["x", "y"], others=(3, "!"))
    frames = [table.read(lines[:9]), table.read(lines[9:])]
    np.testing.assert_array_equal(np.concatenate(frames), take)


def test_options_for_other_files(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((4, 2)))
    with pytest.raises(
        ValueError, match=r"header \(--header\) is 2, expected none, as"
    ):
        read_recordings(tmp_path, header=2)


def test_on_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for k in range(3):
        text = f"a,b,c\n{TABLE}".replace("\n", "\n! b\n")
        (tmp_path / "in" / f"take_{k}.csv").write_text(text)
    options = "--header 3 --comment ! --n-actions 2 --method equal --out m.skops"
    assert main(["fit", "in", *options.split()]) == 0
    predict = ["predict", "m.skops", "in", "--out", "segments.csv"]
    assert main(predict) == 0
    assert main([*predict, "--header", "1"]) == 2
    assert "header (--header) is 1, expected 3, as in" in capsys.readouterr().err
