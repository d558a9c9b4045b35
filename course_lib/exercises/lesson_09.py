"""Checks of lesson 09."""

import functools
import itertools
from collections.abc import Callable

import numpy as np

from course_lib import checks, metrics
from course_lib.checks import NotYet


def _softmax(scores):
    return np.exp(metrics.log_softmax(scores))


NO_SQUARE = "The square is missing; or it is there, and each word has a region of its own: spread evenly costs less."


def check_least_penalty(least_penalty) -> None:
    """(words, regions, strength) -> strength * regions * (1 - words / regions)^2: every region gets the same."""
    cases = [(12, 64, 1.0), (3, 5, 0.7), (10, 196, 2.5), (15, 4, 0.3), (7, 7, 1.5)]
    J, T, strength = np.array(cases).T
    answer = np.array([
        checks.as_array(checks.run(least_penalty, *case), (), "least_penalty: the answer") for case in cases
    ])  # fmt: skip
    left = 1 - J / T
    whole, rest = np.divmod(J, T)
    right = strength * T * left**2
    mistakes = [
        (strength * left**2, "That is the penalty of one region: there are as many as `regions`."),
        (T * left**2, "The strength is missing."),
        (strength * left, "That is what one region lacks: square it, and sum over the regions."),
        (left**2, "Strength and sum are missing: that is the penalty of one region."),
        (strength * T * left, NO_SQUARE), (strength * np.abs(T - J), NO_SQUARE),
        (strength * np.maximum(T - J, 0), "One region for each word gives this: spread evenly, the weights cost less."),
        (strength * (T - J) ** 2, "Square what is left of each region, then sum: not the other way round."),
        (strength * J * (1 - T / J) ** 2, "Words and regions have changed places: sum over the regions."),
        (strength * T * (1 - T / J) ** 2, "A region gets words / regions, not regions / words."),
        (strength * J * left**2, "Sum over the regions: there are `regions` of them, not `words`."),
        (strength * T * (1 - 1 / T) ** 2, "That is one word. Each of the words has a weight of one to give away."),
        (np.zeros(5), "0 would need a weight of one for every region, and the words have only one each."),
        (np.where(J < T, right, 0), "More words than regions cost, too: the sums are above one."),
        (strength * T * (1 - whole) ** 2, "words // regions cuts the fraction off: / divides."),
        (strength * ((J - 1) ** 2 + T - 1), "All words at one region cost most. Which looks cost least?"),
        (J / T, "That is the weight of a region: what does it lack, squared, and summed over the regions?"),
        (T * (strength * left) ** 2, "The strength is not squared: it stands before the sum."),
        (strength * (rest * whole**2 + (T - rest) * (1 - whole) ** 2),
         "A word may share its weight among regions: whole words cost more."),
        (strength * 64 * (1 - J / 64) ** 2, "There are `regions` of them, not always 64."),
        ((strength * T * left) ** 2, "What each region lacks is squared, not the whole sum."),
        (strength * (T * left) ** 2, "What each region lacks is squared, not the whole sum."),
        (strength * J**2 / T, "A region lacks 1 - words / regions: the 1 is missing."),
        (strength * T * (1 + J / T) ** 2, "A region lacks 1 minus what it gets, not plus."),
        (strength * T * (1 - left**2), "The square is around the whole bracket: (1 - words / regions) squared."),
        (strength * T * (1 - (J / T) ** 2), "The square is around the whole bracket: (1 - words / regions) squared."),
        (strength * J * T * left**2, "The sum over the words stands inside the square: none stands outside."),
        (strength * J * T * (1 - 1 / T) ** 2, "The sum over the words stands inside the square, not outside."),
        (strength * (T - J + J**2 / T), "The square of 1 - a is 1 - 2 a + a squared: the 2 is missing."),
        (strength * (T + J**2 / T), "The square of 1 - a is 1 - 2 a + a squared: the middle is missing."),
        (right / 2, "No half stands before the sum."),
        (right / T, "A sum over the regions, no mean."), (strength * left**2 / T, "A sum over the regions, no mean."),
        *((np.round(right, n), "No rounding: the penalty need not be a whole number.") for n in range(4)),
        (np.floor(right), "No rounding: the penalty need not be a whole number."),
        (strength * (1 - J) ** 2, "Every region has its own sum over the words; there are as many as `regions`."),
    ]  # fmt: skip
    if not np.allclose(answer, right):
        for wrong, hint in mistakes:
            if np.allclose(answer, wrong):
                raise NotYet(f"least_penalty: not yet. {hint}")
        i = int(np.argmax(~np.isclose(answer, right)))
        way = "less can be reached" if answer[i] > right[i] else "no looks cost so little"
        J, T, strength = cases[i]
        raise NotYet(f"least_penalty({J}, {T}, {strength}): not yet, {answer[i]:.4g}: {way}.")
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
    truth, hints = ({letter: row[i] for letter, row in STATEMENTS.items()} for i in (0, 1))
    checks.marks(checks.run(what_it_shows), truth, hints, "what_it_shows")
    checks.solved("what_it_shows: a map is a measurement")


