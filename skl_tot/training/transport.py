"""Pseudo-labels by optimal transport."""

import math
from numbers import Integral, Real

import torch
from sklearn.utils._param_validation import Interval

from skl_tot.training.components import LARGEST, MOST, SMALLEST, Component

# Least share of a prototype before the logarithm, in frames.
SMALLEST_SHARE = 1e-30


class Transport(Component):
    """Makes pseudo-labels from similarities and a prior. A subclass overrides the call.

    Its constructor only stores its parameters, as in any scikit-learn estimator;
    ``rho`` belongs to the estimator.

    Examples
    --------
    >>> class Softmax(Transport):
    ...     def __call__(self, similarities, log_prior, n_videos, rho):
    ...         return torch.softmax(similarities / rho, -1)
    >>> Softmax()(torch.ones(1, 2), None, 1, 0.07)
    tensor([[0.5000, 0.5000]])
    """

    def __call__(self, similarities, log_prior, n_videos, rho):
        """Compute the pseudo-labels Q.

        Parameters
        ----------
        similarities : Tensor of shape (n_videos * n_frames, n_prototypes)
            Similarities of the sampled frames, recording by recording, with the
            prototypes. Frames come last in memory.
        log_prior : Tensor of the shape of ``similarities``, or None
            Logarithm of the prior, up to a constant; None is uniform.
        n_videos : int
            Number of recordings, each with the same number of frames.
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

    with the similarities S and the prior T. The recordings of a mini-batch are one
    problem.

    Parameters
    ----------
    n_iter : int, default=3
        Number of Sinkhorn iterations; shares are equal after convergence.

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
        """Compute the pseudo-labels Q."""
        return sinkhorn(similarities, rho, log_prior=log_prior, n_iter=int(self.n_iter))


class StructuredTransport(Transport):
    r"""Unbalanced fused Gromov-Wasserstein transport, one problem per recording.

    With N frames, the similarities S, the prior T, the ρ of the estimator, and
    :math:`w = \lfloor N r \rfloor`, mirror descent finds Q with rows that sum to 1 for

    .. math::

        \min_Q \; \frac{\alpha}{2} \sum_{t, k} Q_{tk} G_{tk}
        + (1 - \alpha) \sum_{t, k} Q_{tk} A_{tk}
        + \epsilon \sum_{t, k} Q_{tk} \log Q_{tk}
        + \lambda N \operatorname{KL}(m \,\|\, \tfrac1K),

    .. math::

        A_{tk} = 1 - S_{tk} - \rho \log T_{tk}, \qquad
        G_{tk} = \frac{1}{N r} \sum_{1 \le |s - t| \le w} \sum_{j \ne k} Q_{sj}

    where :math:`m_k` is the mean of column k. G is the cost of frame t for neighbours
    with other prototypes. All frames have the same weight; prototypes may have
    different weights.

    Parameters
    ----------
    epsilon : float, default=0.07
        Weight ε of the entropy: smaller values give sharper pseudo-labels.
    structure_weight : float, default=0.3
        Share α of the structure in the objective, in [0, 1]; the cost has the rest.
    radius : float, default=0.04
        Radius r. Frames nearer than this, as a share of the recording, should have the
        same prototype.
    balance : float, default=0.1
        Weight λ of the divergence of the prototypes' shares from equal ones.
    n_iter : int, default=25
        Number of iterations.

    References
    ----------
    Xu, Gould, "Temporally Consistent Unbalanced Optimal Transport for Unsupervised
    Action Segmentation", CVPR 2024.

    Examples
    --------
    >>> transport = StructuredTransport(epsilon=0.01)
    >>> similarities = torch.tensor([[1.0, 0.0], [0.9, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> transport(similarities, None, 1, 0.07).round()
    tensor([[1., 0.],
            [1., 0.],
            [0., 1.],
            [0., 1.]])
    """

    _parameter_constraints = {
        "epsilon": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        "structure_weight": [Interval(Real, 0, 1, closed="both")],
        "radius": [Interval(Real, 0, 1, closed="neither")],
        "balance": [Interval(Real, 0, LARGEST, closed="both")],
        "n_iter": [Interval(Integral, 1, MOST, closed="both")],
    }

    def __init__(
        self,
        epsilon=0.07,
        structure_weight=0.3,
        radius=0.04,
        balance=0.1,
        n_iter=25,
    ):
        self.epsilon = epsilon
        self.structure_weight = structure_weight
        self.radius = radius
        self.balance = balance
        self.n_iter = n_iter

    def __call__(self, similarities, log_prior, n_videos, rho):
        """Compute the pseudo-labels Q."""
        cost = 1 - similarities
        if log_prior is not None:
            cost = cost - rho * log_prior
        codes = structured_transport(
            cost.unflatten(0, (n_videos, -1)),
            self.epsilon,
            self.structure_weight,
            self.radius,
            self.balance,
            n_iter=int(self.n_iter),
        )
        return codes.flatten(0, 1)


#: Kinds of transport by the names that estimators know.
TRANSPORTS = {"sinkhorn": Sinkhorn, "structured": StructuredTransport}


def sinkhorn(similarities, rho, *, log_prior=None, n_iter=3):
    """Q (…, n_frames, n_actions) of `Sinkhorn`, with rows scaled to sum to 1.

    Each iteration scales the columns (actions) and then the rows (frames), in the log
    domain, so that small ``rho``, down to 1e-30, give finite values.
    """
    log_codes = similarities / rho
    if log_prior is not None:
        log_codes = log_codes + log_prior
    # log_softmax is several times faster along contiguous frames than across them
    log_codes = log_codes.transpose(-1, -2).contiguous()
    for _ in range(n_iter):
        log_codes = torch.log_softmax(log_codes, dim=-1)
        log_codes = torch.log_softmax(log_codes, dim=-2)
    return log_codes.exp().transpose(-1, -2)


def structured_transport(
    cost, epsilon, structure_weight, radius, balance, *, n_iter=25
):
    """Q (n_videos, n_frames, n_prototypes) of `StructuredTransport` for costs A.

    G is a box filter from two cumulative sums: an iteration takes O(N K) operations.
    Rows stay exact, and the step is 4 over the largest entry of the first gradient,
    over all recordings, as in the authors' code.
    """
    n_frames, n_prototypes = cost.shape[-2:]
    # larger values also give a uniform plan
    epsilon = min(epsilon, torch.finfo(cost.dtype).max / 8)
    width = int(n_frames * radius)
    # without neighbours there is no structure
    per_neighbour = structure_weight / (n_frames * radius) if width else 0.0
    # frames last, as sums and filters run along them
    linear = (1 - structure_weight) * cost.mT.contiguous()
    most = linear + per_neighbour * (1 - 1 / n_prototypes) * _counts(linear, width)
    most = most.max() - epsilon * math.log(n_frames * n_prototypes) + balance
    # a longer step than 1 / ε would overshoot
    step = 4 / most.clamp_min(4 * epsilon)
    linear = step * linear
    keep, pull, push = 1 - step * epsilon, step * per_neighbour, step * balance
    log_codes = torch.zeros_like(linear)
    codes = torch.full_like(linear, 1 / n_prototypes)
    for _ in range(n_iter):
        # terms common to all prototypes are omitted: rows are scaled at the end
        log_codes = keep * log_codes - linear
        shares = codes.sum(-1, keepdim=True).clamp_min(SMALLEST_SHARE)
        log_codes = log_codes - push * shares.log()
        if width:
            log_codes = log_codes + pull * _neighbours(codes, width)
        log_codes = torch.log_softmax(log_codes, dim=-2)
        codes = log_codes.exp()
    return codes.mT


def _counts(like, width):
    """Return the number of frames (n_frames,) that are at most ``width`` away."""
    n_frames = like.shape[-1]
    frames = torch.arange(n_frames, dtype=like.dtype, device=like.device)
    ahead = (n_frames - 1 - frames).clamp_max(width)
    return frames.clamp_max(width) + ahead


def _neighbours(codes, width):
    """Sum over the frames at most ``width`` away, without the frame itself."""
    totals = torch.nn.functional.pad(codes, (width + 1, width)).cumsum(-1)
    return totals[..., 2 * width + 1 :] - totals[..., : -2 * width - 1] - codes
