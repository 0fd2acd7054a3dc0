"""The command that makes features of videos."""

import json

import pytest
from numpy.testing import assert_array_equal

from skl_tot.preprocessing import FrameFeatures
from skl_tot.recordings.read import read_recordings

av = pytest.importorskip("av")
torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

NAME = "test_resnet"


@pytest.fixture(autouse=True)
def _in_a_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def videos(tmp_path, write_clip):
    """Folder of two videos and a note, weights of a network, and a video beside."""
    (tmp_path / "videos").mkdir()
    for i, name in enumerate(["videos/a.mp4", "videos/b.mp4", "c.mp4"]):
        write_clip(tmp_path / name, 4 + i, 10)
    (tmp_path / "videos" / "notes.txt").write_text("pour milk")
    with torch.random.fork_rng():
        torch.save(timm.create_model(NAME).state_dict(), "w.pth")
    return tmp_path


OPTIONS = f"--out npy --backbone {NAME} --weights w.pth --device cpu"


def test_folder_and_files(run, videos, capsys):
    assert run(f"features videos c.mp4 {OPTIONS} --fps 5") == 0
    assert "Features of 3 videos written to npy." in capsys.readouterr().out
    names = sorted(path.name for path in (videos / "npy").iterdir())
    assert names == ["a.npy", "b.npy", "c.npy", "recordings.json"]
    assert json.loads((videos / "npy/recordings.json").read_text()) == {"fps": 5.0}
    recordings = read_recordings("npy")
    assert recordings.fps == 5
    assert recordings.names == ["a", "b", "c"]
    paths = ["videos/a.mp4", "videos/b.mp4", "c.mp4"]
    model = FrameFeatures(NAME, weights="w.pth", fps=5, device="cpu")
    for found, expected in zip(recordings, model.transform(paths)):
        assert_array_equal(found, expected)


def test_more_features_of_the_same_rate(run, videos, capsys):
    assert run(f"features videos {OPTIONS} --fps 5") == 0
    more = f"features c.mp4 {OPTIONS}"
    assert run(f"{more} --fps 10") == 2
    error = capsys.readouterr().err
    assert "npy has a.npy, of 5 frames per second; expected a folder of its" in error
    assert run(f"{more} --fps 5") == 0
    assert len(read_recordings("npy")) == 3
    assert run(f"features videos c.mp4 {OPTIONS} --fps 2") == 0  # all of them anew
    assert read_recordings("npy").fps == 2
    (videos / "npy" / "recordings.json").unlink()
    assert run(f"{more} --fps 5") == 2
    assert "npy has a.npy, but no recordings.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("features tables --out npy", "but 1 *.csv: read"),
        ("features videos/a.mp4 videos --out npy", "Several videos are called 'a'"),
        ("features videos bad.mp4 --out npy", "bad: bad.mp4 cannot be decoded"),
        ("features videos --out npy --pooling max", "invalid choice: 'max'"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(refuses, videos, command, message):
    (videos / "tables").mkdir()
    (videos / "tables" / "a.csv").touch()
    (videos / "bad.mp4").write_bytes(b"junk")
    options = "" if "backbone" in command else f" --backbone {NAME} --weights w.pth"
    refuses(command + options, message, videos)
