"""A page about a segmentation: one HTML file that needs no network and no script."""

import os
from importlib.resources import files

from sklearn.utils.validation import check_is_fitted

from skl_tot import __version__
from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.forms import split_videos
from skl_tot.inputs.labels import check_fps, split_label_sequences
from skl_tot.inputs.names import name_all_actions
from skl_tot.io.atomic import replaced
from skl_tot.report.findings import (
    describe_actions,
    describe_candidates,
    describe_videos,
    examine,
    list_questions,
    name_truth,
    score,
)
from skl_tot.report.pictures import draw_loss
from skl_tot.report.thumbnails import add_thumbnails
from skl_tot.report.timelines import (
    draw_candidates,
    draw_heat_map,
    draw_timelines,
    encode_timelines,
)


def write_report(
    model,
    videos,
    path,
    *,
    y_true=None,
    video_names=None,
    action_names=None,
    fps=None,
    video_files=None,
    title=None,
):
    """Write a page about a fitted model and what it finds in videos.

    The page has the timelines, tables of the actions and of the videos, the frames most
    typical of each action, what features are like during each, what to label next, the
    parameters and the loss; of an `AutoSegmenter` also its candidates, side by side for
    the first six videos. It is one HTML file without scripts, which opens from disk.
    The same input gives the same file.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, such as `TemporalOTSegmenter`, or a `Pipeline` of scikit-learn
        with one at its end.
    videos : array-like of shape (n_frames, n_features), or a sequence of such
        One video or many, as for ``model.predict``; also a list of paths if the
        pipeline starts from these. The pipeline gets one at a time.
    path : str or path-like
        File to write. It is whole or not there: an error leaves what was.
    y_true : array-like of shape (n_frames,), or a sequence of such, default=None
        Ground truth, integers or strings, to show and to score against. The integer -1
        is background.
    video_names : sequence of str, default=None
        Names of the videos; None means "video 0", ….
    action_names : dict or sequence of str, default=None
        Names of predicted actions, as ``{0: "take cup"}`` or ``["take cup", "pour"]``.
        Actions of one name become one. The others are called "action 1", …. After a
        fit with ``guidance``, or ``guide``, numbers are those among ``classes_``, or
        their places if they are text, which stands for itself.
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
    >>> videos, y_true = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = TemporalOTSegmenter(3, max_iter=20, random_state=0).fit(videos)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "report.html")
    >>> write_report(model, videos, path, y_true=y_true, action_names={0: "take cup"})
    >>> "take cup" in path.read_text(encoding="utf-8")
    True
    >>> folder.cleanup()
    """
    template = _load_template()
    # late, as it waits for torch
    from skl_tot.segmenters.pipelines import output_labels, segmenter_of

    check_fps(fps)
    segmenter = segmenter_of(model)
    check_is_fitted(segmenter)
    videos = _split(videos)
    if video_names is None:
        video_names = [f"video {i}" for i in range(len(videos))]
    if y_true is not None:
        y_true, _ = split_label_sequences(y_true, "y_true")
    if video_files is not None and fps is None:
        raise ValueError("fps is None, expected a number as video_files are given.")
    _check_number("video_names", video_names, "names", len(videos))
    _check_number("video_files", video_files, "files", len(videos))
    _check_number("y_true", y_true, "videos", len(videos))

    words = name_all_actions(output_labels(segmenter), action_names, "action_names")
    findings = examine(model, videos, video_names, words)
    truth, scores = None, None
    if y_true is not None:
        truth = name_truth(y_true)
        scores = score(y_true, findings.paths, video_names, truth)
    if video_files is not None:
        add_thumbnails(findings.typical, video_files, fps)
    encoded = encode_timelines(findings, y_true, truth)
    html = template.render(
        title=title or "Action segmentation",
        version=__version__,
        segmenter=segmenter,
        defaults=type(segmenter)().get_params(),
        steps=list(model[:-1]) if segmenter is not model else [],
        n_frames=sum(map(len, findings.paths)),
        fps=fps,
        names=findings.names(),
        video_names=video_names,
        loss=draw_loss(segmenter),
        timelines=draw_timelines(findings, encoded, video_names, fps),
        actions=describe_actions(findings),
        profiles=draw_heat_map(
            findings, encoded, getattr(segmenter, "feature_names_in_", None)
        ),
        questions=list_questions(findings),
        videos=describe_videos(video_names, findings),
        typical=dict(zip(findings.actions, findings.typical)),
        scores=scores,
        candidates=describe_candidates(segmenter),
        best=getattr(segmenter, "best_index_", None),
        compared=draw_candidates(findings, encoded, video_names, fps),
        compared_names=findings.candidate_names(),
        n_compared=len(findings.candidates),
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


def _check_number(name, values, what, expected):
    """Refuse values that are not one for each video."""
    if values is not None and len(values) != expected:
        raise ValueError(f"{name} has {len(values)} {what}, expected {expected}.")
