"""Shared parts of the speed benchmarks: alternating timing, tables and plots."""

import itertools
import statistics
import time

import numpy as np
import torch

# Of Okabe and Ito, for all kinds of colour vision.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
MARKERS = "os^D"


def interleaved(functions, *, n_calls=1, n_rounds=15, device="cpu"):
    """Median seconds per call of each function, timed in turns to share the noise.

    On the CPU these are seconds of processor time, which exclude other processes;
    without any, a single thread takes the same time by the clock.
    """
    clock = time.perf_counter if device == "cuda" else time.process_time
    times = {name: [] for name in functions}
    for _ in range(n_rounds):
        for name, function in functions.items():
            wait_for(device)
            start = clock()
            for _ in range(n_calls):
                function()
            wait_for(device)
            times[name].append((clock() - start) / n_calls)
    return {name: statistics.median(values) for name, values in times.items()}


def wait_for(device):
    """Wait for the work of a GPU."""
    if device == "cuda":
        torch.cuda.synchronize()


def table(rows):
    """Markdown table with a column for each key."""
    lines = [list(rows[0]), ["---"] + ["---:"] * (len(rows[0]) - 1)]
    lines += [[_text(value) for value in row.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(value):
    """Whole numbers in full, others with three digits or more."""
    if isinstance(value, float):
        digits = 2 - int(np.floor(np.log10(abs(value)))) if value else 0
        return f"{value:,.{max(0, digits)}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def plot_panels(path, rows, measured, label, *, linear=False):
    """Draw measurements on logarithmic axes, with a panel for each quantity varied.

    Parameters
    ----------
    path : Path
        PNG file to write.
    rows : list of dict
        "varied" names the horizontal axis, "value" is its value; "device" is optional.
    measured : list of str
        Columns to draw.
    label : str
        Label of the vertical axis.
    linear : bool, default=False
        Whether to add a line of slope 1, through the last point of each curve.
    """
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib import ticker

    names = list(dict.fromkeys(row["varied"] for row in rows))
    devices = list(dict.fromkeys(row.get("device", "") for row in rows))
    curves = [(column, device) for device in devices for column in measured]
    n_columns = min(len(names), 3)
    n_lines = -(-len(names) // n_columns)
    figure, axes = plt.subplots(
        n_lines,
        n_columns,
        figsize=(0.5 + 3.2 * n_columns, 0.4 + 2.8 * n_lines),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for ax, name in itertools.zip_longest(axes.flat, names):
        if name is None:
            ax.remove()
            continue
        panel = [row for row in rows if row["varied"] == name]
        for (column, device), colour, marker in zip(curves, COLOURS, MARKERS):
            chosen = [row for row in panel if row.get("device", "") == device]
            x = np.array([row["value"] for row in chosen])
            y = np.array([row[column] for row in chosen])
            text = f"{column.partition(',')[0]} {device}" if len(curves) > 1 else None
            ax.plot(x, y, color=colour, marker=marker, label=text)
            if linear:
                ax.plot(x, y[-1] * x / x[-1], "--", color=colour, linewidth=1)
        ax.set(xscale="log", yscale="log", xlabel=name)
        ax.set_xticks(x, minor=False)
        ax.xaxis.set_major_formatter(
            lambda x, _: f"{x / 1000:g}k" if x >= 5000 else f"{x:g}"
        )
        ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_minor_locator(ticker.NullLocator())
        ax.tick_params(labelsize=8)
        ax.grid(alpha=0.3)
    figure.supylabel(label, fontsize="medium")
    handles, texts = axes[0, 0].get_legend_handles_labels()
    if linear:
        handles.append(plt.Line2D([], [], linestyle="--", color="0.3", linewidth=1))
        texts.append("proportional to the last point")
    if handles:
        figure.legend(handles, texts, loc="outside upper center", ncols=3)
    figure.savefig(path, dpi=120)
    plt.close(figure)
