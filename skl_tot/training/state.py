"""What training changes: on a device, and as plain numpy."""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass
class TrainingState:
    """All that changes from step to step; lives on one device."""

    network: dict
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    device: torch.device
    n_iter: int
    last_iter: float = np.inf  # where a fit ends; a stream does not
    best_loss: float = np.inf  # mean of the best block of steps so far


@dataclass(frozen=True)
class Snapshot:
    """Networks and their training state as plain numpy, to use or to go on from.

    ``network`` holds parameters by name, of a single network without the leading
    dimension; ``moments`` what the optimiser remembers of each (None starts it afresh);
    ``rng_state`` is of the generator (None seeds it afresh).
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
                "now (its weight was 0); fit anew."
            )
        own = network[name].shape[-len(dimensions) :]  # of each of the networks
        for fitted, (dimension, asked) in zip(own, dimensions.items()):
            if fitted != asked:
                raise ValueError(
                    f"Cannot go on from a fit with {dimension}={fitted} to "
                    f"{dimension}={asked}; fit anew."
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
    return new_state(network, settings, generator, device, snapshot.n_iter, moments)


def new_state(network, settings, generator, device, n_iter=0, moments=None):
    """Make the parameters of a network trainable on a device.

    ``moments`` is what the optimiser remembers of each of them, by name.
    """
    parameters = {}
    for name, value in network.items():
        parameters[name] = value.detach().to(device).requires_grad_()
    on_gpu = device.type == "cuda"
    optimizer = torch.optim.Adam(
        parameters.values(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
        capturable=on_gpu,
    )
    if on_gpu:  # a tensor can change under a captured graph
        rate = torch.tensor(settings.learning_rate, dtype=torch.float32, device=device)
        optimizer.param_groups[0]["lr"] = rate
    for name, values in (moments or {}).items():
        optimizer.state[parameters[name]] = values
    return TrainingState(parameters, optimizer, generator, device, n_iter)


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
    is_single = len(state.network["hidden_weight"]) == 1
    drop = (lambda value: value[0]) if is_single else torch.clone
    network, moments = {}, {}
    for name, value in state.network.items():
        network[name] = drop(value.detach())
        if value in state.optimizer.state:
            moments[name] = state.optimizer.state[value]
    moments = map_moments(moments, lambda x: drop(x.detach()))
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
