"""An action-level embedding, learned by telling segments in order from shuffled ones.

A gated recurrent unit reads the mean embedding of each segment and ends with a verdict:
in the order of the video, or shuffled. Its state after reading a single frame is the
action-level embedding of the frame.
"""

import numpy as np
import torch


def order_shapes(embedding_dim, order_dim):
    """Shapes of the parameters, see `Term.shapes`, of three gates side by side."""
    gates = {"gates": 3 * order_dim}
    return {
        "reader_weight": {"embedding_dim": embedding_dim} | gates,
        "reader_bias": gates,
        "state_weight": {"order_dim": order_dim} | gates,
        "verdict_weight": {"order_dim": order_dim, "outputs": 1},
        "verdict_bias": {"outputs": 1},
    }


def embed_actions(network, embeddings):
    """Action-level embeddings (1, n_frames, order_dim) of frames, each read alone."""
    inputs = embeddings @ network["reader_weight"] + network["reader_bias"]
    _, keep, new = inputs.chunk(3, -1)
    return (1 - keep.sigmoid()) * new.tanh()


def read_order(network, sequences, n_segments):
    r"""Judge whether sequences of segments are in order.

    With the inputs :math:`x_r, x_u, x_n`, linear in a segment, the state goes on as

    .. math::

        u = \sigma(x_u + U_u h), \qquad
        n = \tanh(x_n + \sigma(x_r + U_r h) \odot U_n h), \qquad
        h' = (1 - u) \odot n + u \odot h.

    Parameters
    ----------
    network : dict of str to Tensor
        Parameters, each with a leading dimension of 1.
    sequences : Tensor of shape (n_sequences, n_most, embedding_dim)
        Segments, one after the other.
    n_segments : Tensor of int of shape (n_sequences,)
        How many there are; what comes behind them is not read.

    Returns
    -------
    verdicts : Tensor of shape (n_sequences,)
        Log-odds that a sequence is in order.
    """
    inputs = sequences @ network["reader_weight"] + network["reader_bias"]
    weight = network["state_weight"][0]
    state = inputs.new_zeros(len(inputs), len(weight))
    for place in range(inputs.shape[1]):
        reset, keep, new = inputs[:, place].chunk(3, -1)
        from_reset, from_keep, from_new = (state @ weight).chunk(3, -1)
        keep = (keep + from_keep).sigmoid()
        new = (new + (reset + from_reset).sigmoid() * from_new).tanh()
        is_there = (place < n_segments).unsqueeze(-1)
        state = torch.where(is_there, (1 - keep) * new + keep * state, state)
    return (state @ network["verdict_weight"][0] + network["verdict_bias"]).flatten()


def order_loss(network, embeddings, labels, generator):
    """Logistic loss of the verdicts on each video of a mini-batch, and on it shuffled.

    Parameters
    ----------
    network : dict of str to Tensor
        Parameters, each with a leading dimension of 1.
    embeddings : Tensor of shape (n_videos, n_frames, embedding_dim)
        Embeddings of sampled frames.
    labels : ndarray of int of shape (n_videos, n_frames)
        Their labels; a run of one of them is a segment.
    generator : torch.Generator
        Source of randomness, of the CPU.

    Returns
    -------
    loss : Tensor of shape ()
        Mean over videos and their shuffled twins, in nats; videos of a single segment
        are left out.
    """
    segments, n_segments = find_segments(labels)
    kept = np.flatnonzero(n_segments > 1)
    if not len(kept):
        return embeddings.new_zeros(())
    device, n_segments = embeddings.device, n_segments[kept]
    shares = torch.from_numpy(segment_shares(segments[kept])).to(device)
    means = shares @ embeddings[torch.from_numpy(kept).to(device)]
    order = np.tile(np.arange(means.shape[1]), (len(kept), 1))
    for row, n_own in zip(order, n_segments.tolist()):
        row[:n_own] = shuffled(n_own, generator)
    order = torch.from_numpy(order).to(device).unsqueeze(-1)
    turned = torch.take_along_dim(means, order, dim=1)
    n_read = torch.from_numpy(np.tile(n_segments, 2)).to(device)
    verdicts = read_order(network, torch.cat([means, turned]), n_read)
    truth = torch.zeros_like(verdicts)
    truth[: len(kept)] = 1
    return torch.nn.functional.binary_cross_entropy_with_logits(verdicts, truth)


def find_segments(labels):
    """Tell runs of labels (n_videos, n_frames) apart: numbers from 0, and how many.

    Examples
    --------
    >>> find_segments(np.array([[2, 2, 0], [1, 1, 1]]))
    (array([[0, 0, 1],
           [0, 0, 0]]), array([2, 1]))
    """
    segments = np.zeros(labels.shape, dtype=np.intp)
    np.cumsum(np.diff(labels, axis=1) != 0, axis=1, out=segments[:, 1:])
    return segments, segments[:, -1] + 1


def segment_shares(segments):
    """Weights (n_videos, n_most, n_frames), float32, that make means of segments."""
    numbers = np.arange(segments.max() + 1)[:, None]
    members = (segments[:, None] == numbers).astype(np.float32)
    return members / np.maximum(members.sum(axis=-1, keepdims=True), 1)


def shuffled(n_segments, generator):
    """Draw another order of two or more segments; half of them swap two neighbours.

    Examples
    --------
    >>> shuffled(2, torch.Generator().manual_seed(0))
    array([1, 0])
    """
    order = np.arange(n_segments)
    is_easy, place = torch.rand(2, generator=generator, device="cpu").tolist()
    if is_easy < 0.5:
        order = torch.randperm(n_segments, generator=generator, device="cpu").numpy()
    if (np.diff(order) > 0).all():
        place = int(place * (n_segments - 1))
        order[[place, place + 1]] = order[[place + 1, place]]
    return order
