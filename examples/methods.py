"""The methods of the paper side by side
=====================================

Tables 1 and 2 of Kumar et al., CVPR 2022, compare plain optimal transport (OT), temporal
optimal transport (TOT), and both with a loss of temporal coherence (TCL) or of time
stamps (CTE). Here they label generated recordings, beside the defaults of this package,
CTE itself, and two simple methods.
"""

import matplotlib.pyplot as plt
import pandas as pd

from skl_tot import SegmentationDisplay, TemporalOTSegmenter
from skl_tot.baselines import (
    CTESegmenter,
    EqualPartsSegmenter,
    KMeansSegmenter,
    paper,
)
from skl_tot.datasets import make_activities
from skl_tot.extend import TimeStamp
from skl_tot.metrics import mof_score, segment_f1_score

videos, truth = make_activities(20, n_actions=8, noise=1.5, random_state=1)

# %%
# ``paper`` makes the method as published. Its parameters make the variants.
short = {"max_iter": 1000, "random_state": 0}
methods = {
    "OT": paper(8, prior=None, **short),
    "OT+TCL": paper(8, prior=None, alpha=1.0, **short),
    "OT+CTE": paper(8, prior=None, terms=[TimeStamp()], **short),
    "TOT": paper(8, **short),
    "TOT+TCL": paper(8, alpha=1.0, **short),
    "TOT+CTE": paper(8, terms=[TimeStamp()], **short),
    "defaults": TemporalOTSegmenter(8, random_state=0),
    "CTE": CTESegmenter(8, random_state=0),
    "k-means": KMeansSegmenter(8, random_state=0),
    "equal parts": EqualPartsSegmenter(8),
}
labels = {name: model.fit_predict(videos) for name, model in methods.items()}

# %%
# Share of right frames, and F1 of segments that overlap a true one by half of their
# union. One match of actions to labels holds for all recordings.
scores = {
    name: {"MoF": mof_score(truth, found), "F1@50": segment_f1_score(truth, found)}
    for name, found in labels.items()
}
print(pd.DataFrame(scores).T.round(2))

# %%
# Two recordings, in the colours of the actions that are matched.
SegmentationDisplay.from_predictions(truth, labels, videos=[0, 1])
plt.show()
