"""Checks of lesson 02."""

import types

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.numpy_rnn import rnn_backward, rnn_forward


def _other_powers(W_h: float, T: int) -> list[tuple[float, str]]:
    """What slope_of may give with another h_T, with another derivative, or with both."""
    precedence = "** goes before -: write the exponent in brackets, W_h ** ("
    h_T = [(W_h ** (T - 1), ""), (W_h**T - 1, precedence + "T - 1)."),
           (W_h ** (T - 2), "h_1 is x_1 = 1, and h_2 is W_h already: h_T is W_h to the power T - 1, not T - 2."),
           (W_h ** (T + 1), "h_1 is x_1 = 1, so h_T is W_h to the power T - 1, not T + 1."),
           (W_h**T, "h_1 is x_1 = 1, so h_T is W_h to the power T - 1, not T.")]  # fmt: skip
    moves = [((T - 1) * W_h ** (T - 2), ""), ((T - 1) * W_h**T - 2, precedence + "T - 2)."),
             ((T - 1) * (W_h**T - 2), precedence + "T - 2)."),
             (T - 1 * W_h ** (T - 2), "* goes before -: write (T - 1) in brackets."),
             (T * W_h ** (T - 1), "W_h is used T - 1 times: (T - 1) times W_h to the power T - 2."),
             ((T - 1) * W_h ** (T - 1), "The power is one less in the derivative: W_h to the power T - 2."),
             ((T - 2) * W_h ** (T - 3), "W_h is used T - 1 times: (T - 1) times W_h to the power T - 2."),
             (T * W_h**T, "W_h is used T - 1 times: (T - 1) times W_h to the power T - 2."),
             ((T + 1) * W_h**T, "W_h is used T - 1 times: (T - 1) times W_h to the power T - 2.")]  # fmt: skip
    pairs = [((h - 1) * move, why or other) for h, why in h_T for move, other in moves if why or other]
    unbracketed = [(h - 1 * move, "* goes before -: write (h_T - 1) in brackets.") for h, _ in h_T for move, _ in moves]
    power = (W_h ** (T - 1) - 1) * (T - 1) * W_h**T - 2
    linear = "There is no tanh here: h_T is W_h to the power T - 1."
    parts = checks.mixtures(
        lambda h, error, move, factor: factor * error(h) * move,
        [*h_T[:1], *h_T[2:], (np.tanh(W_h) ** (T - 1), linear), (np.tanh(W_h ** (T - 1)), linear)],
        [(lambda h: h - 1, ""), (lambda h: 1 - h, "The sign is turned round: E grows with h_T - 1, not with 1 - h_T."),
         (lambda h: h + 1, "h_T should be 1, so the error is h_T - 1, not h_T + 1."),
         (lambda h: h, "E is the square of h_T - 1, not of h_T."),
         (lambda h: (h - 1) ** 2, "The derivative of a square has no square: E moves with h_T by h_T - 1."),
         (np.abs, "E is the square of h_T - 1, not of h_T, and no absolute value is taken.")],
        [moves[0], *moves[4:], (W_h ** (T - 2), "W_h is used T - 1 times, and every use contributes as much."),
         (T * W_h ** (T - 2), "At step 1 the memory before is 0: W_h is used T - 1 times, not T."),
         ((T - 2) * W_h ** (T - 2), "W_h is used at steps 2 to T: T - 1 times."),
         ((T - 1) * np.ones(()), "The derivative of W_h to the power T - 1 keeps a power: T - 2."),
         ((T - 1) * np.tanh(W_h) ** (T - 2), "There is no tanh here: T - 1 times W_h to the power T - 2."),
         (sum(W_h**k for k in range(T)), "Each use contributes alike, W_h to the power T - 2."),
         (sum(k * W_h ** (k - 1) for k in range(1, T)), "E looks at h_T alone: the other h_t have no loss.")],
        [(1, ""), (2, "The 2 of the square and the half in E cancel."),
         (0.5, "The half in E and the 2 of the square cancel."),
         (1 / T, "E is not divided by T: it stands at the last step alone.")],
    )  # fmt: skip
    right, uses = W_h ** (T - 1), (T - 1) * W_h ** (T - 2)
    return [
        *pairs,
        *unbracketed,
        (power, precedence + "T - 2)."),
        (right * uses - 1, "* goes before -: write (h_T - 1) in brackets."),
        ((right - 1) * right, "The derivative of W_h to the power T - 1 is T - 1 times W_h to the power T - 2."),
        ((right - 1) ** 2 * uses, "The derivative of a square has no square: E moves with h_T by h_T - 1."),
        *parts,
        ((T - 1) * right, "That is nearly how h_T moves, with a power of T - 2; and multiply it by h_T - 1."),
    ]


