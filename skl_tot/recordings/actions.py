"""Warnings about actions, with the same text in fits, commands and pages."""

import numpy as np

from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.recordings.names import default_names

# Start of these warnings, as a regular expression for filters.
FIRST_WORDS = "Actions (found|that)"
N_LISTED = 20
BACKGROUNDS = BACKGROUND, BACKGROUND_NAME


def describe_actions(labels, actions, n_lost=0, unlabelled=()):
    """Describe actions that are missing, rare or without a label.

    Parameters
    ----------
    labels : sequence of ndarray of shape (n_frames_i,)
        Labels of the frames of each recording.
    actions : sequence of int or str, or dict
        All possible actions, or their names by label. An integer without a name is
        called "action 3" and so on.
    n_lost : int, default=0
        Number of requested actions that ``actions`` lacks.
    unlabelled : sequence of int or str, default=()
        Actions without a label from a person.

    Returns
    -------
    sentences : list of str
        At most three: fewer actions than requested; actions in at most half of the
        recordings, which `skl_tot.statistics.usual_order` leaves out; actions
        without a label. Empty if there is nothing to report.

    Examples
    --------
    >>> labels = [np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0]), np.array([0, 0])]
    >>> for sentence in describe_actions(labels, [0, 1, 2]):
    ...     print(sentence)
    Actions found: 2 of the 3 asked for; no recording shows action 2.
    Actions that at most half of the 3 recordings show: action 1 (1); 20.0% of all
    frames.
    """
    if not isinstance(actions, dict):
        actions = default_names(np.asarray(actions).tolist(), "action")
    names = {k: name for k, name in actions.items() if k not in BACKGROUNDS}
    n_recordings, n_frames = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for own in labels:
        found, counts = np.unique(own, return_counts=True)
        for label, count in zip(found.tolist(), counts.tolist()):
            if label in names:  # background has no name
                n_recordings[label] += 1
                n_frames[label] += count
    shown = [label for label in names if n_recordings[label]]
    missing = [name for label, name in names.items() if label not in shown]
    n_asked = len(names) + n_lost
    sentences = []
    if len(shown) < n_asked:
        lacking = f"; no recording shows {_listed(missing)}" if missing else ""
        sentences.append(
            f"Actions found: {len(shown)} of the {n_asked} asked for{lacking}."
        )
    rare = [label for label in shown if 2 * n_recordings[label] <= len(labels)]
    if rare:
        counts = {names[label]: n_recordings[label] for label in rare}
        share = sum(n_frames[label] for label in rare) / sum(map(len, labels))
        sentences.append(describe_rare(counts, len(labels), share))
    kept = [names[label] for label in unlabelled if label in names]
    if kept:
        sentences.append(f"Actions that are kept without a label: {_listed(kept)}.")
    return sentences


def describe_rare(counts, n_recordings, share):
    """Describe rare actions.

    ``counts`` maps names to numbers of recordings; ``share`` is their share of frames.
    """
    each = [f"{name} ({count})" for name, count in counts.items()]
    return (
        f"Actions that at most half of the {n_recordings} recordings show: "
        f"{_listed(each)}; {share:.1%} of all frames."
    )


def describe_paths(paths, actions, unlabelled=(), n_lost=0):
    """Describe paths like `describe_actions`; codes index ``actions`` or are -1."""
    names = default_names(actions.tolist(), "action")
    codes = {label: code for code, label in enumerate(names)}
    kept = [codes[label] for label in unlabelled if label in codes]
    return describe_actions(paths, dict(enumerate(names.values())), n_lost, kept)


def _listed(words):
    """Join the first words, with the number of others.

    >>> _listed(["a", "b"])
    'a, b'
    """
    rest = len(words) - N_LISTED
    more = [f"{rest} more"] if rest > 0 else []
    return ", ".join([*words[:N_LISTED], *more])
