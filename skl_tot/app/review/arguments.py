"""Checks of arguments of calls from pages, and conversion of times to frames."""

from numbers import Integral, Real

import numpy as np

from skl_tot.recordings import is_line, short_repr

LONGEST = 200  # characters of a name
MOST_BINS = 4000  # of signals
MOST_FEATURES = 64  # shown at once
# Characters that change the direction of text, which could disguise a name.
TURNING = set(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def read_arguments(kinds, values, view):
    """Return checked arguments as a list, in the order of their kinds.

    ``kinds`` are keys of `KINDS` by name; "index or all" may be None, and "code or
    word" text. Times belong to the recording of the preceding index.
    """
    if values.keys() != kinds.keys():
        raise ValueError(f"expected the arguments {', '.join(kinds) or 'none'}.")
    found, index = [], None
    for name, kind in kinds.items():
        value = values[name]
        kind, _, other = kind.partition(" or ")
        if other == "word" and isinstance(value, str):
            kind = other
        if other != "all" or value is not None:
            is_one, expected = KINDS[kind]
            if not is_one(value, view, index):
                raise ValueError(f"{name} is {short_repr(value)}, expected {expected}.")
            if kind in FRAMES:
                value = FRAMES[kind](value, view.clock(index))
        index = value if kind == "index" else index
        found.append(value)
    return found


def _is_int(value):
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_index(value, view, _):
    return _is_int(value) and 0 <= value < len(view.review.recordings)


def _is_code(value, view, _):
    return _is_int(value) and value in view.review.state.names


def _is_action(value, view, _):
    return _is_code(value, view, _) and value >= 0  # not background


def _is_number(value, *_):
    return _is_int(value) and 0 < value <= MOST_BINS


def _is_word(value, *_):
    is_short = isinstance(value, str) and len(value) <= LONGEST
    return is_short and is_line(value) and not TURNING & set(value)


def _is_time(value, view, i):
    is_real = isinstance(value, Real) and not isinstance(value, bool)
    return is_real and 0 <= value <= view.clock(i).ends[-1]


def _are_features(value, view, _):
    is_list = isinstance(value, list) and len(value) <= MOST_FEATURES
    return is_list and all(own in view.feature_names for own in value)


def _frame(time, clock):
    """Frame at a time; in a break, the frame before."""
    return int(np.searchsorted(clock.starts, time, "right")) - 1


def _nearest(time, clock):
    """Frame with the nearest start to a time."""
    return int(np.abs(clock.starts - time).argmin())


# Check and description of each kind.
KINDS = {
    "action": (_is_action, "the number of an action"),
    "code": (_is_code, "the number of an action, or of background"),
    "features": (_are_features, "a list of names of features"),
    "flag": (lambda value, *_: isinstance(value, bool), "true or false"),
    "format": (lambda value, view, _: value in view.formats, "the name of a format"),
    "frame": (_is_time, "a time within the recording"),
    "index": (_is_index, "the number of a recording"),
    "number": (_is_number, f"a number from 1 to {MOST_BINS}"),
    "start": (_is_time, "a time within the recording"),
    "time": (_is_time, "a time within the recording"),
    "word": (_is_word, f"a name in one line, of up to {LONGEST} letters"),
}
# Frames for times.
FRAMES = {"frame": _frame, "start": _nearest}
