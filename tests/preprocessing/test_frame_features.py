"""Features of real, small video files, with random weights."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_tot.preprocessing import FrameFeatures, iterate_frames
from skl_tot.preprocessing.videos import colour_and_motion
from skl_tot.recordings import Recordings

av = pytest.importorskip("av")
torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

SMALL = {"backbone": "test_resnet", "weights": None, "device": "cpu"}
COLOURS = [(220, 30, 30), (30, 200, 30), (30, 30, 220)]


def grey(number):
    """Picture from which `numbers` reads the number of the frame."""
    return np.full((48, 64, 3), 8 * number + 4, np.uint8)


def numbers(frames):
    return [round((float(frame.mean()) - 4) / 8) for frame in frames]


@pytest.fixture(scope="module")
def clip(tmp_path_factory, write_clip):
    """One second of numbered frames, 30 per second."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_clip(path, [grey(i) for i in range(30)], rate=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_clip):
    """Three videos, and what does not count as one."""
    folder, rng = tmp_path_factory.mktemp("videos"), np.random.default_rng(0)
    for name, n_frames in [("take 2.mp4", 6), ("a.b.MOV", 4), ("take 10.mp4", 8)]:
        pictures = rng.integers(0, 256, (n_frames, 48, 64, 3), np.uint8)
        write_clip(folder / name, pictures)
    (folder / "._a.b.MOV").write_bytes(b"what a Mac leaves")
    (folder / "notes.txt").write_text("pour milk")
    (folder / "parts.mp4").mkdir()
    return folder


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (10, range(0, 30, 3)),
        (30, range(30)),
        (60, np.repeat(range(30), 2)),
        (12.5, [int(i * 30 / 12.5) for i in range(13)]),
        (0.1, [0]),
        (None, range(30)),
    ],
)
def test_frame_shown_at_a_time(clip, fps, expected):
    times, frames = zip(*iterate_frames(clip, fps))
    assert numbers(frames) == list(expected)
    assert_allclose(times, np.arange(len(frames)) / (fps or 30))
    assert frames[0].shape == (48, 64, 3)
    assert frames[0].dtype == np.uint8


def test_uneven_times(tmp_path, write_clip):
    ms = [0, 40, 100, 480, 520, 600, 640]
    path = write_clip(tmp_path / "a.mp4", [grey(i) for i in range(7)], rate=30, ms=ms)
    times, frames = zip(*iterate_frames(path, 10))
    assert numbers(frames) == [0, 2, 2, 2, 2, 3, 5]
    assert_allclose(times, np.arange(7) / 10)
    times, frames = zip(*iterate_frames(path, None))
    assert numbers(frames) == list(range(7))
    assert_allclose(times, np.array(ms) / 1000)


@pytest.mark.parametrize("suffix", ["mkv", "ts", "avi"])
def test_other_formats(tmp_path, write_clip, suffix):
    """Times rounded to milliseconds, a start above zero, ticks of whole frames."""
    codec = "mpeg2video" if suffix == "ts" else "mpeg4"
    pictures = [grey(i) for i in range(24)]
    path = write_clip(tmp_path / f"a.{suffix}", pictures, codec, rate=24)
    for fps, repeats in [(24, 1), (48, 2)]:
        times, frames = zip(*iterate_frames(path, fps))
        assert numbers(frames) == np.repeat(range(24), repeats).tolist()
        assert_allclose(times, np.arange(24 * repeats) / fps)


@pytest.mark.skipif(
    not hasattr(av.VideoStream, "set_display_rotation"), reason="cannot write rotation"
)
@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_rotation(tmp_path, write_clip, rotation):
    upright = np.zeros((64, 48, 3), np.uint8)
    upright[:32, :24] = COLOURS[0]
    upright[:32, 24:] = COLOURS[1]
    upright[32:, :24] = COLOURS[2]
    stored = np.ascontiguousarray(np.rot90(upright, -rotation // 90))
    path = write_clip(tmp_path / "a.mp4", [stored], turn=rotation)
    [(_, frame)] = iterate_frames(path)
    assert frame.shape == upright.shape
    # the corners of the four parts, as colours run over their borders
    assert_allclose(frame[::56, ::40], upright[::56, ::40], atol=40)


def make_bad_file(kind, folder, write_clip):
    path = folder / f"{kind}.mp4"
    pictures = [grey(i % 30) for i in range(60)]
    if kind == "junk":
        path.write_bytes(np.random.default_rng(0).bytes(5000))
    elif kind == "cut off avi":
        content = write_clip(folder / "a.avi", pictures).read_bytes()
        path.write_bytes(content[: len(content) * 3 // 5])
    elif kind == "no times":  # raw
        path = write_clip(folder / "a.h264", pictures, "libx264")
    return path


@pytest.mark.parametrize("kind", ["junk", "cut off avi", "no times", "missing"])
def test_damaged_files(kind, tmp_path, clip, write_clip):
    path = make_bad_file(kind, tmp_path, write_clip)
    error = FileNotFoundError if kind == "missing" else ValueError
    with pytest.raises(error) as caught:
        list(iterate_frames(path))
    assert str(caught.value).startswith(str(path))
    features = FrameFeatures(**SMALL, fps=1)
    with pytest.raises(error) as caught:
        features.transform([clip, path])
    assert str(caught.value).removeprefix("Recording 1: ").startswith(str(path))
    assert "\n" not in str(caught.value)


# ------------------------------------------------------- folders, one after the other


def test_folder_gives_recordings(folder, tmp_path):
    features = FrameFeatures(**SMALL, fps=5)
    found = features.fit_transform(folder)
    assert isinstance(found, Recordings)
    assert found.names == ["a.b", "take 10", "take 2"]
    assert found.fps == 5
    assert list(map(len, found)) == [2, 4, 3]
    paths = [folder / "a.b.MOV", folder / "take 10.mp4", folder / "take 2.mp4"]
    for one, other in zip(found, features.transform(tuple(paths))):
        assert_array_equal(one, other)
    assert_array_equal(features.transform(str(paths[0])), found[0])
    assert features.set_params(fps=None).transform(str(folder)).fps is None
    with pytest.raises(FileNotFoundError):
        features.fit(tmp_path)


def test_colour_and_motion_without_a_network(clip, monkeypatch):
    """What needs no weights, reads no network's library, and is kept as others are."""
    monkeypatch.setitem(sys.modules, "timm", None)
    features = FrameFeatures("motion", fps=3).fit(clip).transform(clip)
    frames = [frame for _, frame in iterate_frames(clip, 3)]
    assert_array_equal(features, colour_and_motion(frames))
