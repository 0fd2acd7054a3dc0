"""Whether a model from a file holds what a fit leaves."""

from numbers import Integral

import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler


def check_methods(model):
    """Refuse an attribute of a model, or of what it holds, in place of a method."""
    values, seen = [model], set()
    while values:
        value = values.pop()
        if id(value) in seen or isinstance(value, type):
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            values.extend(value.values())
        elif isinstance(value, (list, tuple, set)):
            values.extend(value)
        elif hasattr(value, "__dict__"):
            _check_attributes(value)
            values.extend(vars(value).values())


def _check_attributes(value):
    kind = type(value)
    for name in vars(value):
        if callable(getattr(kind, name, None)):
            raise ValueError(f"{kind.__name__} has {name!r} in place of its method")


def check_segmenter(segmenter):
    """Refuse parameters that are not valid, and attributes of shapes that do not fit.

    Only the attributes of the classes of this package are known.
    """
    segmenter._validate_params()
    for base in reversed(type(segmenter).__mro__):
        if base.__name__ in CHECKS:
            CHECKS[base.__name__](segmenter)


def _count(segmenter, name):
    """Attribute that is an integer from 1."""
    value = getattr(segmenter, name)
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} is {value!r}, expected an integer from 1")
    return value


def _check_array(array, name, shape, *, is_finite=True):
    """Refuse what is no array of numbers of this shape."""
    _check_numbers(array, name)
    if array.shape != shape:
        raise ValueError(f"{name} is of shape {array.shape}, expected {shape}")
    if is_finite and not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite")


def _check_numbers(array, name):
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        found = getattr(array, "dtype", type(array).__name__)
        raise ValueError(f"{name} is of {found}, expected an array of numbers")


def _check_base(segmenter):
    n_features = _count(segmenter, "n_features_in_")
    n_actions = _count(segmenter, "n_actions_")
    scaler, background = segmenter.scaler_, segmenter.background_
    if scaler is not None:
        if type(scaler) is not StandardScaler:
            raise ValueError(f"scaler_ is {scaler!r}, expected a StandardScaler")
        for name in ("mean_", "scale_"):
            _check_array(getattr(scaler, name, None), f"scaler_.{name}", (n_features,))
    if background is not None:
        shape = (n_actions, n_features)
        _check_item(background, "background_", "means", shape)
        _check_item(background, "background_", "variances", shape)
        # inf for an action without frames
        _check_item(background, "background_", "thresholds", shape[:1], is_finite=False)


def _check_item(values, where, name, shape, **options):
    """Check an array of a dict."""
    _check_array(_item(values, where, name), f"{where}[{name!r}]", shape, **options)


def _item(values, where, name):
    """Value of a dict, if it is one that has it."""
    if not isinstance(values, dict) or name not in values:
        raise ValueError(f"{where} has no {name!r}, expected a dict with it")
    return values[name]


def _check_network(segmenter):
    _count(segmenter, "n_iter_")
    network = segmenter.network_
    n_features, hidden_dim = segmenter.n_features_in_, _size(network, "hidden_bias")
    embedding_dim = _size(network, "output_bias")
    shapes = {
        "hidden_weight": (n_features, hidden_dim),
        "hidden_bias": (hidden_dim,),
        "output_weight": (hidden_dim, embedding_dim),
        "output_bias": (embedding_dim,),
    }
    for name, value in network.items():
        shapes.setdefault(name, getattr(value, "shape", ()))
    for name, shape in shapes.items():
        _check_item(network, "network_", name, shape)


def _size(network, name):
    value = _item(network, "network_", name)
    _check_numbers(value, f"network_[{name!r}]")
    return value.size


def _check_prototypes(segmenter):
    actions, n_actions = segmenter.prototype_actions_, segmenter.n_actions_
    _check_numbers(actions, "prototype_actions_")
    is_ordered = actions.ndim == 1 and actions.dtype.kind == "i" and len(actions) > 0
    if is_ordered:
        steps = np.diff(actions, prepend=-1, append=n_actions)
        is_ordered = steps[0] == steps[-1] == 1 and np.isin(steps, (0, 1)).all()
    if not is_ordered:
        raise ValueError(
            f"prototype_actions_ is {actions.tolist()}, expected the actions from 0 to "
            f"{n_actions - 1} in their order"
        )
    shape = (len(actions), _size(segmenter.network_, "output_bias"))
    _check_item(segmenter.network_, "network_", "prototypes", shape)


def _check_gaussians(segmenter):
    gaussians, n_actions = segmenter.gaussians_, segmenter.n_actions_
    if not isinstance(gaussians, list) or len(gaussians) != n_actions:
        raise ValueError(f"gaussians_ is {gaussians!r}, expected {n_actions} in a list")
    for i, gaussian in enumerate(gaussians):
        _check_gaussian(
            gaussian, f"gaussians_[{i}]", _size(segmenter.network_, "output_bias")
        )


def _check_gaussian(gaussian, where, embedding_dim):
    if type(gaussian) is not GaussianMixture or gaussian.covariance_type != "full":
        raise ValueError(f"{where} is {gaussian!r}, expected a GaussianMixture")
    if gaussian.n_features_in_ != embedding_dim:
        raise ValueError(
            f"{where} is of {gaussian.n_features_in_} features, expected "
            f"{embedding_dim}"
        )
    shapes = {
        "weights_": (1,),
        "means_": (1, embedding_dim),
        "precisions_cholesky_": (1, embedding_dim, embedding_dim),
    }
    for name, shape in shapes.items():
        _check_array(getattr(gaussian, name, None), f"{where}.{name}", shape)


# By the name of the class, as their modules load torch.
CHECKS = {
    "BaseSegmenter": _check_base,
    "NetworkSegmenter": _check_network,
    "PrototypeSegmenter": _check_prototypes,
    "CTESegmenter": _check_gaussians,
}
