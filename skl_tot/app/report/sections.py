"""The sections of the page, in order, and their small pictures."""

# Each section is a function of `Content`. It returns the argument of the macro of its
# name in sections.html, or None to be omitted.

from collections import defaultdict

import numpy as np

from skl_tot.app import web
from skl_tot.recordings.labels import BACKGROUND, find_segments
from skl_tot.recordings.stops import list_stops
from skl_tot.statistics.features import CLEAR, describe_useless
from skl_tot.statistics.groups import describe_pairs, is_different

MOST_CYCLES = 200  # rows of a table
MOST_ROWS = 60  # of groups, and of timelines on paper
MOST_FEATURES = 40  # of profiles
MEASURES = {  # text, and format of values; None formats durations
    "duration": ("length of a bout", None),
    "share": ("share of the time", lambda x: f"{100 * x:.1f} %"),
    "bouts": ("bouts in a recording", "{:.3g}".format),
    "transition": ("then comes", lambda x: f"{100 * x:.0f} %"),
}
DURATIONS = {  # findings with durations
    "extra": "extra",
    "as_long_as_two": "as long as two",
    "too_long": "unusually long",
    "too_short": "unusually short",
}
SECTIONS: dict = {}  # title, whether it is folded, and function, by id


def sections_of(content):
    """List id, title, content and folding of the sections of a page."""
    sections = []
    for name, (title, is_folded, describe) in SECTIONS.items():
        described = describe(content)
        if described is not None:
            sections.append((name, title, described, is_folded))
    return sections


def section(title, folded=False):
    """Add a function to the table; a section that is ``folded`` opens on click."""

    def enter(function):
        SECTIONS[function.__name__] = title, folded, function
        return function

    return enter


@section("Deviating cycles")
def deviating_cycles(content):
    """Rows of the cycles that deviate, the most deviating first."""
    if content.cycles is None:
        return None
    kept = content.cycles[0].query("deviates")
    kept = kept.sort_values(["score", "extreme"], ascending=False)
    return _describe_cycles(content, kept.head(MOST_CYCLES)) if len(kept) else None


@section("Cycles")
def cycles(content):
    """Rows of the longest cycles."""
    if content.cycles is None:
        return None
    kept = content.cycles[0].sort_values("duration", ascending=False, kind="stable")
    return _describe_cycles(content, kept.head(MOST_CYCLES))


def _describe_cycles(content, kept):
    """Rows of the kept cycles, and numbers of all."""
    table, bouts = content.cycles
    bouts_of = dict(list(bouts.table.groupby("recording", observed=True)))
    rows = kept.assign(index=kept.index).to_dict("records")
    for row in rows:
        shown = bouts_of[row["index"]]
        times = (shown[["start", "end"]] - bouts.origins[row["index"]]).round(3)
        segments = zip(shown["action"], *times.to_numpy().T.tolist())
        row["bar"] = content.reach, _shapes(content, segments)
        row["reasons"] = list_reasons(row, content.length) if row["deviates"] else []
        row["video"] = content.recordings.names.index(row["recording"])
        row["start"] -= content.bouts.origins[row["recording"]]
    n_deviating = int(table["deviates"].sum())
    numbers = {"n": len(table), "most": MOST_CYCLES, "n_deviating": n_deviating}
    return {"rows": rows, "reach": content.reach, **numbers}


@section("Stops")
def stops(content):
    """Rows of stops that were cut out, the longest first."""
    table, keys = list_stops(content.recordings), ["start", "end", "duration"]
    if not len(table):
        return None
    suffix = "" if content.fps is None else "_time"
    rows = table[[key + suffix for key in keys]].set_axis(keys, axis=1)
    rows["video"] = table["recording"].map(content.recordings.names.index)
    if suffix:
        first = table["recording"].map(content.bouts.origins)
        rows[["start", "end"]] = rows[["start", "end"]].sub(first, axis=0)
    rows = rows.sort_values("duration", ascending=False, kind="stable")
    return rows.to_dict("records")


