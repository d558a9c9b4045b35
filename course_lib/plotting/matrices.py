"""Matrices in colour: rows and columns named, or an alignment of two sentences."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from course_lib.plotting.style import RED


def heat_map(ax, values, rows: Sequence[str], columns: Sequence[str], label: str, limit=1.0, low=None):
    """A matrix (rows, columns) in colour, rows and columns named: blue below zero, red above, to -limit and limit.

    low: where the scale begins, for values that are never below it; then from white to red.
    """
    colours = {"cmap": "RdBu_r", "vmin": -limit} if low is None else {"cmap": "Reds", "vmin": low}
    image = ax.imshow(np.asarray(values), vmax=limit, aspect="auto", **colours)
    words = len(columns) > 8 and max(map(len, columns)) > 1  # single characters stand upright
    slanted = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"} if words else {}
    ax.set_xticks(range(len(columns)), columns, **slanted)
    ax.set_yticks(range(len(rows)), rows)
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def attention(ax, weights, places: Sequence[str], words: Sequence[str], sure=(), possible=()):
    """Weights (J, T) as dark squares: word j on the left, place t below. Links (place, word) of the truth: sure ones
    framed, possible ones dotted.
    """  # fmt: skip
    ax.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for links, style in ((set(possible) - set(sure), ":"), (sure, "-")):
        for place, word in links:
            frame: dict = {"fill": False, "edgecolor": RED, "linewidth": 1.6, "linestyle": style, "clip_on": False}
            ax.add_patch(plt.Rectangle((place - 0.5, word - 0.5), 1, 1, **frame))
    ax.set_xticks(range(len(places)), places, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(words)), words)
    ax.tick_params(length=0)
    return ax
