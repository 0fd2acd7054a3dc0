"""Online training of encoder and prototypes: step and fit loop."""

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from scipy.special import softmax

from skl_tot.decoding.prototypes import time_order
from skl_tot.training.batches import follows_paths, sampled_batches
from skl_tot.training.devices import keep_freed_memory
from skl_tot.training.distributed import join_parts, rank_and_size, sum_over_processes
from skl_tot.training.graphs import GraphedStep, training_stream
from skl_tot.training.losses import (
    cross_entropy_loss,
    temporal_coherence_loss,
    time_stamp_loss,
)
from skl_tot.training.network import (
    embed,
    encode,
    init_parameters,
    predict_time,
    score_frames,
)
from skl_tot.training.readers import open_reader
from skl_tot.training.sampling import one_pass_batches, shuffled_batches
from skl_tot.training.state import (
    check_widths,
    keep_networks,
    new_state,
    restore,
    set_learning_rate,
    take_snapshot,
)
from skl_tot.training.transport import log_path_prior, sinkhorn

# Stages of a fit with several networks; all but the last end with half of them.
N_STAGES = 3


def batch_loss(parameters, batch, config):
    """Loss of Eq. 4, plus ``beta`` times the time-stamp loss, of each network.

    All networks learn from the same pseudo-labels, those of the mean of their scores.

    Parameters
    ----------
    parameters : dict of str to Tensor
        See `init_parameters`; without prototypes there is no cross-entropy.
    batch : Batch
        The mini-batch.
    config : TrainingConfig
        Settings.

    Returns
    -------
    losses : Tensor of shape (n_init,)
        L_CE + alpha L_TC + beta L_TS, on the device; a mean over the frames that are
        this process's.
    """
    embeddings = embed(parameters, batch.frames)
    losses = 0.0
    if "prototypes" in parameters:
        scores = score_frames(parameters, embeddings)
        codes = batch_codes(
            join_parts(scores.detach().mean(0), batch.part, batch.n_total),
            batch,
            config,
        )
        losses = cross_entropy_loss(scores, codes[batch.part], config.temperature)
    if batch.partners is not None:
        shape = (len(embeddings), -1, config.n_frames, config.embedding_dim)
        losses = losses + config.alpha * temporal_coherence_loss(
            embeddings.view(shape), embed(parameters, batch.partners).view(shape)
        )
    if batch.times is not None:
        predicted = predict_time(parameters, embeddings)
        losses = losses + config.beta * time_stamp_loss(predicted, batch.times)
    return losses


def batch_codes(scores, batch, config):
    """Pseudo-labels of a mini-batch.

    Parameters
    ----------
    scores : Tensor of shape (n_total, n_prototypes)
        Similarities of the frames of all videos with the prototypes.
    batch : Batch
        The mini-batch.
    config : TrainingConfig
        Settings.

    Returns
    -------
    codes : Tensor of the shape of ``scores``
        See `sinkhorn`.
    """
    log_prior = batch.log_prior
    if batch.evidence is not None:
        log_codes = torch.log_softmax(scores / config.temperature, -1)
        # what a frame says of an action, whatever the share of the action in all
        log_codes = log_codes - log_codes.logsumexp(0)
        videos = log_codes.unflatten(0, (len(batch.evidence), -1))
        log_prior = log_path_prior(batch.evidence * videos).flatten(0, 1)
    return sinkhorn(
        scores, config.rho, log_prior=log_prior, n_iter=config.n_sinkhorn_iter
    )


def train_step(state, batch, config):
    """Update encoders and prototypes on one mini-batch.

    Parameters
    ----------
    state : TrainingState
        Updated in place, but for the count of steps.
    batch : Batch
        The mini-batch.
    config : TrainingConfig
        Settings.

    Returns
    -------
    losses : Tensor of shape (n_init,)
        The losses before the update, on the device; what this process adds to the mean
        over the mini-batch.
    """
    losses = batch_loss(state.parameters, batch, config)
    share = torch.full_like(losses, len(batch.frames) / batch.n_total)
    state.optimizer.zero_grad()
    losses.backward(share)
    if is_frozen(state, config):
        state.parameters["prototypes"].grad = None  # the optimiser passes over it
    gradients = [value.grad for value in state.parameters.values()]
    sum_over_processes([value for value in gradients if value is not None])
    state.optimizer.step()
    return losses.detach() * share


def is_frozen(state, config):
    """Whether the prototypes are left as drawn in the next step."""
    return "prototypes" in state.parameters and state.n_iter < config.freeze_iter


def phase(state, config):
    """Tell steps apart that do not do the same operations."""
    return is_frozen(state, config), follows_paths(state.n_iter, config)


def fit_loop(state, batches, config, progress=None):
    """Train on mini-batches until they end or the loss no longer falls.

    Parameters
    ----------
    state : TrainingState
        Updated in place.
    batches : iterable of Batch
        The mini-batches; one step each.
    config : TrainingConfig
        Settings. With ``tol`` set, training stops once the mean loss over
        ``n_iter_no_change`` steps, after ``freeze_iter`` and, with the prior of paths,
        ``path_iter``, is not ``tol`` below the best.
    progress : callable, default=None
        Called with the list of new losses (their mean over networks) every
        ``n_iter_no_change`` steps.

    Returns
    -------
    losses : ndarray of shape (n_steps, n_init)
        Loss of each step and network.
    has_stopped : bool
        Whether it ended because of ``tol``.

    Raises
    ------
    ValueError
        If the loss stops being finite.
    """
    step = GraphedStep(train_step, phase) if can_be_graphed(state) else train_step
    # earlier losses are of another problem
    first = max(config.freeze_iter, config.path_iter * (config.prior == "path"))
    losses, pending = [], []
    for batch in batches:
        set_learning_rate(state, config)
        pending.append(step(state, batch, config))
        state.n_iter += 1
        if len(pending) < config.n_iter_no_change:
            continue
        losses.append(_collect(pending, progress))
        if config.tol is None or state.n_iter - config.n_iter_no_change < first:
            continue
        mean = losses[-1].mean()
        if mean > state.best_loss - config.tol:
            return np.concatenate(losses), True
        state.best_loss = mean
    if pending:
        losses.append(_collect(pending, progress))
    return np.concatenate(losses), False


