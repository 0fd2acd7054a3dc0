"""HDF5 and .npz: read as h5py and numpy read them, and only inside themselves."""

import json
import pickle
import re
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


def zeros(file):
    file.create_dataset("x", (2**26, 2), "f8", compression="gzip")


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
UNLIKE = {"a": A, "b": WIDE[:4]}
NO = "it has no numbers of shape"
DAMAGED = "it is empty, damaged or of another kind; write it again."
HOSTILE = [
    *[(f"f{own}", b"", {}, DAMAGED) for own in (".npz", ".h5", ".hdf5")],
    *[(f"f{own}", b"\xff" * 900, {}, DAMAGED) for own in (".npz", ".h5", ".hdf5")],
    ("f.npz", pickle.dumps([1]), {}, DAMAGED),
    ("f.npz", npz_of(), {}, NO),
    ("f.npz", npz_of(x=b""), {}, "f.npz"),
    ("f.npz", npz_of(x=b"text"), {}, "f.npz"),
    ("f.npz", npz_of(x=npy((5, 2), 9)), {}, "x has shape (5, 2), but fewer numbers."),
    ("f.npz", npz_of(x=npy((10**12, 2))), {}, "x has shape (1000000000000, 2), but"),
    ("f.npz", npz_of(x=npy((10**30, 2))), {}, "but fewer numbers"),
    ("f.npz", npz_of(x=npy((-1, 2))), {}, "f.npz"),
    ("f.npz", npz_of(x=npy((5, 2), 1000)), {}, None),
    ("f.npz", npz_of(x=npy((0, 2))), {}, NO),
    ("f.npz", npz_of(x=npy((5, 2), kind="|O")), {}, NO),
    ("f.npz", npz_of(x=npy((5, 2), 160, "<c16")), {}, NO),
    ("f.npz", npz_of(x=npy((5, 2), version=b"\x02\x00")), {}, None),
    ("f.npz", npz_of(x=npy((5, 2), version=b"\x09\x00")), {}, "f.npz"),
    ("f.npz", npz_of(x=npy((2**23, 2), 2**27)), {}, "its arrays would take 134 MB"),
    ("f.npz", put_twice, {}, "it has two arrays 'a.npy', expected one."),
    ("f.npz", npz_of(x=npy((5, 2)), fps=npy((), 8)), {}, "its rate is 0.0, expected"),
    ("f.npz", npz_of(x=npy((5, 2))), {"variable": "y"}, "called 'y' (variable), but"),
    (
        "f.npz",
        npz_of(x=npy((5, 2))),
        {"arrays": "all"},
        "arrays is 'all', expected 're",
    ),
    (
        "f.npz",
        npz_of(x=npy((5, 2))),
        {"animal": "m"},
        "no option for files of archives",
    ),
    ("f.h5", h5_of(zeros), {}, "its arrays would take 1074 MB, expected at most"),
    ("f.h5", h5_of(linked), {}, "its arrays would take 1661 MB, expected at most"),
    ("f.h5", h5_of(chunked), {}, "x would take 537 MB, expected at most"),
    ("f.h5", h5_of(outside), {}, "it has no 'x' of its own, expected data in the file"),
    ("f.h5", h5_of(virtual), {}, "it has no 'x' of its own, expected data in the file"),
    ("f.h5", h5_of(endless), {}, "f.h5: "),
    ("f.h5", assign(x=LINK), {}, "it has no 'x' of its own, expected data in the file"),
    ("f.h5", assign(x=A, y=SOFT), {}, "it has no 'y' of its own, expected data in the"),
    (
        "f.h5",
        assign(x=A, y=h5py.SoftLink("/x")),
        {},
        "it has arrays of one shape, x (5",
    ),
    ("f.h5", assign(**TWICE), {}, "(--read arrays=features) joins them to one."),
    ("f.h5", assign(**UNLIKE), {}, "its arrays differ in shape, a (5, 2), b (4, 3): v"),
    ("f.h5", assign(a=A, b=B), {"arrays": "features"}, "its arrays differ in shape"),
    ("f.h5", assign(**{"a 0": LONG, "a": A}), {}, "'f' has two columns 'a 0'"),
    (
        "f.h5",
        assign(**{"r/a": A, "r/b": B}),
        {},
        "the numbers of frames of 'r' is {'a'",
    ),
    ("f.h5", assign(x=np.zeros((0, 2))), {}, NO),
    ("f.h5", assign(x=np.zeros((5, 2, 2))), {}, "but ['x']."),
    ("f.h5", assign(x=[b"text"]), {}, "it has no numbers of shape"),
    ("f.h5", assign(), {}, "but []."),
    ("f.h5", rated(fps="fast"), {}, "f.h5: its fps is 'fast', expected a number of"),
    ("f.h5", rated(fps=-1.0), {}, "its rate is -1.0, expected a positive number"),
    ("f.h5", rated(fps=np.nan), {}, "its rate is nan, expected a positive number"),
    (
        "f.h5",
        rated(fps=20),
        {"fps": 30},
        "fps is 30, expected 20 frames per second, as",
    ),
    ("f.h5", rated(env_args="{"), {}, None),
    ("f.h5", rated(env_args="[1]"), {}, None),
    ("f.h5", rated(fps=""), {}, "f.h5: its fps is '', expected a number of frames"),
    ("f.h5", assign(x=A, time=np.arange(5.0)[:, None]), {}, None),
]


@pytest.mark.parametrize(("name", "content", "options", "said"), HOSTILE)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_hostile_files(tmp_path, name, content, options, said):
    path = tmp_path / name
    path.write_bytes(content) if isinstance(content, bytes) else content(path)
    tracemalloc.start()
    if said is None:
        assert read_recordings(path, **options)[0].shape == (5, 2)
    else:
        with pytest.raises((TypeError, ValueError), match=re.escape(said)) as caught:
            read_recordings(path, **options)
        assert re.search(f"{name}|'f'|arrays|animal", str(caught.value))
        assert "\n" not in str(caught.value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6
