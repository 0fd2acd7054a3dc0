"""Online labels of frames, with a fixed delay."""

import copy
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skl_tot.decoding.gaussians import find_background
from skl_tot.decoding.online import OnlineDecoder
from skl_tot.methods import pipelines
from skl_tot.recordings.container import Recordings, row_blocks
from skl_tot.recordings.errors import (
    errors_of_recording,
    is_int,
    is_number,
    refuse,
    short_repr,
)
from skl_tot.recordings.labels import labels_of_codes
from skl_tot.shared_texts import with_shared_texts


class Decided(NamedTuple):
    """Final labels and probabilities of frames, see `OnlinePrediction.push`."""

    labels: np.ndarray  # (n_decided,)
    probabilities: np.ndarray  # (n_decided, n_actions)


@with_shared_texts
class OnlinePrediction:
    r"""Labels and posteriors of the frames of a stream, with a delay of a few frames.

    The label of frame t comes from the best path through the frames up to

    .. math:: t + \text{lag},

    and its posterior sums over all paths through these. It may differ from ``predict``,
    which uses the whole recording; for recordings up to the lag it is the same. Labels
    are final, even if later frames suggest another path: with "fixed" or "skip", labels
    may return to an earlier action. "mallow" and "durations" need whole recordings;
    here the first decodes as "free", and the second as "fixed". With
    ``min_duration``, a new label stays for that time, but a lag that is shorter allows
    shorter segments. Time and memory per frame do not grow with the stream. A pickle in
    the middle of a stream has a copy of the model, and continues.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or a pipeline that ends in one. Its steps may use a few frames
        on each side, like `SignalWindows`.
    lag : int, default=30
        Number of frames, at least 0, to wait before a frame gets its label.
    n_frames : float, default=None
        Length of a recording, in frames, to convert ``switch_cost`` to nats, unless
        that is "auto". None is the mean of the recordings of the fit.

    Attributes
    ----------
    delay : int
        Frames after a frame before it is labelled: the lag, and those in its features.
    n_seen : int
        Number of frames received.
    n_decided : int
        Number of frames labelled.
    is_finished : bool
        Whether the stream has ended.

    Raises
    ------
    {shared: NotFittedError}
    TypeError, ValueError
        If a parameter is not valid, or labels need the whole recording: with
        ``standardize="video"``, for `SemiSupervisedSegmenter`, `ASOTSegmenter` and
        `ActivitySegmenter`.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter, OnlinePrediction
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=5, n_actions=3, random_state=0)
    >>> model = HMMSegmenter(3).fit(videos)
    >>> online = OnlinePrediction(model, lag=10)
    >>> online.push(videos[0][:8]).labels
    array([], dtype=int64)
    >>> online.push(videos[0][8:12]).labels
    array([0, 0])
    >>> len(online.finish().labels)
    10
    """

    __module__ = "skl_tot"

    def __init__(self, model, lag=30, n_frames=None):
        pipeline, model = model, pipelines.segmenter_of(model)
        check_is_fitted(model, "n_actions_")
        if not (is_int(lag) and lag >= 0):
            refuse("lag", lag, "a number of frames from 0")
        reason = pipelines.waits_for_end(pipeline)
        if reason is not None:
            raise ValueError(f"{reason}, or predict when the recording has ended.")
        if model.min_frames_ > 100_000:
            expected = "at most 100000 frames, which a stream keeps in memory"
            refuse("min_duration", model.min_frames_, expected)
        self._model = copy.copy(model)  # independent of a later fit
        vars(self._model).pop("labels_", None)  # not saved with the stream
        self._lag, self._n_frames = int(lag), _n_frames_of_switch(model, n_frames)
        self._steps = [copy.copy(step) for _, step in pipelines.steps_of(pipeline)[:-1]]
        self._n_around = pipelines.n_around(pipeline)
        self.delay = self._lag + self._n_around
        self.n_seen = self.n_decided = 0
        self.is_finished = False
        self._decoder: Any = None  # until the first label
        self._n_added = 0  # frames that the decoder received
        # earlier frames that scores use, starting at frame `_first`
        self._frames, self._first = [], 0
        self._dtype = np.dtype(float)

    def __repr__(self):
        done = f"{self.n_decided} of {self.n_seen} frames labelled"
        return f"OnlinePrediction of {type(self._model).__name__}, {done}"

    def push(self, frames):
        """Process the next frames.

        Parameters
        ----------
        frames : array-like of shape (n_frames, n_features) or (n_features,)
            A block of frames, or one frame.

        Returns
        -------
        decided : Decided
            A named tuple of ``labels`` (n_decided,), as in ``predict``, and
            ``probabilities`` (n_decided, n_actions), as in ``predict_posterior``, of
            the frames, if any, that now have ``delay`` frames after them.

        Raises
        ------
        TypeError, ValueError
            If frames are not valid, or the stream has ended; nothing changes then.
        """
        self._check_open()
        frames = _checked_block(frames, [*self._steps, self._model][0], self.n_seen)
        n_seen = self.n_seen + len(frames)
        # a stream that ends within the delay is decoded as a whole, as by `predict`
        if self._decoder is None and n_seen <= self.delay:
            self._frames.append(frames)
            self.n_seen, self._dtype = n_seen, frames.dtype
            return self._as_decided(*self._nothing())
        blocks = [*self._frames, frames]
        log_likelihood, is_other = self._score(blocks, n_seen - self._n_around)
        if self._decoder is None:
            self._decoder = self._start(log_likelihood)
        self.n_seen, self._dtype = n_seen, frames.dtype
        first = max(0, self._n_added + len(log_likelihood) - self._n_around)
        # those that later frames need
        self._frames = [np.concatenate(blocks)[first - self._first :].copy()]
        self._first = first
        return self._as_decided(*self._decode(log_likelihood, is_other))

    def finish(self):
        """End the stream, and return all remaining frames, as `push` does.

        Their paths end as required by ``decoding``, if possible.
        """
        self._check_open()
        if self._decoder is None:
            actions, posteriors = self._decode_all()
        else:
            pushed = self._decode(*self._score(self._frames, self.n_seen))
            pairs = zip(pushed, self._decoder.finish())
            actions, posteriors = map(np.concatenate, pairs)
        self.is_finished = True
        self._frames = []
        return self._as_decided(actions, posteriors)

    def follow(self, stream):
        """Label a stream to its end.

        Parameters
        ----------
        stream : iterable
            Frames, or blocks of frames, as for `push`.

        Returns
        -------
        pairs : iterator
            For each frame, in order and as soon as possible: the label, int or str, and
            its probabilities, (n_actions,).
        """
        if isinstance(stream, (Recordings, Mapping)):
            expected = "frames of one recording; label each by a stream of its own"
            refuse("stream", stream, expected, TypeError)
        if hasattr(stream, "columns"):
            stream = [stream]
        elif isinstance(stream, np.ndarray) and stream.ndim == 2:
            stream = map(stream.__getitem__, row_blocks(stream))
        elif isinstance(stream, (str, bytes)) or not hasattr(stream, "__iter__"):
            refuse("stream", stream, "frames, or blocks", TypeError)
        return self._follow(stream)

    def _follow(self, stream):
        """Yield the label and the probabilities of each frame of checked blocks."""
        for frames in stream:
            labels, probabilities = self.push(frames)
            yield from zip(labels.tolist(), probabilities)
        labels, probabilities = self.finish()
        yield from zip(labels.tolist(), probabilities)

    def _score(self, blocks, stop):
        """Log-likelihoods of frames to add before ``stop``, and their background."""
        if stop == self._n_added:
            return np.empty((0, self._model.n_actions_)), np.empty(0, bool)
        # rows of the blocks: those to add, and those around that the scores use
        start, stop = self._n_added - self._first, stop - self._first
        n_around = self._model.n_around_
        first = max(0, start - n_around)
        rows = slice(start - first, stop - first)
        where = f"frames of the stream from {self._first} on"
        # column names are already checked
        with errors_of_recording(0, where), pipelines.quietly():
            frames = [self._features(blocks)[first : stop + n_around]]
            (log_likelihood,) = self._model.log_likelihood(frames)
        is_other = np.zeros(stop - start, bool)
        if self._model.background_ is not None:
            with pipelines.quietly():
                videos = self._model.prepare(frames)
            block = videos.read(0, rows)
            is_other = find_background([block], self._model.background_)
        # the rounding errors of products of matrices depend on the size of a block, and
        # would break ties
        return log_likelihood[rows].round(6), is_other

    def _features(self, blocks):
        """Apply the steps before the segmenter to the kept frames."""
        frames = [np.concatenate(blocks)]
        for step in self._steps:
            frames = step.transform(frames)
        return frames[0]

    def _start(self, log_likelihood):
        """Make the decoder, with the cost of a switch by the first scores."""
        # those that the first label waits for, however many come in a block
        first = log_likelihood[: self._lag + 1]
        decoder, switch_cost = self._model.decoder_
        cost = decoder.nats_of_switch(switch_cost, first, self._n_frames)
        return OnlineDecoder(
            decoder.chain,
            log_likelihood.shape[1],
            cost,
            self._lag,
            self._model.confidence_,
            self._model.min_frames_,
        )

    def _decode(self, log_likelihood, is_other):
        """Actions and posteriors that are final after some more frames."""
        self._n_added += len(log_likelihood)
        return self._decoder.push(log_likelihood, is_other)

    def _decode_all(self):
        """Actions and posteriors of a stream that ends within the delay."""
        if self.n_seen == 0:
            return self._nothing()
        with pipelines.quietly():
            (decoded,) = self._model.decode([self._features(self._frames)])
        return decoded.path, decoded.posterior

    def _nothing(self):
        return np.empty(0, dtype=np.intp), np.empty((0, self._model.n_actions_))

    def _as_decided(self, actions, posteriors):
        self.n_decided += len(actions)
        classes = self._model.classes_
        labels = actions if classes is None else labels_of_codes(actions, classes)
        return Decided(labels, posteriors.astype(self._dtype))

    def _check_open(self):
        if self.is_finished:
            raise ValueError("the stream has ended by finish; make another one.")


