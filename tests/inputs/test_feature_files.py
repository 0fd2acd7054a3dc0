"""Videos in files: selections stay on disk, and few files are open at a time."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.utils import _safe_indexing

from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import FeatureFiles, load_action_dataset
from skl_tot.inputs import feature_files
from skl_tot.metrics import mof_scorer
from skl_tot.preprocessing import FramewiseTransformer

QUICK = {"n_actions": 3, "max_iter": 10, "frames_per_video": 16, "random_state": 0}


def save(folder, videos):
    """Save each video to a file of its own and give the paths."""
    paths = [folder / f"{i}.npy" for i in range(len(videos))]
    for path, video in zip(paths, videos):
        np.save(path, video)
    return paths


@pytest.fixture
def files(activity, tmp_path):
    return FeatureFiles(save(tmp_path, activity[0]))


@pytest.fixture
def opened(monkeypatch):
    """Paths of the files that were opened, in order."""
    paths = []
    read = feature_files.read_features

    def count(path, **options):
        paths.append(path)
        return read(path, **options)

    monkeypatch.setattr(feature_files, "read_features", count)
    return paths


@pytest.mark.parametrize("i", [0, -1, np.int64(2), True])
def test_an_int_gives_a_memmap(files, activity, i):
    assert isinstance(files[i], np.memmap)
    assert not files[i].flags.writeable
    assert_array_equal(files[i], activity[0][i])


KEYS = [
    slice(1, 5, 2),
    [4, 0, 0],
    np.array([-1, 2]),
    np.array([True, False, True, False, False, True]),
    [True, False, True, False, False, True],
    np.array([], dtype=int),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_selection_is_lazy(files, opened, key):
    expected = [files.paths[i] for i in np.arange(6)[key]]
    for selection in (files[key], _safe_indexing(files, key)):
        assert type(selection) is FeatureFiles
        assert selection.paths == expected
        assert selection.shape == (len(selection),) == (len(expected),)
    assert opened == []


def test_a_selection_is_of_the_same_class(activity, tmp_path):
    class Mine(FeatureFiles):
        def __init__(self, folder, paths):
            super().__init__(paths, stride=2)
            self.folder = folder

    selection = Mine("there", save(tmp_path, activity[0]))[1:][[1]]
    assert type(selection) is Mine
    assert (selection.folder, selection.stride) == ("there", 2)
    assert_array_equal(selection[0], activity[0][2][::2])


@pytest.mark.parametrize("key", [6, -7, [0, 6], [[0, 1]], None, [0.5], "0", (0, 1)])
def test_indices_that_do_not_exist(files, key):
    with pytest.raises(IndexError):
        files[key]


def test_stride_and_transpose(activity, tmp_path):
    paths = save(tmp_path, [video.T for video in activity[0]])
    files = FeatureFiles(paths, stride=3, transpose=True)
    for selection in (files, files[:], pickle.loads(pickle.dumps(files))):
        for video, expected in zip(selection, activity[0]):
            assert isinstance(video, np.memmap)
            assert_array_equal(video, expected[::3])


def test_a_pickle_holds_paths(files, opened):
    list(files)
    data = pickle.dumps(files)
    assert len(data) < 300 + sum(len(path) + 10 for path in files.paths)
    del opened[:]
    for twin in (pickle.loads(data), copy.deepcopy(files)):
        assert (twin.paths, twin.stride, twin.transpose) == (files.paths, 1, False)
        assert opened == []
        assert_array_equal(twin[1], files[1])
        del opened[:]


def test_a_pickle_carries_the_public_name(files):
    data = pickle.dumps(files)
    assert b"skl_tot.datasets" in data
    assert b"inputs" not in data
    assert FeatureFiles.__module__ == "skl_tot.datasets"


def test_paths_do_not_depend_on_the_folder_of_work(files, activity, monkeypatch):
    monkeypatch.chdir(files.paths[0].rpartition("0.npy")[0])
    relative = FeatureFiles(["0.npy"])
    monkeypatch.chdir("/")
    assert_array_equal(relative[0], activity[0][0])


def test_numpy_does_not_load_all(files, opened):
    for convert in (np.asarray, StandardScaler().fit):
        with pytest.raises(TypeError, match=r"^FeatureFiles of 6 videos are not one"):
            convert(files)
    assert opened == []


def test_a_file_is_opened_once_and_again_when_it_has_changed(files, opened):
    files[0], files[:3][0], files[[0]][0]
    assert opened == [files.paths[0]]
    np.save(files.paths[0], np.ones((2, 5)))
    assert_array_equal(files[0], np.ones((2, 5)))
    assert len(opened) == 2


def test_fit_gives_what_a_list_gives(files, activity):
    model = TemporalOTSegmenter(**QUICK).fit(activity[0])
    lazy = TemporalOTSegmenter(**QUICK).fit(files)
    assert isinstance(lazy.labels_, list)
    for method in ("predict", "predict_proba", "transform", "pseudo_labels"):
        for one, other in zip(
            getattr(lazy, method)(files), getattr(model, method)(activity[0])
        ):
            assert_array_equal(one, other)
    assert lazy.score(files) == model.score(activity[0])
    assert_array_equal(lazy.predict(files[0]), model.labels_[0])


def test_model_selection_reads_what_it_uses(files, activity, opened):
    videos, labels = activity
    train, test = train_test_split(files, random_state=0)
    assert type(train) is type(test) is FeatureFiles
    assert opened == []
    model = TemporalOTSegmenter(**QUICK)
    one_fold = [([0, 1, 2], [4, 5])]
    cross_val_score(model, files, labels, cv=one_fold, scoring=mof_scorer)
    assert sorted(opened) == [files.paths[i] for i in (0, 1, 2, 4, 5)]

    def scores(videos, n_jobs):
        search = GridSearchCV(
            model, {"rho": [0.05, 0.5]}, cv=2, n_jobs=n_jobs, error_score="raise"
        )
        return search.fit(videos).cv_results_["mean_test_score"]

    for n_jobs in (1, 2):
        assert_array_equal(scores(files, n_jobs), scores(videos, n_jobs))


@pytest.mark.parametrize(
    "dtype", [np.int16, np.uint8, np.float16, ">f4", np.longdouble]
)
@pytest.mark.parametrize("as_list", [False, True])
def test_other_types_become_float64(activity, tmp_path, dtype, as_list):
    videos = [(np.abs(video) * 50).astype(dtype) for video in activity[0]]
    files = FeatureFiles(save(tmp_path, videos))
    files = list(files) if as_list else files
    floats = [video.astype(np.float64) for video in videos]
    model = TemporalOTSegmenter(**QUICK, background_percentile=10.0).fit(floats)
    other = TemporalOTSegmenter(**QUICK, background_percentile=10.0).fit(files)
    for method in ("predict", "predict_proba", "transform"):
        for one, expected in zip(
            getattr(other, method)(files), getattr(model, method)(floats)
        ):
            assert one.dtype == expected.dtype
            assert_array_equal(one, expected)
    assert other.score(files) == model.score(floats)
    for inner in (MinMaxScaler(), FunctionTransformer(lambda video: video * 2)):
        scaler = FramewiseTransformer(inner)
        for one, expected in zip(
            scaler.fit_transform(files), scaler.fit_transform(floats)
        ):
            assert_array_equal(one, expected)


@pytest.mark.parametrize("position", [0, -1])
def test_half_precision_is_checked_to_the_end(
    activity, tmp_path, monkeypatch, position
):
    monkeypatch.setattr("skl_tot.inputs.blocks.BLOCK_BYTES", 400)
    videos = [video.astype(np.float16) for video in activity[0]]
    videos[2][position, 1] = np.nan
    with pytest.raises(ValueError, match=r"^Video 2: Input X contains NaN\.$"):
        TemporalOTSegmenter(**QUICK).fit(FeatureFiles(save(tmp_path, videos)))


@pytest.fixture
def few_descriptors():
    """At most 250 files may be open at a time."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (250, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_many_files_need_few_descriptors(tmp_path, few_descriptors):
    rng = np.random.default_rng(0)
    paths = save(tmp_path, rng.normal(size=(300, 12, 4)).astype(np.float32))
    files = FeatureFiles(paths)
    model = TemporalOTSegmenter(3, max_iter=300, frames_per_video=8, random_state=0)
    labels = model.fit(files).predict(files)
    model.score(files)
    model.fit(files[::-1])
    model.set_params(standardize="video")
    assert len(model.fit(files).transform(files)) == len(labels) == 300
    with pytest.raises(OSError, match="Too many open files"):
        assert [np.load(path, mmap_mode="r") for path in paths]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"paths": "a.npy"}, ValueError, "^The 'paths' parameter .* 'a.npy' instead"),
        ({"paths": [3]}, TypeError, "not int"),
        ({"paths": ["a.npy", "b.txt"]}, ValueError, r"^paths\[1\] is '.*b.txt', exp"),
        ({"stride": 0}, ValueError, "^The 'stride' parameter"),
        ({"transpose": "yes"}, ValueError, "^The 'transpose' parameter"),
    ],
    ids=str,
)
def test_bad_parameters(arguments, error, message):
    with pytest.raises(error, match=message) as info:
        FeatureFiles(**({"paths": ["a.npy"]} | arguments))
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"3\.npy cannot be read: .*No such file"),
        (b"no features", r"3\.npy cannot be read"),
        (np.ones(4), r"3\.npy holds float64 of shape \(4,\), expected numbers"),
        (np.ones((4, 5)) * 1j, r"3\.npy holds complex128"),
        (np.ones((4, 6)), "X has 6 features, but TemporalOTSegmenter is expecting 5"),
    ],
    ids=str,
)
def test_bad_files(files, tmp_path, content, message):
    if content is None:
        (tmp_path / "3.npy").unlink()
    elif isinstance(content, bytes):
        (tmp_path / "3.npy").write_bytes(content)
    else:
        np.save(tmp_path / "3.npy", content)
    with pytest.raises(ValueError, match="^Video 3: .*" + message) as info:
        TemporalOTSegmenter(**QUICK).fit(files)
    assert "\n" not in str(info.value)


