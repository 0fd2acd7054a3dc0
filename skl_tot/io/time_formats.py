"""Files of other tools, which hold the times of segments."""

import html

from skl_tot.inputs.extras import import_extra


def write_elan(path, records):
    """Write an annotation document of ELAN."""
    elan = import_extra("pympi", "export").Elan.Eaf(author="")
    elan.add_tier("action")
    elan.remove_tier("default")
    for start, end, action in to_milliseconds(records):
        elan.add_annotation("action", start, end, action)
    elan.to_file(str(path))


def write_webvtt(path, records):
    """Write subtitles for browsers."""
    webvtt = import_extra("webvtt", "export")
    document = webvtt.WebVTT()
    for start, end, action in to_milliseconds(records):
        # the library leaves the characters that mean something to the reader
        text = html.escape(action, quote=False)
        caption = webvtt.Caption(_format_time(start), _format_time(end), text)
        document.captions.append(caption)
    with open(path, "w", encoding="utf-8") as file:
        document.write(file)


def write_textgrid(path, records):
    """Write a TextGrid of Praat."""
    textgrid = import_extra("praatio.textgrid", "export")
    intervals, last = [], 0
    for start, end, action in to_milliseconds(records):
        if start < last or end < start:
            raise ValueError(
                f"A segment of {action!r} is from {start} to {end} ms, expected it to "
                f"start at {last} ms or later and to end after that, as intervals of a "
                "TextGrid do not overlap."
            )
        last = end
        intervals.append((start / 1000, end / 1000, action))
    tier = textgrid.IntervalTier("action", intervals, 0, intervals[-1][1])
    grid = textgrid.Textgrid()
    grid.addTier(tier)
    grid.save(
        str(path), "long_textgrid", includeBlankSpaces=True, reportingMode="error"
    )


def to_milliseconds(records):
    """Start, end and text of each segment."""
    timed = []
    for record in records:
        start = round(1000 * record["start_time"])
        end = round(1000 * record["end_time"])
        action = str(record["action"])
        if start < 0:
            raise ValueError(
                f"A segment of {action!r} is from {start} to {end} ms, expected it to "
                "start at 0 ms or later."
            )
        if end == start:
            raise ValueError(
                f"A segment of {action!r} at {start} ms is shorter than 1 ms."
            )
        timed.append((start, end, action))
    return timed


def _format_time(milliseconds):
    """Hours, minutes, seconds and milliseconds.

    >>> _format_time(3723004)
    '01:02:03.004'
    """
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
