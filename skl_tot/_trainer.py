"""Online training of encoder and prototypes: losses, step and fit loop."""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
import torch.nn.functional as F

from skl_tot._network import PARAMETER_NAMES, embed, init_parameters, score_frames
from skl_tot._sampling import one_pass_batches, sample_frames, shuffled_batches
from skl_tot._transport import log_temporal_prior, sinkhorn

# Frames embedded at a time outside training: bounds the memory, not the result.
BLOCK_FRAMES = 8192
DEVICE_TYPES = ("cpu", "cuda", "mps", "xpu")


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of the method; the estimator documents each under the same name."""

    n_actions: int
    embedding_dim: int
    hidden_dim: int
    rho: float
    sigma: float
    temperature: float
    n_sinkhorn_iter: int
    alpha: float
    window: int
    n_frames: int
    batch_size: int
    max_iter: int
    freeze_iter: int
    learning_rate: float
    weight_decay: float
    tol: float | None
    n_iter_no_change: int

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


def resolve_device(device):
    """Turn a device string into a device that works here.

    Parameters
    ----------
    device : str
        "auto" takes CUDA where there is one and else the CPU; any other is torch's.

    Returns
    -------
    device : torch.device
        A usable device.

    Raises
    ------
    ValueError
        If torch does not know the device or cannot use it on this machine.

    Examples
    --------
    >>> resolve_device("cpu")
    device(type='cpu')
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(f"device={device!r} cannot be used: {reason}.") from None
    if resolved.type not in DEVICE_TYPES:
        raise ValueError(
            f"device={device!r} cannot be trained on, expected 'auto' or a device of "
            f"type {', '.join(DEVICE_TYPES)}."
        )
    return resolved


def cross_entropy_loss(scores, codes, temperature):
    r"""Cross-entropy of predicted codes against pseudo-labels (Eq. 1 and 2).

    .. math::

        L_{CE} = -\frac1B \sum_{i,j} Q_{ij} \log P_{ij}, \qquad
        P_{ij} = \frac{\exp(s_{ij} / \tau)}{\sum_{j'} \exp(s_{ij'} / \tau)}

    Parameters
    ----------
    scores : Tensor of shape (n_frames, n_actions)
        Similarities S.
    codes : Tensor of shape (n_frames, n_actions)
        Pseudo-labels Q, rows summing to 1.
    temperature : float
        τ.

    Returns
    -------
    loss : Tensor of shape ()
        Mean over frames, in nats.

    Examples
    --------
    >>> cross_entropy_loss(torch.zeros(3, 4), torch.full((3, 4), 0.25), 0.1)
    tensor(1.3863)
    """
    return F.cross_entropy(scores / temperature, codes)


def temporal_coherence_loss(anchors, positives):
    r"""N-pair loss that keeps neighbouring frames together (Eq. 3).

    .. math::

        L_{TC} = -\frac1N \sum_i \log
            \frac{\exp(z_i^\top z_i^+)}{\sum_j \exp(z_i^\top z_j^+)}

    Parameters
    ----------
    anchors, positives : Tensor of shape (n_videos, n_frames, embedding_dim)
        Embeddings of the sampled frames and of one neighbour of each. Frames of other
        videos are no negatives.

    Returns
    -------
    loss : Tensor of shape ()
        Mean over frames and videos, in nats.

    Examples
    --------
    >>> embeddings = torch.eye(3)[None]
    >>> temporal_coherence_loss(embeddings, embeddings)
    tensor(0.5514)
    """
    similarities = anchors @ positives.transpose(-1, -2)
    return -torch.log_softmax(similarities, dim=-1).diagonal(dim1=-2, dim2=-1).mean()


