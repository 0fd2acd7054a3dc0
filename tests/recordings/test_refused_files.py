"""Files that are refused: they would read elsewhere, block, or take much memory."""

import os
import pickle
import tempfile
import tracemalloc
import warnings
import zipfile
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
A, B = np.arange(10.0).reshape(5, 2), np.ones((7, 2))
SLEAP = "track,frame_idx,nose.x,nose.y"
DLC = "scorer,D,D,D\nindividuals,m,m,n\nbodyparts,nose,nose,nose\n"


def npz_of(**members):
    """Writer of an archive of raw bytes, or of arrays with another shape."""

    def put(path):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(f"{name}.npy", content)

    return put


def npy(shape, n_bytes=80, kind="<f8", version=b"\x01\x00"):
    """Array with a header that says any shape."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n"
    size = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + header.encode() + bytes(n_bytes)


def put_twice(path):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as file:
        warnings.simplefilter("ignore")  # of a name that repeats
        for _ in range(2):
            file.writestr("a.npy", npy((5, 2)))


def h5_of(make):
    """Writer of a file that a function fills."""

    def put(path):
        with h5py.File(path, "w") as file:
            make(file)

    return put


def chunked(file):
    kind = {"maxshape": (None, 2), "chunks": (2**25, 2), "compression": "gzip"}
    file.create_dataset("x", (5, 2), "f8", **kind)


def linked(file):
    zeros = file.create_dataset("x0", (2**20, 2), "f8", compression="gzip")
    for k in range(1, 99):
        file[f"x{k}"] = zeros


def outside(file):
    file.create_dataset("x", (4, 2), "f8", external=[("/etc/passwd", 0, 64)])


def virtual(file):
    layout = h5py.VirtualLayout((4, 2), "f8")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", (4, 2))
    file.create_virtual_dataset("x", layout)


def endless(file):
    file.create_group("a/b")["c"] = file


def assign(**content):
    """Writer of arrays, links and groups."""
    return h5_of(lambda file: [file.__setitem__(*own) for own in content.items()])


def sleap(tracks, nodes=("nose",), animals=()):
    """Writer of a file of SLEAP."""

    def make(file):
        file["node_names"] = [name.encode() for name in nodes]
        if animals:
            file["track_names"] = [name.encode() for name in animals]
        file.create_dataset("tracks", data=tracks, compression="gzip")

    return h5_of(make)


def rated(file):
    file["x"], file.attrs["fps"], file.attrs["sampling_rate"] = A, 20, np.nan


def far_names(file):
    """A table of pandas whose names take a place far in the pickle's memory."""
    content = pickle.dumps([(1, [("a", "b", "x")])], protocol=0)
    group = file.create_group("df")
    group.attrs["pandas_type"] = b"frame_table"
    group.attrs["non_index_axes"] = np.bytes_(content.replace(b"p0\n", b"p199999999\n"))
    group["table"] = np.zeros(3, [("index", "i8"), ("values_block_0", "f8", (1,))])


def zeros(path):
    io.savemat(path, {"x": np.zeros((3_000_000, 8))}, do_compression=True)


