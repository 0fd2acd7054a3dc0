"""The sections of the page, in order."""

# Each is a function of `Content`. It returns the argument of the macro of its name in
# sections.html, or None to be omitted.

import itertools

import numpy as np

from skl_tot.app.report import drawing
from skl_tot.app.report.findings import describe_alternatives
from skl_tot.display.heat_maps import choose_features
from skl_tot.recordings.labels import BACKGROUND, find_segments
from skl_tot.recordings.stops import list_stops
from skl_tot.statistics.features import CLEAR, describe_useless
from skl_tot.statistics.groups import MAX_Q, describe_pairs, is_different

MOST_CYCLES = 100  # rows of the table: so many long ones, and deviating ones
MOST_PICTURES = 60  # rows of timelines on paper
MOST_COMPARED = 60  # rows of groups
WIDEST = 4  # largest drawn difference of groups, in standard deviations
MEASURES = {  # text, and format of values; None formats durations
    "duration": ("length of a bout", None),
    "share": ("share of the time", lambda x: f"{100 * x:.1f} %"),
    "bouts": ("bouts in a recording", "{:.3g}".format),
    "transition": ("then comes", lambda x: f"{100 * x:.0f} %"),
}
MOST_DEVIATING = 12  # recordings in the table
MOST_TELLING = 3  # features of an action
N_QUESTIONS = 5  # suggestions for labels
LEVELS = 4  # of colours of profiles, above and below the mean

SECTIONS: dict = {}  # title, whether it is folded, and function, by id


def sections_of(content):
    """List id, title, content and folding of the sections of a page."""
    found = []
    for name, (title, is_folded, describe) in SECTIONS.items():
        own = describe(content)
        if own is not None:
            folded = is_folded(content) if callable(is_folded) else is_folded
            found.append((name, title, own, folded))
    return found


def section(title, folded=False):
    """Add a function to the table; a section that is ``folded`` opens on click."""

    def enter(function):
        SECTIONS[function.__name__] = title, folded, function
        return function

    return enter


@section("Cycles")
def cycles(content):
    """Rows of cycles, the longest first; of many, the long and the deviating ones."""
    if content.cycles is None:
        return None
    table, bouts = content.cycles
    kept = table.assign(row=table.index, rank=table["score"].rank(method="first"))
    kept = kept.sort_values("duration", ascending=False, kind="stable")
    if len(kept) > 2 * MOST_CYCLES:
        is_long = np.arange(len(kept)) < MOST_CYCLES
        kept = kept[is_long | (kept["rank"] > len(kept) - MOST_CYCLES)]
    totals, rows = dict(list(bouts.table.groupby("recording", observed=True))), []
    for found in kept.to_dict("records"):
        own, start = totals[found["row"]], bouts.origins[found["row"]]
        shapes = drawing.bar_of_bouts(own["action"], own[["start", "end"]] - start)
        reasons = _list_reasons(found, content.length) if found["deviates"] else []
        row = {"index": found["row"], "reasons": reasons}
        row["bar"] = content.reach, shapes
        row["video"] = content.recordings.names.index(found["recording"])
        keys = ("cycle", "start", "duration", "steps", "deviates", "rank")
        row |= {key: found[key] for key in keys}
        row["start"] -= content.bouts.origins[found["recording"]]
        rows.append(row)
    found = {"rows": rows, "n": len(table), "most": MOST_CYCLES}
    return found | {"n_deviating": int(table["deviates"].sum()), "reach": content.reach}


@section("Stops")
def stops(content):
    """Rows of stops that were cut out, the longest first."""
    table, keys = list_stops(content.recordings), ["start", "end", "duration"]
    if not len(table):
        return None
    suffix = "" if content.fps is None else "_time"
    found = table[[key + suffix for key in keys]].set_axis(keys, axis=1)
    found["video"] = table["recording"].map(content.recordings.names.index)
    if suffix:
        first = table["recording"].map(content.bouts.origins)
        found[["start", "end"]] = found[["start", "end"]].sub(first, axis=0)
    found = found.sort_values("duration", ascending=False, kind="stable")
    return found.to_dict("records")


