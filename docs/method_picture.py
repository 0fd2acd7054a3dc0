"""Draw docs/images/method.png: temporal optimal transport on signals of a watch.

python docs/method_picture.py
"""

import sys
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image
from sklearn.pipeline import make_pipeline

from skl_tot import TemporalOTSegmenter
from skl_tot.display.palette import COLOURS
from skl_tot.metrics import match_labels, mof_score
from skl_tot.preprocessing import SignalWindows

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from states import read_watch

IMAGE = Path(__file__).parent / "images" / "method.png"
INK, GREY = "#22303C", "#5B6772"
FPS, N_ACTIONS = 10, 7
TITLES = {
    "Recordings": "signals, no labels",
    "Pseudo-labels Q": "transport along the diagonal",
    "Codes P": "of the network, which learns Q",
    "Labels": "best path; below, the truth",
}


def draw_signals(ax, signal):
    """Draw the three axes of acceleration, one above the other."""
    for k, values in enumerate(signal[:, :3].T):
        values = (values - values.mean()) / np.ptp(values)
        ax.plot(np.arange(len(values)) / FPS, values - k, color=INK, linewidth=0.5)
    ax.set_ylim(-2.6, 0.6)


def draw_codes(ax, codes):
    """Draw probabilities as an image, each action in its colour."""
    colours = np.array([to_rgb(colour) for colour in COLOURS[:N_ACTIONS]])
    shares = codes.T[:, :, None]
    image = 1 - shares + shares * colours[:, None]
    extent = (0, len(codes) / FPS, N_ACTIONS - 0.5, -0.5)
    ax.imshow(image, aspect="auto", extent=extent, interpolation="nearest")


def draw_labels(ax, labels, bottom, top):
    """Draw segments as boxes in the colours of their actions."""
    edges = np.flatnonzero(np.diff(labels, prepend=-1, append=-1))
    for start, stop in pairwise(edges):
        colour = COLOURS[labels[start]]
        ax.axvspan(start / FPS, stop / FPS, bottom, top, color=colour, linewidth=0)


def draw_row(axes, signal, codes, labels, truth):
    """Draw one recording: signals, pseudo-labels and codes, found and true labels."""
    draw_signals(axes[0], signal)
    for ax, values in zip(axes[1:3], codes):
        draw_codes(ax, values)
    draw_labels(axes[3], labels, 0.4, 0.95)
    draw_labels(axes[3], truth, 0.05, 0.3)
    for ax in axes:
        ax.set(xlim=(0, len(signal) / FPS), xticks=[], yticks=[])
        ax.spines[:].set(color="#C5CCD3", linewidth=0.8)


def draw_titles(figure, axes):
    """Name the columns, and draw the arrows between them."""
    for ax, (title, note) in zip(axes, TITLES.items()):
        ax.set_title(f"{title}\n", loc="left", color=INK, weight="bold", size=13)
        ax.text(0, 1.05, note, transform=ax.transAxes, color=GREY, size=10.5)
    for ax, arrow in zip(axes[1:], ("→", "⇄", "→")):
        left = ax.get_position().x0 - 0.0105
        figure.text(
            left,
            0.49,
            arrow,
            color=INK,
            size=17,
            ha="center",
            va="center",
            family="DejaVu Sans",
        )


def main(path):
    """Fit, print how much is right, and draw three recordings."""
    signals, truth = read_watch()
    segmenter = TemporalOTSegmenter(N_ACTIONS, order="strict", random_state=0)
    model = make_pipeline(SignalWindows(), segmenter).fit(signals)
    windows, labels = model[0].transform(signals), model.predict(signals)
    print(f"MoF {mof_score(truth, labels):.3f}")
    match = match_labels(truth, labels)
    columns = sorted(range(N_ACTIONS), key=match.get)
    right = [np.mean(np.vectorize(match.get)(x) == y) for x, y in zip(labels, truth)]
    ranks = np.argsort(right)[::-1]
    plt.rcParams["font.sans-serif"] = ["Liberation Sans", "Arial", "DejaVu Sans"]
    figure, axes = plt.subplots(
        3, 4, figsize=(10, 4), width_ratios=(1.1, 1, 1, 1.1),
        gridspec_kw={"left": 0.01, "right": 0.99, "top": 0.86, "bottom": 0.02,
                     "wspace": 0.085, "hspace": 0.12},
    )  # fmt: skip
    for row, i in zip(axes, ranks[[0, 10, 19]]):
        print(f"recording {i}: {right[i]:.0%} right")
        codes = [
            of(windows[i])[:, columns]
            for of in (segmenter.pseudo_labels, segmenter.predict_proba)
        ]
        draw_row(row, signals[i], codes, np.vectorize(match.get)(labels[i]), truth[i])
    draw_titles(figure, axes[0])
    buffer = BytesIO()
    figure.savefig(buffer, dpi=160)
    Image.open(buffer).convert("RGB").convert("P", palette=1, colors=128).save(
        path, optimize=True
    )


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else IMAGE)
