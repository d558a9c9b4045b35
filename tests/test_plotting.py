"""Where a figure's parts stand. What the figures say, the lessons check."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Annotation

from course_lib import plotting


@pytest.mark.parametrize("near", [0.02, 0.3])
def test_names_do_not_stand_upon_each_other(near):
    figure, ax = plotting.figure(8, 4.5)
    starts = np.array([[0, 0], [near, 0], [2 * near, 0], [3, 1]])
    names = [f"Maria → Johann {i}" for i in range(4)]
    plotting.moves(ax, starts, starts + np.array([2, -1]), names, ("now", "past"), "x", "y")
    figure.canvas.draw()
    labels = [text.get_window_extent() for text in ax.texts if text.get_text()]
    assert [text.get_text() for text in ax.texts if text.get_text()] == names
    assert not any(one.overlaps(other) for one, other in itertools.combinations(labels, 2))
    plt.close(figure)


def test_every_seed_is_drawn_and_the_line_goes_through_the_medians():
    figure, ax = plotting.figure()
    runs = np.array([[1.0, 0.9, 0.2], [0.1, 0.3, 0.2]])  # two lags, three seeds
    plotting.lag_curves(ax, [10, 100], {"one": runs, "other": 1 - runs}, chance=0.125, legend=False)
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(lines["one"]) == [0.9, 0.2]
    drawn = sorted(y for line in ax.lines if line.get_linestyle() == "None" for y in line.get_ydata())
    assert drawn == sorted([*runs.ravel(), *(1 - runs).ravel()])
    assert ax.get_legend() is None
    plt.close(figure)


def test_dashed_lines_of_no_curve_are_told_apart():
    figure, ax = plotting.figure()
    x = np.arange(3)
    plotting.lines(ax, x, {"a": x}, "x", "y", dashed={"a": x, "bound": 2 * x, "other bound": 3 * x})
    styles = {line.get_label(): line.get_linestyle() for line in ax.lines}
    assert styles["a"] == "-"
    assert styles["bound"] != styles["other bound"]
    plt.close(figure)


def test_what_a_network_reads_of_its_own_comes_from_its_memory_and_not_from_a_loss():
    figure, ax = plotting.figure()
    plotting.unrolled(ax, 3, {1, 2, 3}, {1, 2, 3}, feedback=True)
    place = {text.get_text(): text.get_position() for text in ax.texts if text.get_text()}
    ways = [(text.xyann, text.xy) for text in ax.texts if isinstance(text, Annotation)]
    assert not {place[f"$E_{t}$"] for t in (1, 2, 3)} & {start for start, _ in ways}
    assert all((place[f"$h_{t}$"], place[f"$x_{t + 1}$"]) in ways for t in (1, 2))
    plt.close(figure)


def test_titles_side_by_side_do_not_run_into_each_other():
    figure, axes = plotting.figure(9, 3, columns=2)
    for ax in axes:
        plotting.lines(ax, [0, 1], {"a curve with a long name": [0, 1]}, "x", "y", legend=ax is axes[1])
    for ax in axes:
        plotting.title(ax, neutral="so much is said of what is drawn here that it needs more than one line")
    figure.canvas.draw()
    left, right = (ax._left_title.get_window_extent() for ax in axes)
    assert left.x1 < right.x0
    assert right.x1 <= figure.bbox.width
    plt.close(figure)


def test_bars_over_words_begin_at_their_level():
    _, ax = plotting.figure(4, 2, alt="Bars over three words.")
    plotting.over_words([ax], ["so", "so", "good"], {"p": (0.5, [0.5, 0.2, 0.9])}, marked=[2])
    ends = [bar.get_y() + bar.get_height() for bar in ax.patches]
    assert ends == pytest.approx([0.5, 0.2, 0.9]) and ax.patches[0].get_facecolor() != ax.patches[2].get_facecolor()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["so", "so", "good"]
    plotting.close(ax.figure)
