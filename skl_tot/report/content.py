"""All that the template of the page needs to know of recordings and what is found."""

import json
from functools import partial

import numpy as np

from skl_tot.display.profiles import choose_features
from skl_tot.inputs.labels import BACKGROUND
from skl_tot.report.colours import assign_codes, describe_looks
from skl_tot.report.drawing import bar, stack
from skl_tot.report.findings import describe_actions, describe_videos, list_questions
from skl_tot.report.overview import describe_usual_order, judge_recordings
from skl_tot.report.page_files import read_page_file
from skl_tot.report.timelines import describe_actions_at_hand, describe_timelines

LEVELS = 4  # of colours of profiles, above and below the mean
PREDICTION, TRUTH = "prediction", "ground truth"


def describe_content(
    findings, labels, video_names, feature_names, y_true, truth, scores
):
    """Values of the template, by name.

    ``labels`` are `Recordings` of the paths; ``truth`` is from `name_truth` and
    ``scores`` from `score` if there is ground truth.
    """
    palette = assign_codes(findings, truth, scores)
    actions = describe_actions(findings)
    usual = describe_usual_order(findings.paths, actions)
    ranks, deviating, n_deviating = judge_recordings(labels, findings.log_likelihoods)
    codes = np.array([*findings.numbers, BACKGROUND])  # the last is that of -1
    for row in deviating:
        row["bar"] = bar(codes[findings.paths[row["index"]]])
    means = _find_profiles(findings, feature_names)
    timelines = describe_timelines(
        findings, labels, video_names, palette, y_true, ranks
    )
    buttons = _name_buttons(palette)
    facts = map(partial(_describe_facts, fps=labels.fps), actions)
    at_hand = describe_actions_at_hand(findings, means, facts, dict(buttons))
    timelines["actions"] = at_hand
    return {
        "n_frames": sum(map(len, findings.paths)),
        "fps": labels.fps,
        "total": _describe_time(labels),
        "palette": palette,
        "names": findings.names(),
        "code_of": dict(enumerate(findings.numbers)) | {BACKGROUND: BACKGROUND},
        "code_of_label": _codes_by_name(palette, truth),
        "video_names": video_names,
        "usual": usual,
        "usual_bar": stack({row["code"]: row["median"] for row in usual}),
        "deviating": deviating,
        "n_deviating": n_deviating,
        "buttons": buttons,
        "actions": actions,
        "videos": describe_videos(video_names, findings),
        "typical": dict(zip(findings.actions, findings.typical)),
        "profiles": means and _describe_profiles(means),
        "scores": scores,
        "questions": list_questions(findings),
        "compared": _describe_compared(findings, video_names, palette, y_true, codes),
        "css": _style(palette),
        "data": _as_json(timelines),
    }


def _style(palette):
    """Style sheet with the colours of the codes."""
    rules = []
    for code, look in describe_looks(palette).items():
        rules.append(f".c{code} {{ --fill: {look['fill']}; --ink: {look['ink']}; }}\n")
    return read_page_file("page.css") + "".join(rules)


def _as_json(values):
    """JSON that no text of can end its element of the page."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _describe_time(labels):
    """Duration of all recordings in words, None without a rate."""
    if labels.fps is None:
        return None
    edges = [labels.edges(i)[[0, -1]] for i in range(len(labels))]
    seconds = float(np.diff(edges, axis=1).sum())
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _describe_facts(row, fps):
    """Line about an action."""
    if not row["segments"]:
        return "Found in no recording."
    factor, unit = (1 / fps, "s") if fps else (1, "frames")
    length = f"{row['median'] * factor:.{2 if fps else 0}f} {unit}"
    return (
        f"{row['segments']} segments in {row['videos']} recordings, "
        f"{100 * row['share']:.1f} % of all frames; median duration {length}."
    )


def _codes_by_name(palette, truth):
    """Code of each label by its name."""
    names = {} if truth is None else truth["target_names"]
    return {name: palette.code_of[label] for label, name in names.items()}


def _name_buttons(palette):
    """Codes with the names of their actions, and those of labels that differ."""
    buttons = []
    for code in sorted(palette.actions.keys() | palette.labels.keys()):
        name, label = palette.actions.get(code), palette.labels.get(code)
        if code == BACKGROUND:
            continue
        if name is None:
            buttons.append((code, f"– ({label})"))
        elif label in (None, name):
            buttons.append((code, name))
        else:
            buttons.append((code, f"{name} ({label})"))
    return buttons


def _find_profiles(findings, feature_names):
    """Profiles of actions, None if there is only background."""
    (sums,) = findings.sums
    return sums.profiles(feature_names) if sums.actions else None


def _describe_profiles(profiles):
    """Names of the features that differ most, and rows: an action, and cells.

    A cell is a mean, in standard deviations, and the level of its colour.
    """
    chosen = choose_features(profiles.means)
    means = profiles.means[:, chosen]
    most = np.abs(means).max() or 1
    levels = np.rint(LEVELS * means / most).astype(int)
    rows = []
    shown = means.round(1) + 0.0  # no -0.0
    for k, values, row in zip(profiles.actions, shown.tolist(), levels.tolist()):
        rows.append((k, list(zip(values, row))))
    return {
        "features": [profiles.features[i] for i in chosen],
        "n_features": len(profiles.features),
        "rows": rows,
    }


def _describe_compared(findings, video_names, palette, y_true, codes):
    """Bars of the first videos by prediction and candidates: (name, bars).

    A bar is its name, whether it is of the ground truth, and shapes.
    """
    compared = []
    for i, candidates in enumerate(findings.candidates):
        bars = []
        if y_true is not None:
            bars.append((TRUTH, True, bar(palette.codes_of(y_true[i]))))
        for name, path in [(PREDICTION, findings.paths[i]), *candidates.items()]:
            bars.append((name, False, bar(codes[path])))
        compared.append((video_names[i], bars))
    return compared
