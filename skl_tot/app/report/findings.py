"""Results of a model for recordings: paths, doubts and typical frames, by codes."""

# The code of an action is its number in the model, so that its colour does not depend
# on other actions.

import base64
import io
import itertools
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax

from skl_tot.metrics.reports import segmentation_report
from skl_tot.progress import each
from skl_tot.recordings.checks import check_recordings
from skl_tot.recordings.errors import errors_of_recording
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    read_labels,
)
from skl_tot.recordings.names import Actions, default_names, distinct_labels
from skl_tot.recordings.stops import with_stops
from skl_tot.statistics.features import ProfileSums, TellingSample

N_TYPICAL = 5  # frames of an action


@dataclass
class Findings:
    """Results for many recordings."""

    names: dict  # by code; the last is background
    typical: dict  # likeliest frames of each action, at most one per recording
    # for the profiles of the actions, and for their telling features
    sums: ProfileSums = field(default_factory=ProfileSums)
    sample: TellingSample = field(default_factory=TellingSample)
    # codes of the frames of each recording, and their probabilities, 1 for background
    paths: list = field(default_factory=list)
    confidences: list = field(default_factory=list)
    # per recording: mean over frames of the action's
    log_likelihoods: list = field(default_factory=list)
    # whether people labelled each frame of each recording
    labelled: list = field(default_factory=list)


def read_corrected(corrected, videos):
    """Names of actions by people, and their indices (n_frames,), -1 for unlabelled."""
    try:
        places, words = read_labels(corrected, videos)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"corrected: {error}") from None
    if words.dtype.kind != "U":
        raise TypeError("corrected has integers, expected names of actions.")
    return words, places


def gather_findings(model, videos, video_names, corrected=None):
    """Apply a model to recordings one by one; ``corrected`` is of `read_corrected`."""
    from skl_tot.methods.pipelines import (
        decode_recordings,
        path_confidence,
        segmenter_of,
        transform_before,
    )

    segmenter = segmenter_of(model)
    words = default_names(segmenter.actions_.tolist(), "action").values()
    others, places_of_each = ([], None) if corrected is None else corrected
    code_of, of_people, names = _code_words(list(words), others)
    actions = [code for code in names if code != BACKGROUND]
    merge = (code_of[:-1, None] == actions).astype(float)
    findings = Findings(names, {code: [] for code in actions})
    for i, name in enumerate(each(video_names)):
        with errors_of_recording(i, name):
            # once, as it may be slow
            video = transform_before(model, videos.select([i]))
            (decoded,) = decode_recordings(segmenter, video)
        path = code_of[decoded.path]
        confidence = path_confidence(decoded)
        is_labelled = np.zeros(len(path), dtype=bool)
        if places_of_each is not None:
            places = places_of_each[i]
            is_labelled = places >= 0
            path[is_labelled] = of_people[places[is_labelled]]
            confidence[is_labelled] = 1
        findings.labelled.append(is_labelled)
        findings.paths.append(path)
        findings.confidences.append(confidence)
        findings.log_likelihoods.append(_mean_log_likelihood(decoded))
        (frames,) = check_recordings(segmenter, video, reset=False).arrays
        frames = np.asarray(frames, dtype=float)
        findings.sums.add(frames, path)
        findings.sample.add(frames, path, videos.breaks_of(i))
        probabilities = softmax(decoded.log_likelihood, axis=1)
        probabilities = probabilities.astype(decoded.posterior.dtype, copy=False)
        for code, of_action in zip(actions, (probabilities @ merge).T):
            if code in path:
                frame = _likeliest_frame(path == code, of_action)
                row = {"video": i, "frame": frame, "probability": of_action[frame]}
                findings.typical[code].append(row)
    for rows in findings.typical.values():
        rows.sort(key=lambda row: -row["probability"])
        del rows[N_TYPICAL:]
    return findings


def _code_words(words, others):
    """Codes of words (last: label -1), and of others; and the name of each code."""
    # codes of others, labels from people, follow those of the words
    codes = {BACKGROUND_NAME: BACKGROUND}  # also a label of people
    for number, word in enumerate([*words, *(x for x in others if x not in words)]):
        codes.setdefault(str(word), number)
    _, *actions = codes.items()
    names = {code: word for word, code in actions} | {BACKGROUND: BACKGROUND_NAME}
    codes_of_words = np.array([*map(codes.get, words), BACKGROUND])
    return codes_of_words, np.array(list(map(codes.get, others))), names


def _mean_log_likelihood(decoded):
    frames = np.flatnonzero(decoded.path != BACKGROUND)
    values = decoded.log_likelihood[frames, decoded.path[frames]]
    return float(values.mean(dtype=float)) if len(frames) else np.nan


def _likeliest_frame(is_shown, probabilities):
    probabilities = np.where(is_shown, probabilities, -1)
    best = np.flatnonzero(probabilities == probabilities.max())  # they may saturate
    return int(best[len(best) // 2])


class Truth(NamedTuple):
    """Ground truth, and the scores of the predictions."""

    y: list  # labels of each recording
    scores: dict  # report of the metrics
    code_of: dict  # code of each label: of the matched action, or a free one
    names: Actions

    def codes(self, i):
        """Codes of the frames of a recording."""
        return np.array([self.code_of[label] for label in self.y[i].tolist()])


def judge(y_true, findings):
    """Score the results against ground truth."""
    labels = distinct_labels(y_true)
    names = default_names(sorted(labels), "label") | {BACKGROUND: BACKGROUND_NAME}
    background = BACKGROUND if BACKGROUND in labels else None
    scores: Any = segmentation_report(
        y_true,
        findings.paths,
        scope="all",
        background=background,
        output_dict=True,
    )
    rows = scores["actions"]
    scores["actions"] = {names[label]: row for label, row in rows.items()}
    code_of, free = {BACKGROUND: BACKGROUND}, max(findings.names) + 1
    for label in names:
        if label != BACKGROUND:
            matched = rows[label]["cluster"]
            code_of[label] = free if matched is None else matched
            free += matched is None
    named = Actions((code_of[label], name) for label, name in names.items())
    return Truth(y_true, scores, code_of, named)


def add_thumbnails(typical, video_files, fps, recordings):
    """Add pictures to the typical frames of `Findings`; reads a recording once."""
    numbers = recordings.replace(list(map(np.arange, recordings.lengths)))
    of_videos = with_stops(numbers).arrays  # which have frames of stops, too
    rows = list(itertools.chain(*typical.values()))
    for i, file in enumerate(video_files):
        frames = np.flatnonzero(of_videos[i] >= 0)
        wanted = {int(frames[x["frame"]]): x for x in rows if x["video"] == i}
        if wanted:
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
    image.thumbnail((160, 160))
    image.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