@section("Actions")
def actions(content):
    """Rows of the table of actions, the bar of the usual ones, and boxes of totals."""
    rows, bar = list(content.actions.values()), None
    if content.usual and content.has_order:
        lengths = [content.actions[code]["quartiles"][1] for code in content.usual]
        ends = np.cumsum([0, *lengths]).tolist()
        bar = ends[-1], _shapes(content, zip(content.usual, ends, ends[1:]))
    return {"rows": rows, "bar": bar, "boxes": _draw_boxes(content.totals)}


def _draw_boxes(totals):
    """Positions, in per cent, of a box with whiskers and of outliers, by code."""
    boxes, longest = {}, 0
    for code, times in totals.items():
        if not len(times):
            continue
        lower, middle, upper = np.quantile(times, [0.25, 0.5, 0.75])
        reach = 1.5 * (upper - lower)  # of whiskers
        near = times[(times >= lower - reach) & (times <= upper + reach)]
        outliers = np.setdiff1d(times, near)[-30:]
        boxes[code] = [near.min(), lower, middle, upper, near.max()], outliers
        longest = max(longest, near.max())
    # distant outliers are drawn at the edge, a little right of the longest whisker
    share = 100 / (1.3 * longest or 1)
    return {
        code: ([share * end for end in ends], np.minimum(share * far, 100).tolist())
        for code, (ends, far) in boxes.items()
    }


@section("Deviations")
def deviating(content):
    """List the recordings that deviate most, and why; cycles are in their own table."""
    if len(content.video_names) == 1 or content.cycles is not None:
        return None
    rows = [row for row in content.deviations if row["deviates"]]
    shown = [dict(row) for row in rows[:12]]
    for row in shown:
        row["reasons"] = list_reasons(row, content.length)
        row["bar"] = _draw_bar(content, row["index"])
    return {"rows": shown, "n": len(rows)}


def list_reasons(deviation, length):
    """Pairs of a text and its subject: actions, and a note about each."""
    reasons = []
    for key in ("missing", "repeated"):
        if deviation[key]:
            reasons.append((key, [(code, "") for code in deviation[key]]))
    for first, second in deviation["out_of_order"]:
        reasons.append(("out of order", [(first, "before"), (second, "")]))
    for key, what in DURATIONS.items():
        times = []
        for code, *numbers in deviation.get(key, ()):
            times.append((code, ", usually ".join(map(length, numbers))))
        reasons += [(what, times)] if times else []
    if deviation["unlikely"]:
        reasons.append(("unlike the others", []))
    return reasons


@section("Groups compared")
def groups(content):
    """Rows of compared measures, the most certain differences first."""
    if content.groups is None:
        return None
    widest = 4  # standard deviations
    table = content.groups.assign(differs=is_different(content.groups))
    # of steps, there are those that differ
    is_shown = (table["measure"] != "transition") | table["differs"]
    table = table[is_shown & table["p"].notna()].sort_values("q", kind="stable")
    rows = table.head(MOST_ROWS).to_dict("records")
    for row in rows:
        row["what"], show = MEASURES[row["measure"]]
        show = show or content.length
        row |= {"one": show(row["mean_first"]), "other": show(row["mean_second"])}
        ends = [row["effect_low"], row["effect"], row["effect_high"]]
        if np.isfinite(row["effect"]):
            row["ends"] = 50 + 50 * np.clip(ends, -widest, widest) / widest
    sentences = describe_pairs(content.groups)
    n_left = int(content.groups["p"].notna().sum()) - len(rows)
    return {"said": sentences, "rows": rows, "left": n_left, "widest": widest}


