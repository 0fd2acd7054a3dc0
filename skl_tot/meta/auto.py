"""A vote of methods and settings, combined without labels."""

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

# Added to the share of votes, so that actions without votes remain possible.
LEAST_VOTE = 0.02


class AutoSegmenter(BaseSegmenter, _BaseComposition):
    r"""Segmentation by a vote of methods, chosen and combined without labels.

    No single method is best on all recordings, and labels are needed to find the best
    one. So several methods that do well on different data are fitted, and vote:

    1. *Candidates.* Each candidate labels the recordings. Its refinement is another
       labelling: three rounds of linear discriminants, Gaussians and likeliest paths,
       as in `MallowSegmenter`.
    2. *Matching.* Candidates number actions differently. The first reference is the
       labelling that agrees most with the others. Two steps alternate: labellings are
       matched to the reference, action to action, by most common frames (the Hungarian
       method), and their votes become the reference.
    3. *Vote.* The weight of a labelling is its agreement with others beyond chance, by
       Cohen's kappa, times :math:`e^{6 I}`. I is the information, in nats, that it
       transfers between recordings, the logarithm of `score`; free order uses kappa
       alone. With the share :math:`v_{tk}` of votes for action k in frame t, the scores
       of the decoder are

       .. math:: \ell_{tk} = \log (v_{tk} + 0.02) .

    Actions are numbered by the mean relative time of their frames. ``results_`` has the
    agreement of each candidate with the vote, and `candidate_labels` their labels, so
    that a person can overrule the vote.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    candidates : "auto" or list of (str, estimator), default="auto"
        Names and segmenters, or pipelines that end in one. Clones are fitted to the
        recordings, with this ``n_actions``; without an own seed, each gets one from
        ``random_state``. A `sklearn.frozen.FrozenEstimator` is used as fitted. "auto"
        has seven: `TemporalOTSegmenter`; the same as published, but with two parts and
        free order, and with ``prior="path"``; `ASOTSegmenter`; `ASALSegmenter`, from
        two parts; `MallowSegmenter`; and `HMMSegmenter`. In strict order the published
        method and `ASALSegmenter` from it replace the first and `ASOTSegmenter`. In
        free order they are `HMMSegmenter`, its start (K-means), `ASOTSegmenter`, the
        first and the second. The last three are left out for raw signals and single
        recordings, which they would cut by time. For such recordings, `HMMSegmenter` in
        free order also votes if no order is given.
    order : {"strict", "mostly", "free"} or None, default=None
        Known course of the recordings. "strict": each action once, in one order;
        candidates, refinements and the vote keep it. "mostly": an order, with
        exceptions. "free": no order; most candidates assume none. None is "mostly"; see
        ``shared_course_`` and `strict_labels` for alternatives.
    windows : "auto", SignalWindows or None, default="auto"
        Input of candidates: statistics of windows around frames, by a fitted clone of
        this. "auto" uses windows for the candidates "auto" if frames are raw signal.
    combine : {"vote", "best"}, default="vote"
        "best" decodes the log-likelihoods of the candidate or refinement that agrees
        most with the vote. Does not change the fit.
    refine : bool, default=True
        Whether the refinement of each candidate votes.
    decoding : str, default="auto"
        As for `TemporalOTSegmenter`. "auto" is "fixed" in strict order, else "free".
        Does not change the fit.
    switch_cost : float or "auto", default=0.1
        As for `TemporalOTSegmenter`. Votes are smooth and need a lower cost. Does not
        change the fit.
    min_duration : float, default=None
        As for `TemporalOTSegmenter`. Does not change the fit.
    background_percentile : float, default=None
        As for `TemporalOTSegmenter`. A candidate's own background is no vote.
    standardize : {"dataset", "video"} or None, default="dataset"
        As for `TemporalOTSegmenter`. Given candidates have their own.
    device : str, default="auto"
        Device of the networks of "auto", see `TemporalOTSegmenter`.
    n_jobs : int, default=None
        Candidates that are fitted at the same time, in processes that share the frames.
        None means 1, and -1 all processors. The result is the same.
    random_state : int, RandomState instance or None, default=None
        Seed of candidates without a seed.
    verbose : int, default=0
        Whether to show a progress bar over candidates and refinements. From 2, those of
        "auto" show their own bars.

    Attributes
    ----------
    n_actions_ : int
        Number of actions K of the fit.
    windows_ : SignalWindows or None
        Fitted ``windows``.
    shared_course_ : float
        Agreement of recordings on one course, from 0 (chance) to 1 (the same order in
        all), see Notes. NaN for a single recording.
    strict_agreement_ : float or None
        Share of the frames of the fit, without background, on which the labels agree
        with those of `strict_labels` after matching; None without the latter.
    stride_ : int
        Step of the frames that candidates see; they vote for the frames around. Above 1
        only for long recordings with similar neighbouring frames, for candidates "auto"
        or on windows.
    names_ : list of str
        Names of the candidates, and of their refinements, "... refined".
    estimators_ : list of estimator
        Fitted candidates.
    refinements_ : list of dict of ndarray
        Refinements, each like ``appearance_`` of `MallowSegmenter`.
    mappings_ : ndarray of shape (n_members, n_actions)
        Action of the vote for each action of each of ``names_``.
    weights_ : ndarray of shape (n_members,)
        Weight of the vote of each of ``names_``; the sum is 1.
    agreement_ : ndarray of shape (n_members, n_members)
        Share of the frames of the fit on which two of ``names_`` agree, after matching.
    results_ : dict of list
        Columns of a data frame, with a row for each of ``names_``: "name"; "score", the
        mean share of votes that agree with it; "weight" of its vote; "information" that
        transfers between recordings, in nats; "agreement", the mean share of frames on
        which it agrees with another; "n_segments" per recording on average; "seconds".
    best_index_ : int
        Index of the highest score, used by ``combine="best"``.

    See Also
    --------
    TemporalOTSegmenter : A single method; a fit takes a sixth of the time.
    SegmentationDisplay : Draws the labels of candidates side by side.

    Notes
    -----
    See `TemporalOTSegmenter` for input, labels, edge cases and further attributes.
    `predict` applies every candidate to new recordings. `predict_proba` is
    :math:`v_{tk}`, smoothed by 0.02; it measures the agreement of candidates, not how
    often they are right.

    ``shared_course_`` compares the segments of each two recordings: the largest share
    of their frames that segments in a common order cover, minus that of the same
    segments in random order, scaled to 0 to 1. For the true labels of recordings with
    one strict order it is 1, and 0.02 to 0.05 for generated ones without a course.

    Candidates, votes and their weights were chosen on seven recorded sets and generated
    ones. On the recorded sets, over three seeds, candidates and refinements had a mean
    accuracy (MoF) of 64 %, the vote 72 %, "best" 70 %, and the best of each fit by the
    labels 74 %. The vote varies between seeds by 1 point, on the smallest set by 8.

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
    # defaults for models of earlier versions
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
            Whether to include the candidates of a list by name, and their parameters as
            ``name__parameter``.

        Returns
        -------
        params : dict
            Values by name.
        """
        deep = deep and are_named(self.candidates)
        return self._get_params("candidates", deep=deep)

    def set_params(self, **params):
        """Set parameters.

        Parameters
        ----------
        **params : dict
            Values by name, also of candidates of a list, see `get_params`.

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
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.

        Returns
        -------
        labels : dict of str to ndarray of shape (n_frames,), or list of these
            Labels by name, in the order of ``names_``, decoded by each candidate.
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
        """Label every frame by each candidate, for `GuidedSegmenter`.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.

        Returns
        -------
        labellings : list of list of ndarray of shape (n_frames_i,)
            For each of ``names_``, labels of each recording in its own numbers.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a recording is not valid.
        """
        return list(self._labels_on_all_frames(self.prepare(X)))

    def strict_labels(self, X):
        """Label every frame with each action once, in one order.

        An alternative result of the same fit, for comparison: candidates and
        refinements with ordered labels vote, and the vote is decoded in fixed order. If
        it is right, fit with ``order="strict"``.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of these
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
        """Reason: candidates decode whole recordings."""
        return (
            "AutoSegmenter uses candidates that decode a whole recording; use one of "
            "its estimators_"
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
        # in free order, high information often means too many segments
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
        """Vote of the members with ordered labels, if no order is given."""
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
        """Labels of all frames by the votes of members with ordered labels."""
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
        """Choose the input of candidates: `_view` of the fit."""
        windows, self.stride_, self.windows_scaler_ = self.windows, 1, None
        if self.candidates != "auto" and windows == AUTO:
            windows = None  # candidates see the frames as given
        known = 8 if self.n_actions == AUTO else int(self.n_actions)
        self.windows_ = fit_windows(windows, videos, known)
        if self.candidates == "auto" or self.windows_ is not None:
            self.stride_ = find_stride(videos, self.windows_, known)
        return self._view(videos)

    def _view(self, videos):
        """Return recordings as the input of candidates."""
        seen = see(videos, self.windows_, self.stride_)
        if self.windows_ is None:
            seen.means, seen.scales = videos.means, videos.scales
            return seen
        if self.standardize_ == "dataset" and self.windows_scaler_ is None:
            self.windows_scaler_ = fit_scaler(seen)
        per_video = self.standardize_ == "video"
        return seen.standardize(self.windows_scaler_, per_video)

    def _warn_of_signals(self, videos):
        """Warn of raw signals, unless candidates see windows."""
        if self.windows_ is None:
            super()._warn_of_signals(videos)

    def _settings(self):
        """Return the settings of this estimator for candidates "auto"."""
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
        """Fit candidates, and then their refinements."""
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
        """Log-likelihoods of all frames from shares of votes of the seen frames."""
        for shares in on_all_frames(votes, videos, self.stride_):
            yield np.log(shares + LEAST_VOTE)

    def _best_scores(self, videos):
        """Log-likelihoods by the best member, of the frames that it sees."""
        columns = np.argsort(self.mappings_[self.best_index_])
        model = self._members()[self.best_index_]
        for scores in scores_of_candidate(model, self._view(videos)):
            yield scores[:, columns]

    def _labels_of_candidates(self, videos):
        """Labels by each candidate for the frames that it sees, in its own numbers."""
        seen = self._view(videos)
        for model in self._members():
            yield labels_of_candidate(model, seen)

    def _labels_on_all_frames(self, videos):
        """Labels of all frames by each candidate, in its own numbers."""
        for labels in self._labels_of_candidates(videos):
            yield list(on_all_frames(labels, videos, self.stride_))

    def _members(self):
        """Models of all candidates and refinements."""
        return [*self.estimators_, *self.refinements_]


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"AutoSegmenter": AutoSegmenter}
