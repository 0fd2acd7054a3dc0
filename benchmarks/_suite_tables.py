"""Tables of the suite, in percent."""

from dataclasses import dataclass

import numpy as np
from _pages import markdown
from _protocols import PROTOCOLS
from _published import SOURCES, SYSTEMS, published, remarks
from _sets import FAMILIES, RAW
from _sets import title as title_of_set
from _suite_cells import SCORES, cell_of
from _suite_rows import ROWS, SHOWN, SIMPLE, TOLD, title_of_system

COLUMNS = [*SCORES, "seconds"]
MAIN = ("MoF", "F1@50")  # those of a set, joined to one entry
MEANS = (*MAIN, "AMI", "mean recall")


@dataclass(frozen=True)
class Table:
    """Rows under a header, all texts, and a line that explains them."""

    rows: list
    text: str
    n_texts: int = 1

    def __str__(self):
        return f"{self.text}\n\n{markdown(self.rows, self.n_texts)}"

    def shown(self):
        """The same table with only the rows for a page."""
        head, *rows = self.rows
        kept = [row for row in rows if row[0] in SHOWN]
        return Table([head, *kept], self.text, self.n_texts)


@dataclass(frozen=True)
class Summary:
    """Scores of a row over sets, by the name of the column.

    Only seeds with a result on every set count. ``means`` and ``deviations`` over seeds
    are of the mean over sets, ``spreads`` are deviations over sets of the mean over
    seeds.
    """

    n_seeds: int
    means: dict
    deviations: dict
    spreads: dict


def summarise(results, names, columns=COLUMNS):
    """Summary of the results of one row on sets."""
    seeds = sorted({result["seed"] for result in results})
    means, deviations, spreads, complete = {}, {}, {}, ()
    for column in columns:
        values = np.full((len(seeds), len(names)), np.nan)
        for result in results:
            if "scores" in result and result["set"] in names:
                cell = seeds.index(result["seed"]), names.index(result["set"])
                values[cell] = value_of(result, column)
        complete = values[~np.isnan(values).any(axis=1)]
        if len(complete):
            over_sets = complete.mean(axis=1)
            means[column] = over_sets.mean()
            deviations[column] = over_sets.std()
            spreads[column] = complete.mean(axis=0).std()
    return Summary(len(complete), means, deviations, spreads)


def value_of(result, column):
    """Score in percent, NaN if earlier runs lack it, or seconds of fit and predict."""
    if column == "seconds":
        return result["fit"] + result["predict"]
    return 100 * result["scores"].get(column, np.nan)


def group_by_row(results):
    """Results of each row by its title, those of ``ROWS`` first."""
    groups = {title: [] for title in ROWS}
    for result in results:
        groups.setdefault(cell_of(result).row.title, []).append(result)
    return {title: group for title, group in groups.items() if group}


def number(value):
    """Percentage, with a dash for unknown values."""
    return "–" if np.isnan(value) else f"{value:.1f}"


