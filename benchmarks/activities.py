"""Recordings of several activities: purity and number.

    python benchmarks/activities.py real number --data FOLDER

- ``real``: three folders of ``--data``. Purity of found activities, MoF over activities
  and actions with found and with given activities. Each set is standardised separately,
  and its columns are padded with zeros at the right to those of the widest set, so that
  all share their first columns.
- ``number``: errors of n_activities="auto", for 2 to 10 generated activities.
"""

from itertools import product
from pathlib import Path

import numpy as np
from _sets import add_data
from _study import Parser
from sklearn.metrics.cluster import contingency_matrix

from skl_tot import ActivitySegmenter, TemporalOTSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.metrics import mof_score

SETS = ("hapt", "hiro_snap", "utkinect")
N_ACTIONS = 6  # of each activity of ``real``
SEEDS = (400, 401, 402)  # the criterion was chosen on others


def generate(n_activities, n_videos, seed, **options):
    """Videos, distinct labels and activities, in random order."""
    rng = np.random.RandomState(seed)
    recordings = []
    for k in range(n_activities):
        shape = {"random_state": rng.randint(2**31)} | options
        for video, actions in zip(*make_activities(n_videos, 5, **shape)):
            recordings.append((video, actions + 5 * k, k))
    return zip(*(recordings[i] for i in rng.permutation(len(recordings))))


def mix_sets(folder):
    """Recordings of three sets with equal columns, their labels and sets."""
    recordings = []
    for name in SETS:
        data = load_action_dataset(Path(folder, name), mmap=False)
        frames = np.concatenate(data.videos)
        mean, scale = frames.mean(axis=0), frames.std(axis=0) + 1e-9
        for video, actions in zip(data.videos, data.labels):
            labels = [f"{name} {action}" for action in actions]
            recordings.append(((video - mean) / scale, labels, name))
    videos, labels, activities = zip(*recordings)
    width = max(video.shape[1] for video in videos)
    padded = [np.pad(x, ((0, 0), (0, width - x.shape[1]))) for x in videos]
    return padded, labels, activities


def compare(what, data, segmenter, seed):
    """Print purity and MoF with found activities, and MoF with given ones."""
    videos, labels, activities = map(list, data)
    model = ActivitySegmenter(segmenter, len(set(activities)), random_state=seed)
    predicted = model.fit_predict(videos)
    model_of_groups = ActivitySegmenter(segmenter, random_state=seed)
    with_groups = model_of_groups.fit_predict(videos, activities=activities)
    counts = contingency_matrix(activities, model.activities_)
    purity = counts.max(axis=0).sum() / len(activities)
    print(
        f"{what:20} {type(segmenter).__name__:20} seed {seed}: purity {purity:.3f}, "
        f"MoF {100 * mof_score(labels, predicted):.1f} found, "
        f"{100 * mof_score(labels, with_groups):.1f} given",
        flush=True,
    )


def real(folder):
    data = mix_sets(folder)
    for seed, kind in product(SEEDS, (MallowSegmenter, TemporalOTSegmenter)):
        compare(" ".join(SETS), data, kind(N_ACTIONS), seed)


def number(_):
    kinds = {}, {"noise": 1.5, "missing": 0.2}, {"unevenness": 0.8}
    off = []
    for n_activities, seed, options in product(range(2, 11), SEEDS, kinds):
        videos, *_ = generate(n_activities, 8, seed, mean_length=60, **options)
        model = ActivitySegmenter(MallowSegmenter(2), random_state=0)
        n_found = len(model.fit(list(videos)).activity_names_)
        off.append(abs(n_found - n_activities))
    print(f"numbers of activities off by 0, 1, ...: {np.bincount(off).tolist()}")


def main():
    parser = Parser(__file__, __doc__)
    parts = {part.__name__: part for part in (real, number)}
    parser.add_argument("parts", nargs="+", choices=parts)
    add_data(parser, required=False)
    arguments = parser.parse_args()
    for name in arguments.parts:
        parts[name](arguments.data)


if __name__ == "__main__":
    main()
