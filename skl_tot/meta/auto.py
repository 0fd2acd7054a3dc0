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

from skl_tot.meta.consensus import (
    Alternative,
    count_votes,
    find_groups,
    find_voters,
    match_actions,
    measure_agreement,
    name_groups,
)
from skl_tot.meta.members import (
    Plan,
    default_plans,
    find_stride,
    fit_members,
    mean_segment,
    scout_segment,
    see_view,
)
from skl_tot.methods import pipelines
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.discriminants import time_order
from skl_tot.methods.numbers import AUTO, expected_number
from skl_tot.methods.orders import ORDER_CONSTRAINTS
from skl_tot.methods.scores import LazyArrays
from skl_tot.metrics.frames import mof_score
from skl_tot.metrics.label_free import effective_actions
from skl_tot.preprocessing.look import is_raw
from skl_tot.preprocessing.windows import apply_windows, fit_windows, views_of_vote
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import refuse
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

# Added to the share of votes, so that actions without votes remain possible.
LEAST_VOTE = 0.02
# Cost of a switch in nats, for each frame of a mean segment of the members.
SWITCH_COST = 0.02
# Attributes of a fit that differ between alternatives.
OF_ALTERNATIVE = (
    "weights_",
    "mappings_",
    "labels_",
    "confidence_",
    "background_",
    "shares_",
    "_defaults",
)


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
        one order; members and the vote keep it. "mostly": an order, with exceptions.
        "free": no order.
    {shared: decoding}
    switch_cost : float, "auto" or None, default=None
        As for `TemporalOTSegmenter`. None is 0.02 nats for each frame of a mean segment
        of the members. Does not change the fit.
    {shared: min_duration}
    {shared: background_percentile}
        A candidate's own background is no vote.
    {shared: standardize}
        Views and given candidates have their own.
    {shared: device}
    n_jobs : int, default=None
        Members that are fitted at the same time, in processes that share the frames.
    {shared: random_state}
    verbose : int, default=0
        Whether to show a progress bar over fits. From 2, networks of "auto" show their
        own bars.

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
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    >>> [own.name for own in model.alternatives_]
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
        return self._get_params("candidates", deep=deep and _are_named(self.candidates))

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
        if _are_named(self.candidates):
            return self._set_params("candidates", **params)
        return super().set_params(**params)

    def candidate_labels(self, X):
        """Label every frame by each member.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        labels : dict of str to ndarray of shape (n_frames,), or list of these
            Labels by name, in the order of ``names_``, decoded by each member. Actions
            have the labels of `predict`, also after corrections.

        Raises
        ------
        {shared: NotFittedError, TypeError}
        """
        videos, found = self.prepare(X), {}
        labels_of = self._labels_of_members(videos)
        for name, mapping, paths in zip(self.names_, self.mappings_, labels_of):
            labels = [np.where(own < 0, BACKGROUND, mapping[own]) for own in paths]
            if self.layers_:
                labels = self._correct_paths(labels, videos)
            found[name] = videos.restore(self._to_labels(labels))
        return found

    def _correct_paths(self, paths, videos):
        """Apply the layers of corrections to certain actions."""
        with np.errstate(divide="ignore"):
            certain = np.log(np.eye(self.mappings_.shape[1]))
        scores = (certain[path] for path in paths)
        for layer in self.layers_:
            scores = layer.apply(scores, videos)
        found = [own.argmax(axis=1) for own in scores]
        return [np.where(own < 0, BACKGROUND, new) for own, new in zip(paths, found)]

    def alternative(self, key):
        """Return a copy of the model whose own alternative is another one.

        Parameters
        ----------
        key : str or int
            Name or number in ``alternatives_``.

        Returns
        -------
        model : AutoSegmenter
            The fitted copy, without the corrections of this model.

        Raises
        ------
        {shared: NotFittedError}
        ValueError
            If there is no such alternative.
        """
        check_is_fitted(self, "alternatives_")
        names = [own.name for own in self.alternatives_]
        is_number = isinstance(key, Integral) and not isinstance(key, bool)
        if not (key in names or (is_number and 0 <= key < len(names))):
            refuse("alternative", key, f"one of {names}, or its number")
        chosen = self.alternatives_[int(key) if is_number else names.index(key)]
        twin = copy.copy(self)
        twin.__dict__.update(_attributes_of(chosen))
        others = [own for own in self.alternatives_ if own is not chosen]
        twin.alternatives_ = [_compared(own, chosen) for own in [chosen, *others]]
        return twin

    def use_alternative(self, key):
        """Make another of ``alternatives_`` the model's own, without a new fit.

        Parameters
        ----------
        key : str or int
            Name or number in ``alternatives_``. That of now becomes one of the others.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        {shared: NotFittedError}
        ValueError
            If there is no such alternative, or actions are named, merged or split.
        """
        chosen = self.alternative(key)
        if self.layers_ or self.classes_ is not None:
            raise ValueError(
                "the model has names, merges or splits of actions, which belong to its "
                "own alternative; use_alternative first, and correct after it."
            )
        self.__dict__.update(vars(chosen))
        return self

    def alternative_labels(self, X):
        """Label every frame by each of ``alternatives_``.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        labels : dict of str to ndarray of shape (n_frames,), or list of these
            Labels by name, the model's own first, as in `predict`. The others have
            numbers of their own, without corrections.

        Raises
        ------
        {shared: NotFittedError, TypeError}
        """
        check_is_fitted(self, "alternatives_")
        first, *others = [own.name for own in self.alternatives_]
        found = {first: self.predict(X)}
        return found | {name: self.alternative(name).predict(X) for name in others}

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
            Share of labelled frames that are right after a match of actions, by name,
            best first.

        Raises
        ------
        {shared: NotFittedError}
        TypeError, ValueError
            If a recording is not valid, or there is no label.
        """
        check_is_fitted(self, "alternatives_")
        videos, scores = self.prepare(X), {}
        y = arrange_each(y, videos, "y", of_some=True)
        true, _ = read_labels(y, videos)
        is_known = [path != UNKNOWN for path in true]
        own = np.flatnonzero([known.any() for known in is_known])
        true = [true[i][is_known[i]] for i in own]
        labels_of = self.alternative_labels(videos.plain().select(own))
        for name, paths in labels_of.items():
            labels = [path[is_known[i]] for i, path in zip(own, paths)]
            scores[name] = mof_score(true, labels)
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
        chosen, sums = None, self.agreement_ @ self.weights_
        for i in np.lexsort((-sums, -self.weights_)).tolist():
            steps = self._steps_of_member(i)
            if chosen is None and not pipelines.waits_for_end(pipelines.joined(steps)):
                chosen = i, steps
        if self.layers_ or self.stride_ > 1 or chosen is None:
            raise ValueError(
                "AutoSegmenter has no member that labels a stream as the vote does; "
                "fit HMMSegmenter (--method hmm), or predict when the recording has "
                "ended."
            )
        place, steps = chosen
        member = steps[-1][1]
        member.classes_ = self.actions_[self.mappings_[place]]
        if self.min_duration is not None:
            member.min_duration = self.min_duration
        if hasattr(self, "feature_names_in_"):
            steps[0][1].feature_names_in_ = self.feature_names_in_
        return self.names_[place], pipelines.joined(steps)

    def _steps_of_member(self, place):
        """Copy the view of a member, if any, and its own steps."""
        model = pipelines.unfrozen(self.estimators_[place])
        steps = [step for _, step in pipelines.steps_of(model)]
        view = self.views_[place // self._n_of_view]
        if view is not None:
            steps.insert(0, view)
        return [(None, copy.copy(step)) for step in steps]

    @property
    def waits_for_end_(self):
        """Reason: members decode whole recordings."""
        return "AutoSegmenter's members need whole recordings; fit HMMSegmenter"

    @property
    def _n_of_view(self):
        """Number of members of each view, which follow each other."""
        return len(self.estimators_) // len(self.views_)

    def _choose_order(self, recordings):
        """Look at recordings; raw signals are left to the views."""
        super()._choose_order(recordings)
        self.windows_ = None

    def _describe_signal(self, videos):
        return []

    def _to_compare(self, videos):
        """Windows of raw signals, as members see these, else the same recordings."""
        if not is_raw(videos, expected_number(self.n_actions)):
            return videos
        seen = apply_windows(fit_windows(videos), videos)
        return seen.standardize(fit_scaler(seen))

    def _learn(self, videos):
        self._set_n_actions(videos)
        fit = self._fit_views if self.candidates == AUTO else self._fit_given
        members = fit(videos.plain(), videos)
        self.names_ = [member.name for member in members]
        self.estimators_ = [member.model for member in members]
        joined = [np.concatenate(member.labels) for member in members]
        self.agreement_ = measure_agreement(joined)
        return members

    def _fit_given(self, plain, videos):
        """Fit given candidates; list them as members."""
        if not (self.candidates and _are_named(self.candidates)):
            what = "a list of pairs of a name and an estimator"
            refuse("candidates", self.candidates, what, TypeError)
        self._validate_names([name for name, _ in self.candidates])
        self.views_, self.stride_ = [None], 1
        plans = [Plan((name,), own) for name, own in self.candidates]
        return self._fit_plans([(plan, list(plain.arrays)) for plan in plans], plain)

    def _fit_views(self, plain, videos):
        """Fit the usual candidates to views; list the members."""
        n_frames, n_actions = plain.lengths.sum(), self.n_actions_
        segment = scout_segment(plain, n_actions, self.order_)
        # windows longer than a segment tell more of its neighbours
        longest = None if is_raw(videos, n_actions) else segment
        self.stride_ = find_stride(n_frames, segment)
        options = {"device": self.device, "verbose": int(self.verbose > 1)}
        jobs, self.views_ = [], []
        for words, view in views_of_vote(longest):
            self.views_.append(view.fit(plain))
            frames = see_view(view, plain, self.stride_)
            plans = default_plans(self.order_, words, **options)
            jobs += [(plan, frames) for plan in plans]
        return self._fit_plans(jobs, plain)

    def _fit_plans(self, jobs, plain):
        """Fit plans to frames, each with a seed of its own."""
        rng = check_random_state(self.random_state)
        seeds = from_first_process(rng.randint(2**31 - 1, size=len(jobs)).tolist())
        options = {"n_jobs": self.n_jobs, "verbose": self.verbose}
        options["fps"] = plain.fps and plain.fps / self.stride_
        members = fit_members(jobs, seeds, self.n_actions_, **options)
        return [own._replace(labels=self._on_all(own.labels, plain)) for own in members]

    def _on_all(self, labels, videos):
        """Labels of all frames, from those of seen ones."""
        pairs = zip(labels, videos.lengths.tolist())
        return [path[np.arange(length) // self.stride_] for path, length in pairs]

    def _label(self, members, videos, earlier_background=None):
        """Label recordings by the consensus of each group; the largest comes first."""
        labels_of = [member.labels for member in members]
        groups = find_groups(self.agreement_, find_voters(labels_of, self.n_actions_))
        names = name_groups(groups, [member.words for member in members])
        found, all_paths = [], []
        for name, group in zip(names, groups):
            self._agree_on(labels_of, group)
            paths = super()._label(self._scores(labels_of), videos)
            found.append(self._describe(name, group, paths))
            all_paths.append(paths)
        self.alternatives_ = [_compared(own, found[0]) for own in found]
        self.__dict__.update(_attributes_of(found[0]))
        return all_paths[0]

    def _agree_on(self, labels_of, group):
        """Set weights, mappings and the cost of a switch for the vote of a group."""
        joined = [np.concatenate(labels) for labels in labels_of]
        self.weights_ = np.zeros(len(joined))
        self.weights_[group] = 1 / len(group)
        # the first of a group agrees most with the others
        known = joined[group[0]], self.n_actions_
        self.mappings_ = np.array([match_actions(own, *known) for own in joined])
        if self.order_ == "strict" and self.candidates == AUTO:
            # all members number actions by their place in the order
            self.mappings_[:] = np.arange(self.n_actions_)
        order = time_order(self._votes(labels_of))
        self.mappings_ = np.argsort(order)[self.mappings_]
        segment = np.median([mean_segment(labels_of[i]) for i in group])
        # in frames of the mean duration of an action, as ``switch_cost``
        cost = SWITCH_COST * float(segment) * self.n_actions_ / self.mean_frames_
        self._defaults = self._defaults | {"switch_cost": cost}

    def _describe(self, name, group, paths):
        """Alternative of a group whose vote is that of the model now."""
        n_actions = effective_actions(paths)
        n_segments = np.mean([len(find_segments(path).starts) for path in paths])
        sentence = (
            f"{len(group)} of {len(self.names_)} members agree on it; recordings have "
            f"{n_segments:.3g} segments on average, and {n_actions:.2g} actions are in "
            "effect."
        )
        fitted = {key: vars(self)[key] for key in OF_ALTERNATIVE}
        return Alternative(name, sentence, 1.0, len(group), n_actions, fitted)

    def _log_likelihoods(self, videos):
        return self._scores(list(self._labels_of_members(videos)))

    def _scores(self, labels_of):
        """Log-likelihoods of each recording, from its labels by each member."""
        votes = self._votes(labels_of)
        return LazyArrays(lambda i: np.log(votes[i] + LEAST_VOTE), votes.n_videos)

    def _votes(self, labels_of):
        """Shares of votes of each recording, from its labels by each member."""
        known = self.weights_, self.mappings_, self.mappings_.shape[1]

        def count(i):
            return count_votes([labels[i] for labels in labels_of], *known)

        return LazyArrays(count, len(labels_of[0]))

    def _labels_of_members(self, videos):
        """Yield labels of all frames by each member, in its own numbers."""
        plain = videos.plain()
        for place, model in enumerate(self.estimators_):
            if place % self._n_of_view == 0:
                view = self.views_[place // self._n_of_view]
                frames = see_view(view, plain, self.stride_)
            with pipelines.quietly():
                yield self._on_all(model.predict(frames), plain)


def _attributes_of(alternative):
    """Attributes of a model whose own alternative it is, without corrections."""
    n_actions = alternative.fitted["mappings_"].shape[1]
    plain = {"n_actions_": n_actions, "layers_": [], "classes_": None}
    return alternative.fitted | plain


def _compared(alternative, chosen):
    """Alternative with its agreement with the chosen one."""
    labels = [own.fitted["labels_"] for own in (chosen, alternative)]
    return replace(alternative, agreement=mof_score(*labels))


def _are_named(candidates):
    return isinstance(candidates, list) and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)
        for pair in candidates
    )
