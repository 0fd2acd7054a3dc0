"""Learning from a few labels or transcripts, with any segmenter."""

# A guide is an appearance of `skl_tot.methods.discriminants` with logarithms of
# `ratios` of clusters, `times`, `moves` and `starts` of actions. Labels, codes and
# clusters are lists of arrays (n_frames_i,), with -1 for unknown.

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from sklearn.base import _fit_context
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import HasMethods, StrOptions

from skl_tot.decoding import orders
from skl_tot.decoding.chain import fixed_chain
from skl_tot.decoding.decoders import DECODERS, decode, move_decoder, nats_of_switch
from skl_tot.methods.base import BaseSegmenter, Passes
from skl_tot.methods.correction_layers import corrected_moves
from skl_tot.methods.discriminants import (
    SHRINKAGE,
    embed,
    fit_appearance,
    log_joint,
    measure_spread,
    time_order,
)
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.pipelines import check_segmenter, fit_segmenter, quietly, unfrozen
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND_NAME, check_lengths, encode_known
from skl_tot.shared_texts import with_shared_texts
from skl_tot.training.components import MOST

# All values were chosen on the mean of seven recorded sets.
POOLED, REG_COVAR = 0.5, 0.1  # of Gaussians
BLEND = 0.1  # share of 1 in ratios, as clusters have errors
N_BINS = 100  # of relative time
TIME_WIDTH, TIME_FLOOR = 0.05, 0.05  # shares of a recording, and of a bin's weight
MOVE_COUNT = 0.5  # prior count of moves of each pair of actions
SWITCH_COST = 0.1  # of a move of average probability, see `move_decoder`
# A cluster is new if labelled frames lack more than this share of it.
LEAST_MISSING = 0.5
N_REFINEMENTS = 2  # more rounds drift away from the start
# Maximum rounds of the alignment of transcripts.
N_ROUNDS = 8
# Share of independent evidence of a frame, as neighbours are similar. With a share of
# 1, lengths would not matter, and segments would stay close to equal lengths.
TEMPERING = 0.1
# Maximum bins of a recording: time and memory grow with the square.
MAX_BINS = 300


