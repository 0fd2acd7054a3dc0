"""What a model finds in videos: paths, doubts and typical frames, by codes of actions.

The code of an action is its number in the model, so that its colour does not depend on
what else occurs; actions of one name have the code of the first.
"""

import contextlib
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from skl_tot.meta.known_labels import read_labels
from skl_tot.metrics.reports import segmentation_report
from skl_tot.recordings.checks import check_recordings
from skl_tot.recordings.errors import RecordingError
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, split_label_sequences
from skl_tot.recordings.matching import arrange_each
from skl_tot.recordings.names import default_names, distinct_labels
from skl_tot.statistics.profiles import ProfileSums
from skl_tot.statistics.telling import TellingSample

N_TYPICAL = 5
N_COMPARED = 6  # videos of which candidates are shown, as all would be many bars


class Findings(NamedTuple):
    """What is found in many videos."""

    names: dict  # of each code; the last is background
    typical: dict  # likeliest frames of each action, at most one of a video
    sums: ProfileSums  # for the profiles of the actions
    sample: TellingSample  # for the features that tell the actions
    paths: list  # code of each frame of each video
    confidences: list  # probability of these, given the video, 1 for background
    doubts: list  # of each frame, see `skl_tot.corrections.most_informative`
    log_likelihoods: list  # of each video: mean of that of the action of each frame
    candidates: list  # paths by candidate, for each of the first `N_COMPARED` videos
    steps: list  # labels of the same videos if each step comes once, in one order
    told: list  # whether people say what each frame of each video is


class Told(NamedTuple):
    """What people say of videos, in place of the model."""

    words: np.ndarray  # sorted names of actions
    places: list  # index to these of each frame of each video, -1 of those not told


def read_told(corrected, videos):
    """Read what people say of videos, as text; None is of a video without."""
    y = arrange_each(corrected, videos, "corrected", of_some=True)
    try:
        places, words = read_labels(y, videos, videos.lengths.sum())
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"corrected: {error}") from None
    if words.dtype.kind != "U":
        raise TypeError("corrected has integers, expected names of actions.")
    return Told(words, places)


def gather_findings(model, videos, video_names, words, breaks=None, told=None):
    """Read videos one by one by a fitted model; ``words`` name its actions.

    Where something is ``told``, it stands in place of what the model says.
    """
    from skl_tot.corrections.questions import measure_doubts
    from skl_tot.methods.pipelines import (
        path_confidence,
        read_videos,
        segmenter_of,
        transform_before,
        voter_of,
        windows_of,
    )

    segmenter = segmenter_of(model)
    voter, windows = voter_of(segmenter), windows_of(model)
    is_unsaid = getattr(segmenter, "strict_agreement_", None) is not None
    code_of, names = _code_words(words.tolist(), [] if told is None else told.words)
    actions = [code for code in names if code != BACKGROUND]
    typical = {code: [] for code in actions}
    samples = ProfileSums(n_points=1), TellingSample()
    findings = Findings(names, typical, *samples, [], [], [], [], [], [], [])
    merge = (code_of[:-1, None] == actions).astype(float)
    for i, name in enumerate(video_names):
        with _named(name):
            video = transform_before(model, videos[i])  # once, as it may take long
            (reading,) = read_videos(segmenter, video)
            if i < N_COMPARED and hasattr(voter, "candidate_labels"):
                findings.candidates.append(_ask_candidates(voter, video))
            if i < N_COMPARED and is_unsaid:
                findings.steps.extend(_ask_steps(segmenter, video))
        path, confidence = code_of[reading.path], path_confidence(reading, words)
        doubt = measure_doubts(segmenter, reading, words)
        findings.told.append(_correct(path, confidence, doubt, names, told, i))
        findings.paths.append(path)
        findings.confidences.append(confidence)
        findings.log_likelihoods.append(_mean_log_likelihood(reading))
        findings.doubts.append(doubt)
        (frames,) = check_recordings(segmenter, video, reset=False).arrays
        frames = np.asarray(frames, dtype=float)
        if windows is not None:
            frames = windows.transform(frames)
        findings.sums.add(frames, path)
        findings.sample.add(frames, path, breaks and breaks[i])
        probabilities = softmax(reading.log_likelihood, axis=1)
        probabilities = probabilities.astype(reading.posterior.dtype, copy=False)
        _add_typical(typical, i, path, zip(actions, (probabilities @ merge).T))
    for frames in typical.values():
        frames.sort(key=lambda found: -found["probability"])
        del frames[N_TYPICAL:]
    is_changed = voter is not segmenter or segmenter.layers_
    _translate(findings, None if is_changed else code_of)
    return findings