LINK, SOFT = h5py.ExternalLink("/etc/passwd", "x"), h5py.SoftLink("/nowhere")
REFUSED = [  # name, content and options
    ("f.npz", b"", {}),
    ("f.h5", b"\xff" * 900, {}),
    ("f.npz", pickle.dumps([1]), {}),
    ("f.npz", npz_of(), {}),
    ("f.npz", npz_of(x=b"text"), {}),
    ("f.npz", npz_of(x=npy((5, 2), 9)), {}),  # fewer numbers than the header says
    ("f.npz", npz_of(x=npy((-1, 2))), {}),
    ("f.npz", npz_of(x=npy((5, 2), kind="|O")), {}),
    ("f.npz", put_twice, {}),
    ("f.npz", npz_of(x=npy((5, 2)), fps=npy((), 8)), {}),
    ("f.npz", npz_of(x=npy((5, 2))), {"variable": "y"}),
    ("f.npz", npz_of(x=npy((5, 2))), {"arrays": "all"}),
    ("f.h5", h5_of(endless), {}),
    ("f.h5", assign(a=A, b=A[::-1]), {}),  # recordings or features
    ("f.h5", assign(a=A, b=B), {"arrays": "features"}),
    ("f.h5", assign(**{"a 0": A[:, 0], "a": A}), {}),
    ("f.h5", assign(**{"r/a": A, "r/b": B}), {}),
    ("f.h5", assign(x=np.zeros((5, 2, 2))), {}),
    ("f.h5", h5_of(rated), {}),
    # data outside of the file
    ("f.h5", h5_of(outside), {}),
    ("f.h5", h5_of(virtual), {}),
    ("f.h5", assign(x=LINK), {}),
    ("f.h5", assign(x=A, y=SOFT), {}),
    # much memory
    ("f.npz", npz_of(x=npy((2**23, 2), 2**27)), {}),
    ("f.h5", h5_of(linked), {}),
    ("f.h5", h5_of(chunked), {}),
    ("f.h5", h5_of(far_names), {}),
    ("f.h5", sleap(np.zeros((1, 2, 1, 9_000_000))), {}),
    ("f.mat", zeros, {}),
    ("f.csv", f"{SLEAP}\nm,40000000,1,2\n", {}),
    ("f.csv", "scorer,D,D\nbodyparts,a,a\ncoords,x,y\n0,1,2\n40000000,5,6\n", {}),
    # tracks
    ("f.h5", sleap(np.zeros((2, 2, 2, 5)), ["nose", "nose"]), {}),
    ("f.h5", sleap(np.zeros((2, 2, 2, 5)), ["nose"]), {}),
    ("f.h5", sleap(np.zeros((2, 2, 2, 5)), ["nose", "ear"], ["a", "a"]), {}),
    ("f.csv", f"{SLEAP}\nm,1,1,2\nm,1.5,1,2", {}),  # a frame that is none
    ("f.csv", f"{SLEAP},nose.x,nose.y\nm,0,1,2,3,4", {}),  # a point twice
    ("f.csv", f"{SLEAP}\nm,0,1,2\nn,0,3,4\nn,0,3,4", {}),  # a track twice in a frame
    ("f.csv", SLEAP, {}),
    ("f.csv", "track,frame_idx,a.x\nm,0,1", {}),
    ("f.csv", f"{SLEAP}\nm,0,1,a\nm,1,3,4", {}),
    ("f.csv", f"{DLC}coords,x,y,z", {}),
    ("f.csv", f"{DLC}coords,x,y,x\n0,1,2,3", {}),
    ("f.csv", f"{DLC}coords,x,x,y\n0,1,2,3", {}),
    ("f.csv", f"{DLC}0,1,2,3\n1,2,3,4", {}),  # no line of coordinates
    ("f.csv", f"{DLC}coords,x,y,z\nb,1,2,3", {}),  # labels for training
    ("f.csv", f"{DLC}coords,x,y,z\n1,1,2,3\n0,1,2,3", {}),  # frames without order
    ("f.csv", f"{'a' * 2**20},x\n1,2\n3,b\n", {}),  # a cell of a megabyte
]


@pytest.mark.parametrize(("name", "content", "options"), REFUSED)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_refused_files(tmp_path, name, content, options):
    path = tmp_path / name
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    tracemalloc.start()
    with pytest.raises((TypeError, ValueError), match=f"{name}|'f'|arrays") as caught:
        read_recordings(path, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert peak < 100e6


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
    with pytest.raises(ValueError, match=r"pipe\.parquet"):
        read_recordings(tmp_path)
    (tmp_path / "features").mkdir()
    os.mkfifo(tmp_path / "features" / "a.npy")
    with pytest.raises(ValueError, match=r"a\.npy"):
        load_action_dataset(tmp_path, mmap=False)


def test_tracks_with_few_frames_are_filled(tmp_path):
    """Frames up to a hundred thousand are no attack."""
    (tmp_path / "a.csv").write_text(f"{SLEAP}\nm,99999,1,3\nm,3,2,4\n")
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
    sleap(np.zeros((1, 2, 1, 5)))(folder / "e.h5")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=25, derandomize=True, database=None, deadline=None)
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


def test_files_of_one_name(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((3, 2)))
    io.savemat(tmp_path / "a.mat", {"x": np.ones((4, 2))})
    with pytest.raises(ValueError, match="are both of 'a'"):
        read_recordings(tmp_path)


@pytest.mark.parametrize(
    "options",
    [{"header": True}, {"comment": "\n"}, {"pauses": np.nan}, {"pauses": True}],
)
def test_options_that_say_nothing(tmp_path, options):
    (tmp_path / "a.csv").write_text("x,y\n0,3\n2,1\n")
    with pytest.raises(ValueError, match=next(iter(options))):
        read_recordings(tmp_path, **options)