def _other_slopes(W_h: float, T: int) -> list[tuple]:
    """What slope_of gives by a likely mistake."""
    h_T, uses = W_h ** (T - 1), T - 1
    moves = uses * W_h ** (T - 2)  # ∂h_T/∂W_h
    return [

        ((1 - h_T) * moves, "The sign is turned round: E grows with h_T - 1, not with 1 - h_T."),
        ((h_T - 1) * W_h ** (T - 2), "W_h is used T - 1 times, and every use contributes as much: add them up."),
        ((h_T - 1) * T * W_h ** (T - 2), "At step 1 the memory before is 0: W_h is used T - 1 times, not T."),
        ((W_h**T - 1) * T * W_h ** (T - 1), "h_1 is x_1 = 1, so h_T is W_h to the power T - 1, not T."),
        ((h_T - 1) * T * h_T, "The derivative of W_h to the power T - 1 is T - 1 times W_h to the power T - 2."),
        ((h_T - 1) * uses * h_T, "The power is one less in the derivative: W_h to the power T - 2."),
        (moves, "That is how h_T moves with W_h: multiply by how E moves with h_T, which is h_T - 1."),
        (h_T - 1, "That is how E moves with h_T: multiply by how h_T moves with W_h."),
        (2 * (h_T - 1) * moves, "The 2 of the square and the half in E cancel."),
        ((h_T - 1) * (T - 2) * W_h ** (T - 2), "W_h is used at steps 2 to T: T - 1 times."),
        ((W_h**T - 1) * moves, "h_1 is x_1 = 1, so h_T is W_h to the power T - 1, not T."),
        ((h_T - 1) * sum(W_h**k for k in range(T - 1)), "Each use contributes alike, W_h to the power T - 2."),
        (h_T, "That is h_T: the question is how E moves with W_h."),
        ((np.tanh(h_T) - 1) * moves, "There is no tanh here: h_T is W_h to the power T - 1."),
        (h_T * moves, "E is the square of h_T - 1, not of h_T."),
        ((h_T - 1) ** 2 / 2, "That is E: the question is its derivative."),
        ((h_T - 1) * (1 - h_T**2) * moves, "There is no tanh here, so no derivative of tanh."),
        *_other_powers(W_h, T),
        ((W_h - 1) * moves, "The error is that of h_T, W_h to the power T - 1, not W_h: h_T - 1."),
        *(((error(W_h**T)) * T * h_T, "h_1 is x_1 = 1, so h_T is W_h to the power T - 1, not T.")
          for error in (lambda h: 1 - h, lambda h: h, lambda h: (h - 1) / 2)),
        (sum((W_h ** (t - 1) - 1) * (t - 1) * W_h ** (t - 2) for t in range(2, T + 1)),
         "E looks at the last step alone: no sum over the steps."),
        *((error * h_T * np.log(np.abs(W_h)) * times, "The derivative is by W_h, not by T: no logarithm, but T - 1 "
           "times W_h to the power T - 2.") for error in (h_T - 1, 1, h_T) for times in (1, T - 1)),
        ((h_T - 1) ** 2, "That is twice E: the question is its derivative by W_h."),
        ((h_T - 1) * uses * moves, "T - 1 comes in once: every use of W_h contributes W_h to the power T - 2."),
        ((uses * W_h - 1) * uses, "W_h is multiplied with itself, T - 1 times: a power, **, not a product."),
        (h_T * (h_T - 1) * moves, "E moves with h_T by h_T - 1 alone."),
    ]  # fmt: skip


