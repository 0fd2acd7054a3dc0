"""Model files."""

import copy
import json
import os
import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import (
    CTESegmenter,
    FrankWolfeSegmenter,
    HMMSegmenter,
    MallowSegmenter,
    TemporalOTSegmenter,
    UDESegmenter,
    VTESegmenter,
)
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.io.models import TRUSTED_TYPES
from skl_tot.preprocessing import FramewiseTransformer

QUICK = {"max_iter": 20, "random_state": 0}
MODELS = {
    "tot": TemporalOTSegmenter(
        4,
        freeze_iter=5,
        background_percentile=5,
        n_parts=2,
        decoding="fixed",
        **QUICK,
    ),
    "cte": CTESegmenter(4, **QUICK),
    "frank-wolfe": FrankWolfeSegmenter(4, **QUICK),
    "vte": VTESegmenter(4, **QUICK),
    "ude": UDESegmenter(4, **QUICK),
    "mallow": MallowSegmenter(4, background_percentile=5),
    "hmm": HMMSegmenter(4, background_percentile=5),
    "pipeline": make_pipeline(
        FramewiseTransformer(StandardScaler()),
        FramewiseTransformer(PCA(3)),
        TemporalOTSegmenter(4, freeze_iter=5, **QUICK),
    ),
}


@pytest.fixture(scope="module")
def fitted(activity):
    return TemporalOTSegmenter(4, freeze_iter=5, **QUICK).fit(activity[0])


@pytest.fixture(scope="module")
def models(activity):
    return {name: clone(model).fit(activity[0]) for name, model in MODELS.items()}


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
    assert loaded.decoding == "free"
    assert loaded.switch_cost == 0.5
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


class TestContents:
    """Files of the right types whose contents are not those of a fitted model."""

    @pytest.mark.parametrize(
        "name", ["predict", "get_params", "_validate_params", "transform", "_read"]
    )
    def test_attributes_in_place_of_methods(self, fitted, tmp_path, name):
        model = copy.copy(fitted)
        setattr(model, name, "x")
        for kind, found in (("a", model), ("b", make_pipeline(PCA(), model))):
            dump(found, tmp_path / kind)
            message = f"TemporalOTSegmenter has {name!r} in place of its method"
            refused(tmp_path / kind, message)

    def test_attributes_in_place_of_methods_of_parts(self, models, tmp_path):
        for part, model in [
            ("StandardScaler", copy.deepcopy(models["tot"])),
            ("GaussianMixture", copy.deepcopy(models["cte"])),
            ("PCA", copy.deepcopy(models["pipeline"])),
        ]:
            found = {
                "StandardScaler": lambda model: model.scaler_,
                "GaussianMixture": lambda model: model.gaussians_[1],
                "PCA": lambda model: model[1].transformer_,
            }[part](model)
            found.transform = found.score_samples = 3
            dump(model, tmp_path / part)
            refused(tmp_path / part, f"{part} has ")

    @pytest.mark.parametrize(
        ("name", "value"),
        [("n_actions", "x"), ("decoding", "none"), ("temperature", -1)],
    )
    def test_parameters(self, fitted, tmp_path, name, value):
        model = copy.copy(fitted)
        setattr(model, name, value)
        dump(model, tmp_path / "a")
        refused(tmp_path / "a", f"The {name!r} parameter of TemporalOTSegmenter must")

    @pytest.mark.parametrize("model", ["tot", "cte"])
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("n_features_in_", 4),
            ("n_features_in_", "5"),
            ("n_actions_", 3),
            ("n_actions_", 0),
            ("n_actions_", None),
            ("n_iter_", "x"),
            ("scaler_", "x"),
            ("scaler_", StandardScaler()),
            ("scaler_", StandardScaler().fit(np.eye(4))),
            ("network_", {}),
            ("network_", "x"),
            ("background_", "x"),
            ("background_", {}),
        ],
    )
    def test_attributes(self, models, tmp_path, model, name, value):
        changed = copy.copy(models[model])
        setattr(changed, name, value)
        dump(changed, tmp_path / "a")
        refused(tmp_path / "a", "expected ")

    @pytest.mark.parametrize("model", ["tot", "cte"])
    @pytest.mark.parametrize(
        "name", ["hidden_weight", "hidden_bias", "output_weight", "output_bias"]
    )
    def test_networks(self, models, tmp_path, model, name):
        network = models[model].network_
        for value in (
            network[name][..., :-1],
            network[name][None],
            network[name].astype(str),
            network[name].astype(int),
            network[name].astype(np.float64),
            network[name] + np.nan,
            "x",
        ):
            changed = copy.copy(models[model])
            changed.network_ = network | {name: value}
            dump(changed, tmp_path / "a")
            refused(tmp_path / "a", "network_")

    def test_prototypes(self, models, tmp_path):
        model = models["tot"]
        actions = model.prototype_actions_
        for name, value in [
            ("prototype_actions_", actions[:-1]),
            ("prototype_actions_", actions + 1),
            ("prototype_actions_", actions.astype(float)),
            ("prototype_actions_", 2 * actions),
            ("prototype_actions_", "x"),
            ("network_", model.network_ | {"prototypes": model.prototypes_[:-1]}),
            ("network_", model.network_ | {"prototypes": model.prototypes_[:, 1:]}),
        ]:
            changed = copy.copy(model)
            setattr(changed, name, value)
            dump(changed, tmp_path / "a")
            refused(tmp_path / "a", "prototype")

    def test_gaussians(self, models, tmp_path):
        first, *others = models["cte"].gaussians_
        for name, value in [
            ("means_", first.means_[:, 1:]),
            ("means_", "x"),
            ("precisions_cholesky_", first.precisions_cholesky_[0]),
            ("weights_", np.ones(2)),
            ("covariance_type", "diag"),
            ("n_features_in_", 3),
        ]:
            changed = copy.copy(models["cte"])
            gaussian = copy.copy(first)
            setattr(gaussian, name, value)
            changed.gaussians_ = [gaussian, *others]
            dump(changed, tmp_path / "a")
            refused(tmp_path / "a", "gaussians_[0]")
        for gaussians in (others, None, [PCA(), *others]):
            changed.gaussians_ = gaussians
            dump(changed, tmp_path / "a")
            refused(tmp_path / "a", "gaussians_")

    @pytest.mark.parametrize("name", ["means", "variances", "thresholds"])
    def test_background(self, models, tmp_path, name):
        background = models["tot"].background_
        for value in (background[name][1:], "x", background[name] * 1j):
            changed = copy.copy(models["tot"])
            changed.background_ = background | {name: value}
            dump(changed, tmp_path / "a")
            refused(tmp_path / "a", f"background_[{name!r}]")


class TestSize:
    def test_bomb_is_refused_unread(self, tmp_path, monkeypatch):
        path = tmp_path / "bomb.skops"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("schema.json", "{}")
            for i in range(3):
                archive.writestr(f"{i}.npy", bytes(10**6))
        monkeypatch.setattr("skl_tot.io.archives.MAX_UNPACKED", 2 * 10**6)
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
        monkeypatch.setattr("skl_tot.io.archives.MAX_SCHEMA", 1000)
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
        monkeypatch.setattr("skl_tot.io.archives.MAX_UNPACKED", 10**6)
        message = r"it unpacks to \d+ bytes, .*compute_labels=False leaves labels_"
        with pytest.raises(ValueError, match=message):
            save_model(model, tmp_path / "b")
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    def test_large_networks_have_no_limit(self, fitted, tmp_path, monkeypatch):
        monkeypatch.setattr("skl_tot.io.archives.MAX_UNPACKED", 10)
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
