"""Work and result of a review, with a simulated person who knows the truth.

    python benchmarks/review.py --data FOLDER --results review.jsonl --draws 2

Each set in FOLDER has the field's layout. A model is fitted once for each set and seed.
Recordings are checked in the order of the review page, or a random one. In each
recording, actions without names get those of most of their frames. Then the person
corrects the segments, and after 2, 5 and 10 recordings (at most half of a set) teaches
the model, by `refine`. A row has means over sets, and their deviation over seeds and
draws:

- *edits* so far, see `count_edits`, and *of the last*, per recording, the mean since
  the last learning;
- *MoF*, *F1* of unchecked recordings by the taught model, in percent, in the labels'
  own words: the share of correct frames, and the F1 of segments. The first row is the
  start: all recordings, actions matched one to one to the labels;
- *more MoF*, *more F1*: points above the start, in the same recordings.

Each review is a line of ``--results``: a run that was stopped goes on where it was.
``--fits FOLDER`` keeps fitted models there, and finds them again.
"""

import functools
import tempfile
import warnings
from itertools import product
from pathlib import Path

import _study
import joblib
import numpy as np
from _methods import Row
from _sets import load
from threadpoolctl import threadpool_limits

from skl_tot.app.review.entry import find_track
from skl_tot.corrections import refine
from skl_tot.corrections.suggestions import describe_signals, propose
from skl_tot.methods.pipelines import last_step, transform_before
from skl_tot.metrics import match_labels

# Sets of 20 recordings or more, with a label for each frame, in alphabetical order,
# without every fifth: those are for choices of settings.
SETS = (
    "ecg_waves",
    "gesture_units",
    "hapt",
    "hiro_snap",
    "jigsaws_throws",
    "kasteren_days",
    "rfid_bed_s1",
    "ski_jump",
)
STOPS = (2, 5, 10)
NEAR = 1  # tolerated error of a boundary, in frames


def segments(labels):
    """Segments of labels (n_frames,), in the form of the review."""
    return find_track(labels, np.zeros(len(labels), bool), np.array([]))


def count_edits(predicted, left):
    """Least number of edits that turn predicted segments into corrected ones.

    An edit drags a boundary, cuts a segment in two, or gives a segment another action,
    which joins it to an equal neighbour. Each predicted segment becomes a part of a
    corrected one, or is cut into several.

    >>> one, three = segments(np.zeros(9)), segments(np.repeat([0, 1, 0], 3))
    >>> count_edits(one, three), count_edits(three, one)
    (3, 1)
    >>> count_edits(three, segments(np.repeat([0, 1, 0], [6, 2, 1])))
    2
    """
    differs = predicted.codes[:, None] != left.codes
    is_far = np.abs(predicted.starts[:, None] - left.starts) > NEAR
    least = np.full((len(differs) + 1, differs.shape[1] + 1), np.inf)
    least[0, 0] = 0
    for i, j in np.ndindex(differs.shape):
        before = least[i, j] + is_far[i, j], least[i, j + 1], least[i + 1, j] + 1
        least[i + 1, j + 1] = min(before) + differs[i, j]
    return int(least[-1, -1])


def count_right(predicted, left):
    """Numbers of frames, right frames, predicted segments and right ones.

    A right segment has the action and an IoU of at least a half with a corrected one.

    >>> one, three = segments(np.zeros(9)), segments(np.repeat([0, 1, 0], [6, 2, 1]))
    >>> count_right(one, three).tolist(), count_right(three, one).tolist()
    ([9, 7, 1, 1], [9, 7, 3, 1])
    """
    bounds = np.union1d(predicted.starts, left.starts)
    lengths = np.diff(bounds, append=predicted.n_frames)  # that two segments share
    pairs = [
        np.searchsorted(found.starts, bounds, "right") - 1
        for found in (predicted, left)
    ]
    unions = -lengths
    for found, numbers in zip((predicted, left), pairs):
        unions = unions + (found.ends - found.starts)[numbers]
    is_same = predicted.codes[pairs[0]] == left.codes[pairs[1]]
    taken, n_right = (-1, -1), 0
    for pair in np.transpose(pairs)[is_same & (lengths >= unions / 2)]:
        if (pair != taken).all():  # one of two halves
            taken, n_right = pair, n_right + 1
    counts = [
        predicted.n_frames,
        lengths[is_same].sum(),
        len(predicted.starts),
        n_right,
    ]
    return np.array(counts)


