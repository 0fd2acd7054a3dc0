"""What training changes, and its settings: on a device, and as plain numpy."""

from dataclasses import dataclass, fields
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, RealNotInt

from skl_tot.training.components import LARGEST, MOST, SMALLEST, Component


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every fit needs, whatever its loss, see `Adam.settings`."""

    embedding_dim: int
    hidden_dim: int
    frames_per_video: int
    batch_size: int
    max_iter: int
    learning_rate: float
    weight_decay: float
    tol: float | None
    n_iter_no_change: int
    decay: float = 0.0
    n_init: int = 1
    encoder: str = "sigmoid"

    def __post_init__(self):
        # numpy's integers overflow, and torch refuses bool
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Integral):
                object.__setattr__(self, field.name, int(value))


class Adam(Component):
    """How training runs: mini-batches, and steps of Adam down the gradient.

    Parameters
    ----------
    learning_rate : float, default=1e-3
        Step size.
    weight_decay : float, default=1e-4
        L2 penalty on all parameters, prototypes included.
    decay : float, default=0.7
        Share of the steps of `fit`, at its end, over which the learning rate falls
        linearly to zero. `partial_fit` never ends and has none.
    freeze_iter : int or float, default=0.1
        Steps at the start during which the prototypes stay as drawn: as a number, less
        than ``max_iter`` of the estimator, or as a share of it, in [0, 1).
    frames_per_video : int, default=128
        Frames sampled from a video for a mini-batch, one from each of so many bins of
        equal length. A shorter video has frames drawn more than once.
    batch_size : int, default=2
        Videos in a mini-batch; fewer where there are fewer in all.
    tol : float, default=None
        Stop when the loss, averaged over ``n_iter_no_change`` steps with free
        prototypes, is not at least ``tol`` below the best such average before. None
        never stops early.
    n_iter_no_change : int, default=100
        Steps over which the loss is averaged for ``tol`` and for the progress bar.

    Examples
    --------
    >>> optimizer = Adam(learning_rate=1e-2, freeze_iter=0.2)
    >>> optimizer.frozen_steps(max_iter=500)
    100
    """

    _parameter_constraints = {
        "learning_rate": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        "weight_decay": [Interval(Real, 0, LARGEST, closed="both")],
        "decay": [Interval(Real, 0, 1, closed="both")],
        "freeze_iter": [
            Interval(Integral, 0, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="left"),
        ],
        "frames_per_video": [Interval(Integral, 1, MOST, closed="both")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "tol": [None, Interval(Real, 0, LARGEST, closed="both")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        learning_rate=1e-3,
        weight_decay=1e-4,
        decay=0.7,
        freeze_iter=0.1,
        frames_per_video=128,
        batch_size=2,
        tol=None,
        n_iter_no_change=100,
    ):
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.decay = decay
        self.freeze_iter = freeze_iter
        self.frames_per_video = frames_per_video
        self.batch_size = batch_size
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change

    def frozen_steps(self, max_iter):
        """Count the steps of a fit during which the prototypes stay as drawn.

        Parameters
        ----------
        max_iter : int
            Steps of the fit.

        Returns
        -------
        n_steps : int
            Number of steps.
        """
        if isinstance(self.freeze_iter, Integral):
            return int(self.freeze_iter)
        return int(self.freeze_iter * int(max_iter))

    def settings(self, layer_sizes, max_iter, n_init=1, encoder="sigmoid"):
        """Put together what the training loop has to know.

        Parameters
        ----------
        layer_sizes : tuple of int
            Widths of the hidden layer and of the embedding.
        max_iter : int
            Steps of the fit.
        n_init : int, default=1
            Networks that are trained at once.
        encoder : {"sigmoid", "unit"}, default="sigmoid"
            Kind of the encoder.

        Returns
        -------
        settings : Settings
            Settings of a fit.
        """
        hidden_dim, embedding_dim = layer_sizes
        return Settings(
            embedding_dim=embedding_dim,
            hidden_dim=hidden_dim,
            frames_per_video=self.frames_per_video,
            batch_size=self.batch_size,
            max_iter=max_iter,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            decay=self.decay,
            n_init=n_init,
            encoder=encoder,
        )


#: Optimisers by the names that estimators know.
OPTIMIZERS = {"adam": Adam}


@dataclass
class TrainingState:
    """All that changes from step to step; lives on one device."""

    network: dict
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    n_iter: int
    last_iter: float = np.inf  # where a fit ends; a stream does not
    best_loss: float = np.inf  # mean of the best block of steps so far

    @property
    def n_networks(self):
        """Count the networks that are trained at once."""
        return len(self.network["hidden_weight"])

    @property
    def device(self):
        """Where it lives."""
        return self.network["hidden_weight"].device

    @property
    def moments(self):
        """What the optimiser remembers of each parameter, by its name."""
        moments = {}
        for name, value in self.network.items():
            if value in self.optimizer.state:
                moments[name] = self.optimizer.state[value]
        return moments


@dataclass(frozen=True)
class Snapshot:
    """Networks and their training state as plain numpy, to use or to go on from.

    Parameters
    ----------
    network : dict of str to ndarray
        Parameters; those of a single network are without the leading dimension.
    n_iter : int
        Steps taken since the parameters were drawn.
    moments : dict of str to dict of str to ndarray, default=None
        What the optimiser remembers of each parameter; None starts it afresh.
    rng_state : ndarray of uint8, default=None
        State of the generator; None seeds it afresh.
    """

    network: dict
    n_iter: int
    moments: dict | None = None
    rng_state: np.ndarray | None = None


def check_shapes(network, shapes):
    """Refuse to go on from a network of other shapes than are asked for."""
    for name, dimensions in reversed(shapes.items()):
        if name not in network:
            raise ValueError(
                f"Cannot go on from a fit without {name}, which a term of the loss has "
                "now (its weight was 0); fit anew, with warm_start=False."
            )
        own = network[name].shape[-len(dimensions) :]  # of each of the networks
        for fitted, (dimension, asked) in zip(own, dimensions.items()):
            if fitted != asked:
                raise ValueError(
                    f"Cannot go on from a fit with {dimension}={fitted} to "
                    f"{dimension}={asked}; fit anew, with warm_start=False."
                )


def restore(snapshot, settings, generator, device):
    """Put a snapshot of networks on a device, and the generator in its state."""
    is_single = snapshot.network["hidden_weight"].ndim == 2
    add = (lambda value: value[None]) if is_single else np.asarray
    network = {}
    for name, value in snapshot.network.items():
        network[name] = torch.tensor(add(value), device=device)
    moments = map_moments(snapshot.moments or {}, add)
    for remembered in moments.values():
        for key, value in remembered.items():
            remembered[key] = torch.tensor(value, device=device)
    if snapshot.rng_state is not None:
        generator.set_state(torch.tensor(snapshot.rng_state, device="cpu"))
    return new_state(network, settings, generator, snapshot.n_iter, moments)


def new_state(network, settings, generator, n_iter=0, moments=None):
    """Make the parameters of a network on a device trainable.

    ``moments`` is what the optimiser remembers of each of them, by name.
    """
    network = {name: x.detach().requires_grad_() for name, x in network.items()}
    device = network["hidden_weight"].device
    on_gpu = device.type == "cuda"
    optimizer = torch.optim.Adam(
        network.values(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
        capturable=on_gpu,
    )
    if on_gpu:  # a tensor can change under a captured graph
        rate = torch.tensor(settings.learning_rate, dtype=torch.float32, device=device)
        optimizer.param_groups[0]["lr"] = rate
    for name, values in (moments or {}).items():
        optimizer.state[network[name]] = values
    return TrainingState(network, optimizer, generator, n_iter)


def set_learning_rate(state, settings):
    """Let the learning rate fall to zero over the last ``decay * max_iter`` steps."""
    n_falling = settings.decay * settings.max_iter
    n_left = state.last_iter - state.n_iter
    if n_left > n_falling:
        return
    rate = settings.learning_rate * n_left / n_falling
    group = state.optimizer.param_groups[0]
    if torch.is_tensor(group["lr"]):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def take_snapshot(state):
    """Copy the networks of a state to numpy, with all that `restore` needs."""
    drop = (lambda value: value[0]) if state.n_networks == 1 else torch.clone
    network = {name: drop(x.detach()) for name, x in state.network.items()}
    moments = map_moments(state.moments, lambda x: drop(x.detach()))
    for values in (network, *moments.values()):
        for name, value in values.items():
            values[name] = value.cpu().numpy().copy()
    rng_state = state.generator.get_state().numpy()
    return Snapshot(network, state.n_iter, moments, rng_state)


def map_moments(moments, change):
    """Change what an optimiser remembers, but for counts of steps, by a function."""
    changed = {}
    for name, remembered in moments.items():
        changed[name] = {}
        for key, value in remembered.items():
            # a count of steps has no dimensions
            changed[name][key] = change(value) if value.ndim else value
    return changed
