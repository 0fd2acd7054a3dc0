"""What only a GPU can show; skipped without one."""

import pickle

import numpy as np
import pytest
import torch

from skl_tot import TemporalOTSegmenter
from skl_tot.baselines import CTESegmenter, paper
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.training import batches as _readers
from skl_tot.training import devices as _graphs
from skl_tot.training.components import Adam
from skl_tot.training.priors import PathPrior
from skl_tot.training.terms import TimeStamp

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
SETTINGS = {
    "max_iter": 60,
    "optimizer": Adam(freeze_iter=20, frames_per_video=16),
    "random_state": 0,
}


def fit(videos, **settings):
    settings = SETTINGS | {"device": "cuda"} | settings
    return paper(4, **settings).fit(videos)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_init": 4},
        {"alpha": 0.5, "terms": [TimeStamp(0.5)]},
        {"prior": PathPrior(30), "n_parts": 2},
    ],
)
def test_trains_like_the_cpu(activity, settings):
    on_gpu = fit(activity[0], **settings)
    on_cpu = fit(activity[0], device="cpu", **settings)
    np.testing.assert_allclose(on_gpu.loss_curve_, on_cpu.loss_curve_, rtol=0.05)
    assert mof_score(on_cpu.labels_, on_gpu.labels_) > 0.95
    assert isinstance(on_gpu.prototypes_, np.ndarray)


def test_graph_equals_eager_steps(activity, monkeypatch):
    graphed = fit(activity[0], alpha=0.5)
    monkeypatch.setattr(_graphs, "N_WARM_UP", 10**9)
    eager = fit(activity[0], alpha=0.5)
    np.testing.assert_allclose(graphed.loss_curve_, eager.loss_curve_, rtol=1e-3)


def test_resident_equals_streamed(activity, monkeypatch):
    resident = fit(activity[0])
    monkeypatch.setattr(
        _readers,
        "open_reader",
        lambda videos, device, n_draws: _readers.StreamReader(videos, device),
    )
    monkeypatch.setattr("skl_tot.training.loop.open_reader", _readers.open_reader)
    streamed = fit(activity[0])
    np.testing.assert_allclose(resident.loss_curve_, streamed.loss_curve_, rtol=1e-4)


def test_stream_reader_reads_what_is_asked(activity):
    videos = Recordings(activity[0])
    device = torch.device("cuda")
    rng = np.random.default_rng(0)
    batches = rng.integers(len(videos), size=(20, 3))
    frames = rng.integers(videos.lengths.min(), size=(20, 3, 8))
    readers = [
        kind(videos, device).read(batches, frames)
        for kind in (_readers.ResidentReader, _readers.StreamReader)
    ]
    for resident, streamed in zip(*readers):
        torch.testing.assert_close(resident, streamed)


def test_a_stream_goes_on(activity):
    model = TemporalOTSegmenter(4, **SETTINGS, device="cuda")
    for _ in range(5):
        model.partial_fit(activity[0])
    copy = pickle.loads(pickle.dumps(model))
    model.partial_fit(activity[0])
    copy.partial_fit(activity[0])
    np.testing.assert_allclose(model.prototypes_, copy.prototypes_, rtol=1e-4)


def test_fitted_there_used_here(activity):
    model = fit(activity[0])
    expected = model.predict(activity[0])
    model.set_params(device="cpu")
    assert mof_score(expected, model.predict(activity[0])) > 0.999


def test_cte(activity):
    model = CTESegmenter(4, max_iter=60, device="cuda", random_state=0)
    assert len(model.fit(activity[0]).labels_) == len(activity[0])
