"""Labels of frames as they come, a fixed number of frames later."""

import copy
from typing import Any, NamedTuple

import numpy as np

from skl_tot.decoding.background import is_background
from skl_tot.decoding.decoders import nats_of_switch
from skl_tot.decoding.online import OnlineDecoder
from skl_tot.inputs.errors import errors_of_video
from skl_tot.inputs.standardization import standardized
from skl_tot.inputs.streams import check_frames, check_stream
from skl_tot.segmenters.fitted import context_of


class Decided(NamedTuple):
    """Frames whose labels are known.

    Attributes
    ----------
    labels : ndarray of shape (n_decided,)
        As of ``predict``.
    probabilities : ndarray of shape (n_decided, n_actions)
        As of ``predict_posterior``, in the floating type of the frames.
    """

    labels: np.ndarray
    probabilities: np.ndarray


class OnlinePrediction:
    r"""Labels and posteriors of the frames of a stream, from ``predict_online``.

    The label of frame t is that of the best path, through the frames up to

    .. math:: t + \text{lag} + \text{context},

    and its posterior is over all paths through these. What a frame takes, in time and
    memory, does not grow with the stream. Pickle and joblib save the object in the
    middle of a stream, with a copy of the model; what is loaded goes on.

    Parameters
    ----------
    model : BaseSegmenter
        Fitted segmenter, of which a copy is kept.
    lag, n_frames : float
        As of ``predict_online``.

    Attributes
    ----------
    delay : int
        Frames that have to come after a frame before it is labelled: the lag, and the
        ``context`` of the segmenter.
    n_seen : int
        Frames that have come.
    n_decided : int
        Frames that have been labelled.
    is_finished : bool
        Whether the stream has ended.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=5, n_actions=3, random_state=0)
    >>> online = HMMSegmenter(3).fit(videos).predict_online(lag=10)
    >>> online.push(videos[0][:8]).labels
    array([], dtype=int64)
    >>> online.push(videos[0][8:12]).labels
    array([0, 0])
    >>> online.push(videos[0][12:]).probabilities.shape == (len(videos[0]) - 12, 3)
    True
    >>> len(online.finish().labels)
    10
    """

    def __init__(self, model, lag, n_frames):
        self._model = copy.copy(model)  # which another fit does not change
        vars(self._model).pop("labels_", None)  # nor are they saved with the stream
        self._lag, self._n_frames = lag, n_frames
        self._context = model._n_around()
        self.delay = self._lag + self._context
        self.n_seen = self.n_decided = 0
        self.is_finished = False
        self._decoder: Any = None  # before the first label
        self._n_added = 0  # frames that the decoder got
        # those from a context before them on, of which `_first` is the first
        self._frames, self._first = [], 0
        self._dtype = np.dtype(float)

    def __repr__(self):
        done = f"{self.n_decided} of {self.n_seen} frames labelled"
        return f"OnlinePrediction of {type(self._model).__name__}, {done}"

    def push(self, frames):
        """Take the next frames.

        Parameters
        ----------
        frames : array-like of shape (n_frames, n_features) or (n_features,)
            A block of frames, or one frame.

        Returns
        -------
        decided : Decided
            ``labels`` and ``probabilities`` of the frames, none or more, that now have
            ``delay`` frames after them.

        Raises
        ------
        TypeError, ValueError
            If the frames are not valid, or the stream has ended. The object stays as it
            was.
        """
        self._check_open()
        frames = check_frames(frames, self._model, self.n_seen)
        n_seen = self.n_seen + len(frames)
        if self._decoder is None and n_seen <= self.delay:
            self._frames.append(frames)
            self.n_seen, self._dtype = n_seen, frames.dtype
            return self._as_decided([])
        blocks = [*self._frames, frames]
        log_likelihood, is_other = self._weigh(blocks, n_seen - self._context)
        if self._decoder is None:
            self._decoder = self._start(log_likelihood)
        self.n_seen, self._dtype = n_seen, frames.dtype
        self._keep(blocks, self._n_added + len(log_likelihood))
        return self._as_decided(self._decode(log_likelihood, is_other))

    def finish(self):
        """End the stream.

        If no frame has been labelled yet, as the recording is not longer than
        ``delay``, labels and probabilities are those of ``predict`` and
        ``predict_posterior``.

        Returns
        -------
        decided : Decided
            ``labels`` and ``probabilities`` of all frames that are left. Their paths
            end as ``decoding`` says, if they can.

        Raises
        ------
        ValueError
            If the stream has ended before.
        """
        self._check_open()
        if self._decoder is None:
            found = self._read_all()
        else:
            found = self._decode(*self._weigh(self._frames, self.n_seen))
            while len(self._decoder):
                found.append(self._decoder.pop(is_over=True))
        self.is_finished = True
        self._frames = []
        return self._as_decided(found)

    def follow(self, stream):
        """Label a stream to its end.

        Parameters
        ----------
        stream : iterable
            Frames, or blocks of them, as `push` takes them.

        Returns
        -------
        pairs : iterator
            Of each frame, in their order and once they are known: the label, int or
            str, and its probabilities, (n_actions,).

        Raises
        ------
        TypeError, ValueError
            If it is no stream of one recording, or as in `push`.
        """
        return self._follow(check_stream(stream))

    def _follow(self, stream):
        for frames in stream:
            labels, probabilities = self.push(frames)
            yield from zip(labels.tolist(), probabilities)
        labels, probabilities = self.finish()
        yield from zip(labels.tolist(), probabilities)

    def _keep(self, blocks, n_added):
        """Keep those frames that frames to come are read with."""
        first = max(0, n_added - self._context)
        frames = np.concatenate(blocks)[first - self._first :].copy()
        self._frames, self._first = [frames], first

    def _weigh(self, blocks, stop):
        """Log-likelihoods of frames to add before ``stop``, and their background."""
        if stop == self._n_added:
            return np.empty((0, self._model._n_outputs)), np.empty(0, bool)
        videos = self._standardized(blocks)
        rows = slice(self._n_added - self._first, stop - self._first)
        with errors_of_video(0, f"frames of the stream from {self._first} on"):
            (log_likelihood,) = self._model._weigh(videos)
        is_other = np.zeros(rows.stop - rows.start, bool)
        if self._model.background_ is not None:
            is_other = is_background(videos.read(0, rows), self._model.background_)
        return log_likelihood[rows], is_other

    def _standardized(self, blocks):
        """One video of these blocks."""
        scaler, context = self._model.scaler_, context_of(self._model)
        return standardized([np.concatenate(blocks)], False, scaler, context)

    def _start(self, log_likelihood):
        """Make the decoder, by the first frames."""
        decoder, switch_cost = self._model._how_to_decode()
        n_actions = log_likelihood.shape[1]
        cost = nats_of_switch(switch_cost, log_likelihood, decoder, self._n_frames)
        return OnlineDecoder(decoder.chain, n_actions, cost, self._model._confidence())

    def _decode(self, log_likelihood, is_other):
        """List what is known after each of some frames."""
        found = []
        for own, is_background_frame in zip(log_likelihood, is_other):
            self._decoder.add(own, is_background_frame)
            if len(self._decoder) > self._lag:
                found.append(self._decoder.pop())
        self._n_added += len(log_likelihood)
        return found

    def _read_all(self):
        """List what is known of a whole recording."""
        if self.n_seen == 0:
            return []
        videos = self._standardized(self._frames)
        (reading,) = self._model._read(videos, with_posterior=True)
        return list(zip(reading.path, reading.posterior))

    def _as_decided(self, found):
        """Make actions and posteriors an output."""
        self.n_decided += len(found)
        actions = np.array([action for action, _ in found], dtype=np.intp)
        shape = len(found), self._model._n_outputs
        probabilities = np.empty(shape, self._dtype)
        for i, (_, own) in enumerate(found):
            probabilities[i] = own
        (labels,) = self._model._in_words([actions])
        return Decided(labels, probabilities)

    def _check_open(self):
        """Refuse to go on after the end."""
        if self.is_finished:
            raise ValueError(
                "the stream has ended by finish; predict_online makes another one."
            )
