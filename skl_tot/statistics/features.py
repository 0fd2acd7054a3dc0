"""Features during each action, and those that tell it from its neighbours in time."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skl_tot.recordings.errors import errors_of_recording, import_extra, listed, refuse
from skl_tot.recordings.files import natural_key
from skl_tot.recordings.labels import (
    NO_ACTIONS,
    arrange,
    as_reals,
    find_segments,
    split_label_sequences,
)
from skl_tot.recordings.layouts import as_recordings

if TYPE_CHECKING:  # it is of an extra
    import pandas as pd

CLEAR = 0.6  # score above which a feature is not useless, with few recordings too
N_BINS = 20  # of the values of a feature


class Profiles(NamedTuple):
    """Features during each action in standard deviations, see `action_profiles`."""

    actions: list
    features: list
    means: np.ndarray


def action_profiles(videos, labels, *, feature_names=None) -> Profiles:
    """Describe the features during each action.

    Parameters
    ----------
    videos : array-like of shape (n_frames, n_features), or sequence of these
        Features of one recording or of many.
    labels : array-like of shape (n_frames,), or sequence of these
        Label of each frame, integers or text. -1 and "background" are no actions; their
        frames count only in the mean and standard deviation of all frames.
    feature_names : sequence of str, default=None
        Names of the features. None takes those of data frames, or "feature 0", ….

    Returns
    -------
    profiles : Profiles
        A named tuple of ``actions`` and ``features``, in order; ``means`` (n_actions,
        n_features), from the mean of all frames, in their standard deviations, 0 for a
        constant.

    Examples
    --------
    >>> from skl_tot.statistics import action_profiles
    >>> video = [[0.0, 5.0], [0.0, 5.0], [2.0, 5.0], [2.0, 5.0]]
    >>> action_profiles(video, [0, 0, 1, 1]).means.tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    sums = ProfileSums()
    for frames, path, _, names in checked_videos(videos, labels):
        feature_names = names if feature_names is None else feature_names
        sums.add(frames, path)
    return sums.profiles(feature_names)


def checked_videos(videos, labels):
    """Iterate over checked frames, labels, breaks and feature names of recordings."""
    try:
        videos = as_recordings(videos)
    except (TypeError, ValueError) as error:
        raise type(error)(f"videos: {error}") from None
    labels = arrange(labels, videos, "labels")
    paths, _ = split_label_sequences(labels, "labels")
    if len(paths) != len(videos):
        said = f"labels has {len(paths)} sequences, expected {len(videos)}"
        raise ValueError(f"{said}, one for each recording.")
    n_features = None
    for i, (video, path) in enumerate(zip(videos.arrays, paths)):
        with errors_of_recording(i):
            frames = _check_video(video, len(path), n_features)
        n_features = frames.shape[1]
        yield frames, path, videos.breaks_of(i), _column_names(video)


def _check_video(video, n_labels, n_features):
    """Return frames (n_frames, n_features) of numbers; refuse others."""
    frames = as_reals(video, "videos")
    if frames.ndim != 2 or 0 in frames.shape:
        refuse("the shape of features", frames.shape, "(frames, features)")
    if len(frames) != n_labels:
        refuse("the number of labels", n_labels, f"{len(frames)}, as in videos")
    if not np.isfinite(frames).all():
        raise ValueError("features are not finite; fill gaps, or leave them out.")
    if n_features not in (None, frames.shape[1]):
        expected = f"{n_features}, as in recording 0"
        refuse("the number of features", frames.shape[1], expected)
    return frames


def _column_names(video):
    """List the names of columns if all are text, else None."""
    columns = getattr(video, "columns", [0])
    return list(columns) if all(isinstance(x, str) for x in columns) else None


