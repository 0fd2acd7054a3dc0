"""Actions whose order may differ from video to video."""

from functools import partial
from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot.decoding.decoders import order_decoder
from skl_tot.decoding.orders import mallow_order
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.correction_layers import BoundDecoder
from skl_tot.methods.courses import MALLOW, with_order
from skl_tot.methods.discriminants import appearance_scores, log_joint
from skl_tot.methods.mallow_model import fit_mallow
from skl_tot.training.components import LARGEST, MOST

# Less, and what is within actions may vanish from sums of float64.
LEAST_SPREAD = 1e-6


class MallowSegmenter(BaseSegmenter):
    r"""Unsupervised action segmentation with an order for each video, after Mallow.

    Needs no network, and nothing is left to chance. Every video starts cut into K equal
    parts, the actions. Then three steps take turns:

    1. *Appearance.* Linear discriminant analysis of the labels of now embeds frames,
       and each action k is a Gaussian there. With :math:`n_k` frames of :math:`n` it
       explains frame t by

       .. math::

           \ell_{tk} = \log \frac{n_k + 0.1}{n + 0.1 K}
               + \log \mathcal{N}(z_t; \mu_k, \Sigma_k + r I) .

    2. *Order and boundaries.* The order of a video is an inversion vector v: of the
       actions after k, :math:`v_k` come before it. Under the generalised Mallows model

       .. math::

           p(v) \propto \exp \Bigl( -\sum_k \rho_k v_k \Bigr) .

       The order that makes this and the best path along it most probable is climbed to
       from v = 0, one inversion after the other. A path shows each action once or not
       at all.
    3. *Dispersion.* :math:`\rho_k` is set to the most probable value given the
       inversions of all videos: large where k keeps its place.

    New videos get an order of their own by step 2.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"strict", "mostly"}, default="mostly"
        As of `TemporalOTSegmenter`: it sets ``decoding`` where that is left to it. In
        strict order, step 2 is the best path through all actions, too.
        There is no free order, as videos start cut into equal parts.
    shrinkage : float, default=1.0
        Added to the variances within actions that directions are measured by, in units
        of the mean variance of a feature, from 1e-6 on. Larger values go by what
        differs most, as principal components do, rather than by what differs surely.
    reg_covar : float, default=0.1
        Added to the diagonal of the covariances of the Gaussians, r, from 1e-6 on. The
        variances within actions are about 1 there, or less.
    counts : {"path", "moves"}, default="path"
        How boundaries are found during the fit: by the likeliest path, which is the
        best that moves could reach, or by moves of frames from action to action.
    max_iter : int, default=7
        Rounds of the three steps at most; fewer if no label changes. More are not
        always better.
    decoding : str, default="auto"
        Paths that the decoder looks for. "auto": "fixed" in strict order, else
        "mallow", the order of each video as in step 2, with the dispersions of the fit,
        or one of those of `TemporalOTSegmenter`. Does not change the fit.
    switch_cost : float, default=0.0
        Cost of going from one action to another, at least 0, in nats for each frame of
        the mean duration of an action in the video (its frames, by ``n_actions``), and
        with "mallow" of each inversion too. Larger values give fewer segments, and
        orders closer to that of the fit. Does not change the fit.
    min_duration, background_percentile, standardize : optional
        As of `TemporalOTSegmenter`.
    random_state : int, RandomState instance or None, default=None
        Not used, as there is nothing random. Here for a common interface.

    Attributes
    ----------
    appearance_ : dict of ndarray
        ``center`` (n_features,) and ``scalings`` (n_features, n_directions) of the
        embedding, and for each action the ``means`` (n_actions, n_directions) and the
        ``precisions_cholesky`` (n_actions, n_directions, n_directions) of its Gaussian
        and its share of the frames, ``shares`` (n_actions,). There are ``n_actions -
        1`` directions, but at least one and at most ``n_features``.
    dispersions_ : ndarray of shape (n_actions - 1,)
        Cost :math:`\rho_k`, in nats, of an action that comes before action k in place
        of after it.
    n_iter_ : int
        Rounds taken.

    See Also
    --------
    TemporalOTSegmenter : Learns an embedding that is not linear, in one order.
    skl_tot.decoding.decode : Finds orders by log-likelihoods of any segmenter.

    Notes
    -----
    Input, labels, edge cases and further attributes are those of `TemporalOTSegmenter`.
    Embedded frames are held in memory, as float64, and a matrix of D × D; a round reads
    the videos twice.

    The authors' are the equal parts at the start, appearance, counts, orders and
    dispersions by turns, the model of the orders, and the prior of the shares, here
    known from a later implementation by others. Ours are:

    - The embedding. There it is a linear map learned by stochastic gradient descent
      from a hinge loss, which in that implementation hardly leaves its random start.
      Of what is solved exactly, discriminant analysis was better on the mean of seven
      recorded sets than ridge regression, and both than principal components.
    - Order and boundaries found together. There, frames are moved one at a time, and
      then the order is sampled with the number of frames of each action kept. Such
      moves climb towards the best path, which is found at once, and was better.
    - Most probable dispersions in place of sampled ones. They are of few nats, and
      thousands of frames of many: dispersions decide only where two orders explain a
      video nearly as well, and ``switch_cost`` is what keeps orders closer.
    - Background, which is told as by all segmenters of this package.

    On the mean of the same sets an order for each video was better than one for all,
    and ``decoding="free"`` with a ``switch_cost`` of 0.5, after the same fit, better
    still where actions return.

    References
    ----------
    Sener, Yao, "Unsupervised Learning and Segmentation of Complex Activities from
    Video", CVPR 2018.

    Examples
    --------
    >>> from skl_tot import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = MallowSegmenter(n_actions=4).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot"

    _by_order = MALLOW
    _parameter_constraints = with_order(
        BaseSegmenter._parameter_constraints
        | {
            "shrinkage": [Interval(Real, LEAST_SPREAD, LARGEST, closed="both")],
            "reg_covar": [Interval(Real, LEAST_SPREAD, LARGEST, closed="both")],
            "counts": [StrOptions({"path", "moves"})],
            "max_iter": [Interval(Integral, 1, MOST, closed="both")],
        },
        MALLOW,
    )

    def __init__(
        self,
        n_actions=8,
        *,
        order="mostly",
        shrinkage=1.0,
        reg_covar=0.1,
        counts="path",
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
        self.counts = counts
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
            by_moves=self.counts == "moves",
            keeps_order=self.order == "strict",
        )
        return lambda: (log_joint(frames, self.appearance_) for frames in embedded)

    def _log_likelihoods(self, videos):
        return appearance_scores(videos, self.appearance_)

    @property
    def decoder_(self):
        """Decoder in use, and the cost of a switch."""
        if self.decoding_ != "mallow":
            return super().decoder_
        dispersions = self.dispersions_
        if self.layers_:  # of other actions, by the mean
            dispersions = dispersions.mean() if len(dispersions) else 0.0
        mallow = order_decoder(partial(mallow_order, dispersions=dispersions))
        return BoundDecoder(mallow, self.switch_cost)


# doctest looks for names of this module, which the public one is not
__test__ = {"MallowSegmenter": MallowSegmenter}
