"""Online training of encoder and prototypes: step and fit loop."""

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import softmax

from skl_tot._decoding import time_order
from skl_tot._losses import (
    cross_entropy_loss,
    temporal_coherence_loss,
    time_stamp_loss,
)
from skl_tot._network import (
    embed,
    encode,
    init_parameters,
    predict_time,
    score_frames,
)
from skl_tot._sampling import one_pass_batches, sample_frames, shuffled_batches
from skl_tot._transport import log_temporal_prior, sinkhorn


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Settings of the method; the estimators document each under the same name.

    Without ``n_actions`` there are no prototypes, no transport and no cross-entropy.
    """

    embedding_dim: int
    hidden_dim: int
    n_frames: int
    batch_size: int
    max_iter: int
    learning_rate: float
    weight_decay: float
    tol: float | None
    n_iter_no_change: int
    n_actions: int | None = None
    prior: str | None = None
    rho: float | None = None
    sigma: float | None = None
    temperature: float | None = None
    n_sinkhorn_iter: int | None = None
    alpha: float = 0.0
    window: int = 0
    beta: float = 0.0
    freeze_iter: int = 0

    @classmethod
    def names(cls):
        """List the settings."""
        return [field.name for field in fields(cls)]


@dataclass
class TrainingState:
    """All that changes from step to step; lives on one device."""

    parameters: dict
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    n_iter: int


@dataclass(frozen=True)
class Snapshot:
    """A training state as plain numpy, to predict with or to go on from.

    Parameters
    ----------
    parameters : dict of str to ndarray
        See `init_parameters`.
    n_iter : int
        Steps taken since the parameters were drawn.
    moments : dict of str to dict of str to ndarray, default=None
        What the optimiser remembers of each parameter; None starts it afresh.
    rng_state : ndarray of uint8, default=None
        State of the generator; None seeds it afresh.
    """

    parameters: dict
    n_iter: int
    moments: dict | None = None
    rng_state: np.ndarray | None = None


class Batch(NamedTuple):
    """What a step sees, video by video and on the device.

    Parameters
    ----------
    frames : Tensor of shape (n_videos * n_frames, n_features)
        Sampled frames.
    log_prior : Tensor of shape (n_videos * n_frames, n_actions), or None
        See `log_temporal_prior`, repeated for each video; None is plain transport.
    partners : Tensor of the shape of ``frames``, or None
        Neighbours for the temporal coherence loss; None leaves the loss out.
    times : Tensor of shape (n_videos * n_frames,), or None
        Relative times for the time-stamp loss; None leaves the loss out.
    """

    frames: torch.Tensor
    log_prior: torch.Tensor | None = None
    partners: torch.Tensor | None = None
    times: torch.Tensor | None = None


def batch_loss(parameters, batch, config):
    """Loss of Eq. 4, plus ``beta`` times the time-stamp loss.

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
    loss : Tensor of shape ()
        L_CE + alpha L_TC + beta L_TS, on the device.
    """
    embeddings = embed(parameters, batch.frames)
    loss = 0.0
    if "prototypes" in parameters:
        scores = score_frames(parameters, embeddings)
        codes = sinkhorn(
            scores.detach(),
            config.rho,
            log_prior=batch.log_prior,
            n_iter=config.n_sinkhorn_iter,
        )
        loss = cross_entropy_loss(scores, codes, config.temperature)
    if batch.partners is not None:
        shape = (-1, config.n_frames, config.embedding_dim)
        loss = loss + config.alpha * temporal_coherence_loss(
            embeddings.view(shape), embed(parameters, batch.partners).view(shape)
        )
    if batch.times is not None:
        predicted = predict_time(parameters, embeddings)
        loss = loss + config.beta * time_stamp_loss(predicted, batch.times)
    return loss


def train_step(state, batch, config):
    """Update encoder and prototypes on one mini-batch.

    Parameters
    ----------
    state : TrainingState
        Updated in place.
    batch : Batch
        The mini-batch.
    config : TrainingConfig
        Settings.

    Returns
    -------
    loss : Tensor of shape ()
        The loss before the update, on the device.
    """
    loss = batch_loss(state.parameters, batch, config)
    state.optimizer.zero_grad()
    loss.backward()
    if "prototypes" in state.parameters and state.n_iter < config.freeze_iter:
        state.parameters["prototypes"].grad = None  # the optimiser passes over it
    state.optimizer.step()
    state.n_iter += 1
    return loss.detach()


def fit_loop(state, videos, batches, config, progress=None):
    """Train on mini-batches until they end or the loss no longer falls.

    Parameters
    ----------
    state : TrainingState
        Updated in place.
    videos : Videos
        The videos to draw frames from.
    batches : iterable of ndarray of int
        Indices of the videos of each mini-batch; one step each.
    config : TrainingConfig
        Settings. With ``tol`` set, training stops once the mean loss over
        ``n_iter_no_change`` steps with free prototypes is not ``tol`` below the best.
    progress : callable, default=None
        Called with the list of new losses every ``n_iter_no_change`` steps.

    Returns
    -------
    losses : list of float
        Loss of each step.

    Raises
    ------
    ValueError
        If the loss stops being finite.
    """
    losses, pending, best = [], [], np.inf
    for batch in sampled_batches(state, videos, batches, config):
        pending.append(train_step(state, batch, config))
        if len(pending) < config.n_iter_no_change:
            continue
        mean = _collect(pending, losses, progress)
        if config.tol is None or state.n_iter - config.n_iter_no_change < (
            config.freeze_iter
        ):
            continue
        if mean > best - config.tol:
            break
        best = mean
    if pending:
        _collect(pending, losses, progress)
    return losses


def sampled_batches(state, videos, batches, config):
    """Sample frames for each mini-batch of videos.

    Parameters
    ----------
    state : TrainingState
        Its generator draws the frames.
    videos : Videos
        The videos to draw frames from.
    batches : iterable of ndarray of int
        Indices of the videos of each mini-batch.
    config : TrainingConfig
        Settings.

    Yields
    ------
    batch : Batch
        The mini-batch.
    """
    device = state.parameters["hidden_weight"].device
    log_prior = partners = times = None
    if config.prior is not None:
        log_prior = log_temporal_prior(config.n_frames, config.n_actions, config.sigma)
        log_prior = torch.tensor(log_prior, dtype=torch.float32, device=device)
        log_prior = log_prior.repeat(min(config.batch_size, len(videos)), 1)
    window = min(config.window, videos.lengths.max()) if config.alpha else 0
    for batch in batches:
        lengths = videos.lengths[batch]
        frames, partners = sample_frames(
            lengths, config.n_frames, window, state.generator
        )
        if config.beta:
            times = ((frames + 0.5) / lengths[:, None]).astype(np.float32)
            times = torch.from_numpy(times.reshape(-1)).to(device)
        if partners is not None:
            partners = videos.gather(batch, partners, device)
        yield Batch(
            videos.gather(batch, frames, device),
            log_prior if log_prior is None else log_prior[: frames.size],
            partners,
            times,
        )


def _collect(pending, losses, progress):
    """Fetch a block of losses from the device, which waits for it but once."""
    values = torch.stack(pending).tolist()
    if not np.isfinite(values).all():
        raise ValueError(
            "The loss is no longer finite: check learning_rate, the weights and scales "
            "of the losses, and the scale of the features."
        )
    pending.clear()
    losses.extend(values)
    if progress is not None:
        progress(values)
    return np.mean(values)


@torch.inference_mode(False)
@torch.enable_grad()
def train(videos, config, *, device, seed, start=None, one_pass=False, progress=None):
    """Train a network on videos.

    Parameters
    ----------
    videos : Videos
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
    generator = torch.Generator("cpu").manual_seed(seed)
    n_features = videos.arrays[0].shape[1]
    if start is None:
        parameters = init_parameters(
            n_features,
            config.hidden_dim,
            config.embedding_dim,
            config.n_actions,
            with_time=config.beta > 0,
            generator=generator,
        )
        start = Snapshot(
            {name: value.numpy() for name, value in parameters.items()}, n_iter=0
        )
    else:
        _check_widths(start.parameters, config, n_features)
    state = _restore(start, config, generator, device)
    if one_pass:
        config = replace(config, tol=None)  # a pass takes every video
        batches = one_pass_batches(len(videos), config.batch_size)
    else:
        batches = shuffled_batches(
            len(videos), config.batch_size, config.max_iter, generator
        )
    with torch.autocast(device.type, enabled=False):
        losses = fit_loop(state, videos, batches, config, progress)
    snapshot = _snapshot(state)
    if config.n_actions is not None and config.prior is None:
        snapshot = _order_by_time(snapshot, videos, config, device)
    return snapshot, losses


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


