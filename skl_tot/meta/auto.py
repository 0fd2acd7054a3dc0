"""A vote of methods and settings, combined without labels."""

from copy import copy
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.validation import check_is_fitted

from skl_tot.meta.consensus import (
    count_votes,
    describe_members,
    exchange_reading,
    find_consensus,
    find_readings,
    find_voters,
)
from skl_tot.meta.members import (
    Plan,
    default_plans,
    find_stride,
    fit_members,
    labels_of_member,
    names_of_refinements,
    on_all_frames,
    thinned,
)
from skl_tot.methods import pipelines
from skl_tot.methods.base import BaseSegmenter, Passes
from skl_tot.methods.discriminants import SHRINKAGE, measure_spread, time_order
from skl_tot.methods.numbers import AUTO
from skl_tot.metrics.label_free import carried_information
from skl_tot.preprocessing.look import is_raw
from skl_tot.preprocessing.windows import SignalWindows, fit_windows
from skl_tot.recordings.checks import unchanged_on_error
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND
from skl_tot.shared_texts import with_shared_texts
from skl_tot.training.components import MOST
from skl_tot.training.devices import counter, from_first_process

# Added to the share of votes, so that actions without votes remain possible.
LEAST_VOTE = 0.02


@with_shared_texts
class AutoSegmenter(BaseSegmenter, _BaseComposition):
    r"""Segmentation by a vote of methods that suit the recordings.

    No single method is best on all recordings, and labels are needed to find it. So a
    look at the recordings chooses the order, and several methods for it vote:

    1. *Look.* Recordings may share a course, and frames may be raw signal, see
       `skl_tot.look`. Raw signals are learned from windows.
    2. *Candidates.* Each candidate labels the recordings. There are two refinements of
       its labels. "refined": three rounds of linear discriminants, Gaussians and
       likeliest paths. "across": three rounds, in which each fifth of the recordings is
       labelled by linear discriminants from the others; it needs ten recordings whose
       labels predict each other.
    3. *Matching.* Candidates number actions differently. The first reference is the
       labelling that agrees most with the others. Two steps alternate: labellings are
       matched to the reference, action to action, by most common frames (the Hungarian
       method), and their votes become the reference.
    4. *Vote.* The weight of a labelling is its agreement with others beyond chance, by
       Cohen's kappa, times :math:`e^{2 I}`, at most 0.15. I is the information, in
       nats, that it transfers between recordings, the logarithm of `score`; free order
       uses kappa alone. A labelling with fewer than half of the actions in effect has
       no vote. With the share :math:`v_{tk}` of votes for action k in frame t, the
       scores of the decoder are

       .. math:: \ell_{tk} = \log (v_{tk} + 0.02) .

    5. *Readings.* Where recordings leave the order open, or the scale of a raw signal,
       the vote is fitted in the other way, too. If that differs and predicts held-out
       recordings about as well, ``readings_`` keeps both, for a person to choose.

    Actions are numbered by the mean relative time of their frames. `candidate_labels`
    let a person overrule the vote.

    Parameters
    ----------
    {shared: n_actions}
    candidates : "auto" or list of (str, estimator), default="auto"
        Names and segmenters, or pipelines that end in one. Clones are fitted to the
        recordings, with this ``n_actions``; without an own seed, each gets one from
        ``random_state``. A `sklearn.frozen.FrozenEstimator` is used as fitted. "auto"
        takes `TemporalOTSegmenter` in several settings, `HMMSegmenter` and methods of
        `skl_tot.baselines`, by the order; ``names_`` lists them.
    order : {"auto", "strict", "mostly", "free"}, default="auto"
        Course of the recordings. "auto" looks at them. "strict": each action once, in
        one order; candidates, refinements and the vote keep it. "mostly": an order,
        with exceptions. "free": no order.
    windows : "auto", SignalWindows or None, default="auto"
        Input of candidates: windows around frames, by a fitted clone. "auto" uses them
        for the candidates "auto" if frames are raw signal.
    refine : bool, default=True
        Whether the refinements of each candidate vote.
    {shared: decoding}
    switch_cost : float, "auto" or None, default=None
        As for `TemporalOTSegmenter`. Votes are smooth and need a lower cost: None is
        0.1, and 0.02 in free order. Does not change the fit.
    {shared: min_duration}
    {shared: background_percentile}
        A candidate's own background is no vote.
    {shared: standardize}
        Given candidates have their own.
    {shared: device}
    n_jobs : int, default=None
        Candidates that are fitted at the same time, in processes that share the frames.
    {shared: random_state}
    verbose : int, default=0
        Whether to show a progress bar over candidates. From 2, those of "auto" show
        their own bars.

    Attributes
    ----------
    {shared: n_actions_, look_, order_}
    windows_ : SignalWindows or None
        Fitted ``windows``.
    readings_ : list of dict
        Readings of the recordings, the model's own first, at most three: "name",
        "sentence" about it, "agreement" (share of frames on which it agrees with the
        first), "trust" (agreement beyond chance of models of both halves of the
        recordings) and "model" (None for the first). See `use_reading`.
    stride_ : int
        Step of the frames that candidates see; they vote for the frames around. Above 1
        only for long recordings with similar neighbouring frames.
    names_ : list of str
        Names of the candidates, and of their refinements.
    estimators_ : list of estimator
        Fitted candidates.
    refinements_ : list of dict of ndarray
        Models of the refinements.
    mappings_ : ndarray of shape (n_members, n_actions)
        Action of the vote for each action of each of ``names_``.
    weights_ : ndarray of shape (n_members,)
        Weight of the vote of each of ``names_``; the sum is 1.
    agreement_ : ndarray of shape (n_members, n_members)
        Share of the frames of the fit on which two of ``names_`` agree, after matching.
    results_ : dict of list
        Columns of a data frame, with a row for each of ``names_``: "name"; "score", the
        mean share of votes that agree with it; "weight" of its vote; "effective"
        actions; mean "agreement" with others; mean "n_segments"; "seconds".

    Notes
    -----
    See `TemporalOTSegmenter` for input, labels, edge cases and further attributes.
    `predict` applies every candidate to new recordings. `predict_proba` is
    :math:`v_{tk}`, smoothed by 0.02; it measures the agreement of candidates, not how
    often they are right.

    Examples
    --------
    >>> from skl_tot import AutoSegmenter, TemporalOTSegmenter
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> tot = TemporalOTSegmenter(max_iter=200, n_parts=2)
    >>> candidates = [("tot", tot), ("mallow", MallowSegmenter())]
    >>> model = AutoSegmenter(4, candidates=candidates, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    >>> model.names_[:4]
    ['tot', 'mallow', 'tot refined', 'tot across']
    """

    __module__ = "skl_tot"

    _defaults_by_order = {
        "strict": {"decoding": "fixed", "switch_cost": 0.1},
        "mostly": {"decoding": "free", "switch_cost": 0.1},
        "free": {"decoding": "free", "switch_cost": 0.02},
    }
    _parameter_constraints = {
        "candidates": [StrOptions({"auto"}), list],
        "refine": ["boolean"],
        "windows": [None, StrOptions({AUTO}), SignalWindows],
        "device": [str],
        "n_jobs": [None, Interval(Integral, -MOST, MOST, closed="both")],
        "verbose": ["verbose"],
    }
    stride_ = 1

    def __init__(
        self,
        n_actions=8,
        *,
        candidates="auto",
        order="auto",
        windows="auto",
        refine=True,
        decoding="auto",
        switch_cost=None,
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
        """Label every frame by each candidate.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        labels : dict of str to ndarray of shape (n_frames,), or list of these
            Labels by name, in the order of ``names_``, decoded by each candidate.
            Actions have the labels of `predict`, also after corrections.

        Raises
        ------
        {shared: NotFittedError, TypeError}
        """
        videos, found = self.prepare(X), {}
        members = zip(self.names_, self.mappings_, self._labels_on_all_frames(videos))
        for name, mapping, paths in members:
            labels = [np.where(own < 0, BACKGROUND, mapping[own]) for own in paths]
            if self.layers_:
                labels = self._correct_paths(labels, videos)
            if self.classes_ is not None:
                labels = self._to_labels(labels)
            found[name] = videos.restore(labels)
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

    def use_reading(self, name):
        """Make another of ``readings_`` the model's own, without a new fit.

        Parameters
        ----------
        name : str
            Its name in ``readings_``. The reading of now becomes one of the others.

        Returns
        -------
        self : object
            The estimator. Corrections belong to a reading, and go with it.

        Raises
        ------
        {shared: NotFittedError}
        ValueError
            If there is no such reading.
        """
        check_is_fitted(self, "readings_")
        names = [reading["name"] for reading in self.readings_]
        if name not in names:
            refuse("name", name, f"one of {names}")
        if name != names[0]:
            exchange_reading(self, self.readings_[names.index(name)])
        return self

    def best_member(self):
        """Give the candidate with the largest weight that can label a stream.

        `OnlinePrediction` and ``skl-tot watch`` use it in place of the vote.

        Returns
        -------
        name : str
            Its name in ``names_``.
        model : estimator
            A copy of the candidate, in a pipeline after ``windows_`` if the vote has
            them. Actions have the labels of `predict`, matched by ``mappings_``.

        Raises
        ------
        {shared: NotFittedError}
        ValueError
            If all candidates need whole recordings or see only some frames
            (``stride_``), or actions are merged or split.
        """
        check_is_fitted(self, "weights_")
        models = list(map(pipelines.unfrozen, self.estimators_))
        usable = [i for i, own in enumerate(models) if not pipelines.waits_for_end(own)]
        if self.layers_ or self.stride_ > 1 or not usable:
            raise ValueError(
                "AutoSegmenter has no candidate that labels a stream as the vote does; "
                "fit HMMSegmenter (--method hmm), or predict when the recording has "
                "ended."
            )
        best = max(usable, key=lambda i: self.weights_[i])
        member = copy(pipelines.last_step(models[best]))
        member.classes_ = self.actions_[self.mappings_[best]]
        if self.min_duration is not None:
            member.min_duration = self.min_duration
        steps = [*pipelines.steps_of(models[best])[:-1], (None, member)]
        if self.windows_ is not None:
            steps = [(None, copy(self.windows_)), *steps]
        if hasattr(self, "feature_names_in_"):
            steps[0][1].feature_names_in_ = self.feature_names_in_
        return self.names_[best], pipelines.joined(steps)

    @property
    def waits_for_end_(self):
        """Reason: candidates decode whole recordings."""
        return "AutoSegmenter's candidates need whole recordings; fit HMMSegmenter"

    def _fit(self, X, y, /, **known):
        """Fit, and then in other ways that the recordings leave open."""
        with unchanged_on_error(self):
            super()._fit(X, y, **known)
            self.readings_ = find_readings(self, X)
        return self

    def _learn(self, videos):
        self.stride_ = 1
        if self.candidates == AUTO or self.windows_ is not None:
            self.stride_ = find_stride(videos, self.windows_, self._known_number())
        seen = thinned(videos, self.stride_)
        plans = self._plans()
        self._settle_n_actions(seen)
        fitted = self._fit_members(plans, seen)
        self.estimators_ = [own.model for own in fitted[: len(plans)]]
        self.refinements_ = [own.model for own in fitted[len(plans) :]]
        labellings = [np.concatenate(own.labels) for own in fitted]
        information = None
        if self.order_ != "free":  # there, high values mean too many segments
            known = seen.blocks, self.n_actions_
            found = [carried_information(known[0], m.labels, known[1]) for m in fitted]
            information = np.array(found)
        allowed = find_voters(fitted, self.n_actions_)
        consensus = find_consensus(labellings, self.n_actions_, information, allowed)
        cuts = np.cumsum(seen.lengths)[:-1]
        order = time_order(np.split(consensus.votes, cuts))
        self.results_ = describe_members(fitted, consensus)
        self.names_ = list(self.results_["name"])
        self.mappings_ = np.argsort(order)[consensus.mappings]
        self.weights_, self.agreement_ = consensus.weights, consensus.agreement
        votes = np.split(consensus.votes[:, order], cuts)
        lengths = videos.lengths
        return Passes(lambda i: self._score(votes[i], lengths[i]), len(videos))

    def _look(self, videos):
        """Look at recordings, and choose windows also where the order is given."""
        super()._look(videos)
        is_auto = self.windows == AUTO
        if self.windows is None or (is_auto and self.candidates != "auto"):
            self.windows_ = None  # candidates see the frames as given
        elif not is_auto:
            self.windows_ = fit_windows(videos, self.windows)
        elif self.look_ is None:
            scaler = fit_scaler(videos) if self.scaler_ is None else self.scaler_
            if is_raw(videos.standardize(scaler), self._known_number()):
                self.windows_ = fit_windows(videos)

    def _plans(self):
        """Plans of the candidates, checked and with seeds, see `default_plans`."""
        if self.candidates == AUTO:
            options = {"standardize": self.standardize, "device": self.device}
            options["verbose"] = int(self.verbose > 1)
            plans = default_plans(self.order_, **options)
        else:
            if not (self.candidates and _are_named(self.candidates)):
                what = "a list of pairs of a name and an estimator"
                refuse("candidates", self.candidates, what, TypeError)
            plans = [Plan(*pair) for pair in self.candidates]
            names = [plan.name for plan in plans]
            if self.refine:
                names += [n for name in names for n in names_of_refinements(name)]
            self._validate_names(names)
        rng = check_random_state(self.random_state)
        seeds = from_first_process(rng.randint(2**31 - 1, size=len(plans)).tolist())
        return [plan._replace(seed=seed) for plan, seed in zip(plans, seeds)]

    def _fit_members(self, plans, seen):
        """Fit candidates; list them, and then their refinements."""
        spread = measure_spread(seen, SHRINKAGE) if self.refine else None
        options = {"order": self.order_, "n_jobs": self.n_jobs}
        coming = fit_members(plans, seen, self.n_actions_, spread, **options)
        found = {}
        with counter(len(plans), self.verbose, "member") as count:
            for name, members in coming:
                found[name] = members
                count(1)
        rows = [found[plan.name] for plan in plans]
        return [row[0] for row in rows] + [member for row in rows for member in row[1:]]

    def _log_likelihoods(self, videos):
        n_learned = self.mappings_.shape[1]
        shares = [
            count_votes(paths, self.weights_, self.mappings_, n_learned)
            for paths in zip(*self._labels_of_candidates(videos))
        ]
        return map(self._score, shares, videos.lengths)

    def _score(self, shares, n_frames):
        """Log-likelihoods of all frames from shares of votes of the seen frames."""
        (own,) = on_all_frames([shares], [n_frames], self.stride_)
        return np.log(own + LEAST_VOTE)

    def _labels_of_candidates(self, videos):
        """Labels by each candidate for the frames that it sees, in its own numbers."""
        seen = thinned(videos, self.stride_)
        for model in [*self.estimators_, *self.refinements_]:
            yield labels_of_member(model, seen)

    def _labels_on_all_frames(self, videos):
        """Labels of all frames by each candidate, in its own numbers."""
        for labels in self._labels_of_candidates(videos):
            yield list(on_all_frames(labels, videos.lengths, self.stride_))


def _are_named(candidates):
    return isinstance(candidates, list) and all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)
        for pair in candidates
    )
