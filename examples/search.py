"""Search over rho and alpha
=========================

A grid search of scikit-learn over the two weights of the method, and then one parameter
at a time, as in figure 4 of Kumar et al., CVPR 2022. The recordings are generated.
"""

import warnings

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV

from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam, Sinkhorn
from skl_tot.metrics import mof_scorer, segment_f1_scorer

warnings.simplefilter("ignore")  # some settings lose actions, and fits say so
videos, labels = make_activities(
    20, n_actions=8, mean_length=160, noise=2.0, random_state=1
)
model = TemporalOTSegmenter(
    n_actions=8,
    n_prototypes=1,
    n_networks=1,
    max_iter=100,  # few steps, to save time
    transport=Sinkhorn(),
    optimizer=Adam(frames_per_video=32),
    random_state=0,
)
scoring = {"MoF": mof_scorer, "F1": segment_f1_scorer}

# %%
# A grid
# ------
# rho weighs the prior, and alpha the temporal coherence loss. Scores are means over
# recordings that a fit has not seen. If you have no labels, leave ``scoring`` out: the
# search then takes the model's own ``score``.
grid = {"rho": [0.03, 0.07, 0.15], "alpha": [0.0, 0.5, 1.0]}
search = GridSearchCV(model, grid, scoring=scoring, refit="MoF", cv=2)
search.fit(videos, labels)
print(search.best_params_, f"{search.best_score_:.2f}")
results = pd.DataFrame(search.cv_results_)
table = results.pivot(index="param_rho", columns="param_alpha", values="mean_test_MoF")
print(table.round(2))

# %%
# One parameter at a time
# -----------------------
# A large rho lets the prior decide, so actions get equal parts.
grids = {"alpha": [0.0, 0.5, 1.0, 2.0], "rho": [0.02, 0.07, 0.15, 0.3]}
figure, axes = plt.subplots(1, 2, figsize=(7, 3), sharey=True, layout="constrained")
for ax, (name, values) in zip(axes, grids.items()):
    curve = GridSearchCV(model, {name: values}, scoring=scoring, refit=False, cv=2)
    results = curve.fit(videos, labels).cv_results_
    for score in scoring:
        ax.plot(values, results[f"mean_test_{score}"], marker="o", label=score)
    ax.set_xlabel(name)
axes[0].legend(frameon=False)
plt.show()
