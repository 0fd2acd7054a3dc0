"""Time training steps."""

import itertools
import statistics
import time
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch

from skl_tot import TemporalOTSegmenter
from skl_tot.recordings import Recordings
from skl_tot.training.batches import open_reader, sampled_batches, shuffled_batches
from skl_tot.training.components import MLP, Adam
from skl_tot.training.loop import new_state, parameter_shapes, train_step
from skl_tot.training.network import init_network


def interleaved(functions, *, n_calls=1, n_rounds=15, device="cpu"):
    """Median seconds per call of each function, timed in turns to share the noise.

    On the CPU these are seconds of processor time, which exclude other processes;
    without any, a single thread takes the same time by the clock.
    """
    clock = time.perf_counter if device == "cuda" else time.process_time
    times = {name: [] for name in functions}
    for _ in range(n_rounds):
        for name, function in functions.items():
            wait_for(device)
            start = clock()
            for _ in range(n_calls):
                function()
            wait_for(device)
            times[name].append((clock() - start) / n_calls)
    return {name: statistics.median(values) for name, values in times.items()}


def wait_for(device):
    """Wait for the work of a GPU."""
    if device == "cuda":
        torch.cuda.synchronize()


class Shape(NamedTuple):
    """Sizes of a training step."""

    videos: int = 2
    frames: int = 256
    features: int = 64
    actions: int = 12
    embedding: int = 40


SMALL, LARGE = Shape(), Shape(videos=4, features=2048, actions=20, embedding=128)


def make_step(shape, device):
    """Our step, from sampling to update, with free prototypes, and a mini-batch."""
    n_videos = max(20, shape.videos)
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=(n_videos, 500, shape.features)).astype(np.float32)
    scaler = SimpleNamespace(
        mean_=np.zeros(shape.features), scale_=np.ones(shape.features)
    )
    model = TemporalOTSegmenter.paper(
        shape.actions,
        optimizer=Adam(frames_per_video=shape.frames, batch_size=shape.videos),
        network=MLP(2 * shape.embedding, shape.embedding, temperature=0.1),
    )
    model._n_learned, model.order_ = shape.actions, model.order  # as in a fit
    settings = model._settings()
    training = settings.training
    terms = [term for term in model._terms(settings) if term.weight]
    generator = torch.Generator().manual_seed(0)
    shapes = parameter_shapes(shape.features, training, terms)
    network = init_network(shapes, generator=generator)
    state = new_state(
        network, training, generator, torch.device(device), training.freeze_iter
    )
    reader = open_reader(
        Recordings(list(arrays)).standardize(scaler),
        torch.device(device),
        n_draws=10**9,
    )
    block = shuffled_batches(n_videos, shape.videos, 1000, generator)
    batches = sampled_batches(
        generator, reader, itertools.repeat(block), shape.frames, window=0
    )
    return (
        lambda: train_step(state, next(batches), terms),
        next(batches).frames.clone(),
    )


def bare_step(shape, frames, *, fused):
    """Forward, backward and Adam of the same network for given targets."""
    hidden = 2 * shape.embedding
    sizes = [
        (shape.features, hidden),
        (hidden,),
        (hidden, shape.embedding),
        (shape.embedding,),
        (shape.embedding, shape.actions),
    ]
    parameters = [
        (torch.randn(size, device=frames.device) * 0.01).requires_grad_()
        for size in sizes
    ]
    weight, bias, output_weight, output_bias, prototypes = parameters
    optimizer = torch.optim.Adam(
        parameters, lr=1e-3, weight_decay=1e-4, fused=fused or None
    )
    targets = torch.randn(len(frames), shape.actions, device=frames.device)
    targets = targets.softmax(dim=1)

    def step():
        values = torch.addmm(bias, frames, weight).sigmoid()
        values = torch.addmm(output_bias, values, output_weight).sigmoid()
        scores = values @ prototypes / 0.1
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(scores, targets).backward()
        optimizer.step()

    return step


def time_step(
    device,
    *,
    shapes=(SMALL, LARGE),
    n_rounds=40,
):
    """Our step against forward, backward and Adam alone, on the same frames."""
    rows = []
    for shape in shapes:
        ours, frames = make_step(shape, device)
        steps = {
            "ours": ours,
            "fused": bare_step(shape, frames, fused=True),
            "default": bare_step(shape, frames, fused=False),
        }
        times = interleaved(steps, n_calls=10, n_rounds=n_rounds, device=device)
        rows.append(
            {
                **shape._asdict(),
                "ours, ms": 1e3 * times["ours"],
                "bare, ms": 1e3 * times["fused"],
                "ours / bare": times["ours"] / times["fused"],
                "ours / bare, default Adam": times["ours"] / times["default"],
            }
        )
    return rows
