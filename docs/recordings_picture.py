"""Draw docs/images/recordings.png: steps found in generated and in recorded signals.

python docs/recordings_picture.py
"""

import sys
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image
from seglearn.datasets import load_watch
from sklearn.pipeline import make_pipeline

from skl_tot import HMMSegmenter
from skl_tot.display.palette import COLOURS as PALETTE
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import SignalWindows
from skl_tot.recordings import Recordings

IMAGE = Path(__file__).parent / "images" / "recordings.png"
INK, GREY = "#22303C", "#66727F"
SHADES = [INK, "#5B6B79", "#93A0AB"]
STEPS = ["reach", "place", "screw", "check", "put away"]
EXERCISES = ["pendulum", "abduction", "elevation", "rotate in", "rotate out"]
EXERCISES += ["lower row", "bent row"]
COLOURS = PALETTE[: len(EXERCISES)]
POSTURES = [[0.1, 1, 0.3], [-0.9, 0.3, 0.9], [-0.5, -0.8, 0.2]]
POSTURES += [[0.6, -0.2, 1], [1, 0.5, -0.5]]
RHYTHMS = [(0.7, 0.3), (1.2, 0.5), (4.5, 0.45), (0.6, 0.1), (1, 0.35)]


def make_cycle(random, seconds, fps):
    """Acceleration at the wrist in a cycle, (n_frames, 3), and the step of each."""
    n_frames = (fps * np.array(seconds) * random.lognormal(0, 0.12, 5)).astype(int)
    labels = np.repeat(np.arange(5), n_frames)
    kernel = np.hanning(21) / np.hanning(21).sum()
    posture = np.array(POSTURES)[labels] + random.normal(0, 0.05, 3)
    posture = np.pad(posture, ((10, 10), (0, 0)), mode="edge")
    slow = np.column_stack([np.convolve(p, kernel, mode="valid") for p in posture.T])
    rate, strength = np.array(RHYTHMS)[labels].T
    phase = 2 * np.pi * np.cumsum(rate) / fps
    waves = np.column_stack([np.sin(phase + shift) for shift in (0, 2, 4)])
    signals = slow + 0.5 * strength[:, None] * waves
    return signals + random.normal(0, 0.05, signals.shape), labels


def generated(fps=50):
    """Twelve cycles; the screw of the eighth is difficult."""
    random = np.random.RandomState(0)
    seconds = [[1.6, 1.4, 3.2 * (2.6 if i == 7 else 1), 1.8, 1.5] for i in range(12)]
    signals, truth = zip(*(make_cycle(random, own, fps) for own in seconds))
    names = [f"cycle {i}" for i in range(1, 13)]
    return Recordings(list(signals), names, fps=fps), list(truth)


def recorded():
    """Twenty sessions at the wrist; the recordings of an arm are joined."""
    watch = load_watch()
    signals, truth = {}, {}
    for i in np.lexsort([watch["y"], watch["side"], watch["subject"]]):
        side = ["left", "right"][int(watch["side"][i])]
        name = f"person {watch['subject'][i]} {side}"
        part = pd.DataFrame(watch["X"][i][::5], columns=watch["X_labels"])
        signals.setdefault(name, []).append(part)
        truth.setdefault(name, []).append(np.full(len(part), watch["y"][i]))
    tables = [pd.concat(parts, ignore_index=True) for parts in signals.values()]
    truth = [np.concatenate(parts) for parts in truth.values()]
    return Recordings(tables, list(signals), fps=10), truth


def strip(ax, labels, fps, **look):
    """Colour the actions of a recording."""
    edges = np.flatnonzero(np.diff(labels, prepend=-1, append=-1))
    for start, stop in pairwise(edges):
        colour = COLOURS[labels[start]]
        ax.axvspan(start / fps, stop / fps, color=colour, linewidth=0, **look)


