"""What training changes, and its settings: on a device, and as plain numpy."""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Settings of the method; the estimators document each under the same name.

    Without ``n_prototypes`` there are no prototypes, no transport and no cross-entropy.
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
    n_prototypes: int | None = None
    prior: str | None = None
    path_iter: int = 0
    rho: float | None = None
    sigma: float | None = None
    temperature: float | None = None
    n_sinkhorn_iter: int | None = None
    alpha: float = 0.0
    window: int = 0
    beta: float = 0.0
    freeze_iter: int = 0
    decay: float = 0.0
    n_init: int = 1

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
    last_iter: float = np.inf  # where a fit ends; a stream does not
    best_loss: float = np.inf  # mean of the best block of steps so far

    @property
    def n_networks(self):
        """Count the networks that are trained at once."""
        return len(self.parameters["hidden_weight"])


@dataclass(frozen=True)
class Snapshot:
    """One network and its training state as plain numpy, to use or to go on from.

    Parameters
    ----------
    parameters : dict of str to ndarray
        See `init_parameters`; of one network, without the leading dimension.
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


def check_widths(parameters, config, n_features):
    """Refuse to go on from a network of another shape.

    Parameters
    ----------
    parameters : dict of str to ndarray
        Those of a `Snapshot`.
    config : TrainingConfig
        Settings asked for.
    n_features : int
        Width of the features.

    Raises
    ------
    ValueError
        In one line, naming what differs.
    """
    fitted_features, hidden_dim = parameters["hidden_weight"].shape
    for name, fitted, asked in (
        ("n_actions * n_parts", len(parameters["prototypes"]), config.n_prototypes),
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


def restore(snapshot, config, generator, device):
    """Put a snapshot on a device.

    Parameters
    ----------
    snapshot : Snapshot
        Of one network.
    config : TrainingConfig
        Settings of the optimiser.
    generator : torch.Generator
        Takes the state that the snapshot has, if any.
    device : torch.device
        Where to train.

    Returns
    -------
    state : TrainingState
        The parameters have a leading dimension of 1.
    """
    parameters = {
        name: torch.tensor(value, device=device)[None]
        for name, value in snapshot.parameters.items()
    }
    moments = {
        name: {
            key: torch.tensor(value[None] if value.ndim else value, device=device)
            for key, value in moments.items()  # a count of steps has no dimensions
        }
        for name, moments in (snapshot.moments or {}).items()
    }
    if snapshot.rng_state is not None:
        generator.set_state(torch.tensor(snapshot.rng_state, device="cpu"))
    return new_state(parameters, config, generator, snapshot.n_iter, moments)


def new_state(parameters, config, generator, n_iter=0, moments=None):
    """Make parameters trainable.

    Parameters
    ----------
    parameters : dict of str to Tensor
        See `init_parameters`, on the device to train on.
    config : TrainingConfig
        Settings of the optimiser.
    generator : torch.Generator
        Source of randomness.
    n_iter : int, default=0
        Steps taken since the parameters were drawn.
    moments : dict of str to dict of str to Tensor, default=None
        What the optimiser remembers of each parameter.

    Returns
    -------
    state : TrainingState
        Ready for the first step.
    """
    parameters = {
        name: value.detach().requires_grad_() for name, value in parameters.items()
    }
    device = parameters["hidden_weight"].device
    on_gpu = device.type == "cuda"
    optimizer = torch.optim.Adam(
        parameters.values(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
        capturable=on_gpu,
    )
    if on_gpu:  # a tensor can change under a captured graph
        rate = torch.tensor(config.learning_rate, dtype=torch.float32, device=device)
        optimizer.param_groups[0]["lr"] = rate
    for name, values in (moments or {}).items():
        optimizer.state[parameters[name]] = values
    return TrainingState(parameters, optimizer, generator, n_iter)


def set_learning_rate(state, config):
    """Let the learning rate of the next step fall to zero towards the end of a fit.

    Parameters
    ----------
    state : TrainingState
        Its optimiser is changed.
    config : TrainingConfig
        Settings; the last ``decay * max_iter`` steps have falling learning rates.
    """
    n_falling = config.decay * config.max_iter
    n_left = state.last_iter - state.n_iter
    if n_left > n_falling:
        return
    rate = config.learning_rate * n_left / n_falling
    group = state.optimizer.param_groups[0]
    if torch.is_tensor(group["lr"]):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def keep_networks(state, networks, config):
    """Go on with some of the networks only.

    Parameters
    ----------
    state : TrainingState
        With R networks.
    networks : ndarray of int
        Which of them to keep.
    config : TrainingConfig
        Settings of the optimiser.

    Returns
    -------
    state : TrainingState
        With as many networks as asked for.
    """
    networks = torch.from_numpy(networks).to(state.parameters["hidden_weight"].device)

    def keep(value):
        return value.detach()[networks] if value.ndim else value

    kept = new_state(
        {name: keep(value) for name, value in state.parameters.items()},
        config,
        state.generator,
        state.n_iter,
        {
            name: {key: keep(value) for key, value in values.items()}
            for name, values in _moments(state).items()
        },
    )
    return replace(kept, last_iter=state.last_iter, best_loss=state.best_loss)


def take_snapshot(state):
    """Copy the first network of a state to numpy.

    Parameters
    ----------
    state : TrainingState
        Not changed.

    Returns
    -------
    snapshot : Snapshot
        All that `restore` needs.
    """

    def copy(value):
        return (value.detach()[0] if value.ndim else value).cpu().numpy().copy()

    return Snapshot(
        {name: copy(value) for name, value in state.parameters.items()},
        state.n_iter,
        {
            name: {key: copy(value) for key, value in values.items()}
            for name, values in _moments(state).items()
        },
        state.generator.get_state().numpy(),
    )


def _moments(state):
    """Look up what the optimiser remembers of each parameter, by its name."""
    return {
        name: state.optimizer.state[value]
        for name, value in state.parameters.items()
        if value in state.optimizer.state
    }
