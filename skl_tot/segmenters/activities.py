"""A segmenter for each of several activities, which are told apart without labels."""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skl_tot.inputs.forms import keep_outputs
from skl_tot.inputs.states import check_array, check_item, item
from skl_tot.meta.activity_bags import (
    choose_n_groups,
    group_bags,
    learn_vocabulary,
    mean_bags,
)
from skl_tot.segmenters.activity_models import (
    check_activities,
    check_models,
    check_names,
    check_segmenter,
    fit_models,
    shifted,
)
from skl_tot.segmenters.activity_outputs import ActivityOutputs, by_video
from skl_tot.segmenters.pipelines import last_step
from skl_tot.training.components import MOST


class ActivitySegmenter(ActivityOutputs):
    r"""Segmentation of recordings of several activities that nobody has sorted.

    1. *Bags.* The frames of all videos, as many of each, are clustered (K-means, 64
       clusters c). With squared distances :math:`d_{tc}^2` to their centres, and w the
       mean of the smallest, frame t belongs to them by

       .. math:: p_{tc} \propto \exp(-d_{tc}^2 / (0.1\, w)) .

       The root of the mean of p over the frames says what occurs in a video.
    2. *Activities.* K-means groups these bags of frames. Or the activities are given.
    3. *Actions.* A clone of ``segmenter`` is fitted to the videos of each activity.

    Of a new video the activity is that of the nearest mean bag, and its segmenter finds
    the actions. The actions of all activities have numbers that differ: those of
    activity a count from ``action_offsets_[a]``.

    Parameters
    ----------
    segmenter : estimator
        A segmenter, or a pipeline that ends in one. Clones are fitted to the videos as
        they are given; without a seed of its own, each gets one from ``random_state``.
        Its ``n_actions`` are those of one activity.
    n_activities : int or "auto", default="auto"
        Number of activities. "auto" takes one from 1 to 20 for which bags of one
        activity are alike, and unlike others, see Notes.
    compute_labels : bool, default=True
        Whether `fit` ends by labelling its videos; ``segmenters_`` keep no labels.
    n_jobs : int, default=None
        Activities that are fitted at the same time, as of joblib. Does not change the
        result, if a fit does not depend on the number of threads.
    random_state : int, RandomState instance or None, default=None
        Seed of the clusters of frames, of the activities, and of segmenters that have
        no seed.

    Attributes
    ----------
    n_actions_ : int
        Number of actions of all activities.
    activities_ : ndarray of shape (n_videos,), or dict
        Activity of each video of the fit; by name if the videos have names.
    activity_names_ : ndarray of shape (n_activities,)
        What activities are called: 0, 1, … in the order of their first video, or the
        labels that were given, sorted.
    activity_scores_ : dict of int to float or None
        Mean silhouette of the bags for each number that "auto" has tried; None if there
        was nothing to choose.
    segmenters_ : list of estimator
        A fitted segmenter, or pipeline, for each activity.
    labels_ : ndarray of shape (n_frames,), or list of such
        Labels of the frames of the videos of the fit, in the form of ``X``. Only if
        ``compute_labels``.
    vocabulary_ : dict of ndarray
        Clusters of frames: ``centres`` (n_clusters, n_features), of standardised
        features, and ``width`` ().
    bags_ : ndarray of shape (n_activities, n_clusters)
        Mean bag of each activity.
    scaler_ : StandardScaler
        Standardisation that frames are clustered by. Segmenters have their own.
    fps_ : float or None
        Frames per second of the videos of the fit, where they came with a rate.
    n_features_in_ : int
        Width D of the features.
    feature_names_in_ : ndarray of str
        Names of the features, where all names are strings (data frames).

    See Also
    --------
    AutoSegmenter : Several segmenters for one activity.
    skl_tot.metrics.activity_purity : How far activities found are those of a person.

    Notes
    -----
    Input and output are those of `TemporalOTSegmenter`. `predict_proba` and
    `predict_posterior` take the activity for certain; other activities have
    probability 0. `merge` and `split` are of actions of one activity. To teach labels
    to one, use `guide` of its segmenter, whose numbers count from 0.

    The number of activities is the smallest, up to half of the videos, whose bags have
    a mean silhouette of at least 95 % of the highest; where even that is below 0.14, it
    is 1. On generated activities that share no actions it is at most 1 off. Recordings
    of one activity often fall into groups, such as the people they are of, and are then
    taken for several; give the number if you know it.

    To score against labels, use the scores of `skl_tot.metrics` as they are: one match
    over all videos, ``scope="activity"``, is one over activities and actions, if labels
    of different activities differ. So videos whose activity is wrong count as wrong.

    References
    ----------
    Kukleva et al., "Unsupervised learning of action classes with continuous temporal
    embedding", CVPR 2019, section 3.5.

    Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis", Journal of Computational and Applied Mathematics 1987.

    Examples
    --------
    >>> from skl_tot import ActivitySegmenter, MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> cooking, _ = make_activities(n_videos=5, n_actions=3, random_state=0)
    >>> repairs, _ = make_activities(n_videos=5, n_actions=3, random_state=1)
    >>> model = ActivitySegmenter(MallowSegmenter(3), 2, random_state=0)
    >>> model.fit(cooking + repairs).activities_
    array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    >>> model.predict_activity(repairs[0])
    1
    >>> np.unique(model.predict(repairs[0]))
    array([3, 4, 5])
    >>> model.action_names_[3]
    'activity 1: action 0'
    """

    __module__ = "skl_tot"

    _parameter_constraints = {
        "segmenter": [HasMethods(["fit", "predict"])],
        "n_activities": [
            Interval(Integral, 1, MOST, closed="both"),
            StrOptions({"auto"}),
        ],
        "compute_labels": ["boolean"],
        "n_jobs": [None, Integral],
        "random_state": ["random_state"],
    }

    # how frames are clustered; segmenters have a background of their own
    standardize, background_percentile = "dataset", None

    def __init__(
        self,
        segmenter,
        n_activities="auto",
        *,
        compute_labels=True,
        n_jobs=None,
        random_state=None,
    ):
        self.segmenter = segmenter
        self.n_activities = n_activities
        self.compute_labels = compute_labels
        self.n_jobs = n_jobs
        self.random_state = random_state

    @property
    def decoding(self):
        """Paths that the segmenter looks for."""
        return last_step(self.segmenter).decoding

    @property
    def switch_cost(self):
        """Cost of a switch of the segmenter."""
        return last_step(self.segmenter).switch_cost

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, activities=None):
        """Tell the activities apart, and learn the actions of each.

        Parameters
        ----------
        X : sequence of array-like of shape (n_frames_i, n_features)
            Videos, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of such, default=None
            Not learned from; only its numbers are checked.
        activities : sequence of int or str, or dict, default=None
            Activity of each video, by its name if the videos have names. None finds
            them.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter, a video or ``activities`` is not valid, there are more
            activities than videos that differ, or a fit of ``segmenter`` fails. An
            estimator fitted before stays as it was.
        """
        return self._fit(X, y, activities=activities)

    def fit_predict(self, X, y=None, activities=None):
        """Tell the activities apart, learn the actions, and label the frames.

        Parameters
        ----------
        X : sequence of array-like of shape (n_frames_i, n_features)
            As in `fit`.
        y : array-like of shape (n_frames,), or sequence of such, default=None
            As in `fit`.
        activities : sequence of int or str, or dict, default=None
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of such
            Labels of the frames.

        Raises
        ------
        TypeError, ValueError
            As in `fit`.
        """
        return self.fit(X, y, activities)._labels_of_fit(X)

    def _fewest_actions(self):
        return check_segmenter(self.segmenter)._fewest_actions()

    def _learn(self, videos, activities=None):
        rng = check_random_state(self.random_state)
        given = None
        if activities is not None:
            given = check_activities(activities, len(videos), self.n_activities)
        self.vocabulary_ = learn_vocabulary(videos, rng)
        bags, seed = self._count_words(videos), rng.randint(2**31 - 1)
        self.activity_scores_ = None
        names, codes = given or self._group(bags, seed)
        self.bags_ = mean_bags(bags, codes)
        self.activity_names_, self.activities_ = names, names[codes]
        self.segmenters_, self.labels_ = fit_models(
            self.segmenter,
            videos.arrays,
            (names, codes),
            rng,
            compute_labels=self.compute_labels,
            n_jobs=self.n_jobs,
        )
        offsets = self.action_offsets_
        self.n_actions_ = int(offsets[-1])
        if self.compute_labels:
            pairs = zip(self.labels_, codes)
            self.labels_ = [shifted(path, offsets[k]) for path, k in pairs]

    def _label(self, log_likelihoods, videos, form, before=None, given=None):
        # segmenters have learned background and confidence, and labelled the videos
        self.background_ = self.confidence_ = None
        self.activities_ = by_video(self.activities_, form)
        found = self.__dict__.pop("labels_")
        if self.compute_labels:
            self._warn_of_few_actions(found)
            self.labels_ = keep_outputs(found, form)

    def _group(self, bags, seed):
        """Find activities: their names, and the place of each video's."""
        n_distinct = len(np.unique(bags, axis=0))
        if self.n_activities == "auto":
            n_groups, self.activity_scores_ = choose_n_groups(bags, seed)
        else:
            n_groups = int(self.n_activities)
        if n_groups > n_distinct:
            raise ValueError(
                f"n_activities is {n_groups}, but X has {n_distinct} videos that "
                "differ; expected as many or fewer."
            )
        return np.arange(n_groups), group_bags(bags, n_groups, seed)

    def _check_state(self):
        check_models(getattr(self, "segmenters_", None), self.n_features_in_)
        super()._check_state()
        n_activities, n_features = len(self.segmenters_), self.n_features_in_
        centres = item(self.vocabulary_, "vocabulary_", "centres")
        n_clusters = np.shape(centres)[0] if np.ndim(centres) == 2 else 1
        check_item(self.vocabulary_, "vocabulary_", "centres", (n_clusters, n_features))
        check_item(self.vocabulary_, "vocabulary_", "width", ())
        if not self.vocabulary_["width"] > 0:
            raise ValueError("vocabulary_['width'] is not positive")
        check_array(self.bags_, "bags_", (n_activities, n_clusters))
        check_names(self.activity_names_, n_activities)


# doctest looks for names of this module, which the public one is not
__test__ = {"ActivitySegmenter": ActivitySegmenter}
