"""A segmenter for each of several activities, which are found without labels."""

import warnings
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import softmax
from sklearn.base import _fit_context, clone
from sklearn.cluster import KMeans
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import silhouette_score
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.decoding.decoders import DECODERS, Decoded
from skl_tot.methods.base import BaseSegmenter, BoundDecoder
from skl_tot.methods.pipelines import last_step, transform_before
from skl_tot.metrics.label_free import transfer_score
from skl_tot.recordings.errors import RecordingError, refuse, warn_user
from skl_tot.recordings.labels import BACKGROUND, split_label_sequences
from skl_tot.recordings.layouts import with_rate
from skl_tot.recordings.names import default_names
from skl_tot.shared_texts import with_shared_texts


@with_shared_texts
@dataclass(eq=False, repr=False)
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
        A segmenter, or a pipeline that ends in one, which is cloned. Its ``n_actions``
        is the number per activity.
    n_activities : int or "auto", default="auto"
        Number of activities. "auto" chooses from 1 to 20, see Notes.
    n_jobs : int, default=None
        Activities that are fitted at the same time, as in joblib.
    {shared: random_state}

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
        Mean silhouette of the bags for each number that "auto" tried; else None.
    estimators_ : list of estimator
        A fitted segmenter, or pipeline, for each activity.
    centres_ : ndarray of shape (n_clusters, n_features)
        Centres of the clusters of frames.
    width_ : float
        Mean squared distance w of a frame to the nearest centre.
    bags_ : ndarray of shape (n_activities, n_clusters)
        Mean bag of each activity.

    Notes
    -----
    See `TemporalOTSegmenter` for input, output and further attributes. `predict_proba`
    and `predict_posterior` treat the activity as certain; other activities have
    probability 0. Of `skl_tot.corrections`, only `rename` takes this estimator; the
    others take one of ``estimators_``, which number actions from 0.

    The number of activities is the smallest, up to half of the recordings, with a mean
    silhouette of the bags of at least 95 % of the highest; if the highest is below
    0.14, it is 1. Recordings of one activity often form groups, such as subjects, which
    are then taken for activities; give the number if you know it.

    References
    ----------
    Kukleva et al., "Unsupervised learning of action classes with continuous temporal
    embedding", CVPR 2019, section 3.5.

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
    >>> model.action_names_[3]
    'activity 1: action 0'
    """

    __module__ = "skl_tot"

    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict"])],
        "n_activities": BaseSegmenter._parameter_constraints["n_actions"],
        "n_jobs": [None, Integral],
    }

    has_activities = True
    standardize = "dataset"  # for clusters of frames; segmenters have their own

    estimator: Any
    n_activities: int | str = "auto"
    _: KW_ONLY
    n_jobs: int | None = None
    random_state: Any = None

    @property
    def n_actions(self):
        """Number of actions of one activity."""
        last = last_step(self.estimator)
        if not isinstance(last, BaseSegmenter) or last.has_activities:
            expected = "a segmenter of skl_tot, or a pipeline that ends in one"
            refuse("estimator", type(last).__name__, expected, TypeError)
        return last.n_actions

    @property
    def decoder_(self):
        """Decoder of scores of all actions; segmenters have their own."""
        return BoundDecoder(DECODERS["framewise"], 0.0)

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, activities=None):
        """Find the activities, and learn the actions of each.

        Parameters
        ----------
        {shared: X, y}
        activities : sequence of int or str, or dict, default=None
            Activity of each recording, by name if they have names. None finds them.

        Raises
        ------
        TypeError, ValueError
            If a parameter, a recording or ``activities`` is not valid, there are more
            activities than distinct recordings, or a fit of ``estimator`` fails.
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
        activities = default_names(self.activity_names_.tolist(), "activity").values()
        names = []
        for activity, model in zip(activities, self.estimators_):
            words = default_names(last_step(model).actions_.tolist(), "action").values()
            names += [f"{activity}: {action}" for action in words]
        return names

    def predict_activity(self, X):
        """Return the activity of each recording: that of the nearest mean bag.

        {shared: of_X}

        Returns
        -------
        activities : ndarray of shape (n_videos,), dict, int or str
            One of ``activity_names_`` for each recording, by name if the recordings
            have names; a single value for a single array.

        {shared: raises}
        """
        videos = self.prepare(X)
        names = self.activity_names_[self._find_activities(videos)]
        if videos.is_single:
            return names[0].item()
        return _by_video(names, videos)

    def score(self, X, y=None):
        """Measure how well actions transfer between recordings of one activity.

        {shared: of_X_y}

        Returns
        -------
        score : float
            The geometric mean of `TemporalOTSegmenter.score` over activities, weighted
            by frames; those of one recording count as 1. NaN, with a warning, if there
            are no others.

        {shared: raises}
        """
        videos = self.prepare(X)
        self._check_unused(y, videos)
        codes = self._find_activities(videos)
        paths = [decoded.path for decoded in self._decode(videos)]
        if len(np.unique(codes)) == len(codes):
            text = "score compares recordings of one activity, but no two are of one."
            warn_user(text, UndefinedMetricWarning)
            return float("nan")
        score, offsets = 1.0, self.action_offsets_
        for k in np.unique(codes):
            numbers = np.flatnonzero(codes == k)
            if len(numbers) > 1:
                recordings = videos.select(numbers)
                labels = [shifted(paths[i], -offsets[k]) for i in numbers]
                n_actions = offsets[k + 1] - offsets[k]
                share = recordings.lengths.sum() / videos.lengths.sum()
                score *= transfer_score(recordings.blocks, labels, n_actions) ** share
        return float(score)

    def _learn(self, videos, activities=None):
        """Find activities, or take given ones, and fit each; paths of recordings."""
        rng = check_random_state(self.random_state)
        groups = None
        if activities is not None:
            groups = check_activities(activities, len(videos), self.n_activities)
        self.centres_, self.width_ = learn_clusters(videos, rng)
        bags, seed = self._bags(videos), rng.randint(2**31 - 1)
        self.activity_scores_ = None
        names, codes = groups or self._group(bags, seed)
        # with K-means, means of groups are its centres; given activities have them, too
        members = [bags[codes == k] for k in range(len(names))]
        self.bags_ = np.array([of_activity.mean(axis=0) for of_activity in members])
        self.activity_names_ = names
        self.activities_ = _by_video(names[codes], videos)
        self.estimators_, paths = fit_models(
            self.estimator, videos, names, codes, rng, n_jobs=self.n_jobs
        )
        offsets = self.action_offsets_
        self.n_actions_ = int(offsets[-1])
        return [shifted(path, offsets[k]) for path, k in zip(paths, codes)]

    def _label(self, learned, videos, earlier_background=None):
        # segmenters have learned background and confidence, and labelled recordings
        self.background_ = self.confidence_ = None
        self.labels_ = videos.store(learned)
        return learned

    def _describe_labels(self, paths, videos):
        return []  # segmenters warn separately

    def _describe_signal(self, videos):
        return []

    def _group(self, bags, seed):
        """Find activities: their names, and the index of each recording's."""
        n_groups, n_distinct = self.n_activities, len(np.unique(bags, axis=0))
        if n_groups == "auto":
            n_groups, self.activity_scores_ = choose_n_groups(bags, seed)
        if n_groups > n_distinct:
            expected = f"at most {n_distinct}, the number of distinct recordings of X"
            refuse("n_activities", n_groups, expected)
        return np.arange(n_groups), group_bags(bags, int(n_groups), seed)

    def _bags(self, videos):
        """Bag (n_videos, n_clusters) of each recording."""
        blocks_of = map(videos.blocks, range(len(videos)))
        bags = [fill_bag(blocks, self.centres_, self.width_) for blocks in blocks_of]
        return np.array(bags)

    def _find_activities(self, videos):
        """Index of the activity of each recording: that of the nearest bag."""
        return cdist(self._bags(videos), self.bags_).argmin(axis=1)

    def _decode(self, videos, scores=None, *, transcripts=None, with_posterior=False):
        if transcripts is not None:
            expected = "None; one of its estimators_ takes them"
            refuse("transcripts", transcripts, expected)
        offsets, codes = self.action_offsets_, self._find_activities(videos)
        for code, decoded in zip(codes, _in_turn(self.estimators_, videos, codes)):
            yield _widened(decoded, offsets[code], offsets[-1])

    def _log_likelihoods(self, videos):
        for decoded in self._decode(videos):
            yield decoded.log_likelihood


