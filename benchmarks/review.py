"""Work and result of a review, with a simulated person who knows the truth.

    python benchmarks/review.py --data FOLDER --seeds 3 --draws 3

Each set in FOLDER has the field's layout. A segmenter is fitted once for each set and
seed. Recordings are checked in the order of the review page, or a random one. In each
recording, actions without names get those of most of their frames. Then the person
corrects the segments, and after 2, 5 and 10 recordings (at most half of a set) teaches
the model, by `refine`. A row has means over sets, and their deviation over seeds and
draws:

- *edits* so far, see `count_edits`, and *of the last*, per recording, the mean since
  the last learning;
- *MoF*, *F1* of unchecked recordings by the taught model, in percent, in the labels'
  own words: the share of correct frames, and the F1 of segments;
- *frames*, *segments*: the accuracy on the page before and after learning: percent of
  the runs with the truth in the interval of 90 %, and the mean width of the intervals,
  in points.

`--fits FOLDER` keeps fitted models there, and finds them again.
"""

import warnings
from collections import defaultdict
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
from _sets import SEVEN, load
from _study import markdown, options_of_sets
from threadpoolctl import threadpool_limits

from skl_tot.app.review.accuracy import Check, compare, estimate
from skl_tot.corrections import refine
from skl_tot.corrections.questions import describe_signals, order_with_gains
from skl_tot.recordings.labels import find_segments

STOPS = (2, 5, 10)
NEAR = 1  # tolerated error of a boundary, in frames


def segments(labels):
    """Segments of labels (n_frames,), in the form of the review."""
    codes, starts, _ = find_segments(labels)
    return SimpleNamespace(starts=np.asarray(starts), codes=np.asarray(codes))


def count_edits(predicted, left):
    """Least number of edits that turn predicted segments into corrected ones.

    An edit drags a boundary, cuts a segment in two, or gives a segment another action,
    which joins it to an equal neighbour. Each predicted segment becomes a part of a
    corrected one, or is cut into several.

    >>> one, three = segments(np.zeros(9)), segments(np.repeat([0, 1, 0], 3))
    >>> count_edits(one, three), count_edits(three, one)
    (3, 1)
    >>> count_edits(three, segments(np.repeat([0, 1, 0], [6, 2, 1])))
    (2, 1)
    """
    differs = predicted.codes[:, None] != left.codes
    is_far = np.abs(predicted.starts[:, None] - left.starts) > NEAR
    least = np.full((len(differs) + 1, differs.shape[1] + 1), np.inf)
    least[0, 0] = 0
    for i, j in np.ndindex(differs.shape):
        before = least[i, j] + is_far[i, j], least[i, j + 1], least[i + 1, j] + 1
        least[i + 1, j + 1] = min(before) + differs[i, j]
    return int(least[-1, -1])


class Person:
    """A person who knows the true labels, and reviews a model's labels."""

    def __init__(self, model, videos, truth):
        self.model, self.videos, self.truth = model, videos, truth
        self.words = set(np.concatenate(truth).tolist())
        self.checked, self.checks, self.n_learned = [], [], 0
        self.edits, self.signals = [], describe_signals(videos)
        self.read(model)

    def read(self, model):
        """Read a model's labels of all recordings."""
        actions = [str(action) for action in model.actions_.tolist()]
        self.names = dict(zip(actions, actions))
        self.paths = []
        for reading in model.readings(self.videos):
            self.paths.append(np.array([*actions, "background"])[reading.path])

    def words_of(self, i):
        """Names shown for a recording (n_frames,)."""
        if i in self.checked:
            return self.truth[i]
        return np.array([self.names.get(word, word) for word in self.paths[i]])

    def counts(self):
        """Frames of each action in each recording, as shown."""
        shown = list(map(self.words_of, range(len(self.truth))))
        words = np.unique(np.concatenate(shown))
        return [
            np.bincount(np.searchsorted(words, x), minlength=len(words)) for x in shown
        ]

    def name_actions(self, i):
        """Name the unnamed actions of a recording, an edit each."""
        n = 0
        for action in np.unique(self.paths[i]):
            if self.names.get(action) == action and action not in self.words:
                own = self.truth[i][self.paths[i] == action]
                words, counts = np.unique(own, return_counts=True)
                if 2 * counts.max() >= len(own):
                    self.names[action], n = words[counts.argmax()], n + 1
        return n

    def compare(self, i):
        """Check of a recording."""
        predicted, left = segments(self.words_of(i)), segments(self.truth[i])
        return compare(predicted, left, len(self.truth[i]), self.n_learned)

    def check(self, i):
        """Correct a recording."""
        n = self.name_actions(i)
        predicted, left = segments(self.words_of(i)), segments(self.truth[i])
        self.edits.append(n + count_edits(predicted, left))
        self.checks.append(self.compare(i))
        self.checked.append(i)

    def teach(self):
        """Teach the model all that is checked."""
        known = [y if i in self.checked else None for i, y in enumerate(self.truth)]
        self.n_learned = len(self.checked)
        self.read(refine(self.model, self.videos, known))

    @property
    def rest(self):
        """Recordings that are not checked."""
        return [i for i in range(len(self.truth)) if i not in self.checked]

    def figures(self, stage):
        """Whether intervals of the accuracy contain the truth, and their widths."""
        totals = Check(*np.sum([self.compare(i) for i in self.rest], axis=0))
        found, cells = estimate(self.checks, len(self.rest), self.n_learned), {}
        for what in ("frames", "segments"):
            own = found[what]
            share = getattr(totals, f"n_right_{what}") / getattr(totals, f"n_{what}")
            cells[what, stage, "has it"] = own["low"] <= share <= own["high"]
            cells[what, stage, "width"] = own["high"] - own["low"]
        n_true = sum(len(segments(self.truth[i]).starts) for i in self.rest)
        cells["MoF"] = totals.n_right_frames / totals.n_frames
        cells["F1"] = 2 * totals.n_right_segments / (totals.n_segments + n_true)
        return cells


