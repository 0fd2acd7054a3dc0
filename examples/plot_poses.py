"""Poses with gaps: a stick figure exercises
=========================================

Ten people do the same exercise before a camera, each at another place and distance:
stand, squat, raise the arms, lean to a side, and some in another order. The tracker
loses a hand now and then. These tracks are made; :doc:`../guide/signals` reads those
of DeepLabCut, SLEAP, movement.

::

    python examples/plot_poses.py
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skl_tot import ASOTSegmenter, TransitionDisplay
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import GapFiller, PoseFeatures
from skl_tot.recordings import Recordings

FPS = 25
POINTS = ["head", "neck", "hip", "hand l", "hand r"]
POINTS += ["knee l", "knee r", "foot l", "foot r"]
BONES = [(0, 1), (1, 2), (1, 3), (1, 4), (2, 5), (2, 6), (5, 7), (6, 8)]
STAND = np.array(
    [[0, 3], [0, 2.5], [0, 1.4], [-0.6, 1.4], [0.6, 1.4]]
    + [[-0.25, 0.7], [0.25, 0.7], [-0.3, 0], [0.3, 0]]
)


def pose_of(action, depth):
    """Points (9, 2) of a figure, as deep in an action as depth, from 0 to 1, says."""
    pose = STAND.copy()
    if action == 1:
        pose[:5, 1] -= 0.75 * depth
        pose[5:7] += depth * np.array([[-0.35, -0.1], [0.35, -0.1]])
        pose[3:5] += depth * np.array([[0.2, 0.75], [-0.2, 0.75]])
    if action == 2:
        pose[3:5] += depth * np.array([[-0.3, 2.1], [0.3, 2.1]])
    if action == 3:
        pose[:2] += depth * np.array([[0.9, -0.4], [0.65, -0.15]])
        pose[3:5] += depth * np.array([[0.9, 0.5], [0.8, -0.5]])
    return pose


# %%
# A recording is a data frame, whose columns say which point and axis they are.


def make_track(random):
    """Coordinates of a recording, with gaps, and the action of each frame."""
    actions = [0, 1, 2, 3] if random.uniform() < 0.7 else [0, 2, 1, 3]
    poses, labels = [], []
    for action in actions:
        n_frames = random.randint(50, 100)
        ramp = np.minimum(np.arange(n_frames), np.arange(n_frames)[::-1]) / 8
        sway = 0.05 * np.sin(np.arange(n_frames) / 4)
        poses += [pose_of(action, depth) for depth in np.minimum(ramp, 1) + sway]
        labels += [action] * n_frames
    points = random.uniform(60, 140) * np.array(poses) * [1, -1]
    points += random.uniform(200, 600, 2)
    points += random.normal(0, 2, points.shape)
    for hand in (3, 4):
        for start in range(random.randint(60), len(points), 60):
            points[start : start + random.randint(2, 9), hand] = np.nan
    columns = [f"{point} {axis}" for point in POINTS for axis in "xy"]
    track = pd.DataFrame(points.reshape(len(points), -1), columns=columns)
    return track, np.array(labels)


random = np.random.RandomState(0)
made = [make_track(random) for _ in range(10)]
tracks = Recordings([track for track, _ in made], fps=FPS)
truth = [labels for _, labels in made]

# %%
# Short gaps are filled, and place and size in the picture are taken away. As the order
# varies, the method is one that takes none for granted.
model = make_pipeline(
    GapFiller(limit=10),
    PoseFeatures(),
    ASOTSegmenter(n_actions=4, max_iter=800, random_state=0),
)
labels = model.fit(tracks).predict(tracks)
print(f"{mof_score(truth, labels):.1%} of the frames are right")

# %%
# What is each action? Its median pose shows it; faint lines are single frames.
filled = model[0].transform(tracks)
colours = ["#7A8794", "#4C78A8", "#F2A541", "#3BA087"]
figure, axes = plt.subplots(1, 4, figsize=(9, 3), layout="constrained")


def draw(ax, points, **look):
    """Draw the bones of a figure."""
    for bone in BONES:
        ax.plot(*points[list(bone)].T, solid_capstyle="round", **look)


def centred(track):
    """Points (n_frames, 9, 2) around the median hip, in units of the size."""
    points = track.to_numpy().reshape(len(track), -1, 2)
    points = points - np.median(points[:, 2], axis=0)
    return points / np.ptp(points[..., 1])


figures = np.concatenate([centred(track) for track in filled])
found = np.concatenate(list(labels))
for action, ax in enumerate(axes):
    own = figures[found == action]
    for points in own[:: max(1, len(own) // 25)]:
        draw(ax, points, color=colours[action], alpha=0.12, linewidth=1)
    draw(ax, np.median(own, axis=0), color=colours[action], linewidth=4)
    seconds = len(own) / FPS / len(tracks)
    ax.set_title(f"action {action}\n{seconds:.1f} s a recording", fontsize=11)
    ax.set(aspect="equal", xlim=(-0.55, 0.55), ylim=(0.45, -0.7))
    ax.axis("off")

# %%
# Which action follows which.
TransitionDisplay.from_labels(labels)
plt.show()