def draw(figure, top, found, truth, recordings, rows, names, texts):
    """Signals of some recordings over found and, below, true actions."""
    fps, end = recordings.fps, max(len(truth[i]) for i in rows) / recordings.fps
    grid = figure.add_gridspec(len(rows), 1, hspace=0.12, left=0.15, right=0.99)
    grid.update(top=top, bottom=top - 0.105 * len(rows))
    for row, (i, label) in enumerate(rows.items()):
        ax = figure.add_subplot(grid[row])
        strip(ax, found[i], fps, alpha=0.3, ymin=0.16)
        strip(ax, found[i], fps, ymin=0.16, ymax=0.3)
        strip(ax, truth[i], fps, ymax=0.14)
        signal = np.asarray(recordings[i])[:, :3]
        for values, shade in zip(signal.T, SHADES):
            ax.plot(np.arange(len(signal)) / fps, values, color=shade, linewidth=0.6)
        low, high = np.percentile(signal, [0.2, 99.8])
        room = high - low
        ax.set(xlim=(0, end), ylim=(low - 0.5 * room, high + 0.08 * room), yticks=[])
        ax.set_ylabel(label, rotation=0, ha="right", va="center", color=INK)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0, labelcolor=GREY, labelbottom=row == len(rows) - 1)
    ticks = [tick for tick in ax.get_xticks() if tick <= end]
    ax.set_xticks(
        ticks, [f"{tick:.0f}" for tick in ticks[:-1]] + [f"{ticks[-1]:.0f} s"]
    )
    ax.set_xlim(0, end)
    figure.text(0.15, top + 0.085, texts[0], fontsize=17, weight="bold", color=INK)
    figure.text(0.15, top + 0.05, texts[1], color=GREY)
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in COLOURS]
    figure.legend(
        handles[: len(names)], names, ncols=7, frameon=False, labelcolor=INK,
        loc="lower left", bbox_to_anchor=(0.15, top + 0.004), borderaxespad=0,
        borderpad=0, columnspacing=1.1, handlelength=0.9, handleheight=0.9,
        handletextpad=0.4,
    )  # fmt: skip


def main(path):
    """Fit both, print how much is right, and draw."""
    plt.rcParams["font.sans-serif"] = ["Liberation Sans", "Arial", "DejaVu Sans"]
    plt.rcParams["font.size"] = 14
    figure = plt.figure(figsize=(12, 9.2))

    recordings, truth = recorded()
    hmm = HMMSegmenter(7, order="strict", random_state=0)
    model = make_pipeline(SignalWindows(), hmm)
    found = model.fit(recordings).predict(recordings)
    each = [np.mean(own == known) for own, known in zip(found, truth)]
    order = np.argsort(each)[::-1]
    rows = dict(zip(order[[0, len(order) // 2, -1]], ["best", "median", "worst"]))
    rows = {i: f"{word} of 20:\n{each[i]:.0%} right" for i, word in rows.items()}
    right = mof_score(truth, found)
    print(f"recorded: {right:.1%} right; shown:", *[recordings.names[i] for i in rows])
    title = "Recorded: shoulder exercises, a smartwatch at the wrist"
    note = f"20 sessions of 7 recordings, joined; no labels: {right:.0%} of the frames"
    note += " are right. Upper bar: found, lower: true"
    draw(figure, 0.88, found, truth, recordings, rows, EXERCISES, (title, note))

    recordings, truth = generated()
    hmm = HMMSegmenter(5, order="strict", random_state=0)
    model = make_pipeline(SignalWindows(0.5), hmm)
    found = model.fit(recordings).predict(recordings)
    rows = {i: f"cycle {i + 1}" for i in (2, 7, 10)}
    right = mof_score(truth, found)
    print(f"generated: {right:.1%} right")
    title = "Generated: work cycles, a sensor at the wrist"
    note = f"12 cycles; no labels: {right:.0%} of the frames are right"
    draw(figure, 0.385, found, truth, recordings, rows, STEPS, (title, note))
    buffer = BytesIO()
    figure.savefig(buffer, dpi=75)
    Image.open(buffer).convert("RGB").convert("P", palette=1, colors=96).save(path)


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else IMAGE)