def play(model, videos, truth, order):
    """Cells of each stop of one review; ``order(person, n)`` lists the next ones."""
    person, stops = Person(model, videos, truth), {}
    for stop in STOPS:
        n = min(stop, len(truth) // 2) - len(person.checked)
        for i in order(person, n):
            person.check(i)
        since = person.edits[person.n_learned :]
        if since:
            cells = {"edits": sum(person.edits), "edits of the last": np.mean(since)}
            cells |= person.figures("before")
            person.teach()
            cells |= person.figures("after")
        stops[stop] = cells
    return stops


def suggested(person, n):
    """The order of the page."""
    known = person.counts(), person.signals, person.checked, n
    return [i for i, _ in order_with_gains(*known)]


def at_random(number):
    rng = np.random.default_rng(number)
    return lambda person, n: rng.permutation(person.rest)[:n]


def fitted(row, name, videos, n_actions, seed, folder):
    """Fitted model, from a folder if it is there."""
    path = folder and folder / f"{row.text}-{name}-{seed}.joblib"
    if path and path.is_file():
        return joblib.load(path)
    model = row.model(n_actions, seed).fit(videos)
    if path:
        folder.mkdir(exist_ok=True)
        joblib.dump(model, path)
    return model


def study(folder, arguments):
    """Runs of one set: by order and stop, cells of each seed and draw."""
    videos, truth, n_actions = load(str(folder))
    videos = [np.asarray(x, np.float64) for x in videos]
    truth = [np.asarray(y).astype(str) for y in truth]
    runs = defaultdict(list)
    for seed in range(arguments.seeds):
        own = arguments.method, folder.name, videos, n_actions, seed, arguments.fits
        model, orders = fitted(*own), [("suggested", suggested)]
        for draw in range(arguments.draws):
            orders.append(("random", at_random(1000 * seed + draw)))
        for name, order in orders:
            for stop, cells in play(model, videos, truth, order).items():
                runs[name, stop].append(cells)
    return runs


def table(results):
    """Rows of means over sets, and deviations over the runs."""
    rows = [["checked", "order", "edits", "of the last", "MoF", "F1"]]
    rows[0] += ["frames", "segments"]
    for stop, order in product(STOPS, ("suggested", "random")):
        tables = [runs[order, stop] for runs in results.values()]

        def values(key, tables=tables):
            return np.array([[run[key] for run in runs] for runs in tables])

        row = [str(stop), order]
        for key in ("edits", "edits of the last", "MoF", "F1"):
            own = values(key) * (1 if key.startswith("edits") else 100)
            row.append(f"{own.mean():.1f} ± {own.mean(axis=0).std():.1f}")
        for what in ("frames", "segments"):
            cells = [
                [100 * values((what, stage, key)).mean() for key in ("has it", "width")]
                for stage in ("before", "after")
            ]
            row.append(" → ".join(f"{hits:.0f} ({width:.0f})" for hits, width in cells))
        rows.append(row)
    return rows


def all_covered(results, what):
    """Percent of all runs whose interval has the truth in it."""
    shares = [
        np.mean([run[what, stage, "has it"] for run in runs])
        for stops in results.values()
        for runs in stops.values()
        for stage in ("before", "after")
    ]
    return f"{what} {100 * np.mean(shares):.0f} %"


def main():
    parser = options_of_sets(__file__, __doc__, SEVEN)
    text = "random orders of each seed"
    parser.add_argument("--draws", type=int, default=3, help=text)
    parser.add_argument("--fits", type=Path, metavar="FOLDER")
    arguments, results = parser.parse_args(), {}
    for name in arguments.sets:
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of actions that few recordings show
            results[name] = study(arguments.data / name, arguments)
        print(f"\n{name}\n\n{markdown(table({name: results[name]}), 2)}", flush=True)
    print(f"\nmean of {len(results)}\n\n{markdown(table(results), 2)}")
    said = (all_covered(results, what) for what in ("frames", "segments"))
    print(f"\nintervals that have the truth in them: {', '.join(said)}")


if __name__ == "__main__":
    main()
