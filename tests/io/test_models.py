"""Model files."""

import copy
import os
import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import HMMSegmenter, TemporalOTSegmenter, corrections
from skl_tot.baselines import MallowSegmenter
from skl_tot.io import load_model, save_model
from skl_tot.io.models import TRUSTED_TYPES
from skl_tot.preprocessing import FramewiseTransformer

QUICK = {"order": "mostly", "max_iter": 20, "random_state": 0}


def fit_tot(videos):
    options = {"background_percentile": 5, "n_parts": 2, "decoding": "fixed"}
    return TemporalOTSegmenter(4, **options, **QUICK).fit(videos)


def fit_pipeline(videos):
    steps = [FramewiseTransformer(StandardScaler()), FramewiseTransformer(PCA(3))]
    return make_pipeline(*steps, TemporalOTSegmenter(4, **QUICK)).fit(videos)


def fit_split(videos):
    model = HMMSegmenter(4, background_percentile=5).fit(videos)
    return corrections.split(model, model.predict(videos[0])[0], videos)


MODELS = {
    "tot": fit_tot,
    "hmm": HMMSegmenter(4).fit,
    "merged": lambda videos: corrections.merge(MallowSegmenter(4).fit(videos), [0, 1]),
    "split": fit_split,
    "pipeline": fit_pipeline,
}


@pytest.fixture(scope="module")
def fitted(activity):
    return TemporalOTSegmenter(4, **QUICK).fit(activity[0])


@pytest.mark.parametrize("name", MODELS)
def test_there_and_back(name, activity, tmp_path):
    model = MODELS[name](activity[0])
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
    older = TemporalOTSegmenter(4, **QUICK).fit(activity[0])
    del older.switch_cost, older.decoding, older.order
    content = {"format": 1, "skl_tot": "0.0.1", "n_features_in": 5, "model": older}
    skops.io.dump(content, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    assert loaded.decoding_ == "free"
    assert loaded.decoder_.switch_cost == 0.5
    np.testing.assert_array_equal(
        loaded.predict(activity[0][0]), fitted.predict(activity[0][0])
    )


def test_context_of_an_earlier_version(fitted, tmp_path):
    older = copy.copy(fitted)
    older.context_ = 2
    save_model(older, tmp_path / "model.skops")
    with pytest.raises(
        ValueError, match="was fitted with context=2, which was removed"
    ):
        load_model(tmp_path / "model.skops")


def test_steps_of_a_pipeline(activity, tmp_path):
    from skl_tot.preprocessing import FrameFeatures

    features = FrameFeatures(cache_dir=str(tmp_path / "written"))
    del features.batch_size
    segmenter = TemporalOTSegmenter(4, **QUICK).fit(activity[0])
    nested = make_pipeline(features, memory=str(tmp_path / "written"))
    save_model(make_pipeline(nested, segmenter), tmp_path / "a.skops")
    nested = load_model(tmp_path / "a.skops")[0]
    assert nested.memory is None
    loaded = nested[0]
    assert loaded.batch_size == 64
    assert loaded.cache_dir is None  # a file of others must not say where to write


def test_refuses_what_it_should_not_save(activity, tmp_path):
    with pytest.raises(NotFittedError):
        save_model(TemporalOTSegmenter(4), tmp_path / "a.skops")
    with pytest.raises(TypeError, match="model is a StandardScaler, expected a segm"):
        save_model(StandardScaler(), tmp_path / "a.skops")
    model = HMMSegmenter(4).fit(activity[0])
    model.pattern = re.compile("x")
    with pytest.raises(TypeError, match=r"model holds \['re.Pattern'\], which load_mo"):
        save_model(model, tmp_path / "a.skops")
    with pytest.raises(FileNotFoundError, match="is no folder"):
        save_model(HMMSegmenter(4).fit(activity[0]), tmp_path / "no" / "a.skops")
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
    evil = TemporalOTSegmenter(4, **QUICK)
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


def dump(model, path):
    """Write a file as save_model does, of a model that it would refuse."""
    content = {"format": 1, "skl_tot": "0.1.0", "n_features_in": 5, "model": model}
    skops.io.dump(content, path)


def refused(path, message):
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path} cannot be loaded: ")
    assert "\n" not in str(error.value)
    assert not str(error.value).endswith("..")


def without_last(array):
    return array[..., :-1]


