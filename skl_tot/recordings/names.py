"""Names of actions, background labels, and warnings about actions."""

import itertools
import re
from collections import Counter

import numpy as np

from skl_tot.recordings.disk import is_line, read_text, split_lines
from skl_tot.recordings.errors import is_int, listed, refuse, short_repr
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    NO_ACTIONS,
    describe_classes,
    find_code,
    split_label_sequences,
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


def name_actions(y, names) -> np.ndarray | list:
    """Replace label numbers by names.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence of such
        Label of each frame of one recording or of many.
    names : dict or sequence of str
        Name of each label, as ``{0: "take cup"}`` or ``["take cup", "pour"]``. Labels
        with equal names become one action. Labels without a name keep their number, as
        text; -1 becomes "background".

    Returns
    -------
    labels : ndarray of str of shape (n_frames,), or a list of such
        For displays, metrics, `segments` and files.

    Raises
    ------
    TypeError, ValueError
        If labels or names are not valid, or a name is that of another action.

    Examples
    --------
    >>> from skl_tot.io import name_actions
    >>> name_actions([0, 0, 1, 2], {0: "take cup", 1: "pour"}).tolist()
    ['take cup', 'take cup', 'pour', '2']
    """
    sequences, is_single = split_label_sequences(y)
    names = _by_label(names, "names")
    _check_words(names)
    labels = distinct_labels(sequences)
    _check_keys(names, labels)
    unnamed = set(map(str, labels)) - set(map(str, names))
    _check_free(names, unnamed | {BACKGROUND_NAME})
    names = {BACKGROUND: BACKGROUND_NAME} | names
    named = [_put_words(sequence, names) for sequence in sequences]
    return named[0] if is_single else named


def _by_label(names, what):
    """Names, a dict or a sequence, as a dict; refuse text, a sequence of letters."""
    if isinstance(names, (str, bytes)):
        refuse(what, names, "a dict or a list of names", TypeError)
    return names if isinstance(names, dict) else dict(enumerate(names))


def _check_words(names):
    for label, name in names.items():
        is_taken = name == str(BACKGROUND) and label != BACKGROUND
        if is_taken or not (isinstance(name, str) and is_line(name)):
            expected = f"text of one line, and not '{BACKGROUND}', which is background"
            refuse(f"The name of {short_repr(label)}", name, expected)


def _check_keys(names, labels):
    example = next(iter(labels), None)
    for key in names if labels else ():
        if isinstance(key, str) != isinstance(example, str):
            expected = f"one of the type of the labels, as {short_repr(example)}"
            refuse("A key of names", key, expected, TypeError)


def _check_free(names, others):
    for label, name in names.items():
        if label != BACKGROUND and name in others:
            expected = "no label of another action"
            refuse(f"The name of {short_repr(label)}", name, expected)


def _put_words(labels, names):
    labels, codes = np.unique(labels, return_inverse=True)
    words = [names.get(label, str(label)) for label in labels.tolist()]
    return np.array(words, dtype=str)[codes]


def name_all_actions(labels, names, what="names"):
    """Names (n_actions,) of all actions: given ones, and default ones for the rest."""
    # `labels` are those of a model; `names` is a dict, a list or None.
    names = {} if names is None else _by_label(names, what)
    is_text = labels.dtype.kind == "U"
    keys = np.arange(len(labels)) if is_text else labels
    check_names(names, keys, what)
    _check_words(names)
    words = dict(zip(keys.tolist(), default_names(labels.tolist(), "action").values()))
    unnamed = set() if is_text else {words[key] for key in words.keys() - names.keys()}
    _check_free(names, unnamed | {BACKGROUND_NAME})
    return np.array(list((words | dict(names)).values()), dtype=str)


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


def name_labels(labels, target_names):
    """Names of distinct, sorted labels: a dict in display order."""
    is_text = labels and isinstance(labels[0], str)
    if target_names is None:
        names = dict(zip(labels, labels))
    elif isinstance(target_names, dict):
        names = {label: target_names.get(label, label) for label in labels}
    else:
        by_label = _by_label(target_names, "target_names")
        keys = target_names if is_text else by_label
        names = {key: by_label[k] for k, key in enumerate(keys) if key in labels}
    if not set(labels) <= names.keys() or len(set(names.values())) < len(names):
        given = list(names.values())
        refuse("target_names", given, f"a name of its own for each of {labels}")
    return names


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
    names = {BACKGROUND: BACKGROUND_NAME, str(BACKGROUND): BACKGROUND_NAME}
    return [_put_words(sequence, names) for sequence in sequences]


def distinct_labels(sequences):
    """Set of all labels."""
    return set().union(*(np.unique(sequence).tolist() for sequence in sequences))


def check_names(names, labels, what="names"):
    """Refuse names, a dict, of numbers that are no labels of a model."""
    if not names.keys() <= set(labels.tolist()):
        refuse(what, list(names), f"actions {describe_classes(labels)}")


def read_names(path) -> dict[int, str]:
    r"""Read the names of actions.

    Parameters
    ----------
    path : str or path-like
        Text with ``<int> <name>`` per line, like the field's ``mapping.txt``.

    Returns
    -------
    names : dict of int to str
        For `name_actions`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import read_names
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "names.txt")
    >>> _ = path.write_text("0 take cup\n1 pour")
    >>> read_names(path)
    {0: 'take cup', 1: 'pour'}
    >>> folder.cleanup()
    """
    names = {}
    for number, name, where in read_numbered_names(path, "name"):
        if number in names:
            raise ValueError(f"{where}, expected each number once.")
        names[number] = name
    return names


def read_numbered_names(path, what):
    """Yield number, name and place (for errors) of each line of ``<int> <name>``."""
    for i, line in enumerate(split_lines(read_text(path)), start=1):
        where = f"{path}, line {i}, is {short_repr(line.strip())}"
        match = re.fullmatch(r"(-?\d{1,18})\s+(.+)", line.strip())
        if match:
            yield int(match[1]), match[2], where
        elif line.strip():
            raise ValueError(f"{where}, expected '<int> <{what}>'.")


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
        shown = listed(each, 20)
        sentences.append(f"Actions that are kept without a label: {shown}.")
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
