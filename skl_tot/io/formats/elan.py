"""Annotation documents of ELAN, read without its libraries."""

import re
from pathlib import Path
from xml.parsers import expat

from skl_tot.io.formats.base import (
    TIER,
    Format,
    SegmentsError,
    frame_of_times,
    pick_tier,
    to_milliseconds,
)
from skl_tot.recordings.errors import import_extra, short_repr


def write_elan(table, path):
    """Write an annotation document of ELAN."""
    elan = import_extra("pympi", "export").Elan.Eaf(author="")
    elan.add_tier(TIER)
    elan.remove_tier("default")
    for start, end, action in to_milliseconds(table):
        elan.add_annotation(TIER, start, end, action)
    elan.to_file(str(path))


def read_elan(path):
    """Read an annotation document of ELAN."""
    document = _ElanDocument()
    try:
        document.parser.Parse(Path(path).read_bytes(), True)
    except SegmentsError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise SegmentsError(f"this is no XML, {error}.") from error
    rows = []
    for action, slots, line in pick_tier(document.tiers):
        times = [_seconds_of_slot(document.slots, slot, line) for slot in slots]
        rows.append((action, *times, line))
    return frame_of_times(rows)


def _seconds_of_slot(slots, slot, line):
    """Return the time of a slot, which documents have in milliseconds."""
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


FORMAT = Format(
    ".eaf",
    write_elan,
    read_elan,
    needs_fps=True,
    description='ELAN annotation document, tier "action"',
    reads_seconds=True,
    extra="export",
)
