"""Priors of the transport problem: knowledge about actions before the frames."""

from numbers import Integral, Real

import numpy as np
import torch
from sklearn.utils._param_validation import Interval

from skl_tot.training.components import LARGEST, SMALLEST, Component

# Least logarithm of the posterior of paths, in nats.
LOG_FLOOR = -30.0


class Prior(Component):
    """Prior of the pseudo-labels of a mini-batch, or of a whole recording.

    A subclass overrides ``__call__``. Its constructor only stores its parameters, as in
    any scikit-learn estimator. Each fit uses a clone. A prior that depends only on time
    is a `FixedPrior`.

    Attributes
    ----------
    changes_at : tuple of int
        Steps at which its operations change.

    Examples
    --------
    >>> class Uniform(Prior):
    ...     def __call__(self, similarities, coverage, step, temperature):
    ...         return torch.zeros_like(similarities)
    >>> Uniform()(torch.ones(1, 2), torch.ones(1, 1, 1), 0, 0.2)
    tensor([[0., 0.]])
    """

    changes_at = ()

    def __call__(self, similarities, coverage, step, temperature):
        """Logarithm of the prior T.

        Parameters
        ----------
        similarities : Tensor of shape (n_videos * n_frames, n_prototypes)
            Similarities of the sampled frames, recording by recording and in order of
            time, with the prototypes.
        coverage : Tensor of shape (n_videos, 1, 1)
            Frames of each recording over frames sampled from it, at most 1: below 1,
            frames were drawn repeatedly, and are not independent.
        step : int
            Number of previous steps, only to be compared with ``changes_at``.
        temperature : float
            Temperature τ of the estimator: predicted codes are
            ``softmax(similarities / temperature)``.

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
    >>> class Loose(FixedPrior):
    ...     def table(self, n_frames, n_prototypes):
    ...         distance = np.subtract.outer(
    ...             np.linspace(0, 1, n_frames), np.linspace(0, 1, n_prototypes)
    ...         )
    ...         return -np.abs(distance)
    >>> Loose()(torch.zeros(2, 2), torch.ones(1, 1, 1), 0, 0.2)
    tensor([[-0., -1.],
            [-1., -0.]])
    """

    def table(self, n_frames, n_prototypes):
        """Logarithm of the prior of one recording.

        Parameters
        ----------
        n_frames, n_prototypes : int
            Number of frames, in order of time, and of prototypes.

        Returns
        -------
        log_prior : ndarray of shape (n_frames, n_prototypes)
            Up to a constant.
        """
        raise NotImplementedError

    def set_params(self, **params):
        """Set parameters, and discard tables of old ones.

        Parameters
        ----------
        **params : dict
            Parameters by name.

        Returns
        -------
        self : FixedPrior
            The prior.
        """
        self.__dict__.pop("_kept", None)
        return super().set_params(**params)

    def __getstate__(self):
        state = dict(super().__getstate__())
        state.pop("_kept", None)  # tensors on a device
        return state

    def __call__(self, similarities, coverage, step, temperature):
        """Logarithm of the prior, the same in each recording."""
        # kept, as recorded steps need the same tensor
        kept = self.__dict__.setdefault("_kept", {})
        n_videos = len(coverage)
        key = similarities.shape, n_videos, similarities.dtype, similarities.device
        if key not in kept:
            n_frames, n_prototypes = len(similarities) // n_videos, len(similarities.T)
            table = torch.tensor(self.table(n_frames, n_prototypes).T.copy())
            # frames come last in memory, as in the similarities
            kept[key] = table.to(similarities).repeat(1, n_videos).T
        return kept[key]


