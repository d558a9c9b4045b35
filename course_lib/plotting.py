"""The course's figures: one function a figure, (ax, arrays) -> ax. The only module that imports matplotlib."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

# Okabe & Ito 2008: told apart by readers with any kind of colour vision.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7F7F7F",
)  # fmt: skip
CYCLE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GREY)


def figure(width: float = 7.0, height: float = 3.6, columns: int = 1, rows: int = 1, **options):
    """A figure in the course's style: (figure, axes)."""
    style = {
        "figure.dpi": 110, "font.size": 11, "axes.titlesize": 12, "axes.titleweight": "bold",
        "axes.spines.top": False, "axes.spines.right": False, "axes.prop_cycle": plt.cycler(color=CYCLE),
        "axes.titlelocation": "left", "legend.frameon": False,
    }  # fmt: skip
    plt.rcParams.update(style)
    return plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **options)


def close(figure) -> None:
    """Forget a figure that has been drawn elsewhere, so that the notebook does not show it, too."""
    plt.close(figure)


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
    words = len(columns) > 8 and max(map(len, columns)) > 1  # single characters stand upright
    slanted = {"rotation": 60, "ha": "right", "rotation_mode": "anchor"} if words else {}
    ax.set_xticks(range(len(columns)), columns, **slanted)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_title(title)
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def lines(
    ax,
    x,
    series: dict,
    title: str,
    xlabel: str,
    ylabel: str,
    log=False,
    dashed: dict | None = None,
    legend=True,
    **limits,
):
    """A line for each of `series` {name: (N,)} over x (N,); `dashed` {name: (N,)} in the same colours, thin and dashed.

    A dashed line of the same name belongs to the line and gets no entry of its own. limits: ylim, xlim.
    """
    for i, (name, values) in enumerate(series.items()):
        ax.plot(x, values, color=CYCLE[i % len(CYCLE)], label=name)
        if name in (dashed or {}):
            ax.plot(x, dashed[name], color=CYCLE[i % len(CYCLE)], linestyle="--", linewidth=1)
    for name, values in (dashed or {}).items():
        if name not in series:
            ax.plot(x, values, color="black", linestyle="--", linewidth=1.2, label=name)
    if log:
        ax.set_yscale("log")
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel, **limits)
    if legend:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def lag_curves(ax, lags, series: dict[str, tuple], title: str, chance: float):
    """Share right against lag: series {name: (median, lowest, highest)}, each (N,); the band spans the seeds."""
    for i, (name, (median, low, high)) in enumerate(series.items()):
        ax.plot(lags, median, color=CYCLE[i], marker="os^Dv"[i % 5], markersize=5, label=name)
        ax.fill_between(lags, low, high, color=CYCLE[i], alpha=0.15, linewidth=0)
    ax.axhline(chance, color="black", linestyle=":", linewidth=1.2, label="chance")
    ax.set_xscale("log")
    ax.set_xticks(lags, [f"{lag:g}" for lag in lags])
    ax.minorticks_off()
    ax.set(title=title, xlabel="lag: steps between the symbol and the answer", ylabel="share right", ylim=(0, 1.03))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def unrolled(ax, steps: int, inputs, outputs, title: str, feedback=False):
    """The graph of a recurrent network through time: circles for h_0 … h_T, arrows for what depends on what.

    inputs, outputs: the steps (from 1) that read an x, and that give an E. feedback: x_t is what step t - 1 gave.
    """
    node = {"ha": "center", "va": "center", "fontsize": 10}

    def circle(x, y, label, colour):
        ax.text(x, y, label, bbox={"boxstyle": "circle,pad=0.25", "fc": colour, "ec": "none"}, color="white", **node)

    def arrow(start, end, label=None, **style):
        props = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 13, "shrinkB": 13} | style
        ax.annotate("", end, start, arrowprops=props)
        if label:
            middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + 0.16)
            ax.text(*middle, label, ha="center", fontsize=9, color=GREY)

    for t in range(steps + 1):
        circle(t, 1, f"$h_{t}$", BLUE)
        if t:
            arrow((t - 1, 1), (t, 1), "$W_h$")
        if t in inputs:
            circle(t, 0, f"$x_{t}$", GREEN)
            arrow((t, 0), (t, 1))
        if t in outputs:
            circle(t, 2, f"$E_{t}$", RED)
            arrow((t, 1), (t, 2))
            if feedback and t + 1 in inputs:
                arrow((t, 2), (t + 1, 0), linestyle=":", connectionstyle="arc3,rad=-0.1")
    ax.set(xlim=(-0.4, steps + 0.4), ylim=(-0.4, 2.4), title=title)
    ax.axis("off")
    return ax


def text_states(axes, text: str, values: dict, title: str, gates: int = 0):
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
    axes[0].set_title(title)
    axes[-1].set_xticks(places, list(text), fontsize=9)
    return axes