class ProfileSums:
    """Sums for `Profiles`, to which recordings are added one after the other."""

    def __init__(self):
        self.n_frames, self.n_features = 0, None
        self.sum, self.squares = 0, 0
        self.actions = {}  # number of frames and their sum by label

    def add(self, frames, path):
        """Add the frames (n_frames, n_features) of a recording, and their labels."""
        if self.n_frames == 0:
            self.origin, self.n_features = frames[0], frames.shape[1]
        self.n_frames += len(frames)
        with np.errstate(over="ignore", invalid="ignore"):  # checked at the end
            frames = frames - self.origin  # keeps the precision of squares
            self.sum = self.sum + frames.sum(axis=0)
            self.squares = self.squares + (frames**2).sum(axis=0)
            for label, start, end in zip(*find_segments(path)):
                if label not in NO_ACTIONS:
                    sums = self.actions.setdefault(label.item(), [0, 0])
                    sums[0] += end - start
                    sums[1] = sums[1] + frames[start:end].sum(axis=0)

    def profiles(self, feature_names=None):
        """Divide the sums."""
        if not self.actions:
            raise ValueError("labels has only background, expected frames of actions.")
        mean = self.sum / self.n_frames
        with np.errstate(over="ignore", invalid="ignore"):
            spread = np.sqrt(np.maximum(self.squares / self.n_frames - mean**2, 0))
        if not np.isfinite(spread).all():
            raise ValueError("videos has values whose squares are too large.")
        # relative variation below which a feature is constant
        varies = spread > 10 * np.finfo(float).eps * np.abs(self.origin)
        factors = np.where(varies, 1 / np.where(varies, spread, 1), 0)
        labels = sorted(self.actions)
        columns = zip(*(self.actions[label] for label in labels))
        n_frames, sums = map(np.array, columns)
        return Profiles(
            labels,
            check_feature_names(feature_names, self.n_features),
            (sums / n_frames[:, None] - mean) * factors,
        )


def check_feature_names(names, n_features):
    """Return the names of all features as a list."""
    if names is None:
        return [f"feature {i}" for i in range(n_features)]
    if isinstance(names, (str, bytes)) or not hasattr(names, "__len__"):
        refuse("feature_names", names, "a list of names", TypeError)
    if len(names) != n_features:
        said = f"feature_names has {len(names)} names, expected {n_features}"
        raise ValueError(f"{said}, one for each feature.")
    return [str(name) for name in names]


def telling_features(videos, labels, *, feature_names=None) -> "pd.DataFrame":
    """Rank features by how well each tells an action from its neighbours in time.

    A classifier of one feature and single frames decides between an action and the one
    before or after it. The values of the feature are cut into twenty bins with equal
    numbers of frames. One half of the recordings learns in which bins the action is
    likelier, for the other half; a single recording is halved by bouts.

    Parameters
    ----------
    videos : array-like of shape (n_frames, n_features), or sequence of these
        Features of one recording or of many.
    labels : array-like of shape (n_frames,), or sequence of these
        Label of each frame, integers or text. -1 and "background" are skipped.
    feature_names : sequence of str, default=None
        Names of the features. None takes those of data frames, or "feature 0", ….

    Returns
    -------
    table : DataFrame
        A row for each action and feature, the most telling features of an action first:
        ``action``, ``rank`` from 1, ``feature``; ``score``, the share of correctly
        classified frames, 0.5 by chance, with equal weights of the action and its
        neighbours; ``tells``, whether the score is at least 0.55 and above chance; and
        ``carries_nothing``, whether the feature tells no action and no score is at
        least 0.6. Scores are NaN for actions that occur once, or have no neighbours.

    Notes
    -----
    At most 32 frames of each bout are used, and the nearer halves of its neighbours.
    The test is Student's, one-sided, of the scores of the recordings of a half, or of
    their parts if fewer than eight show the action. The halves and all actions share
    its level of 5 %.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.statistics import telling_features
    >>> labels = [["reach"] * 9 + ["lift"] * 9 + ["reach"] * 9] * 6
    >>> videos = np.random.default_rng(0).normal(size=(6, 27, 2))
    >>> videos[:, 9:18, 1] += 5
    >>> table = telling_features(list(videos), labels)
    >>> table["feature"][0], table["tells"].tolist()
    ('feature 1', [True, False, True, False])
    """
    sample, names = TellingSample(), feature_names
    for frames, path, breaks, column_names in checked_videos(videos, labels):
        names = column_names if names is None else names
        sample.add(frames, path, breaks)
    return sample.table(names)


