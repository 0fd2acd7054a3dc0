"""Pseudo-labels by temporal optimal transport: the priors and the Sinkhorn solver."""

import numpy as np
import torch

# Least logarithm of a path's posterior, in nats.
LOG_FLOOR = -30.0


def log_temporal_prior(n_frames, n_actions, sigma):
    r"""Logarithm of the temporal prior that puts actions in order (Eq. 8).

    .. math::

        \log T_{ij} = -\frac{d_{ij}^2}{2 \sigma^2} + \text{const}, \qquad
        d_{ij} = \frac{|i / B - j / K|}{\sqrt{1 / B^2 + 1 / K^2}}

    The paper leaves the origin of the indices open. Here i and j count from 0, so
    that the first frame lies on the first action. Cell midpoints would be unbiased,
    but scored lower on both large sets that this was tried on. The constant cancels
    in the transport problem and is left out.

    Parameters
    ----------
    n_frames : int
        Number of frames B sampled from one video.
    n_actions : int
        Number of actions K.
    sigma : float
        Width of the band around the diagonal, in units of the (smaller) index step;
        with many frames an action, about the width in actions.

    Returns
    -------
    log_prior : ndarray of shape (n_frames, n_actions)
        Log-density up to a constant, at most 0.

    References
    ----------
    Kumar et al., "Unsupervised Action Segmentation by Joint Representation Learning
    and Online Clustering", CVPR 2022, Eq. 8.

    Examples
    --------
    >>> log_temporal_prior(2, 2, sigma=1.0)
    array([[-0.  , -0.25],
           [-0.25, -0.  ]])
    """
    frames = np.arange(n_frames) / n_frames
    actions = np.arange(n_actions) / n_actions
    scale = 1 / n_frames**2 + 1 / n_actions**2
    return -((frames[:, None] - actions) ** 2) / (2 * sigma**2 * scale)


def log_path_prior(log_likelihood):
    r"""Logarithm of the prior that is the posterior of a path through the actions.

    All paths that keep the order weigh :math:`e^{\sum_t \ell_{t, a_t}}`, whichever
    actions they leave out and however long each lasts, and

    .. math:: T_{tk} = P(a_t = k \mid \ell)

    is computed by forward and backward sums, in O(B K) operations and without a loop
    over frames. Where the diagonal of `log_temporal_prior` knows nothing of a video,
    this follows what its frames look like.

    Parameters
    ----------
    log_likelihood : Tensor of shape (..., n_frames, n_actions)
        Log-likelihood of each action, up to a constant for each frame. Leading
        dimensions are videos.

    Returns
    -------
    log_prior : Tensor of the shape of ``log_likelihood``
        Logarithm of T, whose rows sum to 1. At least -30, so that the scores can
        overrule it.

    Examples
    --------
    >>> import torch
    >>> log_path_prior(torch.zeros(2, 2)).exp().round(decimals=2)
    tensor([[0.6700, 0.3300],
            [0.3300, 0.6700]])
    """
    log_likelihood = log_likelihood - log_likelihood.amax(-1, keepdim=True)
    # from the end, the actions in turned order are the same problem
    both = torch.stack([log_likelihood, log_likelihood.flip(-1, -2)]).mT
    totals = torch.nn.functional.pad(both.cumsum(-1), (1, 0))
    before = torch.full_like(totals[..., 0, :], -torch.inf)
    before[..., 0] = 0.0
    joint = torch.empty_like(both)
    for action in range(both.shape[-2]):
        total = totals[..., action, :]
        entries = before[..., :-1] - total[..., :-1]
        joint[..., action, :] = entries.logcumsumexp(-1) + total[..., 1:]
        before[..., 1:] = torch.logaddexp(before[..., 1:], joint[..., action, :])
    forward, backward = joint.mT
    log_posterior = forward + backward.flip(-1, -2) - log_likelihood
    return torch.log_softmax(log_posterior, -1).clamp_min(LOG_FLOOR)


def sinkhorn(scores, rho, *, log_prior=None, n_iter=3):
    r"""Pseudo-labels Q by entropic optimal transport with equal partition (Eq. 5-10).

    .. math::

        \max_{Q} \operatorname{Tr}(Q^\top S) - \rho \operatorname{KL}(Q \| T)
        \quad\text{s.t.}\quad Q 1_K = \tfrac1B 1_B,\; Q^\top 1_B = \tfrac1K 1_K

    Each iteration scales the columns (actions) and then the rows (frames), in the log
    domain, so that small ``rho``, down to 1e-30, give finite values. Rows are returned
    scaled to sum to one, as the cross-entropy of Eq. 2 averages over frames.

    Parameters
    ----------
    scores : Tensor of shape (..., n_frames, n_actions)
        Similarities S of frames and prototypes. Leading dimensions are independent
        problems; the frames of all videos of a mini-batch belong to one problem.
    rho : float
        Weight of the KL term, in units of the scores.
    log_prior : Tensor broadcastable to ``scores``, default=None
        Logarithm of the prior T; None means a uniform prior (plain transport).
    n_iter : int, default=3
        Number of iterations.

    Returns
    -------
    codes : Tensor of the shape of ``scores``
        Q with rows that sum to 1; the columns sum to B / K once converged.

    References
    ----------
    Cuturi, "Sinkhorn Distances", NeurIPS 2013; Kumar et al., CVPR 2022, Eq. 10.

    Examples
    --------
    >>> import torch
    >>> scores = torch.tensor([[4.0, 0.0], [3.0, 0.0]])
    >>> sinkhorn(scores, rho=0.1, n_iter=1000).round(decimals=2)
    tensor([[0.9900, 0.0100],
            [0.0100, 0.9900]])
    """
    log_codes = scores / rho
    if log_prior is not None:
        log_codes = log_codes + log_prior
    # log_softmax is several times faster along contiguous frames than across them.
    log_codes = log_codes.transpose(-1, -2).contiguous()
    for _ in range(n_iter):
        log_codes = torch.log_softmax(log_codes, dim=-1)
        log_codes = torch.log_softmax(log_codes, dim=-2)
    return log_codes.exp().transpose(-1, -2)


def pseudo_labels(scores, rho, *, log_prior=None, n_iter=3):
    """Pseudo-labels Q of one whole video.

    Parameters
    ----------
    scores : ndarray of shape (n_frames, n_actions)
        Similarities S.
    rho : float
        See `sinkhorn`.
    log_prior : ndarray of shape (n_frames, n_actions), default=None
        Logarithm of the prior; None is plain optimal transport.
    n_iter : int, default=3
        See `sinkhorn`.

    Returns
    -------
    codes : ndarray of shape (n_frames, n_actions)
        Q with rows that sum to 1.
    """
    if log_prior is not None:
        log_prior = torch.from_numpy(log_prior)
    scores = torch.from_numpy(scores.astype(np.float64))
    return sinkhorn(scores, rho, log_prior=log_prior, n_iter=n_iter).numpy()
