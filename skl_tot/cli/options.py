"""Arguments that several commands have, and what their text stands for."""

import argparse
import ast

from skl_tot.segmenters import METHODS

# Characters of the value of a parameter.
LONGEST_VALUE = 1000


def add_folder(parser):
    """Add the recordings that a command reads, and how."""
    parser.add_argument(
        "folder",
        metavar="DATA",
        help="folder of .npy, CSV or Parquet files, one with features/, or one table",
    )
    add_reading(parser)


def add_reading(parser):
    """Add how recordings are read, which `folders.open_recordings` takes."""
    reading = parser.add_argument_group("how recordings are read")
    reading.add_argument(
        "--by", metavar="COLUMN", help="column of a table that names the recording"
    )
    reading.add_argument(
        "--time",
        metavar="COLUMN",
        help="column that is the clock (default: time, timestamp, seconds or t)",
    )
    reading.add_argument(
        "--no-clock",
        action="store_const",
        const=False,
        dest="time",
        help="no column is a clock",
    )
    reading.add_argument(
        "--columns",
        nargs="+",
        action="extend",
        metavar="COLUMN",
        help="columns that are features (default: those of the model, or all numbers)",
    )
    reading.add_argument(
        "--resample",
        type=positive,
        metavar="RATE",
        help="frames per second to bring recordings with clocks to",
    )
    reading.add_argument(
        "--fps",
        type=positive,
        metavar="RATE",
        help="frames per second of recordings without clocks (default: the model's)",
    )
    reading.add_argument(
        "--transpose",
        action="store_true",
        help=".npy files hold arrays of shape (features, frames)",
    )


def add_model(parser):
    """Add the file of a model."""
    parser.add_argument("model", metavar="MODEL", help="file from fit or search")


def add_fps(parser):
    """Add the rate of frames of segments."""
    parser.add_argument("--fps", type=positive, help="frames per second, for times")


def add_labels(parser, required=False):
    """Add corrected labels."""
    parser.add_argument(
        "--labels",
        required=required,
        metavar="FOLDER",
        help="corrected files, named as the recordings; some may be missing",
    )


def add_gaps(parser):
    """Add what gaps between corrected labels are."""
    parser.add_argument(
        "--gaps",
        choices=["unknown", "background"],
        help="what frames between the segments of labels are (default: unknown)",
    )


def add_names(parser):
    """Add names of actions."""
    parser.add_argument(
        "--names", metavar="FILE", help="'<number> <name>' a line, or JSON"
    )


def add_model_options(parser, n_actions_required=True):
    """Add what a model is made of."""
    parser.add_argument(
        "--n-actions", type=int, required=n_actions_required, help="actions to find"
    )
    parser.add_argument("--method", default="tot", choices=METHODS, help="model class")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        type=_setting,
        dest="settings",
        metavar="NAME=VALUE",
        help="parameters of the model, such as rho=0.1 random_state=0",
    )
    parser.add_argument(
        "--pipeline",
        default="",
        metavar="STEP[:N],...",
        help="steps before it: gaps:N fills gaps of up to N frames, poses makes "
        "features of tracked points; standard, minmax, robust and pca:N come in place "
        "of its own standardisation (unless --set has standardize)",
    )


def add_cycles(parser):
    """Add whether recordings are long ones, of many cycles."""
    parser.add_argument(
        "--cycles",
        action="store_const",
        const=True,
        help="each recording shows the same actions again and again; --n-actions are "
        "those of one cycle",
    )


def add_activities(parser):
    """Add how many activities recordings are of, if of several."""
    parser.add_argument(
        "--activities",
        type=_number_or_auto,
        metavar="N",
        help="activities that recordings are of, a number or auto; --n-actions and "
        "--method are then for each of them",
    )


def _number_or_auto(text):
    if text != "auto" and not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is no number from 1, nor auto")
    return text if text == "auto" else int(text)


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
    """Read a number from 0 on."""
    is_zero = text.strip("0") in ("", ".") and "0" in text
    return 0.0 if is_zero else positive(text)


def _setting(text):
    name, value = _split_setting(text)
    return name, _value(name, value)


def grid_axis(text):
    """Read a name and the values to try."""
    name, values = _split_setting(text)
    return name, [_value(name, value) for value in values.split(",")]


def _split_setting(text):
    name, _, value = text.partition("=")
    if not (name.isidentifier() and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _value(name, text):
    """Read a number, boolean or None, or else text."""
    too_long = argparse.ArgumentTypeError(f"the value of {name} is too long")
    if len(text) > LONGEST_VALUE:
        raise too_long
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    except (MemoryError, RecursionError):  # too many brackets or signs
        raise too_long from None
