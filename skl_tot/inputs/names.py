"""Names of actions, and what is background."""

import json
import re
import unicodedata
from pathlib import Path

import numpy as np

from skl_tot.inputs.labels import split_label_sequences


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
        If labels are neither integers nor strings, or a name is no text of one line,
        is "background", or is the number of another action without a name.

    Examples
    --------
    >>> from skl_tot.io import name_actions
    >>> name_actions([0, 0, 1, 2], {0: "take cup", 1: "pour"}).tolist()
    ['take cup', 'take cup', 'pour', '2']
    """
    sequences, is_single = split_label_sequences(y)
    if not isinstance(names, dict):
        names = dict(enumerate(names))
    for label, name in names.items():
        if not (isinstance(name, str) and _is_line(name)):
            raise ValueError(
                f"The name of {label!r} is {name!r}, expected text of one line."
            )
    unnamed = {str(k) for x in sequences for k in np.unique(x).tolist()}
    unnamed = unnamed - {str(k) for k in names} | {"background"}
    taken = sorted(unnamed & {name for label, name in names.items() if label != -1})
    if taken:
        raise ValueError(
            f"{taken[0]!r} is the name of an action, but other frames are called so."
        )
    names = {-1: "background"} | names
    named = []
    for sequence in sequences:
        labels, codes = np.unique(sequence, return_inverse=True)
        words = [names.get(label, str(label)) for label in labels.tolist()]
        named.append(np.array(words, dtype=str)[codes])
    return named[0] if is_single else named


def _is_line(text):
    """Whether text is one line that is not blank, of characters that files can hold."""
    refused = {"Cc", "Cn", "Cs", "Zl", "Zp"}
    return bool(text.strip()) and not refused & set(map(unicodedata.category, text))


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
    text = _read_text(path)
    if Path(path).suffix == ".json":
        content = _parse_json(path, text)
        if not isinstance(content, dict):
            raise ValueError(f"{path} is of {content!r}, expected an object of names.")
        pairs = list(content.items())
    else:
        lines = filter(str.strip, text.splitlines())
        pairs = [(line.split(maxsplit=1) + [None, None])[:2] for line in lines]
    for number, name in pairs:
        if not re.fullmatch(r"-?\d+", str(number)) or not isinstance(name, str):
            raise ValueError(
                f"{path} has {number!r} for {name!r}, expected a number and the name "
                "of its action."
            )
    names = {int(number): name.strip() for number, name in pairs}
    if len(names) < len(pairs):
        raise ValueError(f"{path} names an action twice.")
    return names


def _read_text(path):
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text: {error}") from error


def _parse_json(path, text):
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
