"""Checks of lesson 09."""

import numpy as np

from course_lib import checks, metrics
from course_lib.checks import NotYet


def _softmax(scores):
    return np.exp(metrics.log_softmax(scores))


def check_look(look) -> None:
    """(s (Q,), regions (R, D), W (Q, D)) -> what is seen (D,), weights (R,)."""
    rng = np.random.default_rng(9)
    s, regions, W = rng.normal(size=4), rng.normal(size=(6, 4)), rng.normal(size=(4, 4))
    answer = checks.run(look, s.copy(), regions.copy(), W.copy())
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise NotYet("look_once: expected two arrays: what is seen (D,), and the weights (R,).")
    z = checks.as_array(answer[0], (4,), "what is seen", {(6,): "that is the weights: they come second"})
    weights = checks.as_array(answer[1], (6,), "the weights", {(4,): "one for each region"})
    scores = regions @ (s @ W)
    right = _softmax(scores)
    checks.expect_close(weights, right, "the weights", [
        (scores, "Those are the scores: the softmax is missing."),
        (_softmax(regions @ (W @ s)), "W is turned round: its rows belong to s, its columns to a region."),
        (_softmax(regions @ s), "W is missing: s W, then the product with each region."),
        (_softmax(scores / 2), "No square root of D here: W is learned, and so is its size."),
        (scores / scores.sum(), "They sum to one, but exp comes first: a score may be negative."),
    ])  # fmt: skip
    checks.expect_close(z, right @ regions, "what is seen", [
        (regions.mean(axis=0), "That is the mean: each region counts by its weight."),
        (regions[scores.argmax()], "The weighted sum of all regions, not the best one alone."),
        (right @ regions / 6, "The weighted sum, without dividing: the weights sum to one."),
    ])  # fmt: skip
    checks.solved("look_once sees what it asks for")


def check_penalty(penalty) -> None:
    """(weights (J, R), strength) -> strength * sum over regions of (1 - sum over words)^2."""
    weights = np.array([_softmax(row) for row in np.random.default_rng(10).normal(size=(3, 5))])
    answer = checks.as_array(checks.run(penalty, weights.copy(), 0.7), (), "penalty", {
        (5,): "sum over the regions", (3,): "sum over the words of each region first, axis 0",
    })  # fmt: skip
    left = 1 - weights.sum(axis=0)
    checks.expect_close(answer, 0.7 * (left**2).sum(), "the penalty of three words", [
        (0.0, "The weights of a word always sum to one: sum over the words of each region, axis 0."),
        (0.7 * left.sum(), "The square is missing: too much here would make up for too little there."),
        ((left**2).sum(), "The strength is missing."),
        (0.7 * (left**2).mean(), "The sum over regions, not their mean."),
        (0.7 * left.sum() ** 2, "Square each region's number, then sum."),
        (0.7 * ((1 - weights) ** 2).sum(), "Sum over the words first, then subtract from one."),
        (0.7 * ((1 - weights.max(axis=0)) ** 2).sum(), "The sum over the words, not the largest."),
        (0.7 * ((1 - weights.mean(axis=0)) ** 2).sum(), "The sum over the words, not their mean."),
        ((0.7 * left) ** 2 @ np.ones(5), "The strength comes last: it is not squared."),
    ])  # fmt: skip
    checks.solved("penalty asks that every region is seen")


def check_hit(hit) -> None:
    """(weights (rows, columns), box (x, y, width, height), size) -> whether its largest weight is in the box."""
    wide, tall, square = np.zeros((4, 8)), np.full((8, 4), 0.02), np.full((8, 8), 0.5 / 64)
    wide[1, 5], wide[3, 0], wide[0, 0] = 0.4, 0.3, 0.3  # its middle: x 88, y 48 of 128 pixels
    tall[5, 1], tall[1, 3] = 0.3, 0.1  # x 24, y 44 of 64
    square[6, 2] += 0.5  # x 40, y 104 of 128
    cases = [
        (grid, box, size)
        for grid, size, x, y in ((wide, 128, 88, 48), (tall, 64, 24, 44), (square, 128, 40, 104))
        for box in (
            (x - 20, y - 3, 30, 6), (x - 3, y - 3, 90, 80),  # around it
            (x + 2, y - 9, 20, 20), (x - 22, y - 9, 20, 20),  # beside it
            (x - 9, y + 2, 20, 20), (x - 9, y - 22, 20, 20),  # below it, above it
            (y - 5, x - 5, 10, 10),  # x and y exchanged
            (36, 50, 30, 30), (4, 4, 30, 20),  # the middle of all the light; a cell with hardly any
        )
    ]  # fmt: skip
    answers = [checks.run(hit, grid.copy(), box, size) for grid, box, size in cases]
    for answer in answers:
        if not isinstance(answer, bool | np.bool_):
            raise NotYet(f"hit: expected True or False, got {answer!r}.")

    def with_point(point, frame=lambda x, y, width, height: (x, y, width, height)):
        return [metrics.pointing_accuracy([n * point(grid)], [[frame(*box)]]) == 1 for grid, box, n in cases]

    def centre_of_mass(grid):
        rows, columns = ((np.arange(n) + 0.5) / n for n in grid.shape)
        return np.array([grid.sum(axis=0) @ columns, grid.sum(axis=1) @ rows]) / grid.sum()

    middle = metrics.highest
    right = with_point(middle)
    mistakes = (
        (with_point(lambda grid: middle(grid)[::-1]), "x counts columns, y counts rows: they have changed places."),
        (with_point(lambda grid: middle(grid) - 0.5 / np.array(grid.shape[::-1])),
         "That is the corner of the cell: its middle is half a cell further."),
        (with_point(centre_of_mass), "The cell with the largest weight, not the middle of all the light."),
        (with_point(lambda grid: middle(-grid)), "That is the cell with the smallest weight."),
        (with_point(middle, lambda x, y, right, low: (x, y, right - x, low - y)),
         "The last two numbers are width and height, not a corner."),
        (with_point(middle, lambda x, y, width, height: (x, y, height, width)), "Width comes before height."),
        (with_point(middle, lambda x, y, width, height: (x, -999, width, 9999)), "y has to lie in the box, too."),
        (with_point(middle, lambda x, y, width, height: (-999, y, 9999, height)), "x has to lie in the box, too."),
        ([not answer for answer in right], "True and False have changed places."),
    )  # fmt: skip
    answers = [bool(answer) for answer in answers]
    if answers != right:
        for wrong, hint in mistakes:
            if answers == wrong:
                raise NotYet(f"hit: not yet. {hint}")
        i = next(i for i, pair in enumerate(zip(answers, right, strict=True)) if pair[0] != pair[1])
        grid, box, size = cases[i]
        row, column = np.unravel_index(grid.argmax(), grid.shape)
        raise NotYet(
            f"hit: the largest weight is in row {row}, column {column} of {grid.shape}, the box is {box}, the picture "
            f"has {size} pixels a side: expected {right[i]}, got {answers[i]}."
        )
    checks.solved("hit knows whether it looked at the thing")


