"""A page about a segmentation: one HTML file that needs no network."""

import base64
import hashlib
from functools import cache, partial

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skl_tot import __version__
from skl_tot.app import web
from skl_tot.app.report.content import Content
from skl_tot.app.report.findings import (
    add_thumbnails,
    gather_findings,
    judge,
    read_corrected,
)
from skl_tot.app.report.sections import sections_of
from skl_tot.recordings.clocks import check_rate
from skl_tot.recordings.errors import import_extra, refuse
from skl_tot.recordings.files import replaced, text_of_name
from skl_tot.recordings.labels import arrange, find_segments, split_label_sequences
from skl_tot.recordings.layouts import as_recordings
from skl_tot.statistics.groups import compare_groups


def write_report(
    model,
    X,
    path,
    *,
    y_true=None,
    video_files=None,
    title=None,
    groups=None,
    subject=None,
    corrected=None,
    accuracy=None,
):
    """Write a page about a fitted model and its result for recordings.

    The page is one HTML file that needs no network. The same input gives the same file.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or a scikit-learn `Pipeline` that ends in one.
    X : array-like of shape (n_frames, n_features), or a sequence of these
        One recording or many, as for ``model.predict``, also by name or as
        `skl_tot.Recordings` with rate and clocks. They are processed one at a time.
        Without a rate, times are by that of the fit, if it has one.
    path : str or path-like
        File to write. After an error, the old file remains.
    y_true : array-like of shape (n_frames,), or a sequence of these, default=None
        Ground truth, integers or text, to show and to score. The integer -1 is
        background. With names, it may be in another order than ``X``.
    video_files : sequence of str or path-like, default=None
        Video file of each recording, for thumbnails. Needs a rate, and PyAV of the
        ``video`` extra.
    title : str, default=None
        Heading of the page; None means "Action segmentation".
    groups, subject : dict, Series or sequence, default=None
        Group and subject of each recording, by name or in order, for a section like
        `skl_tot.statistics.compare_groups`.
    corrected : sequence or dict of sequences of str, default=None
        Names of the actions of the frames of each recording, corrected or checked by
        people; "" for other frames, and None for other recordings. On the whole page,
        they replace the model's labels, with full confidence.
    accuracy : dict, default=None
        Result of `skl_tot.app.review.Review.accuracy`, for the summary.

    Raises
    ------
    OSError, TypeError, ValueError, sklearn.exceptions.NotFittedError
        If the file cannot be written, ``model`` is no fitted segmenter, inputs
        disagree, or a video file is shorter than its features.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.app.report import write_report
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> model = HMMSegmenter(3).fit(videos)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "report.html")
    >>> write_report(model, videos, path)
    >>> folder.cleanup()
    """
    content = read_model(
        model,
        X,
        y_true,
        video_files,
        groups,
        subject,
        corrected,
        accuracy,
    )
    write_page(content, path, title)


def read_model(
    model,
    X,
    y_true=None,
    video_files=None,
    groups=None,
    subject=None,
    corrected=None,
    accuracy=None,
    numbers=None,
):
    """Content of the page; arguments are those of `write_report`."""
    # `numbers` has the number of the colour of each name of an action, or is None.
    # on first use, as most of whom this module serves write no page
    from skl_tot.meta.trust import rate_trust
    from skl_tot.methods.pipelines import segmenter_of

    if groups is None and subject is not None:
        raise ValueError("subject is given without groups, expected both.")
    segmenter = segmenter_of(model)
    check_is_fitted(segmenter)
    videos = as_recordings(X)
    fps = check_rate(videos.fps, segmenter.fps_)
    names = [f"recording {i}" for i in range(len(videos))]
    names = list(map(text_of_name, videos.names if videos.is_named else names))
    if y_true is not None:
        y_true, _ = split_label_sequences(arrange(y_true, videos, "y_true"), "y_true")
    if video_files is not None and fps is None:
        refuse("fps (--fps)", None, "a number as video_files (--videos) are given")
    if video_files is not None and len(video_files) != len(videos):
        expected = f"{len(videos)}, as of X"
        refuse("the length of video_files", len(video_files), expected)
    corrected = None if corrected is None else read_corrected(corrected, videos)
    findings = gather_findings(model, videos, names, corrected)
    truth = None if y_true is None else judge(y_true, findings)
    if video_files is not None:
        add_thumbnails(findings.typical, video_files, fps, videos)
    paths = videos.replace(findings.paths)
    paths.fps = fps
    of_people = {"accuracy": accuracy, "numbers": numbers}
    content = Content(model, segmenter, names, paths, findings, truth, **of_people)
    if groups is not None:
        content.groups = compare_groups(content.bouts, groups, subject)
    is_measured = truth is not None or accuracy is not None
    if not (is_measured or all(map(np.all, findings.labelled))):
        content.rating = rate_trust(model, videos, paths)
    return content


