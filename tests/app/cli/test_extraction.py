"""The command that makes features of videos."""

import json
import shutil

import pytest
from numpy.testing import assert_array_equal

from skl_tot.preprocessing import FrameFeatures
from skl_tot.recordings.read import read_recordings

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

NAME = "test_resnet"
OPTIONS = f"--out npy --backbone {NAME} --weights w.pth --device cpu"


@pytest.fixture
def videos(tmp_path, monkeypatch, write_clip, greys):
    """Folder of two videos and a note, weights of a network, and a video beside."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "videos").mkdir()
    for i, name in enumerate(["videos/a.mp4", "videos/b.mp4", "c.mp4"]):
        write_clip(tmp_path / name, greys(range(0, 160 + 40 * i, 40), 48, 64))
    (tmp_path / "videos" / "notes.txt").write_text("pour milk")
    (tmp_path / "bad.mp4").write_bytes(b"junk")
    with torch.random.fork_rng():
        torch.save(timm.create_model(NAME).state_dict(), "w.pth")
    return tmp_path


def test_folder_and_files_of_one_rate(run, refuses, videos):
    assert run(f"features videos c.mp4 {OPTIONS} --fps 5") == 0
    names = sorted(path.name for path in (videos / "npy").iterdir())
    assert names == ["a.npy", "b.npy", "c.npy", "recordings.json"]
    assert json.loads((videos / "npy/recordings.json").read_text()) == {"fps": 5.0}
    recordings = read_recordings("npy")
    paths = ["videos/a.mp4", "videos/b.mp4", "c.mp4"]
    model = FrameFeatures(NAME, weights="w.pth", fps=5, device="cpu")
    for frames, expected in zip(recordings, model.transform(paths), strict=True):
        assert_array_equal(frames, expected)
    shutil.copy("c.mp4", "d.mp4")
    refuses(f"features d.mp4 {OPTIONS} --fps 10", videos)
    assert run(f"features d.mp4 {OPTIONS} --fps 5") == 0
    assert len(read_recordings("npy")) == 4
    # all of them anew
    assert run(f"features videos c.mp4 d.mp4 {OPTIONS} --fps 2") == 0
    assert read_recordings("npy").fps == 2
    (videos / "npy" / "recordings.json").unlink()
    refuses(f"features c.mp4 {OPTIONS} --fps 2", videos)


def test_refusals(refuses, videos):
    (videos / "npy").mkdir()
    for files in ("npy", "videos/a.mp4 videos", "videos bad.mp4", "videos --fps 0"):
        refuses(f"features {files} {OPTIONS}", videos)
