"""The network, a dictionary of named tensors, and its computations."""

# All tensors have a leading dimension of R independent networks, which are computed at
# once. Fitted ones are numpy arrays, without that dimension for a single network. Terms
# of the loss may add parameters.

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import methodcaller

import numpy as np
from scipy.special import expit
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from skl_tot.recordings.container import row_blocks
from skl_tot.training.devices import MANY_PRODUCTS, full_precision, gradients, torch

INIT_SCALE = 0.01  # of the paper
BLAS_THREADS = ThreadpoolController()  # of numpy; to find it takes milliseconds


@dataclass(frozen=True)
class Perceptron:
    """Activations of the layers of a perceptron, and a factor by number of features."""

    hidden: Callable
    output: Callable
    scale: Callable | None = None
    slope: float | None = None  # of hidden units at 0; None if no scale matters


def unit_length(values):
    """Scale rows to unit length."""
    return torch.nn.functional.normalize(values, dim=-1)


#: Kinds of encoders: the paper's, and one with embeddings of unit length.
ENCODERS = {
    "sigmoid": Perceptron(sigmoid := methodcaller("sigmoid"), sigmoid, slope=0.25),
    "unit": Perceptron(methodcaller("relu"), unit_length, lambda n: n**-0.5),
}


def init_network(shapes, *, n_networks=1, generator):
    """Draw networks from N(0, 0.01²), biases zero, float32 on the CPU, in order."""
    network = {}
    for name, dimensions in shapes.items():
        # explicit device and dtype, as users may have changed the defaults
        values = torch.zeros(
            (n_networks, *dimensions.values()), dtype=torch.float32, device="cpu"
        )
        if not name.endswith("_bias"):
            values = values.normal_(generator=generator) * INIT_SCALE
        network[name] = values
    return network


def scale_weights(network, encoder="sigmoid"):
    """Give activations of standardised frames a spread of about 1, in place."""
    slope = ENCODERS[encoder].slope
    if slope is None:
        return
    for name, slope_before in (("hidden_weight", 1), ("output_weight", slope)):
        # sums of its inputs keep their variance
        network[name] /= INIT_SCALE * slope_before * network[name].shape[1] ** 0.5
    # hidden units are 1/2 in the mean
    network["output_bias"] -= network["output_weight"].sum(dim=1) / 2


def encode(network, frames, encoder="sigmoid"):
    """Embed frames (n_frames, n_features): (R, n_frames, embedding_dim)."""
    kind, weights = ENCODERS[encoder], network["hidden_weight"]
    values = frames if kind.scale is None else frames * kind.scale(frames.shape[-1])
    values = values.expand(len(weights), -1, -1)
    values = torch.baddbmm(network["hidden_bias"].unsqueeze(1), values, weights)
    weights, bias = network["output_weight"], network["output_bias"]
    values = torch.baddbmm(bias.unsqueeze(1), kind.hidden(values), weights)
    return kind.output(values)


def count_products(network, n_frames):
    """Count the products of embedding frames by all networks."""
    weights = network["hidden_weight"], network["output_weight"]
    return n_frames * sum(math.prod(weight.shape) for weight in weights)


def score_prototypes(network, embeddings):
    """Similarities z·c (R, n_frames, n_prototypes) of embeddings with prototypes."""
    # frames come last in memory, as the transport is several times faster along them
    return (network["prototypes"] @ embeddings.swapaxes(1, 2)).swapaxes(1, 2)


def constrain_prototypes(network):
    """Scale prototypes to unit length, in place."""
    network["prototypes"].copy_(unit_length(network["prototypes"]))


class Encoder:
    """A fitted network, of kind "sigmoid", that embeds recordings in blocks."""

    def __init__(self, network):
        is_single = network["hidden_weight"].ndim == 2
        add = (lambda value: value[None]) if is_single else np.asarray
        self.network = {name: add(value) for name, value in network.items()}

    def apply(self, videos, i, head=None):
        """Embeddings (n_frames, R * width) of a recording, or the output of a head."""
        output = None
        # buffers: hidden layers of all networks, and their activations
        width = 2 * math.prod(self.network["hidden_bias"].shape)
        for rows in row_blocks(videos.arrays[i], width):
            with np.errstate(over="ignore", invalid="ignore"):  # found below
                frames = videos.read(i, rows).astype(np.float32)
                block = np.concatenate(list(self.compute(frames, head)), axis=1)
            # a bounded embedding would hide invalid values
            if not (np.isfinite(frames).all() and np.isfinite(block).all()):
                with videos.errors(i):
                    raise ValueError(
                        "the scores are not finite; the fit diverged (lower "
                        "learning_rate) or the features are too large for float32."
                    )
            if output is None:
                shape = (len(videos.arrays[i]), block.shape[1])
                output = np.empty(shape, dtype=np.float32)
            output[rows] = block
        return output

    def compute(self, values, head):
        """Output (R, n_frames, width) for frames (n_frames, n_features)."""
        is_large = count_products(self.network, len(values)) >= MANY_PRODUCTS
        with BLAS_THREADS.limit(limits=None if is_large else 1, user_api="blas"):
            for layer in ("hidden", "output"):
                values = values @ self.network[f"{layer}_weight"]
                values += self.network[f"{layer}_bias"][:, None]
                expit(values, out=values)
            return values if head is None else head(self.network, values)


class TorchEncoder(Encoder):
    """The same for all kinds of networks and heads, on a device."""

    def __init__(self, network, device, encoder="sigmoid"):
        super().__init__(network)
        self.device, self.encoder = device, encoder
        for name, value in self.network.items():
            self.network[name] = torch.tensor(value, device=device)

    def compute(self, values, head):
        """Output (R, n_frames, width) for frames (n_frames, n_features)."""
        n_products = count_products(self.network, len(values))
        with gradients(False), full_precision(self.device, n_products):
            frames = torch.from_numpy(values).to(self.device)
            values = encode(self.network, frames, self.encoder)
            values = values if head is None else head(self.network, values)
            return values.cpu().numpy()
