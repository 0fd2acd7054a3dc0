"""Files of other tools, which hold the times of segments, read without libraries."""

import html
import re
from pathlib import Path
from xml.parsers import expat

from skl_tot.inputs.errors import short_repr
from skl_tot.io.records import SegmentsError, read_text

TIER = "action"  # as the writers call it
# What stands alone in a TextGrid: text, comments, numbers and flags.
TOKEN = re.compile(
    r'(?<!\S)(?:"(?P<text>(?:[^"]|"")*)"|(?P<comment>![^\n]*)'
    r"|(?P<number>-?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)|<(?P<flag>\w+)>)(?!\S)"
)
NO_TEXTGRID = "expected a TextGrid of Praat, saved as text"
NO_CUES = ("NOTE", "STYLE", "REGION")


def read_elan(path):
    """Read an annotation document of ELAN."""
    document = _ElanDocument()
    parser = document.parser
    try:
        parser.Parse(Path(path).read_bytes(), True)
    except SegmentsError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise SegmentsError(f"this is no XML, {error}.") from error
    records = []
    for action, slots, line in pick_tier(document.tiers):
        start, end = (_seconds_of_slot(document.slots, slot, line) for slot in slots)
        records.append(_record(action, start, end, line))
    return records


def _seconds_of_slot(slots, slot, line):
    """Time of a slot, which documents have in milliseconds."""
    value = slots.get(slot)
    if value is None or not re.fullmatch("-?[0-9]{1,15}", value):
        raise SegmentsError(
            f"the time of the slot {short_repr(slot)} is {short_repr(value)}, expected "
            "milliseconds.",
            line,
        )
    return int(value) / 1000


class _ElanDocument:
    """Slots and tiers of a document, while it is parsed.

    What a document type could define, such as texts that grow without end, is refused.
    """

    def __init__(self):
        self.slots, self.tiers = {}, []
        self.interval, self.text, self.is_document = None, None, False
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self.refuse_type
        self.parser.StartElementHandler = self.start
        self.parser.CharacterDataHandler = self.add_text
        self.parser.EndElementHandler = self.end

    def refuse_type(self, *_):
        line = self.parser.CurrentLineNumber
        raise SegmentsError("there is a DOCTYPE, expected none.", line)

    def start(self, name, attributes):
        line = self.parser.CurrentLineNumber
        if not self.is_document and name != "ANNOTATION_DOCUMENT":
            raise SegmentsError(
                f"found {short_repr(name)}, expected 'ANNOTATION_DOCUMENT'.", line
            )
        self.is_document = True
        if name == "HEADER":
            unit = attributes.get("TIME_UNITS", "milliseconds")
            if unit != "milliseconds":
                raise SegmentsError(
                    f"times are {short_repr(unit)}, expected milliseconds.", line
                )
        elif name == "TIME_SLOT":
            self.slots[attributes.get("TIME_SLOT_ID")] = attributes.get("TIME_VALUE")
        elif name == "TIER":
            self.tiers.append((attributes.get("TIER_ID", ""), []))
        elif name == "ALIGNABLE_ANNOTATION":
            slots = [attributes.get(f"TIME_SLOT_REF{i}") for i in (1, 2)]
            self.interval = slots, line
        elif name == "ANNOTATION_VALUE":
            self.text = ""

    def add_text(self, text):
        if self.text is not None:
            self.text += text

    def end(self, name):
        if name == "ANNOTATION_VALUE" and self.interval and self.tiers:
            self.tiers[-1][1].append((self.text, *self.interval))
        elif name == "ALIGNABLE_ANNOTATION":
            self.interval = None
        if name == "ANNOTATION_VALUE":
            self.text = None


def read_textgrid(path):
    """Read a TextGrid of Praat, long or short."""
    tokens = _Tokens(read_text(path))
    kinds = tokens.take("text"), tokens.take("text")
    if kinds != ("ooTextFile", "TextGrid"):
        raise SegmentsError(f"this is {short_repr(kinds)}, {NO_TEXTGRID}.", 1)
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
    return pick_tier(tiers)


def _read_tier(tokens, has_intervals):
    """Intervals with text of a tier; points are read over, as is what has none."""
    records = []
    for _ in range(tokens.take_count()):
        start, line = float(tokens.take("number")), tokens.line
        end = float(tokens.take("number")) if has_intervals else start
        action = tokens.take("text")
        if action.strip():
            records.append(_record(action, start, end, line))
    return records


class _Tokens:
    """What stands alone in a TextGrid, one after the other; all else is for people."""

    def __init__(self, text):
        self.matches = TOKEN.finditer(text)
        self.text, self.line, self.place = text, 1, 0

    def take(self, kind):
        """Next token, which has to be of a kind."""
        match = next(self.matches, None)
        while match is not None and match.lastgroup == "comment":
            match = next(self.matches, None)
        if match is None:
            raise SegmentsError(f"the file ends before its last {kind}, {NO_TEXTGRID}.")
        self.line += self.text.count("\n", self.place, match.start())
        self.place = match.start()
        if match.lastgroup != kind:
            raise SegmentsError(
                f"found {short_repr(match[0])} in place of a {kind}, {NO_TEXTGRID}.",
                self.line,
            )
        return match[kind].replace('""', '"')

    def skip_times(self):
        """Pass the start and the end of the recording."""
        self.take("number")
        self.take("number")

    def take_count(self):
        """Next token, which has to be a number of things."""
        count = self.take("number")
        if not re.fullmatch("[0-9]{1,9}", count):
            raise SegmentsError(
                f"found {short_repr(count)} in place of a count.", self.line
            )
        return int(count)


def read_webvtt(path):
    """Read subtitles for browsers."""
    lines = read_text(path).splitlines()
    if not lines or not re.match(r"WEBVTT(\s|$)", lines[0]):
        raise SegmentsError("found no WEBVTT, expected it to start so.", 1)
    records = []
    for start, block in _blocks(lines)[1:]:
        if block[0].split()[0] not in NO_CUES or "-->" in block[0]:
            records.append(_read_cue(block, start))
    return records


def _blocks(lines):
    """Split what blank lines divide: the number of the first line, and the lines."""
    blocks, is_open = [], False
    for i, line in enumerate(lines, start=1):
        if line.strip() and not is_open:
            blocks.append((i, []))
        is_open = bool(line.strip())
        if is_open:
            blocks[-1][1].append(line)
    return blocks


def _read_cue(block, line):
    """Read a cue: perhaps a name, then times, then text."""
    if "-->" not in block[0]:
        block, line = block[1:], line + 1
    match = re.match(r"\s*(\S+?)\s*-->\s*(\S+)", block[0]) if block else None
    if match is None:
        found = short_repr(block[0].strip() if block else "")
        raise SegmentsError(f"found {found}, expected 'start --> end'.", line)
    text = " ".join(part.strip() for part in block[1:])
    action = html.unescape(re.sub("<[^>]*>", "", text))
    return _record(action, match[1], match[2], line)


def pick_tier(tiers):
    """Content of the tier of actions: the one called so, or the only one."""
    filled = [tier for tier in tiers if tier[1]]
    named = [tier for tier in tiers if tier[0] == TIER]
    chosen = named or filled or tiers
    if len(chosen) != 1:
        raise SegmentsError(
            f"tiers of intervals are {short_repr([name for name, _ in chosen])}, "
            f"expected one, or one called {TIER!r}."
        )
    return chosen[0][1]


def _record(action, start, end, line):
    return {"action": action, "start_time": start, "end_time": end, "line": line}
