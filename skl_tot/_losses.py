"""Losses of a mini-batch, as functions of tensors."""

import torch
import torch.nn.functional as F


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


def time_stamp_loss(predicted, times):
    r"""Squared error of the predicted relative time (CTE).

    .. math::

        L_{TS} = \frac1B \sum_i (\hat t_i - t_i)^2

    Parameters
    ----------
    predicted, times : Tensor of shape (n_frames,)
        Predicted and true position of each frame in its video, in [0, 1].

    Returns
    -------
    loss : Tensor of shape ()
        Mean over frames.

    References
    ----------
    Kukleva et al., "Unsupervised Learning of Action Classes with Continuous Temporal
    Embedding", CVPR 2019.

    Examples
    --------
    >>> time_stamp_loss(torch.tensor([0.0, 1.0]), torch.tensor([0.5, 1.0]))
    tensor(0.1250)
    """
    return F.mse_loss(predicted, times)
