"""Edits of the actions of a fitted segmenter, as changes of their log-likelihoods.

An edit is a dict of arrays. One that merges has "groups" (n_before,), the action that
each becomes a part of. One that splits has "sources" (n_after,), the action that each
was a part of, and "shares" (n,), how much of the action its halves have (there may be
more than two). What tells them apart is either "parts" (n_prototypes,), the half of
each prototype, -1 elsewhere; or Gaussians along a line: "direction" (n_features,),
"means" (n,) and "variances" (n,).
"""

import numpy as np
from scipy.special import log_softmax, logsumexp
from sklearn.cluster import KMeans

from skl_tot.inputs.states import check_array, check_item, check_numbering

PARTS, LINE = {"parts"}, {"direction", "means", "variances"}
# Variances of halves are at least this share of that of both, which is not 0.
LEAST_VARIANCE = 1e-3
# Of probabilities of moves there is a logarithm.
LEAST_PROBABILITY = 1e-200


def n_after(edit):
    """Count the actions after an edit."""
    return int(edit["groups"].max()) + 1 if "groups" in edit else len(edit["sources"])


def halves_of(edit):
    """Find the places (n,) of the halves of an action after a split."""
    (twice,) = np.flatnonzero(np.bincount(edit["sources"]) > 1)
    return np.flatnonzero(edit["sources"] == twice)


def merge_edit(codes, n_actions):
    """Edit that puts actions together, in the place of the first.

    >>> merge_edit([2, 0], 4)
    {'groups': array([1, 0, 1, 2])}
    """
    stays = np.ones(n_actions, dtype=bool)
    stays[codes[1:]] = False
    groups = np.cumsum(stays) - 1
    groups[codes[1:]] = groups[codes[0]]
    return {"groups": groups}


def split_edit(code, n_actions, n, **halves):
    """Edit that makes n actions of one.

    >>> split_edit(1, 3, 2)
    {'sources': array([0, 1, 1, 2])}
    """
    repeats = np.ones(n_actions, dtype=int)
    repeats[code] = n
    return {"sources": np.repeat(np.arange(n_actions), repeats), **halves}


def edited_scores(scores, edits, videos, log_codes):
    """Yield log-likelihoods after edits.

    Parameters
    ----------
    scores : iterable of ndarray of shape (n_frames_i, n_actions)
        Log-likelihoods of the actions before.
    edits : list of dict
        Edits in their order.
    videos : StandardizedVideos
        Frames of the same videos.
    log_codes : iterable of ndarray of shape (n_frames_i, n_prototypes)
        Logarithms of the codes of prototypes, if edits are of "parts".

    Yields
    ------
    scores : ndarray of shape (n_frames_i, n_after)
        The likelihoods of merged actions add up. That of a half is that of the action
        times the probability of the half in this frame, so that halves add up to it.
    """
    for i, (own, codes) in enumerate(zip(scores, log_codes)):
        for edit in edits:
            if "groups" in edit:
                own = together(own, edit["groups"], np.logaddexp)
                continue
            if "parts" in edit:
                log_halves = halves_by_parts(codes, edit["parts"])
            else:
                log_halves = halves_by_line(videos.blocks(i), edit)
            own = own[:, edit["sources"]]
            own[:, halves_of(edit)] += log_halves
        yield own


