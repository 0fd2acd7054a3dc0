"""Segmenters with recordings that have names, rates and clocks."""

import copy

import joblib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.model_selection import GridSearchCV, cross_val_predict

from skl_tot import GuidedSegmenter, HMMSegmenter, TemporalOTSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import merge, most_informative, rename
from skl_tot.methods.temporal_ot import PAPER
from skl_tot.metrics import mof_score, mof_scorer
from skl_tot.recordings import Recordings, RecordingValueError
from skl_tot.recordings.files import open_arrays
from skl_tot.training.components import Adam

NAMES = list("dbcafe")
QUICK = PAPER | {
    "max_iter": 10,
    "optimizer": Adam(frames_per_video=16, freeze_iter=0),
    "random_state": 0,
}


def hmm(**params):
    return HMMSegmenter(4, max_iter=5, **params)


def tot(**params):
    return TemporalOTSegmenter(4, **QUICK | params)


@pytest.fixture(scope="module")
def videos(activity):
    return activity[0]


@pytest.fixture(scope="module")
def labels(activity):
    return activity[1]


@pytest.fixture(scope="module")
def takes(videos):
    times = [3 + np.arange(len(video)) / 10 for video in videos]
    return Recordings(videos, NAMES, fps=10, times=times)


@pytest.fixture(scope="module")
def table(videos):
    return pd.concat([pd.DataFrame(video) for video in videos], keys=NAMES)


@pytest.fixture(scope="module")
def fitted(videos):
    return tot().fit(videos)


def same(found, expected):
    assert len(found) == len(expected)
    for own, other in zip(found, expected):
        np.testing.assert_array_equal(own, other)


class TestForms:
    METHODS = (
        "predict",
        "predict_proba",
        "predict_posterior",
        "log_likelihood",
        "transform",
        "pseudo_labels",
        "similarities",
    )

    @pytest.mark.parametrize("method", METHODS)
    def test_outputs(self, fitted, videos, takes, table, method):
        call = getattr(fitted, method)
        expected = call(videos)
        found = call(takes)
        assert isinstance(found, Recordings)
        assert found.names == NAMES
        assert found.fps == 10
        assert found.edges(1)[0] == 3
        same(found, expected)
        found = call(dict(zip(NAMES, videos)))
        assert list(found) == NAMES
        same(found.values(), expected)
        found = call(table)
        assert found.index.equals(table.index)
        assert found.ndim == expected[0].ndim
        np.testing.assert_array_equal(found, np.concatenate(expected))

    def test_rows_in_another_order(self, fitted, table, videos):
        rng = np.random.default_rng(0)
        places = rng.permutation(np.repeat(range(6), list(map(len, videos))))
        order = np.empty(len(places), int)  # mixed, but forwards in each recording
        order[np.argsort(places, kind="stable")] = np.arange(len(places))
        mixed = table.iloc[order]
        found = fitted.predict(mixed)
        assert found.index.equals(mixed.index)
        pd.testing.assert_series_equal(found.loc[table.index], fitted.predict(table))

    @pytest.mark.parametrize("make", [hmm, tot, lambda: MallowSegmenter(4)])
    def test_labels_of_the_fit(self, videos, takes, table, make):
        expected = make().fit(videos).labels_
        found = make().fit_predict(takes)
        assert isinstance(found, Recordings)
        same(found, expected)
        labels = make().fit(takes).labels_
        assert type(labels) is dict
        assert list(labels) == NAMES
        same(labels.values(), expected)
        found = make().fit_predict(table)
        assert found.index.equals(table.index)
        np.testing.assert_array_equal(found, np.concatenate(expected))

    def test_files_are_read_as_they_are_asked_for(self, tmp_path, takes):
        for name, video in takes.items():
            np.save(tmp_path / f"{name}.npy", video)
        files = open_arrays([tmp_path / f"{name}.npy" for name in NAMES])
        lazy = Recordings(files, NAMES, fps=10)
        same(hmm().fit(lazy).predict(lazy), hmm().fit(takes).predict(takes))
        (tmp_path / "c.npy").unlink()
        with pytest.raises(RecordingValueError, match=r"^c: .*c\.npy cannot be read"):
            hmm().fit(lazy)
        np.save(tmp_path / "c.npy", takes["c"])
        spoiled = np.full_like(takes["a"], np.nan)
        np.save(tmp_path / "a.npy", spoiled)
        with pytest.raises(
            RecordingValueError, match=r"^a: Input X contains NaN in frame 0"
        ):
            hmm().fit(lazy)

    def test_xarray(self, videos, fitted):
        model = hmm().fit(videos)
        arrays = [xr.DataArray(video, dims=("time", "feature")) for video in videos]
        found = hmm().fit(arrays).predict(arrays)
        same(found, model.predict(videos))
        assert isinstance(hmm().fit(arrays[0]).labels_, np.ndarray)
        named = dict(zip(NAMES, arrays))
        assert list(hmm().fit(named).predict(named)) == NAMES

    def test_corrections(self, takes):
        model = hmm().fit(takes)
        before = model.labels_
        words = np.array(["take", "pour", "fill", "wait"])
        model = rename(model, words)
        assert list(model.labels_) == NAMES
        for name, own in before.items():
            np.testing.assert_array_equal(model.labels_[name], words[own])
        model = merge(model, ["pour", "fill"])
        expected = np.where(words[before["f"]] == "fill", "pour", words[before["f"]])
        np.testing.assert_array_equal(model.labels_["f"], expected)