@with_shared_texts
class GuidedSegmenter(BaseSegmenter):
    """Segmentation that learns from labels or transcripts of some recordings.

    A segmenter finds clusters. From labels of some frames, or from transcripts, this
    estimator learns their actions, and the appearance, time and order of actions.

    Parameters
    ----------
    estimator : estimator
        A segmenter, which is cloned and fitted, or a `sklearn.frozen.FrozenEstimator`
        of a fitted one, which stays unchanged.
    kind : {"labels", "transcripts"}, default="labels"
        Form of ``y`` in `fit`. "labels": for each recording its labels of frames, with
        -1 (numbers), "" or None (text) for unknown ones, or None; from single frames,
        one per segment, to whole recordings. "transcripts": for each recording its
        actions in order, or None.

    Attributes
    ----------
    estimator_ : estimator
        The fitted segmenter.
    classes_ : ndarray of shape (n_classes,)
        Labels of `predict`, and names of further actions.
    guide_ : dict of ndarray
        Learned parameters.
    unlabelled_actions_ : list
        Actions without a label. `fit` warns of them.
    n_lost_actions_ : int
        Number of actions of the segmenter whose frames have other labels.
    n_actions_ : int
        Number of actions, with and without a label.

    Notes
    -----
    See `TemporalOTSegmenter` for input, output and further attributes. Paths use the
    learned moves between actions, independent of the segmenter's ``decoding``. In a
    pipeline, wrap the last step. Corrections of this model by `skl_tot.corrections`
    also change its learned parameters.

    Examples
    --------
    >>> from skl_tot import GuidedSegmenter, HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> known = [labels[0] + 10] + [None] * 5
    >>> model = GuidedSegmenter(HMMSegmenter(3)).fit(videos, known)
    >>> model.classes_
    array([10, 11, 12])
    >>> bool((model.predict(videos[1]) == labels[1] + 10).mean() > 0.9)
    True
    """

    __module__ = "skl_tot"

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "kind": [StrOptions({"labels", "transcripts"})],
    }

    def __init__(self, estimator, kind="labels"):
        self.estimator = estimator
        self.kind = kind

    @property
    def _inner(self):
        """Segmenter before the fit."""
        return unfrozen(self.estimator)

    @property
    def _is_frozen(self):
        return isinstance(self.estimator, FrozenEstimator)

    @property
    def n_actions(self):
        """Number of actions of the segmenter."""
        return self._inner.n_actions_ if self._is_frozen else self._inner.n_actions

    @property
    def standardize(self):
        """Standardisation of the segmenter."""
        return self._inner.standardize

    @property
    def background_percentile(self):  # type: ignore[override]
        """Background of the segmenter; None if labels include background."""
        labels = getattr(self, "classes_", None)
        is_shown = labels is not None and BACKGROUND_NAME in labels.tolist()
        return None if is_shown else self._inner.background_percentile

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Fit the segmenter, and learn from labels or transcripts.

        Parameters
        ----------
        {shared: X}
            Preferably some without labels, too.
        y : array-like of shape (n_frames,), or sequence of these
            Labels or transcripts, depending on ``kind``.

        Returns
        -------
        {shared: self}

        Raises
        ------
        TypeError, ValueError
            If a parameter, a recording or an element of ``y`` is not valid.
        """
        check_segmenter(self.estimator)
        kind = type(self._inner).__name__
        if isinstance(self._inner, Pipeline):
            what = "its last step; corrections.refine teaches a whole pipeline"
            refuse("estimator", kind, what, TypeError)
        if not hasattr(self._inner, "decoding"):
            what = "a segmenter that finds actions of one activity, as estimators_ have"
            refuse("estimator", kind, what, TypeError)
        return self._fit(X, None, y=y)

    def _read_fit(self, X, y=None, **options):
        videos = super()._read_fit(X, y, **options)
        if not self._is_frozen:
            return videos
        inner = self._inner
        self.scaler_, self.standardize_ = inner.scaler_, inner.standardize_
        return videos.standardize(self.scaler_, self.standardize_ == "video")

    def _learn(self, videos, y=None):
        # corrections of a fitted segmenter may have added actions
        is_open = self.n_actions == AUTO or self._is_frozen
        most = MOST if is_open else int(self.n_actions)
        read = read_labels if self.kind == "labels" else read_transcripts
        given, classes = read(y, videos, most)
        self.estimator_ = self.estimator
        if not self._is_frozen:
            with quietly():
                self.estimator_, _ = fit_segmenter(
                    self.estimator, videos.arrays, self.n_actions, None, videos.fps
                )
        clusterings = self._labellings(videos)
        n_asked, n_known = unfrozen(self.estimator_).n_actions_, len(classes)
        n_found = 1 + max(path.max() for own in clusterings for path in own)
        n_clusters = max(n_found, n_asked)
        n_named = n_known - (BACKGROUND_NAME in classes.tolist())
        learned = clusterings, n_clusters, measure_spread(videos, SHRINKAGE)
        if self.kind == "transcripts":
            given = align_transcripts(videos, given, n_known, *learned)
            labels, weights = given, np.ones(n_known)
        else:
            sizes = n_known, n_clusters - n_named, n_clusters
            filled = fill_timestamps(given)
            labels, weights = add_new_actions(filled, clusterings[0], *sizes)
        known = self._cycle_frames, self.switch_cost
        self.guide_ = fit_guide(videos, labels, weights, *learned, cycles=known)
        self.n_actions_ = len(weights)
        self.classes_ = name_new_actions(classes, self.n_actions_)
        self.unlabelled_actions_ = self.classes_[n_known:].tolist()
        self.n_lost_actions_ = max(0, n_asked - self.n_actions_ + n_known - n_named)
        return guided_scores(videos, clusterings, self.guide_), given

    def _label(self, learned, videos, before=None):
        scores, given = learned
        pairs = zip(super()._label(scores, videos), given)
        paths = [np.where(known >= 0, known, path) for path, known in pairs]
        named = paths if self.classes_ is None else self._to_labels(paths)
        self.labels_ = videos.store(named)
        return paths

    def _log_likelihoods(self, videos):
        return guided_scores(videos, self._labellings(videos), self.guide_)

    def _labellings(self, videos):
        """Clusterings of the frames: of each network or candidate, or the paths."""
        segmenter, arrays = unfrozen(self.estimator_), list(videos.arrays)
        with quietly():
            if hasattr(segmenter, "labellings") and not segmenter.layers_:
                return segmenter.labellings(arrays)
            # labels in order contain more about the time of a frame than free ones
            decoder = segmenter.decoder_.decoder
            if segmenter.decoding_ == "free":
                decoder = DECODERS["fixed"]
            scores = segmenter.log_likelihood(arrays)
        return [[decode(own, decoder, 0.0) for own in scores]]

    def _decoder(self):
        """Return the decoder with the learned moves."""
        guide = self.guide_
        moves, starts = guide["moves"], guide["starts"]
        if self.layers_:
            shares = np.exp(guide["times"]).mean(axis=0)
            known = np.exp(moves), np.exp(starts), shares, self.layers_
            moves, starts = corrected_moves(*known)
        # few actions are due to labels, not to the cost of a switch
        decoder = move_decoder(moves, starts)
        return replace(decoder, uses_cost=False, cycle_frames=self._cycle_frames)

    @property
    def _cycle_frames(self):
        """Mean frames of a cycle of the fitted segmenter; None without cycles."""
        return unfrozen(self.estimator_).decoder_.decoder.cycle_frames

    @property
    def switch_cost(self):
        """Switch cost of a segmenter of cycles; otherwise that of single passes."""
        if not hasattr(self, "estimator_") or self._cycle_frames is None:
            return SWITCH_COST
        return unfrozen(self.estimator_).decoder_.switch_cost

    def _judge_signals(self, videos):
        return [] if self._is_frozen else super()._judge_signals(videos)

    @property
    def numbers_(self):  # type: ignore[override]
        """Comparison of numbers of actions, if the segmenter's is "auto"."""
        return unfrozen(self.estimator_).numbers_

    @property
    def min_frames_(self):
        """Least number of frames of a segment, as in the segmenter."""
        return unfrozen(self.estimator_).min_frames_

    @property
    def waits_for_end_(self):
        """Reason: labels depend on the relative time in a whole recording."""
        return (
            "learned labels depend on the relative time in a whole recording; fit "
            "without labels, and name actions by corrections.rename"
        )


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


