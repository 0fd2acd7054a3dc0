"""Losses of a mini-batch, as functions of tensors.

Leading dimensions are independent problems with a loss each. A mean over nothing is 0.
"""

import torch


def cross_entropy_loss(scores, codes, temperature):
    r"""Cross-entropy of predicted codes against pseudo-labels (Eq. 1 and 2).

    .. math::

        L_{CE} = -\frac1B \sum_{i,j} Q_{ij} \log P_{ij}, \qquad
        P_{ij} = \frac{\exp(s_{ij} / \tau)}{\sum_{j'} \exp(s_{ij'} / \tau)}

    Parameters
    ----------
    scores : Tensor of shape (..., n_frames, n_actions)
        Similarities S.
    codes : Tensor of shape (..., n_frames, n_actions)
        Pseudo-labels Q, rows summing to 1.
    temperature : float
        τ.

    Returns
    -------
    loss : Tensor of shape (...)
        Mean over frames, in nats.

    Examples
    --------
    >>> cross_entropy_loss(torch.zeros(3, 4), torch.full((3, 4), 0.25), 0.1)
    tensor(1.3863)
    """
    # log_softmax is several times faster along contiguous frames than across them.
    log_predicted = torch.log_softmax(scores.mT / temperature, dim=-2)
    return (codes.mT * log_predicted).sum((-2, -1)) * (-1 / max(scores.shape[-2], 1))


def temporal_coherence_loss(anchors, positives):
    r"""N-pair loss that keeps neighbouring frames together (Eq. 3).

    .. math::

        L_{TC} = -\frac1N \sum_i \log
            \frac{\exp(z_i^\top z_i^+)}{\sum_j \exp(z_i^\top z_j^+)}

    Parameters
    ----------
    anchors, positives : Tensor of shape (..., n_videos, n_frames, embedding_dim)
        Embeddings of the sampled frames and of one neighbour of each. Frames of other
        videos are no negatives.

    Returns
    -------
    loss : Tensor of shape (...)
        Mean over frames and videos, in nats.

    Examples
    --------
    >>> embeddings = torch.eye(3)[None]
    >>> temporal_coherence_loss(embeddings, embeddings)
    tensor(0.5514)
    """
    similarities = anchors @ positives.transpose(-1, -2)
    log_found = torch.log_softmax(similarities, -1).diagonal(dim1=-2, dim2=-1)
    n_videos, n_frames = log_found.shape[-2:]
    return -log_found.sum((-2, -1)) / max(n_videos * n_frames, 1)


def time_stamp_loss(predicted, times):
    r"""Squared error of the predicted relative time (CTE).

    .. math::

        L_{TS} = \frac1B \sum_i (\hat t_i - t_i)^2

    Parameters
    ----------
    predicted : Tensor of shape (..., n_frames)
        Predicted position of each frame in its video.
    times : Tensor of shape (n_frames,)
        True position, in [0, 1].

    Returns
    -------
    loss : Tensor of shape (...)
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
    return ((predicted - times) ** 2).sum(-1) / max(len(times), 1)
