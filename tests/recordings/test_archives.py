"""HDF5: read as h5py reads it, and only inside of the file."""

import json
import warnings

import numpy as np
import pytest

from skl_tot.recordings import read_recordings

h5py = pytest.importorskip("h5py")
RNG = np.random.default_rng(0)
A, B = RNG.random((5, 2)), RNG.random((7, 2))
WIDE, LONG = RNG.random((5, 3)), np.arange(5.0) ** 2
BIG = np.arange(5).astype(">f4")  # in the other order of bytes
ARGS = {"env_name": "Lift", "env_kwargs": {"control_freq": 20}}


def write_robomimic(path, n_demos=11):
    """Write demonstrations as robomimic does."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = json.dumps(ARGS)
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
    with pytest.warns(UserWarning, match=r"'dones', and 10 more\] are commands"):
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


def write(path, arrays):
    """Write arrays by name; single numbers are attributes of an h5 file."""
    with h5py.File(path, "w") as file:
        for name, own in arrays.items():
            if np.ndim(own):
                file[name] = own
            else:
                file.attrs[name] = own


@pytest.mark.parametrize("lacking", ["obs", "frames"])
@pytest.mark.filterwarnings("ignore:Arrays", "ignore:Columns")
def test_a_demonstration_without_observations(tmp_path, lacking):
    path = tmp_path / "lift.hdf5"
    write_robomimic(path, 3)
    with h5py.File(path, "a") as file:
        demo = file["data/demo_1"]
        del demo["obs"]
        if lacking == "frames":
            demo["obs/eef_pos"] = np.empty((0, 3))
    with pytest.warns(UserWarning, match=r"'demo_1'\] of lift.hdf5 have no features"):
        assert read_recordings(path).names == ["demo_0", "demo_2"]


def test_what_has_two_names_is_read_once(tmp_path):
    """In time that grows as the file, though paths through links are endless."""
    with h5py.File(tmp_path / "f.h5", "w") as file:
        for name in ("take1", "take2"):
            file[f"{name}/deep/x"] = A
        file["take1/time"] = np.arange(5) / 4
        file["take2/time"] = file["take1/time"]  # both have it
        for k in range(60):
            for place in ("take1", "take2"):
                file[f"{place}/z{k}"] = file[f"{place}/deep"]
                file[f"{place}/deep/z{k}"] = file[f"{place}/deep"]
                file[f"{place}/deep/soft {k}"] = h5py.SoftLink("/take2")
        file["take9"] = file["take1/next"] = file["take2"]  # its shortest name counts
    with pytest.warns(UserWarning, match=r"'take9', .* are links or empty"):
        takes = read_recordings(tmp_path)
    assert (takes.names, takes.fps) == (["take1", "take2"], 4)
    np.testing.assert_array_equal(takes["take1"], A)


GROUPS = {f"take{k}/{own}": B for k in (10, 2) for own in ("acc", "mag")}


@pytest.mark.parametrize(
    ("arrays", "options", "expected", "fps"),
    [
        ({"x": A}, {}, {"f": A}, None),
        ({"x": A.T}, {"transpose": True}, {"f": A}, None),
        ({"x": A > 0.5, "fps": 30}, {}, {"f": A > 0.5}, 30),
        ({"x": LONG}, {}, {"f": LONG[:, None]}, None),
        ({"x": A.astype(">f8"), "time": BIG / 4}, {}, {"f": A}, 4),
        ({"x": A.astype(">f4")}, {}, {"f": A.astype("f4")}, None),
        ({"a": A, "b": B, "fps": 30.0}, {}, {"a": A, "b": B}, 30),
        ({"a": LONG, "b": B[:, 0]}, {}, {"a": LONG[:, None], "b": B[:, :1]}, None),
        ({"a": A, "b": WIDE}, {}, {"f": np.hstack([A, WIDE])}, None),
        ({"a": LONG, "b": A}, {}, {"f": np.column_stack([LONG, A])}, None),
        ({"a": A, "time": np.arange(5) / 4}, {}, {"f": A}, 4),
        ({"a": A, "actions": WIDE}, {}, {"f": A}, None),
        ({"actions": WIDE}, {}, {"f": WIDE}, None),
        ({"a": A, "b": WIDE}, {"variable": "b"}, {"f": WIDE}, None),
        ({"a": A, "b": np.zeros((5, 4, 4, 3))}, {}, {"f": A}, None),
        ({"a": A, "b": np.array([b"text"] * 5)}, {}, {"f": A}, None),
        (GROUPS, {}, dict.fromkeys(["take2", "take10"], np.hstack([B, B])), None),
        ({f"data/{own}": B for own in ("a", "b")}, {"variable": "b"}, {"f": B}, None),
    ],
)
def test_arrays(tmp_path, arrays, options, expected, fps):
    write(tmp_path / "f.h5", arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        takes = read_recordings(tmp_path, **options)
        again = read_recordings(tmp_path, like=takes)
    assert (takes.names, takes.fps) == (list(expected), fps)
    for name, own in expected.items():
        np.testing.assert_array_equal(takes[name], own)
        np.testing.assert_array_equal(again[name], own)