def train_step(state, frames, partners, log_prior, config):
    """Update encoder and prototypes on one mini-batch.

    Parameters
    ----------
    state : TrainingState
        Updated in place.
    frames : Tensor of shape (n_videos * n_frames, n_features)
        Sampled frames, video by video.
    partners : Tensor of the shape of ``frames``, or None
        Neighbours for the temporal coherence loss; None leaves the loss out.
    log_prior : Tensor of shape (n_videos * n_frames, n_actions)
        See `log_temporal_prior`, repeated for each video.
    config : TrainingConfig
        Settings.

    Returns
    -------
    loss : Tensor of shape ()
        L_CE + alpha L_TC (Eq. 4) before the update, on the device.
    """
    parameters = state.parameters
    embeddings = embed(parameters, frames)
    scores = score_frames(parameters, embeddings)
    with torch.no_grad():
        codes = sinkhorn(
            scores, config.rho, log_prior=log_prior, n_iter=config.n_sinkhorn_iter
        )
    loss = cross_entropy_loss(scores, codes, config.temperature)
    if partners is not None:
        shape = (-1, config.n_frames, config.embedding_dim)
        loss = loss + config.alpha * temporal_coherence_loss(
            embeddings.view(shape), embed(parameters, partners).view(shape)
        )
    state.optimizer.zero_grad()
    loss.backward()
    if state.n_iter < config.freeze_iter:
        parameters["prototypes"].grad = None  # the optimiser passes over it
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
    device = state.parameters["prototypes"].device
    log_prior = log_temporal_prior(config.n_frames, config.n_actions, config.sigma)
    log_prior = torch.tensor(log_prior, dtype=torch.float32, device=device)
    log_prior = log_prior.repeat(min(config.batch_size, len(videos)), 1)
    window = min(config.window, videos.lengths.max()) if config.alpha else 0
    losses, pending, best = [], [], np.inf
    for batch in batches:
        frames, partners = sample_frames(
            videos.lengths[batch], config.n_frames, window, state.generator
        )
        frames = videos.gather(batch, frames, device)
        if partners is not None:
            partners = videos.gather(batch, partners, device)
        prior = log_prior[: len(frames)]
        pending.append(train_step(state, frames, partners, prior, config))
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


def _collect(pending, losses, progress):
    """Fetch a block of losses from the device, which waits for it but once."""
    values = torch.stack(pending).tolist()
    if not np.isfinite(values).all():
        raise ValueError(
            "The loss is no longer finite: check learning_rate, rho, sigma, "
            "temperature, alpha and the scale of the features."
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
            generator=generator,
        )
        start = Snapshot(
            {name: value.numpy() for name, value in parameters.items()}, n_iter=0
        )
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
    return _snapshot(state), losses


def _check_widths(parameters, config, n_features):
    """Refuse to go on from a network of another shape."""
    n_actions, embedding_dim = parameters["prototypes"].shape
    fitted_features, hidden_dim = parameters["hidden_weight"].shape
    for name, fitted, asked in (
        ("n_actions", n_actions, config.n_actions),
        ("embedding_dim", embedding_dim, config.embedding_dim),
        ("hidden_dim", hidden_dim, config.hidden_dim),
        ("n_features", fitted_features, n_features),
    ):
        if fitted != asked:
            raise ValueError(
                f"Cannot go on from a fit with {name}={fitted} to {name}={asked}; fit "
                "anew with warm_start=False."
            )


def _restore(snapshot, config, generator, device):
    """Put a snapshot on a device."""
    parameters = {
        name: torch.tensor(snapshot.parameters[name], device=device).requires_grad_()
        for name in PARAMETER_NAMES
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


@torch.inference_mode()
def encode(parameters, videos, device):
    """Embed all frames of each video, a block of frames at a time.

    Parameters
    ----------
    parameters : dict of str to ndarray
        See `init_parameters`.
    videos : Videos
        Standardised videos.
    device : torch.device
        Where to compute.

    Yields
    ------
    embeddings : ndarray of shape (n_frames_i, embedding_dim)
        float32, in (0, 1).
    scores : ndarray of shape (n_frames_i, n_actions)
        float32, similarities with the prototypes.
    """
    parameters = {
        name: torch.tensor(value, device=device) for name, value in parameters.items()
    }
    for video, length in enumerate(videos.lengths):
        embeddings, scores = [], []
        for start in range(0, length, BLOCK_FRAMES):
            frames = videos.read(video, slice(start, start + BLOCK_FRAMES))
            frames = torch.tensor(frames, dtype=torch.float32, device=device)
            with torch.autocast(device.type, enabled=False):
                embeddings.append(embed(parameters, frames))
                scores.append(score_frames(parameters, embeddings[-1]))
        yield torch.cat(embeddings).cpu().numpy(), torch.cat(scores).cpu().numpy()
