"""Model files, which run no code when they are opened."""

import functools
import json
import shutil
import stat
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

import skl_tot
from skl_tot.methods.pipelines import segmenter_of
from skl_tot.recordings.errors import errors_of_file, import_extra, refuse
from skl_tot.recordings.files import replaced

FORMAT = 1
# Limits of the unpacked size: bytes, or a multiple of the file's size. Weights hardly
# compress; only labels of fifty million frames exceed both.
MAX_UNPACKED = 2**29
MAX_RATIO = 20
# Bytes of the schema of a small file, and of any: of a hundred thousand recordings.
SMALL_SCHEMA, MAX_SCHEMA = 2**22, 2**26
MAX_MEMORY = 2**26  # bytes of an unpacked file; a larger one is on disk


@functools.cache
def trusted_types() -> list[str]:
    """List the types of this package that model files may hold.

    Returns
    -------
    types : list of str
        Public classes and parts of models, as ``"module.Class"``, for
        `skops.io.load`.

    Examples
    --------
    >>> from skl_tot.io import trusted_types
    >>> "skl_tot.HMMSegmenter" in trusted_types()
    True
    """
    # imported here, as most who read a file do not wait for them
    from skl_tot import baselines, decoding, extend, preprocessing

    types = [
        f"{module.__name__}.{name}"
        for module in (skl_tot, baselines, preprocessing)
        for name in module.__all__
        if name[0].isupper()
    ]
    types += [
        f"{value.__module__}.{name}"
        for name, value in vars(extend).items()
        if getattr(value, "__module__", "").startswith("skl_tot.training.")
    ]
    decoders = {type(decoder).__name__ for decoder in decoding.DECODERS.values()}
    return [
        *types,
        *(f"skl_tot.decoding.decoders.{name}" for name in sorted(decoders)),
        "skl_tot.methods.scores.Merge",
        "skl_tot.methods.scores.Split",
        "skl_tot.decoding.evidence.Background",
        "skl_tot.methods.gaussians.Appearance",
        "skl_tot.preprocessing.look.Look",
        "skl_tot.training.pseudo_labels.LinearPrior",
    ]


@functools.cache
def _skops_io():
    """Import skops, whose walk through scikit-learn would import torch and dask."""
    # Empty modules stand where the walk would look. Another thread could only miss
    # the true one with arrays of a package that is loaded, which has no stand-in.
    packages = [x for x in ("dask", "torch") if x not in sys.modules]
    names = [f"sklearn.externals.array_api_compat.{x}" for x in packages]
    stand_ins = {name: ModuleType(name) for name in names}
    for name, module in stand_ins.items():
        sys.modules.setdefault(name, module)
    try:
        return import_extra("skops.io")
    finally:
        for name, module in stand_ins.items():
            # a thread that does the same may have put another one, or taken this
            if sys.modules.get(name) is module:
                del sys.modules[name]


