"""Hostile values, one at a time, in calls of all that is public.

A call ends in a result, or in an error of the right kind whose message is one line;
what an estimator has learned is not changed by a call that failed.
"""

import datetime
import decimal
import fractions
import itertools
import pathlib

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from skl_tot import (
    PseudoLabelDisplay,
    SegmentationDisplay,
    datasets,
    decoding,
    io,
    metrics,
    preprocessing,
    recordings,
)
from skl_tot.app import report

pytestmark = pytest.mark.usefixtures("_in_a_folder")

FRAMES = np.arange(12.0).reshape(6, 2)


class Odd:
    """Says that it is long, and has nothing."""

    def __len__(self):
        return 3

    def __getitem__(self, key):
        raise IndexError(key)


def nested(depth):
    value = 1.0
    for _ in range(depth):
        value = [value]
    return value


def objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


# Functions, as a generator can be used but once.
SCALARS = {
    "None": lambda: None,
    "true": lambda: True,
    "text": lambda: "text",
    "no text": lambda: "",
    "null byte": lambda: "a\0b",
    "line break": lambda: "a\nb",
    "escape": lambda: "\x1b[31m",
    "surrogate": lambda: "\ud800",
    "long text": lambda: "x" * 5000,
    "bytes": lambda: b"\xff\x00",
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-inf": lambda: float("-inf"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "-0.5": lambda: -0.5,
    "1e300": lambda: 1e300,
    "1e-320": lambda: 1e-320,
    "2**63": lambda: 2**63,
    "-2**63-1": lambda: -(2**63) - 1,
    "10**400": lambda: 10**400,
    "complex": lambda: 1j,
    "numpy nan": lambda: np.float32("nan"),
    "date": lambda: datetime.date(2020, 1, 1),
    "not a time": lambda: np.datetime64("NaT", "s"),
    "NA": lambda: pd.NA,
    "decimal": lambda: decimal.Decimal("NaN"),
    "fraction": lambda: fractions.Fraction(1, 3),
    "object": lambda: object(),
    "class": lambda: int,
    "function": lambda: len,
    "ellipsis": lambda: ...,
    "odd": Odd,
    "path": lambda: pathlib.Path("a\0b"),
    "slice": lambda: slice(None),
}
CONTAINERS = {
    "empty list": lambda: [],
    "empty tuple": lambda: (),
    "empty dict": lambda: {},
    "empty set": lambda: set(),
    "dict": lambda: {"a": 1, 2: None},
    "set": lambda: {1, "a"},
    "generator": lambda: (x for x in [1, 2]),
    "ragged": lambda: [[1.0, 2.0], [1.0]],
    "ragged deep": lambda: [[[1], 2], [[3, 4]]],
    "mixed": lambda: [1, "a", None, 2.5],
    "list of None": lambda: [None, None],
    "large": lambda: [2**63, 2**70],
    "larger": lambda: [10**400, 1],
    "nested": lambda: nested(200),
    "range": lambda: range(3),
    "memory": lambda: memoryview(b"abc"),
}
ARRAYS = {
    "scalar array": lambda: np.array(1.0),
    "empty array": lambda: np.array([]),
    "no frames": lambda: np.empty((0, 2)),
    "no features": lambda: np.empty((3, 0)),
    "4-D": lambda: np.ones((2, 2, 2, 2)),
    "nans": lambda: np.full((6, 2), np.nan),
    "infinite": lambda: np.full((6, 2), np.inf),
    "1e300s": lambda: FRAMES * 1e300,
    "1e154s": lambda: FRAMES * 1e154,
    "tiny": lambda: FRAMES * 1e-310,
    "constant": lambda: np.zeros((6, 2)),
    "complex array": lambda: FRAMES * 1j,
    "dates": lambda: np.zeros((6, 2), dtype="datetime64[s]"),
    "durations": lambda: np.zeros(6, dtype="timedelta64[s]"),
    "largest": lambda: np.full((6, 2), 2**64 - 1, dtype=np.uint64),
    "largest labels": lambda: np.full(6, 2**64 - 1, dtype=np.uint64),
    "half": lambda: FRAMES.astype(np.float16),
    "long double": lambda: FRAMES.astype(np.longdouble) * np.longdouble("1e4000"),
    "booleans": lambda: FRAMES > 3,
    "words": lambda: np.full((6, 2), "walk"),
    "strings": lambda: np.array(["a", "b\nc"], dtype=np.dtypes.StringDType()),
    "masked": lambda: np.ma.masked_greater(FRAMES, 3),
    "masked labels": lambda: np.ma.masked_equal([0, 1, 1], 1),
    "sparse": lambda: sp.csr_array(np.eye(2)),
    "sparse vector": lambda: sp.coo_array(np.ones(3)),
    "objects": lambda: objects(FRAMES, None, "a"),
    "object frames": lambda: FRAMES.astype(object),
    "dict objects": lambda: np.full((6, 2), {}, dtype=object),
    "large objects": lambda: np.full((6, 2), 10**400, dtype=object),
    "structured": lambda: np.zeros(6, dtype=[("a", float), ("b", "U3")]),
    "void": lambda: np.zeros(6, dtype="V4"),
    "frame": lambda: pd.DataFrame({"a": [1, None], "b": ["x", "y"]}),
    "same columns": lambda: pd.DataFrame(FRAMES, columns=["a", "a"]),
    "mixed columns": lambda: pd.DataFrame(FRAMES, columns=["a", 1]),
    "series": lambda: pd.Series([1, pd.NA], dtype="Int64", index=[5, 7]),
    "categories": lambda: pd.Series(["a", None], dtype="category"),
}
HOSTILE = SCALARS | CONTAINERS | ARRAYS
# For calls that draw: those that go through take long.
FEW = [
    "None",
    "text",
    "null byte",
    "surrogate",
    "nan",
    "-1",
    "2**63",
    "10**400",
    "1e300",
    "object",
    "odd",
    "dict",
    "set",
    "generator",
    "ragged",
    "mixed",
    "larger",
    "nested",
    "scalar array",
    "4-D",
    "nans",
    "complex array",
    "dates",
    "largest labels",
    "strings",
    "masked",
    "sparse",
    "objects",
    "structured",
    "frame",
    "NA",
]

