"""Quantities over the characters or the words of a text."""

import numpy as np

from course_lib.plotting.style import BLUE, CYCLE, ORANGE


def text_states(axes, text: str, values: dict, gates: int = 0):
    """Quantities over the characters of a text, one below the other, the text at the foot: values {name: (N,)}.

    The last `gates` of them lie between 0 and 1, and are drawn so.
    """
    places = range(len(text))
    for i, (ax, (name, series)) in enumerate(zip(axes, values.items(), strict=True)):
        ax.step(places, series, where="mid", color=CYCLE[i % len(CYCLE)])
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.set_xlim(-0.5, len(text) - 0.5)
        ax.tick_params(axis="x", length=0)
        if i >= len(values) - gates:
            ax.set_ylim(-0.05, 1.05)
    axes[-1].set_xticks(places, list(text), fontsize=9)
    return axes


def coloured_text(ax, text: str, values, label: str, limit: float = 1.0):
    """A text as it is printed, line by line, each character on a colour for its value: values (N,), blue below zero."""
    lines = text.rstrip("\n").split("\n")
    grid, place = np.full((len(lines), max(map(len, lines))), np.nan), 0
    for row, line in enumerate(lines):
        grid[row, : len(line)] = values[place : place + len(line)]
        place += len(line) + 1  # the line break has a value, too, and no place
        for column, character in enumerate(line):
            ax.text(column, row, character, ha="center", va="center", family="monospace", fontsize=11)
    image = ax.imshow(grid, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", alpha=0.6)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def over_words(axes, words, values: dict, marked=()):
    """A row of bars for each of `values` {name: (level, (N,))} over the words of a text, which stand at the foot.

    level: where the bars of the row begin. marked: places of words, from 0, that have another colour.
    """
    places = np.arange(len(words))
    colours = [ORANGE if place in set(marked) else BLUE for place in places]
    for ax, (name, (level, series)) in zip(axes, values.items(), strict=True):
        ax.bar(places, np.asarray(series) - level, bottom=level, width=0.8, color=colours)
        ax.axhline(level, color="black", linewidth=0.8)
        ax.set(ylabel=name, xlim=(-0.6, len(words) - 0.4))
    axes[-1].set_xticks(places, words, rotation=50, ha="right", rotation_mode="anchor")
    return axes
