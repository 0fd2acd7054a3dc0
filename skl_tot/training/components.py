"""Parameters of estimators that are objects: their base, networks and optimisers."""

from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions

# Largest number; larger ones do not fit into arrays or C types.
MOST = 2**31 - 1
# Range of weights and scales, so that squares stay finite.
SMALLEST, LARGEST = 1e-100, 1e300
# Constraints of parameters: a number from 1, a weight from 0, a scale above 0.
COUNT = [Interval(Integral, 1, MOST, closed="both")]
WEIGHT = [Interval(Real, 0, LARGEST, closed="both")]
SCALE = [Interval(Real, SMALLEST, LARGEST, closed="both")]


class Component(BaseEstimator):
    """Base of priors, transports, terms and optimisers.

    ``_parameter_constraints`` may define valid values, as in scikit-learn.

    Examples
    --------
    >>> class Width(Component):
    ...     def __init__(self, width=0.1):
    ...         self.width = width
    >>> Width().checked()
    Width()
    """

    _parameter_constraints: dict = {}

    def checked(self):
        """Return a clone for one fit; raise ValueError for a bad parameter."""
        self._validate_params()
        return clone(self)


@dataclass(eq=False, repr=False)
class MLP(Component):
    """Network of an estimator: a perceptron of two layers that embeds frames.

    Parameters
    ----------
    hidden_size : int, default=80
        Width of the hidden layer.
    embedding_size : int, default=40
        Width of the embedding.
    temperature : float, default=0.1
        Temperature τ of the softmax over prototypes or concepts; others ignore it.
    start : {"scaled", "paper"}, default="scaled"
        First values. "scaled": activations vary by about 1, and prototypes start at the
        mean embeddings of equal parts of relative time, without an order at centres of
        clusters. "paper": all are drawn from N(0, 0.01²).

    Examples
    --------
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.extend import MLP
    >>> TemporalOTSegmenter(network=MLP(temperature=0.2)).network.hidden_size
    80
    """

    _parameter_constraints = {
        "hidden_size": COUNT,
        "embedding_size": COUNT,
        "temperature": SCALE,
        "start": [StrOptions({"scaled", "paper"})],
    }

    hidden_size: int = 80
    embedding_size: int = 40
    temperature: float = 0.1
    start: str = "scaled"


@dataclass(eq=False, repr=False)
class Adam(Component):
    """Training settings: mini-batches, and steps of Adam.

    Parameters
    ----------
    learning_rate : float, default=3e-3
        Step size.
    weight_decay : float, default=1e-4
        L2 penalty on all parameters, including prototypes.
    decay : float, default=0.5
        Share of the steps of `fit`, below 1, over which the learning rate falls at last
        to zero.
    freeze_iter : int or float, default=0
        Steps at the start with fixed prototypes: a number, less than ``max_iter`` of
        the estimator, or a share of it, in [0, 1).
    frames_per_video : int, default=128
        Frames sampled from a recording for a mini-batch, one from each of equal bins.
    batch_size : int, default=2
        Recordings in a mini-batch, at most their total number.

    Examples
    --------
    >>> settings = Adam(freeze_iter=0.2).settings(MLP(), max_iter=500)
    >>> settings.freeze_iter
    100
    """

    _parameter_constraints = {
        "learning_rate": SCALE,
        "weight_decay": WEIGHT,
        "decay": [Interval(Real, 0, 1, closed="left")],
        "freeze_iter": [
            Interval(Integral, 0, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="left"),
        ],
        "frames_per_video": COUNT,
        "batch_size": [Interval(Integral, 1, None, closed="left")],
    }

    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    decay: float = 0.5
    freeze_iter: Any = 0
    frames_per_video: int = 128
    batch_size: int = 2

    def settings(self, network, max_iter, n_networks=1, encoder="sigmoid"):
        """Make the settings of a fit: these parameters, and others."""
        values = self.get_params()
        if not isinstance(self.freeze_iter, Integral):
            values["freeze_iter"] = int(self.freeze_iter * int(max_iter))
        for name, value in values.items():
            if isinstance(value, Integral):  # numpy's small integers overflow
                values[name] = int(value)
        return Bunch(
            hidden_dim=int(network.hidden_size),
            embedding_dim=int(network.embedding_size),
            start=network.start,
            max_iter=int(max_iter),
            n_networks=int(n_networks),
            encoder=encoder,
            **values,
        )


#: Networks by the names that estimators know.
NETWORKS = MappingProxyType({"mlp": MLP})

#: Optimisers by the names that estimators know.
OPTIMIZERS = MappingProxyType({"adam": Adam})

# A constant learning rate and no steps of fixed prototypes, as other papers train.
constant_adam = partial(Adam, decay=0.0, frames_per_video=256)
