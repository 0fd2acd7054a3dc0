"""Raw signals: windows tell how they swing
========================================

Acceleration at the hip at 50 Hz, while somebody stands, walks, climbs stairs and rides
a bicycle, in any order: a frame of it, a fiftieth of a second, says next to nothing.
:class:`~skl_tot.preprocessing.SignalWindows` gives each frame mean, spread and change
of what is around it, in a window whose width it finds in the signals.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from skl_tot import HMMSegmenter
from skl_tot.metrics import match_labels, mof_score
from skl_tot.preprocessing import SignalWindows
from skl_tot.recordings import Recordings

FPS = 50
ACTIONS = ["stand", "walk", "climb", "ride"]
COLOURS = ["#4C78A8", "#F2A541", "#3BA087", "#B279A2"]
# %%
# What differs is how fast the body swings, how strongly, and the posture a little.
POSTURES = [[0.0, 1.0, 0.0], [0.0, 1.0, 0.05], [0.05, 1.0, 0.05], [0.05, 0.95, 0.1]]
HERTZ, STRENGTH = [0.3, 1.9, 1.4, 1.1], [0.02, 0.45, 0.35, 0.12]


def make_recording(random):
    """Acceleration of eight bouts, a row each frame, and their actions."""
    steps = random.choice([1, 2, 3], 7)
    bouts = np.cumsum([random.randint(4), *steps]) % 4  # never the same twice
    labels = np.repeat(bouts, (FPS * random.uniform(6, 14, 8)).astype(int))
    pace = np.array(HERTZ)[labels] * random.normal(1, 0.05)
    phase = 2 * np.pi * np.cumsum(pace) / FPS
    waves = np.column_stack([np.sin(phase), np.sin(2 * phase), np.cos(phase)])
    signal = np.array(POSTURES)[labels] + np.array(STRENGTH)[labels, None] * waves
    signal += random.normal(0, 0.06, signal.shape)
    return pd.DataFrame(signal, columns=["acc x", "acc y", "acc z"]), labels


random = np.random.RandomState(0)
signals, truth = zip(*(make_recording(random) for _ in range(3)))
names = [f"person {i}" for i in range(1, 4)]
recordings = Recordings(list(signals), names, fps=FPS)

# %%
# The windows are a step of a pipeline. Names, rate and frames stay what they are.
windows = SignalWindows().fit(recordings)
print(f"windows of {windows.windows_[0] / FPS:.2f} s:")
print(", ".join(windows.get_feature_names_out()[[0, 3, 6]]), "…")

# Actions come in no order, and the model is told so.
segmenter = HMMSegmenter(4, order="free", random_state=0)
on_frames = segmenter.fit_predict(recordings)
model = make_pipeline(SignalWindows(), segmenter)
on_windows = model.fit_predict(recordings)
print(f"{mof_score(truth, on_frames):.0%} of the frames are right, by themselves")
print(f"{mof_score(truth, on_windows):.0%} of the frames are right, by their windows")

# %%
# One recording: what was done, and what is found.
figure, axes = plt.subplots(
    4, figsize=(10, 4), sharex=True, height_ratios=[4, 1, 1, 1], layout="constrained"
)
seconds = np.arange(len(truth[0])) / FPS
axes[0].set_xlim(0, seconds[-1])
axes[0].plot(seconds, signals[0], linewidth=0.5)
axes[0].set_title("acceleration, three axes", loc="left")
rows = {"done": truth[0]}
for name, labels in {"frames": on_frames, "windows": on_windows}.items():
    names = match_labels(truth, list(labels))  # which action a number stands for
    rows[name] = np.array([names[label] for label in labels[0]])
for ax, (name, own) in zip(axes[1:], rows.items()):
    edges = np.flatnonzero(np.diff(own, prepend=-9, append=-9))
    for start, stop in pairwise(edges):
        ax.axvspan(start / FPS, stop / FPS, color=COLOURS[own[start]], linewidth=0)
    ax.set_ylabel(name, rotation=0, ha="right", va="center")
    ax.set_yticks([])
axes[-1].set_xlabel("seconds")
handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS]
figure.legend(handles, ACTIONS, loc="outside upper right", ncols=4, frameon=False)
plt.show()
