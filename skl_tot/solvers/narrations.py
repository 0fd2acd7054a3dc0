"""What is said in videos: checks, events of aligned tokens, and where events may be."""

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np

from skl_tot.inputs.errors import errors_of_video, short_repr, warn_user
from skl_tot.solvers.alignment import align_tokens, fullest_columns
from skl_tot.solvers.frank_wolfe import cheapest_events

EXPECTED = "expected (event, start, end) or (event, time)"


def check_narrations(narrations, lengths):
    """Give narrations as lists of (event, start, end), one a video, sorted by time.

    Parameters
    ----------
    narrations : sequence of sequence
        Of each video, or of the only one: ``(event, start, end)`` or ``(event, time)``
        in frames; events are all integers or all text.
    lengths : ndarray of int of shape (n_videos,)
        Number of frames of each video.

    Returns
    -------
    checked : list of list of (event, start, end)
        Times as floats.
    is_text : bool
        Whether events are text.
    """
    if not _is_list(narrations):
        raise TypeError(
            f"narrations is {short_repr(narrations)}, expected a list of "
            "(event, start, end) for each video."
        )
    is_single = _is_single(narrations)
    by_video = [narrations] if is_single and len(lengths) == 1 else narrations
    if len(by_video) != len(lengths):
        raise ValueError(
            f"narrations is of {len(by_video)} videos, expected {len(lengths)}, as X "
            "has so many."
        )
    checked, kinds = [], set()
    for i, (entries, length) in enumerate(zip(by_video, lengths)):
        with errors_of_video(None if is_single else i):
            checked.append(_check_video(entries, int(length), kinds))
    return checked, kinds == {"text"}


def _is_list(value):
    return isinstance(value, (Sequence, np.ndarray)) and not isinstance(
        value, (str, bytes)
    )


def _is_single(narrations):
    """Whether these are entries of one video, not lists of them."""
    if len(narrations) == 0:
        return True
    first = narrations[0]
    return _is_list(first) and len(first) > 0 and not _is_list(first[0])


def _check_video(entries, length, kinds):
    """Entries of one video; adds to ``kinds`` of events, which must not be mixed."""
    if not _is_list(entries):
        raise TypeError(
            f"its narrations are {short_repr(entries)}, expected a list of "
            "(event, start, end)."
        )
    checked = []
    for entry in entries:
        event, *times = _check_entry(entry, length)
        kinds.add("text" if isinstance(event, str) else "numbers")
        if len(kinds) > 1:
            raise TypeError(
                "narrations has integers and text, expected the one or the other."
            )
        checked.append((event, *times))
    return sorted(checked, key=lambda entry: entry[1:])


def _check_entry(entry, length):
    """Event, start and end of one entry."""
    if not _is_list(entry) or len(entry) not in (2, 3):
        raise ValueError(f"a narration is {short_repr(entry)}, {EXPECTED}.")
    event, start, end = entry[0], entry[1], entry[-1]
    if isinstance(event, bool) or not isinstance(event, (str, Integral)):
        raise TypeError(
            f"the event of narration {short_repr(entry)} is of type "
            f"{type(event).__name__}, expected an integer or text."
        )
    _check_times(entry, start, end, length)
    return event if isinstance(event, str) else int(event), float(start), float(end)


def _check_times(entry, start, end, length):
    """Refuse times of an entry that are no frames of the video, or turned round."""
    for time in (start, end):
        if isinstance(time, bool) or not isinstance(time, Real):
            raise TypeError(
                f"narration {short_repr(entry)} has the time {short_repr(time)}, "
                "expected a number of frames."
            )
    if not 0 <= start < length or not end <= length:
        raise ValueError(
            f"narration {short_repr(entry)} is not inside of the video, which has "
            f"{length} frames."
        )
    if start > end:
        raise ValueError(f"narration {short_repr(entry)} ends before it starts.")


