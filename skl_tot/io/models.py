"""Model files, which run no code when they are opened."""

import copy
import inspect
import io
import stat
import warnings
import zipfile
from numbers import Integral
from operator import methodcaller
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

import skl_tot
from skl_tot import baselines
from skl_tot.methods.pipelines import segmenter_of
from skl_tot.recordings.disk import replaced
from skl_tot.recordings.errors import one_line, short_repr

FORMAT = 1
TRUSTED_TYPES = [
    *(f"skl_tot.{name}" for name in skl_tot.__all__ if name.endswith("Segmenter")),
    *(f"skl_tot.baselines.{name}" for name in baselines.__all__),
    "skl_tot.methods.correction_layers.Cut",
    "skl_tot.methods.correction_layers.Merge",
    "skl_tot.methods.correction_layers.Split",
    "skl_tot.preprocessing.FrameFeatures",
    "skl_tot.preprocessing.FramewiseTransformer",
    "skl_tot.preprocessing.GapFiller",
    "skl_tot.preprocessing.PoseFeatures",
    "skl_tot.preprocessing.SignalWindows",
    "skl_tot.preprocessing.look.Look",
    "skl_tot.training.components.Adam",
    "skl_tot.training.components.MLP",
    "skl_tot.training.components.OrderedMLP",
    "skl_tot.training.priors.LinearPrior",
    "skl_tot.training.priors.PathPrior",
    "skl_tot.training.priors.TemporalPrior",
    "skl_tot.training.terms.TemporalCoherence",
    "skl_tot.training.terms.TimeStamp",
    "skl_tot.training.transport.Sinkhorn",
    "skl_tot.training.transport.StructuredTransport",
]
# Limits of the unpacked size: bytes, or a multiple of the file's size. Weights hardly
# compress; only labels of a hundred million frames exceed both.
MAX_UNPACKED = 2**30
MAX_RATIO = 20
# Bytes of the schema: enough for a hundred thousand recordings.
MAX_SCHEMA = 2**26
N_PROBED = 40  # frames that a loaded model labels as a test
COUNTS = ("n_actions_", "n_features_in_")
MAX_COUNT = 10**6
# Fitted attributes that may be infinite or NaN, for unknown values.
UNBOUNDED = ("background_",)


