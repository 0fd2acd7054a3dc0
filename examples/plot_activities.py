"""Recordings of unknown activities
================================

A folder of recordings that nobody has sorted: three jobs of four steps each, in random
order. Which recording shows which job, and which step is when? The data are made here,
so that the truth is known.

::

    python examples/plot_activities.py
"""

import matplotlib.pyplot as plt
import numpy as np

from skl_tot import (
    ActivitySegmenter,
    LevelsDisplay,
    MallowSegmenter,
    TemporalOTSegmenter,
)
from skl_tot.datasets import make_activities
from skl_tot.metrics import activity_purity, mof_score

# %%
# Ten recordings of each job. Steps of different jobs are labelled differently.
videos, truth, jobs = [], [], []
for job in range(3):
    own, labels = make_activities(10, 4, noise=1.5, missing=0.1, random_state=job)
    videos += own
    truth += [steps + 4 * job for steps in labels]
    jobs += [job] * 10
order = np.random.RandomState(0).permutation(len(videos))
videos, truth, jobs = ([of[i] for i in order] for of in (videos, truth, jobs))

# %%
# Bags of frame clusters say what occurs in a recording. They are grouped, and each
# group gets its own segmenter. The number of jobs is found, too.
model = ActivitySegmenter(MallowSegmenter(4), "auto", random_state=0).fit(videos)
print(f"{len(model.activity_names_)} jobs, purity", end=" ")
print(f"{activity_purity(jobs, model.activities_):.2f}")
print(f"{mof_score(truth, model.labels_):.1%} of the frames are right")

# %%
# Job and step are two levels of one segmentation: above the job, below its steps, in
# shades of its colour.
names = [f"recording {i}" for i in range(8)]
activities = [np.full(len(y), k) for y, k in zip(model.labels_, model.activities_)]
display = LevelsDisplay.from_predictions(
    activities[:8],
    model.labels_[:8],
    coarse_names={k: f"job {k}" for k in range(3)},
    fine_names=dict(enumerate(model.action_names_)),
    video_names=names,
)

# %%
# The steps of one job have levels, too: networks with several prototypes for each
# action can be cut to other numbers of actions, with nested boundaries.
first = [video for video, job in zip(videos, jobs) if job == 0]
network = TemporalOTSegmenter(
    4, n_parts=2, max_iter=1000, decoding="free", random_state=0
)
LevelsDisplay.from_estimator(network.fit(first), first[:5], n_actions=(2, 4))
plt.show()
