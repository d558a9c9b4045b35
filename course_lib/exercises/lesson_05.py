"""Checks of lesson 05."""

import numpy as np

from course_lib import checks, training
from course_lib.backend import keras
from course_lib.cells import LSTMCell
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.numpy_rnn import sigmoid


def check_gru_step(gru_step) -> None:
    """One step of a GRU, reset before the product: -> h_t (B, H)."""
    for seed, B, D, H in ((3, 2, 3, 5), (4, 3, 6, 2)):
        rng = np.random.default_rng(seed)
        shapes = (B, D), (B, H), (D, 3 * H), (H, 3 * H), (3 * H,)
        _check_gru_step(gru_step, *(rng.normal(size=shape) for shape in shapes))
    checks.solved("gru_step mixes old and new")


def _check_gru_step(gru_step, x_t, h_prev, W_x, W_h, b):
    B, H = h_prev.shape
    wrong_shapes = {
        (B, 3 * H): "split the columns into three blocks, z, r and the candidate",
        (2, B, H): "a GRU has one state: return h_t alone",
    }
    given = (a.copy() for a in (x_t, h_prev, W_x, W_h, b))
    answer = checks.as_array(checks.run(gru_step, *given), (B, H), "gru_step", wrong_shapes)

    def step(order="zrc", reset="before", keep=True, squash=np.tanh, bias=b, gates="xh", new="xh", gate=sigmoid):
        x, U = (dict(zip(order, np.split(m, 3, axis=1), strict=True)) for m in (x_t @ W_x + bias, W_h))
        z, r = (gate(("x" in gates) * x[name] + ("h" in gates) * h_prev @ U[name]) for name in "zr")
        read = {"before": (r * h_prev) @ U["c"], "after": r * (h_prev @ U["c"]), "never": h_prev @ U["c"]}[reset]
        c = squash(("x" in new) * x["c"] + read)
        return z * h_prev + (1 - z) * c if keep else (1 - z) * h_prev + z * c

    checks.expect_close(answer, step(), "h_t", [
        (step(keep=False), "z and 1 - z have changed places: here z keeps the old memory."),
        (step(reset="after"), "That resets after the product. Here r is applied to h_prev, before W_h."),
        (step(reset="never"), "The candidate reads the whole of h_prev: multiply h_prev by r first."),
        (step(order="rzc"), "The blocks are in another order: z, r, candidate."),
        (step(order="czr"), "The blocks are in another order: z, r, candidate."),
        (step(squash=sigmoid), "The candidate goes through tanh, not through a sigmoid."),
        (step(squash=lambda a: a), "The candidate goes through tanh."),
        (step(gate=np.tanh), "The gates go through a sigmoid, not through tanh."),
        (step(gate=lambda a: sigmoid(-a)), "The sigmoid is turned round: its exponent is -a."),
        (step(bias=0), "The bias b is missing."),
        (step(gates="x"), "The gates see h_prev, too, through their blocks of W_h."),
        (step(new="h"), "The candidate reads x_t, too, through its block of W_x."),
    ])  # fmt: skip


# The marks of the sentences in exercise 2, and why.
FIGURES = {
    "a": (True, "the dashed line is who does not read the question; the bar of LSTM-f lies right of that line."),
    "b": (False, "MUT1 has the highest mean, but its bar overlaps others: five seeds do not decide between them."),
    "c": (False, "the paper's numbers have up to 8 digits, ours one or two: these are two different tasks."),
    "d": (True, "the bars of tanh and LSTM-f overlap almost wholly: a narrow gap means nothing."),
    "e": (False, "they have equally many parameters; a cell with fewer gates has more units."),
    "f": (False, "the bars say how seeds differ. A choice on test data would move them to the right, not widen them."),
    "g": (True, "on tags the bar of LSTM-f ends far left of where the bar of LSTM-o begins."),
}  # fmt: skip


def check_read_figures(read_figures) -> None:
    """-> a mark, True or False, for each sentence about the two figures."""
    marks = checks.run(read_figures)
    if not isinstance(marks, dict):
        kind = type(marks).__name__
        raise NotYet(f'read_figures: expected {{"a": True or False, "b": …}}, a dictionary, got {kind}.')
    if missing := [letter for letter in FIGURES if letter not in marks]:
        raise NotYet(f"read_figures: no mark for {', '.join(missing)}: each of the sentences a to g gets one.")
    if more := [str(letter) for letter in marks if letter not in FIGURES]:
        raise NotYet(f"read_figures: there is no sentence {', '.join(more)}: the sentences are a to g.")
    for letter, mark in marks.items():
        if not isinstance(mark, bool | np.bool_):
            raise NotYet(f"read_figures: the mark of {letter} is {mark!r}: expected True or False, without quotes.")
    wrong = [letter for letter, (right, _) in FIGURES.items() if marks[letter] != right]
    if wrong:
        count = f"{len(wrong)} marks are" if len(wrong) > 1 else "one mark is"
        raise NotYet(f"read_figures: {count} wrong. Look at {wrong[0]} again: {FIGURES[wrong[0]][1]}")
    checks.solved("read_figures: what is shown, and what is not")


