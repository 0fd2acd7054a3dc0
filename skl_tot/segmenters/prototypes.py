"""What segmenters share that learn prototypes from pseudo-labels, online."""

from abc import abstractmethod
from numbers import Integral, Real

import numpy as np
from scipy.special import log_softmax
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skl_tot.decoding.background import STREAM_MEMORY
from skl_tot.decoding.prototypes import (
    code_overlap,
    group_prototypes,
    merge_neighbours,
    time_order,
)
from skl_tot.decoding.trees import halve_group, merge_tree
from skl_tot.inputs.blocks import row_blocks
from skl_tot.inputs.clocks import check_rate
from skl_tot.inputs.forms import mirror_form, named_errors
from skl_tot.inputs.labels import BACKGROUND
from skl_tot.inputs.states import check_array, check_item, check_numbering
from skl_tot.inputs.videos import check_videos, unchanged_on_error
from skl_tot.segmenters.edits import follow_parts, together
from skl_tot.segmenters.fitted import check_fitted, context_of, standardize_fit
from skl_tot.segmenters.levels import (
    check_level,
    check_tree,
    coarse_groups,
    fine_splits,
    refine_path,
)
from skl_tot.segmenters.networks import NetworkSegmenter
from skl_tot.segmenters.passes import Passes
from skl_tot.training.components import LARGEST, MOST, SMALLEST
from skl_tot.training.network import Encoder
from skl_tot.training.state import Snapshot, map_moments

# Added to the frames of parts, which may have none.
LEAST_FRAMES = 1e-6


