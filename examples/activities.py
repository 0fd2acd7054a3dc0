"""Sort recordings of several jobs
===============================

A folder has recordings of three jobs of four steps each, in random order. The model
finds the jobs and the steps of each. The recordings are made.
"""

import matplotlib.pyplot as plt
import numpy as np

from skl_tot import ActivitySegmenter, SegmentationDisplay
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score

# %%
# Ten recordings of each job. Steps of different jobs have different labels.
videos, truth, jobs = [], [], []
for job in range(3):
    own, labels = make_activities(10, 4, noise=1.5, random_state=job)
    videos += own
    truth += [steps + 4 * job for steps in labels]
    jobs += [job] * 10
order = np.random.RandomState(0).permutation(len(videos))
videos, truth, jobs = ([of[i] for i in order] for of in (videos, truth, jobs))

# %%
# Recordings with similar frames are one job, and each job gets a segmenter of its own.
# "auto" finds the number of jobs.
model = ActivitySegmenter(MallowSegmenter(4), "auto", random_state=0).fit(videos)
print(f"{len(model.activity_names_)} jobs", end=", ")
print(f"{mof_score(jobs, model.activities_):.0%} of the recordings in the right one")
print(f"{mof_score(truth, model.labels_):.1%} of the frames are right")

# %%
# The steps that were found in eight of the recordings, next to the true ones.
SegmentationDisplay.from_predictions(truth, model.labels_, videos=range(8))
plt.show()
