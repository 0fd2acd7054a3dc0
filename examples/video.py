"""See typical frames of each action
=================================

Eight clips show a cup being filled, stirred and emptied. The clips are made, and
features are brightness and its change in parts of the picture. For video files, take
:class:`~skl_tot.preprocessing.FrameFeatures`, which uses a trained network::

    model = make_pipeline(FrameFeatures(), MallowSegmenter(n_actions=4))
    model.fit("videos")
"""

import matplotlib.pyplot as plt
import numpy as np

from skl_tot.baselines import MallowSegmenter
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings

TABLE, CUP = [232, 226, 216], [120, 128, 140]
WATER, TOOL = [72, 139, 190], [214, 96, 77]


def paint(action, progress, dx, random):
    """Picture (48, 64, 3) of a moment of an action."""
    picture = np.full((48, 64, 3), TABLE, dtype=float)
    left, right = 24 + dx, 40 + dx
    picture[18:42, left:right] = CUP
    level = [0, progress, 1, 1 - progress][action]
    if level > 0:
        picture[40 - int(20 * level) : 40, left + 2 : right - 2] = WATER
    if action == 1:
        picture[0:20, 30 + dx : 34 + dx] = WATER
    if action == 2:
        x = 31 + dx + int(5 * np.sin(10 * progress))
        picture[4:36, x : x + 3] = TOOL
    if action == 3:
        picture[6:16, right : right + 18] = TOOL
    return (picture + random.normal(0, 12, picture.shape)).clip(0, 255).astype(np.uint8)


def make_clip(random):
    """Pictures (n_frames, 48, 64, 3) of a clip, and the action of each."""
    lengths, dx = random.randint(20, 45, 4), random.randint(-4, 5)
    moments = [np.linspace(0, 1, length) for length in lengths]
    clip = [paint(a, at, dx, random) for a in range(4) for at in moments[a]]
    return np.array(clip), np.repeat(np.arange(4), lengths)


def describe(clip):
    """Brightness in 6 by 8 fields, and its change: (n_frames, 96)."""
    fields = clip.mean(axis=3).reshape(len(clip), 6, 8, 8, 8).mean(axis=(2, 4))
    fields = fields.reshape(len(clip), -1)
    return np.hstack([fields, np.abs(np.gradient(fields, axis=0))])


random = np.random.RandomState(0)
clips, truth = zip(*[make_clip(random) for _ in range(8)])
features = Recordings([describe(clip) for clip in clips], fps=10)
model = MallowSegmenter(n_actions=4).fit(features)
print(f"{mof_score(list(truth), model.predict(features)):.1%} of the frames are right")

# %%
# The most typical frame of each action in six clips: where the model is surest.
posteriors = model.predict_posterior(features)
figure, axes = plt.subplots(4, 6, figsize=(9, 4.8), layout="constrained")
for action, row in enumerate(axes):
    for clip, own, ax in zip(clips, posteriors, row):
        ax.imshow(clip[own[:, action].argmax()])
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    row[0].set_ylabel(f"action {action}", fontsize=11)
plt.show()
