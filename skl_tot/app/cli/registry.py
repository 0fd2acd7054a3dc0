"""The table of commands, its decorator, and shared options."""

import argparse
import ast
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skl_tot.app.cli.paths import check_paths

COMMANDS: dict = {}  # of `Command`, by name
LONGEST_VALUE = 1000  # characters of the value of a parameter
LINE = re.compile(r"(--[a-z-]+ ?)?(\S*?)(\.\.\.)?: (.+)")


@dataclass
class Command:
    """A function with its help text and its options."""

    function: Callable
    summary: str
    example: str
    options: tuple
    make_epilog: Callable[[], str] | None

    def run(self, values):
        """Call the function with the values that its options make.

        Returns its status; None is 0.
        """
        places = [pair for option in self.options for pair in option.places.items()]
        check_paths([(action, values[dest]) for dest, action in places])
        made: dict = {}
        for option in self.options:
            made |= option.take(values)
        return self.function(**made)


def command(text, example, *options, make_epilog=None, **settings):
    """Add a function to the table of commands, under its name.

    Parameters
    ----------
    text : str
        Summary that starts with a verb; after a blank line, lines of own options as in
        `Options`.
    example : str
        A valid command line.
    *options : Options
        Shared options. They come first.
    make_epilog : callable, default=None
        Makes the end of the help text on demand.
    **settings
        As in `Options`.
    """
    summary, _, own = textwrap.dedent(text).strip().partition("\n\n")

    def enter(function):
        every = (*options, Options(own, **settings))
        entry = Command(function, summary, example, every, make_epilog)
        COMMANDS[function.__name__] = entry
        return function

    return enter


class Options:
    """A group of arguments, and the value that a command gets for it.

    Parameters
    ----------
    text : str
        Lines such as ``--lag SECONDS: how long to wait [default: 1]``. The placeholder
        gives the type, see `TYPES`, or the choices, as in ``{a,b}``; ``...`` after it
        allows several values. An option without placeholder is a switch; an argument
        without dashes is positional. ``[required]`` marks a required argument.
    name : str, default=None
        Parameter of the command; None makes one parameter per argument.
    make : callable, default=None
        Makes the value from the arguments, by name, before the command runs.
    title : str, default=None
        Title of the arguments in the help.
    **settings : dict
        Further settings for `argparse`, by name of the argument.
    """

    def __init__(self, text, name=None, make=None, title=None, **settings):
        lines = re.sub(r"\n\s\s+", " ", textwrap.dedent(text).strip()).splitlines()
        self.arguments = [_parse_line(line, settings) for line in lines]
        self.name, self.make, self.title = name, make, title
        self.places = {}

    def add_to(self, parser):
        """Add the arguments to a parser."""
        group = parser.add_argument_group(self.title) if self.title else parser
        for flag, own in self.arguments:
            action = group.add_argument(flag, **own)
            self.places[action.dest] = action

    def take(self, values):
        """Values for the command by name, from parsed arguments."""
        own = {place: values[place] for place in self.places}
        return own if self.make is None else {self.name: self.make(**own)}


def _parse_line(line, settings):
    """Flag and `argparse` settings of a line of `Options`."""
    match = LINE.fullmatch(line)
    assert match, f"{line!r} is no line of options"
    flag, place, several, help = match.groups()
    default = re.search(r"\[default: ([^],]*)", help)
    shown = re.sub(r"\[(default.*)\]$", r"(\1)", help.removesuffix(" [required]"))
    own: dict[str, Any] = {"help": shown}
    if default:
        own["default"] = default[1]
    if place:
        own |= {"metavar": place, "type": TYPES.get(place, str)}
    else:
        own["action"] = "store_true"
    if place.startswith("{"):
        own["choices"] = place[1:-1].split(",")
    if several:
        own["nargs"] = "+"
    if flag is None:
        flag = place.lower()
        own |= {"nargs": "?"} if default else {}
    else:
        flag = flag.strip()
        own |= {"action": "extend"} if several else {}
        own |= {"required": True} if help.endswith("[required]") else {}
    return flag, own | settings.get(flag.strip("-").replace("-", "_"), {})


class Parser(argparse.ArgumentParser):
    """Parser with one-line errors, and an epilog that is made on demand."""

    make_epilog: Callable[[], str] | None = None

    def error(self, message):
        """Print the message and exit with status 2."""
        from skl_tot.recordings import one_line  # loads numpy

        self.exit(2, f"{self.prog}: {one_line(message)} (try {self.prog} --help)\n")

    def format_help(self):
        """Text of ``--help``."""
        if self.make_epilog is not None:
            self.epilog = self.make_epilog()
        return super().format_help()


