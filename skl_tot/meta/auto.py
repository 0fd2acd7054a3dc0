"""A vote of methods and views of the frames, combined without labels."""

import copy
from dataclasses import KW_ONLY, dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from skl_tot.meta.vote import (
    Alternative,
    Plan,
    count_votes,
    default_plans,
    find_groups,
    find_stride,
    find_voters,
    fit_members,
    match_actions,
    mean_segment,
    measure_agreement,
    name_groups,
    scout_segment,
    see_view,
)
from skl_tot.methods import pipelines
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.discriminants import time_order
from skl_tot.methods.numbers import AUTO, expected_number
from skl_tot.methods.orders import ORDER_CONSTRAINTS, choose_order
from skl_tot.methods.scores import LazyArrays
from skl_tot.metrics.frames import mof_score
from skl_tot.metrics.label_free import effective_actions
from skl_tot.preprocessing.look import is_raw
from skl_tot.preprocessing.windows import apply_windows, fit_windows, views_of_vote
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import is_int, refuse
from skl_tot.recordings.labels import (
    BACKGROUND,
    UNKNOWN,
    arrange_each,
    find_segments,
    read_labels,
)
from skl_tot.shared_texts import with_shared_texts
from skl_tot.training.components import MOST
from skl_tot.training.devices import from_first_process

# Cost of a switch in nats, for each frame of a mean segment of the members, so
# that it follows the activity: a fixed cost would suit recordings of one speed.
SWITCH_COST = 0.02


