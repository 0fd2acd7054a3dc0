"""Pseudo-labels by optimal transport."""

import torch
from sklearn.base import BaseEstimator


class PseudoLabeller(BaseEstimator):
    """Makes pseudo-labels of similarities and a prior. A subclass overrides the call.

    Its constructor only keeps its parameters, as that of any scikit-learn estimator.

    Examples
    --------
    >>> class Softmax(PseudoLabeller):
    ...     def __call__(self, similarities, log_prior, n_videos):
    ...         return torch.softmax(similarities, -1)
    >>> Softmax()(torch.ones(1, 2), None, 1)
    tensor([[0.5000, 0.5000]])
    """

    def __call__(self, similarities, log_prior, n_videos):
        """Pseudo-labels Q.

        Parameters
        ----------
        similarities : Tensor of shape (n_videos * n_frames, n_prototypes)
            Those of the sampled frames, video by video, with the prototypes. In memory
            frames come last.
        log_prior : Tensor of the shape of ``similarities``, or None
            Logarithm of the prior, up to a constant; None is uniform.
        n_videos : int
            Number of videos, each with as many frames.

        Returns
        -------
        codes : Tensor of the shape of ``similarities``
            Q with rows that sum to 1.
        """
        raise NotImplementedError


class Sinkhorn(PseudoLabeller):
    """Entropic transport with equal partition, the videos one problem: `sinkhorn`.

    Parameters
    ----------
    rho : float
        ρ.
    n_iter : int, default=3
        Iterations.
    """

    def __init__(self, rho, n_iter=3):
        self.rho = rho
        self.n_iter = n_iter

    def __call__(self, similarities, log_prior, n_videos):
        """Pseudo-labels Q."""
        return sinkhorn(similarities, self.rho, log_prior=log_prior, n_iter=self.n_iter)


def sinkhorn(similarities, rho, *, log_prior=None, n_iter=3):
    r"""Pseudo-labels Q by entropic optimal transport with equal partition (Eq. 5-10).

    .. math::

        \max_{Q} \operatorname{Tr}(Q^\top S) - \rho \operatorname{KL}(Q \| T)
        \quad\text{s.t.}\quad Q 1_K = \tfrac1B 1_B,\; Q^\top 1_B = \tfrac1K 1_K

    Each iteration scales the columns (actions) and then the rows (frames), in the log
    domain, so that small ``rho``, down to 1e-30, give finite values. Rows are returned
    scaled to sum to one, as the cross-entropy of Eq. 2 averages over frames.

    Parameters
    ----------
    similarities : Tensor of shape (..., n_frames, n_actions)
        Similarities S of frames and prototypes. Leading dimensions are independent
        problems; the frames of all videos of a mini-batch belong to one problem.
    rho : float
        Weight of the KL term, in units of the similarities.
    log_prior : Tensor broadcastable to ``similarities``, default=None
        Logarithm of the prior T; None means a uniform prior (plain transport).
    n_iter : int, default=3
        Number of iterations.

    Returns
    -------
    codes : Tensor of the shape of ``similarities``
        Q with rows that sum to 1; the columns sum to B / K once converged.

    References
    ----------
    Cuturi, "Sinkhorn Distances", NeurIPS 2013; Kumar et al., CVPR 2022, Eq. 10.

    Examples
    --------
    >>> similarities = torch.tensor([[4.0, 0.0], [3.0, 0.0]])
    >>> sinkhorn(similarities, rho=0.1, n_iter=1000).round(decimals=2)
    tensor([[0.9900, 0.0100],
            [0.0100, 0.9900]])
    """
    log_codes = similarities / rho
    if log_prior is not None:
        log_codes = log_codes + log_prior
    # log_softmax is several times faster along contiguous frames than across them.
    log_codes = log_codes.transpose(-1, -2).contiguous()
    for _ in range(n_iter):
        log_codes = torch.log_softmax(log_codes, dim=-1)
        log_codes = torch.log_softmax(log_codes, dim=-2)
    return log_codes.exp().transpose(-1, -2)
