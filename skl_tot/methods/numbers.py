"""Choice of the number of actions, without labels."""

from numbers import Integral

import numpy as np
from scipy.optimize import linear_sum_assignment

from skl_tot.decoding.chain import skip_chain
from skl_tot.decoding.decoders import decode
from skl_tot.decoding.gaussians import log_densities
from skl_tot.methods import discriminants, hmm_model
from skl_tot.metrics.label_free import held_out_information, video_information
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.labels import equal_parts
from skl_tot.recordings.signals import stretches, thinned
from skl_tot.training.components import MOST

AUTO = "auto"
# Default candidates. One action carries no information and scores 0.
NUMBERS = range(1, 17)
# Settings of the hidden Markov models, as in `HMMSegmenter`.
N_COMPONENTS, HMM_COVAR, HMM_ITER = 16, 1e-2, 30
# Settings of the discriminants, as in `MallowSegmenter`; and of both decoders.
COVAR, MAX_ITER, SWITCH_COST = 0.1, 7, 0.5
# Number of groups of recordings for the jackknife.
N_GROUPS = 10
# In free order: lengths of the alternating pieces of time, in moments, and the maximum
# number of frames.
PIECES, MOST_LOOKED_AT = np.array([1, 2, 4, 8]), 6000
N_STARTS = 3


