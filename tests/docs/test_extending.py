"""What the page "Extending" adds goes through all that a fit is asked for."""

import importlib.util
import pickle
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skl_tot
from skl_tot import OnlinePrediction, TemporalOTSegmenter, corrections
from skl_tot.app.cli.main import main
from skl_tot.decoding import DECODERS, decode
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
MOST_LINES = 25
QUICK = {"max_iter": 30, "random_state": 0}


def page_blocks():
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.S | re.M)


@pytest.fixture(scope="module")
def extensions(tmp_path_factory):
    """The blocks of the page but the last, as a module that pickles can name."""
    path = tmp_path_factory.mktemp("outside") / "extensions.py"
    path.write_text("\n".join(page_blocks()[:-1]), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("extensions", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["extensions"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["extensions"], DECODERS["neighbours"], FORMATS["runs"]


CASES = {
    "term": lambda m, **p: TemporalOTSegmenter(4, terms=[m.FramePrediction()], **p),
    "prior": lambda m, **p: TemporalOTSegmenter(4, prior=m.LaplacePrior(), **p),
    "transport": lambda m, **p: TemporalOTSegmenter(4, transport=m.Unbalanced(), **p),
    "decoder": lambda m, **p: TemporalOTSegmenter(4, decoding="neighbours", **p),
}
GRIDS = {
    "term": lambda m: {"terms": [[m.FramePrediction(w)] for w in (0.1, 1.0)]},
    "prior": lambda m: {"prior__width": [0.05, 0.2]},
    "transport": lambda m: {"transport__price": [0.01, 1.0]},
    "decoder": lambda m: {"decoding": ["fixed", "neighbours"]},
}
TRUSTED = [f"extensions.{name}" for name in ("FramePrediction", "LaplacePrior")]
TRUSTED += ["extensions.Unbalanced"]


@pytest.fixture(params=CASES)
def case(request):
    return request.param


@pytest.fixture
def make(case, extensions):
    return partial(CASES[case], extensions, **QUICK)


def assert_same_networks(first, second):
    for name, value in first.network_.items():
        np.testing.assert_array_equal(value, second.network_[name], err_msg=name)


def test_each_is_short():
    assert len(page_blocks()) == 8
    for block in page_blocks():
        lines = [line for line in block.splitlines() if line.strip()]
        lines = [x for x in lines if not x.startswith(("from ", "import "))]
        assert len(lines) <= MOST_LINES


def test_a_view_teaches(extensions):
    taught, videos = extensions.taught, extensions.videos
    assert taught.coefs_[1].shape == (videos[0].shape[1], 4)
    assert mof_score(extensions.labels, taught.predict(videos), scope="labels") > 0.9


def test_fit_changes_the_result(make, case, activity):
    model, plain = make().fit(activity[0]), TemporalOTSegmenter(4, **QUICK)
    plain.fit(activity[0])
    if case == "decoder":
        for labels in model.labels_:
            assert np.abs(np.diff(labels)).max(initial=0) <= 1
        jump = np.eye(4)[[0, 0, 0, 3, 3, 3, 3]]
        assert np.diff(decode(jump, "neighbours")).tolist().count(1) == 3
    else:
        assert (model.coefs_[0] != plain.coefs_[0]).any()


def test_two_calls_of_partial_fit(make, activity):
    model = make().partial_fit(activity[0])
    twin = pickle.loads(pickle.dumps(model))
    model.partial_fit(activity[0])
    assert_same_networks(model, twin.partial_fit(activity[0]))


def test_several_networks(make, activity):
    model = make()
    model.n_networks = 3
    assert np.isfinite(model.fit(activity[0]).loss_curve_).all()


def test_grid_search(make, case, extensions, activity):
    grid = GRIDS[case](extensions)
    search = GridSearchCV(make(), grid, cv=2, error_score="raise").fit(activity[0])
    assert len(search.cv_results_["params"]) == 2
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_saving_and_loading(make, case, activity, tmp_path):
    model = make().fit(activity[0])
    path = tmp_path / "model.skops"
    save_model(model, path, trusted=TRUSTED)
    loaded = load_model(path, trusted=TRUSTED)
    assert_same_networks(model, loaded)
    assert str(loaded.get_params()) == str(model.get_params())
    for found, expected in zip(loaded.predict(activity[0]), model.labels_):
        np.testing.assert_array_equal(found, expected)
    if case != "decoder":  # whose name is all that a model holds
        with pytest.raises(ValueError, match=r"not trusted.*extensions"):
            load_model(path)
        with pytest.raises(TypeError, match=r"holds \['extensions\..*given as trusted"):
            save_model(model, tmp_path / "other.skops")


def test_clones_are_as_they_were(make):
    model = make()
    assert str(clone(model).get_params()) == str(model.get_params())


def test_a_fit_leaves_parameters_alone(make, activity):
    model = make()
    before = pickle.dumps(model.get_params())
    model.fit(activity[0])
    assert pickle.dumps(model.get_params()) == before


def test_going_on_with_another_term_is_an_error(extensions, activity):
    model = TemporalOTSegmenter(4, **QUICK).partial_fit(activity[0])
    model.set_params(terms=[extensions.FramePrediction()])
    with pytest.raises(ValueError, match="Cannot go on from a fit without frame_"):
        model.partial_fit(activity[0])


def test_going_on_without_a_term_leaves_it_alone(extensions, activity):
    model = TemporalOTSegmenter(4, terms=[extensions.FramePrediction()], **QUICK)
    before = model.partial_fit(activity[0]).network_["frame_weight"]
    model.set_params(terms=None).partial_fit(activity[0])
    np.testing.assert_array_equal(model.network_["frame_weight"], before)


def test_shares_follow_the_price(extensions):
    """A low price lets them go; a high one makes them equal."""
    generator = torch.Generator().manual_seed(0)
    similarities = torch.randn(100, 3, generator=generator) * 0.1
    similarities[..., 0] += 0.2
    spreads = []
    for price in (0.001, 0.1, 100.0):
        codes = extensions.Unbalanced(price)(similarities, None, 2, 0.1)
        spreads.append(float(codes.mean(0).std()))
    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[2] < 0.01


def test_other_objects_are_refused(activity):
    with pytest.raises(TypeError, match="an entry of terms is 'a', expected an object"):
        TemporalOTSegmenter(4, terms=["a"], **QUICK).fit(activity[0])
    with pytest.raises(ValueError, match="The 'prior' parameter"):
        TemporalOTSegmenter(4, prior=lambda: None, **QUICK).fit(activity[0])
    with pytest.raises(ValueError, match="The 'decoding' parameter"):
        TemporalOTSegmenter(4, decoding="other", **QUICK).fit(activity[0])


def test_windows_must_agree(extensions, activity):
    terms = [extensions.FramePrediction(window=3)]
    model = TemporalOTSegmenter(4, alpha=1.0, terms=terms, **QUICK)
    with pytest.raises(ValueError, match=r"have windows \[3, 30\], expected one"):
        model.fit(activity[0])


def test_method_of_ones_own(extensions, activity, tmp_path):
    """The base has all but the scores: posteriors, streams, corrections, files."""
    videos, labels = activity
    model = extensions.EqualParts(4).fit(videos)
    assert mof_score(labels, model.labels_) > 0.6
    plain = extensions.EqualParts(4, standardize=None).fit(videos)
    scores = [((video[:, None] - plain.means_) ** 2).sum(-1) / -2 for video in videos]
    for own, found in zip(scores, plain.log_likelihood(videos)):
        np.testing.assert_allclose(found, own, rtol=1e-5)
    assert np.allclose(model.predict_posterior(videos[0]).sum(axis=1), 1)
    online = OnlinePrediction(model, lag=1000)
    online.push(videos[0])
    np.testing.assert_array_equal(online.finish().labels, model.predict(videos[0]))
    assert corrections.merge(model, [0, 1]).n_actions_ == 3
    trusted = ["extensions.EqualParts"]
    save_model(model, tmp_path / "model.skops", trusted=trusted)
    loaded = load_model(tmp_path / "model.skops", trusted=trusted)
    np.testing.assert_array_equal(loaded.predict(videos[0]), model.predict(videos[0]))
    grid = GridSearchCV(model, {"switch_cost": [0.0, 0.1]}, cv=2, error_score="raise")
    assert np.isfinite(grid.fit(videos).best_score_)


def test_format_there_and_back(extensions, tmp_path):
    records = segments(["take cup", "take cup", "pour"])
    write_segments(records, tmp_path / "a.runs")
    assert (tmp_path / "a.runs").read_text() == "2\ttake cup\n1\tpour\n"
    found = read_segments(tmp_path / "a.runs")
    assert found.tolist() == ["take cup", "take cup", "pour"]


def test_format_on_the_command_line(extensions, activity, tmp_path, capsys):
    features = tmp_path / "features"
    features.mkdir()
    for i, video in enumerate(activity[0]):
        np.save(features / f"{i}.npy", video)
    model = TemporalOTSegmenter(4, **QUICK).fit(activity[0])
    save_model(model, tmp_path / "model.skops")
    out = tmp_path / "out"
    predict = ["predict", str(tmp_path / "model.skops"), str(features)]
    assert main([*predict, "--out", str(out), "--format", "runs"]) == 0
    assert len(list(out.glob("*.runs"))) == len(activity[0])
    assert main(["plot", str(out), "--out", str(tmp_path / "a.png")]) == 0
