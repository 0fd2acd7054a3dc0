"""Model files."""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import CTESegmenter, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.io.models import TRUSTED_TYPES
from skl_tot.preprocessing import FramewiseTransformer

QUICK = {"max_iter": 20, "random_state": 0}
MODELS = {
    "tot": TemporalOTSegmenter(
        4, freeze_iter=5, background_percentile=5, n_parts=2, **QUICK
    ),
    "cte": CTESegmenter(4, **QUICK),
    "pipeline": make_pipeline(
        FramewiseTransformer(StandardScaler()),
        FramewiseTransformer(PCA(3)),
        TemporalOTSegmenter(4, freeze_iter=5, **QUICK),
    ),
}


@pytest.fixture(scope="module")
def fitted(activity):
    return TemporalOTSegmenter(4, freeze_iter=5, **QUICK).fit(activity[0])


@pytest.mark.parametrize("name", MODELS)
def test_there_and_back(name, activity, tmp_path):
    model = MODELS[name].fit(activity[0])
    save_model(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    for found, expected in zip(loaded.predict(activity[0]), model.predict(activity[0])):
        np.testing.assert_array_equal(found, expected)
    assert str(loaded.get_params()) == str(model.get_params())
    untrusted = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    assert set(untrusted) <= set(TRUSTED_TYPES)


def test_file_says_what_it_is(fitted, tmp_path):
    save_model(fitted, tmp_path / "model.skops")
    content = skops.io.load(tmp_path / "model.skops", trusted=TRUSTED_TYPES)
    assert content["skl_tot"] == skl_tot.__version__
    assert content["n_features_in"] == 5
    assert content["model"].get_params() == fitted.get_params()


def test_parameter_that_its_version_did_not_know(fitted, tmp_path, activity):
    older = TemporalOTSegmenter(4, freeze_iter=5, **QUICK).fit(activity[0])
    del older.switch_cost, older.decoding
    content = {"format": 1, "skl_tot": "0.0.1", "n_features_in": 5, "model": older}
    skops.io.dump(content, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    assert loaded.decoding == "fixed"
    np.testing.assert_array_equal(
        loaded.predict(activity[0][0]), fitted.predict(activity[0][0])
    )


def test_steps_of_a_pipeline(activity, tmp_path):
    from skl_tot.preprocessing import FrameFeatures

    features = FrameFeatures(cache_dir=str(tmp_path / "written"))
    del features.batch_size
    segmenter = TemporalOTSegmenter(4, freeze_iter=5, **QUICK).fit(activity[0])
    nested = make_pipeline(features, memory=str(tmp_path / "written"))
    save_model(make_pipeline(nested, segmenter), tmp_path / "a.skops")
    nested = load_model(tmp_path / "a.skops")[0]
    assert nested.memory is None
    loaded = nested[0]
    assert loaded.batch_size == 64
    assert loaded.cache_dir is None  # a file of others must not say where to write


def test_file_of_an_earlier_version():
    """Written by version 0.1.0: what loads once must go on loading."""
    folder = Path(__file__).parent / "data"
    model = load_model(folder / "model-0.1.0.skops")
    assert model.n_features_in_ == 3
    videos, _ = make_activities(3, 2, n_features=3, mean_length=20, random_state=0)
    with open(folder / "model-0.1.0.json") as file:
        expected = json.load(file)
    for labels, found in zip(expected, model.predict(videos)):
        np.testing.assert_array_equal(found, labels)


def test_refuses_what_it_should_not_save(activity, tmp_path):
    with pytest.raises(NotFittedError):
        save_model(TemporalOTSegmenter(4), tmp_path / "a.skops")
    with pytest.raises(TypeError, match="model is a StandardScaler, expected a segm"):
        save_model(StandardScaler(), tmp_path / "a.skops")
    model = CTESegmenter(4, **QUICK).fit(activity[0])
    model.pattern = re.compile("x")
    with pytest.raises(TypeError, match=r"model holds \['re.Pattern'\], which load_mo"):
        save_model(model, tmp_path / "a.skops")
    with pytest.raises(FileNotFoundError, match="is no folder"):
        save_model(MODELS["cte"].fit(activity[0]), tmp_path / "no" / "a.skops")
    assert not list(tmp_path.iterdir())


class Evil:
    """Would write a file if it were made again."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_runs_no_code(fitted, tmp_path):
    import joblib

    target = tmp_path / "written"
    joblib.dump(Evil(target), tmp_path / "a.skops")
    with pytest.raises(ValueError, match=r"a\.skops cannot be loaded"):
        load_model(tmp_path / "a.skops")
    evil = TemporalOTSegmenter(4, freeze_iter=5, **QUICK)
    vars(evil).update(vars(fitted), callback=re.compile("x").__class__)
    content = {"format": 1, "skl_tot": "0.1", "n_features_in": 5, "model": evil}
    skops.io.dump(content, tmp_path / "b.skops")
    with pytest.raises(ValueError, match=r"types that are not trusted.*re\.Pattern"):
        load_model(tmp_path / "b.skops")
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"model": None}, "it was not written by save_model"),
        ([1], "it was not written by save_model"),
        (
            {"format": 2, "skl_tot": "9.0", "model": None},
            f"version 9.0 wrote it, in format 2; version {skl_tot.__version__} reads 1",
        ),
        ({"format": 1, "skl_tot": "0.1", "model": None}, "model is a NoneType"),
    ],
)
def test_other_contents(content, message, tmp_path):
    skops.io.dump(content, tmp_path / "a.skops")
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        load_model(tmp_path / "a.skops")
    assert "a.skops cannot be loaded" in str(error.value)


def test_broken_files(fitted, tmp_path):
    save_model(fitted, tmp_path / "whole.skops")
    data = (tmp_path / "whole.skops").read_bytes()
    (tmp_path / "cut.skops").write_bytes(data[: len(data) // 2])
    (tmp_path / "empty.skops").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "other.skops", "w") as archive:
        archive.writestr("a.txt", "b")
    for name in ("cut", "empty", "other"):
        with pytest.raises(ValueError, match=rf"{name}\.skops cannot be loaded"):
            load_model(tmp_path / f"{name}.skops")
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "missing.skops")
