"""Names of labels, and which labels are background."""

import re
from pathlib import Path

import numpy as np

from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, split_label_sequences
from skl_tot.recordings.text import is_line, parse_json, read_text, split_lines


def name_actions(y, names):
    """Put words in place of numbers.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence of such
        Label of each frame of one video or of many.
    names : dict or sequence of str
        Name of each label, as ``{0: "take cup", 1: "pour"}`` or
        ``["take cup", "pour"]``. Labels of one name become one action. Labels without
        a name keep their number, as text, and -1 becomes "background".

    Returns
    -------
    labels : ndarray of str of shape (n_frames,), or a list of such
        For displays, metrics, `segments` and files.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor strings, names are of the other kind, or a
        name is no text of one line, is "background" or "-1", or is the number of
        another action without a name.

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
    """Names, a dict or a sequence, as a dict; ``what`` is what errors call them."""
    _check_no_text(names, what)
    return names if isinstance(names, dict) else dict(enumerate(names))


def _check_no_text(names, what):
    """Refuse a text, whose letters are no names."""
    if isinstance(names, (str, bytes)):
        raise TypeError(
            f"{what} is {short_repr(names)}, expected a dict or a list of names."
        )


def _check_keys(names, sequences):
    """Refuse names of text if labels are integers, and the other way round."""
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
    """Names of the frames of one video; labels without one as text."""
    labels, codes = np.unique(labels, return_inverse=True)
    words = [names.get(label, str(label)) for label in labels.tolist()]
    return np.array(words, dtype=str)[codes]


def name_all_actions(actions, names, what="names"):
    """Names of all actions of a model, as ndarray of str.

    ``actions`` is their number, or an array of their labels: text stands for itself,
    and is named by its place. ``names`` is a dict or sequence, called ``what`` in
    errors, or None.

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
    """Distinct labels of text, those at some places by other names."""
    places = np.arange(len(labels))
    check_names(names, places, what)
    words = dict(enumerate(labels.tolist())) | names
    for place, word in enumerate(labels.tolist()):
        if word == BACKGROUND_NAME and place not in names:
            del words[place]
            places[place] = BACKGROUND
    return name_actions(places, words)


def _check_free(names, others):
    """Refuse names that other labels, which have no name, are called by."""
    for label, name in names.items():
        if label != BACKGROUND and name in others:
            raise ValueError(
                f"{short_repr(name)} is the name of an action, but others without a "
                "name are called so."
            )


def default_names(labels, word):
    """Names of labels that have none: text as it is, numbers with a word before.

    >>> default_names([3, 5], "action")
    {3: 'action 3', 5: 'action 5'}
    """
    names = {}
    for label in labels:
        names[label] = label if isinstance(label, str) else f"{word} {label}"
    return names


def name_labels(labels, target_names):
    """Names to show of distinct, sorted labels: a dict in the order in which to show.

    ``target_names`` is ``{label: name}`` of some labels, or a sequence of all, in which
    integer ``i`` is ``target_names[i]``; of string labels it gives the order only.
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
    """Cluster that means background, and the class it stands for or None.

    ``background`` is that class, or None for "background" or -1, whichever occurs.
    """
    cluster = BACKGROUND_NAME if BACKGROUND_NAME in clusters else BACKGROUND
    if background is None and cluster in clusters:
        occurring = [x for x in (BACKGROUND_NAME, BACKGROUND) if x in classes]
        background = occurring[0] if occurring else None
    return cluster, background


def labels_of_one_type(sequences):
    """Labels of files as text if some are, with "background" for -1; else as they are.

    Integers are all that is left of videos, or parts of them, where no action has a
    name.

    >>> [x.tolist() for x in labels_of_one_type([np.array([2, -1]), np.array(["a"])])]
    [['2', 'background'], ['a']]
    """
    if not any(sequence.dtype.kind == "U" for sequence in sequences):
        return sequences
    names = {BACKGROUND: BACKGROUND_NAME, str(BACKGROUND): BACKGROUND_NAME}
    return [_put_words(sequence, names) for sequence in sequences]


def distinct_labels(sequences):
    """Set of the labels that occur."""
    return set().union(*(np.unique(sequence).tolist() for sequence in sequences))


def check_names(names, labels, what="names"):
    """Refuse names, a dict, of numbers that are not among the labels of a model."""
    labels = labels.tolist()
    if names.keys() <= set(labels):
        return
    expected = f"among {labels}"
    if labels == list(range(len(labels))):
        expected = f"from 0 to {len(labels) - 1}"
    raise ValueError(f"{what} is of {list(names)}, expected actions {expected}.")


def read_names(path):
    r"""Read the names of actions.

    Parameters
    ----------
    path : str or path-like
        A ``.json`` file of an object such as ``{"0": "take cup"}``, or text with
        ``<int> <name>`` a line, as the field's ``mapping.txt``.

    Returns
    -------
    names : dict of int to str
        For `name_actions`.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read or holds something else.

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
    """Yield number, name and place, for errors, of each line of ``<int> <name>``.

    ``what`` is what errors call a name. Blank lines are skipped.
    """
    for i, line in enumerate(split_lines(read_text(path)), start=1):
        where = f"{path}, line {i}, is {short_repr(line.strip())}"
        match = re.fullmatch(r"(-?\d{1,18})\s+(.+)", line.strip())
        if match:
            yield int(match[1]), match[2], where
        elif line.strip():
            raise ValueError(f"{where}, expected '<int> <{what}>'.")
