"""Text files: what they hold, and errors that name them."""

import csv
import json
import unicodedata
from pathlib import Path

# Control characters, unassigned ones, surrogates, and separators of lines.
_REFUSED = {"Cc", "Cn", "Cs", "Zl", "Zp"}


def read_text(path):
    """Text of a file in UTF-8."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text: {error}") from error


def split_lines(text):
    r"""Lines of text, which end as in files, and not at form feeds and the like.

    >>> split_lines("a\x0cb\r\nc")
    ['a\x0cb', 'c']
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")


def find_separator(header):
    """Find the one of comma, semicolon and tab that makes most cells; a comma if none.

    >>> find_separator("time;x,y;z"), find_separator('"a;b;c",d'), find_separator("x")
    (';', ',', ',')
    """
    n_cells = {}
    for separator in ",;\t":
        n_cells[separator] = len(next(csv.reader([header], delimiter=separator), []))
    return max(n_cells, key=n_cells.get)


def parse_json(path, text):
    """Content of JSON text that was read from ``path``."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # of numbers and depth as well
        raise ValueError(f"{path} is no JSON: {error}") from error


def is_line(text):
    """Whether text is one line that is not blank, of characters that files can hold."""
    categories = set(map(unicodedata.category, text))
    return bool(text.strip()) and not categories & _REFUSED


def is_file_name(text):
    """Whether a file can have such a name, which leads to no other folder."""
    return bool(text.strip()) and text[0] != "." and not set(text) & set("/\\\0")
