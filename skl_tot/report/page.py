"""A page about a segmentation: one HTML file that needs no network and no script."""

import base64
import io
import os
from collections import defaultdict
from importlib.resources import files

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skl_tot import __version__
from skl_tot.display.bars import figure_size
from skl_tot.display.timelines import SegmentationDisplay
from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.forms import split_videos
from skl_tot.inputs.labels import check_fps, find_segments, split_label_sequences
from skl_tot.inputs.names import name_actions
from skl_tot.io.atomic import replaced
from skl_tot.metrics.scores import segmentation_report

DPI = 150
ROWS = 20  # timelines in one picture, which then fits a sheet of paper
N_TYPICAL = 5
THUMBNAIL = (160, 160)  # largest width and height in pixels


def write_report(
    path,
    model,
    videos,
    *,
    labels=None,
    video_names=None,
    names=None,
    fps=None,
    video_files=None,
    title=None,
):
    """Write a page about a fitted model and what it finds in videos.

    The page has the timelines, tables of the actions and of the videos, the frames most
    typical of each action, the parameters and the loss. It is one HTML file without
    scripts, which opens from disk. The same input gives the same file.

    Parameters
    ----------
    path : str or path-like
        File to write. It is whole or not there: an error leaves what was.
    model : estimator
        Fitted `TemporalOTSegmenter` or `CTESegmenter`, or a `Pipeline` of scikit-learn
        with one at its end.
    videos : array-like of shape (n_frames, n_features), or a sequence of such
        One video or many, as for ``model.predict``; also a list of paths if the
        pipeline starts from these. The pipeline gets one at a time.
    labels : array-like of shape (n_frames,), or a sequence of such, default=None
        Ground truth, integers or strings, to show and to score against. The integer -1
        is background.
    video_names : sequence of str, default=None
        Names of the videos; None means "video 0", ….
    names : dict or sequence of str, default=None
        Names of predicted actions, as ``{0: "take cup"}`` or ``["take cup", "pour"]``.
        Actions of one name become one. The others are called "action 1", ….
    fps : float, default=None
        Frames of the features per second, to give times as well.
    video_files : sequence of str or path-like, default=None
        The recording of each video, for thumbnails. Needs ``fps``, and PyAV of the
        ``video`` extra.
    title : str, default=None
        Heading of the page; None means "Action segmentation".

    Raises
    ------
    ImportError
        If jinja2 or matplotlib is not installed; the extra ``report`` has both.
    OSError
        If the file cannot be written, or a recording cannot be read.
    TypeError, ValueError, sklearn.exceptions.NotFittedError
        If ``model`` is no fitted segmenter, a video is not valid, numbers of videos,
        frames or names disagree, or a recording is shorter than its features.

    See Also
    --------
    skl_tot.SegmentationDisplay : The timelines alone.
    skl_tot.metrics.segmentation_report : The scores alone.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.report import write_report
    >>> videos, labels = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = TemporalOTSegmenter(3, max_iter=20, random_state=0).fit(videos)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "report.html")
    >>> write_report(path, model, videos, labels=labels, names={0: "take cup"}, fps=10)
    >>> "take cup" in path.read_text(encoding="utf-8")
    True
    >>> folder.cleanup()
    """
    template = _load_template()
    # late, as it waits for torch
    from skl_tot.segmenters.pipelines import check_names, segmenter_of

    check_fps(fps)
    segmenter = segmenter_of(model)
    check_is_fitted(segmenter)
    videos = _split(videos)
    if video_names is None:
        video_names = [f"video {i}" for i in range(len(videos))]
    if labels is not None:
        labels, _ = split_label_sequences(labels, "labels")
    if video_files is not None and fps is None:
        raise ValueError("fps is None, expected a number as video_files are given.")
    for name, values, what in (
        ("video_names", video_names, "names"),
        ("video_files", video_files, "files"),
        ("labels", labels, "videos"),
    ):
        if values is not None and len(values) != len(videos):
            raise ValueError(
                f"{name} has {len(values)} {what}, expected {len(videos)}."
            )

    if not isinstance(names, dict):
        names = dict(enumerate([] if names is None else names))
    check_names(names, segmenter)
    words = _name_all(segmenter._n_fitted_actions, names)
    actions = list(dict.fromkeys(words.tolist()))
    names = dict(enumerate(actions)) | {-1: "background"}
    paths, confidences, typical = _examine(model, videos, video_names, words, actions)
    shown, scores = {"target_names": names}, None
    if labels is not None:
        _check_lengths(labels, paths, video_names)
        shown = _name_truth(labels)
        scores = segmentation_report(labels, paths, **shown, output_dict=True)
    if video_files is not None:
        _add_thumbnails(typical, video_files, fps)
    html = template.render(
        title=title or "Action segmentation",
        version=__version__,
        segmenter=segmenter,
        defaults=type(segmenter)().get_params(),
        steps=list(model[:-1]) if segmenter is not model else [],
        n_frames=sum(map(len, paths)),
        fps=fps,
        names=names,
        video_names=video_names,
        loss=_draw_loss(segmenter),
        timelines=_draw_timelines(paths, labels, shown, confidences, video_names, fps),
        actions=_describe_actions(names, paths, confidences),
        videos=_describe_videos(video_names, paths, confidences),
        typical={name: typical[k] for k, name in enumerate(actions)},
        scores=scores,
    )
    with replaced(path) as temporary:
        temporary.write_bytes(html.encode())


