"""Options for reading recordings, given or remembered by a model."""

from collections.abc import Mapping

from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.rates import is_same

# Options that a model remembers of tables; ``columns`` includes ``without``.
OF_TABLES = ("by", "time", "columns", "resample", "split_gaps")
# Options that may be absent from the remembered ones.
FREE = ("by", "columns", "resample", "split_gaps", "transpose")
# Options that select recordings of a file.
CHOICES = ("animal", "task", "variable")


def remembered(like):
    """Return the reading options of a model, as in ``Recordings.reading``.

    ``like`` is a model, a pipeline that ends in one, or `Recordings`. Input that was
    not read from files has feature names and rate, if known.
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
    """Complete given options, among ``names``, with the remembered ones.

    ``own`` is the result of `remembered`. A contradiction is an error.
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
    """Command line form of an option of `read_recordings`.

    >>> flag_of("split_gaps"), flag_of("likelihood")
    ('--split-gaps', '--read likelihood')
    """
    is_own = name in (*OF_TABLES, "without", "transpose")
    return f"--{name}".replace("_", "-") if is_own else f"--read {name}"


def rate_like(rate, own, what):
    """Rate of recordings, or the remembered one; refuse a different rate.

    Errors call the recordings ``what``.
    """
    known = own.get("fps")
    if not is_same(rate, known):
        raise ValueError(
            f"{what} has {rate:g} frames per second, but the model was fitted to "
            f"{known:g}; expected the same: fps={known:g} (--fps {known:g}) sets it "
            f"for arrays, resample={known:g} (--resample {known:g}) converts tables "
            "with a clock."
        )
    return rate if known is None else known
