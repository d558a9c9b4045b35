"""Vectors in two dimensions, and how they move."""

from collections.abc import Sequence

import numpy as np

from course_lib.plotting.style import CYCLE, GREY


def moves(ax, starts, ends, names: Sequence[str], kinds: tuple[str, str], xlabel: str, ylabel: str):
    """An arrow from each of `starts` (N, 2), with its name beside it, to each of `ends` (N, 2). kinds: their names.

    A name stands to the upper left of its point; where another stands already, to one of the three other sides.
    """
    for start, end in zip(starts, ends, strict=True):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": GREY, "shrinkA": 4, "shrinkB": 4})
    for points, kind, color, marker in zip((starts, ends), kinds, CYCLE, "os", strict=False):
        ax.plot(*np.asarray(points).T, marker, color=color, label=kind)
    ax.margins(x=0.2)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    ax.get_figure().canvas.draw()  # now it is known where everything is
    taken = []
    for name, start in zip(names, starts, strict=True):
        for x, y in ((-5, 4), (5, 4), (-5, -4), (5, -4)):
            sides = {"ha": "right" if x < 0 else "left", "va": "bottom" if y > 0 else "top"}
            label = ax.annotate(name, start, xytext=(x, y), textcoords="offset points", fontsize=9, **sides)
            box = label.get_window_extent()
            if not any(map(box.overlaps, taken)):
                break
            label.remove()
        taken.append(box)
    return ax
