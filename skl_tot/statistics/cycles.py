"""Times of cycles: one of each recording, or many in one."""

import numpy as np

from skl_tot.recordings.errors import short_repr, warn_user
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.sequences import usual_codes


def cycle_times(labels, *, fps=None, start=None):
    """Time the cycles of recordings.

    A cycle starts where a bout of the action ``start`` does. It ends where the next
    cycle starts, and the last of a recording with its last action. What is before the
    first belongs to no cycle.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if they have one.
    start : int or str, default=None
        Action that begins a cycle. None takes the first of `usual_order` if recordings
        show most usual actions more than once, by medians. Else each recording is one
        cycle, from its first action to the end of its last.

    Returns
    -------
    table : DataFrame
        A row for each cycle, in order of time: ``recording``; ``cycle``, its number in
        the recording from 0; ``start``, ``end`` and ``duration``; ``missing``, a tuple
        of the actions that more than half of all cycles have and this one has not;
        ``unit`` of times, "s" or "frames".

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, a recording is empty, no recording
        shows ``start``, or ``fps`` is no rate or contradicts that of the labels.

    Warns
    -----
    UserWarning
        If recordings have no cycle, as they do not show ``start``, or no action.

    See Also
    --------
    usual_order : The order of actions.

    Examples
    --------
    >>> from skl_tot.statistics import cycle_times
    >>> laps = ["grasp", "move", "move", "drop", "grasp", "drop", "grasp", "move"]
    >>> print(cycle_times(laps, start="grasp").drop(columns="unit"))
      recording  cycle  start  end  duration  missing
    0         0      0    0.0  4.0       4.0       ()
    1         0      1    4.0  6.0       2.0  (move,)
    2         0      2    6.0  8.0       2.0  (drop,)
    """
    bouts = collect_bouts(labels, fps)
    code = _find_start(bouts, start)
    table = _number_cycles(bouts, code)
    shown = set(table["recording"])
    without = [name for name in bouts.names if name not in shown]
    if without:
        reason = "no action" if code is None else f"no {bouts.actions[code]!r}"
        warn_user(
            f"{len(without)} of {len(bouts.names)} recordings show {reason} and have "
            f"no cycle, such as {without[0]!r}."
        )
    by_cycle = table.groupby(["recording", "cycle"], observed=True)
    cycles = by_cycle.agg(start=("start", "first"), end=("end", "last"))
    # a cycle ends where the next one of its recording starts
    following = cycles.groupby("recording", observed=True)["start"].shift(-1)
    cycles["end"] = following.fillna(cycles["end"])
    cycles["duration"] = cycles["end"] - cycles["start"]
    cycles["missing"] = _list_missing(bouts, by_cycle.ngroup(), table["action"])
    return bouts.plain(cycles.reset_index()).assign(unit=bouts.unit)


def _find_start(bouts, start):
    """Code of the action that begins cycles; None if each recording is one."""
    if start is not None:
        if start not in bouts.actions:
            raise ValueError(
                f"start is {short_repr(start)}, expected one of the actions "
                f"{bouts.actions}."
            )
        return bouts.actions.index(start)
    usual = usual_codes(bouts)
    if not usual:
        return None
    counts = bouts.matrix(bouts.by_action.size())
    medians = np.median(counts[:, usual], axis=0)
    return usual[0] if np.median(medians) > 1 else None


def _number_cycles(bouts, code):
    """Return the bouts that are in cycles, with the number of each in its recording."""
    recordings = bouts.table["recording"]
    is_start = recordings != recordings.shift() if code is None else bouts.codes == code
    table = bouts.table.assign(cycle=is_start)
    by_recording = table.groupby("recording", observed=True)
    table["cycle"] = by_recording["cycle"].cumsum().astype(int) - 1
    return table[table["cycle"] >= 0]


def _list_missing(bouts, cycles, actions):
    """Return the actions that each cycle lacks and more than half of them have."""
    shown = np.zeros((cycles.nunique(), len(bouts.actions)), dtype=bool)
    shown[cycles, actions.cat.codes] = True
    is_usual = 2 * shown.sum(axis=0) > len(shown)
    return [bouts.name_codes(np.flatnonzero(is_usual & ~row)) for row in shown]
