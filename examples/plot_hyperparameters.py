"""Effect of four hyper-parameters, as in Fig. 4 of the paper
==========================================================

Segmental F1 on held-out videos, with one parameter of the published method changed at a
time.

::

    python examples/plot_hyperparameters.py [--data FOLDER] [--output FILE.png]
"""

import argparse
import sys

import matplotlib.pyplot as plt
from sklearn.model_selection import KFold, ValidationCurveDisplay

from skl_tot import baselines
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.metrics import segment_f1_scorer

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--data", help="data set; by default an activity is generated")
parser.add_argument("--activity", help="part of the names of the videos to load")
parser.add_argument("--max-iter", type=int, default=200, help="steps of each fit")
parser.add_argument("--output", help="picture to write; by default it is shown")
# in a notebook, the arguments of the process are those of its kernel
arguments = parser.parse_args([] if "ipykernel" in sys.modules else None)

if arguments.data is None:
    n_actions = 6
    videos, labels = make_activities(12, n_actions, noise=2, random_state=0)
else:
    data = load_action_dataset(arguments.data, arguments.activity)
    videos, labels, n_actions = data.videos, data.labels, len(data.target_names)

model = baselines.paper(n_actions, max_iter=arguments.max_iter, random_state=0)
model.set_params(optimizer__freeze_iter=0.2)
panels = {
    "alpha": ("weight α of the coherence loss", [0, 0.5, 1, 2]),
    "rho": ("weight ρ of the prior", [0.01, 0.03, 0.1, 0.3]),
    "transport__n_iter": ("Sinkhorn iterations", [1, 3, 6, 9]),
    "optimizer__batch_size": ("videos in a mini-batch", [1, 2, 4, 8]),
}
figure, axes = plt.subplots(2, 2, figsize=(9, 6), sharey=True, layout="constrained")
for ax, (parameter, (label, values)) in zip(axes.flat, panels.items()):
    ValidationCurveDisplay.from_estimator(
        model,
        videos,
        labels,
        param_name=parameter,
        param_range=values,
        cv=KFold(2),
        scoring=segment_f1_scorer,
        score_type="test",
        score_name="F1@50 on held-out videos",
        std_display_style="errorbar",
        errorbar_kw={"marker": "o", "capsize": 3},
        ax=ax,
    )
    # as the curve chooses a scale by the spread of the values
    ax.set_xscale("log" if parameter == "rho" else "linear")
    ax.set_xticks(values, map(str, values))
    ax.minorticks_off()
    ax.set_xlabel(f"{parameter}: {label}")
    ax.get_legend().remove()
    ax.grid(axis="y", alpha=0.4)
figure.suptitle("Mean and standard deviation over 2 folds", fontsize="medium")
for ax in axes[:, 1]:
    ax.set_ylabel(None)

if arguments.output is None:
    plt.show()
else:
    figure.savefig(arguments.output, dpi=150)