LABELS = [[0, 0, 0, 1, 1, 1], [0, 0, 1, 1]]
PREDICTED = [[1, 1, 0, 0, 0, 0], [1, 1, 0, 0]]
SCORE = {"y_true": LABELS, "y_pred": PREDICTED}
SCORE |= {"scope": "activity", "ignore_labels": None, "background": None}
STATES = {"y_true": LABELS, "y_pred": PREDICTED}
STATES |= {"average": "pooled", "ignore_labels": None}
RECORDS = [{"action": "a", "start": 0, "end": 2}, {"action": "b", "start": 2, "end": 3}]
TIMED = io.segments(["a", "a", "b"], 10, confidence=[1, 1, 0.5])


def frames_of(path, fps):
    """The first frames, as there may be very many."""
    return list(itertools.islice(preprocessing.iterate_frames(path, fps), 50))


def transformed(X, **options):
    return preprocessing.FrameFeatures(**options).transform(X)


def item(key):
    return recordings.open_features(["a.npy", "b.npy"])[key]


def label_records(**changed):
    return io.labels_from_segments([RECORDS[0], RECORDS[1] | changed])


def write_record(key, value):
    for path in ("a.csv", "a.json", "a.txt", "a.eaf", "a.vtt", "a.TextGrid"):
        rows = TIMED.to_dict("records")
        io.write_segments([rows[0], rows[1] | {key: value}], path)


