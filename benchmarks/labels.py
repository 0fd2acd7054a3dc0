"""Value of a few labels: names as given, on the recordings without labels.

::

    python benchmarks/labels.py sets --data FOLDER --results labels.jsonl
    python benchmarks/labels.py table --results labels.jsonl --csv labels.csv

``sets`` takes each folder in the field's layout with eight recordings or more: at most
15,000 frames, evenly spread, but eight recordings. One, two or five recordings, drawn
three times, have labels. Labels of the others are scored as they are called, without a
match; frames called "unlabelled" are not scored. Rows:

- *labels*: `SemiSupervisedSegmenter`, whose clusterings are fitted once for each set;
- *labels, as proposed*: the same, with `recordings_to_label` in place of drawing;
- *single frames*: *labels* with the middle frame of each segment of one recording;
- *clusters named*: `AutoSegmenter` without labels, with the true number of actions;
  each cluster takes the name that most of its labelled frames have;
- *LDA*, *LDA, windows*, *trees, windows*: classifiers of frames, shrunken linear
  discriminants or extremely randomised trees, the latter two with `SignalWindows` of
  the automatic width and three times it, and a path in any order;
- *nothing*: `AutoSegmenter`, with the best match.
"""

import argparse
import functools
import warnings
from pathlib import Path

import _study as study
import numpy as np
from _sets import UNLABELLED, add_data, evenly_spread
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skl_tot import AutoSegmenter, SemiSupervisedSegmenter, look
from skl_tot.corrections import recordings_to_label
from skl_tot.corrections.semi_supervised import fit_clusterings
from skl_tot.decoding import decode
from skl_tot.metrics import mof_score, segment_f1_score
from skl_tot.preprocessing import SignalWindows
from skl_tot.recordings.layouts import as_recordings

MOST_FRAMES, LEAST_RECORDINGS, N_DRAWS, COUNTS = 15_000, 8, 3, (1, 2, 5)
PROPOSED = "as proposed"  # in place of the number of a draw
# Labels of these hold within one recording.
LOCAL = ("mocap86",)
COST, N_TREES = 0.5, 200  # cost of a switch, and trees, of classifiers


@functools.lru_cache(maxsize=1)  # cells of one set come one after another
def read(folder):
    """Recordings, labels, number of actions, fitted clusterings, and windows."""
    videos, labels, n_actions = evenly_spread(folder, MOST_FRAMES, LEAST_RECORDINGS)
    videos = [np.asarray(video, float) for video in videos]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted, _ = fit_clusterings([None], as_recordings(videos), look(videos), 0)
        clusters = AutoSegmenter(n_actions, random_state=0).fit(videos).labels_
    width = SignalWindows().fit(videos).window_
    windows = [SignalWindows(k * width).fit_transform(videos) for k in (1, 3)]
    around = [np.hstack(parts) for parts in zip(videos, *windows)]
    return videos, labels, list(map(FrozenEstimator, fitted)), clusters, around


def middle_frames(labels):
    """Labels of the middle frame of each segment, the others unknown."""
    ends = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1], True])
    middles = (ends[:-1] + ends[1:]) // 2
    given = np.full(len(labels), "", dtype=labels.dtype)
    given[middles] = labels[middles]
    return given


def classify(classifier, videos, given):
    """Labels of all recordings by a classifier of frames, and a path."""
    frames, names = zip(*((x, y) for x, y in zip(videos, given) if y is not None))
    frames, names = np.concatenate(frames), np.concatenate(names)
    model = make_pipeline(StandardScaler(), classifier)
    model.fit(frames[names != ""], names[names != ""])
    scores = [np.log(model.predict_proba(x) + 1e-6) for x in videos]
    return [model.classes_[decode(x, "free", COST)] for x in scores]


def name_clusters(clusters, given):
    """Clusters with the name that most of their labelled frames have, or ""."""
    labelled = [i for i, path in enumerate(given) if path is not None]
    numbers = np.concatenate([clusters[i] for i in labelled])
    names = np.concatenate([given[i] for i in labelled])
    words, codes = np.unique(names, return_inverse=True)
    n_clusters = 1 + max(path.max() for path in clusters)
    table = np.zeros((n_clusters, len(words)))
    np.add.at(table, (numbers, codes), words[codes] != "")
    called = np.where(table.any(axis=1), words[table.argmax(axis=1)], "")
    return [called[path] for path in clusters]


def score_labels(labels, predicted, others, scope="labels"):
    """Share of right frames, and F1@50, of some recordings."""
    pairs = [(labels[i], predicted[i]) for i in others]
    kept = [(y[y != UNLABELLED], z[y != UNLABELLED]) for y, z in pairs]
    true, path = zip(*((y, z) for y, z in kept if len(y)))
    options = {"scope": scope}
    return {
        "MoF": mof_score(true, path, **options),
        "F1@50": segment_f1_score(true, path, **options),
    }


