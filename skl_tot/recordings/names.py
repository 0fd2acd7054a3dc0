"""Names of actions, background labels, and warnings about actions."""

import re
from pathlib import Path

import numpy as np

from skl_tot.recordings.disk import is_line, parse_json, read_text, split_lines
from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    describe_classes,
    split_label_sequences,
)


def name_actions(y, names):
    """Replace label numbers by names.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence of such
        Label of each frame of one recording or of many.
    names : dict or sequence of str
        Name of each label, as ``{0: "take cup", 1: "pour"}`` or
        ``["take cup", "pour"]``. Labels with equal names become one action. Labels
        without a name keep their number, as text; -1 becomes "background".

    Returns
    -------
    labels : ndarray of str of shape (n_frames,), or a list of such
        For displays, metrics, `segments` and files.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, or keys of ``names`` have another type;
        if a name is not one line of text, is "background" or "-1", or equals the number
        of an action without a name.

    Examples
    --------
    >>> from skl_tot.io import name_actions
    >>> name_actions([0, 0, 1, 2], {0: "take cup", 1: "pour"}).tolist()
    ['take cup', 'take cup', 'pour', '2']
    """
    sequences, is_single = split_label_sequences(y)
    names = _by_label(names, "names")
    for label, name in names.items():
        if not (isinstance(name, str) and is_line(name)):
            raise ValueError(
                f"The name of {short_repr(label)} is {short_repr(name)}, expected text "
                "of one line."
            )
        if name == str(BACKGROUND) and label != BACKGROUND:
            raise ValueError(
                f"The name of {short_repr(label)} is {name!r}, which files and scores "
                "take for background."
            )
    _check_keys(names, sequences)
    unnamed = set(map(str, distinct_labels(sequences))) - set(map(str, names))
    _check_free(names, unnamed | {BACKGROUND_NAME})
    names = {BACKGROUND: BACKGROUND_NAME} | names
    named = [_put_words(sequence, names) for sequence in sequences]
    return named[0] if is_single else named


def _by_label(names, what):
    """Convert names, a dict or a sequence, to a dict; errors call them ``what``."""
    _check_no_text(names, what)
    return names if isinstance(names, dict) else dict(enumerate(names))


def _check_no_text(names, what):
    """Refuse text, which is a sequence of letters."""
    if isinstance(names, (str, bytes)):
        raise TypeError(
            f"{what} is {short_repr(names)}, expected a dict or a list of names."
        )


def _check_keys(names, sequences):
    """Refuse text keys for integer labels, and the reverse."""
    filled = [sequence for sequence in sequences if len(sequence)]
    if not filled:
        return
    example = filled[0][0].item()
    is_text = isinstance(example, str)
    for label in names:
        if isinstance(label, str) != is_text:
            found, expected = ("no text", "text") if is_text else ("text", "integers")
            raise TypeError(
                f"names has {short_repr(label)}, {found}, but labels are {expected}: "
                f"expected keys as {short_repr(example)}."
            )


def _put_words(labels, names):
    """Names of the frames of one recording; unnamed labels as text."""
    labels, codes = np.unique(labels, return_inverse=True)
    words = [names.get(label, str(label)) for label in labels.tolist()]
    return np.array(words, dtype=str)[codes]


def name_all_actions(actions, names, what="names"):
    """Names of all actions of a model, as ndarray of str.

    ``actions`` is their number, or an array of their labels; a text label is its own
    name. ``names``, a dict, a sequence or None, is called ``what`` in errors.

    >>> name_all_actions(3, {1: "pour"}).tolist()
    ['action 0', 'pour', 'action 2']
    >>> name_all_actions(np.array(["cut", "pour"]), {1: "stir"}).tolist()
    ['cut', 'stir']
    """
    names = {} if names is None else _by_label(names, what)
    labels = actions if isinstance(actions, np.ndarray) else np.arange(actions)
    if labels.dtype.kind == "U":
        return _rename(labels, names, what)
    check_names(names, labels, what)
    unnamed = sorted(set(labels.tolist()) - names.keys())
    defaults = default_names(unnamed, "action")
    _check_free(names, defaults.values())
    return name_actions(labels, defaults | names)


