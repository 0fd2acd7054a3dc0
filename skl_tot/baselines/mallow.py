"""Actions in an own order for each recording."""

from functools import partial
from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

from skl_tot.baselines.mallow_model import fit_mallow
from skl_tot.decoding.decoders import order_decoder
from skl_tot.decoding.orders import mallow_order
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.correction_layers import BoundDecoder
from skl_tot.methods.courses import MALLOW, with_order
from skl_tot.methods.discriminants import appearance_scores, log_joint
from skl_tot.training.components import LARGEST, MOST

# Smaller values may lose the variance within actions to rounding in float64.
LEAST_SPREAD = 1e-6


class MallowSegmenter(BaseSegmenter):
    r"""Unsupervised action segmentation with an order for each video, after Mallow.

    Needs no network and no random numbers. Every recording starts as K equal parts, the
    actions. Then three steps alternate:

    1. *Appearance.* Linear discriminant analysis of the current labels embeds frames,
       and each action k is a Gaussian. With :math:`n_k` of :math:`n` frames, its score
       of frame t is

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

       `predict` applies step 2 to new recordings.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"auto", "strict", "mostly"}, default="auto"
        As for `TemporalOTSegmenter`, but "auto" is always "mostly" here, and warns of
        recordings without a course: it sets ``decoding`` if that has its default. In
        strict order, step 2 is the best path through all actions. Free order is not
        supported, as recordings start as equal parts.
    shrinkage : float, default=1.0
        Added to the variances within actions for the directions, in units of the mean
        variance of a feature, at least 1e-6. Larger values weight the size of a
        difference (as principal components do) more than its certainty.
    reg_covar : float, default=0.1
        Added to the diagonal of the covariances of the Gaussians, r, at least 1e-6.
        Variances within actions are about 1 or less.
    max_iter : int, default=7
        Maximum number of rounds of the three steps; fewer if no label changes. More are
        not always better.
    decoding : str, default="auto"
        Paths of the decoder. "auto": "fixed" in strict order, else "mallow", an order
        for each recording as in step 2, with the dispersions of the fit; or a value of
        `TemporalOTSegmenter`. Does not change the fit.
    switch_cost : float, default=0.0
        Cost of a switch between actions, at least 0, in nats for each frame of the mean
        duration of an action in the recording (its frames over ``n_actions``). With
        "mallow", each inversion costs it too. Larger values give fewer segments, and
        orders closer to that of the fit. Does not change the fit.
    min_duration, background_percentile, standardize : optional
        As for `TemporalOTSegmenter`.
    random_state : int, RandomState instance or None, default=None
        Not used; for a common interface.

    Attributes
    ----------
    appearance_ : dict of ndarray
        ``center`` (n_features,) and ``scalings`` (n_features, n_directions) of the
        embedding; for each action the ``means`` (n_actions, n_directions) and
        ``precisions_cholesky`` (n_actions, n_directions, n_directions) of its Gaussian
        and its share of the frames, ``shares`` (n_actions,). There are ``n_actions -
        1`` directions, at least one and at most ``n_features``.
    dispersions_ : ndarray of shape (n_actions - 1,)
        Cost :math:`\rho_k`, in nats, of a later action that comes before action k.
    n_iter_ : int
        Number of rounds.

    See Also
    --------
    TemporalOTSegmenter : Learns a nonlinear embedding, in one order.
    skl_tot.decoding.decode : Finds orders by log-likelihoods of any segmenter.

    Notes
    -----
    See `TemporalOTSegmenter` for input, labels, edge cases and further attributes.
    Embedded frames are held in memory, as float64, and a D × D matrix; a round reads
    the recordings twice.

    From the authors: equal parts at the start, the alternation of appearance, counts,
    orders and dispersions, the model of the orders, and the prior of the shares (from a
    later implementation by others). Own choices:

    - The embedding. Theirs is a linear map with a hinge loss, learned by stochastic
      gradient descent; in that implementation it hardly leaves its random start. Here
      it has an exact solution: discriminant analysis was better on seven recorded sets
      than ridge regression and principal components.
    - Joint order and boundaries. Theirs move one frame at a time, and then sample the
      order with fixed numbers of frames. Such moves approach the best path, which is
      found directly here, with better results.
    - Most probable dispersions instead of sampled ones. They weigh few nats beside
      thousands of frames: dispersions decide only between nearly equal orders, and
      ``switch_cost`` keeps orders close.
    - Background, as in all segmenters of this package.

    On average over the same sets, an order for each recording was better than one for
    all. After the same fit, ``decoding="free"`` with a ``switch_cost`` of 0.5 was
    better still if actions repeat.

    References
    ----------
    Sener, Yao, "Unsupervised Learning and Segmentation of Complex Activities from
    Video", CVPR 2018.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = MallowSegmenter(n_actions=4).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot.baselines"

    _by_order = MALLOW
    _parameter_constraints = with_order(
        BaseSegmenter._parameter_constraints
        | {
            "shrinkage": [Interval(Real, LEAST_SPREAD, LARGEST, closed="both")],
            "reg_covar": [Interval(Real, LEAST_SPREAD, LARGEST, closed="both")],
            "max_iter": [Interval(Integral, 1, MOST, closed="both")],
        },
        MALLOW,
    )

    def __init__(
        self,
        n_actions=8,
        *,
        order="auto",
        shrinkage=1.0,
        reg_covar=0.1,
        max_iter=7,
        decoding="auto",
        switch_cost=0.0,
        min_duration=None,
        background_percentile=None,
        standardize="dataset",
        random_state=None,
    ):
        self.n_actions = n_actions
        self.order = order
        self.shrinkage = shrinkage
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.min_duration = min_duration
        self.background_percentile = background_percentile
        self.standardize = standardize
        self.random_state = random_state

    def _learn(self, videos):
        self._settle_n_actions(videos)
        self.appearance_, self.dispersions_, self.n_iter_, embedded = fit_mallow(
            videos,
            self.n_actions_,
            shrinkage=self.shrinkage,
            reg_covar=self.reg_covar,
            max_iter=self.max_iter,
            keeps_order=self.order_ == "strict",
        )
        return lambda: (log_joint(frames, self.appearance_) for frames in embedded)

    def _log_likelihoods(self, videos):
        return appearance_scores(videos, self.appearance_)

    @property
    def decoder_(self):
        """Decoder and the cost of a switch."""
        if self.decoding_ != "mallow":
            return super().decoder_
        dispersions = self.dispersions_
        if self.layers_:  # dispersions do not apply to corrected actions
            dispersions = dispersions.mean() if len(dispersions) else 0.0
        mallow = order_decoder(partial(mallow_order, dispersions=dispersions))
        return BoundDecoder(mallow, self.switch_cost)


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"MallowSegmenter": MallowSegmenter}
