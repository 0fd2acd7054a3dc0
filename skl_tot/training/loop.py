"""Online training: the step, and the loop over mini-batches.

The loss is the sum of the terms that an estimator asks for, see
`skl_tot.training.terms.Term`; nothing here knows one by name.
"""

import functools
import threading
from dataclasses import replace

import numpy as np
import torch

from skl_tot.training.batches import sampled_batches
from skl_tot.training.devices import keep_freed_memory
from skl_tot.training.distributed import rank_and_size, sum_over_processes
from skl_tot.training.graphs import GraphedStep, training_stream
from skl_tot.training.network import embed, encoder_shapes, init_network
from skl_tot.training.readers import open_reader
from skl_tot.training.sampling import one_pass_batches, shuffled_batches
from skl_tot.training.starts import initialise
from skl_tot.training.state import (
    check_shapes,
    new_state,
    restore,
    set_learning_rate,
    take_snapshot,
)
from skl_tot.training.terms import all_changes, common_lag, common_window


def batch_loss(network, batch, terms, step, encoder="sigmoid"):
    """Weighted sum (R,) of the terms, a mean over the frames of this process."""
    embeddings = embed(network, batch.frames, encoder)
    total = None
    for term in terms:
        loss = term.loss(network, embeddings, batch, step)
        if term.weight != 1:
            loss = term.weight * loss
        total = loss if total is None else total + loss
    return total


def train_step(state, batch, terms, encoder="sigmoid"):
    """Update R networks on one mini-batch, in place but for the count of steps.

    Returns the losses (R,) before the update, on the device: what this process adds to
    the mean over the mini-batch.
    """
    losses = batch_loss(state.network, batch, terms, state.n_iter, encoder)
    share = torch.full_like(losses, len(batch.frames) / batch.n_total)
    state.optimizer.zero_grad()
    losses.backward(share)
    for term in terms:
        for name in term.frozen(state.n_iter):
            state.network[name].grad = None  # the optimiser passes over it
    gradients = [value.grad for value in state.network.values()]
    sum_over_processes([value for value in gradients if value is not None])
    state.optimizer.step()
    with torch.no_grad():
        for term in terms:
            term.constrain(state.network)
    return losses.detach() * share


def fit_loop(state, batches, settings, terms, progress=None):
    """Train on mini-batches until they end or the loss no longer falls.

    With ``tol`` set, training stops once the mean loss over ``n_iter_no_change`` steps,
    after the last change of a term, is not ``tol`` below the best. ``progress`` gets as
    many new losses at a time, means over networks.

    Returns the losses (n_steps, R).
    """
    changes = all_changes(terms)
    step = functools.partial(train_step, terms=terms, encoder=settings.encoder)
    if can_be_graphed(state):
        step = GraphedStep(step, changes)
    # earlier losses are of another problem
    first = max(changes, default=0) + settings.n_iter_no_change
    losses, pending = [], []
    for batch in batches:
        set_learning_rate(state, settings)
        pending.append(step(state, batch))
        state.n_iter += 1
        if len(pending) < settings.n_iter_no_change:
            continue
        losses.append(_collect(pending, progress))
        if settings.tol is None or state.n_iter < first:
            continue
        mean = losses[-1].mean()
        if mean > state.best_loss - settings.tol:
            break
        state.best_loss = mean
    if pending:
        losses.append(_collect(pending, progress))
    return np.concatenate(losses)


def can_be_graphed(state):
    """Whether to capture steps: in a fit, by one process and thread, on a GPU."""
    return (
        state.device.type == "cuda"
        and np.isfinite(state.last_iter)
        and rank_and_size()[1] == 1
        and threading.current_thread() is threading.main_thread()
    )


def _collect(pending, progress):
    """Fetch a block of losses from the device, which waits for it but once."""
    losses = torch.stack(pending)
    sum_over_processes([losses])
    losses = losses.cpu().numpy().astype(float)
    if not np.isfinite(losses).all():
        raise ValueError(
            "The loss is no longer finite: check learning_rate, the weights and scales "
            "of the losses, and the scale of the features."
        )
    pending.clear()
    if progress is not None:
        progress(losses.mean(axis=1).tolist())
    return losses


@torch.inference_mode(False)
@torch.enable_grad()
def train(
    videos,
    settings,
    terms,
    *,
    device,
    seed,
    start=None,
    one_pass=False,
    progress=None,
):
    """Train a network on videos.

    Parameters
    ----------
    videos : StandardizedVideos
        What to learn from.
    settings : Settings
        What every fit needs.
    terms : list of Term
        Summands of the loss; they serve this one fit.
    device : torch.device
        Where to train.
    seed : int
        Seed of all randomness; not used where ``start`` has a generator state.
    start : Snapshot, default=None
        What to go on from; None draws new parameters.
    one_pass : bool, default=False
        Take each video once, in the order given, rather than ``max_iter`` steps.
    progress : callable, default=None
        See `fit_loop`.

    Returns
    -------
    snapshot : Snapshot
        The trained state.
    losses : list of float
        Loss of each step.

    Raises
    ------
    ValueError
        If ``start`` has other shapes than the settings, terms and videos ask for, or if
        the loss stops being finite.
    """
    keep_freed_memory()
    generator = torch.Generator("cpu").manual_seed(seed)
    window, lag = common_window(terms), common_lag(terms)
    shapes = parameter_shapes(videos.n_features, settings, terms)
    if one_pass:  # which takes every video, once
        settings = replace(settings, tol=None)
    state = _start(shapes, settings, generator, device, start)
    batches = _plan(len(videos), settings, state, one_pass)
    n_draws = settings.frames_per_video * sum(block.size for block in batches)
    with torch.autocast(device.type, enabled=False), training_stream(device):
        reader = open_reader(videos, device, n_draws)
        if start is None:
            initialise(state, reader, terms, settings)
        batches = sampled_batches(
            generator,
            reader,
            batches,
            n_frames=settings.frames_per_video,
            window=window,
            lag=lag,
        )
        losses = fit_loop(state, batches, settings, terms, progress)
    return take_snapshot(state), losses.mean(axis=1).tolist()


def _start(shapes, settings, generator, device, start):
    """State before the first step, drawn or gone on from."""
    if start is not None:
        check_shapes(start.network, shapes)
        return restore(start, settings, generator, device)
    network = init_network(shapes, n_init=settings.n_init, generator=generator)
    network = {name: value.to(device) for name, value in network.items()}
    return new_state(network, settings, generator)


def _plan(n_videos, settings, state, one_pass):
    """Draw the videos of the mini-batches, and tell the state where they end."""
    if one_pass:
        return one_pass_batches(n_videos, settings.batch_size)
    batches = shuffled_batches(
        n_videos, settings.batch_size, settings.max_iter, state.generator
    )
    state.last_iter = state.n_iter + settings.max_iter
    return [batches]


def parameter_shapes(n_features, settings, terms):
    """Shapes of all parameters of the network, those of terms included."""
    sizes = {
        "n_features": n_features,
        "hidden_dim": settings.hidden_dim,
        "embedding_dim": settings.embedding_dim,
    }
    shapes = encoder_shapes(sizes)
    for term in terms:
        own = term.shapes(sizes)
        taken = sorted(shapes.keys() & own.keys())
        if taken:
            raise ValueError(
                f"{term!r} adds {taken[0]!r} to the network, which has it already; "
                "expected another name."
            )
        shapes |= own
    return shapes