class TemporalPrior(FixedPrior):
    r"""The diagonal of the paper (Eq. 8), which orders actions.

    .. math::

        \log T_{ij} = -\frac{d_{ij}^2}{2 \sigma^2}, \qquad
        d_{ij} = \frac{|i / B - j / K|}{\sqrt{1 / B^2 + 1 / K^2}}

    for frame i of B sampled frames of a recording, and prototype j of K, both counted
    from 0.

    Parameters
    ----------
    sigma : float, default=1.2
        Width σ of the band around the diagonal, in prototypes. The only legible value
        in the paper is 2.

    Examples
    --------
    >>> prior = TemporalPrior(sigma=1.0)
    >>> prior(torch.zeros(2, 2), torch.ones(1, 1, 1), 0, 0.2)
    tensor([[-0.0000, -0.2500],
            [-0.2500, -0.0000]])
    """

    _parameter_constraints = {
        "sigma": [Interval(Real, SMALLEST, LARGEST, closed="both")]
    }

    def __init__(self, sigma=1.2):
        self.sigma = sigma

    def table(self, n_frames, n_prototypes):
        """Logarithm of the diagonal."""
        return log_temporal_prior(n_frames, n_prototypes, float(self.sigma))


class LinearPrior(FixedPrior):
    r"""A diagonal with linear decay, ASOT's: :math:`-|t / N - k / K|`."""

    def table(self, n_frames, n_prototypes):
        """Logarithm of the diagonal."""
        frames = np.arange(n_frames) / n_frames
        prototypes = np.arange(n_prototypes) / n_prototypes
        return -np.abs(frames[:, None] - prototypes)


class PathPrior(TemporalPrior):
    r"""The posterior of all ordered paths, which may skip actions.

    It depends on the frames of each recording, so it suits recordings that lack
    actions. The weight of a path is :math:`e^{\sum_t \ell_{t, a_t}}`, where
    :math:`\ell` is the logarithm of the predicted codes P, scaled so that every
    prototype has the same sum over the mini-batch:

    .. math:: T_{tk} = P(a_t = k \mid \ell)

    Codes carry little information at first, so training starts with the diagonal of
    `TemporalPrior`, or with the `table` of a subclass.

    Parameters
    ----------
    n_diagonal : int, default=1000
        Number of steps at the start with the diagonal; ``tol`` does not stop a fit
        before their end.
    sigma : float, default=1.2
        Width σ of the band around the diagonal, in prototypes.

    Examples
    --------
    >>> similarities = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> prior = PathPrior(n_diagonal=0)
    >>> prior(similarities, torch.ones(1, 1, 1), 0, 0.1).exp().round()
    tensor([[1., 0.],
            [1., 0.],
            [0., 1.]])
    """

    _parameter_constraints = TemporalPrior._parameter_constraints | {
        "n_diagonal": [Interval(Integral, 0, None, closed="left")]
    }

    def __init__(self, n_diagonal=1000, sigma=1.2):
        self.n_diagonal = n_diagonal
        self.sigma = sigma

    @property
    def changes_at(self):  # type: ignore[override]
        """Step of the change from the diagonal to paths."""
        return (int(self.n_diagonal),)

    def __call__(self, similarities, coverage, step, temperature):
        """Logarithm of the posterior."""
        if step < self.n_diagonal:
            return super().__call__(similarities, coverage, step, temperature)
        log_codes = torch.log_softmax(similarities / temperature, -1)
        # likelihood of an action in a frame, independent of its total share
        log_codes = log_codes - log_codes.logsumexp(0)
        by_video = log_codes.unflatten(0, (len(coverage), -1))
        return log_path_prior(coverage * by_video).flatten(0, 1)


#: Priors by the names that estimators know.
PRIORS = {"temporal": TemporalPrior, "path": PathPrior}


def log_temporal_prior(n_frames, n_actions, sigma):
    """Logarithm of the prior of `TemporalPrior`, up to a constant, at most 0."""
    # The paper omits the origin of the indices. Cell midpoints would be unbiased, but
    # scored lower on both large sets tried.
    frames = np.arange(n_frames) / n_frames
    actions = np.arange(n_actions) / n_actions
    scale = 1 / n_frames**2 + 1 / n_actions**2
    return -((frames[:, None] - actions) ** 2) / (2 * (sigma * sigma) * scale)


def log_path_prior(log_likelihood):
    """Logarithm of P(a_t = k) on paths through the actions, see `PathPrior`.

    ``log_likelihood`` (…, n_frames, n_actions) is up to a constant per frame. Forward
    and backward sums take O(B K) operations, without a loop over frames.
    """
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
    return torch.log_softmax(log_posterior, -1).clamp_min(LOG_FLOOR)