@section("Actions")
def actions(content):
    """Rows of the table of actions, the bar of the usual ones, and boxes of totals."""
    rows = list(content.actions.values())
    lengths = {code: content.actions[code]["quartiles"][1] for code in content.usual}
    bar = drawing.stack(lengths) if lengths else None
    return {"rows": rows, "bar": bar, "boxes": drawing.boxes(content.totals)}


@section("Deviations")
def deviating(content):
    """List the recordings that deviate most, and why; cycles are in their own table."""
    if len(content.videos) == 1 or content.cycles is not None:
        return None
    deviating, rows = [row for row in content.deviations if row["deviates"]], []
    for found in deviating[:MOST_DEVIATING]:
        i, reasons = found["index"], _list_reasons(found, content.length)
        bar = drawing.bar(content, i, content.findings.paths[i])
        rows.append({"index": i, "reasons": reasons, "bar": bar})
    return {"rows": rows, "n": len(deviating)}


@section("Groups compared")
def groups(content):
    """Rows of compared measures, the most certain differences first."""
    if content.groups is None:
        return None
    table = content.groups.assign(differs=is_different(content.groups))
    is_shown = (table["measure"] != "transition") | (table["q"] < MAX_Q)
    rows = []
    table = table[is_shown & table["p"].notna()].sort_values("q", kind="stable")
    for row in table.head(MOST_COMPARED).to_dict("records"):
        what, show = MEASURES[row["measure"]]
        show = show or content.length
        row |= {"what": what, "one": show(row["mean_first"])}
        row["other"] = show(row["mean_second"])
        ends = [row["effect_low"], row["effect"], row["effect_high"]]
        if np.isfinite(row["effect"]):
            row["ends"] = 50 + 50 * np.clip(ends, -WIDEST, WIDEST) / WIDEST
        rows.append(row)
    said = describe_pairs(content.groups)
    left = int(content.groups["p"].notna().sum()) - len(rows)
    return {"said": said, "rows": rows, "left": left, "widest": WIDEST}


def _list_reasons(found, length):
    """Pairs of a text and its subject: actions, and a note about each."""
    reasons = []
    for key in ("missing", "repeated"):
        if found[key]:
            reasons.append((key, [(code, "") for code in found[key]]))
    for first, second in found["out_of_order"]:
        reasons.append(("out of order", [(first, "before"), (second, "")]))
    for key, what in (("too_long", "long"), ("too_short", "short")):
        if found[key]:
            times = []
            for code, time, usual in found[key]:
                times.append((code, f"{length(time)}, usually {length(usual)}"))
            reasons.append((f"unusually {what}", times))
    if found["unlikely"]:
        reasons.append(("unlike the others", []))
    return reasons


@section("Timelines")
def timelines(content):
    """Codes with additions to the names of actions, and bars for paper."""
    names = content.findings.names
    labels = content.truth.names if content.truth else {}
    buttons = {}
    for code in sorted((names.keys() | labels.keys()) - {BACKGROUND}):
        name, label = names.get(code), labels.get(code)
        if name is None:
            buttons[code] = f"– ({label})"
        else:
            buttons[code] = "" if label in (None, name) else f" ({label})"
    kept = enumerate(content.findings.paths[:MOST_PICTURES])
    rows = [{"index": i, "bar": drawing.bar(content, i, path)} for i, path in kept]
    return {"buttons": buttons, "rows": rows}


@section("Alternatives")
def alternatives(content):
    """List alternatives of a vote, with bars of typical recordings; None for one."""
    findings = content.findings
    if len(findings.alternatives) < 2:
        return None
    rows = describe_alternatives(content.segmenter, findings.shares)
    for row in rows:
        paths = zip(findings.compared, findings.alternatives[row["name"]])
        row["bars"] = [(i, drawing.bar(content, i, path)) for i, path in paths]
    new = dict.fromkeys(content.codes, "another action") | findings.names
    return {"rows": rows, "names": new}


