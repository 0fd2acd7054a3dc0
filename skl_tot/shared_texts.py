"""Texts that the docstrings of several estimators or functions share.

n_actions : int or "auto", default=8
    Number of actions K; "auto" takes the result of `choose_n_actions`.
decoding : str, default="auto"
    Paths of the decoder. "free": any actions, in any order. "fixed": all actions in one
    order, each with at least one frame. "skip": some of them, in this order. "cyclic",
    "cyclic_skip": all or some of them, in this order, and from the last to the first
    again, for recordings longer than those of the fit. "framewise": no path, each frame
    separately. "auto", where it is the default, is "fixed" in strict order, else
    "free". Does not change the fit: with ``order="strict"`` and "free", the fit learns
    in strict order, and labels come in any order.
switch_cost : float, "auto" or None, default=None
    Cost of a switch between actions, at least 0, in nats for each frame of the mean
    duration of an action in the recording (its frames over ``n_actions``). Larger
    values give fewer segments. "auto" depends on the lengths of segments and of
    correlations within them. None, where it is the default, leaves it to the order. Not
    used if ``decoding="fixed"``.
min_duration : float, default=None
    Least duration of a segment, in seconds if the recordings have a rate, else in
    frames. A shorter recording is one segment. In fixed order, actions without room are
    dropped; background and breaks may cut a segment shorter. Does not change the fit.
    None leaves it to ``switch_cost``.
background_percentile : float, default=None
    Percentile, in (0, 100): frames whose features are less likely, for every action,
    than those of so many per cent of its frames in `fit` are background (-1). Use about
    the expected percentage, or more if actions are similar. None has no background.
standardize : {"dataset", "video"} or None, default="dataset"
    Scale each feature to zero mean and unit variance over all frames of the fit
    ("dataset") or over each recording ("video"). None keeps the features.
max_iter : int, default=2000
    Maximum optimiser steps, one mini-batch each.
device : str, default="auto"
    Device of torch: "auto" (trains on CUDA if there is one, and predicts on the CPU,
    without torch), "cpu", "cuda", or "cuda:1", ….
random_state : int, RandomState instance or None, default=None
    Seed of all random numbers. An int gives the same bits at every call on one machine.
model : estimator
    Fitted segmenter, or pipeline that ends in one.
X : array-like of shape (n_frames, n_features), or sequence of these
    One recording or many, see Notes of `TemporalOTSegmenter`.
**options : dict
    Other parameters of the class.
y : array-like of shape (n_frames,), or sequence of these, default=None
    Labels from a search or a pipeline, not used: `SemiSupervisedSegmenter` learns from
    labels.
transcripts : sequence of int, or sequence of these, default=None
    Known actions of each recording in order; an action may repeat. The path has these
    segments (fewer if it is too short), whatever ``decoding``. None finds the actions.
feature_names : sequence of str, default=None
    Names of the features. None takes those of data frames, or "feature 0", ….
start : int, str or sequence of these, default=None
    Start of a cycle, as for `skl_tot.statistics.cycle_times`.
ax : matplotlib Axes, default=None
    Where to draw. None makes a new figure.
fps : float, default=None
    Frames per second. None leaves it to the recordings, or counts frames.
labels : ndarray of shape (n_frames,), or list of these
    Labels from ``actions_``, in the form of ``X``; background is -1 or "background".
self : object
    The fitted estimator.
probabilities : ndarray of shape (n_frames, n_actions), or list of these
    Each row sums to 1, in the floating type of the recording.
display : object
    The display, drawn (extra ``plot``), with ``ax_``, ``figure_`` and, for an image,
    ``im_``.
recordings : array-like of shape (n_frames, n_features), or sequence of these
    One recording or many, as for ``model.predict``.
out : str or path-like, default=None
    Folder of the log and the results; created if missing. None keeps all in memory.
n_actions_ : int
    Number of actions K of `predict`.
numbers_ : dict or None
    Result of `choose_n_actions`, for a fit with ``n_actions="auto"``.
labels_ : ndarray of shape (n_frames,), or list of these
    Labels of the recordings of the last fit, in the form of ``X``.
classes_ : ndarray of shape (n_actions,) or None
    Names of the actions after `skl_tot.corrections.rename`, else None.
look_ : Look
    Findings about the recordings, see `skl_tot.look`.
order_ : str
    Order of the fit.
shares_ : ndarray
    Shares of the actions in the frames of the fit, before corrections.
layers_ : list
    Corrections of scores, see `skl_tot.corrections`.
scaler_ : StandardScaler or None
    Standardisation over the data set, if any.
confidence_ : dict of float
    ``tempering`` and ``agreement``, the trust of `predict_posterior` in scores.
background_ : named tuple of ndarray, or None
    ``means`` and ``variances`` (n_actions, n_features) of standardised features, and
    ``thresholds`` (n_actions,) of their log-density.
network_ : dict of str to ndarray
    All parameters of the network by name.
loss_curve_ : list of float
    Loss of each step, in nats.
n_iter_ : int
    Steps taken.
mean_frames_ : float
    Mean number of frames of the recordings of the fit.
min_frames_ : int
    Least number of frames of a segment.
fps_ : float or None
    Frames per second of the recordings of the fit, if known.
read_options_ : dict or None
    Options of `skl_tot.recordings.read_recordings` for the recordings of the fit;
    ``like`` this model, it reads others in the same way. None for other input.
n_features_in_ : int
    Number of features D.
feature_names_in_ : ndarray of str
    Names of the features, if all are text (data frames).
y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
    Classes and clusters, as in `match_labels`.
scope, activities, ignore_labels, background : optional
    As in `match_labels`, with its errors.
average : {"pooled", "activity", "recording"}, default=None
    Whether all frames have the same weight, or all activities, or all recordings. None
    is "activity" if ``activities`` are given, as is usual for them, else "pooled".
activities : optional
    As in `match_labels`; needed for "activity".
ignore_labels : optional
    As in `match_labels`, with its errors.
score : float
    In [0, 1].
NotFittedError
    Before `fit`.
TypeError, ValueError
    If a parameter or a recording is not valid.
"""

