"""Small pictures of the page, its timelines as data, thumbnails of recordings."""

import base64
import io
import itertools
from collections import defaultdict

import numpy as np

from skl_tot.app import web
from skl_tot.display.palette import style_of
from skl_tot.recordings.labels import BACKGROUND, find_segments
from skl_tot.recordings.stops import with_stops

MEAN_STEPS = 100  # in a running mean of the loss
MOST_POINTS = 400  # of a curve
MOST_DOTS = 30  # drawn outliers of a box
EDGE = 1.3  # right edge of boxes, relative to the longest whisker
FEATURES = 6  # of a profile beside an action
THUMBNAIL = (160, 160)  # largest width and height in pixels


def classes(code):
    """CSS classes of a code, for marks in tables and pictures."""
    return "cb" if code == BACKGROUND else f"c{code} h{style_of(code).hatch}"


def bar(content, i, codes):
    """Width and shapes of a timeline of a recording: classes, code and outline."""
    clock = content.clocks[i]
    found = web.describe_segments(find_segments(codes, clock.breaks), clock)
    ends = [*found["start"][1:], clock.ends[-1]]
    return ends[-1], _shapes(zip(found["code"], found["start"], ends))


def stack(lengths):
    """Width and shapes, as for `bar`, of consecutive segments; lengths by code."""
    ends = np.cumsum([0, *lengths.values()]).tolist()
    return ends[-1], _shapes(zip(lengths, ends, ends[1:]))


def bar_of_bouts(actions, times):
    """Shapes, as for `bar`, of actions with starts and ends (n, 2)."""
    return _shapes(zip(actions, *times.to_numpy().round(3).T.tolist()))


def boxes(totals):
    """Positions, in per cent, of a box with whiskers and points by code."""
    # whiskers end within 1.5 times the box; distant points are drawn at the edge
    values, points = {}, {}
    for code, own in totals.items():
        if len(own):
            lower, middle, upper = np.quantile(own, [0.25, 0.5, 0.75])
            reach = 1.5 * (upper - lower)
            near = own[(own >= lower - reach) & (own <= upper + reach)]
            values[code] = np.array([near.min(), lower, middle, upper, near.max()])
            points[code] = np.setdiff1d(own, near)[-MOST_DOTS:]
    share = 100 / (EDGE * max((own[-1] for own in values.values()), default=0) or 1)
    return {
        code: ((share * own).tolist(), np.minimum(share * points[code], 100).tolist())
        for code, own in values.items()
    }


def _shapes(segments):
    """Shapes of codes with starts and ends; all segments of one code are one shape."""
    outlines = defaultdict(str)
    for code, start, end in segments:
        if code == web.BREAK:
            outlines[code] += f"M{start:.10g} .5H{end:.10g}"
        elif code != BACKGROUND:
            outlines[int(code)] += f"M{start:.10g} 0H{end:.10g}V1H{start:.10g}Z"
    kinds = {code: "break" if code < 0 else classes(code) for code in outlines}
    return [(kinds[code], code, outline) for code, outline in outlines.items()]


def _curve(across, shares):
    """Outline in a box of 1000 by 300, from shares of its height below the top."""
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(across, 300 * shares))


def loss(segmenter):
    """Curves of the loss and of its running mean, None for a method without loss."""
    if not hasattr(segmenter, "loss_curve_"):
        return None
    losses = np.asarray(segmenter.loss_curve_, dtype=float)
    width = min(MEAN_STEPS, len(losses))
    means = np.convolve(losses, np.full(width, 1 / width), "valid")
    steps = np.arange(1, len(losses) + 1)
    centres = steps[: len(means)] + (width - 1) / 2
    low, high = losses.min(), losses.max()

    def outline(x, y):
        kept = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).astype(int))
        across = 1000 * (x[kept] - 1) / max(len(losses) - 1, 1)
        return _curve(across, (high - y[kept]) / ((high - low) or 1))

    return {
        "steps": outline(steps, losses),
        "means": outline(centres, means),
        "width": width,
        "low": low,
        "high": high,
        "first": losses[0],
        "last": losses[-1],
        "n_steps": len(losses),
    }


def numbers(numbers):
    """Outlines of the scores of numbers of actions, of their spread, and the best."""
    tried, scores, spread = map(np.array, list(numbers.values())[:3])
    spread = np.nan_to_num(spread)
    low, high = min(0, (scores - spread).min()), (scores + spread).max()
    across = 1000 * (tried - tried[0]) / max(np.ptp(tried), 1)

    def outline(x, y):
        return _curve(x, (high - y) / ((high - low) or 1))

    ends = [scores + spread, (scores - spread)[::-1]]
    return {
        "band": outline(np.append(across, across[::-1]), np.concatenate(ends)) + "Z",
        "scores": outline(across, scores),
        "best": f"M{across[tried == numbers['best']][0]:.1f} 0V300",
    }


