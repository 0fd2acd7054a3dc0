"""Options of how recordings are read: those that are given, or those of a model."""

from collections.abc import Mapping

from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.rates import is_same

# Options that a model remembers of tables; without says less than columns.
OF_TABLES = ("by", "time", "columns", "resample", "split_gaps")
# Options whose absence, in what a model remembers, forbids nothing.
FREE = ("by", "columns", "resample", "split_gaps", "transpose")
# Options that say which recordings of a file are meant, and not how they are read.
CHOICES = ("animal", "task", "variable")


def remembered(like):
    """How the recordings of a model were read, as ``Recordings.reading`` says it.

    ``like`` is a model, a pipeline that ends in one, or `Recordings`. What comes of no
    file has the names of its features and its rate, if these are known.
    """
    model = like.steps[-1][1] if hasattr(like, "steps") else like
    reading = getattr(model, "reading", getattr(model, "reading_", None))
    if isinstance(reading, Mapping):
        return dict(reading)
    if not (hasattr(model, "fps") or hasattr(model, "fps_")):
        raise TypeError(
            f"like is a {type(like).__name__}, expected Recordings, or a fitted model."
        )
    names = getattr(like, "feature_names_in_", None)
    columns = None if names is None else list(map(str, names))
    rate = getattr(model, "fps", getattr(model, "fps_", None))
    return {"reader": None, "columns": columns, "fps": rate}


def with_remembered(given, own, names):
    """Options that are given, and of others, among ``names``, what is remembered.

    ``own`` is as `remembered` gives it. An option that contradicts it is an error.
    """
    own = {name: own[name] for name in names if name in own}
    for name, value in given.items():
        known = value if name in CHOICES else own.get(name, value)
        if value != known and not (name in FREE and known is None):
            raise ValueError(
                f"{name} ({flag_of(name)}) is {short_repr(value)}, but the recordings "
                f"of the model were read with {name}={short_repr(known)}; expected "
                "the same, or none given."
            )
    return own | given


def flag_of(name):
    """Say what an option of `read_recordings` is on the command line.

    >>> flag_of("split_gaps"), flag_of("likelihood")
    ('--split-gaps', '--read likelihood')
    """
    is_own = name in (*OF_TABLES, "without", "transpose")
    return f"--{name}".replace("_", "-") if is_own else f"--read {name}"


def rate_like(rate, own, what):
    """Rate of recordings, or that which is remembered; refuse another one.

    ``what`` is what errors call the recordings.
    """
    known = own.get("fps")
    if not is_same(rate, known):
        raise ValueError(
            f"{what} has {rate:g} frames per second, but the model was fitted to "
            f"{known:g}; expected the same, as fps={known:g} (--fps {known:g}) says it "
            f"of arrays, and resample={known:g} (--resample {known:g}) makes it of "
            "tables with a clock."
        )
    return rate if known is None else known
