"""What a model finds in videos, in numbers: paths, tables and typical frames."""

import contextlib
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from skl_tot.inputs.errors import VideoError
from skl_tot.inputs.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    find_segments,
    split_label_sequences,
)
from skl_tot.inputs.names import default_names, distinct_labels
from skl_tot.inputs.videos import check_videos
from skl_tot.metrics.reports import segmentation_report
from skl_tot.statistics.profiles import ProfileSums

N_TYPICAL = 5
N_QUESTIONS = 5  # of what to label next
N_COMPARED = 6  # videos of which candidates are shown, as all would be many bars


class Findings(NamedTuple):
    """What is found in many videos, actions of one name being one.

    Attributes
    ----------
    actions : list of str
        Distinct names; an action is an index to them.
    numbers : list of int
        Number of each action in the model, the first of those of its name.
    paths : list of ndarray of shape (n_frames_i,)
        Action of each frame, -1 for background.
    confidences : list of ndarray of shape (n_frames_i,)
        Probability of the action of each frame given the video, 1 for background.
    typical : list of list of dict
        For each action its likeliest frames, at most one of a video.
    candidates : list of dict of str to ndarray of shape (n_frames_i,)
        For each of the first `N_COMPARED` videos, the paths of candidates, as
        ``paths``; none of a segmenter without ``candidate_labels``. Of one that has
        learned labels, or was edited, each cluster is the action of most of its frames.
    doubts : list of ndarray of shape (n_frames_i,)
        Entropy of each frame, see `skl_tot.segmenters.questions.measure_doubts`.
    sums : list of ProfileSums
        One, for the profiles of the actions.
    log_likelihoods : list of float
        Mean over the frames of each video of that of the action of the frame.
    """

    actions: list
    numbers: list
    paths: list
    confidences: list
    typical: list
    candidates: list
    doubts: list
    sums: list
    log_likelihoods: list

    def names(self):
        """Name of each label of the paths."""
        return dict(enumerate(self.actions)) | {BACKGROUND: BACKGROUND_NAME}

    def candidate_names(self):
        """Names of the candidates, if there are any."""
        return list(self.candidates[0]) if self.candidates else []


def examine(model, videos, video_names, words):
    """Read videos one by one by a fitted model; ``words`` name its actions."""
    from skl_tot.segmenters.pipelines import (
        path_confidence,
        read_videos,
        segmenter_of,
        transform_before,
    )
    from skl_tot.segmenters.questions import measure_doubts

    segmenter = segmenter_of(model)
    # people label background, too
    actions = [x for x in dict.fromkeys(words.tolist()) if x != BACKGROUND_NAME]
    numbers = [words.tolist().index(action) for action in actions]
    typical = [[] for _ in actions]
    findings = Findings(actions, numbers, [], [], typical, [], [], [], [])
    merge = (words[:, None] == np.array(actions, dtype=str)).astype(float)
    alike = (words[:, None] == np.unique(words)).astype(float)
    places = {action: k for k, action in enumerate(actions)}
    merged = [places.get(word, BACKGROUND) for word in words.tolist()]
    merged = np.array([*merged, BACKGROUND])  # the last is that of label -1
    for i, name in enumerate(video_names):
        with _named(name):
            video = transform_before(model, videos[i])  # once, as it may take long
            (reading,) = read_videos(segmenter, video)
            if i < N_COMPARED and hasattr(segmenter, "candidate_labels"):
                findings.candidates.append(_ask_candidates(segmenter, video))
        path = merged[reading.path]
        findings.paths.append(path)
        findings.confidences.append(path_confidence(reading, words))
        findings.log_likelihoods.append(_mean_log_likelihood(reading))
        votes = segmenter._votes(reading.log_likelihood)
        votes = None if votes is None else votes @ alike
        findings.doubts.append(measure_doubts(reading.posterior @ alike, votes))
        _add_frames(findings, check_videos(segmenter, video, reset=False)[0], path)
        codes = softmax(reading.log_likelihood, axis=1)
        codes = codes.astype(reading.posterior.dtype, copy=False) @ merge
        for k, frame in _likeliest_frames(path, codes).items():
            found = {"video": i, "frame": frame, "code": codes[frame, k]}
            findings.typical[k].append(found)
    for frames in findings.typical:
        frames.sort(key=lambda found: -found["code"])
        del frames[N_TYPICAL:]
    is_changed = segmenter._guide() is not None or bool(segmenter._edits())
    _translate(findings, merged, is_changed)
    return findings


