"""Models in files that run no code when they are opened."""

import inspect
import zipfile
from pathlib import Path

from sklearn.utils.validation import check_is_fitted

import skl_tot
from skl_tot.inputs.extras import import_extra
from skl_tot.io.atomic import replaced
from skl_tot.segmenters.pipelines import segmenter_of

FORMAT = 1

TRUSTED_TYPES = [
    "skl_tot._cte.CTESegmenter",
    "skl_tot._segmenter.TemporalOTSegmenter",
    "skl_tot.preprocessing.FrameFeatures",
    "skl_tot.preprocessing.FramewiseTransformer",
]


def save_model(model, path):
    """Save a fitted segmenter, or a pipeline that ends in one.

    The file is in the format of skops, which holds arrays and parameters, and no code.
    It says which version of this package wrote it, and of how many features it is.

    Parameters
    ----------
    model : estimator
        Fitted `TemporalOTSegmenter` or `CTESegmenter`, or a `Pipeline` of scikit-learn
        with one at its end.
    path : str or path-like
        File to write, by custom ``*.skops``. It is whole or not there.

    Raises
    ------
    ImportError
        If skops is not installed; the extra ``cli`` has it.
    OSError
        If the file cannot be written.
    TypeError, sklearn.exceptions.NotFittedError
        If ``model`` is no segmenter or not fitted, or a step holds an object that is
        not of numpy, scipy, scikit-learn or this package, such as a `pathlib.Path`.

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
        unknown = _untrusted_types(skops_io, file=temporary)
        if unknown:
            raise TypeError(f"model holds {unknown}, which load_model does not trust.")


def load_model(path):
    """Load a model that `save_model` wrote.

    Parameters
    ----------
    path : str or path-like
        File to read. It may be of unknown origin: only types that skops trusts, of
        numpy, scipy and scikit-learn, and those of this package, `TRUSTED_TYPES`, are
        made from it.

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
        If the file cannot be read.
    ValueError
        If the file holds something else, types that are not trusted, or is of a later
        format.

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
    data = path.read_bytes()
    try:
        unknown = _untrusted_types(skops_io, data=data)
        if unknown:
            raise ValueError(
                "it has types that are not trusted, or that a later version added, "
                f"{unknown}"
            )
        content = skops_io.loads(data, trusted=TRUSTED_TYPES)
        expected = {"format", "skl_tot", "model"}
        if type(content) is not dict or not expected <= content.keys():
            raise ValueError("it was not written by save_model")
        if content["format"] > FORMAT:
            raise ValueError(
                f"version {content['skl_tot']} wrote it, in format "
                f"{content['format']}; version {skl_tot.__version__} reads {FORMAT}"
            )
        segmenter_of(content["model"])
    except Exception as error:  # whatever a broken archive makes of its reader
        raise ValueError(f"{path} cannot be loaded: {error}.") from error
    _complete(content["model"])
    return content["model"]


def _complete(step):
    """Give a step, and those in it, parameters of today, and no folders to write to."""
    for name, parameter in inspect.signature(type(step)).parameters.items():
        if not hasattr(step, name):
            setattr(step, name, parameter.default)
        if name in ("cache_dir", "memory"):
            setattr(step, name, None)
    for value in step.get_params(deep=False).values():
        for part in value if isinstance(value, list) else [value]:
            nested = part[1] if isinstance(part, tuple) and len(part) > 1 else part
            if hasattr(nested, "get_params"):
                _complete(nested)


def _untrusted_types(skops_io, **source):
    return sorted(set(skops_io.get_untrusted_types(**source)) - set(TRUSTED_TYPES))
