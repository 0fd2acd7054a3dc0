"""Bases of segmenters with a network: embeddings, prototypes and pseudo-labels."""

import math
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Self

import numpy as np
from scipy.special import log_softmax
from sklearn.base import TransformerMixin, _fit_context, clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from skl_tot.methods.base import BaseSegmenter, Learned
from skl_tot.methods.gaussians import time_order
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.scores import (
    REACH,
    REACH_IN_STRICT,
    LazyArrays,
    as_type_of,
    group_prototypes,
    sum_groups,
)
from skl_tot.recordings.checks import unchanged_on_error
from skl_tot.recordings.container import FrameArrays, row_blocks
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.signals import stretches
from skl_tot.training import devices
from skl_tot.training.components import COUNT, MLP, NETWORKS, OPTIMIZERS, Adam
from skl_tot.training.loop import Snapshot, map_moments, train
from skl_tot.training.network import Encoder, TorchEncoder, score_prototypes

# Weight of the overlaps of earlier calls of partial_fit at each new one.
STREAM_MEMORY = 0.95


class NetworkSegmenter(TransformerMixin, BaseSegmenter):
    """Base of segmenters that embed frames by a trained network.

    A subclass calls `train` in ``_learn``, with the terms of its loss. After training,
    ``network_`` holds all parameters by name, including those of the terms.
    """

    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "network": [StrOptions(set(NETWORKS)), MLP],
        "optimizer": [StrOptions(set(OPTIMIZERS)), Adam],
        "device": [str],
    }

    # objects for names of parameters; a method may have other defaults
    _components: dict = {"network": NETWORKS, "optimizer": OPTIMIZERS}
    n_networks = 1  # for segmenters without this parameter
    _encoder = "sigmoid"  # a key of ENCODERS
    # function from embeddings to the output of `transform`, if they differ
    _embeddings: Callable | None = None

    def _settings(self):
        """Values of parameters for one fit, with new objects in place of names."""
        settings = self._resolved_parameters()
        for name, classes in self._components.items():
            value = settings[name]
            if isinstance(value, str):
                value = classes[value]()
            settings[name] = None if value is None else value.checked()
        settings.training = settings.optimizer.settings(
            settings.network, self.max_iter, self.n_networks, self._encoder
        )
        return settings

    def _draw_seeds(self):
        """Draw two seeds, the same in all processes."""
        rng = check_random_state(self.random_state)
        return devices.from_first_process(rng.randint(2**31 - 1, size=2).tolist())

    def _train(self, videos, training, terms, seed, start=None, one_pass=False):
        """Train from a snapshot, or anew; set the network, return the new snapshot."""
        snapshot, losses = train(
            videos,
            training,
            terms,
            device=self.device,
            seed=seed,
            start=start,
            one_pass=one_pass,
        )
        self.network_, self.n_iter_ = snapshot.network, snapshot.n_iter
        self.loss_curve_ = losses if start is None else self.loss_curve_ + losses
        return snapshot

    def _apply_network(self, videos, head=None, *, keep=None):
        """Embed recordings, and apply a head; with ``keep``, arrays made on demand."""
        n_values = videos.lengths.sum() * videos.n_features
        device = devices.prediction_device(self.device, n_values)
        is_plain = self._encoder == "sigmoid" and head in (None, score_prototypes)
        if is_plain and device == "cpu":
            encoder = Encoder(self.network_)
        else:
            device = devices.inference_device(device)
            encoder = TorchEncoder(self.network_, device, self._encoder)
        compute = partial(encoder.apply, videos, head=head)
        if keep is None:
            return map(compute, range(len(videos)))
        return LazyArrays(compute, len(videos), keep=keep)

    def transform(self, X) -> FrameArrays:
        """Embed every frame.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        embeddings : ndarray of shape (n_frames, embedding_dim), or list of these
            In the floating type of the recording; networks are side by side.
        """
        videos = self.prepare(X)
        embeddings = list(self._apply_network(videos, self._embeddings))
        return videos.restore(list(map(as_type_of, embeddings, videos.arrays)))

    def set_params(self, **params) -> Self:
        """Set parameters, also those of named objects, such as ``prior__sigma``.

        The object of a nested parameter replaces its name. A nested parameter of "auto"
        or None is an error. After any error, all parameters are as before.
        """
        nested = {name: params.pop(name) for name in list(params) if "__" in name}
        with unchanged_on_error(self):
            super().set_params(**params)
            for name in nested:
                self._prepare_nested(name)
            return super().set_params(**nested)

    def _prepare_nested(self, nested):
        """Put an object of its own in place of the name, for a nested parameter."""
        name = nested.partition("__")[0]
        if name not in self._components:
            return
        value, classes = getattr(self, name), self._components[name]
        if isinstance(value, str) and value in classes:
            value = classes[value]()
        if hasattr(value, "set_params"):
            setattr(self, name, clone(value))  # the old one stays, if an error follows
            return
        problem, known = "has no parameters", next(iter(classes))
        if isinstance(value, str) and value == AUTO:
            of_order = self._defaults_by_order.get(self.order, {}).get(name)
            problem = f"follows the order ({self.order!r}: {of_order!r})"
            known = of_order or known
        problem = f"{nested} needs a named {name}, and {name}={value!r} {problem}"
        raise ValueError(f"{problem}; set {name}={known!r} first.")


