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
ROWS = {
    "TOT": Row("tot"),
    "TOT, strict": Row("tot", {"order": "strict"}),
    "TOT, windows": Row("tot", windows=True),
    "TOT, as published": Row("paper"),
    "TOT, two parts": Row("paper", {"n_prototypes": 2}),
    "TOT, two parts, free": Row("paper", {"n_prototypes": 2, **FREE}),
    "TOT, structured transport": Row("paper", {"transport": "structured"}),
    "TOT+TCL": Row("paper", {"alpha": 1.0}),
    "OT": Row("paper", {"prior": None}),
    "CTE": Row("cte"),
    "VTE": Row("vte"),
    "UDE": Row("ude"),
    "ASOT": Row("asot"),
    "ASOT, free": Row("asot", FREE),
    "ASOT, two parts": Row("asot", {"n_prototypes": 2}),
    "ASAL": Row("asal"),
    "Mallow": Row("mallow"),
    "Frank-Wolfe": Row("frank-wolfe"),
    "HMM": Row("hmm"),
    "HMM, free, windows": Row("hmm", {"order": "free"}, windows=True),
    "Auto": Row("auto"),
    "Auto, told": Row("auto", {"order": "told"}),
    "equal split": Row("equal"),
    "k-means": Row("k_means", FRAMEWISE),
    "k-means, free": Row("k_means"),
    "left-right HMM": Row("left-right-hmm"),
    "k-means, free, windows": Row("k_means", windows=True),
    "left-right HMM, windows": Row("left-right-hmm", windows=True),
}
assert {row.method for row in ROWS.values()} == set(METHODS)
# The simplest answers, and the vote for a known order.
SIMPLE = [
    "equal split",
    "k-means, free",
    "left-right HMM",
    "k-means, free, windows",
    "left-right HMM, windows",
]
TOLD = "Auto, told"
HIDDEN = ["k-means", "HMM, free, windows", "left-right HMM", "TOT, windows"]
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

    def shown(self):
        """The same table with only the rows for a page; files have all."""
        kept = [x for x in self.rows if "parts" not in x[0] and x[0] not in HIDDEN]
        kept = [x for x in kept if "windows" not in x[0] and "transport" not in x[0]]
        return Table([x for x in kept if x[0] != "ASOT, free"], self.text, self.n_texts)


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
    own = [result for result in results if result["cell"]["set"] in names]
    if text == "– / –":
        return "failed" if any("error" in result for result in own) else "–"
    return text


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


def other_scores_table(groups, names):
    """Edit score and mIoU of each row over sets, and spreads of MoF and F1."""
    rows = [["method", "seeds", "edit", "mIoU", *(f"{x}, ± over sets" for x in MAIN)]]
    for title, group in groups.items():
        scores = [mean_of(group, names, column) for column in ("edit", "mIoU")]
        own = [values_of(group, names, column) for column in MAIN]
        spreads = [number(x.mean(axis=0).std()) if len(x) else "–" for x in own]
        rows.append([title, str(len(own[0])), *scores, *spreads])
    return Table(rows, "Percent, means over sets, ± standard deviation over seeds.")


def systems_table(groups, names):
    """The paper's systems: our mean on the suite beside the published numbers."""
    protocols = [name for name, protocol in PROTOCOLS.items() if protocol.title]
    titles = [PROTOCOLS[name].title for name in protocols]
    rows = [["system", "published", "implementation here", "suite", *titles]]
    for name, (where, basis) in SYSTEMS.items():
        title = {"TOT": "TOT, as published"}.get(name, name)
        own = entry(groups[title], names) if basis and title in groups else "–"
        row = [name, where, basis or "none", own]
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


def simple_table(results):
    """The vote beside the best simple baseline, by set or family.

    Means over seeds, and over the sets of a family that the vote has labelled.
    """
    groups = {}  # scores of a row on a set, or on a family
    known = [result for result in results if "scores" in result]
    titles = [row_of(result["cell"]).title(ROWS) for result in known]
    told = {x["cell"]["set"] for x, title in zip(known, titles) if title == TOLD}
    for result, title in zip(known, titles):
        name = title_of_set(result["cell"]["set"])
        if not told or result["cell"]["set"] in told or name not in FAMILIES:
            own = [value_of(result, column) for column in MAIN]
            groups.setdefault((name, title), []).append(own)
    means = {key: np.mean(group, axis=0) for key, group in groups.items()}
    rows, unknown = [["set", "best simple", "Auto", TOLD]], np.full(2, np.nan)
    for name in dict.fromkeys(name for name, _ in means):
        best = np.fmax.reduce([means.get((name, own), unknown) for own in SIMPLE])
        others = [means.get((name, title), unknown) for title in ("Auto", TOLD)]
        scores = ["/".join(map(number, x)) for x in (best, *others)]
        rows.append([name, *(x.replace("–/–", "–") for x in scores)])
    return Table(rows, f"MoF/F1@50. Best simple: the best of {'; '.join(SIMPLE)}.")


def tables(results):
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
    found = {}
    if recorded:
        own = {
            title: group
            for title, group in groups.items()
            if any(result["cell"]["set"] in recorded for result in group)
        }
        found["means"] = means_table(own, recorded)
        found["sets"] = sets_table(own, {name: [name] for name in recorded})
        found["other_scores"] = other_scores_table(own, recorded)
        found["systems"] = systems_table(own, recorded)
    if raw:
        found["raw_signals"] = sets_table(groups, raw)
    if families:
        columns = {name: families[name] for name in FAMILIES if name in families}
        found["generated"] = sets_table(groups, columns)
    if any(title in groups for title in SIMPLE):
        found["simple"] = simple_table(results)
    return found


def page(results):
    """All tables, the failures, and the sizes of the sets."""
    parts = [f"## {name}\n\n{table}" for name, table in tables(results).items()]
    if failed := failures(results):
        parts += ["Failed:", "\n".join(failed)]
    sizes = {x["cell"]["set"]: x for x in results if "scores" in x}
    lines = [
        f"- {name}: {own['n_videos']} videos, {own['n_frames']} frames, "
        f"K = {own['n_actions']}."
        for name, own in sorted(sizes.items())
    ]
    versions = sorted({result["version"] for result in results})
    parts += ["\n".join(lines), f"Run with skl-tot {', '.join(versions)}."]
    return "\n\n".join(filter(None, parts)) + "\n"


assert SCORES[:2] == MAIN
