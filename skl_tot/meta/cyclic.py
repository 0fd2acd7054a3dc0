"""Long recordings of many cycles, with any segmenter, and their cuts."""

import contextlib
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, StrOptions

from skl_tot.meta.cycles import DEFAULT_ACTIONS, find_cycles
from skl_tot.methods import pipelines
from skl_tot.methods.base import ORDER_CONSTRAINTS, BaseSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.temporal_ot import TemporalOTSegmenter
from skl_tot.progress import part
from skl_tot.recordings.container import Recordings, fit_scaler
from skl_tot.recordings.errors import RecordingError, refuse
from skl_tot.recordings.signals import part_of
from skl_tot.training.devices import from_first_process

# Default cost of a switch, in nats per frame, if the segmenter's is 0.
SWITCH_COST = 0.5


@dataclass(eq=False, repr=False)
class CyclicSegmenter(BaseSegmenter):
    r"""Segmentation of long recordings in which the same actions repeat in cycles.

    For one recording or many, `fit`

    1. finds the cycles: several searches vote, see Notes;
    2. fits a segmenter to them, with cycles as recordings;
    3. decodes whole recordings by the learned scores, on paths through the actions in
       order, and from the last to the first again;
    4. cuts again where such a path returns to the first action.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K per cycle. "auto" compares cycles, see
        `skl_tot.choose_n_actions`.
    estimator : estimator or None, default=None
        A segmenter, or a pipeline that ends in one. A clone is fitted to the cycles
        with this ``n_actions``; without an own seed, it gets one from ``random_state``.
        None is `TemporalOTSegmenter`.
    decoding : {"cyclic", "cyclic_skip"}, default="cyclic_skip"
        Whether all cycles have all actions, or may lack some. Does not change the fit.
    switch_cost : float, "estimate" or "auto", default="auto"
        Cost of the step to the next action, or of a skipped one, at least 0, in nats
        for each frame of the mean duration of an action. Larger values give fewer
        cycles. "auto" takes that of the segmenter, or 0.5 if that is 0. "estimate" is
        as in `TemporalOTSegmenter`.
    min_duration : float, "auto" or None, default="auto"
        As in `TemporalOTSegmenter`.
        "auto" takes that of the segmenter.
    random_state : int, RandomState instance or None, default=None
        Seed of all random numbers. An int gives the same bits at every call on one
        machine.

    Attributes
    ----------
    n_actions_ : int
        Number of actions K of `predict`.
    estimator_ : estimator
        The segmenter, fitted to cycles. It now decodes "cyclic_skip".
    cuts_ : ndarray of int of shape (n_cycles + 1,), or list of these
        First frame of each cycle, and the end of the last, in the form of ``X``.
    n_cycles_ : int
        Number of cycles, in all recordings together.
    mean_frames_ : float
        Mean number of frames of the cycles of the fit.

    Notes
    -----
    See `TemporalOTSegmenter` for input and further attributes. A recording should start
    with a cycle. Actions are in the order of the cycle. ``score`` compares cycles, each
    feature scaled over all. `fit` warns of recordings with
    fewer than three cycles or no clear ones.

    A search starts from one of eleven periods, from 0.4 to 2.4 times that of the
    autocorrelation of the features. Most votes win. If only every other cycle is alike,
    cycles are twice as long. If cycles are known, any segmenter learns from them as
    recordings, and then labels long ones with ``decoding="cyclic_skip"``.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot import CyclicSegmenter, HMMSegmenter
    >>> labels = np.tile(np.repeat([0, 1, 2], [30, 10, 20]), 5)
    >>> frames = 3 * np.eye(3)[labels] + np.random.default_rng(0).normal(size=(300, 3))
    >>> model = CyclicSegmenter(3, estimator=HMMSegmenter(), random_state=0)
    >>> model.fit(frames).n_cycles_
    5
    """

    __module__ = "skl_tot"

    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "estimator": [None, HasMethods(["fit", "predict"])],
        "decoding": [StrOptions({"cyclic", "cyclic_skip"})],
        "switch_cost": ORDER_CONSTRAINTS["switch_cost"],
        "min_duration": [
            *BaseSegmenter._parameter_constraints["min_duration"],
            StrOptions({AUTO}),
        ],
    }

    # settings that the segmenter has itself, or that do not apply
    standardize = None
    background_percentile = None

    n_actions: int | str = 8
    _: KW_ONLY
    estimator: Any = None
    decoding: str = "cyclic_skip"
    switch_cost: Any = "auto"
    min_duration: Any = "auto"
    random_state: Any = None

    def find_cuts(self, X) -> np.ndarray | list:
        """Cut recordings at the starts of cycles.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        cuts : ndarray of int of shape (n_cycles + 1,), or list of these
            First frame of each cycle, and the end of the last. An end of a recording
            with fewer than half of the actions is no cycle.
        """
        videos = self.prepare(X)
        paths = [decoded.path for decoded in self._decode(videos)]
        return videos.restore(self._cut_paths(paths))

    def _learn(self, videos):
        rng = check_random_state(self.random_state)
        seeds = from_first_process(rng.randint(2**31 - 1, size=2).tolist())
        first_actions = DEFAULT_ACTIONS if self.n_actions == AUTO else self.n_actions
        cuts = []
        for i, array in enumerate(videos.arrays):
            with videos.errors(i), part(i, len(videos) + 1):  # the fit is the last
                cuts.append(find_cycles(array, int(first_actions), seeds[0]))
        cycles = cut_arrays(videos.arrays, cuts)
        recordings = Recordings(cycles)
        if self.n_actions == AUTO:
            # numbers are compared in frames of one scale, as a segmenter sees them
            recordings = recordings.standardize(fit_scaler(recordings))
        self._set_n_actions(recordings)
        n_actions, longest = self.n_actions_, max(map(len, cycles))
        if longest < n_actions:
            remedy = f"at most {longest}, frames of the longest cycle"
            refuse("n_actions", n_actions, remedy)
        segmenter = self._new_segmenter(n_actions)
        fit = part(len(videos), len(videos) + 1)
        with pipelines.quietly(), errors_of_cycles(cuts), fit:
            self.estimator_, _ = pipelines.fit_segmenter(
                segmenter, cycles, n_actions, seeds[1], videos.fps
            )
        # its paths run through whole recordings from now on, not through a cycle
        cost = self._inner.decoder_.switch_cost or SWITCH_COST
        self._inner.set_params(decoding="cyclic_skip", switch_cost=cost)
        self.mean_frames_ = float(np.mean([len(cycle) for cycle in cycles]))

    def _resolved_parameters(self):
        values = super()._resolved_parameters()
        if values.switch_cost == AUTO:
            values.switch_cost = self._inner.decoder_.switch_cost or SWITCH_COST
        return values

    def _new_segmenter(self, n_actions):
        if self.estimator is None:
            return TemporalOTSegmenter(n_actions, order="mostly")
        estimator = clone(self.estimator)
        pipelines.set_n_actions(estimator, n_actions)
        return estimator

    @property
    def _inner(self):
        """Segmenter at the end of the fitted estimator."""
        return pipelines.segmenter_of(self.estimator_)

    def _log_likelihoods(self, videos):
        arrays = list(videos.arrays)
        with pipelines.quietly():
            arrays = pipelines.transform_before(self.estimator_, arrays)
            return iter(self._inner.log_likelihood(arrays))

    @property
    def min_frames_(self) -> int:
        """Least number of frames of a segment."""
        of_inner = self.min_duration == AUTO
        return self._inner.min_frames_ if of_inner else super().min_frames_

    def _label(self, videos, learned):
        paths = super()._label(videos, learned)
        cuts = self._cut_paths(paths)
        self.cuts_ = videos.store(cuts)
        self.n_cycles_ = sum(len(cuts_of_recording) - 1 for cuts_of_recording in cuts)
        return paths

    def _compared_units(self, videos, paths):
        """Cycles, if there are two, as recordings may be one or two."""
        cuts = self._cut_paths(paths)
        labels = cut_arrays(paths, cuts)
        if len(labels) < 2:
            return videos, paths
        cycles = Recordings(cut_arrays(videos.arrays, cuts))
        return cycles.standardize(fit_scaler(cycles)), labels

    def _cut_paths(self, paths):
        """List the cuts between cycles of each path."""
        return [cuts_of_path(path, self.n_actions_) for path in paths]