class Person:
    """A person who knows the true labels, and reviews a model's labels."""

    def __init__(self, model, videos, truth):
        self.model, self.videos, self.truth = model, videos, truth
        self.words = set(np.concatenate(truth).tolist())
        self.checked, self.n_learned = [], 0
        self.edits, self.signals = [], describe_signals(videos)
        self.read(model)
        names = match_labels(truth, self.paths)
        self.first = [np.array([str(names[x]) for x in path]) for path in self.paths]

    def read(self, model):
        """Read a model's labels of all recordings."""
        segmenter, frames = last_step(model), transform_before(model, self.videos)
        actions = [str(action) for action in segmenter.actions_.tolist()]
        self.names = dict(zip(actions, actions))
        self.paths = []
        for decoded in segmenter.decode(frames):
            self.paths.append(np.array([*actions, "background"])[decoded.path])

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
                words_of_action = self.truth[i][self.paths[i] == action]
                words, counts = np.unique(words_of_action, return_counts=True)
                if 2 * counts.max() >= len(words_of_action):
                    self.names[action], n = words[counts.argmax()], n + 1
        return n

    def check(self, i):
        """Correct a recording."""
        n = self.name_actions(i)
        predicted, left = segments(self.words_of(i)), segments(self.truth[i])
        self.edits.append(n + count_edits(predicted, left))
        self.checked.append(i)

    def teach(self):
        """Teach the model all that is checked."""
        labels = [y if i in self.checked else None for i, y in enumerate(self.truth)]
        self.n_learned = len(self.checked)
        self.read(refine(self.model, self.videos, labels))

    @property
    def unchecked(self):
        """Recordings that are not checked."""
        return [i for i in range(len(self.truth)) if i not in self.checked]

    def scores(self, shown=None):
        """MoF and F1 of unchecked recordings."""
        counts, n_true = 0, 0
        for i in self.unchecked:
            truth = segments(self.truth[i])
            labels = self.words_of(i) if shown is None else shown[i]
            counts = counts + count_right(segments(labels), truth)
            n_true += len(truth.starts)
        n_frames, n_right, n_segments, n_right_segments = counts.tolist()
        f1 = 2 * n_right_segments / (n_segments + n_true)
        return {"MoF": n_right / n_frames, "F1": f1}

    def figures(self):
        """Scores, and how far they are above the start."""
        now, before = self.scores(), self.scores(self.first)
        return now | {f"more {key}": now[key] - before[key] for key in before}


def play(model, videos, truth, order):
    """Cells of each stop of one review; ``order(person, n)`` lists the next ones."""
    person = Person(model, videos, truth)
    stops = {"0": person.scores(person.first)}
    for stop in STOPS:
        n = min(stop, len(truth) // 2) - len(person.checked)
        for i in order(person, n):
            person.check(i)
        since = person.edits[person.n_learned :]
        if since:
            cells = {"edits": sum(person.edits), "edits of the last": np.mean(since)}
            person.teach()
            cells |= person.figures()
        stops[str(stop)] = cells
    return stops


def suggested(person, n):
    """The order of the page."""
    counts = [np.array(person.counts(), float)]
    return [i for i, _ in propose(counts, person.signals, person.checked, n)]


def at_random(number):
    rng = np.random.default_rng(number)
    return lambda person, n: rng.permutation(person.unchecked)[:n]


def fitted(cell, videos, n_actions, row, folder):
    """Fitted model of a cell, from a folder if it is there."""
    path = folder / f"{row.text}-{cell['set']}-{cell['seed']}.joblib"
    if path.is_file():
        return joblib.load(path)
    model = row.model(n_actions, cell["seed"]).fit(videos)
    folder.mkdir(exist_ok=True)
    joblib.dump(model, path)
    return model


def compute(cell, arguments, folder):
    """Stops of one review."""
    videos, truth, n_actions = load(str(arguments.data / cell["set"]))
    videos = [np.asarray(x, np.float64) for x in videos]
    truth = [np.asarray(y).astype(str) for y in truth]
    order, draw = suggested, cell["draw"]
    if draw is not None:
        order = at_random(1000 * cell["seed"] + draw)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of actions that few recordings show
        model = fitted(cell, videos, n_actions, arguments.method, folder)
        return {"stops": play(model, videos, truth, order)}


def plan(arguments):
    """Cells: set, seed, and the draw of a random order, None for the page's."""
    draws = [None, *range(arguments.draws)]
    keys = product(draws, range(arguments.seeds), arguments.sets)
    method = arguments.method.text
    return [
        {"set": name, "method": method, "seed": seed, "draw": draw}
        for draw, seed, name in keys
    ]


def table(results, names):
    """Rows of means over sets, and deviations over the runs."""
    texts = ["edits", "edits of the last", "MoF", "F1", "more MoF", "more F1"]
    rows = [["checked", "order", *texts]]
    for stop, is_random in product(("0", *map(str, STOPS)), (False, True)):
        by_set = {name: [] for name in names}
        for result in results:
            if (result["cell"]["draw"] is not None) == is_random:
                by_set[result["cell"]["set"]].append(result["stops"][stop])
        runs = [stops for stops in by_set.values() if stops]
        if not runs or (is_random and stop == "0"):
            continue

        def values(key, runs=runs):
            return np.array([[cells[key] for cells in stops] for stops in runs])

        row = [stop, "random" if is_random else "suggested"]
        for key in texts:
            if key not in runs[0][0]:
                row.append("–")
                continue
            scaled = values(key) * (1 if key.startswith("edits") else 100)
            row.append(f"{scaled.mean():.1f} ± {scaled.mean(axis=0).std():.1f}")
        rows.append(row)
    return rows


def main():
    parser = _study.options_of_sets(__file__, __doc__, SETS)
    parser.set_defaults(method=Row("auto"))
    text = "random orders of each seed"
    parser.add_argument("--draws", type=int, default=2, help=text)
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="reviews, also old"
    )
    parser.add_argument("--fits", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path = arguments.results or Path(temporary) / "review.jsonl"
        folder = arguments.fits or Path(temporary) / "fits"
        play_cell = functools.partial(compute, arguments=arguments, folder=folder)
        cells = plan(arguments)
        results = _study.run(cells, path, play_cell)
    results = [x for x in results if x["cell"] in cells and "stops" in x]
    for name in arguments.sets:
        results_of_set = [x for x in results if x["cell"]["set"] == name]
        rows = table(results_of_set, [name])
        print(f"\n{name}\n\n{_study.markdown(rows, 2)}")
    rows = table(results, arguments.sets)
    print(f"\nmean of {len(arguments.sets)}\n\n{_study.markdown(rows, 2)}")
    if arguments.csv:
        _study.write_csv(arguments.csv, rows)


if __name__ == "__main__":
    main()
