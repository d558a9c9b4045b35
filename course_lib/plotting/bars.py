"""One value a name: bars, groups of bars, and dots with their intervals."""

from collections.abc import Sequence

import numpy as np

from course_lib.plotting.style import BLUE, CYCLE, GREY, ORANGE


def bars(ax, names: Sequence[str], values, xlabel: str, highlight: Sequence[int] = ()):
    """Horizontal bars, the first on top, each with its value; `highlight` are drawn in another colour."""
    values = np.asarray(values, float)
    colours = [ORANGE if i in set(highlight) else BLUE for i in range(len(values))]
    shapes = ax.barh(range(len(values)), values, color=colours)
    ax.bar_label(shapes, fmt="%.2f", padding=3)
    ax.set_yticks(range(len(values)), names)
    ax.invert_yaxis()
    ax.set(xlabel=xlabel, xlim=(0, values.max() * 1.15))
    return ax


def grouped_bars(ax, groups: Sequence[str], series: dict[str, Sequence[float]], ylabel: str, chance=None, grey=0):
    """A group of bars for each of `groups`, a bar in it for each series, the first `grey` grey; a line at chance."""
    width, colours = 0.8 / len(series), [GREY] * grey + list(CYCLE)
    for i, (name, values) in enumerate(series.items()):
        place = np.arange(len(groups)) + (i - (len(series) - 1) / 2) * width
        ax.bar(place, values, width * 0.92, label=name, color=colours[i])
    if chance is not None:
        ax.axhline(chance, color="black", linestyle=":", linewidth=1.2, label="chance")
    ax.set_xticks(range(len(groups)), groups)
    ax.set(ylabel=ylabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def intervals(ax, names: Sequence[str], middle, low, high, xlabel: str, others=None, dashed=None):
    """A dot and its interval a name, from top to bottom; `others` {label: {name: value}} as hollow marks beside them.

    dashed: {label: x}, a line across.
    """
    places = np.arange(len(names))
    ax.hlines(places, low, high, color=BLUE, linewidth=6, alpha=0.4)
    ax.plot(middle, places, "|", color=BLUE, markersize=9, label="here, 95 % interval")
    for (label, values), marker, color in zip((others or {}).items(), "Ds^", CYCLE[1:], strict=False):
        where = [i for i, name in enumerate(names) if name in values]
        chosen = [values[names[i]] for i in where]
        ax.plot(chosen, where, marker, color=color, markerfacecolor="none", label=label)
    for label, x in (dashed or {}).items():
        ax.axvline(x, color="black", linestyle="--", linewidth=1.2, label=label)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set(xlabel=xlabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
