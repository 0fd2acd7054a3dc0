"""Pseudo-labels: `PRIORS` of actions in time, and `TRANSPORTS`, optimal transport."""

import math
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral, Real
from types import MappingProxyType

import numpy as np
from sklearn.utils._param_validation import Interval, Options

from skl_tot.training.components import COUNT, SCALE, WEIGHT, Component
from skl_tot.training.devices import torch


class Prior(Component):
    """Prior of the pseudo-labels of a mini-batch, or of a whole recording.

    A subclass overrides ``__call__``. Its constructor only stores its parameters. A
    prior that depends only on time is a `FixedPrior`.

    Examples
    --------
    >>> class Uniform(Prior):
    ...     def __call__(self, similarities, coverage, step, temperature):
    ...         return torch.zeros_like(similarities)
    >>> Uniform()(torch.ones(1, 2), torch.ones(1, 1, 1), 0, 0.2)
    tensor([[0., 0.]])
    """

    def __call__(self, similarities, coverage, step, temperature):
        """Logarithm of the prior T.

        Parameters
        ----------
        similarities : Tensor of shape (n_videos * n_frames, n_prototypes)
            Of the sampled frames, recording by recording and in order of time.
        coverage : Tensor of shape (n_videos, 1, 1)
            Weight of a frame as independent evidence: frames of each recording over
            frames sampled from it, at most 1. Below 1, frames were drawn repeatedly.
        step : int
            Number of previous steps.
        temperature : float
            Temperature τ of the softmax P.

        Returns
        -------
        log_prior : Tensor of the shape of ``similarities``
            Up to a constant.
        """
        raise NotImplementedError


class FixedPrior(Prior):
    """A prior that depends only on time. A subclass overrides `table`.

    Examples
    --------
    >>> import numpy as np
    >>> class Loose(FixedPrior):
    ...     def table(self, n_frames, n_prototypes):
    ...         i, j = np.indices((n_frames, n_prototypes))
    ...         return -np.abs(i / max(1, n_frames - 1) - j / max(1, n_prototypes - 1))
    >>> Loose()(torch.zeros(2, 2), torch.ones(1, 1, 1), 0, 0.2)
    tensor([[-0., -1.],
            [-1., -0.]])
    """

    def checked(self):
        """Return a clone for one fit, which keeps its table on the device."""
        of_fit = super().checked()
        of_fit.columns = lru_cache(1)(of_fit.columns)
        return of_fit

    def table(self, n_frames, n_prototypes):
        """Logarithm of the prior of a recording, of shape (n_frames, n_prototypes)."""
        raise NotImplementedError

    def __call__(self, similarities, coverage, step, temperature):
        """Logarithm of the prior, the same in each recording."""
        n_videos, n_prototypes = len(coverage), len(similarities.T)
        shape = len(similarities) // n_videos, n_prototypes
        columns = self.columns(shape, similarities.dtype, similarities.device)
        return columns.repeat(1, n_videos).T

    def columns(self, shape, dtype, device):
        """Columns of the table on a device: frames come last, as in similarities."""
        return torch.tensor(self.table(*shape).T.copy(), dtype=dtype, device=device)


@dataclass(eq=False, repr=False)
class TemporalPrior(FixedPrior):
    r"""The diagonal of the paper (Eq. 8), which orders actions.

    .. math::

        \log T_{ij} = -\frac{d_{ij}^2}{2 \sigma^2}, \qquad
        d_{ij} = \frac{|i / B - j / K|}{\sqrt{1 / B^2 + 1 / K^2}}

    for frame i of B sampled frames of a recording, and prototype j of K, with i and j =
    ``first_index``, ``first_index`` + 1, ….

    Parameters
    ----------
    sigma : float, default=2.0
        Width σ of the band around the diagonal, in prototypes.
    first_index : {0, 1}, default=1
        Number of the first frame and prototype: 1 in the paper, 0 in the authors'
        released code, which shifts the diagonal by :math:`1 / K - 1 / B`.

    Examples
    --------
    >>> prior = TemporalPrior(sigma=1.0)
    >>> prior(torch.zeros(2, 2), torch.ones(1, 1, 1), 0, 0.2)
    tensor([[-0.0000, -0.2500],
            [-0.2500, -0.0000]])
    """

    _parameter_constraints = {
        "sigma": SCALE,
        "first_index": [Options(Integral, {0, 1})],
    }

    sigma: float = 2.0
    first_index: int = 1

    def table(self, n_frames, n_prototypes):
        """Logarithm of the diagonal."""
        width, first = float(self.sigma), int(self.first_index)
        return log_temporal_prior(n_frames, n_prototypes, width, first)


class LinearPrior(FixedPrior):
    r"""A diagonal with linear decay, ASOT's: :math:`-|t / N - k / K|`."""

    def table(self, n_frames, n_prototypes):
        """Logarithm of the diagonal."""
        frames = np.arange(n_frames) / n_frames
        prototypes = np.arange(n_prototypes) / n_prototypes
        return -np.abs(frames[:, None] - prototypes)


