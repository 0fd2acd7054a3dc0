"""Readers of other programs' files, held against what those programs' writers wrote."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import io

from skl_tot.recordings import read_recordings
from skl_tot.recordings.sources import READERS

RNG = np.random.default_rng(0)
SCORER = "DLC_resnet50_testJan1shuffle1_1000"
POINTS = ["nose", "tail"]
FORMS = ["csv", "table", "both", "fixed"]


def deeplabcut_table(animals=None, n_frames=30):
    """Tracks as DeepLabCut keeps them."""
    levels = {"scorer": [SCORER], "individuals": animals, "bodyparts": POINTS}
    levels["coords"] = ["x", "y", "likelihood"]
    levels = {name: level for name, level in levels.items() if level}
    columns = pd.MultiIndex.from_product(levels.values(), names=list(levels))
    return pd.DataFrame(RNG.random((n_frames, len(columns))), columns=columns)


def write_deeplabcut(folder, form, animals=None, names=("a", "b")):
    """Write as DeepLabCut does: "csv", "table", both, or what others write, "fixed"."""
    folder.mkdir(exist_ok=True)
    tables = {name: deeplabcut_table(animals) for name in names}
    for name, table in tables.items():
        path = folder / f"{name}{SCORER}"
        if form != "csv":
            pytest.importorskip("tables")
            own = "fixed" if form == "fixed" else "table"
            table.to_hdf(f"{path}.h5", key="df_with_missing", format=own, mode="w")
        if form in ("csv", "both"):
            table.to_csv(f"{path}.csv")
    return tables


class TestDeepLabCut:
    @pytest.mark.parametrize(
        ("form", "animals"), [*((form, None) for form in FORMS), ("csv", ["m1", "m2"])]
    )
    def test_points(self, tmp_path, form, animals):
        tables = write_deeplabcut(tmp_path, form, animals)
        options = {"animal": "m2"} if animals else {}
        tracks = read_recordings(tmp_path, fps=25, **options)
        assert (tracks.names, tracks.fps) == (["a", "b"], 25)
        for name, table in tables.items():
            own = table[SCORER] if animals is None else table[SCORER]["m2"]
            assert list(tracks[name]) == ["nose x", "nose y", "tail x", "tail y"]
            for point in POINTS:
                is_sure = own[point]["likelihood"] >= 0.6
                for axis in "xy":
                    expected = own[point][axis].where(is_sure)
                    found = tracks[name][f"{point} {axis}"]
                    np.testing.assert_allclose(found, expected)

    def test_frames_that_are_left_out_are_gaps(self, tmp_path):
        table = deeplabcut_table(n_frames=9).drop(index=[3, 4])
        table.to_csv(tmp_path / "a.csv")
        (track,) = read_recordings(tmp_path, likelihood=None)
        is_gap = track.isna().all(axis=1).to_numpy()
        assert np.flatnonzero(is_gap).tolist() == [3, 4]

    def test_a_first_frame_without_points(self, tmp_path):
        table = deeplabcut_table(n_frames=4)
        table.iloc[0] = np.nan
        table.to_csv(tmp_path / "a.csv")
        (track,) = read_recordings(tmp_path, likelihood=None)
        assert track["nose x"].isna().tolist() == [True, False, False, False]

    def test_pickles_of_a_file_do_not_run(self, tmp_path):
        h5py = pytest.importorskip("h5py")
        write_deeplabcut(tmp_path, "table", names=["a"])
        (path,) = tmp_path.iterdir()
        with h5py.File(path, "r+") as file:
            attributes = file["df_with_missing"].attrs
            attributes["non_index_axes"] = np.bytes_(b"cos\ngetcwd\n(tR.")
        with pytest.raises(ValueError, match=r"os\.getcwd"):
            read_recordings(path)


def test_one_file_of_one_kind_for_each_recording(tmp_path):
    write_deeplabcut(tmp_path, "csv", names=["b"])
    for options in ({"likelihood": 2}, {"animal": "m"}):
        with pytest.raises(ValueError, match=next(iter(options))):
            read_recordings(tmp_path, **options)
    deeplabcut_table().to_csv(tmp_path / f"b{SCORER}_filtered.csv")
    with pytest.raises(ValueError, match="both of 'b'"):
        read_recordings(tmp_path)


def track(n_animals=2, n_frames=12):
    """Points (n_frames, n_points, 2, n_animals), some of which are missing."""
    points = RNG.random((n_frames, 2, 2, n_animals))
    points[4, 0] = np.nan
    return points


@pytest.mark.parametrize("dims", [None, ["frame", "track", "node", "xy"]])
@pytest.mark.parametrize("animals", [["m1", "m2"], []])
def test_h5_of_sleap(tmp_path, dims, animals):
    h5py = pytest.importorskip("h5py")
    points = track(len(animals) or 1)
    with h5py.File(tmp_path / "a.analysis.h5", "w") as file:
        stored = points.transpose(3, 2, 1, 0)  # as Matlab has them
        if dims:
            stored = points.transpose(0, 3, 1, 2)
        file["tracks"] = stored
        file["node_names"] = [name.encode() for name in POINTS]
        file["track_names"] = [name.encode() for name in animals]
        if dims:
            file["tracks"].attrs["dims"] = str(dims).replace("'", '"')
    options = {"animal": "m2"} if animals else {}
    tracks = read_recordings(tmp_path, fps=30, **options)
    assert (tracks.names, tracks.fps) == (["a"], 30)
    expected = points[..., -1].reshape(len(points), -1)
    np.testing.assert_array_equal(tracks["a"], expected)
    assert list(tracks["a"]) == ["nose x", "nose y", "tail x", "tail y"]


@pytest.mark.parametrize("form", ["csv", "table", "fixed", "sleap", "h5", "movement"])
def test_all_animals(tmp_path, form):
    """What is read of all is what is read of each; a model remembers it."""
    if form == "sleap":
        rows = ["track,frame_idx,nose.x,nose.y", "m1,2,1,2", "m2,1,5,6", "m1,1,,4"]
        (tmp_path / "a.csv").write_text("\n".join([*rows, ",1,0,0", "m2,3,0.5,1"]))
    elif form == "h5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["tracks"] = track().transpose(3, 2, 1, 0)
            file["node_names"], file["track_names"] = POINTS, ["m1", "m2"]
    elif form == "movement":
        write_movement(tmp_path / "a.nc", track())
    else:
        write_deeplabcut(tmp_path, form, ["m1", "m2"], names=["a"])
    with pytest.warns(UserWarning, match="are read, m1, m2[;,].* animal=m2"):
        tracks = read_recordings(tmp_path)
    for animal in ("m1", "m2"):
        (alone,) = read_recordings(tmp_path, animal=animal)
        own = tracks["a"][[f"{column} {animal}" for column in alone]]
        np.testing.assert_array_equal(own[: len(alone)], alone)
        assert own[len(alone) :].isna().all(axis=None)
    again = read_recordings(tmp_path, like=tracks)  # silent
    pd.testing.assert_frame_equal(again["a"], tracks["a"])


def write_movement(path, points, change=None, **attributes):
    """Write a data set of the form that movement writes, by xarray."""
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    dims = ("time", "space", "keypoints", "individuals")
    confidence = RNG.random((len(points), 2, 2))
    values = {"position": (dims, points.transpose(0, 2, 1, 3))}
    values["confidence"] = (("time", *dims[2:]), confidence)
    coords = {"time": np.arange(len(points)) / 25, "space": ["x", "y"]}
    coords |= {"keypoints": POINTS, "individuals": ["m1", "m2"]}
    data = xarray.Dataset(values, coords, {"ds_type": "poses", **attributes})
    data.isel(change).to_netcdf(path, engine="h5netcdf")
    return confidence


def test_poses_of_movement(tmp_path):
    points = track()
    confidence = write_movement(tmp_path / "a.nc", points, fps=25.0)
    tracks = read_recordings(tmp_path, animal="m1")
    assert (tracks.names, tracks.fps) == (["a"], 25)
    np.testing.assert_array_equal(tracks["a"], points[..., 0].reshape(12, 4))
    (sure,) = read_recordings(tmp_path / "a.nc", animal="m2", likelihood=0.5)
    expected = (confidence[:, 0, 1] >= 0.5) & ~np.isnan(points[:, 0, 0, 1])
    np.testing.assert_array_equal(sure["nose x"].notna(), expected)
    write_movement(tmp_path / "a.nc", points, {"space": [1, 0]}, fps="25")
    (same,) = tracks = read_recordings(tmp_path, animal="m1")
    np.testing.assert_array_equal(same, points[..., 0].reshape(12, 4))
    assert tracks.fps == 25  # by the coordinate, as the attribute is of the video
    write_movement(tmp_path / "a.nc", points, {"time": slice(None, None, 5)}, fps=25.0)
    assert read_recordings(tmp_path, animal="m1").fps == 5


@pytest.mark.parametrize(
    ("change", "attributes", "words"),
    [
        ({}, {"fps": "fast"}, "fps is 'fast'"),
        ({}, {"fps": [25, 50]}, "fps is"),
        ({}, {"fps": -25}, "fps is -25"),
        ({"time": [0, 1, 2, 7]}, {"fps": 25}, r"step of its time is '0.04 to 0.2'"),
        ({"space": [0, 0]}, {}, r"space is \['x', 'x'\]"),
    ],
)
def test_refused_of_movement(tmp_path, change, attributes, words):
    write_movement(tmp_path / "a.nc", track(), change, **attributes)
    with pytest.raises(ValueError, match=rf"a\.nc: .*{words}"):
        read_recordings(tmp_path, animal="m1")


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
class TestLeRobot:
    def test_root(self, tmp_path, write_lerobot, version):
        states = write_lerobot(tmp_path / "set", version)
        said = r"\['action a', 'action b'\] are commands .* \(--columns\) says"
        with pytest.warns(UserWarning, match=said):
            episodes = read_recordings(tmp_path / "set")
        assert episodes.names == [f"episode_{i:06d}" for i in range(4)]
        assert episodes.fps == 10
        for own, state, times in zip(episodes, states, episodes.times):
            assert list(own) == ["observation.state pan", "observation.state lift"]
            np.testing.assert_array_equal(own, state)
            np.testing.assert_allclose(times, np.arange(len(state)) / 10, rtol=1e-6)

    def test_tasks(self, tmp_path, write_lerobot, version):
        states = write_lerobot(tmp_path, version, n_tasks=2)
        state = {"columns": ["observation.state"]}  # no warning of the action
        with pytest.warns(UserWarning, match=r"has 2 tasks, \['pick', 'place a/b'\]"):
            episodes = read_recordings(tmp_path, **state)
        assert episodes.names[:2] == ["episode_000000 pick", "episode_000001 place a-b"]
        episodes = read_recordings(tmp_path, task="place a/b", **state)
        assert episodes.names == ["episode_000001", "episode_000003"]
        np.testing.assert_array_equal(episodes[1].iloc[:, :2], states[3])
        with pytest.raises(ValueError, match=r"no task 'x', expected one of .'pick'"):
            read_recordings(tmp_path, task="x")


WIDE = {"action": {"shape": [3], "names": ["a", "b", "c"]}}


@pytest.mark.parametrize(
    "changes", [{"features": [1]}, {"fps": "10"}, {"features": WIDE}]
)
def test_wrong_metadata(tmp_path, write_lerobot, changes):
    write_lerobot(tmp_path, "v3.0")
    path = tmp_path / "meta" / "info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ValueError, match=r"info\.json|file-000\.parquet"):
        read_recordings(tmp_path)


def test_the_row_that_differs_is_shown(tmp_path, write_lerobot):
    write_lerobot(tmp_path, "v3.0")
    path = next((tmp_path / "data").rglob("*.parquet"))
    table = pd.read_parquet(path)
    table.at[3, "observation.state"] = [7.5]
    table.to_parquet(path)
    with pytest.raises(ValueError, match=r"state' is array\(\[7\.5\].* lists of 2"):
        read_recordings(tmp_path)


class TestMatlab:
    def test_arrays(self, tmp_path):
        array = RNG.random((9, 3))
        io.savemat(tmp_path / "a.mat", {"x": array, "rate": 20.0, "name": "me"})
        takes = read_recordings(tmp_path, fps=20)
        assert (takes.names, list(takes["a"])) == (["a"], ["x 0", "x 1", "x 2"])
        np.testing.assert_array_equal(takes["a"], array)

    def test_choices(self, tmp_path):
        array = RNG.random((3, 9))
        io.savemat(tmp_path / "a.mat", {"x": array, "y": np.arange(9)})
        with pytest.raises(ValueError, match=r"variable is None, .* \['x', 'y'\]"):
            read_recordings(tmp_path)
        with pytest.raises(ValueError, match=r"shape of x is \(3, 9\), expected t"):
            read_recordings(tmp_path, variable="x")
        (take,) = read_recordings(tmp_path, variable="x", transpose=True)
        np.testing.assert_array_equal(take, array.T)


def test_every_suffix_that_is_read_is_expected(tmp_path):
    (tmp_path / "a.xyz").touch()
    with pytest.raises(FileNotFoundError) as caught:
        read_recordings(tmp_path)
    for suffix in {suffix for reader in READERS.values() for suffix in reader.suffixes}:
        assert suffix.removeprefix(".analysis") in str(caught.value)
