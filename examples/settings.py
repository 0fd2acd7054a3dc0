"""Choose settings by a grid search
================================

A grid search over the width of windows, scored against labels and without any. Ten
people did seven exercises with a smartwatch at the wrist. The signals come with the
package `seglearn <https://pypi.org/project/seglearn/>`_ (``pip install seglearn``).
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from seglearn.datasets import load_watch
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from skl_tot import HMMSegmenter
from skl_tot.metrics import label_free_scorer, mof_scorer
from skl_tot.preprocessing import SignalWindows
from skl_tot.recordings import Recordings

# %%
# The seven recordings of a right arm are joined. Every tenth of 50 frames a second is
# kept, as there are many fits.
watch = load_watch()
right = np.flatnonzero(watch["side"] == 1)
right = right[np.lexsort([watch["y"][right], watch["subject"][right]])].reshape(10, 7)
parts = [[watch["X"][i][::10] for i in own] for own in right]
recordings = Recordings([np.concatenate(own) for own in parts], fps=5)
truth = [np.repeat(np.arange(7), [len(part) for part in own]) for own in parts]

# %%
# The search is scikit-learn's: each score is the mean over recordings that a fit has
# not seen. If you have no labels, you can choose by the second score only.
hmm = HMMSegmenter(7, order="strict", random_state=0)
model = make_pipeline(SignalWindows(), hmm)
search = GridSearchCV(
    model,
    {"signalwindows__window": [2, 4, 8, 16]},
    scoring={"MoF": mof_scorer, "without labels": label_free_scorer},
    refit=False,
    cv=KFold(3),
    error_score="raise",
).fit(recordings, truth)
results = pd.DataFrame(search.cv_results_).set_index("param_signalwindows__window")
results = results[["mean_test_MoF", "std_test_MoF", "mean_test_without labels"]]
print(results.round(3).to_string())

figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
for ax, name in zip(axes, ["MoF", "without labels"]):
    results[f"mean_test_{name}"].plot(ax=ax, marker="o")
    ax.set(xlabel="width of windows in s", ylabel=name, xticks=results.index)
plt.show()
