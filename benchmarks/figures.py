"""Redraw figures of the paper from recorded sets.

::

    python benchmarks/figures.py sensitivity --data FOLDER --out sensitivity.png
    python benchmarks/figures.py codes --data FOLDER --set NAME --out codes.png

``sensitivity`` is figure 4: MoF and F1@50, means over sets of at most 15,000 frames or
ten recordings, against α, ρ, the Sinkhorn iterations and the frames of a mini-batch.
Others are as in `TemporalOTSegmenter.paper`, with features scaled over the set, and
with fewer steps. With ``--results`` each fit is a line of a file, and is not run again.
``codes`` is figures 2 and 3: the prior, pseudo-labels Q and codes P of a recording.
"""

import argparse
import functools
import sys
import tempfile
from pathlib import Path

import _study as study
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from _sets import add_data, evenly_spread, names_of_sets

from skl_tot import TemporalOTSegmenter
from skl_tot.extend import TimeStamp
from skl_tot.metrics import mof_score

MOST_FRAMES = 15_000
# Parameter, factor of its values in the picture, and values, by the name of its axis.
AXES = {
    "α, weight of coherence": ("alpha", 1, (0.0, 0.5, 1.0, 2.0)),
    "ρ, weight of the prior": ("rho", 1, (0.03, 0.05, 0.07, 0.1, 0.3)),
    "Sinkhorn iterations": ("transport__n_iter", 1, (1, 3, 5, 10)),
    "frames of a mini-batch": ("optimizer__frames_per_video", 2, (64, 128, 256, 512)),
}
SHOWN = {"MoF": "#1F5FA8", "F1@50": "#C4562A"}
VARIANTS = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, "terms": [TimeStamp()]},
    "TOT": {},
    "TOT+TCL": {"alpha": 1.0},
}


def make(n_actions, *, steps, seed, **changes):
    """The paper's method with features scaled over the set, and changes."""
    fixed = {"standardize": "dataset", "max_iter": steps, "random_state": seed}
    return TemporalOTSegmenter.paper(n_actions, **fixed, **changes)


def compute(cell, root):
    """Fit and score a cell."""
    options = {"steps": cell["steps"], "seed": cell["seed"], **cell["changes"]}
    make_changed = functools.partial(make, **options)
    return study.score_on_set(root / cell["set"], MOST_FRAMES, make_changed)


def changes_of(parameter, value):
    """The change of one parameter; none at the paper's value."""
    published = TemporalOTSegmenter.paper().get_params()[parameter]
    return {} if value == published else {parameter: value}


def mean_scores(arguments, names):
    """Scores of each change, mean over sets in percent; missing cells are fitted."""
    changes = [changes_of(name, x) for name, _, values in AXES.values() for x in values]
    unique = {study.key_of(change): change for change in changes}
    common = {"seed": arguments.seed, "steps": arguments.steps}
    cells = [
        {"set": name, "changes": change, **common}
        for name in names
        for change in unique.values()
    ]
    with tempfile.TemporaryDirectory() as temporary:
        path = arguments.results or Path(temporary) / "cells.jsonl"
        study.run(cells, path, functools.partial(compute, root=arguments.data))
        results = {study.key_of(x["cell"]): x for x in study.read_results(path)}
    scores = {}
    for cell in cells:
        result = results[study.key_of(cell)]["scores"]
        values = [100 * result[name] for name in SHOWN]
        scores.setdefault(study.key_of(cell["changes"]), []).append(values)
    return {key: np.mean(values, axis=0) for key, values in scores.items()}


def draw_sensitivity(arguments):
    """Figure 4: a panel for each parameter, a line for each score."""
    names = arguments.sets or names_of_sets(arguments.data)
    means = mean_scores(arguments, names)
    figure, panels = plt.subplots(1, len(AXES), figsize=(10, 2.8), sharey=True)
    for panel, (title, (parameter, factor, values)) in zip(panels, AXES.items()):
        keys = [study.key_of(changes_of(parameter, value)) for value in values]
        ticks = [f"{factor * value:g}" for value in values]
        for line, (name, colour) in zip(
            np.array([means[x] for x in keys]).T, SHOWN.items()
        ):
            pairs = (f"{tick}: {score:.1f}" for tick, score in zip(ticks, line))
            print(f"{title}, {name}:", *pairs)
            panel.plot(line, "o-", color=colour, label=name, lw=1.5, ms=4)
        panel.axvline(keys.index("{}"), color="#AAAAAA", lw=1, zorder=0)
        panel.set_xticks(range(len(values)), ticks)
        panel.set_xlabel(title)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylim(0)
    panels[0].set_ylabel(f"mean of {len(names)} sets, %")
    panels[0].legend(frameon=False)
    figure.tight_layout()
    return figure


def draw_codes(arguments):
    """Figures 2 and 3: prior, pseudo-labels and codes of one recording."""
    folder = arguments.data / arguments.set
    videos, labels, n_actions = evenly_spread(folder, MOST_FRAMES)
    video, truth = videos[arguments.recording], labels[arguments.recording]
    classes = np.array(list(dict.fromkeys(truth.tolist())))
    prior = np.exp(TemporalOTSegmenter.paper().prior.table(len(video), n_actions))
    columns = {("prior T", "true actions"): (prior, truth[:, None] == classes)}
    for name, changes in VARIANTS.items():
        model = make(n_actions, steps=arguments.steps, seed=arguments.seed, **changes)
        model.fit(videos)
        print(f"{name}: MoF {mof_score(labels, model.predict(videos)):.3f}")
        codes = model.pseudo_labels(video), model.predict_proba(video)
        columns[f"{name}: Q", f"{name}: P"] = codes
    figure, panels = plt.subplots(2, len(columns), figsize=(10, 3.6), sharex=True)
    for column, (titles, pair) in zip(panels.T, columns.items()):
        for panel, title, codes in zip(column, titles, pair):
            panel.imshow(codes.T, aspect="auto", cmap="magma", interpolation="nearest")
            panel.set_title(title, fontsize=9)
            panel.set_yticks([0, codes.shape[1] - 1], [1, codes.shape[1]], fontsize=8)
            panel.tick_params(labelsize=8)
        column[-1].set_xlabel("frame", fontsize=8)
    figure.tight_layout()
    return figure


FIGURES = {"sensitivity": draw_sensitivity, "codes": draw_codes}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="figure", required=True)
    for name in FIGURES:
        command = commands.add_parser(name)
        add_data(command)
        command.add_argument("--out", type=Path, required=True, metavar="FILE")
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--steps", type=int, default=2000)
        if name == "codes":
            command.add_argument("--set", required=True, metavar="NAME")
            command.add_argument("--recording", type=int, default=0, metavar="NUMBER")
        else:
            command.add_argument("--sets", nargs="+", metavar="NAME")
            command.add_argument("--results", type=Path, metavar="FILE")
    arguments = parser.parse_args(argv)
    mpl.use("Agg")
    figure = FIGURES[arguments.figure](arguments)
    figure.savefig(arguments.out, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
