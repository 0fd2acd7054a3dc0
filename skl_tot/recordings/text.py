"""Text files: reading, with errors that name the file."""

import csv
import json
import os
import re
import unicodedata
from pathlib import Path

# Control characters, unassigned ones, surrogates, and line separators.
_REFUSED = {"Cc", "Cn", "Cs", "Zl", "Zp"}
# Devices of Windows, also with a suffix, and characters that it has in no name.
_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[1-9¹²³]) *(\.|$)", re.I
)
_NOT_IN_NAMES = set('/\\<>:"|?*') | set(map(chr, range(32)))


def read_text(path):
    """Text of a file in UTF-8."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is no text in UTF-8: {error}; save it in UTF-8."
        ) from error


def split_lines(text):
    r"""Lines of text, split at line ends of files only (not at form feeds and others).

    >>> split_lines("a\x0cb\r\nc")
    ['a\x0cb', 'c']
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def find_separator(header):
    """Find which of comma, semicolon and tab gives most cells; a comma if none.

    >>> find_separator("time;x,y;z"), find_separator('"a;b;c",d'), find_separator("x")
    (';', ',', ',')
    """
    n_cells = {}
    for separator in ",;\t":
        n_cells[separator] = len(next(csv.reader([header], delimiter=separator), []))
    return max(n_cells, key=n_cells.get)


def parse_json(path, text):
    """Content of JSON text from ``path``."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # numbers and depth as well
        raise ValueError(f"{path} is no JSON: {error}") from error


def is_line(text):
    """Whether text is one line, not blank, of characters that files can hold."""
    categories = set(map(unicodedata.category, text))
    return bool(text.strip()) and not categories & _REFUSED


def is_file_name(text):
    """Whether text, with a suffix, is a valid file name on all systems.

    >>> list(map(is_file_name, ["take 1", "a/b", "10:30", "con", "console"]))
    [True, False, False, False, True]
    """
    is_plain = bool(text.strip()) and text[0] != "." and not set(text) & _NOT_IN_NAMES
    return is_plain and _DEVICES.match(text) is None


def text_of_name(name):
    r"""File name as text; invalid bytes become ``\xff``."""
    try:
        return os.fsencode(name).decode(errors="backslashreplace")
    except UnicodeEncodeError:  # no file name on this system
        return name


def find_same_files(names):
    """Find two names that differ only in case (one file on Windows and macOS), or None.

    >>> find_same_files(["a", "B", "b"]), find_same_files(["a", "b"])
    (('B', 'b'), None)
    """
    seen = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            return seen[key], name
        seen[key] = name
    return None
