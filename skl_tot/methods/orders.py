"""Orders of actions, and the defaults of parameters that follow from them."""

from sklearn.utils._param_validation import StrOptions

from skl_tot.decoding.decoders import DECODERS
from skl_tot.methods.numbers import AUTO
from skl_tot.training.components import WEIGHT


class Orders(StrOptions):
    """Orders of a method; the error names estimators that have others."""

    def __init__(self, *, has_free=True):
        super().__init__({"strict", "mostly", *(["free"] if has_free else [])})

    def __str__(self):
        remedies = ["AutoSegmenter chooses an order"]
        if "free" not in self.options:
            others = "TemporalOTSegmenter, ASOTSegmenter, UDESegmenter, HMMSegmenter"
            remedies.append(f"'free' needs {others}")
        return f"{super().__str__()} ({'; '.join(remedies)})"


# Constraints of parameters that have a default by the order.
ORDER_CONSTRAINTS: dict = {
    "order": [Orders()],
    "decoding": [StrOptions({AUTO}), StrOptions(DECODERS.keys())],
    "switch_cost": [None, *WEIGHT, StrOptions({AUTO})],
}


def by_order(**values):
    """Defaults of parameters by order, from those in strict, mostly and free order."""
    defaults: dict = {}
    for name, values_of_orders in values.items():
        for order, value in zip(("strict", "mostly", "free"), values_of_orders):
            defaults.setdefault(order, {})[name] = value
    return defaults
