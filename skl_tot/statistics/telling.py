"""Which features tell an action from those that come before and after it."""

import re

import numpy as np

from skl_tot.recordings.labels import find_segments
from skl_tot.statistics.profiles import NO_ACTIONS, check_names, checked_videos

CHANCE = 0.5
LEAST = 0.55  # a score below is called nothing, however sure
CLEAR = 0.6  # a score from which on it is not, however few recordings there are
LEVEL = 0.05  # of the test against chance, shared by the actions
N_BINS = 20  # of the values of a feature
N_UNITS = 8  # parts of recordings at least, if there are bouts enough
FRAMES_OF_BOUT = 32  # evenly spaced, at first
MOST_VALUES = 2**22  # that are kept of all recordings
FEATURES_AT_ONCE = 32
MOST_NAMED = 8  # features of a sentence
SCORES = ["score", "before", "after"]
COLUMNS = ["action", "rank", "feature", *SCORES, "tells", "carries_nothing"]


def telling_features(videos, labels, *, feature_names=None):
    """Rank features by how well each tells an action from its neighbours in time.

    One feature alone, frame by frame, is asked whether a frame shows the action or the
    one that comes before or after it. Its values are cut into twenty parts of as many
    frames; in which of them the action is likelier is learned in one half of the
    recordings for the other half, or in one half of the bouts where a single recording
    shows the action. So it makes no difference on which scale a feature is, and one
    that only differs between recordings tells nothing.

    Parameters
    ----------
    videos : array-like of shape (n_frames, n_features), or sequence of such
        Features of one video or of many.
    labels : array-like of shape (n_frames,), or sequence of such
        Label of each frame, integers or text. -1 and "background" are no actions and
        are passed over: the neighbours are the actions before and after them.
    feature_names : sequence of str, default=None
        Names of the features. None takes those of the columns of data frames, or
        "feature 0", ….

    Returns
    -------
    table : DataFrame
        A row for each action and feature, the most telling features of an action first:
        ``action``, ``rank`` from 1, ``feature``; ``score``, the share of frames told
        right, 0.5 by chance, where the action and its neighbours weigh the same;
        ``before`` and ``after``, the same against one neighbour alone; ``tells``,
        whether the score is 0.55 or more, and above chance beyond its spread over
        recordings; and ``carries_nothing``, whether that is so for no action that has a
        score, and no score is 0.6 or more. Scores are NaN where the action comes once
        in all, or beside no other.

    Raises
    ------
    TypeError, ValueError
        If a video is no table of finite numbers, or labels or names do not fit.

    See Also
    --------
    action_profiles : What features are like during each action.

    Notes
    -----
    Of each bout at most 32 frames count, fewer where recordings are many, and of its
    neighbours the nearer halves. The test is Student's, one-sided, of the scores of the
    recordings of a half, or of their parts where fewer than eight show the action. Its
    level of 5 % is shared by the halves and all actions.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.statistics import telling_features
    >>> labels = [["reach"] * 9 + ["lift"] * 9 + ["reach"] * 9] * 6
    >>> noise = np.random.default_rng(0).normal(size=(6, 27, 2))
    >>> videos = [own + [[0, 5]] * (np.array(path) == "lift")[:, None]
    ...           for own, path in zip(noise, labels)]
    >>> table = telling_features(videos, labels, feature_names=["pulse", "height"])
    >>> print(table[["action", "rank", "feature", "tells"]].head(2).to_string())
      action  rank feature  tells
    0   lift     1  height   True
    1   lift     2   pulse  False
    """
    sample, names = TellingSample(), feature_names
    for frames, path, breaks, own_names in checked_videos(videos, labels):
        names = own_names if names is None else names
        sample.add(frames, path, breaks)
    return sample.table(names)