class TellingSample:
    """Frames of bouts for `telling_features`, from recordings that are added."""

    def __init__(self):
        self.n_kept = 32  # frames of a bout, evenly spaced, at first
        self.n_runs, self.n_features, self.n_frames = 0, 0, 0
        self.frames = []  # (n_kept, n_features) of each bout
        self.bouts = []  # recording, run without breaks, and label of each

    def add(self, frames, path, breaks):
        """Add frames (n_frames, n_features) of a recording, labels and breaks."""
        self.n_features = frames.shape[1]
        n_videos = self.bouts[-1][0] + 1 if self.bouts else 0
        for label, start, end in zip(*find_segments(path, breaks)):
            if label not in NO_ACTIONS:
                run = self.n_runs + np.searchsorted(breaks, start, side="right")
                self.bouts.append((n_videos, run, label.item()))
                n_kept = min(self.n_kept, end - start)
                middles = (np.arange(n_kept) + 0.5) * (end - start) / n_kept
                self.frames.append(frames[start + middles.astype(int)])
                self.n_frames += n_kept
        self.n_runs += len(breaks) + 1
        # at most 32 MiB of all recordings: every other frame of all bouts leaves
        while self.n_kept > 2 and self.n_frames * self.n_features > 2**22:
            self.n_kept //= 2
            self.frames = [kept[:: 1 + (len(kept) > 2)] for kept in self.frames]
            self.n_frames = sum(map(len, self.frames))

    def table(self, feature_names=None):
        """Table of `telling_features`."""
        pd = import_extra("pandas")
        labels = [label for _, _, label in self.bouts]
        actions = sorted(set(labels))
        names = check_feature_names(feature_names, self.n_features)
        columns = ["action", "rank", "feature", "score", "tells", "carries_nothing"]
        if not actions:
            return pd.DataFrame(columns=columns)
        scores_of = {}
        for action in actions:
            is_action = np.array([label == action for label in labels])
            # all actions share the level of the test against chance
            scores_of[action] = self._score_features(is_action, 0.05 / len(actions))
        all_scores = np.array([scores["score"] for scores in scores_of.values()])
        all_tells = np.array([scores["tells"] for scores in scores_of.values()])
        is_useful = all_tells | (all_scores >= CLEAR)
        is_known = np.isfinite(all_scores).any()
        carries_nothing = is_known & ~np.any(is_useful, axis=0)
        tables = []
        for action, scores in scores_of.items():
            table = pd.DataFrame({"action": action, "feature": names, **scores})
            table["carries_nothing"] = carries_nothing
            table = table.sort_values("score", ascending=False, kind="stable")
            tables.append(table.assign(rank=np.arange(1, len(names) + 1)))
        return pd.concat(tables, ignore_index=True)[columns]

    def _score_features(self, is_action, level):
        """Scores, and whether they are above chance, of all features for one action."""
        videos, runs, _ = zip(*self.bouts)
        videos, runs = np.array(videos), np.array(runs)
        is_beside = (runs[1:] == runs[:-1]) & (is_action[1:] != is_action[:-1])
        has_before = is_action & np.append(False, is_beside)
        has_after = is_action & np.append(is_beside, False)
        bouts = np.flatnonzero(has_before | has_after)
        units, halves = _find_units(videos[bouts])
        if len(np.unique(halves)) < 2:
            unknown = np.full(self.n_features, np.nan)
            return {"score": unknown, "tells": np.isfinite(unknown)}
        frames, sides = [], []  # side: 0 of the bout, 1 of its neighbours, by unit
        for unit, i in zip(units, bouts):
            rows_with_sides = [(self.frames[i], 0)]
            if has_before[i]:
                before = self.frames[i - 1]
                rows_with_sides.append((before[-max(len(before) // 2, 1) :], 1))
            if has_after[i]:
                after = self.frames[i + 1]
                rows_with_sides.append((after[: max(len(after) // 2, 1)], 1))
            for rows, side in rows_with_sides:
                frames.append(rows)
                sides += [2 * unit + side] * len(rows)
        frames, sides = np.concatenate(frames), np.array(sides)
        shares = []
        for first in range(0, self.n_features, 32):  # at once, which bounds the memory
            counts = _count_bins(frames[:, first : first + 32], sides, len(halves))
            shares.append(_shares_right(counts, halves))
        shares = np.concatenate(shares, axis=1)
        score = shares.mean(axis=0)
        # less than 0.55 tells too little, however certain
        tells = _is_above_chance(shares, halves, level) & (score >= 0.55)
        return {"score": score, "tells": tells}


def _find_units(videos):
    """Find units of bouts, recordings or parts of these, and the half of each."""
    _, numbers, counts = np.unique(videos, return_inverse=True, return_counts=True)
    # at least eight units, if there are enough bouts
    n_parts = -(-8 // max(len(counts), 1))
    order = np.concatenate([[], *map(np.arange, counts)])  # bouts are in order of time
    parts = numbers * n_parts + (order * n_parts // counts[numbers]).astype(int)
    parts_shown, units = np.unique(parts, return_inverse=True)
    if len(counts) == 1:
        return units, 2 * np.arange(len(parts_shown)) // len(parts_shown)
    return units, parts_shown // n_parts % 2


def _count_bins(frames, sides, n_units):
    """Count frames (n_units, 2, n_features, N_BINS) of bouts, and beside them."""
    edges = np.quantile(frames, np.arange(1, N_BINS) / N_BINS, axis=0, method="lower")
    bins = sum((frames > edge).astype(int) for edge in edges)
    n_features = frames.shape[1]
    cells = (sides[:, None] * n_features + np.arange(n_features)) * N_BINS + bins
    shape = (n_units, 2, n_features, N_BINS)
    return np.bincount(cells.ravel(), minlength=np.prod(shape)).reshape(shape)


def _shares_right(counts, halves):
    """Shares (n_units, n_features) of correct frames, of the action and beside it."""
    # The bins of a unit belong to the action if they do so in the other half.
    learnt = np.array([counts[halves != half].sum(axis=0) for half in (0, 1)])[halves]
    inside, beside = learnt[:, 0], learnt[:, 1]
    n_inside, n_beside = inside.sum(axis=-1), beside.sum(axis=-1)
    margin = inside * n_beside[..., None] - beside * n_inside[..., None]
    is_inside = (1 + np.sign(margin)) / 2  # 1/2 for a tie
    is_right = np.stack([is_inside, 1 - is_inside], axis=1)
    return ((counts * is_right).sum(axis=-1) / counts.sum(axis=-1)).mean(axis=1)


def _is_above_chance(scores, halves, level):
    """Whether the mean of either half is above chance, beyond its spread over units."""
    from scipy import stats

    is_above = np.zeros(scores.shape[1], dtype=bool)
    for half in (0, 1):
        scores_of_half = scores[halves == half]  # independent: the other half learns
        n_units = len(scores_of_half)
        if n_units > 1:
            error = scores_of_half.std(axis=0, ddof=1) / np.sqrt(n_units)
            bound = stats.t.isf(level / 2, n_units - 1) * error
            is_above |= scores_of_half.mean(axis=0) > 0.5 + bound
    return is_above


def describe_useless(table):
    """Describe features that carry nothing, and the actions without scores."""
    is_known = table["score"].notna().groupby(table["action"]).any()
    n_unknown = len(is_known) - is_known.sum()
    if n_unknown == len(is_known):
        return "There are too few segments to find signals that separate an action."
    n_features = table["feature"].nunique()
    names = table.loc[table["carries_nothing"], "feature"].unique().tolist()
    verb = "separates" if len(names) == 1 else "separate"
    text = f"{len(names)} of {n_features} signals {verb} no action from its neighbours"
    text += f": {listed(sorted(names, key=natural_key), 8)}."
    if not names:
        text = "Each signal separates some action from its neighbours."
    if len(names) == n_features:
        text = "No signal alone separates an action from its neighbours."
    if n_unknown:
        actions = f"{n_unknown} of {len(is_known)} actions"
        text += f" There are too few segments of {actions}."
    return text
