"""Pictures of a report, as data URIs, and that of the loss."""

import base64
import io

import numpy as np

DPI = 150
MEAN_STEPS = 100  # in a mean of the loss


def draw_loss(segmenter):
    """Picture of the loss of each step and its running mean: (URI, width).

    None of a method that trains no network.
    """
    if not hasattr(segmenter, "loss_curve_"):
        return None
    losses = np.asarray(segmenter.loss_curve_)
    width = min(getattr(segmenter, "n_iter_no_change", MEAN_STEPS), len(losses))
    means = np.convolve(losses, np.full(width, 1 / width), "valid")

    def draw(ax):
        steps = np.arange(1, len(losses) + 1)
        ax.plot(steps, losses, color="#8C8C8C", linewidth=0.5, label="each step")
        centres = steps[: len(means)] + (width - 1) / 2
        ax.plot(centres, means, color="#0072B2", label=f"mean of {width} steps")
        ax.set(xlabel="step", ylabel="loss")
        ax.spines[["right", "top"]].set_visible(False)
        ax.legend(frameon=False)

    return picture((7, 2.6), draw)


def picture(size, draw):
    """Draw on axes and return the data URI and the width in inches."""
    from matplotlib import style
    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    with style.context("default"):  # not the styles of the user
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        # without the version of matplotlib
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return data_uri("png", buffer), size[0]


def data_uri(kind, buffer):
    """Write what is in a buffer as an address."""
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
