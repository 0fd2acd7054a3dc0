"""The order in which actions usually come."""

import numpy as np

from skl_tot.statistics.collecting import collect_bouts


def usual_order(labels):
    """List the actions that most recordings show, in the order in which they come.

    An action is usual if more than half of the recordings show it. Usual actions are
    sorted by the median, over recordings that have them, of the time of their first
    start as a share of the length of the recording.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.

    Returns
    -------
    actions : list
        Usual actions, the earliest first.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, or a recording is empty.

    See Also
    --------
    deviations : Recordings in which actions come in another order.

    Examples
    --------
    >>> from skl_tot.statistics import usual_order
    >>> usual_order([["mix", "bake"], ["mix", "bake"], ["bake", "eat", "mix"]])
    ['mix', 'bake']
    """
    bouts = collect_bouts(labels)
    return list(bouts.name_codes(usual_codes(bouts)))


def usual_codes(bouts):
    """Codes of the usual actions, the earliest first."""
    places = first_places(bouts)
    is_usual = 2 * np.isfinite(places).sum(axis=0) > len(bouts.names)
    codes = np.flatnonzero(is_usual)
    if not len(codes):
        return []
    medians = np.nanmedian(places[:, codes], axis=0)
    return codes[np.argsort(medians, kind="stable")].tolist()


def first_places(bouts):
    """First start of actions as a share of recordings: (n_recordings, n_actions).

    It is NaN where a recording lacks the action.
    """
    places = np.full((len(bouts.names), len(bouts.actions)), np.nan)
    own = bouts.recordings
    shares = (bouts.starts - bouts.origins[own]) / bouts.lengths[own]
    np.fmin.at(places, (own, bouts.codes), shares)  # of NaN and a number, the number
    return places