@dataclass(eq=False, repr=False)
class PathPrior(TemporalPrior):
    r"""The posterior of all ordered paths, which may skip actions.

    It suits recordings that lack actions. The weight of a path is :math:`e^{\sum_t
    \ell_{t, a_t}}`, where :math:`\ell` is the logarithm of the predicted codes P,
    scaled so that every prototype has the same sum over the mini-batch:

    .. math:: T_{tk} = P(a_t = k \mid \ell)

    Training starts with the diagonal of `TemporalPrior`, as codes carry little at
    first.

    Parameters
    ----------
    sigma : float, default=0.75
        Width σ of the band around the diagonal, in prototypes.
    first_index : {0, 1}, default=0
        As for `TemporalPrior`.
    n_diagonal : int, default=100
        Steps at the start with the diagonal.

    Examples
    --------
    >>> similarities = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> prior = PathPrior(n_diagonal=0)
    >>> prior(similarities, torch.ones(1, 1, 1), 0, 0.1).argmax(1)
    tensor([0, 0, 1])
    """

    _parameter_constraints = {
        **TemporalPrior._parameter_constraints,
        "n_diagonal": [Interval(Integral, 0, None, closed="left")],
    }

    sigma: float = 0.75
    first_index: int = 0  # ahead of 1 on the mean of the sets
    n_diagonal: int = 100

    def __call__(self, similarities, coverage, step, temperature):
        """Logarithm of the posterior."""
        if step < self.n_diagonal:
            return super().__call__(similarities, coverage, step, temperature)
        log_codes = torch.log_softmax(similarities / temperature, -1)
        # likelihood of an action in a frame, independent of its total share
        log_codes = log_codes - log_codes.logsumexp(0)
        by_video = log_codes.unflatten(0, (len(coverage), -1))
        return log_path_prior(coverage * by_video).flatten(0, 1)


#: Priors by the names that estimators know. An own prior is given as an object.
PRIORS = MappingProxyType({"temporal": TemporalPrior, "path": PathPrior})


@lru_cache(2)  # mini-batches of a fit have few shapes
def log_temporal_prior(n_frames, n_actions, sigma, first=0):
    """Logarithm of the prior of `TemporalPrior`, up to a constant, at most 0."""
    # Cell midpoints would be unbiased, but scored lower on both large sets tried.
    frames = (np.arange(n_frames) + first) / n_frames
    actions = (np.arange(n_actions) + first) / n_actions
    scale = 1 / n_frames**2 + 1 / n_actions**2
    return -((frames[:, None] - actions) ** 2) / (2 * (sigma * sigma) * scale)


def log_path_prior(log_likelihood):
    """Logarithm of P(a_t = k) on paths through the actions, see `PathPrior`."""
    # forward and backward sums take O(B K) operations, without a loop over frames
    log_likelihood = log_likelihood - log_likelihood.amax(-1, keepdim=True)
    # in reverse, the same problem with actions in reverse order
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
    # limited, so that the scores can overrule it
    return torch.log_softmax(log_posterior, -1).clamp_min(-30.0)


