"""Times of cycles: one per recording, or many in one."""

import numpy as np

from skl_tot.recordings.errors import warn_user
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.cycle_bouts import cut_cycles
from skl_tot.statistics.deviating import FINDINGS, compare_bouts


def cycle_times(labels, *, fps=None, start=None):
    """Time the cycles of recordings, with missing and long steps of each.

    A cycle starts with a bout of the action ``start``. It ends at the start of the next
    cycle; the last cycle of a recording, or before a break, ends with its last action.
    Time before the first cycle belongs to no cycle. The first and last cycle of a
    recording are dropped if they show fewer than half of the actions of a cycle.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if any.
    start : int, str or sequence of these, default=None
        First action of a cycle. Or all actions of a cycle in order, such as
        ``actions_`` of a `skl_tot.CyclicSegmenter`: a cycle then starts with each
        action that does not follow the previous one in this order, so that the first
        may be missing. None takes the first of `usual_order` if recordings show most
        usual actions more than once (by medians), mostly followed by the next in that
        order. Otherwise each recording is one cycle, from its first action to the end
        of its last.

    Returns
    -------
    table : DataFrame
        A row for each cycle, in order of time: ``recording``; ``cycle``, its number in
        the recording from 0; ``start`` and ``end``; ``duration``, without breaks;
        ``steps``, the number of its bouts; ``missing``, ``repeated``, ``out_of_order``,
        ``too_long``, ``too_short``, ``score`` and ``deviates``, as in `deviations`,
        among all cycles; ``unit`` of times, "s" or "frames".

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, a recording is empty, no recording
        shows ``start``, or ``fps`` is no rate or contradicts that of the labels.

    Warns
    -----
    UserWarning
        If recordings have no cycle, as they show no ``start`` or no action.

    See Also
    --------
    usual_order : The order of actions.
    deviations : With ``by="cycle"``, the most deviating cycles first.

    Examples
    --------
    >>> from skl_tot.statistics import cycle_times
    >>> laps = ["grasp", "move", "move", "drop", "grasp", "drop", "grasp", "move"]
    >>> table = cycle_times(laps, start="grasp")
    >>> print(table[["cycle", "start", "end", "duration", "steps", "missing"]])
       cycle  start  end  duration  steps  missing
    0      0    0.0  4.0       4.0      3       ()
    1      1    4.0  6.0       2.0      2  (move,)
    2      2    6.0  8.0       2.0      2  (drop,)
    """
    bouts = collect_bouts(labels, fps)
    cycles, own = cut_cycles(bouts, start)
    shown = set(cycles["recording"])
    without = [name for name in bouts.names if name not in shown]
    if without:
        is_one = start is not None and np.ndim(start) == 0
        reason = f"no {np.asarray(start).item()!r}" if is_one else "no action"
        warn_user(
            f"{len(without)} of {len(bouts.names)} recordings show {reason} and have "
            f"no cycle, such as {without[0]!r}."
        )
    found = compare_bouts(own)
    return bouts.plain(cycles.join(found[FINDINGS])).assign(unit=bouts.unit)
