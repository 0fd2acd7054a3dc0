"""Tables of the suite, in Markdown and percent."""

from dataclasses import dataclass

import numpy as np
from _protocols import PROTOCOLS
from _published import SOURCES, SYSTEMS, published, remarks
from _sets import FAMILIES, facts_of
from _sets import title as title_of_set
from _suite_cells import SCORES, cell_of
from _suite_rows import ROWS, SIMPLE, TOLD, title_of_system

COLUMNS = [*SCORES, "seconds"]
MAIN = ("MoF", "F1@50")  # those of the wide table


@dataclass(frozen=True)
class Summary:
    """Scores of a row, by the name of the column.

    ``failed`` are the sets with errors only. ``by_set`` are means over seeds, nan where
    there is none. The others take the seeds that have a result on every set: ``means``
    and ``deviations`` over seeds are of the mean over sets, ``spreads`` are deviations
    over sets of the mean over seeds.
    """

    n_seeds: int
    failed: set
    by_set: dict
    means: dict
    deviations: dict
    spreads: dict


def summarize(results, names):
    """Summary of the results of one row on sets."""
    seeds = sorted({result["seed"] for result in results})
    by_set, means, deviations, spreads = {}, {}, {}, {}
    for column in COLUMNS:
        values = np.full((len(seeds), len(names)), np.nan)
        for result in results:
            if "scores" in result:
                cell = seeds.index(result["seed"]), names.index(result["set"])
                values[cell] = value_of(result, column)
        by_set[column] = mean_of_known(values)
        complete = values[~np.isnan(values).any(axis=1)]
        if len(complete):
            over_sets = complete.mean(axis=1)
            means[column] = over_sets.mean()
            deviations[column] = over_sets.std()
            spreads[column] = complete.mean(axis=0).std()
    known = {result["set"] for result in results if "scores" in result}
    failed = {result["set"] for result in results} - known
    return Summary(len(complete), failed, by_set, means, deviations, spreads)


def value_of(result, column):
    """Score in percent, or seconds of fit and predict."""
    if column == "seconds":
        return result["fit"] + result["predict"]
    return 100 * result["scores"][column]


def mean_of_known(values):
    """Mean over the rows that are known, by column; nan where none is."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def group_by_row(results):
    """Results of each row by its title, those of ``ROWS`` first."""
    groups = {title: [] for title in ROWS}
    for result in results:
        groups.setdefault(cell_of(result).row.title, []).append(result)
    return {title: group for title, group in groups.items() if group}


def markdown(rows, n_texts=1):
    """Table of a header and rows, of which so many columns are no numbers."""
    line = ["---"] * n_texts + ["---:"] * (len(rows[0]) - n_texts)
    rows = [rows[0], line, *rows[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def number(value):
    """Percentage, with a dash for what is not known."""
    return "–" if np.isnan(value) else f"{value:.1f}"


def seconds(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def with_deviation(summary, column, form=number):
    """Mean over sets, and its deviation over seeds if there are several."""
    if not summary.n_seeds:
        return "–"
    text = form(summary.means[column])
    if summary.n_seeds > 1:
        text += f" ± {form(summary.deviations[column])}"
    return text


def wide_table(summaries, names):
    """MoF and F1 of each row on each set, their means and their spreads."""
    rows = [["method", *names, "mean ± over seeds", "± over sets"]]
    for title, summary in summaries.items():
        row = [title]
        for i, name in enumerate(names):
            scores = pair(number(summary.by_set[column][i]) for column in MAIN)
            row.append("failed" if name in summary.failed else scores)
        row.append(pair(with_deviation(summary, column) for column in MAIN))
        spreads = (summary.spreads.get(column, np.nan) for column in MAIN)
        row.append(pair(map(number, spreads)))
        rows.append(row)
    return markdown(rows)


def pair(texts):
    """Join two scores to one entry."""
    text = " / ".join(texts)
    return "–" if text == "– / –" else text


def long_table(summaries, groups):
    """All scores of each row as means over sets, with its settings."""
    rows = [["method", "command line", "seeds", *COLUMNS]]
    for title, summary in summaries.items():
        row = [title, f"`{cell_of(groups[title][0]).row.text}`", str(summary.n_seeds)]
        row += [with_deviation(summary, column) for column in SCORES]
        row.append(with_deviation(summary, "seconds", seconds))
        rows.append(row)
    return markdown(rows, n_texts=2)


def systems_table(summaries):
    """The paper's systems: our mean on the suite beside what was published."""
    protocols = [name for name, protocol in PROTOCOLS.items() if protocol.title]
    titles = [PROTOCOLS[name].title for name in protocols]
    rows = [["system", "published", "implementation here", "suite", *titles]]
    for name, system in SYSTEMS.items():
        if name not in ROWS or not system.basis:
            continue
        row = [name, system.where, system.basis, "–"]
        title = title_of_system(name)
        if title in summaries:
            row[-1] = pair(with_deviation(summaries[title], c) for c in MAIN)
        row += [printed(published(protocol).get(name)) for protocol in protocols]
        rows.append(row)
    return markdown(rows, n_texts=3)


