"""Pseudo-labels of four variants, as in Fig. 3 of the paper
=========================================================

Draw the codes Q of one video. Without the temporal prior they have no order in time.

::

    python examples/plot_pseudo_labels.py [--data FOLDER] [--output FILE.png]
"""

import argparse
import sys

import matplotlib.pyplot as plt

from skl_tot import PseudoLabelDisplay, baselines
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.extend import TimeStamp

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--data", help="data set; by default an activity is generated")
parser.add_argument("--activity", help="part of the names of the videos to load")
parser.add_argument("--video", type=int, default=0, help="index of the video to draw")
parser.add_argument("--output", help="picture to write; by default it is shown")
# in a notebook, the arguments of the process are those of its kernel
arguments = parser.parse_args([] if "ipykernel" in sys.modules else None)

if arguments.data is None:
    n_actions = 6
    videos, _ = make_activities(12, n_actions, random_state=0)
else:
    data = load_action_dataset(arguments.data, arguments.activity)
    videos, n_actions = data.videos, len(data.target_names)

variants = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, "terms": [TimeStamp()]},
    "TOT": {},
    "TOT+TCL": {"alpha": 1.0},
}
figure, axes = plt.subplots(
    2, 2, figsize=(10, 5.5), sharex=True, sharey=True, layout="constrained"
)
for ax, (name, options) in zip(axes.flat, variants.items()):
    # with some seeds, OT collapses: all actions get the same probability
    model = baselines.paper(n_actions, max_iter=1000, random_state=1, **options)
    model.fit(videos)
    display = PseudoLabelDisplay.from_estimator(
        model, videos[arguments.video], ax=ax, colorbar=False
    )
    ax.set_title(name)
    ax.label_outer()
figure.colorbar(display.im_, ax=axes, label="probability")

if arguments.output is None:
    plt.show()
else:
    figure.savefig(arguments.output, dpi=150)