def check_slope(slope_of) -> None:
    """(W_h, T) -> ∂E/∂W_h of h_T = W_h^(T - 1) and E = (h_T - 1)² / 2."""

    def right(W_h, T):
        return (W_h ** (T - 1) - 1) * (T - 1) * W_h ** (T - 2)

    def answer(W_h, T):
        return checks.as_array(checks.run(slope_of, W_h, T), (), "slope_of")

    cases = ((0.7, 5), (-1.3, 4), (2.0, 2), (0.95, 40), (1.5, 1))
    checks.expect_cases(answer, cases, right, "slope_of", checks.of_cases(_other_slopes, *cases[0]))
    checks.solved("slope_of is the gradient of W_h")


def check_step_back(step_back) -> None:
    """dh_t, h_t, h_prev (B, H), W_h (H, H) -> dh_prev (B, H), dW_h (H, H)."""
    rng = np.random.default_rng(2)
    dh_t, h_t, h_prev, W_h = (rng.normal(size=s) for s in [(3, 4), (3, 4), (3, 4), (4, 4)])
    h_t, h_prev = np.tanh(h_t), np.tanh(h_prev)
    answer = checks.run(step_back, dh_t, h_t, h_prev, W_h)
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise NotYet("step_back: expected two arrays, dh_prev and dW_h: end it with `return dh_prev, dW_h`.")
    dh_prev = checks.as_array(answer[0], (3, 4), "dh_prev", {(4,): "keep the batch", (4, 4): "dh_prev comes first"})
    dW_h = checks.as_array(
        answer[1],
        (4, 4),
        "dW_h",
        {
            (3, 4): "it has the shape of W_h: sum over the batch",
            (4, 3): "number by number, * keeps a column for each text: h_prev.T @ … adds up over them",
            (4,): "a number from each unit to each: h_prev.T @ … has the shape of W_h",
            (3, 3): "rows are texts, and are added up: h_prev.T stands on the left",
            (12, 12): "np.outer takes two vectors; with a row for each text, h_prev.T @ … adds up what it would give",
            (3, 4, 4): "add up over the texts, the first axis",
        },
    )
    da = dh_t * (1 - h_t**2)
    twice = dh_t * (1 - np.tanh(h_t) ** 2)
    slopes = [  # ∂E/∂a as it may come out, and what is wrong with it
        (dh_t * 1 - h_t**2, "* goes before -: write (1 - h_t**2) in brackets."),
        (dh_t / (1 - h_t**2), "Multiply by 1 - h_t**2, do not divide by it."),
        (dh_t * (1 - np.tanh(h_prev) ** 2), "The tanh of this step gave h_t: its slope is 1 - h_t**2, not of h_prev."),
        (dh_t * (1 - h_prev**2), "The tanh of this step gave h_t, not h_prev."),
        (dh_t * (1 + h_t**2), "The slope of tanh is 1 - h_t**2, with a minus."),
        (dh_t * (h_t**2 - 1), "The slope of tanh is 1 - h_t**2: the sign is turned round."),
        (dh_t * (1 - h_t) ** 2, "The square belongs to h_t alone: 1 - h_t**2."),
        (dh_t * np.tanh(h_t), "Multiply by the slope of tanh, 1 - h_t**2, not by tanh."),
        (dh_t * h_t, "Multiply by the slope of tanh, 1 - h_t**2, not by h_t."),
        (dh_t * (1 - h_t), "The derivative of tanh is 1 - h_t**2: the square is missing."),
        (dh_t * h_t * (1 - h_t), "That is the derivative of the sigmoid: the one of tanh is 1 - h_t**2."),
    ]
    turned = "And on the way back it is W_h.T."
    checks.expect_close(dh_prev, da @ W_h.T, "dh_prev", [
        (twice @ W_h, "That is as it was: h_t is tanh(a) already, and W_h is turned round on the way back."),
        (dh_t @ W_h, "The derivative of tanh is missing, 1 - h_t**2; and on the way back it is W_h.T."),
        (dh_t @ W_h.T * (1 - h_t**2), "Through tanh first, then through W_h: on the way back the last comes first."),
        (dh_t * (1 - h_t) @ W_h.T, "The derivative of tanh is 1 - h_t**2: the square is missing."),
        (dh_t * h_t * (1 - h_t) @ W_h.T, "That is the derivative of the sigmoid: the one of tanh is 1 - h_t**2."),
        (da @ W_h.T + dh_t, "Only what comes through this step is asked for: do not add dh_t."),
        (da @ W_h, "W_h is not transposed: on the way back it is W_h.T."),
        (dh_t @ W_h.T, "The derivative of tanh is missing: 1 - h_t**2."),
        (dh_t * (1 - np.tanh(h_t) ** 2) @ W_h.T, "h_t is tanh(a) already: the derivative is 1 - h_t**2."),
        *((slope @ W_h.T, why) for slope, why in slopes),
        *((slope @ W_h, f"{why} {turned}") for slope, why in slopes),
        (da, "That is ∂E/∂a: it goes on to h_prev through W_h.T."),
        *checks.mixtures(
            lambda slope, matrix, more: slope @ matrix * more,
            [(da, ""), *slopes, (twice, "h_t is tanh(a) already: the derivative is 1 - h_t**2."),
             (dh_t, "The derivative of tanh is missing: 1 - h_t**2."),
             (dh_t * (1 - h_t**2) ** 2, "The derivative of tanh comes in once: 1 - h_t**2.")],
            [(W_h.T, ""), (W_h, "W_h is not transposed: on the way back it is W_h.T."),
             (np.eye(4), "Through W_h, too: on the way back times W_h.T."),
             (np.linalg.inv(W_h), "The way back through W_h is its transpose, W_h.T, not its inverse."),
             (-W_h.T, "The sign is turned round.")],
            [(1, ""), (1 - h_prev**2, "That crosses the tanh of the step before, too: stop at h_prev."),
             (h_prev, "h_prev belongs into the gradient of W_h: what goes back to h_prev is times W_h.T alone."),
             (h_t, "What goes back to h_prev is times W_h.T alone, not times h_t."),
             (1 - h_t**2, "The derivative of tanh comes in once, before W_h.T."),
             (1 / 3, "Each text has its own: do not divide by their number.")],
        ),
    ])  # fmt: skip
    checks.expect_close(dW_h, h_prev.T @ da, "dW_h", [
        (h_t.T @ da, "W_h was multiplied with h_prev, not with h_t."),
        (da.T @ h_prev, "It is transposed: h_prev stood on the left of W_h."),
        (h_prev.T @ dh_t, "The derivative of tanh is missing: 1 - h_t**2."),
        (h_t.T @ twice, "W_h was multiplied with h_prev, not with h_t; and h_t is tanh(a) already: 1 - h_t**2."),
        (h_prev.T @ twice, "h_t is tanh(a) already: the derivative is 1 - h_t**2."),
        (da.T @ h_t, "W_h was multiplied with h_prev, not with h_t, and h_prev stood on its left."),
        (h_prev.T @ da / 3, "Add over the batch, do not take the mean: the loss decides about that."),
        *((h_prev.T @ slope, why) for slope, why in slopes),
        *((h_t.T @ slope, f"{why} And W_h was multiplied with h_prev, not with h_t.") for slope, why in slopes),
        *((np.outer(h_prev[n], da[n]), "That is one text only: add up over all of them, h_prev.T @ da.")
          for n in range(3)),
        *((np.outer(h_t[n], da[n]), "That is one text only, and W_h was multiplied with h_prev: h_prev.T @ da.")
          for n in range(3)),
        *checks.mixtures(
            lambda left, slope, more: more(left.T @ slope),
            [(h_prev, ""), (h_t, "W_h was multiplied with h_prev, not with h_t."),
             (dh_t, "W_h was multiplied with h_prev, which stands on the left: h_prev.T @ …"),
             (np.ones_like(h_prev), "W_h was multiplied with h_prev: h_prev.T @ …, not a sum alone."),
             (np.tanh(h_prev), "h_prev has been through its tanh already: h_prev.T @ …")],
            [(da, ""), *slopes, (twice, "h_t is tanh(a) already: the derivative is 1 - h_t**2."),
             (dh_t, "The derivative of tanh is missing: 1 - h_t**2."),
             (da @ W_h.T, "To W_h goes ∂E/∂a itself: it has not gone through W_h.T."),
             (da @ W_h, "To W_h goes ∂E/∂a itself: it has not gone through W_h.")],
            [(lambda d: d, ""), (lambda d: d.T, "It is transposed: h_prev stood on the left of W_h."),
             (lambda d: d / 3, "Add over the batch, do not take the mean: the loss decides about that."),
             (lambda d: -d, "The sign is turned round."),
             (lambda d: d @ W_h, "The gradient of W_h has no factor W_h: h_prev.T @ da."),
             (lambda d: d @ W_h.T, "The gradient of W_h has no factor W_h: h_prev.T @ da."),
             (lambda d: d * W_h, "The gradient of W_h has no factor W_h: h_prev.T @ da."),
             (lambda d: d + W_h, "Only the gradient is asked for: do not add it to W_h."),
             (lambda d: W_h - d, "Only the gradient is asked for: do not take it from W_h.")],
        ),
    ])  # fmt: skip
    checks.solved("step_back goes one step back in time")


