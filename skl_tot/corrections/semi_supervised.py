"""Segmentation learned from labels of some frames."""

import itertools
from copy import copy
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods

from skl_tot.corrections import label_learning as learning
from skl_tot.corrections import label_paths
from skl_tot.decoding.chain import Chain
from skl_tot.decoding.decoders import LearnedDecoder
from skl_tot.meta.auto import spell_out_network, with_windows
from skl_tot.meta.cyclic import cut_arrays, errors_of_cycles
from skl_tot.methods.base import BaseSegmenter, Learned
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.pipelines import (
    check_segmenter,
    fit_segmenter,
    last_step,
    quietly,
    unfrozen,
    with_last,
)
from skl_tot.metrics.scores import mof_scorer
from skl_tot.preprocessing.look import LEAST_COURSE, look_at
from skl_tot.preprocessing.windows import default_views
from skl_tot.progress import part
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import (
    UNKNOWN,
    read_labels,
    with_background,
)
from skl_tot.recordings.names import name_new_actions
from skl_tot.recordings.signals import spread_indices

# Actions of a clustering, whose number need not be that of the labels: 8, 12 and the
# true number gave the same on the sets (benchmarks/labels.py).
N_CLUSTERS = 8


@dataclass(eq=False, repr=False)
class SemiSupervisedSegmenter(BaseSegmenter):
    r"""Segmentation that learns from labels of some frames.

    Labels of one recording suffice, or of stretches or single frames. Recordings
    without labels teach, too. Scores of a frame are

    .. math:: \ell_{tk} = \frac{1}{V} \sum_v \max \Bigl( -8, \log
        \frac{d_{vk}(x_{vt})}{\max_j d_{vj}(x_{vt})} \Bigr)
        + \frac{1}{2} \log p_k(t / T)

    with linear discriminants :math:`d_v` of V views of the frames that count, and the
    density :math:`p_k` of the relative time of an action in labelled recordings. Time
    counts if recordings share a course (`skl_tot.look`), or if first paths agree with
    it. One of the views are clusterings, the labels of segmenters that need no labels.

    A move that labels show costs c nats. Any other one costs up to c and 2 nats more,
    in proportion to the share of labelled moves that labels repeat. c is chosen so that
    paths have about as many segments a frame as the labels, or a recording if time
    counts. The paths of all recordings teach the discriminants again, twice; a labelled
    frame counts three times. Where scores show a labelled move some frames too late or
    too early, those around each such move of a path are read as many frames later or
    earlier.

    Probabilities are tempered so that their mean is the share of frames on which single
    views agree with the path, less two shares: 0.1 over the number of labelled
    recordings, and half of the frames of labelled actions in clusters that labels lack.

    Frames that are in clusters that labels lack, and far from labelled actions, are of
    actions of their own. Views scaled by recording do not count where recordings lack
    actions.

    Parameters
    ----------
    estimator : estimator or list of these, default=None
        Segmenters whose labels are the clusterings; a clone of each is fitted. A
        `sklearn.frozen.FrozenEstimator` of a fitted one is not fitted again. None, also
        in a list, looks at the recordings, as `AutoSegmenter` does. It takes
        `TemporalOTSegmenter` with one network, and `HMMSegmenter` with both scalings,
        each of eight actions. They learn from up to 100,000 frames.
    views : list of transformers, default=None
        Transformers of recordings. None takes four `skl_tot.preprocessing.FrameView`:
        frames, and frames with windows, scaled over all recordings and over each one.
    cycles : bool, default=False
        Whether recordings are logs of many cycles, and labels are those of whole
        cycles, one or more. Cycles then teach as recordings do.
    min_duration, random_state : optional
        As in `TemporalOTSegmenter`.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted segmenters.
    views_ : list of transformer
        The fitted views.
    classes_ : ndarray of shape (n_classes,)
        Labels of `predict`: those of ``y``, and names of further actions.
    unlabelled_actions_ : list
        Further actions, which no label names: "action 4", …. `fit` warns of them.
    n_actions_ : int
        Number of actions K of `predict`.
    labels_ : ndarray of shape (n_frames,), or list of these
        Labels of the recordings of the last fit, in the form of ``X``.
    coefs_, intercepts_ : list of ndarray
        Discriminants of views, then clusterings: (n_columns, n_actions), (n_actions,).
    view_weights_ : ndarray
        Weights of the views and, last, of the clusterings; they sum to 1.
    log_times_ : ndarray of shape (100, n_actions)
        Half of the log-density of relative time of each action.
    start_costs_, move_costs_ : ndarray of shape (n_actions,), (n_actions, n_actions)
        Costs of paths in nats.
    delays_ : ndarray of shape (n_actions, n_actions)
        Delay of each move in the scores, in frames.
    cuts_ : ndarray of int of shape (n_cycles + 1,), list of these, or None
        First frame of each cycle, and the end of the last; with ``cycles``.
    template_ : dict or None
        Phases of the labelled cycles, which cut a recording; with ``cycles``.
    look_ : Look
        Findings about the recordings, see `skl_tot.look`.
    layers_, confidence_, fps_, n_features_in_, feature_names_in_
        As in `TemporalOTSegmenter`.

    Notes
    -----
    See `TemporalOTSegmenter` for input and output. Given labels stay in ``labels_``.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot import HMMSegmenter, SemiSupervisedSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> words = np.array(["take", "pour", "fill"])
    >>> y = [words[labels[0]], *[None] * 3]
    >>> model = SemiSupervisedSegmenter(HMMSegmenter(6)).fit(videos, y)
    >>> model.predict(videos[1])[:2].tolist()
    ['take', 'take']
    """

    __module__ = "skl_tot"

    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "estimator": [None, list, tuple, HasMethods(["fit", "predict"])],
        "views": [None, list, tuple],
        "cycles": ["boolean"],
    }

    is_taught = True
    # labels say the number of actions and the order; views scale
    n_actions = AUTO
    order = standardize = None
    decoding, switch_cost = "free", 0.0

    estimator: Any = None
    _: KW_ONLY
    views: list | tuple | None = None
    cycles: bool = False
    min_duration: float | None = None
    random_state: Any = None

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y) -> Self:
        """Learn from labels.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
            With and without labels.
        y : array-like of shape (n_frames,), or sequence of these
            Labels of each recording, or None: numbers or names, with -1, "" or None for
            unknown frames. With nothing but single frames, one a segment, each frame
            takes the label of the nearest one.
        """
        for estimator in self._given_estimators():
            if estimator is not None:
                check_segmenter(estimator)
        return self._fit(X, None, partial(self._learn, y=y))

    def score(self, X, y=None) -> float:
        """Compute the share of frames that have the label of ``y`` (MoF).

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Labels as in `fit`; frames of unknown label do not count. Without ``y``, the
            score is that of `TemporalOTSegmenter.score`.

        Returns
        -------
        score : float
            From 0 to 1, as from `skl_tot.metrics.mof_scorer`.
        """
        return super().score(X) if y is None else mof_scorer(self, X, y)

    def _given_estimators(self):
        """List the estimators of clusterings; None stands for the usual ones."""
        is_list = isinstance(self.estimator, (list, tuple))
        return list(self.estimator) if is_list else [self.estimator]

    def _learn(self, videos, y=None):
        labels, classes = read_labels(y, videos)  # recordings may lack them
        self.template_ = self.cuts_ = None
        learn = self._learn_cycles if self.cycles else self._learn_recordings
        scores, tempering = learn(videos, labels, classes)
        others = [i for i in range(len(videos)) if i not in scores]
        scores_of_others = iter(self._log_likelihoods(videos.select(others)))

        def score(i):  # one recording after the other
            log_likelihood = scores[i] if i in scores else next(scores_of_others)
            return label_paths.keep_labels(log_likelihood, labels[i])

        repeats = not self.cycles and self.look_.n_repeats >= 3
        is_advised = repeats and label_paths.are_one_stretch(labels)
        advice = [label_paths.ADVICE] if is_advised else []
        if self.n_actions_ == 1:  # with a probability of 1, however unlike they are
            advice.append(
                f"Labels show one action, so all frames are {classes[0]!s}: "
                "label others, too."
            )
        confidence = {"tempering": tempering, "agreement": 1.0}
        return Learned(score, labels, confidence, advice)

    def _learn_cycles(self, videos, labels, classes):
        """Learn from cycles as recordings: scores by long recording, and tempering."""
        recordings, labelled = videos.plain(), label_paths.find_labelled_cycles(labels)
        template = label_paths.learn_template(
            recordings, labels, labelled, len(classes)
        )
        self.template_, scores = template._asdict(), [None] * len(videos)
        for _ in range(2):
            cuts = list(map(template.cut, recordings.arrays, scores, labelled))
            parts = label_paths.cut_recordings(recordings, cuts)
            with errors_of_cycles(cuts):
                labels_of_parts = cut_arrays(labels, cuts)
                _, tempering = self._learn_recordings(parts, labels_of_parts, classes)
            scores = list(self._score_cycles(recordings, cuts))
        self.cuts_ = videos.store(cuts)
        return dict(enumerate(scores)), tempering

    def _learn_recordings(self, videos, labels, classes):
        """Learn from recordings: scores by number of those that teach, tempering."""
        self.look_ = look_at(videos, N_CLUSTERS)
        self.order_ = self.look_.order
        has_labels = np.array([(path != UNKNOWN).any() for path in labels])
        numbers = choose_teaching(videos.lengths, has_labels)
        recordings = videos.plain().select(numbers)
        labels_taught = [labels[i] for i in numbers]
        self.estimators_, clusterings = fit_clusterings(
            self._given_estimators(), recordings, self.look_, self.random_state
        )
        clusters = self._clusters_of(clusterings)
        columns = self._fit_views(recordings, labels_taught)
        views_of = list(map(self._add_clusters, columns, clusters))
        # cycles may lack actions because of a wrong cut; a single one has no others
        is_compared = not self.cycles and len(recordings) > 1
        is_scaled = [
            is_compared and getattr(view, "scaling", None) == "video"
            for view in self.views_
        ]
        lesson, scores, tempering = learning.learn_actions(
            views_of,
            is_scaled,
            clusters,
            labels_taught,
            len(classes),
            is_single=len(videos) == 1,
            has_course=self.look_.course >= LEAST_COURSE,  # NaN for few recordings
            is_circular=self.cycles,
        )
        self.n_actions_ = len(lesson.chain.starts)
        self.classes_ = name_new_actions(classes, self.n_actions_)
        self.unlabelled_actions_ = self.classes_[len(classes) :].tolist()
        self._store_lesson(lesson)
        return dict(zip(numbers.tolist(), scores)), tempering

    def _fit_views(self, recordings, labels):
        """Fit the views, and list the columns of each recording in each view."""
        # windows longer than a segment would tell of its neighbours
        views = self.views
        if views is None:
            labels = label_paths.fill_single_frames(labels)
            views = default_views(label_paths.measure_segments(labels).n_frames)
        for view in views:
            if not hasattr(view, "fit_transform"):
                refuse("views", type(view).__name__, "transformers of recordings")
        self.views_ = [clone(view) for view in views]
        return list(zip(*(view.fit_transform(recordings) for view in self.views_)))

    def _clusters_of(self, clusterings):
        """Clusters (n_frames_i, n_estimators) by recording; the last is background."""
        numbers = []
        for model, labels in zip(self.estimators_, clusterings):
            actions = with_background(last_step(model).actions_)
            order = np.argsort(actions)
            ordered = actions[order]
            numbers.append([order[np.searchsorted(ordered, path)] for path in labels])
        return [np.stack(paths, axis=1) for paths in zip(*numbers)]

    def _add_clusters(self, views, clusters):
        """Columns of a recording in each view, the last of ones in its clusters."""
        indicators = []
        for model, path in zip(self.estimators_, clusters.T):
            n_actions = last_step(model).n_actions_
            indicators.append(np.eye(n_actions + 1)[path][:, :n_actions])
        return [*views, np.hstack(indicators)]

    def _log_likelihoods(self, videos):
        recordings = videos.plain()
        if self.template_ is None:
            return self._score(recordings)
        template = label_paths.Template(**self.template_)
        scores = itertools.repeat(None)
        for _ in range(2):
            cuts = map(template.cut, recordings.arrays, scores)
            scores = self._score_cycles(recordings, cuts)
        return scores

    def _score_cycles(self, recordings, cuts):
        """Yield scores of recordings, from those of their cycles."""
        for i, cuts_of_recording in enumerate(cuts):
            parts = label_paths.cut_recordings(
                recordings.select([i]), [cuts_of_recording]
            )
            yield np.concatenate(list(self._score(parts)))

    def _score(self, recordings):
        """Yield log-likelihoods (n_frames, n_actions) of recordings."""
        lesson, arrays = self._lesson(), list(recordings.arrays)
        with quietly():
            clusterings = [model.predict(arrays) for model in self.estimators_]
        for i, clusters in enumerate(self._clusters_of(clusterings)):
            recording = recordings.select([i])
            with recordings.errors(i):
                views = [view.transform(recording)[0] for view in self.views_]
            yield lesson.score_on_time(self._add_clusters(views, clusters))

    def _store_lesson(self, lesson):
        """Set attributes of plain arrays, which model files hold."""
        self.coefs_, self.intercepts_ = map(list, zip(*lesson.discriminants))
        self.view_weights_, self.log_times_ = lesson.view_weights, lesson.log_times
        self.start_costs_, self.move_costs_ = lesson.chain.starts, lesson.chain.moves
        self.delays_ = lesson.delays

    def _lesson(self):
        """Lesson of the attributes that `_store_lesson` has set."""
        discriminants = list(map(learning.Discriminant, self.coefs_, self.intercepts_))
        ends = np.zeros(len(self.start_costs_))
        chain = Chain(self.start_costs_, self.move_costs_, ends)
        return learning.Lesson(
            discriminants, self.view_weights_, self.log_times_, chain, self.delays_
        )

    def _decoder(self, decoding):
        starts, moves = self.start_costs_, self.move_costs_
        for layer in self.layers_:
            starts, moves = layer.costs(starts, moves)
        return LearnedDecoder(Chain(starts, moves, np.zeros(len(starts))))


