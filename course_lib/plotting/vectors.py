"""Vectors in two dimensions, and how they move."""

from collections.abc import Sequence

import numpy as np

from course_lib.plotting.style import CYCLE, GREY


def moves(ax, starts, ends, names: Sequence[str], kinds: tuple[str, str], xlabel: str, ylabel: str):
    """An arrow from each of `starts` (N, 2), with its name beside it, to each of `ends` (N, 2). kinds: their names.

    A name stands on the side away from its arrow; where a point or another name stands already, elsewhere around it.
    """
    for start, end in zip(starts, ends, strict=True):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": GREY, "shrinkA": 4, "shrinkB": 4})
    for points, kind, color, marker in zip((starts, ends), kinds, CYCLE, "os", strict=False):
        ax.plot(*np.asarray(points).T, marker, color=color, label=kind)
    ax.margins(x=0.3, y=0.15)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    x, y = np.sign(np.mean(np.subtract(ends, starts), axis=0))
    away = [(-x or -1.0, -y or -1.0), (-x or -1.0, y or 1.0), (x or 1.0, -y or -1.0)]
    label_points(ax, names, starts, away, [*starts, *ends], fontsize=8)
    return ax


def label_points(ax, names: Sequence[str], points, sides, keep_clear, fontsize: float = 9):
    """A name beside each of `points`, on the first of `sides` (signs of x and y) on which it covers nothing.

    keep_clear: points that no name may cover. If a name covers something on every side, it moves out on the first ones.
    """
    ax.get_figure().canvas.draw()  # now it is known where everything is
    taken, marks = [], ax.transData.transform(np.asarray(keep_clear, float))
    places = [(x * far, y * far) for far in (5, 10, 16, 24) for x, y in sides]

    def write(name, point, x, y):
        align = {"ha": "right" if x < 0 else "left", "va": "bottom" if y > 0 else "top"}
        return ax.annotate(name, point, xytext=(x, y), textcoords="offset points", fontsize=fontsize, **align)

    for name, point in zip(names, points, strict=True):
        for place in places:
            label = write(name, point, *place)
            box = label.get_window_extent()
            if not any(map(box.overlaps, taken)) and not box.padded(6).count_contains(marks):
                break
            label.remove()
        else:
            box = write(name, point, *places[0]).get_window_extent()
        taken.append(box)