class TestContents:
    """Files of the right types whose contents are not those of a fitted model."""

    @pytest.mark.parametrize("name", ["predict", "get_params", "_validate_params"])
    def test_attributes_in_place_of_methods(self, fitted, tmp_path, name):
        model = copy.copy(fitted)
        setattr(model, name, "x")
        for kind, found in (("a", model), ("b", make_pipeline(PCA(), model))):
            dump(found, tmp_path / kind)
            message = f"TemporalOTSegmenter has {name!r} in place of its method"
            refused(tmp_path / kind, message)

    def test_attributes_in_place_of_methods_of_parts(self, fitted, tmp_path):
        model = copy.deepcopy(fitted)
        model.scaler_.transform = 3
        dump(model, tmp_path / "a")
        refused(tmp_path / "a", "StandardScaler has 'transform' in place of its method")

    @pytest.mark.parametrize(
        ("name", "value"),
        [("n_actions", "x"), ("decoding", "none"), ("alpha", -1)],
    )
    def test_parameters(self, fitted, tmp_path, name, value):
        model = copy.copy(fitted)
        setattr(model, name, value)
        dump(model, tmp_path / "a")
        refused(tmp_path / "a", f"The {name!r} parameter of TemporalOTSegmenter must")

    def test_parameters_of_parts(self, fitted, tmp_path):
        dump(make_pipeline(PCA(tol=-1), fitted), tmp_path / "a")
        refused(tmp_path / "a", "The 'tol' parameter of PCA must")

    @pytest.mark.parametrize("name", ["n_actions_", "n_features_in_"])
    @pytest.mark.parametrize("value", [0, "5", None, 2.5, 10**12])
    def test_counts(self, fitted, tmp_path, name, value):
        model = copy.copy(fitted)
        setattr(model, name, value)
        dump(model, tmp_path / "a")
        refused(tmp_path / "a", f"{name} is {value!r}, expected an integer from 1")

    @pytest.mark.parametrize(
        "change",
        [
            {"n_features_in_": 4},
            {"scaler_": StandardScaler()},
            {"scaler_": StandardScaler().fit(np.eye(4))},
            {"network_": {}},
        ],
    )
    def test_what_cannot_predict(self, fitted, tmp_path, change):
        model = copy.copy(fitted)
        vars(model).update(change)
        dump(model, tmp_path / "a")
        refused(tmp_path / "a", "TemporalOTSegmenter cannot label frames of")

    @pytest.mark.parametrize("name", ["hidden_weight", "output_bias", "prototypes"])
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (without_last, "cannot label frames of 5 features"),
            (lambda array: array + np.nan, "has numbers that are not finite"),
            (lambda array: array.astype(object), "has objects, expected numbers or t"),
            (lambda array: array.astype("M8[s]"), "is of datetime64[s], expected numb"),
        ],
    )
    def test_networks(self, fitted, tmp_path, name, change, message):
        model = copy.copy(fitted)
        model.network_ = model.network_ | {name: change(model.network_[name])}
        dump(model, tmp_path / "a")
        refused(tmp_path / "a", message)

    def test_models_in_models(self, fitted, tmp_path, activity):
        model = skl_tot.ActivitySegmenter(fitted, n_activities=1).fit(activity[0])
        dump(model, tmp_path / "a")
        load_model(tmp_path / "a")
        inner = model.estimators_[0]
        inner.network_ = inner.network_ | {"prototypes": inner.prototypes_[:, 1:]}
        dump(model, tmp_path / "a")
        refused(tmp_path / "a", ".estimators_[0] cannot label frames of 5 features")

    def test_a_device_that_is_not_here(self, fitted, tmp_path):
        model = copy.copy(fitted)
        model.device = "cuda:7"
        dump(model, tmp_path / "a")
        assert load_model(tmp_path / "a").device == "cuda:7"


class TestSize:
    def test_bomb_is_refused_unread(self, tmp_path, monkeypatch):
        path = tmp_path / "bomb.skops"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("schema.json", "{}")
            for i in range(3):
                archive.writestr(f"{i}.npy", bytes(10**6))
        monkeypatch.setattr("skl_tot.io.models.MAX_UNPACKED", 2 * 10**6)
        tracemalloc.start()
        refused(path, "it unpacks to 3000002 bytes, expected at most 2000000")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10**6

    def test_sizes_that_are_not_true(self, tmp_path):
        """A directory that says less than there is gets no more than it says."""
        path = tmp_path / "bomb.skops"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("schema.json", bytes(10**7))
        size, lie = (n.to_bytes(4, "little") for n in (10**7, 10))
        path.write_bytes(path.read_bytes().replace(size, lie))
        tracemalloc.start()
        refused(path, "Bad CRC-32")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10**6

    def test_schema(self, fitted, tmp_path, monkeypatch):
        monkeypatch.setattr("skl_tot.io.models.MAX_SCHEMA", 1000)
        dump(fitted, tmp_path / "a")
        refused(tmp_path / "a", "its schema.json unpacks to")

    def test_other_compression(self, fitted, tmp_path):
        skops.io.dump(fitted, tmp_path / "a", compression=zipfile.ZIP_LZMA)
        refused(tmp_path / "a", "is compressed in a way that save_model does not use")

    def test_deep_schema(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a", "w") as archive:
            archive.writestr("schema.json", "[" * 100_000)
        refused(tmp_path / "a", "recursion")

    def test_save_writes_no_file_that_load_refuses(self, fitted, tmp_path, monkeypatch):
        model = copy.copy(fitted)
        model.labels_ = [np.zeros(10**6, int)]
        save_model(model, tmp_path / "a")
        monkeypatch.setattr("skl_tot.io.models.MAX_UNPACKED", 10**6)
        message = r"it unpacks to \d+ bytes, .*del model.labels_ leaves labels out"
        with pytest.raises(ValueError, match=message):
            save_model(model, tmp_path / "b")
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    def test_large_networks_have_no_limit(self, fitted, tmp_path, monkeypatch):
        monkeypatch.setattr("skl_tot.io.models.MAX_UNPACKED", 10)
        model = copy.copy(fitted)
        del model.labels_
        save_model(model, tmp_path / "a")
        load_model(tmp_path / "a")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFO")
def test_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match=re.escape(f"{path} is no regular file")):
            load_model(path)


@pytest.mark.parametrize(
    "names", [3, ["a", "b"], np.array([1.0, 2.0]), np.array(["a"])]
)
def test_names_of_features_are_text(tmp_path, names):
    """What tampers with them is told with the name of the file."""
    model = HMMSegmenter(2).fit(
        pd.DataFrame(np.eye(2).repeat(9, 0), columns=["a", "b"])
    )
    path = tmp_path / "model.skops"
    save_model(model, path)
    assert load_model(path).feature_names_in_.tolist() == ["a", "b"]
    model.feature_names_in_ = names
    save_model(model, path)
    with pytest.raises(
        ValueError, match=r"model\.skops .*feature_names_in_ is .*, exp"
    ):
        load_model(path)
