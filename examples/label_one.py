"""Label one recording
===================

Twelve recordings show a work cycle, and some lack a step. One of them has labels, and
the others follow. Then the model says which one to label next. The recordings are
generated.
"""

import matplotlib.pyplot as plt
import numpy as np

from skl_tot import SegmentationDisplay, SemiSupervisedSegmenter
from skl_tot.corrections import most_informative
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings

STEPS = np.array(["reach", "place", "screw", "check", "put away"])
videos, numbers = make_activities(12, 5, missing=0.2, noise=2.0, random_state=0)
names = [f"cycle {i + 1}" for i in range(len(videos))]
recordings = Recordings(videos, names, fps=10)
truth = dict(zip(names, [STEPS[steps] for steps in numbers]))

# %%
# Labels of one
# -------------
# Labels belong to names of recordings. Actions and their number follow from them. Here,
# known labels stand for those of a person.
given = {"cycle 2": truth["cycle 2"]}
model = SemiSupervisedSegmenter(random_state=0).fit(recordings, given)
predicted = model.predict(recordings)
display = SegmentationDisplay.from_predictions(
    truth, {"found": predicted}, videos=range(6)
)

# %%
# Names are known, so scores match nothing (``scope="labels"``).
others = [name for name in names if name not in given]
pairs = [truth[name] for name in others], [predicted[name] for name in others]
print(f"{mof_score(*pairs, scope='labels'):.1%} of the frames of the others are right")

# %%
# The next one
# ------------
# Recordings that most others resemble teach most. Label one of these, and fit again.
labelled = [names.index(name) for name in given]
for suggestion in most_informative(model, recordings, n=3, labelled=labelled):
    print(names[suggestion["recording"]])

# %%
# In the browser, ``skl-tot review cycles --out checked`` does the same.
plt.show()
