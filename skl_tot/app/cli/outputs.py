"""Output of commands: checks of paths, printed rows, and stages of long work."""

import contextlib
import os
import re
import sys
import threading
import time
from pathlib import Path

from skl_tot.progress import watched

PAGE = (".html", ".htm")
PICTURE = (".png", ".svg", ".pdf", ".eps", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
WORKBOOK = ".xlsx"
MOST_ROWS = 30  # of a table that is printed
# Seconds from the start of a command to the first sign, from that of a later stage, and
# between signs.
FIRST, OF_STAGE, OF_LINES, OF_TERMINAL = 3, 1, 10, 0.5
_begun: list = []  # time of the start of the command; empty if stages are not shown
# A name or setting of Python, with its option in brackets.
SETTING = r"""(\w+=\[[^]]*\]|\w+="[^"]*"|\w+='[^']*'|[^\s(]\S*)"""
OPTION = re.compile(SETTING + r" \((--(?:[^()]|\([^()]*\))+)\)")
# Words of estimators, which know no options, with the options, special ones first.
OPTIONS = {
    r"SemiSupervisedSegmenter\(cycles=True\)|CyclicSegmenter": "--cycles",
    "SemiSupervisedSegmenter": "--labels, or skl-tot review",
    r'TemporalOTSegmenter\((order="strict")\)': r"\1",
    "AutoSegmenter": "--method auto",
    "SignalWindows": "--pipeline windows",
    r"skl_tot\.preprocessing\.GapFiller\(None\)|limit=\d+(?= fills)": "--faults fill",
    "drop_lost=SHARE": "--pipeline gaps:N:SHARE",
    'standardize="video"': "--set standardize=video",
    "with transpose=True": "with --transpose",
    r"(?<![-\w])(fps|resample|time|only|weights)=([A-Z]+\b|[\d.]+)": r"--\1 \2",
    r"""(order|backbone)=["'](\w+)["']""": r"--\1 \2",
}


def in_options(text):
    """Text of Python and of the command line, with only the options of the latter."""

    def choose(match):
        setting, option = match.groups()
        words = [x.lstrip("-").partition("=")[0] for x in option.split()]
        is_name = setting.replace("_", "-") in words
        is_code = is_name or re.search(r"[=._A-Z]", setting)
        return option if is_code else match[0]

    text = OPTION.sub(choose, text)
    for words, option in OPTIONS.items():
        text = re.sub(words, option, text)
    return text


def check_output(path, flag, inputs, suffixes=(), is_folder=False):
    """Refuse a path of another kind, or that would overwrite an input."""
    # ``suffixes`` are those of the files that the command writes
    from skl_tot.recordings.files import check_target, is_pattern

    if path == "":
        raise ValueError(f"{flag} is '', expected a path to write to.")
    _check_suffix(Path(path), flag, suffixes, is_folder)
    check_target(path, is_folder=is_folder)
    for other in map(Path, filter(None, inputs)):
        _check_other(flag, Path(path), other.parent if is_pattern(other) else other)


def _check_suffix(path, flag, suffixes, is_folder):
    """Refuse a suffix of no file that a command writes, unless it is of a folder."""
    suffix = "" if path.suffix[1:].isdigit() else path.suffix.lower()
    if suffix in suffixes or (is_folder and (not suffix or path.is_dir())):
        return
    expected = ["a folder without a suffix"] if is_folder else []
    if suffixes:
        expected.append(f"a file with {', '.join(suffixes)}")
    raise ValueError(f"{flag} is {path}, expected {' or '.join(expected)}.")


def _check_other(flag, path, other):
    """Refuse an output that overwrites an input, or that a later run reads as input."""
    root = other.parent if other.name == "features" else other
    folders = [other, root / "features", root / "groundTruth"]
    if any(_is_same(path, folder) for folder in folders):
        expected = "folder" if path.is_dir() else "file"
        text = f"{flag} is {path}, which another argument names"
        raise ValueError(f"{text}; expected another {expected}.")
    place, target = None, Path(os.path.realpath(path))  # that a link leads to
    is_beside = any(_is_same(target.parent, folder) for folder in folders)
    if is_beside and _is_recording(target):
        place = "in a folder that is read"
    elif path.is_dir() and _is_same(path, other.parent) and _is_recording(other):
        place = f"where {other.name} is read"
    if place is not None:
        raise ValueError(f"{flag} is {path}, {place}; expected another folder.")


def _is_same(path, other):
    if path.exists() and other.exists():
        return path.samefile(other)
    return os.path.realpath(path) == os.path.realpath(other)


def _is_recording(path):
    from skl_tot.io.files import FORMATS
    from skl_tot.recordings.sources import KINDS, READERS

    endings = [*KINDS, *(entry.suffix.lower() for entry in FORMATS.values())]
    for reader in READERS.values():
        endings += reader.suffixes
    return path.name.lower().endswith(tuple(endings))


def check_file_names(names, remedy=""):
    """Refuse names of recordings that cannot be names of files on all systems."""
    from skl_tot.recordings.errors import refuse
    from skl_tot.recordings.files import find_same_files, is_file_name

    for name in names:
        if not is_file_name(name):
            expected = "one that files can have, also on Windows: without slashes or "
            expected += 'any of <>:"|?*, no dot in front, and no device such as con'
            refuse("The name of a recording", name, expected + remedy)
    same = find_same_files(names)
    if same is not None:
        text = f"{same[0]!r} and {same[1]!r}, which are one file on Windows and macOS"
        raise ValueError(f"Recordings are called {text}, expected others{remedy}.")


def print_stops(recordings):
    """Print a sentence on the stops that were cut out, if that was asked for."""
    if recordings.stops is None:
        return
    from skl_tot.recordings.stops import FROZEN, describe_stops, list_stops

    table = list_stops(recordings)
    if len(table):
        print(describe_stops(table))
    elif recordings.read_options["pauses"] != FROZEN:  # which rests, but is no stop
        print("Nothing rests for long enough to be a stop.")


def print_rows(rows):
    """Print the first rows of texts in columns, and how many others there are."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows[:MOST_ROWS]:
        print("  ".join(map(str.ljust, row, widths)).rstrip())
    if len(rows) > MOST_ROWS:
        print(f"... and {count(len(rows) - MOST_ROWS, 'other row')}.")


def count(number, noun):
    """Put a number before its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def begin(is_shown):
    """Start the clock of a command, whose stages are shown or not."""
    _begun[:] = [time.monotonic()] if is_shown else []


@contextlib.contextmanager
def stage(text, unit="step"):
    """Show the text during the block, with the steps that it reports."""
    if not _begun:
        yield
        return
    shown = _Stage(text, unit)
    shown.start()
    try:
        with watched(shown.report):
            yield
    finally:
        shown.end()


class _Stage(threading.Thread):
    """Thread that shows a stage; work without steps is seen to go on, too."""

    def __init__(self, text, unit):
        super().__init__(daemon=True)
        self.text, self.unit = text, unit
        self.n_done, self.n_steps = 0, None
        self.started, self.is_over = time.time(), threading.Event()
        self.is_terminal, self.is_shown = sys.stderr.isatty(), False

    def report(self, n_done, n_steps):
        self.n_done, self.n_steps = n_done, n_steps

    def run(self):
        wait = max(OF_STAGE, _begun[0] + FIRST - time.monotonic())
        while not self.is_over.wait(wait):
            self.print("" if self.is_terminal else "\n")
            wait = OF_TERMINAL if self.is_terminal else OF_LINES

    def print(self, end):
        seconds = time.time() - self.started
        done = f"{seconds:.0f} s"
        if self.n_steps:
            done = f"{self.n_done} of {self.n_steps} {self.unit}s"
        if self.n_steps and self.n_done:
            left = seconds * (self.n_steps / self.n_done - 1)
            done += f", about {left:.0f} s left"
        line = f"skl-tot: {self.text}, {done}"
        with contextlib.suppress(OSError):  # who read the lines has gone
            shown = f"\r{line:<79}" if self.is_terminal else line
            print(shown, end=end, file=sys.stderr, flush=True)
        self.is_shown = True

    def end(self):
        self.is_over.set()
        self.join()
        if self.is_terminal and self.is_shown:
            self.print("\n")


def write_report(path, opened, **options):
    """Write the page about what `open_reviewed` opened; return its content."""
    from skl_tot.app.report.page import read_model, write_page

    recordings, corrected = opened.recordings, opened.corrected
    with stage("predicting", "recording"):
        content = read_model(
            opened.model,
            recordings,
            y_true=opened.source.ground_truth(recordings),
            corrected=corrected if any(x is not None for x in corrected) else None,
            accuracy=opened.accuracy,
            numbers=opened.numbers,
            **options,
        )
    with stage("writing"):
        write_page(content, path)
    print(f"Report written to {path}.")
    return content