# Name: the function and a valid call of it, each argument of which is replaced.
FUNCTIONS = {
    "match_labels": (metrics.match_labels, SCORE),
    "match one video": (
        metrics.match_labels,
        {"y_true": LABELS[0], "y_pred": PREDICTED[0]},
    ),
    "mof_score": (metrics.mof_score, SCORE),
    "miou_score": (metrics.miou_score, SCORE),
    "mean_recall_score": (metrics.mean_recall_score, SCORE),
    "effective_actions": (metrics.effective_actions, {"y": LABELS}),
    "edit_score": (metrics.edit_score, SCORE),
    "segment_f1_score": (
        metrics.segment_f1_score,
        SCORE | {"overlap": 0.5, "average": "pooled"},
    ),
    "adjusted_mutual_info_score": (metrics.adjusted_mutual_info_score, STATES),
    "adjusted_rand_score": (metrics.adjusted_rand_score, STATES),
    "covering_score": (metrics.covering_score, STATES),
    "state_matching_score": (metrics.state_matching_score, SCORE | STATES),
    "segmentation_report": (
        metrics.segmentation_report,
        SCORE | {"target_names": ["a", "b"], "digits": 3, "output_dict": False},
    ),
    "report as dict": (
        metrics.segmentation_report,
        SCORE | {"target_names": ["a", "b"], "output_dict": True},
    ),
    "segments": (
        io.segments,
        {"y": [0, 0, 1], "fps": 10, "confidence": [1, 1, 1]},
    ),
    "segments of many": (
        io.segments,
        {"y": LABELS, "confidence": [np.ones(6), np.ones(4)]},
    ),
    "labels_from_segments": (io.labels_from_segments, {"table": RECORDS}),
    "label_records": (label_records, {"action": "b", "start": 2, "end": 3}),
    "name_actions": (io.name_actions, {"y": LABELS, "names": {0: "a"}}),
    "read_names": (io.read_names, {"path": "names.txt"}),
    "read_segments": (io.read_segments, {"path": "v.csv", "format": "csv"}),
    "write_segments": (
        io.write_segments,
        {"table": TIMED, "path": "out.csv", "format": "csv"},
    ),
    "load_model": (io.load_model, {"path": "no.skops", "trusted": ()}),
    "decode": (
        decoding.decode,
        {"log_likelihood": FRAMES, "decoding": "skip", "switch_cost": 1.0},
    ),
    "decode freely": (
        decoding.decode,
        {"log_likelihood": FRAMES, "decoding": "free", "switch_cost": 1.0},
    ),
    "decode a transcript": (
        decoding.decode,
        {"log_likelihood": FRAMES, "transcript": [1, 0]},
    ),
    "path_posterior": (
        decoding.path_posterior,
        {"log_likelihood": FRAMES, "decoding": "skip", "switch_cost": 1.0},
    ),
    "posterior freely": (
        decoding.path_posterior,
        {"log_likelihood": FRAMES, "decoding": "free", "switch_cost": 1.0},
    ),
    "open_features": (
        recordings.open_features,
        {"paths": ["a.npy"], "stride": 1, "transpose": False},
    ),
    "load_action_dataset": (
        datasets.load_action_dataset,
        {
            "root": "data",
            "activity": "v",
            "mmap": True,
            "stride": 1,
            "transpose": False,
        },
    ),
    "make_activities": (
        datasets.make_activities,
        {
            "n_videos": 2,
            "n_actions": 2,
            "n_features": 2,
            "mean_length": 4,
            "unevenness": 0.1,
            "missing": 0.1,
            "noise": 0.1,
            "random_state": 0,
        },
    ),
}
METHODS = {
    "tot": {
        "fit": ("X", "y"),
        "partial_fit": ("X", "y"),
        "fit_predict": ("X", "y"),
        "fit_transform": ("X", "y"),
        "predict": ("X", "transcripts"),
        "predict_proba": ("X",),
        "predict_posterior": ("X",),
        "log_likelihood": ("X",),
        "similarities": ("X",),
        "pseudo_labels": ("X",),
        "score": ("X", "y"),
        "transform": ("X",),
        "get_feature_names_out": ("input_features",),
    },
    "cte": {
        "fit": ("X", "y"),
        "predict": ("X", "transcripts"),
        "score": ("X", "y"),
        "transform": ("X",),
    },
    "frank_wolfe": {
        "fit": ("X", "y"),
        "predict": ("X", "transcripts"),
        "score": ("X", "y"),
    },
    "mallow": {"fit": ("X", "y"), "predict_posterior": ("X",)},
    "hmm": {"fit": ("X", "y"), "predict_posterior": ("X",)},
    "auto": {"fit": ("X", "y"), "predict": ("X",), "candidate_labels": ("X",)},
}
# Faults that are known and stay for now: what is attacked, the argument, their kinds.
KNOWN = {}


def pairs(table):
    """All (name, argument) of a table of calls."""
    return [(name, argument) for name, (_, call) in table.items() for argument in call]


@pytest.fixture
def _some_files(tmp_path):
    (tmp_path / "names.txt").write_text("0 a\n1 b\n")
    (tmp_path / "v.csv").write_text("action,start,end\na,0,2\n")
    for name in ("features", "groundTruth"):
        (tmp_path / "data" / name).mkdir(parents=True)
    np.save(tmp_path / "data" / "features" / "v.npy", FRAMES)
    (tmp_path / "data" / "groundTruth" / "v.txt").write_text("a\n" * 6)


@pytest.mark.usefixtures("_some_files")
@pytest.mark.parametrize(("name", "argument"), pairs(FUNCTIONS))
def test_functions(attack, report_faults, name, argument):
    function, call = FUNCTIONS[name]
    faults = {}
    for label, make in HOSTILE.items():
        faults[name, argument, label] = attack(function, **call | {argument: make()})
    report_faults(faults, KNOWN)


