"""The sections of the page.

A section is a function of `Content` under `section`, which gives what the macro of its
name in ``sections.html`` needs, or None if the page has no such section. They come in
the order in which they stand here.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from skl_tot import statistics
from skl_tot.display.levels import find_parents, shade
from skl_tot.display.profiles import choose_features
from skl_tot.recordings.labels import BACKGROUND, find_segments
from skl_tot.report.drawing import bar, classes, draw_loss, draw_numbers, stack
from skl_tot.report.findings import Findings, Truth, voter_of

MOST_DEVIATING = 12  # recordings of the table
N_QUESTIONS = 5  # of what to label next
LEVELS = 4  # of colours of profiles, above and below the mean
FINER = 2  # times as many actions at the lower level
N_LEVELS = 6  # videos of two levels

SECTIONS: dict = {}  # title and function, by id


@dataclass
class Content:
    """What is found in recordings, and all that is worked out from it once.

    ``recordings`` are `Recordings` of the paths, numbered as names need not be
    distinct; ``videos`` are what the model gets.
    """

    model: Any
    segmenter: Any
    videos: Any
    video_names: list
    recordings: Any
    findings: Findings
    truth: Truth | None

    @cached_property
    def actions(self):
        """Rows of the table of actions by code, with background if it occurs."""
        paths = self.findings.paths
        codes, starts, ends = map(np.concatenate, zip(*map(find_segments, paths)))
        frames = np.concatenate(paths)
        confidence = np.concatenate(self.findings.confidences)
        rows = {}
        for code, name in self.findings.names.items():
            own = frames == code
            if code == BACKGROUND and not own.any():
                continue
            row = {"name": name, "code": code, "share": own.mean()}
            row["videos"] = sum(code in path for path in paths)
            row |= _describe_durations((ends - starts)[codes == code])
            if own.any() and code != BACKGROUND:
                row["confidence"] = confidence[own].mean()
            rows[code] = row
        return rows

    @cached_property
    def deviations(self):
        """Table of how each recording deviates, the most deviating first."""
        log_likelihoods = self.findings.log_likelihoods
        if not np.isfinite(log_likelihoods).all():
            log_likelihoods = None
        table = statistics.deviations(self.recordings, log_likelihoods=log_likelihoods)
        names = self.recordings.names
        rows = table.to_dict("records")
        return [row | {"index": names.index(row["recording"])} for row in rows]

    @cached_property
    def profiles(self):
        """Profiles of actions, None if there is only background."""
        sums = self.findings.sums
        names = getattr(self.segmenter, "feature_names_in_", None)
        return sums.profiles(names) if sums.actions else None

    def sections(self):
        """List id, title and content of the sections that the page has."""
        found = []
        for name, (title, describe) in SECTIONS.items():
            content = describe(self)
            if content is not None:
                found.append((name, title, content))
        return found


def section(title):
    """Enter a function into the table of sections, under its name."""

    def enter(function):
        SECTIONS[function.__name__] = title, function
        return function

    return enter


def _describe_durations(lengths):
    """Count the segments and, if there are any, say how many frames they last."""
    found = {"segments": len(lengths)}
    if len(lengths):
        found |= {"median": np.median(lengths), "mean": lengths.mean()}
        found |= {"min": lengths.min(), "max": lengths.max()}
    return found


@section("Usual order")
def usual(content):
    """Rows of the usual actions, in their order."""
    order = statistics.usual_order(content.findings.paths)
    if not order:
        return None
    rows = [content.actions[code] for code in order]
    return {"rows": rows, "bar": stack({row["code"]: row["median"] for row in rows})}


@section("Deviating recordings")
def deviating(content):
    """List the recordings that deviate most, and why."""
    if len(content.videos) == 1:
        return None
    rows = []
    for found in content.deviations:
        if found["score"]:
            shapes = bar(content.findings.paths[found["index"]])
            reasons = _list_reasons(found)
            rows.append({"index": found["index"], "reasons": reasons, "bar": shapes})
    return {"rows": rows[:MOST_DEVIATING], "n": len(rows)}


def _list_reasons(found):
    """Pairs of text and of what it is about: actions, and what to say of each."""
    reasons = []
    for key in ("missing", "repeated"):
        if found[key]:
            reasons.append((key, [(code, "") for code in found[key]]))
    for first, second in found["out_of_order"]:
        reasons.append(("out of order", [(first, "before"), (second, "")]))
    for key, what in (("too_long", "long"), ("too_short", "short")):
        if found[key]:
            pairs = [(code, f"z {z:+.1f}") for code, z in found[key]]
            reasons.append((f"unusually {what}", pairs))
    if found["unlikely"]:
        reasons.append(("unlike the others", []))
    return reasons


@section("Timelines")
def timelines(content):
    """Codes with the names of their actions, and those of labels that differ."""
    names = content.findings.names
    labels = content.truth.names if content.truth else {}
    buttons = {}
    for code in sorted((names.keys() | labels.keys()) - {BACKGROUND}):
        name, label = names.get(code), labels.get(code)
        if name is None:
            buttons[code] = f"– ({label})"
        else:
            buttons[code] = name if label in (None, name) else f"{name} ({label})"
    return buttons


@section("Actions")
def actions(content):
    """Rows of the table of actions."""
    return list(content.actions.values())


@section("Recordings")
def recordings(content):
    """Rows of the table of recordings."""
    rows, findings = [], content.findings
    paths = zip(content.video_names, findings.paths, findings.confidences)
    for name, path, confidence in paths:
        segments, _, _ = find_segments(path)
        row = {"name": name, "frames": len(path), "segments": len(segments)}
        known = np.flatnonzero(path != BACKGROUND)
        if len(known):
            frame = known[confidence[known].argmin()]
            row |= {"confidence": confidence[known].mean(), "frame": frame}
            row |= {"action": path[frame], "lowest": confidence[frame]}
        rows.append(row)
    return rows


@section("Typical frames")
def typical(content):
    """Frames that are most typical of each action."""
    return content.findings.typical


@section("Profiles")
def profiles(content):
    """Names of the features that differ most, and rows: an action, and cells.

    A cell is a mean, in standard deviations, and the level of its colour.
    """
    profiles = content.profiles
    if profiles is None:
        return None
    chosen = choose_features(profiles.means)
    means = profiles.means[:, chosen]
    levels = np.rint(LEVELS * means / (np.abs(means).max() or 1)).astype(int)
    rows = []
    shown = means.round(1) + 0.0  # no -0.0
    for code, values, row in zip(profiles.actions, shown.tolist(), levels.tolist()):
        rows.append((code, list(zip(values, row))))
    features = [profiles.features[i] for i in chosen]
    return {"features": features, "n_features": len(profiles.features), "rows": rows}


@section("Scores")
def scores(content):
    """Scores against the ground truth, None without."""
    return content.truth and content.truth.scores


@section("What to label next")
def questions(content):
    """Segments that would tell the model most."""
    from skl_tot.corrections.questions import rank_moments

    return rank_moments(content.findings.paths, content.findings.doubts, N_QUESTIONS)


@section("Levels")
def levels(content):
    """Bars of the first videos by the actions of the page and by what they consist of.

    None of a model that has no cut to more actions.
    """
    from skl_tot.corrections import cut

    findings, n_actions = content.findings, content.segmenter.n_actions_
    tree = getattr(content.segmenter, "merge_tree_", None)
    n_fine = 0 if tree is None else min(FINER * n_actions, len(tree) + 1)
    if n_fine <= n_actions:
        return None
    try:
        model = cut(content.model, n_fine)
    except ValueError:  # actions are named or corrected
        return None
    fine = []
    for video in content.videos[:N_LEVELS]:
        found = model.predict(video)
        fine.append(found[0] if isinstance(found, list) else found)
    coarse = findings.paths[: len(fine)]
    parents = find_parents(coarse, fine)
    bars = []
    for above, below in zip(coarse, fine):
        width, shapes = bar(below)
        own = []  # colours of their own, and the hatch of their parents
        for _, code, outline in shapes:
            hatch = classes(parents[code]).split()[-1]
            own.append((f"s{code} {hatch}", code, outline))
        bars.append((bar(above), (width, own)))
    looks = shade(parents)[1]
    return {
        "n_actions": (n_actions, n_fine),
        "bars": bars,
        "names": _name_parts(parents, findings.names),
        "css": rules_of_looks("s", looks),
    }


def rules_of_looks(letter, looks):
    """Rules of CSS for the colours of codes, by a letter before their number."""
    rules = []
    for code, look in looks.items():
        if code != BACKGROUND:
            colours = f"--fill: {look.fill}; --ink: {look.ink};"
            rules.append(f".{letter}{code} {{ {colours} }}\n")
    return "".join(rules)


def _name_parts(parents, names):
    """Names of the actions of the lower level, numbered within those above."""
    named = {}
    for code, parent in parents.items():
        own = [other for other in parents if parents[other] == parent]
        part = f", part {own.index(code) + 1} of {len(own)}" if len(own) > 1 else ""
        named[code] = f"{names[parent]}{part}"
    return named


@section("Candidates")
def candidates(content):
    """Table of candidates, and bars of the first videos by the prediction and each.

    A bar is its name, whether it is of the ground truth, and shapes.
    """
    findings = content.findings
    if not findings.candidates:
        return None
    bars = []
    for i, candidates in enumerate(findings.candidates):
        own = []
        if content.truth is not None:
            own.append(("ground truth", True, bar(content.truth.codes(i))))
        for name, path in [("prediction", findings.paths[i]), *candidates.items()]:
            own.append((name, False, bar(path)))
        bars.append((content.video_names[i], own))
    voter = voter_of(content.segmenter)
    results = getattr(voter, "results_", {})
    rows = []
    for values in zip(*results.values()):
        known = [None if value != value else value for value in values]  # NaN
        rows.append(dict(zip(results, known)))
    best = getattr(voter, "best_index_", None)
    return {"rows": rows, "best": best, "bars": bars}


@section("How many actions")
def numbers(content):
    """Scores of the numbers of actions that the model's was chosen from."""
    from skl_tot.methods.numbers import describe_choice

    found = getattr(content.segmenter, "numbers_", None)
    if found is None:
        return None
    return {"text": describe_choice(found), "tried": found["n_actions"]} | draw_numbers(
        found
    )


@section("Model")
def model(content):
    """Give the steps before the segmenter, and the loss of its training."""
    is_pipeline = content.segmenter is not content.model
    steps = list(content.model[:-1]) if is_pipeline else []
    return {"steps": steps, "loss": draw_loss(content.segmenter)}
