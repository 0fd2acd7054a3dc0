"""Names of actions, background labels, and warnings about actions."""

import itertools
from collections import Counter

import numpy as np

from skl_tot.recordings.errors import is_int, listed, refuse
from skl_tot.recordings.files import is_line
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    NO_ACTIONS,
    find_code,
)


class Actions(dict):
    """Names of actions by code, also that of background; changes return others."""

    def __init__(self, names=()):
        super().__init__({BACKGROUND: BACKGROUND_NAME} | dict(names))

    def code(self, action):
        """Code of an action that is given by name or code."""
        if is_int(action) and action in self:
            return int(action)
        return list(self)[find_code(action, np.array(list(self.values())))]

    def by_name(self):
        """Code of each name."""
        return {name: code for code, name in self.items()}

    def codes(self, names):
        """Codes of names, a tuple."""
        return tuple(map(self.by_name().get, names))

    @property
    def free_code(self):
        """Code of the next new action."""
        return max(self) + 1

    def add(self, names):
        """Add those of some distinct names that are new."""
        new = (name for name in names if name not in self.values())
        return Actions(self | dict(enumerate(new, self.free_code)))

    def add_unnamed(self, n):
        """Add n actions, "action 1" and further; a digit of a page is such a number."""
        new = unused_names("action", self.values(), len(self))
        return self.add(itertools.islice(new, n))

    def rename(self, code, name):
        """Name an action, also a new one."""
        if code == BACKGROUND:
            raise ValueError(f"{BACKGROUND_NAME!r} is no action to rename.")
        is_name = isinstance(name, str) and is_line(name) and name == name.strip()
        if not is_name or name in NO_ACTIONS:
            text = "text of one line without blanks around it"
            refuse("name", name, f"{text}, other than {BACKGROUND_NAME!r} and '-1'")
        if self.by_name().get(name, code) != code:
            raise ValueError(f"{name!r} is another action; merge makes one of both.")
        return Actions(self | {code: name})


def unused_names(word, taken, first=1):
    """Yield "word 1", "word 2", … without those that are taken."""
    names = (f"{word} {number}" for number in itertools.count(first))
    return (name for name in names if name not in taken)


def default_names(labels, word):
    """Names of unnamed labels: text unchanged, numbers after a word."""
    return {k: k if isinstance(k, str) else f"{word} {k}" for k in labels}


def name_new_actions(classes, n_actions):
    """Add names of actions without a label: further numbers, or "action 1", …."""
    n_new = n_actions - len(classes)
    if classes.dtype.kind != "U":
        return np.concatenate([classes, classes.max() + 1 + np.arange(n_new)])
    names = classes.tolist()
    new = itertools.islice(unused_names("action", names), n_new)
    return np.array([*names, *new])


def background_labels(clusters, classes, background):
    """Background cluster, and the class ``background`` that it stands for."""
    cluster = BACKGROUND_NAME if BACKGROUND_NAME in clusters else BACKGROUND
    if background is None:
        labels = (BACKGROUND_NAME, BACKGROUND)
        background = next((label for label in labels if label in classes), None)
    return cluster, background


def labels_of_one_type(sequences):
    """Convert labels of files to text if some are, with "background" for -1."""
    if not any(sequence.dtype.kind == "U" for sequence in sequences):
        return sequences
    texts = [sequence.astype(str) for sequence in sequences]
    return [np.where(x == str(BACKGROUND), BACKGROUND_NAME, x) for x in texts]


def distinct_labels(sequences):
    """Set of all labels."""
    return set().union(*(np.unique(sequence).tolist() for sequence in sequences))


# -------------------------------------------------------------- warnings about actions

# Start of these warnings, as a regular expression for filters.
FIRST_WORDS = "Actions (found|that)"


def describe_actions(labels, actions, unlabelled=(), recordings=None):
    """Describe actions that are missing, rare or without a label of a person."""
    # `actions` are names by label, background or not; `unlabelled` are labels
    names = {k: name for k, name in actions.items() if k not in NO_ACTIONS}
    shown_by, n_frames = _count_labels(labels, recordings or range(len(labels)))
    missing = [name for label, name in names.items() if label not in shown_by]
    rare = [k for k in names if k in shown_by and 2 * len(shown_by[k]) <= len(labels)]
    kept = [k for k in unlabelled if k in names and k in shown_by]
    sentences = []
    if missing:
        count = f"{len(names) - len(missing)} of the {len(names)} asked for"
        lacking = f"no recording shows {listed(missing, 20)}"
        sentences.append(f"Actions found: {count}; {lacking}.")
    if rare:
        share = sum(n_frames[label] for label in rare) / sum(map(len, labels))
        counts = {names[label]: len(shown_by[label]) for label in rare}
        sentences.append(describe_rare(counts, len(labels), share))
    if kept:
        each = [_describe_kept(names[k], n_frames[k], shown_by[k]) for k in kept]
        text = "Actions that the model found, without a label of a person"
        sentences.append(f"{text}: {listed(each, 20)}.")
    return sentences


def _count_labels(labels, recordings):
    """Return two dicts by label: recordings that show it, and counts of frames."""
    shown_by: dict = {}
    n_frames: Counter = Counter()
    for recording, sequence in zip(recordings, labels):
        shown, counts = (x.tolist() for x in np.unique(sequence, return_counts=True))
        n_frames.update(dict(zip(shown, counts)))
        for label in shown:
            shown_by.setdefault(label, []).append(recording)
    return shown_by, n_frames


def _describe_kept(name, n_frames, recordings):
    where = f"recording{'s' * (len(recordings) > 1)} {listed(map(str, recordings))}"
    return f"{name} ({n_frames} frame{'s' * (n_frames > 1)} of {where})"


def describe_rare(counts, n_recordings, share):
    """Describe actions by their numbers of recordings and their share of frames."""
    each = [f"{name} ({count})" for name, count in counts.items()]
    return (
        f"Actions that at most half of the {n_recordings} recordings show: "
        f"{listed(each, 20)}; {share:.1%} of all frames."
    )