def _other_norms(arrays: list[np.ndarray]) -> list[tuple[float, str]]:
    """What may be taken for the common norm of arrays."""
    lengths, whole = [np.linalg.norm(g) for g in arrays], np.concatenate([g.ravel() for g in arrays])
    found = [
        (max(lengths), "That is the largest norm of an array: take one norm over all of them."),
        (np.mean(lengths), "That is the mean of the arrays' norms: take one norm over all of them."),
        ((whole**2).mean(), "The norm is the root of the sum of squares: that is their mean, without a root."),
        (sum((g**2).mean() for g in arrays), "The norm is the root of the sum of squares, not of means of arrays."),
        (np.sqrt(sum((g**2).mean() for g in arrays)), "Add up all squares, .sum(), do not take an array's mean."),
        (abs(whole.sum()), "Square the numbers before you add them up."),
        (whole.sum(), "Square the numbers before you add them up."),
    ]
    named = ("the first", "the last")
    ends = [(lengths[n], f"That is the norm of {named[n]} array: take one norm over all arrays.") for n in (0, -1)]
    return ends + found + [(length**2, f"{why[:-1]}, and its root.") for length, why in ends]


def check_clip(clip) -> None:
    """A list of arrays and a limit -> the arrays, scaled together to a common norm of at most the limit."""
    rng = np.random.default_rng(3)
    long = [rng.normal(size=(3, 2)), 5 * rng.normal(size=4), 2 * rng.normal(size=3)]
    short = [np.array([0.1, -0.2]), np.array([[0.2]])]
    norm = np.sqrt(sum((g**2).sum() for g in long))

    def flat(answer, given):
        if isinstance(answer, types.GeneratorType):
            raise NotYet("clip: expected a list, got a generator: write [ ] around it, not ( ), or list(…).")
        one = answer[0] if isinstance(answer, (list, tuple)) and len(answer) == 1 else answer
        if isinstance(one, np.ndarray) and one.shape == (sum(g.size for g in given),) and len(given) > 1:
            raise NotYet("clip: the arrays come back joined to one: join them for the norm alone, and return a list of "
                         f"{len(given)} arrays, with the shapes they came in.")  # fmt: skip
        if isinstance(answer, np.ndarray) or (isinstance(answer, (list, tuple)) and len(answer) == 1 < len(given)):
            raise NotYet(f"clip: expected a list of {len(given)} arrays, got one array: is return inside the loop?")
        if not isinstance(answer, (list, tuple)) or len(answer) != len(given):
            got = f"{len(answer)} things" if isinstance(answer, (list, tuple)) else type(answer).__name__
            raise NotYet(
                f"clip: expected a list of {len(given)} arrays, as many as came in, and nothing else; got {got}."
            )
        return np.concatenate([checks.as_array(a, g.shape, "clip").ravel() for a, g in zip(answer, given, strict=True)])

    whole = np.concatenate([g.ravel() for g in long])
    checks.expect_close(flat(checks.run(clip, [g.copy() for g in long], 2.0), long), whole * 2 / norm, "clip", [
        (whole, "The norm is above the limit, and nothing was scaled."),
        (whole / norm, "It is scaled to norm 1: scale it to the limit."),
        (np.clip(whole, -2, 2), "Every number was cut on its own: that turns the gradient. Scale all by one number."),
        (np.concatenate([(g * min(1.0, 2 / float(np.linalg.norm(g)))).ravel() for g in long]),
         "Each array was scaled on its own: take one norm over all arrays."),
        (whole * 2 / norm**2, "Take the square root of the sum of squares."),
        (whole * 2 / sum(np.linalg.norm(g) for g in long), "Add the squares of numbers, not the lengths of arrays."),
        (whole * 2 / np.abs(whole).max(), "The norm is the root of the sum of squares, not the largest number."),
        (whole * 2 / np.abs(whole).sum(), "The norm is the root of the sum of squares, not a sum of absolute values."),
        (whole * 2 / np.sqrt((whole**2).mean()), "The norm is the root of the sum of squares, not of their mean."),
        (whole * 2 / np.sqrt((whole**2).sum() / 3), "The norm is the root of the sum over all arrays, not of a mean."),
        (whole * norm / 2, "Turned round: multiply by limit / norm."),
        *((whole * 2 / by, why) for by, why in _other_norms(long)),
        (whole * 2, "It is multiplied by the limit: multiply by limit / norm."),
        (whole / 2, "It is divided by the limit: multiply by limit / norm."),
        (whole - 2 / norm, "Multiply by limit / norm, do not subtract it: the direction has to stay."),
        (0 * whole, "All is 0: what is above the limit is scaled by limit / norm; // would cut that to 0."),
        *checks.mixtures(
            lambda length, factor: whole * factor(length),
            [(norm, ""), (np.sqrt(np.abs(whole).sum()), "Add up squares, not absolute values."),
             (norm**2, "Take the square root of the sum of squares."), *_other_norms(long),
             (np.abs(whole).sum(), "The norm is the root of the sum of squares, not a sum of absolute values."),
             (np.abs(whole).max(), "The norm is the root of the sum of squares, not the largest number."),
             (sum(np.linalg.norm(g) for g in long), "Add the squares of numbers, not the lengths of arrays.")],
            [(lambda length: 2 / length, ""),
             (lambda length: (2 / length) ** 0.5, "Scale by limit / norm, without a root."),
             (lambda length: (2 / length) ** 2, "Scale by limit / norm, without a square."),
             (lambda length: 2 / length**2, "Scale by limit / norm: divide by the norm once."),
             (lambda length: 2**0.5 / length, "Scale by limit / norm, without a root of the limit."),
             (lambda length: 4 / length, "Scale by limit / norm, without a square of the limit."),
             (lambda length: 1 / length, "It is scaled to norm 1: scale it to the limit."),
             (lambda length: 2 / (2 + length), "Scale by limit / norm: nothing is added to the norm."),
             (lambda length: 1 - 2 / length, "Scale by limit / norm, not by 1 minus it."),
             (lambda length: length / 2, "Turned round: multiply by limit / norm.")],
        ),
        (whole - (norm - 2), "Multiply by limit / norm, do not subtract: the direction has to stay."),
    ])  # fmt: skip
    for by, limit in ((1.8, 2.0), (0.6, 0.5)):  # where the norm and its square lie on two sides of the limit
        given = [g * by / norm for g in long]
        right = whole * min(by, limit) / norm
        checks.expect_close(flat(checks.run(clip, [g.copy() for g in given], limit), given), right,
                            f"clip, norm {by}, limit {limit}", [
            (whole * by / norm * limit / by**2, "Compare the norm with the limit, not its square."),
            (whole * by / norm * limit / by, "The norm is not above the limit, and it was scaled. Is its square "
             "compared, or nothing? Below the limit, leave the gradient as it is: do not scale it up."),
            (whole / norm, "The norm is not above the limit, and it was scaled to 1: leave it as it is."),
            (whole * by / norm, "The norm is above the limit, and nothing was scaled: is its square compared?"),
        ])  # fmt: skip
    small = np.concatenate([g.ravel() for g in short])
    checks.expect_close(flat(checks.run(clip, [g.copy() for g in short], 2.0), short), small, "clip below the limit", [
        (small * 2 / np.linalg.norm(small), "Below the limit, leave the gradient as it is: do not scale it up."),
    ])  # fmt: skip
    zero = flat(checks.run(clip, [np.zeros(2)], 1.0), [np.zeros(2)])
    checks.expect_close(zero, np.zeros(2), "clip of a gradient that is zero")
    checks.solved("clip scales all gradients by one number")