def _n_frames_of_switch(model, n_frames):
    """Length of a recording for the cost of a switch: as given, or that of the fit."""
    decoder, switch_cost = model.decoder_
    if n_frames is not None:
        if not (is_number(n_frames) and 1 <= n_frames <= 1e15):
            refuse("n_frames", n_frames, "a number of frames from 1")
        return float(n_frames)
    has_mean = np.isfinite(model.mean_frames_)
    if not has_mean and decoder.uses_cost and switch_cost not in ("auto", 0):
        raise ValueError("switch_cost needs the length of recordings; give n_frames.")
    return model.mean_frames_ if has_mean else 0.0


def _checked_block(frames, step, n_seen):
    """Copy frames, or one, as floats, with the names and features of a first step."""
    names = getattr(step, "feature_names_in_", None)
    columns = list(getattr(frames, "columns", []))
    if names is not None and columns not in ([], names.tolist()):
        raise ValueError(
            f"frames have the columns {short_repr(columns)}, expected those of the "
            f"fit, {short_repr(names.tolist())}."
        )
    try:
        array = np.asarray(frames)
    except ValueError:
        array = np.empty(0, object)  # ragged rows
    if array.dtype.kind not in "fiub" or np.ma.isMaskedArray(frames):
        refuse("frames", frames, "an array of floats", TypeError)
    array = np.atleast_2d(array) if array.ndim else array
    n_features = step.n_features_in_
    if array.ndim != 2 or array.shape[1] != n_features:
        expected = f"(n_frames, {n_features}), as in the fit, or ({n_features},)"
        refuse("the shape of frames", np.shape(frames), expected)
    kind = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
    array = array.astype(kind)  # a copy, as a camera may reuse its buffer
    for frame, column in np.argwhere(~np.isfinite(array))[:1]:
        raise ValueError(
            f"frame {n_seen + frame} of the stream has {array[frame, column]} in "
            f"column {column}; fill gaps, or leave such frames out."
        )
    return array
