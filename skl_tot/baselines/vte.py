"""Joint embedding by time and prediction."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, RealNotInt

from skl_tot.baselines.cte import CTESegmenter
from skl_tot.training.components import LARGEST, MOST
from skl_tot.training.reconstruction import Prediction


class VTESegmenter(CTESegmenter):
    r"""Unsupervised action segmentation by time and prediction, after VTE.

    `CTESegmenter` with a second loss: the network predicts the relative time of a frame
    and the features of a later frame, so that it also learns appearance. With the D
    standardised features :math:`x_t` of frame t of T, the hidden layer :math:`h_t` and
    the embedding :math:`z_t` of the encoder, a decoder g with one hidden layer, and the
    horizon δ, training minimises the mean over sampled frames of

    .. math::

        \Bigl(w^\top z_t + b - \frac tT\Bigr)^2
        + \frac{\gamma}{D} \bigl\| g(z_t) + V^\top h_t - x_{t + \delta} \bigr\|^2 .

    Embeddings are then clustered, ordered and decoded as in `CTESegmenter`.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"strict", "mostly"}, default="mostly"
        As for `CTESegmenter`.
    network : {"mlp"} or MLP, default="mlp"
        Widths of the hidden layers of encoder and decoder, and of the embedding, see
        `skl_tot.extend.MLP`.
    prediction_weight : float, default=0.01
        γ, at least 0. With 0 this is `CTESegmenter`.
    horizon : int or float, default=0.05
        Distance δ of the predicted frame: in frames, at least 1, or as a share, in (0,
        1), of the frames of the recording, rounded up. Beyond the end of the recording,
        the last frame is predicted.
    n_init, max_iter, optimizer, decoding, switch_cost : optional
        As for `CTESegmenter`.
    min_duration, background_percentile, standardize, device : optional
        As for `CTESegmenter`.
    random_state, verbose : optional
        As for `CTESegmenter`.

    Attributes
    ----------
    gaussians_ : list of GaussianMixture
        The Gaussian of each action, in the order of the actions.
    network_ : dict of str to ndarray
        All parameters of the network by name, including the decoder.
    loss_curve_ : list of float
        Loss of each step.
    n_iter_ : int
        Steps taken.

    See Also
    --------
    CTESegmenter : Predicts only the time.

    Notes
    -----
    Implemented from the abstract; no code of the authors was available. From the
    authors: a visual embedding, by a U-shaped network that predicts features of later
    frames, beside the temporal embedding of CTE, and clustering and decoding of both.
    Own choices: one embedding, trained by the sum of both losses, the width and depth
    of the decoder, the horizon and the weight. The bypass :math:`V^\top h_t` makes the
    U; without it, embeddings contain more of the features and less of the time, and
    actions get worse.

    See `CTESegmenter` for input, labels, edge cases and further attributes. The
    embeddings of all frames are held in memory, as float64.

    References
    ----------
    VidalMata, Scheirer, Kukleva, Cox, Kuehne, "Joint Visual-Temporal Embedding for
    Unsupervised Learning of Actions in Untrimmed Sequences", WACV 2021.

    Kukleva, Kuehne, Sener, Gall, "Unsupervised Learning of Action Classes with
    Continuous Temporal Embedding", CVPR 2019.

    Examples
    --------
    >>> from skl_tot.baselines import VTESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = VTESegmenter(n_actions=4, max_iter=300, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot.baselines"

    _parameter_constraints = CTESegmenter._parameter_constraints | {
        "prediction_weight": [Interval(Real, 0, LARGEST, closed="both")],
        "horizon": [
            Interval(Integral, 1, MOST, closed="both"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
    }

    def __init__(
        self,
        n_actions=8,
        *,
        order="mostly",
        network="mlp",
        prediction_weight=0.01,
        horizon=0.05,
        n_init=10,
        max_iter=6000,
        optimizer="adam",
        decoding="fixed",
        switch_cost=0.0,
        min_duration=None,
        background_percentile=None,
        standardize="dataset",
        device="auto",
        random_state=None,
        verbose=0,
    ):
        super().__init__(
            n_actions,
            order=order,
            network=network,
            n_init=n_init,
            max_iter=max_iter,
            optimizer=optimizer,
            decoding=decoding,
            switch_cost=switch_cost,
            min_duration=min_duration,
            background_percentile=background_percentile,
            standardize=standardize,
            device=device,
            random_state=random_state,
            verbose=verbose,
        )
        self.prediction_weight = prediction_weight
        self.horizon = horizon

    def _terms(self):
        horizon = self.horizon
        if isinstance(horizon, Integral):
            horizon = int(horizon)
        prediction = Prediction(float(self.prediction_weight), horizon)
        return [*super()._terms(), prediction]


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"VTESegmenter": VTESegmenter}
