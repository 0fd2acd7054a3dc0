"""A pipeline for raw signals
==========================

From signals to a comparison of groups: do people move the right arm faster than the
left? Ten people did seven exercises of the shoulder with each arm, twenty repetitions
of each, with a smartwatch at the wrist. The recordings come with the package `seglearn
<https://pypi.org/project/seglearn/>`_ (BSD licence, ``pip install seglearn``).
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from seglearn.datasets import load_watch
from sklearn.pipeline import make_pipeline

from skl_tot import HMMSegmenter, SegmentationDisplay
from skl_tot.corrections import refine, rename
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import SignalWindows
from skl_tot.recordings import Recordings
from skl_tot.statistics import compare_groups, durations

# %%
# Read
# ----
# The package has one recording for each exercise. Here, the seven of one arm make one
# session, in one order, so the exercise of each frame is known. Every fifth of 50
# frames a second is enough for movements of two seconds.
EXERCISES = ["pendulum", "abduction", "elevation", "rotate in", "rotate out"]
EXERCISES += ["lower row", "bent row"]
watch = load_watch()
sides = np.where(watch["side"] == 1, "right", "left")
signals, labels = {}, {}
for i in np.lexsort([watch["y"], sides, watch["subject"]]):
    session = f"person {watch['subject'][i]} {sides[i]}"
    part = pd.DataFrame(watch["X"][i][::5], columns=watch["X_labels"])
    signals.setdefault(session, []).append(part)
    labels.setdefault(session, []).extend([EXERCISES[watch["y"][i]]] * len(part))
names = list(signals)
signals = [pd.concat(parts, ignore_index=True) for parts in signals.values()]
recordings = Recordings(signals, names, fps=10)
truth = Recordings([np.array(words) for words in labels.values()], names, fps=10)
print(f"{len(recordings)} sessions, {sum(map(len, recordings))} frames")

# %%
# Fit
# ---
# One frame of a raw signal says little, so the model learns from windows around it. The
# exercises come once, in one order, which the model should know.
hmm = HMMSegmenter(n_actions=7, order="strict", random_state=0)
model = make_pipeline(SignalWindows(), hmm)
predicted = model.fit(recordings).predict(recordings)
print(f"windows of {model[0].window_ / 10} s, {mof_score(truth, predicted):.0%} right")

# %%
# Look and name
# -------------
# Actions have numbers, in the order in which they come. Watch one session to name them.
model = rename(model, EXERCISES)
predicted = model.predict(recordings)
SegmentationDisplay.from_predictions(truth, {"found": predicted}, videos=[0, 1, 8, 9])

# %%
# Correct
# -------
# You correct the six sessions of three people, in the browser or in a table of
# segments, and the model learns from them. Here, known labels stand for corrections.
corrections = dict(zip(names[:6], truth[:6]))
model = refine(model, recordings, corrections)
predicted = model.predict(recordings)
right = np.concatenate([predicted[i] == truth[i] for i in range(6, len(names))])
print(f"{right.mean():.0%} of the frames of the other 14 sessions are right")

# %%
# Measure and compare
# -------------------
# Each person has a session in both groups, so the test swaps the two arms of people. Of
# ten people, p is exact; q corrects for the seven exercises.
print(durations(predicted).groupby("action")["total"].median())
groups = [name.split()[-1] for name in names]
people = [name.rpartition(" ")[0] for name in names]
columns = ["action", "mean_first", "mean_second", "low", "high", "p", "q"]
for source, sessions in {"true": truth, "found": predicted}.items():
    table = compare_groups(sessions, groups, subject=people)
    rows = table.loc[table["measure"] == "duration", columns]
    print(f"Left and right, {source} labels, in seconds")
    print(rows.round(3).to_string(index=False))

# %%
# By both, pendulums are faster on the right. The found labels miss two differences:
# wrong frames widen the intervals. Correct more sessions if small differences matter.
means = rows.set_index("action")[["mean_first", "mean_second"]]
means.plot.barh(xlabel="duration in seconds")
plt.show()
