"""Checks of lesson 09."""

import numpy as np

from course_lib import checks, metrics
from course_lib.checks import NotYet


def _softmax(scores):
    return np.exp(metrics.log_softmax(scores))


def check_least_penalty(least_penalty) -> None:
    """(words, regions, strength) -> strength * regions * (1 - words / regions)^2: every region gets the same."""
    cases = [(12, 64, 1.0), (3, 5, 0.7), (10, 196, 2.5), (9, 6, 0.3), (7, 7, 1.5)]
    J, T, strength = np.array(cases).T
    answer = np.array([
        checks.as_array(checks.run(least_penalty, *case), (), "least_penalty: the answer") for case in cases
    ])  # fmt: skip
    left = 1 - J / T
    checks.expect_close(answer, strength * T * left**2, f"words, regions, strength: {cases}", [
        (strength * left**2, "That is the penalty of one region: there are as many as `regions`."),
        (T * left**2, "The strength is missing."),
        (strength * left, "That is what one region lacks: square it, and sum over the regions."),
        (left**2, "Strength and sum are missing: that is the penalty of one region."),
        (strength * T * left, "The square is missing."),
        (strength * np.abs(T - J), "One region for each word gives this: spread evenly, the weights cost less."),
        (strength * np.maximum(T - J, 0), "One region for each word gives this: spread evenly, the weights cost less."),
        (strength * (T - J), "One region for each word gives this: spread evenly, the weights cost less."),
        (strength * (T - J) ** 2, "Square what is left of each region, then sum: not the other way round."),
        (strength * J * (1 - T / J) ** 2, "Words and regions have changed places: sum over the regions."),
        (strength * T * (1 - T / J) ** 2, "A region gets words / regions, not regions / words."),
        (strength * J * left**2, "Sum over the regions: there are `regions` of them, not `words`."),
        (strength * T * (1 - 1 / T) ** 2, "That is one word. Each of the words has a weight of one to give away."),
        (np.zeros(5), "0 would need a weight of one for every region, and the words have only one each."),
        (np.where(J < T, strength * T * left**2, 0), "More words than regions cost, too: the sums are above one."),
    ])  # fmt: skip
    checks.solved("least_penalty: every region gets words / regions")


STATEMENTS = {
    "a": (True, "The pointing game asks one thing: does the dot lie in a box of what the word names? It does."),
    "b": (False, "The weighted sum mixes all regions, and the start of the memory has read the whole picture."),
    "c": (True, "A softmax: the weights of every word sum to one."),
    "d": (False, "The decoder was told captions only, and learned from them which region to ask."),
    "e": (False, "Equal weights read the mean of all regions, and the start of the memory has read the picture, too."),
    "f": (True, "Some weight is the largest at every word. The map does not say whether the look was of use."),
    "g": (False, "In lesson 08's network, which has no attention, the region that costs most is the dog's, too."),
}


def check_what_it_shows(what_it_shows) -> None:
    """-> {letter: True or False} for each of the statements."""
    answer = checks.run(what_it_shows)
    if not isinstance(answer, dict):
        raise NotYet(
            f'what_it_shows: expected {{"a": True, "b": False, …}}: letter, colon, mark; got {type(answer).__name__}.'
        )
    for letter in STATEMENTS:
        if letter not in answer:
            raise NotYet(f"what_it_shows: {letter} has no mark.")
        if not isinstance(answer[letter], bool | np.bool_):
            raise NotYet(f"what_it_shows: {letter}: expected True or False, got {answer[letter]!r}.")
    if more := [letter for letter in answer if letter not in STATEMENTS]:
        raise NotYet(f"what_it_shows: there is no statement {more[0]!r}: the letters are a to g.")
    for letter, (truth, why) in STATEMENTS.items():
        if bool(answer[letter]) != truth:
            raise NotYet(f"what_it_shows: {letter}: not yet. {why}")
    checks.solved("what_it_shows: a map is a measurement")


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
    """(alpha (T,), drawn (N,), reward (N,), baseline) -> the estimated gradient for the scores (T,)."""
    rng = np.random.default_rng(11)
    for T, N, b in ((4, 6, -1.5), (7, 1, 2.0), (3, 50, -40.0)):
        alpha, drawn, reward = _softmax(rng.normal(size=T)), rng.integers(0, T, N), rng.normal(size=N) + b - 0.5
        answer = checks.run(score_gradient, alpha.copy(), drawn.copy(), reward.copy(), b)
        shapes = {(N, T): "the mean over the draws", (N,): "a number for each region", (): "a number for each region"}
        answer = checks.as_array(answer, (T,), "score_gradient", shapes)
        one_hot, better = np.eye(T)[drawn], (reward - b)[:, None]
        checks.expect_close(answer, (better * (one_hot - alpha)).mean(axis=0), f"looks drawn: {N}, regions: {T}", [
            ((reward[:, None] * (one_hot - alpha)).mean(axis=0), "The baseline is missing: reward - baseline."),
            (((reward + b)[:, None] * (one_hot - alpha)).mean(axis=0), "Minus the baseline, not plus."),
            (((reward - reward.mean())[:, None] * (one_hot - alpha)).mean(axis=0), "Take the baseline that is given."),
            (-(better * (one_hot - alpha)).mean(axis=0), "The sign is turned round: what was better goes up."),
            ((better * one_hot).mean(axis=0), "What was not drawn goes down: one_hot - alpha."),
            ((better * one_hot / alpha).mean(axis=0), "That is the gradient for alpha; of scores: one_hot - alpha."),
            ((better * (one_hot - alpha)).sum(axis=0), "The mean over the draws, not the sum."),
            ((better * (one_hot - alpha)).mean(), "The mean over the draws alone: axis 0."),
            (alpha * (better * (one_hot - alpha)).mean(axis=0), "The draws come as often as alpha says already."),
            (better.mean() * (one_hot - alpha).mean(axis=0), "Multiply draw by draw, then take the mean."),
        ])  # fmt: skip
    checks.solved("score_gradient learns from looks it has drawn")


def check_focus(focus) -> None:
    """weights (T,) -> how sharp a look is: 1 for one region, 0 for all alike, and not 1 - entropy / log R."""
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
