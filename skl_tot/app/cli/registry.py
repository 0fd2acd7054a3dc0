"""The table of commands, its decorator and parser, and shared options."""

import argparse
import ast
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skl_tot import __version__
from skl_tot.app.cli.groups import Groups
from skl_tot.app.cli.paths import check_paths, name_of
from skl_tot.app.cli.shared import Labels, Source, read_names

COMMANDS: dict = {}  # of `Command`, by name
FIRST = ("review", "fit", "predict", "report")  # in the help
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
        """Call the function with the values of its options; returns its status."""
        places = [pair for option in self.options for pair in option.places.items()]
        check_paths([(action, values[dest]) for dest, action in places])
        made: dict = {}
        for option in self.options:
            own = {dest: values[dest] for dest in option.places}
            first = next(iter(own), None)
            if option.make is None:
                made |= own
            elif own[first] is not None:
                made[option.name] = option.make(**own)
            else:
                made[option.name] = None
                needed = name_of(option.places[first])
                for dest, action in option.places.items():
                    if own[dest] != action.default:
                        text = f"{name_of(action)} is given without {needed}"
                        raise ValueError(f"{text}, expected both.")
        return self.function(**made)


def command(text, example, *options, make_epilog=None, **settings):
    """Add a function to the table of commands, under its name."""
    # `text` has a summary that starts with a verb, and lines of own options
    summary, _, own = textwrap.dedent(text).strip().partition("\n\n")

    def enter(function):
        every = (*options, Options(own, **settings))
        entry = Command(function, summary, example, every, make_epilog)
        COMMANDS[function.__name__] = entry
        return function

    return enter


class Options:
    """A group of arguments, and the value that a command gets for it."""

    # `text` has lines such as `--lag SECONDS: how long to wait [default: 1]`. The
    # placeholder gives the type, see TYPES, or the choices, as in `{a,b}`; `...` after
    # it allows several values. An option without placeholder is a switch; an argument
    # without dashes is positional. `[required]` marks a required argument. `settings`
    # are further ones of argparse, by name of the argument.
    # `name` is the parameter of the command; None makes one for each argument. `make`
    # makes its value from the arguments, by name. Without the first argument, the value
    # is None, and the others are refused.

    def __init__(self, text, name=None, make=None, title=None, **settings):
        lines = re.sub(r"\n\s\s+", " ", textwrap.dedent(text).strip()).splitlines()
        self.arguments = [_parse_line(line, settings) for line in lines]
        self.name, self.make, self.title = name, make, title
        self.places = {}


def _parse_line(line, settings):
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
        from skl_tot.recordings.errors import one_line

        self.exit(2, f"{self.prog}: {one_line(message)} (try {self.prog} --help)\n")

    def format_help(self):
        """Text of ``--help``."""
        if self.make_epilog is not None:
            self.epilog = self.make_epilog()
        return super().format_help()


def make_parser():
    """Make the parser of all commands, without slow imports."""
    text = "Label one recording of an activity, and the others follow."
    parser = Parser(prog="skl-tot", description=text)
    version = f"%(prog)s {__version__}"
    parser.add_argument("--version", action="version", version=version)
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in dict.fromkeys([*FIRST, *COMMANDS]):
        entry = COMMANDS[name]
        own = parsers.add_parser(
            name,
            help=entry.summary,
            description=f"{entry.summary.capitalize()}.\n\nexample:\n  {entry.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.make_epilog = entry.make_epilog
        for options in entry.options:
            title = options.title
            group = own.add_argument_group(title) if title else own
            for flag, settings in options.arguments:
                action = group.add_argument(flag, **settings)
                options.places.setdefault(action.dest, action)
    return parser


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
    """Read a name and a value: a number, boolean, None, or else text."""
    name, _, value = text.partition("=")
    if not (name.isidentifier() and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    too_long = argparse.ArgumentTypeError(f"the value of {name} is too long")
    if len(value) > LONGEST_VALUE:
        raise too_long
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value
    except (MemoryError, RecursionError):  # too many brackets or signs
        raise too_long from None


# Functions that read a value, by placeholder in the help; other values are text.
TYPES = {
    "DURATION": positive,
    "LINE": int,
    "N": int,
    "N|auto": number_or_auto,
    "NAME=VALUE": setting,
    "RATE": positive,
    "SECONDS": not_negative,
    "SECONDS|inf": lambda text: float(text) if text == "inf" else not_negative(text),
    "SEED": seed,
}


def recordings_of(text, name="source", make=Source, **settings):
    """Option ``source``: recordings, as a `Source`; other arguments as in `Options`."""
    reading = """
--by COLUMN...: column, or several, with the name of the recording of each row
--time COLUMN: clock column (default: that of the model, or time, timestamp, seconds
    or t)
--no-clock: no column is a clock
--columns COLUMN...: feature columns (default: those of the model, or all numbers)
--without COLUMN...: columns that are no features
--resample RATE: frames per second to resample recordings with clocks to
--bridge SECONDS|inf: longest gap of a clock that is no break; inf bridges all
    (default: 10 frames, and at least 1 s)
--pauses SECONDS: cut out stops of at least so long, in which no feature moves
--fps RATE: frames per second of recordings without clocks (default: the model's)
--header LINE: number of the line of text tables that names the columns; the first is 1
--comment SIGN: start of lines of text tables that are no rows, such as '#'
--read NAME=VALUE...: options for files of other programs, such as animal=mouse1
--transpose: .npy files hold arrays of shape (features, frames)
"""
    settings["no_clock"] = {"action": "store_const", "const": False, "dest": "time"}
    title = "recordings, and how they are read"
    return Options(text + reading, name, make, title, **settings)


def labels_of_people(required="", gaps=True):
    """Option ``labels``: labels that people corrected, as `Labels`, or None."""
    text = "--labels FILE: labels of some recordings, or of parts of one: a file, or a "
    text += "folder of files, named as the recordings or with a column of their names"
    text += f" {required}"
    if gaps:
        text += "\n--gaps {unknown,background}: label of frames between the segments "
        text += "of --labels (default: unknown)"
    return Options(text, "labels", Labels)


MODEL = Options("MODEL: file from fit")
MODEL_OR_REVIEW = Options("MODEL: file from fit, or folder of a review")
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
    --groups FILE: compare groups of recordings: CSV with a column of their names, or
        of starts or parts of these, such as patients, and a column group; a column
        subject joins recordings of one person or animal
    --group-column COLUMN: column of --groups with the groups
    """,
    "groups",
    Groups,
)
NAMES = Options("--names FILE: '<number> <name>' a line, or JSON", "names", read_names)
MODEL_OUT = Options("--out MODEL: file to write (.skops) [required]")
