"""Online training: its state, the step, and the loop over mini-batches."""

# The loss is the sum of the estimator's terms, see `skl_tot.training.terms.Term`; this
# module does not depend on particular terms.

from dataclasses import dataclass

import numpy as np

from skl_tot.progress import counted
from skl_tot.training import devices
from skl_tot.training.batches import (
    one_pass_batches,
    open_reader,
    sample_frames,
    sampled_batches,
    shuffled_batches,
)
from skl_tot.training.devices import torch
from skl_tot.training.network import (
    count_products,
    encode,
    init_network,
    scale_weights,
)
from skl_tot.training.terms import common_value

# Values that Adam remembers of each parameter: two means, and the number of steps.
MOMENTS = ("exp_avg", "exp_avg_sq", "step")
# Steps whose losses are fetched from the device at once.
FETCHED_STEPS = 25


@dataclass
class TrainingState:
    """All values that change from step to step, on one device."""

    network: dict
    generator: "torch.Generator"
    device: "torch.device"
    n_iter: int
    learning_rate: float
    weight_decay: float
    moments: dict
    first_iter: int = 0  # of a fit
    last_iter: float = np.inf  # end of a fit; infinite for a stream

    @devices.gradients(False)
    def update(self):
        """Take a step of Adam for each parameter with a gradient, and free these."""
        # The same as `torch.optim.Adam` with its defaults. Its first step would import
        # torch's compiler, which takes longer than many fits.
        from torch.optim.adam import adam

        pairs = self.network.items()
        trained = {name: value for name, value in pairs if value.grad is not None}
        for name, value in trained.items():
            if name not in self.moments:
                self.moments[name] = {
                    "exp_avg": torch.zeros_like(value),
                    "exp_avg_sq": torch.zeros_like(value),
                    "step": torch.zeros((), dtype=torch.float32, device=value.device),
                }
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
            lr=self.learning_rate,
            weight_decay=self.weight_decay,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
        for value in trained.values():
            value.grad = None


@dataclass(frozen=True)
class Snapshot:
    """Networks and their training state as numpy arrays, to use or to continue."""

    # Without the leading dimension for a single network; `moments` of None resets the
    # optimiser, `rng_state` of None seeds the generator again.

    network: dict
    n_iter: int
    moments: dict | None = None
    rng_state: np.ndarray | None = None


def check_shapes(network, shapes):
    """Refuse to continue from a network of other shapes."""
    for name, dimensions in shapes.items():
        fitted = network[name].shape[-len(dimensions) :] if name in network else None
        if fitted != (shape := tuple(dimensions.values())):
            was = "none" if fitted is None else fitted
            raise ValueError(
                f"{name} of the network has shape {shape} ({', '.join(dimensions)}), "
                f"expected {was} as before; fit anew."
            )


def resume(snapshot, settings, generator, device):
    """Training state of a snapshot on a device; restores the generator's, too."""
    is_single = snapshot.network["hidden_weight"].ndim == 2
    add = (lambda value: value[None]) if is_single else np.asarray
    network = {}
    for name, value in snapshot.network.items():
        network[name] = torch.tensor(add(value), device=device)
    moments = map_moments(snapshot.moments or {}, add)
    for of_parameter in moments.values():
        for key, value in of_parameter.items():
            of_parameter[key] = torch.tensor(value, device=device)
    if snapshot.rng_state is not None:
        generator.set_state(torch.tensor(snapshot.rng_state, device="cpu"))
    return new_state(network, settings, generator, device, snapshot.n_iter, moments)


def new_state(network, settings, generator, device, n_iter=0, moments=None):
    """Make the parameters of a network trainable on a device."""
    parameters = {}
    for name, value in network.items():
        parameters[name] = value.detach().to(device).requires_grad_()
    rates = settings.learning_rate, settings.weight_decay
    return TrainingState(parameters, generator, device, n_iter, *rates, moments or {})


def take_snapshot(state):
    """Copy the networks of a state to numpy, with all values for `resume`."""
    is_single = len(state.network["hidden_weight"]) == 1
    drop = (lambda value: value[0]) if is_single else torch.clone
    network = {name: drop(value.detach()) for name, value in state.network.items()}
    moments = map_moments(state.moments, lambda x: drop(x.detach()))
    for values in (network, *moments.values()):
        for name, value in values.items():
            values[name] = value.cpu().numpy().copy()
    return Snapshot(network, state.n_iter, moments, state.generator.get_state().numpy())


def map_moments(moments, change):
    """Apply a function to an optimiser's memory, except for counts of steps."""
    changed = {}
    for name, of_parameter in moments.items():
        changed[name] = {}
        for key, value in of_parameter.items():
            # a count of steps has no dimensions
            changed[name][key] = change(value) if value.ndim else value
    return changed


def batch_loss(network, batch, terms, step, encoder="sigmoid"):
    """Weighted sum (R,) of the terms, a mean over the frames of this process."""
    embeddings = encode(network, batch.frames, encoder)
    return sum(
        term.weight * term.loss(network, embeddings, batch, step) for term in terms
    )


def train_step(state, batch, terms, encoder="sigmoid"):
    """Update networks on a mini-batch; return the losses (R,), of this process."""
    losses = batch_loss(state.network, batch, terms, state.n_iter, encoder)
    parts = losses * (len(batch.frames) / batch.n_total)
    parts.sum().backward()  # with gradients of losses, torch would import sympy
    for term in terms:
        for name in term.frozen(state.n_iter):
            state.network[name].grad = None  # the optimiser skips it
    gradients = [value.grad for value in state.network.values()]
    devices.sum_over_processes([value for value in gradients if value is not None])
    state.update()
    with torch.no_grad():
        for term in terms:
            term.constrain(state.network)
    return parts.detach()