def study_set(cell, root):
    """Scores of all rows, for one draw, or as proposed, and number of recordings."""
    videos, labels, estimators, clusters, around = read(root / cell["set"])
    n_labelled, is_proposed = cell["count"], cell["draw"] == PROPOSED
    if is_proposed:
        rows = recordings_to_label(videos, n=n_labelled, estimator=estimators)
        labelled = [row["recording"] for row in rows]
    else:
        labelled = np.random.default_rng(cell["draw"]).permutation(len(videos))
        labelled = labelled[:n_labelled]
    others = np.setdiff1d(np.arange(len(videos)), labelled)
    given = [np.where(y == UNLABELLED, "", y) for y in labels]
    given = [y if i in labelled else None for i, y in enumerate(given)]
    model = SemiSupervisedSegmenter(estimators)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predicted = {"labels": model.fit(videos, given).labels_}
        if is_proposed:
            scores = score_labels(labels, predicted["labels"], others)
            return {"scores": {f"labels, {PROPOSED}": scores}}
        sure = []
        posteriors = model.predict_posterior(videos)
        places = {word: k for k, word in enumerate(model.classes_.tolist())}
        for i in others:
            codes = [places[word] for word in predicted["labels"][i].tolist()]
            shown = posteriors[i][np.arange(len(codes)), codes]
            sure.append(shown[labels[i] != UNLABELLED])
        if n_labelled == 1:
            single = [None if y is None else middle_frames(y) for y in given]
            predicted["single frames"] = model.fit(videos, single).labels_
        predicted["clusters named"] = name_clusters(clusters, given)
        linear = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
        trees = ExtraTreesClassifier(N_TREES, min_samples_leaf=5, random_state=0)
        predicted["LDA"] = classify(linear, videos, given)
        predicted["LDA, windows"] = classify(linear, around, given)
        predicted["trees, windows"] = classify(trees, around, given)
    scores = {row: score_labels(labels, y, others) for row, y in predicted.items()}
    scores["nothing"] = score_labels(labels, clusters, others, "all")
    return {"scores": scores, "probability": float(np.concatenate(sure).mean())}


def tables(results):
    """Means over sets and draws by number of labelled recordings, and by set."""
    rows = ["labels", f"labels, {PROPOSED}", "clusters named", "LDA", "LDA, windows"]
    rows += ["trees, windows", "nothing", "single frames"]
    names = list(dict.fromkeys(result["cell"]["set"] for result in results))
    header = ["row", "labelled", *names, "mean"]
    rows_of_table = [header]
    for row in rows:
        for count in COUNTS:
            cells = [
                [
                    result["scores"][row]
                    for result in results
                    if matches(result, name, count, row)
                ]
                for name in names
            ]
            if any(cells):
                means = [
                    [np.mean([x[key] for x in cell]) for key in ("MoF", "F1@50")]
                    for cell in cells
                ]
                means.append(np.mean(means, axis=0))
                rows_of_table.append([row, count, *map(pair, means)])
    for count in COUNTS:
        gaps = []
        for name in names:
            cells = [x for x in results if matches(x, name, count, "labels")]
            sure = [result["probability"] for result in cells]
            right = [result["scores"]["labels"]["MoF"] for result in cells]
            gaps.append(np.mean(sure) - np.mean(right))
        mean = np.abs(gaps).mean()
        rows_of_table.append(
            [
                "probability less share",
                count,
                *(f"{x:+.2f}" for x in gaps),
                f"{mean:.2f}",
            ]
        )
    return rows_of_table


def matches(result, name, count, row):
    cell = result["cell"]
    return (cell["set"], cell["count"]) == (name, count) and row in result["scores"]


def pair(values):
    return "/".join(f"{100 * value:.0f}" for value in values)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("sets", "table"):
        command = commands.add_parser(name)
        command.add_argument("--results", type=Path, required=True, metavar="FILE")
    add_data(commands.choices["sets"])
    commands.choices["sets"].add_argument("--sets", nargs="+", metavar="NAME")
    commands.choices["table"].add_argument("--csv", type=Path, metavar="FILE")
    arguments = parser.parse_args(argv)
    if arguments.command == "sets":
        cells = [
            {"set": path.parent.name, "count": count, "draw": draw}
            for path in sorted(arguments.data.glob("*/features"))
            if len(list(path.glob("*.npy"))) >= LEAST_RECORDINGS
            and path.parent.name not in LOCAL
            and path.parent.name in (arguments.sets or [path.parent.name])
            for count in COUNTS
            for draw in (*range(N_DRAWS), PROPOSED)
        ]
        compute = functools.partial(study_set, root=arguments.data)
        study.run(cells, arguments.results, compute)
    else:
        results = study.read_results(arguments.results)
        shown = [result for result in results if "error" not in result]
        rows = tables(shown)
        print(study.markdown(rows), *study.failures(results), sep="\n")
        if arguments.csv:
            study.write_csv(arguments.csv, rows)


if __name__ == "__main__":
    main()
