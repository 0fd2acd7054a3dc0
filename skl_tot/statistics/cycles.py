"""Starts of cycles, and their bouts with cycles as recordings."""

import numpy as np

from skl_tot.recordings.clocks import NO_DATE, clock_text
from skl_tot.recordings.errors import refuse
from skl_tot.statistics.actions import usual_codes
from skl_tot.statistics.bouts import Bouts


def cut_cycles(bouts, start=None):
    """Return a table of cycles, and `Bouts` of these without breaks."""
    table = _number_bouts(bouts, start)
    cycles = table.groupby("row", sort=False).agg(
        recording=("recording", "first"),
        cycle=("cycle", "first"),
        start=("start", "first"),
        end=("until", "last"),
        before=("paused", "first"),
        paused=("paused_end", "last"),
    )
    pauses = cycles["paused"] - cycles["before"]
    cycles["duration"] = cycles["end"] - cycles["start"] - pauses
    shifted = table[["action"]].assign(
        recording=table["row"],
        start=table["start"] - table["paused"],
        end=table["end"] - table["paused_end"],
        paused=0.0,
        paused_end=0.0,
    )
    own = Bouts(shifted, cycles["start"] - cycles["before"], bouts.frame, bouts.unit)
    cycles["steps"] = own.table.groupby("recording", observed=False).size().to_numpy()
    own.lengths = cycles["duration"]
    columns = ["recording", "cycle", "start", "end", "duration", "steps"]
    if bouts.dates:
        dates = [bouts.dates.get(name, NO_DATE) for name in cycles["recording"]]
        for key in ("start", "end"):
            texts = map(clock_text, dates, cycles[key])
            cycles[f"{key}_clock"] = np.array(list(texts), dtype=object)
            columns.append(f"{key}_clock")
    return cycles[columns].rename_axis(None), own


def _number_bouts(bouts, start):
    """Return the bouts of cycles, with the row and number of the cycle of each."""
    table = bouts.table.astype({"recording": object, "action": object})
    after = table.shift(-1)
    goes_on = after["recording"] == table["recording"]
    goes_on &= after["paused"] == table["paused_end"]
    # the start of the next bout or, before a break, the end of the bout
    table["until"] = after["start"].where(goes_on, table["end"])
    is_start, n_actions = _find_starts(bouts, table, start)
    cycles = is_start.groupby(table["recording"], sort=False)
    table["cycle"] = cycles.cumsum().astype(int)
    table = _drop_parts(table[table["cycle"] > 0], n_actions)
    table["cycle"] -= table.groupby("recording", sort=False)["cycle"].transform("min")
    table["row"] = table.groupby(["recording", "cycle"], sort=False).ngroup()
    return table


def _find_starts(bouts, table, start):
    """Return whether each bout starts a cycle, and the number of actions of a cycle."""
    is_first = table["recording"] != table["recording"].shift()
    if hasattr(start, "tolist"):  # arrays and numpy scalars
        start = start.tolist()
    if isinstance(start, (list, tuple)):
        shown = [action for action in start if action in bouts.actions]
        if not shown or len(set(shown)) < len(shown):
            _refuse_start(start, bouts)
        own = table["action"].map({action: place for place, action in enumerate(shown)})
        own = own.groupby(table["recording"], sort=False).ffill()
        return is_first | (own < own.shift()), len(start)
    if start is None:
        order = usual_codes(bouts)
        if not _goes_round(bouts, order):
            return is_first, 0  # each recording is a cycle
        start = bouts.actions[order[0]]
    elif start not in bouts.actions:
        _refuse_start(start, bouts)
    return table["action"] == start, None


def _refuse_start(start, bouts):
    some = f"one of the actions {bouts.actions}"
    refuse("start", start, f"{some}, or the actions of a cycle in order, each once")


def _goes_round(bouts, order):
    counts = bouts.matrix(bouts.by_action.size())[:, order]
    if not order or np.median(np.median(counts, axis=0)) <= 1:
        return False
    places = np.full(len(bouts.actions), -1)
    places[order] = np.arange(len(order))
    known = places[bouts.codes] >= 0
    own, recordings = places[bouts.codes[known]], bouts.recordings[known]
    is_next = own[1:] == (own[:-1] + 1) % len(order)
    return is_next[recordings[1:] == recordings[:-1]].mean() > 0.5


def _drop_parts(table, n_actions):
    by_cycle = table.groupby(["recording", "cycle"], sort=False)["action"]
    if n_actions is None:
        n_actions = by_cycle.nunique().median()
    numbers = table.groupby("recording", sort=False)["cycle"]
    first, last = numbers.transform("min"), numbers.transform("max")
    is_end = (table["cycle"] == first) | (table["cycle"] == last)
    is_part = is_end & (first < last)
    is_part &= 2 * by_cycle.transform("nunique") < n_actions
    return table[~is_part].copy()
