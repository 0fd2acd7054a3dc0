"""What the page "Extending" adds goes through all that a fit is asked for."""

import importlib.util
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skl_tot
from skl_tot import HMMSegmenter, TemporalOTSegmenter, corrections
from skl_tot.app.cli.main import main
from skl_tot.io import (
    FORMATS,
    load_model,
    read_segments,
    save_model,
    segments,
    write_segments,
)
from skl_tot.metrics import mof_score

PAGE = Path(skl_tot.__file__).parents[1] / "docs" / "extending.md"
QUICK = {"max_iter": 8, "random_state": 0}
NAMES = "FramePrediction", "LaplacePrior", "Unbalanced", "NeighbourDecoder"
PARTS = [f"extensions.{name}" for name in NAMES]


@pytest.fixture(scope="module")
def extensions(tmp_path_factory):
    """The blocks of the page but the last, as a module that pickles can name."""
    code = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M)
    path = tmp_path_factory.mktemp("outside") / "extensions.py"
    path.write_text("\n".join(code[:-1]), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("extensions", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["extensions"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["extensions"], FORMATS["runs"]


@pytest.fixture(scope="module")
def plain(activity):
    return TemporalOTSegmenter(4, **QUICK).fit(activity[0])


PARTS_OF_A_FIT = {
    "term": lambda x: {"terms": [x.FramePrediction()]},
    "prior": lambda x: {"prior": x.LaplacePrior()},
    "transport": lambda x: {"transport": x.Unbalanced()},
    "decoder": lambda x: {"decoding": x.NeighbourDecoder()},
}


@pytest.mark.parametrize("part", PARTS_OF_A_FIT)
def test_parts_of_a_fit(extensions, plain, part, activity, tmp_path):
    videos, _ = activity
    model = TemporalOTSegmenter(4, **PARTS_OF_A_FIT[part](extensions), **QUICK)
    before = pickle.dumps(model.get_params())
    model.fit(videos)
    assert pickle.dumps(model.get_params()) == before
    if part == "decoder":
        steps = [np.abs(np.diff(labels)).max(initial=0) for labels in model.labels_]
        assert max(steps) <= 1
    else:
        weights = model.network_["hidden_weight"]
        assert (weights != plain.network_["hidden_weight"]).any()

    path = tmp_path / "model.skops"
    save_model(model, path, trusted=PARTS)
    loaded = load_model(path, trusted=PARTS)
    for labels, expected in zip(loaded.predict(videos), model.labels_):
        np.testing.assert_array_equal(labels, expected)
    with pytest.raises(ValueError, match="extensions"):
        load_model(path)
    twin = pickle.loads(pickle.dumps(model)).partial_fit(videos)
    for name, value in model.partial_fit(videos).network_.items():
        np.testing.assert_array_equal(value, twin.network_[name], err_msg=name)

    several = clone(model).set_params(n_networks=2).fit(videos)
    assert np.isfinite(several.loss_curve_).all()


def test_method_of_ones_own(extensions, activity, tmp_path):
    """The base has all but the scores: posteriors, corrections, files."""
    videos, labels = activity
    model = extensions.EqualParts(4).fit(videos)
    assert mof_score(labels, model.labels_) > 0.6
    assert np.allclose(model.predict_posterior(videos[0]).sum(axis=1), 1)
    assert corrections.merge(model, [0, 1]).n_actions_ == 3
    trusted = ["extensions.EqualParts"]
    save_model(model, tmp_path / "model.skops", trusted=trusted)
    loaded = load_model(tmp_path / "model.skops", trusted=trusted)
    np.testing.assert_array_equal(loaded.predict(videos[0]), model.predict(videos[0]))
    grid = GridSearchCV(model, {"switch_cost": [0.0, 0.1]}, cv=2, error_score="raise")
    assert np.isfinite(grid.fit(videos).best_score_)


def test_format(extensions, activity, tmp_path):
    path = tmp_path / "a.runs"
    write_segments(segments(["take cup", "take cup", "pour"]), path)
    assert path.read_text() == "2\ttake cup\n1\tpour\n"
    assert read_segments(path).tolist() == ["take cup", "take cup", "pour"]
    for i, video in enumerate(activity[0]):
        np.save(tmp_path / f"{i}.npy", video)
    model, out = tmp_path / "model.skops", tmp_path / "out"
    save_model(HMMSegmenter(4).fit(activity[0]), model)
    arguments = [str(model), str(tmp_path), "--out", str(out), "--format", "runs"]
    assert main(["predict", *arguments]) == 0
    assert len(list(out.glob("*.runs"))) == len(activity[0])
