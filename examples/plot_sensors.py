"""Sensor data: from signals to durations
======================================

Twelve work cycles, recorded by a sensor at the wrist: reach, place, drive a screw,
check, put away. Which frames show which step, how long does each take, and which cycle
is odd? No cycle is labelled. The signals are made here, so that the truth is known;
yours come from :func:`~skl_tot.recordings.read_recordings`.

::

    python examples/plot_sensors.py [PICTURE]
"""

import sys
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skl_tot import TemporalOTSegmenter
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.statistics import deviations, durations

STEPS = ["reach", "place", "screw", "check", "put away"]
SECONDS = [1.6, 1.4, 3.2, 1.8, 1.5]
COLOURS = ["#4C78A8", "#F2A541", "#3BA087", "#B279A2", "#E4685D"]
FPS = 50

# %%
# A step has a posture, which the slow part of the acceleration shows, and a rhythm. In
# cycle 8, the screw is difficult.
POSTURES = [
    [0.1, 1.0, 0.3],
    [-0.9, 0.3, 0.9],
    [-0.5, -0.8, 0.2],
    [0.6, -0.2, 1.0],
    [1.0, 0.5, -0.5],
]
RHYTHMS = [(0.7, 0.3), (1.2, 0.5), (4.5, 0.45), (0.6, 0.1), (1.0, 0.35)]


def make_cycle(random, seconds):
    """Acceleration and turning rate of a cycle, and its steps, a row each frame."""
    n_frames = (FPS * seconds * random.lognormal(0, 0.12, 5)).astype(int)
    labels = np.repeat(np.arange(5), n_frames)
    kernel = np.hanning(21) / np.hanning(21).sum()
    posture = np.array(POSTURES)[labels] + random.normal(0, 0.05, 3)
    posture = np.pad(posture, ((10, 10), (0, 0)), mode="edge")
    slow = np.column_stack([np.convolve(p, kernel, mode="valid") for p in posture.T])
    rate, strength = np.array(RHYTHMS)[labels].T
    phase = 2 * np.pi * np.cumsum(rate) / FPS
    waves = np.column_stack([np.sin(phase + shift) for shift in (0, 2, 4)])
    acceleration = slow + 0.5 * strength[:, None] * waves
    turning = 2 * strength[:, None] * np.roll(waves, 1, axis=1)
    signals = np.column_stack([acceleration, turning])
    signals += random.normal(0, [0.05] * 3 + [0.12] * 3, signals.shape)
    columns = [f"{kind} {axis}" for kind in ("acc", "gyro") for axis in "xyz"]
    return pd.DataFrame(signals, columns=columns), labels


random = np.random.RandomState(0)
cycles, truth = [], []
for number in range(1, 13):
    seconds = np.array(SECONDS)
    seconds[2] *= 2.6 if number == 8 else 1
    cycle, labels = make_cycle(random, seconds)
    cycles.append(cycle)
    truth.append(labels)
names = [f"cycle {number}" for number in range(1, 13)]
signals = Recordings(cycles, names, fps=FPS)

# %%
# A single frame of a rhythm says little. Mean and spread of half a second say more.


def with_rhythm(table, window=25):
    """Give the running mean and standard deviation of each signal."""
    running = table.rolling(window, center=True, min_periods=1)
    means, spreads = running.mean(), running.std().fillna(0)
    means, spreads = means.filter(like="acc"), spreads.filter(like="gyro")
    return means.add_suffix(" mean").join(spreads.add_suffix(" spread"))


features = signals.replace([with_rhythm(table) for table in signals])
options = {"decoding": "fixed", "max_iter": 600}  # the order of the steps is strict
model = TemporalOTSegmenter(n_actions=5, random_state=0, **options).fit(features)
found = model.predict(features)
print(f"{mof_score(truth, found):.1%} of the frames are right")

# %%
# Rates and names stay with the labels, so times are in seconds.
table = durations(found)
print(table.groupby("action")[["bouts", "total", "share"]].mean().round(2))
odd = deviations(found)
print(odd[["recording", "too_long", "score"]].head(3).to_string(index=False))

# %%
# Three cycles with their steps, and the time that each step takes in all of them.
plt.rcParams["font.sans-serif"] = ["Liberation Sans", "Arial", "DejaVu Sans"]
plt.rcParams["font.size"] = 11
INK, GREY = "#22303C", "#7A8794"


def draw_cycle(ax, signal, labels, name):
    """Signals of a cycle over the colours of its steps."""
    times = np.arange(len(signal)) / FPS
    edges = np.flatnonzero(np.diff(labels, prepend=-1, append=-1)) / FPS
    for start, end in pairwise(edges):
        step = labels[round(start * FPS)]
        ax.axvspan(start, end, color=COLOURS[step], alpha=0.28, linewidth=0)
        ax.axvspan(start, end, ymax=0.1, color=COLOURS[step], linewidth=0)
    for column, shade in zip(["acc x", "acc y", "acc z"], [INK, "#4F6272", "#8796A3"]):
        ax.plot(times, signal[column], color=shade, linewidth=0.9)
    ax.set(ylim=(-1.7, 1.7), yticks=[])
    ax.set_ylabel(name, rotation=0, ha="right", va="center", color=INK)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelcolor=GREY)


shown = [2, 7, 10]
longest = max(len(signals[i]) for i in shown) / FPS
figure = plt.figure(figsize=(11, 4.6))
grid = figure.add_gridspec(3, 2, width_ratios=[2.5, 1], left=0.0825, right=0.985)
grid.update(top=0.80, bottom=0.12, hspace=0.16, wspace=0.24)
for row, i in enumerate(shown):
    ax = figure.add_subplot(grid[row, 0])
    draw_cycle(ax, signals[i], found[i], names[i])
    ax.set_xlim(0, longest)
    if row < 2:
        ax.set_xticklabels([])
    else:
        ax.set_xlabel("seconds", color=GREY)
    if row == 0:
        starts = np.flatnonzero(np.diff(found[i], prepend=-1))
        look = {"transform": ax.get_xaxis_transform(), "weight": "bold"}
        for start, step in zip(starts, found[i][starts]):
            ax.text(start / FPS, 1.06, STEPS[step], color=COLOURS[step], **look)

ax = figure.add_subplot(grid[:, 1])
for step, colour in enumerate(COLOURS):
    totals = table.loc[table["action"] == step, "total"].to_numpy()
    jitter = np.random.RandomState(step).uniform(-0.16, 0.16, len(totals))
    ax.scatter(totals, step + jitter, color=colour, s=26, alpha=0.75, linewidth=0)
    middle = np.median(totals)
    ax.plot([middle, middle], [step - 0.3, step + 0.3], color=INK, linewidth=1.6)
slowest = table.loc[table["total"].idxmax()]
note = f"{slowest['recording']}\n{slowest['total']:.1f} s"
place = slowest["total"], slowest["action"] + 0.25
ax.annotate(note, place, ha="right", va="top", color=INK, fontsize=10)
ax.set(yticks=range(5), ylim=(4.5, -0.5), xlim=(0, None))
ax.set_yticklabels(STEPS, color=INK)
ax.set_xlabel("seconds a step took, twelve cycles", color=GREY)
ax.spines[:].set_visible(False)
ax.grid(axis="x", color="#E6EAEE")
ax.set_axisbelow(True)
ax.tick_params(length=0)
ax.tick_params(axis="x", labelcolor=GREY)
title = "Signals in, steps and their durations out, without a label"
figure.text(0.0825, 0.92, title, fontsize=16, weight="bold", color=INK)
if sys.argv[1:]:
    figure.savefig(sys.argv[1], dpi=150)
plt.show()
