"""Actions in an own order for each recording."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from sklearn.utils._param_validation import StrOptions

from skl_tot.decoding.decoders import DECODERS, decode
from skl_tot.decoding.orders import (
    MallowDecoder,
    mallow_inversions,
    order_of,
    path_along,
)
from skl_tot.methods.base import BaseSegmenter, Learned, Orders, by_order
from skl_tot.methods.discriminants import (
    appearance_scores,
    fit_appearance,
    log_joint,
    measure_spread,
)
from skl_tot.methods.numbers import AUTO
from skl_tot.recordings.labels import equal_parts
from skl_tot.shared_texts import with_shared_texts

LEAST_DISPERSION = 1e-6


@with_shared_texts
@dataclass(eq=False, repr=False)
class MallowSegmenter(BaseSegmenter):
    r"""Unsupervised action segmentation with an order for each video, after Mallow.

    Needs no network and no random numbers. Every recording starts as K equal parts, the
    actions. Then three steps alternate:

    1. *Appearance.* Linear discriminant analysis of the current labels embeds frames,
       and each action k is a Gaussian. With :math:`n_k` of :math:`n` frames, and
       r = 0.1, its score of frame t is

       .. math::

           \ell_{tk} = \log \frac{n_k + 0.1}{n + 0.1 K}
               + \log \mathcal{N}(z_t; \mu_k, \Sigma_k + r I) .

    2. *Order and boundaries.* The order of a recording is an inversion vector v:
       :math:`v_k` is the number of actions after k that come before it. Under the
       generalised Mallows model

       .. math::

           p(v) \propto \exp \Bigl( -\sum_k \rho_k v_k \Bigr) .

       The most probable combination of order and best path is found by hill climbing
       from v = 0, one inversion after the other. A path shows each action at most once.
    3. *Dispersion.* :math:`\rho_k` is the most probable value for the inversions of
       all recordings; it is large if k keeps its place.

    Parameters
    ----------
    {shared: n_actions}
    order : {"mostly", "strict"}, default="mostly"
        As for `TemporalOTSegmenter`: it sets ``decoding`` if that has its default. In
        strict order, step 2 is the best path through all actions. Free order is not
        supported, as recordings start as equal parts.
    max_iter : int, default=7
        Maximum number of rounds of the three steps; fewer if no label changes.
    decoding : str, default="auto"
        Paths of the decoder. "auto": "fixed" in strict order, else "mallow", an order
        for each recording as in step 2, in which an inversion costs a switch, too; or a
        value of `TemporalOTSegmenter`. Does not change the fit.
    {shared: switch_cost=0.0, min_duration, background_percentile, standardize}
    {shared: random_state}

    Attributes
    ----------
    appearance_ : Appearance
        ``center`` (n_features,) and ``scalings`` (n_features, n_directions) of the
        embedding; for each action the ``means`` (n_actions, n_directions) and
        ``precisions_cholesky`` (n_actions, n_directions, n_directions) of its Gaussian
        and its share of the frames, ``shares`` (n_actions,). There are ``n_actions -
        1`` directions, at least one and at most ``n_features``.
    dispersions_ : ndarray of shape (n_actions - 1,)
        Cost :math:`\rho_k`, in nats, of a later action that comes before action k.
    n_iter_ : int
        Number of rounds.

    Notes
    -----
    See `TemporalOTSegmenter` for input and attributes. Embedded frames are held in
    memory, as float64, and a D × D matrix; a round reads the recordings twice.

    The prior of the shares is from a later implementation by others. Own choices:
    discriminant analysis, in place of a linear map that is learned; the best order and
    boundaries at once, in place of sampled ones; the most probable dispersions;
    background. If actions repeat, ``decoding="free"`` with a ``switch_cost`` of 0.5 was
    better after the same fit.

    References
    ----------
    Sener, Yao, "Unsupervised Learning and Segmentation of Complex Activities from
    Video", CVPR 2018.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> MallowSegmenter(n_actions=4).fit(videos).dispersions_.shape
    (3,)
    """

    __module__ = "skl_tot.baselines"

    _defaults_by_order = by_order(decoding=("fixed", "mallow"))
    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "order": [Orders(has_free=False)],
        "decoding": [StrOptions({AUTO, "mallow"}), StrOptions(DECODERS.keys())],
    }

    n_actions: int | str = 8
    _: KW_ONLY
    order: str = "mostly"
    max_iter: int = 7
    decoding: str = "auto"
    switch_cost: Any = 0.0
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    random_state: Any = None

    def _learn(self, videos):
        self._set_n_actions(videos)
        self.appearance_, self.dispersions_, self.n_iter_, embedded = fit_mallow(
            videos,
            self.n_actions_,
            max_iter=self.max_iter,
            keeps_order=self.order_ == "strict",
        )
        return Learned(lambda i: log_joint(embedded[i], self.appearance_))

    def _log_likelihoods(self, videos):
        return appearance_scores(videos, self.appearance_)

    def _decoder(self, decoding):
        if decoding != "mallow":
            return super()._decoder(decoding)
        dispersions = self.dispersions_
        if self.layers_:  # dispersions do not apply to corrected actions
            dispersions = dispersions.mean() if len(dispersions) else 0.0
        return MallowDecoder(dispersions)


def expected_inversions(dispersion, n_values):
    """Mean of an inversion v in 0 … n - 1, of probability proportional to exp(-ρ v)."""
    if dispersion < LEAST_DISPERSION:  # the two large terms would cancel
        return (n_values - 1) / 2 - dispersion * (n_values**2 - 1) / 12
    first = -math.exp(-dispersion) / math.expm1(-dispersion)
    second = -math.exp(-n_values * dispersion) / math.expm1(-n_values * dispersion)
    return first - n_values * second


def fit_dispersions(inversions):
    """Most probable dispersions (n_actions - 1,), at least 0."""
    # The prior is a dispersion of 1, with the weight of a tenth of a recording.
    n_videos, n_inversions = inversions.shape
    dispersions = np.zeros(n_inversions)
    for k, total in enumerate(inversions.sum(axis=0)):
        n_values = n_inversions + 1 - k
        prior_mean = expected_inversions(1.0, n_values)
        mean = (total + 0.1 * prior_mean) / (n_videos + 0.1)
        if mean < expected_inversions(LEAST_DISPERSION, n_values):
            # above 50, fewer than one of 10^21 recordings has an inversion
            dispersions[k] = brentq(
                lambda rho, n, mean: expected_inversions(rho, n) - mean,
                LEAST_DISPERSION,
                50.0,
                args=(n_values, mean),
            )
    return dispersions


def fit_mallow(videos, n_actions, *, max_iter, keeps_order=False):
    """Learn the appearance of actions, and how recordings deviate from the order."""
    paths = [equal_parts(n, n_actions) for n in videos.lengths]
    spread = measure_spread(videos)
    inversions = np.zeros((len(videos), n_actions - 1), dtype=np.intp)
    dispersions = fit_dispersions(inversions)
    for n_iter in range(1, max_iter + 1):
        labels = np.concatenate(paths)
        appearance, embedded = fit_appearance(videos, paths, n_actions, spread)
        for i, frames in enumerate(embedded):
            scores = log_joint(frames, appearance, i)
            if keeps_order:
                paths[i] = decode(scores)
            else:
                inversions[i] = mallow_inversions(scores, dispersions)
                paths[i] = path_along(scores, order_of(inversions[i]), 0.0)
        dispersions = fit_dispersions(inversions)
        if n_iter == max_iter or np.array_equal(np.concatenate(paths), labels):
            break
    return appearance, dispersions, n_iter, embedded
