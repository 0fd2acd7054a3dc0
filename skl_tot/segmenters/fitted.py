"""Input and output of segmenters, in fits and after them."""

from sklearn.utils.validation import check_is_fitted

from skl_tot.inputs.clocks import check_rate
from skl_tot.inputs.standardization import fit_scaler, standardized
from skl_tot.inputs.videos import check_videos


def standardize_fit(segmenter, arrays, scaler=None):
    """Standardise the videos of a fit, and keep how they are read.

    ``scaler`` is gone on from.
    """
    segmenter._standardize, segmenter.scaler_ = segmenter.standardize, None
    if segmenter.standardize == "dataset":
        segmenter.scaler_ = fit_scaler(arrays, scaler)
    context = getattr(segmenter, "context", None)
    segmenter._context = None if context is None else int(context)
    per_video = segmenter.standardize == "video"
    return standardized(arrays, per_video, segmenter.scaler_, segmenter._context)


def check_fitted(segmenter, X):
    """Standardised videos and their form, if the segmenter is fitted."""
    check_is_fitted(segmenter, "n_actions_")
    segmenter._validate_params()  # the decoder's may have been set after the fit
    check_rate(segmenter, X)
    arrays, form = check_videos(segmenter, X, reset=False)
    # as in the fit, whatever has been set since
    how = getattr(segmenter, "_standardize", segmenter.standardize)
    context = context_of(segmenter)
    return standardized(arrays, how == "video", segmenter.scaler_, context), form


def context_of(segmenter):
    """Frames on each side that a fitted segmenter joins to each, or None."""
    return getattr(segmenter, "_context", None)  # before there was any, nothing


def as_types_of(outputs, videos):
    """Give each output the floating type of its video."""
    return [
        output.astype(array.dtype, copy=False)
        for output, array in zip(outputs, videos.arrays)
    ]