@section("Profiles of actions")
def profiles(content):
    """Features that differ most, and rows of means with levels of colour."""
    profiles = content.profiles
    if profiles is None:
        return None
    chosen = choose_features(profiles.means)
    means = profiles.means[:, chosen]
    levels = np.rint(LEVELS * means / (np.abs(means).max() or 1)).astype(int)
    shown = means.round(1) + 0.0  # no -0.0
    cells = map(zip, shown.T.tolist(), levels.T.tolist())
    rows = [(profiles.features[i], list(own)) for i, own in zip(chosen, cells)]
    n_features = len(profiles.features)
    return {"actions": profiles.actions, "n_features": n_features, "rows": rows}


@section("Signals of each action")
def telling(content):
    """Rows of telling features, and a sentence; None if too few actions have any."""
    table = content.telling
    is_told = table["tells"] | (table["score"] >= CLEAR)
    known = set(table.loc[table["score"].notna(), "action"])
    rows = {action: [] for action in content.order if action in known}
    if not known:
        return None
    for row in table[is_told].groupby("action").head(MOST_TELLING).to_dict("records"):
        rows[row["action"]].append(row)
    plain = table.assign(feature=table["feature"].map(content.in_plain))
    return {"rows": rows, "useless": describe_useless(plain)}


@section("Compared with people")
def scores(content):
    """Scores against the ground truth, or None."""
    return content.truth and content.truth.scores


@section("Checked by people")
def checked(content):
    """Rows of the accuracy in recordings that people checked, one per model."""
    return (content.accuracy or {}).get("history") or None


@section("Labels to add next")
def questions(content):
    """Segments that would teach the model most; None if all frames have labels."""
    from skl_tot.corrections.questions import rank_moments

    if all(map(np.all, content.findings.told)):
        return None
    return rank_moments(content.findings.paths, content.findings.doubts, N_QUESTIONS)


def _has_no_pictures(content):
    frames = itertools.chain(*content.findings.typical.values())
    return not any("picture" in frame for frame in frames)


@section("Typical frames", folded=_has_no_pictures)
def typical(content):
    """Return the most typical frames of each action."""
    return content.findings.typical


@section("Recordings", folded=True)
def recordings(content):
    """Rows of the table of recordings."""
    rows, findings = [], content.findings
    paths = zip(content.video_names, findings.paths, findings.confidences)
    for name, path, confidence in paths:
        n_segments = len(find_segments(path).starts)
        row = {"name": name, "frames": len(path), "segments": n_segments}
        row["time"] = content.clocks[len(rows)].ends[-1]
        known = np.flatnonzero(path != BACKGROUND)
        if len(known):
            frame = known[confidence[known].argmin()]
            row |= {"frame": frame, "action": path[frame]}
        rows.append(row)
    return rows


@section("How many actions")
def numbers(content):
    """Scores of the candidate numbers of actions."""
    from skl_tot.methods.numbers import describe_choice

    found = getattr(content.segmenter, "numbers_", None)
    if found is None:
        return None
    said = {"text": describe_choice(found), "tried": found["n_actions"]}
    return said | drawing.numbers(found)


@section("Model", folded=True)
def model(content):
    """Return the look at the recordings, the steps before it, and its loss."""
    from skl_tot.methods.pipelines import describe_look, windows_of

    steps = [] if content.segmenter is content.model else list(content.model[:-1])
    found = {"steps": steps, "loss": drawing.loss(content.segmenter)}
    found["read_options"] = content.segmenter.read_options_
    widths = [getattr(w, "window_", None) for w in [*steps, windows_of(content.model)]]
    found["look"] = describe_look(content.segmenter)
    return found | {"widths": [width for width in widths if width is not None]}