def _by_video(names, videos):
    """Activities of recordings: by name, if there are names."""
    stored = videos.store(names.tolist())
    return stored if isinstance(stored, dict) else names


def check_activities(activities, n_videos, n_activities):
    """Return the sorted names of given activities, and the index of each recording."""
    if not hasattr(activities, "__len__") or isinstance(activities, str):
        refuse("activities", activities, "a sequence of labels", TypeError)
    if len(activities) != n_videos:
        expected = f"{n_videos}, one for each recording"
        refuse("the number of activities", len(activities), expected)
    (labels,), _ = split_label_sequences(list(activities), "activities")
    names, codes = np.unique(labels, return_inverse=True)
    if n_activities not in ("auto", len(names)):
        expected = f"{len(names)}, as activities has so many labels, or 'auto'"
        refuse("n_activities", n_activities, expected)
    return names, codes


def fit_models(estimator, videos, names, codes, rng, *, n_jobs):
    """Fit a clone to each activity; return them, and the labels of all recordings."""
    tasks = []
    for k, name in enumerate(names.tolist()):
        model, indices = clone(estimator), np.flatnonzero(codes == k)
        last, seed = last_step(model), rng.randint(2**31 - 1)
        if last.get_params(deep=False).get("random_state", seed) is None:
            last.set_params(random_state=seed)
        arrays = with_rate([videos.arrays[i] for i in indices], videos.fps)
        tasks.append(delayed(_fit_model)(model, arrays, name, indices))
    models = Parallel(n_jobs=n_jobs)(tasks)
    # the vote over activities has its own labels, in numbers of all actions
    labels_of = [iter(vars(last_step(model)).pop("labels_")) for model in models]
    return models, [next(labels_of[k]) for k in codes]