def save_model(model, path, *, trusted=()):
    """Save a fitted segmenter, or a pipeline that ends in one.

    The skops format holds arrays and parameters, and no code. The file also has the
    version of this package and the number of features.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or a `Pipeline` of scikit-learn with one at its end.
    path : str or path-like
        File to write, by convention ``*.skops``. After an error, the old file remains.
    trusted : sequence of str, default=()
        Further types in the model, as ``"module.Class"``: your own terms, priors and
        estimators.

    Raises
    ------
    OSError
        If the file cannot be written.
    TypeError, sklearn.exceptions.NotFittedError
        If ``model`` is no fitted segmenter, or a step holds an object outside of numpy,
        scipy, scikit-learn, this package and ``trusted``, such as a `pathlib.Path`.
    ValueError
        If the file exceeds the limit of `load_model`: delete ``labels_`` of many
        frames.

    See Also
    --------
    load_model : Loads the file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.io import load_model, save_model
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = TemporalOTSegmenter(3, max_iter=20, random_state=0).fit(videos)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "model.skops")
    >>> save_model(model, path)
    >>> bool((load_model(path).predict(videos[0]) == model.labels_[0]).all())
    True
    >>> folder.cleanup()
    """
    import skops.io as skops_io

    segmenter = segmenter_of(model)
    check_is_fitted(segmenter)
    content = {
        "format": FORMAT,
        "skl_tot": skl_tot.__version__,
        "n_features_in": getattr(model, "n_features_in_", segmenter.n_features_in_),
        "model": model,
    }
    with replaced(path) as temporary:
        skops_io.dump(content, temporary, compression=zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(temporary) as archive:
            _check_archive(archive, temporary.stat().st_size)
        unknown = set(skops_io.get_untrusted_types(file=temporary))
        unknown -= {*TRUSTED_TYPES, *trusted}
        if unknown:
            raise TypeError(
                f"model holds {sorted(unknown)}, which load_model does not trust; "
                "types of your own can be given as trusted."
            )


def load_model(path, *, trusted=()):
    """Load a model that `save_model` wrote.

    Parameters
    ----------
    path : str or path-like
        File to read. Its origin may be unknown: only types of numpy, scipy and
        scikit-learn that skops trusts, and `TRUSTED_TYPES` of this package, are
        created.
    trusted : sequence of str, default=()
        Further types to create, as ``"module.Class"``; their modules are imported. Name
        only types that you know.

    Returns
    -------
    model : estimator
        Segmenter or pipeline. Parameters newer than the file have their defaults;
        ``cache_dir`` and ``memory`` are reset.

    Raises
    ------
    OSError
        If the file cannot be read or is no regular file.
    ValueError
        If the file holds something else, untrusted types, invalid parameters, a model
        that cannot label frames, or a later format; or if it unpacks to more than 1 GiB
        and more than 20 times its size (it is then not read).

    See Also
    --------
    save_model : Writes such files.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import load_model
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "other.skops")
    >>> _ = path.write_bytes(b"something else")
    >>> load_model(path)
    Traceback (most recent call last):
    ValueError: ...other.skops cannot be loaded: File is not a zip file.
    >>> folder.cleanup()
    """
    import skops.io as skops_io

    path = Path(path)
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # a pipe would block
        raise OSError(f"{path} is no regular file, expected one of save_model.")
    with open(path, "rb") as file:
        try:
            data = _read_archive(file, status.st_size)
            return _load(skops_io, data, [*TRUSTED_TYPES, *trusted])
        except Exception as error:  # a broken archive raises many types
            reason = one_line(error).rstrip(".")
            raise ValueError(f"{path} cannot be loaded: {reason}.") from error


def _read_archive(file, size):
    """Return the bytes of an open archive of ``size`` bytes, unpacked.

    No part is read beyond the checked size in the directory.
    """
    unpacked = io.BytesIO()
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(unpacked, "w") as copied:
        _check_archive(archive, size)
        for info in archive.infolist():
            with archive.open(info) as part:
                copied.writestr(info.filename, part.read(info.file_size))
    return unpacked.getvalue()


def _check_archive(archive, size):
    """Refuse an open archive that unpacks to too many bytes, by its directory."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    limit = max(MAX_UNPACKED, MAX_RATIO * size)
    if unpacked > limit:
        raise ValueError(
            f"it unpacks to {unpacked} bytes, expected at most {limit} of a model; "
            "del model.labels_ leaves labels out"
        )
    for part in parts:
        if part.filename == "schema.json" and part.file_size > MAX_SCHEMA:
            raise ValueError(
                f"its schema.json unpacks to {part.file_size} bytes, expected at most "
                f"{MAX_SCHEMA} of a model"
            )
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(
                f"{part.filename} is compressed in a way that save_model does not use"
            )


def _load(skops_io, data, trusted):
    """Return the model in the bytes of an archive, after checks."""
    unknown = set(skops_io.get_untrusted_types(data=data)) - set(trusted)
    if unknown:
        raise ValueError(
            "it has types that are not trusted, or that a later version added, "
            f"{sorted(unknown)}"
        )
    content = skops_io.loads(data, trusted=trusted)
    expected = {"format", "skl_tot", "model"}
    if type(content) is not dict or not expected <= content.keys():
        raise ValueError("it was not written by save_model")
    if content["format"] > FORMAT:
        raise ValueError(
            f"version {content['skl_tot']} wrote it, in format {content['format']}; "
            f"version {skl_tot.__version__} reads {FORMAT}"
        )
    model = content["model"]
    parts = list(_walk(model, type(model).__name__))
    for where, value in parts:  # before any call
        _check_value(where, value)
    segmenter_of(model)
    for _, value in parts:
        if isinstance(value, BaseEstimator):
            _complete(value)
    for where, value in reversed(parts):  # from the inside out
        _check_estimator(where, value)
    return model


def _walk(value, where, seen=None):
    """Yield all objects in a model with their names, from the outside in."""
    seen = {} if seen is None else seen
    if id(value) in seen or isinstance(value, (type, str, bytes)):
        return
    seen[id(value)] = value
    yield where, value
    if isinstance(value, dict):
        inner = {f"{where}[{key!r}]": part for key, part in value.items()}
    elif isinstance(value, (list, tuple, set)):
        inner = {f"{where}[{i}]": part for i, part in enumerate(value)}
    else:
        attributes = getattr(value, "__dict__", {})
        inner = {f"{where}.{name}": part for name, part in attributes.items()}
    for name, part in inner.items():
        yield from _walk(part, name, seen)


def _check_value(where, value):
    """Refuse attributes that hide methods, invalid counts, and invalid arrays."""
    if isinstance(value, np.ndarray):
        _check_array(where, value)
    for name, part in getattr(value, "__dict__", {}).items():
        if callable(getattr(type(value), name, None)):
            kind = type(value).__name__
            raise ValueError(f"{kind} has {name!r} in place of its method")
        is_count = isinstance(part, Integral) and 1 <= part <= MAX_COUNT
        if name in COUNTS and not is_count:
            raise ValueError(
                f"{where}.{name} is {part!r}, expected an integer from 1 to {MAX_COUNT}"
            )


def _check_array(where, array):
    """Refuse an array that holds neither finite numbers nor text."""
    kind = array.dtype.kind
    is_bounded = not any(f".{name}" in where for name in UNBOUNDED)
    if kind == "O":
        if not all(isinstance(value, (str, np.ndarray)) for value in array.flat):
            raise ValueError(f"{where} has objects, expected numbers or text")
    elif kind not in "biufU":
        raise ValueError(f"{where} is of {array.dtype}, expected numbers or text")
    elif kind == "f" and is_bounded and not np.isfinite(array).all():
        raise ValueError(f"{where} has numbers that are not finite")


def _complete(step):
    """Set defaults for parameters newer than the file; reset folders to write."""
    if getattr(step, "context_", None):  # a removed parameter
        raise ValueError(
            f"{type(step).__name__} was fitted with context={step.context_}, which was "
            "removed; fit it again in a pipeline, after SignalWindows"
        )
    for name, parameter in inspect.signature(type(step)).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        if name not in vars(step):  # the class may define it
            setattr(step, name, parameter.default)
        if name in ("cache_dir", "memory"):
            setattr(step, name, None)


def _check_estimator(where, estimator):
    """Check the parameters of an estimator, and label frames with a segmenter."""
    if not isinstance(estimator, BaseEstimator):
        return
    if hasattr(estimator, "_parameter_constraints"):
        methodcaller("_validate_params")(estimator)  # as in fit of scikit-learn
    known = vars(estimator)
    if not (hasattr(estimator, "predict") and known.keys() >= set(COUNTS)):
        return
    _check_feature_names(where, known)
    probed = copy.copy(estimator)
    if "device" in known:  # this machine may lack it
        probed.device = "cpu"
    frames = np.random.default_rng(0).normal(size=(N_PROBED, known["n_features_in_"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            labels = probed.predict(frames)
        except Exception as error:
            raise ValueError(
                f"{where} cannot label frames of {known['n_features_in_']} features, "
                f"{one_line(error)}"
            ) from error
    if np.shape(labels) != (N_PROBED,):
        raise ValueError(f"{where} gives labels of other frames than it was given")


def _check_feature_names(where, known):
    """Refuse feature names that are no text, or of another number."""
    names, n_features = known.get("feature_names_in_"), known["n_features_in_"]
    if names is None:
        return
    is_text = isinstance(names, np.ndarray) and names.shape == (n_features,)
    if not (is_text and all(isinstance(name, str) for name in names)):
        raise ValueError(
            f"{where}.feature_names_in_ is {short_repr(names)}, expected text for each "
            f"of {n_features} features"
        )
