"""Codes of actions and of labels: what has one code has one colour all over."""

from typing import NamedTuple

import numpy as np

from skl_tot.display.palette import look_of
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME


class Palette(NamedTuple):
    """Codes, whose colours they are, and what they stand for.

    Attributes
    ----------
    actions : dict of int to str
        Name of each code where it is predicted. It is the number of the action in the
        model, so that a colour does not depend on what else occurs.
    labels : dict of int to str
        Name of each code in the ground truth.
    code_of : dict of int or str to int
        Code of each label: that of the action it is matched to, or else a free one.
    """

    actions: dict
    labels: dict
    code_of: dict

    def codes_of(self, y):
        """Codes of the labels of the frames of one video."""
        return np.array([self.code_of[label] for label in np.asarray(y).tolist()])


def assign_codes(findings, truth=None, scores=None):
    """Give codes to actions and, if there is ground truth, to its labels."""
    actions = dict(zip(findings.numbers, findings.actions))
    actions[BACKGROUND] = BACKGROUND_NAME
    if truth is None:
        return Palette(actions, {}, {})
    codes = [*findings.numbers, BACKGROUND]  # the last is that of -1
    labels, code_of = {}, {}
    free = max(findings.numbers, default=-1) + 1
    for label, name in truth["target_names"].items():
        row = scores["actions"].get(name, {"cluster": None})
        code = BACKGROUND
        if label != BACKGROUND:
            code = free if row["cluster"] is None else codes[row["cluster"]]
            free += row["cluster"] is None
        code_of[label], labels[code] = code, name
    return Palette(actions, labels, code_of)


def describe_looks(palette):
    """Colour, colour on top of it, and number of the hatch, of each code."""
    looks = {}
    for code in sorted(palette.actions.keys() | palette.labels.keys()):
        if code != BACKGROUND:
            fill, ink, hatch, _ = look_of(code)
            looks[code] = {"fill": fill, "ink": ink, "hatch": hatch}
    return looks


def class_names(code):
    """Classes of the style of a code, for marks in tables and pictures."""
    if code == BACKGROUND:
        return "cb"
    return f"c{code} h{look_of(code).hatch}"