class PrototypeSegmenter(NetworkSegmenter):
    """Base of segmenters with one or several prototypes per action, learned online.

    A subclass makes the loss term of prototypes and pseudo-labels in
    ``_cross_entropy``, and lists it in ``_terms``.
    """

    _parameter_constraints = {
        **NetworkSegmenter._parameter_constraints,
        "n_prototypes": COUNT,
        "n_networks": COUNT,
    }

    @abstractmethod
    def _cross_entropy(self, settings):
        """Make the term of prototypes and codes; see `_settings`."""

    def _terms(self, settings):
        return [self._cross_entropy(settings)]

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y=None) -> Self:
        """Continue learning, with one pass over the given recordings in order.

        Standardisation, optimiser and random numbers continue. ``labels_`` are those of
        the given recordings, which may be shorter than ``n_actions`` frames.
        ``background_percentile`` needs `fit`, and so does a model with names, merges or
        splits.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or sequence of these, default=None
            Labels from a search or a pipeline, not used: `SemiSupervisedSegmenter`
            learns from labels.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        self._check_partial_fit()
        with unchanged_on_error(self), threadpool_limits(1, "blas"):  # as in `fit`
            is_first = not hasattr(self, "network_")
            start = None
            if not is_first:
                start = Snapshot(
                    self.network_, self.n_iter_, self.moments_, self.rng_state_
                )
            videos = self.prepare_fit(X, y, reset=is_first)
            self.mean_frames_ = math.inf  # unknown from a few recordings
            with videos.named_errors():
                self._label(videos, self._learn(videos, start, one_pass=True))
        return self

    def _check_partial_fit(self):
        if self.n_actions == AUTO:
            what = "a number for partial_fit, such as skl_tot.choose_n_actions gives"
            refuse("n_actions", AUTO, what)
        if self.background_percentile is not None:
            what = "None for partial_fit; fit finds background"
            refuse("background_percentile", self.background_percentile, what)
        if not hasattr(self, "network_"):
            return
        if self.standardize != self.standardize_:
            what = f"{self.standardize_!r} as before; fit anew"
            refuse("standardize", self.standardize, what)
        is_merged = self.layers_ or self.n_actions_ != self._n_learned
        if is_merged or self.classes_ is not None:
            raise ValueError(
                "partial_fit finds other actions than those that were named, merged or "
                "split; fit anew, or teach this model by corrections.refine."
            )

    def pseudo_labels(self, X) -> FrameArrays:
        """Compute the pseudo-labels Q that training would use (Eq. 10, Fig. 3).

        Each recording is one transport problem with all its frames. Prototypes of an
        action are summed, and networks averaged. An action that was split is an error.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        codes : ndarray of shape (n_frames, n_actions), or list of these
            Q; each row sums to 1.
        """
        videos, codes = self.prepare(X), []
        if any(layer.adds_actions for layer in self.layers_):
            raise ValueError(
                "pseudo_labels has no columns for the parts of a split action; call it "
                "on the model before the split."
            )
        settings = self._settings()
        n_sampled = settings.training.frames_per_video
        problem = self._cross_entropy(settings)
        for similarities in self._apply_network(videos, score_prototypes):
            codes_of_video = self._codes_of_video(problem, similarities, n_sampled)
            codes.append(sum_groups(codes_of_video, self.prototype_actions_, np.add))
        return videos.restore(codes)

    def similarities(self, X) -> FrameArrays:
        """Compare every frame with every prototype.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        similarities : ndarray of shape (n_frames, n_prototypes), or list of these
            z·c, float32; their softmax at the ``temperature`` is P. Those of several
            networks are side by side.
        """
        videos = self.prepare(X)
        return videos.restore(list(self._apply_network(videos, score_prototypes)))

    @property
    def prototypes_(self) -> np.ndarray:
        """Prototypes, in the order of the actions."""
        return self.network_["prototypes"]

    def _learn(self, videos, start=None, *, one_pass=False):
        self._set_n_actions(videos)
        settings = self._settings()
        training = settings.training
        if not one_pass and training.freeze_iter >= self.max_iter:
            raise ValueError(
                "the optimizer's freeze_iter leaves no step of "
                f"max_iter={self.max_iter} in which the prototypes move; give fewer, "
                "or a share such as 0.1."
            )
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        terms = self._terms(settings)
        snapshot = self._train(videos, training, terms, seed, start, one_pass)
        self.moments_, self.rng_state_ = snapshot.moments, snapshot.rng_state
        self.temperature_ = settings.network.temperature
        # whether a prior keeps the prototypes in order; ASOT's is no parameter
        has_prior = settings.get("prior", True) is not None
        # to sort, to merge and to find background, recordings are scored again
        keep = not has_prior or self._has_several_prototypes
        keep |= self.background_percentile is not None
        sample = stretches(videos)
        similarities = self._apply_network(sample.videos, score_prototypes, keep=keep)
        if not has_prior:
            similarities = self._order_by_time(similarities, sample)
        goes_on = has_prior and start is not None
        self._group_prototypes(similarities, sample, goes_on)
        if sample.videos is not videos:
            return Learned()
        return Learned(lambda i: self._log_likelihood(similarities[i]))

    @property
    def _has_several_prototypes(self):
        return self.prototypes_[..., 0].size > self._n_learned

    def _order_by_time(self, similarities, sample):
        """Sort the prototypes by the mean relative time of their frames, like CTE."""
        codes = (self._codes(frames) for frames in similarities)
        order = time_order(codes, sample.times())
        # networks stay in order
        networks = order // self.prototypes_.shape[-2]
        order = order[np.argsort(networks, kind="stable")]

        def sort(prototypes):
            rows = prototypes.reshape(len(order), -1)
            return rows[order].reshape(prototypes.shape)

        self.network_ = self.network_ | {"prototypes": sort(self.prototypes_)}
        if "prototypes" in self.moments_:  # absent if always frozen
            moments = {"prototypes": self.moments_["prototypes"]}
            self.moments_ = self.moments_ | map_moments(moments, sort)
        return LazyArrays(lambda i: similarities[i][:, order], len(sample.videos))

    def _group_prototypes(self, similarities, sample, goes_on):
        """Set the action of each prototype; ``goes_on`` in a later partial fit."""
        if not self._has_several_prototypes:
            self.overlap_ = 0.0
            self.prototype_actions_ = np.arange(self.n_actions_)
            return
        # the sum of P' P over recordings, in frames
        overlap = sum(codes.T @ codes for codes in map(self._codes, similarities))
        if goes_on:  # few recordings; earlier ones belong to an older network
            overlap += STREAM_MEMORY * self.overlap_
        self.overlap_ = overlap
        n_networks = len(overlap) // self.prototypes_.shape[-2]
        reach = REACH_IN_STRICT if self.order_ == "strict" else REACH
        self.prototype_actions_ = group_prototypes(
            overlap, n_networks, self.n_actions_, reach
        )

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._apply_network(videos, score_prototypes))

    def _log_likelihood(self, similarities):
        """Logarithm of P, summed over prototypes of an action, mean of networks."""
        actions = self.prototype_actions_
        members = np.eye(actions.max() + 1)[actions]
        log_likelihood = np.empty((len(similarities), members.shape[1]))
        for rows in row_blocks(similarities):  # limits temporary arrays
            sums = self._codes(similarities[rows]) @ members
            # smaller sums lose precision in the logarithm
            if sums.min() >= 1e-290:
                log_likelihood[rows] = np.log(sums)
                continue
            log_codes = self._codes(similarities[rows], as_logarithm=True)
            log_likelihood[rows] = sum_groups(log_codes, actions, np.logaddexp)
        return log_likelihood

    def _codes(self, similarities, as_logarithm=False):
        """Codes P (n_frames, n_prototypes) of each network over their number."""
        codes = similarities.astype(np.float64) / self.temperature_
        of_networks = codes.reshape(
            len(codes), -1, self.network_["prototypes"].shape[-2]
        )
        n_networks = of_networks.shape[1]
        if as_logarithm:  # also of vanishing codes
            of_networks[:] = log_softmax(of_networks, axis=2) - np.log(n_networks)
            return codes
        # as `softmax`, but in place, as these are the largest arrays
        of_networks -= of_networks.max(axis=2, keepdims=True)
        np.exp(of_networks, out=of_networks)
        of_networks /= of_networks.sum(axis=2, keepdims=True) * n_networks
        return codes

    def _codes_of_video(self, problem, similarities, n_sampled):
        """Pseudo-labels of prototypes in a whole recording, by network."""
        n_networks = similarities.shape[1] // self.prototypes_.shape[-2]
        codes = [
            problem.codes_of_video(of_network, n_sampled, self.n_iter_)
            for of_network in np.split(similarities, n_networks, axis=1)
        ]
        return np.concatenate(codes, axis=1) / n_networks