def _code_words(words, others):
    """Give the code of each name, the last that of label -1, and the name of each.

    Codes of ``others``, which people told, come after those of the words.
    """
    codes = {BACKGROUND_NAME: BACKGROUND}  # which people label, too
    for number, word in enumerate([*words, *(x for x in others if x not in words)]):
        codes.setdefault(str(word), number)
    _, *actions = codes.items()
    names = {code: word for word, code in actions} | {BACKGROUND: BACKGROUND_NAME}
    return np.array([*(codes[word] for word in words), BACKGROUND]), names


def _add_typical(typical, i, path, found):
    """Add the likeliest frame of each action of a video, by their probabilities."""
    for code, own in found:
        if code in path:
            frame = _likeliest_frame(path == code, own)
            one = {"video": i, "frame": frame, "probability": own[frame]}
            typical[code].append(one)


def _correct(path, confidence, doubt, names, told, i):
    """Put what is told of a video in its place, and give of which frames it is."""
    is_told = np.zeros(len(path), dtype=bool)
    if told is not None:
        code_of = {name: code for code, name in names.items()}
        codes = np.array([code_of[word] for word in told.words.tolist()])
        is_told = told.places[i] >= 0
        path[is_told] = codes[told.places[i][is_told]]
        confidence[is_told], doubt[is_told] = 1, 0
    return is_told


@contextlib.contextmanager
def _named(video_name):
    """Name the video in errors."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        reason = error.reason if isinstance(error, RecordingError) else error
        raise kind(f"{video_name}: {reason}") from error


def _mean_log_likelihood(reading):
    """Mean over frames of an action, NaN if there are none."""
    known = np.flatnonzero(reading.path != BACKGROUND)
    found = reading.log_likelihood[known, reading.path[known]]
    return float(found.mean(dtype=float)) if len(known) else np.nan


def _likeliest_frame(is_own, probabilities):
    """Likeliest of the frames of an action, the middle one where several are."""
    own = np.where(is_own, probabilities, -1)
    best = np.flatnonzero(own == own.max())  # many where probabilities saturate
    return int(best[len(best) // 2])


def _ask_candidates(voter, video):
    """Labels of one video by each candidate, without those that are refined."""
    from skl_tot.meta.consensus import name_of_refinement

    found = voter.candidate_labels(video)
    refined = set(map(name_of_refinement, found))
    paths = {}
    for name, labels in found.items():
        if name not in refined:
            (paths[name],), _ = split_label_sequences(labels)
    return paths


def _ask_steps(segmenter, video):
    """Labels of one video if each step comes once, in one order, in a list."""
    return split_label_sequences(segmenter.strict_labels(video))[0]


def _translate(findings, code_of):
    """Put codes in place of the labels of candidates.

    Without ``code_of``, a cluster has the code of most of its frames.
    """
    for name in findings.candidates[0] if findings.candidates else []:
        labels = [paths[name] for paths in findings.candidates]
        codes = code_of
        if codes is None:
            codes = _commonest_codes(labels, findings.paths)
        for paths in findings.candidates:
            paths[name] = codes[paths[name]]


def _commonest_codes(labels, paths):
    """Find the code of most frames of each cluster; that of -1 is the last.

    ``labels`` are of the first videos of ``paths``.
    """
    labels = np.concatenate(labels)
    found = np.concatenate(paths)[: len(labels)]
    codes = np.full(max(labels.max(), 0) + 2, BACKGROUND)
    for cluster in np.unique(labels[labels != BACKGROUND]).tolist():
        values, counts = np.unique(found[labels == cluster], return_counts=True)
        codes[cluster] = values[counts.argmax()]
    return codes


class Truth(NamedTuple):
    """Ground truth, and what the predictions score against it."""

    y: list  # labels of each video
    scores: dict  # report of the metrics
    code_of: dict  # of each label: that of the action it is matched to, or a free one
    names: dict  # of each code

    def codes(self, i):
        """Codes of the frames of a video."""
        return np.array([self.code_of[label] for label in self.y[i].tolist()])

    def codes_by_name(self):
        """Code of each label by its name."""
        return {name: code for code, name in self.names.items()}


def judge(y_true, findings, video_names):
    """Score what is found against ground truth."""
    for name, true, path in zip(video_names, y_true, findings.paths):
        if len(true) != len(path):
            raise ValueError(
                f"y_true has {len(true)} frames for {name}, expected {len(path)}."
            )
    labels = distinct_labels(y_true)
    names = default_names(sorted(labels), "label") | {BACKGROUND: BACKGROUND_NAME}
    scores = segmentation_report(
        y_true,
        findings.paths,
        target_names=names,
        background=BACKGROUND if BACKGROUND in labels else None,
        output_dict=True,
    )
    code_of, free = {BACKGROUND: BACKGROUND}, max(findings.names) + 1
    for label, name in names.items():
        if label != BACKGROUND:
            matched = scores["actions"][name]["cluster"]
            code_of[label] = free if matched is None else matched
            free += matched is None
    named = {code_of[label]: name for label, name in names.items()}
    return Truth(y_true, scores, code_of, named)
