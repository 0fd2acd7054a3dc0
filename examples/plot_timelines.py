"""Segment an activity and draw its timelines
==========================================

Fit a generated activity, print the scores and draw all videos.

::

    python examples/plot_timelines.py
"""

import matplotlib.pyplot as plt

from skl_tot import SegmentationDisplay, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import segmentation_report

videos, labels = make_activities(n_videos=12, n_actions=6, random_state=0)
model = TemporalOTSegmenter(n_actions=6, n_init=1, max_iter=1000, random_state=0)
model.fit(videos)

names = ["take cup", "pour coffee", "pour milk", "add sugar", "stir", "drink"]
print(segmentation_report(labels, model.predict(videos), target_names=names))
SegmentationDisplay.from_estimator(model, videos, labels, target_names=names, fps=10)
plt.show()
