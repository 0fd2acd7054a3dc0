"""Choose rho and alpha by cross-validation, with labels and without
=================================================================

Searches that score against labels, and one that has none.

::

    python examples/grid_search.py
"""

from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam
from skl_tot.metrics import edit_scorer, miou_scorer, mof_scorer, segment_f1_scorer
from skl_tot.preprocessing import FramewiseTransformer

videos, labels = make_activities(n_videos=12, n_actions=5, random_state=0)
pipeline = make_pipeline(
    FramewiseTransformer(PCA(8)),
    TemporalOTSegmenter(
        n_actions=5, max_iter=500, optimizer=Adam(freeze_iter=100), random_state=0
    ),
)
grid = {
    "temporalotsegmenter__rho": [0.05, 0.07, 0.1],
    "temporalotsegmenter__alpha": [0.0, 1.0],
}
scorers = {
    "mof": mof_scorer,
    "f1": segment_f1_scorer,
    "edit": edit_scorer,
    "miou": miou_scorer,
}

with_labels = GridSearchCV(
    pipeline, grid, scoring=scorers, refit="mof", cv=KFold(3), error_score="raise"
).fit(videos, labels)
print("With labels:", with_labels.best_params_)
for name in scorers:
    score = with_labels.cv_results_[f"mean_test_{name}"][with_labels.best_index_]
    print(f"  {name:5} {score:.3f} on held-out videos")

# Without labels or scoring, the search uses TemporalOTSegmenter.score.
without = GridSearchCV(pipeline, grid, cv=KFold(3), error_score="raise").fit(videos)
print("Without labels:", without.best_params_)
print(f"  MoF   {mof_scorer(without, videos, labels):.3f} on all videos")
