"""HDF5 and .npz: read as h5py and numpy read them, and only inside themselves."""

import json
import pickle
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest

from skl_tot.recordings import read_recordings

h5py = pytest.importorskip("h5py")
RNG = np.random.default_rng(0)
A, B = RNG.random((5, 2)), RNG.random((7, 2))
WIDE, LONG = RNG.random((5, 3)), np.arange(5.0) ** 2
ARGS = {"env_name": "Lift", "env_kwargs": {"control_freq": 20}}


def write_robomimic(path, n_demos=11, args=ARGS):
    """Write demonstrations as robomimic does."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = json.dumps(args)
        for k in range(n_demos):
            n = 20 + k
            own = {"actions": (7,), "rewards": (), "dones": (), "states": (9,)}
            own |= {"obs/eef_pos": (3,), "obs/gripper": (2,), "obs/image": (4, 4, 3)}
            own |= {"next_obs/eef_pos": (3,)}
            for name, shape in own.items():
                data[f"demo_{k}/{name}"] = RNG.random((n, *shape))
        file["mask/train"] = [b"demo_0"]


@pytest.mark.parametrize("n_demos", [1, 11])
@pytest.mark.filterwarnings("ignore:Arrays")
def test_robomimic(tmp_path, n_demos):
    path = tmp_path / "lift.hdf5"
    write_robomimic(path, n_demos)
    with pytest.warns(UserWarning, match=r"'dones', 10 more\] are commands"):
        takes = read_recordings(path)
    assert takes.names == [f"demo_{k}" for k in range(n_demos)]
    assert takes.fps == 20
    names = ["eef_pos 0", "eef_pos 1", "eef_pos 2", "gripper 0", "gripper 1"]
    assert list(takes[0]) == names
    options = {"columns": ["actions", "gripper"]}
    with pytest.warns(UserWarning, match=r"Arrays \['image'\] are left out, as feat"):
        asked = read_recordings(tmp_path, **options)
    with h5py.File(path) as file:
        for name, take in takes.items():
            demo = file["data"][name]
            expected = np.hstack([demo["obs/eef_pos"], demo["obs/gripper"]])
            np.testing.assert_array_equal(take, expected)
            expected = np.hstack([demo["actions"], demo["obs/gripper"]])
            np.testing.assert_array_equal(asked[name], expected)
    one = read_recordings(path, variable="gripper")
    np.testing.assert_array_equal(one[0], takes[0][["gripper 0", "gripper 1"]])


def test_demonstrations_of_several_files(tmp_path):
    for name in ("lift", "can"):
        write_robomimic(tmp_path / f"{name}.hdf5", 2)
    with pytest.warns(UserWarning, match="image"):
        takes = read_recordings(tmp_path, columns=["gripper"])
    assert takes.names == ["can demo_0", "can demo_1", "lift demo_0", "lift demo_1"]


def write(path, arrays):
    """Write arrays by name; single numbers are attributes of an h5 file."""
    if path.suffix == ".npz":
        np.savez(path, **{name: own for name, own in arrays.items() if "/" not in name})
        return
    with h5py.File(path, "w") as file:
        for name, own in arrays.items():
            if np.ndim(own):
                file[name] = own
            else:
                file.attrs[name] = own


TWICE = {"a": A, "b": A[::-1]}
GROUPS = {f"take{k}/{own}": B for k in (10, 2) for own in ("acc", "mag")}


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".npz"])
@pytest.mark.parametrize(
    ("arrays", "options", "expected", "fps"),
    [
        ({"x": A}, {}, {"f": A}, None),
        ({"x": A.T}, {"transpose": True}, {"f": A}, None),
        ({"x": A > 0.5, "fps": 30}, {}, {"f": A > 0.5}, 30),
        ({"x": LONG}, {}, {"f": LONG[:, None]}, None),
        ({"a": A, "b": B, "fps": 30.0}, {}, {"a": A, "b": B}, 30),
        ({"a": LONG, "b": B[:, 0]}, {}, {"a": LONG[:, None], "b": B[:, :1]}, None),
        ({"a": A, "b": WIDE}, {}, {"f": np.hstack([A, WIDE])}, None),
        ({"a": LONG, "b": A}, {}, {"f": np.column_stack([LONG, A])}, None),
        ({"a": A, "time": np.arange(5) / 4}, {}, {"f": A}, 4),
        ({"a": A, "actions": WIDE}, {}, {"f": A}, None),
        ({"actions": WIDE}, {}, {"f": WIDE}, None),
        ({"a": A, "b": WIDE}, {"variable": "b"}, {"f": WIDE}, None),
        (TWICE, {"arrays": "features"}, {"f": np.hstack([A, A[::-1]])}, None),
        (TWICE, {"arrays": "recordings"}, TWICE, None),
        ({"a": A, "b": np.zeros((5, 4, 4, 3))}, {}, {"f": A}, None),
        ({"a": A, "b": np.array([b"text"] * 5)}, {}, {"f": A}, None),
        (GROUPS, {}, dict.fromkeys(["take2", "take10"], np.hstack([B, B])), None),
        ({f"data/{own}": B for own in ("a", "b")}, {"variable": "b"}, {"f": B}, None),
    ],
)
def test_arrays(tmp_path, suffix, arrays, options, expected, fps):
    if suffix == ".npz" and any("/" in name for name in arrays):
        pytest.skip("no groups")
    write(tmp_path / f"f{suffix}", arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        takes = read_recordings(tmp_path, **options)
        again = read_recordings(tmp_path, like=takes)
    assert (takes.names, takes.fps) == (list(expected), fps)
    for name, own in expected.items():
        np.testing.assert_array_equal(takes[name], own)
        np.testing.assert_array_equal(again[name], own)


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


def rated(**attributes):
    """Writer of an array below attributes."""
    return lambda path: write(path, {"x": A, **attributes})


LINK, SOFT = h5py.ExternalLink("/etc/passwd", "x"), h5py.SoftLink("/nowhere")
REFUSED = [  # name, content and options
    ("f.npz", b"", {}),
    ("f.h5", b"\xff" * 900, {}),
    ("f.npz", pickle.dumps([1]), {}),
    ("f.npz", npz_of(), {}),
    ("f.npz", npz_of(x=b"text"), {}),
    ("f.npz", npz_of(x=npy((5, 2), 9)), {}),  # fewer numbers than the header says
    ("f.npz", npz_of(x=npy((-1, 2))), {}),
    ("f.npz", npz_of(x=npy((0, 2))), {}),
    ("f.npz", npz_of(x=npy((5, 2), kind="|O")), {}),
    ("f.npz", npz_of(x=npy((2**23, 2), 2**27)), {}),  # much memory
    ("f.npz", put_twice, {}),
    ("f.npz", npz_of(x=npy((5, 2)), fps=npy((), 8)), {}),
    ("f.npz", npz_of(x=npy((5, 2))), {"variable": "y"}),
    ("f.npz", npz_of(x=npy((5, 2))), {"arrays": "all"}),
    ("f.npz", npz_of(x=npy((5, 2))), {"animal": "m"}),
    ("f.h5", h5_of(linked), {}),  # much memory
    ("f.h5", h5_of(chunked), {}),
    ("f.h5", h5_of(outside), {}),  # data outside of the file
    ("f.h5", h5_of(virtual), {}),
    ("f.h5", assign(x=LINK), {}),
    ("f.h5", h5_of(endless), {}),
    ("f.h5", assign(x=A, y=SOFT), {}),
    ("f.h5", assign(**TWICE), {}),  # recordings or features
    ("f.h5", assign(a=A, b=B), {"arrays": "features"}),
    ("f.h5", assign(**{"a 0": LONG, "a": A}), {}),
    ("f.h5", assign(**{"r/a": A, "r/b": B}), {}),
    ("f.h5", assign(x=np.zeros((5, 2, 2))), {}),
    ("f.h5", rated(fps="fast"), {}),
    ("f.h5", rated(fps=20, sampling_rate=np.nan), {"fps": 30}),
]


@pytest.mark.parametrize(("name", "content", "options"), REFUSED)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_refused_files(tmp_path, name, content, options):
    path = tmp_path / name
    path.write_bytes(content) if isinstance(content, bytes) else content(path)
    tracemalloc.start()
    with pytest.raises((TypeError, ValueError), match=f"{name}|'f'|arrays") as caught:
        read_recordings(path, **options)
    assert "\n" not in str(caught.value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6


def test_rates_that_differ(tmp_path):
    write(tmp_path / "f.npz", {"x": A, "fps": np.array(25), "sampling_rate": 50})
    with pytest.raises(ValueError, match="rate"):
        read_recordings(tmp_path)
