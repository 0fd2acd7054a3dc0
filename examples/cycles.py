"""Cycles of one long log
======================

A log of a machine shows one work cycle after the other, and nobody cut it. The model
finds the cycles and the steps of each. Here, the log is a smartwatch at the wrist:
three people raised the right arm to the side twenty times, in one recording each. It
comes with the package `seglearn <https://pypi.org/project/seglearn/>`_ (``pip install
seglearn``).
"""

import matplotlib.pyplot as plt
import numpy as np
from seglearn.datasets import load_watch

from skl_tot import CyclicSegmenter, HMMSegmenter
from skl_tot.recordings import Recordings
from skl_tot.statistics import cycle_times

FPS = 10  # of 50 frames a second, every fifth is kept
watch = load_watch()
is_raised = (watch["y"] == 1) & (watch["side"] == 1)  # to the side, right arm
first = np.flatnonzero(is_raised & (watch["subject"] <= 3))  # of ten, to save time
logs = {watch["subject"][i]: watch["X"][i][::5] for i in first}

# %%
# One log
# -------
# A repetition has two actions, up and down. ``cuts_`` are the frames where one begins.
model = CyclicSegmenter(2, estimator=HMMSegmenter(), random_state=0).fit(logs[2])
print(f"{model.n_cycles_} repetitions, the first at", model.cuts_[:4] / FPS, "s")
print(cycle_times(model.labels_, fps=FPS, start=[0, 1])[["start", "end"]].head())

# %%
# All people
# ----------
# Watches sit differently on every arm, so each recording has a model of its own. The
# truth that is known is the number: 20 each.
labels = {}
for person, log in sorted(logs.items()):
    labels[f"person {person}"] = model.fit(log).labels_
    print(f"person {person}: {model.n_cycles_} repetitions found, 20 done")

# %%
# Durations of repetitions, in seconds. A short one at an end is only a part of one.
cycles = Recordings(list(labels.values()), list(labels), fps=FPS)
people = cycle_times(cycles, start=[0, 1]).groupby("recording", sort=False)
print(people["duration"].describe()[["count", "mean", "min", "max"]].round(2))

figure, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
for person, rows in people:
    ax.plot(np.arange(1, len(rows) + 1), rows["duration"], marker=".", label=person)
ax.set(xlabel="repetition", xticks=range(0, 21, 5), ylabel="duration in s")
figure.legend(loc="outside right upper", frameon=False)
plt.show()
