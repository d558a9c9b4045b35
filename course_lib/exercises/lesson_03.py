"""Checks of lesson 03."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from course_lib import checks
from course_lib.checks import NotYet
from course_lib.numpy_rnn import lstm_forward, sigmoid
from course_lib.worlds import nesting


def _pair(answer, names: str, shapes: Sequence[tuple], hints: Sequence[dict]) -> list[np.ndarray]:
    """The arrays of an answer, or NotYet; names: "a, b"."""
    expected = names.split(", ")
    if not isinstance(answer, (tuple, list)) or len(answer) != len(expected):
        raise NotYet(f"expected {len(expected)} arrays: end it with `return {names}`.")
    return [checks.as_array(a, s, n, h) for a, n, s, h in zip(answer, expected, shapes, hints, strict=True)]


def check_step_back(step_back) -> None:
    """One step back through an LSTM: -> what goes to h_{t-1}, what goes to c_{t-1}, (B, H) each."""
    rng = np.random.default_rng(4)
    for B, H, size in ((2, 3, 1), (4, 5, 3)):
        _check_one_step_back(step_back, rng, B, H, size)
    checks.solved("step_back hands back what it should")


def _check_one_step_back(step_back, rng, B: int, H: int, size: float) -> None:
    dh_t, dc_next, c_prev, c_t = rng.normal(scale=size, size=(4, B, H))
    i, f, o = rng.uniform(0.05, 0.95, size=(3, B, H))
    g, W_h = rng.uniform(-0.95, 0.95, size=(B, H)), rng.normal(size=(H, 4 * H))
    given = (dh_t, dc_next, i, f, g, o, c_prev, c_t, W_h)
    tanh_c = np.tanh(c_t)
    answer = checks.run(step_back, *(each.copy() for each in given))
    turned = {(H, B): "rows and columns are exchanged"}
    wide = {(B, 4 * H): "that is da: its way to h_{t-1} is the product with W_h.T"}
    to_h, to_c = _pair(answer, "dh_prev, dc_prev", [(B, H)] * 2, [wide | turned, turned])

    right = [i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)]

    def back(squashed=tanh_c, shown=o, later=dc_next, order=(0, 1, 2, 3), slopes=None, shares=None, through=None):
        dc = later + dh_t * shown * (1 - squashed**2) if through is None else through
        d, slope = [dc * g, dc * c_prev, dc * i, dh_t * tanh_c], list(right)
        for n, other in (slopes or {}).items():
            slope[n] = other
        for n, other in (shares or {}).items():
            d[n] = other
        da = np.hstack([d[n] * slope[n] for n in order])
        return da @ W_h.T, dc, dc * f

    h, dc, c = back()
    no_page = "To c_{t-1} goes f times all of dc_t: what came from step t + 1, and what came through h_t."
    between = "Between a gate and its sum stands a sigmoid or tanh: times its slope."
    sigmoids = "Gates come from a sigmoid: its slope is i (1 - i), f (1 - f), o (1 - o)."
    not_squashed = "tanh is applied to c_t, so its slope is 1 - tanh(c_t)**2."
    if np.allclose(to_h, c) and np.allclose(to_c, h):
        raise NotYet("step_back: the two are right, but in the wrong order: to h first, then to c.")
    shown = [  # what comes to c_t through h_t
        (dh_t * o * (1 - tanh_c**2), ""), (dh_t * o * (1 - c_t**2), not_squashed), (0, no_page),
        (dh_t * o, "The way through h_t crosses tanh: its slope is 1 - tanh(c_t)**2."),
        (dh_t * (1 - tanh_c**2), "The way through h_t crosses the output gate: times o."),
        (dh_t * (1 - c_t**2), "The way through h_t crosses the output gate, times o; its slope is 1 - tanh(c_t)**2."),
        (dh_t * o * (1 - tanh_c), "The slope is 1 - tanh(c_t)**2: the square is missing."),
        (dh_t * o * tanh_c, "The way through h_t is crossed with the slope of tanh, 1 - tanh(c_t)**2, not with tanh."),
        (dh_t * f * (1 - tanh_c**2), "The way through h_t crosses the output gate: times o, not f."),
        (dh_t * i * (1 - tanh_c**2), "The way through h_t crosses the output gate: times o, not i."),
        (dh_t * o * (1 - np.tanh(c_prev) ** 2), "h_t shows c_t, not c_{t-1}: 1 - tanh(c_t)**2."),
        (dh_t * o * (1 + tanh_c**2), "The slope of tanh has a minus: 1 - tanh(c_t)**2."),
        (dh_t * o * (1 - o) * (1 - tanh_c**2), "On the way through h_t o is a factor: its slope is on the way to a_o."),
    ]  # fmt: skip
    stayed = [  # what comes from step t + 1
        (dc_next, ""), (0, no_page), (-dc_next, "What comes on two ways is added, not subtracted."),
        (dc_next * f, "dc_next is what step t + 1 hands to c_t, its forget gate included: f comes in once, on the way "
         "to c_{t-1}."),
    ]  # fmt: skip
    kept = [(f, ""), (1, "Between c_{t-1} and c_t stands the forget gate: times f."),
            *((by, "What is kept of c_{t-1} is f: times f.") for by in (1 - f, o, i, g, c_prev, f * (1 - f))),
            (f * (1 - f), "f is the gate itself, no slope stands on the way to c_{t-1}: times f."),
            (f**2, "Once times f is enough: c_{t-1} goes through the forget gate once.")]  # fmt: skip
    checks.expect_close(to_c, c, "step_back, to c_{t-1}", [
        (dc_next * f, no_page),
        (dc_next * f + dh_t, no_page),
        ((dc - dc_next) * f, no_page),
        (back(squashed=c_t)[2], not_squashed),
        (back(squashed=np.zeros_like(c_t))[2], "The way through h_t crosses tanh: its slope is 1 - tanh(c_t)**2."),
        ((dc_next + dh_t * o * (1 - tanh_c)) * f, "The slope is 1 - tanh(c_t)**2: the square is missing."),
        (back(shown=1)[2], "The way through h_t crosses the output gate: times o."),
        (dc, "Between c_{t-1} and c_t stands the forget gate: times f."),
        (dc * f**2, "Once times f is enough: c_{t-1} goes through the forget gate once."),
        (dc * f + dc_next * f, "dc_t holds dc_next already: do not add dc_next * f once more."),
        (dc * f + dc_next, "dc_t holds dc_next already: do not add dc_next once more."),
        (back(squashed=np.tanh(c_t**2) ** 0.5)[2], "tanh is squared, not c_t: 1 - tanh(c_t)**2, not 1 - tanh(c_t**2)."),
        (back(squashed=np.tanh(np.tanh(c_t)))[2], "One tanh is enough: its slope is 1 - tanh(c_t)**2."),
        (back(through=dc_next + dh_t * o * 1 - tanh_c**2)[2], "* goes before -: write (1 - tanh(c_t)**2) in brackets."),
        (back(through=dc_next + dh_t * o * 1 - c_t**2)[2], "* goes before -: brackets; and it is 1 - tanh(c_t)**2."),
        (back(through=dc_next + dh_t * tanh_c)[2], "c_t goes to h_t through tanh and o: times o times tanh's slope."),
        (back(through=dc_next + dh_t)[2], "c_t goes to h_t through tanh and o: times o times tanh's slope."),
        (back(through=dc_next - dh_t * o * (1 - tanh_c**2))[2], "What comes on two ways is added, not subtracted."),
        (dc * (1 - f), "What is kept of c_{t-1} is f, not 1 - f: times f."),
        (dc * o, "What is kept of c_{t-1} is f, not o: times f."),
        (dc * c_prev, "What is kept of c_{t-1} is f: times f; c_{t-1} itself goes to the forget gate."),
        (dc * i, "What is kept of c_{t-1} is f, not i: times f."),
        (dc * g, "What is kept of c_{t-1} is f, not g: times f."),
        *checks.mixtures(lambda through, later, by: (later + through) * by, shown, stayed, kept),
        (dc * f + dh_t, "To c_{t-1} goes what dc_t gathers, times f: do not add dh_t once more."),
        (dc * f + dh_t @ W_h[:, :H].T, "To c_{t-1} there is no matrix: f times all of dc_t."),
    ])  # fmt: skip
    checks.expect_close(to_h, h, "step_back, to h_{t-1}", [
        (back(squashed=c_t)[0], not_squashed),
        (back(later=0)[0], "All that dc_t gathers goes on to the gates: dc_next, too."),
        *((back(order=order)[0], "The columns of W_h are in the order i, f, g, o, and yours are in the order "
           + ", ".join("ifgo"[n] for n in order) + ".") for order in list(itertools.permutations(range(4)))[1:]),
        (back(slopes=dict.fromkeys(range(4), 1))[0], between),
        *((back(slopes={n: 1})[0], f"{between} It is missing for {'ifgo'[n]}.") for n in range(4)),
        (back(slopes={2: g * (1 - g)})[0], "g comes from a tanh: its slope is 1 - g**2, not g (1 - g)."),
        (back(slopes={2: 1 - g})[0], "g comes from a tanh: its slope is 1 - g**2, the square is missing."),
        (back(slopes={2: 1 - np.tanh(g) ** 2})[0], "g is tanh(…) already: its slope is 1 - g**2."),
        (back(slopes={0: 1 - i**2, 1: 1 - f**2, 3: 1 - o**2})[0], sigmoids),
        *((back(slopes={n: 1 - gate**2})[0], sigmoids) for n, gate in ((0, i), (1, f), (3, o))),
        *((back(slopes={n: gate})[0], sigmoids) for n, gate in ((0, i), (1, f), (3, o))),
        *((back(slopes={n: 1 - gate})[0], sigmoids) for n, gate in ((0, i), (1, f), (3, o))),
        (back(shares={0: dc * g * i * 1 - i, 1: dc * c_prev * f * 1 - f, 3: dh_t * tanh_c * o * 1 - o},
              slopes={0: 1, 1: 1, 3: 1})[0], "* goes before -: write (1 - i), (1 - f), (1 - o) in brackets."),
        (back(shares={3: dh_t * c_t})[0], "h_t is o times tanh(c_t): what goes to o is dh_t * tanh(c_t)."),
        (back(shares={3: dc * tanh_c})[0], "o stands in h_t, not in c_t: what goes to o is dh_t * tanh(c_t)."),
        (back(shares={1: dc * c_t})[0], "The forget gate multiplied c_{t-1}, not c_t."),
        (back(shares={0: dc * i, 2: dc * g})[0], "i and g multiplied each other: to i goes dc_t * g, to g dc_t * i."),
        *_other_ways(dh_t, dc_next, i, f, g, o, c_prev, c_t, W_h),
        (h + dh_t, "h_{t-1} gets what comes through the four sums; dh_t belongs to step t."),
    ])  # fmt: skip


def _other_ways(dh_t, dc_next, i, f, g, o, c_prev, c_t, W_h) -> list[tuple]:
    """What may go to h_{t-1} with one or two mistakes in what dc_t hands to the gates, or in the slopes."""
    shown, tanh_c = dh_t * o * (1 - np.tanh(c_t) ** 2), np.tanh(c_t)
    all_of_it = "To the gates goes all of dc_t: what came from step t + 1, and what came through h_t."

    def instead(names, hint):
        return [(name, hint) for name in names]

    def build(dc, to_i, to_f, to_g, to_o, slopes):
        values = {"dc": dc, "dh": dh_t, "i": i, "f": f, "g": g, "o": o, "c_prev": c_prev, "c": c_t, "tanh_c": tanh_c}
        shares = [np.zeros_like(c_t) + np.prod([values[n] for n in way.split()], axis=0) if way else np.zeros_like(c_t)
                  for way in (to_i, to_f, to_g, to_o)]  # fmt: skip
        return np.hstack([share * slope for share, slope in zip(shares, slopes, strict=True)]) @ W_h.T

    right = [i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)]
    sigmoids = "Gates come from a sigmoid: its slope is i (1 - i), f (1 - f), o (1 - o)."
    return checks.mixtures(
        build,
        [(dc_next + shown, ""), (dc_next, all_of_it), (shown, all_of_it), (dh_t, all_of_it),
         ((dc_next + shown) * f, "f stands on the way to c_{t-1}: to the gates goes dc_t itself."),
         (dc_next * f + shown, "dc_next is what step t + 1 hands to c_t, its forget gate included."),
         (dc_next + dh_t * o, "The way through h_t crosses tanh: its slope is 1 - tanh(c_t)**2."),
         (dc_next + shown / o, "The way through h_t crosses the output gate: times o.")],
        [("dc g", ""), *instead(["dc i", "dc c_prev", "dc c", "dh g", "dc", ""],
                                "To i goes dc_t * g: i multiplied g.")],
        [("dc c_prev", ""), *instead(["dc g", "dc c", "dc f", "dh c_prev", "dc", "dc tanh_c", ""],
                                     "To f goes dc_t * c_prev: f multiplied c_{t-1}.")],
        [("dc i", ""), *instead(["dc g", "dc c_prev", "dc f", "dh i", "dc", ""],
                                "To g goes dc_t * i: i multiplied g.")],
        [("dh tanh_c", ""), *instead(["dc tanh_c", "dh c", "dc c", "dc o", "dh o", "dh", "dc", ""],
                                     "To o goes dh_t * tanh(c_t): h_t is o times tanh(c_t), and c_t has no o in it.")],
        [(right, ""), ([1 - i**2, 1 - f**2, 1 - g**2, 1 - o**2], sigmoids),
         ([*right[:2], g * (1 - g), right[3]], "g comes from a tanh: its slope is 1 - g**2, not g (1 - g)."),
         ([1, 1, 1, 1], "Between a gate and its sum stands a sigmoid or tanh: times its slope."),
         ([*right[:2], 1, right[3]], "Between g and its sum stands a tanh: times 1 - g**2.")],
    )  # fmt: skip


def check_delta_f(delta_f) -> None:
    """∂E/∂c_t, c_{t-1}, f_t, g_t (B, H) -> ∂E/∂a_f, with i_t = 1 - f_t."""
    rng = np.random.default_rng(5)
    for B, H, size in ((2, 5, 1), (3, 4, 40)):
        dE_dc, c_prev = rng.normal(scale=size, size=(2, B, H))
        f, g = rng.uniform(0.05, 0.95, size=(B, H)), rng.uniform(-0.95, 0.95, size=(B, H))
        shapes = {
            (H,): "keep a row for each text, do not add them up",
            (H, B): "rows and columns are exchanged",
            (B, B): "use * for a product number by number, not @",
            (): "keep a number for each text and unit, do not add them up",
        }
        given = (each.copy() for each in (dE_dc, c_prev, f, g))
        answer = checks.as_array(checks.run(delta_f, *given), (B, H), "delta_f", shapes)
        c_t = f * c_prev + (1 - f) * g
        slope, squashed, two = f * (1 - f), sigmoid(f) * (1 - sigmoid(f)), "f_t is used in two places: "
        checks.expect_close(answer, dE_dc * (c_prev - g) * slope, "delta_f", [
            (dE_dc * (c_prev - g), "That is ∂E/∂f_t. Go on through the sigmoid: times f (1 - f)."),
            (dE_dc * c_prev, two + "it keeps c_{t-1}, and 1 - f_t writes g_t. And the sigmoid is missing."),
            (dE_dc * c_prev * slope, two + "it keeps c_{t-1}, and 1 - f_t writes g_t."),
            (dE_dc * g * slope, two + "it keeps c_{t-1}, and 1 - f_t writes g_t."),
            (-dE_dc * g * slope, two + "it keeps c_{t-1}, and 1 - f_t writes g_t."),
            (dE_dc * (c_prev + g) * slope, two + "1 - f_t has the derivative -1, so one of them has a minus."),
            (dE_dc * (c_prev + g), two + "1 - f_t has the derivative -1. And the sigmoid is missing."),
            (dE_dc * (g - c_prev) * slope, "The sign is turned: more f_t means more of c_{t-1} and less of g_t."),
            (dE_dc * (c_prev - g) * (1 - f**2), "1 - f² is the slope of tanh. f_t comes from a sigmoid: f (1 - f)."),
            (dE_dc * (c_prev - g) * squashed, "f is behind its sigmoid already: the slope is f (1 - f)."),
            (dE_dc * (c_prev - g) * f, "The slope of the sigmoid has two factors: f (1 - f)."),
            (dE_dc * (c_prev - g) * (1 - f), "The slope of the sigmoid has two factors: f (1 - f)."),
            (dE_dc * (f * c_prev - (1 - f) * g) * slope, "By f_t the derivative of f_t c is c: f_t is gone."),
            (dE_dc * (f * c_prev + (1 - f) * g), "That is dE_dc times c_t itself. Take the derivative of c_t by f_t."),
            (dE_dc * (c_prev - g) * f * 1 - f, "* goes before -: write f * (1 - f), in brackets."),
            (dE_dc * c_prev - g * slope, "* goes before -: write (c_prev - g) in brackets."),
            (dE_dc * (c_prev - g) * slope**2, "The slope of the sigmoid comes in once: f (1 - f), not its square."),
            (dE_dc * (c_prev - g) * f**2 * (1 - f), "f (1 - f) comes in once: there is an f too many."),
            (dE_dc * (c_prev - g) * f * (1 - f) ** 2, "f (1 - f) comes in once: there is a 1 - f too many."),
            *((dE_dc * c_t * factor, "Not c_t itself: take the derivative of c_t by f_t, which is c_{t-1} - g_t.")
              for factor in (slope, 1, f)),
            (dE_dc * (c_t - g) * slope, "By f_t the derivative of f_t c_{t-1} is c_{t-1}, not c_t."),
            (dE_dc * (c_t - c_prev) * slope, "By f_t the derivative of c_t is c_{t-1} - g_t."),
            *((dE_dc * (c_prev - 1) * factor, "1 - f_t is multiplied with g_t, so its derivative is -g_t, not -1.")
              for factor in (slope, 1)),
            (dE_dc * (c_prev - g) * (f - 1) * f, "The slope of the sigmoid is f (1 - f), not f (f - 1)."),
            (dE_dc * (c_prev - g) / slope, "Multiply by the slope of the sigmoid, f (1 - f): do not divide."),
            (dE_dc * (c_prev * slope - g), "f_t comes from the sigmoid in both places: times f (1 - f), both times."),
            (dE_dc * (c_prev - g * slope), "f_t comes from the sigmoid in both places: times f (1 - f), both times."),
            (dE_dc * (c_prev * slope - g * (1 - f)), "By f_t, (1 - f_t) g_t has the derivative -g_t: times f (1 - f)."),
            (dE_dc * (c_prev * f - g * (1 - f)), "By f_t, c_t has the derivative c_{t-1} - g_t: times f (1 - f)."),
            (dE_dc * slope, "The derivative of c_t by f_t is missing: c_{t-1} - g_t."),
            (dE_dc * (c_prev - g) * f - f**2, "* goes before -: write (f - f**2) in brackets."),
            (dE_dc * c_prev * f, two + "it keeps c_{t-1}, and 1 - f_t writes g_t. And the slope is f (1 - f)."),
            *(((c_prev - g) * part, "By the chain rule it is multiplied with dE_dc; and the slope is f (1 - f).")
              for part in (f, 1 - f, 1)),
            (dE_dc + (c_prev - g) * slope, "By the chain rule it is multiplied with dE_dc, not added."),
            ((c_prev - g) * slope, "The derivative of c_t is right; by the chain rule it is multiplied with dE_dc."),
            *checks.mixtures(
                lambda error, moves, through, more: error * moves * through * more,
                [(dE_dc, ""), (1, "By the chain rule it is multiplied with dE_dc."),
                 (-dE_dc, "The sign is turned: more f_t means more of c_{t-1} and less of g_t.")],
                [(c_prev - g, ""), *((value, "By f_t the derivative of c_t is c_{t-1} - g_t.") for value in (
                    c_prev, g, c_prev + g, c_prev - 2 * g, c_t, c_t - g, c_prev - 1, c_prev - (1 - f) * g,
                    f * c_prev - g, f * c_prev - (1 - f) * g, f * c_prev + (1 - f) * g, c_prev * g,
                    c_prev + (1 - f) * g, c_prev - f * g, c_t - c_prev, f * c_prev))],
                [(slope, ""), (1, "That stops at f_t: go on through the sigmoid, times f (1 - f)."),
                 *((value, "The slope of the sigmoid is f (1 - f).") for value in (
                     1 - f**2, squashed, sigmoid(f), f, 1 - f, f**2 * (1 - f), f * (1 - f) ** 2, slope**2, f + 1 - f,
                     f * (1 + f), 1 / slope, f**2, f * (1 - f**2), 1 - np.tanh(f) ** 2, f * (f - 1)))],
                [(1, ""), (1 - g**2, "g_t does not change with a_f: its tanh is not on the way."),
                 (f, "There is an f too many: f_t is gone in the derivative of f_t c_{t-1}."),
                 (1 / B, "Each text has its own: no mean is taken."),
                 (2, "There is a 2 too many."),
                 (1 - np.tanh(c_t) ** 2, "dE_dc is behind the tanh of h_t already: its slope is not on the way.")],
            ),
        ])  # fmt: skip
    checks.solved("delta_f: through both places, and the sigmoid")


FIGURE = [  # right or wrong, and where to look
    (True, "left panel: compare the solid line of bias 3 with the vanilla RNN's at 50."),
    (False, "left panel, bias 3, at 50: how far below the solid line is the dashed one, on a logarithmic scale?"),
    (True, "the direct path is a product of forget gates, and none of them is above 1."),
    (True, "right panel: on which side of 1 does the solid line of bias 3 end?"),
    (
        False,
        "the figure was drawn before any training, on random tokens: it shows what can arrive, not what is learned.",
    ),
]


def check_figure_says(figure_says) -> None:
    """Five marks, True or False, as a list."""
    marks = checks.run(figure_says)
    checks.marks(marks, [right for right, _ in FIGURE], [f"Look again: {look}" for _, look in FIGURE],
                 "figure_says")  # fmt: skip
    checks.solved("figure_says: five right marks")


def _log_odds(f):
    return np.log(f / (1 - f)) if 0 < f < 1 else np.nan


def _other_biases(steps: int) -> list[tuple]:
    """What forget_bias_for may give with another gate, with something else in place of the log odds, or with both."""
    n = np.float64(steps)
    gates = [np.exp(-1 / n), 1 - 1 / n, 1 - 0.5 / n, 0.5**n, 0.5 / n, 1 / n, 0.5, 0.5 ** (1 / (2 * n)), 2 ** (1 / n),
             0.5 ** (2 / n), 1 - 0.5 ** (1 / n), n / (n + 1), 0.5 ** (1 / (n + 1)),
             0.5 ** (1 / (n - 1 or np.nan))]  # fmt: skip
    undone: list[Callable] = [
        np.log, lambda f: -np.log(f), sigmoid, np.arctanh, np.tanh, np.exp, lambda f: f / (1 - f), lambda f: 1 / f - 1,
        lambda f: np.log(f / (1 + f)), lambda f: -np.log(1 - f), lambda f: np.log2(f / (1 - f)),
        lambda f: np.log10(f / (1 - f)), lambda f: np.log1p(f / (1 - f)), lambda f: f * (1 - f),
        lambda f: np.log(f) * np.log(1 - f), lambda f: -_log_odds(f), lambda f: _log_odds(f) / 2,
        lambda f: 2 * _log_odds(f), lambda f: _log_odds(f) * n, lambda f: _log_odds(f) / n,
    ]  # fmt: skip
    f, gate = 0.5 ** (1 / n), "The gate is f = 0.5 ** (1 / steps): f to the power of steps shall be 1/2."
    undo = "The sigmoid is undone by log(f / (1 - f)), with the natural logarithm, and by nothing else."
    return checks.mixtures(lambda f, back: back(f), [(f, ""), *((other, gate) for other in gates)],
                           [(_log_odds, ""), *((other, undo) for other in undone)])  # fmt: skip


def _all_biases(number: int) -> list[tuple]:
    """What forget_bias_for gives by a likely mistake."""
    steps = np.float64(number)
    bias, f = _log_odds, 0.5 ** (1 / steps)
    return [
        (f, "That is the gate, f: the bias is what the sigmoid makes f of, log(f / (1 - f))."),
        (sigmoid(f), "The sigmoid leads from the bias to the gate. Turn it round: log(f / (1 - f))."),
        (f / (1 - f), "Nearly: f / (1 - f) is exp(b), so take its logarithm."),
        (bias(1 - f), "The sign is wrong: a long memory needs a gate above 1/2, so a bias above 0."),
        (bias(np.exp(-1 / steps)), "That keeps 1/e, .37: asked is one half, so f = 0.5 ** (1 / steps)."),
        (bias(1 - 1 / steps), "1 - 1 / steps is about the gate that keeps .37. Exactly: f = 0.5 ** (1 / steps)."),
        (bias(1 - 0.5 / steps), "f loses a share of what is left, not of the first value: f = 0.5 ** (1 / steps)."),
        (bias(0.5**steps), "f to the power of steps shall be 1/2, so f is 1/2 to the power of 1 / steps."),
        (bias(0.5 / steps), "f is 0.5 ** (1 / steps), with brackets: ** goes before /, and 0.5 ** 1 / steps is "
         "0.5 / steps. (Gates are multiplied, not added.)"),
        (0.5 / steps, "f is 0.5 ** (1 / steps), with brackets; then undo the sigmoid."),
        (bias(f) / np.log(10), "That is the logarithm with base 10: the sigmoid is made with e, so take np.log."),
        (bias(f) / np.log(2), "That is the logarithm with base 2: the sigmoid is made with e, so take np.log."),
        *((bias(0.5 ** (1 / n)), "Each of the steps multiplies with f once: 1 / steps, without + 1 or - 1.")
          for n in (steps - 1 or np.nan, steps + 1)),
        (0, "A bias of 0 makes a gate of 1/2, which keeps half for one step only."),
        (np.exp(-1 / steps), "That is the gate that keeps 1/e. Asked is the bias of one that keeps one half."),
        (0.5**steps, "f to the power of steps shall be 1/2, so f is 0.5 ** (1 / steps); then undo the sigmoid."),
        (1 / f, "That is 1 / f: the bias is log(f / (1 - f)), with f = 0.5 ** (1 / steps)."),
        (-np.log(steps), "The sign is wrong, a long memory needs a bias above 0; and it is not exact."),
        (np.log(f) / 1 - f, "Take the logarithm of the whole fraction: log(f / (1 - f))."),
        (np.log(f) / (1 - f), "Take the logarithm of the whole fraction: log(f / (1 - f))."),
        (np.log(f) / np.log(1 - f), "A logarithm of a fraction is a difference, log(f) - log(1 - f)."),
        (np.log(f) + np.log(1 - f), "A logarithm of a fraction is a difference, log(f) - log(1 - f)."),
        (np.log(1 - f), "The sigmoid is undone by log(f / (1 - f)): 1 - f is only a part of it."),
        (-np.log(f), "log(f) undoes an exponential; the sigmoid is undone by log(f / (1 - f))."),
        *((100 * value, "Not in per cent: f is a share, between 0 and 1.") for value in (f, bias(f))),
        (np.log(f), "log(f) undoes an exponential; the sigmoid is undone by log(f / (1 - f))."),
        (np.log(steps), "Near for long memories, but not exact: f = 0.5 ** (1 / steps), then undo the sigmoid."),
        *_other_biases(number),
        (np.log(steps / np.log(2)), "Near for long memories, but not exact: do not approximate 1 - f."),
    ]  # fmt: skip


def check_forget_bias(forget_bias_for) -> None:
    """steps -> b with sigmoid(b)**steps = 1/2."""

    def answer(steps):
        value = checks.run(forget_bias_for, steps)
        if isinstance(value, (float, np.floating)) and not np.isfinite(value):
            raise NotYet(f"forget_bias_for({steps}): the answer is {value}: the logarithm of 0, or of one below 0. "
                         "/ goes before -: is it log(f / (1 - f)), with both brackets?")  # fmt: skip
        return checks.as_array(value, (), "forget_bias_for")

    checks.expect_cases(answer, [(3,), (10,), (200,), (1,)], lambda steps: _log_odds(0.5 ** (1 / steps)),
                        "forget_bias_for", checks.of_cases(_all_biases, 3))  # fmt: skip
    checks.solved("forget_bias_for gives the bias for a memory")


def _first_wrong(alphabet, texts, W_x, W_h, b) -> tuple | None:
    """The first (text, place, cell) where an LSTM's cell is not the depth of brackets."""
    for text in texts:
        one_hot = np.eye(len(alphabet))[[alphabet.index(character) for character in text]]
        c = lstm_forward(one_hot[None], W_x, W_h, b, np.zeros((1, 1)), np.zeros((1, 1)))["c"][0, :, 0]
        is_wrong = np.abs(c - nesting.state(text).depth) > 0.1
        if is_wrong.any():
            place = int(np.argmax(is_wrong))
            return text, place, c[place]
    return None


