"""Segmenters with recordings that have names, rates and clocks."""

import copy

import joblib
import numpy as np
import pandas as pd
import pytest

from skl_tot import HMMSegmenter, SemiSupervisedSegmenter, TemporalOTSegmenter
from skl_tot.preprocessing import FrameView
from skl_tot.recordings import Recordings
from skl_tot.training.components import Adam

NAMES = list("dbcafe")
VIEWS = [FrameView()]
QUICK = {
    "max_iter": 10,
    "optimizer": Adam(frames_per_video=16, freeze_iter=0),
    "random_state": 0,
}


def hmm(**params):
    return HMMSegmenter(4, max_iter=5, **params)


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
    return TemporalOTSegmenter.paper(4, **QUICK).fit(videos)


def same(found, expected):
    assert len(found) == len(expected)
    for own, other in zip(found, expected):
        np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("method", ["predict", "log_likelihood", "similarities"])
def test_forms_of_outputs(fitted, videos, takes, table, method):
    call = getattr(fitted, method)
    expected = call(videos)
    found = call(takes)
    assert isinstance(found, Recordings)
    assert (found.names, found.fps, found.edges(1)[0]) == (NAMES, 10, 3)
    same(found, expected)
    found = call(dict(zip(NAMES, videos)))
    assert list(found) == NAMES
    same(found.values(), expected)
    found = call(table)
    assert found.index.equals(table.index)
    assert found.ndim == expected[0].ndim
    np.testing.assert_array_equal(found, np.concatenate(expected))


def test_rates_are_kept_and_compared(takes, videos):
    model = hmm().fit(takes)
    assert model.fps_ == 10
    other = Recordings(videos, NAMES, fps=25)
    for method in ("predict", "predict_proba", "score"):
        with pytest.raises(ValueError, match="resample=10"):
            getattr(model, method)(other)
    for fps in (10.005, None):
        model.predict(Recordings(videos, NAMES, fps=fps))
    assert model.fit(videos).fps_ is None
    model.predict(other)


class TestLabels:
    """What is known of recordings goes by their names."""

    def known(self, labels):
        return {name: labels[NAMES.index(name)] for name in sorted(NAMES)}

    def test_in_another_order(self, takes, table, videos, labels):
        def learn(X, y):
            return SemiSupervisedSegmenter(hmm(), views=VIEWS).fit(X, y).predict(videos)

        expected = learn(videos, labels)
        known = self.known(labels)
        same(learn(takes, known), expected)
        same(learn(takes, Recordings(list(known.values()), list(known))), expected)
        same(learn(takes, labels), expected)
        rows = pd.Series(np.concatenate(labels), table.index)
        same(learn(table, rows), expected)
        same(learn(table, rows.to_numpy()), expected)
        with pytest.raises(ValueError, match=r"another index.* y.loc\[X.ind"):
            learn(table, rows[::-1])
        with pytest.raises(TypeError, match="has names, but X lacks them"):
            learn(videos, known)

    def test_other_names(self, takes, labels, fitted):
        known = self.known(labels)
        model = copy.deepcopy(fitted)
        before = joblib.hash(model)
        for method in ("fit", "score", "partial_fit"):
            few = {name: known[name] for name in NAMES[:4]}
            for y, names in ((few, "'f', 'e'"), (known | {"g": [0]}, "'g'")):
                with pytest.raises(ValueError, match=names):
                    getattr(model, method)(takes, y)
        assert joblib.hash(model) == before
