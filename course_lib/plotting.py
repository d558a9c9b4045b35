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


def curve(ax, steps, values, title: str, ylabel: str, line: float, line_label: str):
    """A quantity during training, with a dashed line to compare it with (a floor, chance). steps, values: (N,)."""
    ax.plot(steps, values, color=BLUE, marker="o", markersize=4)
    ax.axhline(line, color=RED, linestyle="--", label=line_label)
    ax.set(xlabel="training step", ylabel=ylabel, title=title)
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


def grouped_bars(
    ax, groups: Sequence[str], series: dict[str, Sequence[float]], title: str, ylabel: str, chance=None, grey=0
):
    """A group of bars for each of `groups`, a bar in it for each series, the first `grey` grey; a line at chance."""
    width, colours = 0.8 / len(series), [GREY] * grey + list(CYCLE)
    for i, (name, values) in enumerate(series.items()):
        place = np.arange(len(groups)) + (i - (len(series) - 1) / 2) * width
        ax.bar(place, values, width * 0.92, label=name, color=colours[i])
    if chance is not None:
        ax.axhline(chance, color="black", linestyle=":", linewidth=1.2, label="chance")
    ax.set_xticks(range(len(groups)), groups)
    ax.set(title=title, ylabel=ylabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def heat_map(ax, values, rows: Sequence[str], columns: Sequence[str], title: str, label: str, limit: float = 1.0):
    """A matrix (rows, columns) in colour, blue below zero, red above; rows and columns named."""
    image = ax.imshow(np.asarray(values), cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    slanted = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"} if len(columns) > 8 else {}
    ax.set_xticks(range(len(columns)), columns, **slanted)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_title(title)
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax
