"""Hostile values, one at a time, in calls of all that is public.

A call ends in a result, or in an error of the right kind whose message is one line;
what an estimator has learned is not changed by a call that failed.
"""

import datetime
import decimal
import pathlib

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from sklearn.base import clone

from skl_tot import datasets, decoding, io, metrics, recordings, statistics

pytestmark = pytest.mark.usefixtures("_in_a_folder")
FRAMES = np.arange(12.0).reshape(6, 2)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
PLAIN |= st.binary(max_size=3)
ODD = [
    "a\0b",
    "\ud800",
    "x" * 5000,
    10**400,
    -(2**63) - 1,
    1e300,
    1e-320,
    1j,
    object(),
    ...,
    pathlib.Path("a\0b"),
    datetime.date(2020, 1, 1),
    decimal.Decimal("NaN"),
    pd.NA,
    np.datetime64("NaT", "s"),
    [[1.0, 2.0], [1.0]],
    [None, None],
    {1, "a"},
    np.ones((2, 2, 2, 2)),
    FRAMES * 1e300,
    FRAMES * 1j,
    np.full((6, 2), np.nan),
    np.zeros((6, 2), dtype="datetime64[s]"),
    np.full(6, 2**64 - 1, dtype=np.uint64),
    np.ma.masked_greater(FRAMES, 3),
    np.ma.masked_equal([0, 1, 1], 1),
    sp.csr_array(np.eye(2)),
    np.full((6, 2), 10**400, dtype=object),
    np.zeros(6, dtype=[("a", float), ("b", "U3")]),
    pd.DataFrame({"a": [1, None], "b": ["x", "y"]}),
    pd.DataFrame(FRAMES, columns=["a", "a"]),
    pd.Series([1, pd.NA], dtype="Int64", index=[5, 7]),
    pd.Series(["a", None], dtype="category"),
]
SHAPES = npst.array_shapes(max_dims=3, max_side=6)
HOSTILE = (
    st.sampled_from(ODD)
    | npst.arrays(npst.scalar_dtypes(), SHAPES)
    | st.recursive(
        PLAIN,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(PLAIN, inner, max_size=3)
            | st.tuples(inner, inner)
        ),
        max_leaves=12,
    )
)
LABELS, PREDICTED = [[0, 0, 0, 1, 1, 1], [0, 0, 1, 1]], [[1, 1, 0, 0, 0, 0], [1] * 4]
SCORE = {"y_true": LABELS, "y_pred": PREDICTED}
SCORE |= {"scope": "all", "activities": None, "ignore_labels": None, "background": None}
STATES = {"average": "pooled", "ignore_labels": None} | SCORE
del STATES["scope"], STATES["background"]
TIMED = io.segments(["a", "a", "b"], 10, confidence=[1, 1, 0.5])
# The function and a valid call of it, of which one argument is replaced.
CALLS = [
    (metrics.match_labels, SCORE),
    (metrics.mof_score, SCORE),
    (metrics.edit_score, SCORE),
    (metrics.segment_f1_score, SCORE | {"overlap": 0.5, "average": "pooled"}),
    (metrics.adjusted_rand_score, STATES),
    (metrics.effective_actions, {"y": LABELS}),
    (metrics.segmentation_report, SCORE | {"digits": 3}),
    (io.segments, {"y": [0, 0, 1], "fps": 10, "confidence": [1, 1, 1]}),
    (io.labels_from_segments, {"table": TIMED}),
    (io.read_segments, {"path": "v.csv", "format": "csv"}),
    (io.write_segments, {"table": TIMED, "path": "out.csv", "format": "csv"}),
    (io.load_model, {"path": "no.skops", "trusted": ()}),
    (decoding.decode, {"log_likelihood": FRAMES, "decoding": "free"}),
    (decoding.path_posterior, {"log_likelihood": FRAMES, "switch_cost": 1.0}),
    (recordings.read_recordings, {"path": ["a.npy"], "transpose": False}),
    (datasets.load_action_dataset, {"root": "data", "only": "v*"}),
    (datasets.make_activities, {"n_videos": 2, "n_actions": 2, "noise": 0.1}),
    (statistics.durations, {"labels": LABELS, "fps": 10, "groups": ["a", "b"]}),
    (statistics.usual_order, {"labels": LABELS}),
]
METHODS = {
    "fit": {"X": None, "y": LABELS},
    "partial_fit": {"X": None},
    "predict": {"X": None},
    "predict_posterior": {"X": None},
    "score": {"X": None, "y": LABELS},
    "transform": {"X": None},
}
QUIET = {"derandomize": True, "database": None}
QUIET["suppress_health_check"] = list(HealthCheck)


@settings(max_examples=200, **QUIET)
@given(data=st.data())
def test_functions(attack, data):
    function, call = data.draw(st.sampled_from(CALLS))
    argument = data.draw(st.sampled_from(list(call)))
    assert attack(function, **call | {argument: data.draw(HOSTILE)}) is None


@settings(max_examples=120, **QUIET)
@given(data=st.data())
def test_methods(attack, tot, videos, data):
    model = clone(tot)
    vars(model).update(vars(tot))
    name = data.draw(st.sampled_from(list(METHODS)))
    call = METHODS[name] | {"X": videos[:2]}
    argument, value = data.draw(st.sampled_from(list(call))), data.draw(HOSTILE)
    if argument == "X" and data.draw(st.booleans()):
        value = [videos[0], value]
    call = {"X": videos[:2], argument: value}
    assert attack(getattr(model, name), unchanged=model, **call) is None


@settings(max_examples=60, **QUIET)
@given(data=st.data())
def test_settings(attack, tot, videos, data):
    model = clone(tot)
    vars(model).update(vars(tot))
    argument = data.draw(st.sampled_from(sorted(model.get_params(deep=False))))
    model.set_params(**{argument: data.draw(HOSTILE)})
    method = data.draw(st.sampled_from([model.fit, model.predict]))
    assert attack(method, videos[:2], unchanged=model) is None
