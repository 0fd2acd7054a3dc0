"""The encoder and the prototypes, as functions of a dictionary of tensors."""

import torch

# In the order in which they are initialised: a seed fixes them all.
PARAMETER_NAMES = (
    "hidden_weight",
    "hidden_bias",
    "output_weight",
    "output_bias",
    "prototypes",
)
INIT_SCALE = 0.01


def init_parameters(n_features, hidden_dim, embedding_dim, n_actions, *, generator):
    """Draw random parameters: weights and prototypes from N(0, 0.01²), biases zero.

    Parameters
    ----------
    n_features, hidden_dim, embedding_dim, n_actions : int
        Widths D, H and E of the encoder and the number K of prototypes.
    generator : torch.Generator
        Source of randomness, on the CPU.

    Returns
    -------
    parameters : dict of str to Tensor
        ``hidden_weight`` (D, H), ``hidden_bias`` (H,), ``output_weight`` (H, E),
        ``output_bias`` (E,) and ``prototypes`` (K, E), float32 on the CPU.
    """
    # Device and type are named, as users may have set other defaults.
    options = {"dtype": torch.float32, "device": "cpu"}

    def draw(*shape):
        return torch.randn(shape, generator=generator, **options) * INIT_SCALE

    return {
        "hidden_weight": draw(n_features, hidden_dim),
        "hidden_bias": torch.zeros(hidden_dim, **options),
        "output_weight": draw(hidden_dim, embedding_dim),
        "output_bias": torch.zeros(embedding_dim, **options),
        "prototypes": draw(n_actions, embedding_dim),
    }


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