@with_shared_texts
@dataclass(eq=False, repr=False)
class AutoSegmenter(BaseSegmenter, _BaseComposition):
    r"""Segmentation by a vote of methods and views that suit the recordings.

    No single method and no single view of the frames is best on all recordings, and
    labels are needed to find it. So many plain fits vote, with equal weights, and the
    results of those that do not agree are alternatives, for a person to choose:

    1. *Members.* `TemporalOTSegmenter` and `HMMSegmenter` learn from five views of the
       frames (`skl_tot.preprocessing.FrameView`): frames, and windows around them, each
       scaled over all recordings and in each one, and windows of three times the width.
       Windows are no longer than a mean segment of a first, quick fit, except of raw
       signals. If a look finds that recordings share a course (`skl_tot.look`), each
       method takes two orders: with exceptions, and strict.
    2. *Groups.* Members are grouped by the adjusted mutual information of their labels
       (average linkage, four groups). A member with fewer than half of the actions in
       effect has no vote.
    3. *Consensus.* The members of a group are matched to the one that agrees most with
       the others, action to action, by most common frames (the Hungarian method), and
       vote. With the share :math:`v_{tk}` of votes for action k in frame t, the scores
       of the decoder are

       .. math:: \ell_{tk} = \log (v_{tk} + 0.02) .

    4. *Alternatives.* The consensus of the largest group is the answer.
       ``alternatives_`` has those of all groups. `use_alternative` takes another one,
       and `rank_alternatives` compares them with labels of some recordings.

    Actions are numbered by the mean relative time of their frames.

    Parameters
    ----------
    {shared: n_actions}
    candidates : "auto" or list of (str, estimator), default="auto"
        Names and segmenters, or pipelines that end in one, as members in place of the
        usual ones. Clones are fitted to the recordings, with this ``n_actions``;
        without an own seed, each gets one from ``random_state``. A
        `sklearn.frozen.FrozenEstimator` is used as fitted.
    order : {"auto", "strict", "mostly", "free"}, default="auto"
        Course of the recordings. "auto" looks at them. "strict": each action once, in
        one order; members and the vote keep it. "mostly": exceptions. "free": no order.
    {shared: decoding}
    switch_cost : float, "auto" or None, default=None
        As for `TemporalOTSegmenter`. None is 0.02 nats for each frame of a mean segment
        of the members. Does not change the fit.
    {shared: min_duration, background_percentile}
        A candidate's own background is no vote.
    {shared: standardize}
        Views and given candidates have their own.
    {shared: device}
    n_jobs : int, default=None
        Members that are fitted at the same time, in processes that share the frames.
    {shared: random_state}
    verbose : int, default=0
        Whether to show a progress bar over fits. From 2, networks show theirs.

    Attributes
    ----------
    {shared: n_actions_, look_, order_}
    alternatives_ : list of Alternative
        Results of the groups of members, the model's own first: ``name``, ``sentence``
        about it, ``agreement`` (share of frames on which it agrees with the first),
        ``n_members`` and ``n_actions`` (in effect).
    stride_ : int
        Step of the frames that members see.
    names_ : list of str
        Names of the members.
    views_ : list of FrameView
        Fitted views; [None] for given candidates.
    estimators_ : list of estimator
        Fitted members, those of the first view first.
    mappings_ : ndarray of shape (n_members, n_actions)
        Action of the vote for each action of each member.
    weights_ : ndarray of shape (n_members,)
        Weight of the vote of each member; the sum is 1.
    agreement_ : ndarray of shape (n_members, n_members)
        Adjusted mutual information of the labels of members.

    Notes
    -----
    See `TemporalOTSegmenter` for input, labels, edge cases and further attributes.
    Of more than 10,000 frames, members of views see every n-th (``stride_``), at least
    ten of a mean segment, and vote for the frames around. `predict` applies every
    member to new recordings. `predict_proba` is :math:`v_{tk}`, smoothed by 0.02; it
    measures the agreement of members, not how often they are right.

    Examples
    --------
    >>> from skl_tot import AutoSegmenter, TemporalOTSegmenter
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> tot = TemporalOTSegmenter(max_iter=200, n_prototypes=2)
    >>> candidates = [("tot", tot), ("mallow", MallowSegmenter())]
    >>> model = AutoSegmenter(4, candidates=candidates, random_state=0).fit(videos)
    >>> [alternative.name for alternative in model.alternatives_]
    ['most members']
    """

    __module__ = "skl_tot"

    _defaults_by_order = {
        "strict": {"decoding": "fixed", "switch_cost": SWITCH_COST},
        "mostly": {"decoding": "free", "switch_cost": SWITCH_COST},
        "free": {"decoding": "free", "switch_cost": SWITCH_COST},
    }
    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        **ORDER_CONSTRAINTS,
        "candidates": [StrOptions({"auto"}), list],
        "device": [str],
        "n_jobs": [None, Interval(Integral, -MOST, MOST, closed="both")],
        "verbose": ["verbose"],
    }

    is_vote = True

    n_actions: int | str = 8
    _: KW_ONLY
    candidates: Any = "auto"
    order: str = "auto"
    decoding: str = "auto"
    switch_cost: Any = None
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    device: str = "auto"
    n_jobs: int | None = None
    random_state: Any = None
    verbose: int = 0

    def get_params(self, deep=True):
        """Get parameters by name; ``deep`` adds ``name__parameter`` of candidates."""
        return self._get_params("candidates", deep=deep and _are_named(self.candidates))

    def set_params(self, **params):
        """Set parameters by name, also those of candidates, see `get_params`."""
        if "candidates" in params:
            self.candidates = params.pop("candidates")
        if _are_named(self.candidates):
            return self._set_params("candidates", **params)
        return super().set_params(**params)

    def candidate_labels(self, X):
        """Label every frame by each member.

        {shared: of_X}

        Returns
        -------
        labels : dict of str to ndarray of shape (n_frames,), or list of these
            Labels by name, in the order of ``names_``, decoded by each member. Actions
            have the labels of `predict`, also after corrections.

        {shared: raises}
        """
        videos, labels_by_name = self.prepare(X), {}
        paths_of_members = self._label_by_members(videos)
        for name, mapping, paths in zip(self.names_, self.mappings_, paths_of_members):
            paths = [np.where(path < 0, BACKGROUND, mapping[path]) for path in paths]
            if self.layers_:
                paths = self._correct_paths(paths, videos)
            labels_by_name[name] = videos.restore(self._labels_of_paths(paths))
        return labels_by_name

    def _correct_paths(self, paths, videos):
        """Apply merges and splits to paths, as to scores of certain actions."""
        with np.errstate(divide="ignore"):
            certain = np.log(np.eye(self.mappings_.shape[1]))
        scores = (certain[path] for path in paths)
        for layer in self.layers_:
            scores = layer.apply(scores, videos)
        return [
            np.where(path < 0, BACKGROUND, corrected.argmax(axis=1))
            for path, corrected in zip(paths, scores)
        ]

    def alternative(self, key):
        """Copy the model with another own alternative, without corrections.

        Parameters
        ----------
        key : str or int
            Name or number in ``alternatives_``.

        Raises
        ------
        {shared: NotFittedError}
        ValueError
            If there is no such alternative.
        """
        check_is_fitted(self, "weights_")
        twin = copy.copy(self)
        twin.layers_, twin.classes_ = [], None
        return twin.use_alternative(key)

    def use_alternative(self, key):
        """Make another of ``alternatives_`` the model's own, without a new fit.

        Parameters
        ----------
        key : str or int
            Name or number in ``alternatives_``. That of now becomes one of the others.

        Raises
        ------
        {shared: NotFittedError}
        ValueError
            If there is no such alternative, or actions are named, merged or split.
        """
        check_is_fitted(self, "weights_")
        names = [alternative.name for alternative in self.alternatives_]
        if not (key in names or (is_int(key) and 0 <= key < len(names))):
            refuse("alternative", key, f"one of {names}, or its number")
        if self.layers_ or self.classes_ is not None:
            raise ValueError(
                "the model has names, merges or splits of actions, which belong to its "
                "own alternative; use_alternative first, and correct after it."
            )
        others = list(self.alternatives_)
        chosen = others.pop(int(key) if is_int(key) else names.index(key))
        self._adopt(chosen)
        self.alternatives_ = [_compared(other, chosen) for other in [chosen, *others]]
        return self

    def alternative_labels(self, X):
        """Label every frame by each of ``alternatives_``.

        {shared: of_X}

        Returns
        -------
        labels : dict of str to ndarray of shape (n_frames,), or list of these
            Labels by name, the model's own first, as in `predict`. The others have
            numbers of their own, without corrections.

        {shared: raises}
        """
        check_is_fitted(self, "weights_")
        first, *others = [alternative.name for alternative in self.alternatives_]
        labels_by_name = {first: self.predict(X)}
        for name in others:
            labels_by_name[name] = self.alternative(name).predict(X)
        return labels_by_name

    def rank_alternatives(self, X, y):
        """Compare ``alternatives_`` with labels of people.

        Parameters
        ----------
        {shared: X}
        y : array-like of shape (n_frames,), or sequence of these
            Labels of each recording, or None; -1, "" or None are unknown frames. Those
            of one recording suffice.

        Returns
        -------
        scores : dict of str to float
            Share of labelled frames that are right after a match, by name, best first.

        {shared: raises}
        """
        check_is_fitted(self, "weights_")
        videos, scores = self.prepare(X), {}
        y = arrange_each(y, videos, "y", of_some=True)
        truth, _ = read_labels(y, videos)
        is_labelled = [path != UNKNOWN for path in truth]
        numbers = [i for i, mask in enumerate(is_labelled) if mask.any()]
        truth = [truth[i][is_labelled[i]] for i in numbers]
        labelled = videos.plain().select(np.array(numbers))
        for name, paths in self.alternative_labels(labelled).items():
            paths = [path[is_labelled[i]] for i, path in zip(numbers, paths)]
            scores[name] = mof_score(truth, paths)
        return dict(sorted(scores.items(), key=lambda pair: -pair[1]))

    def best_member(self):
        """Give the member with the largest agreement that can label a stream.

        `OnlinePrediction` and ``skl-tot watch`` use it in place of the vote.

        Returns
        -------
        name : str
            Its name in ``names_``.
        model : estimator
            A copy of the member, in a pipeline after its view. Actions have the labels
            of `predict`, matched by ``mappings_``.

        Raises
        ------
        {shared: NotFittedError}
        ValueError
            If all members need whole recordings or see only some frames
            (``stride_``), or actions are merged or split.
        """
        check_is_fitted(self, "weights_")
        # members lack the corrections of the vote, and may not see each frame
        if not self.layers_ and self.stride_ == 1:
            agreement = self.agreement_ @ self.weights_
            for i in np.lexsort((-agreement, -self.weights_)).tolist():
                model = self._model_of_member(i)
                if not pipelines.waits_for_end(model):
                    return self.names_[i], model
        raise ValueError(
            "AutoSegmenter has no member that labels a stream as the vote does; fit "
            "HMMSegmenter (--method hmm), or predict when the recording has ended."
        )

    def _model_of_member(self, i):
        """Copy a member, after its view if any, with labels of the vote."""
        model = pipelines.unfrozen(self.estimators_[i])
        steps = [step for _, step in pipelines.steps_of(model)]
        view = self.views_[i // self._n_of_view]
        if view is not None:
            steps.insert(0, view)
        steps = [copy.copy(step) for step in steps]
        member = steps[-1]
        member.classes_ = self.actions_[self.mappings_[i]]
        if self.min_duration is not None:
            member.min_duration = self.min_duration
        if hasattr(self, "feature_names_in_"):
            steps[0].feature_names_in_ = self.feature_names_in_
        return pipelines.joined([(None, step) for step in steps])

    @property
    def waits_for_end_(self):
        """Reason: members decode whole recordings."""
        return "AutoSegmenter's members need whole recordings; fit HMMSegmenter"

    @property
    def _n_of_view(self):
        """Number of members of each view, which follow each other."""
        return len(self.estimators_) // len(self.views_)

    def _choose_order(self, recordings):
        """Look at recordings, without windows of raw signals: views have their own."""
        self.look_, order = None, self.order
        if order == AUTO:
            supported = self._defaults_by_order
            self.look_, order = choose_order(self, recordings, supported)
        self._set_order(order)

    def _describe_signal(self, videos):
        return []

    def _recordings_to_compare(self, videos):
        """Windows of raw signals, as members see these, else the same recordings."""
        if not is_raw(videos, expected_number(self.n_actions)):
            return videos
        seen = apply_windows(fit_windows(videos), videos)
        return seen.standardize(fit_scaler(seen))

    def _learn(self, videos):
        """Fit the members, and measure their agreement; list them."""
        self._set_n_actions(videos)
        recordings = videos.plain()
        if self.candidates == AUTO:
            jobs = self._plan_views(recordings, is_raw(videos, self.n_actions_))
        else:
            jobs = self._plan_candidates(recordings)
        members = self._fit_jobs(jobs, recordings)
        self.names_ = [member.name for member in members]
        self.estimators_ = [member.model for member in members]
        joined = [np.concatenate(member.labels) for member in members]
        self.agreement_ = measure_agreement(joined)
        return members

    def _plan_candidates(self, recordings):
        """List pairs of a plan and frames, of given candidates."""
        if not (self.candidates and _are_named(self.candidates)):
            expected = "a list of pairs of a name and an estimator"
            refuse("candidates", self.candidates, expected, TypeError)
        self._validate_names([name for name, _ in self.candidates])
        self.views_, self.stride_ = [None], 1
        frames = list(recordings.arrays)
        return [
            (Plan((name,), estimator), frames) for name, estimator in self.candidates
        ]

    def _plan_views(self, recordings, are_raw):
        """List pairs of a plan and frames, of the usual members in all views."""
        segment = scout_segment(recordings, self.n_actions_, self.order_)
        self.stride_ = find_stride(recordings.lengths.sum(), segment)
        jobs, self.views_ = [], []
        # windows longer than a segment tell more of its neighbours, but those of raw
        # signals must cover a period
        for words, view in views_of_vote(None if are_raw else segment):
            self.views_.append(view.fit(recordings))
            frames = see_view(view, recordings, self.stride_)
            plans = default_plans(
                self.order_, words, device=self.device, verbose=int(self.verbose > 1)
            )
            jobs += [(plan, frames) for plan in plans]
        return jobs

    def _fit_jobs(self, jobs, recordings):
        """Fit plans to frames, each with its own seed; members label all frames."""
        rng = check_random_state(self.random_state)
        seeds = from_first_process(rng.randint(2**31 - 1, size=len(jobs)).tolist())
        members = fit_members(
            jobs,
            seeds,
            self.n_actions_,
            fps=recordings.fps and recordings.fps / self.stride_,
            n_jobs=self.n_jobs,
            verbose=self.verbose,
        )
        return [
            member._replace(labels=self._on_all(member.labels, recordings))
            for member in members
        ]

    def _on_all(self, paths, videos):
        """Paths of all frames, from those of seen ones."""
        # a seen frame is the middle of its step, see `see_view`
        return [
            path[np.arange(length) // self.stride_]
            for path, length in zip(paths, videos.lengths.tolist())
        ]

    def _label(self, learned, videos, earlier_background=None):
        """Label recordings by the consensus of each group; the largest comes first."""
        labellings = [member.labels for member in learned]
        groups = find_groups(self.agreement_, find_voters(labellings, self.n_actions_))
        names = name_groups(groups, [member.words for member in learned])
        alternatives, paths_of_groups = [], []
        for name, group in zip(names, groups):
            self._agree_on(labellings, group)
            # decodes the votes of the group, and learns background and confidence
            paths = super()._label(self._scores(labellings), videos)
            alternatives.append(self._alternative(name, group, paths))
            paths_of_groups.append(paths)
        first = alternatives[0]
        self._adopt(first)
        self.alternatives_ = [_compared(other, first) for other in alternatives]
        return paths_of_groups[0]

    def _agree_on(self, labellings, group):
        """Set weights, mappings and the cost of a switch for the vote of a group."""
        joined = [np.concatenate(paths) for paths in labellings]
        self.weights_ = np.zeros(len(joined))
        self.weights_[group] = 1 / len(group)
        # the first of a group agrees most with the others
        reference = joined[group[0]]
        self.mappings_ = np.array(
            [match_actions(labels, reference, self.n_actions_) for labels in joined]
        )
        if self.order_ == "strict" and self.candidates == AUTO:
            # all members number actions by their place in the order
            self.mappings_[:] = np.arange(self.n_actions_)
        order = time_order(self._votes(labellings))
        self.mappings_ = np.argsort(order)[self.mappings_]
        segment = np.median([mean_segment(labellings[i]) for i in group])
        # in frames of the mean duration of an action, as ``switch_cost``
        cost = SWITCH_COST * float(segment) * self.n_actions_ / self.mean_frames_
        self._defaults = self._defaults | {"switch_cost": cost}

    def _alternative(self, name, group, paths):
        """Alternative of a group whose vote is that of the model now."""
        n_actions = effective_actions(paths)
        n_segments = np.mean([len(find_segments(path).labels) for path in paths])
        return Alternative(
            name,
            f"{len(group)} of {len(self.names_)} members agree on it; recordings have "
            f"{n_segments:.3g} segments on average, and {n_actions:.2g} actions are in "
            "effect.",
            agreement=1.0,
            n_members=len(group),
            n_actions=n_actions,
            weights=self.weights_,
            mappings=self.mappings_,
            labels=self.labels_,
            confidence=self.confidence_,
            background=self.background_,
            shares=self.shares_,
            switch_cost=self._defaults["switch_cost"],
        )

    def _adopt(self, alternative):
        """Make an alternative that of the model, without corrections."""
        self.weights_, self.mappings_ = alternative.weights, alternative.mappings
        self.labels_, self.confidence_ = alternative.labels, alternative.confidence
        self.background_, self.shares_ = alternative.background, alternative.shares
        self._defaults = self._defaults | {"switch_cost": alternative.switch_cost}
        self.n_actions_ = alternative.mappings.shape[1]
        self.layers_, self.classes_ = [], None

    def _log_likelihoods(self, videos):
        return self._scores(list(self._label_by_members(videos)))

    def _scores(self, labellings):
        """Log-likelihoods of each recording, from its paths by each member."""
        votes = self._votes(labellings)
        # actions without votes remain possible
        return LazyArrays(lambda i: np.log(votes[i] + 0.02), votes.n_videos)

    def _votes(self, labellings):
        """Shares of votes of each recording, from its paths by each member."""
        weights, mappings = self.weights_, self.mappings_

        def count(i):
            paths = [labels[i] for labels in labellings]
            return count_votes(paths, weights, mappings, mappings.shape[1])

        return LazyArrays(count, len(labellings[0]))

    def _label_by_members(self, videos):
        """Yield paths of all frames by each member, in its own numbers."""
        recordings = videos.plain()
        for i, model in enumerate(self.estimators_):
            if i % self._n_of_view == 0:
                view = self.views_[i // self._n_of_view]
                frames = see_view(view, recordings, self.stride_)
            with pipelines.quietly():
                yield self._on_all(model.predict(frames), recordings)


def _compared(alternative, chosen):
    """Alternative with its agreement with the chosen one."""
    return replace(alternative, agreement=mof_score(chosen.labels, alternative.labels))


def _are_named(candidates):
    """Whether candidates are a list of pairs of a name and something."""
    return isinstance(candidates, list) and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)
        for pair in candidates
    )