def add_commands(parser):
    """Add the commands of the table to a parser."""
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, entry in COMMANDS.items():
        own = parsers.add_parser(
            name,
            help=entry.summary,
            description=f"{entry.summary.capitalize()}.\n\nexample:\n  {entry.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.make_epilog = entry.make_epilog
        for options in entry.options:
            options.add_to(own)


def positive(text):
    """Read a positive number."""
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def not_negative(text):
    """Read a number that is at least 0."""
    is_zero = text.strip("0") in ("", ".") and "0" in text
    return 0.0 if is_zero else positive(text)


def seed(text):
    """Read a seed of random numbers."""
    if not (text.isdecimal() and len(text) <= 10 and int(text) < 2**32):
        raise argparse.ArgumentTypeError(f"{text} is no integer from 0 to {2**32 - 1}")
    return int(text)


def number_or_auto(text):
    """Read an integer from 1, or "auto"."""
    if text != "auto" and not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is no number from 1, nor auto")
    return text if text == "auto" else int(text)


def setting(text):
    """Read a name and a value."""
    name, value = _split_setting(text)
    return name, _literal(name, value)


def grid_axis(text):
    """Read a name and its candidate values."""
    name, values = _split_setting(text)
    return name, [_literal(name, value) for value in values.split(",")]


def _split_setting(text):
    name, _, value = text.partition("=")
    if not (name.isidentifier() and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _literal(name, text):
    """Read a number, boolean or None, else text."""
    too_long = argparse.ArgumentTypeError(f"the value of {name} is too long")
    if len(text) > LONGEST_VALUE:
        raise too_long
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    except (MemoryError, RecursionError):  # too many brackets or signs
        raise too_long from None


# Functions that read a value, by placeholder in the help; other values are text.
TYPES = {
    "DURATION": positive,
    "N": int,
    "N|auto": number_or_auto,
    "NAME=V1,V2": grid_axis,
    "NAME=VALUE": setting,
    "RATE": positive,
    "SECONDS": not_negative,
    "SEED": seed,
}


def recordings_of(text, name="source", make=None, **settings):
    """Option ``source``: recordings, as a `Source`, with reading options.

    With a model, missing options are those of the model. ``name``, ``make`` and
    ``settings`` are as in `Options`.
    """
    reading = """
--by COLUMN...: column, or several, with the name of the recording of each row
--time COLUMN: clock column (default: that of the model, or time, timestamp, seconds
    or t)
--no-clock: no column is a clock
--columns COLUMN...: feature columns (default: those of the model, or all numbers)
--without COLUMN...: columns that are no features
--resample RATE: frames per second to resample recordings with clocks to
--split-gaps SECONDS: a longer step of the clock is a break between two parts
--fps RATE: frames per second of recordings without clocks (default: the model's)
--read NAME=VALUE...: options for files of other programs, such as animal=mouse1
--transpose: .npy files hold arrays of shape (features, frames)
"""
    settings["no_clock"] = {"action": "store_const", "const": False, "dest": "time"}
    title = "recordings, and how they are read"
    return Options(text + reading, name, make or _make_source, title, **settings)


def _make_source(*, data=None, features=None, **reading):
    from skl_tot.app.cli.sources import Source

    path = features if data is None else data
    if path is not None:
        return Source(path, **reading)
    if any(value not in (None, False) for value in reading.values()):
        raise ValueError("--features is missing, expected it with options of reading.")
    return None


def _make_labels(labels, gaps=None):
    from skl_tot.app.cli.sources import Labels

    if labels is not None:
        return Labels(labels, gaps or "unknown")
    if gaps is not None:
        raise ValueError("--gaps is given without --labels, expected both.")
    return None


def labels_of_people(required="", gaps=True):
    """Option ``labels``: labels that people corrected, as `Labels`, or None."""
    text = "--labels FOLDER: corrected files, named as the recordings; some may be "
    text += f"missing {required}"
    if gaps:
        text += "\n--gaps {unknown,background}: label of frames between the segments "
        text += "of --labels (default: unknown)"
    return Options(text, "labels", _make_labels)


def _check_model(model):
    from skl_tot.app.cli.sources import check_model

    return check_model(model)


def _read_groups(groups):
    from skl_tot.app.cli.sources import Groups

    return None if groups is None else Groups(groups)


def _read_names(names):
    from skl_tot.io import read_names

    return None if names is None else read_names(names)


MODEL = Options("MODEL: file from fit or search", "model", _check_model)
DATA = (
    "DATA: folder of .npy, CSV, Parquet or other files, one with features/, or a file"
)
LIKE = "\n--like MODEL: read them like the recordings of this model"
RECORDINGS = recordings_of(DATA)
RECORDINGS_TO_FIT = recordings_of(DATA + LIKE)
PREDICTIONS = Options("PREDICTIONS: from predict")
FPS = Options("--fps RATE: frames per second, for times")
GROUPS = Options(
    """
    --groups FILE: compare groups of recordings: CSV with the columns recording, group
        and, where people or animals have several recordings, subject
    """,
    "groups",
    _read_groups,
)
NAMES = Options("--names FILE: '<number> <name>' a line, or JSON", "names", _read_names)
MODEL_OUT = Options("--out MODEL: file to write (.skops) [required]")
