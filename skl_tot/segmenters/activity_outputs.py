"""What `ActivitySegmenter` says of videos, and edits of its actions."""

import math

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils.validation import check_is_fitted

from skl_tot.inputs.errors import short_repr, warn_user
from skl_tot.inputs.forms import mirror_form
from skl_tot.inputs.named import Named, arrange
from skl_tot.inputs.videos import check_lengths
from skl_tot.meta.activity_bags import count_words, nearest_bags
from skl_tot.metrics.label_free import carried_information
from skl_tot.segmenters.activity_models import (
    activities_of,
    in_turn,
    select_videos,
    shifted,
    widened,
    widened_scores,
)
from skl_tot.segmenters.editing import names_of_halves
from skl_tot.segmenters.edits import merge_edit
from skl_tot.segmenters.fitted import as_types_of, check_fitted
from skl_tot.segmenters.pipelines import last_step, transform_before
from skl_tot.segmenters.template import BaseSegmenter


class ActivityOutputs(BaseSegmenter):
    """Part of `ActivitySegmenter`, which learns ``segmenters_`` and ``bags_``."""

    @property
    def action_offsets_(self):
        """Number of the first action of each activity, and last that of all actions."""
        sizes = [last_step(model)._n_outputs for model in self.segmenters_]
        return np.cumsum([0, *sizes])

    @property
    def action_names_(self):
        """Names of all actions, such as "activity 0: action 2"."""
        names = []
        for activity, model in zip(self.activity_names_.tolist(), self.segmenters_):
            if not isinstance(activity, str):
                activity = f"activity {activity}"
            for word in last_step(model)._words()[:-1].tolist():
                action = word if isinstance(word, str) else f"action {word}"
                names.append(f"{activity}: {action}")
        return names

    def predict_activity(self, X):
        """Say which activity each video shows: that of the nearest mean bag.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many.

        Returns
        -------
        activities : ndarray of shape (n_videos,), dict, int or str
            One of ``activity_names_`` for each video, by name if the videos have names;
            of a single array, its own.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        names = self.activity_names_[self._find_activities(videos)]
        return names[0].item() if form == "single" else by_video(names, form)

    def predict_posterior(self, X):
        """Predict the probability of each action, frame by frame, given the video.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions), or list of such
            That of the segmenter of the video's activity, and 0 for the actions of
            others. Each row sums to 1, in the floating type of the video.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        readings = self._read(videos, with_posterior=True)
        found = [reading.posterior for reading in readings]
        return mirror_form(as_types_of(found, videos), form)

    def score(self, X, y=None):
        """Measure how well actions carry over between videos of one activity.

        Parameters
        ----------
        X : sequence of array-like of shape (n_frames_i, n_features)
            Videos.
        y : array-like of shape (n_frames,), or sequence of such, default=None
            Not looked at, but for its numbers.

        Returns
        -------
        score : float
            The geometric mean of what `TemporalOTSegmenter.score` is of the videos of
            each predicted activity, weighted by their frames; activities of one video
            count as 1. nan, with a warning, if there are no others.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not valid.
        """
        videos, form = check_fitted(self, X)
        check_lengths(arrange(y, form), videos.arrays, form)
        codes = self._find_activities(videos)
        paths = [reading.path for reading in self._read(videos)]
        if len(np.unique(codes)) == len(codes):
            text = "score compares videos of one activity, but no two are of one."
            warn_user(text, UndefinedMetricWarning)
            return math.nan
        total = 0.0
        for k in np.unique(codes):
            own = np.flatnonzero(codes == k)
            labels = [shifted(paths[i], -self.action_offsets_[k]) for i in own]
            if len(own) > 1:
                n_actions = last_step(self.segmenters_[k])._n_outputs
                total += videos.lengths[own].sum() * carried_information(
                    lambda i, own=own: videos.blocks(own[i]), labels, n_actions
                )
        return math.exp(total / videos.lengths.sum())

    def merge(self, labels):
        """Make one action of several of one activity, see `TemporalOTSegmenter.merge`.

        Parameters
        ----------
        labels : sequence
            Two labels or more.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If there is no such label, fewer than two, or they are of several
            activities. The estimator stays as it was.
        """
        check_is_fitted(self, "n_actions_")
        codes = self._codes_of(labels)
        k, own = self._within_activity(codes, labels)
        groups = merge_edit(codes, self._n_outputs)["groups"]
        before = self._words()
        last_step(self.segmenters_[k]).merge(own)
        if self._classes() is not None:
            self.classes_ = np.delete(self.classes_, codes[1:])
        # the last is background
        self._relabel(before, self._words()[np.append(groups, -1)])
        return self

    def split(self, label, X=None, *, n=2):
        """Make several actions of one, see `TemporalOTSegmenter.split`.

        Parameters
        ----------
        label : int or str
            The action.
        X : array-like of shape (n_frames, n_features), default=None
            One video, or a sequence of many, of any activities. Needed if the action
            has no ``n`` parts.
        n : int, default=2
            Number of actions it becomes.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If there is no such label, or nothing to split it by. The estimator stays as
            it was.
        """
        check_is_fitted(self, "n_actions_")
        codes = self._codes_of([label], least=1)
        k, own = self._within_activity(codes, [label])
        model = self.segmenters_[k]
        if X is not None:
            videos, _ = check_fitted(self, X)
            indices = np.flatnonzero(self._find_activities(videos) == k)
            if not len(indices):
                raise ValueError(
                    f"X has no video of the activity of action {short_repr(label)}, "
                    "expected some."
                )
            X = transform_before(model, select_videos(videos.arrays, indices))
        last_step(model).split(own[0], X, n=n)
        if self._classes() is not None:
            self.classes_ = names_of_halves(self.classes_, codes[0], int(n))
        self.__dict__.pop("labels_", None)
        return self

    def guide(self, X, y):
        """Refuse to learn labels: that is for the segmenter of one activity.

        Parameters
        ----------
        X : object
            Not looked at.
        y : object
            Not looked at.

        Raises
        ------
        TypeError
            Always.
        """
        raise TypeError(
            "labels are learned by the segmenter of one activity: use guide of "
            "segmenters_[a], or fit one segmenter with guidance to all videos."
        )

    def _within_activity(self, codes, labels):
        """Place of the activity of actions, and what its segmenter calls them."""
        offsets = self.action_offsets_
        found = np.unique(np.searchsorted(offsets, codes, side="right") - 1)
        if len(found) > 1:
            raise ValueError(
                f"labels is {short_repr(labels)}, of several activities, expected "
                "labels of one."
            )
        k = int(found[0])
        words = last_step(self.segmenters_[k])._words()
        return k, words[np.array(codes) - offsets[k]].tolist()

    def _count_words(self, videos):
        """Bag of each video."""
        bags = []
        for i in range(len(videos)):
            bags.append(count_words(videos.blocks(i), self.vocabulary_))
        return np.array(bags)

    def _find_activities(self, videos):
        """Place of the activity of each video among the names."""
        return nearest_bags(self._count_words(videos), self.bags_)

    def _read(
        self, videos, log_likelihoods=None, *, transcripts=None, with_posterior=False
    ):
        offsets = self.action_offsets_
        if transcripts is None:
            codes = self._find_activities(videos)
        else:
            codes = activities_of(transcripts, offsets)

        def read(segmenter, own, indices):
            known = None
            if transcripts is not None:
                known = [transcripts[i] - offsets[codes[i]] for i in indices]
            return segmenter._read(
                own, transcripts=known, with_posterior=with_posterior
            )

        readings = in_turn(self.segmenters_, videos.arrays, codes, read)
        for code, reading in zip(codes, readings):
            yield widened(reading, offsets[code], offsets[-1])

    def _whole_videos(self):
        return (
            "ActivitySegmenter tells an activity by what occurs in a whole video; take "
            "one of its segmenters_"
        )

    def _log_likelihoods(self, videos):
        offsets, codes = self.action_offsets_, self._find_activities(videos)
        found = in_turn(
            self.segmenters_,
            videos.arrays,
            codes,
            lambda segmenter, own, indices: segmenter._weigh(own),
        )
        for code, own in zip(codes, found):
            yield widened_scores(own, offsets[code], offsets[-1])

    @property
    def _n_learned(self):
        return int(self.action_offsets_[-1])

    def _warn_of_few_actions(self, labels):
        offsets = self.action_offsets_
        last = np.array([path.max() for path in labels])
        codes = np.searchsorted(offsets, last, side="right") - 1
        for k, model in enumerate(self.segmenters_):
            own = [shifted(labels[i], -offsets[k]) for i in np.flatnonzero(codes == k)]
            if own:
                last_step(model)._warn_of_few_actions(own)


def by_video(names, form):
    """Activities of videos: by name, if those have any."""
    return dict(zip(form.names, names.tolist())) if isinstance(form, Named) else names
