"""The encoder, the prototypes and the time head, as functions of named tensors.

All tensors have a leading dimension of R restarts, networks that know nothing of each
other and are computed at once; a fitted network is one of them, without it.
"""

import torch

from skl_tot.inputs.blocks import row_blocks
from skl_tot.training.devices import keep_freed_memory

INIT_SCALE = 0.01


def init_parameters(
    n_features,
    hidden_dim,
    embedding_dim,
    n_prototypes,
    *,
    n_init=1,
    with_time=False,
    generator,
):
    """Draw random parameters: weights and prototypes from N(0, 0.01²), biases zero.

    Parameters
    ----------
    n_features, hidden_dim, embedding_dim : int
        Widths D, H and E of the encoder.
    n_prototypes : int or None
        Number K of prototypes; None leaves them out.
    n_init : int, default=1
        Number R of restarts.
    with_time : bool, default=False
        Whether to add the linear head that predicts relative time.
    generator : torch.Generator
        Source of randomness, on the CPU.

    Returns
    -------
    parameters : dict of str to Tensor
        ``hidden_weight`` (R, D, H), ``hidden_bias`` (R, H), ``output_weight``
        (R, H, E), ``output_bias`` (R, E), ``prototypes`` (R, K, E), ``time_weight``
        (R, E) and ``time_bias`` (R, 1), float32 on the CPU.
    """
    # Device and type are named, as users may have set other defaults.
    options = {"dtype": torch.float32, "device": "cpu"}

    def draw(*shape):
        shape = (n_init, *shape)
        return torch.randn(shape, generator=generator, **options) * INIT_SCALE

    def zeros(width):
        return torch.zeros((n_init, width), **options)

    parameters = {
        "hidden_weight": draw(n_features, hidden_dim),
        "hidden_bias": zeros(hidden_dim),
        "output_weight": draw(hidden_dim, embedding_dim),
        "output_bias": zeros(embedding_dim),
    }
    if n_prototypes is not None:
        parameters["prototypes"] = draw(n_prototypes, embedding_dim)
    if with_time:
        parameters["time_weight"] = draw(embedding_dim)
        parameters["time_bias"] = zeros(1)
    return parameters


def embed(parameters, frames):
    """Embed frames with the two-layer perceptron, a sigmoid after each layer.

    Parameters
    ----------
    parameters : dict of str to Tensor
        See `init_parameters`.
    frames : Tensor of shape (n_frames, D)
        Standardised features; all restarts see the same.

    Returns
    -------
    embeddings : Tensor of shape (R, n_frames, E)
        Values in (0, 1).
    """
    values = frames.expand(len(parameters["hidden_weight"]), -1, -1)
    for layer in ("hidden", "output"):
        bias = parameters[f"{layer}_bias"].unsqueeze(1)
        values = torch.baddbmm(bias, values, parameters[f"{layer}_weight"]).sigmoid()
    return values


def score_frames(parameters, embeddings):
    """Similarity z·c of each embedding with each prototype.

    Parameters
    ----------
    parameters : dict of str to Tensor
        See `init_parameters`.
    embeddings : Tensor of shape (R, n_frames, E)
        Output of `embed`.

    Returns
    -------
    scores : Tensor of shape (R, n_frames, K)
        Scores S; the predicted codes P of Eq. 1 are ``softmax(S / temperature)``. In
        memory frames come last, as the transport is several times faster along them.
    """
    return (parameters["prototypes"] @ embeddings.mT).mT


def predict_time(parameters, embeddings):
    """Relative time of each frame, predicted linearly from its embedding.

    Parameters
    ----------
    parameters : dict of str to Tensor
        See `init_parameters`.
    embeddings : Tensor of shape (R, n_frames, E)
        Output of `embed`.

    Returns
    -------
    times : Tensor of shape (R, n_frames)
        Position in the video, 0 at its start and 1 at its end.
    """
    times = embeddings @ parameters["time_weight"].unsqueeze(-1)
    return times.squeeze(-1) + parameters["time_bias"]


@torch.inference_mode()
def encode(parameters, videos, device):
    """Embed all frames of each video, a block of frames at a time.

    Parameters
    ----------
    parameters : dict of str to ndarray
        See `init_parameters`; of a single network, without the leading dimension.
    videos : StandardizedVideos
        Standardised videos.
    device : torch.device
        Where to compute.

    Yields
    ------
    embeddings : ndarray of shape (n_frames_i, embedding_dim)
        float32, in (0, 1).
    scores : ndarray of shape (n_frames_i, n_prototypes), or None
        float32, similarities with the prototypes, if there are any.
    """
    parameters = {
        name: torch.tensor(value, device=device)[None]
        for name, value in parameters.items()
    }
    hidden_dim = parameters["hidden_bias"].shape[-1]
    keep_freed_memory()
    for video, array in enumerate(videos.arrays):
        embeddings, scores = [], []
        for rows in row_blocks(array, hidden_dim):
            frames = videos.read(video, rows)
            frames = torch.tensor(frames, dtype=torch.float32, device=device)
            with torch.autocast(device.type, enabled=False):
                embeddings.append(embed(parameters, frames))
                if "prototypes" in parameters:
                    scores.append(score_frames(parameters, embeddings[-1]))
        yield (
            torch.cat(embeddings, 1)[0].cpu().numpy(),
            torch.cat(scores, 1)[0].cpu().numpy() if scores else None,
        )
