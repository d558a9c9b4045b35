"""Sounds: spectrograms, with what is said when; and when a network listened for what it says."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from course_lib.plotting.style import RED


def spectrogram(ax, values, seconds: float, highest: float | None = None, spans: Sequence = ()):
    """Values (T, bands), a column of the picture each `seconds`; dark is loud. highest: Hz of the top band's end.

    spans: (name, start, end), seconds: lines where they begin, their names above.
    """
    bands = values.shape[1]
    top = bands if highest is None else highest / 1000
    extent = (0, len(values) * seconds, 0, top)
    ax.imshow(np.asarray(values).T, origin="lower", aspect="auto", cmap="Greys", extent=extent)
    for name, start, end in spans:
        ax.axvline(start, color=RED, linewidth=0.7)
        ax.text((start + end) / 2, top * 1.02, name, ha="center", va="bottom", color=RED, fontsize=10)
    ax.set_xlabel("seconds")
    ax.set_ylabel("mel band" if highest is None else "kHz")
    return ax


def listening(ax, weights, letters: str, spans: Sequence, place: float):
    """Weights (U, T) as dark squares, a row a letter, a column each `place` seconds; the true span of each framed.

    spans: (start, end) of each letter, seconds; of one that takes no time, none is drawn.
    """
    U, T = weights.shape
    ax.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto", extent=(0, T * place, U - 0.5, -0.5))
    for row, (start, end) in enumerate(spans):
        frame: dict = {"fill": False, "edgecolor": RED, "linewidth": 1.4, "clip_on": False}
        ax.add_patch(plt.Rectangle((start, row - 0.5), end - start, 1, **frame))
    ax.set_yticks(range(U), [letter if letter != " " else "␣" for letter in letters])
    ax.set_xlabel("seconds")
    ax.tick_params(length=0)
    return ax