@pytest.mark.parametrize("argument", ["y_true", "y_pred"])
def test_one_hostile_video_of_labels(attack, report_faults, argument):
    faults = {}
    for label, make in HOSTILE.items():
        for i in range(2):
            videos = [*SCORE[argument]]
            videos[i] = make()
            faults["video of", argument, f"{label} {i}"] = attack(
                metrics.edit_score, **SCORE | {argument: videos}
            )
    report_faults(faults, KNOWN)


@pytest.mark.parametrize("key", ["action", "start", "end", "start_time", "confidence"])
def test_records_to_write(attack, report_faults, key):
    faults = {}
    for label, make in HOSTILE.items():
        faults["write", key, label] = attack(write_record, key, make())
    report_faults(faults, KNOWN)


def test_keys_of_recordings(attack, report_faults):
    faults = {}
    for label, make in HOSTILE.items():
        allowed = (LookupError, TypeError, ValueError, OSError)  # as of a list
        faults["item", "key", label] = attack(item, make(), allowed=allowed)
    report_faults(faults, KNOWN)


@pytest.mark.parametrize(
    "kind", ["tot", "cte", "frank_wolfe", "mallow", "hmm", "vte", "ude", "auto"]
)
@pytest.mark.parametrize("which", ["fit", "predict"])
def test_settings(attack, report_faults, videos, request, kind, which):
    fitted = request.getfixturevalue(kind)
    rules, seen = fitted._parameter_constraints, {}
    if kind != "tot":
        seen = request.getfixturevalue("tot")._parameter_constraints
    faults = {}
    values = HOSTILE if which == "fit" else SCALARS  # arrays are refused alike
    for argument in fitted.get_params(deep=False):
        if argument in seen and seen[argument] is rules[argument]:
            continue
        for label, make in values.items():
            model = clone(fitted)
            vars(model).update(vars(fitted))
            model.set_params(**{argument: make()})
            method = getattr(model, which)
            faults[f"{kind} {which}", argument, label] = attack(
                method, videos[:2], unchanged=model
            )
    report_faults(faults, KNOWN)


def calls_of(method, argument, value, videos):
    """Calls with a hostile argument: all of it, the first video, another one."""
    if argument != "X":
        required = method.__name__ not in ("get_feature_names_out",)
        yield [videos] if required else [], {argument: value}
        return
    yield [value], {}
    if not hasattr(value, "__next__"):
        yield [[value, videos[0]]], {}
        yield [[videos[0], value]], {}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in METHODS for name in METHODS[kind]]
)
def test_methods(attack, report_faults, videos, request, kind, name):
    fitted = request.getfixturevalue(kind)
    faults = {}
    for argument in METHODS[kind][name]:
        for label, make in HOSTILE.items():
            model = clone(fitted)
            vars(model).update(vars(fitted))
            method = getattr(model, name)
            for i, call in enumerate(calls_of(method, argument, make(), videos[:2])):
                faults[f"{kind}.{name}", argument, f"{label} {i}"] = attack(
                    method, *call[0], unchanged=model, **call[1]
                )
    report_faults(faults, KNOWN)


@pytest.mark.parametrize("name", ["fit", "partial_fit", "transform"])
def test_framewise(attack, report_faults, videos, name):
    fitted = preprocessing.FramewiseTransformer(StandardScaler()).fit(videos)
    faults = {}
    for label, make in HOSTILE.items():
        model = clone(fitted)
        vars(model).update(vars(fitted))
        method = getattr(model, name)
        for i, call in enumerate(calls_of(method, "X", make(), videos[:2])):
            where = f"framewise.{name}", "X", f"{label} {i}"
            faults[where] = attack(method, *call[0], unchanged=model)
    report_faults(faults, KNOWN)


def test_framewise_with_other_arguments(attack, report_faults, videos):
    fitted = preprocessing.FramewiseTransformer(StandardScaler()).fit(videos)
    faults = {}
    for label, make in HOSTILE.items():
        calls = {
            "transformer": preprocessing.FramewiseTransformer(make()).fit,
            "input_features": fitted.get_feature_names_out,
            "inverse": fitted.inverse_transform,
        }
        for name, call in calls.items():
            value = videos if name == "transformer" else make()
            faults["framewise", name, label] = attack(call, value)
    report_faults(faults, KNOWN)