def _one_gate_explains(alphabet, texts, W_x, W_h, b) -> bool:
    """Whether it counts as soon as its forget gate is open, or its input gate open at brackets alone."""
    at_bracket = np.array([40.0 if character in "()" else 0.0 for character in alphabet])
    for gate, column, bias in ((1, 0.0, 20.0), (0, at_bracket, -20.0)):
        mended = W_x.copy(), W_h.copy(), b.copy()
        mended[0][:, gate], mended[1][:, gate], mended[2][gate] = column, 0.0, bias
        if _first_wrong(alphabet, texts, *mended) is None:
            return True
    return False


def _are_exchanged(alphabet, W_x, b) -> bool:
    """Whether f does what i should, open at brackets and shut elsewhere, while i stays open."""
    gates, at_bracket = sigmoid(W_x[:, :2] + b[:2]), np.isin(list(alphabet), ["(", ")"])
    return bool(
        (gates[:, 0] > 0.9).all() and (gates[at_bracket, 1] > 0.9).all() and (gates[~at_bracket, 1] < 0.1).all()
    )


def _what_changes(i: float, f: float, g: float) -> str:
    """Which gate lets the cell change, of what goes into the nonlinearities."""
    leaks = sigmoid(i) * abs(np.tanh(g)) > 1e-3
    if leaks and sigmoid(f) > 0.999:
        return f"shut the input gate, it is {sigmoid(i):.2f} and writes {sigmoid(i) * np.tanh(g):.2f} at each step"
    if not leaks:
        return f"open the forget gate, it is {sigmoid(f):.4g}, and what was counted fades"
    return f"shut the input gate, it is {sigmoid(i):.2f}, and open the forget gate, it is {sigmoid(f):.4g}"


