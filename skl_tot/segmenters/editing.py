"""Edits of a fitted segmenter by a person: other names, fewer actions, or more."""

from collections.abc import Mapping, Sequence
from copy import copy
from itertools import repeat
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.videos import unchanged_on_error
from skl_tot.segmenters.edits import (
    check_edits,
    edited_moves,
    edited_scores,
    fit_line,
    merge_edit,
    n_after,
    split_edit,
)
from skl_tot.segmenters.fitted import check_fitted
from skl_tot.segmenters.guided import words_of


class Editing(BaseEstimator):
    """Part of `BaseSegmenter`: edits, which a new fit and `guide` forget.

    ``edits_`` has them in their order, see `skl_tot.segmenters.edits`.
    """

    # scikit-learn takes a method of this name for that of a cross-validator
    __metadata_request__split = {"label": UNUSED, "n": UNUSED}

    def rename(self, names):
        """Give actions names, which `predict` answers in from now on.

        Parameters
        ----------
        names : dict or sequence
            New names by labels of today, or the names of all actions in their order:
            all text, or all integers from 0. Actions without a new name keep the one
            they have; if that is a number among text, k becomes "action k".

        Returns
        -------
        self : object
            The estimator, with the names in ``classes_`` and in ``labels_``.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If there is no such label, or two actions would have one name. The
            estimator stays as it was.

        Examples
        --------
        >>> from skl_tot import MallowSegmenter
        >>> from skl_tot.datasets import make_activities
        >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
        >>> model = MallowSegmenter(3).fit(videos)
        >>> model.rename({1: "pour"}).classes_
        array(['action 0', 'pour', 'action 2'], dtype='<U8')
        """
        check_is_fitted(self, "n_actions_")
        with unchanged_on_error(self):
            before = self._words()
            self.classes_ = new_names(names, before[:-1])
            self._relabel(before, self._words())
        return self

    def merge(self, labels):
        """Make one action of several.

        In every frame its likelihood, and so its probability, is the sum of theirs;
        paths are found anew. With `guide`, or ``guidance``, moves and starts are merged
        as well, see `skl_tot.segmenters.edits.edited_moves`. What was background stays
        it. ``labels_`` are those of before put together.

        Parameters
        ----------
        labels : sequence
            Two labels or more. The action takes the name and the place of the first;
            numbers without names are given anew, from 0, in the order they had.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If there is no such label, or fewer than two. The estimator stays as it was.

        Examples
        --------
        >>> from skl_tot import MallowSegmenter
        >>> from skl_tot.datasets import make_activities
        >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
        >>> model = MallowSegmenter(3).fit(videos).rename(["take", "pour", "fill"])
        >>> model.merge(["pour", "fill"]).classes_
        array(['take', 'pour'], dtype='<U4')
        """
        check_is_fitted(self, "n_actions_")
        codes = self._codes_of(labels)
        edit = merge_edit(codes, self._n_outputs)
        with unchanged_on_error(self):
            before = self._words()
            if self._classes() is not None:
                self.classes_ = np.delete(self.classes_, codes[1:])
            self.edits_ = [*self._edits(), edit]
            # the last is background
            after = self._words()[np.append(edit["groups"], -1)]
            self._relabel(before, after)
        return self

    def split(self, label, X=None, *, n=2):
        """Make several actions of one.

        If it has several parts (``n_parts``), the last merges of them are undone.
        Otherwise, Gaussians along a line tell the frames of ``X`` that are predicted to
        show it apart: those of clusters from k-means. In every frame, the likelihoods
        of its halves add up to that of the action. ``labels_`` are lost; what was
        background stays it.

        Parameters
        ----------
        label : int or str
            The action.
        X : array-like of shape (n_frames, n_features), default=None
            One video, or a sequence of many. Needed, and looked at, if the action has
            no ``n`` parts.
        n : int, default=2
            Number of actions it becomes. Of text, they are named "label 1", …; of
            numbers that are names, the first keeps it and the others get new ones;
            other numbers are given anew.

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
        (code,) = self._codes_of([label], least=1)
        if isinstance(n, bool) or not isinstance(n, Integral) or n < 2:
            raise ValueError(f"n is {short_repr(n)}, expected an integer from 2.")
        halves = self._split_parts(code, int(n))
        if halves is None:
            halves = self._split_line(code, label, X, int(n))
        edit = split_edit(code, self._n_outputs, int(n), **halves)
        with unchanged_on_error(self):
            if self._classes() is not None:
                self.classes_ = names_of_halves(self.classes_, code, int(n))
            self.edits_ = [*self._edits(), edit]
            self.__dict__.pop("labels_", None)
        return self

    def _split_parts(self, code, n):
        """Tell halves apart by parts; None if the action has too few."""
        return None

    def _split_line(self, code, label, X, n):
        """Tell halves apart by the frames of X."""
        if X is None:
            raise ValueError(
                f"action {label!r} has no {n} parts to split it by, expected X, videos "
                "that show it."
            )
        videos, _ = check_fitted(self, X)
        frames, times = [], []
        for i, reading in enumerate(self._read(videos)):
            is_own = reading.path == code
            blocks = np.concatenate(list(videos.blocks(i)))
            frames.append(blocks[is_own])
            times.append(np.flatnonzero(is_own) / len(is_own))
        found = np.concatenate(frames)
        n_distinct = len(np.unique(found, axis=0))
        if n_distinct < n:
            raise ValueError(
                f"X shows action {label!r} in {n_distinct} distinct frames, expected "
                f"{n} or more."
            )
        return fit_line(found, np.concatenate(times), n)

    def _codes_of(self, labels, least=2):
        """Places of distinct labels among the actions."""
        if isinstance(labels, (str, bytes)) or not hasattr(labels, "__len__"):
            raise TypeError(
                f"labels is {short_repr(labels)}, expected a sequence of labels."
            )
        present = self._words()[:-1].tolist()
        codes = [find_label(label, present) for label in labels]
        if len(codes) < least or len(set(codes)) < len(codes):
            raise ValueError(
                f"labels is {short_repr(labels)}, expected {least} or more, which "
                "differ."
            )
        return codes

    def _edits(self):
        """List the edits; models of before had none."""
        return getattr(self, "edits_", [])

    def _classes(self):
        """Get what actions are called; None for their numbers."""
        return getattr(self, "classes_", None)

    def _words(self):
        """Labels of all actions, and last that of background."""
        classes = self._classes()
        return words_of(np.arange(self._n_outputs) if classes is None else classes)

    @property
    def _n_learned(self):
        """Number of actions before edits."""
        guide = self._guide()
        return self.n_actions_ if guide is None else np.size(guide["starts"])

    @property
    def _n_outputs(self):
        """Number of actions that are told apart."""
        return n_after(self.edits_[-1]) if self._edits() else self._n_learned

    def _edited(self, log_likelihoods, videos):
        """Log-likelihoods after the edits."""
        edits = self._edits()
        if not edits:
            return log_likelihoods
        log_codes = repeat(None)
        if any("parts" in edit for edit in edits):
            log_codes = self._log_parts(videos)
        return edited_scores(log_likelihoods, edits, videos, log_codes)

    def _edited_guide(self):
        """Get moves and starts of the guide after the edits."""
        if not self._edits():
            return self.guide_["moves"], self.guide_["starts"]
        return edited_moves(self.guide_, self.edits_)

    def _relabel(self, before, after):
        """Replace words in ``labels_``."""
        if not hasattr(self, "labels_"):
            return
        order = np.argsort(before, kind="stable")
        known = before[order], after[order]
        labels: Any = self.labels_
        if isinstance(labels, np.ndarray) and labels.dtype != object:
            self.labels_ = _replaced(labels, *known)
            return
        self.labels_ = copy(labels)  # a list, an array of arrays, or a dict of names
        for key in labels if isinstance(labels, dict) else range(len(labels)):
            self.labels_[key] = _replaced(labels[key], *known)

    def _check_edits(self, n_features):
        """Refuse edits and names that no call leaves, in a model from a file."""
        edits = self._edits()
        n_prototypes = 0
        if hasattr(self, "_log_parts"):
            n_prototypes = np.size(self.prototype_actions_)
        check_edits(edits, self._n_learned, n_features, n_prototypes)
        classes = self._classes()
        if classes is None:
            return
        if not isinstance(classes, np.ndarray) or classes.dtype.kind not in "iU":
            raise ValueError(f"classes_ is {classes!r}, expected an array of labels")
        if classes.shape != (self._n_outputs,) or len(set(classes)) < len(classes):
            raise ValueError(
                f"classes_ is {classes!r}, expected {self._n_outputs} distinct labels"
            )


def _replaced(labels, before, after):
    """Labels with words in place of those of before, which are sorted."""
    return after[np.searchsorted(before, labels)]


def find_label(label, present):
    """Place of a label among those there are.

    >>> find_label("pour", ["take", "pour"])
    1
    """
    is_label = isinstance(label, (str, Integral)) and not isinstance(label, bool)
    if not is_label or label not in present:
        raise ValueError(f"there is no action {short_repr(label)}, only {present}.")
    return present.index(label)


def new_names(names, present):
    """Names of all actions, of which some are given.

    >>> new_names({2: "pour", 0: "take"}, np.arange(3))
    array(['take', 'action 1', 'pour'], dtype='<U8')
    """
    if isinstance(names, Mapping):
        found = dict(enumerate(present.tolist()))
        labels = list(found.values())
        for label, name in names.items():
            found[find_label(label, labels)] = name
        given = list(found.values())
    elif isinstance(names, (Sequence, np.ndarray)) and not isinstance(names, str):
        given = list(names)
        if len(given) != len(present):
            raise ValueError(
                f"names has {len(given)} names, expected {len(present)}, one for each "
                "action."
            )
    else:
        raise TypeError(
            f"names is {short_repr(names)}, expected a dict of new names by labels, or "
            "a sequence of all names."
        )
    fresh = names.values() if isinstance(names, Mapping) else given
    return _checked_names(given, any(isinstance(name, str) for name in fresh))


def _checked_names(given, is_text):
    """Array of distinct names of one type."""
    names = []
    for name in given:
        is_number = isinstance(name, Integral) and not isinstance(name, bool)
        if is_text and is_number:
            name = f"action {name}"
        is_name = isinstance(name, str) and name.strip()
        if not is_name and not (is_number and 0 <= name < 2**63):
            raise ValueError(
                f"names has {short_repr(name)}, expected text that is not empty, or "
                "integers from 0."
            )
        names.append(str(name) if isinstance(name, str) else int(name))
    if len({type(name) for name in names}) > 1:
        raise TypeError(
            f"names would be {short_repr(names)}, expected all text or all integers."
        )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(
            f"names would have {twice[0]!r} twice, expected names that differ; merge "
            "makes one action of several."
        )
    return np.array(names)


def names_of_halves(classes, code, n):
    """Names after a split.

    >>> names_of_halves(np.array(["pour", "fill"]), 0, 2)
    array(['pour 1', 'pour 2', 'fill'], dtype='<U6')
    >>> names_of_halves(np.array([0, 5]), 0, 2)
    array([0, 6, 5])
    """
    names = classes.tolist()
    if classes.dtype.kind != "U":
        halves = [names[code], *(max(names) + 1 + k for k in range(n - 1))]
        return np.array([*names[:code], *halves, *names[code + 1 :]])
    halves, number = [], 1
    while len(halves) < n:
        name = f"{names[code]} {number}"
        if name not in names:
            halves.append(name)
        number += 1
    return np.array([*names[:code], *halves, *names[code + 1 :]])
