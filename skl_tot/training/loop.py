"""Online training: the step, the loop over mini-batches, and the stages of a fit.

The loss is the sum of the terms that an estimator asks for, see
`skl_tot.training.terms.Term`; nothing here knows one by name.
"""

import functools
import threading
from dataclasses import replace
from itertools import pairwise

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
    keep_networks,
    new_state,
    restore,
    set_learning_rate,
    take_snapshot,
)
from skl_tot.training.terms import all_changes, common_lag, common_window

# Stages of a fit with several networks; all but the last end with half of them.
N_STAGES = 3


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

    Returns the losses (n_steps, R), and whether ``tol`` ended it.
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
            return np.concatenate(losses), True
        state.best_loss = mean
    if pending:
        losses.append(_collect(pending, progress))
    return np.concatenate(losses), False


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
    if one_pass:  # which takes every video, once, and trains one network
        settings = replace(settings, tol=None, n_init=1)
    state = _start(shapes, settings, generator, device, start)
    stages = _plan(len(videos), settings, state, one_pass)
    n_draws = settings.frames_per_video * sum(
        block.size for blocks in stages for block in blocks
    )
    with torch.autocast(device.type, enabled=False), training_stream(device):
        reader = open_reader(videos, device, n_draws)
        if start is None:
            initialise(state, reader, terms, settings)
        draw = functools.partial(
            sampled_batches,
            generator,
            reader,
            n_frames=settings.frames_per_video,
            window=window,
            lag=lag,
        )
        stages = [draw(blocks) for blocks in stages]  # nothing is drawn as yet
        state, losses = fit_in_stages(state, stages, settings, terms, progress)
    return take_snapshot(state), losses


def _start(shapes, settings, generator, device, start):
    """State before the first step, drawn or gone on from."""
    if start is not None:
        check_shapes(start.network, shapes)
        return restore(start, settings, generator, device)
    network = init_network(shapes, n_init=settings.n_init, generator=generator)
    network = {name: value.to(device) for name, value in network.items()}
    return new_state(network, settings, generator)


def _plan(n_videos, settings, state, one_pass):
    """Draw the mini-batches of each stage, and tell the state where they end."""
    if one_pass:
        return [one_pass_batches(n_videos, settings.batch_size)]
    batches = shuffled_batches(
        n_videos, settings.batch_size, settings.max_iter, state.generator
    )
    state.last_iter = state.n_iter + settings.max_iter
    return cut_stages(batches, state.n_networks, settings.n_iter_no_change)


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


def cut_stages(batches, n_networks, n_iter_no_change):
    """Cut the steps of a fit, videos (n_steps, n_videos), into stages.

    A single network has one stage. Others have stages of whole blocks of
    ``n_iter_no_change`` steps, each a list of arrays for `sampled_batches`.
    """
    blocks = np.split(batches, range(n_iter_no_change, len(batches), n_iter_no_change))
    n_stages = 1 if n_networks == 1 else min(N_STAGES, len(blocks))
    edges = np.arange(n_stages + 1) * len(blocks) // n_stages
    return [[np.concatenate(blocks[start:stop])] for start, stop in pairwise(edges)]


def fit_in_stages(state, stages, settings, terms, progress=None):
    """Train, leaving the worse half of the networks behind at the end of each stage.

    Returns a state with the network whose mean loss over the last tenth of the last
    stage is the lowest, and its loss in each step.
    """
    curves = np.empty((0, state.n_networks))
    for number, batches in enumerate(stages, 1):
        losses, has_stopped = fit_loop(state, batches, settings, terms, progress)
        curves = np.concatenate([curves, losses])
        is_last = has_stopped or number == len(stages)
        n_kept = 1 if is_last else -(-state.n_networks // 2)
        final = losses[-max(1, len(losses) // 10) :].mean(axis=0)
        best = np.argsort(final, kind="stable")[:n_kept]
        state = keep_networks(state, best, settings)
        curves = curves[:, best]
        if is_last:
            break
    return state, curves[:, 0].tolist()
