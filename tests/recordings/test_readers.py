"""Readers of other programs' files, held against what those programs' writers wrote."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.recordings import read_recordings

RNG = np.random.default_rng(0)
SCORER = "DLC_resnet50_testJan1shuffle1_1000"
POINTS = ["nose", "tail"]


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
    @pytest.mark.parametrize("form", ["csv", "table", "both", "fixed"])
    @pytest.mark.parametrize("animals", [None, ["m1", "m2"], ["m2"]])
    def test_points(self, tmp_path, form, animals):
        tables = write_deeplabcut(tmp_path, form, animals)
        options = {"animal": "m2"} if animals and len(animals) == 2 else {}
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

    def test_likelihood(self, tmp_path):
        (table,) = write_deeplabcut(tmp_path, "csv", names=["a"]).values()
        (path,) = tmp_path.iterdir()
        for least, share in [(None, 0), (0, 0), (1, 1)]:
            (track,) = read_recordings(path, likelihood=least)
            assert track.isna().to_numpy().mean() == share
        (track,) = read_recordings(path, likelihood=0.9)
        sure = table[SCORER]["nose"]["likelihood"] >= 0.9
        np.testing.assert_array_equal(track["nose y"].notna(), sure)

    def test_frames_that_are_left_out_are_gaps(self, tmp_path):
        table = deeplabcut_table(n_frames=9).drop(index=[3, 4])
        table.to_csv(tmp_path / "a.csv")
        (track,) = read_recordings(tmp_path, likelihood=None)
        assert track.isna().all(axis=1).tolist() == [False] * 3 + [True] * 2 + 4 * [
            False
        ]

    def test_pickles_of_a_file_do_not_run(self, tmp_path):
        h5py = pytest.importorskip("h5py")
        write_deeplabcut(tmp_path, "table", names=["a"])
        (path,) = tmp_path.iterdir()
        with h5py.File(path, "r+") as file:
            attributes = file["df_with_missing"].attrs
            attributes["non_index_axes"] = np.bytes_(b"cos\ngetcwd\n(tR.")
        with pytest.raises(ValueError, match=r"asks for os\.getcwd, expected lists"):
            read_recordings(path)

    @pytest.mark.parametrize(
        ("animals", "options", "message"),
        [
            (["m1", "m2"], {}, r"2 animals, .* animal='m1' \(--read .*\): m1, m2\.$"),
            (["m1", "m2"], {"animal": "m3"}, "no animal 'm3', expected one of m1, m2"),
            (None, {"animal": "m1"}, "animal is 'm1', but it has one without a name"),
            (None, {"likelihood": 2}, "likelihood is 2, expected a number from 0 to 1"),
            (None, {"likely": 1}, "likely .* is no option of .* expected one of .'ani"),
        ],
    )
    def test_errors(self, tmp_path, animals, options, message):
        write_deeplabcut(tmp_path, "csv", animals)
        with pytest.raises(ValueError, match=message):
            read_recordings(tmp_path, **options)

    def test_labels_of_training_are_no_track(self, tmp_path):
        table = deeplabcut_table(n_frames=3)
        table.index = [f"labeled-data/a/img{i}.png" for i in range(3)]
        table.to_csv(tmp_path / "CollectedData_me.csv")
        with pytest.raises(ValueError, match="labels for training are; expected tra"):
            read_recordings(tmp_path)


class TestFolders:
    def test_one_kind(self, tmp_path):
        write_deeplabcut(tmp_path, "csv", names=["b"])
        (tmp_path / "a.csv").write_text("x\n1\n")
        with pytest.raises(ValueError, match=r"a\.csv is a table .* b.* of DeepLabCut"):
            read_recordings(tmp_path)

    def test_others_are_left_alone(self, tmp_path):
        write_deeplabcut(tmp_path, "csv", names=["b"])
        (tmp_path / "b_meta.pickle").write_bytes(b"x")
        assert read_recordings(tmp_path).names == ["b"]

    def test_one_file_a_recording(self, tmp_path):
        write_deeplabcut(tmp_path, "csv", names=["b"])
        deeplabcut_table().to_csv(tmp_path / f"b{SCORER}_filtered.csv")
        with pytest.raises(ValueError, match=r"both of 'b', expected one file for ea"):
            read_recordings(tmp_path)

    def test_options_are_of_readers(self, tmp_path):
        (tmp_path / "a.csv").write_text("x\n1\n")
        with pytest.raises(TypeError, match=r"'animal' .* is no option of .* tables"):
            read_recordings(tmp_path, animal="m1")