def _rename(labels, names, what):
    """Text labels, some of them renamed by index, all distinct."""
    places = np.arange(len(labels))
    check_names(names, places, what)
    words = dict(enumerate(labels.tolist())) | names
    for place, word in enumerate(labels.tolist()):
        if word == BACKGROUND_NAME and place not in names:
            del words[place]
            places[place] = BACKGROUND
    return name_actions(places, words)


def _check_free(names, others):
    """Refuse names that equal labels without a name."""
    for label, name in names.items():
        if label != BACKGROUND and name in others:
            raise ValueError(
                f"{short_repr(name)} is the name of an action, but another action "
                "without a name has this label."
            )


def default_names(labels, word):
    """Names of unnamed labels: text unchanged, numbers after a word.

    >>> default_names([3, 5], "action")
    {3: 'action 3', 5: 'action 5'}
    """
    names = {}
    for label in labels:
        names[label] = label if isinstance(label, str) else f"{word} {label}"
    return names


def name_labels(labels, target_names):
    """Names of distinct, sorted labels: a dict in display order.

    ``target_names`` is ``{label: name}``, or a sequence: integer ``i`` is called
    ``target_names[i]``. For text labels it sets only the order.
    """
    is_text = labels and isinstance(labels[0], str)
    if target_names is None:
        names = dict(zip(labels, labels))
    elif isinstance(target_names, dict):
        names = {label: target_names.get(label, label) for label in labels}
    else:
        _check_no_text(target_names, "target_names")
        keys = target_names if is_text else range(len(target_names))
        names = {key: name for key, name in zip(keys, target_names) if key in labels}
    has_all = set(labels) <= names.keys()
    if not has_all or len(set(names.values())) < len(names):
        raise ValueError(
            f"target_names gives {short_repr(list(names.values()))}, expected a name "
            f"of its own for each of {labels}."
        )
    return names


def background_labels(clusters, classes, background):
    """Background cluster, and the class it stands for or None.

    ``background`` is that class; None finds "background" or -1.
    """
    cluster = BACKGROUND_NAME if BACKGROUND_NAME in clusters else BACKGROUND
    if background is None and cluster in clusters:
        occurring = [x for x in (BACKGROUND_NAME, BACKGROUND) if x in classes]
        background = occurring[0] if occurring else None
    return cluster, background


def labels_of_one_type(sequences):
    """Convert labels of files to text if some are, with "background" for -1.

    Parts of recordings without a named action have only integers.

    >>> [x.tolist() for x in labels_of_one_type([np.array([2, -1]), np.array(["a"])])]
    [['2', 'background'], ['a']]
    """
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
        expected = f"actions {describe_classes(labels)}"
        raise ValueError(f"{what} is of {list(names)}, expected {expected}.")


def read_names(path):
    r"""Read the names of actions.

    Parameters
    ----------
    path : str or path-like
        A ``.json`` file with an object such as ``{"0": "take cup"}``, or text with
        ``<int> <name>`` per line, like the field's ``mapping.txt``.

    Returns
    -------
    names : dict of int to str
        For `name_actions`.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read or has another form.

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
    if Path(path).suffix == ".json":
        return _read_json_names(path)
    names = {}
    for number, name, where in read_numbered_names(path, "name"):
        if number in names:
            raise ValueError(f"{where}, expected each number once.")
        names[number] = name
    return names


def _read_json_names(path):
    """Names by number, from a JSON object."""
    content = parse_json(path, read_text(path))
    if not isinstance(content, dict):
        raise ValueError(
            f"{path} is of {short_repr(content)}, expected an object of names."
        )
    names = {}
    for number, name in content.items():
        if not re.fullmatch(r"-?\d{1,18}", number) or not isinstance(name, str):
            raise ValueError(
                f"{path} has {short_repr(number)} for {short_repr(name)}, expected a "
                "number and the name of its action."
            )
        names[int(number)] = name.strip()
    if len(names) < len(content):
        raise ValueError(f"{path} names an action twice.")
    return names


def read_numbered_names(path, what):
    """Yield number, name and place (for errors) of each line of ``<int> <name>``.

    Errors call a name ``what``. Blank lines are skipped.
    """
    for i, line in enumerate(split_lines(read_text(path)), start=1):
        where = f"{path}, line {i}, is {short_repr(line.strip())}"
        match = re.fullmatch(r"(-?\d{1,18})\s+(.+)", line.strip())
        if match:
            yield int(match[1]), match[2], where
        elif line.strip():
            raise ValueError(f"{where}, expected '<int> <{what}>'.")


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