def cuts_of_path(path, n_actions):
    """Cut a cyclic path where the number of the action falls."""
    # the ends are cycles if they show at least half of the actions
    cuts = np.flatnonzero(np.diff(path) < 0) + 1
    if len(cuts) == 0:
        return np.array([0, len(path)])
    if 2 * len(np.unique(path[: cuts[0]])) >= n_actions:
        cuts = np.append(0, cuts)
    if 2 * len(np.unique(path[cuts[-1] :])) >= n_actions:
        cuts = np.append(cuts, len(path))
    return cuts


def cut_arrays(arrays, cuts):
    """Rows of all cycles, one array each, without reading files."""
    return [
        part_of(array, slice(start, end))
        for array, cuts_of_recording in zip(arrays, cuts)
        for start, end in pairwise(cuts_of_recording)
    ]


@contextlib.contextmanager
def errors_of_cycles(cuts):
    """Replace the number of a cycle in errors by its recording and frames."""
    try:
        yield
    except RecordingError as error:
        counts = np.cumsum([len(cuts_of_recording) - 1 for cuts_of_recording in cuts])
        recording = int(np.searchsorted(counts, error.recording, side="right"))
        from_end = error.recording - counts[recording]  # in its recording, below 0
        start, end = cuts[recording][from_end - 1], cuts[recording][from_end]
        reason = f"frames {start} to {end}: {error.reason}"
        raise type(error)(reason, recording) from error
