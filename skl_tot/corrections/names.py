"""Names of actions."""

from collections.abc import Mapping, Sequence
from numbers import Integral

import numpy as np

from skl_tot.recordings.disk import is_line
from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import BACKGROUND


def find_label(label, present):
    """Index of a label among the present ones.

    >>> find_label("pour", ["take", "pour"])
    1
    """
    is_label = isinstance(label, (str, Integral)) and not isinstance(label, bool)
    if not is_label or label not in present:
        raise ValueError(f"there is no action {short_repr(label)}, only {present}.")
    return present.index(label)


def new_names(names, present):
    """Names of all actions, from given and present names.

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
    """Check distinct names of one type; return an array."""
    names = []
    for name in given:
        is_number = isinstance(name, Integral) and not isinstance(name, bool)
        if is_text and is_number:
            name = f"action {name}"
        is_name = isinstance(name, str) and is_line(name) and name != str(BACKGROUND)
        if not is_name and not (is_number and 0 <= name < 2**63):
            raise ValueError(
                f"names has {short_repr(name)}, expected text of one line (-1 is "
                "background), or integers from 0."
            )
        names.append(str(name) if isinstance(name, str) else int(name))
    if len({type(name) for name in names}) > 1:
        raise TypeError(
            f"names would be {short_repr(names)}, expected all text or all integers."
        )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(
            f"names would have {twice[0]!r} twice, expected distinct names; merge "
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