def read_labels(y, recordings, n_actions):
    """Known labels of frames as codes, -1 for unknown, with the labels of the codes."""
    pairs = zip(_sequences(y, "labels", recordings), recordings.lengths.tolist())
    filled = [np.full(length, None) if own is None else own for own, length in pairs]
    known, classes = _encoded(filled, recordings, n_actions)
    check_lengths(known[0] if recordings.is_single else known, recordings)
    return known, classes


def read_transcripts(y, recordings, n_actions):
    """Actions of recordings in order, as codes, with their labels; empty for None."""
    sequences = _sequences(y, "transcripts", recordings)
    given = [[] if own is None else own for own in sequences]
    transcripts, classes = _encoded(given, recordings, n_actions)
    for i, (values, length) in enumerate(zip(transcripts, recordings.lengths)):
        with recordings.errors(i):
            _check_transcript(values, classes, length, sequences[i] is None)
    return transcripts, classes


def _check_transcript(values, classes, length, is_none):
    """Refuse a transcript that does not fit a recording of this length."""
    if not is_none and len(values) == 0:
        raise ValueError("the transcript is empty, expected actions, or None.")
    if (values < 0).any():
        raise ValueError(
            f"the transcript has no label in place {int(np.argmin(values))}, expected "
            "one for each of its actions."
        )
    if (values[1:] == values[:-1]).any():
        what = "actions that differ from the one before"
        refuse("the transcript", classes[values].tolist(), what)
    if len(values) > length:
        text = f"{len(values)} actions, but X has {length} frames"
        raise ValueError(f"the transcript has {text}.")


def _sequences(y, what, recordings):
    """List the known values of each recording, or None."""
    if y is None:
        refuse("y", y, f"{what} of some recordings")
    if recordings.is_single:
        return [y]
    # neither text, unordered containers, names nor a 0-D array
    is_one = isinstance(y, (str, bytes, Mapping)) or getattr(y, "ndim", 1) == 0
    if is_one or not hasattr(y, "__getitem__"):
        each = f"a sequence with {what} or None for each recording"
        refuse("y", type(y).__name__, each, TypeError)
    if len(y) != len(recordings):
        refuse("the number of recordings of y", len(y), f"{len(recordings)}, as of X")
    return [y.iloc[i] if hasattr(y, "iloc") else y[i] for i in range(len(y))]


def _encoded(sequences, recordings, n_actions):
    """Codes of known labels, and the labels, of a limited number."""
    codes, classes = encode_known(sequences, recordings)
    # background is an additional label, as in models that detect it
    n_labels = len(classes) - (BACKGROUND_NAME in classes.tolist())
    if n_labels > n_actions:
        what = f"at most n_actions={n_actions}; fit more actions, or split one"
        refuse("the number of labels of y", n_labels, what)
    return codes, classes


