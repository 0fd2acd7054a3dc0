"""Recordings of several activities: purity, number, and cost.

    python benchmarks/activities.py generated real number growth --data FOLDER

- ``generated``: five generated activities. Purity of found activities, MoF over
  activities and actions with found and with given activities.
- ``real``: the same for three folders of ``--data``. Each set is standardised
  separately, and its columns are padded with zeros at the right to those of the widest
  set, so that all share their first columns.
- ``number``: errors of n_activities="auto", for 2 to 10 generated activities.
- ``growth``: time and memory of 1,000 recordings of 10 activities.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np
from _sets import add_data

from skl_tot import ActivitySegmenter, TemporalOTSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.metrics import activity_purity, mof_score

SETS = ("hapt", "hiro_snap", "utkinect")
N_ACTIONS = 6  # of each activity of ``real``
SEEDS = (400, 401, 402)  # the criterion was chosen on others


def generate(n_activities, n_videos, seed, **options):
    """Videos, distinct labels and activities, in random order."""
    rng = np.random.RandomState(seed)
    videos, labels, activities = [], [], []
    for k in range(n_activities):
        own, y = make_activities(
            n_videos, 5, random_state=rng.randint(2**31), **options
        )
        videos += own
        labels += [actions + 5 * k for actions in y]
        activities += [k] * n_videos
    order = rng.permutation(len(videos))
    return [[of[i] for i in order] for of in (videos, labels, activities)]


def mix_sets(folder):
    """Recordings of three sets with equal columns, their labels and sets."""
    parts = []
    for name in SETS:
        data = load_action_dataset(Path(folder, name), mmap=False)
        frames = np.concatenate(data.videos)
        mean, scale = frames.mean(axis=0), frames.std(axis=0) + 1e-9
        parts.append(([(x - mean) / scale for x in data.videos], data.labels, name))
    width = max(own[0].shape[1] for own, _, _ in parts)
    videos, labels, activities = [], [], []
    for own, y, name in parts:
        for video, actions in zip(own, y):
            videos.append(np.pad(video, ((0, 0), (0, width - video.shape[1]))))
            labels.append([f"{name} {action}" for action in actions])
            activities.append(name)
    return videos, labels, activities


def compare(what, videos, labels, activities, segmenter, seed):
    """Print purity and MoF with found activities, and MoF with given ones."""
    n_activities = len(set(activities))
    found = ActivitySegmenter(segmenter, n_activities, random_state=seed)
    predicted = found.fit_predict(videos)
    given = ActivitySegmenter(segmenter, random_state=seed)
    known = given.fit_predict(videos, activities=activities)
    print(
        f"{what:20} {type(segmenter).__name__:20} seed {seed}: purity "
        f"{activity_purity(activities, found.activities_):.3f}, MoF "
        f"{100 * mof_score(labels, predicted):.1f} found, "
        f"{100 * mof_score(labels, known):.1f} given",
        flush=True,
    )


def generated(_):
    for seed in SEEDS:
        data = generate(5, 12, seed, missing=0.1)
        for kind in (MallowSegmenter, TemporalOTSegmenter):
            segmenter = kind(5).set_params(switch_cost=0.5, decoding="skip")
            compare("5 generated", *data, segmenter, seed)


def real(folder):
    data = mix_sets(folder)
    for seed in SEEDS:
        segmenters = MallowSegmenter(N_ACTIONS), TemporalOTSegmenter(N_ACTIONS)
        for segmenter in segmenters:
            compare(" ".join(SETS), *data, segmenter, seed)


def number(_):
    off = []
    for n_activities in range(2, 11):
        for seed in SEEDS:
            for options in ({}, {"noise": 1.5, "missing": 0.2}, {"unevenness": 0.8}):
                videos, _, _ = generate(
                    n_activities, 8, seed, mean_length=60, **options
                )
                segmenter = MallowSegmenter(2)
                model = ActivitySegmenter(segmenter, random_state=0)
                found = len(model.fit(videos).activity_names_)
                off.append(abs(found - n_activities))
    print(f"numbers of activities off by 0, 1, ...: {np.bincount(off).tolist()}")


def growth(_):
    for n_videos in (100, 1000):
        videos, labels, activities = generate(10, n_videos // 10, SEEDS[0])
        n_bytes = sum(video.nbytes for video in videos)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        model = ActivitySegmenter(MallowSegmenter(5), 10, random_state=0).fit(videos)
        seconds = time.perf_counter() - start
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        start = time.perf_counter()
        predicted = model.predict(videos)
        print(
            f"{n_videos} videos of {sum(map(len, videos))} frames "
            f"({n_bytes / 2**20:.0f} MiB): fit {seconds:.1f} s, "
            f"{grown / 1024:.0f} MiB more at most; predict "
            f"{time.perf_counter() - start:.1f} s; purity "
            f"{activity_purity(activities, model.activities_):.3f}, MoF "
            f"{100 * mof_score(labels, predicted):.1f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parts = {part.__name__: part for part in (generated, real, number, growth)}
    parser.add_argument("parts", nargs="+", choices=parts)
    add_data(parser, required=False)
    arguments = parser.parse_args()
    for name in arguments.parts:
        parts[name](arguments.data)


if __name__ == "__main__":
    main()