class PrototypeSegmenter(NetworkSegmenter):
    """Base of segmenters whose actions are prototypes, one or several of an action.

    A subclass gives the term of the loss that has prototypes and pseudo-labels in
    ``_cross_entropy``, and names it among its ``_terms``.
    """

    _parameter_constraints = NetworkSegmenter._parameter_constraints | {
        "n_parts": [Interval(Integral, 1, MOST, closed="both")],
        "temperature": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        "warm_start": ["boolean"],
    }

    _merger = staticmethod(merge_neighbours)

    @abstractmethod
    def _cross_entropy(self):
        """Make the term that prototypes and pseudo-labels belong to."""

    def predict(self, X, *, transcripts=None, n_actions=None):
        """Label every frame by the likeliest path through the actions.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        transcripts : sequence of int, or sequence of such, default=None
            The actions that each video is known to show, in their order; one may
            return. Their path has just these segments (in a video with fewer frames,
            some of them), whatever ``decoding`` is. None leaves actions to be found.
        n_actions : int, default=None
            Another number of actions than that of the fit, from 1 to the prototypes of
            a network, without training anew. ``merge_tree_`` is cut to so many groups.
            Fewer make one of the actions of each group. For more, segments of the fit
            are cut in turn: where a group is undone, the decoder looks for a path
            through its halves, in each of its segments. So cuts are nested: a boundary
            of few actions is one of more, too. Groups are numbered by their first
            action, halves of one by their first prototype. Needs ``n_parts`` or
            ``n_init`` above 1; not after `guide` or edits.

        Returns
        -------
        labels : ndarray of shape (n_frames,), or list of such
            Labels 0 … K - 1, non-decreasing in each video if ``decoding`` keeps their
            order and no transcript says otherwise; -1 for background, if that was asked
            for. After a fit with ``guidance``, or `guide`, those of ``classes_``, on
            paths that go by the moves from action to action of what was labelled.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video, a transcript or ``n_actions`` is not valid.
        """
        if n_actions is None:
            return super().predict(X, transcripts=transcripts)
        videos, form = check_fitted(self, X)
        is_edited = self._classes() is not None or bool(self._edits())
        check_level(n_actions, self._tree(), is_edited, transcripts)
        if n_actions <= self.n_actions_:
            groups = coarse_groups(self._tree(), self.prototype_actions_, n_actions)
            words = np.append(groups, BACKGROUND)  # the last is that of -1
            paths = [words[reading.path] for reading in self._read(videos)]
            return mirror_form(paths, form)
        splits = fine_splits(
            self._tree(), self._overlap, self.prototype_actions_, n_actions
        )
        paths = []
        for reading, log_codes in zip(self._read(videos), self._log_parts(videos)):
            path = reading.path
            for action, parts in splits:
                path = refine_path(
                    path, action, parts, log_codes, self.decoding, self.switch_cost
                )
            paths.append(path)
        return mirror_form(paths, form)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Go on learning, with one pass over the given videos in the order given.

        Standardisation, optimiser and random numbers carry on from call to call, so
        the first ``freeze_iter`` steps of a stream leave the prototypes as drawn. What
        is background, if that is asked for, is told by the last 20 calls or so, which
        together need many and different videos.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : array-like of shape (n_frames,), or sequence of such, default=None
            As in `fit`.

        Returns
        -------
        self : object
            The fitted estimator; ``labels_``, if computed, are those of the given
            videos.

        Raises
        ------
        TypeError, ValueError
            As in `fit`, but videos may all be shorter than ``n_actions`` frames.
        """
        with unchanged_on_error(self):
            is_first = not hasattr(self, "network_")
            # without a prior, prototypes have another order after each call
            goes_on = not is_first and self._cross_entropy().prior is not None
            before = None
            # with labels, or before that without, it is of other actions
            is_guided = self.guidance is not None or self._guide() is not None
            if goes_on and not is_guided and self.n_actions == self.n_actions_:
                before = self.background_
            self.fps_ = check_rate(self, X)
            arrays, form = check_videos(self, X, reset=is_first)
            known = self._read_known(y, arrays, form)
            if not is_first:
                self._check_reading()
            videos = standardize_fit(self, arrays, getattr(self, "scaler_", None))
            start = None
            if not is_first:
                start = Snapshot(
                    self.network_, self.n_iter_, self._moments, self._rng_state
                )
            earlier = getattr(self, "prototype_actions_", None)
            with named_errors(form):
                log_likelihoods = self._learn_from(videos, start, True, goes_on)
                if before is not None:
                    before = _renumbered(before, earlier, self.prototype_actions_)
                self._guide_and_label(known, log_likelihoods, videos, form, before)
        return self

    def pseudo_labels(self, X):
        """Compute the pseudo-labels Q that training would use (Eq. 10, Fig. 3).

        Each video is a transport problem of its own here, with all its frames. With
        ``prior="path"`` the prior is that of paths; with several parts an action has
        the sum of theirs, and with several networks the mean of theirs.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        codes : ndarray of shape (n_frames, n_actions), or list of such
            Q, each row summing to 1.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        codes = []
        for similarities in self._similarities(videos):
            problem = self._cross_entropy()  # anew, as its prior keeps tables
            own = self._codes_of_video(problem, similarities, self.frames_per_video)
            codes.append(self._together(own, np.add))
        return mirror_form(codes, form)

    def similarities(self, X):
        """Compare every frame with every prototype.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        similarities : ndarray of shape (n_frames, n_prototypes), or list of such
            z·c, float32; their softmax at ``temperature`` is P. Those of several
            networks are side by side, ``n_init * n_actions * n_parts`` in all.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        return mirror_form(list(self._similarities(videos)), form)

    @property
    def prototypes_(self):
        """Prototypes, in the order of the actions."""
        return self.network_["prototypes"]

    def _check_reading(self):
        """Refuse to go on with frames that are read in another way than before."""
        before = {
            "standardize": getattr(self, "_standardize", self.standardize),
            "context": context_of(self),
        }
        for name, value in before.items():
            now = getattr(self, name)
            if value != now:
                raise ValueError(
                    f"Cannot go on from a fit with {name}={value!r} to {now!r}; fit "
                    "anew."
                )

    def _check_state(self):
        super()._check_state()
        actions = self.prototype_actions_
        check_numbering(actions, "prototype_actions_", self.n_actions_)
        n_networks = self._n_networks
        shape = (len(actions), self._n_features_out)
        if n_networks > 1:
            shape = (n_networks, len(actions) // n_networks, shape[1] // n_networks)
        check_item(self.network_, "network_", "prototypes", shape)
        if len(actions) % n_networks:
            raise ValueError(
                f"prototype_actions_ has {len(actions)} prototypes, expected as many "
                f"of each of {n_networks} networks"
            )
        if self._tree() is not None:
            check_array(self._overlap, "_overlap", (len(actions), len(actions)))
            check_tree(self._tree(), actions[: len(actions) // n_networks])
        elif any("parts" in edit for edit in self._edits()):
            raise ValueError("edits_ has parts without merge_tree_")

    def _learn(self, videos):
        start = None
        if self.warm_start and hasattr(self, "network_"):
            start = Snapshot(self.network_, self.n_iter_)
        n_iter = 0 if start is None else start.n_iter
        if self._cross_entropy().freeze_iter >= n_iter + self.max_iter:
            raise ValueError(
                f"freeze_iter={self.freeze_iter} leaves no step of "
                f"max_iter={self.max_iter} in which the prototypes move; give fewer, "
                "or a share such as 0.1."
            )
        return self._learn_from(videos, start, False, False)

    def _learn_from(self, videos, start, one_pass, goes_on):
        """Train, and put the prototypes in order and together; as `_learn`."""
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        snapshot = self._train(videos, seed, start=start, one_pass=one_pass)
        self._moments, self._rng_state = snapshot.moments, snapshot.rng_state
        self.n_actions_ = int(self.n_actions)
        is_ordered = self._cross_entropy().prior is not None
        n_passes = (not is_ordered) + bool(self.compute_labels)
        n_passes += self.n_parts > 1 or self._n_networks > 1
        n_passes += self.background_percentile is not None
        similarities = self._similarities(videos, keep=n_passes > 1)
        if not is_ordered:
            similarities = self._order_by_time(similarities, videos)
        self._merge(similarities, goes_on)
        return lambda: map(self._log_likelihood, similarities)

    def _order_by_time(self, similarities, videos):
        """Sort the prototypes by the mean relative time of their frames, as CTE does.

        Without the prior nothing ties the index of a prototype to its place in time.
        """
        order = time_order(np.exp(self._log_codes(x)) for x in similarities)
        n_prototypes = len(order) // self._n_networks
        # networks stay one after the other
        order = order[np.argsort(order // n_prototypes, kind="stable")]

        def sort(prototypes):
            rows = prototypes.reshape(len(order), -1)
            return rows[order].reshape(prototypes.shape)

        self.network_ = self.network_ | {"prototypes": sort(self.prototypes_)}
        if "prototypes" in self._moments:  # not if they were frozen all along
            own = {"prototypes": self._moments["prototypes"]}
            self._moments = self._moments | map_moments(own, sort)
        return Passes(lambda i: similarities[i][:, order], len(videos), keep=False)

    def _merge(self, similarities, goes_on):
        """Tell which prototypes are parts of one action."""
        if self.n_parts == 1 and self._n_networks == 1:
            self._overlap, self.merge_tree_ = 0.0, None
            self.prototype_actions_ = np.arange(self.n_actions)
            return
        overlap = code_overlap(np.exp(self._log_codes(x)) for x in similarities)
        if goes_on:  # a few videos say little, and old ones are of another network
            overlap += STREAM_MEMORY * self._overlap
        self._overlap = overlap
        first = slice(len(overlap) // self._n_networks)
        self.merge_tree_ = merge_tree(overlap[first, first], self._merger)
        self.prototype_actions_ = group_prototypes(
            overlap, self._n_networks, self.n_actions, self._merger
        )

    def _tree(self):
        """Get the tree of parts, if there is one; models of before had none."""
        return getattr(self, "merge_tree_", None)

    def _split_parts(self, code, n):
        tree = self._tree()
        if tree is None or self._guide() is not None:
            return None
        actions, is_mixed = follow_parts(self.prototype_actions_, self._edits())
        is_part = actions == code
        if is_mixed[code] or np.count_nonzero(is_part[: len(tree) + 1]) < n:
            return None
        parts = halve_group(tree, self._overlap, is_part, n)
        frames = np.sum(self._overlap, axis=1)[is_part] + LEAST_FRAMES
        shares = np.bincount(parts[is_part], frames)
        return {"shares": shares / shares.sum(), "parts": parts}

    def _log_parts(self, videos):
        """Logarithms of the codes of prototypes in videos."""
        return map(self._log_codes, self._similarities(videos))

    def _similarities(self, videos, *, keep=False):
        """Pass over the similarities of videos."""
        return self._encode(videos, Encoder.similarities, keep=keep)

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._similarities(videos))

    def _log_likelihood(self, similarities):
        """Logarithm of P, summed over the parts of each action, mean of networks."""
        result = np.empty((len(similarities), self.n_actions_))
        for rows in row_blocks(similarities):  # a long video has few temporaries
            log_codes = self._log_codes(similarities[rows])
            result[rows] = self._together(log_codes, np.logaddexp)
        return result

    def _log_codes(self, similarities):
        """Logarithm of the codes P of prototypes, by the number of networks."""
        scores = similarities.astype(np.float64) / self.temperature
        own = scores.reshape(len(scores), self._n_networks, -1)
        codes = log_softmax(own, axis=2) - np.log(self._n_networks)
        return codes.reshape(scores.shape)

    def _codes_of_video(self, problem, similarities, n_sampled):
        """Pseudo-labels of prototypes in a whole video, by the number of networks."""
        codes = []
        for own in np.split(similarities, self._n_networks, axis=1):
            codes.append(problem.codes_of_video(own, n_sampled, self.n_iter_))
        return np.concatenate(codes, axis=1) / self._n_networks

    def _together(self, codes, add):
        """Put codes (n_frames, n_prototypes) of the parts of each action together."""
        return together(codes, self.prototype_actions_, add)


def _renumbered(background, earlier, now):
    """Give what is known of actions their numbers of now, by their prototypes.

    It stays as it was where these were put together in another way.
    """
    sources = earlier[np.unique(now, return_index=True)[1]]
    if len(np.unique(sources)) < len(sources):
        return background
    return {name: values[sources] for name, values in background.items()}
