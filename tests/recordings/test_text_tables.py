"""Text tables among other lines: rows are held against those without these lines."""

import itertools
import re
import warnings

import numpy as np
import pytest

from skl_tot.recordings import read_recordings

HEAD = "time,x,y"
ROWS = [f"{k / 10},{k * k % 7}.5,{k % 3}" for k in range(12)]
TABLE = "\n".join([HEAD, *ROWS, ""])
ACTIGRAPH = """\
------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 at 30 Hz -----------
Serial Number: MOS2A0000000
Start Date 3/4/2024
Current Battery Voltage: 4.2     Mode = 12
--------------------------------------------------
"""
ABOVE = {  # lines, and how many they are
    "": 0,
    "# ": 0,  # as numpy writes names
    "# Device: A, B, C\n#\n% 1,2,3\n// a,b,c\n": 4,
    "Device X200\nstarted 2024-03-04 06:51:08\n\n": 2,
    "Anlage 3,,\nDatum,04.03.2024,\n,,\n": 2,
    "sep=,\nDeviceTag:,Xsens DOT\n": 2,
    '"Recorded by ""me"", on a\nMonday"\n': 2,
    ACTIGRAPH: 5,
}


def read_aloud(path, **options):
    """Recordings, and the warnings about lines."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        takes = read_recordings(path, **options)
    texts = [str(warning.message) for warning in caught]
    return takes, " ".join(text for text in texts if " line" in text)


@pytest.mark.parametrize(
    ("separator", "end"), [(",", "\n"), (";", "\r\n"), ("\t", "\r"), (";", "mixed")]
)
@pytest.mark.parametrize("above", ABOVE)
def test_rows_below_other_lines(tmp_path, above, separator, end):
    """With a mark of UTF-8, and decimal commas where commas separate no cells."""
    text = (above + TABLE).replace(",", separator)
    if separator != ",":
        text = re.sub(r"(\d)\.(\d)(?=[;\t\n])", r"\1,\2", text)
    if end == "mixed":
        ends = itertools.cycle(["\n", "\r\n", "\r"])
        text = "".join(line + next(ends) for line in text.splitlines())
    path = tmp_path / "a.csv"
    path.write_bytes(text.replace("\n", end.replace("mixed", "\n")).encode("utf-8-sig"))
    takes, warned = read_aloud(path)
    expected = np.array([list(map(float, row.split(","))) for row in ROWS])
    np.testing.assert_array_equal(takes[0], expected[:, 1:])
    np.testing.assert_array_equal(takes.times[0], expected[:, 0])
    assert list(takes[0]) == ["x", "y"]
    assert (f"to {ABOVE[above]} lines above" in warned) == bool(ABOVE[above])


VICON = """Trajectories
100
,,S:LASI,,,S:RASI,,
Frame,Sub Frame,X,Y,Z,X,Y,Z
,,mm,mm,mm,mm,mm,mm
1,0,1.5,2,3,4,5,6
2,0,2.5,3,4,5,7,7
3,0,1.5,5,4,5,9,9
"""
LINES = [  # text, options, first columns, rate, whether a warning says it
    ("time;x\ns;m/s²\n0;1\n1;2\n2;5\n", {}, ["x"], 1, True),
    ("time,x\nms,[deg/s]\n0,1\n1,2\n2,5\n", {}, ["x"], 1000, True),
    ("a,b,c\nt,x,z\n0,1,1\n1,2,0\n2,5,3\n", {"header": 2}, ["x", "z"], 1, False),
    (VICON, {}, ["S:LASI X", "S:LASI Y", "S:LASI Z"], None, True),
    (VICON, {"header": 4}, ["S:LASI X", "S:LASI Y"], None, True),
    ("t,400,450\n0,1,1\n1,2,0\n2,5,3\n", {"header": 1}, ["400", "450"], 1, False),
    ("t,x\n0,nan\n1,\n2,5\n", {}, ["x"], 1, False),
    ("x,y\n,\n,\n1,2\n2,1\n", {}, ["x", "y"], None, False),
    ('"x","y"\n"1","2"\n"3","1"\n', {}, ["x", "y"], None, False),
    ('t,x,note\n0,1,"a; b"\n1,2,"c; d"\n', {}, ["x"], 1, False),
]


@pytest.mark.parametrize(("text", "options", "columns", "fps", "is_said"), LINES)
def test_lines_that_are_no_rows(tmp_path, text, options, columns, fps, is_said):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    takes, warned = read_aloud(tmp_path, **options)
    assert list(takes[0])[: len(columns)] == columns
    assert takes.fps == fps
    assert bool(warned) == is_said
    again, warned = read_aloud(tmp_path, like=takes)  # as it was said
    np.testing.assert_array_equal(again[0], takes[0])
    assert not warned


def test_a_blank_line_of_one_column_is_a_frame(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n\n3\n")
    values = read_recordings(tmp_path)[0]["x"]
    np.testing.assert_array_equal(values, [1, np.nan, 3])


def test_decimals_are_read_exactly(tmp_path):
    values = np.random.default_rng(0).normal(size=1000)
    (tmp_path / "a.csv").write_text("\n".join(["x", *map(repr, values.tolist())]))
    assert read_recordings(tmp_path)[0]["x"].tolist() == values.tolist()
