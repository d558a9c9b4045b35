"""Checks of lesson 03."""

from collections.abc import Sequence

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

    def back(squashed=tanh_c, shown=o, later=dc_next, order=(0, 1, 2, 3), slopes=True):
        dc = later + dh_t * shown * (1 - squashed**2)
        d = dc * g, dc * c_prev, dc * i, dh_t * tanh_c
        slope = (i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)) if slopes else (1, 1, 1, 1)
        da = np.hstack([d[n] * slope[n] for n in order])
        return da @ W_h.T, dc, dc * f

    h, dc, c = back()
    no_page = "To c_{t-1} goes f times all of dc_t: what came from step t + 1, and what came through h_t."
    not_squashed = "tanh is applied to c_t, so its slope is 1 - tanh(c_t)**2."
    if np.allclose(to_h, c) and np.allclose(to_c, h):
        raise NotYet("step_back: the two are right, but in the wrong order: to h first, then to c.")
    checks.expect_close(to_c, c, "step_back, to c_{t-1}", [
        (dc_next * f, no_page),
        (dc_next * f + dh_t, no_page),
        ((dc - dc_next) * f, no_page),
        (back(squashed=c_t)[2], not_squashed),
        (back(squashed=np.zeros_like(c_t))[2], "The way through h_t crosses tanh: its slope is 1 - tanh(c_t)**2."),
        ((dc_next + dh_t * o * (1 - tanh_c)) * f, "The slope is 1 - tanh(c_t)**2: the square is missing."),
        (back(shown=1)[2], "The way through h_t crosses the output gate: times o."),
        (dc, "Between c_{t-1} and c_t stands the forget gate: times f."),
        (dc * i, "What is kept of c_{t-1} is f, not i: times f."),
        (dc * g, "What is kept of c_{t-1} is f, not g: times f."),
    ])  # fmt: skip
    checks.expect_close(to_h, h, "step_back, to h_{t-1}", [
        (back(squashed=c_t)[0], not_squashed),
        (back(later=0)[0], "All that dc_t gathers goes on to the gates: dc_next, too."),
        (back(order=(1, 0, 2, 3))[0], "The columns of W_h are in the order i, f, g, o."),
        (back(slopes=False)[0], "Between a gate and its sum stands a sigmoid or tanh: times its slope."),
        (h + dh_t, "h_{t-1} gets what comes through the four sums; dh_t belongs to step t."),
    ])  # fmt: skip


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
            ((c_prev - g) * slope, "The derivative of c_t is right; by the chain rule it is multiplied with dE_dc."),
        ])  # fmt: skip
    checks.solved("delta_f: through both places, and the sigmoid")


FIGURE = [  # right or wrong, and where to look
    (True, "left panel: compare the solid line of bias 3 with the vanilla RNN's at 50"),
    (False, "left panel, bias 3, at 50: how far below the solid line is the dashed one, on a logarithmic scale?"),
    (True, "the direct path is a product of forget gates, and none of them is above 1"),
    (True, "right panel: on which side of 1 does the solid line of bias 3 end?"),
    (
        False,
        "the figure was drawn before any training, on random tokens: it shows what can arrive, not what is learned",
    ),
]


def check_figure_says(figure_says) -> None:
    """Five marks, True or False, as a list."""
    answer = checks.run(figure_says)
    if not isinstance(answer, (list, tuple)) or len(answer) != len(FIGURE):
        raise NotYet(f"figure_says: expected a list of {len(FIGURE)} marks, such as [True, False, …].")
    for number, (mark, (right, look)) in enumerate(zip(answer, FIGURE, strict=True), 1):
        if not isinstance(mark, (bool, np.bool_)):
            raise NotYet(f"figure_says: mark {number} is {mark!r}; write True or False, without quotation marks.")
        if mark != right:
            raise NotYet(f"figure_says: look again at statement {number}: {look}.")
    checks.solved("figure_says: five right marks")


