"""State of training: on a device, and as numpy arrays."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.optim.adam import adam

# torch's settings of Adam
ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "amsgrad": False, "maximize": False}
MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass
class TrainingState:
    """All values that change from step to step, on one device.

    ``learning_rate`` is a tensor on a GPU, which can change under a captured graph.
    ``moments`` is the optimiser's memory of each parameter, by name.
    """

    network: dict
    generator: torch.Generator
    device: torch.device
    n_iter: int
    learning_rate: float | torch.Tensor
    weight_decay: float
    moments: dict
    last_iter: float = np.inf  # end of a fit; infinite for a stream
    best_loss: float = np.inf  # best mean of a block of steps so far

    def drop_gradients(self):
        """Free the gradients of the last step."""
        for value in self.network.values():
            value.grad = None

    @torch.no_grad()
    def update(self):
        """Take a step of Adam for each parameter with a gradient, in place.

        The same as `torch.optim.Adam`. The first step of that class imports torch's
        compiler, for longer than many a fit takes.
        """
        trained = {k: v for k, v in self.network.items() if v.grad is not None}
        for name, value in trained.items():
            if name not in self.moments:
                step = torch.zeros((), dtype=torch.float32, device=value.device)
                zeros = torch.zeros_like(value), torch.zeros_like(value), step
                self.moments[name] = dict(zip(MOMENTS, zeros))
        means, squares, steps = (
            [self.moments[name][key] for name in trained] for key in MOMENTS
        )
        adam(
            list(trained.values()),
            [value.grad for value in trained.values()],
            means,
            squares,
            [],
            steps,
            fused=True,
            capturable=self.device.type == "cuda",
            lr=self.learning_rate,
            weight_decay=self.weight_decay,
            **ADAM,
        )


@dataclass(frozen=True)
class Snapshot:
    """Networks and their training state as numpy arrays, to use or to continue.

    ``network`` holds parameters by name, without the leading dimension for a single
    network; ``moments`` the optimiser's memory of each (None resets it); ``rng_state``
    the generator's state (None seeds it again).
    """

    network: dict
    n_iter: int
    moments: dict | None = None
    rng_state: np.ndarray | None = None


def check_shapes(network, shapes):
    """Refuse to continue from a network of other shapes."""
    for name, dimensions in reversed(shapes.items()):
        if name not in network:
            raise ValueError(
                f"Cannot go on from a fit without {name}, which a term of the loss has "
                "now (its weight was 0); fit anew."
            )
        own = network[name].shape[-len(dimensions) :]  # of one network
        for fitted, (dimension, asked) in zip(own, dimensions.items()):
            if fitted != asked:
                raise ValueError(
                    f"Cannot go on from a fit with {dimension}={fitted} to "
                    f"{dimension}={asked}; fit anew."
                )


def restore(snapshot, settings, generator, device):
    """Put a snapshot of networks on a device, and restore the generator's state."""
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
    return new_state(network, settings, generator, device, snapshot.n_iter, moments)


def new_state(network, settings, generator, device, n_iter=0, moments=None):
    """Make the parameters of a network trainable on a device.

    ``moments`` is the optimiser's memory of each parameter, by name.
    """
    parameters = {}
    for name, value in network.items():
        parameters[name] = value.detach().to(device).requires_grad_()
    rate = settings.learning_rate
    if device.type == "cuda":
        rate = torch.tensor(rate, dtype=torch.float32, device=device)
    moments = moments or {}
    decay = settings.weight_decay
    return TrainingState(parameters, generator, device, n_iter, rate, decay, moments)


def set_learning_rate(state, settings):
    """Let the learning rate fall to zero over the last ``decay * max_iter`` steps."""
    n_falling = settings.decay * settings.max_iter
    n_left = state.last_iter - state.n_iter
    if n_left > n_falling:
        return
    rate = settings.learning_rate * n_left / n_falling
    if torch.is_tensor(state.learning_rate):
        state.learning_rate.fill_(rate)
    else:
        state.learning_rate = rate


def take_snapshot(state):
    """Copy the networks of a state to numpy, with all values for `restore`."""
    is_single = len(state.network["hidden_weight"]) == 1
    drop = (lambda value: value[0]) if is_single else torch.clone
    network = {k: drop(value.detach()) for k, value in state.network.items()}
    moments = map_moments(state.moments, lambda x: drop(x.detach()))
    for values in (network, *moments.values()):
        for name, value in values.items():
            values[name] = value.cpu().numpy().copy()
    rng_state = state.generator.get_state().numpy()
    return Snapshot(network, state.n_iter, moments, rng_state)


def map_moments(moments, change):
    """Apply a function to an optimiser's memory, except for counts of steps."""
    changed = {}
    for name, remembered in moments.items():
        changed[name] = {}
        for key, value in remembered.items():
            # a count of steps has no dimensions
            changed[name][key] = change(value) if value.ndim else value
    return changed