def save_model(model, path, *, trusted=()) -> None:
    """Save a fitted segmenter, or a pipeline that ends in one, in the skops format.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or a `Pipeline` of scikit-learn with one at its end.
    path : str or path-like
        File to write, by convention ``*.skops``. After an error, the old file remains.
    trusted : sequence of str, default=()
        Further types in the model, as ``"module.Class"``, such as your own terms.

    Raises
    ------
    OSError, TypeError, ValueError, sklearn.exceptions.NotFittedError
        If ``model`` is no fitted segmenter; holds a type outside of numpy, scipy,
        scikit-learn, this package and ``trusted``; or exceeds the limit of
        `load_model`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.io import load_model, save_model
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "model.skops")
    >>> save_model(HMMSegmenter(3).fit(videos), path)
    >>> load_model(path)
    HMMSegmenter(n_actions=3)
    >>> folder.cleanup()
    """
    segmenter = segmenter_of(model)
    check_is_fitted(segmenter)
    content = {
        "format": FORMAT,
        "skl_tot": skl_tot.__version__,
        "n_features_in": getattr(model, "n_features_in_", segmenter.n_features_in_),
        "model": model,
    }
    with replaced(path) as temporary:
        _skops_io().dump(content, temporary, compression=zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(temporary) as archive:
            _check_archive(archive, temporary.stat().st_size)
        unknown = set(_skops_io().get_untrusted_types(file=temporary))
        unknown -= {*trusted_types(), *trusted}
        if unknown:
            problem = f"model holds {sorted(unknown)}, which load_model does not trust"
            raise TypeError(f"{problem}; types of your own can be given as trusted.")


def load_model(path, *, trusted=()) -> Any:
    """Load a model that `save_model` wrote; no code in the file runs.

    Parameters
    ----------
    path : str or path-like
        File to read, which may come from others: only types that skops trusts, and
        `trusted_types` of this package, are created.
    trusted : sequence of str, default=()
        Further types to create, as ``"module.Class"``; their modules are imported. Name
        only types that you know.

    Returns
    -------
    model : estimator
        Segmenter or pipeline; ``memory`` is reset.

    Raises
    ------
    OSError, ValueError
        If the file holds something else, untrusted types or a later format; or if it
        unpacks to more than 512 MiB and 20 times its size (it is then not read).

    Examples
    --------
    >>> from skl_tot.io import load_model
    >>> model = load_model("model.skops")  # doctest: +SKIP
    """
    path = Path(path)
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would block
        raise OSError(f"{path} is no regular file, expected one of save_model.")
    with errors_of_file(path), tempfile.SpooledTemporaryFile(MAX_MEMORY) as unpacked:
        _unpack(path, unpacked)
        return _load(unpacked, [*trusted_types(), *trusted])


def _unpack(path, unpacked):
    """Write a checked archive to a file without compression, block by block."""
    # unlike a whole part, a block is never longer than asked for
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(unpacked, "w") as copy:
        _check_archive(archive, path.stat().st_size)
        for part in archive.infolist():
            with archive.open(part) as file, copy.open(part.filename, "w") as target:
                shutil.copyfileobj(file, target)
        _check_references(copy)


def _check_references(archive):
    """Refuse arrays that the schema reads more than once, so that they take memory."""
    seen = set()

    def look(item):  # of an object that occurs again, all is the same
        if "file" in item:
            seen.add((str(item["file"]), str(item.get("__id__"))))

    json.loads(archive.read("schema.json"), object_hook=look)
    if len(seen) > len(archive.infolist()):
        raise ValueError("it has more arrays than parts, expected one of save_model.")


def _check_archive(archive, size):
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    limit = max(MAX_UNPACKED, MAX_RATIO * size)
    if unpacked > limit:
        remedy = "; del model.labels_ leaves labels out"
        refuse("size unpacked", unpacked, f"at most {limit} bytes{remedy}")
    n_bytes = archive.getinfo("schema.json").file_size
    limit = min(MAX_SCHEMA, SMALL_SCHEMA + MAX_RATIO * size)
    if n_bytes > limit:
        refuse("size of schema.json", n_bytes, f"at most {limit} bytes")
    used = {part.compress_type for part in parts}
    if not used <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:  # others have no bound
        raise ValueError("it is compressed in a way that save_model does not use.")


def _load(file, trusted):
    unknown = set(_skops_io().get_untrusted_types(file=file)) - set(trusted)
    if unknown:
        problem = "it has types that are not trusted, or that a later version added"
        raise ValueError(f"{problem}: {sorted(unknown)}.")
    content = _skops_io().load(file, trusted=trusted)
    if type(content) is not dict or not {"format", "skl_tot", "model"} <= set(content):
        raise ValueError("it holds something else, expected a model of save_model.")
    if content["format"] > FORMAT:
        wrote = f"{content['skl_tot']}, which wrote the file"
        refuse("format", content["format"], f"{FORMAT}; install version {wrote}")
    segmenter_of(content["model"])
    _reset_memory(content["model"])
    return content["model"]


def _reset_memory(value):
    """Reset folders to write: a file of others must not say them."""
    if isinstance(value, BaseEstimator):
        if hasattr(value, "memory"):
            value.memory = None
        value = vars(value)
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            _reset_memory(part)
