"""Times of cycles: one of each recording, or many in one."""

import numpy as np

from skl_tot.recordings.errors import import_extra, short_repr, warn_user
from skl_tot.statistics.collecting import collect_bouts
from skl_tot.statistics.orders import usual_codes

COLUMNS = ["recording", "cycle", "start", "end", "duration", "missing"]


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
    ImportError
        If pandas is not installed.
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
    pd = import_extra("pandas", "statistics")
    bouts = collect_bouts(labels, fps)
    code = _find_start(bouts, start)
    cycles, without = _find_cycles(bouts, code)
    if without:
        reason = "no action" if code is None else f"no {bouts.actions[code]!r}"
        warn_user(
            f"{len(without)} of {len(bouts.names)} recordings show {reason} and have "
            f"no cycle, such as {without[0]!r}."
        )
    rows = []
    for cycle, missing in zip(cycles, _find_missing(bouts, cycles)):
        recording, number, _, begin, end = cycle
        rows.append((recording, number, begin, end, end - begin, missing))
    return pd.DataFrame(rows, columns=COLUMNS).assign(unit=bouts.unit)


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
    counts = np.zeros((len(bouts.names), len(bouts.actions)))
    np.add.at(counts, (bouts.recordings, bouts.codes), 1)
    medians = np.median(counts[:, usual], axis=0)
    return usual[0] if np.median(medians) > 1 else None


def _find_cycles(bouts, code):
    """List cycles: recording, number, bouts, start, end; and recordings without any."""
    cycles, without = [], []
    for i, name in enumerate(bouts.names):
        own = bouts.of_recording(i)
        firsts = np.flatnonzero(bouts.codes[own] == code)
        if code is None:
            firsts = np.arange(min(len(own), 1))
        for number, inside in enumerate(np.split(own, firsts)[1:]):
            is_last = number == len(firsts) - 1
            end = bouts.ends[own[-1]] if is_last else bouts.starts[inside[-1] + 1]
            cycles.append((name, number, inside, bouts.starts[inside[0]], end))
        if not len(firsts):
            without.append(name)
    return cycles, without


def _find_missing(bouts, cycles):
    """Actions that each cycle lacks and more than half of them have."""
    shown = np.zeros((len(cycles), len(bouts.actions)), dtype=bool)
    for row, (_, _, inside, *_) in zip(shown, cycles):
        row[bouts.codes[inside]] = True
    is_usual = 2 * shown.sum(axis=0) > len(cycles)
    return [bouts.name_codes(np.flatnonzero(is_usual & ~row)) for row in shown]
