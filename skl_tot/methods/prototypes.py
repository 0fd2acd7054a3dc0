"""Base of segmenters that learn prototypes from pseudo-labels, online."""

import math
from abc import abstractmethod
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import log_softmax
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skl_tot.decoding.gaussians import STREAM_MEMORY
from skl_tot.methods.base import Passes, sum_groups
from skl_tot.methods.collapses import FitWarning, describe_few
from skl_tot.methods.discriminants import time_order
from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.recordings.checks import unchanged_on_error
from skl_tot.recordings.container import row_blocks
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.signals import stretches
from skl_tot.shared_texts import with_shared_texts
from skl_tot.training.components import COUNT
from skl_tot.training.loop import Snapshot, map_moments
from skl_tot.training.network import score_prototypes

# Merges take the largest overlap over size to this power. With 1/2 long actions absorb
# short neighbours; with 1 no action gets longer than the others.
SIZE_EXPONENT = 2 / 3
# Smaller sums of codes lose precision in the logarithm.
LEAST_SUM = 1e-290


@with_shared_texts
class PrototypeSegmenter(NetworkSegmenter):
    """Base of segmenters with one or several prototypes per action.

    A subclass defines the loss term of prototypes and pseudo-labels in
    ``_cross_entropy``, and lists it in ``_terms``.
    """

    _parameter_constraints = {
        **NetworkSegmenter._parameter_constraints,
        "n_prototypes": COUNT,
        "n_networks": COUNT,
    }

    _pairs: Callable = staticmethod(pairwise)  # of groups that may be merged

    @abstractmethod
    def _cross_entropy(self):
        """Make the term of prototypes and pseudo-labels."""

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y=None):
        """Continue learning, with one pass over the given recordings in order.

        Standardisation, optimiser and random numbers continue from call to call, so the
        first ``freeze_iter`` steps of a stream keep the initial prototypes. Background,
        if requested, is learned from the last 20 calls or so, which together need many
        and different recordings.

        Parameters
        ----------
        {shared: X, y}

        Returns
        -------
        self : object
            The fitted estimator; ``labels_`` are those of the given recordings.

        Raises
        ------
        TypeError, ValueError
            As in `fit`, but all recordings may be shorter than ``n_actions`` frames; or
            after a `fit` in free order that learned states from all recordings.
        """
        if self.n_actions == AUTO:
            what = "a number for partial_fit, such as skl_tot.choose_n_actions gives"
            refuse("n_actions", AUTO, what)
        with unchanged_on_error(self), threadpool_limits(1, "blas"):  # as in `fit`
            is_first = not hasattr(self, "network_")
            # without a prior, prototypes change their order after each call
            goes_on = not is_first and self._cross_entropy().prior is not None
            start = before = earlier = names = None
            if not is_first:
                if self.standardize != self.standardize_:
                    what = f"{self.standardize_!r} as before; fit anew"
                    refuse("standardize", self.standardize, what)
                state = self.network_, self.n_iter_, self.moments_, self.rng_state_
                start = Snapshot(*state)
                earlier = self.prototype_actions_
                names = self._kept_names(goes_on)
            if goes_on and self.n_actions == self.n_actions_:
                before = self.background_
            scaler = getattr(self, "scaler_", None)
            videos = self._read_fit(X, y, reset=is_first, scaler=scaler)
            self.mean_frames_ = math.inf  # unknown from a few recordings
            with videos.named_errors():
                scores = self._learn(videos, start, one_pass=True, goes_on=goes_on)
                if goes_on:
                    sources = _earlier_actions(earlier, self.prototype_actions_)
                    self.classes_ = None if names is None else names[sources]
                if before is not None:
                    before = {key: own[sources] for key, own in before.items()}
                facts = describe_few(self, self._label(scores, videos, before))
        for fact in facts:
            warn_user(fact, FitWarning)
        return self

    def _kept_names(self, goes_on):
        """Names for `partial_fit`, which finds the same actions, or an error."""
        is_merged = self.layers_ or self.n_actions_ != self._n_learned
        is_other = not goes_on or self.n_actions != self.n_actions_
        if is_merged or (self.classes_ is not None and is_other):
            what = "merged or split" if is_merged else "named"
            raise ValueError(
                f"partial_fit finds other actions than those that were {what}; fit "
                "anew, or teach this model by corrections.refine."
            )
        return self.classes_

    def pseudo_labels(self, X):
        """Compute the pseudo-labels Q that training would use (Eq. 10, Fig. 3).

        Each recording is one transport problem with all its frames. With
        ``prior="path"`` the prior is that of paths. Several parts of an action are
        summed, and several networks are averaged.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        codes : ndarray of shape (n_frames, n_actions), or list of these
            Q; each row sums to 1.

        {shared: raises}
        """
        videos = self.prepare(X)
        codes, n_sampled = [], self._settings().frames_per_video
        for similarities in self._encode(videos, score_prototypes):
            problem = self._cross_entropy()  # new, as its prior caches tables
            own = self._codes_of_video(problem, similarities, n_sampled)
            codes.append(sum_groups(own, self.prototype_actions_, np.add))
        return videos.restore(codes)

    def similarities(self, X):
        """Compare every frame with every prototype.

        Parameters
        ----------
        {shared: X}

        Returns
        -------
        similarities : ndarray of shape (n_frames, n_prototypes), or list of these
            z·c, float32; their softmax at the ``temperature`` is P. Those of several
            networks are side by side, ``n_networks * n_actions * n_prototypes`` in
            total.

        {shared: raises}
        """
        videos = self.prepare(X)
        return videos.restore(list(self._encode(videos, score_prototypes)))

    @property
    def prototypes_(self):
        """Prototypes, in the order of the actions."""
        return self.network_["prototypes"]

    def _learn(self, videos, start=None, *, one_pass=False, goes_on=False):
        """Train, sort the prototypes and merge them."""
        self._settle_n_actions(videos)
        problem = self._cross_entropy()
        if not one_pass and problem.freeze_iter >= self.max_iter:
            raise ValueError(
                "the optimizer's freeze_iter leaves no step of "
                f"max_iter={self.max_iter} in which the prototypes move; give fewer, "
                "or a share such as 0.1."
            )
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        snapshot = self._train(videos, seed, start=start, one_pass=one_pass)
        self.moments_, self.rng_state_ = snapshot.moments, snapshot.rng_state
        is_ordered = problem.prior is not None
        has_groups = self._resolved("n_prototypes") > 1 or self._n_fitted_networks > 1
        has_background = self.background_percentile is not None
        keep = not is_ordered or has_groups or has_background  # for further passes
        sample = stretches(videos)
        similarities = self._encode(sample.videos, score_prototypes, keep=keep)
        if not is_ordered:
            similarities = self._order_by_time(similarities, sample)
        self._merge(similarities, sample, goes_on)
        if sample.videos is not videos:
            return None
        return Passes(lambda i: self._log_likelihood(similarities[i]), len(videos))

    def _order_by_time(self, similarities, sample):
        """Sort the prototypes by the mean relative time of their frames, like CTE."""
        order = time_order((self._codes(x) for x in similarities), sample.times())
        n_prototypes = len(order) // self._n_fitted_networks
        # networks stay in order
        order = order[np.argsort(order // n_prototypes, kind="stable")]

        def sort(prototypes):
            rows = prototypes.reshape(len(order), -1)
            return rows[order].reshape(prototypes.shape)

        self.network_ = self.network_ | {"prototypes": sort(self.prototypes_)}
        if "prototypes" in self.moments_:  # absent if always frozen
            own = {"prototypes": self.moments_["prototypes"]}
            self.moments_ = self.moments_ | map_moments(own, sort)
        return Passes(lambda i: similarities[i][:, order], len(sample.videos))

    def _merge(self, similarities, sample, goes_on):
        if self._resolved("n_prototypes") == 1 and self._n_fitted_networks == 1:
            self.overlap_ = 0.0
            self.prototype_actions_ = np.arange(self.n_actions_)
            return
        overlap = code_overlap(self._codes(x) for x in similarities)
        if goes_on:  # few recordings; earlier ones belong to an older network
            overlap += STREAM_MEMORY * self.overlap_
        self.overlap_ = overlap
        self.prototype_actions_ = group_prototypes(
            overlap, self._n_fitted_networks, self.n_actions_, self._pairs
        )

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._encode(videos, score_prototypes))

    def _log_likelihood(self, similarities):
        """Logarithm of P, summed over the parts of each action, mean of networks."""
        groups = self.prototype_actions_
        parts = np.eye(groups.max() + 1)[groups]
        result = np.empty((len(similarities), parts.shape[1]))
        for rows in row_blocks(similarities):  # limits temporary arrays
            sums = self._codes(similarities[rows]) @ parts
            if sums.min() >= LEAST_SUM:
                result[rows] = np.log(sums)
                continue
            log_codes = self._log_codes(similarities[rows])
            result[rows] = sum_groups(log_codes, groups, np.logaddexp)
        return result

    def _codes(self, similarities):
        """Codes P of prototypes, by network."""
        codes, own = self._scores(similarities)
        own -= own.max(axis=2, keepdims=True)
        np.exp(own, out=own)
        own /= own.sum(axis=2, keepdims=True) * self._n_fitted_networks
        return codes

    def _log_codes(self, similarities):
        """Logarithm of the codes, also of vanishing ones."""
        codes, own = self._scores(similarities)
        own[:] = log_softmax(own, axis=2) - np.log(self._n_fitted_networks)
        return codes

    def _scores(self, similarities):
        """Scores before the softmax, and a view by network."""
        temperature = self._component("network").temperature
        scores = similarities.astype(np.float64) / temperature
        return scores, scores.reshape(len(scores), self._n_fitted_networks, -1)

    def _codes_of_video(self, problem, similarities, n_sampled):
        """Pseudo-labels of prototypes in a whole recording, by network."""
        parts = np.split(similarities, self._n_fitted_networks, axis=1)
        codes = [problem.codes_of_video(own, n_sampled, self.n_iter_) for own in parts]
        return np.concatenate(codes, axis=1) / self._n_fitted_networks


def _earlier_actions(earlier, now):
    """Earlier number of each action, by its first prototype; the same if ambiguous."""
    sources = earlier[np.unique(now, return_index=True)[1]]
    is_clear = len(np.unique(sources)) == len(sources)
    return sources if is_clear else np.arange(len(sources))


def code_overlap(codes):
    """Sum of P' P (n_prototypes, n_prototypes) over codes P, in frames."""
    return sum(video.T @ video for video in codes)


def group_prototypes(overlap, n_networks, n_actions, pairs=pairwise):
    """Find the action of each prototype of several networks."""
    blocks = np.split(np.arange(len(overlap)), n_networks)
    actions = np.concatenate(
        [merge_groups(overlap[np.ix_(own, own)], n_actions, pairs) for own in blocks]
    )
    members = np.eye(n_actions)[actions]  # (n_networks * n_prototypes, n_actions)
    for turn in range(2):
        for r, block in enumerate(blocks[1:], 1):
            later = blocks[r + 1 :] if turn else []
            others = np.concatenate(blocks[:r] + later)
            shared = members[block].T @ overlap[np.ix_(block, others)] @ members[others]
            columns = linear_sum_assignment(shared, maximize=True)[1]
            actions[block] = columns[actions[block]]
            members[block] = np.eye(n_actions)[actions[block]]
    return actions


def merge_groups(overlap, n_actions, pairs=pairwise):
    """Merge prototypes that the network cannot distinguish, down to ``n_actions``."""
    groups = [[k] for k in range(len(overlap))]
    while len(groups) > n_actions:
        sizes = np.array([overlap[group].sum() for group in groups])
        tried = list(pairs(range(len(groups))))
        shared = [overlap[np.ix_(groups[a], groups[b])].sum() for a, b in tried]
        scale = sizes[tried].prod(axis=1) ** SIZE_EXPONENT
        # an empty group is merged first
        empty = np.full(len(scale), np.inf)
        alike = np.divide(shared, scale, out=empty, where=scale > 0)
        first, second = tried[int(alike.argmax())]
        groups[first] = groups[first] + groups.pop(second)
    actions = np.empty(len(overlap), dtype=np.intp)
    for action, group in enumerate(groups):
        actions[group] = action
    return actions
