"""What is learned from labels or transcripts, whatever the segmenter."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator

from skl_tot import AutoSegmenter, GuidedSegmenter, HMMSegmenter, TemporalOTSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score

NAMES = np.array(["pour", "cut", "stir"])


def make_auto():
    candidates = [("mallow", MallowSegmenter()), ("hmm", HMMSegmenter())]
    return AutoSegmenter(3, candidates=candidates, random_state=0)


SEGMENTERS = {
    "tot": lambda: TemporalOTSegmenter(
        3, order="mostly", max_iter=20, n_init=2, random_state=0
    ),
    "mallow": lambda: MallowSegmenter(3),
    "auto": make_auto,
}
each_segmenter = pytest.mark.parametrize("kind", SEGMENTERS)


def make(kind="mallow", **options):
    return GuidedSegmenter(SEGMENTERS[kind](), **options)


@pytest.fixture(scope="module")
def data():
    return make_activities(
        n_videos=6, n_actions=3, n_features=5, mean_length=40, random_state=0
    )


@pytest.fixture(scope="module")
def numbers(data):
    """Labels 1, 3, 5 of two videos, of single frames of one, and of none."""
    labels = [2 * path + 1 for path in data[1]]
    stamps = np.full(len(labels[2]), -1)
    starts = np.flatnonzero(np.diff(labels[2], prepend=-1))
    ends = np.append(starts[1:], len(stamps))
    middles = (starts + ends) // 2
    stamps[middles] = labels[2][middles]
    return [labels[0], labels[1], stamps, np.full(len(labels[3]), -1), None, None]


@pytest.fixture(scope="module")
def guided(data, numbers):
    """Give a segmenter that has learned these labels, by its name."""
    found = {}

    def get(kind):
        if kind not in found:
            found[kind] = make(kind).fit(data[0], numbers)
        return found[kind]

    return get


def text_of(numbers):
    """The same labels in words."""
    words = []
    for path in numbers:
        if path is None:
            words.append(None)
        else:
            names = np.append(NAMES, "")
            words.append(names[np.where(path < 0, 3, (path - 1) // 2)].tolist())
    return words


def orders_of(labels):
    return [x[np.flatnonzero(np.diff(x, prepend=-1))] for x in labels]


def assert_same(labels, expected):
    assert len(labels) == len(expected)
    for own, other in zip(labels, expected):
        np.testing.assert_array_equal(own, other)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("transcripts", [False, True])
def test_any_segmenter(estimator, estimator_name, data, transcripts):
    if estimator_name in ("ActivitySegmenter", "GuidedSegmenter"):
        return  # they find actions of several activities, or need labels
    estimator.set_params(n_actions=3)
    inner = estimator.get_params(deep=False).get("estimator")
    if inner is not None and estimator_name == "ASALSegmenter":
        inner.set_params(n_actions=3)
    given = orders_of(data[1]) if transcripts else data[1]
    words = np.sort(NAMES)
    y = [words[own] for own in given[:2]] + [None] * 4
    kind = "transcripts" if transcripts else "labels"
    model = GuidedSegmenter(estimator, kind=kind).fit(data[0], y)
    assert model.classes_.tolist()[:3] == sorted(NAMES)
    if transcripts:
        codes = [np.searchsorted(words, path) for path in model.labels_[:2]]
        assert_same(orders_of(codes), given[:2])
    else:
        assert_same(model.labels_[:2], y[:2])
    assert np.isin(np.concatenate(model.predict(data[0])), model.classes_).all()


@each_segmenter
class TestLabels:
    def test_answers_in_labels(self, guided, data, numbers, kind):
        model = guided(kind)
        assert model.classes_.tolist() == [1, 3, 5]
        assert model.actions_ is model.classes_
        assert model.n_actions_ == 3
        for labels in (model.labels_, model.predict(data[0])):
            assert [len(x) for x in labels] == [len(x) for x in data[0]]
            assert np.isin(np.concatenate(labels), [1, 3, 5]).all()
            assert all(x.dtype == np.intp for x in labels)
        assert 0 <= model.score(data[0]) <= 3
        for own, given in zip(model.labels_, numbers):
            if given is not None:
                np.testing.assert_array_equal(own[given >= 0], given[given >= 0])
        truth = [2 * x + 1 for x in data[1]]
        right = np.concatenate(model.labels_) == np.concatenate(truth)
        assert right.mean() > 0.85

    def test_a_frozen_segmenter_is_not_fitted_again(self, guided, data, numbers, kind):
        plain = SEGMENTERS[kind]().fit(data[0])
        state = joblib.hash(plain)
        model = GuidedSegmenter(FrozenEstimator(plain)).fit(data[0], numbers)
        assert joblib.hash(plain) == state
        for name, values in guided(kind).guide_.items():
            np.testing.assert_allclose(model.guide_[name], values, atol=1e-6)
        assert_same(model.predict(data[0]), guided(kind).predict(data[0]))
        some = GuidedSegmenter(FrozenEstimator(plain)).fit(data[0][:3], numbers[:3])
        assert some.scaler_ is plain.scaler_
        assert len(some.labels_) == 3

    def test_new_actions_are_found(self, kind):
        """Two of three actions are labelled; that of 2 in no labelled video."""
        rng = np.random.default_rng(0)
        orders = [[0, 1], [0, 1], *[[0, 1, 2]] * 6]
        truth = [np.repeat(x, rng.integers(20, 24, len(x))) for x in orders]
        centres = 8 * np.eye(3, 4)
        videos = [centres[x] + rng.normal(size=(len(x), 4)) for x in truth]
        given = [truth[0], truth[1], *[None] * 6]
        model = make(kind).fit(videos, given)
        assert_same(model.labels_[:2], given[:2])
        if kind != "tot":  # whose few steps are not enough
            assert model.classes_.tolist() == [0, 1, 2]
            assert mof_score(truth, model.labels_) > 0.9
            words = [np.array(["a", "b"])[x] for x in given[:2]] + [None] * 6
            model.fit(videos, words)
            assert model.classes_.tolist() == ["a", "b", "action 1"]
            assert model.predict_proba(videos[3]).shape[1] == 3


class TestTranscripts:
    def test_fit(self, data):
        orders = orders_of(data[1])
        given = [*orders[:4], None, None]
        model = GuidedSegmenter(MallowSegmenter(3), kind="transcripts")
        model.fit(data[0], given)
        assert model.classes_.tolist() == [0, 1, 2]
        for path, order in zip(model.labels_[:4], orders):
            np.testing.assert_array_equal(*orders_of([path]), order)
        words = [None if x is None else NAMES[x].tolist() for x in given]
        assert model.fit(data[0], words).classes_.tolist() == sorted(NAMES)


def test_background(data, numbers):
    inner = MallowSegmenter(3, background_percentile=40)
    model = GuidedSegmenter(inner).fit(data[0], numbers)
    found = np.concatenate(model.predict(data[0]))
    assert np.isin(found, [-1, 1, 3, 5]).all()
    assert 0.05 < (found == -1).mean() < 0.9
    assert_same(model.labels_[:1], numbers[:1])
    model.fit(data[0], text_of(numbers))
    assert "background" in np.concatenate(model.predict(data[0]))


WRONG = {
    "y None": (None, "y is None, expected labels"),
    "dict": ({0: [0]}, "y has names, but X lacks them; exp"),
    "text": ("abc", "y is 'str', expected a sequence"),
    "number": (3, "y is 'int', expected a sequence"),
    "too few videos": ([[0]], "the number of recordings of y is 1, expected 6"),
    "flat": ([0, 1, 2, 0, 1, 2], "^Recording 0: y of a recording is 0, expected"),
    "all None": ([None] * 6, "no known label, expected some"),
    "one short": ("short", r"^Recording 2: y has 2 labels, X has \d+ frames"),
    "one of a dict": (("one", {}), "^Recording 1: y of a recording is {}, expected"),
    "one of text and one of numbers": (("fill", "a"), "text in some recordings"),
    "more labels than actions": ("many", "of y is 4, expected at most n_actions=3"),
    "mixed": ("mixed", "^Recording 1: y has labels of type object"),
    "2-D": ("2-D", "^Recording 1: y of a recording is .*, expected a sequence"),
}


def wrong_labels(case, labels):
    """Labels of six videos that are wrong in some way."""
    y, own = list(labels), labels[1]
    if case == "short":
        y[2] = y[2][:2]
    elif case == "many":
        y[1] = np.full(len(own), 8)
    elif case == "mixed":
        y[1] = ["a", *own[1:].tolist()]
    elif case == "2-D":
        y[1] = own[:, None]
    elif isinstance(case, tuple):
        kind, value = case
        y[1] = value if kind == "one" else [value] * len(own)
    else:
        return case
    return y


WRONG_TRANSCRIPTS = {
    "y None": (None, "y is None, expected transcripts"),
    "empty": ([], "^Recording 1: the transcript is empty, expected actions, or None"),
    "a number": (2, "^Recording 1: y of a recording is 2, expected a sequence"),
    "repeats": ([0, 0], r"^Recording 1: the transcript is .* that differ"),
    "unknown within": ([0, -1], "^Recording 1: the transcript has no label in place 1"),
    "longer than the video": (
        [0, 1] * 400,
        r"^Recording 1: the transcript has 800 actions, but X has \d+ frames",
    ),
    "other actions": ([8], "of y is 4, expected at most n_actions=3"),
}


class TestWrongGuidance:
    """One line that says what is expected, and nothing of the model changes."""

    def refuses(self, model, call, match):
        before, state = dict(vars(model)), joblib.hash(model)
        with pytest.raises((ValueError, TypeError), match=match) as caught:
            call()
        assert "\n" not in str(caught.value)
        assert vars(model).keys() == before.keys()
        assert all(vars(model)[name] is value for name, value in before.items())
        assert joblib.hash(model) == state

    @pytest.mark.parametrize("case", WRONG)
    def test_labels(self, guided, data, case):
        given, match = WRONG[case]
        y = wrong_labels(given, data[1])
        model = guided("mallow")
        self.refuses(model, lambda: model.fit(data[0], y), match)
        frozen = GuidedSegmenter(FrozenEstimator(model.estimator_))
        if given != "many":  # which people may say of a model that is fitted
            self.refuses(frozen, lambda: frozen.fit(data[0], y), match)

    @pytest.mark.parametrize("case", WRONG_TRANSCRIPTS)
    def test_transcripts(self, guided, data, case):
        given, match = WRONG_TRANSCRIPTS[case]
        y = given
        if given is not None:
            y = [[0, 1, 2], given, None, None, None, [2, 1]]
        model = pickle.loads(pickle.dumps(guided("mallow")))
        model.set_params(kind="transcripts")
        self.refuses(model, lambda: model.fit(data[0], y), match)

    def test_parameters_and_estimators(self, data):
        for wrong in ("label", True, 0, ["labels"], None):
            with pytest.raises(ValueError, match="kind"):
                make(kind="mallow").set_params(kind=wrong).fit(*data)
        with pytest.raises(ValueError, match="estimator"):
            GuidedSegmenter(3).fit(*data)
        with pytest.raises(TypeError, match="expected a segmenter"):
            GuidedSegmenter(KMeans(3)).fit(*data)
        with pytest.raises(NotFittedError):
            GuidedSegmenter(FrozenEstimator(MallowSegmenter(3))).fit(*data)
        narrow = [x[:, :2] for x in data[0]]
        frozen = FrozenEstimator(MallowSegmenter(3).fit(data[0]))
        with pytest.raises(ValueError, match="features"):
            GuidedSegmenter(frozen).fit(narrow, data[1])
