"""Pictures of a report, as data URIs: timelines, the loss and thumbnails."""

import base64
import io
from collections import defaultdict

import numpy as np

from skl_tot.display.bars import figure_size
from skl_tot.display.codes import encode
from skl_tot.display.timelines import TRUTH
from skl_tot.display.timelines import draw_timelines as timelines
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME

DPI = 150
MEAN_STEPS = 100  # in a mean of the loss
ROWS = 20  # timelines in one picture, which then fits a sheet of paper
THUMBNAIL = (160, 160)  # largest width and height in pixels


def draw_timelines(findings, video_names, y_true, truth, fps):
    """Pictures of some timelines each: (first name, last name, URI, width).

    ``truth`` is from `name_truth` if there is ground truth, else None.
    """
    encoded = encode_timelines(findings, y_true, truth)
    doubts = [1 - confidence for confidence in findings.confidences]
    bar_names = [None] if y_true is None else [TRUTH, None]
    duration = max(map(len, findings.paths)) / (fps or 1)

    pictures = []
    indices, n_pictures = np.arange(len(video_names)), -(-len(video_names) // ROWS)
    for drawn in np.array_split(indices, n_pictures):
        videos, some, unsure = zip(
            *[(encoded.videos[i], video_names[i], doubts[i]) for i in drawn]
        )
        content = (encoded.key(videos), videos, unsure, bar_names, some, fps)

        def draw(ax, content=content):
            timelines(ax, *content)
            ax.set_xlim(0, duration)

        size = figure_size(encoded.names, encoded.title, bar_names, some)
        pictures.append((some[0], some[-1], *_picture(size, draw)))
    return pictures


def encode_timelines(findings, y_true, truth):
    """Codes of frames: colours go by the number of an action, not by its name."""
    if y_true is None:
        numbers = np.append(findings.numbers, BACKGROUND)  # the last is that of -1
        paths = [numbers[path] for path in findings.paths]
        names = dict(zip(findings.numbers, findings.actions))
        return encode(None, paths, target_names=names, background=None)
    words = np.array([*findings.actions, BACKGROUND_NAME])
    paths = [words[path] for path in findings.paths]
    options = {"scope": "activity", "ignore_labels": None}
    return encode(y_true, paths, **truth, **options)


def draw_loss(segmenter):
    """Picture of the loss of each step and its running mean: (URI, width).

    None of a method that trains no network.
    """
    if not hasattr(segmenter, "loss_curve_"):
        return None
    losses = np.asarray(segmenter.loss_curve_)
    width = min(getattr(segmenter, "n_iter_no_change", MEAN_STEPS), len(losses))
    means = np.convolve(losses, np.full(width, 1 / width), "valid")

    def draw(ax):
        steps = np.arange(1, len(losses) + 1)
        ax.plot(steps, losses, color="#8C8C8C", linewidth=0.5, label="each step")
        centres = steps[: len(means)] + (width - 1) / 2
        ax.plot(centres, means, color="#0072B2", label=f"mean of {width} steps")
        ax.set(xlabel="step", ylabel="loss")
        ax.spines[["right", "top"]].set_visible(False)
        ax.legend(frameon=False)

    return _picture((7, 2.6), draw)


def _picture(size, draw):
    """Draw on axes and return the data URI and the width in inches."""
    from matplotlib import style
    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    with style.context("default"):  # not the styles of the user
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        # without the version of matplotlib
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return _data_uri("png", buffer), size[0]


def add_thumbnails(typical, video_files, fps):
    """Give every typical frame of `Findings` its picture; a recording is read once."""
    of_video = defaultdict(list)
    for frames in typical:
        for found in frames:
            of_video[found["video"]].append(found)
    for i, file in enumerate(video_files):
        if i in of_video:
            _add_thumbnails_of(of_video[i], file, fps)


def _add_thumbnails_of(found, file, fps):
    """Read one recording, as far as it is needed."""
    from skl_tot.preprocessing.video_frames import iterate_frames

    wanted = {of_frame["frame"]: of_frame for of_frame in found}
    n_frames, last = 0, max(wanted)
    for _, pixels in iterate_frames(file, fps):
        if n_frames in wanted:
            wanted[n_frames]["picture"] = _thumbnail(pixels)
        if n_frames == last:
            return
        n_frames += 1
    raise ValueError(
        f"{file} has {n_frames} frames at fps={fps}, expected more than {last} as the "
        "features have."
    )


def _thumbnail(pixels):
    from PIL import Image

    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail(THUMBNAIL)
    image.save(buffer, "JPEG", quality=80)
    return _data_uri("jpeg", buffer)


def _data_uri(kind, buffer):
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