class Transport(Component):
    """Makes pseudo-labels from similarities and a prior. A subclass overrides the call.

    Its constructor only stores its parameters.

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
            As for `Prior`. Frames come last in memory.
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


@dataclass(eq=False, repr=False)
class Sinkhorn(Transport):
    r"""Entropic transport with equal shares of all prototypes, the paper's (Eq. 5).

    .. math::

        \max_{Q} \operatorname{Tr}(Q^\top S) - \rho \operatorname{KL}(Q \| T)
        \quad\text{s.t.}\quad Q 1_K = \tfrac1B 1_B,\; Q^\top 1_B = \tfrac1K 1_K

    with the similarities S and the prior T. A mini-batch is one problem.

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
    >>> Sinkhorn(n_iter=1000)(similarities, None, 1, 0.1).argmax(1)
    tensor([0, 1])
    """

    _parameter_constraints = {"n_iter": COUNT}

    n_iter: int = 3

    def __call__(self, similarities, log_prior, n_videos, rho):
        """Compute the pseudo-labels Q."""
        # Each iteration scales the columns (actions) and then the rows (frames), in the
        # log domain, so that small `rho`, down to 1e-30, give finite values.
        log_codes = similarities / rho
        if log_prior is not None:
            log_codes = log_codes + log_prior
        # log_softmax is several times faster along contiguous frames than across them
        log_codes = log_codes.transpose(-1, -2).contiguous()
        for _ in range(int(self.n_iter)):
            log_codes = torch.log_softmax(log_codes, dim=-1)
            log_codes = torch.log_softmax(log_codes, dim=-2)
        return log_codes.exp().transpose(-1, -2)


@dataclass(eq=False, repr=False)
class StructuredTransport(Transport):
    r"""Unbalanced fused Gromov-Wasserstein transport, that of `ASOTSegmenter`.

    For a recording of N frames, the similarities S, the prior T, the ρ of the
    estimator, and :math:`w = \lfloor N r \rfloor`, mirror descent finds Q with rows
    that sum to 1 for

    .. math::

        \min_Q \; \frac{\alpha}{2} \sum_{t, k} Q_{tk} G_{tk}
        + (1 - \alpha) \sum_{t, k} Q_{tk} A_{tk}
        + \epsilon \sum_{t, k} Q_{tk} \log Q_{tk}
        + \lambda N \operatorname{KL}(m \,\|\, \tfrac1K),

    .. math::

        A_{tk} = 1 - S_{tk} - \rho \log T_{tk}, \qquad
        G_{tk} = \frac{1}{N r} \sum_{1 \le |s - t| \le w} \sum_{j \ne k} Q_{sj}

    where :math:`m_k` is the mean of column k. G is the cost of frame t for neighbours
    with other prototypes.

    Parameters
    ----------
    epsilon : float, default=0.07
        Weight ε of the entropy: smaller values give sharper pseudo-labels.
    structure_weight : float, default=0.3
        Share α of the structure in the objective, in [0, 1]; the cost has the rest.
    radius : float, default=0.04
        Radius r, a share of the recording, in which frames should share a prototype.
    balance : float, default=0.1
        Weight λ of the divergence of the prototypes' shares from equal ones.
    n_iter : int, default=25
        Number of iterations.

    Examples
    --------
    >>> transport = StructuredTransport(epsilon=0.01)
    >>> similarities = torch.tensor([[1.0, 0.0], [0.9, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> transport(similarities, None, 1, 0.07).argmax(1)
    tensor([0, 0, 1, 1])
    """

    _parameter_constraints = {
        "epsilon": SCALE,
        "structure_weight": [Interval(Real, 0, 1, closed="both")],
        "radius": [Interval(Real, 0, 1, closed="neither")],
        "balance": WEIGHT,
        "n_iter": COUNT,
    }

    epsilon: float = 0.07
    structure_weight: float = 0.3
    radius: float = 0.04
    balance: float = 0.1
    n_iter: int = 25

    def __call__(self, similarities, log_prior, n_videos, rho):
        """Compute the pseudo-labels Q."""
        cost = 1 - similarities
        if log_prior is not None:
            cost = cost - rho * log_prior
        cost = cost.unflatten(0, (n_videos, -1))
        weights = self.epsilon, self.structure_weight, self.radius, self.balance
        codes = structured_transport(cost, *weights, n_iter=int(self.n_iter))
        return codes.flatten(0, 1)


#: Kinds of transport by the names that estimators know.
TRANSPORTS = MappingProxyType({"sinkhorn": Sinkhorn, "structured": StructuredTransport})


def structured_transport(
    cost, epsilon, structure_weight, radius, balance, *, n_iter=25
):
    """Q (n_videos, n_frames, n_prototypes) of `StructuredTransport` for costs A."""
    # G is a box filter from two cumulative sums: an iteration takes O(N K) operations.
    # Rows stay exact, and the step is 4 over the largest entry of the first gradient,
    # over all recordings, as in the authors' code.
    n_frames, n_prototypes = cost.shape[-2:]
    # larger values also give a uniform plan
    epsilon = min(epsilon, torch.finfo(cost.dtype).max / 8)
    width = int(n_frames * radius)
    # without neighbours there is no structure
    per_neighbour = structure_weight / (n_frames * radius) if width else 0.0
    # frames last, as sums and filters run along them
    linear = (1 - structure_weight) * cost.mT.contiguous()
    most = linear + per_neighbour * (1 - 1 / n_prototypes) * _count_near(linear, width)
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
        shares = codes.sum(-1, keepdim=True).clamp_min(1e-30)  # of a lost prototype
        log_codes = log_codes - push * shares.log()
        if width:
            log_codes = log_codes + pull * _sum_near(codes, width)
        log_codes = torch.log_softmax(log_codes, dim=-2)
        codes = log_codes.exp()
    return codes.mT


def _count_near(like, width):
    """Return the number of frames (n_frames,) that are at most ``width`` away."""
    n_frames = like.shape[-1]
    frames = torch.arange(n_frames, dtype=like.dtype, device=like.device)
    return frames.clamp_max(width) + (n_frames - 1 - frames).clamp_max(width)


def _sum_near(codes, width):
    """Sum over the frames at most ``width`` away, without the frame itself."""
    totals = torch.nn.functional.pad(codes, (width + 1, width)).cumsum(-1)
    return totals[..., 2 * width + 1 :] - totals[..., : -2 * width - 1] - codes
