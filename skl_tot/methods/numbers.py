"""How many actions recordings bear out, found without labels."""

from numbers import Integral

import numpy as np
from sklearn.metrics import adjusted_rand_score

from skl_tot.decoding.decoders import decode
from skl_tot.methods.discriminants import embed
from skl_tot.methods.hmm_model import (
    fit_hmm,
    log_densities,
    principal_components,
    start_from_equal_parts,
)
from skl_tot.metrics.label_free import held_out_information
from skl_tot.recordings.errors import short_repr, warn_user
from skl_tot.training.components import MOST

AUTO = "auto"
# Numbers that are compared. One action tells nothing and scores 1: a floor.
NUMBERS = range(1, 21)
# Of the models, as `HMMSegmenter` has them, and of what decodes them.
N_COMPONENTS, REG_COVAR, MAX_ITER, SWITCH_COST = 16, 1e-2, 30, 0.5
# Groups of recordings that are left out by turns, for the spread of a score.
N_GROUPS = 10


def compare_numbers(videos, numbers=None):
    r"""Compare numbers of actions by what standardised recordings bear out.

    For each number K, left-to-right hidden Markov models are learned of all recordings,
    of every second one and of the others. All three label all recordings, in any order.
    The score is

    .. math:: A \exp(I),

    with the information I that the recordings give of the labels of others, see
    `held_out_information`, and the adjusted Rand index A of the labels by both halves.
    Its spread is the standard error by the jackknife over ten groups of recordings, nan
    of fewer than four.

    Gives a dict of lists "n_actions", "score" and "spread", and of "best", the number
    with the largest score, and "at_edge", whether that is the first or last of several.
    Warns if it is.
    """
    numbers = check_numbers(NUMBERS if numbers is None else numbers, videos)
    scores, spreads = _score_numbers(videos, numbers)
    best = int(np.argmax(scores))
    table = {
        "n_actions": numbers,
        "score": scores,
        "spread": spreads,
        "best": numbers[best],
        "at_edge": len(numbers) > 1 and best in (0, len(numbers) - 1),
    }
    if table["at_edge"]:
        warn_user(describe_choice(table))
    return table


def describe_choice(table):
    """Say which number was chosen of which others, and what to do at an edge.

    >>> table = {"n_actions": [1, 2, 3], "best": 2, "at_edge": False}
    >>> describe_choice(table)
    'The recordings bear out 2 actions best, of 1 to 3.'
    >>> describe_choice(table | {"best": 3, "at_edge": True})
    'The recordings bear out 3 actions best, at the edge of 1 to 3: more may be better,
    try choose_n_actions(..., numbers=range(1, 7)).'
    """
    first, last = table["n_actions"][0], table["n_actions"][-1]
    best = table["best"]
    actions = "action" if best == 1 else "actions"
    text = f"The recordings bear out {best} {actions} best, "
    if not table["at_edge"]:
        return f"{text}of {first} to {last}."
    text += f"at the edge of {first} to {last}: "
    if best == last:
        remedy = f"choose_n_actions(..., numbers=range({first}, {2 * last + 1}))"
        return f"{text}more may be better, try {remedy}."
    if best == 1:
        return f"{text}they agree on no more; give a number if you know better."
    return f"{text}fewer may be better, try numbers from 1."


def check_numbers(numbers, videos):
    """Numbers to compare, ascending, or an error; too large ones are left out.

    Of the recordings of each half, one has as many frames.
    """
    if isinstance(numbers, (str, bytes)) or not hasattr(numbers, "__iter__"):
        raise TypeError(f"numbers is {short_repr(numbers)}, expected several integers.")
    tried = set(numbers)
    for number in tried:
        is_number = isinstance(number, Integral) and not isinstance(number, bool)
        if not is_number or not 1 <= number <= MOST:
            raise ValueError(
                f"numbers has {short_repr(number)}, expected integers from 1 to {MOST}."
            )
    if len(videos) < 2:
        raise ValueError(
            'n_actions is "auto", which compares recordings, but X has one; expected '
            "two or more, or a number."
        )
    longest = min(videos.lengths[::2].max(), videos.lengths[1::2].max())
    kept = sorted(int(number) for number in tried if number <= longest)
    if not kept:
        raise ValueError(
            f"numbers is {short_repr(numbers)}, expected integers up to {longest}, the "
            "frames of the longest of every second recording."
        )
    return kept


def _score_numbers(videos, numbers):
    """Scores of numbers, and their spreads."""
    center, components, unit = principal_components(videos, N_COMPONENTS)
    frames = [embed(videos, i, center, components.T) for i in range(len(videos))]
    parts = frames, frames[::2], frames[1::2]
    blocks = videos.without_context().blocks
    everyone = np.arange(len(videos))
    groups = [everyone[k::N_GROUPS] for k in range(min(N_GROUPS, len(videos)))]
    scores, spreads = [], []
    for n_actions in numbers:
        labels = [_label(frames, part, n_actions, REG_COVAR * unit) for part in parts]
        scores.append(_score(blocks, labels, everyone, n_actions))
        without = []
        for group in groups if len(videos) > 3 else []:
            kept = np.setdiff1d(everyone, group)
            without.append(_score(blocks, labels, kept, n_actions))
        spreads.append(_jackknife(without))
    return scores, spreads


def _label(frames, part, n_actions, reg_covar):
    """Labels of the embedded frames of all, in any order, by a model of a part."""
    learned_from = [own for own in part if len(own) >= n_actions]
    start = start_from_equal_parts(learned_from, n_actions, reg_covar)
    model, _ = fit_hmm(
        learned_from, start, reg_covar=reg_covar, max_iter=MAX_ITER, tol=0.0
    )
    labels = []
    for i, own in enumerate(frames):
        scores = log_densities(own, model.means, model.covars, i)
        labels.append(decode(scores, "free", SWITCH_COST))
    return labels


def _score(blocks, labels, kept, n_actions):
    """Score by the labels of all, and of both halves, in some recordings."""
    own, first, second = [[labeling[i] for i in kept] for labeling in labels]
    information = held_out_information(lambda i: blocks(int(kept[i])), own, n_actions)
    agreement = adjusted_rand_score(np.concatenate(first), np.concatenate(second))
    return float(np.exp(information) * agreement)


def _jackknife(values):
    """Jackknife's standard error of a score, by what it is without each group."""
    if not values:
        return float("nan")
    return float(np.sqrt((len(values) - 1) * np.var(values)))