class TestRates:
    def at(self, takes, fps):
        return Recordings(list(takes), NAMES, fps=fps)

    def test_are_kept_and_compared(self, takes, videos):
        model = hmm().fit(takes)
        assert model.fps_ == 10
        text = r"X has 25 frames per second, .* fitted to 10; .*resample=10"
        for method in ("predict", "predict_proba", "score"):
            with pytest.raises(ValueError, match=text):
                getattr(model, method)(self.at(takes, 25))
        with pytest.raises(ValueError, match=text):
            most_informative(model, self.at(takes, 25))
        model.predict(self.at(takes, 10.005))
        model.predict(self.at(takes, None))
        model.predict(videos)
        assert model.fit(videos).fps_ is None
        model.predict(self.at(takes, 25))
        assert model.fps_ is None

    def test_of_a_stream(self, takes, videos):
        model = tot().partial_fit(videos)
        assert model.fps_ is None
        assert model.partial_fit(takes).fps_ == 10
        assert model.partial_fit(videos).fps_ == 10
        before = model.prototypes_
        with pytest.raises(ValueError, match="X has 25 frames per second"):
            model.partial_fit(self.at(takes, 25))
        assert model.prototypes_ is before


class TestLabels:
    """What is known of recordings goes by their names."""

    def known(self, labels):
        return {name: labels[NAMES.index(name)] for name in sorted(NAMES)}

    @pytest.mark.parametrize("make", [tot, hmm])
    def test_in_another_order(self, takes, table, videos, labels, make):
        def learn(X, y):
            return GuidedSegmenter(make()).fit(X, y).predict(videos)

        expected = learn(videos, labels)
        known = self.known(labels)
        same(learn(takes, known), expected)
        same(learn(dict(takes.items()), known), expected)
        same(learn(takes, Recordings(list(known.values()), list(known))), expected)
        same(learn(takes, labels), expected)
        rows = pd.Series(np.concatenate(labels), table.index)
        same(learn(table, rows), expected)
        same(learn(table, rows.to_numpy()), expected)

    def test_transcripts(self, takes, videos, fitted):
        transcripts = {name: [k % 4, (k + 1) % 4] for k, name in enumerate(NAMES)}
        turned = dict(reversed(transcripts.items()))
        expected = fitted.predict(videos, transcripts=list(transcripts.values()))
        same(fitted.predict(takes, transcripts=turned), expected)
        model = GuidedSegmenter(hmm(), kind="transcripts").fit(takes, turned)
        first = [own[0] for own in model.labels_.values()]
        assert first == [k % 4 for k in range(6)]

    @pytest.mark.parametrize("method", ["fit", "score", "partial_fit"])
    def test_other_names(self, takes, labels, fitted, method):
        known = self.known(labels)
        model = copy.deepcopy(fitted)
        before = joblib.hash(model)
        for y, text in (
            (
                {name: known[name] for name in NAMES[:4]},
                "y has no 'f', 'e', which X has",
            ),
            (known | {"g": [0]}, "y has 'g', which X has not"),
        ):
            with pytest.raises(ValueError, match=text):
                getattr(model, method)(takes, y)
        assert joblib.hash(model) == before

    def test_of_other_numbers(self, takes, labels):
        known = self.known(labels) | {"a": [0, 1]}
        with pytest.raises(RecordingValueError, match=r"^a: y has 2 labels, X has"):
            hmm().fit(takes, known)
        with pytest.raises(RecordingValueError, match=r"^a: y has 2 labels, X has"):
            GuidedSegmenter(hmm()).fit(takes, known)