def write_page(content, path, title=None):
    """Write the page of `Content` that is read."""
    template, title = _read_template(), title or "Action segmentation"
    html = template.render(_describe(content), title=title, classes=content.classes)
    with replaced(path) as temporary:
        temporary.write_bytes(html.encode())


@cache  # as it takes as long to compile as to render
def _read_template():
    jinja2 = import_extra("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(partial(web.page_file, "report")),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["digest"] = _digest
    return environment.get_template("page.html")


def _describe(content):
    """Values of the template of the page."""
    css = web.page_file("web", "timelines.css") + web.page_file("report", "page.css")
    for code, style in content.styles.items():
        css += f".c{code} {{ --fill: {style.fill}; --ink: {style.ink}; }}\n"
    keys = ["fps", "in_plain", "length", "place", "segmenter", "truth"]
    keys += ["day", "video_names", "when", "widths"]
    return {key: getattr(content, key) for key in keys} | {
        "sections": sections_of(content),
        "names": content.findings.names,
        "n_frames": sum(map(len, content.findings.paths)),
        "total": content.length(content.bouts.lengths.sum()),
        "lead": content.lead(),
        "unsaid": content.unsaid(),
        "trust": content.trust(),
        "n_found": sum("segments" in row for row in content.actions.values()),
        "n_cycles": 0 if content.cycles is None else len(content.cycles[0]),
        "version": __version__,
        "css": css,
        "js": web.joined("web/timelines.js", "report/report.js"),
        "data": _describe_timelines(content),
    }


def _describe_timelines(content):
    """Timelines of the recordings and cycles, as JSON."""
    truth = content.truth
    return web.as_json(
        {
            "fps": content.recordings.fps,
            "digits": web.count_digits(content.recordings.fps),
            "reach": round(content.reach, 3),
            "names": content.findings.names,
            "labels": truth.names if truth else {},
            "appearance": {k: style._asdict() for k, style in content.styles.items()},
            "recordings": _describe_rows(content),
        }
    )


def _describe_rows(content):
    """Rows of recordings, with their ranks by deviation, cycles, and ground truth."""
    findings = content.findings
    # ranks instead of scores, as many scores are equal
    n_recordings = len(content.video_names)
    ranks = {row["index"]: n_recordings - i for i, row in enumerate(content.deviations)}
    rows, cycles = [], _describe_cycles(content)
    for i, path in enumerate(findings.paths):
        clock = content.clocks[i]
        row = web.describe_row(
            content.video_names[i],
            find_segments(path, clock.breaks),
            clock,
            findings.confidences[i],
            web.count_doubts(n_recordings),
        )
        row |= {"deviation": float(ranks[i]), "cycles": cycles[i]}
        if not np.isnat(content.dates[i]):
            row["clock"] = str(content.dates[i])
        if content.truth is not None:
            labels = find_segments(content.truth.codes(i), clock.breaks)
            row["truth"] = web.describe_segments(labels, clock)
        rows.append(row)
    return rows


def _describe_cycles(content):
    n_digits = web.count_digits(content.recordings.fps)
    cycles = [[] for _ in content.video_names]
    if content.cycles is None:
        return cycles
    table, _ = content.cycles
    origins, names = content.bouts.origins, content.recordings.names
    rows = zip(*(table[key] for key in ("recording", "start", "end", "rank")))
    for name, start, end, rank in rows:
        times = [round(time - origins[name], n_digits + 1) for time in (start, end)]
        cycles[names.index(name)].append([*times, rank])
    return cycles


def _digest(text):
    """Hash of a style or script, for the content security policy of the page."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
