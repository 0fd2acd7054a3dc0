"""Defaults of parameters by the order of actions, for each method.

A table maps orders to values of the parameters that are left to the order. A method
does not support an order that is missing in its table.
"""

from sklearn.utils._param_validation import StrOptions

from skl_tot.methods.numbers import AUTO

# Values that leave a parameter to the order, if "auto" has another meaning.
LEFT = {"switch_cost": None}

TEMPORAL_OT = {
    "strict": {
        "n_parts": 2,
        "alpha": 0.0,
        "decoding": "fixed",
        "switch_cost": 0.0,
        "network": "sharp",
        "prior": "narrow path",
    },
    "mostly": {
        "n_parts": 3,
        "alpha": 0.5,
        "decoding": "free",
        "switch_cost": 0.5,
        "network": "mlp",
        "prior": "temporal",
    },
    "free": {
        "n_parts": 1,
        "alpha": 0.5,
        "decoding": "free",
        "switch_cost": 0.1,
        "network": "mlp",
        "prior": None,
    },
}
ASOT = {
    "strict": {"rho": 0.25, "decoding": "fixed", "switch_cost": 0.0},
    "mostly": {"rho": 0.25, "decoding": "framewise", "switch_cost": 0.0},
    "free": {"rho": 0.0, "decoding": "framewise", "switch_cost": 0.0},
}
MALLOW = {"strict": {"decoding": "fixed"}, "mostly": {"decoding": "mallow"}}
UDE = {
    "strict": {"time_weight": 300.0, "decoding": "fixed", "switch_cost": 0.0},
    "mostly": {"time_weight": 300.0, "decoding": "fixed", "switch_cost": 0.0},
    "free": {"time_weight": 0.0, "decoding": "free", "switch_cost": 0.5},
}
VOTE = {
    "strict": {"decoding": "fixed", "switch_cost": 0.1},
    "mostly": {"decoding": "free", "switch_cost": 0.1},
    "free": {"decoding": "free", "switch_cost": 0.02},
}
HMM = {
    "strict": {"decoding": "fixed", "switch_cost": 0.0},
    "mostly": {"decoding": "free", "switch_cost": 0.5},
    "free": {"switch_cost": 0.5},  # "auto" has own costs of moves
}
# Methods with a fixed order, as published.
ONE_COURSE: dict = {"strict": {}, "mostly": {}}


class Orders(StrOptions):
    """Orders that a method supports; the error names methods with free order."""

    def __str__(self):
        others = "TemporalOTSegmenter, ASOTSegmenter, UDESegmenter, HMMSegmenter"
        remedy = f" ('free' needs {others} or AutoSegmenter)"
        return super().__str__() + ("" if "free" in self.options else remedy)


def with_order(constraints, table):
    """Constraints of a method with ``order``, and values that leave it to the order.

    >>> list(with_order({"decoding": []}, MALLOW)["decoding"][0].options)
    ['auto']
    """
    own = constraints | {"order": [Orders({AUTO, *table})]}
    for name in table["mostly"]:
        left = LEFT.get(name, AUTO)
        own[name] = [*own[name], left if left is None else StrOptions({left})]
    return own


def value_by_order(name, value, table, order):
    """Value of a parameter, or its default by the order.

    >>> value_by_order("decoding", "auto", MALLOW, "strict")
    'fixed'
    >>> value_by_order("decoding", "skip", MALLOW, "strict")
    'skip'
    """
    is_left = isinstance(value, str | None) and value == LEFT.get(name, AUTO)
    return table.get(order, {}).get(name, value) if is_left else value
