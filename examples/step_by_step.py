"""Temporal optimal transport, step by step
========================================

One mini-batch in pictures: the prior T, scores, pseudo-labels Q and codes P, and then
labels, with and without the prior. Equations are those of Kumar et al., CVPR 2022, and
the pictures those of its figures 2 and 3. The recordings are generated.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch

from skl_tot import PseudoLabelDisplay, SegmentationDisplay, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import Sinkhorn, TemporalPrior
from skl_tot.metrics import mof_score

warnings.simplefilter("ignore")  # some variants lose actions, and fits say so
N_ACTIONS, RHO = 8, 0.07
videos, truth = make_activities(20, N_ACTIONS, noise=2.0, random_state=1)

# %%
# Fit
# ---
# One network and one prototype for each action, as in the paper. Few steps show a
# training that is still under way.
plain = {"n_prototypes": 1, "n_networks": 1, "rho": RHO, "random_state": 0}
model = TemporalOTSegmenter(N_ACTIONS, max_iter=60, alpha=0.0, **plain).fit(videos)

# %%
# A mini-batch
# ------------
# Frames of two recordings, evenly spread over each. Their scores are the products of
# embeddings and prototypes, :math:`Z C^\top`. Both recordings have the same prior T
# (Eq. 8), a band along the diagonal. Sinkhorn iterations turn both into the
# pseudo-labels Q (Eq. 10), from which the network learns. Without T, Q follows the
# scores alone.
N_FRAMES = 80
sample = [
    video[np.linspace(0, len(video) - 1, N_FRAMES).astype(int)] for video in videos[:2]
]
scores = np.concatenate(model.similarities(sample))
log_prior = np.tile(TemporalPrior().table(N_FRAMES, N_ACTIONS), (2, 1))
Q, Q_without = (
    Sinkhorn(n_iter=3)(torch.tensor(scores).double(), prior, n_videos=2, rho=RHO)
    for prior in (torch.tensor(log_prior), None)
)
P = np.concatenate(model.predict_proba(sample))

figure, axes = plt.subplots(5, 1, figsize=(8, 8), sharex=True, layout="constrained")
images = {
    "prior T": np.exp(log_prior),
    "scores": scores,
    "pseudo-labels Q": Q,
    "Q without the prior": Q_without,
    "codes P of the network": P,
}
for ax, (title, values) in zip(axes, images.items()):
    ax.imshow(np.asarray(values).T, aspect="auto", interpolation="nearest")
    ax.axvline(N_FRAMES - 0.5, color="white")
    ax.set(title=title, ylabel="action")
axes[-1].set_xlabel("sampled frames of the first recording, then of the second")
plt.show()

# %%
# Labels
# ------
# sphinx_gallery_thumbnail_number = 2
# After the last step, a Viterbi decoder finds the best path through log P. Here are Q
# and the path of one recording by four variants: OT has no prior, and TCL is the
# temporal coherence loss with the weight alpha.
variants = {
    "OT": {"prior": None, "alpha": 0.0},
    "OT+TCL": {"prior": None, "alpha": 1.0},
    "TOT": {"alpha": 0.0},
    "TOT+TCL": {"alpha": 1.0},
}
figure, axes = plt.subplots(2, 2, figsize=(9, 5), layout="constrained")
labels = {}
for ax, (name, settings) in zip(axes.flat, variants.items()):
    model = TemporalOTSegmenter(N_ACTIONS, **plain, **settings).fit(videos)
    labels[name] = model.predict(videos)
    PseudoLabelDisplay.from_estimator(model, videos[0], ax=ax, colorbar=False)
    ax.set_title(f"{name}: MoF {mof_score(truth, labels[name]):.2f}")

# %%
# All variants beside the truth, in the colours of the actions that they match.
SegmentationDisplay.from_predictions(truth, labels, videos=[0, 1])
plt.show()
