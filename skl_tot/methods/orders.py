"""Orders of actions, and the defaults of parameters that follow from them."""

import math

from sklearn.utils._param_validation import StrOptions

from skl_tot.decoding.decoders import DECODERS
from skl_tot.methods.collapses import FitWarning
from skl_tot.methods.numbers import AUTO, expected_number
from skl_tot.preprocessing.look import look_at
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import warn_user
from skl_tot.training.components import WEIGHT


class FixedOrders(StrOptions):
    """Orders of a method without free order; the error names methods with it."""

    def __init__(self):
        super().__init__({AUTO, "strict", "mostly"})

    def __str__(self):
        others = "TemporalOTSegmenter, ASOTSegmenter, UDESegmenter, HMMSegmenter"
        return super().__str__() + f" ('free' needs {others} or AutoSegmenter)"


# Constraints of parameters that "auto" or None leaves to the order.
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


def choose_order(segmenter, recordings, supported):
    """Look at recordings; return the look, and an order among the supported ones."""
    # a look compares features, so it needs a common scale, whatever the fit takes
    scaler = fit_scaler(recordings) if segmenter.scaler_ is None else segmenter.scaler_
    with recordings.named_errors():
        videos = recordings.standardize(scaler)
        look = look_at(videos, expected_number(segmenter.n_actions))
    if look.n_repeats and len(recordings) == 1:  # before a long fit
        warn_user(look.say_repeats(), FitWarning)
    if getattr(segmenter, "verbose", 0):  # some methods have no such parameter
        print(*look.sentences(), sep="\n")
    if look.order in supported:
        return look, look.order
    if not math.isnan(look.course):
        warn_user(
            f"{look.verdict}. {type(segmenter).__name__} has no free order, and takes "
            'order="mostly"; say so if you know better, or use HMMSegmenter (--method '
            "hmm).",
            FitWarning,
        )
    return look, "mostly"
