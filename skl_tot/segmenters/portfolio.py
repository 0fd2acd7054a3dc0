"""What `AutoSegmenter` chooses from: candidates, and numbers of actions."""

from numbers import Integral

import numpy as np
from sklearn.metrics import adjusted_rand_score

from skl_tot.inputs.errors import short_repr
from skl_tot.metrics.label_free import held_out_information
from skl_tot.segmenters.asal import ASALSegmenter
from skl_tot.segmenters.asot import ASOTSegmenter
from skl_tot.segmenters.hmm import HMMSegmenter
from skl_tot.segmenters.mallow import MallowSegmenter
from skl_tot.segmenters.members import FREE, quietly
from skl_tot.segmenters.temporal_ot import PAPER, TemporalOTSegmenter
from skl_tot.training.components import MOST


def default_candidates(**settings):
    """Make what does best on different data, as pairs (name, estimator).

    ``settings`` are "standardize", "context" and "device".
    """
    published = PAPER | settings
    two_parts = published | {"n_parts": 2}
    start = TemporalOTSegmenter(**two_parts)
    without_device = settings.copy()
    del without_device["device"]
    return [
        ("tot", TemporalOTSegmenter(**settings)),
        ("tot_two_parts", TemporalOTSegmenter(**two_parts | FREE)),
        ("tot_path", TemporalOTSegmenter(**published | {"prior": "path"})),
        ("asot", ASOTSegmenter(**settings)),
        ("asal", ASALSegmenter(segmenter=start, **settings)),
        ("mallow", MallowSegmenter(**without_device)),
        ("hmm", HMMSegmenter(**without_device)),
    ]


def are_named(candidates):
    """Whether candidates are a list of pairs of a name and something."""
    if not isinstance(candidates, list):
        return False
    for pair in candidates:
        is_pair = isinstance(pair, tuple) and len(pair) == 2
        if not is_pair or not isinstance(pair[0], str):
            return False
    return True


def check_candidates(candidates):
    """Refuse what is no list of pairs of a name and a segmenter."""
    if not candidates:
        raise ValueError("candidates is empty, expected a name and an estimator.")
    if not are_named(candidates):
        raise TypeError(
            f"candidates is {short_repr(candidates)}, expected a list of pairs of a "
            "name and an estimator."
        )


def possible_numbers(n_actions):
    """Numbers of actions that a fit may have, ascending."""
    if isinstance(n_actions, Integral):
        return [int(n_actions)]
    numbers = set(n_actions)
    for number in numbers:
        if not isinstance(number, Integral) or not 1 <= number <= MOST:
            raise ValueError(
                f"n_actions has {number!r}, expected integers from 1 to {MOST}."
            )
    if not numbers:
        raise ValueError("n_actions is empty, expected a number or several.")
    return sorted(map(int, numbers))


def choose_n_actions(videos, numbers, **settings):
    """Choose the number of actions that videos agree on and that tells most.

    Of each number, labels are made by `MallowSegmenter`. The exponential of the
    information that videos give of the labels of others, see `held_out_information`,
    is a number of actions told apart. It is multiplied by how far labels by every
    second video agree with labels by the others: the adjusted Rand index.

    Parameters
    ----------
    videos : StandardizedVideos
        Videos of the fit.
    numbers : list of int
        From `possible_numbers`.
    **settings
        "standardize" and "context" of `MallowSegmenter`.

    Returns
    -------
    n_actions : int
        The number.
    scores : dict of int to float, or None
        The product, for each number that both halves have a video long enough for.
        None if there is one number.
    """
    if len(numbers) == 1:
        return numbers[0], None
    if len(videos) < 2:
        raise ValueError(
            "X has one video, and to choose from several n_actions two are compared."
        )
    arrays = list(videos.arrays)
    parts = arrays, arrays[::2], arrays[1::2]
    longest = min(max(map(len, part)) for part in parts)
    scores, read_blocks = {}, videos.without_context().blocks
    for n_actions in numbers:
        if n_actions > longest:
            continue
        model = MallowSegmenter(n_actions, compute_labels=False, **FREE, **settings)
        with quietly():
            labels, first, second = [model.fit(part).predict(arrays) for part in parts]
        information = held_out_information(read_blocks, labels, n_actions)
        agreement = adjusted_rand_score(np.concatenate(first), np.concatenate(second))
        scores[n_actions] = float(np.exp(information) * agreement)
    if not scores:
        raise ValueError(
            f"n_actions is at least {numbers[0]}, but of every second video the "
            f"longest has {longest} frames."
        )
    return max(scores, key=scores.get), scores