def printed(result):
    """Published pair with its source."""
    if result is None:
        return "–"
    texts = ["–" if value is None else f"{value:.1f}" for value in result[:2]]
    return f"{' / '.join(texts)} {result.source}"


def failures(results):
    """Lines for the errors, each with the cells that it stopped."""
    cells = {}
    for result in results:
        if "error" in result:
            cells.setdefault(result["error"], []).append(str(cell_of(result)))
    return [f"- {error} ({'; '.join(where)})" for error, where in cells.items()]


def set_sizes(results, names):
    """A line for each set that says how large it is."""
    sizes = {result["set"]: result for result in results if "scores" in result}
    return [
        f"- {name}: {sizes[name]['n_videos']} videos, {sizes[name]['n_frames']} "
        f"frames, K = {sizes[name]['n_actions']}."
        for name in names
        if name in sizes
    ]


def page(results):
    """All tables, what failed, and how to read them."""
    names = sorted({result["set"] for result in results})
    groups = group_by_row(results)
    summaries = {title: summarize(group, names) for title, group in groups.items()}
    versions = sorted({result["version"] for result in results})
    parts = [
        "MoF / F1@50 in percent, mean over seeds; one match of clusters to labels over "
        "all videos of a set. The mean over sets has its standard deviation over "
        "seeds; the last column is the standard deviation over sets.",
        wide_table(summaries, names),
        "Means over sets, ± standard deviation over seeds (population). Seconds are of "
        "CPU time, of fit and predict of one set on one thread.",
        long_table(summaries, groups),
        "The systems of the paper's tables and ASOT: the mean over the suite beside "
        "what was published for other data sets, MoF / F1 in percent. Definitions of "
        "F1 differ; MoF may be compared within a column.",
        systems_table(summaries),
        "\n".join(f"- {letter}: {text}." for letter, text in SOURCES.items()),
        "\n".join(f"- {x}" for name in PROTOCOLS for x in remarks(name)),
    ]
    if failed := failures(results):
        parts += ["Failed:", "\n".join(failed)]
    parts += [
        "\n".join(set_sizes(results, names)),
        f"Run with skl-tot {', '.join(versions)}.",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def behind(results):
    """The vote, told what people know, beside the best of what is simple.

    Seeds are averaged, and so are those sets of a family that the vote has labelled.
    """
    groups = {}  # scores of a row on a set, or on a family
    known = [x for x in results if "scores" in x]
    told = {x["set"] for x in known if cell_of(x).row.title == TOLD}
    for result in known:
        name = title_of_set(result["set"])
        if not told or result["set"] in told or name not in FAMILIES:
            key = name, cell_of(result).row.title
            groups.setdefault(key, []).append([value_of(result, c) for c in MAIN])
    means = {key: np.mean(group, axis=0) for key, group in groups.items()}
    rows = [["set", "order", *SIMPLE, "best", TOLD, "points"]]
    for name in dict.fromkeys(name for name, _ in means):
        row = [means.get((name, own), np.full(2, np.nan)) for own in [*SIMPLE, TOLD]]
        best = np.fmax.reduce(row[:-1])
        row = [*row[:-1], best, row[-1], row[-1] - best]
        scores = [pair(map(number, scores)) for scores in row]
        rows.append([name, facts_of(name).order, *scores])
    return (
        "MoF / F1@50 in percent, of each the best of what is simple, and what the vote "
        f"has more or less.\n\n{markdown(rows, n_texts=2)}\n"
    )
