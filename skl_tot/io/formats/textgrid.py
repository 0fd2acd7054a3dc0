"""TextGrids of Praat, read by this module."""

import re
from pathlib import Path

from skl_tot.extras import import_extra
from skl_tot.io.formats.base import (
    TIER,
    Format,
    SegmentsError,
    frame_of_times,
    pick_tier,
    read_text,
    to_milliseconds,
)
from skl_tot.recordings.errors import short_repr

# Tokens of a TextGrid: text, comments, numbers and flags.
TOKEN = re.compile(
    r'(?<!\S)(?:"(?P<text>(?:[^"]|"")*)"|(?P<comment>![^\n]*)'
    r"|(?P<number>-?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)|<(?P<flag>\w+)>)(?!\S)"
)
EXPECTED = "expected a TextGrid of Praat, saved as text"


def write_textgrid(table, path):
    """Write a TextGrid of Praat."""
    textgrid = import_extra("praatio.textgrid")
    intervals, last = [], 0
    for start, end, action in to_milliseconds(table):
        if start < last or end < start:
            raise ValueError(
                f"A segment of {action!r} is from {start} to {end} ms, expected it to "
                f"start at {last} ms or later and to end after that, as intervals of a "
                "TextGrid do not overlap."
            )
        last = end
        intervals.append((start / 1000, end / 1000, action))
    tier = textgrid.IntervalTier(TIER, intervals, 0, intervals[-1][1])
    grid = textgrid.Textgrid()
    grid.addTier(tier)
    grid.save(
        str(path), "long_textgrid", includeBlankSpaces=True, reportingMode="error"
    )


def read_textgrid(path):
    """Read a TextGrid of Praat, long or short."""
    if Path(path).read_bytes().startswith(b"ooBinaryFile"):
        raise SegmentsError("this is a binary TextGrid; save it as text in Praat.")
    tokens = _Tokens(read_text(path))
    kinds = tokens.take("text"), tokens.take("text")
    if kinds != ("ooTextFile", "TextGrid"):
        raise SegmentsError(f"this is {short_repr(kinds)}, {EXPECTED}.", 1)
    tokens.skip_times()
    if tokens.take("flag") != "exists":
        raise SegmentsError("there are no tiers, expected one of intervals.")
    tiers = []
    for _ in range(tokens.take_count()):
        kind, name = tokens.take("text"), tokens.take("text")
        tokens.skip_times()
        intervals = _read_tier(tokens, kind == "IntervalTier")
        if kind == "IntervalTier":
            tiers.append((name, intervals))
    return frame_of_times(pick_tier(tiers))


def _read_tier(tokens, has_intervals):
    """Read the labelled intervals of a tier; skip points and blank intervals."""
    rows = []
    for _ in range(tokens.take_count()):
        start, line = float(tokens.take("number")), tokens.line
        end = float(tokens.take("number")) if has_intervals else start
        action = tokens.take("text")
        if action.strip():
            rows.append((action, start, end, line))
    return rows


class _Tokens:
    """Iterator over the tokens of a TextGrid; other text is ignored."""

    def __init__(self, text):
        self.matches = TOKEN.finditer(text)
        self.text, self.line, self.place = text, 1, 0

    def take(self, kind):
        """Return the next token, which must be of a kind."""
        match = next(self.matches, None)
        while match is not None and match.lastgroup == "comment":
            match = next(self.matches, None)
        if match is None:
            raise SegmentsError(f"the file ends before its last {kind}, {EXPECTED}.")
        self.line += self.text.count("\n", self.place, match.start())
        self.place = match.start()
        if match.lastgroup != kind:
            raise SegmentsError(
                f"found {short_repr(match[0])} in place of a {kind}, {EXPECTED}.",
                self.line,
            )
        return match[kind].replace('""', '"')

    def skip_times(self):
        """Skip the start and the end of the recording."""
        self.take("number")
        self.take("number")

    def take_count(self):
        """Return the next token, which must be a count."""
        count = self.take("number")
        if not re.fullmatch("[0-9]{1,9}", count):
            raise SegmentsError(
                f"found {short_repr(count)} in place of a count.", self.line
            )
        return int(count)


FORMAT = Format(
    ".TextGrid",
    write_textgrid,
    read_textgrid,
    'Praat TextGrid, interval tier "action"',
    in_seconds=True,
    extra="files",
)
