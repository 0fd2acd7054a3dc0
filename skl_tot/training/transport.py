"""Pseudo-labels by optimal transport."""

from numbers import Integral

import torch
from sklearn.utils._param_validation import Interval

from skl_tot.training.components import MOST, Component


class Transport(Component):
    """Makes pseudo-labels of similarities and a prior. A subclass overrides the call.

    Its constructor only keeps its parameters, as that of any scikit-learn estimator;
    ``rho`` is the estimator's.

    Examples
    --------
    >>> class Softmax(Transport):
    ...     def __call__(self, similarities, log_prior, n_videos, rho):
    ...         return torch.softmax(similarities / rho, -1)
    >>> Softmax()(torch.ones(1, 2), None, 1, 0.07)
    tensor([[0.5000, 0.5000]])
    """

    def __call__(self, similarities, log_prior, n_videos, rho):
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
        rho : float
            Weight ρ of the prior of the estimator, in units of the similarities.

        Returns
        -------
        codes : Tensor of the shape of ``similarities``
            Q with rows that sum to 1.
        """
        raise NotImplementedError


class Sinkhorn(Transport):
    r"""Entropic transport with equal shares of all prototypes, the paper's (Eq. 5).

    .. math::

        \max_{Q} \operatorname{Tr}(Q^\top S) - \rho \operatorname{KL}(Q \| T)
        \quad\text{s.t.}\quad Q 1_K = \tfrac1B 1_B,\; Q^\top 1_B = \tfrac1K 1_K

    with the similarities S and the prior T. The videos of a mini-batch are one problem.

    Parameters
    ----------
    n_iter : int, default=3
        Number of Sinkhorn iterations; shares are equal once they converge.

    References
    ----------
    Cuturi, "Sinkhorn Distances", NeurIPS 2013.

    Examples
    --------
    >>> similarities = torch.tensor([[4.0, 0.0], [3.0, 0.0]])
    >>> Sinkhorn(n_iter=1000)(similarities, None, 1, 0.1).round(decimals=2)
    tensor([[0.9900, 0.0100],
            [0.0100, 0.9900]])
    """

    _parameter_constraints = {"n_iter": [Interval(Integral, 1, MOST, closed="both")]}

    def __init__(self, n_iter=3):
        self.n_iter = n_iter

    def __call__(self, similarities, log_prior, n_videos, rho):
        """Pseudo-labels Q."""
        return sinkhorn(similarities, rho, log_prior=log_prior, n_iter=int(self.n_iter))


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
