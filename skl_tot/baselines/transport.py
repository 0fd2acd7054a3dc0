"""ASOT, the successor of the paper's method, by unbalanced transport."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils._param_validation import StrOptions

from skl_tot.methods.base import ORDER_CONSTRAINTS, by_order
from skl_tot.methods.gaussians import time_order
from skl_tot.methods.networks import PrototypeSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.scores import sum_groups
from skl_tot.training.baselines import SphericalCrossEntropy
from skl_tot.training.components import MLP, WEIGHT, Adam, constant_adam
from skl_tot.training.pseudo_labels import LinearPrior, StructuredTransport


@dataclass(eq=False, repr=False)
class ASOTSegmenter(PrototypeSegmenter):
    r"""Action segmentation by unbalanced, temporally structured transport (ASOT).

    Like `TemporalOTSegmenter`, it learns embeddings and prototypes, both of unit
    length, from pseudo-labels. The structure of their transport problem keeps
    neighbouring frames together instead of actions in order, and a weak prior and a
    weak balance allow actions of any length. The same problem with all frames of a
    recording and other weights labels it: actions may repeat, change places or be
    missing.

    `skl_tot.extend.StructuredTransport` has the equation, here with cosines S of frames
    and prototypes, and the prior :math:`\log T_{tk} = -|t / N - k / K|`.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    order : {"mostly", "strict", "free"}, default="mostly"
        As for `TemporalOTSegmenter`: it sets ``rho``, ``decoding`` and ``switch_cost``
        if these have their default.
    rho : float or "auto", default="auto"
        Weight ρ of the prior. The authors use 0.05 to 0.25, by data set. "auto" is
        0.25, and 0 in free order.
    transport : {"structured"} or StructuredTransport, default="structured"
        Problem of training, with α = 0.3, ε = 0.07 and λ = 0.1 by default. For
        labelling, its radius and iterations are used, with α = 0.6, ε = 0.04, λ = 0.01.
    network : {"mlp"} or MLP, default="mlp"
        Widths of the hidden layer and of the embedding, and the temperature τ of the
        softmax P: 128, 40 and 0.1 by default, see `skl_tot.extend.MLP`.
    max_iter : int, default=1500
        Optimiser steps, one mini-batch each.
    optimizer : {"adam"} or Adam, default="adam"
        Training settings. "adam" takes 256 frames per recording, a constant learning
        rate and prototypes that are never frozen, and is otherwise `Adam`.
    decoding : str, default="auto"
        "auto" is "fixed" in strict order, else "framewise", which labels each frame by
        its largest pseudo-label, like the authors. Other values, those of
        `TemporalOTSegmenter`, find a path by the logarithm of the pseudo-labels.
    switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`.
    standardize, device, random_state : optional
        As in `TemporalOTSegmenter`.

    Attributes
    ----------
    network_ : dict of str to ndarray
        All parameters of the network by name.
    prototypes_ : ndarray of shape (n_actions, embedding_dim)
        Prototypes, of unit length.
    prototype_actions_ : ndarray of shape (n_actions,)
        Action of each prototype. Actions are in order of mean relative time.
    loss_curve_ : list of float
        Loss of each step, in nats.
    n_iter_ : int
        Steps taken.

    Notes
    -----
    Network, losses, transport and settings come from the authors' code. Features are
    divided by the square root of their number; their scale matters. Own choices: first
    values from N(0, 0.01²), and paths. Fits depend on ``random_state``, as those
    of the authors do.

    A recording is one problem, in float64: T frames and K prototypes need some 75 T K
    bytes beside the features.

    See `TemporalOTSegmenter` for input and attributes. Label k is the k-th action by
    mean relative time.

    References
    ----------
    Xu, Gould, "Temporally Consistent Unbalanced Optimal Transport for Unsupervised
    Action Segmentation", CVPR 2024.

    Examples
    --------
    >>> from skl_tot.baselines import ASOTSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=4, random_state=0)
    >>> ASOTSegmenter(4, max_iter=50, random_state=0).fit(videos).prototypes_.shape
    (4, 40)
    """

    __module__ = "skl_tot.baselines"

    _encoder = "unit"
    _components = {
        "network": {"mlp": partial(MLP, 128)},
        "transport": {"structured": StructuredTransport},
        "optimizer": {"adam": partial(constant_adam, 1e-3)},
    }

    _defaults_by_order = by_order(
        rho=(0.25, 0.25, 0.0),
        decoding=("fixed", "framewise", "framewise"),
        switch_cost=(0.0, 0.0, 0.0),
    )
    _parameter_constraints = {
        **PrototypeSegmenter._parameter_constraints,
        **ORDER_CONSTRAINTS,
        "rho": [StrOptions({AUTO}), *WEIGHT],
        "transport": [StrOptions({"structured"}), StructuredTransport],
    }

    n_actions: int | str = 8
    _: KW_ONLY
    order: str = "mostly"
    rho: float | str = "auto"
    transport: Any = "structured"
    network: str | MLP = "mlp"
    max_iter: int = 1500
    optimizer: str | Adam = "adam"
    decoding: Any = "auto"
    switch_cost: Any = "auto"
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    device: str = "auto"
    random_state: Any = None

    def _cross_entropy(self, settings):
        return SphericalCrossEntropy(
            self._n_learned,
            settings.transport,
            prior=LinearPrior().checked(),
            rho=settings.rho,
            temperature=settings.network.temperature,
            freeze_iter=settings.training.freeze_iter,
        )

    def _group_prototypes(self, similarities, sample, goes_on):
        if not goes_on:  # numbers stay the same in a stream
            codes = map(self._codes, similarities)
            self.prototype_actions_ = np.argsort(time_order(codes, sample.times()))

    def _log_likelihood(self, similarities):
        """Logarithm of Q of a whole recording, in the order of the actions."""
        settings = self._settings()
        # weights of the transport that labels recordings, from the authors
        weights = {"epsilon": 0.04, "structure_weight": 0.6, "balance": 0.01}
        settings.transport.set_params(**weights)
        problem = self._cross_entropy(settings)
        codes = self._codes_of_video(problem, similarities, len(similarities))
        codes = sum_groups(codes, self.prototype_actions_, np.add)
        return np.log(np.maximum(codes, 1e-30))  # finite where no mass is