def check_residual(residual) -> None:
    """(x, layers) -> what comes out at the top of a residual stack."""
    for seed, count, B, T, H in ((6, 3, 2, 3, 4), (7, 5, 3, 1, 2), (8, 1, 2, 4, 3)):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(B, T, H))
        layers = [lambda v, W=W: np.tanh(v @ W) for W in rng.normal(size=(count, H, H))]
        given = x.copy()
        answer = checks.as_array(checks.run(residual, given, layers), x.shape, "residual")
        _check_stack(answer, x, layers)
        if not np.array_equal(given, x):
            raise NotYet(
                "residual: it changes x itself: write top = top + …, not top += …, which works on x's own numbers."
            )
    checks.solved("residual adds at every layer")


def _check_stack(answer, x, layers):
    def stack(step):
        value = x
        for layer in layers:
            value = step(value, layer)
        return value

    checks.expect_close(answer, stack(lambda v, f: v + f(v)), "the top of the stack", [
        (stack(lambda v, f: x + f(v)), "The bug is still there: add what went into this layer, not the lowest input."),
        (stack(lambda v, f: f(v)), "That is the plain stack: add what went into a layer to what comes out."),
        (stack(lambda v, f: v + f(x)), "Every layer reads the sum below it, not the input of the lowest."),
        (stack(lambda v, f: f(v)) + x, "One sum at the end is not enough: add at every layer."),
        (x + layers[0](x), "That is the lowest layer alone: return after the loop, not in it."),
        (stack(lambda v, f: v + f(v)) + x, "x is in it twice: the lowest layer's sum has it already."),
        (stack(lambda v, f: v + f(v)) - x, "x is missing: the lowest layer's input is added, too."),
    ])  # fmt: skip


def check_own_cell(my_cell) -> None:
    """units -> a cell: fewer weights than an LSTM, bounded, all weights used, a gradient that survives 30 steps."""
    units, steps = 16, 31
    cell = checks.run(my_cell, units)
    if not (callable(getattr(cell, "call", None)) and hasattr(cell, "state_size")):
        raise NotYet(f"my_cell: expected a cell with call(x_t, states) and state_size, got {type(cell).__name__}.")
    x = np.random.default_rng(0).normal(size=(8, steps, units)).astype("float32")
    try:
        inputs = keras.Input((None, units))
        model = keras.Model(inputs, keras.layers.RNN(cell, name="memory")(inputs))
        with_lstm = keras.Model(inputs, keras.layers.RNN(LSTMCell(units))(inputs))
        every = keras.Model(inputs, keras.layers.RNN(cell, return_sequences=True)(inputs))
        last = np.array(model(x))
    except CourseError as error:
        raise NotYet(f"my_cell: {error}") from None
    if last.shape != (8, units):
        raise NotYet(f"my_cell: the output of a step has shape {last.shape}, expected (8, {units}): return h_t, [h_t].")
    count, most = model.count_params(), with_lstm.count_params()
    if count >= most:
        raise NotYet(f"my_cell: it has {count} weights, an LSTM of this width {most}: use fewer.")
    start, rng = model.get_weights(), np.random.default_rng(1)
    for scale in (1, 5):  # also with larger weights
        model.set_weights([scale * w for w in start])
        largest = np.abs(every(np.repeat(3 * x, 10, axis=1))).max()
        model.set_weights(start)
        if not largest <= 1.001:
            raise NotYet(f"my_cell: in 310 steps h_t reaches {largest:.2f}: keep it from -1 to 1, as a mean or a tanh.")
    by_state = training.state_gradient_norms(model, x, lambda h: keras.ops.sum(h * h, axis=-1))["memory"]
    norms = np.sqrt(sum(norm**2 for norm in by_state.values()))  # (B, T), all of its states together
    share = float(np.median(norms[:, 0] / np.maximum(norms[:, -1], 1e-12)))
    if share > 100:
        raise NotYet(f"my_cell: 30 steps back the gradient is {share:.0f} times as large: it explodes.")
    if not share >= 0.01:
        raise NotYet(
            f"my_cell: 30 steps back {share:.1e} of the gradient is left, expected 0.01: let old memory pass with a "
            "gate near 1, from the start."
        )
    for i, weight in enumerate(start):
        for column in range(0, max(weight.shape[-1], 1), units):  # block by block
            changed = [w.copy() for w in start]
            block = changed[i][..., column : column + units]
            block += rng.normal(size=block.shape)
            model.set_weights(changed)
            if np.abs(np.array(model(x)) - last).max() < 1e-6:
                where = f"columns {column} to {column + block.shape[-1] - 1} of its weight {i} {weight.shape}"
                raise NotYet(f"my_cell: {where} change nothing: use them or leave them out.")
    model.set_weights(start)
    checks.solved("my_cell remembers with less")
