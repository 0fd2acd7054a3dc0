"""Files that would read elsewhere, block, take much memory, or lose rows in silence."""

import os
import pickle
import tempfile
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io

from skl_tot.datasets import load_action_dataset
from skl_tot.recordings import read_recordings
from skl_tot.recordings.files import read_features

h5py = pytest.importorskip("h5py")
HEADER = "scorer,D,D\nbodyparts,nose,nose\ncoords,x,y\n"
SLEAP = "track,frame_idx,nose.x,nose.y"
DLC = "scorer,D,D,D\nindividuals,m,m,n\nbodyparts,nose,nose,nose\n"


def write_sleap(path, tracks, nodes=("nose",)):
    """Write a SLEAP file; ``tracks`` is an array or a function that makes it."""
    with h5py.File(path, "w") as file:
        file["node_names"] = [name.encode() for name in nodes]
        if callable(tracks):
            tracks(file)
        else:
            file.create_dataset("tracks", data=tracks, compression="gzip")


def external_storage(file):
    secret = [("/etc/passwd", 0, 64)]
    file.create_dataset("tracks", (1, 2, 1, 4), "f8", external=secret)


def external_link(file):
    with h5py.File(f"{file.filename}.other", "w") as other:
        other["tracks"] = np.ones((1, 2, 1, 4))
    file["tracks"] = h5py.ExternalLink(f"{file.filename}.other", "tracks")


def virtual(file):
    external_link(file)
    del file["tracks"]
    layout = h5py.VirtualLayout((1, 2, 1, 4), "f8")
    shape = (1, 2, 1, 4)
    layout[:] = h5py.VirtualSource(f"{file.filename}.other", "tracks", shape)
    file.create_virtual_dataset("tracks", layout)


@pytest.mark.parametrize("write", [external_storage, external_link, virtual])
def test_hdf5_is_read_only_inside_itself(tmp_path, write):
    write_sleap(tmp_path / "a.h5", write)
    with pytest.raises(ValueError, match=r"a\.h5: it has no 'tracks' of its own, exp"):
        read_recordings(tmp_path / "a.h5")


def test_tables_of_pandas_are_read_only_inside_their_file(tmp_path):
    external = h5py.ExternalLink(str(tmp_path / "other.h5"), "table")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("df")
        group.attrs["pandas_type"] = b"frame_table"
        group["table"] = external
    (tmp_path / "other.h5").touch()
    with pytest.raises(ValueError, match=r"a\.h5"):
        read_recordings(tmp_path / "a.h5")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".h5"])
def test_pipes_do_not_block(tmp_path, suffix):
    os.mkfifo(tmp_path / f"a{suffix}")
    for path in (tmp_path, tmp_path / f"a{suffix}", [tmp_path / f"a{suffix}"]):
        with pytest.raises((FileNotFoundError, ValueError), match=f"a{suffix}|no file"):
            read_recordings(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_pipes_in_a_data_set(tmp_path, write_lerobot):
    write_lerobot(tmp_path, "v3.0")
    os.mkfifo(tmp_path / "data" / "chunk-000" / "pipe.parquet")
    with pytest.raises(ValueError, match=r"pipe\.parquet is no regular file"):
        read_recordings(tmp_path)
    (tmp_path / "features").mkdir()
    os.mkfifo(tmp_path / "features" / "a.npy")
    with pytest.raises(ValueError, match=r"a\.npy cannot be read: it is no regular"):
        load_action_dataset(tmp_path, mmap=False)


def write_names(path):
    """Write a table of pandas whose names take a place far in the pickle's memory."""
    content = pickle.dumps([(1, [("a", "b", "x")])], protocol=0)
    content = content.replace(b"p0\n", b"p1999999999\n")
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group.attrs["pandas_type"] = b"frame_table"
        group.attrs["non_index_axes"] = np.bytes_(content)
        kind = [("index", "i8"), ("values_block_0", "f8", (1,))]
        group["table"] = np.zeros(3, kind)


def write_zeros(path):
    io.savemat(path, {"x": np.zeros((3_000_000, 8))}, do_compression=True)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.h5", lambda path: write_sleap(path, np.zeros((1, 2, 1, 9_000_000)))),
        ("a.h5", write_names),
        ("a.csv", f"{HEADER}0,1,2\n40000000,5,6\n"),
        ("a.csv", f"{SLEAP}\nm,40000000,1,2\n"),
        ("a.mat", write_zeros),
    ],
)
def test_small_files_take_little_memory(tmp_path, name, write):
    path = tmp_path / name
    path.write_text(write) if isinstance(write, str) else write(path)
    tracemalloc.start()
    with pytest.raises(ValueError, match=name) as caught:
        read_recordings(tmp_path / name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"{SLEAP}\nm,1,1,2\nm,1.5,1,2",  # a frame that is none
        f"{SLEAP},nose.x,nose.y\nm,0,1,2,3,4",  # a point twice
        f"{SLEAP}\nm,0,1,2\nn,0,3,4\nn,0,3,4",  # a track twice in a frame
        SLEAP,
        "track,frame_idx,a.x\nm,0,1",
        f"{SLEAP}\nm,0,1,a\nm,1,3,4",
        f"{DLC}coords,x,y,z",
        f"{DLC}coords,x,y,x\n0,1,2,3",
        f"{DLC}coords,x,x,y\n0,1,2,3",
        f"{DLC}0,1,2,3\n1,2,3,4",  # no line of coordinates
        f"{DLC}coords,x,y,z\nb,1,2,3",  # labels for training
        f"{DLC}coords,x,y,z\n1,1,2,3\n0,1,2,3",  # frames without order
        "scorer,D,D\nbodyparts,a,a\nindividuals,m,n\ncoords,x,y\n0,1,2",
    ],
)
@pytest.mark.filterwarnings("ignore:Points of all animals")
def test_rows_of_trackers(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=r"a\.csv"):
        read_recordings(tmp_path)


