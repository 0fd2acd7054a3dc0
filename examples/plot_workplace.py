"""One recording of a work place
=============================

A worker does the same job forty times, and one camera records it. Nobody has cut the
recording: cycles and their actions are found from it alone. The pace slows down, and
now and then an action is left out, which the last picture shows.

::

    python examples/plot_workplace.py
"""

import matplotlib.pyplot as plt
import numpy as np

from skl_tot import CyclicSegmenter, DeviationDisplay, HMMSegmenter, SegmentationDisplay
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.statistics import cycle_times

N_CYCLES, N_ACTIONS, FPS = 40, 5, 10
rng = np.random.default_rng(0)
labels = []
for pace in np.linspace(0.85, 1.15, N_CYCLES):
    lengths = pace * np.array([60, 25, 50, 15, 40]) * rng.uniform(0.85, 1.15, N_ACTIONS)
    if rng.random() < 0.1:
        lengths[rng.integers(N_ACTIONS)] = 0
    labels.append(np.repeat(np.arange(N_ACTIONS), lengths.astype(int)))
truth = np.concatenate(labels)
features = rng.normal(size=(N_ACTIONS, 16))[truth] + rng.normal(size=(len(truth), 16))

model = CyclicSegmenter(N_ACTIONS, estimator=HMMSegmenter(), random_state=0)
model.fit(features)
print(f"{model.n_cycles_} cycles, MoF {mof_score(truth, model.labels_):.3f}")

# Each cycle as a recording of its own.
names = [f"cycle {i + 1}" for i in range(model.n_cycles_)]
cycles = Recordings(np.split(model.labels_, model.cuts_[1:-1]), names, fps=FPS)
times = cycle_times(cycles)
print(times[["recording", "duration", "missing"]].head())

figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
axes.plot(np.arange(1, len(times) + 1), times["duration"], marker=".")
axes.set(xlabel="cycle", ylabel="duration in s", ylim=(0, None))

found = {"found": list(cycles)}
SegmentationDisplay.from_predictions(labels, found, videos=range(6), fps=FPS)
DeviationDisplay.from_labels(cycles, n_recordings=10)
plt.show()
