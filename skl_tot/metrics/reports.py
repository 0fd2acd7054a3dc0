"""The scores of each action and of the whole, as text or dict."""

import numpy as np

from skl_tot.metrics import frames, segments
from skl_tot.metrics.matching import match_frames
from skl_tot.recordings.errors import is_int, refuse
from skl_tot.recordings.names import name_labels


def segmentation_report(
    y_true,
    y_pred,
    *,
    scope="activity",
    ignore_labels=None,
    background=None,
    target_names=None,
    digits=3,
    output_dict=False,
):
    """Report the scores of each action and of the whole, as text or dict.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    scope, ignore_labels, background : optional
        As in `match_labels`.
    target_names : dict or sequence of str, default=None
        Names to show: ``{label: name}`` for some labels, or a sequence in which integer
        ``i`` is ``target_names[i]``. For text labels a sequence sets only the order.
    digits : int, default=3
        Decimals in the text.
    output_dict : bool, default=False
        Whether to return a dict.

    Returns
    -------
    report : str or dict
        ``"actions"`` has by name the frame-wise ``"precision"``, ``"recall"``,
        ``"f1-score"`` and ``"iou"`` in [0, 1] over all recordings, the number of true
        ``"frames"`` and the matched ``"cluster"``: None without one, and with
        ``scope="video"``. ``"totals"`` has the scores and numbers below; with
        ``scope="video"`` the AMI is the mean over recordings. ``"clusters
        without class"`` has, by cluster, the number of frames that are wrong because no
        class was matched to it. Errors are those of `match_labels`.

    Examples
    --------
    >>> y_true = ["cut", "cut", "cut", "mix", "mix", "mix"]
    >>> print(segmentation_report(y_true, [2, 2, 0, 1, 1, 1]))
                            precision    recall  f1-score       iou    frames   cluster
    <BLANKLINE>
                       cut      1.000     0.667     0.800     0.667         3         2
                       mix      1.000     1.000     1.000     1.000         3         1
    <BLANKLINE>
                       MoF      0.833
                     F1@50      0.800
    ...
    clusters without class  0 (frames: 1)
    """
    matching = {
        "scope": scope,
        "ignore_labels": ignore_labels,
        "background": background,
    }
    matched = match_frames(y_true, y_pred, **matching)
    if not (is_int(digits) and digits in range(21)):
        refuse("digits", digits, "an integer from 0 to 20")  # a float has no more
    average = "video" if scope == "video" else "pooled"
    report = {
        "actions": _rows_of_actions(matched, scope, target_names),
        "totals": {
            "MoF": frames.mof_score(y_true, y_pred, **matching),
            "F1@50": segments.segment_f1_score(y_true, y_pred, **matching),
            "edit": segments.edit_score(y_true, y_pred, **matching),
            "mIoU": frames.miou_score(y_true, y_pred, **matching),
            "mean recall": frames.mean_recall_score(y_true, y_pred, **matching),
            "AMI": frames.adjusted_mutual_info_score(
                y_true, y_pred, average=average, ignore_labels=ignore_labels
            ),
            "recordings": len(matched.videos()),
            "frames": len(matched.true),
        },
        "clusters without class": _clusters_without_class(matched),
    }
    return report if output_dict else _as_text(report, digits)


def _rows_of_actions(matched, scope, target_names):
    """Scores and cluster of each action by its name."""
    codes, *counts = frames.class_counts(matched.true, matched.pred)
    labels = [matched.classes[code] for code in codes]
    counts_of = dict(zip(labels, np.transpose(counts).tolist()))
    cluster_of = {}
    if scope == "activity":
        cluster_of = {label: cluster for cluster, label in matched.matches()[0].items()}
    rows = {}
    for label, name in name_labels(list(counts_of), target_names).items():
        rows[name] = _action_scores(*counts_of[label])
        rows[name]["cluster"] = cluster_of.get(label)
    return rows


def _action_scores(tp, n_true, n_pred):
    return {
        "precision": tp / max(n_pred, 1),  # 0 without predicted frames
        "recall": tp / n_true,
        "f1-score": 2 * tp / (n_true + n_pred),
        "iou": tp / (n_true + n_pred - tp),
        "frames": n_true,
    }


def _clusters_without_class(matched):
    """Count the frames of each cluster without a matched class."""
    lost, n_lost = np.unique(~matched.pred[matched.pred < 0], return_counts=True)
    return {matched.clusters[i]: n for i, n in zip(lost, n_lost.tolist())}


def _as_text(report, digits):
    actions, totals, lost = report.values()
    width = max(len(str(name)) for name in [*actions, "clusters without class"])
    header = next(iter(actions.values()))
    lines = [_line("", header, width, digits), ""]
    for name, row in actions.items():
        lines.append(_line(name, row.values(), width, digits))
    lines.append("")
    for name, value in totals.items():
        lines.append(_line(name, [value], width, digits))
    lost = [f"{cluster} (frames: {n})" for cluster, n in lost.items()]
    last = f"{'clusters without class':>{width}}  {', '.join(lost) or '-'}"
    return "\n".join([*lines, "", last])


def _line(name, values, width, digits):
    cells = [f"{name!s:>{width}} "]
    for value in values:
        cells.append(f" {_cell(value, digits):>9}")
    return "".join(cells)


def _cell(value, digits):
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)