class TestScores:
    def test_go_by_name(self, fitted, takes, videos, labels):
        expected = mof_score(labels, fitted.predict(videos))
        assert 0 < expected < 1
        found = fitted.predict(takes)
        turned = dict(reversed(list(takes.replace(labels).items())))
        assert mof_score(turned, found) == expected
        assert mof_score(takes.replace(labels), dict(found.items())) == expected
        assert mof_score(labels, found) == expected
        assert mof_score(turned, dict(reversed(list(found.items())))) == expected
        assert mof_scorer(fitted, takes, turned) == expected
        del turned["a"]
        with pytest.raises(ValueError, match="y_pred has 'a', which y_true has not"):
            mof_score(turned, found)

    def test_of_tables(self, fitted, table, labels):
        y = pd.Series(np.concatenate(labels), table.index)
        found = fitted.predict(table)
        expected = mof_score(labels, fitted.predict(list(split(table))))
        assert mof_score(y, found) == expected
        assert mof_scorer(fitted, table, y) == expected
        assert mof_score(dict(zip(NAMES, labels)), found) == expected
        with pytest.raises(ValueError, match="y_pred has another index than y_true"):
            mof_score(y, found.iloc[::-1])


def split(table):
    return [table.loc[name].to_numpy() for name in NAMES]


class TestSearches:
    def test_grid_search(self, takes, videos, labels):
        grid = {"switch_cost": [0.1, 5.0]}
        options = {"cv": 3, "scoring": mof_scorer, "error_score": "raise"}
        model = hmm(decoding="free")
        expected = GridSearchCV(model, grid, **options).fit(videos, labels)
        found = GridSearchCV(model, grid, **options).fit(takes, takes.replace(labels))
        np.testing.assert_array_equal(
            found.cv_results_["mean_test_score"],
            expected.cv_results_["mean_test_score"],
        )
        assert found.best_estimator_.fps_ == 10
        assert found.predict(takes).names == NAMES
        GridSearchCV(model, grid, cv=3, error_score="raise").fit(takes)

    def test_cross_val_predict(self, takes, videos):
        found = cross_val_predict(hmm(), takes, cv=3)
        assert isinstance(found, Recordings)
        assert found.names == NAMES
        assert found.edges(0)[0] == 3
        expected = []
        for k in (0, 2, 4):
            others = [*videos[:k], *videos[k + 2 :]]
            expected += hmm().fit(others).predict(videos[k : k + 2])
        same(found, expected)

    def test_concatenate(self, takes):
        joined = np.concatenate([takes[:2], takes[2:]])
        assert joined.names == NAMES
        same(joined, takes)
        same(joined.times, takes.times)
        with pytest.raises(ValueError, match="other rates or clocks than the first"):
            np.concatenate([takes[:2], Recordings(list(takes[2:]), NAMES[2:], fps=9)])
        with pytest.raises(ValueError, match="'d' twice"):
            np.concatenate([takes, takes])
        with pytest.raises(TypeError):
            np.concatenate([takes, [1]])
        with pytest.raises(TypeError):
            np.vstack([takes, takes])
