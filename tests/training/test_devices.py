"""Tensors on one device: by torch's device "meta" on any machine, and by a GPU.

Tensors on "meta" have a shape and a device, but no numbers. All operations of a step
run on it; reading the losses to the CPU is the first that cannot.
"""

from unittest.mock import Mock

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from skl_tot import TemporalOTSegmenter
from skl_tot.baselines import (
    ASALSegmenter,
    ASOTSegmenter,
    EqualPartsSegmenter,
    UDESegmenter,
    VTESegmenter,
)
from skl_tot.metrics import mof_score
from skl_tot.training import batches, devices
from skl_tot.training.baselines import SphericalCrossEntropy
from skl_tot.training.components import Adam
from skl_tot.training.pseudo_labels import PathPrior, StructuredTransport
from skl_tot.training.terms import TimeStamp

QUICK = {"n_actions": 4, "max_iter": 6, "random_state": 0, "device": "meta"}
with_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


class OnMeta(TorchDispatchMode):
    """Refuse operations between devices, which torch lets pass in some cases."""

    n_operations = n_updates = 0
    copied = ()  # widths of copies from the CPU after the first update

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        used = [x for x in tree_leaves((args, kwargs)) if torch.is_tensor(x)]
        # numbers without dimension may be on the CPU, but for the optimiser
        is_update = "adam" in function.name()
        kinds = {x.device.type for x in used if x.ndim or is_update}
        is_copy = function.overloadpacket in (
            torch.ops.aten._to_copy,
            torch.ops.aten.copy_,
        )
        if not is_copy:
            assert len(kinds) < 2, f"{function} between devices"
        elif "cpu" in kinds and found.device.type == "meta" and self.n_updates:
            self.copied += (found.shape[-1],)
        self.n_updates += is_update
        self.n_operations += kinds == {"meta"}
        return found


ENSEMBLE = {"n_networks": 3, "n_prototypes": 2}
ESTIMATORS = {
    "paper": TemporalOTSegmenter.paper(**QUICK),
    "no prior": TemporalOTSegmenter.paper(**QUICK, prior=None),
    "ensemble": TemporalOTSegmenter(
        **QUICK,
        **ENSEMBLE,
        alpha=0.5,
        prior=PathPrior(sigma=1.2, n_diagonal=3),
        terms=[TimeStamp()],
    ),
    "asot": ASOTSegmenter(**QUICK, transport=StructuredTransport(n_iter=2)),
    "vte": VTESegmenter(**QUICK),
    "ude": UDESegmenter(**QUICK),
    "asal": ASALSegmenter(**QUICK, n_steps=6, estimator=EqualPartsSegmenter(4)),
}
STREAMED = ["ensemble", "vte"]  # they read partners or later frames, too


@pytest.mark.parametrize(
    ("name", "resident_bytes"),
    [*((name, 2**26) for name in ESTIMATORS), *((name, 0) for name in STREAMED)],
)
def test_steps_of_all_networks_stay_on_the_device(
    name, resident_bytes, activity, monkeypatch
):
    """From the features to the update, until the losses are read."""
    monkeypatch.setattr(devices, "DEVICE_TYPES", ("meta",))
    monkeypatch.setattr(batches, "RESIDENT_BYTES", resident_bytes)
    # K-means of embeddings, on the CPU
    monkeypatch.setattr(SphericalCrossEntropy, "starts_at_frames", False)
    with OnMeta() as mode, pytest.raises((RuntimeError, NotImplementedError)) as info:
        ESTIMATORS[name].fit(activity[0])
    last = [x for x in info.traceback if "skl_tot" in str(x.path)][-1]
    assert last.name in ("_fetch_losses", "learn"), info.value
    assert len(last.locals["pending"]) >= 3
    assert mode.n_operations > 100
    if name != "asal":  # which also copies labels and segments
        n_reads = 0 if resident_bytes else 2 * (mode.n_updates - 1)
        assert mode.copied == n_reads * (activity[0][0].shape[1],)


def test_copies_to_a_gpu_do_not_wait(monkeypatch):
    pinned, gpu = Mock(), torch.device("cuda")
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda values: pinned)
    assert devices.send(np.zeros(2), gpu) is pinned.to.return_value
    pinned.to.assert_called_once_with(gpu, non_blocking=True)


def test_predictions_of_many_frames_use_a_gpu(activity, monkeypatch):
    """If there is a driver; torch is asked, and imported, for no others."""
    model = clone(ESTIMATORS["paper"]).set_params(device="auto").fit(activity[0])
    n_values = np.concatenate(activity[0]).size
    asked, used = Mock(return_value=True), Mock(return_value=torch.device("cpu"))
    monkeypatch.setattr(torch.cuda, "is_available", asked)
    monkeypatch.setattr(devices, "inference_device", used)
    for least, driver in ((n_values + 1, "here"), (n_values, None), (n_values, "here")):
        asked.assert_not_called()
        monkeypatch.setattr(devices, "GPU_VALUES", least)
        monkeypatch.setattr(devices.shutil, "which", Mock(return_value=driver))
        model.predict(activity[0])
    used.assert_called_once_with("cuda")


LOSSES = {  # of the first and the last step
    "paper": (1.40272, 1.39385),
    "no prior": (1.40268, 1.39386),
    "ensemble": (4.57409, 3.89981),
    "asot": (0.69567, 0.98083),
    "vte": (0.33542, 0.10627),
    "ude": (101.178, 88.2891),
    "asal": (2.13825, 1.97939),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_default_device_of_a_user_does_not_matter(name, activity):
    estimator = clone(ESTIMATORS[name]).set_params(device="cpu")
    videos = [video[:60] for video in activity[0][:3]]
    expected = estimator.fit(videos).predict(videos)
    losses = estimator.loss_curve_[0], estimator.loss_curve_[-1]
    np.testing.assert_allclose(losses, LOSSES[name], rtol=1e-3)
    torch.set_default_device("meta")
    try:
        labels = clone(estimator).fit(videos).predict(videos)
        getattr(estimator, "pseudo_labels", list)(videos)
    finally:
        torch.set_default_device(None)
    np.testing.assert_array_equal(np.concatenate(labels), np.concatenate(expected))


@with_gpu
@pytest.mark.parametrize("resident_bytes", [0, 2**26])
@pytest.mark.parametrize(
    "settings",
    [
        {"n_networks": 4, "alpha": 0.5, "terms": [TimeStamp(0.5)]},
        {"prior": PathPrior(n_diagonal=30), "n_prototypes": 2},
    ],
)
def test_a_gpu_trains_like_the_cpu(activity, settings, resident_bytes, monkeypatch):
    kind = batches.ResidentReader if resident_bytes else batches.StreamReader
    reader = "skl_tot.training.loop.open_reader"
    monkeypatch.setattr(reader, lambda videos, device, n_draws: kind(videos, device))
    optimizer = Adam(freeze_iter=20, frames_per_video=16)
    options = {"max_iter": 60, "optimizer": optimizer, "random_state": 0} | settings
    on_cpu = TemporalOTSegmenter.paper(4, device="cpu", **options).fit(activity[0])
    on_gpu = TemporalOTSegmenter.paper(4, device="cuda", **options).fit(activity[0])
    np.testing.assert_allclose(on_gpu.loss_curve_, on_cpu.loss_curve_, rtol=0.05)
    assert mof_score(on_cpu.labels_, on_gpu.labels_) > 0.95
    assert isinstance(on_gpu.prototypes_, np.ndarray)
    expected = on_gpu.predict(activity[0])
    on_gpu.set_params(device="cpu")
    assert mof_score(expected, on_gpu.predict(activity[0])) > 0.999