def check_score_gradient(score_gradient) -> None:
    """(p (R,), drawn (N,), reward (N,), baseline) -> the estimated gradient for the scores (R,)."""
    rng = np.random.default_rng(11)
    p = _softmax(rng.normal(size=4))
    drawn, reward, b = rng.integers(0, 4, 6), rng.normal(size=6) - 2, -1.5
    answer = checks.run(score_gradient, p.copy(), drawn.copy(), reward.copy(), b)
    shapes = {(6, 4): "the mean over the draws", (6,): "a number for each region"}
    answer = checks.as_array(answer, (4,), "score_gradient", shapes)
    one_hot, better = np.eye(4)[drawn], (reward - b)[:, None]
    checks.expect_close(answer, (better * (one_hot - p)).mean(axis=0), "six looks", [
        ((reward[:, None] * (one_hot - p)).mean(axis=0), "The baseline is missing: reward - baseline."),
        (((reward + b)[:, None] * (one_hot - p)).mean(axis=0), "Minus the baseline, not plus."),
        (((reward - reward.mean())[:, None] * (one_hot - p)).mean(axis=0), "Take the baseline that is given."),
        (-(better * (one_hot - p)).mean(axis=0), "The sign is turned round: what was better than expected goes up."),
        ((better * one_hot).mean(axis=0), "What was not drawn goes down: one_hot - p."),
        ((better * one_hot / p).mean(axis=0), "That is the gradient for p. For the scores it is one_hot - p."),
        ((better * (one_hot - p)).sum(axis=0), "The mean over the draws, not the sum."),
    ])  # fmt: skip
    checks.solved("score_gradient learns from looks it has drawn")


def check_focus(focus) -> None:
    """weights (R,) -> how sharp a look is: 1 for one region, 0 for all alike, and not 1 - entropy / log R."""
    rng = np.random.default_rng(12)

    def measure(weights):
        return float(checks.as_array(checks.run(focus, weights.copy()), (), "focus"))

    others = []
    for count in (64, 9):
        even, one = np.full(count, 1 / count), np.eye(count)[3]
        found = measure(one), measure(even)
        if abs(found[0]) <= 1e-3 and found[1] > 0.5:
            raise NotYet("focus: turned round: it is large for a wide look, and asked for is how sharp one is.")
        for value, right, what in zip(found, (1, 0), ("all weight on one region", "all regions alike"), strict=True):
            if not abs(value - right) <= 1e-3:
                raise NotYet(f"focus: {what}, {count} regions: expected {right}, got {value:.4g}.")
        scores = rng.normal(size=count)
        chain = [_softmax(beta * scores) for beta in (0.3, 1, 3, 10)]
        values = [measure(weights) for weights in chain]
        order = rng.permutation(count)
        if any(
            abs(measure(w[order]) - value) > 1e-6 for w, value in zip([one, *chain], [found[0], *values], strict=True)
        ):
            raise NotYet("focus: the same weights at other places give another number: places should not matter.")
        if not all(0 < value < 1 for value in values):
            raise NotYet(f"focus: between the two it lies between 0 and 1; got {np.round(values, 3)}.")
        if not (np.diff(values) > 0).all():
            raise NotYet(
                f"focus: looks that get sharper and sharper must get larger numbers; got {np.round(values, 3)}."
            )
        others.append(values - np.array([1 + (w * np.log(w)).sum() / np.log(count) for w in chain]))
    if np.abs(others).max() < 1e-3:
        raise NotYet("focus: that is the entropy of the lesson, turned round. It works; find another.")
    checks.solved("focus tells a sharp look from a wide one")
