"""Tables and texts of a reproduction: results.md and results.json."""

import numpy as np
import sklearn
import torch
from _cells import METRICS
from _pages import markdown
from _protocols import PROTOCOLS
from _published import SOURCES, published, remarks

import skl_tot

COLUMNS = [*METRICS, "fit, s", "predict, s"]


def summarise(results):
    """Mean and deviation of each column over seeds, first averaged over activities.

    A seed counts if none of its activities failed.
    """
    seeds = {}
    for result in results:
        seeds.setdefault(result["cell"]["seed"], []).append(result.get("scores"))
    complete = [scores for scores in seeds.values() if None not in scores]
    values = [
        [np.mean([scores[column] for scores in activities]) for column in COLUMNS]
        for activities in complete
    ]
    if not values:
        return {"seeds": 0}
    pairs = zip(np.mean(values, axis=0).tolist(), np.std(values, axis=0).tolist())
    return {"seeds": len(values), **dict(zip(COLUMNS, pairs))}


def format_number(pair, n_seeds, digits):
    texts = [f"{value:.{digits}f}" for value in pair[: 1 if n_seeds == 1 else 2]]
    return " ± ".join(text.removeprefix("0") if digits == 3 else text for text in texts)


def format_published(result):
    """MoF, F1 and source of a published result, as fractions."""
    if result is None:
        return ["–", "–", ""]
    scores = result.mof, result.f1
    texts = ["–" if x is None else f"{x / 100:.3f}"[1:] for x in scores]
    return [*texts, result.source]


def rows_of(results, reported=None):
    """Header and a row for each method."""
    headers = ["method", "seeds", *COLUMNS]
    if reported:
        headers += ["published MoF", "published F1", "source"]
    rows = [headers]
    methods = dict.fromkeys(result["cell"]["method"] for result in results)
    for method in methods:
        row = summarise([r for r in results if r["cell"]["method"] == method])
        n_seeds = row["seeds"]
        cells = [
            format_number(row[column], n_seeds, 3 if column in METRICS else 2)
            if n_seeds
            else "failed"
            for column in COLUMNS
        ]
        if reported:
            cells += format_published(reported.get(method))
        rows.append([method, str(n_seeds), *cells])
    return rows


def table(results, reported=None):
    """Markdown table with a row for each method."""
    rows = rows_of(results, reported)
    return markdown(rows, len(rows[0]))


def published_table(reported):
    """Markdown table of published results alone."""
    rows = [("method", "MoF", "F1", "source")]
    rows += [(name, *format_published(result)) for name, result in reported.items()]
    return markdown(rows, 4)


def describe(cell):
    parts = cell["method"], cell["data"]["activity"], f"seed {cell['seed']}"
    return ", ".join(filter(None, parts))


def failures(results):
    """Lines for the errors, each with the cells that it stopped."""
    cells = {}
    for result in results:
        if "error" in result:
            cells.setdefault(result["error"], []).append(describe(result["cell"]))
    return [f"- {error} ({'; '.join(names)})" for error, names in cells.items()]


def notes(arguments, results, extra):
    """Lines on how the numbers came about."""
    protocol = PROTOCOLS[arguments.protocol]
    lines = [
        "Mean ± standard deviation (population) over seeds. Clusters are matched to "
        "labels once over all frames of an activity; several activities are averaged "
        "within a seed, which counts if none of them failed. Times are those of one "
        "activity.",
        *extra,
        *protocol.notes,
    ]
    ignored = set(arguments.ignore).union(protocol.ignore)
    if ignored:
        lines.append(f"Frames not scored: {', '.join(sorted(ignored))}.")
    if arguments.set:
        lines.append(f"Set by hand: {arguments.set}.")
    if arguments.n_actions:
        lines.append(f"K set by hand: {arguments.n_actions}.")
    if published(arguments.protocol) and arguments.activities != list(
        protocol.activities
    ):
        lines.append(
            "Published numbers are means over all activities of the protocol. Run "
            f"here: {', '.join(arguments.activities)}."
        )
    counts = {
        (r["cell"]["data"]["activity"] or "The data", r["n_labels"], r["n_actions"])
        for r in results
        if "scores" in r and r["n_labels"] != r["n_actions"]
    }
    lines += [f"{name}: {n} labels occur, K is {k}." for name, n, k in sorted(counts)]
    return [f"- {line}" for line in lines]


def describe_published(arguments, reported):
    """Describe the sources of published results, and the letters."""
    where = PROTOCOLS[arguments.protocol].tables
    if arguments.generalization:
        where = "table 7"
    used = sorted(set("".join(result.source for result in reported.values())))
    lines = [f"Published, as fractions; those of source P in the paper's {where}."]
    lines += [f"{letter}: {SOURCES[letter]}." for letter in used]
    if "L" in used or "N" in used:
        lines.append("Definitions of F1 differ.")
    lines += remarks(arguments.protocol)
    return " ".join(lines)


def report(arguments, results, extra):
    """Text of results.md."""
    reported = published(arguments.protocol, arguments.generalization)
    parts = [f"# {arguments.title}", table(results, reported)]
    if reported:
        parts.append(describe_published(arguments, reported))
    if failed := failures(results):
        parts += ["## Failed", "\n".join(failed)]
    if len(arguments.activities) > 1:
        for activity in arguments.activities:
            own = [r for r in results if r["cell"]["data"]["activity"] == activity]
            parts += [f"## {activity}", table(own)]
    others = {
        name: result
        for name, result in reported.items()
        if name not in arguments.methods
    }
    if others:
        parts += ["## Published, not run here", published_table(others)]
    parts += ["## Notes", "\n".join(notes(arguments, results, extra))]
    return "\n\n".join(parts) + "\n"


def as_json(arguments, results, extra):
    """Content of results.json."""
    return {
        "title": arguments.title,
        "protocol": arguments.protocol,
        "generalization": arguments.generalization,
        "versions": {
            module.__name__: module.__version__ for module in (skl_tot, torch, sklearn)
        },
        "notes": notes(arguments, results, extra),
        "methods": {
            method: summarise([r for r in results if r["cell"]["method"] == method])
            for method in arguments.methods
        },
        "cells": results,
    }
