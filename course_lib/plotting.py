"""The course's figures: one function a figure, (ax, arrays) -> ax. The only module that imports matplotlib."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

# Okabe & Ito 2008: told apart by readers with any kind of colour vision.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7F7F7F",
)  # fmt: skip
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY)


def figure(width: float = 7.0, height: float = 3.6, columns: int = 1):
    """A figure in the course's style: (figure, axes)."""
    style = {
        "figure.dpi": 110, "font.size": 11, "axes.titlesize": 12, "axes.titleweight": "bold",
        "axes.spines.top": False, "axes.spines.right": False, "axes.prop_cycle": plt.cycler(color=CYCLE),
        "axes.titlelocation": "left", "legend.frameon": False,
    }  # fmt: skip
    plt.rcParams.update(style)
    return plt.subplots(1, columns, figsize=(width, height), layout="constrained")


def curve_with_floor(ax, steps, values, floor: float, title: str, ylabel: str = "cross-entropy (nats per word)"):
    """A learning curve above the line it cannot go below. steps, values: (N,)."""
    ax.plot(steps, values, color=BLUE, label="the network")
    ax.axhline(floor, color=RED, linestyle="--", label="the floor")
    ax.set(xlabel="training step", ylabel=ylabel, title=title, ylim=(0, None))
    ax.legend()
    return ax


def bars(ax, names: Sequence[str], values, title: str, xlabel: str, highlight: Sequence[int] = ()):
    """Horizontal bars, the first on top, each with its value; `highlight` are drawn in another colour."""
    values = np.asarray(values, float)
    colours = [ORANGE if i in set(highlight) else BLUE for i in range(len(values))]
    shapes = ax.barh(range(len(values)), values, color=colours)
    ax.bar_label(shapes, fmt="%.2f", padding=3)
    ax.set_yticks(range(len(values)), names)
    ax.invert_yaxis()
    ax.set(title=title, xlabel=xlabel, xlim=(0, values.max() * 1.15))
    return ax


def grouped_bars(ax, groups: Sequence[str], series: dict[str, Sequence[float]], title: str, ylabel: str, chance=None):
    """One group of bars for each name in `groups`, one bar in it for each series; a dashed line at chance."""
    width = 0.8 / len(series)
    for i, (name, values) in enumerate(series.items()):
        ax.bar(np.arange(len(groups)) + (i - (len(series) - 1) / 2) * width, values, width * 0.92, label=name)
    if chance is not None:
        ax.axhline(chance, color="black", linestyle=":", linewidth=1.2, label="chance")
    ax.set_xticks(range(len(groups)), groups)
    ax.set(title=title, ylabel=ylabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def heat_map(ax, values, rows: Sequence[str], columns: Sequence[str], title: str, label: str, limit: float = 1.0):
    """A matrix (rows, columns) in colour, blue below zero, red above; rows and columns named."""
    image = ax.imshow(np.asarray(values), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    ax.set_xticks(range(len(columns)), columns, rotation=60, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(rows)), rows)
    ax.set_title(title)
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def function_lines(ax, x, series: dict[str, Sequence[float]], title: str, xlabel: str, ylabel: str):
    """Lines over one axis. x: (N,); each series (N,)."""
    for name, values in series.items():
        ax.plot(x, values, label=name)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return ax
