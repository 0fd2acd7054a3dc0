"""See the pose of each action
===========================

Ten people squat, raise the arms and lean to a side, each at another place and distance
from the camera. The tracker loses a hand now and then. These tracks are made; for those
of DeepLabCut, SLEAP and movement, see :func:`~skl_tot.recordings.read_recordings`.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skl_tot.baselines import ASOTSegmenter
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import GapFiller, PoseFeatures
from skl_tot.recordings import Recordings

POINTS = ["head", "neck", "hip", "hand l", "hand r"]
POINTS += ["knee l", "knee r", "foot l", "foot r"]
BONES = [(0, 1), (1, 2), (1, 3), (1, 4), (2, 5), (2, 6), (5, 7), (6, 8)]
STAND = [[0, 3], [0, 2.5], [0, 1.4], [-0.6, 1.4], [0.6, 1.4]]
STAND = np.array([*STAND, [-0.25, 0.7], [0.25, 0.7], [-0.3, 0], [0.3, 0]])
POSES = np.repeat(STAND[None], 4, axis=0)  # stand, squat, raise the arms, lean
POSES[1, :5, 1] -= 0.75
POSES[1, 3:7] += [[0.2, 0.75], [-0.2, 0.75], [-0.35, -0.1], [0.35, -0.1]]
POSES[2, 3:5] += [[-0.3, 2.1], [0.3, 2.1]]
POSES[3, [0, 1, 3, 4]] += [[0.9, -0.4], [0.65, -0.15], [0.9, 0.5], [0.8, -0.5]]


def make_track(random):
    """Coordinates of a recording, a column each, and the action of each frame."""
    order = [0, 1, 2, 3] if random.uniform() < 0.7 else [0, 2, 1, 3]
    labels = np.repeat(order, random.randint(50, 100, 4))
    smooth = np.ones(8) / 8
    shares = np.eye(4)[np.pad(labels, (4, 3), mode="edge")]
    shares = np.column_stack([np.convolve(own, smooth, "valid") for own in shares.T])
    points = np.tensordot(shares, POSES, axes=1)
    points = random.uniform(60, 140) * points * [1, -1] + random.uniform(200, 600, 2)
    points += random.normal(0, 2, points.shape)
    for hand in (3, 4):
        for start in range(random.randint(60), len(points), 60):
            points[start : start + random.randint(2, 9), hand] = np.nan
    columns = [f"{point} {axis}" for point in POINTS for axis in "xy"]
    return pd.DataFrame(points.reshape(len(points), -1), columns=columns), labels


random = np.random.RandomState(0)
tracks, truth = zip(*(make_track(random) for _ in range(10)))
tracks = Recordings(list(tracks), fps=25)

# %%
# Short gaps are filled. Place and size in the picture are taken away.
segmenter = ASOTSegmenter(n_actions=4, max_iter=800, random_state=0)
model = make_pipeline(GapFiller(limit=10), PoseFeatures(), segmenter)
labels = model.fit(tracks).predict(tracks)
print(f"{mof_score(list(truth), labels):.1%} of the frames are right")

# %%
# The median pose of each action.
filled = [own.to_numpy().reshape(-1, 9, 2) for own in model[0].transform(tracks)]
centred = [own - np.median(own[:, 2], axis=0) for own in filled]
figures = np.concatenate([own / np.ptp(own[..., 1]) for own in centred])
found = np.concatenate(list(labels))
figure, axes = plt.subplots(1, 4, figsize=(9, 3), layout="constrained")
for action, ax in enumerate(axes):
    pose = np.median(figures[found == action], axis=0)
    for bone in BONES:
        ax.plot(*pose[list(bone)].T, color=f"C{action}", linewidth=4)
    seconds = np.sum(found == action) / tracks.fps / len(tracks)
    ax.set_title(f"action {action}\n{seconds:.1f} s a recording", fontsize=11)
    ax.set(aspect="equal", xlim=(-0.55, 0.55), ylim=(0.45, -0.7))
    ax.axis("off")
plt.show()
