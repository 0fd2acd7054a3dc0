"""Small pictures of the page: bars and loss in SVG, thumbnails of recordings."""

import base64
import io
from collections import defaultdict

import numpy as np

from skl_tot.display import look_of
from skl_tot.recordings import BACKGROUND, find_segments

MEAN_STEPS = 100  # in a running mean of the loss
MOST_POINTS = 400  # of a curve
MOST_DOTS = 30  # drawn outliers of a box
EDGE = 1.3  # right edge of boxes, relative to the longest whisker
THUMBNAIL = (160, 160)  # largest width and height in pixels


def classes(code):
    """CSS classes of a code, for marks in tables and pictures."""
    return "cb" if code == BACKGROUND else f"c{code} h{look_of(code).hatch}"


def bar(codes):
    """Width in frames and shapes of the timeline of one recording.

    A shape is classes, code and outline; all segments of one code are one shape.
    """
    outlines = defaultdict(str)
    for code, start, end in zip(*find_segments(np.asarray(codes))):
        if code != BACKGROUND:
            outlines[int(code)] += f"M{start} 0H{end}V1H{start}Z"
    return len(codes), _shapes(outlines)


def stack(lengths):
    """Width and shapes, as for `bar`, of consecutive segments; lengths by code."""
    outlines, start = {}, 0
    for code, length in lengths.items():
        end = start + length
        outlines[code] = f"M{start:g} 0H{end:g}V1H{start:g}Z"
        start = end
    return start, _shapes(outlines)


def bar_of_bouts(actions, times, width):
    """Width and shapes, as for `bar`, of actions with starts and ends (n, 2)."""
    outlines = defaultdict(str)
    for code, (start, end) in zip(actions, times.to_numpy().round(3).tolist()):
        outlines[int(code)] += f"M{start:g} 0H{end:g}V1H{start:g}Z"
    return width, _shapes(outlines)


def draw_boxes(totals):
    """Positions, in per cent of the width, of a box with whiskers and points by code.

    A box has the quartiles, whiskers end at the last values within 1.5 times its width,
    and points are outliers; distant ones are drawn at the edge.
    """
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


def _shapes(outlines):
    return [(classes(code), code, outline) for code, outline in outlines.items()]


def draw_loss(segmenter):
    """Curves of the loss and of its running mean, None for a method without loss.

    Outlines lie in a box of 1000 by 300, with the least loss at the bottom.
    """
    if not hasattr(segmenter, "loss_curve_"):
        return None
    losses = np.asarray(segmenter.loss_curve_, dtype=float)
    width = min(MEAN_STEPS, len(losses))
    means = np.convolve(losses, np.full(width, 1 / width), "valid")
    steps = np.arange(1, len(losses) + 1)
    centres = steps[: len(means)] + (width - 1) / 2
    low, high = losses.min(), losses.max()
    size = (high - low) or 1

    def outline(x, y):
        kept = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).astype(int))
        across = 1000 * (x[kept] - 1) / max(len(losses) - 1, 1)
        down = 300 * (high - y[kept]) / size
        points = [f"{a:.1f} {b:.1f}" for a, b in zip(across, down)]
        return "M" + "L".join(points)

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


def draw_numbers(numbers):
    """Outlines of the scores of numbers of actions, of their spread, and the best.

    They lie in a box of 1000 by 300, with 0 or the least score at the bottom.
    """
    tried, scores, spread = map(np.array, list(numbers.values())[:3])
    spread = np.nan_to_num(spread)
    low, high = min(0, (scores - spread).min()), (scores + spread).max()
    across = 1000 * (tried - tried[0]) / max(np.ptp(tried), 1)

    def outline(x, y):
        down = 300 * (high - y) / ((high - low) or 1)
        return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, down))

    ends = [scores + spread, (scores - spread)[::-1]]
    place = across[tried == numbers["best"]][0]
    return {
        "band": outline(np.append(across, across[::-1]), np.concatenate(ends)) + "Z",
        "scores": outline(across, scores),
        "best": f"M{place:.1f} 0V300",
    }


def add_thumbnails(typical, video_files, fps):
    """Add pictures to the typical frames of `Findings`; reads a recording once."""
    of_video = defaultdict(list)
    for frames in typical.values():
        for found in frames:
            of_video[found["video"]].append(found)
    for i, file in enumerate(video_files):
        if i in of_video:
            _add_thumbnails_of(of_video[i], file, fps)


def _add_thumbnails_of(found, file, fps):
    """Read one recording up to the last needed frame."""
    from skl_tot.preprocessing import iterate_frames

    wanted = {of_frame["frame"]: of_frame for of_frame in found}
    n_frames, last = 0, max(wanted)
    for _, pixels in iterate_frames(file, fps):
        if n_frames in wanted:
            wanted[n_frames]["picture"] = _thumbnail(pixels)
        if n_frames == last:
            return
        n_frames += 1
    raise ValueError(
        f"{file} has {n_frames} frames at fps={fps}, expected more than {last}, as in "
        "the features."
    )


def _thumbnail(pixels):
    from PIL import Image

    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail(THUMBNAIL)
    image.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
