"""The methods of the paper side by side
=====================================

Tables 1 and 2 of Kumar et al., CVPR 2022, compare plain optimal transport (OT),
temporal optimal transport (TOT), and both with a loss of temporal coherence (TCL) or of
time stamps (CTE). Here they label generated recordings, beside simple methods.
"""

import warnings

import matplotlib.pyplot as plt
import pandas as pd

from skl_tot import HMMSegmenter, SegmentationDisplay, TemporalOTSegmenter
from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import TimeStamp
from skl_tot.metrics import mof_score, segment_f1_score

warnings.simplefilter("ignore")  # some methods lose actions, and fits say so
K = 8
videos, truth = make_activities(20, n_actions=K, noise=2.5, random_state=0)

# %%
# Variants have one prototype for each action and one network, as in the paper. They
# start at equal parts of time, and stop once labels have settled. All settings of the
# paper, with 12,000 steps, are those of :meth:`skl_tot.TemporalOTSegmenter.paper`.
plain = {"n_prototypes": 1, "n_networks": 1, "random_state": 0}
losses = {"": {"alpha": 0.0}, "+TCL": {"alpha": 1.0}}
losses["+CTE"] = {"alpha": 0.0, "terms": [TimeStamp()]}
methods = {
    f"{name}{loss}": TemporalOTSegmenter(K, prior=prior, **plain, **settings)
    for name, prior in {"OT": None, "TOT": "temporal"}.items()
    for loss, settings in losses.items()
}
methods |= {
    "defaults": TemporalOTSegmenter(K, random_state=0),
    "strict order": TemporalOTSegmenter(K, order="strict", random_state=0),
    "HMM": HMMSegmenter(K, random_state=0),
    "k-means": KMeansSegmenter(K, random_state=0),
    "equal parts": EqualPartsSegmenter(K),
}
labels = {name: model.fit_predict(videos) for name, model in methods.items()}

# %%
# The share of right frames, and F1 of segments that overlap a true one by half of their
# union. One match of actions to labels holds for all recordings. Other seeds and other
# recordings give other ranks.
scores = {
    name: {"MoF": mof_score(truth, paths), "F1@50": segment_f1_score(truth, paths)}
    for name, paths in labels.items()
}
print(pd.DataFrame(scores).T.round(2))

# %%
# One recording, in the colours of the actions that are matched.
SegmentationDisplay.from_predictions(truth, labels, videos=[0])
plt.show()
