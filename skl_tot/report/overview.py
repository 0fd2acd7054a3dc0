"""What is first on the page: the usual order, and recordings that deviate from it."""

import numpy as np

from skl_tot.statistics import deviations, usual_order

MOST_DEVIATING = 12  # recordings of the table


def describe_usual_order(paths, actions):
    """Rows of `describe_actions` of the usual actions, in their order."""
    return [actions[k] for k in usual_order(paths) if actions[k]["segments"]]


def judge_recordings(labels, log_likelihoods):
    """Score of each recording, and what deviates in those that deviate most.

    ``labels`` are `Recordings` of actions by index, ``log_likelihoods`` one for each.

    Returns
    -------
    scores : list of float
        How much each recording deviates, so that the order is that of the table.
    rows : list of dict
        ``index`` of the recording, and ``reasons``: pairs of text and of a list of
        pairs of an action and what there is to say of it.
    n_deviating : int
        Number of recordings that deviate at all.
    """
    if not np.isfinite(log_likelihoods).all():
        log_likelihoods = None
    table = deviations(labels, log_likelihoods=log_likelihoods)
    scores = [0.0] * len(labels)
    rows = []
    for rank, found in enumerate(table.to_dict("records")):
        index = labels.names.index(found["recording"])
        # ranks in place of scores, many of which are equal
        scores[index] = float(len(labels) - rank)
        if found["score"]:
            rows.append({"index": index, "reasons": _list_reasons(found)})
    return scores, rows[:MOST_DEVIATING], len(rows)


def _list_reasons(found):
    """Reasons of a recording, with the actions that they are about."""
    reasons = []
    for key in ("missing", "repeated"):
        if found[key]:
            reasons.append((key, [(action, "") for action in found[key]]))
    for first, second in found["out_of_order"]:
        reasons.append(("out of order", [(first, "before"), (second, "")]))
    for key, what in (("too_long", "long"), ("too_short", "short")):
        if found[key]:
            pairs = [(action, f"z {z:+.1f}") for action, z in found[key]]
            reasons.append((f"unusually {what}", pairs))
    if found["unlikely"]:
        reasons.append(("unlike the others", []))
    return reasons