def together(columns, groups, add):
    """Add up the columns of each group.

    >>> together(np.array([[1, 2, 4]]), np.array([1, 0, 1]), np.add)
    array([[2, 5]])
    """
    if (np.diff(groups) < 0).any():
        order = np.argsort(groups, kind="stable")
        groups, columns = groups[order], columns[:, order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    if len(starts) == len(groups):
        return columns
    return add.reduceat(columns, starts, axis=1)


def halves_by_parts(log_codes, parts):
    """Log-probability (n_frames, n) of each half of an action, by those of its parts.

    >>> codes = np.log([[0.1, 0.2, 0.6, 0.1]])
    >>> np.exp(halves_by_parts(codes, np.array([-1, 0, 1, -1])))
    array([[0.25, 0.75]])
    """
    sums = []
    for half in range(parts.max() + 1):
        sums.append(logsumexp(log_codes[:, parts == half], axis=1))
    return log_softmax(np.stack(sums, axis=1), axis=1)


def halves_by_line(blocks, edit):
    """Log-probability (n_frames, n) of each half, by where on a line frames are."""
    places = np.concatenate([block @ edit["direction"] for block in blocks])
    variances = edit["variances"]
    distances = (places[:, None] - edit["means"]) ** 2 / variances
    scores = np.log(edit["shares"]) - 0.5 * (distances + np.log(variances))
    return log_softmax(scores, axis=1)


def fit_line(frames, times, n):
    """Fit n Gaussians along a line to the frames of an action.

    The line is that along which the centres of clusters (k-means) spread most. Each
    cluster makes a Gaussian; they are sorted by the mean of their ``times``.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_features)
        Standardised frames.
    times : ndarray of shape (n_frames,)
        Relative times.
    n : int
        Number of clusters, at most that of distinct frames.

    Returns
    -------
    halves : dict of ndarray
        "shares", "direction", "means" and "variances".

    Examples
    --------
    >>> frames = np.array([[5.0], [7.0], [0.0], [2.0]])
    >>> halves = fit_line(frames, np.array([0.0, 0.1, 0.2, 0.3]), 2)
    >>> abs(halves["means"]), halves["variances"], halves["shares"]
    (array([6., 1.]), array([1., 1.]), array([0.5, 0.5]))
    """
    frames = frames.astype(np.float64)
    kmeans = KMeans(n, n_init=4, random_state=0).fit(frames)
    centers, labels = kmeans.cluster_centers_, kmeans.labels_
    counts = np.bincount(labels, minlength=n)
    order = np.argsort(np.bincount(labels, times) / counts, kind="stable")
    direction = np.linalg.svd(centers - centers.mean(axis=0))[2][0]
    places = frames @ direction
    variances = np.array([places[labels == half].var() for half in order])
    return {
        "shares": counts[order] / len(frames),
        "direction": direction,
        "means": np.array([places[labels == half].mean() for half in order]),
        "variances": np.maximum(variances, LEAST_VARIANCE * places.var()),
    }


def follow_parts(actions, edits):
    """Find the action of each prototype, and which are no sum of parts, after edits.

    Parameters
    ----------
    actions : ndarray of shape (n_prototypes,)
        Action of each before.
    edits : list of dict
        Edits in their order.

    Returns
    -------
    actions : ndarray of shape (n_prototypes,)
        Action of each, the first half of one that was split along a line.
    is_mixed : ndarray of bool of shape (n_actions,)
        Actions of which not only the parts tell what they are.
    """
    is_mixed = np.zeros(actions.max() + 1, dtype=bool)
    for edit in edits:
        if "groups" in edit:
            actions = edit["groups"][actions]
            is_mixed = np.bincount(edit["groups"], is_mixed) > 0
            continue
        halves, sources = halves_of(edit), edit["sources"]
        is_mixed = is_mixed[sources]
        moved = np.searchsorted(sources, actions)
        if "parts" in edit:
            moved = moved + np.maximum(edit["parts"], 0)
        else:
            is_mixed[halves] = True
        actions = moved
    return actions, is_mixed


def edited_totals(totals, edits):
    """Carry what adds up, such as shares of the frames, through edits.

    >>> edits = [{"groups": np.array([0, 0, 1])}]
    >>> edited_totals(np.array([0.5, 0.25, 0.25]), edits)
    array([0.75, 0.25])
    """
    for edit in edits:
        if "groups" in edit:
            totals = np.bincount(edit["groups"], totals)
        else:
            totals = totals[edit["sources"]]
            totals[halves_of(edit)] *= edit["shares"]
    return totals


def edited_moves(guide, edits):
    """Logarithms of the probabilities of moves and starts of a guide, after edits.

    Starts add up. From a merged action, moves are the mean of those of its actions,
    weighted by their shares of the frames; moves within it are none, and the others
    make 1 again. To a half go its share of the moves to the action. From a half, a move
    to another half is as likely as if all moves were, and the rest is as it was.

    Parameters
    ----------
    guide : dict of ndarray
        From `skl_tot.meta.guide.fit_guide`.
    edits : list of dict
        Edits in their order.

    Returns
    -------
    moves : ndarray of shape (n_actions, n_actions)
        0 on the diagonal.
    starts : ndarray of shape (n_actions,)
    """
    shares = np.exp(guide["times"]).mean(axis=0)
    moves, starts = np.exp(guide["moves"]), np.exp(guide["starts"])
    np.fill_diagonal(moves, 0)
    for edit in edits:
        if "groups" in edit:
            moves = _merged_moves(moves, shares, edit["groups"])
        else:
            moves = _split_moves(moves, edit)
        shares = edited_totals(shares, [edit])
        starts = edited_totals(starts, [edit])
    np.fill_diagonal(moves, 1)
    floor = LEAST_PROBABILITY
    return np.log(np.maximum(moves, floor)), np.log(np.maximum(starts, floor))


def _merged_moves(moves, shares, groups):
    members = np.eye(groups.max() + 1)[groups]
    merged = members.T @ (shares[:, None] * moves) @ members
    np.fill_diagonal(merged, 0)
    totals = merged.sum(axis=1, keepdims=True)
    return merged / np.maximum(totals, LEAST_PROBABILITY)


def _split_moves(moves, edit):
    halves, sources = halves_of(edit), edit["sources"]
    n_actions, n = len(sources), len(halves)
    split = moves[np.ix_(sources, sources)]
    split[:, halves] *= edit["shares"]
    split[halves] *= (n_actions - n) / (n_actions - 1)
    split[np.ix_(halves, halves)] = 1 / (n_actions - 1)
    np.fill_diagonal(split, 0)
    return split


def check_edits(edits, n_actions, n_features, n_prototypes):
    """Refuse what no edit leaves; ``n_actions`` are those before."""
    if not isinstance(edits, list):
        raise ValueError(f"edits_ is a {type(edits).__name__}, expected a list")
    for i, edit in enumerate(edits):
        where = f"edits_[{i}]"
        names = set(edit) if isinstance(edit, dict) else set()
        if names == {"groups"}:
            _check_merge(edit["groups"], where, n_actions)
        elif names - {"sources", "shares"} in (PARTS, LINE):
            _check_split(edit, where, n_actions, n_features, n_prototypes)
        else:
            raise ValueError(f"{where} is no edit, expected a dict of one")
        n_actions = n_after(edit)


def _check_merge(groups, where, n_actions):
    check_array(groups, f"{where}['groups']", (n_actions,))
    check_numbering(groups, f"{where}['groups']", int(groups.max()) + 1)
    if np.count_nonzero(np.bincount(groups) > 1) != 1:
        raise ValueError(f"{where}['groups'] does not merge actions to one")


def _check_split(edit, where, n_actions, n_features, n_prototypes):
    check_item(edit, where, "sources", np.shape(edit.get("sources")))
    sources = edit["sources"]
    check_numbering(sources, f"{where}['sources']", n_actions)
    if (np.diff(sources) < 0).any() or (np.bincount(sources) > 1).sum() != 1:
        raise ValueError(f"{where}['sources'] does not split one action")
    n = len(sources) - n_actions + 1
    check_item(edit, where, "shares", (n,))
    positive = ["shares"]
    if "parts" in edit:
        check_item(edit, where, "parts", (n_prototypes,))
        own = edit["parts"][edit["parts"] != -1]
        check_numbering(own, f"{where}['parts']", n)
    else:
        check_item(edit, where, "direction", (n_features,))
        check_item(edit, where, "means", (n,))
        check_item(edit, where, "variances", (n,))
        positive.append("variances")
    for name in positive:
        if (edit[name] <= 0).any():
            raise ValueError(f"{where}[{name!r}] has values that are not above 0")
