"""Whether what was looked at is the thing."""

import numpy as np

from course_lib.errors import CourseError


def highest(weights) -> np.ndarray:
    """The middle of the cell with the largest weight: (..., rows, columns) -> (..., 2), x and y, 0 to 1."""
    weights = np.asarray(weights)
    *_, rows, columns = weights.shape
    row, column = np.divmod(weights.reshape(*weights.shape[:-2], -1).argmax(axis=-1), columns)
    return np.stack([(column + 0.5) / columns, (row + 0.5) / rows], axis=-1)


def pointing_accuracy(points, boxes) -> float:
    """The share of points that fall into a box: the pointing game of Zhang et al. 2016, section 4.1, with boxes.

    points (N, 2): x and y; boxes: for each point a list of [x, y, width, height], in the points' unit. CourseError if
    there is no point, or not a list of boxes for each.
    """
    points, boxes = np.asarray(points, float), list(boxes)
    if not len(points) or len(points) != len(boxes):
        raise CourseError(
            f"pointing: expected a list of boxes for each of one or more points; got {len(points)} points and "
            f"{len(boxes)} lists."
        )
    inside = [
        any(left <= x <= left + width and top <= y <= top + height for left, top, width, height in framed)
        for (x, y), framed in zip(points, boxes, strict=True)
    ]
    return float(np.mean(inside))


def pointing_at_words(scores, places) -> float:
    """The share of texts, 0 to 1, whose largest score, whatever its sign, is on one of the words that decide.

    scores (B, T), such as those of `explain`; places: for each text the numbers of those words, from 0. The pointing
    game of `pointing_accuracy`, in a text. CourseError if there is no text, or not a list of places for each.
    """
    scores, places = np.abs(np.asarray(scores, float)), list(places)
    if scores.ndim != 2 or not len(scores) or len(scores) != len(places):
        raise CourseError(
            f"pointing: expected scores (B, T) and a list of places for each text; got {scores.shape} and "
            f"{len(places)} lists."
        )
    return float(np.mean([best in words for best, words in zip(scores.argmax(axis=1).tolist(), places, strict=True)]))
