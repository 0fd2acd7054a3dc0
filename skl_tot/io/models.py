"""Models in files that run no code when they are opened."""

import inspect
import io
import json
import stat
import zipfile
from pathlib import Path

from sklearn.utils.validation import check_is_fitted

import skl_tot
from skl_tot.io.archives import check_archive, read_archive
from skl_tot.io.atomic import replaced
from skl_tot.io.model_checks import check_methods
from skl_tot.methods import METHODS
from skl_tot.methods.pipelines import segmenter_of
from skl_tot.recordings.errors import import_extra, one_line

FORMAT = 1

TRUSTED_TYPES = [
    *(f"skl_tot.{name}" for name, _ in METHODS.values()),
    "skl_tot.CyclicSegmenter",
    "skl_tot.ActivitySegmenter",
    "skl_tot.preprocessing.FrameFeatures",
    "skl_tot.preprocessing.FramewiseTransformer",
    "skl_tot.preprocessing.GapFiller",
    "skl_tot.preprocessing.PoseFeatures",
    "skl_tot.training.priors.LinearPrior",
    "skl_tot.training.priors.PathPrior",
    "skl_tot.training.priors.TemporalPrior",
    "skl_tot.training.transport.StructuredTransport",
    "skl_tot.training.terms.TemporalCoherence",
    "skl_tot.training.terms.TimeStamp",
    "skl_tot.training.transport.Sinkhorn",
]
# Where version 0.1.0 had public classes.
MOVED = {
    "skl_tot._cte": "skl_tot",
    "skl_tot._segmenter": "skl_tot",
    "skl_tot.video": "skl_tot.preprocessing",
}


def save_model(model, path, *, trusted=()):
    """Save a fitted segmenter, or a pipeline that ends in one.

    The file is in the format of skops, which holds arrays and parameters, and no code.
    It says which version of this package wrote it, and of how many features it is.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or a `Pipeline` of scikit-learn with one at its end.
    path : str or path-like
        File to write, by custom ``*.skops``. It is whole or not there.
    trusted : sequence of str, default=()
        Further types that the model may hold, as ``"module.Class"``: those of your own
        terms, priors and estimators.

    Raises
    ------
    ImportError
        If skops is not installed; the extra ``cli`` has it.
    OSError
        If the file cannot be written.
    TypeError, sklearn.exceptions.NotFittedError
        If ``model`` is no segmenter or not fitted, or a step holds an object that is
        not of numpy, scipy, scikit-learn or this package, such as a `pathlib.Path`, and
        not among ``trusted``.
    ValueError
        If the file would unpack to more than `load_model` reads: leave ``labels_`` of
        very many frames out by ``compute_labels=False``.

    See Also
    --------
    load_model : The way back.

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
    segmenter = segmenter_of(model)
    check_is_fitted(segmenter)
    content = {
        "format": FORMAT,
        "skl_tot": skl_tot.__version__,
        "n_features_in": getattr(model, "n_features_in_", segmenter.n_features_in_),
        "model": model,
    }
    with replaced(path) as temporary:
        skops_io = import_extra("skops.io", "cli")
        skops_io.dump(content, temporary, compression=zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(temporary) as archive:
            check_archive(archive, temporary.stat().st_size)
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
        File to read. It may be of unknown origin: only types that skops trusts, of
        numpy, scipy and scikit-learn, and those of this package, `TRUSTED_TYPES`, are
        made from it.
    trusted : sequence of str, default=()
        Further types to make, as ``"module.Class"``, whose module is imported. Name
        those that you know.

    Returns
    -------
    model : estimator
        Segmenter or pipeline. Parameters that its version did not know yet have their
        defaults, and ``cache_dir`` and ``memory`` are forgotten.

    Raises
    ------
    ImportError
        If skops is not installed.
    OSError
        If the file cannot be read or is no regular one.
    ValueError
        If the file holds something else, types that are not trusted, parameters or
        arrays that no fit leaves, or is of a later format; or if it unpacks to more
        than 1 GiB and to more than 20 times its size, which is not read.

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
    skops_io, path = import_extra("skops.io", "cli"), Path(path)
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
        raise OSError(f"{path} is no regular file, expected one of save_model.")
    with open(path, "rb") as file:
        try:
            data = _with_todays_names(read_archive(file, status.st_size))
            return _load(skops_io, data, [*TRUSTED_TYPES, *trusted])
        except Exception as error:  # whatever a broken archive makes of its reader
            reason = one_line(error).rstrip(".")
            raise ValueError(f"{path} cannot be loaded: {reason}.") from error


def _load(skops_io, data, trusted):
    """Model in the bytes of an archive, if its types and contents are as they should.

    They are checked before anything is called that an attribute could stand for.
    """
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
    check_methods(model)
    segmenter = segmenter_of(model)
    _complete(model)
    segmenter._validate_params()
    segmenter._check_state()
    return model


def _with_todays_names(contents):
    """Bytes of an archive in which public classes are where they are today."""
    schema = json.loads(contents["schema.json"], object_hook=_rename_module)
    contents["schema.json"] = json.dumps(schema).encode()
    renamed = io.BytesIO()
    with zipfile.ZipFile(renamed, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return renamed.getvalue()


def _rename_module(node):
    """Node of a schema with the module of today."""
    if node.get("__module__") in MOVED:
        node["__module__"] = MOVED[node["__module__"]]
    return node


def _complete(step):
    """Give a step, and those in it, parameters of today, and no folders to write to."""
    for name, parameter in inspect.signature(type(step)).parameters.items():
        if not hasattr(step, name):
            setattr(step, name, parameter.default)
        if name in ("cache_dir", "memory"):
            setattr(step, name, None)
    for value in step.get_params(deep=False).values():
        parts = value if isinstance(value, list) else [value]
        for part in parts:
            _complete_part(part)
    for name in ("estimators_", "segmenters_"):  # candidates, those of activities
        fitted = vars(step).get(name)
        for part in fitted if isinstance(fitted, list) else []:
            _complete_part(part)
    _complete_part(vars(step).get("segmenter_"))  # that of cycles


def _complete_part(part):
    """Complete a parameter that has parameters, or a named step of a pipeline."""
    if isinstance(part, tuple) and len(part) > 1:
        part = part[1]
    if hasattr(part, "get_params"):
        _complete(part)