@pytest.mark.parametrize(
    "argument",
    [
        *["X", "fps", "weights", "batch_size", "device", "cache_dir", "random_state"],
        *["pooling", "image_size"],
    ],
)
def test_frame_features(attack, report_faults, tmp_path, argument):
    pytest.importorskip("timm")
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)))
    call = {"X": str(tmp_path / "noise.mp4"), "backbone": "mobilenetv3_small_050"}
    faults = {}
    for label in FEW if argument in ("batch_size", "random_state") else HOSTILE:
        options = {"weights": None} | call | {argument: HOSTILE[label]()}
        where = "FrameFeatures", argument, label
        faults[where] = attack(transformed, **options)
    report_faults(faults, KNOWN)


def test_backbones(attack, report_faults, tiny_video):
    pytest.importorskip("timm")
    faults = {}
    for label, make in HOSTILE.items():
        model = preprocessing.FrameFeatures(make(), weights=None)
        faults["FrameFeatures", "backbone", label] = attack(model.fit, tiny_video)
    report_faults(faults, KNOWN)


@pytest.mark.parametrize("argument", ["path", "fps"])
def test_frames(attack, report_faults, tiny_video, argument):
    faults = {}
    for label, make in HOSTILE.items():
        call = {"path": tiny_video, "fps": 5} | {argument: make()}
        faults["iterate_frames", argument, label] = attack(frames_of, **call)
    report_faults(faults, KNOWN)


@pytest.mark.parametrize("argument", ["estimator", "X", "y_true"])
@pytest.mark.parametrize(
    "name", ["mof_scorer", "miou_scorer", "edit_scorer", "segment_f1_scorer"]
)
def test_scorers(attack, report_faults, tot, videos, name, argument):
    labels = [[0] * len(video) for video in videos]
    faults = {}
    for label, make in HOSTILE.items():
        call = {"estimator": tot, "X": videos, "y_true": labels} | {argument: make()}
        faults[name, argument, label] = attack(
            getattr(metrics, name), *call.values(), estimator=tot
        )
        if name == "mof_scorer" and argument != "y_true":
            scorer = metrics.label_free_scorer
            faults["label_free_scorer", argument, label] = attack(
                scorer, call["estimator"], call["X"], estimator=tot
            )
    report_faults(faults, KNOWN)


@pytest.mark.parametrize("argument", ["model", "path", "trusted"])
def test_save_model(attack, report_faults, tot, argument):
    faults = {}
    for label, make in HOSTILE.items():
        call = {"model": tot, "path": "m.skops", "trusted": ()} | {argument: make()}
        faults["save_model", argument, label] = attack(
            io.save_model, **call, estimator=tot
        )
    report_faults(faults, KNOWN)


def draw(display, method="from_predictions", **call):
    plt = pytest.importorskip("matplotlib.pyplot")
    try:
        getattr(display, method)(**call)
    finally:
        plt.close("all")


TIMELINES = {
    "y_true": [[0, 0, 1]],
    "y_pred": [[1, 1, 0]],
    "ax": None,
    "fps": 5,
    "target_names": ["a", "b"],
    "video_names": ["v"],
    "scope": "activity",
    "ignore_labels": None,
    "background": None,
    "confidence": [[1, 1, 1]],
    "videos": [0],
}
CODES = {
    "codes": FRAMES / 20,
    "labels": [0] * 6,
    "ax": None,
    "fps": 5,
    "colorbar": True,
}


@pytest.mark.parametrize("argument", TIMELINES)
def test_timelines(attack, report_faults, argument):
    faults = {}
    for label in FEW:
        call = TIMELINES | {argument: HOSTILE[label]()}
        faults["SegmentationDisplay", argument, label] = attack(
            draw, SegmentationDisplay, **call
        )
    report_faults(faults, KNOWN)


@pytest.mark.parametrize("argument", CODES)
def test_codes(attack, report_faults, argument):
    faults = {}
    for label in FEW:
        call = CODES | {argument: HOSTILE[label]()}
        faults["PseudoLabelDisplay", argument, label] = attack(
            draw, PseudoLabelDisplay, **call
        )
    report_faults(faults, KNOWN)


@pytest.mark.parametrize("argument", ["estimator", "X", "y"])
def test_displays_of_estimators(attack, report_faults, tot, videos, argument):
    faults = {}
    for label in FEW:
        value = HOSTILE[label]()
        call = {"estimator": tot, "X": videos[:2], "y": None} | {argument: value}
        faults["SegmentationDisplay.from_estimator", argument, label] = attack(
            draw, SegmentationDisplay, "from_estimator", **call
        )
        if argument == "y":
            continue
        call = {"estimator": tot, "X": videos[0]} | {argument: HOSTILE[label]()}
        faults["PseudoLabelDisplay.from_estimator", argument, label] = attack(
            draw, PseudoLabelDisplay, "from_estimator", **call
        )
    report_faults(faults, KNOWN)


