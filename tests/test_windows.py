"""Names, line ends and encodings of other systems; CI runs all tests on Windows."""

import ntpath

import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.cli.main import main
from skl_tot.app.review import Review
from skl_tot.datasets import make_activities
from skl_tot.io import read_segments, save_model, segments, write_segments
from skl_tot.recordings import Recordings, read_recordings
from skl_tot.recordings.files import find_same_files, is_file_name

REFUSED = ["CON", "nul", "Com1", "lpt\u00b9", "aux.1", "con ", "a:b", "x?", "a\\b"]
REFUSED += ["a*", "a<b", 'a"b', "a|b", "a\tb", ".a", "a/b", " "]
ALLOWED = ["console", "com", "com10", "a.", "a ", "a.b", "aux_1", "录像", "a'b", "é"]


@pytest.mark.parametrize("name", REFUSED + ALLOWED)
def test_names_of_files(name):
    assert is_file_name(name) == (name in ALLOWED)
    if hasattr(ntpath, "isreserved") and name.strip():  # from Python 3.13 on
        _, tail = ntpath.split(name + ".csv")
        is_there = not ntpath.isreserved(tail) and tail == name + ".csv"
        assert is_file_name(name) == (is_there and name[0] != ".")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a", "b", "c"], None),
        (["M1", "x", "m1"], "'M1' and 'm1', which are one file on Windows"),
        (["x", "a:b", "y"], "'a:b', expected one that files can have"),
    ],
)
def test_recordings_that_share_a_file_or_have_none(
    tmp_path, monkeypatch, capsys, names, message
):
    """All go into one table, from the command line and from a review."""
    monkeypatch.chdir(tmp_path)
    videos, _ = make_activities(3, 2, n_features=2, mean_length=20, random_state=0)
    videos = [pd.DataFrame(video, columns=["x", "y"]) for video in videos]
    model = HMMSegmenter(2, max_iter=2).fit(videos)
    save_model(model, "m.skops")
    table = pd.concat([v.assign(who=name) for v, name in zip(videos, names)])
    table.to_csv("all.tsv", index=False, sep="\t")
    command = ["predict", "m.skops", "all.tsv", "--recording-column", "who", "--out"]
    assert main([*command, "out"]) == (2 if message else 0)
    assert (message or "") in capsys.readouterr().err
    assert (tmp_path / "out").exists() == (message is None)
    assert main([*command, "out.csv"]) == 0
    assert list(read_segments("out.csv")) == names
    review = Review(model, Recordings(videos, names), tmp_path / "review").open()
    review.export("csv")
    review.close()
    n_files = len(list((tmp_path / "review" / "labels").iterdir()))
    assert n_files == (1 if message else 3)


def test_letters_that_look_alike_are_one_file():
    assert find_same_files(["caf\u00e9", "cafe\u0301", "x"])
    assert find_same_files(["caf\u00e9", "cafe"]) is None


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["Windows", "old Mac"])
def test_line_ends_and_marks(tmp_path, end, mark):
    def write(name, content):
        path = tmp_path / name
        content = content.encode().replace(b"\r\n", b"\n").replace(b"\n", end)
        path.write_bytes(mark + content)
        return path

    (array,) = read_recordings(write("a.csv", '"x,é",y\n1.5,3\n2.5,1\n')).arrays
    assert array["x,é"].tolist() == [1.5, 2.5]
    tracks = "scorer,D,D\nbodyparts,nose,nose\ncoords,x,y\n0,1,2\n1,3,4\n"
    (array,) = read_recordings(write("track.csv", tracks)).arrays
    assert array.to_numpy().tolist() == [[1, 2], [3, 4]]
    labels = np.repeat(["切", "mix"], [7, 5])
    for name in ("s.csv", "s.txt", "s.eaf", "s.TextGrid"):
        write_segments(segments(labels, fps=10), tmp_path / name)
        path = write(name, (tmp_path / name).read_text(encoding="utf-8"))
        assert read_segments(path, fps=10).tolist() == labels.tolist()


@pytest.mark.parametrize("read", [read_recordings, read_segments])
def test_text_of_other_encodings_is_refused(tmp_path, read):
    path = tmp_path / "a.csv"
    path.write_bytes("action,größe\n0,2\n".encode("cp1252"))
    with pytest.raises(ValueError, match=r"a\.csv.* is no text in UTF-8"):
        read(path)


def test_a_file_that_another_program_has_open(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Access is denied")

    path = tmp_path / "a.csv"
    path.write_text("old")
    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(PermissionError, match="as another program has it open or"):
        write_segments(segments([0, 1]), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