def check_forget_bias(forget_bias_for) -> None:
    """steps -> b with sigmoid(b)**steps = 1/2."""
    for steps in (3, 10, 200, 1):
        answer = checks.as_array(checks.run(forget_bias_for, steps), (), "forget_bias_for")

        def bias(f):
            return np.log(f / (1 - f)) if 0 < f < 1 else np.nan

        f = 0.5 ** (1 / steps)
        checks.expect_close(answer, bias(f), f"forget_bias_for({steps})", [
            (f, "That is the gate, f: the bias is what the sigmoid makes f of, log(f / (1 - f))."),
            (sigmoid(f), "The sigmoid leads from the bias to the gate. Turn it round: log(f / (1 - f))."),
            (f / (1 - f), "Nearly: f / (1 - f) is exp(b), so take its logarithm."),
            (bias(1 - f), "The sign is wrong: a long memory needs a gate above 1/2, so a bias above 0."),
            (bias(np.exp(-1 / steps)), "That keeps 1/e, .37: asked is one half, so f = 0.5 ** (1 / steps)."),
            (bias(1 - 1 / steps), "1 - 1 / steps is about the gate that keeps .37. Exactly: f = 0.5 ** (1 / steps)."),
            (bias(1 - 0.5 / steps), "f loses a share of what is left, not of the first value: f = 0.5 ** (1 / steps)."),
            (bias(0.5**steps), "f to the power of steps shall be 1/2, so f is 1/2 to the power of 1 / steps."),
            (bias(0.5 / steps), "Gates are multiplied, not added: f to the power of steps shall be 1/2."),
            (np.log(f), "log(f) undoes an exponential; the sigmoid is undone by log(f / (1 - f))."),
            (np.log(steps), "Near for long memories, but not exact: f = 0.5 ** (1 / steps), then undo the sigmoid."),
            (np.log(steps / np.log(2)), "Near for long memories, but not exact: do not approximate 1 - f."),
        ])  # fmt: skip
    checks.solved("forget_bias_for gives the bias for a memory")


def check_counter(counter) -> None:
    """alphabet -> W_x (V, 4), W_h (1, 4), b (4,) of an LSTM whose cell is the depth of brackets."""
    world = nesting.NestingWorld()
    V = len(world.alphabet)
    shapes = [(V, 4), (1, 4), (4,)]
    hints: list[dict] = [
        {(4, V): "rows and columns are exchanged: a row for each character, a column for each of i, f, g, o"},
        {(4, 1): "rows and columns are exchanged: one row, for the one unit"} | {(4,): "one row: np.zeros((1, 4))"},
        dict.fromkeys([(1, 4), (4, 1)], "four numbers, without a second axis"),
    ]
    for alphabet in (world.alphabet, world.alphabet[::-1]):
        W_x, W_h, b = _pair(checks.run(counter, alphabet), "W_x, W_h, b", shapes, hints)
        for text in sorted(world.sample(50, seed=7), key=lambda text: nesting.state(text).depth.max()):
            one_hot = np.eye(V)[[alphabet.index(character) for character in text]]
            c = lstm_forward(one_hot[None], W_x, W_h, b, np.zeros((1, 1)), np.zeros((1, 1)))["c"][0, :, 0]
            depth = nesting.state(text).depth
            if (np.abs(c - depth) > 0.1).any():
                place = int(np.argmax(np.abs(c - depth) > 0.1))
                why = {
                    "(": "at ( write +1: open the input gate, candidate tanh(large) = 1",
                    ")": "at ) write -1: open the input gate, candidate tanh(-large) = -1",
                }.get(
                    text[place],
                    "here nothing should change: shut the input gate, open the forget gate",
                )
                other = "" if alphabet == world.alphabet else " (the alphabet is in another order now: use .index)"
                raise NotYet(
                    f"counter: after {text[: place + 1][-30:]!r} the cell is {c[place]:.2f}, "
                    f"the depth {depth[place]}; {why}{other}."
                )
    checks.solved("counter counts brackets, with one unit and no training")
