"""Methods and tables of the study `first_answer.py`."""

import numpy as np
from _methods import Row
from _sets import SEVEN
from _study import number, seconds
from _suite_tables import means_table, row_of, value_of

from skl_tot.methods.temporal_ot import MANY_RETURNS
from skl_tot.preprocessing.look import LEAST_COURSE

SIMPLE = {
    "equal parts": Row("equal"),
    "k-means": Row("k_means"),
    "k-means, windows": Row("k_means", windows=True),
    "HMM, free": Row("hmm", {"order": "free"}),
    "HMM, free, windows": Row("hmm", {"order": "free"}, windows=True),
    "HMM, left-right": Row("hmm", {"order": "strict"}),
}
METHODS = SIMPLE | {"TOT": Row("tot"), "HMM": Row("hmm"), "Auto": Row("auto")}
# The default with other constants: the other order, and the other cost of a switch.
MOSTLY, RETURNS, FREE = "TOT, a course", "TOT, a course, returns", "TOT, no course"
CHANGED = {
    MOSTLY: Row("tot", {"LEAST_COURSE": 0.0, "MANY_RETURNS": 1e9}),
    RETURNS: Row("tot", {"LEAST_COURSE": 0.0, "MANY_RETURNS": 0.0}),
    FREE: Row("tot", {"LEAST_COURSE": 9.0}),
}
COLUMNS = ("MoF", "F1@50", "AMI", "mean recall", "in effect")
# Values of both constants to choose from without a set.
COURSES = (0.0, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.05, 0.07, 0.1, 9.0)
RETURNINGS = (0.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 1e9)


def group(results):
    """Results by title and set."""
    groups = {title: {} for title in METHODS | CHANGED}
    for result in results:
        title = row_of(result["cell"]).title(METHODS | CHANGED)
        groups[title].setdefault(result["cell"]["set"], []).append(result)
    return {title: own for title, own in groups.items() if own}


def cells_of(sets):
    """Results of all sets."""
    return [result for cells in sets.values() for result in cells]


def quality(results):
    """Mean of MoF and F1, in percent, over the seeds of a cell."""
    return np.mean([[value_of(own, x) for x in COLUMNS[:2]] for own in results])


def tables(results):
    """All tables by title, each a header and rows."""
    groups = group(results)
    names = sorted({result["cell"]["set"] for result in results})
    seven = [name for name in names if name in SEVEN]
    found = {}
    for title, own in (("all sets", names), ("the seven", seven)):
        if own:
            cells = {title: cells_of(sets) for title, sets in groups.items()}
            found[title] = means_table(cells, own, COLUMNS).rows
    found["sets"] = sets_rows(groups, names)
    found["fewer than half of the actions in effect"] = collapses(groups)
    if "Auto" in groups:
        found["the vote, (MoF + F1) / 2"] = vote_rows(groups)
    if len(known := complete(groups)) > 1:
        found["constants chosen without a set, (MoF + F1) / 2"] = left_out(
            groups, known
        )
    return found


def sets_rows(groups, names):
    """Means of each method on each set over seeds."""
    rows = [["set", "method", "seeds", *COLUMNS, "order", "seconds"]]
    for name in names:
        for title, sets in groups.items():
            if name in sets:
                own = sets[name]
                orders = sorted({result["order"] or "–" for result in own})
                row = [name, title, str(len(own))]
                for column in COLUMNS:
                    row.append(number(np.mean([value_of(x, column) for x in own])))
                time = np.mean([value_of(x, "seconds") for x in own])
                rows.append([*row, "/".join(orders), seconds(time)])
    return rows


def collapses(groups):
    """Cells with fewer than half of the actions in effect, and the share in effect."""
    rows = [["method", "of cells", "collapsed", "where: share in effect, true share"]]
    for title, sets in groups.items():
        cells = cells_of(sets)
        where = [
            f"{own['cell']['set']} {own['cell']['seed']}: "
            f"{value_of(own, 'in effect'):.0f} %, "
            f"{number(100 * own.get('true in effect', np.nan))} %"
            for own in cells
            if own["scores"]["in effect"] < 0.5
        ]
        rows.append([title, str(len(cells)), str(len(where)), "; ".join(where) or "–"])
    return rows


