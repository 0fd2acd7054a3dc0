"""What fitted segmenters give: labels, probabilities, and a score without labels."""

import math
import warnings
from dataclasses import replace

from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning

from skl_tot.decoding.decoders import DECODERS, read_video, tempered_posterior
from skl_tot.decoding.moves import move_decoder
from skl_tot.inputs.forms import mirror_form
from skl_tot.inputs.labels import check_transcripts
from skl_tot.inputs.named import arrange
from skl_tot.inputs.videos import check_lengths
from skl_tot.meta.guide import SWITCH_COST, guided_scores
from skl_tot.metrics.label_free import carried_information
from skl_tot.segmenters.confidence import warn_of_few_actions
from skl_tot.segmenters.fitted import as_types_of, check_fitted
from skl_tot.segmenters.guided import codes_of_transcripts, in_words
from skl_tot.segmenters.questions import ask


class FittedOutputs(BaseEstimator):
    """Outputs of a segmenter that has ``_log_likelihoods``; part of `BaseSegmenter`."""

    def predict(self, X, *, transcripts=None):
        """Label every frame by the likeliest path through the actions.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        transcripts : sequence of int, or sequence of such, default=None
            The actions that each video is known to show, in their order; one may
            return. Their path has just these segments (in a video with fewer frames,
            some of them), whatever ``decoding`` is. None leaves actions to be found.

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
            If a video or a transcript is not valid.
        """
        videos, form = check_fitted(self, X)
        if transcripts is not None:
            transcripts = arrange(transcripts, form, "transcripts")
            if self._classes() is not None:
                transcripts = codes_of_transcripts(transcripts, self.classes_, form)
            transcripts = check_transcripts(
                transcripts, len(videos), form, self._n_outputs
            )
        readings = self._read(videos, transcripts=transcripts)
        labels = [reading.path for reading in readings]
        if transcripts is None:
            self._warn_of_few_actions(labels)
        return mirror_form(self._in_words(labels), form)

    def predict_proba(self, X):
        """Predict the probability of each action, frame by frame, without decoding.

        For `TemporalOTSegmenter` these are the codes P of Eq. 1, for `ASOTSegmenter`
        the pseudo-labels Q of the whole video, and for those with Gaussians their
        posterior.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of such
            Each row sums to 1, in the floating type of the video.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        probabilities = [softmax(x, axis=1) for x in self._weigh(videos)]
        return mirror_form(as_types_of(probabilities, videos), form)

    def predict_posterior(self, X):
        r"""Predict the probability of each action, frame by frame, given the video.

        Where `predict_proba` looks at one frame at a time, this weighs all paths that
        ``decoding`` allows (by forward and backward sums). In the middle of a segment
        one action has all of the probability; at a boundary two share it, and over as
        many frames as the boundary is uncertain.

        Neighbouring frames are no independent evidence, and labels that other videos
        contradict are no evidence at all. So log-likelihoods, and the costs of
        switches, are multiplied by a factor b from 0 to 1, from the autocorrelation of
        the log-odds within segments; and the result p is mixed with chance,

        .. math:: \kappa \, p + (1 - \kappa) / K,

        where :math:`\kappa` says how far Gaussians of each half of the videos label the
        other half alike, beyond chance. `fit` learns b and :math:`\kappa`, which are
        ``confidence_["tempering"]`` and ``confidence_["agreement"]``; after one with
        ``compute_labels=False`` they are not known, and both taken for 1, as is
        :math:`\kappa` after a single video. `skl_tot.decoding.path_posterior` of
        `log_likelihood` is exact, and too sure of itself.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class. Background is not looked for.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of such
            Each row sums to 1, in the floating type of the video.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        decoding, switch_cost = self._how_to_decode()
        probabilities = []
        for log_likelihood in self._weigh(videos):
            probabilities.append(
                tempered_posterior(
                    log_likelihood, decoding, switch_cost, self._confidence()
                )
            )
        return mirror_form(as_types_of(probabilities, videos), form)

    def log_likelihood(self, X):
        """Compute what the decoder is given: how well each action explains each frame.

        `skl_tot.decoding.decode` turns it into the labels of `predict` (with
        background, that of the other frames), which says why a frame has its label.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.

        Returns
        -------
        log_likelihood : ndarray of shape (n_frames, n_actions), or list of such
            In nats, up to a constant for each frame, float64.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        return mirror_form(list(self._weigh(videos)), form)

    def most_informative(self, X, n=1, *, unit="videos"):
        """Say what to label next: where labels would tell most.

        The doubt of a frame is the entropy of `predict_posterior`, in nats. For
        `AutoSegmenter` that of the votes (`predict_proba`) is added: how far its
        candidates disagree; not with ``combine="best"``, nor with guidance, which
        counts the labels of the candidates in the posterior.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class. Leave those out that you have
            labelled.
        n : int, default=1
            How many to list at most.
        unit : {"videos", "moments"}, default="videos"
            What to list: whole videos, by the mean doubt of their frames; or segments
            of `predict`, by the sum of their doubts beyond that of the surest frame in
            ``X``, as every frame has some. The longest are not listed for their length
            alone, nor scraps at boundaries.

        Returns
        -------
        found : list of dict
            Most informative first, of those alike the first in ``X``. Each has "video",
            the index, "start" and "end" (exclusive), in frames, "action", the label of
            the segment (-1 is background), None for a video, and "information", what
            it is listed by, in nats.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video, ``n`` or ``unit`` is not valid.
        """
        videos, _ = check_fitted(self, X)
        return ask(self, videos, n, unit)

    def score(self, X, y=None):
        r"""Measure how well actions carry over from video to video; needs no labels.

        A number of actions told apart, :math:`\exp(I - 2 J)`, of the labels that
        `predict` gives. It goes by the features of single frames, whatever ``context``
        is.

        :math:`I` is what other videos tell of the label of a frame. The videos with
        even index make a Gaussian for each action, of independent features with shared
        variances, which judge the frames of the other videos, and the other way round.
        The entropy of the labels less the cross-entropy of what they predict is the
        information, in nats.

        :math:`J` is what the video alone tells of it: the entropy of the labels less
        its mean within videos. It is high if an action fills some videos and is missing
        in others, as clusters do that tell videos apart.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, see Notes of the class.
        y : array-like of shape (n_frames,), or sequence of such, default=None
            Not looked at, but for their numbers. To score against labels, use the
            scorers of `skl_tot.metrics`.

        Returns
        -------
        score : float
            From 0 to K, higher is better; nan, with a warning, for a single array.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid, or there are not two, as in a fold of a search.
        """
        videos, form = check_fitted(self, X)
        check_lengths(arrange(y, form), videos.arrays, form)
        if form == "single":
            warnings.warn(
                "score compares videos and is not defined for a single one.",
                UndefinedMetricWarning,
                stacklevel=2,
            )
            return math.nan
        if len(videos) < 2:
            raise ValueError(
                "score compares videos, but X has one, expected two or more; without "
                "labels, each fold of a search needs two, so take fewer folds."
            )
        labels = [reading.path for reading in self._read(videos)]
        videos = videos.without_context()
        return math.exp(carried_information(videos.blocks, labels, self._n_outputs))

    def _decoders(self, edits=()):
        """Name the decoders that go by what this segmenter has learned.

        A subclass that has some names them among the constraints of ``decoding``. They
        are for the actions after ``edits``.
        """
        return {}

    def _read(
        self,
        videos,
        log_likelihoods=None,
        *,
        transcripts=None,
        with_posterior=False,
    ):
        """Yield a `Reading` of each of standardised videos, from one pass over them."""
        if log_likelihoods is None:
            log_likelihoods = self._weigh(videos)
        if transcripts is None:
            transcripts = [None] * len(videos)
        decoding, switch_cost = self._how_to_decode()
        for i, log_likelihood in enumerate(log_likelihoods):
            yield read_video(
                log_likelihood,
                videos.blocks(i),
                self.background_,
                decoding,
                switch_cost,
                transcript=transcripts[i],
                with_posterior=with_posterior,
                confidence=self._confidence(),
            )

    def _guide(self):
        """Get what was learned of labels, if anything; models of before had nothing."""
        return getattr(self, "guide_", None)

    def _votes(self, log_likelihood):
        """Shares of votes that log-likelihoods are of, if they are of a vote."""
        return None

    def _in_words(self, paths):
        """Labels of paths: numbers of actions, or what they stand for."""
        classes = self._classes()
        return paths if classes is None else in_words(paths, classes)

    def _how_to_decode(self):
        """Give the decoder, or its name, and the cost of a switch."""
        if self._guide() is not None:
            return move_decoder(*self._edited_guide()), SWITCH_COST
        decoders = DECODERS | self._decoders(self._edits())
        decoder = decoders[self.decoding]
        if decoder.cycle_frames is not None:
            decoder = replace(decoder, cycle_frames=self._cycle_frames())
        return decoder, self.switch_cost

    def _cycle_frames(self):
        """Frames of a cycle: of the videos of the fit, on average."""
        return getattr(self, "mean_frames_", math.inf)  # models of before had none

    def _weigh(self, videos):
        """Go over what the decoder is given of each video."""
        log_likelihoods = self._log_likelihoods(videos)
        if self._guide() is not None:
            clusterings = self._clusterings(videos, log_likelihoods)
            log_likelihoods = guided_scores(videos, clusterings, self.guide_)
        return self._edited(log_likelihoods, videos)

    def _clusterings(self, videos, log_likelihoods):
        """List clusterings of the frames, each a list of clusters of each video.

        In free order, what keeps its order says more of where a frame is.
        """
        decoding = "fixed" if self.decoding == "free" else self.decoding
        decoding = self._decoders().get(decoding, decoding)
        clusters = []
        for log_likelihood in log_likelihoods:
            clusters.append(read_video(log_likelihood, (), None, decoding, 0.0).path)
        return [clusters]

    def _confidence(self):
        """Get what the last fit has learned of it, if anything."""
        return getattr(self, "confidence_", None)  # nothing in models of before

    def _warn_of_few_actions(self, labels):
        """Warn of paths that show few actions, if that can be the cost's fault."""
        decoder = self._decoders().get(self.decoding) or DECODERS[self.decoding]
        if decoder.uses_cost and self._guide() is None:
            warn_of_few_actions(labels, self._n_outputs, self.switch_cost)
