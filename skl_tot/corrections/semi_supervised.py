"""Segmentation learned from labels of some frames."""

import itertools
from dataclasses import KW_ONLY, dataclass
from operator import itemgetter
from typing import Any

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods

from skl_tot.corrections import label_learning as learning
from skl_tot.decoding.chain import Chain
from skl_tot.decoding.decoders import chain_decoder
from skl_tot.methods import collapses
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.pipelines import (
    check_segmenter,
    fit_segmenter,
    last_step,
    quietly,
    unfrozen,
)
from skl_tot.preprocessing.look import LEAST_COURSE, look_at
from skl_tot.preprocessing.views import default_views
from skl_tot.recordings.checks import check_recordings
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import (
    BACKGROUND_NAME,
    UNKNOWN,
    read_labels,
    with_background,
)
from skl_tot.recordings.signals import spread_indices
from skl_tot.shared_texts import with_shared_texts

# Actions of a clustering, whose number need not be that of the labels: 8, 12 and the
# true number gave the same on the sets (benchmarks/labels.py).
N_CLUSTERS = 8
# Frames that teach: all recordings with labels, and others up to so many.
MOST_TAUGHT = 100_000


@with_shared_texts
@dataclass(eq=False, repr=False)
class SemiSupervisedSegmenter(BaseSegmenter):
    r"""Segmentation that learns from labels of some frames.

    Labels of one recording suffice, or of stretches or single frames. They tell how
    many actions there are, their names, their order, and how long they last; recordings
    without labels teach, too. Scores of a frame are

    .. math:: \ell_{tk} = \frac{1}{V} \sum_v \max \Bigl( -8, \log
        \frac{d_{vk}(x_{vt})}{\max_j d_{vj}(x_{vt})} \Bigr)
        + \frac{1}{2} \log p_k(t / T)

    with linear discriminants :math:`d_v` of V views of the frames, and the density
    :math:`p_k` of the relative time of an action in labelled recordings. Time counts if
    recordings share a course (`skl_tot.look`), or if first paths agree with it. One of
    the views are clusterings, the labels of segmenters that need no labels.

    A move that labels show costs c nats. Any other one costs up to c and 2 nats more,
    in proportion to the share of labelled moves that labels repeat. c is chosen so that
    paths have about as many segments a frame as the labels. The paths of all recordings
    teach the discriminants again, twice; a labelled frame counts three times.

    Probabilities are tempered so that their mean is the share of frames on which single
    views agree with the path, minus 0.2 over the number of labelled recordings.

    Frames that are in clusters that labels lack, and far from labelled actions, are of
    actions of their own. The number of actions of a single ``estimator`` counts as
    told: each of its actions that labels lack is one.

    Parameters
    ----------
    estimator : estimator or list of these, default=None
        Segmenters whose labels are the clusterings; a clone of each is fitted. A
        `sklearn.frozen.FrozenEstimator` of a fitted one is not fitted again. None takes
        `TemporalOTSegmenter`, and `HMMSegmenter` with both scalings and, if recordings
        share a course, in strict order, with eight actions each.
    views : list of transformers, default=None
        Transformers of recordings, such as `skl_tot.preprocessing.FrameView`. None
        takes single frames, and frames with windows, scaled over all recordings and
        over each one.
    {shared: min_duration, random_state}

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted segmenters.
    views_ : list of transformer
        The fitted views.
    classes_ : ndarray of shape (n_classes,)
        Labels of `predict`: those of ``y``, and names of further actions.
    unlabelled_actions_ : list
        Further actions, which no label names: "action 4", or the next number. `fit`
        warns of them.
    {shared: n_actions_, labels_}
    coefs_, intercepts_ : list of ndarray
        Discriminants of the views, (n_columns, n_actions) and (n_actions,), those of
        the clusterings last.
    log_times_ : ndarray of shape (100, n_actions)
        Half of the log-density of relative time of each action.
    start_costs_, move_costs_ : ndarray of shape (n_actions,), (n_actions, n_actions)
        Costs of paths in nats.
    {shared: look_, layers_, confidence_, fps_, n_features_in_, feature_names_in_}

    Notes
    -----
    See `TemporalOTSegmenter` for input and output. Labels of people in ``labels_`` stay
    as given. In a pipeline, it is the last step.

    Examples
    --------
    >>> from skl_tot import SemiSupervisedSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=12, n_actions=4, random_state=0)
    >>> words = np.array(["take", "pour", "fill", "put"])
    >>> y = [words[labels[0]], *[None] * 11]
    >>> model = SemiSupervisedSegmenter(random_state=0).fit(videos, y)
    >>> model.classes_
    array(['fill', 'pour', 'put', 'take'], dtype='<U4')
    >>> bool((model.predict(videos[1]) == words[labels[1]]).mean() > 0.9)
    True
    """

    __module__ = "skl_tot"

    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "estimator": [None, list, tuple, HasMethods(["fit", "predict"])],
        "views": [None, list, tuple],
    }

    is_taught = True
    # labels say the number of actions and the order; views scale
    n_actions = AUTO
    standardize = None
    decoding, switch_cost = "free", 0.0

    estimator: Any = None
    _: KW_ONLY
    views: list | tuple | None = None
    min_duration: float | None = None
    random_state: Any = None

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Learn from labels.

        Parameters
        ----------
        {shared: X}
            With and without labels.
        y : array-like of shape (n_frames,), or sequence of these
            Labels of each recording, or None: numbers or names, with -1, "" or None for
            unknown frames. With single frames, one a segment, each frame takes the
            label of the nearest one.

        Returns
        -------
        {shared: self}

        Raises
        ------
        TypeError, ValueError
            If a parameter, a recording or an element of ``y`` is not valid.
        """
        for estimator in self._given_estimators():
            check_segmenter(estimator)
        for view in self.views or []:
            if not (hasattr(view, "fit") and hasattr(view, "transform")):
                what = "transformers of recordings, such as FrameView"
                refuse("views", type(view).__name__, what, TypeError)
        return self._fit(X, None, y=y)

    def _given_estimators(self):
        """Segmenters before the fit; empty for the default."""
        if isinstance(self.estimator, (list, tuple)):
            return list(self.estimator)
        return [] if self.estimator is None else [self.estimator]

    def _look(self, videos):
        """Look whether recordings share a course; raw signals are left to the views."""
        scaler = fit_scaler(videos)
        with videos.named_errors():
            self.look_ = look_at(videos.standardize(scaler), N_CLUSTERS)
        self._settle_order(self.look_.order)

    def _learn(self, videos, y=None):
        labels, classes = read_labels(y, videos)
        plain, n_classes = videos.plain(), len(classes)
        self._fit_estimators(plain)
        has_labels = np.array([(path != UNKNOWN).any() for path in labels])
        taught = choose_taught(videos.lengths, has_labels)
        recordings, known = plain.select(taught), [labels[i] for i in taught]
        views = self.views
        if views is None:  # windows longer than a segment tell of its neighbours
            filled = learning.fill_single_frames(known)
            views = default_views(learning.measure_segments(filled)[1])
        self.views_ = [clone(view).fit(recordings) for view in views]
        clusters = self._cluster(recordings)
        columns = [self._describe(recordings, i, own) for i, own in enumerate(clusters)]
        n_told = None
        if len(self.estimators_) == 1:  # background is an additional label
            n_told = last_step(self.estimators_[0]).n_actions_
            n_told += BACKGROUND_NAME in classes.tolist()
        first, n_actions = learning.add_new_actions(
            known, clusters, columns, n_classes, n_told
        )
        has_course = self.look_.course >= LEAST_COURSE  # NaN for few recordings
        lesson, scores = learning.learn(columns, known, n_actions, has_course, first)
        if n_told is None and n_actions > n_classes:
            paths = np.concatenate([lesson.chain.viterbi(own) for own in scores])
            if np.mean(paths >= n_classes) > learning.MOST_NEW:
                n_actions = n_classes
                first = learning.fill_single_frames(known)
                lesson, scores = learning.learn(
                    columns, known, n_actions, has_course, first
                )
        self.n_actions_ = n_actions
        self.classes_ = name_new_actions(classes, n_actions)
        self.unlabelled_actions_ = self.classes_[n_classes:].tolist()
        self.confidence_ = {
            "tempering": learning.find_tempering(lesson, columns, known),
            "agreement": 1.0,
        }
        self.coefs_ = [own.coefs for own in lesson.discriminants]
        self.intercepts_ = [own.intercepts for own in lesson.discriminants]
        self.log_times_, self.background_ = lesson.log_times, None
        self.start_costs_, self.move_costs_ = lesson.chain.starts, lesson.chain.moves
        return labels, dict(zip(taught.tolist(), scores))

    def _fit_estimators(self, recordings):
        """Fit the segmenters whose labels are the clusterings."""
        estimators = self._given_estimators()
        rng = check_random_state(self.random_state)
        if not estimators:
            estimators = default_estimators(recordings)
        self.estimators_ = []
        with quietly():
            for estimator in estimators:
                seed = rng.randint(2**31 - 1)
                if not isinstance(estimator, FrozenEstimator):
                    given = recordings.arrays, None, seed, recordings.fps
                    estimator, _ = fit_segmenter(estimator, *given)
                self.estimators_.append(unfrozen(estimator))

    def _cluster(self, recordings):
        """Cluster (n_frames_i, n_estimators) of each frame; the last is background."""
        arrays = list(recordings.arrays)
        numbers = []
        for model in self.estimators_:
            with quietly():
                labels = model.predict(arrays)
            words = with_background(last_step(model).actions_)
            order = np.argsort(words)
            sorted_words = words[order]
            places = [np.searchsorted(sorted_words, path) for path in labels]
            numbers.append([order[own] for own in places])
        return [np.stack(own, axis=1) for own in zip(*numbers)]

    def _describe(self, recordings, i, clusters):
        """Columns of recording i in each view, clusterings last."""
        one = recordings.select([i])
        with recordings.errors(i):
            columns = [view.transform(one)[0] for view in self.views_]
        sizes = [last_step(model).n_actions_ for model in self.estimators_]
        pairs = zip(clusters.T, sizes)
        members = [np.eye(size + 1)[own][:, :size] for own, size in pairs]
        return [*columns, np.hstack(members)]

    def _log_likelihoods(self, videos):
        plain = videos.plain()
        lesson = self._lesson()
        for i, clusters in enumerate(self._cluster(plain)):
            yield lesson.score(self._describe(plain, i, clusters))

    def _lesson(self):
        pairs = zip(self.coefs_, self.intercepts_)
        discriminants = [learning.Discriminant(*own) for own in pairs]
        return learning.Lesson(discriminants, self.log_times_, self._chain())

    def _chain(self):
        nothing = np.zeros(len(self.start_costs_))
        return Chain(self.start_costs_, self.move_costs_, nothing, "number")

    def _decoder(self):
        chain = self._chain()
        for layer in self.layers_:
            starts, moves = layer.costs(chain.starts, chain.moves)
            chain = Chain(starts, moves, np.zeros(len(starts)), "number")
        return chain_decoder(chain)

    def _label(self, learned, videos, before=None):
        """Label recordings; labels of people stay."""
        labels, scores = learned
        decoder, paths = self._decoder(), []
        others = np.setdiff1d(np.arange(len(videos)), list(scores))
        pairs = zip(others.tolist(), self._log_likelihoods(videos.select(others)))
        for i, log_likelihood in itertools.chain(scores.items(), pairs):
            given = labels[i]
            kept = learning.keep_labels(log_likelihood, given)
            path = decoder.path(kept, 1.0, self.min_frames_)
            # a least duration may take short segments of people
            paths.append((i, np.where(given != UNKNOWN, given, path)))
        paths = [path for _, path in sorted(paths, key=itemgetter(0))]
        self.labels_ = videos.store(self._to_labels(paths))
        return paths

    def _judge_labels(self, paths, videos, facts_of_videos):
        """List sentences about labels; few actions are those of the labels."""
        return collapses.describe_labels(self, paths)

    def _judge_signals(self, videos):
        return []

    @property
    def waits_for_end_(self):
        """Reason: labels depend on the whole recording."""
        return (
            "learned labels depend on the scale and the relative time of a whole "
            "recording; fit without labels, and name actions by corrections.rename"
        )


def default_estimators(recordings, random_state=None):
    """List segmenters, not fitted, whose labels are clusterings of recordings."""
    from skl_tot.methods.temporal_ot import TemporalOTSegmenter  # which loads torch

    options = {"n_actions": N_CLUSTERS, "random_state": random_state}
    recordings = check_recordings(HMMSegmenter(), recordings, reset=True)
    look = look_at(recordings.standardize(fit_scaler(recordings)), N_CLUSTERS)
    estimators = [
        TemporalOTSegmenter(**options),
        HMMSegmenter(**options),
        HMMSegmenter(**options, standardize="video"),
    ]
    if look.order != "free":
        strict = HMMSegmenter(**options, order="strict", standardize="video")
        estimators.append(strict)
    return estimators


def choose_taught(lengths, has_labels):
    """Numbers of the recordings that teach: those with labels, and spaced others."""
    others = np.flatnonzero(~has_labels)
    n_frames = max(MOST_TAUGHT - lengths[has_labels].sum(), MOST_TAUGHT // 5)
    most = max(1, int(n_frames / lengths[others].mean())) if len(others) else 0
    spaced = others[spread_indices(len(others), most)] if most else others
    return np.union1d(np.flatnonzero(has_labels), spaced)


def name_new_actions(classes, n_actions):
    """Add names of actions without a label: further numbers, or "action 1", …."""
    n_new = n_actions - len(classes)
    if classes.dtype.kind != "U":
        return np.concatenate([classes, classes.max() + 1 + np.arange(n_new)])
    names, numbers = classes.tolist(), itertools.count(1)
    while len(names) < n_actions:
        name = f"action {next(numbers)}"
        names += [name] if name not in names else []
    return np.array(names)
