"""Fits that learn from labels or transcripts, whatever the method."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.meta.guide import N_BINS
from skl_tot.meta.guided import (
    check_guide,
    codes_of_transcripts,
    in_words,
    name_new_actions,
)
from skl_tot.methods import METHODS
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import FramewiseTransformer

QUICK = {
    "max_iter": 10,
    "freeze_iter": 2,
    "frames_per_video": 24,
    "n_steps": 5,
    "n_init": 1,
    "random_state": 0,
}
NAMES = np.array(["pour", "cut", "stir"])
# `skl_tot.methods.prototypes` has `partial_fit`.
STREAMED = ["tot", "asot"]

each_method = pytest.mark.parametrize("method", METHODS)


def make(method, **settings):
    """Make a segmenter of three actions that is fitted in no time."""
    segmenter = getattr(skl_tot, METHODS[method][0])(3)
    own = segmenter.get_params()
    quick = {name: value for name, value in QUICK.items() if name in own}
    if "segmenter" in own:
        quick["segmenter"] = make("tot", n_actions=settings.get("n_actions", 3))
    if "candidates" in own:
        quick["candidates"] = [("tot", make("tot")), ("mallow", make("mallow"))]
    return segmenter.set_params(**(quick | settings))


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
    """Every method, fitted with these labels."""
    models = {}
    for method in METHODS:
        models[method] = make(method, guidance="labels").fit(data[0], numbers)
    return models


@pytest.fixture(scope="module")
def plain(data):
    return {method: make(method).fit(data[0]) for method in METHODS}


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


@each_method
class TestLabels:
    def test_answers_in_labels(self, guided, data, numbers, method):
        model = guided[method]
        assert model.classes_.tolist() == [1, 3, 5]
        for labels in (model.labels_, model.predict(data[0])):
            assert [len(x) for x in labels] == [len(x) for x in data[0]]
            assert np.isin(np.concatenate(labels), [1, 3, 5]).all()
            assert all(x.dtype == np.intp for x in labels)
        assert 0 <= model.score(data[0]) <= 3

    def test_given_labels_stay(self, guided, numbers, method):
        for own, given in zip(guided[method].labels_, numbers):
            if given is not None:
                known = given >= 0
                np.testing.assert_array_equal(own[known], given[known])

    def test_carries_over(self, guided, data, method):
        truth = [2 * x + 1 for x in data[1]]
        right = np.concatenate(guided[method].labels_) == np.concatenate(truth)
        assert right.mean() > 0.85

    def test_words_are_numbers(self, guided, data, numbers, method):
        """The same fit, but for what labels are called, and so their order."""
        words = text_of(numbers)
        model = make(method, guidance="labels").fit(data[0], words)
        assert model.classes_.tolist() == sorted(NAMES)
        labels = model.predict(data[0])
        assert labels[0].dtype.kind == "U"
        called = dict(zip(guided[method].classes_.tolist(), NAMES.tolist()))
        expected = np.concatenate(guided[method].predict(data[0])).tolist()
        agree = np.concatenate(labels) == np.array([called[x] for x in expected])
        assert agree.mean() > 0.999  # sums have another order
        assert model.labels_[0].tolist() == words[0]

    def test_probabilities(self, guided, data, method):
        model = guided[method]
        for name in ("predict_proba", "predict_posterior"):
            for codes, video in zip(getattr(model, name)(data[0]), data[0]):
                assert codes.shape == (len(video), 3)
                np.testing.assert_allclose(codes.sum(axis=1), 1, rtol=1e-6)
        posterior = np.concatenate(model.predict_posterior(data[0]))
        likely = model.classes_[posterior.argmax(axis=1)]
        assert np.mean(likely == np.concatenate(model.predict(data[0]))) > 0.9

    def test_fewer_labels_than_actions(self, data, method):
        """Columns are as many as labels where no action is new."""
        given = [np.where(x == 2, 1, x) for x in data[1]]
        model = make(method, guidance="labels").fit(data[0], given)
        assert model.classes_.tolist() == [0, 1]
        assert model.predict_proba(data[0][0]).shape[1] == 2
        assert_same(model.labels_, given)

    def test_forms(self, guided, data, method):
        model, video = guided[method], data[0][0]
        alone = model.predict(video)
        np.testing.assert_array_equal(alone, model.predict([video])[0])
        equal = np.stack([x[:30] for x in data[0]])
        given = np.stack([x[:30] for x in data[1]])
        given[2:] = -1
        stacked = make(method, guidance="labels").fit(equal, given)
        assert stacked.labels_.shape == (6, 30)
        listed = make(method, guidance="labels").fit(list(equal), list(given))
        assert_same(stacked.labels_, listed.labels_)

    def test_one_video(self, data, method):
        given = np.where(np.arange(len(data[1][0])) % 7, -1, data[1][0])
        model = make(method, guidance="labels").fit(data[0][0], given)
        assert model.labels_.shape == given.shape
        known = given >= 0
        np.testing.assert_array_equal(model.labels_[known], given[known])
        words = np.append(NAMES, "")[given]
        model.fit(data[0][0], words)
        assert set(model.predict(data[0][0])) <= set(NAMES)

    def test_without_labels_of_the_fit(self, data, numbers, method):
        model = make(method, guidance="labels", compute_labels=False)
        found = model.fit_predict(data[0], numbers)
        assert not hasattr(model, "labels_")
        assert np.isin(np.concatenate(found), [1, 3, 5]).all()

    def test_background(self, data, numbers, method):
        model = make(method, guidance="labels", background_percentile=40)
        model.fit(data[0], numbers)
        found = np.concatenate(model.predict(data[0]))
        assert np.isin(found, [-1, 1, 3, 5]).all()
        assert 0.05 < (found == -1).mean() < 0.9
        assert_same(model.labels_[:1], numbers[:1])
        model.fit(data[0], text_of(numbers))
        assert "background" in np.concatenate(model.predict(data[0]))

    @pytest.mark.parametrize("n_features", [1, 3])
    def test_small_problems(self, method, n_features):
        rng = np.random.default_rng(0)
        videos = [rng.normal(size=(n, n_features)) for n in (3, 4, 12)]
        given = [[0, 1, 2], None, None]
        model = make(method, guidance="labels").fit(videos, given)
        assert model.predict(videos[0][:1]).shape == (1,)
        model = make(method, n_actions=1, guidance="labels")
        model.fit(videos, [[-1, 7, -1], None, None])
        assert model.predict(videos[0]).tolist() == [7] * 3


@each_method
class TestItsOwnPredictions:
    def test_change_little(self, plain, data, method):
        """A guide of all labels finds them again, but for a few at boundaries."""
        model = plain[method]
        own = model.predict(data[0])
        again = clone(model).set_params(guidance="labels").fit(data[0], own)
        assert_same(again.labels_, own)
        changed = np.concatenate(again.predict(data[0])) != np.concatenate(own)
        assert changed.mean() <= 0.02

    def test_guide_after_a_fit(self, plain, data, numbers, method):
        model = pickle.loads(pickle.dumps(plain[method]))
        trained = joblib.hash(model.get_params())
        model.guide(data[0], numbers)
        assert joblib.hash(model.get_params()) == trained
        assert model.classes_.tolist() == [1, 3, 5]
        assert_same(model.labels_[:2], numbers[:2])
        assert np.isin(np.concatenate(model.predict(data[0])), [1, 3, 5]).all()
        # again, with other names
        model.guide(data[0][:3], text_of(numbers)[:3])
        assert model.classes_.tolist() == sorted(NAMES)
        assert len(model.labels_) == 3

    def test_a_model_of_before(self, plain, data, numbers, method):
        """It has nothing that says that there is no guide."""
        model = pickle.loads(pickle.dumps(plain[method]))
        del model.guide_
        assert_same(model.predict(data[0]), plain[method].predict(data[0]))
        assert model.guide(data[0], numbers).classes_.tolist() == [1, 3, 5]

    def test_guide_equals_a_guided_fit(self, guided, plain, data, numbers, method):
        model = pickle.loads(pickle.dumps(plain[method])).guide(data[0], numbers)
        for name, values in guided[method].guide_.items():
            if method != "frank-wolfe":  # whose fit labels with more than `predict`
                np.testing.assert_allclose(model.guide_[name], values, atol=1e-6)

    def test_unguided_again(self, guided, plain, data, numbers, method):
        """As a fresh fit, bit for bit; labels that are handed on are not read."""
        model = pickle.loads(pickle.dumps(guided[method]))
        model.set_params(guidance=None).fit(data[0], data[1])
        assert not hasattr(model, "classes_")
        assert model.guide_ is None
        assert_same(model.labels_, plain[method].labels_)
        for own, other in zip(
            model.log_likelihood(data[0]), plain[method].log_likelihood(data[0])
        ):
            np.testing.assert_array_equal(own, other)
        assert vars(model).keys() == vars(plain[method]).keys()


@each_method
class TestNewActions:
    def test_found(self, method):
        """Two of three actions are labelled; that of 2 in no labelled video."""
        rng = np.random.default_rng(0)
        orders = [[0, 1], [0, 1], *[[0, 1, 2]] * 6]
        truth = [np.repeat(x, rng.integers(20, 24, len(x))) for x in orders]
        centres = 8 * np.eye(3, 4)
        videos = [centres[x] + rng.normal(size=(len(x), 4)) for x in truth]
        given = [truth[0], truth[1], *[None] * 6]
        settings = {}
        if method == "auto":
            settings = {"candidates": [("mallow", make("mallow"))]}
        model = make(method, guidance="labels", **settings).fit(videos, given)
        assert set(model.classes_.tolist()) in ({0, 1}, {0, 1, 2})
        assert_same(model.labels_[:2], given[:2])
        if method in ("mallow", "hmm", "auto"):  # whose few steps are enough
            assert model.classes_.tolist() == [0, 1, 2]
            assert mof_score(truth, model.labels_) > 0.9
            words = [np.array(["a", "b"])[x] for x in given[:2]] + [None] * 6
            model.fit(videos, words)
            assert model.classes_.tolist() == ["a", "b", "action 1"]
            assert model.predict_proba(videos[3]).shape[1] == 3


@each_method
class TestTranscripts:
    def test_fit(self, data, method):
        orders = orders_of(data[1])
        given = [*orders[:4], None, None]
        model = make(method, guidance="transcripts").fit(data[0], given)
        assert model.classes_.tolist() == [0, 1, 2]
        for path, order in zip(model.labels_[:4], orders):
            np.testing.assert_array_equal(*orders_of([path]), order)
        assert np.isin(np.concatenate(model.predict(data[0])), [0, 1, 2]).all()
        words = [None if x is None else NAMES[x].tolist() for x in given]
        model.fit(data[0], words)
        assert model.classes_.tolist() == sorted(NAMES)

    def test_one_video(self, data, method):
        model = make(method, guidance="transcripts").fit(data[0][0], ["b", "a"])
        assert model.classes_.tolist() == ["a", "b"]
        path = model.labels_
        assert path[0] == "b"
        assert (path[1:] != path[:-1]).sum() == 1

    def test_predict_along_labels(self, guided, data, method):
        model = guided[method]
        found = model.predict(data[0][:2], transcripts=[[5, 1, 5], np.array([3])])
        assert orders_of(found)[0].tolist() == [5, 1, 5]
        assert set(found[1]) == {3}
        alone = model.predict(data[0][0], transcripts=[5, 1, 5])
        np.testing.assert_array_equal(alone, found[0])


@each_method
class TestFiles:
    def test_models(self, guided, data, method, tmp_path):
        model = guided[method]
        save_model(model, tmp_path / "model.skops")
        for loaded in (
            load_model(tmp_path / "model.skops"),
            pickle.loads(pickle.dumps(model)),
        ):
            assert_same(loaded.predict(data[0]), model.predict(data[0]))
            assert loaded.classes_.tolist() == model.classes_.tolist()
            for name, values in model.guide_.items():
                np.testing.assert_array_equal(loaded.guide_[name], values)

    def test_words(self, plain, data, numbers, method, tmp_path):
        model = pickle.loads(pickle.dumps(plain[method]))
        model.guide(data[0], text_of(numbers))
        save_model(model, tmp_path / "model.skops")
        loaded = load_model(tmp_path / "model.skops")
        assert_same(loaded.predict(data[0]), model.predict(data[0]))

    def test_clones_and_parameters(self, guided, method):
        again = clone(guided[method])
        assert again.get_params()["guidance"] == "labels"
        assert not hasattr(again, "classes_")
        assert "guidance='labels'" in repr(again)
        default = getattr(skl_tot, METHODS[method][0])()
        assert default.get_params()["guidance"] is None

    def test_wrong_parameter(self, data, method):
        for wrong in ("label", True, 0, ["labels"]):
            with pytest.raises(ValueError, match="guidance"):
                make(method, guidance=wrong).fit(data[0], data[1])

    def test_changed_files_are_refused(self, guided, method, tmp_path):
        model = copy.deepcopy(guided[method])
        model.guide_["times"] = model.guide_["times"][:, :2]
        save_model(model, tmp_path / "model.skops")
        with pytest.raises(ValueError, match="guide_"):
            load_model(tmp_path / "model.skops")


@each_method
def test_in_a_pipeline_and_a_search(data, method):
    scaler = FramewiseTransformer(StandardScaler())
    model = make_pipeline(scaler, make(method, guidance="labels"))
    given = [x + 4 for x in data[1]]
    model.fit(data[0], given)
    assert np.isin(np.concatenate(model.predict(data[0])), [4, 5, 6]).all()
    assert_same(model[-1].labels_, given)
    if method == "mallow":
        name = model.steps[-1][0]
        search = GridSearchCV(
            model,
            {f"{name}__context": [None, 3]},
            scoring=lambda own, X, y: mof_score(y, own.predict(X)),
            cv=KFold(2),
            error_score="raise",
        ).fit(data[0], given)
        assert search.best_score_ > 0.5


@pytest.mark.parametrize("method", STREAMED)
class TestStreams:
    def test_batches(self, data, numbers, method):
        model = make(method, guidance="labels")
        model.partial_fit(data[0][:3], numbers[:3])
        assert model.classes_.tolist() == [1, 3, 5]
        assert_same(model.labels_[:2], numbers[:2])
        model.partial_fit(data[0][3:], [2 * x + 1 for x in data[1][3:]])
        assert len(model.labels_) == 3
        assert np.isin(np.concatenate(model.predict(data[0])), [1, 3, 5]).all()

    def test_guidance_comes_and_goes(self, data, numbers, method):
        model = make(method).partial_fit(data[0][:3])
        model.set_params(guidance="labels").partial_fit(data[0], numbers)
        assert model.classes_.tolist() == [1, 3, 5]
        model.set_params(guidance=None).partial_fit(data[0])
        assert not hasattr(model, "classes_")
        assert np.isin(np.concatenate(model.predict(data[0])), [0, 1, 2]).all()

    def test_background(self, data, numbers, method):
        model = make(method, guidance="labels", background_percentile=40)
        model.partial_fit(data[0], numbers)
        two = [np.where(x == 2, 1, x) for x in data[1]]
        model.partial_fit(data[0], two)
        assert model.background_["means"].shape[0] == 2
        assert np.isin(np.concatenate(model.predict(data[0])), [-1, 0, 1]).all()
        model.set_params(guidance=None).partial_fit(data[0])
        assert model.background_["means"].shape[0] == 3
        assert np.isin(np.concatenate(model.predict(data[0])), [-1, 0, 1, 2]).all()


def test_numbers_that_are_searched_for(data):
    """There may be more labels than the number of clusters that is found."""
    candidates = [("mallow", make("mallow"))]
    model = make("auto", candidates=candidates, guidance="labels", n_actions=[2, 5])
    given = [np.arange(len(x)) * 5 // len(x) for x in data[0][:2]] + [None] * 4
    model.fit(data[0], given)
    assert model.classes_.tolist()[:5] == [0, 1, 2, 3, 4]
    assert len(model.classes_) <= 5
    assert_same(model.labels_[:2], given[:2])
    model.predict(data[0])


WRONG = {
    "y None": (None, "y is None, expected labels"),
    "dict": ({0: [0]}, "y is a dict of names, but X has none; expected a sequence"),
    "text": ("abc", "y is a str, expected a sequence"),
    "number": (3, "y is a int, expected a sequence"),
    "set": ({1, 2}, "y is a set, expected a sequence"),
    "array of one": (np.array(3), "y is a ndarray, expected a sequence"),
    "generator": ((x for x in [1]), "y is a generator, expected a sequence"),
    "too few videos": ([[0]], "y is of 1 videos, expected 6"),
    "flat": ([0, 1, 2, 0, 1, 2], "^Video 0: y has 0 for a video, expected a sequence"),
    "all None": ([None] * 6, "no known label, expected some"),
    "one short": ("short", r"^Video 2: y has 2 labels, X has \d+ frames"),
    "one of a dict": (("one", {}), "^Video 1: y has {} for a video, expected"),
    "one of text": (("one", "ab"), "^Video 1: y has 'ab' for a video, expected"),
    "one of a number": (("one", 7), "^Video 1: y has 7 for a video, expected"),
    "one of floats": (("fill", 0.5), "^Video 1: y has labels of type float64"),
    "one of infinity": (("fill", np.inf), "^Video 1: y has labels of type float64"),
    "one of text and one of numbers": (("fill", "a"), "text in some videos and int"),
    "negative": (("fill", -2), "^Video 1: y has the label -2, expected integers from"),
    "all unknown": ("unknown", "no known label, expected some"),
    "more labels than actions": ("many", "has 4 labels, expected at most n_actions=3"),
    "mixed": ("mixed", "^Video 1: y has labels of type object"),
    "2-D": ("2-D", "^Video 1: y has .* for a video, expected a sequence"),
}


def wrong_labels(case, labels):
    """Labels of six videos that are wrong in some way."""
    y, own = list(labels), labels[1]
    if case == "short":
        y[2] = y[2][:2]
    elif case == "unknown":
        y = [np.full(len(x), -1) for x in y]
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
    "empty": ([], "^Video 1: the transcript is empty, expected actions, or None"),
    "a number": (2, "^Video 1: y has 2 for a video, expected a sequence"),
    "text": ("ab", "^Video 1: y has 'ab' for a video, expected a sequence"),
    "repeats": ([0, 0], "^Video 1: the transcript has 0 twice in a row, expected"),
    "unknown within": ([0, -1], "^Video 1: the transcript has no label in place 1"),
    "longer than the video": (
        [0, 1] * 400,
        r"^Video 1: the transcript has 800 actions, but X has \d+ frames",
    ),
    "other actions": ([8], "has 4 labels, expected at most n_actions=3"),
    "words": (["a"], "text in some videos and integers in others"),
}

WRONG_IN_PREDICT = {
    "unknown word": (
        [[1, 5], [1, 2]],
        "^Video 1: the transcript has 2, expected labels",
    ),
    "text": ([[1, 5], ["a"]], "transcripts has text in some videos and integers"),
    "only text": ([["a"], ["b"]], "^Video 0: the transcript has 'a', expected labels"),
    "empty": ([[1], []], "^Video 1: the transcript is empty, expected labels of"),
    "nothing": ([], "transcripts is empty, expected the actions of each video"),
    "too few": ([[1, 3]], "has 1 sequences, expected 2"),
    "a number": (3, "transcripts is a int, expected one sequence"),
    "a dict": ({0: [1]}, "transcripts is a dict of names, but X has none"),
    "a str": ("pour", "transcripts is a str, expected one sequence"),
    "None": ([[1], None], r"transcripts\[1\] has 0 dimensions, expected 1"),
    "floats": ([[1], [0.5]], r"transcripts\[1\] has labels of type float64"),
    "background": ([[1], [-1]], "^Video 1: the transcript has -1, expected labels"),
    "code": ([[1], [0]], r"^Video 1: .* has 0, expected labels of \[1, 3, 5\]"),
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

    @pytest.mark.parametrize("method", ["mallow", "tot", "auto"])
    @pytest.mark.parametrize("case", WRONG)
    def test_labels(self, guided, data, method, case):
        given, match = WRONG[case]
        y = wrong_labels(given, data[1])
        model = guided[method]
        self.refuses(model, lambda: model.fit(data[0], y), match)
        self.refuses(model, lambda: model.guide(data[0], y), match)
        self.refuses(model, lambda: model.fit_predict(data[0], y), match)
        if method in STREAMED:
            self.refuses(model, lambda: model.partial_fit(data[0], y), match)

    @pytest.mark.parametrize("case", WRONG_TRANSCRIPTS)
    def test_transcripts(self, guided, data, case):
        given, match = WRONG_TRANSCRIPTS[case]
        y = given
        if given is not None:
            y = [[0, 1, 2], given, None, None, None, [2, 1]]
        model = pickle.loads(pickle.dumps(guided["mallow"]))
        model.set_params(guidance="transcripts")
        self.refuses(model, lambda: model.fit(data[0], y), match)
        self.refuses(model, lambda: model.guide(data[0], y), match)

    @pytest.mark.parametrize("case", WRONG_IN_PREDICT)
    def test_in_predict(self, guided, data, case):
        given, match = WRONG_IN_PREDICT[case]
        model = guided["mallow"]
        self.refuses(
            model, lambda: model.predict(data[0][:2], transcripts=given), match
        )

    def test_of_one_video(self, guided, data):
        model, video = guided["mallow"], data[0][0]
        n_frames = len(video)
        for y, match in [
            ([0, 1], f"^y has 2 labels, X has {n_frames} frames"),
            ([data[1][0]], "^y has .* for a video, expected a sequence"),
            (dict.fromkeys(range(n_frames), 0), "^y is a dict of names.* a sequence"),
            ("a" * n_frames, "^y has .* expected a sequence"),
            (None, "y is None"),
        ]:
            self.refuses(model, lambda y=y: model.fit(video, y), match)

    def test_frames_of_another_width(self, guided, data):
        model = guided["mallow"]
        narrow = [x[:, :2] for x in data[0]]
        self.refuses(model, lambda: model.guide(narrow, data[1]), "features")

    def test_before_a_fit(self, data):
        with pytest.raises(NotFittedError):
            make("mallow").guide(data[0], data[1])


class TestContentsOfFiles:
    """What no fit leaves."""

    @pytest.fixture
    def state(self, guided):
        model = guided["mallow"]
        return dict(model.guide_), model.classes_.copy()

    def check(self, guide, classes):
        check_guide(guide, classes, 3, 5)

    def test_that_of_a_fit(self, state):
        self.check(*state)
        self.check(state[0], np.array(["a", "b", "c"]))
        self.check(None, None)

    @pytest.mark.parametrize(
        "classes",
        [
            None,
            [1, 3, 5],
            np.array([1.0, 3.0, 5.0]),
            np.array([1, 3, 5], object),
            np.array([1, 3, 3]),
            np.array([[1, 3, 5]]),
            np.array([1, 3]),
            np.array([], int),
            np.array(3),
        ],
        ids=repr,
    )
    def test_classes(self, state, classes):
        with pytest.raises(ValueError, match=r"classes_|guide_"):
            self.check(state[0], classes)

    @pytest.mark.parametrize(
        "name", ["ratios", "times", "moves", "starts", "center", "scalings", "means"]
    )
    def test_values(self, state, name):
        guide, classes = state
        values = guide[name]
        wrong = [None, values.tolist(), values[:-1], values[None], values * np.nan]
        if name == "ratios":
            wrong[2] = values[:, :-1]
        for own in wrong:
            with pytest.raises(ValueError, match="guide_"):
                self.check(guide | {name: own}, classes)
        del guide[name]
        with pytest.raises(ValueError, match=name):
            self.check(guide, classes)

    def test_no_logarithms(self, state):
        guide, classes = state
        for name in ("moves", "starts"):
            with pytest.raises(ValueError, match=f"{name}.*above 0"):
                self.check(guide | {name: guide[name] + 3}, classes)

    @pytest.mark.parametrize("guide", [[], "guide", 3, {}])
    def test_no_guide(self, state, guide):
        with pytest.raises(ValueError, match="guide_"):
            self.check(guide, state[1])

    def test_shapes_of_a_fit(self, state):
        guide, _ = state
        assert guide["times"].shape == (N_BINS, 3)
        assert guide["ratios"].shape == (1, 3, 3)


class TestWords:
    def test_names_of_new_actions(self):
        assert name_new_actions(np.array([3]), 3).tolist() == [3, 4, 5]
        names = name_new_actions(np.array(["action 2", "b"]), 4)
        assert names.tolist() == ["action 2", "b", "action 1", "action 3"]
        assert name_new_actions(np.array(["b"]), 1).tolist() == ["b"]

    def test_background(self):
        paths = [np.array([0, -1, 1])]
        assert in_words(paths, np.array([4, 9]))[0].tolist() == [4, -1, 9]
        words = in_words(paths, np.array(["a", "b"]))[0]
        assert words.tolist() == ["a", "background", "b"]

    def test_codes_of_transcripts(self):
        classes = np.array(["a", "b"])
        for given in (["b", "a"], [["b", "a"]], np.array(["b", "a"])):
            assert codes_of_transcripts(given, classes, "single") == [[1, 0]]
        found = codes_of_transcripts([["b"], ["a", "b"]], classes, "list")
        assert found == [[1], [0, 1]]
