"""The encoder, the prototypes and the time head, as functions of named tensors."""

import torch

from skl_tot._sequences import row_blocks

INIT_SCALE = 0.01


def init_parameters(
    n_features, hidden_dim, embedding_dim, n_actions, *, with_time=False, generator
):
    """Draw random parameters: weights and prototypes from N(0, 0.01²), biases zero.

    Parameters
    ----------
    n_features, hidden_dim, embedding_dim : int
        Widths D, H and E of the encoder.
    n_actions : int or None
        Number K of prototypes; None leaves them out.
    with_time : bool, default=False
        Whether to add the linear head that predicts relative time.
    generator : torch.Generator
        Source of randomness, on the CPU.

    Returns
    -------
    parameters : dict of str to Tensor
        ``hidden_weight`` (D, H), ``hidden_bias`` (H,), ``output_weight`` (H, E),
        ``output_bias`` (E,), ``prototypes`` (K, E), ``time_weight`` (E,) and
        ``time_bias`` (1,), float32 on the CPU.
    """
    # Device and type are named, as users may have set other defaults.
    options = {"dtype": torch.float32, "device": "cpu"}

    def draw(*shape):
        return torch.randn(shape, generator=generator, **options) * INIT_SCALE

    parameters = {
        "hidden_weight": draw(n_features, hidden_dim),
        "hidden_bias": torch.zeros(hidden_dim, **options),
        "output_weight": draw(hidden_dim, embedding_dim),
        "output_bias": torch.zeros(embedding_dim, **options),
    }
    if n_actions is not None:
        parameters["prototypes"] = draw(n_actions, embedding_dim)
    if with_time:
        parameters["time_weight"] = draw(embedding_dim)
        parameters["time_bias"] = torch.zeros(1, **options)
    return parameters


def embed(parameters, frames):
    """Embed frames with the two-layer perceptron, a sigmoid after each layer.

    Parameters
    ----------
    parameters : dict of str to Tensor
        See `init_parameters`.
    frames : Tensor of shape (n_frames, D)
        Standardised features.

    Returns
    -------
    embeddings : Tensor of shape (n_frames, E)
        Values in (0, 1).
    """
    hidden = torch.addmm(parameters["hidden_bias"], frames, parameters["hidden_weight"])
    output = torch.addmm(
        parameters["output_bias"], hidden.sigmoid(), parameters["output_weight"]
    )
    return output.sigmoid()


def score_frames(parameters, embeddings):
    """Similarity z·c of each embedding with each prototype.

    Parameters
    ----------
    parameters : dict of str to Tensor
        See `init_parameters`.
    embeddings : Tensor of shape (n_frames, E)
        Output of `embed`.

    Returns
    -------
    scores : Tensor of shape (n_frames, K)
        Scores S; the predicted codes P of Eq. 1 are ``softmax(S / temperature)``.
    """
    return embeddings @ parameters["prototypes"].T


def predict_time(parameters, embeddings):
    """Relative time of each frame, predicted linearly from its embedding.

    Parameters
    ----------
    parameters : dict of str to Tensor
        See `init_parameters`.
    embeddings : Tensor of shape (n_frames, E)
        Output of `embed`.

    Returns
    -------
    times : Tensor of shape (n_frames,)
        Position in the video, 0 at its start and 1 at its end.
    """
    return embeddings @ parameters["time_weight"] + parameters["time_bias"]


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
    scores : ndarray of shape (n_frames_i, n_actions), or None
        float32, similarities with the prototypes, if there are any.
    """
    parameters = {
        name: torch.tensor(value, device=device) for name, value in parameters.items()
    }
    hidden_dim = len(parameters["hidden_bias"])
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
            torch.cat(embeddings).cpu().numpy(),
            torch.cat(scores).cpu().numpy() if scores else None,
        )