def _load_template():
    jinja2 = import_extra("jinja2", "report")
    import_extra("matplotlib", "report")  # says so before any work is done
    text = files("skl_tot.report").joinpath("page.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(text)


def _split(videos):
    """Sequence of videos: arrays or paths."""
    is_list = isinstance(videos, (list, tuple)) and len(videos)
    if is_list and isinstance(videos[0], (str, os.PathLike)):
        return videos
    try:
        return split_videos(videos)[0]
    except (TypeError, ValueError) as error:
        raise type(error)(f"videos {str(error).removeprefix('X ')}") from None


def _name_all(n_actions, names):
    """Name of each action, as ndarray of str; those without are "action 0", ...."""
    defaults = {k: f"action {k}" for k in range(n_actions) if k not in names}
    taken = sorted(set(defaults.values()) & set(names.values()))
    if taken:
        raise ValueError(
            f"{taken[0]!r} is the name of an action, but another without a name is "
            "called so."
        )
    return name_actions(range(n_actions), defaults | names)


def _examine(model, videos, video_names, words, actions):
    """Predict video by video; clusters with one name in ``words`` are one action.

    Returns
    -------
    paths, confidences : list of ndarray of shape (n_frames_i,)
        Action of each frame, -1 for background, and its probability given the video,
        1 for background.
    typical : dict
        For each action its likeliest frames, at most one of a video, as dict.
    """
    from skl_tot.segmenters.pipelines import (
        predict_with_confidence,
        segmenter_of,
        transform_before,
    )

    segmenter = segmenter_of(model)
    paths, confidences, typical = [], [], defaultdict(list)
    merge = (words[:, None] == actions).astype(float)
    merged = np.append(merge.argmax(axis=1), -1)  # the last is that of label -1
    for i, name in enumerate(video_names):
        try:
            X = transform_before(model, videos[i])
            codes = segmenter.predict_proba(X) @ merge
            (path,), (confidence,) = predict_with_confidence(segmenter, X, words)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{name}: {error}") from error
        path = merged[path]
        paths.append(path)
        confidences.append(confidence)
        for k in np.unique(path[path >= 0]).tolist():
            own = np.where(path == k, codes[:, k], -1)
            best = np.flatnonzero(own == own.max())  # many where codes saturate
            frame = int(best[len(best) // 2])
            typical[k].append({"video": i, "frame": frame, "code": own[frame]})
    for candidates in typical.values():
        candidates.sort(key=lambda found: -found["code"])
        del candidates[N_TYPICAL:]
    return paths, confidences, typical


def _check_lengths(labels, paths, video_names):
    for name, true, path in zip(video_names, labels, paths):
        if len(true) != len(path):
            raise ValueError(
                f"labels has {len(true)} frames for {name}, expected {len(path)}."
            )


def _name_truth(labels):
    """Name labels that are integers unlike clusters; -1 is background if it occurs."""
    values = np.unique(np.concatenate(labels)).tolist()
    names = {v: v if isinstance(v, str) else f"label {v}" for v in values}
    names[-1] = "background"
    return {"target_names": names, "background": -1 if -1 in values else None}


def _describe_actions(names, paths, confidences):
    """Rows of the table of actions, with background if it occurs."""
    codes, starts, ends = map(np.concatenate, zip(*map(find_segments, paths)))
    frames, confidence = np.concatenate(paths), np.concatenate(confidences)
    rows = []
    for k, name in names.items():
        lengths = (ends - starts)[codes == k]
        row = {"name": name, "segments": len(lengths), "share": (frames == k).mean()}
        row["videos"] = sum(k in path for path in paths)
        if len(lengths):
            row |= {"mean": lengths.mean(), "min": lengths.min(), "max": lengths.max()}
        if len(lengths) and k >= 0:
            row["confidence"] = confidence[frames == k].mean()
        if len(lengths) or k >= 0:
            rows.append(row)
    return rows


def _describe_videos(video_names, paths, confidences):
    """Rows of the table of videos."""
    rows = []
    for name, path, confidence in zip(video_names, paths, confidences):
        row = {"name": name, "frames": len(path)}
        row["segments"] = len(find_segments(path)[0])
        known = np.flatnonzero(path >= 0)
        if len(known):
            frame = known[confidence[known].argmin()]
            row |= {"confidence": confidence[known].mean(), "frame": frame}
            row |= {"action": path[frame], "lowest": confidence[frame]}
        rows.append(row)
    return rows


def _draw_timelines(paths, labels, shown, confidences, video_names, fps):
    """Pictures of some timelines each: (first name, last name, URI, width)."""
    display = SegmentationDisplay(
        paths, y_true=labels, video_names=video_names, confidence=confidences, **shown
    )

    def draw(ax):
        display.plot(ax=ax, fps=fps)
        ax.set_xlim(0, max(map(len, paths)) / (fps or 1))

    pictures = []
    legend = shown["target_names"] | {-2: "no match"}
    bar_names = [None] if labels is None else ["ground truth", None]
    for drawn in np.array_split(np.arange(len(paths)), -(-len(paths) // ROWS)):
        display.videos = drawn
        some = [video_names[i] for i in drawn]
        size = figure_size(len(drawn), legend, bar_names, some)
        pictures.append((some[0], some[-1], *_picture(size, draw)))
    return pictures


def _draw_loss(segmenter):
    """Picture of the loss of each step and its running mean."""
    losses = np.asarray(segmenter.loss_curve_)
    width = min(segmenter.n_iter_no_change, len(losses))
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


def _data_uri(kind, buffer):
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _add_thumbnails(typical, video_files, fps):
    """Give every typical frame its picture; a recording is read once."""
    from skl_tot.preprocessing.video_frames import iterate_frames

    for i, file in enumerate(video_files):
        found = [x for frames in typical.values() for x in frames if x["video"] == i]
        if not found:
            continue
        wanted, count, last = defaultdict(list), 0, max(x["frame"] for x in found)
        for x in found:
            wanted[x["frame"]].append(x)
        for count, (_, pixels) in enumerate(iterate_frames(file, fps), start=1):
            for x in wanted[count - 1]:
                x["picture"] = _thumbnail(pixels)
            if count > last:
                break
        else:
            raise ValueError(
                f"{file} has {count} frames at fps={fps}, expected more than {last} as "
                "the features have."
            )


def _thumbnail(pixels):
    from PIL import Image

    image, buffer = Image.fromarray(pixels), io.BytesIO()
    image.thumbnail(THUMBNAIL)
    image.save(buffer, "JPEG", quality=80)
    return _data_uri("jpeg", buffer)