def coloured_text(ax, text: str, values, title: str, label: str, limit: float = 1.0):
    """A text as it is printed, line by line, each character on a colour for its value: values (N,), blue below zero."""
    lines = text.rstrip("\n").split("\n")
    grid, place = np.full((len(lines), max(map(len, lines))), np.nan), 0
    for row, line in enumerate(lines):
        grid[row, : len(line)] = values[place : place + len(line)]
        place += len(line) + 1  # the line break has a value, too, and no place
        for column, character in enumerate(line):
            ax.text(column, row, character, ha="center", va="center", family="monospace", fontsize=11)
    image = ax.imshow(grid, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", alpha=0.6)
    ax.set_title(title)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def trade_off(ax, settings: dict, others: dict, title: str, xlabel: str, ylabel: str):
    """Points (y, x) along a line, one for each of `settings` {number: (y, x)}, and single ones {name: (y, x)}."""
    y, x = np.array(list(settings.values())).T
    ax.plot(x, y, color=BLUE, marker="o", markersize=5, label="temperature")
    for name, (value_y, value_x) in settings.items():
        ax.annotate(f"{name:g}", (value_x, value_y), xytext=(5, 5), textcoords="offset points", fontsize=9)
    for i, (name, (value_y, value_x)) in enumerate(others.items()):
        ax.plot(
            value_x,
            value_y,
            "*sD"[::-1][i % 3],
            color=CYCLE[i + 1],
            markersize=(7, 7, 13)[i % 3],
            label=name,
            linestyle="",
        )
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def intervals(ax, names: Sequence[str], middle, low, high, title: str, xlabel: str, others=None, dashed=None):
    """A dot and its interval a name, from top to bottom; `others` {label: {name: value}} as hollow marks beside them.

    dashed: {label: x}, a line across.
    """
    places = np.arange(len(names))
    ax.hlines(places, low, high, color=BLUE, linewidth=3, alpha=0.5)
    ax.plot(middle, places, "o", color=BLUE, label="here, 95 % interval")
    for (label, values), marker, color in zip((others or {}).items(), "Ds^", CYCLE[1:], strict=False):
        where = [i for i, name in enumerate(names) if name in values]
        chosen = [values[names[i]] for i in where]
        ax.plot(chosen, where, marker, color=color, markerfacecolor="none", label=label)
    for label, x in (dashed or {}).items():
        ax.axvline(x, color="black", linestyle="--", linewidth=1.2, label=label)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set(title=title, xlabel=xlabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def moves(ax, starts, ends, names: Sequence[str], kinds: tuple[str, str], title: str, xlabel: str, ylabel: str):
    """An arrow from each of `starts` (N, 2), with its name beside it, to each of `ends` (N, 2). kinds: their names.

    A name stands to the upper left of its point; where another stands already, to one of the three other sides.
    """
    for start, end in zip(starts, ends, strict=True):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": GREY, "shrinkA": 4, "shrinkB": 4})
    for points, kind, color, marker in zip((starts, ends), kinds, CYCLE, "os", strict=False):
        ax.plot(*np.asarray(points).T, marker, color=color, label=kind)
    ax.margins(x=0.2)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
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


def attention(ax, weights, places: Sequence[str], words: Sequence[str], title: str, sure=(), possible=()):
    """Weights (J, T) as dark squares: word j on the left, place t below. Links (place, word) of the truth: sure ones
    framed, possible ones dotted.
    """  # fmt: skip
    ax.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for links, style in ((set(possible) - set(sure), ":"), (sure, "-")):
        for place, word in links:
            frame = {"fill": False, "edgecolor": RED, "linewidth": 1.6, "linestyle": style, "clip_on": False}
            ax.add_patch(plt.Rectangle((place - 0.5, word - 0.5), 1, 1, **frame))
    ax.set_xticks(range(len(places)), places, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(words)), words)
    ax.tick_params(length=0)
    ax.set_title(title)
    return ax


def pictures(axes, images, captions: Sequence[str], correct: Sequence[bool] | None = None):
    """Pictures (H, W, 3) side by side, a caption under each; correct: ticked in green, or crossed in red."""
    flat = np.ravel(axes)
    for i, (ax, image, caption) in enumerate(zip(flat, images, captions, strict=False)):
        ax.imshow(image, interpolation="antialiased")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        wide = ax.get_position().width * ax.figure.get_figwidth()
        said = textwrap.fill(caption, max(int(13 * wide), 12))
        if correct is not None:
            ax.spines[:].set(visible=True, color=GREEN if correct[i] else RED, linewidth=3)
            said = ("✓ " if correct[i] else "✗ ") + said
        ax.set_xlabel(said, fontsize=10, loc="left")
    for ax in flat[len(captions) :]:
        ax.set_visible(False)
    return axes


def frames(ax, boxes):
    """A frame around each of the boxes (x, y, width, height) of a picture that is drawn already, in pixels."""
    for x, y, wide, high in boxes:
        ax.add_patch(plt.Rectangle((x - 0.5, y - 0.5), wide, high, fill=False, edgecolor=ORANGE, linewidth=2))
    return ax


def looks(axes, image, words: Sequence[str], weights, boxes=(), dots: bool = False):
    """Where a captioner looked for each word: weights (J, rows, columns) as light on the darkened picture (H, W, 3).

    The word stands over each; what was looked at most is as bright as the picture itself. boxes: for each word a list
    of (x, y, width, height) in pixels, framed. dots: mark the middle of the cell with the largest weight.
    """
    from PIL import Image

    image = np.asarray(image, float) / 255
    height, width = image.shape[:2]
    flat, boxes = np.ravel(axes), boxes or [()] * len(words)
    for ax, word, grid, framed in zip(flat, words, np.asarray(weights, np.float32), boxes, strict=False):
        light = np.asarray(Image.fromarray(grid / grid.max()).resize((width, height), Image.BICUBIC)).clip(0, 1)
        ax.imshow(image * (0.25 + 0.75 * light[..., None]), interpolation="antialiased")
        frames(ax, framed)
        if dots:
            row, column = np.unravel_index(grid.argmax(), grid.shape)
            middle = (column + 0.5) * width / grid.shape[1], (row + 0.5) * height / grid.shape[0]
            ax.plot(*middle, "o", color=SKY, markeredgecolor="white", markersize=6)
        ax.set_title(word, fontsize=11)
    for ax in flat:
        ax.axis("off")
    return axes
