"""Pictures of timelines: of predictions, and of candidates side by side."""

import numpy as np

from skl_tot.display.bars import figure_size
from skl_tot.display.codes import UNMATCHED, Encoded, encode
from skl_tot.display.profiles import MOST, draw_profiles, profile_size
from skl_tot.display.timelines import TRUTH
from skl_tot.display.timelines import draw_timelines as timelines
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.report.pictures import picture

ROWS = 20  # timelines in one picture, which then fits a sheet of paper
BARS = 32  # of candidates in one picture, with the names of the videos
PREDICTION = "prediction"  # name of its bar


def draw_timelines(findings, encoded, video_names, fps):
    """Pictures of some timelines each: (first name, last name, URI, width).

    ``encoded`` is from `encode_timelines`.
    """
    bar_names = [TRUTH, None] if _has_truth(encoded) else [None]
    doubts = [1 - confidence for confidence in findings.confidences]
    return _draw_in_parts(encoded, bar_names, doubts, video_names, ROWS, fps)


def draw_candidates(findings, encoded, video_names, fps):
    """Pictures as of `draw_timelines`, of the first videos by each candidate.

    There are none if there are no candidates.
    """
    if not findings.candidates:
        return []
    bar_names = [TRUTH, PREDICTION] if _has_truth(encoded) else [PREDICTION]
    bar_names += findings.candidate_names()
    encoded = encode_candidates(findings, encoded)
    video_names = video_names[: len(encoded.videos)]
    doubts = [None] * len(video_names)
    n_videos = max(BARS // (1 + len(bar_names)), 1)
    return _draw_in_parts(encoded, bar_names, doubts, video_names, n_videos, fps)


def _has_truth(encoded):
    """Whether ground truth stands before the prediction."""
    return len(encoded.videos[0]) > 1


def _draw_in_parts(encoded, bar_names, doubts, video_names, n_videos, fps):
    """Draw at most ``n_videos`` in one picture, and all to the same scale."""
    duration = max(len(bars[0]) for bars in encoded.videos) / (fps or 1)
    pictures = []
    indices, n_pictures = np.arange(len(video_names)), -(-len(video_names) // n_videos)
    for drawn in np.array_split(indices, n_pictures):
        videos, some, unsure = zip(
            *[(encoded.videos[i], video_names[i], doubts[i]) for i in drawn]
        )
        content = (encoded.key(videos), videos, unsure, bar_names, some, fps)

        def draw(ax, content=content):
            timelines(ax, *content)
            ax.set_xlim(0, duration)

        size = figure_size(encoded.names, encoded.title, bar_names, some)
        pictures.append((some[0], some[-1], *picture(size, draw)))
    return pictures


def draw_heat_map(findings, encoded, feature_names):
    """Picture of the profiles of actions: (URI, width), and of how many features.

    None if there is only background.
    """
    (sums,) = findings.sums
    if not sums.counts.any():
        return None
    profiles = sums.profiles(feature_names)
    _, codes = _codes_of_actions(findings, encoded)
    names = [findings.actions[k] for k in profiles.actions]
    codes = codes[profiles.actions].tolist()
    uri, width = picture(
        profile_size(profiles, names),
        lambda ax: draw_profiles(ax, profiles, codes, names),
    )
    return uri, width, len(profiles.features), min(MOST, len(profiles.features))


def encode_timelines(findings, y_true, truth):
    """Codes of frames: colours go by the number of an action, not by its name.

    ``truth`` is from `name_truth` if there is ground truth, else None.
    """
    if y_true is None:
        numbers = np.append(findings.numbers, BACKGROUND)  # the last is that of -1
        paths = [numbers[path] for path in findings.paths]
        names = dict(zip(findings.numbers, findings.actions))
        return encode(None, paths, target_names=names, background=None)
    words = np.array([*findings.actions, BACKGROUND_NAME])
    paths = [words[path] for path in findings.paths]
    options = {"scope": "activity", "ignore_labels": None}
    return encode(y_true, paths, **truth, **options)


def encode_candidates(findings, encoded):
    """Codes of the bars of `encode_timelines`, and after them of each candidate.

    An action has the code that it has where it is predicted.
    """
    names, codes = _codes_of_actions(findings, encoded)
    videos = []
    for bars, paths in zip(encoded.videos, findings.candidates):
        videos.append((*bars, *[codes[path] for path in paths.values()]))
    return Encoded(names, encoded.title, videos)


def _codes_of_actions(findings, encoded):
    """Names of all codes, and the code of each action, the last that of -1."""
    if not _has_truth(encoded):
        # also those that are never predicted
        names = dict(zip(findings.numbers, findings.actions)) | encoded.names
        return names, np.append(findings.numbers, BACKGROUND)
    codes = np.full(len(findings.actions) + 1, UNMATCHED)
    codes[BACKGROUND] = BACKGROUND
    for path, bars in zip(findings.paths, encoded.videos):
        codes[path] = bars[-1]
    unmatched = np.array(findings.actions)[codes[:-1] == UNMATCHED]
    shown = ", ".join(unmatched) if len(unmatched) < 4 else f"{len(unmatched)} actions"
    return encoded.names | {UNMATCHED: f"no match ({shown})"}, codes
