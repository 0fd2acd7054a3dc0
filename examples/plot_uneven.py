"""Actions of uneven length, with equal and with learned durations
===============================================================

The longest action of these videos lasts some ten times as long as the shortest. Equal
shares of the pseudo-labels, of the method as published, cut it in two; several
prototypes for each action, merged after training, keep it whole, at the expense of the
shortest. Black at the foot of the last picture shows where boundaries are uncertain.

::

    python examples/plot_uneven.py
"""

import matplotlib.pyplot as plt

from skl_tot import SegmentationDisplay, TemporalOTSegmenter, baselines
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score

videos, labels = make_activities(
    n_videos=20, n_actions=6, unevenness=0.8, mean_length=300, random_state=3
)
settings = {"n_actions": 6, "decoding": "skip", "switch_cost": 0.1, "random_state": 0}
equal = baselines.paper(**settings).fit(videos)
learned = TemporalOTSegmenter(n_init=1, **settings).fit(videos)
predictions = {"equal": equal.labels_, "learned": learned.labels_}
for name, predicted in predictions.items():
    print(f"{name} durations: MoF {mof_score(labels, predicted):.3f}")

SegmentationDisplay.from_predictions(labels, predictions, videos=range(4))
SegmentationDisplay.from_estimator(
    learned, videos, labels, confidence=True, videos=range(8)
)
plt.show()