def can_be_graphed(state):
    """Whether to capture steps: in a fit, by one process and thread, on a GPU."""
    return (
        state.parameters["hidden_weight"].device.type == "cuda"
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
def train(videos, config, *, device, seed, start=None, one_pass=False, progress=None):
    """Train a network on videos.

    Parameters
    ----------
    videos : StandardizedVideos
        Standardised videos.
    config : TrainingConfig
        Settings.
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
        If ``start`` has other widths than the settings and videos ask for, or if the
        loss stops being finite.
    """
    keep_freed_memory()
    generator = torch.Generator("cpu").manual_seed(seed)
    n_features = videos.arrays[0].shape[1]
    if start is None:
        parameters = init_parameters(
            n_features,
            config.hidden_dim,
            config.embedding_dim,
            config.n_prototypes,
            n_init=1 if one_pass else config.n_init,
            with_time=config.beta > 0,
            generator=generator,
        )
        parameters = {name: value.to(device) for name, value in parameters.items()}
        state = new_state(parameters, config, generator)
    else:
        check_widths(start.parameters, config, n_features)
        state = restore(start, config, generator, device)
    if one_pass:
        config = replace(config, tol=None)  # a pass takes every video
        stages = [one_pass_batches(len(videos), config.batch_size)]
    else:
        batches = shuffled_batches(
            len(videos), config.batch_size, config.max_iter, generator
        )
        stages = cut_stages(batches, state.n_networks, config.n_iter_no_change)
        state.last_iter = state.n_iter + config.max_iter
    with torch.autocast(device.type, enabled=False), training_stream(device):
        n_videos = sum(block.size for blocks in stages for block in blocks)
        reader = open_reader(videos, device, n_videos * config.n_frames)
        state, losses = fit_in_stages(state, reader, stages, config, progress)
    snapshot = take_snapshot(state)
    if config.n_prototypes is not None and config.prior is None:
        snapshot = _order_by_time(snapshot, videos, config, device)
    return snapshot, losses


def cut_stages(batches, n_networks, n_iter_no_change):
    """Cut the steps of a fit into stages.

    Parameters
    ----------
    batches : ndarray of shape (n_steps, n_videos)
        Videos of each mini-batch.
    n_networks : int
        Number of networks; a single one has one stage.
    n_iter_no_change : int
        Stages are made of whole blocks of so many steps.

    Returns
    -------
    stages : list of list of ndarray
        For `fit_in_stages`.
    """
    blocks = np.split(batches, range(n_iter_no_change, len(batches), n_iter_no_change))
    n_stages = 1 if n_networks == 1 else min(N_STAGES, len(blocks))
    edges = np.arange(n_stages + 1) * len(blocks) // n_stages
    return [[np.concatenate(blocks[start:stop])] for start, stop in pairwise(edges)]


def fit_in_stages(state, reader, stages, config, progress=None):
    """Train, leaving the worse half of the networks behind at the end of each stage.

    Parameters
    ----------
    state : TrainingState
        With one network or more.
    reader : ResidentReader or StreamReader
        Reads the frames.
    stages : list of list of ndarray
        Mini-batches of each stage, see `sampled_batches`.
    config : TrainingConfig
        Settings.
    progress : callable, default=None
        See `fit_loop`.

    Returns
    -------
    state : TrainingState
        With the network whose mean loss over the last tenth of the last stage is the
        lowest.
    losses : list of float
        Loss of this network in each step.
    """
    curves = np.empty((0, state.n_networks))
    for number, blocks in enumerate(stages, 1):
        batches = sampled_batches(state.generator, reader, blocks, config, state.n_iter)
        losses, has_stopped = fit_loop(state, batches, config, progress)
        curves = np.concatenate([curves, losses])
        is_last = has_stopped or number == len(stages)
        n_kept = 1 if is_last else -(-state.n_networks // 2)
        final = losses[-max(1, len(losses) // 10) :].mean(axis=0)
        order = np.argsort(final, kind="stable")
        state = keep_networks(state, order[:n_kept], config)
        curves = curves[:, order[:n_kept]]
        if is_last:
            break
    return state, curves[:, 0].tolist()


def _order_by_time(snapshot, videos, config, device):
    """Sort the prototypes by the mean relative time of their frames, as CTE does.

    Without the prior nothing ties the index of a prototype to its place in time.
    """
    order = time_order(
        softmax(scores.astype(np.float64) / config.temperature, axis=1)
        for _, scores in encode(snapshot.parameters, videos, device)
    )
    parameters, moments = dict(snapshot.parameters), dict(snapshot.moments)
    parameters["prototypes"] = parameters["prototypes"][order]
    if "prototypes" in moments:
        moments["prototypes"] = {
            name: value[order] if value.ndim else value  # a count of steps has none
            for name, value in moments["prototypes"].items()
        }
    return replace(snapshot, parameters=parameters, moments=moments)