def fit_guide(
    videos, labels, weights, clusterings, n_clusters, spread, n_rounds=2, cycles=()
):
    """Learn a guide from labels of each action, with weights in shares of actions."""
    # Scores of a frame add its Gaussians along linear discriminants, the share of
    # actions around its time, and, over the root of the number of clusterings, the
    # ratios of its clusters. The best path through them labels all other frames, from
    # which the appearance is learned once more. More rounds drift.
    n_actions = len(weights)
    guide = {"times": count_times(labels, weights)}
    if cycles and cycles[0] is not None:
        guide["times"][:] = 0  # no evidence, as any action can be at any time
    guide["ratios"] = count_clusters(labels, clusterings, n_actions, n_clusters)
    guide["moves"], guide["starts"] = count_moves(labels, n_actions)
    paths, embedded = labels, []
    for number in range(n_rounds):
        if number > 0:
            scores = [log_joint(own, guide, i) for i, own in enumerate(embedded)]
            for i, own in enumerate(scores):
                _add_evidence(own, i, clusterings, guide)
            paths = guided_paths(scores, guide, labels, *cycles)
        appearance, embedded = fit_appearance(
            videos, paths, n_actions, spread, REG_COVAR, pooled=POOLED
        )
        guide = guide | appearance
        if number == 0:
            shares = guide["shares"] * weights
            guide["shares"] = shares / shares.sum()
    return guide


def guided_scores(videos, clusterings, guide):
    """Scores (n_frames_i, n_actions) of each recording, in nats, for several passes."""

    def score(i):
        frames = embed(videos, i, guide["center"], guide["scalings"])
        return _add_evidence(log_joint(frames, guide, i), i, clusterings, guide)

    return Passes(score, len(videos))


