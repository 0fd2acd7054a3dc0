"""Follow a stream of recordings
=============================

Learn from each recording as it comes, pause, and go on.

::

    python examples/plot_stream.py [--data FOLDER] [--n-videos 800] [--output FILE.png]
"""

import argparse
import sys
import tempfile

import joblib
import matplotlib.pyplot as plt
import numpy as np

from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.extend import Adam
from skl_tot.metrics import mof_score

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--data", help="data set; by default an activity is generated")
parser.add_argument("--n-videos", type=int, default=800, help="videos of the stream")
parser.add_argument("--output", help="picture to write; by default it is shown")
# in a notebook, the arguments of the process are those of its kernel
arguments = parser.parse_args([] if "ipykernel" in sys.modules else None)

if arguments.data is None:
    videos, labels = make_activities(50, 6, noise=2.0, random_state=0)
else:
    data = load_action_dataset(arguments.data)
    videos, labels = data.videos, data.labels
n_actions = len(np.unique(np.concatenate(labels)))
n_unseen = len(videos) // 5
unseen, unseen_labels = videos[:n_unseen], labels[:n_unseen]


def stream():
    """Yield one recording after the other, without end."""
    rng = np.random.default_rng(0)
    while True:
        for i in rng.permutation(np.arange(n_unseen, len(videos))):
            yield videos[i]


# Two videos make a mini-batch; only what arrives is ever in memory.
optimizer = Adam(freeze_iter=50)
model = TemporalOTSegmenter(n_actions, optimizer=optimizer, random_state=0)
pair, n_seen, scores = [], [], []
half = arguments.n_videos // 2
for count, video in enumerate(stream(), 1):
    pair.append(video)
    if len(pair) == 2:
        model.partial_fit(pair)
        pair = []
    if count % 40 == 0:
        n_seen.append(count)
        scores.append(mof_score(unseen_labels, model.predict(unseen)))
    if count == half:
        # The power may fail here: what is loaded goes on as if nothing had happened.
        with tempfile.TemporaryDirectory() as folder:
            joblib.dump(model, f"{folder}/model.joblib")
            model = joblib.load(f"{folder}/model.joblib")
    if count == arguments.n_videos:
        break

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.plot(n_seen, scores, marker=".", label="learning from the stream")
whole = TemporalOTSegmenter(n_actions, max_iter=1000, random_state=0)
whole.fit(videos[n_unseen:])
axes.axhline(
    mof_score(unseen_labels, whole.predict(unseen)),
    color="black",
    linestyle="--",
    label=f"fit on all of its videos, {whole.n_iter_} steps",
)
axes.axvline(half, color="0.7", linestyle=":", label="saved and loaded")
axes.set(
    xlabel="videos seen",
    ylabel=f"MoF on {n_unseen} other videos",
    ylim=(0, 1),
)
axes.legend(loc="lower right")

if arguments.output is None:
    plt.show()
else:
    figure.savefig(arguments.output, dpi=150)