def add_thumbnails(typical, video_files, fps, recordings):
    """Add pictures to the typical frames of `Findings`; reads a recording once."""
    counted = recordings.replace(list(map(np.arange, recordings.lengths)))
    with_all = with_stops(counted).arrays  # as videos have
    of_video = defaultdict(list)
    for found in itertools.chain(*typical.values()):
        of_video[found["video"]].append(found)
    for i, file in enumerate(video_files):
        if i in of_video:
            frames = np.flatnonzero(with_all[i] >= 0)
            wanted = {int(frames[own["frame"]]): own for own in of_video[i]}
            _add_thumbnails_of(wanted, file, fps)


def _add_thumbnails_of(wanted, file, fps):
    from skl_tot.preprocessing.videos import iterate_frames

    n_frames, last = 0, max(wanted)
    for n_frames, (_, pixels) in enumerate(iterate_frames(file, fps), start=1):
        if n_frames - 1 in wanted:
            wanted[n_frames - 1]["picture"] = _thumbnail(pixels)
        if n_frames > last:
            return
    text = f"{file} has {n_frames} frames at fps={fps}"
    raise ValueError(f"{text}, expected more than {last}, as in the features.")


def _thumbnail(pixels):
    from PIL import Image

    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail(THUMBNAIL)
    image.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def describe_timelines(content):
    """Timelines of the recordings and cycles, and facts about actions, as JSON."""
    truth = content.truth
    return web.as_json(
        {
            "fps": content.recordings.fps,
            "digits": web.count_digits(content.recordings.fps),
            "unsure": round(content.unsure, 4),
            "reach": round(content.reach, 3),
            "numbers": _list_numbers(content),
            "names": content.findings.names,
            "labels": truth.names if truth else {},
            "appearance": web.describe_appearance(content.codes),
            "recordings": _describe_rows(content),
            "actions": _describe_actions(content),
        }
    )


def _describe_rows(content):
    findings = content.findings
    # ranks instead of scores, as many scores are equal
    n_recordings = len(content.videos)
    ranks = {row["index"]: n_recordings - i for i, row in enumerate(content.deviations)}
    rows, cycles = [], _describe_cycles(content)
    for i, path in enumerate(findings.paths):
        clock = content.clocks[i]
        segments = find_segments(path, clock.breaks)
        shown = clock, findings.confidences[i], web.count_doubts(n_recordings)
        row = web.describe_row(content.video_names[i], segments, *shown)
        row |= {"deviation": float(ranks[i]), "cycles": cycles[i]}
        if not np.isnat(content.dates[i]):
            row["clock"] = str(content.dates[i])
        if content.truth is not None:
            labels = find_segments(content.truth.codes(i), clock.breaks)
            row["truth"] = web.describe_segments(labels, clock)
        rows.append(row)
    return rows


def _describe_cycles(content):
    """List start, end and rank by deviation of the cycles of each recording."""
    n_digits = web.count_digits(content.recordings.fps)
    found = [[] for _ in content.videos]
    if content.cycles is None:
        return found
    table, _ = content.cycles
    ranks = table["score"].rank(method="first").astype(int)
    origins, names = content.bouts.origins, content.recordings.names
    rows = zip(table["recording"], table["start"], table["end"], ranks)
    for name, start, end, rank in rows:
        times = [round(time - origins[name], n_digits + 1) for time in (start, end)]
        found[names.index(name)].append([*times, rank])
    return found


def _list_numbers(content):
    """List the numbers in ``--names`` of the actions of each code."""
    actions = content.segmenter.actions_.tolist()
    words = content.words.tolist()
    found = {}
    for code, name in content.findings.names.items():
        own = [k for k, word in enumerate(words) if word == name]
        if code != BACKGROUND:  # labels from people may add others
            is_text = not own or isinstance(actions[code], str)
            found[code] = own if is_text else [actions[k] for k in own]
    return found


def _describe_actions(content):
    profiles, own = content.profiles, {}
    for code, means in zip(profiles.actions, profiles.means) if profiles else []:
        order = np.argsort(-np.abs(means), kind="stable")[:FEATURES]
        words = [content.in_plain[profiles.features[j]] for j in order]
        own[code] = list(zip(words, means[order].round(2).tolist()))
    return [
        {"code": k, "facts": _describe_facts(row, content), "profile": own.get(k, [])}
        for k, row in content.actions.items()
        if k != BACKGROUND
    ]


def _describe_facts(row, content):
    if "quartiles" not in row:
        return "Found in no recording."
    what = "recording" if content.cycles is None else "cycle"
    units = f"{row['units']} of {len(content.unit_bouts.names)} {what}s"
    usual = f"usually {content.length(row['quartiles'][1])} of a {what}"
    return f"In {units}, {100 * row['share']:.1f} % of all time; {usual}."
