"""A portfolio of methods and settings, combined without labels."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import _BaseComposition

from skl_tot.decoding.chain import fixed_chain
from skl_tot.meta.candidates import (
    Plan,
    are_named,
    check_candidates,
    default_plans,
    describe_candidates,
    fit_members,
    keeps_order,
    labels_of_candidate,
    measure_information,
    scores_of_candidate,
)
from skl_tot.meta.consensus import (
    agreement_of,
    count_votes,
    find_consensus,
    name_of_refinement,
)
from skl_tot.meta.views import find_stride, fit_windows, on_all_frames, see
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.courses import VOTE
from skl_tot.methods.discriminants import SHRINKAGE, measure_spread
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.prototype_groups import time_order
from skl_tot.metrics.label_free import shared_course
from skl_tot.preprocessing.windows import SignalWindows
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.labels import BACKGROUND
from skl_tot.training.components import MOST
from skl_tot.training.devices import counter, from_first_process

# Added to the share of votes, so that an action without any remains possible.
LEAST_VOTE = 0.02


class AutoSegmenter(BaseSegmenter, _BaseComposition):
    r"""Segmentation by a vote of methods, chosen and combined without labels.

    No method or setting is best on all recordings, and which one is cannot be told
    without labels. So several are fitted, which do well on different data, and vote:

    1. *Candidates.* Each labels the videos. From its labels, three rounds of linear
       discriminants, Gaussians and likeliest paths, as `MallowSegmenter` has them, make
       further labels: those of its refinement.
    2. *Matching.* Numbers of actions mean something else to each. The labelling that
       agrees most with the others is the first reference. By turns all others are
       matched to it, action to action, so that most frames agree (the Hungarian
       method), and the mean of what they say becomes the reference.
    3. *Vote.* A labelling weighs as much as it agrees with others beyond chance, by
       Cohen's kappa, times :math:`e^{6 I}` of the information I, in nats, that it
       carries from video to video: the logarithm of what `score` would give (in free
       order by kappa alone). With
       :math:`v_{tk}` the share of votes that are for action k in frame t, the decoder
       is given

       .. math:: \ell_{tk} = \log (v_{tk} + 0.02) .

    Actions are numbered by the mean relative time of their frames. ``results_`` says
    how far each candidate agrees with the vote, and `candidate_labels` gives what each
    has to say, so that a person can overrule it.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, as of `TemporalOTSegmenter`.
    candidates : "auto" or list of (str, estimator), default="auto"
        Names and segmenters, or pipelines that end in one. Clones of them are fitted to
        the videos as they are given, with the ``n_actions`` of this one; without a seed
        of its own, each gets one from ``random_state``. What is in a
        `sklearn.frozen.FrozenEstimator` is used as it was fitted. "auto" has seven:
        `TemporalOTSegmenter`; the same as published, but with two parts and free order,
        and with ``prior="path"``; `ASOTSegmenter`; `ASALSegmenter`, from two parts;
        `MallowSegmenter`; and `HMMSegmenter`. In strict order the published method and
        `ASALSegmenter` from it take the places of the first and of `ASOTSegmenter`. In
        free order they are `HMMSegmenter`, the same after a single step, which is
        K-means, and, but for raw signals and single recordings, which they would cut
        by time, `ASOTSegmenter`, the first and the second. Of these recordings,
        `HMMSegmenter` in free order votes where no order is given, too.
    order : {"strict", "mostly", "free"} or None, default=None
        What is known of the course of the recordings. "strict": each action once, in
        one order; candidates, refinements and the vote keep it. "mostly": an order,
        with exceptions. "free": none; most candidates assume none. None is "mostly",
        and ``shared_course_`` and `strict_labels` tell what else may be.
    windows : "auto", SignalWindows or None, default="auto"
        What candidates see in place of frames: statistics of windows around them, by a
        clone of this that is fitted first. "auto" has windows for the candidates
        "auto" where frames are raw signal, which says little by itself.
    combine : {"vote", "best"}, default="vote"
        "best" gives the decoder the log-likelihoods of the one candidate or refinement
        that agrees most with the vote. Does not change the fit.
    refine : bool, default=True
        Whether the refinement of each candidate votes, too.
    decoding : str, default="auto"
        As of `TemporalOTSegmenter`. "auto" is "fixed" in strict order, else "free".
        Does not change the fit.
    switch_cost : float or "auto", default=0.1
        As of `TemporalOTSegmenter`; votes are smoother than what candidates go by, so
        that less is needed. Does not change the fit.
    min_duration : float, default=None
        As of `TemporalOTSegmenter`. Does not change the fit.
    background_percentile : float, default=None
        As of `TemporalOTSegmenter`. A candidate's own background is no vote.
    standardize : {"dataset", "video"} or None, default="dataset"
        As of `TemporalOTSegmenter`. Given candidates go by their own.
    device : str, default="auto"
        Where the networks of "auto" are computed, see `TemporalOTSegmenter`.
    n_jobs : int, default=None
        Candidates that are fitted side by side, in processes that share the frames.
        None means 1, and -1 all processors. The result is the same.
    random_state : int, RandomState instance or None, default=None
        Seed of the seeds of candidates that have none.
    verbose : int, default=0
        Whether to show a progress bar over candidates and refinements. From 2 on,
        those of "auto" show bars of their own.

    Attributes
    ----------
    n_actions_ : int
        Number of actions K of the fit.
    windows_ : SignalWindows or None
        What is fitted of ``windows``.
    shared_course_ : float
        How far recordings share one course, from 0, no more than by chance, to 1, the
        same order everywhere, see Notes. nan of a single recording.
    strict_agreement_ : float or None
        Share of the frames of the fit, but for background, on which the labels and
        those of `strict_labels` agree, matched to each other; None if there are none.
    stride_ : int
        Candidates see every so many frames, and vote for those around them. More than
        1 only of long recordings of which neighbouring frames say the same, for
        candidates "auto" or on windows.
    names_ : list of str
        Names of the candidates, and of their refinements, "... refined".
    estimators_ : list of estimator
        Fitted candidates.
    refinements_ : list of dict of ndarray
        Their refinements, each as ``appearance_`` of `MallowSegmenter`.
    mappings_ : ndarray of shape (n_members, n_actions)
        For each of ``names_``, the action here that each of its own actions is.
    weights_ : ndarray of shape (n_members,)
        Weight of the vote of each of ``names_``, of which the sum is 1.
    agreement_ : ndarray of shape (n_members, n_members)
        Share of the frames of the fit that two of ``names_`` agree on, matched to each
        other.
    results_ : dict of list
        For each of ``names_``: "name", "score", the mean share of votes that agree with
        it, "weight" of its vote, "information" that carries over between videos, in
        nats, "agreement", the mean share of frames that it agrees on with another,
        "n_segments" of a video on average, and "seconds". Columns of a data frame.
    best_index_ : int
        Index of the highest score, of what ``combine="best"`` takes.

    See Also
    --------
    TemporalOTSegmenter : A single method; a fit takes a sixth of the time.
    SegmentationDisplay : Draws the labels of candidates side by side.

    Notes
    -----
    Input, labels, edge cases and further attributes are those of `TemporalOTSegmenter`.
    `predict` reads new videos with every candidate. `predict_proba` is :math:`v_{tk}`,
    of which 0.02 is spread; it says how far candidates agree, not how often they are
    right.

    ``shared_course_`` compares the segments of the labels of each two recordings: the
    share of their frames that segments in a common order cover at most, less that of
    the same segments in random order, put on a scale from 0 to 1. Of the true labels of
    recordings with one strict order it is 1, and 0.02 to 0.05 of generated ones without
    a course.

    Candidates, votes and their weights were chosen on seven recorded sets and generated
    ones. On the recorded, and over three seeds, candidates and refinements had 64 % of
    the frames right (MoF) on average, the vote 72 %, "best" 70 %, and the best of each
    fit, which only labels tell, 74 %. The vote differs between seeds by 1 point, on the
    smallest set by 8.

    References
    ----------
    Cohen, "A Coefficient of Agreement for Nominal Scales", Educational and
    Psychological Measurement 1960.

    Kuhn, "The Hungarian Method for the Assignment Problem", Naval Research Logistics
    Quarterly 1955.

    Examples
    --------
    >>> from skl_tot import AutoSegmenter, MallowSegmenter, TemporalOTSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> tot = TemporalOTSegmenter(max_iter=200, n_parts=2)
    >>> candidates = [("tot", tot), ("mallow", MallowSegmenter())]
    >>> model = AutoSegmenter(4, candidates=candidates, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    >>> model.names_
    ['tot', 'mallow', 'tot refined', 'mallow refined']

    The candidates side by side, for a person to choose from:

    >>> from skl_tot import SegmentationDisplay
    >>> timelines = {"vote": model.labels_} | model.candidate_labels(videos)
    >>> display = SegmentationDisplay.from_predictions(None, timelines)
    """

    __module__ = "skl_tot"

    _parameter_constraints = BaseSegmenter._parameter_constraints | {
        "candidates": [StrOptions({"auto"}), list],
        "combine": [StrOptions({"vote", "best"})],
        "refine": ["boolean"],
        "order": [None, StrOptions({"strict", "mostly", "free"})],
        "decoding": [
            StrOptions({AUTO}),
            *BaseSegmenter._parameter_constraints["decoding"],
        ],
        "windows": [None, StrOptions({AUTO}), SignalWindows],
        "device": [str],
        "n_jobs": [None, Interval(Integral, -MOST, MOST, closed="both")],
        "verbose": ["verbose"],
    }

    _by_order = VOTE
    # of models that an earlier version fitted
    windows_: Any = None
    stride_ = 1
    strict_agreement_: Any = None

    def __init__(
        self,
        n_actions=8,
        *,
        candidates="auto",
        order=None,
        windows="auto",
        combine="vote",
        refine=True,
        decoding="auto",
        switch_cost=0.1,
        min_duration=None,
        background_percentile=None,
        standardize="dataset",
        device="auto",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.n_actions = n_actions
        self.candidates = candidates
        self.order = order
        self.windows = windows
        self.combine = combine
        self.refine = refine
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.min_duration = min_duration
        self.background_percentile = background_percentile
        self.standardize = standardize
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def get_params(self, deep=True):
        """Get the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to give those of a list of candidates too: each by its name, and its
            parameters as ``name__parameter``.

        Returns
        -------
        params : dict
            Values by names.
        """
        deep = deep and are_named(self.candidates)
        return self._get_params("candidates", deep=deep)

    def set_params(self, **params):
        """Set parameters.

        Parameters
        ----------
        **params : dict
            Values by names, which may be those of a list of candidates, see
            `get_params`.

        Returns
        -------
        self : object
            The estimator.
        """
        if "candidates" in params:
            self.candidates = params.pop("candidates")
        if are_named(self.candidates):
            return self._set_params("candidates", **params)
        return super().set_params(**params)

    def candidate_labels(self, X):
        """Label every frame by each candidate.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One recording or many.

        Returns
        -------
        labels : dict of str to ndarray of shape (n_frames,), or list of such
            Labels by names, in the order of ``names_``, as each candidate decodes them.
            Actions have the numbers of the vote, as in `predict`; -1 is background.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        videos = self.prepare(X)
        found = {}
        for name, mapping, paths in zip(
            self.names_, self.mappings_, self._labels_on_all_frames(videos)
        ):
            labels = []
            for path in paths:
                labels.append(np.where(path < 0, BACKGROUND, mapping[path]))
            found[name] = videos.restore(labels)
        return found

    def labellings(self, X):
        """Label every frame by each candidate, as `GuidedSegmenter` asks.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One recording or many.

        Returns
        -------
        labellings : list of list of ndarray of shape (n_frames_i,)
            For each of ``names_``, labels of each recording in numbers of its own.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        return list(self._labels_on_all_frames(self.prepare(X)))

    def strict_labels(self, X):
        """Label every frame as if each action came once, in one order.

        It is the other reading of the same fit, for people to compare: those candidates
        and refinements vote whose labels keep an order, and the vote is decoded in
        fixed order. Fit with ``order="strict"`` if it is right.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One recording or many.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of such
            In the form of ``X``. Numbers are those of the order, not of `predict`.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid, an order was given, or no candidate keeps one.
        """
        videos = self.prepare(X)
        if self.strict_agreement_ is None:
            raise ValueError(
                "there is no second reading: an order was given, or no candidate keeps "
                "one; predict labels frames."
            )
        members, seen = self._members(), self._view(videos)
        labellings = [
            labels_of_candidate(members[i], seen) for i in self.strict_members_
        ]
        return videos.restore(self._strict_paths(labellings, videos))

    @property
    def waits_for_end_(self):
        """Candidates decode whole recordings."""
        return (
            "AutoSegmenter asks candidates that decode a whole video; take one of its "
            "estimators_"
        )

    def _learn(self, videos):
        seen = self._first_view(videos)
        plans = self._plans(self.windows_ is None and len(videos) > 1)
        self._settle_n_actions(seen)
        fitted = self._fit_members(plans, seen)
        models = [own.model for own in fitted]
        self.estimators_ = models[: len(plans)]
        self.refinements_ = models[len(plans) :]
        labellings = [np.concatenate(own.labels) for own in fitted]
        information = measure_information(fitted, seen, self.n_actions_)
        # without a course, what carries over most are often too many pieces
        weighed = None if self.order == "free" else information
        consensus = find_consensus(labellings, self.n_actions_, weighed)
        cuts = np.cumsum(seen.lengths)[:-1]
        order = time_order(np.split(consensus.votes, cuts))
        self._strict = self._learn_strict(fitted, information, videos, seen)
        self.results_ = describe_candidates(fitted, consensus, information)
        self.names_ = list(self.results_["name"])
        self.best_index_ = int(np.argmax(self.results_["score"]))
        self.mappings_ = np.argsort(order)[consensus.mappings]
        self.weights_, self.agreement_ = consensus.weights, consensus.agreement
        if self.combine == "best":
            return lambda: self._log_likelihoods(videos)
        votes = np.split(consensus.votes[:, order], cuts)
        return lambda: self._scores_of_votes(votes, videos)

    def _learn_strict(self, fitted, information, videos, seen):
        """Let those vote that keep an order, if nothing is said; labels of the fit."""
        chosen = [i for i, own in enumerate(fitted) if keeps_order(own)]
        if self.order is not None or not chosen:
            return None
        labellings = [np.concatenate(fitted[i].labels) for i in chosen]
        found = find_consensus(labellings, self.n_actions_, information[chosen])
        cuts = np.cumsum(seen.lengths)[:-1]
        places = np.argsort(time_order(np.split(found.votes, cuts)))
        self.strict_members_ = np.array(chosen)
        self.strict_mappings_ = places[found.mappings]
        self.strict_weights_ = found.weights
        return self._strict_paths([fitted[i].labels for i in chosen], videos)

    def _strict_paths(self, labellings, videos):
        """Labels of all frames by labels of members that keep an order."""
        chain, paths = fixed_chain(self.strict_mappings_.shape[1]), []
        for own in zip(*labellings):
            votes = count_votes(
                own, self.strict_weights_, self.strict_mappings_, len(chain.starts)
            )
            paths.append(chain.viterbi(np.log(votes + LEAST_VOTE)))
        return list(on_all_frames(paths, videos, self.stride_))

    def _label(self, scores, videos, before=None):
        paths = super()._label(scores, videos, before)
        self.shared_course_ = shared_course(paths)
        strict, self.strict_agreement_ = self.__dict__.pop("_strict"), None
        if strict is not None:
            path, other = np.concatenate(paths), np.concatenate(strict)
            known = path >= 0
            agreement = agreement_of(path[known], other[known], self.n_actions_)
            self.strict_agreement_ = agreement
        return paths

    def _first_view(self, videos):
        """Choose what candidates see: `_view` of the fit."""
        windows, self.stride_, self.windows_scaler_ = self.windows, 1, None
        if self.candidates != "auto" and windows == AUTO:
            windows = None  # they see the frames as they are given
        known = 8 if self.n_actions == AUTO else int(self.n_actions)
        self.windows_ = fit_windows(windows, videos, known)
        if self.candidates == "auto" or self.windows_ is not None:
            self.stride_ = find_stride(videos, self.windows_, known)
        return self._view(videos)

    def _view(self, videos):
        """See recordings as candidates do."""
        seen = see(videos, self.windows_, self.stride_)
        if self.windows_ is None:
            seen.means, seen.scales = videos.means, videos.scales
            return seen
        if self.standardize_ == "dataset" and self.windows_scaler_ is None:
            self.windows_scaler_ = fit_scaler(seen)
        per_video = self.standardize_ == "video"
        return seen.standardize(self.windows_scaler_, per_video)

    def _warn_of_signals(self, videos):
        """Warn as others do, unless candidates see windows."""
        if self.windows_ is None:
            super()._warn_of_signals(videos)

    def _settings(self):
        """Give what candidates of "auto" have from this one."""
        return {
            "standardize": self.standardize,
            "device": self.device,
            "verbose": int(self.verbose > 1),
        }

    def _plans(self, by_time):
        """Plans of the candidates, checked and with seeds, see `default_plans`."""
        if self.candidates == "auto":
            plans = default_plans(self.order, by_time=by_time, **self._settings())
        else:
            check_candidates(self.candidates)
            plans = [Plan(*pair) for pair in self.candidates]
            names = [plan.name for plan in plans]
            if self.refine:
                names = [*names, *map(name_of_refinement, names)]
            self._validate_names(names)
        rng = check_random_state(self.random_state)
        seeds = from_first_process(rng.randint(2**31 - 1, size=len(plans)).tolist())
        return [plan._replace(seed=seed) for plan, seed in zip(plans, seeds)]

    def _fit_members(self, plans, seen):
        """Candidates, and then their refinements."""
        spread = measure_spread(seen, SHRINKAGE) if self.refine else None
        options = {"order": self.order, "n_jobs": self.n_jobs}
        coming = fit_members(plans, seen, self.n_actions_, spread, **options)
        found = {}
        n_members = len(plans) * (1 + bool(self.refine))
        with counter(n_members, self.verbose, "member") as count:
            for name, members in coming:
                found[name] = members
                if count is not None:
                    count(len(members))
        rows = [found[plan.name] for plan in plans]
        return [member for column in zip(*rows) for member in column]

    def _log_likelihoods(self, videos):
        if self.combine == "best":
            yield from on_all_frames(self._best_scores(videos), videos, self.stride_)
            return
        labels, votes = list(self._labels_of_candidates(videos)), []
        for paths in zip(*labels):
            n_learned = self.mappings_.shape[1]
            votes.append(count_votes(paths, self.weights_, self.mappings_, n_learned))
        yield from self._scores_of_votes(votes, videos)

    def _scores_of_votes(self, votes, videos):
        """Log-likelihoods of all frames by shares of votes of those that were seen."""
        for shares in on_all_frames(votes, videos, self.stride_):
            yield np.log(shares + LEAST_VOTE)

    def _best_scores(self, videos):
        """Log-likelihoods by the best member, of the frames that it sees."""
        columns = np.argsort(self.mappings_[self.best_index_])
        model = self._members()[self.best_index_]
        for scores in scores_of_candidate(model, self._view(videos)):
            yield scores[:, columns]

    def _labels_of_candidates(self, videos):
        """Labels of what each candidate sees of videos, in numbers of its own."""
        seen = self._view(videos)
        for model in self._members():
            yield labels_of_candidate(model, seen)

    def _labels_on_all_frames(self, videos):
        """Labels of all frames by each candidate, in numbers of its own."""
        for labels in self._labels_of_candidates(videos):
            yield list(on_all_frames(labels, videos, self.stride_))

    def _members(self):
        """Models of all candidates, and of their refinements."""
        return [*self.estimators_, *self.refinements_]


# doctest looks for names of this module, which the public one is not
__test__ = {"AutoSegmenter": AutoSegmenter}
