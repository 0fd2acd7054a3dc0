"""Two levels of what is found: the actions of the page, and what they consist of."""

from typing import Any, NamedTuple

import numpy as np

from skl_tot.display.levels import find_parents, shade
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.report.colours import class_names
from skl_tot.report.drawing import bar

N_SHOWN = 6  # videos
FINER = 2  # times as many actions below


class Levels(NamedTuple):
    """Bars of the first videos at two levels.

    Attributes
    ----------
    n_actions : tuple of int
        Actions of both levels.
    bars : list of tuple
        For each video its bar of few actions, and that of many.
    names : dict of int to str
        Names of the actions of the lower level.
    css : str
        Rules for their colours.
    """

    n_actions: tuple
    bars: list
    names: dict
    css: str


def describe_levels(model, videos, findings):
    """Give `Levels`, or None of a model that has no cut to more actions."""
    from skl_tot.segmenters.pipelines import last_step, transform_before

    segmenter: Any = last_step(model)
    n_fine = _finer_number(segmenter)
    if n_fine is None:
        return None
    codes = np.array([*findings.numbers, BACKGROUND])  # the last is that of -1
    coarse, fine = [], []
    for video, path in zip(videos[:N_SHOWN], findings.paths):
        found = segmenter.predict(transform_before(model, video), n_actions=n_fine)
        fine.append(found[0] if isinstance(found, list) else found)
        coarse.append(codes[path])
    parents = find_parents(coarse, fine)
    bars = []
    for above, below in zip(coarse, fine):
        bars.append((bar(above), _restyled(bar(below), parents)))
    names = _name_parts(parents, dict(zip(findings.numbers, findings.actions)))
    return Levels((segmenter.n_actions_, n_fine), bars, names, _style(parents))


def _finer_number(segmenter):
    """Actions of the lower level; None if there are no more than above."""
    tree = getattr(segmenter, "merge_tree_", None)
    if tree is None or segmenter._classes() is not None or segmenter._edits():
        return None
    n_fine = min(FINER * segmenter.n_actions_, len(tree) + 1)
    return n_fine if n_fine > segmenter.n_actions_ else None


def _restyled(shapes, parents):
    """Bar whose shapes have a colour of their own, and the hatch of their parents."""
    width, named = shapes
    restyled = []
    for _, code, outline in named:
        hatch = class_names(parents[code]).split()[-1]
        restyled.append((f"s{code} {hatch}", code, outline))
    return width, restyled


def _style(parents):
    """Colours of the lower level, rules of CSS."""
    rules = []
    for code, look in shade(parents)[1].items():
        if code != BACKGROUND:
            rules.append(f".s{code} {{ --fill: {look.fill}; --ink: {look.ink}; }}\n")
    return "".join(rules)


def _name_parts(parents, actions):
    """Names of the actions of the lower level, numbered within those above."""
    names = {}
    for code, parent in parents.items():
        own = [other for other in parents if parents[other] == parent]
        part = f", part {own.index(code) + 1} of {len(own)}" if len(own) > 1 else ""
        names[code] = f"{actions.get(parent, BACKGROUND_NAME)}{part}"
    return names
