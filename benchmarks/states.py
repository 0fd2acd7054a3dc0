"""State detection by the protocol of its papers, beside the published numbers.

    python benchmarks/states.py --data FOLDER --results states.jsonl --seeds 3

FOLDER has the sets ``mocap86`` and ``actrectut`` in the field's layout. Methods are
fitted to each recording alone, as the papers do, and to all of a set jointly; K is that
of the labels, or the method finds it. Scores are means over recordings. Each fit is a
line of the file of results: a run that was stopped goes on where it was. The table is
printed; ``--page`` renews that of a page, and the file of its folder ``measured``.
"""

import argparse
import json
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from _cells import load
from _pages import check_page, markdown, renew_page, write_csv
from _published import STATES
from _sets import FACTS, add_data
from _suite_cells import Cell, add_line, label, model_of
from _suite_rows import FRAMEWISE, Row

from skl_tot.metrics import (
    adjusted_rand_score,
    covering_score,
    normalized_mutual_info_score,
    state_matching_score,
)

SETS = ("mocap86", "actrectut")
ROWS = {
    "k-means": Row("k_means", FRAMEWISE),
    "k-means, windows": Row("k_means", FRAMEWISE, windows=True),
    "k-means with the free decoder, windows": Row("k_means", windows=True),
    "`HMMSegmenter`, free, windows": Row("hmm", {"order": "free"}, windows=True),
    "`TemporalOTSegmenter`, free, windows": Row("tot", {"order": "free"}, windows=True),
    "`AutoSegmenter`, free": Row("auto", {"order": "free"}),
}
FITS = {"alone": "each recording", "jointly": "all recordings"}
SCORES = {
    "ARI": adjusted_rand_score,
    "NMI": normalized_mutual_info_score,
    "covering": covering_score,
    "SMS": lambda *y, **options: state_matching_score(*y, scope="video", **options),
}


def compute(name, title, fit, is_known, seed, folder):
    """Scores of a row on a set, as means over recordings, and seconds of CPU time."""
    data = load(str(folder), mmap=False)
    everything = np.arange(len(data.videos))
    parts = np.split(everything, everything[1:]) if fit == "alone" else [everything]
    paths, numbers, seconds = [], [], 0.0
    cell, facts = Cell(ROWS[title], name, seed), FACTS[name]
    for part in parts:
        # labels of mocap86 are of one recording: the most that one has
        most = max(len(set(data.labels[i])) for i in part)
        model = model_of(cell, most if is_known else "auto", facts.order)
        videos = [data.videos[i] for i in part]
        own, *times = label(model, videos, cell.row.windows, facts.stride)
        paths += own
        numbers += [len(set(path.tolist())) for path in own]
        seconds += sum(times)
    scores = {
        score: function(data.labels, paths, average="video")
        for score, function in SCORES.items()
    }
    return {"scores": scores, "seconds": seconds, "found": numbers}


def run(arguments, path):
    """Compute the cells that are not in the file of results."""
    done = read_results(path)
    for name in SETS:
        for title, row in ROWS.items():
            if not fnmatch(title, arguments.only):
                continue
            known = [True] if row.method == "k_means" else [True, False]
            for key in [
                (name, title, fit, is_known, seed)
                for seed in range(arguments.seeds)
                for fit in FITS
                for is_known in known
            ]:
                if "scores" in done.get(key, {}):
                    continue
                try:
                    result = compute(*key, arguments.data / name)
                except Exception as error:  # the others go on
                    result = {"error": f"{type(error).__name__}: {error}"}
                print(*key, result, file=sys.stderr)
                add_line(path, json.dumps({"key": key, **result}))


def read_results(path):
    """Last result of each key."""
    results = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            result = json.loads(line)
        except ValueError:  # cut off
            continue
        results[tuple(result["key"])] = result
    return results


def tables(results):
    """Rows with all scores, and of each recording alone with ARI only."""
    whole = [["method", "K", "fitted to", "set", *SCORES]]
    short = [["method", "K", *SETS]]
    for system, sets in STATES.items():
        texts = {name: [*map(three, sets.get(name, [None] * 4))] for name in SETS}
        known = "given" if system.endswith("true K") else "found"
        add_rows(whole, short, [f"{system}, published", known, FITS["alone"]], texts)
    groups = {}
    for (name, title, fit, is_known, _), result in results.items():
        if "scores" in result:
            own = groups.setdefault((title, fit, is_known), {}).setdefault(name, [])
            own.append([result["scores"][score] for score in SCORES])
    for (title, fit, is_known), sets in sorted(groups.items(), key=place):
        texts = {name: ["–"] * len(SCORES) for name in SETS}
        for name, scores in sets.items():
            moments = np.mean(scores, axis=0), np.std(scores, axis=0)
            texts[name] = [" ± ".join(map(three, pair)) for pair in zip(*moments)]
        head = [title, "given" if is_known else "found", FITS[fit]]
        add_rows(whole, short, head, texts)
    return whole, short


def add_rows(whole, short, head, texts):
    """Add the known scores of a method to both tables."""
    for name, own in texts.items():
        if set(own) != {"–"}:
            whole.append([*head, name, *own])
    is_known = any(own[0] != "–" for own in texts.values())
    if is_known and head[2] == FITS["alone"]:
        short.append([*head[:2], *(own[0] for own in texts.values())])


def place(group):
    """Place of a row: as the papers do first, then in the order of ROWS."""
    title, fit, is_known = group[0]
    return list(FITS).index(fit), not is_known, list(ROWS).index(title)


def three(value):
    """Score in the format of papers, with a dash for unknown values."""
    is_known = value is not None and np.isfinite(value)
    return f"{value:.3f}".removeprefix("0") if is_known else "–"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_data(parser, required=False)
    parser.add_argument("--results", type=Path, metavar="FILE", help="fits, also old")
    parser.add_argument("--page", type=Path, metavar="FILE", help="page to renew")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds, from 0")
    parser.add_argument("--only", default="*", help="pattern of rows")
    parser.add_argument("--only-table", action="store_true", help="run nothing")
    arguments = parser.parse_args(argv)
    check_page(parser, arguments.page, ["states"])
    if arguments.data is None and not arguments.only_table:
        parser.error("--data is needed to run anything.")
    with tempfile.TemporaryDirectory() as temporary:
        path = arguments.results or Path(temporary) / "states.jsonl"
        if not arguments.only_table:
            run(arguments, path)
        whole, short = tables(read_results(path))
    print(markdown(whole, 4))
    if arguments.page:
        write_csv(arguments.page.parent / "measured" / "states.csv", whole)
        renew_page(arguments.page, "states", markdown(short, 2))


if __name__ == "__main__":
    main()
