"""Label one recording
===================

Twelve recordings show a work cycle, and some lack a step. One of them gets labels, and
the others follow. A function says which one, and which are next. The recordings are
generated.
"""

import matplotlib.pyplot as plt
import numpy as np

from skl_tot import SegmentationDisplay, SemiSupervisedSegmenter
from skl_tot.corrections import recordings_to_label
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
# Label a recording that is typical and lacks nothing. Labels belong to names of
# recordings. Actions and their number follow from them. Here, known labels stand for
# those of a person.
(proposal,) = recordings_to_label(recordings, random_state=0)
first = names[proposal["recording"]]
print(f"{first}: {proposal['reason']}")
given = {first: truth[first]}
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
# With labels, those come first that show actions without a label, and that others
# resemble. Label one of these, and fit again.
for proposal in recordings_to_label(recordings, given, n=3, random_state=0):
    print(f"{names[proposal['recording']]}: {proposal['reason']}")

# %%
# In the browser, ``skl-tot review cycles --out checked`` does the same, and
# ``skl-tot suggest cycles`` names the recording.
plt.show()