def vote_rows(groups):
    """The vote beside its members, the default, and the simple methods."""
    header = ["vote", "median member", "best member", "TOT", "best simple"]
    rows, values = [["set", *header]], []
    for name, cells in groups["Auto"].items():
        members = [[*own["members"].values()] for own in cells]
        simple = [groups[x][name] for x in SIMPLE if name in groups.get(x, {})]
        default = groups.get("TOT", {}).get(name)
        values.append(
            [
                quality(cells),
                100 * np.mean([np.median(own) for own in members]),
                100 * np.mean([max(own) for own in members]),
                quality(default) if default else np.nan,
                max(map(quality, simple), default=np.nan),
            ]
        )
        rows.append([name, *map(number, values[-1])])
    rows.append(["mean", *map(number, np.mean(values, axis=0))])
    gains = np.array(values)[:, :1] - values  # NaN without the other
    ahead = 100 * np.where(np.isnan(gains), np.nan, gains >= 0).mean(axis=0)[1:]
    return [*rows, ["vote is not below, % of sets", "–", *map(number, ahead)]]


def complete(groups):
    """Looks at the sets that have all cells of the default with other constants."""
    looks = {}
    for name, cells in groups.get("TOT", {}).items():
        if all(name in groups.get(title, {}) for title in CHANGED):
            looks[name] = cells[0]["look"]
    return looks


def with_constants(groups, name, seen, least_course, many_returns):
    """Quality of the default on a set if the constants had these values."""
    order = seen["order"]
    if not np.isnan(seen["course"]):
        order = "mostly" if seen["course"] >= least_course else "free"
    title = RETURNS if seen["returns"] >= many_returns else MOSTLY
    return quality(groups[title if order == "mostly" else FREE][name])


def left_out(groups, looks):
    """Choose each constant on all sets but one, and score the one.

    Values are (MoF + F1) / 2; of equal ones the nearest to the one in use is chosen.
    """
    rows = [["constant", "in use", "mean", "mean of sets left out", "chosen, of sets"]]
    studies = {
        "LEAST_COURSE": (LEAST_COURSE, COURSES, lambda x: (x, MANY_RETURNS)),
        "MANY_RETURNS": (MANY_RETURNS, RETURNINGS, lambda x: (LEAST_COURSE, x)),
    }
    for constant, (usual, grid, constants) in studies.items():
        grid = np.array(sorted({usual, *grid}, key=lambda x: abs(x - usual)))
        values = np.array(
            [
                [with_constants(groups, *own, *constants(x)) for own in looks.items()]
                for x in grid
            ]
        )
        others = values.sum(axis=1, keepdims=True) - values
        best = others.round(6).argmax(axis=0)
        unseen = values[best, np.arange(len(looks))]
        chosen, counts = np.unique(grid[best], return_counts=True)
        text = ", ".join(f"{x:g} ({n})" for x, n in zip(chosen, counts))
        means = [number(values[0].mean()), number(unseen.mean())]
        rows.append([constant, f"{usual:g}", *means, text])
    return rows


def robust_table(results, changes):
    """Agreement after each change: mean over sets, and the least with its set."""
    groups = group(results)
    rows = [
        ["change", *(f"{title}, {x}" for title in groups for x in ("mean", "least"))]
    ]
    for change in changes:
        row = [change]
        for sets in groups.values():
            known = {
                name: np.mean([own["agreement"][change] for own in cells])
                for name, cells in sets.items()
                if all(change in own["agreement"] for own in cells)
            }
            least = min(known, key=known.get, default=None)
            mean = f"{100 * np.mean(list(known.values())):.1f}" if known else "–"
            row += [mean, f"{100 * known[least]:.1f} ({least})" if known else "–"]
        rows.append(row)
    return rows