@contextlib.contextmanager
def _named(video_name):
    """Name the video in errors."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        reason = error.reason if isinstance(error, VideoError) else error
        raise kind(f"{video_name}: {reason}") from error


def _mean_log_likelihood(reading):
    """Mean over frames of an action, NaN if there are none."""
    known = np.flatnonzero(reading.path != BACKGROUND)
    found = reading.log_likelihood[known, reading.path[known]]
    return float(found.mean(dtype=float)) if len(known) else np.nan


def _add_frames(findings, arrays, path):
    """Add the frames of one video to the sums for profiles."""
    frames = np.asarray(arrays[0], dtype=float)
    if not findings.sums:
        findings.sums.append(ProfileSums(n_points=1))
    findings.sums[0].add(frames, path)


def list_questions(findings):
    """Rows of the table of what to label next."""
    from skl_tot.segmenters.questions import rank_moments

    return rank_moments(findings.paths, findings.doubts, N_QUESTIONS)


def _ask_candidates(segmenter, video):
    """Labels of one video by each candidate, without those that are refined."""
    from skl_tot.segmenters.members import name_of_refinement

    found = segmenter.candidate_labels(video)
    refined = set(map(name_of_refinement, found))
    paths = {}
    for name, labels in found.items():
        if name not in refined:
            (path,), _ = split_label_sequences(labels)
            paths[name] = path
    return paths


def _translate(findings, merged, is_changed):
    """Put actions in place of the labels of candidates, who know no guide."""
    for name in findings.candidate_names():
        action_of = merged
        labels = [paths[name] for paths in findings.candidates]
        if is_changed:
            action_of = _commonest_actions(labels, findings.paths)
        for paths in findings.candidates:
            paths[name] = action_of[paths[name]]


def _commonest_actions(labels, paths):
    """Find the action of most frames of each cluster; that of -1 is the last.

    ``labels`` are of the first videos of ``paths``.
    """
    labels = np.concatenate(labels)
    found = np.concatenate(paths)[: len(labels)]
    actions = np.full(max(labels.max(), 0) + 2, BACKGROUND)
    for cluster in np.unique(labels[labels != BACKGROUND]).tolist():
        values, counts = np.unique(found[labels == cluster], return_counts=True)
        actions[cluster] = values[counts.argmax()]
    return actions


def _likeliest_frames(path, codes):
    """Likeliest frame of each action of a path, the middle one where several are."""
    frames = {}
    for k in np.unique(path[path != BACKGROUND]).tolist():
        own = np.where(path == k, codes[:, k], -1)
        best = np.flatnonzero(own == own.max())  # many where codes saturate
        frames[k] = int(best[len(best) // 2])
    return frames


def name_truth(y_true):
    """Names of labels that are unlike those of actions, and which one is background.

    They are ``target_names`` and ``background`` of displays and metrics.
    """
    labels = distinct_labels(y_true)
    names = default_names(sorted(labels), "label") | {BACKGROUND: BACKGROUND_NAME}
    background = BACKGROUND if BACKGROUND in labels else None
    return {"target_names": names, "background": background}


def score(y_true, paths, video_names, truth):
    """Report of the metrics; ``truth`` is from `name_truth`."""
    for name, true, path in zip(video_names, y_true, paths):
        if len(true) != len(path):
            raise ValueError(
                f"y_true has {len(true)} frames for {name}, expected {len(path)}."
            )
    return segmentation_report(y_true, paths, **truth, output_dict=True)


def describe_actions(findings):
    """Rows of the table of actions, with background if it occurs."""
    codes, starts, ends = map(np.concatenate, zip(*map(find_segments, findings.paths)))
    frames = np.concatenate(findings.paths)
    confidence = np.concatenate(findings.confidences)
    codes_of = [*findings.numbers, BACKGROUND]  # the last is that of -1
    rows = []
    for k, name in findings.names().items():
        own = frames == k
        row = {"name": name, "code": codes_of[k], "share": own.mean()}
        row["videos"] = sum(k in path for path in findings.paths)
        row |= _describe_durations((ends - starts)[codes == k])
        if own.any() and k != BACKGROUND:
            row["confidence"] = confidence[own].mean()
        if own.any() or k != BACKGROUND:
            rows.append(row)
    return rows


def _describe_durations(lengths):
    """Count the segments and, if there are any, say how many frames they last."""
    found = {"segments": len(lengths)}
    if len(lengths):
        found |= {"median": np.median(lengths), "mean": lengths.mean()}
        found |= {"min": lengths.min(), "max": lengths.max()}
    return found


def describe_videos(video_names, findings):
    """Rows of the table of videos."""
    rows = []
    videos = zip(video_names, findings.paths, findings.confidences)
    for name, path, confidence in videos:
        segments, _, _ = find_segments(path)
        row = {"name": name, "frames": len(path), "segments": len(segments)}
        known = np.flatnonzero(path != BACKGROUND)
        if len(known):
            frame = known[confidence[known].argmin()]
            row |= {"confidence": confidence[known].mean(), "frame": frame}
            row |= {"action": path[frame], "lowest": confidence[frame]}
        rows.append(row)
    return rows


def describe_candidates(segmenter):
    """Rows of the table of candidates, none of a segmenter without.

    A number that is not there, as the agreement of the only candidate, is None.
    """
    rows = []
    if hasattr(segmenter, "candidate_labels") and hasattr(segmenter, "results_"):
        for values in zip(*segmenter.results_.values()):
            known = [None if value != value else value for value in values]  # NaN
            rows.append(dict(zip(segmenter.results_, known)))
    return rows
