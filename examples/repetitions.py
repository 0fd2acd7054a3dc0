"""Count and time repetitions
==========================

Ten people raised the right arm to the side twenty times, with a smartwatch at the
wrist, in one recording each. Nobody cut the recordings. They come with the package
`seglearn <https://pypi.org/project/seglearn/>`_ (``pip install seglearn``).
"""

import matplotlib.pyplot as plt
import numpy as np
from seglearn.datasets import load_watch

from skl_tot import CycleDisplay, CyclicSegmenter, HMMSegmenter
from skl_tot.recordings import Recordings
from skl_tot.statistics import cycle_times

FPS = 10  # of 50 frames a second, every fifth is kept
watch = load_watch()
is_raised = (watch["y"] == 1) & (watch["side"] == 1)  # to the side, right arm
signals = {watch["subject"][i]: watch["X"][i][::5] for i in np.flatnonzero(is_raised)}

# %%
# Watches sit differently on every arm, so each recording has a model of its own. A
# repetition has two actions. The truth that is known is the number: 20 each.
labels = {}
for person, own in sorted(signals.items()):
    model = CyclicSegmenter(2, estimator=HMMSegmenter(), random_state=0).fit(own)
    labels[f"person {person}"] = model.labels_
    print(f"person {person}: {model.n_cycles_} repetitions found, 20 done")

# %%
# Durations of repetitions, in seconds. A short one at an end is only a part of one.
found = Recordings(list(labels.values()), list(labels), fps=FPS)
times = cycle_times(found, start=[0, 1])
people = times.groupby("recording", sort=False)
print(people["duration"].describe()[["count", "mean", "min", "max"]].round(2))

figure, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
for person, own in people:
    ax.plot(np.arange(1, len(own) + 1), own["duration"], marker=".", label=person)
ax.set(xlabel="repetition", xticks=range(0, 21, 5), ylabel="duration in s")
figure.legend(loc="outside right upper", frameon=False)

# %%
# The repetitions of one person, one below the other.
CycleDisplay.from_labels(labels["person 2"], fps=FPS, start=[0, 1])
plt.show()
