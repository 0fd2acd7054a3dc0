"""What is said in videos: checks, tokens that videos have in common, places of events.

Checked narrations are a list of (event, start, end) for each video, in frames.
"""

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state

from skl_tot.methods.events import cheapest_events
from skl_tot.recordings.errors import errors_of_recording, short_repr, warn_user

EXPECTED = "expected (event, start, end) or (event, time)"
# Orders in which sequences of tokens join an alignment, and sweeps of each.
N_INIT, MAX_SWEEPS = 10, 20


def check_narrations(narrations, lengths):
    """Give narrations as sorted lists of (event, start, end), and whether of text."""
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
        with errors_of_recording(None if is_single else i):
            checked.append(_check_video(entries, int(length), kinds))
    return checked, kinds == {"text"}


def _is_list(value):
    is_sequence = isinstance(value, (Sequence, np.ndarray))
    return is_sequence and not isinstance(value, (str, bytes))


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
        with errors_of_recording(None if len(narrations) == 1 else i):
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

    Gives narrations of events 0 … n_events - 1, and the token of each event.
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
    """Mark the chunks (n_events, n_videos, max(n_chunks_i)) that events may be in.

    A narrated event lies between the start of its narration and the delay of the video
    after the end. Where not all can be in order, each in a chunk of its own, as few
    narrations as can be are left out, with a warning that calls videos by ``numbers``.
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


def align_tokens(sequences, *, n_init=N_INIT, max_sweeps=MAX_SWEEPS, random_state=None):
    """Put tokens of many sequences into columns, the same token in each, in order.

    A column is (token, members), with the position of the token in each sequence by the
    number of the sequence. The more pairs of sequences meet in columns, the better. One
    sequence after the other joins the columns, by a dynamic programme; then each is
    taken out and joins again, until that brings nothing. So two sequences are aligned
    as well as can be. The best of ``n_init`` orders of joining is kept: the given one,
    and random ones.

    >>> said = [["jack", "nut", "wheel"], ["nut", "wheel"]]
    >>> for token, members in align_tokens(said):
    ...     print(token, members)
    jack {0: 0}
    nut {0: 1, 1: 0}
    wheel {0: 2, 1: 1}
    """
    rng = check_random_state(random_state)
    kinds = {}  # tokens as numbers, which numpy compares
    coded = []
    for sequence in sequences:
        numbers = [kinds.setdefault(token, len(kinds)) for token in sequence]
        coded.append(np.array(numbers, dtype=int))
    best, most = [], -1
    order = np.arange(len(sequences))
    for _ in range(n_init):
        columns = _align_in_order(coded, order, max_sweeps)
        n_pairs = count_pairs(columns)
        if n_pairs > most:
            best, most = columns, n_pairs
        order = rng.permutation(len(sequences))
    tokens = list(kinds)
    return [(tokens[kind], members) for kind, members in best]


def count_pairs(columns):
    """Count the pairs of sequences that meet in columns."""
    sizes = [len(members) for _, members in columns]
    return sum(size * (size - 1) // 2 for size in sizes)


def fullest_columns(columns, n_columns):
    """Give the columns with most members, in their order; the first of equal ones."""
    sizes = np.array([len(members) for _, members in columns])
    chosen = np.argsort(-sizes, kind="stable")[:n_columns]
    return [columns[i] for i in np.sort(chosen)]


def _align_in_order(sequences, order, max_sweeps):
    """Columns of sequences that join in an order, and again until nothing is won."""
    columns = []
    for number in order:
        columns = _join(columns, int(number), sequences[number])
    n_pairs = count_pairs(columns)
    for _ in range(max_sweeps):
        before = n_pairs
        for number in order:
            columns = _without(columns, int(number))
            columns = _join(columns, int(number), sequences[number])
        n_pairs = count_pairs(columns)
        if n_pairs == before:
            break
    return columns


def _without(columns, number):
    """Columns that are left when a sequence is taken out of them."""
    left = []
    for kind, members in columns:
        members.pop(number, None)
        if members:
            left.append((kind, members))
    return left


def _join(columns, number, sequence):
    """Columns after one more sequence joined; what it has alone stands in new ones."""
    joined, start = [], 0
    places = _best_places(columns, sequence)
    for i, (kind, place) in enumerate(zip(sequence.tolist(), places)):
        if place is None:
            joined.append((kind, {number: i}))
            continue
        columns[place][1][number] = i
        joined.extend(columns[start : place + 1])
        start = place + 1
    return joined + columns[start:]


def _best_places(columns, sequence):
    """Column of each token, or None, such that most sequences are met."""
    n_tokens, n_columns = len(sequence), len(columns)
    others = np.array([kind for kind, _ in columns], dtype=int)
    sizes = np.array([len(members) for _, members in columns], dtype=int)

    # met[i, j]: sequences that the first i tokens meet in the first j columns
    met = np.zeros((n_tokens + 1, n_columns + 1), dtype=int)
    for i, kind in enumerate(sequence):
        here = np.maximum(met[i, 1:], met[i, :-1] + sizes * (others == kind))
        np.maximum.accumulate(here, out=met[i + 1, 1:])

    places, j = [None] * n_tokens, n_columns
    for i in range(n_tokens, 0, -1):
        if met[i, j] == met[i - 1, j]:
            continue  # as many are met without this token
        # the first column with so many, as numbers never fall along a row
        j = int(np.searchsorted(met[i], met[i, j])) - 1
        places[i - 1] = j
    return places
