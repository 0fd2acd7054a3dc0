"""Rows and tables of the suite, in percent."""

from dataclasses import dataclass

import numpy as np
from _methods import METHODS, Row
from _protocols import PROTOCOLS
from _published import SOURCES, SYSTEMS, published, remarks
from _sets import FAMILIES, RAW
from _sets import title as title_of_set
from _study import SCORES, failures, markdown, number, seconds, with_deviation

FRAMEWISE = {"decoding": "framewise"}
FREE = {"decoding": "free", "switch_cost": 0.5}
SCALED = {"standardize": "dataset"}  # as the other methods, whatever the features
ROWS = {
    "TOT": Row("tot"),
    "TOT, strict": Row("tot", {"order": "strict"}),
    "TOT, free": Row("tot", {"order": "free"}),
    "TOT, told": Row("tot", {"order": "told"}),
    "TOT, windows": Row("tot", windows=True),
    "TOT, as published": Row("paper", SCALED),
    "TOT, two parts": Row("paper", {"n_prototypes": 2, **SCALED}),
    "TOT, two parts, free": Row("paper", {"n_prototypes": 2, **FREE, **SCALED}),
    "TOT, structured transport": Row("paper", {"transport": "structured", **SCALED}),
    "TOT+TCL": Row("paper", {"alpha": 1.0, **SCALED}),
    "OT": Row("paper", {"prior": None, **SCALED}),
    "CTE": Row("cte"),
    "VTE": Row("vte"),
    "UDE": Row("ude"),
    "ASOT": Row("asot"),
    "ASOT, free": Row("asot", FREE),
    "ASAL": Row("asal"),
    "Mallow": Row("mallow"),
    "Frank-Wolfe": Row("frank-wolfe"),
    "HMM": Row("hmm"),
    "HMM, free, windows": Row("hmm", {"order": "free"}, windows=True),
    "Auto": Row("auto"),
    "equal split": Row("equal"),
    "k-means": Row("k_means", FRAMEWISE),
    "k-means, free": Row("k_means"),
    "left-right HMM": Row("left-right-hmm"),
    "k-means, free, windows": Row("k_means", windows=True),
    "left-right HMM, windows": Row("left-right-hmm", windows=True),
}
assert {row.method for row in ROWS.values()} == set(METHODS)
MAIN = ("MoF", "F1@50")  # those of a set, joined to one entry
MEANS = (*MAIN, "AMI", "mean recall")


def row_of(cell):
    """Row of a cell."""
    return Row(cell["method"], cell["settings"], cell["windows"])


@dataclass(frozen=True)
class Table:
    """Rows under a header, all texts, and a line that explains them."""

    rows: list
    text: str
    n_texts: int = 1

    def __str__(self):
        return f"{self.text}\n\n{markdown(self.rows, self.n_texts)}"


def value_of(result, column):
    """Score in percent, NaN if earlier runs lack it, or seconds of fit and predict."""
    if column == "seconds":
        return result["fit"] + result["predict"]
    return 100 * result["scores"].get(column, np.nan)


def values_of(results, names, column):
    """Values of the seeds with a result on every set (n_seeds, n_sets)."""
    seeds = sorted({result["cell"]["seed"] for result in results})
    values = np.full((len(seeds), len(names)), np.nan)
    for result in results:
        seed, name = result["cell"]["seed"], result["cell"]["set"]
        if "scores" in result and name in names:
            place = seeds.index(seed), names.index(name)
            values[place] = value_of(result, column)
    return values[~np.isnan(values).any(axis=1)]


def mean_of(results, names, column, form=number):
    """Mean over sets, and its deviation over seeds if there are several."""
    values = values_of(results, names, column)
    return with_deviation(values.mean(axis=1), form) if len(values) else "–"


def entry(results, names):
    """Both scores of a row on a set, or on the sets of a family."""
    text = " / ".join(mean_of(results, names, column) for column in MAIN)
    if text != "– / –":
        return text
    is_failed = any("error" in x for x in results if x["cell"]["set"] in names)
    return "failed" if is_failed else "–"


def means_table(groups, names, columns=MEANS):
    """Means of each row over sets."""
    rows = [["method", *columns, "seconds"]]
    for title, group in groups.items():
        scores = [mean_of(group, names, column) for column in columns]
        times = values_of(group, names, "seconds")
        rows.append([title, *scores, seconds(times.mean()) if len(times) else "–"])
    text = "seconds of processor time, fit and predict of one set."
    return Table(rows, f"Means over {len(names)} sets; {text}")


def sets_table(groups, columns):
    """Both scores of each row by set, or by family: names of sets by the column."""
    rows = [["method", "command line", *columns]]
    for title, group in groups.items():
        entries = [entry(group, names) for names in columns.values()]
        if set(entries) != {"–"}:
            text = row_of(group[0]["cell"]).text
            rows.append([title, f"`{text}`", *entries])
    text = "MoF / F1@50 in percent, means ± standard deviation over seeds."
    return Table(rows, text, n_texts=2)


def systems_table(groups, names):
    """The paper's systems: our mean on the suite beside the published numbers."""
    protocols = [name for name, protocol in PROTOCOLS.items() if protocol.title]
    titles = [PROTOCOLS[name].title for name in protocols]
    rows = [["system", "published", "implementation here", "suite", *titles]]
    for name, (where, basis) in SYSTEMS.items():
        title = {"TOT": "TOT, as published"}.get(name, name)
        means = entry(groups[title], names) if basis and title in groups else "–"
        row = [name, where, basis or "none", means]
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
    *scores, source = result
    return " / ".join(number(np.nan if x is None else x) for x in scores) + f" {source}"


def make_tables(results):
    """All tables with results, by the name of their file."""
    names = sorted({result["cell"]["set"] for result in results})
    families = {}
    for name in names:
        if title_of_set(name) in FAMILIES:
            families.setdefault(title_of_set(name), []).append(name)
    raw = {name: [name] for name in names if name in RAW}
    others = sum(families.values(), [*raw])
    recorded = [name for name in names if name not in others]
    groups = {title: [] for title in ROWS}
    for result in results:
        title = row_of(result["cell"]).title(ROWS)
        groups.setdefault(title, []).append(result)
    groups = {title: group for title, group in groups.items() if group}
    tables = {}
    if recorded:
        with_recorded = {
            title: group
            for title, group in groups.items()
            if any(result["cell"]["set"] in recorded for result in group)
        }
        columns = {name: [name] for name in recorded}
        tables["means"] = means_table(with_recorded, recorded)
        tables["sets"] = sets_table(with_recorded, columns)
        tables["systems"] = systems_table(with_recorded, recorded)
    if raw:
        tables["raw_signals"] = sets_table(groups, raw)
    if families:
        columns = {name: families[name] for name in FAMILIES if name in families}
        tables["generated"] = sets_table(groups, columns)
    return tables


def page(results):
    """All tables, the failures, and the sizes of the sets."""
    parts = [f"## {name}\n\n{table}" for name, table in make_tables(results).items()]
    if failed := failures(results):
        parts += ["Failed:", "\n".join(failed)]
    sizes = {x["cell"]["set"]: x for x in results if "scores" in x}
    lines = [
        f"- {name}: {result['n_videos']} videos, {result['n_frames']} frames, "
        f"K = {result['n_actions']}."
        for name, result in sorted(sizes.items())
    ]
    versions = sorted({result["version"] for result in results})
    parts += ["\n".join(lines), f"Run with skl-tot {', '.join(versions)}."]
    return "\n\n".join(filter(None, parts)) + "\n"


assert SCORES[:2] == MAIN
