"""Result files of a review; each is written completely or not at all."""

import pandas as pd

from skl_tot.app.report import write_report
from skl_tot.app.review.accuracy import right_shares
from skl_tot.app.review.state import frames_checked, is_checked
from skl_tot.app.review.teaching import known_words
from skl_tot.io import find_format, save_model, writable_formats, write_segments
from skl_tot.recordings import (
    find_same_files,
    is_file_name,
    replaced,
    replaced_files,
    short_repr,
)


def save(review):
    """Write the segments and the model."""
    folder = _folder(review)
    write_segments(review.table(), folder / "segments.csv")
    save_model(review.model, folder / "model.skops")


def export(review, format):
    """Write all results, with labels in a format; describe the action."""
    folder = _folder(review)
    entry = find_format("labels", format, writable_formats())
    if entry.in_seconds and review.recordings.fps is None:
        raise ValueError(f"format is {format!r}, which needs a rate of the recordings.")
    _write_labels(review.table(), folder / "labels", format, entry)
    save(review)
    with replaced(folder / "recordings.csv") as temporary:
        table = describe_recordings(review)
        table.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")
    told = [known_words(entry, review.state.names) for entry in review.state.entries]
    told = None if all(own is None for own in told) else told
    found = {"corrected": told, "accuracy": review.accuracy()}
    write_report(review.model, review.recordings, folder / "report.html", **found)
    return f"the results are in {folder}"


def _folder(review):
    if review.out is None:
        raise ValueError("out is None, expected a folder of the review to write into.")
    return review.out


def _write_labels(table, folder, format, entry):
    """Write the segments of each recording into a file of its name."""
    # If a name is no valid file name, or two names are one on Windows and macOS, one
    # file has all recordings, if the format allows it.
    tables = dict(list(table.groupby("recording", sort=False)))
    others = [name for name in tables if not is_file_name(name)]
    others += find_same_files(tables) or ()
    if others and not entry.many:
        name = f"recording {short_repr(others[0])} can have no file of that name"
        each = f"{format!r} has one for each; expected a format with one for all."
        raise ValueError(f"{name}, and {each}")
    if others:
        tables = {"all": table}
    with replaced_files(folder) as temporary:
        for name, own in tables.items():
            own = own.drop(columns=[] if own is table else "recording")
            write_segments(own, temporary / f"{name}{entry.suffix}", format=format)


def describe_recordings(review):
    """Table of the state of each recording, and of its accuracy before."""
    rows = []
    for name, entry in zip(review.recordings.names, review.state.entries):
        row = {"recording": name, "n_frames": entry.n_frames}
        row["n_segments"] = len(entry.segments.starts)
        row["checked_frames"] = int(frames_checked(entry).sum())
        row["checked"] = is_checked(entry)
        row |= right_shares(entry)
        rows.append(row)
    return pd.DataFrame(rows)