import inspect
import re
import textwrap
from typing import TypeVar

__all__ = ["fill", "with_shared_texts"]

Described = TypeVar("Described")

# Entry of a parameter, attribute or error by its first word.
ENTRIES = re.split(r"\n+(?=\S)", (__doc__ or "").strip())[1:]
TEXTS = {text.split()[0].strip(","): text for text in ENTRIES}
# Of reviews, where several sections or parameters go together.
TEXTS["reviewed"] = """
model : estimator
    Segmenter, or pipeline that ends in one, or None, as for `Review`. An unfitted one
    is first fitted to the recordings.
"""
TEXTS["told"] = """
labels : sequence or dict, default=None
    Labels from people, as for `Review`.
"""
TEXTS["of_action"] = """
Parameters
----------
action : str or int
    Name or code of an action.
"""
TEXTS["of_recording"] = """
Parameters
----------
recording : str or int
    Name or number of a recording.
"""
TEXTS["of_recordings"] = """
Parameters
----------
recording : str or int, default=None
    Name or number of a recording; None means all.
"""
TEXTS["progress"] = """
progress : callable, default=None
    Called with the work, such as "reading", the number of recordings done, and
    their total.
"""
TEXTS["said"] = """
Returns
-------
said : str
    Description of the action, in one sentence.

Raises
------
OSError
    If a file cannot be written; nothing has changed then.
TypeError, ValueError
    If an argument is not valid, or the action is not possible; nothing has changed
    then.
"""
# Whole sections, for methods that have no other entries in them.
for section, title, names in [
    ("of_X", "Parameters", ["X"]),
    ("of_X_y", "Parameters", ["X", "y"]),
    ("of_progress", "Parameters", ["progress"]),
    ("of_labels", "Parameters", ["y_true", "scope"]),
    ("labelled", "Returns", ["labels"]),
    ("fitted", "Returns", ["self"]),
    ("as_probabilities", "Returns", ["probabilities"]),
    ("drawn", "Returns", ["display"]),
    ("of_score", "Returns", ["score"]),
    ("raises", "Raises", ["NotFittedError", "TypeError"]),
]:
    entries_of_section = [TEXTS.get(name, "").strip() for name in names]
    TEXTS[section] = "\n".join([title, "-" * len(title), *entries_of_section])
_LINE = re.compile(r'^( *)\{shared: ([\w*, ="\-.]+)\}$', flags=re.MULTILINE)


def with_shared_texts(described: Described) -> Described:
    """Put shared texts in place of lines such as ``{shared: a, b=1}``; a decorator.

    ``b=1`` states another default. A class has them in its public methods, too.
    """
    members = vars(described).values() if inspect.isclass(described) else []
    members = [getattr(member, "__func__", member) for member in members]  # classmethod
    members = [getattr(member, "fn", member) for member in members]  # available_if
    for function in [described, *filter(inspect.isfunction, members)]:
        if function.__doc__ is not None:  # as with python -OO
            function.__doc__ = fill(function.__doc__)
    return described


def fill(text):
    """Text with the entries in place of such lines, as also the sources of a wheel."""
    return _LINE.sub(_entries, text)


def _entries(line):
    indent, entries = line[1], []
    for name, _, default in (part.partition("=") for part in line[2].split(", ")):
        text = TEXTS[name].strip()
        if default:
            text = re.sub(r"default=\S+", f"default={default}", text, count=1)
        # a section comes after a blank line
        entries.append(f"\n{text}" if entries and "\n---" in text else text)
    return textwrap.indent("\n".join(entries), indent)