def seconds(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def with_deviation(summary, column, form=number):
    """Mean over sets, and its deviation over seeds if there are several."""
    if column not in summary.means:
        return "–"
    text = form(summary.means[column])
    if summary.n_seeds > 1:
        text += f" ± {form(summary.deviations[column])}"
    return text


def pair(texts):
    """Join two scores to one entry."""
    text = " / ".join(texts)
    return "–" if text == "– / –" else text


def entry(results, names):
    """Both scores of a row on a set, or on the sets of a family."""
    own = [result for result in results if result["set"] in names]
    summary = summarise(own, names)
    if not summary.n_seeds and any("error" in result for result in own):
        return "failed"
    return pair(with_deviation(summary, column) for column in MAIN)


def means_table(groups, names, columns=MEANS):
    """Means of each row over sets."""
    rows = [["method", *columns, "seconds"]]
    for title, group in groups.items():
        summary = summarise(group, names, [*columns, "seconds"])
        scores = (with_deviation(summary, column) for column in columns)
        time = seconds(summary.means["seconds"]) if summary.n_seeds else "–"
        rows.append([title, *scores, time])
    return Table(
        rows,
        f"Means over {len(names)} sets; seconds of processor time, fit and predict of "
        "one set.",
    )


def sets_table(groups, columns):
    """Both scores of each row by set, or by family: names of sets by the column."""
    rows = [["method", "command line", *columns]]
    for title, group in groups.items():
        entries = [entry(group, names) for names in columns.values()]
        if any(text != "–" for text in entries):
            rows.append([title, f"`{cell_of(group[0]).row.text}`", *entries])
    text = "MoF / F1@50 in percent, means ± standard deviation over seeds."
    return Table(rows, text, n_texts=2)


def other_scores_table(groups, names):
    """Edit score and mIoU of each row over sets, and spreads of MoF and F1."""
    spread = [f"{column}, ± over sets" for column in MAIN]
    rows = [["method", "seeds", "edit", "mIoU", *spread]]
    for title, group in groups.items():
        summary = summarise(group, names)
        scores = [with_deviation(summary, column) for column in ("edit", "mIoU")]
        scores += [number(summary.spreads.get(column, np.nan)) for column in MAIN]
        rows.append([title, str(summary.n_seeds), *scores])
    return Table(rows, "Percent, means over sets, ± standard deviation over seeds.")


def systems_table(groups, names):
    """The paper's systems: our mean on the suite beside the published numbers."""
    protocols = [name for name, protocol in PROTOCOLS.items() if protocol.title]
    titles = [PROTOCOLS[name].title for name in protocols]
    rows = [["system", "published", "implementation here", "suite", *titles]]
    for name, system in SYSTEMS.items():
        group = groups.get(title_of_system(name), []) if system.basis else []
        row = [name, system.where, system.basis or "none", "–"]
        if group:
            summary = summarise(group, names)
            row[-1] = pair(with_deviation(summary, column) for column in MAIN)
        row += [printed(published(protocol).get(name)) for protocol in protocols]
        rows.append(row)
    letters = [f"{letter}: {text}." for letter, text in SOURCES.items()]
    said = [text for name in PROTOCOLS for text in remarks(name)]
    text = "MoF / F1 in percent. Definitions of F1 differ. "
    return Table(rows, text + " ".join([*letters, *said]), n_texts=3)


def printed(result):
    """Published pair with its source."""
    if result is None:
        return "–"
    texts = ["–" if value is None else f"{value:.1f}" for value in result[:2]]
    return f"{' / '.join(texts)} {result.source}"


def simple_table(results):
    """The vote beside the best simple baseline, by set or family.

    Means over seeds, and over the sets of a family that the vote has labelled.
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
    rows = [["set", "best simple", "Auto", TOLD]]
    for name in dict.fromkeys(name for name, _ in means):
        unknown = np.full(2, np.nan)
        simple = [means.get((name, own), unknown) for own in SIMPLE]
        best = np.fmax.reduce(simple)
        auto, own = (means.get((name, title), unknown) for title in ("Auto", TOLD))
        scores = ["/".join(map(number, x)) for x in (best, auto, own)]
        rows.append([name, *(x.replace("–/–", "–") for x in scores)])
    text = f"MoF/F1@50. Best simple: the best of {'; '.join(SIMPLE)}."
    return Table(rows, text)


def tables(results):
    """All tables with results, by the name of their file."""
    names = sorted({result["set"] for result in results})
    recorded = [x for x in names if x not in RAW and title_of_set(x) not in FAMILIES]
    raw = [x for x in names if x in RAW]
    families = {}
    for name in names:
        if title_of_set(name) in FAMILIES:
            families.setdefault(title_of_set(name), []).append(name)
    groups = group_by_row(results)
    found = {}
    if recorded:
        own = {
            title: group
            for title, group in groups.items()
            if any(result["set"] in recorded for result in group)
        }
        found["means"] = means_table(own, recorded)
        found["sets"] = sets_table(own, {name: [name] for name in recorded})
        found["other_scores"] = other_scores_table(own, recorded)
        found["systems"] = systems_table(own, recorded)
    if raw:
        found["raw_signals"] = sets_table(groups, {name: [name] for name in raw})
    if families:
        columns = {name: families[name] for name in FAMILIES if name in families}
        found["generated"] = sets_table(groups, columns)
    if any(title in groups for title in SIMPLE):
        found["simple"] = simple_table(results)
    return found


def failures(results):
    """Lines for the errors, each with the cells that it stopped."""
    cells = {}
    for result in results:
        if "error" in result:
            cells.setdefault(result["error"], []).append(str(cell_of(result)))
    return [f"- {error} ({'; '.join(where)})" for error, where in cells.items()]


def set_sizes(results):
    """Lines with the sizes of the sets."""
    sizes = {result["set"]: result for result in results if "scores" in result}
    return [
        f"- {name}: {own['n_videos']} videos, {own['n_frames']} frames, "
        f"K = {own['n_actions']}."
        for name, own in sorted(sizes.items())
    ]


def page(results):
    """All tables, the failures, and the sizes of the sets."""
    parts = [f"## {name}\n\n{table}" for name, table in tables(results).items()]
    if failed := failures(results):
        parts += ["Failed:", "\n".join(failed)]
    versions = sorted({result["version"] for result in results})
    parts.append("\n".join(set_sizes(results)))
    parts.append(f"Run with skl-tot {', '.join(versions)}.")
    return "\n\n".join(filter(None, parts)) + "\n"
