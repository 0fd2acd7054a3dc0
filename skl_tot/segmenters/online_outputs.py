"""Labels of streams, as a method of segmenters."""

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skl_tot.inputs.streams import check_lag, check_n_frames
from skl_tot.segmenters.fitted import context_of
from skl_tot.segmenters.online import OnlinePrediction


class OnlineOutputs(BaseEstimator):
    """Labels of a stream from a segmenter; part of `BaseSegmenter`."""

    def predict_online(self, stream=None, *, lag=30, n_frames=None):
        r"""Label the frames of a stream as they come, a few frames later.

        Each label is that of the best path through what has come so far, and so may
        differ from that of `predict`, which knows the whole recording; one that is not
        longer than the lag has the same. Labels that have been given are not taken
        back, even if later frames show another path: with "fixed" or "skip", labels may
        go back to an earlier action. "peaks", "mallow" and "durations" go by the whole
        video, and here the first two are as "free", and the last as "fixed".

        Parameters
        ----------
        stream : iterable, default=None
            Frames (n_features,) or blocks of them (n_frames, n_features), such as a
            generator. None gives the object that takes them by `push`.
        lag : int, default=30
            Frames, at least 0, that are waited for before a frame gets its label. With
            ``context``, its frames are waited for, too.
        n_frames : float, default=None
            Length of a recording, in frames, by which ``switch_cost`` becomes nats.
            None is the mean of the videos of the fit. With ``switch_cost="auto"`` it is
            not used, and the cost is found once, on the frames before the first label.

        Returns
        -------
        online : OnlinePrediction
            Gives labels by ``push`` and ``finish``; or, of a stream, an iterator of the
            label and the probabilities (n_actions,) of each frame.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a parameter is not valid, or labels depend on the whole video: with
            ``standardize="video"``, after `guide` or a fit with ``guidance``, of
            `ASOTSegmenter` and of the votes of `AutoSegmenter`.

        Examples
        --------
        >>> from skl_tot import HMMSegmenter
        >>> from skl_tot.datasets import make_activities
        >>> videos, _ = make_activities(n_videos=5, n_actions=3, random_state=0)
        >>> model = HMMSegmenter(3).fit(videos)
        >>> for label, probabilities in model.predict_online(videos[0], lag=10):
        ...     pass
        >>> label
        2
        """
        check_is_fitted(self, "n_actions_")
        self._validate_params()
        lag = check_lag(lag)
        reason = self._whole_videos()
        if reason is not None:
            raise ValueError(f"{reason}, or predict when the recording has ended.")
        online = OnlinePrediction(self, lag, self._n_frames_of_switch(n_frames))
        return online if stream is None else online.follow(stream)

    def _whole_videos(self):
        """Say why labels cannot be known before a video ends, with a remedy, or None.

        A subclass whose log-likelihoods depend on more than single frames says so.
        """
        if getattr(self, "_standardize", self.standardize) == "video":
            return (
                'standardize="video" takes mean and variance of a whole video; fit '
                'with "dataset"'
            )
        if self._guide() is not None:
            return (
                "what was learned of labels goes by the relative time in a whole "
                "video; fit without guidance, and name actions by rename"
            )
        return None

    def _n_around(self):
        """Frames on each side of one that its log-likelihoods look at."""
        return context_of(self) or 0

    def _n_frames_of_switch(self, n_frames):
        """Length of a recording that the cost of a switch goes by."""
        decoder, switch_cost = self._how_to_decode()
        if decoder.chain is None:
            raise ValueError(
                f"decoding={self.decoding!r} has no chain to decode frames by as they "
                "come; give its Decoder one."
            )
        if n_frames is not None:
            check_n_frames(n_frames)
            return float(n_frames)
        known = getattr(self, "mean_frames_", None)  # models of before had none
        if known is None and decoder.uses_cost and switch_cost not in ("auto", 0):
            raise ValueError(
                "the model does not know how long recordings are, which switch_cost "
                "goes by; give n_frames."
            )
        return known or 0.0
