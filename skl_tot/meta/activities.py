"""A segmenter for each of several activities, which are found without labels."""

import math
from numbers import Integral

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skl_tot.decoding.decoders import DECODERS
from skl_tot.meta.activity_models import (
    activities_of,
    check_activities,
    check_segmenter,
    choose_n_groups,
    count_words,
    fit_models,
    group_bags,
    in_turn,
    learn_vocabulary,
    mean_bags,
    nearest_bags,
    shifted,
    widened,
    widened_scores,
)
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.correction_layers import BoundDecoder
from skl_tot.methods.pipelines import last_step
from skl_tot.metrics.label_free import carried_information
from skl_tot.recordings.errors import warn_user
from skl_tot.recordings.labels import arrange, check_lengths
from skl_tot.training.components import MOST


class ActivitySegmenter(BaseSegmenter):
    r"""Segmentation of unsorted recordings of several activities.

    1. *Bags.* The frames of all recordings, the same number of each, are clustered
       (K-means, 64 clusters c). With squared distances :math:`d_{tc}^2` to their
       centres, and the mean w of the smallest distances, frame t belongs to them by

       .. math:: p_{tc} \propto \exp(-d_{tc}^2 / (0.1\, w)) .

       The bag of a recording is the root of the mean of p over its frames.
    2. *Activities.* K-means groups these bags, or the activities are given.
    3. *Actions.* A clone of ``estimator`` is fitted to the recordings of each activity.

    A new recording has the activity of the nearest mean bag, and the segmenter of this
    activity labels it. Actions of all activities have different numbers: those of
    activity a start at ``action_offsets_[a]``.

    Parameters
    ----------
    estimator : estimator
        A segmenter, or a pipeline that ends in one. Clones are fitted to the
        recordings; without an own seed, each gets one from ``random_state``. Its
        ``n_actions`` is the number per activity.
    n_activities : int or "auto", default="auto"
        Number of activities. "auto" chooses from 1 to 20 by the similarity of bags, see
        Notes.
    n_jobs : int, default=None
        Activities that are fitted at the same time, as in joblib. Does not change the
        result if a fit does not depend on the number of threads.
    random_state : int, RandomState instance or None, default=None
        Seed of the clusters of frames, of the activities, and of segmenters without
        seed.

    Attributes
    ----------
    n_actions_ : int
        Total number of actions.
    activities_ : ndarray of shape (n_videos,), or dict
        Activity of each recording of the fit; by name if the recordings have names.
    activity_names_ : ndarray of shape (n_activities,)
        Names of the activities: 0, 1, … in the order of their first recording, or the
        given labels, sorted.
    activity_scores_ : dict of int to float or None
        Mean silhouette of the bags for each number that "auto" tried; None without a
        choice.
    estimators_ : list of estimator
        A fitted segmenter, or pipeline, for each activity.
    vocabulary_ : dict of ndarray
        Clusters of frames: ``centres`` (n_clusters, n_features), of standardised
        features, and ``width`` ().
    bags_ : ndarray of shape (n_activities, n_clusters)
        Mean bag of each activity.
    scaler_ : StandardScaler
        Standardisation for the clusters of frames. Segmenters have their own.

    See Also
    --------
    AutoSegmenter : Several segmenters for one activity.
    skl_tot.metrics.activity_purity : Agreement of activities with those of a person.

    Notes
    -----
    See `TemporalOTSegmenter` for input, output and further attributes. `predict_proba`
    and `predict_posterior` treat the activity as certain; other activities have
    probability 0. Corrections (`skl_tot.corrections`) apply to actions of one activity.
    To teach labels to one, use `GuidedSegmenter` with a FrozenEstimator of one of
    ``estimators_``, which number actions from 0.

    The number of activities is the smallest, up to half of the recordings, with a mean
    silhouette of the bags of at least 95 % of the highest; if the highest is below
    0.14, it is 1. On generated activities without common actions the error is at most
    1. Recordings of one activity often form groups, such as subjects, which are then
    taken for activities; give the number if you know it.

    To score against labels, use `skl_tot.metrics` with ``scope="activity"``: one match
    of actions over all recordings, if labels of different activities differ. Recordings
    with a wrong activity then count as wrong.

    References
    ----------
    Kukleva et al., "Unsupervised learning of action classes with continuous temporal
    embedding", CVPR 2019, section 3.5.

    Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of
    cluster analysis", Journal of Computational and Applied Mathematics 1987.

    Examples
    --------
    >>> from skl_tot import ActivitySegmenter
    >>> from skl_tot.baselines import MallowSegmenter
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
        "estimator": [HasMethods(["fit", "predict"])],
        "n_activities": [
            Interval(Integral, 1, MOST, closed="both"),
            StrOptions({"auto"}),
        ],
        "n_jobs": [None, Integral],
        "random_state": ["random_state"],
    }

    standardize = "dataset"  # for clusters of frames; segmenters have their own

    def __init__(
        self,
        estimator,
        n_activities="auto",
        *,
        n_jobs=None,
        random_state=None,
    ):
        self.estimator = estimator
        self.n_activities = n_activities
        self.n_jobs = n_jobs
        self.random_state = random_state

    @property
    def n_actions(self):
        """Number of actions of one activity."""
        return check_segmenter(self.estimator).n_actions

    @property
    def decoder_(self):
        """Decoder of scores of all actions; segmenters have their own."""
        return BoundDecoder(DECODERS["framewise"], 0.0)

    @property
    def waits_for_end_(self):
        """Reason: the activity needs the whole recording."""
        return (
            "ActivitySegmenter recognises an activity by a whole recording; use one of "
            "its estimators_"
        )

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, activities=None):
        """Find the activities, and learn the actions of each.

        Parameters
        ----------
        X : sequence of array-like of shape (n_frames_i, n_features)
            Recordings, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Not used; only its length is checked.
        activities : sequence of int or str, or dict, default=None
            Activity of each recording, by name if the recordings have names. None finds
            them.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError, ValueError
            If a parameter, a recording or ``activities`` is not valid, there are more
            activities than distinct recordings, or a fit of ``estimator`` fails. An
            earlier fit then stays unchanged.
        """
        return self._fit(X, y, activities=activities)

    @property
    def action_offsets_(self):
        """Number of the first action of each activity, and the total as last entry."""
        sizes = [last_step(model).n_actions_ for model in self.estimators_]
        return np.cumsum([0, *sizes])

    @property
    def action_names_(self):
        """Names of all actions, such as "activity 0: action 2"."""
        names = []
        for activity, model in zip(self.activity_names_.tolist(), self.estimators_):
            if not isinstance(activity, str):
                activity = f"activity {activity}"
            for word in last_step(model).actions_.tolist():
                action = word if isinstance(word, str) else f"action {word}"
                names.append(f"{activity}: {action}")
        return names

    def predict_activity(self, X):
        """Return the activity of each recording: that of the nearest mean bag.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.

        Returns
        -------
        activities : ndarray of shape (n_videos,), dict, int or str
            One of ``activity_names_`` for each recording, by name if the recordings
            have names; a single value for a single array.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        names = self.activity_names_[self._find_activities(videos)]
        if videos.is_single:
            return names[0].item()
        return by_video(names, videos)

    def score(self, X, y=None):
        """Measure how well actions transfer between recordings of one activity.

        Parameters
        ----------
        X : sequence of array-like of shape (n_frames_i, n_features)
            Recordings.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Only its length is checked.

        Returns
        -------
        score : float
            The geometric mean of `TemporalOTSegmenter.score` over the predicted
            activities, weighted by their frames; activities of one recording count as
            1. NaN, with a warning, if there are no others.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        if y is not None:
            check_lengths(arrange(y, videos), videos)
        codes = self._find_activities(videos)
        paths = [reading.path for reading in self._readings(videos)]
        if len(np.unique(codes)) == len(codes):
            text = "score compares recordings of one activity, but no two are of one."
            warn_user(text, UndefinedMetricWarning)
            return math.nan
        total = 0.0
        for k in np.unique(codes):
            own = np.flatnonzero(codes == k)
            labels = [shifted(paths[i], -self.action_offsets_[k]) for i in own]
            if len(own) > 1:
                n_actions = last_step(self.estimators_[k]).n_actions_
                total += videos.lengths[own].sum() * carried_information(
                    lambda i, own=own: videos.blocks(own[i]), labels, n_actions
                )
        return math.exp(total / videos.lengths.sum())

    def recordings_of(self, X, activity):
        """List the recordings of an activity.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.
        activity : int
            Index of the activity in ``activity_names_``.

        Returns
        -------
        arrays : sequence of ndarray of shape (n_frames_i, n_features)
            As given.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        own = np.flatnonzero(self._find_activities(videos) == activity)
        return [videos.arrays[i] for i in own]

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
        self.activity_names_ = names
        self.activities_ = by_video(names[codes], videos)
        self.estimators_, labels = fit_models(
            self.estimator, videos, (names, codes), rng, n_jobs=self.n_jobs
        )
        offsets = self.action_offsets_
        self.n_actions_ = int(offsets[-1])
        return [shifted(path, offsets[k]) for path, k in zip(labels, codes)]

    def _label(self, scores, videos, before=None):
        # segmenters have learned background and confidence, and labelled recordings
        self.background_ = self.confidence_ = None
        self.labels_ = videos.store(scores)

    def _group(self, bags, seed):
        """Find activities: their names, and the index of each recording's."""
        n_distinct = len(np.unique(bags, axis=0))
        if self.n_activities == "auto":
            n_groups, self.activity_scores_ = choose_n_groups(bags, seed)
        else:
            n_groups = int(self.n_activities)
        if n_groups > n_distinct:
            raise ValueError(
                f"n_activities is {n_groups}, but X has {n_distinct} distinct "
                "recordings; expected at most as many."
            )
        return np.arange(n_groups), group_bags(bags, n_groups, seed)

    def _count_words(self, videos):
        """Bag of each recording."""
        bags = []
        for i in range(len(videos)):
            bags.append(count_words(videos.blocks(i), self.vocabulary_))
        return np.array(bags)

    def _find_activities(self, videos):
        """Index of the activity of each recording."""
        return nearest_bags(self._count_words(videos), self.bags_)

    def _readings(self, videos, scores=None, *, transcripts=None, with_posterior=False):
        offsets = self.action_offsets_
        if transcripts is None:
            codes = self._find_activities(videos)
        else:
            codes = activities_of(transcripts, offsets)
            transcripts = [own - offsets[k] for own, k in zip(transcripts, codes)]
        found = in_turn(self.estimators_, videos.arrays, codes, transcripts)
        for code, reading in zip(codes, found):
            yield widened(reading, offsets[code], offsets[-1])

    def _log_likelihoods(self, videos):
        offsets, codes = self.action_offsets_, self._find_activities(videos)
        found = in_turn(self.estimators_, videos.arrays, codes)
        for code, reading in zip(codes, found):
            own = reading.log_likelihood
            yield widened_scores(own, offsets[code], offsets[-1])


def by_video(names, videos):
    """Activities of recordings: by name, if there are names."""
    kept = videos.store(names.tolist())
    return kept if isinstance(kept, dict) else names


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"ActivitySegmenter": ActivitySegmenter}