def _add_evidence(scores, i, clusterings, guide):
    """Add the evidence of time and clusters to scores of the appearance."""
    weight = 1 / np.sqrt(max(len(clusterings), 1))
    ratios = weight * np.pad(guide["ratios"], [(0, 0), (0, 1), (0, 0)])  # cluster -1: 0
    scores += guide["times"][np.arange(len(scores)) * N_BINS // len(scores)]
    for own, clusters in zip(ratios, clusterings):
        scores += own[clusters[i]]
    return scores


def guided_paths(scores, guide, labels, cycle_frames=None, switch_cost=SWITCH_COST):
    """Best path through the scores of each recording; known labels stay."""
    decoder = move_decoder(guide["moves"], guide["starts"])
    decoder = replace(decoder, cycle_frames=cycle_frames)
    paths = []
    for own, known in zip(scores, labels):
        path = decoder.path(own, nats_of_switch(switch_cost, own, decoder))
        paths.append(np.where(known >= 0, known, path))
    return paths


def refine_in_order(videos, labels, n_actions, spread):
    """Refine labels by appearance and time of actions, each once in one order."""
    codes = np.eye(n_actions)
    places = np.argsort(time_order([codes[np.maximum(path, 0)] for path in labels]))
    paths = [places[np.maximum(path, 0)] for path in labels]
    for _ in range(N_REFINEMENTS):
        guide = fit_guide(videos, paths, np.ones(n_actions), [], n_actions, spread, 1)
        paths = paths_in_order(videos, guide)
    return guide, paths


def paths_in_order(videos, guide):
    """Paths of recordings through all actions in order, by a guide."""
    chain = fixed_chain(len(guide["starts"]))
    return [chain.viterbi(scores) for scores in guided_scores(videos, [], guide)]


def count_clusters(labels, clusterings, n_actions, n_clusters):
    """Log-ratios (M, n_clusters, n_actions) of clusters in labelled to all frames."""
    ratios = np.empty((len(clusterings), n_clusters, n_actions))
    truth = np.concatenate(labels)
    for own, paths in zip(ratios, clusterings):
        clusters = np.concatenate(paths)
        clustered = clusters >= 0
        known = clustered & (truth >= 0)
        joint = np.zeros((n_clusters, n_actions))
        np.add.at(joint, (clusters[known], truth[known]), 1)
        within = joint / np.maximum(joint.sum(axis=0), 1)
        shares = np.bincount(clusters[clustered], minlength=n_clusters)
        shares = shares / max(clustered.sum(), 1)
        own[:] = 1  # for a cluster without frames
        np.divide(within, shares[:, None], out=own, where=shares[:, None] > 0)
        own[:] = np.log((1 - BLEND) * own + BLEND)
    return ratios


def count_times(labels, weights):
    """Log-probability (100, n_actions) of each action by relative time, smoothed."""
    n_actions = len(weights)
    table = np.zeros((N_BINS, n_actions))
    for path in labels:
        known = np.flatnonzero(path >= 0)
        bins, own = known * N_BINS // len(path), path[known]
        np.add.at(table, (bins, own), weights[own] / len(path))
    distances = np.subtract.outer(np.arange(N_BINS), np.arange(N_BINS))
    window = np.exp(-0.5 * (distances / (N_BINS * TIME_WIDTH)) ** 2)
    table = window @ table
    weights = table.sum(axis=1, keepdims=True)
    weights[weights <= 0] = 1.0  # far from all labels
    table += TIME_FLOOR * weights / n_actions
    return np.log(table / table.sum(axis=1, keepdims=True))


def count_moves(labels, n_actions):
    """Log-probabilities of the next action, with 0 on the diagonal, and the first."""
    moves = np.full((n_actions, n_actions), MOVE_COUNT)
    starts = np.full(n_actions, MOVE_COUNT)
    for path in labels:
        before, after = path[:-1], path[1:]
        is_move = (before >= 0) & (after >= 0) & (before != after)
        np.add.at(moves, (before[is_move], after[is_move]), 1)
        if path[0] >= 0:
            starts[path[0]] += 1
    np.fill_diagonal(moves, 0)
    moves /= np.maximum(moves.sum(axis=1, keepdims=True), MOVE_COUNT)
    np.fill_diagonal(moves, 1)
    return np.log(moves), np.log(starts / starts.sum())


def fill_timestamps(labels):
    """Extend labels of single frames, one per segment, half-way to the next one."""
    filled = []
    for path in labels:
        frames = np.flatnonzero(path >= 0)
        if len(frames) and len(path) > 1 and (np.diff(frames) > 1).all():
            cuts = (frames[:-1] + frames[1:] + 1) // 2
            counts = np.diff(np.concatenate([[0], cuts, [len(path)]]))
            path = np.repeat(path[frames], counts)
        filled.append(path)
    return filled


def add_new_actions(labels, clusters, n_labels, n_new, n_clusters):
    """Label clusters that labelled frames lack as new actions; also their weights."""
    truth, flat = np.concatenate(labels), np.concatenate(clusters)
    everywhere = np.bincount(flat[flat >= 0], minlength=n_clusters) / len(flat)
    shown = flat[(truth >= 0) & (flat >= 0)]
    labelled = np.bincount(shown, minlength=n_clusters) / max(len(shown), 1)
    # a cluster without a frame for its label would be an empty action
    is_there = np.zeros(n_clusters + 1, bool)  # last entry: cluster -1
    n_free = 0
    for path, own in zip(labels, clusters):
        if (path < 0).all():
            is_there[own] = True
            n_free += len(path)
    # a cluster with half of its share among labelled frames is new by half
    missing = 1 - labelled / np.maximum(everywhere, 1 / len(flat))
    new = np.flatnonzero((missing > LEAST_MISSING) & is_there[:-1])
    order = np.lexsort((-everywhere[new], -missing[new]))
    new = new[order][: max(n_new, 0)]
    renamed = np.full(n_clusters + 1, -1)
    renamed[new] = n_labels + np.arange(len(new))
    found = []
    for path, own in zip(labels, clusters):
        found.append(path if (path >= 0).any() else renamed[own])
    others = (len(flat) - n_free) / max(n_free, 1)
    return found, np.concatenate([np.ones(n_labels), others * missing[new]])


def align_transcripts(videos, transcripts, n_actions, clusterings, n_clusters, spread):
    """Label the frames of recordings with transcripts; others, with empty ones, not."""
    labels = []
    for transcript, length in zip(transcripts, videos.lengths):
        none = np.full(length, -1)
        parts = np.arange(length) * len(transcript) // length
        labels.append(transcript[parts] if len(transcript) else none)
    for _ in range(N_ROUNDS):
        before = labels
        weights = np.ones(n_actions)
        guide = fit_guide(videos, labels, weights, clusterings, n_clusters, spread, 1)
        guide["times"][:] = 0  # no evidence, as the start determines it
        known = [path for path in labels if (path >= 0).all()]
        _, durations = orders.shares_and_lengths(known, n_actions)
        scores = guided_scores(videos, clusterings, guide)
        labels = [
            align(own, transcript, durations) if len(transcript) else path
            for own, transcript, path in zip(scores, transcripts, before)
        ]
        if all(map(np.array_equal, labels, before)):
            break
    return labels


def align(scores, transcript, durations):
    """Label a recording along its transcript, with Poisson distributed lengths."""
    n_frames = len(scores)
    n_bins = min(n_frames, max(MAX_BINS, len(transcript)))
    bins = np.arange(n_frames) * n_bins // n_frames
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    sums = TEMPERING * np.add.reduceat(scores[:, transcript], starts, axis=0)
    table = orders.duration_table(durations[transcript], n_bins)
    return transcript[orders.viterbi_durations(sums, table)[bins]]