def fit_clusterings(estimators, recordings, look, random_state=None):
    """Fit segmenters, with those by a look for None; return models and labels."""
    rng, arrays = check_random_state(random_state), list(recordings.arrays)
    models, clusterings = [], []
    groups = [[x] if x is not None else default_estimators(look) for x in estimators]
    n_parts = sum(map(len, groups)) + 1  # the learner is the last
    with quietly():
        for estimator, group in zip(estimators, groups):
            for segmenter in group:
                seed = rng.randint(2**31 - 1)
                with part(len(models), n_parts):
                    model, labels = fit_segmenter(
                        segmenter, arrays, None, seed, recordings.fps
                    )
                models.append(unfrozen(model))
                clusterings.append(labels)
            if estimator is None:
                n_fitted, models = len(models), add_strict_order(models)
                clusterings += [model.predict(arrays) for model in models[n_fitted:]]
    return models, clusterings


def default_estimators(look, random_state=None):
    """List segmenters, not fitted, whose labels are clusterings, by a look."""
    # the last steps of an HMM, and three networks, as by default, gain nothing on the
    # sets (benchmarks/labels.py)
    make_hmm = partial(HMMSegmenter, N_CLUSTERS, tol=1e-3, random_state=random_state)
    settings = {"n_networks": 1, "random_state": random_state}
    network = spell_out_network(look, look.order, N_CLUSTERS, **settings)
    return [
        with_windows(look, network),
        with_windows(look, make_hmm(order=look.order)),
        with_windows(look, make_hmm(order=look.order, standardize="video")),
    ]


def add_strict_order(models):
    """Add the last of fitted models in strict order, if it is an HMM of a course."""
    # an HMM learns the same in both orders, and only decodes them otherwise
    segmenter = last_step(models[-1])
    if not (isinstance(segmenter, HMMSegmenter) and segmenter.order_ == "mostly"):
        return models
    strict = copy(segmenter).set_params(decoding="fixed", switch_cost=0.0)
    return [*models, with_last(models[-1], strict)]


def choose_teaching(lengths, has_labels):
    """Numbers of the recordings that teach: those with labels, and spaced others."""
    others = np.flatnonzero(~has_labels)
    if not len(others):
        return np.flatnonzero(has_labels)
    # all recordings with labels; others only determine the spread of frames, so up to
    # 100,000 frames in total, or at least a fifth of that
    n_frames = max(100_000 - lengths[has_labels].sum(), 20_000)
    n_others = max(1, int(n_frames / lengths[others].mean()))
    spaced = others[spread_indices(len(others), n_others)]
    return np.union1d(np.flatnonzero(has_labels), spaced)
