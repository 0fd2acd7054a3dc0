"""Folders of videos, and many videos one after the other."""

import weakref

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

from skl_tot import TemporalOTSegmenter
from skl_tot.preprocessing import FrameFeatures, frame_features
from skl_tot.recordings import RecordingError, Recordings

av = pytest.importorskip("av")
torch = pytest.importorskip("torch")
pytest.importorskip("torchvision.models")

SMALL = {"backbone": "shufflenet_v2_x0_5", "weights": None, "device": "cpu"}


def write(path, n_frames):
    """Encode noise, 10 frames per second."""
    rng = np.random.default_rng(n_frames)
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        for picture in rng.integers(0, 256, (n_frames, 48, 64, 3), np.uint8):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three videos, and what does not count as one."""
    folder = tmp_path_factory.mktemp("videos")
    write(folder / "take 2.mp4", 6)
    write(folder / "a.b.MOV", 4)
    write(folder / "take 10.mp4", 8)
    (folder / "._a.b.MOV").write_bytes(b"what a Mac leaves")
    (folder / "notes.txt").write_text("pour milk")
    (folder / "parts.mp4").mkdir()
    return folder


@pytest.fixture
def loads(monkeypatch):
    """Backbones that were loaded."""
    loaded = []

    def load(backbone, *args, **options):
        loaded.append(backbone)
        return load_network(backbone, *args, **options)

    load_network = frame_features.load_network
    monkeypatch.setattr(frame_features, "load_network", load)
    return loaded


def test_folder_gives_recordings(folder):
    features = FrameFeatures(**SMALL, fps=5)
    found = features.fit_transform(folder)
    assert isinstance(found, Recordings)
    assert found.names == ["a.b", "take 10", "take 2"]
    assert found.fps == 5
    assert list(map(len, found)) == [2, 4, 3]
    paths = [folder / "a.b.MOV", folder / "take 10.mp4", folder / "take 2.mp4"]
    for one, other in zip(found, features.transform(paths)):
        assert_array_equal(one, other)
    assert features.set_params(fps=None).transform(str(folder)).fps is None


def test_pipeline_from_a_folder_to_labels(folder):
    segmenter = TemporalOTSegmenter(n_actions=2, max_iter=1)
    model = make_pipeline(FrameFeatures(**SMALL, fps=10), segmenter)
    labels = model.fit(folder).predict(folder)
    assert list(map(len, labels)) == [4, 8, 6]


def test_folder_without_videos(tmp_path):
    features = FrameFeatures(**SMALL)
    for method in (features.fit, features.transform):
        with pytest.raises(FileNotFoundError, match=r"no video \(.mp4.*no other file"):
            method(tmp_path)
    for name in ("a.csv", "b.csv", "c"):
        (tmp_path / name).touch()
    with pytest.raises(FileNotFoundError, match=r"but 2 .csv, 1 without suffix\.$"):
        features.fit(tmp_path)


def test_two_videos_of_one_name(tmp_path):
    (tmp_path / "a.mp4").touch()
    (tmp_path / "a.avi").touch()
    with pytest.raises(ValueError, match=r"has a.avi and a.mp4, expected one video"):
        FrameFeatures(**SMALL).fit(tmp_path)


def test_folder_in_a_list(folder):
    with pytest.raises(
        RecordingError, match=r"^Video 1: .* is a folder, expected"
    ) as info:
        FrameFeatures(**SMALL).fit([folder / "a.b.MOV", folder])
    assert isinstance(info.value, FileNotFoundError)


def test_network_is_loaded_once(folder, tmp_path, loads):
    features = FrameFeatures(**SMALL, fps=5, cache_dir=tmp_path)
    features.transform(folder)
    assert loads == [SMALL["backbone"]]
    assert len(list(features.transform_each(folder))) == 3  # all kept
    assert len(loads) == 1
    write(tmp_path / "new.mp4", 5)
    features.transform([folder / "a.b.MOV", tmp_path / "new.mp4"])
    assert len(loads) == 2


def test_videos_one_after_the_other(folder, loads, monkeypatch):
    """Nothing is done before it is asked for, and nothing is kept."""
    decoded = []
    iterate = frame_features.iterate_frames

    def tracked(path, fps):
        decoded.append(path.stem)
        return iterate(path, fps)

    monkeypatch.setattr(frame_features, "iterate_frames", tracked)
    features = FrameFeatures(**SMALL, fps=5)
    each = features.transform_each(folder)
    assert decoded == loads == []
    alive = []
    for video, expected in zip(each, features.transform(folder)):
        assert_array_equal(video, expected)
        assert sum(reference() is not None for reference in alive) <= 1
        alive.append(weakref.ref(video))
    assert len(loads) == 2
    assert decoded.count("a.b") == 2


def test_paths_are_checked_first(tmp_path, loads):
    with pytest.raises(RecordingError, match=r"^Video 1: no.mp4 is not a file"):
        FrameFeatures(**SMALL).transform_each([write(tmp_path / "a.mp4", 2), "no.mp4"])
    assert loads == []


@pytest.mark.parametrize(
    "change", [{"image_size": 96}, {"backbone": "timm/test_vit2"}, {"pooling": "avg"}]
)
def test_cache_of_other_networks(folder, tmp_path, loads, change):
    pytest.importorskip("timm")
    first = SMALL | {"backbone": "timm/test_vit"}
    path = folder / "a.b.MOV"
    for options in (first, first | change, first, first | change):
        cached = FrameFeatures(**options, fps=2, cache_dir=tmp_path).transform(path)
    assert len(loads) == 2
    expected = FrameFeatures(**first | change, fps=2).transform(path)
    assert_array_equal(cached, expected)