@pytest.mark.parametrize(
    ("names", "tracks"),
    [(["nose", "nose"], []), (["nose"], []), (["nose", "ear"], ["a", "a"])],
)
@pytest.mark.filterwarnings("ignore:Points of all animals")
def test_names_of_sleap(tmp_path, names, tracks):
    write_sleap(tmp_path / "a.h5", np.zeros((2, 2, 2, 5)), names)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["track_names"] = [name.encode() for name in tracks]
    with pytest.raises(ValueError, match=r"a\.h5"):
        read_recordings(tmp_path / "a.h5")


@pytest.mark.parametrize("where", ["header", "cell", "clock"])
def test_cells_of_a_megabyte(tmp_path, where):
    long = "a" * 2**20
    text = {"header": f"{long},x\n1,2\n", "cell": f"x,y\n1,2\n{long},3\n"}
    text["clock"] = f"time,x\n0,1\n{long},2\n"
    (tmp_path / "a.csv").write_text(text[where])
    with pytest.raises(ValueError, match=r"a\.csv|of 'a'") as caught:
        read_recordings(tmp_path)
    assert len(str(caught.value)) < 1000


def test_tracks_with_few_frames_are_filled(tmp_path):
    """Frames up to a hundred thousand are no attack."""
    table = pd.DataFrame({"track": "m", "frame_idx": [99_999, 3]})
    table["nose.x"], table["nose.y"] = [1.0, 2], [3.0, 4]
    table.to_csv(tmp_path / "a.csv", index=False)
    (track,) = read_recordings(tmp_path / "a.csv")
    assert len(track) == 100_000
    assert track.dropna().to_numpy().tolist() == [[2, 4], [1, 3]]


@pytest.fixture(scope="module")
def good_files(tmp_path_factory):
    """A good file of each kind, as bytes by its name."""
    folder = tmp_path_factory.mktemp("good")
    table = pd.DataFrame({"time": np.arange(4) / 10, "x": [1.0, 3, 2, 5]})
    np.save(folder / "a.npy", np.ones((6, 2)))
    table.to_csv(folder / "b.csv", index=False)
    io.savemat(folder / "c.mat", {"x": np.ones((6, 2))})
    table.to_parquet(folder / "d.parquet")
    write_sleap(folder / "e.h5", np.zeros((1, 2, 1, 5)))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=40, derandomize=True, database=None, deadline=None)
@given(
    name=st.sampled_from(["a.npy", "b.csv", "c.mat", "d.parquet", "e.h5"]),
    start=st.integers(0, 3000),
    removed=st.integers(0, 40) | st.just(10**6),
    added=st.binary(max_size=20)
    | st.sampled_from([b"\0" * 9, b"9" * 5000, b'"', b","]),
)
def test_damaged_files_are_read_or_named(good_files, name, start, removed, added):
    """A file with other bytes somewhere is read, or an error of one line names it."""
    with tempfile.TemporaryDirectory() as folder:
        path, whole = Path(folder, name), good_files[name]
        start %= len(whole)
        path.write_bytes(whole[:start] + added + whole[start + removed :])
        said = f"{name}: read"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                (take,) = read_recordings(path)
                np.asarray(take)
            except (ValueError, FileNotFoundError) as error:
                said = str(error)
        assert name in said or repr(name[0]) in said
        assert "\n" not in said


SHAPES = [f"({10**23}, 2)", f"({2**62}, 4)", "(-1, 10)", "(" + "-" * 9000 + "1, 2)"]


@pytest.mark.parametrize("mmap", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape[:30])
def test_absurd_headers(tmp_path, shape, mmap):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n"
    size = len(header).to_bytes(2, "little")
    content = b"\x93NUMPY\x01\x00" + size + header.encode() + bytes(800)
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.npy (cannot be read|holds)") as caught:
        read_features(tmp_path / "a.npy", mmap=mmap)
    assert "\n" not in str(caught.value)


def test_arrays_of_objects_run_no_code(tmp_path):
    class Payload:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    np.save(tmp_path / "a.npy", np.array([[Payload(), 1]]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"a\.npy cannot be read"):
        _ = [own.shape for own in read_recordings(tmp_path)]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "options",
    [{"header": True}, {"comment": "\n"}, {"pauses": np.nan}, {"pauses": True}],
)
def test_options_that_say_nothing(tmp_path, options):
    (tmp_path / "a.csv").write_text("x,y\n0,3\n2,1\n")
    with pytest.raises(ValueError, match=next(iter(options))):
        read_recordings(tmp_path, **options)


def test_arrays_are_no_copies_of_others(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((3, 2)))
    io.savemat(tmp_path / "a.mat", {"x": np.ones((4, 2))})
    with pytest.raises(ValueError, match=r"are both of 'a', expected one file for ea"):
        read_recordings(tmp_path)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = np.ones((2, 2, 2))
    with pytest.raises(ValueError, match=r"b\.h5: it has no numbers .* but \['x'\]"):
        read_recordings(tmp_path / "b.h5")
