"""Where a figure's parts stand. What the figures say, the lessons check."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

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