def test_no_files():
    with pytest.raises(ValueError, match="X is an empty FeatureFiles, but expected"):
        TemporalOTSegmenter(**QUICK).fit(FeatureFiles([]))


class TestLoadActionDataset:
    @pytest.fixture
    def root(self, tmp_path):
        (tmp_path / "features").mkdir()
        (tmp_path / "groundTruth").mkdir()
        for name in "ab":
            video = np.arange(12.0).reshape(3, 4)
            np.save(tmp_path / "features" / f"{name}.npy", video)
            (tmp_path / "groundTruth" / f"{name}.txt").write_text("x\ny\nz\nz")
        return tmp_path

    @pytest.mark.parametrize("mmap", [True, False])
    def test_transpose(self, root, mmap):
        data = load_action_dataset(root, mmap=mmap, stride=2, transpose=True)
        assert type(data.videos) is (FeatureFiles if mmap else list)
        assert_array_equal(data.videos[1], [[0, 4, 8], [2, 6, 10]])
        assert data.labels[1].tolist() == ["x", "z"]
        with pytest.raises(ValueError, match=r"the other way round \(transpose\)\?$"):
            load_action_dataset(root, mmap=mmap)

    def test_text_is_loaded(self, root):
        (root / "features" / "b.npy").unlink()
        np.savetxt(root / "features" / "b.txt", np.arange(8.0).reshape(2, 4))
        videos = load_action_dataset(root, transpose=True).videos
        assert [type(video) for video in videos] == [np.memmap, np.ndarray]
        assert_array_equal(videos[1], np.arange(8.0).reshape(2, 4).T)