def check_start(my_start) -> None:
    """(H, rng) -> W_h (H, H) with which a gradient of length 1 is 0.01 to 100 long, 50 steps back, on noise."""
    for seed, H in enumerate((64, 64, 48)):
        rng = np.random.default_rng(seed)
        W_h = checks.as_array(checks.run(my_start, H, rng), (H, H), "my_start", {
            (H,): "that is one row: a number from each unit to each, size=(H, H)",
            **({} if H == 64 else {(64, 64): "it is asked for another number of units now: use H, not 64"}),
        })  # fmt: skip
        noise, towards = 0.5 * rng.normal(size=(8, 51, H)), rng.normal(size=(8, H))
        zero, identity = np.zeros((8, H)), np.eye(H)

        def back(W_h, noise=noise, towards=towards, zero=zero, identity=identity):
            """How long the gradient is 50 steps back; how loud the memory is, 1 if all units are at -1 or 1."""
            h = rnn_forward(noise, identity, W_h, np.zeros(len(W_h)), zero)
            dh_out = np.zeros_like(h)
            dh_out[:, -1] = towards / np.linalg.norm(towards, axis=1, keepdims=True)
            dh = rnn_backward(dh_out, noise, h, identity, W_h, zero)["h"][:, 0]
            return np.linalg.norm(dh, axis=-1).mean(), np.linalg.norm(h[:, -1], axis=-1).mean() / np.sqrt(len(W_h))

        reach, loud = back(W_h)
        if not 0.01 <= reach <= 100:
            radius = np.abs(np.linalg.eigvals(W_h)).max()
            others = {size: back(size / radius * W_h)[0] for size in np.arange(0.5, 3, 0.1)} if radius > 1e-9 else {}
            helps = [size for size, found in others.items() if 0.01 <= found <= 100]
            way = "vanishes" if reach < 0.01 else "explodes"
            if reach < 0.01 and loud > 0.9:
                way += ", since all units are near -1 or 1, where tanh is flat"
            if helps:
                more = "less" if min(helps) < radius else "more"
                way += f": stretch {more} in W_h (its spectral radius is {radius:.2g})"
            elif not W_h.any():
                way += ": W_h is 0 everywhere, so nothing comes from the step before"
            else:
                way += (
                    ", and so it does with this matrix times any other number: with noise coming in, stretching alone "
                    "does not do. Take another kind of matrix, one that turns and mixes all units (orthogonal, "
                    "Gaussian), times a number"
                )
            raise NotYet(f"my_start: 50 steps back the gradient is {reach:.1e} long; it {way}.")
    checks.solved("my_start reaches 50 steps back")
