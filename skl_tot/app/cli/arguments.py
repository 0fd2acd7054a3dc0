"""Arguments of commands: their types, and parsers to pass as ``parents``."""

import argparse
import ast
from typing import Any

DATA = """folder of .npy, CSV, Parquet or other files, one with features/, a file, or a
pattern of files, in quotes"""
MODEL = "file from fit"
FAULTS = ["fill", "cut", "leave"]
SEGMENTS = "folder from predict, one table of all recordings, or folder of a review"
MODEL_OR_REVIEW = "file from fit, or folder of a review"


class Parser(argparse.ArgumentParser):
    """Parser with one-line errors, and an epilog that is made on demand."""

    make_epilog: Any = None  # function that returns text

    def format_help(self):
        """Text of ``--help``."""
        if self.make_epilog is not None:
            self.epilog = self.make_epilog()
        return super().format_help()

    def error(self, message):
        """Print the message and exit with status 2."""
        from skl_tot.recordings.errors import one_line

        self.exit(2, f"{self.prog}: {one_line(message)} (try {self.prog} --help)\n")


def add_model_out(parser):
    """Add the option for the model to write."""
    text = "file to write (.skops)"
    parser.add_argument("--out", required=True, metavar="MODEL", help=text)


def add_command(commands, function, summary, example, parents=()):
    """Add the command that a function executes; return its parser."""
    parser = commands.add_parser(
        function.__name__,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\nexample:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=parents,
    )
    parser.set_defaults(execute=function)
    return parser


def reading_options():
    """Parent with the options for reading recordings."""
    parent = argparse.ArgumentParser(add_help=False)
    group = parent.add_argument_group("how recordings are read")
    add = group.add_argument
    text = "pattern of the names of the recordings to take, such as '*_coffee'"
    add("--only", metavar="PATTERN", help=text)
    text = "column, or several, with the name of the recording of each row"
    several: dict = {"nargs": "+", "action": "extend", "metavar": "COLUMN"}
    add("--recording-column", **several, help=text)
    text, flag = "each file is one recording", "--no-recording-column"
    add(flag, action="store_false", default=None, dest="recording_column", help=text)
    clock = group.add_mutually_exclusive_group()
    text = "clock (default: the model's, or time, timestamp, seconds or t)"
    clock.add_argument("--time", metavar="COLUMN", help=text)
    options = {"action": "store_const", "const": False, "help": "no column is a clock"}
    clock.add_argument("--no-clock", dest="time", **options)
    text = "features (default: those of the model, or all numbers)"
    add("--columns", **several, help=text)
    text = "columns that are no features"
    add("--without", **several, help=text)
    text = "frames per second to resample recordings with clocks to"
    add("--resample", type=positive, metavar="RATE", help=text)
    text = "longest gap of a clock that is no break, or inf (default: 1 s, 10 frames)"
    add("--bridge", type=float, metavar="SECONDS", help=text)
    text = "cut out stops of at least so long, in which no feature moves"
    add("--pauses", type=positive, metavar="SECONDS", help=text)
    text = "frames per second of recordings without clocks (default: the model's)"
    add("--fps", type=positive, metavar="RATE", help=text)
    text = "number of the line of text tables that names the columns; the first is 1"
    add("--header", type=int, metavar="LINE", help=text)
    text = "for files of other programs, such as animal=mouse1"
    add("--read", **SETTINGS, help=text)
    text = ".npy files hold arrays of shape (features, frames)"
    add("--transpose", action="store_true", default=None, help=text)
    return parent


def _parent(flag, text, **options):
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(flag, help=text, **options)
    return parent


def labels_options(required=False, gaps=True):
    """Parent with the options for labels that people corrected."""
    text = "labels of recordings or parts: a file, or a folder of files by their names"
    parent = _parent("--labels", text, required=required, metavar="FILE")
    if gaps:
        text = "label of frames between the segments of --labels (default: unknown)"
        parent.add_argument("--gaps", choices=["unknown", "background"], help=text)
    return parent


def faults_options(default):
    """Parent with the option for faults of files; ``default`` is a help on it."""
    text = f"""faults of files, which are listed first: fill empty cells; fill, and cut
    out frozen values, and stops of a single log; or leave all (default: {default})"""
    return _parent("--faults", text, choices=FAULTS)


def groups_options():
    """Parent with the options for groups of recordings."""
    text = """compare groups of recordings: table (.csv, .xlsx) with the columns
    recording and group, and subject if a person or animal has several recordings"""
    return _parent("--groups", text, metavar="FILE")


def check_needed(arguments, needed, names):
    """Refuse values of options, by their names, without the option that they need."""
    if getattr(arguments, needed) is not None:
        return
    for name in names:
        if getattr(arguments, name) is not None:
            flag, other = (f"--{x.replace('_', '-')}" for x in (name, needed))
            raise ValueError(f"{flag} is given without {other}, expected both.")


def positive(text):
    """Read a positive number."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def number_or_auto(text):
    """Read an integer from 1, or "auto"."""
    if text != "auto" and not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is no number from 1, nor auto")
    return text if text == "auto" else int(text)


def setting(text):
    """Read a name and a value: a number, boolean, None, or else text."""
    name, _, value = text.partition("=")
    if not (name.isidentifier() and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return name, value


SETTINGS: dict = {"nargs": "+", "action": "extend"}
SETTINGS |= {"type": setting, "metavar": "NAME=VALUE"}