def fit_loop(state, batches, settings, terms, count=lambda n: None):
    """Train until batches or steps end; return losses (n_steps, R) of all."""
    n_falling = settings.decay * (state.last_iter - state.first_iter)
    losses, pending = [], []
    for batch in batches:
        n_left = state.last_iter - state.n_iter
        if n_left <= 0:
            break
        state.learning_rate = settings.learning_rate
        if n_left <= n_falling < np.inf:
            state.learning_rate = settings.learning_rate * n_left / n_falling
        pending.append(train_step(state, batch, terms, settings.encoder))
        state.n_iter += 1
        if len(pending) == FETCHED_STEPS:
            losses.append(_fetch_losses(pending, count))
    if pending:
        losses.append(_fetch_losses(pending, count))
    return np.concatenate(losses)


def _fetch_losses(pending, count):
    """Fetch a block of losses from the device, with one synchronisation."""
    losses = torch.stack(pending)
    devices.sum_over_processes([losses])
    losses = losses.cpu().numpy().astype(float)
    if not np.isfinite(losses).all():
        raise ValueError(
            "The loss is no longer finite: check learning_rate, the weights and scales "
            "of the losses, and the scale of the features."
        )
    pending.clear()
    count(len(losses))
    return losses


@devices.gradients(True)
def train(videos, settings, terms, *, device, seed, start=None, one_pass=False):
    """Train from a `Snapshot`, or anew; return the new one and losses of steps."""
    devices.keep_freed_memory()
    device = devices.resolve_device(device)
    # all processes draw the same frames
    generator = torch.Generator("cpu").manual_seed(devices.from_first_process(seed))
    terms = [term for term in terms if term.weight]
    shapes = parameter_shapes(videos.n_features, settings, terms)
    if start is None:
        n_networks = settings.n_networks
        network = init_network(shapes, n_networks=n_networks, generator=generator)
        if settings.start == "scaled":
            scale_weights(network, settings.encoder)
        state = new_state(network, settings, generator, device)
    else:
        check_shapes(start.network, shapes)
        state = resume(start, settings, generator, device)
    n_frames, batch_size = settings.frames_per_video, settings.batch_size
    if one_pass:  # every recording once
        blocks = one_pass_batches(len(videos), batch_size)
        n_steps, n_draws = sum(map(len, blocks)), n_frames * len(videos)
    else:
        n_steps = settings.max_iter
        blocks = [shuffled_batches(len(videos), batch_size, n_steps, generator)]
        n_draws = n_frames * blocks[0].size
        state.first_iter, state.last_iter = state.n_iter, state.n_iter + n_steps
    window, lag = common_value(terms, "window"), common_value(terms, "lag")
    n_products = count_products(state.network, n_frames * min(batch_size, len(videos)))
    with (
        devices.full_precision(device, n_products),
        counted(n_steps) as count,
    ):
        reader = open_reader(videos, device, n_draws)
        for term in terms:
            if start is None and term.starts_at_frames:
                initialise(term, state, reader, settings)
        batches = sampled_batches(generator, reader, blocks, n_frames, window, lag)
        losses = fit_loop(state, batches, settings, terms, count)
    return take_snapshot(state), losses.mean(axis=1).tolist()


@devices.gradients(False)
def initialise(term, state, reader, settings):
    """Initialise a term with up to 131,072 sampled frames, which fit into memory."""
    sample, times = read_sample(state.generator, reader, settings, 2**17)
    embeddings = [encode(state.network, x, settings.encoder) for x in sample]
    embeddings = torch.cat(embeddings, 1)
    term.initialise(state.network, embeddings, times, state.generator)


def read_sample(generator, reader, settings, most):
    """Frames of up to ``most // frames_per_video`` recordings, and relative times."""
    n_frames = settings.frames_per_video
    order = torch.randperm(len(reader.lengths), generator=generator, device="cpu")
    videos = order.numpy()[: max(1, most // n_frames)][:, None]
    lengths = reader.lengths[videos]
    frames, _ = sample_frames(lengths, n_frames, 0, generator)
    times = (frames + 0.5) / lengths[..., None]
    times = torch.from_numpy(times.ravel()).to(reader.device, torch.float32)
    return reader.read(videos, frames), times


def parameter_shapes(n_features, settings, terms):
    """Shapes of all parameters of the network, including those of terms."""
    sizes = {
        "n_features": n_features,
        "hidden_dim": settings.hidden_dim,
        "embedding_dim": settings.embedding_dim,
    }
    n_inputs, hidden_dim, embedding_dim = ({name: sizes[name]} for name in sizes)
    shapes = {  # of the encoder, a two-layer perceptron, see `Term.shapes`
        "hidden_weight": n_inputs | hidden_dim,
        "hidden_bias": hidden_dim,
        "output_weight": hidden_dim | embedding_dim,
        "output_bias": embedding_dim,
    }
    for term in terms:
        shapes_of_term = term.shapes(sizes)
        taken = sorted(shapes.keys() & shapes_of_term.keys())
        if taken:
            raise ValueError(
                f"{term!r} adds {taken[0]!r} to the network, which has it already; "
                "expected another name."
            )
        shapes |= shapes_of_term
    return shapes