def compare_numbers(videos, numbers=None, order=None):
    """Compare numbers of actions by the evidence in standardised recordings."""
    # The score is (F - 1 / K) exp(2 (I - J)). F is the F1 of the actions by models of
    # both halves of the recordings, about 1 / K by chance. I is the information about
    # labels that other recordings have, and J that of the recording alone. In free
    # order, the score is F - 1 / K, and halves are halves in time.
    is_free = order == "free" or len(videos) == 1
    videos = videos if is_free else thinned(videos).videos
    numbers = check_numbers(NUMBERS if numbers is None else numbers, videos)
    score = _score_clusters if is_free else _score_numbers
    scores, spreads = score(videos, numbers)
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
    """Describe the chosen number, and the remedy at an edge."""
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
    """Return the candidate numbers in ascending order, or raise an error."""
    if isinstance(numbers, (str, bytes)) or not np.iterable(numbers):
        refuse("numbers", numbers, "several integers", TypeError)
    tried = set()
    for number in numbers:
        is_number = isinstance(number, Integral) and not isinstance(number, bool)
        if not is_number or not 1 <= number <= MOST:
            refuse("an entry of numbers", number, f"an integer from 1 to {MOST}")
        tried.add(int(number))
    longest = min(videos.lengths[::2].max(), videos.lengths[1::2].max(initial=0))
    what = "the frames of the longest of every second recording"
    if len(videos) == 1:
        longest, what = max(1, int(videos.lengths[0]) // 4), "a quarter of the frames"
    kept = sorted(number for number in tried if number <= longest)
    if not kept:
        refuse("numbers", numbers, f"integers up to {longest}, {what}")
    if len(kept) < len(tried):
        warn_user(
            f"Numbers of actions above {longest} are not compared, {what}; more can be "
            "compared in longer recordings."
        )
    return kept


def _score_numbers(videos, numbers):
    blocks, everyone = videos.blocks, np.arange(len(videos))
    n_groups = min(N_GROUPS, len(videos)) if len(videos) > 3 else 0
    parts = [np.setdiff1d(everyone, everyone[k::N_GROUPS]) for k in range(n_groups)]
    label = labeller(videos)
    scores, spreads = [], []
    for n_actions in numbers:
        tried = label(n_actions)
        tried = [(_score(blocks, own, everyone, n_actions), own) for own in tried]
        score, labels = max(tried, key=lambda pair: pair[0])
        without = [_score(blocks, labels, kept, n_actions) for kept in parts]
        scores.append(score)
        spreads.append(_jackknife(without))
    return scores, spreads


def labeller(videos):
    """Return a function that labels all recordings with a number of actions."""
    everyone, models = np.arange(len(videos)), []
    for kind in (HiddenMarkovModels, Discriminants):
        parts = everyone, everyone[::2], everyone[1::2]
        models.append([kind(videos, indices) for indices in parts])

    def labels_by(model, n_actions):
        return [decode(own, "free", SWITCH_COST) for own in model.scores(n_actions)]

    return lambda k: [[labels_by(model, k) for model in own] for own in models]


class HiddenMarkovModels:
    """Left-to-right hidden Markov models of some recordings, which score all."""

    def __init__(self, videos, indices):
        center, components, unit = discriminants.principal_components(
            videos.select(indices), N_COMPONENTS
        )
        self.frames, self.indices = [], indices
        for i in range(len(videos)):
            self.frames.append(discriminants.embed(videos, i, center, components.T))
        self.reg_covar = HMM_COVAR * unit

    def scores(self, n_actions):
        """Scores of all recordings."""
        part = [self.frames[i] for i in self.indices]
        part = [own for own in part if len(own) >= n_actions]
        start = hmm_model.start_from_equal_parts(part, n_actions, self.reg_covar)
        options = {"reg_covar": self.reg_covar, "max_iter": HMM_ITER, "tol": 0.0}
        model, _ = hmm_model.fit_hmm(part, start, **options)
        for i, own in enumerate(self.frames):
            yield log_densities(own, model.means, model.covars, i)


class Discriminants:
    """Discriminants of some recordings, learned in one order, which score all."""

    def __init__(self, videos, indices):
        self.videos, self.part = videos, videos.select(indices)
        self.spread = discriminants.measure_spread(self.part, discriminants.SHRINKAGE)

    def scores(self, n_actions):
        """Scores of all recordings."""
        part, order = self.part, skip_chain(n_actions, 0.0)
        paths = [equal_parts(n, n_actions) for n in part.lengths]
        for _ in range(MAX_ITER):
            before = np.concatenate(paths)
            appearance, embedded = discriminants.fit_appearance(
                part, paths, n_actions, self.spread, COVAR
            )
            for i, frames in enumerate(embedded):
                paths[i] = order.viterbi(discriminants.log_joint(frames, appearance, i))
            if np.array_equal(np.concatenate(paths), before):
                break
        return discriminants.appearance_scores(self.videos, appearance)


def _score_clusters(videos, numbers):
    """Scores of numbers in any order, and their spreads."""
    frames, halves, groups = _halves_of_time(videos)
    scores, spreads = [], []
    for n_actions in numbers:
        if n_actions == 1:
            scores.append(0.0)
            spreads.append(0.0)
            continue
        labels = []
        for half in halves:
            labels.append([_labels_by(frames, half == k, n_actions) for k in (0, 1)])

        def score(kept, labels=labels, n_actions=n_actions):
            found = [matched_f1(a[kept], b[kept], n_actions) for a, b in labels]
            return float(np.mean(found)) - 1 / n_actions

        scores.append(score(slice(None)))
        spreads.append(_jackknife([score(groups != k) for k in np.unique(groups)]))
    return scores, spreads


def _halves_of_time(videos):
    """Frames along slow directions, with their half and group."""
    moment, frames, halves, groups = discriminants.find_moment(videos), [], [], []
    seen = stretches(videos).videos
    center, directions = discriminants.slow_directions(seen, moment, N_COMPONENTS)
    step = 1 + int(videos.lengths.sum()) // MOST_LOOKED_AT
    for i, length in enumerate(videos.lengths.tolist()):
        times = np.arange(0, length, step)
        shown = videos.read(i, slice(None, None, step))
        frames.append((shown - center) @ directions.T)
        sizes = np.minimum(moment * PIECES, max(1, length // N_GROUPS))
        halves.append((i + times // sizes[:, None]) % 2)
        own = np.full(len(times), i)
        if len(videos) < N_GROUPS:
            own = times * N_GROUPS // length
        groups.append(own % N_GROUPS)
    groups = np.concatenate(groups)
    return np.concatenate(frames), np.concatenate(halves, axis=1), groups


def _labels_by(frames, part, n_actions):
    options = {"n_init": N_STARTS, "random_state": 0}
    return hmm_model.cluster_frames(frames[part], n_actions, **options).predict(frames)


def _score(blocks, labels, kept, n_actions):
    """Score of the labels by all frames and by both halves, in some recordings."""
    own, first, second = [[labelling[i] for i in kept] for labelling in labels]
    agreement = matched_f1(np.concatenate(first), np.concatenate(second), n_actions)
    shared = held_out_information(lambda i: blocks(int(kept[i])), own, n_actions)
    information = shared - video_information(own, n_actions)
    return float((agreement - 1 / n_actions) * np.exp(2 * information))


def matched_f1(first, second, n_actions):
    """Mean F1 of the actions of two labellings, matched one to one."""
    table = np.zeros((n_actions, n_actions))
    np.add.at(table, (first, second), 1)
    sizes = table.sum(axis=1)[:, None] + table.sum(axis=0)
    rows, columns = linear_sum_assignment(-table)
    shared = table[rows, columns]
    return float((2 * shared / np.maximum(sizes[rows, columns], 1)).mean())


def _jackknife(values):
    """Return the jackknife standard error, from values without each group."""
    if not values:
        return float("nan")
    return float(np.sqrt((len(values) - 1) * np.var(values)))
