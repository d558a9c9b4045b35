"""Quantities along a line: training curves, shares against lag, one quantity against another."""

import numpy as np

from course_lib.plotting.style import BLUE, CYCLE, GREY, RED
from course_lib.plotting.vectors import label_points


def curve(ax, steps, values, ylabel: str, line: float, line_label: str):
    """A quantity during training, with a dashed line to compare it with (a floor, chance). steps, values: (N,)."""
    ax.plot(steps, values, color=BLUE, marker="o", markersize=4)
    ax.axhline(line, color=RED, linestyle="--", label=line_label)
    ax.set(xlabel="training step", ylabel=ylabel)
    ax.legend()
    return ax


def lines(
    ax,
    x,
    series: dict,
    xlabel: str,
    ylabel: str,
    log=False,
    dashed: dict | None = None,
    legend=True,
    **limits,
):
    """A line for each of `series` {name: (N,)} over x (N,); `dashed` {name: (N,)} in the same colours, thin and dashed.

    A dashed line of the same name belongs to the line and gets no entry of its own; the others are black, each with
    dashes of its own. limits: ylim, xlim.
    """
    dashed = dashed or {}
    for i, (name, values) in enumerate(series.items()):
        ax.plot(x, values, color=CYCLE[i % len(CYCLE)], label=name)
        if name in dashed:
            ax.plot(x, dashed[name], color=CYCLE[i % len(CYCLE)], linestyle="--", linewidth=1)
    for i, name in enumerate(name for name in dashed if name not in series):
        ax.plot(x, dashed[name], color="black", linestyle=("--", ":", "-.")[i % 3], linewidth=1.2, label=name)
    if log:
        ax.set_yscale("log")
    ax.set(xlabel=xlabel, ylabel=ylabel, **limits)
    if legend:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def lag_curves(ax, lags, series: dict, chance: float, legend=True):
    """Share right against lag: series {name: (lags, seeds)}, a mark for each seed and a line through the medians."""
    for i, (name, runs) in enumerate(series.items()):
        x = np.array(lags) * 1.05 ** (i - (len(series) - 1) / 2)  # beside each other
        marker = "os^Dv"[i % 5]
        ax.plot(x, np.median(runs, axis=1), color=CYCLE[i], marker=marker, markersize=5, label=name)
        ax.plot(x, runs, color=CYCLE[i], marker=marker, markersize=5, linestyle="", alpha=0.5)
    ax.axhline(chance, color="black", linestyle=":", linewidth=1.2, label="chance")
    ax.set_xscale("log")
    ax.set_xticks(lags, [f"{lag:g}" for lag in lags])
    ax.minorticks_off()
    ax.set(xlabel="lag: steps to the answer", ylabel="share right", ylim=(0, 1.03))
    if legend:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def trade_off(ax, settings: dict, others: dict, xlabel: str, ylabel: str):
    """Points (y, x) along a line, one for each of `settings` {number: (y, x)}, and single ones {name: (y, x)}."""
    y, x = np.array(list(settings.values())).T
    ax.plot(x, y, color=BLUE, marker="o", markersize=5, label="temperature")
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
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    points = [(value_x, value_y) for value_y, value_x in (*settings.values(), *others.values())]
    sides = ((1, 1), (-1, -1), (1, -1), (-1, 1))
    label_points(ax, [f"{name:g}" for name in settings], points[: len(settings)], sides, points)
    return ax


def against_truth(ax, said, came, xlabel: str, ylabel: str, size: float = 7):
    """Points of probabilities, both axes from 0 to 1, and the diagonal on which the two are the same."""
    ax.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1)
    ax.plot(said, came, "o", color=BLUE, markersize=size, alpha=1 if size > 4 else 0.35)
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    return ax


def signal(ax, seen, true=None, mean=None, spread=None, others: dict | None = None):
    """What was seen of a signal (N,), as points; the truth (N or more,), as a line; a forecast of what comes after it.

    mean (K,): of the forecast, spread (K,): half the width of its interval. others {name: (K,)}: further forecasts.
    """
    ax.plot(np.arange(len(seen)), seen, "o", color=GREY, markersize=4, label="seen")
    if true is not None:
        ax.plot(np.arange(len(true)), true, color="black", linewidth=1, label="true place")
    if mean is not None:
        later = len(seen) + np.arange(len(mean))
        ax.fill_between(later, mean - spread, mean + spread, color=BLUE, alpha=0.2, label="90 % interval")
        ax.plot(later, mean, color=BLUE, label="forecast")
        for i, (name, values) in enumerate((others or {}).items()):
            ax.plot(later, values, color=CYCLE[i + 1], linestyle="--", label=name)
    ax.set(xlabel="step", ylabel="place")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def forecast(ax, seen, said, ahead, begin: int, ylabel: str):
    """What was seen of a series (N,), with gaps at NaN; what was said of each number one step before, (N,); what comes.

    ahead: mean, low and high of what comes after it, each (K,). begin: the number of the first step that is shown.
    """
    steps = begin + np.arange(len(seen))
    later = begin + len(seen) + np.arange(len(ahead[0]))
    ax.plot(steps, seen, color="black", marker="o", markersize=3, linewidth=1, label="seen")
    ax.plot(steps, said, color=RED, linestyle="--", linewidth=1.2, label="forecast one step before")
    mean, low, high = ahead
    ax.fill_between(later, low, high, color=BLUE, alpha=0.2, label="90 % interval")
    ax.plot(later, mean, color=BLUE, marker="o", markersize=3, label="what comes next")
    ax.set(xlabel="step", ylabel=ylabel)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
