"""Choice of the number of actions, without labels."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from skl_tot.decoding.chain import skip_chain
from skl_tot.decoding.decoders import decode
from skl_tot.decoding.evidence import log_densities
from skl_tot.methods.gaussians import (
    appearance_scores,
    cluster_frames,
    embed,
    find_moment,
    fit_appearance,
    fit_hmm,
    log_joint,
    measure_spread,
    principal_components,
    slow_directions,
    start_from_equal_parts,
)
from skl_tot.metrics.label_free import held_out_information, video_information
from skl_tot.progress import each, watched
from skl_tot.recordings.errors import is_int, refuse, warn_user
from skl_tot.recordings.labels import equal_parts
from skl_tot.recordings.signals import stretches, thinned
from skl_tot.training.components import MOST

AUTO = "auto"
# Default candidates. One action carries no information and scores 0.
NUMBERS = range(1, 17)


def compare_numbers(videos, numbers=None, order=None):
    """Compare numbers of actions, as in ``numbers_``; warn if the best is at an end."""
    # a single recording has no others that could confirm an order
    is_free = order == "free" or len(videos) == 1
    videos = videos if is_free else thinned(videos).videos
    numbers = check_numbers(NUMBERS if numbers is None else numbers, videos)
    score_of = scorer_in_any_order(videos) if is_free else scorer_in_order(videos)
    scores = [score_of(n_actions) for n_actions in each(numbers)]
    best = int(np.argmax(scores))
    table = {
        "n_actions": numbers,
        "score": scores,
        "best": numbers[best],
        "at_edge": len(numbers) > 1 and best in (0, len(numbers) - 1),
    }
    if table["at_edge"]:
        warn_user(describe_choice(table))
    return table


def describe_choice(table):
    """Describe the chosen number, and whether it is at an edge."""
    first, last = table["n_actions"][0], table["n_actions"][-1]
    best = table["best"]
    actions = "action" if best == 1 else "actions"
    place = "at the edge of" if table["at_edge"] else "of"
    return f"The recordings bear out {best} {actions} best, {place} {first} to {last}."


def check_numbers(numbers, videos):
    """Return the candidate numbers in ascending order, or raise an error."""
    if isinstance(numbers, (str, bytes)) or not np.iterable(numbers):
        refuse("numbers", numbers, "several integers", TypeError)
    candidates = set()
    for number in numbers:
        if not (is_int(number) and 1 <= number <= MOST):
            refuse("an entry of numbers", number, f"an integer from 1 to {MOST}")
        candidates.add(int(number))
    longest = min(videos.lengths[::2].max(), videos.lengths[1::2].max(initial=0))
    what = "the frames of the longest of every second recording"
    if len(videos) == 1:
        longest, what = max(1, int(videos.lengths[0]) // 4), "a quarter of the frames"
    comparable = sorted(number for number in candidates if number <= longest)
    if not comparable:
        refuse("numbers", numbers, f"integers up to {longest}, {what}")
    if len(comparable) < len(candidates):
        warn_user(
            f"Numbers of actions above {longest} are not compared, {what}; more can be "
            "compared in longer recordings."
        )
    return comparable


def scorer_in_order(videos):
    """Make a function from a number of actions in one order to its score."""
    # The score is (F - 1 / K) exp(2 (I - J)). F is the F1 of the actions by models of
    # both halves of the recordings, about 1 / K by chance. I is the information about
    # labels that other recordings have, and J that of the recording alone.
    label = make_labeller(videos)

    def score_by(labellings, n_actions):
        paths, by_even, by_odd = labellings
        joined = np.concatenate(by_even), np.concatenate(by_odd)
        agreement = matched_f1(*joined, n_actions)
        information = held_out_information(videos.blocks, paths, n_actions)
        information -= video_information(paths, n_actions)
        return float((agreement - 1 / n_actions) * np.exp(2 * information))

    # the better of both models, as each alone is wrong on more sets
    return lambda n_actions: max(score_by(x, n_actions) for x in label(n_actions))


def make_labeller(videos):
    """Make a function from a number to labellings of all recordings."""
    # for each kind of model, three: of all recordings, the even and the odd ones
    everyone = np.arange(len(videos))
    models = [
        [kind(videos, taught) for taught in (everyone, everyone[::2], everyone[1::2])]
        for kind in (HiddenMarkovModels, Discriminants)
    ]

    def label_by(model, n_actions):
        """Paths of all recordings by a model of some."""
        # half a nat a frame of a mean action, as of `TemporalOTSegmenter`
        return [decode(scores, "free", 0.5) for scores in model.scores(n_actions)]

    return lambda n_actions: [
        [label_by(model, n_actions) for model in of_kind] for of_kind in models
    ]


class HiddenMarkovModels:
    """Left-to-right `HMMSegmenter` models of some recordings, which score all."""

    def __init__(self, videos, indices):
        center, components, mean_variance = principal_components(
            videos.select(indices), 16
        )
        self.frames, self.indices = [], indices
        for i in range(len(videos)):
            self.frames.append(embed(videos, i, center, components.T))
        self.reg_covar = 1e-2 * mean_variance

    def scores(self, n_actions):
        """Scores of all recordings."""
        taught = [self.frames[i] for i in self.indices]
        taught = [frames for frames in taught if len(frames) >= n_actions]
        start = start_from_equal_parts(taught, n_actions, self.reg_covar)
        settings = {"reg_covar": self.reg_covar, "max_iter": 30, "tol": 0.0}
        with watched(None):  # one of many short fits
            model, _ = fit_hmm(taught, start, **settings)
        for i, frames in enumerate(self.frames):
            yield log_densities(frames, model.means, model.covars, i)


class Discriminants:
    """Discriminants of some recordings, as in strict `MallowSegmenter`; score all."""

    def __init__(self, videos, indices):
        self.videos, self.taught = videos, videos.select(indices)
        self.spread = measure_spread(self.taught)

    def scores(self, n_actions):
        """Scores of all recordings."""
        taught, order = self.taught, skip_chain(n_actions, 0.0)
        paths = [equal_parts(n_frames, n_actions) for n_frames in taught.lengths]
        for _ in range(7):
            before = np.concatenate(paths)
            appearance, projected = fit_appearance(
                taught, paths, n_actions, self.spread
            )
            for i, frames in enumerate(projected):
                paths[i] = order.viterbi(log_joint(frames, appearance, i))
            if np.array_equal(np.concatenate(paths), before):
                break
        return appearance_scores(self.videos, appearance)


def scorer_in_any_order(videos):
    """Make a function from a number of actions to its score, F - 1 / K."""
    frames, halves = _halves_of_time(videos)

    def label_by(is_taught, n_actions):
        options = {"n_init": 3, "random_state": 0}
        kmeans = cluster_frames(frames[is_taught], n_actions, **options)
        return kmeans.predict(frames)

    def score(n_actions):
        if n_actions == 1:
            return 0.0
        pairs = [
            (label_by(x == 0, n_actions), label_by(x == 1, n_actions)) for x in halves
        ]
        f1 = [matched_f1(*pair, n_actions) for pair in pairs]
        return float(np.mean(f1)) - 1 / n_actions

    return score


def _halves_of_time(videos):
    """Frames along slow directions, and their halves (n_lengths, n_frames)."""
    # Halves are alternating pieces of 1, 2, 4 and 8 moments, as those of one length
    # might fit the rhythm of the actions.
    moment, frames, halves = find_moment(videos), [], []
    sample = stretches(videos).videos
    center, directions = slow_directions(sample, moment, 16)
    step = 1 + int(videos.lengths.sum()) // 6000  # for the time of K-means
    for i, length in enumerate(videos.lengths.tolist()):
        times = np.arange(0, length, step)
        frames.append((videos.read(i, slice(None, None, step)) - center) @ directions.T)
        # at least ten pieces
        sizes = np.minimum(moment * np.array([1, 2, 4, 8]), max(1, length // 10))
        halves.append((i + times // sizes[:, None]) % 2)
    return np.concatenate(frames), np.concatenate(halves, axis=1)


def matched_f1(first, second, n_actions):
    """Mean F1 of the actions of two labellings, matched one to one."""
    table = np.zeros((n_actions, n_actions))
    np.add.at(table, (first, second), 1)
    sizes = table.sum(axis=1)[:, None] + table.sum(axis=0)
    rows, columns = linear_sum_assignment(-table)
    shared = table[rows, columns]
    return float((2 * shared / np.maximum(sizes[rows, columns], 1)).mean())
