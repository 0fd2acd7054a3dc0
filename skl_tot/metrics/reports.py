"""The scores of each action and of the whole, as text or dict."""

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from skl_tot.metrics.matching import ignored_labels, match_frames
from skl_tot.metrics.scores import (
    class_counts,
    class_means,
    edit_similarities,
    right_frames,
    score_clusters,
    segment_counts,
)
from skl_tot.recordings.names import background_labels

# Names of the rows of scores by scope of the match, and their average of MoF and F1.
AVERAGES = {
    "all": {"all": "pooled"},
    "activity": {"activity, mean": "activity", "activity, pooled": "pooled"},
    "recording": {"recording, pooled": "pooled", "recording, mean": "recording"},
    "labels": {"labels": "pooled"},
}


def segmentation_report(
    y_true,
    y_pred,
    *,
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
    output_dict=False,
) -> str | dict:
    """Report the scores of each action and of the whole, as text or dict.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    scope : {"all", "activity", "recording", "labels", "auto"}, default="auto"
        Match of the scores, as in `match_labels`. "auto" shows one match over all
        recordings, one for each activity if ``activities`` is given, and one for each
        recording. Scores of actions are of "all" then.
    activities, ignore_labels, background : optional
        As in `match_labels`.
    output_dict : bool, default=False
        Whether to return a dict.

    Returns
    -------
    report : str or dict
        ``"actions"`` has by label the frame-wise ``"precision"``, ``"recall"``,
        ``"f1-score"`` and ``"iou"`` in [0, 1] over all recordings, the number of true
        ``"frames"`` and the matched ``"cluster"``: None without one, and with a match
        for each activity or recording. ``"clusters without class"`` has, by cluster,
        the number of frames that are wrong because no class was matched to it.

        ``"scores"`` has a dict of the scores by match, such as "all" or "recording,
        mean"; "Evaluation" in the user guide lists them. ``"scores without
        background"`` leaves out the frames of background, if ``y_true`` has this class.
        Errors are those of `match_labels`.

    Examples
    --------
    >>> y_true = ["cut", "cut", "cut", "mix", "mix", "mix"]
    >>> print(segmentation_report(y_true, [2, 2, 0, 1, 1, 1]))
                            precision   recall  f1-score      iou   frames  cluster
                       cut      1.000    0.667     0.800    0.667        3        2
                       mix      1.000    1.000     1.000    1.000        3        1
    <BLANKLINE>
                                MoF    F1@10    F1@25    F1@50     edit     mIoU ...
                       all    0.833    0.800    0.800    0.800    0.667    0.833 ...
    <BLANKLINE>
                recordings  1
                    frames  6
    clusters without class  0 (frames: 1)
    """
    ignored = ignored_labels(ignore_labels)
    of_actions = "all" if scope == "auto" else scope

    def match(scope, ignored):
        return match_frames(y_true, y_pred, scope, activities, ignored, background)

    matched = match(of_actions, ignored)
    scopes = [of_actions]
    if scope == "auto":
        scopes += ["activity"] * (activities is not None)
        scopes += ["recording"] * (len(matched.by_recording()) > 1)
    report = {
        "actions": _rows_of_actions(matched, of_actions),
        "clusters without class": _clusters_without_class(matched),
        "recordings": len(matched.by_recording()),
        "frames": len(matched.true),
        "scores": _rows_of_scores({name: match(name, ignored) for name in scopes}),
    }
    _, label = background_labels(matched.clusters, matched.classes, background)
    counted = set(matched.classes) - ignored
    if label in counted and len(counted) > 1:
        ignored |= {label}
        report["scores without background"] = _rows_of_scores(
            {name: match(name, ignored) for name in scopes}
        )
    return report if output_dict else _as_text(report)


def _rows_of_scores(matches):
    """Scores by name and average of a match; ``matches`` are frames by scope."""
    if "activity" in matches:
        parts = matches["activity"].by_activity().items()
        matches |= {f"activity {name}": part for name, part in parts}
    rows = {}
    for scope, matched in matches.items():
        grouped = scope if scope in ("activity", "recording") else "pooled"
        of_matches = dict(zip(("mIoU", "mean recall"), class_means(matched)))
        information = adjusted_mutual_info_score
        of_matches["AMI"] = score_clusters(information, matched, grouped)
        ratios = {"MoF": right_frames(matched)}
        for percent in (10, 25, 50):
            ratios[f"F1@{percent}"] = segment_counts(matched, percent / 100)
        ratios["edit"] = edit_similarities(matched)
        for name, average in AVERAGES.get(scope, {scope: "pooled"}).items():
            scores = {key: matched.average(x, average) for key, x in ratios.items()}
            rows[name] = scores | of_matches
    return rows


def _rows_of_actions(matched, scope):
    """Scores, frames and cluster of each class, by its label."""
    # clusters of other scopes are those of one activity or recording
    matches = matched.matches()[0] if scope == "all" else {}
    cluster_of = {label: cluster for cluster, label in matches.items()}
    rows = {}
    counts = np.transpose(class_counts(matched.true, matched.pred)).tolist()
    for code, *counts_of_class in counts:
        label = matched.classes[code]
        rows[label] = _action_scores(*counts_of_class)
        rows[label]["cluster"] = cluster_of.get(label)
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
    """Frames by label of each cluster without a class."""
    lost, n_lost = np.unique(~matched.pred[matched.pred < 0], return_counts=True)
    return {matched.clusters[i]: n for i, n in zip(lost, n_lost.tolist())}


def _as_text(report):
    actions, scores = report["actions"], dict(report["scores"])
    for name, row in report.get("scores without background", {}).items():
        scores[f"{name}, without background"] = row
    names = [*actions, *scores, "clusters without class"]
    width = max(len(str(name)) for name in names)
    lines = [*_format_rows(actions, width), "", *_format_rows(scores, width), ""]
    for key in ("recordings", "frames"):
        lines.append(f"{key:>{width}}  {report[key]}")
    lost = [f"{x} (frames: {n})" for x, n in report["clusters without class"].items()]
    lines.append(f"{'clusters without class':>{width}}  {', '.join(lost) or '-'}")
    return "\n".join(lines)


def _format_rows(rows, width):
    header = list(next(iter(rows.values())))
    sizes = [max(7, len(key)) for key in header]
    lines = []
    cells_of = {"": header} | {key: row.values() for key, row in rows.items()}
    for name, cells in cells_of.items():
        padded = [f"{_format_cell(cell):>{size}}" for cell, size in zip(cells, sizes)]
        lines.append("  ".join([f"{name!s:>{width}}", *padded]))
    return lines


def _format_cell(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
