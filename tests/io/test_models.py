"""Model files."""

import copy
import json
import os
import re
import struct
import tracemalloc
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import HMMSegmenter, TemporalOTSegmenter, corrections
from skl_tot.baselines import MallowSegmenter
from skl_tot.io import load_model, save_model, trusted_types
from skl_tot.preprocessing import FrameFeatures, FramewiseTransformer

QUICK = {"order": "mostly", "max_iter": 20, "random_state": 0}


def fit_tot(videos):
    options = {"background_percentile": 5, "n_prototypes": 2, "decoding": "fixed"}
    return TemporalOTSegmenter(4, **options, **QUICK).fit(videos)


def fit_pipeline(videos):
    steps = [FramewiseTransformer(StandardScaler()), FramewiseTransformer(PCA(3))]
    return make_pipeline(*steps, TemporalOTSegmenter(4, **QUICK)).fit(videos)


def fit_split(videos):
    model = HMMSegmenter(4, background_percentile=5).fit(videos)
    return corrections.split(model, model.predict(videos[0])[0], videos)


MODELS = {
    "tot": fit_tot,
    "merged": lambda videos: corrections.merge(MallowSegmenter(4).fit(videos), [0, 1]),
    "split": fit_split,
    "pipeline": fit_pipeline,
}


@pytest.fixture(scope="module")
def fitted(activity):
    return TemporalOTSegmenter(4, **QUICK).fit(activity[0])


def dump(model, path):
    """Write a file as save_model does, of a model that it would refuse."""
    content = {"format": 1, "skl_tot": "0.0.1", "n_features_in": 5, "model": model}
    skops.io.dump(content, path)


def refused(path, word=""):
    """A file is refused by one line that names it."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as error:
        load_model(path)
    assert "\n" not in str(error.value)
    assert word in str(error.value)


@pytest.mark.parametrize("name", MODELS)
def test_there_and_back(name, activity, tmp_path):
    model = MODELS[name](activity[0])
    save_model(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    for found, expected in zip(loaded.predict(activity[0]), model.predict(activity[0])):
        np.testing.assert_array_equal(found, expected)
    assert str(loaded.get_params()) == str(model.get_params())
    content = skops.io.load(tmp_path / "model.skops", trusted=trusted_types())
    assert content["skl_tot"] == skl_tot.__version__
    assert content["n_features_in"] == 5


def test_a_file_of_others_does_not_say_where_to_write(fitted, tmp_path):
    nested = make_pipeline(FrameFeatures(), memory=str(tmp_path / "written"))
    dump(make_pipeline(nested, fitted), tmp_path / "model.skops")
    assert load_model(tmp_path / "model.skops")[0].memory is None


def test_refuses_what_it_should_not_save(activity, tmp_path):
    with pytest.raises(NotFittedError):
        save_model(TemporalOTSegmenter(4), tmp_path / "a.skops")
    with pytest.raises(TypeError, match="StandardScaler"):
        save_model(StandardScaler(), tmp_path / "a.skops")
    model = HMMSegmenter(4).fit(activity[0])
    model.pattern = re.compile("x")
    with pytest.raises(TypeError, match=r"re\.Pattern"):
        save_model(model, tmp_path / "a.skops")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="is no folder"):
        save_model(HMMSegmenter(4).fit(activity[0]), tmp_path / "file" / "a.skops")


class Evil:
    """Would write a file if it were made again."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_runs_no_code(fitted, tmp_path):
    target = tmp_path / "written"
    joblib.dump(Evil(target), tmp_path / "a.skops")
    refused(tmp_path / "a.skops")
    evil = copy.copy(fitted)
    evil.callback = re.Pattern
    dump(evil, tmp_path / "b.skops")
    refused(tmp_path / "b.skops", "trusted")
    assert not target.exists()


def test_other_contents(tmp_path):
    contents = [{"format": n, "skl_tot": "9.0", "model": None} for n in (1, 2)]
    for content in ({"model": None}, [1], *contents):
        skops.io.dump(content, tmp_path / "a.skops")
        refused(tmp_path / "a.skops")


class TestSize:
    @pytest.mark.parametrize("kind", ["honest", "lying", "again"])
    def test_bomb_is_refused_unread(self, tmp_path, monkeypatch, kind):
        """Of a true size, of a wrong one in its directory, of one part read often."""
        path = tmp_path / "bomb.skops"
        np.save(tmp_path / "a.npy", np.zeros(125_000))
        arrays = [{"file": "0.npy", "__id__": i} for i in range(50)]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("schema.json", json.dumps(arrays))
            for i in range(3):
                archive.write(tmp_path / "a.npy", f"{i}.npy")
        if kind == "lying":
            size = (tmp_path / "a.npy").stat().st_size
            lie = [struct.pack("<L", n) for n in (size, 1000)]
            path.write_bytes(path.read_bytes().replace(*lie))
        limit = 2 * 10**6 if kind == "honest" else 10**7
        monkeypatch.setattr("skl_tot.io.models.MAX_UNPACKED", limit)
        monkeypatch.setattr("skl_tot.io.models.MAX_MEMORY", 1000)
        trusted_types()
        tracemalloc.start()
        refused(path, {"honest": "size", "lying": "CRC", "again": "arrays"}[kind])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10**6

    def test_archives(self, fitted, tmp_path, monkeypatch):
        skops.io.dump(fitted, tmp_path / "a", compression=zipfile.ZIP_LZMA)
        refused(tmp_path / "a", "compressed")
        with zipfile.ZipFile(tmp_path / "a", "w") as archive:
            archive.writestr("schema.json", "[" * 100_000)
        refused(tmp_path / "a")
        monkeypatch.setattr("skl_tot.io.models.MAX_SCHEMA", 1000)
        refused(tmp_path / "a", "schema.json")

    def test_save_writes_no_file_that_load_refuses(self, fitted, tmp_path, monkeypatch):
        model = copy.copy(fitted)
        model.labels_ = [np.zeros(10**6, int)]
        save_model(model, tmp_path / "a")
        monkeypatch.setattr("skl_tot.io.models.MAX_UNPACKED", 10**6)
        with pytest.raises(ValueError, match="labels_"):
            save_model(model, tmp_path / "b")
        assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no FIFO")
def test_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="regular"):
            load_model(path)