@pytest.mark.parametrize(
    "argument",
    [
        "model",
        "videos",
        "path",
        "y_true",
        "video_names",
        "action_names",
        "fps",
        "video_files",
        "title",
    ],
)
def test_write_report(attack, report_faults, tot, videos, argument):
    call = {"model": tot, "videos": videos[:1], "path": "report.html"}
    call |= {"y_true": [[0] * len(videos[0])], "fps": 5}
    faults = {}
    for label in FEW:
        changed = call | {argument: HOSTILE[label]()}
        faults["write_report", argument, label] = attack(
            report.write_report, **changed, estimator=tot
        )
    report_faults(faults, KNOWN)


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=3)
)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(PLAIN, inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


@settings(
    max_examples=150,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(pair=st.sampled_from(pairs(FUNCTIONS)), value=ANYTHING)
@pytest.mark.usefixtures("_some_files")
def test_anything_in_functions(attack, pair, value):
    function, call = FUNCTIONS[pair[0]]
    what = attack(function, **call | {pair[1]: value})
    assert what is None or what.partition(":")[0] in KNOWN.get(pair, ())


@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(name=st.sampled_from(["fit", "predict", "score", "partial_fit"]), value=ANYTHING)
def test_anything_as_videos(attack, tot, name, value):
    model = clone(tot)
    vars(model).update(vars(tot))
    assert attack(getattr(model, name), value, unchanged=model) is None


SPOILED = np.where(FRAMES == 3, np.nan, FRAMES)


@pytest.mark.parametrize("function", [decoding.decode, decoding.path_posterior])
@pytest.mark.parametrize(
    "options",
    [
        {"log_likelihood": SPOILED},
        {"log_likelihood": np.full((6, 2), np.inf)},
        {"log_likelihood": FRAMES * 1j},
        {"log_likelihood": FRAMES.astype("M8[s]")},
        {"log_likelihood": np.ma.masked_greater(FRAMES, 3)},
        {"log_likelihood": np.ones((2, 2, 2, 2))},
        {"log_likelihood": np.ones((6, 0))},
        {"log_likelihood": FRAMES, "switch_cost": -1},
        {"log_likelihood": FRAMES, "switch_cost": np.nan},
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_no_labels_of_what_is_no_likelihood(function, options):
    with pytest.raises((TypeError, ValueError), match=next(reversed(options))):
        function(decoding="free", **options)


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (io.name_actions, {"y": [0, 1], "names": "text"}),
        (
            metrics.segmentation_report,
            {"y_true": [0, 1], "y_pred": [0, 1], "target_names": "ab"},
        ),
        (recordings.open_features, {"paths": {"b.npy", "a.npy"}}),
        (io.segments, {"y": [0, 0, 1], "fps": 1e-320}),
    ],
)
def test_not_taken_for_something_else(function, options):
    with pytest.raises((TypeError, ValueError)):
        function(**options)


@pytest.mark.parametrize(
    ("function", "call"),
    [
        (metrics.mof_score, lambda x: {"y_true": x, "y_pred": [0]}),
        (io.segments, lambda x: {"y": x}),
        (io.segments, lambda x: {"y": [0], "confidence": x}),
        (io.segments, lambda x: {"y": [0], "fps": x}),
        (io.labels_from_segments, lambda x: {"table": x}),
        (io.name_actions, lambda x: {"y": [0], "names": x}),
        (decoding.decode, lambda x: {"log_likelihood": x}),
        (recordings.open_features, lambda x: {"paths": x}),
    ],
)
def test_nested_deeply(attack, function, call):
    assert attack(function, **call(nested(20_000))) is None


@pytest.mark.parametrize("name", ["fit", "predict", "score"])
def test_videos_nested_deeply(attack, tot, name):
    model = clone(tot)
    vars(model).update(vars(tot))
    assert attack(getattr(model, name), nested(20_000), unchanged=model) is None


def test_errors_of_arrays_are_one_line():
    with pytest.raises(ValueError, match="scope is") as caught:
        metrics.mof_score([0, 1], [0, 1], scope=FRAMES)
    assert "\n" not in str(caught.value)


def test_there_are_many_cases():
    assert len(HOSTILE) * len(pairs(FUNCTIONS)) >= 5000
