"""Orders of actions, and the defaults of parameters that follow from them."""

from sklearn.utils._param_validation import StrOptions

from skl_tot.decoding.decoders import DECODERS
from skl_tot.methods.numbers import AUTO
from skl_tot.training.components import WEIGHT


class FixedOrders(StrOptions):
    """Orders of a method without free order; the error names methods with it."""

    def __init__(self):
        super().__init__({AUTO, "strict", "mostly"})

    def __str__(self):
        others = "TemporalOTSegmenter, ASOTSegmenter, UDESegmenter, HMMSegmenter"
        return super().__str__() + f" ('free' needs {others} or AutoSegmenter)"


# Constraints of parameters of which "auto" or None leaves the value to the order.
ORDER_CONSTRAINTS: dict = {
    "order": [StrOptions({AUTO, "strict", "mostly", "free"})],
    "decoding": [StrOptions({AUTO}), StrOptions(DECODERS.keys())],
    "switch_cost": [None, *WEIGHT, StrOptions({AUTO})],
}
# Values that leave a parameter to the order, if "auto" has another meaning.
UNSET = {"switch_cost": None}
# Defaults by order of methods with a fixed order, as published.
ONE_ORDER: dict = {"strict": {}, "mostly": {}}


def by_order(**values):
    """Defaults of parameters by order, from those in strict, mostly and free order."""
    defaults: dict = {}
    for name, values_of_orders in values.items():
        for order, value in zip(("strict", "mostly", "free"), values_of_orders):
            defaults.setdefault(order, {})[name] = value
    return defaults