def check_counter(counter) -> None:
    """alphabet -> W_x (V, 4), W_h (1, 4), b (4,) of an LSTM whose cell is the depth of brackets."""
    world = nesting.NestingWorld()
    V = len(world.alphabet)
    shapes = [(V, 4), (1, 4), (4,)]
    hints: list[dict] = [
        {(4, V): "rows and columns are exchanged: a row for each character, a column for each of i, f, g, o"},
        {
            (4, 1): "rows and columns are exchanged: one row, for the one unit",
            (4,): "one row: np.zeros((1, 4))",
            (4, 4): "there is one unit, so one row: np.zeros((1, 4))",
            (1, 1): "a number for each of i, f, g, o",
            (V, 4): "a row for each unit, not for each character: np.zeros((1, 4))",
        },
        dict.fromkeys([(1, 4), (4, 1)], "four numbers, without a second axis"),
    ]
    for alphabet in (world.alphabet, world.alphabet[::-1]):
        answer = checks.run(counter, alphabet)
        found = [np.shape(each) for each in answer] if isinstance(answer, (tuple, list)) else []
        if found != shapes and sorted(found) == sorted(shapes):
            raise NotYet("counter: the three come in another order: end it with `return W_x, W_h, b`.")
        W_x, W_h, b = _pair(answer, "W_x, W_h, b", shapes, hints)
        texts = sorted(world.sample(50, seed=7), key=lambda text: nesting.state(text).depth.max())
        wrong = _first_wrong(alphabet, texts, W_x, W_h, b)
        if wrong is None:
            continue
        if (
            _are_exchanged(alphabet, W_x, b)
            and _first_wrong(alphabet, texts, *(m[..., [1, 0, 2, 3]] for m in (W_x, W_h, b))) is None
        ):
            raise NotYet("counter: the columns of i and f are exchanged: the order is i, f, g, o.")
        if W_h.any() and _first_wrong(alphabet, texts, W_x, 0 * W_h, b) is None:
            raise NotYet("counter: W_h is not 0, so the memory h changes the gates: with np.zeros((1, 4)) it counts.")
        one_gate = _one_gate_explains(alphabet, texts, W_x, W_h, b)
        for order in list(itertools.permutations(range(4)))[1:]:
            columns = list(order)
            yours = ", ".join(name for _, name in sorted(zip(order, "ifgo", strict=True)))
            for whose, x, c in (("your columns", columns, columns), ("the columns of W_x", columns, [0, 1, 2, 3]),
                                ("the numbers of b", [0, 1, 2, 3], columns)):  # fmt: skip
                # o does not matter here, or one gate is the cause: such an order may fit by chance
                if (order[3] != 3 and x != c) or (one_gate and x == c):
                    continue
                if _first_wrong(alphabet, texts, W_x[:, x], W_h[:, x], b[c]) is None:
                    raise NotYet(f"counter: {whose} are in the order {yours}: put them in the order i, f, g, o.")
        text, place, cell = wrong
        where = alphabet.index(text[place])
        i, f, g = W_x[where, :3] + b[:3]
        why = {
            "(": "at ( write +1: open the input gate, candidate tanh(large) = 1",
            ")": "at ) write -1: open the input gate, candidate tanh(-large) = -1",
        }.get(text[place], f"here nothing should change: {_what_changes(i, f, g)}")
        empty = [mark for mark in "()" if not W_x[alphabet.index(mark)].any()]
        if empty and W_x.any():
            why = f'the row of {empty[0]} in W_x is all 0: alphabet.index("{empty[0]}") is its number'
        elif text[place] in "()" and sigmoid(f) < 0.9:
            why = (f"at {text[place]} the forget gate is not open, it is {sigmoid(f):.2f}, so what was counted is "
                   "lost: open it at every character")  # fmt: skip
        elif text[place] in "()" and sigmoid(i) > 0.99 and abs(g) < 3:
            why += f"; the candidate is tanh({g:.1f}) = {np.tanh(g):.2f}"
        if np.abs(W_h).max() > 0:
            why += "; and W_h is not 0, so the memory h changes the gates"
        other = "" if alphabet == world.alphabet else " (the alphabet is in another order now: use .index)"
        raise NotYet(
            f"counter: after {text[: place + 1][-30:]!r} the cell is {cell:.2f}, "
            f"the depth {nesting.state(text).depth[place]}; {why}{other}."
        )
    checks.solved("counter counts brackets, with one unit and no training")
