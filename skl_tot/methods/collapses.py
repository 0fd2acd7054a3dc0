"""Labels of a fit that collapse, lack actions, or squeeze them."""

from contextvars import ContextVar

import numpy as np

from skl_tot.decoding.decoders import FixedDecoder
from skl_tot.metrics.label_free import effective_actions
from skl_tot.preprocessing.look import is_raw
from skl_tot.recordings.labels import by_name, find_segments
from skl_tot.recordings.names import default_names, describe_actions

# The remedy that helps on most data sets with labels, by more than any setting.
REMEDY = "Labels of one recording help most: SemiSupervisedSegmenter."
# That of a fit in one order; `AutoSegmenter` has tried both.
OTHER_ORDER = "AutoSegmenter also tries another order."
# That of a fit that may skip actions.
STRICT = (
    "If each recording has all actions in one order, "
    'TemporalOTSegmenter(order="strict") keeps to it.'
)
# Frames per action from which a recording is long, and number of such recordings from
# which there are many.
LONG, MANY = 4, 10
# Whether a fit is inside of another estimator, which hides its sentences.
is_inside = ContextVar("is_inside", default=False)


class FitWarning(UserWarning):
    """Warning of a fit about its labels; estimators hide those of fits inside them."""


def describe_collapse(paths, n_actions, confidence):
    """Words for the actions in effect if the labels of a fit collapse, else None."""
    few = describe_effective(paths, n_actions)
    return None if is_supported(paths, confidence) else few


def describe_effective(paths, n_actions):
    """Words for the actions in effect if fewer than half or only one is, else None."""
    n_effective = effective_actions(paths)
    # 1e-9 for rounding: one action is in effect if all frames have the same label
    is_few = n_actions > 1 and n_effective < max(n_actions / 2, 1 + 1e-9)
    return f"{n_effective:.1f} of {n_actions} actions are in effect" if is_few else None


def describe_fit(segmenter, paths, videos):
    """List sentences about labels, first of all whether they collapse, and frames."""
    if segmenter.is_taught:  # few actions are those of the labels, and views see more
        return describe_labels(segmenter, paths)
    few = describe_effective(paths, segmenter.n_actions_)
    if few is None:
        sentences = describe_labels(segmenter, paths)
    elif is_supported(paths, segmenter.confidence_):
        sentences = [f"Only {few}, but other recordings predict them well."]
    else:
        strict = [STRICT] if segmenter.order_ in ("mostly", "free") else []
        sentences = [f"Labels collapse: {few}.", *strict, OTHER_ORDER, REMEDY]
    return sentences + describe_raw_signal(segmenter, videos)


def is_supported(paths, confidence):
    """Whether few actions in effect are plausible, as recordings agree on them."""
    # actions whose durations differ much look like a collapse, but recordings agree on
    # them; without another recording, or with one action, agreement tells nothing
    can_agree = len(paths) > 1 and effective_actions(paths) >= 2
    return can_agree and confidence["agreement"] >= 0.8


def describe_raw_signal(segmenter, videos):
    """List a sentence about raw signal, whose single frames tell little."""
    n_cycles = videos.lengths.mean() / segmenter.mean_frames_  # 1 without cycles
    n_segments = segmenter.n_actions_ * n_cycles
    if not is_raw(videos, n_segments):
        return []
    return [
        "Frames are those of a raw signal, and single frames tell little; windows "
        "around them tell more: SignalWindows."
    ]


def describe_labels(segmenter, paths):
    """List sentences on actions that most recordings lack, or show for a frame."""
    lacking = describe_lacking(segmenter, paths, recordings=by_name(segmenter.labels_))
    return [*lacking, *_describe_short(segmenter, paths)]


def describe_lacking(segmenter, paths, names=None, recordings=None):
    """List sentences on actions that paths lack or squeeze; ``names`` are by code."""
    actions = segmenter.actions_.tolist()
    words = names or dict(enumerate(default_names(actions, "action").values()))
    unlabelled = map(actions.index, segmenter.unlabelled_actions_)
    return [
        *describe_actions(paths, words, list(unlabelled), recordings),
        *describe_squeezed(segmenter, paths, names),
    ]


def describe_squeezed(segmenter, paths, names=None, *, many=MANY):
    """List at most one sentence, on an action of the least length in fixed order."""
    (decoder, _), n_actions = segmenter.decoder_, segmenter.n_actions_
    long = [path for path in paths if len(path) >= LONG * n_actions]
    if not isinstance(decoder, FixedDecoder) or n_actions == 1 or len(long) < many:
        return []
    counts = [np.bincount(path[path >= 0], minlength=n_actions) for path in long]
    least = max(1, segmenter.min_frames_)
    n_squeezed = sum(np.asarray(counts) == least)
    action = int(np.argmax(n_squeezed))
    # a quarter: an action of one frame may be real in some recordings, but not in many
    if n_squeezed[action] <= 0.25 * len(long):
        return []
    name = f"Action {segmenter.actions_[action]}" if names is None else names[action]
    length = "a single frame" if least == 1 else f"the least length, {least} frames,"
    return [
        f"{name} has {length} in {n_squeezed[action]} of {len(long)} recordings, as "
        "fixed order shows each action."
    ]


def _describe_short(segmenter, paths):
    """List a sentence on segments too short for actions, if no duration is asked."""
    # It comes if half of the segments last less than 0.15 seconds, or three frames
    # without a rate, and an action has more than three segments in a recording.
    if segmenter.min_frames_ > 1:
        return []
    rate, lengths = segmenter.fps_, []
    for path in paths:
        lengths += find_segments(path).lengths.tolist()
    median = float(np.median(lengths))
    is_long = median >= (0.15 * rate if rate else 3)
    if is_long or len(lengths) <= 3 * segmenter.n_actions_ * len(paths):
        return []
    frames = "1 frame" if median == 1 else f"{median:g} frames"
    duration = f"{median / rate:.2g} s" if rate else frames
    remedy = [] if segmenter.is_taught else [REMEDY]
    return [f"Half of the segments last {duration} or less.", *remedy]
