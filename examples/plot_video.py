"""Video data: from pictures to a film strip
=========================================

Eight clips show a cup being filled, stirred and emptied. Of video files,
:class:`~skl_tot.preprocessing.FrameFeatures` computes what a network trained on
photographs sees, and takes a folder::

    segmenter = TemporalOTSegmenter(n_actions=4)
    model = make_pipeline(FrameFeatures(), segmenter).fit("videos")

So that this page needs neither files nor weights, its clips are made, and its features
are the brightness of parts of the picture, and how it changes.

::

    python examples/plot_video.py
"""

import matplotlib.pyplot as plt
import numpy as np

from skl_tot import SegmentationDisplay, TemporalOTSegmenter
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings

FPS = 10
TABLE, CUP, WATER, TOOL = (
    [232, 226, 216],
    [120, 128, 140],
    [72, 139, 190],
    [214, 96, 77],
)
rows, columns = np.mgrid[:48, :64]


def paint(action, progress, dx, random):
    """Picture (48, 64, 3) of a moment of an action."""
    picture = np.full((48, 64, 3), TABLE, dtype=float)
    left, right = 24 + dx, 40 + dx
    picture[18:42, left:right] = CUP
    level = {0: 0, 1: progress, 2: 1, 3: 1 - progress}[action]
    if level > 0:
        picture[40 - int(20 * level) : 40, left + 2 : right - 2] = WATER
    if action == 1:
        picture[0:20, 30 + dx : 34 + dx] = WATER
    if action == 2:
        x = 31 + dx + int(5 * np.sin(10 * progress))
        picture[4:36, x : x + 3] = TOOL
    if action == 3:
        picture[6:16, right : right + 18] = TOOL
    light = np.linspace(0.95, 1.05, 64)[:, None]
    picture = picture * light + random.normal(0, 12, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def make_clip(random):
    """Pictures (n_frames, 48, 64, 3) of a clip, and the action of each."""
    clip, labels, dx = [], [], random.randint(-4, 5)
    for action, n_frames in enumerate(random.randint(20, 45, 4)):
        for progress in np.linspace(0, 1, n_frames):
            clip.append(paint(action, progress, dx, random))
        labels += [action] * n_frames
    return np.array(clip), np.array(labels)


random = np.random.RandomState(0)
clips, truth = zip(*[make_clip(random) for _ in range(8)])

# %%
# Features of a frame: its mean brightness in 6 by 8 fields, and how much each changed.


def describe(clip):
    """Features (n_frames, 96) of a clip."""
    fields = clip.mean(axis=3).reshape(len(clip), 6, 8, 8, 8).mean(axis=(2, 4))
    fields = fields.reshape(len(clip), -1)
    return np.hstack([fields, np.abs(np.gradient(fields, axis=0))])


names = [f"clip {i}" for i in range(1, 9)]
features = Recordings([describe(clip) for clip in clips], names, fps=FPS)
model = TemporalOTSegmenter(n_actions=4, max_iter=400, random_state=0).fit(features)
labels = model.predict(features)
print(f"{mof_score(truth, labels):.1%} of the frames are right")

# %%
# The most typical frames of each action, as the report shows them: where the model is
# surest, one of each of six clips.
posteriors = model.predict_posterior(features)
figure, axes = plt.subplots(4, 6, figsize=(9, 4.8), layout="constrained")
for action, row in enumerate(axes):
    for clip, own, ax in zip(clips, posteriors, row):
        ax.imshow(clip[own[:, action].argmax()])
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    row[0].set_ylabel(f"action {action}", fontsize=11)

# %%
# When each happens.
found = ["wait", "fill", "stir", "empty"]
SegmentationDisplay.from_predictions(
    None, labels, target_names=found, video_names=names, fps=FPS
)
plt.show()
