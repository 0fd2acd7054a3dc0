"""Cycles of recordings: where they start and end, and their steps."""

import numpy as np

from skl_tot.recordings.clocks import NO_DATE, clock_columns
from skl_tot.recordings.errors import refuse
from skl_tot.statistics.actions import ranks_of_steps, usual_codes
from skl_tot.statistics.bouts import Bouts, merge_touching

# Names of actions that, like background, are no steps of a cycle.
IDLE = "idle", "pause", "waiting", "not a step"
# Columns on breaks of the clock, and how a step that goes on after idle time has them.
BREAKS = {"breaks_before": "first", "breaks_within": "max", "breaks_after": "last"}


def repeated_cycles(bouts, names, circle=None):
    """Return what `cut_cycles` does; None if no recording repeats its steps."""
    # ``names`` are those of codes, ``circle`` has a cyclic model's codes in order
    steps = without_idle(bouts, names)
    # people may have labelled none of the model's actions
    if not steps.actions or (circle and not set(circle) & set(steps.actions)):
        return None
    table, cycles = cut_cycles(steps, circle)
    return (table, cycles) if table["recording"].duplicated().any() else None


def without_idle(bouts, names):
    """Bouts without those of idle time; ``names`` are those of actions, by action."""
    words = [str(names.get(action, action)) for action in bouts.table["action"]]
    is_step = [word.casefold() not in IDLE for word in words]
    return bouts.with_table(bouts.table[is_step])


def cut_cycles(steps, start=None):
    """Return a table of cycles, and `Bouts` of these without breaks and idle time."""
    # ``steps`` are `without_idle`
    bouts = steps.without_crumbs()
    table = _number_bouts(bouts, start)
    cycles = table.groupby("row", sort=False).agg(
        recording=("recording", "first"),
        cycle=("cycle", "first"),
        start=("begin", "first"),
        end=("end", "last"),
        duration=("duration", "sum"),
    )
    passed = cycles["end"] - cycles["start"]
    cycles["stopped"] = (passed - cycles["duration"]).round(9).clip(lower=0)
    # one after the other, so that a step that goes on after idle time is one
    ends = table["duration"].cumsum()
    steps = table[["action", *BREAKS]].assign(
        recording=table["row"],
        start=ends - table["duration"],
        end=ends,
        paused=0.0,
        paused_end=0.0,
    )
    steps = merge_touching(steps, **BREAKS)
    origins = steps.groupby("recording", sort=False)["start"].first()
    bouts_of_cycles = Bouts(steps, origins, bouts.frame, bouts.unit)
    bouts_of_cycles.lengths = cycles["duration"]  # to the last digit
    by_cycle = bouts_of_cycles.table.groupby("recording", observed=False)
    cycles["steps"] = by_cycle.size().to_numpy()
    columns = ["recording", "cycle", "start", "end", "duration", "stopped", "steps"]
    if bouts.dates:
        dates = [bouts.dates.get(name, NO_DATE) for name in cycles["recording"]]
        times = clock_columns(dates, cycles["start"], cycles["end"])
        cycles, columns = cycles.assign(**times), [*columns, *times]
    return cycles[columns].rename_axis(None), bouts_of_cycles


def _number_bouts(bouts, start):
    """Return the bouts of cycles, with the row and number of the cycle of each."""
    table = bouts.table.astype({"recording": object, "action": object})
    after = table.shift(-1)
    is_same = after["recording"] == table["recording"]
    table["breaks_after"] = is_same & (after["paused"] != table["paused_end"])
    table["breaks_before"] = table["breaks_after"].shift(fill_value=False)
    is_broken = table["breaks_before"] | table["breaks_after"]
    table["breaks_within"] = is_broken | (table["paused_end"] > table["paused"])
    is_start, n_actions = _find_starts(bouts, table, start)
    cycles = is_start.groupby(table["recording"], sort=False)
    table["cycle"] = cycles.cumsum().astype(int)
    table = _drop_parts(table[table["cycle"] > 0], n_actions)
    first = table.groupby("recording", sort=False)["cycle"].transform("min")
    table["cycle"] += 1 - first
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
        return is_first | (_steps_back(table, shown) > 0), len(shown)
    if start is None:
        order = usual_codes(bouts)
        if not _goes_round(bouts, order):
            return is_first, 0  # each recording is a cycle
        start = bouts.actions[order[0]]
    elif start not in bouts.actions:
        _refuse_start(start, bouts)
    # a step that goes on after idle time starts no other cycle
    goes_on = ~is_first & (table["action"] == table["action"].shift())
    is_start = (table["action"] == start) & ~(goes_on & (len(bouts.actions) > 1))
    order = _order_of_cycles(table[["action"]].assign(cycle=is_start.cumsum()))
    # a cycle without its first action: a step back over half of the actions or more,
    # with as many after it, unlike idle time that a model takes for a step
    is_turn = 2 * _steps_back(table, order) >= max(len(order), 2)
    parts = table.groupby((is_start | is_turn).cumsum())["action"]
    return is_start | (is_turn & (2 * parts.transform("nunique") >= len(order))), None


def _order_of_cycles(table):
    """Actions of most cycles, by their median place in a cycle."""
    table = table.assign(place=table.groupby("cycle").cumcount())
    table = table[table["cycle"] > 0].drop_duplicates(["cycle", "action"])
    places = table.groupby("action")["place"].agg(["size", "median"])
    places = places[2 * places["size"] > table["cycle"].nunique()]
    return places["median"].sort_values(kind="stable").index.tolist()


def _steps_back(table, order):
    """By how many places of an order each bout is before the one before it."""
    ranks = table["action"].map({action: rank for rank, action in enumerate(order)})
    # bouts of no rank are passed over
    ranks = ranks.astype(float).groupby(table["recording"], sort=False).ffill()
    before = ranks.groupby(table["recording"], sort=False).shift()
    return (before - ranks).fillna(0)


def _refuse_start(start, bouts):
    some = f"one of the actions {bouts.actions}"
    refuse("start", start, f"{some}, or the actions of a cycle in order, each once")


def _goes_round(bouts, codes):
    """Whether recordings show the actions of an order several times, mostly in it."""
    counts = bouts.matrix(bouts.by_action.size())[:, codes]
    if not codes or np.median(np.median(counts, axis=0)) <= 1:
        return False
    _, before, after = ranks_of_steps(bouts, codes)
    return np.mean(after == (before + 1) % len(codes)) > 0.5


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