@section("Timelines")
def timelines(content):
    """Codes with additions to the names of actions, and bars for paper."""
    names = content.findings.names
    labels = content.truth.names if content.truth else {}
    buttons = {}
    for code in dict.fromkeys([*content.order, *labels]):
        if code == BACKGROUND:
            continue
        name, label = names.get(code), labels.get(code)
        if name is None:
            buttons[code] = f"– ({label})"
        else:
            buttons[code] = "" if label in (None, name) else f" ({label})"
    shown = range(min(len(content.video_names), MOST_ROWS))
    rows = [{"index": i, "bar": _draw_bar(content, i)} for i in shown]
    return {"buttons": buttons, "rows": rows}


def _draw_bar(content, i):
    clock = content.clocks[i]
    segments = find_segments(content.findings.paths[i], clock.breaks)
    bar = web.describe_segments(segments, clock)
    ends = [*bar["start"][1:], clock.ends[-1]]
    return ends[-1], _shapes(content, zip(bar["code"], bar["start"], ends))


def _shapes(content, segments):
    """CSS classes, code and outline of each code of segments: code, start and end."""
    outlines = defaultdict(str)  # all segments of one code are one shape
    for code, start, end in segments:
        if code == web.BREAK:
            outlines[code] += f"M{start:.10g} .5H{end:.10g}"
        elif code != BACKGROUND:
            outlines[int(code)] += f"M{start:.10g} 0H{end:.10g}V1H{start:.10g}Z"
    kinds = {code: "break" if code < 0 else content.classes(code) for code in outlines}
    return [(kinds[code], code, outline) for code, outline in outlines.items()]


@section("Profiles of actions")
def profiles(content):
    """Features that differ most, and rows of means with levels of colour."""
    profiles = content.profiles
    if profiles is None:
        return None
    # equal values (up to rounding) in the order of features
    differences = profiles.means.std(axis=0).round(9)
    chosen = np.sort(np.argsort(-differences, kind="stable")[:MOST_FEATURES])
    actions = [code for code in content.order if code in profiles.actions]
    places = list(map(profiles.actions.index, actions))
    means = profiles.means[np.ix_(places, chosen)].T
    levels = np.rint(4 * means / (np.abs(means).max() or 1)).astype(int)
    shown = means.round(1) + 0.0  # no -0.0
    rows = [
        (profiles.features[j], list(zip(shown[row].tolist(), levels[row].tolist())))
        for row, j in enumerate(chosen)
    ]
    n_features = len(profiles.features)
    return {"actions": actions, "n_features": n_features, "rows": rows}


@section("Signals of each action")
def telling(content):
    """Rows of telling features, and a sentence; None if too few actions have any."""
    table = content.telling
    scored = set(table.loc[table["score"].notna(), "action"])
    if not scored:
        return None
    rows = {action: [] for action in content.order if action in scored}
    tells = table[table["tells"] | (table["score"] >= CLEAR)]
    for row in tells.groupby("action").head(3).to_dict("records"):
        rows[row["action"]].append(row)
    plain = table.assign(feature=table["feature"].map(content.in_plain))
    return {"rows": rows, "useless": describe_useless(plain)}


@section("Compared with people")
def scores(content):
    """Scores against the ground truth, or None."""
    return content.truth and content.truth.scores


@section("Typical frames")
def typical(content):
    """Return the most typical frames of each action."""
    frames = content.findings.typical
    return {code: frames[code] for code in content.order if code in frames}


@section("Recordings", folded=True)
def recordings(content):
    """Rows of the table of recordings."""
    rows = zip(content.video_names, content.findings.paths, content.clocks)
    return [
        (name, clock.ends[-1], len(find_segments(path).starts))
        for name, path, clock in rows
    ]


@section("Model", folded=True)
def model(content):
    """Return the look at the recordings, and the steps before the segmenter."""
    from skl_tot.methods.pipelines import describe_look, steps_of

    steps = [step for _, step in steps_of(content.model)[:-1]]
    widths = [getattr(step, "window_", None) for step in steps]
    return {
        "steps": steps,
        "read_options": content.segmenter.read_options_,
        "look": describe_look(content.model),
        "widths": [width for width in widths if width is not None],
    }
