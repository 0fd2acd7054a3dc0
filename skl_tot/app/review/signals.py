"""Signals of a recording at screen resolution, and the most telling ones."""

from functools import lru_cache

import numpy as np

from skl_tot.statistics import TellingSample, check_names

N_SHOWN = 6  # chosen features
MOST_RANKED = 64  # features; beyond, only their spread is compared
MOST_FRAMES = 20_000  # of a recording, to choose features
MOST_KEPT = 4  # cached choices of features
TINY = 1e-12


class Signals:
    """Features of recordings; a recording is read on demand.

    Parameters
    ----------
    recordings : Recordings
        Features of each recording.
    names : sequence of str, default=None
        Names of the features; None means "feature 0", ….
    """

    def __init__(self, recordings, names=None):
        arrays = [array_of(own) for own in recordings.arrays]
        self.recordings = recordings.replace(arrays)
        self.names = check_names(names, recordings.n_features)
        self._chosen, self._read = {}, lru_cache(MOST_KEPT)(self._read_columns)

    def choose(self, i, path, breaks):
        """Names of the most telling features for the actions of a recording.

        ``path`` has the codes of its frames; a sample is used. If actions are too rare,
        the features of largest variance are chosen.
        """
        if i not in self._chosen:
            step = len(path) // MOST_FRAMES + 1
            frames = self.recordings.read(i, slice(None, None, step))
            scores = frames.std(axis=0, dtype=float)
            if len(scores) <= MOST_RANKED and np.isfinite(scores).all():
                sample = TellingSample()
                sample.add(frames, path[::step], np.unique(-(breaks // -step)))
                best = sample.table().groupby("feature")["score"].max().fillna(0)
                own = best.reindex(check_names(None, len(scores)), fill_value=0)
                scores = own.to_numpy() + TINY * scores / max(scores.max(), TINY)
            order = np.argsort(-np.nan_to_num(scores, nan=-1), kind="stable")
            self._chosen[i] = [self.names[k] for k in order[:N_SHOWN]]
        return self._chosen[i]

    def bins(self, i, names, starts, ends):
        """Least and largest values of standardised features in bins of frames.

        A bin has the frames from one of ``starts`` to before one of ``ends``; bins
        without values are NaN.
        """
        edges = np.column_stack([starts, np.maximum(starts, ends)]).ravel()
        found = []
        for values in self._read(i, tuple(map(self.names.index, names))):
            low = np.fmin.reduceat(values, edges)[::2]
            high = np.fmax.reduceat(values, edges)[::2]
            low[starts >= ends] = high[starts >= ends] = np.nan
            found.append((low, high))
        return found

    def _read_columns(self, i, columns):
        """Read standardised columns of a recording, each with NaN at its end."""
        parts = [frames[:, columns] for frames in self.recordings.blocks(i)]
        found = []
        for values in np.concatenate(parts).T:
            is_known = np.isfinite(values)
            own = values[is_known] if is_known.any() else np.zeros(1)
            found.append(np.append((values - own.mean()) / (own.std() or 1), np.nan))
        return found


def array_of(frames):
    """Convert frames, such as data frames and lists, to an array."""
    return frames if hasattr(type(frames), "itemsize") else np.asarray(frames)
