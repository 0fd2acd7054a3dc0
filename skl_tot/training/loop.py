"""Online training: the step, and the loop over mini-batches.

The loss is the sum of the estimator's terms, see `skl_tot.training.terms.Term`; this
module does not depend on particular terms.
"""

import functools
import threading
from dataclasses import replace

import numpy as np
import torch

from skl_tot.training.batches import (
    one_pass_batches,
    open_reader,
    sample_frames,
    sampled_batches,
    shuffled_batches,
)
from skl_tot.training.devices import (
    GraphedStep,
    few_threads,
    keep_freed_memory,
    rank_and_size,
    sum_over_processes,
    training_stream,
)
from skl_tot.training.network import (
    count_products,
    embed,
    encoder_shapes,
    init_network,
)
from skl_tot.training.state import (
    check_shapes,
    new_state,
    restore,
    set_learning_rate,
    take_snapshot,
)
from skl_tot.training.terms import all_changes, common_value

# Maximum frames for the initialisation of terms.
START_FRAMES = 2**17


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
    """Update R networks on one mini-batch, in place except for the count of steps.

    Returns the losses (R,) before the update, on the device: the contribution of this
    process to the mean over the mini-batch.
    """
    losses = batch_loss(state.network, batch, terms, state.n_iter, encoder)
    parts = losses * (len(batch.frames) / batch.n_total)
    state.drop_gradients()
    parts.sum().backward()  # with gradients of losses, torch would import sympy
    for term in terms:
        for name in term.frozen(state.n_iter):
            state.network[name].grad = None  # the optimiser skips it
    gradients = [value.grad for value in state.network.values()]
    sum_over_processes([value for value in gradients if value is not None])
    state.update()
    with torch.no_grad():
        for term in terms:
            term.constrain(state.network)
    return parts.detach()


def fit_loop(state, batches, settings, terms, progress=None):
    """Train on mini-batches until they end or the loss stops falling.

    With ``tol``, training stops once the mean loss over ``n_iter_no_change`` steps,
    after the last change of a term, is not ``tol`` below the best. ``progress`` gets
    the new losses of these steps, averaged over networks. Returns the losses (n_steps,
    R).
    """
    changes = all_changes(terms)
    step = functools.partial(train_step, terms=terms, encoder=settings.encoder)
    if can_be_graphed(state):
        step = GraphedStep(step, changes)
    # earlier losses belong to another problem
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
    """Whether to capture steps: in a fit, with one process and thread, on a GPU."""
    return (
        state.device.type == "cuda"
        and np.isfinite(state.last_iter)
        and rank_and_size()[1] == 1
        and threading.current_thread() is threading.main_thread()
    )


def _collect(pending, progress):
    """Fetch a block of losses from the device, with one synchronisation."""
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
    """Train networks on recordings; return a `Snapshot` and the loss of each step.

    ``start`` is a snapshot to continue from; None draws new parameters. ``seed`` is for
    all random numbers, unless ``start`` has the state of a generator. ``one_pass`` uses
    each recording once, in order, instead of ``max_iter`` steps. Raises ValueError if
    ``start`` has other shapes, or if the loss is not finite.
    """
    keep_freed_memory()
    generator = torch.Generator("cpu").manual_seed(seed)
    shapes = parameter_shapes(videos.n_features, settings, terms)
    if start is None:
        network = init_network(shapes, n_init=settings.n_init, generator=generator)
        state = new_state(network, settings, generator, device)
    else:
        check_shapes(start.network, shapes)
        state = restore(start, settings, generator, device)
    n_frames, batch_size = settings.frames_per_video, settings.batch_size
    if one_pass:  # every recording once
        settings = replace(settings, tol=None)
        blocks = one_pass_batches(len(videos), batch_size)
        n_draws = n_frames * len(videos)
    else:
        n_steps = settings.max_iter
        blocks = [shuffled_batches(len(videos), batch_size, n_steps, generator)]
        n_draws = n_frames * blocks[0].size
        state.last_iter = state.n_iter + n_steps
    window, lag = common_value(terms, "window"), common_value(terms, "lag")
    n_products = count_products(state.network, n_frames * min(batch_size, len(videos)))
    with (
        torch.autocast(device.type, enabled=False),
        training_stream(device),
        few_threads(device, n_products, settings.n_threads),
    ):
        reader = open_reader(videos, device, n_draws)
        if start is None:
            for term in terms:
                if term.starts_at_frames:
                    initialise(term, state, reader, settings)
        batches = sampled_batches(generator, reader, blocks, n_frames, window, lag)
        losses = fit_loop(state, batches, settings, terms, progress)
    return take_snapshot(state), losses.mean(axis=1).tolist()


@torch.no_grad()
def initialise(term, state, reader, settings):
    """Initialise a term with a limited number of sampled frames."""
    n_frames, generator = settings.frames_per_video, state.generator
    order = torch.randperm(len(reader.lengths), generator=generator, device="cpu")
    videos = order.numpy()[: max(1, START_FRAMES // n_frames)][:, None]
    lengths = reader.lengths[videos]
    frames, _ = sample_frames(lengths, n_frames, 0, generator)
    embeddings = []
    for own in reader.read(videos, frames):
        embeddings.append(embed(state.network, own, settings.encoder))
    times = (frames + 0.5) / lengths[..., None]
    times = torch.from_numpy(times.ravel()).to(reader.device, torch.float32)
    term.initialise(state.network, torch.cat(embeddings, 1), times, generator)


def parameter_shapes(n_features, settings, terms):
    """Shapes of all parameters of the network, including those of terms."""
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