def _cell(grid):
    return np.array(np.unravel_index(grid.argmax(), grid.shape))


def _sides(grid, size):
    """Of a cell: height and width."""
    return size / np.array(grid.shape)


def _middle(grid, size):
    return (_cell(grid) + 0.5) * _sides(grid, size)


def _centre_of_mass(grid, size):
    rows, columns = ((np.arange(n) + 0.5) / n for n in grid.shape)
    return size * np.array([grid.sum(axis=1) @ rows, grid.sum(axis=0) @ columns]) / grid.sum()


def _further(y, x):
    return lambda grid, size: (_cell(grid) + np.array([y, x])) * _sides(grid, size)


def _of_cell(row_and_column):
    return lambda grid, size: (np.array(row_and_column(grid)) + 0.5) * _sides(grid, size)


def _in_cells(of):
    return lambda grid, size: (_cell(grid) + 0.5) * of(grid, size)


OWN_SIDES = "A cell is size / columns wide and size / rows high: the grid need not be square."
IN_A_ROW = "The weights lie in memory row by row: divide their number by the number of columns."
CORNER, BOX_CORNER = "That is the corner of the cell", "x and y of a box are its upper left corner."
CUT = "As if // or int(…) cut the fraction off: a cell may be 12.5 high, and its middle lie at 37.5."
PLACES = [  # (grid, size) -> y and x of the point, as a likely mistake has them; its hint
    (lambda grid, size: _middle(grid, size)[::-1], "x counts columns, y counts rows: they have changed places."),
    (_further(0, 0), f"{CORNER}: its middle is half a cell further."),
    (_further(0.5, 0), f"{CORNER} in x: its middle is half a cell further in both."),
    (_further(0, 0.5), f"{CORNER} in y: its middle is half a cell further in both."),
    (_further(1, 1), f"{CORNER} at the lower right: its middle is half a cell before."),
    (_further(1, 0.5), f"{CORNER} in y: its middle is half a cell from both ends."),
    (_further(0.5, 1), f"{CORNER} in x: its middle is half a cell from both ends."),
    (_centre_of_mass, "The cell with the largest weight, not the middle of all the light."),
    (_of_cell(lambda grid: _cell(-grid)), "That is the cell with the smallest weight."),
    (_in_cells(lambda grid, size: size / grid.shape[0]), OWN_SIDES),
    (_in_cells(lambda grid, size: size / grid.shape[1]), OWN_SIDES),
    (_in_cells(lambda grid, size: _sides(grid, size)[::-1]), OWN_SIDES),
    (_in_cells(lambda grid, size: size / 8), "The grid is not always 8 × 8: weights.shape says how many."),
    (_in_cells(lambda grid, size: size // np.array(grid.shape)), CUT),
    (lambda grid, size: (_cell(grid) + 0.5) * size // np.array(grid.shape), CUT),
    (lambda grid, size: np.round(_middle(grid, size)), "No rounding: the middle of a cell may lie at 37.5."),
    (lambda grid, size: np.ceil(_middle(grid, size)), "No rounding: the middle of a cell may lie at 37.5."),
    (_in_cells(lambda grid, size: (size - 1) / np.array(grid.shape)), "The grid is `size` pixels wide, not size - 1."),
    (lambda grid, size: _cell(grid) * size / (np.array(grid.shape) - 1),
     "As if the first cell's middle lay at 0 and the last one's at `size`: a middle is half a cell inside."),
    (_of_cell(lambda grid: (grid.argmax(axis=1)[0], grid.argmax(axis=0)[0])), "argmax along an axis gives "
     "a place for each row or column: take the largest of all weights, then its row and its column."),
    (_of_cell(lambda grid: (grid.argmax(axis=0)[0], grid.argmax(axis=1)[0])), "argmax along an axis gives "
     "a place for each row or column: take the largest of all weights, then its row and its column."),
    (_of_cell(lambda grid: (grid.sum(axis=1).argmax(), grid.sum(axis=0).argmax())),
     "The largest single weight, not the row and the column with the largest sums."),
    (_of_cell(lambda grid: np.unravel_index(np.argsort(grid, axis=None)[-2], grid.shape)),
     "That is the cell with the second largest weight."),
    (_in_cells(lambda grid, size: 1), "Count in pixels: times the size of a cell, size / columns and size / rows."),
    (_in_cells(lambda grid, size: 1 / np.array(grid.shape)), "Count in pixels, as the box does: times size."),
    (_in_cells(lambda grid, size: 128 / np.array(grid.shape)), "There are `size` pixels a side, not always 128."),
    (_in_cells(lambda grid, size: 64 / np.array(grid.shape)), "There are `size` pixels a side, not always 64."),
    (_of_cell(lambda grid: divmod(grid.argmax(), grid.shape[0])), IN_A_ROW),
    (_of_cell(lambda grid: divmod(grid.argmax(), 8)), f"{IN_A_ROW} It is not always 8."),
    (_of_cell(lambda grid: np.unravel_index(grid.T.argmax(), grid.shape)), IN_A_ROW),
    (lambda grid, size: (_cell(grid) * (-1, 1) + (grid.shape[0] - 0.5, 0.5)) * _sides(grid, size),
     "y counts from the top, as rows do."),
]  # fmt: skip
FRAMES = [  # x, y, width, height as a likely mistake reads them
    (lambda x, y, width, height: (x - width / 2, y - height / 2, width, height), BOX_CORNER),
    (lambda x, y, width, height: (x, y - height, width, height), BOX_CORNER),
    (lambda x, y, right, low: (x, y, right - x, low - y), "The last two numbers are width and height, not a corner."),
    (lambda x, y, width, height: (x, y, height, width), "Width comes before height."),
    (lambda x, y, width, height: (y, x, width, height), "Of a box, x comes before y."),
    (lambda x, y, width, height: (x, -999, width, 9999), "y has to lie in the box, too."),
    (lambda x, y, width, height: (-999, y, 9999, height), "x has to lie in the box, too."),
]


def _within(point, box):
    """Whether x, whether y of a point (y, x) lies in a box."""
    (y, x), (left, top, width, height) = point, box
    return left <= x <= left + width, top <= y <= top + height


def _overlap(grid, box, size, least=0.0):
    """Whether more than `least` pixels of the cell's height and width lie in the box; below 0, an edge will do."""
    (top, left), (high, broad), (x, y, width, height) = _further(0, 0)(grid, size), _sides(grid, size), box
    across, down = min(left + broad, x + width) - max(left, x), min(top + high, y + height) - max(top, y)
    return across > least and down > least


def _much_light(grid, box, size):
    """Whether the box holds more than half of all weight."""
    middles = ((np.indices(grid.shape) + 0.5) * _sides(grid, size)[:, None, None]).reshape(2, -1).T
    return sum(w for w, point in zip(grid.ravel(), middles, strict=True) if all(_within(point, box))) > grid.sum() / 2


def _in_whole_cells(grid, box, size):
    """Whether the peak is among the cells between the box's edges, cut to whole cells."""
    (rows, columns), (x, y, width, height) = grid.shape, box
    part = grid[int(y / size * rows) : int((y + height) / size * rows),
                int(x / size * columns) : int((x + width) / size * columns)]  # fmt: skip
    return bool(part.size) and part.max() == grid.max()


def _boxs_middle(grid, box, size):
    """Whether the middle of the box lies in the cell."""
    x, y, width, height = box
    (top, left), (high, broad) = _further(0, 0)(grid, size), _sides(grid, size)
    return left <= x + width / 2 < left + broad and top <= y + height / 2 < top + high


BY_BOX: list[tuple[Callable, str]] = [  # (grid, box, size) -> what a likely mistake answers; its hint
    *((functools.partial(_overlap, least=least), "The middle of the cell has to lie in the box, not a part of it.")
      for least in (0, -1e-9)),
    (_in_whole_cells, "As if the box were cut to whole cells: compare the cell's middle with the edges, in pixels."),
    (_boxs_middle, "The middle of the cell has to lie in the box, not the middle of the box in the cell."),
    (_much_light, "One cell counts, the one with the largest weight, not how much light falls into the box."),
]  # fmt: skip


def _in_sight(x, y, width, height, size):
    """The part of a box that lies in the picture."""
    left, top = max(x, 0), max(y, 0)
    return left, top, min(x + width, size) - left, min(y + height, size) - top


def _on_an_edge(point, box):
    """Whether a point (y, x) lies on an edge, which a box may have or not."""
    (y, x), (left, top, width, height) = point, box
    return x in (left, left + width) or y in (top, top + height)


def _between(true, wrong, size):
    """Boxes with an edge at a whole number between two points (y, x), one on either side of it."""
    boxes = []
    for axis in (0, 1):
        low, high = sorted((true[axis], wrong[axis]))
        for edge in {int(np.ceil(low)), int(np.floor(high)), int((low + high) // 2)}:
            if low <= edge <= high and edge != true[axis] and 0 < edge < size:
                sides = ((0, edge), (edge, size - edge))
                boxes += [(0, at, size, n) if axis == 0 else (at, 0, n, size) for at, n in sides]
    return boxes


def check_hit(hit) -> None:
    """(weights (rows, columns), box (x, y, width, height), size) -> whether its largest weight is in the box."""
    wide, tall, square = np.zeros((4, 8)), np.full((8, 4), 0.02), np.full((8, 8), 0.5 / 64)
    wide[1, 5], wide[3, 0], wide[0, 0] = 0.4, 0.3, 0.3  # its middle: x 88, y 48 of 128 pixels
    tall[5, 1], tall[1, 3] = 0.3, 0.1  # x 37.5, y 68.75 of 100, which 8 does not divide
    square[6, 2] += 0.5  # x 40, y 104 of 128
    long = np.random.default_rng(13).uniform(0, 0.02, (8, 4))
    long[6, 3], long[2] = 0.3, 0.08  # x 218.75, y 203.125 of 250; the largest sum is in row 2
    long /= long.sum()
    cases = []
    for grid, size in ((wide, 128), (tall, 100), (square, 128), (long, 250)):
        y, x = (round(place) for place in _middle(grid, size))
        boxes = [
            (x - 20, y - 3, 30, 6), (x - 3, y - 3, 90, 80), (x - 1, y - 1, 3, 2),  # around it
            (x + 2, y - 9, 20, 20), (x - 22, y - 9, 20, 20),  # beside it
            (x - 9, y + 2, 20, 20), (x - 9, y - 22, 20, 20),  # below it, above it
            (y - 5, x - 5, 10, 10), (y - 20, x - 5, 30, 10),  # x and y exchanged
            (36, 50, 30, 30), (4, 4, 30, 20),  # the middle of all the light; a cell with hardly any
        ]  # fmt: skip
        for place, _ in PLACES:  # where those look who make a mistake
            y, x = (round(of) for of in place(grid, size))
            if min(x, y) >= 0 and max(x, y) <= size:
                boxes.append((x - 1, y - 1, 3, 2))
            boxes += _between(_middle(grid, size), place(grid, size), size)
        cases += [(grid, box, size) for box in dict.fromkeys(_in_sight(*box, size) for box in boxes)
                  if min(box[2:]) > 0 and not _on_an_edge(_middle(grid, size), box)]  # fmt: skip
    answers = [checks.run(hit, grid.copy(), box, size) for grid, box, size in cases]
    for answer in answers:
        if not isinstance(answer, bool | np.bool_):
            raise NotYet(f"hit: expected True or False, got {answer!r}.")

    def answered(place=_middle, frame=lambda *box: box, both=all):
        """What comes out with another place or another box."""
        return [bool(both(_within(place(grid, size), frame(*box)))) for grid, box, size in cases]

    right = answered()
    mistakes = itertools.chain(  # one after the other, until one fits
        ((answered(place), hint) for place, hint in PLACES),
        ((answered(frame=frame), hint) for frame, hint in FRAMES),
        [(answered(both=any), "x and y both have to lie in the box: and, not or.")],
        (([bool(of(*case)) for case in cases], hint) for of, hint in BY_BOX),
        [([not answer for answer in right], "True and False have changed places.")],
        ((answered(lambda grid, size, place=place: np.round(place(grid, size))), hint) for place, hint in PLACES),
    )
    answers = [bool(answer) for answer in answers]
    if answers != right:
        for wrong, hint in mistakes:
            if answers == wrong:
                raise NotYet(f"hit: not yet. {hint}")
        i = next(i for i, pair in enumerate(zip(answers, right, strict=True)) if pair[0] != pair[1])
        grid, box, size = cases[i]
        row, column = _cell(grid)
        raise NotYet(
            f"hit: the largest weight is in row {row}, column {column} of {grid.shape}, the box is {box}, the picture "
            f"has {size} pixels a side: expected {right[i]}, got {answers[i]}."
        )
    checks.solved("hit knows whether it looked at the thing")


KEPT = "`g[drawn] += …` keeps one of several draws of a region: a row for each draw, then the mean; or np.add.at."


def check_score_gradient(score_gradient) -> None:
    """(alpha (T,), drawn (N,), reward (N,), baseline) -> the estimated gradient for the scores (T,)."""
    rng = np.random.default_rng(11)
    for T, N, b in ((4, 6, -1.5), (7, 1, 2.0), (3, 50, -40.0)):
        alpha, drawn, reward = _softmax(rng.normal(size=T)), rng.integers(0, T, N), rng.normal(size=N) + b - 0.5
        answer = checks.run(score_gradient, alpha.copy(), drawn.copy(), reward.copy(), b)
        shapes = {(N, T): "the mean over the draws", (N,): "a number for each region", (): "a number for each region"}
        answer = checks.as_array(answer, (T,), "score_gradient", shapes)
        one_hot, better = np.eye(T)[drawn], (reward - b)[:, None]
        often = "The draws come as often as alpha says already."
        lost = np.zeros(T)
        lost[drawn] += reward - b  # of several draws of one region, the last alone
        row_by_row = np.zeros(T)
        row_by_row[drawn] += ((reward - b)[:, None] * (one_hot - alpha))[np.arange(N), drawn]
        mean_reward = np.array([reward[drawn == t].mean() if (drawn == t).any() else 0 for t in range(T)])
        more = []
        if N >= T:
            more.append((((reward[drawn] - b)[:, None] * (one_hot - alpha)).mean(axis=0),
                         "reward[0] is that of draw 0, and so on: no reward[drawn]."))  # fmt: skip
        region_by_region = np.zeros(T)
        for t in set(drawn.tolist()):
            region_by_region += (mean_reward[t] - b) * (np.eye(T)[t] - alpha)
        draws = better * (one_hot - alpha)
        right, what = (better * (one_hot - alpha)).mean(axis=0), f"score_gradient, {N} draws, {T} regions"
        if N > 1:
            more.append((right / reward.std(), "Do not divide by the spread."))
            once = "draw counts: is there a `return` inside the loop, or is the sum begun anew in it?"
            more += [(draws[i] / n, f"As if only the {which} {once}")
                     for i, which in ((0, "first"), (-1, "last")) for n in (1, N)]  # fmt: skip
        checks.expect_close(answer, right, what, [
            ((reward[:, None] * (one_hot - alpha)).mean(axis=0), "The baseline is missing: reward - baseline."),
            (((reward + b)[:, None] * (one_hot - alpha)).mean(axis=0), "Minus the baseline, not plus."),
            (((reward - reward.mean())[:, None] * (one_hot - alpha)).mean(axis=0), "Take the baseline that is given."),
            (-(better * (one_hot - alpha)).mean(axis=0), "The sign is turned round: what was better goes up."),
            ((better * one_hot).mean(axis=0), "What was not drawn goes down: one_hot - alpha."),
            ((better * one_hot / alpha).mean(axis=0), "That is the gradient for alpha; of scores: one_hot - alpha."),
            ((better * (one_hot - alpha)).sum(axis=0), "The mean over the draws, not the sum."),
            ((better * (one_hot - alpha)).mean(), "The mean over the draws alone: axis 0."),
            (alpha * (better * (one_hot - alpha)).mean(axis=0), often),
            (alpha * (one_hot * better).mean(axis=0), f"{often} And what was not drawn goes down."),
            ((alpha[drawn][:, None] * better * (one_hot - alpha)).mean(axis=0), often),
            ((better * (one_hot - alpha[drawn][:, None])).mean(axis=0),
             "What was not drawn goes down by its own weight, alpha[t'], not by that of the region drawn."),
            ((better * (1 - alpha)).mean(axis=0), "1 - alpha belongs to the region drawn; elsewhere it is -alpha."),
            ((better * one_hot * (1 - alpha)).mean(axis=0), "What was not drawn goes down, too: -alpha there."),
            ((better * (one_hot - alpha)).sum(axis=0) / T, "Divide by the number of draws, not of regions."),
            (lost / N - alpha * better.mean(), KEPT), (lost - alpha * better.sum(), KEPT), (lost / N, KEPT),
            (row_by_row / N, KEPT),
            (alpha * (mean_reward - alpha @ mean_reward),
             "That weighs with alpha; asked for is the mean over the draws that came."),
            (((reward - reward.mean())[:, None] * (one_hot - alpha)).mean(axis=0), "Take the baseline that is given."),
            *more,
            ((np.log(alpha[drawn])[:, None] * draws).mean(axis=0),
             "one_hot - alpha is the gradient of log alpha: no other log alpha stands before it."),
            ((reward[:, None] * (one_hot - alpha)).mean(axis=0) - b, "The baseline stands in the brackets: reward less "
             "baseline, then times one_hot - alpha."),
            *((region_by_region / n, "Every draw counts, not every region once: the mean over all draws.")
              for n in (1, T, len(set(drawn.tolist())))),
            (draws.mean(axis=0) * np.log(alpha), "one_hot - alpha is the gradient of log alpha: no other log alpha "
             "stands before it."),
            (better.mean() * (one_hot - alpha).mean(axis=0), "Multiply draw by draw, then take the mean."),
        ])  # fmt: skip
    checks.solved("score_gradient learns from looks it has drawn")


def _of_focus(measure, value, count) -> str:
    """What may be wrong with a measure at one of its two ends, or "."."""
    if any(np.isclose(value, 1 - first / second, atol=1e-6)
           for first in BASES for second in BASES if first != second):  # fmt: skip
        return ": are there logarithms of two bases in it?"
    try:
        again = [measure(np.log(np.maximum(w, 1e-300))) for w in (np.eye(count)[3], np.full(count, 1 / count))]
    except NotYet:
        again = []
    if np.allclose(again, (1, 0)[: len(again)], atol=1e-3) and again:
        return ": as if a softmax were taken; the weights come from one already."
    if count < 64:
        return ": with 64 regions it was right; as if their number stood in your formula."
    if np.isclose(value, 1 / count, atol=1e-6):
        return f": that is 1 / {count}, the number of regions turned over; an even look is to give 0."
    return "."


BASES = [1, 1 / np.log(2), 1 / np.log(10)]  # of logarithms


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
                why = _of_focus(measure, value, count)
                raise NotYet(f"focus: {what}, {count} regions: expected {right}, got {value:.4g}{why}")
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
        half = measure((np.arange(count) < 2) / 2)
        if not found[1] + 1e-3 < half < found[0] - 1e-3:
            raise NotYet(
                f"focus: half on one region, half on another, of {count}: between 0 and 1, as that is sharper than all "
                f"alike and wider than one region alone; got {half:.4g}."
            )
        others.append(values - np.array([1 + (w * np.log(w)).sum() / np.log(count) for w in chain]))
    if np.abs(others).max() < 1e-3:
        raise NotYet("focus: that is the entropy of the lesson, turned round. It works; find another.")
    checks.solved("focus tells a sharp look from a wide one")
