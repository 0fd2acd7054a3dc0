"""Made-up activities, and folders of features and labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils._param_validation import InvalidParameterError

from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.recordings.files import FileArray
from skl_tot.recordings.labels import find_segments


@given(
    n_videos=st.integers(1, 4),
    n_actions=st.integers(1, 6),
    n_features=st.integers(1, 4),
    mean_length=st.integers(6, 60),
    unevenness=st.floats(0, 2),
    missing=st.floats(0, 0.99),
    noise=st.floats(0, 3),
    random_state=st.integers(0, 2**32 - 1),
)
def test_activities_are_ordered_and_complete(n_videos, n_actions, **options):
    videos, labels = make_activities(n_videos, n_actions, **options)
    assert len(videos) == len(labels) == n_videos
    for video, actions in zip(videos, labels):
        assert video.dtype == np.float32
        assert video.shape == (len(actions), options["n_features"])
        assert np.isfinite(video).all()
        assert actions.dtype.kind == "i"
        assert set(actions.tolist()) <= set(range(n_actions))
        assert (np.diff(actions) >= 0).all()
        if options["missing"] == 0:
            assert set(actions.tolist()) == set(range(n_actions))


def test_mean_length_is_the_mean_number_of_frames():
    _, labels = make_activities(500, 4, mean_length=300, n_features=1, random_state=0)
    lengths = [len(actions) for actions in labels]
    error = np.std(lengths) / np.sqrt(len(lengths))
    assert abs(np.mean(lengths) - 300) < 4 * error + 1  # 1: rounding to whole frames
    with pytest.raises(ValueError, match="mean_length"):
        make_activities(mean_length=4)


def test_no_order_gives_segments_at_random():
    _, labels = make_activities(
        500, 4, order="free", unevenness=0, n_features=1, mean_length=40, random_state=0
    )
    courses = [find_segments(actions) for actions in labels]
    for actions, start, end in courses:
        assert len(actions) == 4
        assert_array_equal(end - start, 10)
    actions = np.array([course[0] for course in courses])
    assert (np.diff(actions) != 0).all()
    for step in actions.T:  # a share of 500 has a standard deviation below 0.02
        assert_allclose(np.bincount(step, minlength=4) / 500, 0.25, atol=0.08)
    moves = np.diff(actions, axis=1) % 4
    assert_allclose(np.bincount(moves.ravel()) / 1500, [0, *[1 / 3] * 3], atol=0.05)


def test_same_seed_same_data_and_no_global_randomness():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, first_labels = make_activities(3, random_state=7)
    again, again_labels = make_activities(3, random_state=np.random.RandomState(7))
    other, _ = make_activities(3, random_state=8)
    assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    for a, b in zip([*first, *first_labels], [*again, *again_labels]):
        assert_array_equal(a, b)
    assert not np.array_equal(first[0][0], other[0][0])


BAD = [
    ("n_actions", 2.5),
    ("missing", 1),
    ("order", "mostly"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_parameters(name, value):
    with pytest.raises(InvalidParameterError, match=name):
        make_activities(**{name: value})


TEA = "features/P01_tea.npy"
TRUTH = "groundTruth/P01_tea.txt"
MAPPING = "mapping/mapping.txt"


@pytest.fixture
def root(tmp_path):
    """Two videos of coffee, one of tea; three labels."""
    for folder in ("features", "groundTruth", "mapping"):
        (tmp_path / folder).mkdir()
    contents = {"P02_coffee": "bab", "P01_coffee": "aabb", "P01_tea": "c"}
    for i, (name, labels) in enumerate(contents.items()):
        features = np.full((len(labels), 2), i, dtype=np.float32)
        np.save(tmp_path / "features" / f"{name}.npy", features)
        (tmp_path / "groundTruth" / f"{name}.txt").write_text("\n".join(labels) + "\n")
    (tmp_path / "mapping" / "mapping.txt").write_text("2 a\n0 b\n1 c\n")
    return tmp_path


def put(root, contents):
    """Write files: text, bytes or arrays by their paths; None removes one."""
    for path, content in contents.items():
        target = root / path
        target.unlink(missing_ok=True)
        if isinstance(content, np.ndarray):
            np.save(target, content)
        elif content is not None:
            content = content.encode() if isinstance(content, str) else content
            target.write_bytes(content)


def test_load_all(root):
    data = load_action_dataset(root)
    assert data.video_names == ["P01_coffee", "P01_tea", "P02_coffee"]
    assert data.target_names == ["b", "c", "a"]
    assert ["".join(labels) for labels in data.labels] == ["aabb", "c", "bab"]
    assert [video[0, 0] for video in data.videos] == [1, 2, 0]
    assert {video.dtype for video in data.videos} == {np.dtype(np.float32)}
    assert {type(video) for video in data.videos} == {FileArray}


def test_mappings_and_what_is_not_there(root):
    with pytest.raises(FileNotFoundError, match="P01_coffee"):
        load_action_dataset(root, "*COFFEE")
    (root / TRUTH).rename(root / "groundTruth" / "P01_tea")
    put(root, {MAPPING: None, "mapping.txt": "0\ta\n10 add salt\n9  c\n1 b"})
    assert load_action_dataset(root).target_names == ["a", "b", "c", "add salt"]
    put(root, {"mapping.txt": None})
    assert load_action_dataset(root).target_names == ["a", "b", "c"]  # sorted
    (root / "groundTruth").rename(root / "else")
    data = load_action_dataset(root)
    assert (data.labels, data.target_names) == (None, None)


BROKEN = [
    {TEA: "x"},
    {TEA: np.array([[{}]])},
    {TEA: np.ones(3)},
    {TRUTH: None},
    {TRUTH: b"\xff\xfe\xfd"},
    {TRUTH: "c\nc"},
    {TRUTH: "d"},
    {MAPPING: None, TRUTH: "c\n\nc"},
    {MAPPING: "0 a\nb\n"},
    {MAPPING: "0 a\n1 a\n"},
]


@pytest.mark.parametrize("contents", BROKEN)
def test_broken_data_set(root, contents):
    put(root, contents)
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        load_action_dataset(root)
    assert str(root) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_transpose(root):
    put(root, {TEA: np.arange(12.0).reshape(3, 4), TRUTH: "a\nb\nc\nc"})
    data = load_action_dataset(root, "*tea", transpose=True)
    assert_array_equal(data.videos[0], np.arange(12).reshape(3, 4).T)
    assert data.labels[0].tolist() == ["a", "b", "c", "c"]
    with pytest.raises(ValueError, match="transpose"):
        load_action_dataset(root, "*tea")
