"""Annotation documents of ELAN, read by this module."""

import re
from pathlib import Path
from xml.etree import ElementTree

from skl_tot.extras import import_extra
from skl_tot.io.formats.base import (
    TIER,
    Format,
    SegmentsError,
    frame_of_times,
    pick_tier,
    to_milliseconds,
)
from skl_tot.recordings.errors import short_repr, warn_user

SLOT = "TIME_SLOT"


def write_elan(table, path):
    """Write an annotation document of ELAN."""
    elan = import_extra("pympi").Elan.Eaf(author="")
    elan.add_tier(TIER)
    elan.remove_tier("default")
    for start, end, action in to_milliseconds(table):
        elan.add_annotation(TIER, start, end, action)
    elan.to_file(str(path))


def read_elan(path):
    """Read an annotation document of ELAN."""
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        document = ElementTree.fromstring(Path(path).read_bytes(), parser)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        if isinstance(error, SegmentsError):
            raise
        raise SegmentsError(f"this is no XML, {error}.") from error
    if document.tag != "ANNOTATION_DOCUMENT":
        raise SegmentsError(
            f"found {short_repr(document.tag)}, expected 'ANNOTATION_DOCUMENT'."
        )
    for header in document.iter("HEADER"):
        unit = header.get("TIME_UNITS", "milliseconds")
        if unit != "milliseconds":
            raise SegmentsError(f"times are {short_repr(unit)}, expected milliseconds.")
    slots = {s.get("TIME_SLOT_ID"): s.get("TIME_VALUE") for s in document.iter(SLOT)}
    origin = _find_origin(document)
    tiers = []
    for tier in document.iter("TIER"):
        found = tier.iter("ALIGNABLE_ANNOTATION")
        rows = [_read_row(annotation, slots, origin) for annotation in found]
        tiers.append((tier.get("TIER_ID", ""), rows))
    return frame_of_times(pick_tier(tiers))


class _Builder(ElementTree.TreeBuilder):
    """Refuse document types, which could expand text without limit."""

    def doctype(self, *_):
        raise SegmentsError("there is a DOCTYPE, expected none.")


def _find_origin(document):
    """Return the position of time 0 in the first media file, in milliseconds."""
    media = document.find("HEADER/MEDIA_DESCRIPTOR")
    origin = "0" if media is None else media.get("TIME_ORIGIN", "0")
    if not re.fullmatch("-?[0-9]{1,15}", origin):
        raise SegmentsError(
            f"TIME_ORIGIN is {short_repr(origin)}, expected milliseconds."
        )
    if int(origin):
        warn_user(
            f"time 0 of annotations is at {origin} ms of the media (TIME_ORIGIN), "
            "which is added to all times."
        )
    return int(origin)


def _read_row(annotation, slots, origin):
    """Read the label and the times of an annotation, in seconds of the media."""
    times = []
    for key in ("TIME_SLOT_REF1", "TIME_SLOT_REF2"):
        slot = annotation.get(key)
        value = slots.get(slot)
        if value is None or not re.fullmatch("-?[0-9]{1,15}", value):
            raise SegmentsError(
                f"the time of the slot {short_repr(slot)} is {short_repr(value)}, "
                "expected milliseconds."
            )
        times.append((origin + int(value)) / 1000)
    return annotation.findtext("ANNOTATION_VALUE"), *times, None


DESCRIPTION = 'ELAN annotation document, tier "action"'
FORMAT = Format(".eaf", write_elan, read_elan, DESCRIPTION, True, extra="files")