def _fit_model(model, arrays, name, indices):
    """Fit the model of an activity; errors name the activity, or the recording."""
    try:
        with warnings.catch_warnings():
            # the recordings are already checked
            warnings.filterwarnings("ignore", "Columns .* of X grow steadily")
            return model.fit(arrays)
    except RecordingError as error:
        raise type(error)(error.reason, int(indices[error.recording])) from error
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        text = f"activity {name!r}, of {len(indices)} recordings: {error}"
        raise kind(text) from error


def _in_turn(models, videos, codes):
    """Yield `Decoded` of each recording by the model of its activity, in order."""
    decoded_of = {}
    for code in np.unique(codes).tolist():
        arrays = [videos.arrays[i] for i in np.flatnonzero(codes == code)]
        model = models[code]
        decoded_of[code] = last_step(model).decode(transform_before(model, arrays))
    for code in codes.tolist():
        yield next(decoded_of[code])


def shifted(path, offset):
    """Shift numbers of actions by an offset, except background."""
    return np.where(path == BACKGROUND, BACKGROUND, path + offset)


def _widened(decoded, offset, n_actions):
    """Return the `Decoded` of all actions from that of one activity with an offset."""
    columns = slice(offset, offset + decoded.log_likelihood.shape[1])
    # actions of other activities are far below, in nats, yet finite
    lowest = decoded.log_likelihood.min(axis=1, keepdims=True) - 1e4
    scores = np.repeat(lowest, n_actions, axis=1)
    scores[:, columns] = decoded.log_likelihood
    posterior = np.zeros(scores.shape)
    posterior[:, columns] = decoded.posterior
    return Decoded(scores, shifted(decoded.path, offset), posterior)


def learn_clusters(videos, rng):
    """Learn 64 centres of frames, drawn evenly from recordings, and their width."""
    per_video = max(1, 20_000 // len(videos))
    samples = []
    for i, n_frames in enumerate(videos.lengths.tolist()):
        rows = rng.choice(n_frames, min(per_video, n_frames), replace=False)
        samples.append(videos.read(i, np.sort(rows)))
    frames = np.concatenate(samples).astype(np.float64, copy=False)
    n_clusters = min(64, len(np.unique(frames, axis=0)))
    kmeans = KMeans(n_clusters, n_init=1, random_state=rng.randint(2**31 - 1))
    kmeans.fit(frames)
    width = kmeans.inertia_ / len(frames)
    return kmeans.cluster_centers_, max(float(width), 1e-12)  # 0 if frames repeat


def fill_bag(blocks, centres, width):
    """Bag (n_clusters,), of length 1, of a recording given in blocks."""
    total, n_frames = np.zeros(len(centres)), 0
    for block in blocks:
        distances = cdist(block.astype(np.float64, copy=False), centres, "sqeuclidean")
        # nearly hard: a tenth of the width leaves frames between centres to both
        total += softmax(-distances / (0.1 * width), axis=1).sum(axis=0)
        n_frames += len(block)
    # Euclidean distances of roots of shares are Hellinger distances
    return np.sqrt(total / n_frames)


def group_bags(bags, n_groups, seed):
    """Group (n_videos,) of each bag, by K-means; numbered by first occurrence."""
    # converged, so that the nearest mean is that of the group
    kmeans = KMeans(n_groups, n_init=10, tol=0, random_state=seed).fit(bags)
    _, first, groups = np.unique(kmeans.labels_, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[groups]


def choose_n_groups(bags, seed):
    """Choose the number of groups of bags, with the silhouette of each number."""
    # The smallest with at least 95 % of the highest silhouette, as further cuts of
    # groups hardly lower it. Principal components lack the noise of short recordings.
    # Thresholds were chosen on generated activities.
    n_distinct = len(np.unique(bags, axis=0))
    # a silhouette needs two groups, and one of them two distinct bags
    if n_distinct < 3:
        return min(n_distinct, max(1, len(bags) // 2)), None
    most = min(20, max(2, len(bags) // 2), n_distinct - 1)
    left, sizes, _ = np.linalg.svd(bags - bags.mean(axis=0), full_matrices=False)
    reduced = (left * sizes)[:, :20]
    scores = {}
    for number in range(2, most + 1):
        groups = group_bags(reduced, number, seed)
        scores[number] = float(silhouette_score(reduced, groups))
    highest = max(scores.values())
    if highest < 0.14:
        return 1, scores
    return min(n for n, score in scores.items() if score >= 0.95 * highest), scores
