"""Checks of lesson 05."""

import itertools
import re
from functools import partial

import numpy as np

from course_lib import checks, mistakes, training
from course_lib.backend import keras
from course_lib.cells import Cell, LSTMCell
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.numpy_rnn import sigmoid


def check_gru_step(gru_step) -> None:
    """One step of a GRU, reset before the product: -> h_t (B, H)."""
    for seed, B, D, H in ((3, 2, 4, 5), (4, 4, 7, 2)):  # none of them is a multiple of 3
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
    try:
        answer = checks.run(gru_step, *given)
    except NotYet as error:
        if "equal division" in str(error):
            raise NotYet(
                "gru_step: np.split cuts rows if nothing is said: np.split(…, 3, axis=1) cuts columns."
            ) from None
        raise
    answer = checks.as_array(answer, (B, H), "gru_step", wrong_shapes)

    def step(order="zrc", reset="before", keep=True, squash=np.tanh, bias=b, gates="xh", new="xh", gate=sigmoid,
             parts=lambda m: np.split(m, 3, axis=1), transposed=False, mix=None):  # fmt: skip
        x, U = (dict(zip(order, parts(m), strict=True)) for m in (x_t @ W_x + bias, W_h))
        U = {name: block.T if transposed else block for name, block in U.items()}
        z, r = (gate(("x" in gates) * x[name] + ("h" in gates) * h_prev @ U[name]) for name in "zr")
        read, of_x = h_prev @ U["c"], ("x" in new) * x["c"]
        if reset == "both":
            c = squash(r * of_x + (r * h_prev) @ U["c"])
        elif reset == "all":
            c = squash(r * (of_x + read))
        else:
            c = squash(of_x + {"before": (r * h_prev) @ U["c"], "after": r * read, "never": read,
                               "z": (z * h_prev) @ U["c"], "gone": 0 * read}[reset])  # fmt: skip
        if mix:
            return mix(z, h_prev, c)
        return z * h_prev + (1 - z) * c if keep else (1 - z) * h_prev + z * c

    def without_bias(blocks):
        kept = b.copy().reshape(3, H)
        kept[blocks] = 0
        return kept.ravel()

    checks.expect_close(answer, step(), "h_t", [
        (step(keep=False), "z and 1 - z have changed places: here z keeps the old memory."),
        (step(reset="after"), "That resets after the product. Here r is applied to h_prev, before W_h."),
        (step(reset="never"), "The candidate reads the whole of h_prev: multiply h_prev by r first."),
        *((step(order=order), "The blocks are in another order: z, r, candidate.")
          for order in map("".join, itertools.permutations("zrc"))),
        (step(parts=lambda m: [m[:, i::3] for i in range(3)]), "A block is H columns in a row, not every third one."),
        (step(mix=lambda z, h, c: (1 - z) * c), "z * h_prev is missing: what is kept of the old memory."),
        (step(mix=lambda z, h, c: z * h), "(1 - z) times the candidate is missing: what is new."),
        (step(mix=lambda z, h, c: z * h + c), "The candidate is not multiplied: it counts with 1 - z."),
        (step(mix=lambda z, h, c: h + (1 - z) * c), "h_prev is not multiplied: it counts with z."),
        (step(mix=lambda z, h, c: h + z * c), "h_prev is not multiplied: it counts with z, the candidate with 1 - z."),
        (step(mix=lambda z, h, c: c), "That is the candidate alone: mix it with h_prev, by z."),
        (step(mix=lambda z, h, c: z * c), "z * h_prev is missing, and the candidate counts with 1 - z."),
        (step(mix=lambda z, h, c: c + (1 - z) * h), "Here z keeps h_prev, and the candidate counts with 1 - z."),
        (step(reset="z"), "The candidate reads r * h_prev, not z * h_prev."),
        (step(reset="both"), "r is for h_prev alone, not for x_t."),
        (step(reset="all"), "r is for h_prev alone, before the product, not for what comes of x_t."),
        (step(reset="gone"), "The candidate reads r * h_prev, too, through its block of W_h."),
        (step(bias=without_bias([2])), "The candidate's part of the bias b is missing."),
        (step(bias=without_bias([0, 1])), "The gates' parts of the bias b are missing."),
        (step(bias=without_bias([0])), "z's part of the bias b is missing."),
        (step(bias=without_bias([1])), "r's part of the bias b is missing."),
        (step(transposed=True), "A block of W_h is transposed: a batch is rows here, h_prev @ W_h."),
        (step(gates="h"), "The gates see x_t, too, through their blocks of W_x."),
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
        layers = [partial(_layer, W) for W in rng.normal(size=(count, H, H))]
        given = x.copy()
        answer = checks.as_array(checks.run(residual, given, layers), x.shape, "residual")
        _check_stack(answer, x, layers)
        if not np.array_equal(given, x):
            raise NotYet(
                "residual: it changes x itself: write top = top + …, not top += …, which works on x's own numbers."
            )
    checks.solved("residual adds at every layer")


def _layer(W, v):
    """A layer of the exercise. NotYet if what it gets is no (B, T, H)."""
    if np.shape(v) != (*np.shape(v)[:-1], len(W)) or np.ndim(v) != 3:
        raise NotYet(
            f"residual: a layer got {np.shape(v)}, expected (B, T, {len(W)}): the sum is taken number by number, "
            "and leaves the shape as it is; nothing is put side by side or in a list."
        )
    return np.tanh(v @ W)


def _check_stack(answer, x, layers):
    def stack(step):
        value = x
        for layer in layers:
            value = step(value, layer)
        return value

    def dense():
        read = [x]
        for layer in layers:
            read.append(sum(read) + layer(read[-1]))
        return read[-1]

    def below():
        value = x
        for layer in layers[:-1]:
            value = value + layer(value)
        return value

    def backwards():
        value = x
        for layer in layers[::-1]:
            value = value + layer(value)
        return value

    checks.expect_close(answer, stack(lambda v, f: v + f(v)), "the top of the stack", [
        (stack(lambda v, f: x + f(v)), "The bug is still there: add what went into this layer, not the lowest input."),
        (stack(lambda v, f: f(v)), "That is the plain stack: add what went into a layer to what comes out."),
        (stack(lambda v, f: v + f(x)), "Every layer reads the sum below it, not the input of the lowest."),
        (stack(lambda v, f: f(v)) + x, "One sum at the end is not enough: add at every layer."),
        (layers[-1](below()), "The highest layer is not summed: what goes into it is added, too."),
        (below(), "The highest layer is missing: the loop goes through all layers."),
        (backwards(), "The layers come lowest first: go through them as they stand."),
        (dense(), "Add what went into this layer alone, not what went into all below: the sum has that already."),
        (stack(lambda v, f: (v + f(v)) / 2), "The sum, not the mean."),
        (stack(lambda v, f: v * f(v)), "A sum, not a product."),
        (stack(lambda v, f: v - f(v)), "Add, do not subtract."),
        (stack(lambda v, f: f(v + f(v))), "Each layer is asked once: top + layer(top)."),
        (x + layers[0](x), "That is the lowest layer alone: return after the loop, not in it."),
        (stack(lambda v, f: v + f(v)) + x, "x is in it twice: the lowest layer's sum has it already."),
        (stack(lambda v, f: v + f(v)) - x, "x is missing: the lowest layer's input is added, too."),
    ])  # fmt: skip


def _check_one_step(cell, units, count):
    """NotYet if one step does not hand on states as it gets them, or if it needs NumPy."""
    rng, shape = np.random.default_rng(3), (8, units)
    x_t, *states = (keras.ops.convert_to_tensor(rng.uniform(-1, 1, shape).astype("float32")) for _ in range(count + 1))
    cell.build(shape)
    try:
        answer = cell.call(x_t, list(states))
    except CourseError:
        raise
    except Exception as error:
        raise NotYet(f"my_cell: {_why_no_step(error, cell, count)}") from None
    if count == 1 and isinstance(answer, tuple | list) and len(answer) == 2 and keras.ops.is_tensor(answer[1]):
        answer = answer[0], [answer[1]]  # Keras takes a single state so, too
    if not isinstance(answer, tuple | list) or len(answer) != 2 or not isinstance(answer[1], tuple | list):
        raise NotYet("my_cell: call returns the output and a list of all states: return h_t, [h_t].")
    h_t, after = answer
    if len(after) != count:
        raise NotYet(
            f"my_cell: it has {count} states, {', '.join(getattr(cell, 'states', ()))}, and call hands on {len(after)}"
            ": "
            "return h_t, [h_t, …], all of them in their order."
        )
    if np.shape(h_t) != shape or any(np.shape(state) != shape for state in after):
        got = next(np.shape(each) for each in (h_t, *after) if np.shape(each) != shape)
        hint = "`states` is a list: take out what is in it, (h_prev,) = states" if len(got) == 3 else "a column a unit"
        raise NotYet(f"my_cell: a step makes shape {got}, expected {shape}: {hint}.")
    if not all(np.isfinite(np.array(each)).all() for each in (h_t, *after)):
        raise NotYet("my_cell: after one step there are values that are not finite.")
    if all(np.array_equal(old, new) for old, new in zip(states, after, strict=True)):
        raise NotYet("my_cell: call hands on the old state, so nothing is remembered: return h_t, [h_t].")
    try:
        cell.call(keras.KerasTensor(shape), [keras.KerasTensor(shape) for _ in states])
    except Exception as error:
        if "KerasTensor" in str(error) and {"np", "numpy"} & {
            *getattr(getattr(cell.call, "__code__", None), "co_names", ())
        }:
            raise NotYet(
                "my_cell: no gradient passes through NumPy: in call write ops.tanh, not np.tanh, and so on."
            ) from None


def _why_no_step(error, cell, count):
    """What is most likely wrong if call stops with an error."""
    said = mistakes.message(error)
    if isinstance(error, ValueError) and "values to unpack" in said and (named := re.search(r"expected (\d+)", said)):
        blocks = getattr(cell, "blocks", 1)
        if "not enough" in said and f"got {count}" in said and int(named[1]) != count:
            return f"call takes {named[1]} states, the cell carries {count}: in the class, states = (…) names them."
        return (
            f"{said}: the matrices have {blocks} blocks of columns: does ops.split cut as many, and blocks = … say so?"
        )
    unsaid = isinstance(cell, Cell) and type(cell).blocks is Cell.blocks
    if unsaid and (mistakes.MISFIT.search(said) or "split" in said):
        return "the matrices have one block of columns: say in the class how many it needs, such as blocks = 2."
    return mistakes.explain(error, "call")


def check_own_cell(my_cell) -> None:
    """units -> a cell: fewer weights than an LSTM, bounded, all weights used, a gradient that survives 30 steps."""
    units, steps = 16, 31
    for width in (9, units):  # one that a student may have fixed, and one that nobody has
        cell = checks.run(my_cell, width)
        if isinstance(cell, type):
            raise NotYet(f"my_cell: that is the class: return a cell of it, {cell.__name__}(units).")
        if not (callable(getattr(cell, "call", None)) and hasattr(cell, "state_size")):
            raise NotYet(f"my_cell: expected a cell with call(x_t, states) and state_size, got {type(cell).__name__}.")
        sizes = cell.state_size if isinstance(cell.state_size, list | tuple) else [cell.state_size]
        if set(sizes) != {width}:
            raise NotYet(f"my_cell: asked for {width} units, it has {sizes[0]}: hand `units` on to the cell.")
        _check_one_step(cell, width, len(sizes))
    cell = checks.run(my_cell, units)
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
            raise NotYet(
                f"my_cell: in 310 steps h_t reaches {largest:.2g}: keep it from -1 to 1, as a mean or a tanh. (What is "
                "added to open a gate stands inside its sigmoid.)"
            )
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
