"""Label one recording
===================

Twelve recordings of a work cycle, in which steps may be missing. One of them has
labels, and the others follow. Then the model says which one to label next. The
recordings are generated.
"""

import matplotlib.pyplot as plt
import numpy as np

from skl_tot import SegmentationDisplay, SemiSupervisedSegmenter
from skl_tot.corrections import most_informative
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings

STEPS = np.array(["reach", "place", "screw", "check", "put away"])
videos, numbers = make_activities(12, 5, missing=0.15, noise=2.5, random_state=3)
names = [f"cycle {i + 1}" for i in range(12)]
recordings = Recordings(videos, names, fps=10)
truth = dict(zip(names, [STEPS[steps] for steps in numbers]))

# %%
# Labels of one
# -------------
# Labels are names or numbers, by the name of the recording. The number of actions
# follows from them. Here, known labels stand for those of a person.
given = {"cycle 1": truth["cycle 1"]}
model = SemiSupervisedSegmenter(random_state=0).fit(recordings, given)
found = {1: dict(model.predict(recordings))}
