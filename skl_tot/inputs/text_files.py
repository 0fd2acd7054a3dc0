"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.text import find_separator, is_line, parse_json, read_text

__all__ = [
    "find_separator",
    "is_line",
    "parse_json",
    "read_text",
]
