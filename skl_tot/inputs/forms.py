"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.container import Recordings
from skl_tot.recordings.layouts import Layout, as_recordings, n_dims


def form_of(recordings):
    """Form as it was: a layout with names, or the kind of one without."""
    return recordings.layout if recordings.is_named else recordings.layout.kind


def of_form(form, arrays=()):
    """Make recordings of a form."""
    recordings = Recordings(arrays)
    recordings.layout = form if isinstance(form, Layout) else Layout(form)
    return recordings


def split_videos(X):
    """Tell one video from many: a sequence of unchecked videos, and the form."""
    recordings = as_recordings(X)
    return recordings.arrays, form_of(recordings)


def mirror_form(outputs, form):
    """Give outputs, one for each video, the form that `split_videos` found."""
    return of_form(form).restore(outputs)


def keep_outputs(outputs, form):
    """Give what an estimator keeps of outputs: a dict, of recordings with names."""
    return of_form(form).store(outputs)


def mirror_kept(kept, X):
    """Give what `keep_outputs` made of outputs of X the form of X."""
    is_dict = isinstance(kept, dict)
    return as_recordings(X).restore(list(kept.values())) if is_dict else kept


def named_errors(form):
    """Give errors that have the number of a video its name, if it has one."""
    return of_form(form).named_errors()


def errors_in(form, i):
    """Give errors of a block the number and the name of video i, if there are many."""
    return of_form(form).errors(i)


__all__ = [
    "errors_in",
    "form_of",
    "keep_outputs",
    "mirror_form",
    "mirror_kept",
    "n_dims",
    "named_errors",
    "of_form",
    "split_videos",
]