class TellingSample:
    """Frames of bouts for `telling_features`, to which videos are added."""

    def __init__(self):
        self.n_kept, self.n_runs, self.n_features = FRAMES_OF_BOUT, 0, 0
        self.frames = []  # (n_kept, n_features) of each bout
        self.bouts = []  # recording, run without breaks, and label of each

    def add(self, frames, path, breaks=None):
        """Add frames (n_frames, n_features) of a video, their labels and its breaks."""
        breaks = np.empty(0, dtype=int) if breaks is None else breaks
        self.n_features = frames.shape[1]
        n_videos = self.bouts[-1][0] + 1 if self.bouts else 0
        for label, start, end in zip(*find_segments(path, breaks)):
            if label not in NO_ACTIONS:
                run = self.n_runs + np.searchsorted(breaks, start, side="right")
                self.bouts.append((n_videos, run, label.item()))
                n_kept = min(self.n_kept, end - start)
                places = (np.arange(n_kept) + 0.5) * (end - start) / n_kept
                self.frames.append(frames[start + places.astype(int)])
        self.n_runs += len(breaks) + 1
        n_frames = sum(map(len, self.frames))
        while self.n_kept > 2 and n_frames * self.n_features > MOST_VALUES:
            self.n_kept //= 2
            self.frames = [own[:: 1 + (len(own) > 2)] for own in self.frames]
            n_frames = sum(map(len, self.frames))

    def table(self, feature_names=None):
        """Score all features for all actions, see `telling_features`."""
        import pandas as pd

        labels = [label for _, _, label in self.bouts]
        actions = sorted(set(labels))
        names = check_names(feature_names, self.n_features)
        scores, tables = [], [pd.DataFrame(columns=COLUMNS)]
        for action in actions:
            is_own = np.array([label == action for label in labels])
            scores.append(self._score(is_own, LEVEL / len(actions)))
        some = [found["tells"] | (found["score"] >= CLEAR) for found in scores]
        is_known = np.any([np.isfinite(found["score"]) for found in scores])
        own = {"feature": names, "carries_nothing": is_known & ~np.any(some, axis=0)}
        for action, found in zip(actions, scores):
            table = pd.DataFrame({"action": action} | own | found)
            table = table.sort_values("score", ascending=False, kind="stable")
            tables.append(table.assign(rank=np.arange(1, len(names) + 1)))
        return pd.concat(tables[bool(actions) :], ignore_index=True)[COLUMNS]

    def _score(self, is_own, level):
        """Scores, and whether they are above chance, of all features for one action."""
        videos, runs, _ = zip(*self.bouts)
        videos, runs = np.array(videos), np.array(runs)
        is_beside = (runs[1:] == runs[:-1]) & (is_own[1:] != is_own[:-1])
        has_before = is_own & np.append(False, is_beside)
        has_after = is_own & np.append(is_beside, False)
        own = np.flatnonzero(has_before | has_after)
        units, halves = _share_out(videos[own])
        n_features = self.n_features
        if len(np.unique(halves)) < 2:
            unknown = np.full(n_features, np.nan)
            return dict.fromkeys(SCORES, unknown) | {"tells": np.isfinite(unknown)}
        rows, places = [], []
        for unit, i in zip(units, own):
            sides = [self.frames[i], None, None]
            if has_before[i]:
                sides[1] = self.frames[i - 1][-max(len(self.frames[i - 1]) // 2, 1) :]
            if has_after[i]:
                sides[2] = self.frames[i + 1][: max(len(self.frames[i + 1]) // 2, 1)]
            for side, frames in enumerate(sides):
                if frames is not None:
                    rows.append(frames)
                    places += [3 * unit + side] * len(frames)
        rows, places, parts = np.concatenate(rows), np.array(places), []
        for first in range(0, n_features, FEATURES_AT_ONCE):
            block = rows[:, first : first + FEATURES_AT_ONCE]
            parts.append(_tell(_count(block, places, len(halves)), halves))
        told = np.concatenate(parts, axis=2)
        means = np.ma.masked_invalid(told).mean(axis=1).filled(np.nan)
        tells = _is_above_chance(told[0], halves, level) & (means[0] >= LEAST)
        return dict(zip(SCORES, means)) | {"tells": tells}


def _share_out(videos):
    """Share out the bouts of an action into units, and these into two halves.

    Units are the recordings of the bouts, or parts of them where these are few. Every
    second recording is of a half; of a single one its first part and its last.

    >>> _share_out(np.array([3, 3, 3, 3]))
    (array([0, 1, 2, 3]), array([0, 0, 1, 1]))
    """
    known, numbers, counts = np.unique(videos, return_inverse=True, return_counts=True)
    n_parts = -(-N_UNITS // max(len(known), 1))
    order = np.concatenate([[], *map(np.arange, counts)])  # bouts are in order of time
    parts = numbers * n_parts + (order * n_parts // counts[numbers]).astype(int)
    found, units = np.unique(parts, return_inverse=True)
    if len(known) == 1:
        return units, 2 * np.arange(len(found)) // len(found)
    return units, found // n_parts % 2


def _count(frames, places, n_units):
    """Frames (n_units, 3, n_features, N_BINS) by value: own, before and after."""
    shares = np.arange(1, N_BINS) / N_BINS
    edges = np.quantile(frames, shares, axis=0, method="lower")
    bins = sum((frames > edge).astype(int) for edge in edges)
    n_features = frames.shape[1]
    cells = (places[:, None] * n_features + np.arange(n_features)) * N_BINS + bins
    shape = (n_units, 3, n_features, N_BINS)
    return np.bincount(cells.ravel(), minlength=np.prod(shape)).reshape(shape)


def _tell(counts, halves):
    """Shares told right (3, n_units, n_features): of all, against before and after."""
    others = np.array([counts[halves != half].sum(axis=0) for half in (0, 1)])[halves]
    own, beside = others[:, 0], others[:, 1] + others[:, 2]
    n_own, n_beside = own.sum(axis=-1), beside.sum(axis=-1)
    margin = own * n_beside[..., None] - beside * n_own[..., None]
    is_own = (1 + np.sign(margin)) / 2  # half of them where neither is likelier
    sides = [counts[:, 1] + counts[:, 2], counts[:, 1], counts[:, 2]]
    right = _share(counts[:, 0], is_own)
    return np.array([(right + _share(side, 1 - is_own)) / 2 for side in sides])


def _share(counts, is_right):
    """Share of frames that is right, NaN of none."""
    with np.errstate(invalid="ignore"):
        return (counts * is_right).sum(axis=-1) / counts.sum(axis=-1)


def _is_above_chance(scores, halves, level):
    """Whether the mean of either half is above chance beyond its spread over units.

    Units of a half are independent, as what they are judged by is of the other one.
    """
    from scipy import stats

    is_above = np.zeros(scores.shape[1], dtype=bool)
    for half in (0, 1):
        own = scores[halves == half]
        if len(own) > 1:
            error = own.std(axis=0, ddof=1) / np.sqrt(len(own))
            bound = stats.t.isf(level / 2, len(own) - 1) * error
            is_above |= own.mean(axis=0) > CHANCE + bound
    return is_above


def describe_useless(table):
    """Say which features carry nothing, and for how many actions that is not known.

    ``table`` is that of `telling_features`.
    """
    known = table["score"].notna().groupby(table["action"]).any()
    n_unknown = len(known) - known.sum()
    if n_unknown == len(known):
        return "Segments are too few to say which signals tell an action."
    found = _describe_useless(table)
    if n_unknown:
        actions = "1 action" if n_unknown == 1 else f"{n_unknown} actions"
        found += f" Of {actions} there is too little to say."
    return found


def _describe_useless(table):
    """Say it of the actions that have scores."""
    features = table["feature"].unique()
    names = table.loc[table["carries_nothing"], "feature"].unique().tolist()
    if not names:
        return "Each signal tells some action from those beside it."
    if len(names) == len(features):
        return "No signal alone tells any action from those beside it."
    parts = {name: re.split(r"(\d+)", name) for name in names}  # numbers by value
    names.sort(key=lambda name: [int(x) if x.isdecimal() else x for x in parts[name]])
    shown = ", ".join(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        shown += f" and {len(names) - MOST_NAMED} more"
    tell = "tells" if len(names) == 1 else "tell"
    first = f"{len(names)} of {len(features)} signals {tell} no action"
    return f"{first} from those beside it: {shown}."
