"""Time and what comes next, in one embedding."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, RealNotInt

from skl_tot.segmenters.cte import CTESegmenter
from skl_tot.training.components import LARGEST, MOST
from skl_tot.training.reconstruction import Prediction


class VTESegmenter(CTESegmenter):
    r"""Unsupervised action segmentation by time and what comes next, after VTE.

    `CTESegmenter` with a second loss: besides the relative time of a frame, the network
    predicts the features of a later frame, so that it learns what can be seen and not
    only when. With :math:`x_t` the standardised features of frame t of T, of which
    there are D, :math:`h_t` the hidden layer and :math:`z_t` the embedding that the
    encoder makes of them, g a decoder with one hidden layer, and δ the horizon,
    training minimises the mean over sampled frames of

    .. math::

        \Bigl(w^\top z_t + b - \frac tT\Bigr)^2
        + \frac{\gamma}{D} \bigl\| g(z_t) + V^\top h_t - x_{t + \delta} \bigr\|^2 .

    Embeddings are then clustered, ordered and decoded as those of `CTESegmenter`.

    Parameters
    ----------
    n_actions : int, default=8
        Number of actions K.
    embedding_dim : int, default=40
        Width E of the embedding.
    hidden_dim : int, default=None
        Width of the hidden layers of encoder and decoder; None means
        ``2 * embedding_dim``.
    prediction_weight : float, default=0.01
        γ, at least 0. With 0 this is `CTESegmenter`.
    horizon : int or float, default=0.05
        δ, how much later the frame is that is predicted: in frames, at least 1, or as a
        share, in (0, 1), of the frames of the video, rounded up. Where the video ends
        before, its last frame is predicted.
    n_init : int, default=10
        Runs of K-means, the best of which is kept.
    reg_covar : float, default=1e-6
        Added to the diagonal of the covariances.
    frames_per_video : int, default=256
        Frames sampled from a video for a mini-batch, one from each of so many bins of
        equal length. A shorter video has frames drawn more than once.
    batch_size : int, default=2
        Videos in a mini-batch; fewer where there are fewer in all.
    max_iter : int, default=6000
        Optimiser steps, one mini-batch each.
    learning_rate : float, default=3e-3
        Step size of Adam, that of `CTESegmenter`.
    weight_decay : float, default=1e-4
        L2 penalty on all parameters.
    tol : float, default=None
        Stop when the loss, averaged over ``n_iter_no_change`` steps, is not at least
        ``tol`` below the best such average before. None never stops early.
    n_iter_no_change : int, default=100
        Steps over which the loss is averaged for ``tol`` and for the progress bar.
    decoding : str, default="fixed"
        Paths that the decoder looks for, see `TemporalOTSegmenter`.
    switch_cost : float or "auto", default=0.0
        Cost of going from one action to another, at least 0, in nats for each frame of
        the mean duration of an action in the video (its frames, by ``n_actions``).
        Larger values give fewer segments; 0.5 did well on several sets. Not used if
        ``decoding="fixed"``, where all paths have as many switches. "auto" goes by how
        long segments and the correlations within them last, however many a video has.
    background_percentile : float, default=None
        Label as background (-1) the frames in which no action is convincing: whose
        input features are, for every action, less likely than this percentile, in (0,
        100), of the frames that `fit` gave to it. About the percentage of frames that
        you expect to be background, or more if actions look alike. The path runs
        through the other frames. None knows no background.
    standardize : {"dataset", "video"} or None, default="dataset"
        Give each feature zero mean and unit variance over all frames of the fit, or
        over each video by itself, or leave the features as they are.
    context : int, default=None
        As of `TemporalOTSegmenter`.
    guidance : {"labels", "transcripts"} or None, default=None
        What ``y`` is, see `TemporalOTSegmenter`.
    compute_labels : bool, default=True
        Whether `fit` ends by labelling its videos, which takes three more passes over
        the data, two of them for ``confidence_``. Without, there is no ``labels_``.
    device : str, default="auto"
        Where to compute, see `TemporalOTSegmenter`. Clustering is done on the CPU.
    random_state : int, RandomState instance or None, default=None
        Seed of parameters, mini-batches, sampled frames and K-means.
    verbose : int, default=0
        Whether to show a progress bar with the loss (needs the ``progress`` extra).

    Attributes
    ----------
    n_actions_ : int
        Number of actions K of the fit.
    labels_ : ndarray of shape (n_frames,), or list of such
        Labels of the frames of the videos of the fit, in the form of ``X``. Only if
        ``compute_labels``.
    gaussians_ : list of GaussianMixture
        The Gaussian of each action, in the order of the actions.
    network_ : dict of str to ndarray
        All parameters of the network by name, those of the decoder included, of which
        those below are a part.
    coefs_ : list of two ndarray
        Weights of the encoder, of shapes (n_features, hidden_dim) and (hidden_dim,
        embedding_dim).
    intercepts_ : list of two ndarray
        Biases of the encoder, of shapes (hidden_dim,) and (embedding_dim,).
    classes_ : ndarray of shape (n_classes,)
        Labels that `predict` answers in, and names of actions found besides; only after
        a fit with ``guidance``, `guide`, or `rename`.
    guide_ : dict of ndarray or None
        What was learned of them, see `skl_tot.meta.guide.fit_guide`.
    edits_ : list of dict of ndarray
        What `merge` and `split` have done, see `skl_tot.methods.layers`.
    scaler_ : StandardScaler or None
        Standardisation over the data set, if there is one.
    confidence_ : dict of float or None
        ``tempering`` and ``agreement``, which say how far `predict_posterior` may trust
        the log-likelihoods, if ``compute_labels``.
    background_ : dict of ndarray or None
        ``means`` and ``variances`` (n_actions, n_features) of the standardised features
        of each action and ``thresholds`` (n_actions,) of their log-density, if
        background was asked for.
    loss_curve_ : list of float
        Loss of each step.
    n_iter_ : int
        Steps taken.
    fps_ : float or None
        Frames per second of the videos of the fit, where they came with a rate.
    n_features_in_ : int
        Width D of the features.
    feature_names_in_ : ndarray of str
        Names of the features, where all names are strings (data frames).

    See Also
    --------
    CTESegmenter : Predicts the time alone.

    Notes
    -----
    Of the authors' method the abstract was at hand, and no code. Theirs are the two
    parts: a visual embedding, from a network in the shape of a U that predicts features
    of frames to come, beside the temporal one of CTE, and clustering and decoding of
    both. Ours are that they are one embedding, trained at once by the sum of both
    losses, the width and depth of the decoder, the horizon and the weight. What passes
    by the embedding, :math:`V^\top h_t`, makes the U; without it, embeddings that tell
    of features tell less of time, and made worse actions.

    Input, labels and edge cases are those of `TemporalOTSegmenter`. The embeddings of
    all frames are held in memory, as float64.

    References
    ----------
    VidalMata, Scheirer, Kukleva, Cox, Kuehne, "Joint Visual-Temporal Embedding for
    Unsupervised Learning of Actions in Untrimmed Sequences", WACV 2021.

    Kukleva, Kuehne, Sener, Gall, "Unsupervised Learning of Action Classes with
    Continuous Temporal Embedding", CVPR 2019.

    Examples
    --------
    >>> from skl_tot import VTESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = VTESegmenter(n_actions=4, max_iter=300, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot"

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
        embedding_dim=40,
        hidden_dim=None,
        prediction_weight=0.01,
        horizon=0.05,
        n_init=10,
        reg_covar=1e-6,
        frames_per_video=256,
        batch_size=2,
        max_iter=6000,
        learning_rate=3e-3,
        weight_decay=1e-4,
        tol=None,
        n_iter_no_change=100,
        decoding="fixed",
        switch_cost=0.0,
        background_percentile=None,
        standardize="dataset",
        context=None,
        guidance=None,
        compute_labels=True,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        super().__init__(
            n_actions,
            embedding_dim=embedding_dim,
            hidden_dim=hidden_dim,
            n_init=n_init,
            reg_covar=reg_covar,
            frames_per_video=frames_per_video,
            batch_size=batch_size,
            max_iter=max_iter,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            tol=tol,
            n_iter_no_change=n_iter_no_change,
            decoding=decoding,
            switch_cost=switch_cost,
            background_percentile=background_percentile,
            standardize=standardize,
            context=context,
            guidance=guidance,
            compute_labels=compute_labels,
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


# doctest looks for names of this module, which the public one is not
__test__ = {"VTESegmenter": VTESegmenter}
