"""Files that are refused: they would read elsewhere, block, or take much memory."""

import contextlib
import os
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import io

from skl_tot.recordings import read_recordings

h5py = pytest.importorskip("h5py")
A, B = np.arange(10.0).reshape(5, 2), np.ones((7, 2))
ZEROS = {"x": np.zeros((10**6, 5), np.int8)}
SLEAP = "track,frame_idx,nose.x,nose.y"
TABLE = "time,x,y\n0,1.5,0\n1,2.5,1\n2,4.5,0\n"
DLC = "scorer,D,D,D\nindividuals,m,m,n\nbodyparts,nose,nose,nose\n"
POINT = "scorer,D,D\nbodyparts,a,a\ncoords,x,y\n"


def h5_of(make):
    """Writer of a file that a function fills."""

    def put(path):
        with h5py.File(path, "w") as file:
            make(file)

    return put


def chunked(file):
    kind = {"maxshape": (None, 2), "chunks": (2**25, 2), "compression": "gzip"}
    file.create_dataset("x", (5, 2), "f8", **kind)


def outside(file):
    file.create_dataset("x", (4, 2), "f8", external=[("/etc/passwd", 0, 64)])


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


def two_rates(file):
    file["x"] = A
    file.attrs["fps"], file.attrs["sampling_rate"] = 25, 50


LINK = h5py.ExternalLink("/etc/passwd", "x")
REFUSED = [  # name, content and options
    ("f.h5", b"\xff" * 900, {}),
    ("f.h5", assign(x=h5py.Empty("f4")), {}),
    ("f.h5", assign(a=A, b=A[::-1]), {}),  # recordings or features
    ("f.h5", assign(a=A, b=B[:, :1]), {}),
    # data outside of the file
    ("f.h5", h5_of(outside), {}),
    ("f.h5", assign(x=LINK), {}),
    # much memory
    ("f.h5", h5_of(chunked), {}),
    ("f.mat", lambda path: io.savemat(path, ZEROS, do_compression=True), {}),
    ("f.parquet", lambda path: pd.DataFrame(ZEROS["x"]).to_parquet(path), {}),
    ("f.h5", assign(x=np.ones((2, 10**5 + 1), bool)), {}),  # frames in columns
    ("f.h5", assign(x=A), {"transpose": "no"}),
    ("f.h5", assign(x=A), {"variable": "y"}),
    ("f.h5", sleap(np.zeros((1, 2, 1, 5_000_000))), {}),
    ("f.csv", f"{SLEAP}\nm,40000000,1,2\n", {}),
    ("f.csv", "scorer,D,D\nbodyparts,a,a\ncoords,x,y\n0,1,2\n40000000,5,6\n", {}),
    ("f.h5", assign(**{"r/a": A, "r/b": B}), {}),
    ("f.h5", assign(**{"a 0": A[:, 0], "a": A}), {}),
    # tracks
    ("f.h5", sleap(np.zeros((2, 2, 2, 5)), ["nose", "nose"]), {}),
    ("f.h5", sleap(np.zeros((2, 2, 2, 5)), ["nose", "ear"], ["a", "a"]), {}),
    ("f.csv", SLEAP, {}),
    ("f.h5", sleap(np.zeros((2, 2, 2, 5)), ["nose"]), {}),
    ("f.csv", f"{SLEAP}\nm,1,1,2\nm,1.5,1,2", {}),  # a frame that is none
    ("f.csv", f"{SLEAP}\nm,1,1,2\nm,1e30,1,2", {}),
    ("f.csv", f"{SLEAP}\nm,0,1,2\nn,0,3,4\nn,0,3,4", {}),  # a track twice in a frame
    ("f.csv", f"{DLC}coords,x,y,z", {}),
    ("f.csv", f"{DLC}coords,x,x,y\n0,1,2,3", {}),
    ("f.csv", f"{DLC}coords,x,y,x\n0,1,2,3", {}),
    ("f.csv", f"{DLC}0,1,2,3\n1,2,3,4", {}),  # no line of coordinates
    ("f.csv", f"{DLC}coords,x,y,z\nb,1,2,3", {}),  # labels for training
    ("f.csv", f"{DLC}coords,x,y,z\n1,1,2,3\n0,1,2,3", {}),  # frames without order
    ("f.csv", f"{POINT}0,1,2,3\n1,1,2", {}),  # too many cells
    ("f.csv", f"{POINT}0,1,2\n1,1,2,3", {}),
    ("f.csv", f"{POINT}0,1,q\n1,1,2", {}),
    ("f.csv", f"{'a' * 2**20},x\n1,2\n3,b\n", {}),  # a cell of a megabyte
    # rates that differ
    ("f.h5", h5_of(two_rates), {}),
    # lines of text
    ("f.csv", "1,2\n3,4\n", {}),  # no names
    ("f.csv", "5,6\nx,y\n0,1\n1,2\n", {}),  # a row above
    ("f.csv", "t,400,450\n0,1,1\n1,2,0\n2,5,3\n", {}),
    ("f.csv", TABLE + TABLE, {}),
    ("f.csv", f"{TABLE}1,2,3,4\n", {}),  # too many cells
    ("f.csv", f"{TABLE}# end\n", {}),
    ("f.csv", "x,x\n1,2\n", {}),  # equal names
    ("f.csv", TABLE, {"header": 99}),
    ("f.csv", "", {}),
    ("f.csv", "x,y\n1,\0\n", {}),
    ("f.csv", 'x,y\n1,"2\n3,4\n', {}),  # an open quote
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
    with pytest.raises(
        (TypeError, ValueError), match=f"{name}|'f'|arrays|^tra"
    ) as caught:
        read_recordings(path, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert peak < 30e6


WRITERS = {
    "npy": lambda path: np.save(path, A),
    "h5": assign(x=A),
    "mat": lambda path: io.savemat(path, {"x": A}),
    "parquet": lambda path: pd.DataFrame(A, columns=["x", "y"]).to_parquet(path),
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files(tmp_path, suffix):
    """A file that is cut is refused by name; one with other bytes may be read."""
    path = tmp_path / f"f.{suffix}"
    WRITERS[suffix](path)
    content = path.read_bytes()
    for k in range(12):
        at = len(content) * k // 12
        path.write_bytes(content[:at])
        with pytest.raises(ValueError, match=path.name) as caught:
            [np.asarray(take) for take in read_recordings(path)]
        assert "\n" not in str(caught.value)
        path.write_bytes(content[:at] + b"\xff\0\xff\x7f" + content[at + 4 :])
        with contextlib.suppress(TypeError, ValueError):
            [np.asarray(take) for take in read_recordings(path)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".h5"])
def test_pipes_do_not_block(tmp_path, suffix):
    os.mkfifo(tmp_path / f"a{suffix}")
    for path in (tmp_path, tmp_path / f"a{suffix}", [tmp_path / f"a{suffix}"]):
        with pytest.raises((FileNotFoundError, ValueError), match=f"a{suffix}|no file"):
            read_recordings(path)


def test_arrays_of_objects_run_no_code(tmp_path):
    class Payload:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    np.save(tmp_path / "a.npy", np.array([[Payload(), 1]]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"a\.npy: .* objects"):
        _ = [own.shape for own in read_recordings(tmp_path)]
    assert not (tmp_path / "ran").exists()
