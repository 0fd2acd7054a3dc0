"""Labels of a fit that collapse, lack actions, or squeeze them."""

import numpy as np

from skl_tot.decoding.decoders import DECODERS
from skl_tot.metrics.label_free import effective_actions
from skl_tot.recordings.labels import BACKGROUND, by_name, find_segments
from skl_tot.recordings.names import describe_paths

# Frames per action from which a recording is long, number of such recordings from which
# there are many, and share with an action of one frame that is not plausible.
LONG, MANY, SQUEEZED = 4, 10, 0.25
# Seconds, or frames without a rate, that half of the segments do not last if they are
# too short for actions; least number of segments of an action in a recording then.
SHORT, SHORT_FRAMES, OFTEN = 0.15, 3, 3
# Agreement of labels with predictions of other recordings from which few actions in
# effect are uneven, and no collapse.
SUPPORTED = 0.8
ROUNDING = 1e-9


class FitWarning(UserWarning):
    """Warning of a fit about its labels; estimators hide those of fits inside them."""


def is_few(n_effective, n_actions):
    """Whether fewer than half of the actions are in effect, or only one."""
    return n_actions > 1 and n_effective < max(n_actions / 2, 1 + ROUNDING)


def describe_effective(paths, n_actions):
    """Words for the actions in effect if there are few, else None."""
    n_effective = effective_actions(paths)
    if not is_few(n_effective, n_actions):
        return None
    return f"{n_effective:.1f} of {n_actions} actions are in effect"


def is_supported(paths, confidence):
    """Whether few actions in effect are plausible, as recordings agree on them."""
    is_told = len(paths) > 1 and effective_actions(paths) >= 2
    return is_told and confidence["agreement"] >= SUPPORTED


def describe_labels(segmenter, paths):
    """Sentences about actions that most recordings lack, or show for a single frame."""
    recordings = by_name(segmenter.labels_)
    known = segmenter.actions_, segmenter.unlabelled_actions_, recordings
    found = describe_few(segmenter, paths) + describe_paths(paths, *known)
    found += describe_squeezed(segmenter, paths)
    return found + _describe_short(segmenter, paths)


def describe_few(segmenter, paths):
    """Sentence on a cost of a switch that leaves most recordings with few actions."""
    (decoder, cost), n_actions = segmenter.decoder_, segmenter.n_actions_
    if not decoder.uses_cost or cost == 0:
        return []
    n_poor = 0
    for path in paths:
        n_shown = len(np.unique(path[path != BACKGROUND]))
        # a short recording cannot show more; one without actions has other causes
        n_poor += 0 < 2 * n_shown < min(n_actions, len(path))
    if 2 * n_poor <= len(paths):
        return []
    value = "COST" if cost == "auto" else "auto"
    remedy = "a lower one" if cost == "auto" else 'switch_cost="auto"'
    return [
        f"{n_poor} of {len(paths)} recordings show fewer than half of the "
        f"{n_actions} actions; switch_cost={cost!r} may be too high, try {remedy} "
        f"(--set switch_cost={value}), fewer actions (--n-actions), or more steps of "
        "training."
    ]


def describe_squeezed(segmenter, paths, names=None, *, many=MANY):
    """Sentence on an action of the least length in many recordings in fixed order."""
    (decoder, _), n_actions = segmenter.decoder_, segmenter.n_actions_
    long = [path for path in paths if len(path) >= LONG * n_actions]
    if decoder is not DECODERS["fixed"] or n_actions == 1 or len(long) < many:
        return []
    counts = [np.bincount(path[path >= 0], minlength=n_actions) for path in long]
    least = max(1, segmenter.min_frames_)
    n_squeezed = sum(np.asarray(counts) == least)
    action = int(np.argmax(n_squeezed))
    if n_squeezed[action] <= SQUEEZED * len(long):
        return []
    name = f"Action {segmenter.actions_[action]}" if names is None else names[action]
    length = "a single frame" if least == 1 else f"the least length, {least} frames,"
    return [
        f"{name} has {length} in {n_squeezed[action]} of {len(long)} recordings, as "
        "fixed order shows each action; if recordings may lack actions, say "
        'order="mostly" (--order mostly).'
    ]


def _describe_short(segmenter, paths):
    """Sentence on segments too short for actions, where no duration is given."""
    rate, lengths = segmenter.fps_, []
    for path in paths:
        lengths += find_segments(path).lengths.tolist()
    median = float(np.median(lengths))
    is_long = median >= (SHORT * rate if rate else SHORT_FRAMES)
    n_often = OFTEN * segmenter.n_actions_ * len(paths)
    if segmenter.min_duration is not None or is_long or len(lengths) <= n_often:
        return []
    frames = "1 frame" if median == 1 else f"{median:g} frames"
    shown = f"{median / rate:.2g} s" if rate else frames
    return [
        f"Half of the segments last {shown} or less; min_duration (--min-duration) "
        "sets a least duration, and SignalWindows (--pipeline windows) smooth features."
    ]
