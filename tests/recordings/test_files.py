"""Videos in files: selections stay on disk, few are open at a time; full disks."""

import os
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.utils import _safe_indexing

from skl_tot import HMMSegmenter, TemporalOTSegmenter
from skl_tot.methods.base import fit_scaler
from skl_tot.metrics import mof_scorer
from skl_tot.recordings import Recordings, read_recordings
from skl_tot.recordings import files as files_module
from skl_tot.recordings.files import replaced, replaced_files, write_array
from skl_tot.training.components import Adam

QUICK = {
    "n_actions": 3,
    "max_iter": 10,
    "optimizer": Adam(frames_per_video=16),
    "random_state": 0,
}


held = pytest.mark.skipif(os.name == "nt", reason="Windows keeps files that are mapped")


def save(folder, videos):
    """Save each video to a file of its own and give the paths."""
    paths = [folder / f"{i}.npy" for i in range(len(videos))]
    for path, video in zip(paths, videos):
        np.save(path, video)
    return paths


@pytest.fixture
def opened(monkeypatch):
    """Paths of the files that were opened, in order."""
    paths = []
    map_file = files_module.map_file

    def count(path, *options):
        paths.append(path)
        return map_file(path, *options)

    monkeypatch.setattr(files_module, "map_file", count)
    return paths


@pytest.fixture
def files(activity, tmp_path, opened):
    return read_recordings(save(tmp_path, activity[0]))


IS_CHOSEN = [True, False, True, False, False, True]
KEYS = [slice(1, 5, 2), [4, 0], np.array([-1, 2]), IS_CHOSEN, np.array([], dtype=int)]


def paths_of(recordings):
    return [array.path for array in recordings.arrays]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_selection_is_lazy(files, opened, key):
    expected = [paths_of(files)[i] for i in np.arange(6)[key]]
    for selection in (files[key], _safe_indexing(files, key)):
        assert type(selection) is Recordings
        assert paths_of(selection) == expected
        assert selection.shape == (len(selection),) == (len(expected),)
    assert opened == []


def test_model_selection_reads_what_it_uses(files, activity, opened):
    videos, labels = activity
    train, test = train_test_split(files, random_state=0)
    assert type(train) is type(test) is Recordings
    assert opened == []
    model = TemporalOTSegmenter(**QUICK)
    one_fold = [([0, 1, 2], [4, 5])]
    cross_val_score(model, files, labels, cv=one_fold, scoring=mof_scorer)
    assert sorted(opened) == [paths_of(files)[i] for i in (0, 1, 2, 4, 5)]

    search = GridSearchCV(HMMSegmenter(), {"n_actions": [2, 3]}, cv=2)
    scores = [search.fit(X).cv_results_["mean_test_score"] for X in (files, videos)]
    assert_array_equal(*scores)


@held
def test_files_that_change_in_a_fit(activity, tmp_path, monkeypatch):
    paths = save(tmp_path, activity[0])

    def replace(*arguments, **options):
        np.save(paths[2], np.ones((20, 5)))
        return fit_scaler(*arguments, **options)

    monkeypatch.setattr("skl_tot.methods.base.fit_scaler", replace)
    model = TemporalOTSegmenter(**QUICK)
    with pytest.raises(ValueError, match=r"^2: .*2\.npy changed"):
        model.fit(read_recordings(paths))
    assert not hasattr(model, "network_")


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize(("order", "dtype"), [("C", "<f4"), ("F", ">f8"), ("C", "<i2")])
def test_blocks_are_those_of_the_array(tmp_path, transpose, order, dtype):
    array = np.arange(231).reshape(33, 7).astype(dtype, order=order)
    array = array.T.copy(order) if transpose else array
    recordings = read_recordings(save(tmp_path, [array]), transpose=transpose)
    video = recordings[0].as_floats()
    expected = array.T if transpose else array
    assert video.shape == expected.shape
    assert video.dtype == (np.float32 if dtype == "<f4" else np.float64)
    for rows in [slice(0, 4), slice(5, 90), slice(None), np.array([3, 0, 3])]:
        assert video[rows].dtype == video.dtype
        assert_array_equal(video[rows], expected[rows])
    assert_array_equal(np.asarray(video), expected)
    assert_array_equal(pickle.loads(pickle.dumps(recordings))[0], expected)
    part = video.part(slice(4, 15))
    assert_array_equal(part, expected[4:15])
    assert_array_equal(part[[3, 1]], expected[4:15][[3, 1]])
    assert_array_equal(part.part(slice(2, 5))[1:], expected[7:9])


def test_many_files_need_few_descriptors(tmp_path, limited):
    limited("NOFILE", 250)
    rng = np.random.default_rng(0)
    paths = save(tmp_path, rng.normal(size=(260, 6, 3)).astype(np.float32))
    files = read_recordings(paths)
    model = HMMSegmenter(3, max_iter=2).fit(files)
    assert len(model.predict(files)) == 260
    with pytest.raises(OSError, match="Too many open files"):
        assert [np.load(path, mmap_mode="r") for path in paths]


@pytest.mark.parametrize("array", [np.ones((90, 40)), np.ones((40, 90)).T])
def test_files_that_do_not_fit(tmp_path, limited, array):
    """They say why, and leave nothing."""
    limited("FSIZE", 4096)
    for name, make in (("a.npy", replaced), ("out", replaced_files)):
        with (
            pytest.raises(OSError, match=f"File too large: '.*{name}'$"),
            make(tmp_path / name) as path,
        ):
            write_array(path / "b.npy" if name == "out" else path, array)
        assert list(tmp_path.iterdir()) == []