def _check_widths(parameters, config, n_features):
    """Refuse to go on from a network of another shape."""
    fitted_features, hidden_dim = parameters["hidden_weight"].shape
    for name, fitted, asked in (
        ("n_actions", len(parameters["prototypes"]), config.n_actions),
        ("embedding_dim", len(parameters["output_bias"]), config.embedding_dim),
        ("hidden_dim", hidden_dim, config.hidden_dim),
        ("n_features", fitted_features, n_features),
    ):
        if fitted != asked:
            raise ValueError(
                f"Cannot go on from a fit with {name}={fitted} to {name}={asked}; fit "
                "anew, with warm_start=False."
            )
    if config.beta and "time_weight" not in parameters:
        raise ValueError(
            f"Cannot go on from a fit with beta=0 to beta={config.beta}; fit anew, "
            "with warm_start=False."
        )


def _restore(snapshot, config, generator, device):
    """Put a snapshot on a device."""
    parameters = {
        name: torch.tensor(value, device=device).requires_grad_()
        for name, value in snapshot.parameters.items()
    }
    optimizer = torch.optim.Adam(
        parameters.values(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )
    for name, moments in (snapshot.moments or {}).items():
        optimizer.state[parameters[name]] = {
            key: torch.tensor(value, device=device) for key, value in moments.items()
        }
    if snapshot.rng_state is not None:
        generator.set_state(torch.tensor(snapshot.rng_state, device="cpu"))
    return TrainingState(parameters, optimizer, generator, snapshot.n_iter)


def _snapshot(state):
    """Copy a state to numpy."""
    return Snapshot(
        {name: _to_numpy(value) for name, value in state.parameters.items()},
        state.n_iter,
        {
            name: {
                key: _to_numpy(moment)
                for key, moment in state.optimizer.state[value].items()
            }
            for name, value in state.parameters.items()
            if value in state.optimizer.state
        },
        state.generator.get_state().numpy(),
    )


def _to_numpy(tensor):
    return tensor.detach().cpu().numpy()