def check_events(narrations, n_actions):
    """Refuse events that are not 0 … n_actions - 1, or come twice in a video."""
    for i, entries in enumerate(narrations):
        events = [event for event, _, _ in entries]
        with errors_of_video(None if len(narrations) == 1 else i):
            for event in events:
                if not 0 <= event < n_actions:
                    raise ValueError(
                        f"narrations has event {event}, expected 0 to {n_actions - 1}."
                    )
                if events.count(event) > 1:
                    raise ValueError(
                        f"narrations has event {event} more than once; a video has one "
                        "of each."
                    )


def events_of_tokens(narrations, n_events, random_state=None):
    """Make the tokens that most videos have in common, in order, the events.

    Parameters
    ----------
    narrations : list of list of (token, start, end)
        Tokens of each video, sorted by time.
    n_events : int
        Number of events.
    random_state : int, RandomState instance or None, default=None
        Of `align_tokens`.

    Returns
    -------
    narrations : list of list of (event, start, end)
        Those of the tokens that became events; events are 0 … n_events - 1.
    names : ndarray of str of shape (n_events,)
        Token of each event.
    """
    sequences = [[token for token, _, _ in entries] for entries in narrations]
    columns = align_tokens(sequences, random_state=random_state)
    if len(columns) < n_events:
        raise ValueError(
            f"the tokens of narrations make {len(columns)} events, expected n_actions="
            f"{n_events} or more."
        )
    columns = fullest_columns(columns, n_events)
    found: list[list] = [[] for _ in narrations]
    for event, (_, members) in enumerate(columns):
        for video, position in members.items():
            found[video].append((event, *narrations[video][position][1:]))
    return found, np.array([token for token, _ in columns], dtype=str)


def allowed_chunks(narrations, edges, n_events, delays, numbers):
    """Mark the chunks that each event may be in.

    A narrated event lies between the start of its narration and ``delay`` frames after
    the end. Where not all can be met in order, each event in a chunk of its own, as few
    narrations as can be are left out, with a warning.

    Parameters
    ----------
    narrations : list of list of (event, start, end)
        In frames, at most one of an event in each video.
    edges : list of ndarray of int of shape (n_chunks_i + 1,)
        First frame of each chunk of a video, and the number of its frames.
    n_events : int
        Number of events.
    delays : list of float
        Frames, one number for each video.
    numbers : list of int
        What the warning calls each video.

    Returns
    -------
    allowed : ndarray of bool of shape (n_events, n_videos, max(n_chunks_i))
        Some events in order are allowed in every video of ``n_events`` chunks.
    """
    lengths = np.array([len(cuts) - 1 for cuts in edges])
    is_chunk = np.arange(lengths.max()) < lengths[:, None]
    allowed = np.repeat(is_chunk[None], n_events, axis=0)
    for video, entries in enumerate(narrations):
        cuts = edges[video]
        for event, start, end in entries:
            first = np.searchsorted(cuts, start, side="right") - 1
            stop = np.searchsorted(cuts[:-1], end + delays[video])
            allowed[event, video, :first] = False
            allowed[event, video, max(stop, first + 1) :] = False
    return _in_order(allowed, is_chunk, numbers)


def _in_order(allowed, is_chunk, numbers):
    """Lift what leaves no place for events in order: as few narrations as can be."""
    costs = np.where(is_chunk, 1.0 - allowed, np.inf)
    events, n_broken = cheapest_events(costs)
    if not n_broken.any():
        return allowed
    n_events, n_videos, _ = allowed.shape
    videos = np.arange(n_videos)[:, None]
    broken = ~allowed[np.arange(n_events), videos, events]
    video, event = np.argwhere(broken)[0]
    warn_user(
        f"{broken.sum()} of the narrations leave no place for all events in order and "
        f"are not used; the first is of event {event} in video {numbers[video]}."
    )
    return allowed | (broken.T[:, :, None] & is_chunk)
