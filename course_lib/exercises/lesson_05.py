"""Checks of lesson 05."""

import itertools
import re
from functools import partial, reduce

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
    (B, H), D = h_prev.shape, x_t.shape[1]
    wrong_shapes = {
        (B, 3 * H): "split the columns into three blocks, z, r and the candidate",
        (2, B, H): "a GRU has one state: return h_t alone",
        (H,): "that is one row: h_t has a row for each text of the batch",
        (B,): "a gate and the candidate have a number for each unit: nothing is summed over the units",
    }
    given = (a.copy() for a in (x_t, h_prev, W_x, W_h, b))
    try:
        answer = checks.run(gru_step, *given)
    except NotYet as error:
        if "equal division" in str(error):
            raise NotYet(
                "gru_step: np.split cuts rows if nothing is said: np.split(…, 3, axis=1) cuts columns."
            ) from None
        for n, whose in ((D, "x_t has columns"), (B, "the batch has rows")):
            if n != H and f"({B}, {n})" in str(error) and f"({B}, {H})" in str(error):
                raise NotYet(
                    f"gru_step: a block has {n} columns there, as many as {whose}: it has H, here {H}, as h_prev."
                ) from None
        raise
    answer = checks.as_array(answer, (B, H), "gru_step", wrong_shapes)
    checks.expect_close(answer, _gru(x_t, h_prev, W_x, W_h, b), "h_t", [
        (_gru(x_t, h_prev, W_x, W_h, b, **mistake), hint) for mistake, hint in GRU_MISTAKES
    ])  # fmt: skip


def _gru(x_t, h_prev, W_x, W_h, b, order="zrc", squash=np.tanh, gate=sigmoid, parts=lambda m: np.split(m, 3, axis=-1),
         turned="", without=(), blocks=None, plain="", gate_resets=False, mix=lambda z, r, h, c: z * h + (1 - z) * c,
         new=lambda x, h, U, z, r, b: x + (r * h) @ U + b):  # fmt: skip
    """The exercise's function, with one mistake or none.

    turned, plain: the blocks whose matrix is transposed, and whose sigmoid is left out. without: (matrix, block) that
    are missing. blocks: {(matrix, block): the block that is read in its place}. gate_resets: z reads r * h_prev.
    """
    read = {}
    for name, product in (("W_x", x_t @ W_x), ("W_h", W_h), ("b", np.broadcast_to(b, x_t.shape[:1] + b.shape))):
        cut = dict(zip(order, parts(product), strict=True))
        read |= {
            (name, block): cut[(blocks or {}).get((name, block), block)] * ((name, block) not in without)
            for block in "zrc"
        }
    U = {block: read["W_h", block].T if block in turned else read["W_h", block] for block in "zrc"}

    def opened(block, h):
        a = read["W_x", block] + h @ U[block] + read["b", block]
        return a if block in plain else gate(a)

    r = opened("r", h_prev)
    z = opened("z", r * h_prev if gate_resets else h_prev)
    c = squash(new(read["W_x", "c"], h_prev, U["c"], z, r, read["b", "c"]))
    return mix(z, r, h_prev, c)


def _blocks_of(matrix, order):
    """Blocks of one matrix alone, read in another order."""
    return {(matrix, block): other for block, other in zip("zrc", order, strict=True)}


BLOCKS = {"z": "z", "r": "r", "c": "the candidate"}
OTHER_MIX = "z mixes old and new: z times h_prev, 1 - z times the candidate."
READS = "The candidate reads r * h_prev, number by number:"
GRU_MISTAKES: list[tuple[dict, str]] = [
    ({"mix": lambda z, r, h, c: (1 - z) * h + z * c}, "z and 1 - z have changed places: here z keeps the old memory."),
    ({"new": lambda x, h, U, z, r, b: x + r * (h @ U) + b},
     "That resets after the product. Here r is applied to h_prev, before W_h."),
    ({"new": lambda x, h, U, z, r, b: x + h @ U + b},
     "The candidate reads the whole of h_prev: multiply h_prev by r first."),
    *(({"order": "".join(order)}, "The blocks are in another order: z, r, candidate.")
      for order in itertools.permutations("zrc")),
    ({"parts": lambda m: [m[:, i::3] for i in range(3)]}, "A block is H columns in a row, not every third one."),
    ({"mix": lambda z, r, h, c: (1 - z) * c}, "z * h_prev is missing: what is kept of the old memory."),
    ({"mix": lambda z, r, h, c: z * h}, "(1 - z) times the candidate is missing: what is new."),
    ({"mix": lambda z, r, h, c: z * h + c}, "The candidate is not multiplied: it counts with 1 - z."),
    ({"mix": lambda z, r, h, c: h + (1 - z) * c}, "h_prev is not multiplied: it counts with z."),
    ({"mix": lambda z, r, h, c: h + z * c}, "h_prev is not multiplied: it counts with z, the candidate with 1 - z."),
    ({"mix": lambda z, r, h, c: c}, "That is the candidate alone: mix it with h_prev, by z."),
    ({"mix": lambda z, r, h, c: z * c}, "z * h_prev is missing, and the candidate counts with 1 - z."),
    ({"mix": lambda z, r, h, c: c + (1 - z) * h}, "Here z keeps h_prev, and the candidate counts with 1 - z."),
    ({"mix": lambda z, r, h, c: z * h + z * c}, "The candidate counts with 1 - z, not with z."),
    ({"mix": lambda z, r, h, c: h + c}, OTHER_MIX),
    ({"mix": lambda z, r, h, c: (h + c) / 2}, f"That is the mean of both: {OTHER_MIX}"),
    *(({"mix": mix}, f"r is in the mix there. {OTHER_MIX}") for mix in (
        lambda z, r, h, c: r * h + (1 - r) * c, lambda z, r, h, c: (1 - r) * h + r * c,
        lambda z, r, h, c: z * h + r * c, lambda z, r, h, c: r * h + z * c, lambda z, r, h, c: r * h + (1 - z) * c)),
    ({"mix": lambda z, r, h, c: z * r * h + (1 - z) * c},
     "z mixes h_prev itself with the candidate: r is for what the candidate reads."),
    ({"mix": lambda z, r, h, c: np.tanh(z * h + (1 - z) * c)},
     "No tanh around the mix: that is how an LSTM makes its output."),
    ({"mix": lambda z, r, h, c: r * np.tanh(z * h + (1 - z) * c)}, "A GRU has no output gate: h_t is the mix itself."),
    ({"new": lambda x, h, U, z, r, b: x + (z * h) @ U + b}, f"{READS} not z * h_prev."),
    ({"new": lambda x, h, U, z, r, b: x + ((1 - r) * h) @ U + b}, f"{READS} not (1 - r) * h_prev."),
    ({"new": lambda x, h, U, z, r, b: x + (r + h) @ U + b}, f"{READS} not r + h_prev."),
    ({"new": lambda x, h, U, z, r, b: x + r @ U + b}, f"{READS} not r alone."),
    ({"new": lambda x, h, U, z, r, b: x + (r @ h.T @ h) @ U + b}, f"{READS} write *, not @, between r and h_prev."),
    ({"new": lambda x, h, U, z, r, b: r * (x + b) + (r * h) @ U}, "r is for h_prev alone, not for x_t."),
    ({"new": lambda x, h, U, z, r, b: r * x + (r * h) @ U + b}, "r is for h_prev alone, not for x_t."),
    ({"new": lambda x, h, U, z, r, b: r * (x + h @ U + b)},
     "r is for h_prev alone, before the product, not for what comes of x_t."),
    ({"new": lambda x, h, U, z, r, b: x + b}, "The candidate reads r * h_prev, too, through its block of W_h."),
    ({"gate_resets": True}, "z reads h_prev itself: r is for what the candidate reads."),
    ({"without": [("b", block) for block in "zr"]}, "The gates' parts of the bias b are missing."),
    ({"without": [("b", block) for block in "zrc"]}, "The bias b is missing."),
    *(({"without": [("b", block)]}, f"{name}'s part of the bias b is missing.")
      for block, name in (("z", "z"), ("r", "r"), ("c", "The candidate"))),
    *(({"without": [("W_x", block) for block in which]}, f"{who} x_t, too, through {whose} W_x.")
      for which, who, whose in (("zr", "The gates see", "their blocks of"), ("z", "z sees", "its block of"),
                                ("r", "r sees", "its block of"), ("c", "The candidate reads", "its block of"))),
    *(({"without": [("W_h", block) for block in which]}, f"{who} h_prev, too, through {whose} W_h.")
      for which, who, whose in (("zr", "The gates see", "their blocks of"), ("z", "z sees", "its block of"),
                                ("r", "r sees", "its block of"))),
    *(({"turned": which}, "A block of W_h is transposed: a batch is rows here, h_prev @ W_h.")
      for which in ("zrc", "z", "r", "c", "zr")),
    ({"squash": sigmoid}, "The candidate goes through tanh, not through a sigmoid."),
    ({"squash": lambda a: a}, "The candidate goes through tanh."),
    ({"squash": lambda a: np.maximum(a, 0)}, "The candidate goes through tanh, not through relu."),
    ({"gate": np.tanh}, "The gates go through a sigmoid, not through tanh."),
    ({"gate": lambda a: a}, "The gates go through a sigmoid, from 0 to 1."),
    *(({"plain": block}, f"{block} goes through a sigmoid, too: a gate lies between 0 and 1.") for block in "zr"),
    ({"gate": lambda a: sigmoid(-a)}, "The sigmoid is turned round: its exponent is -a."),
    ({"gate": lambda a: 1 + np.exp(-a)}, "1 / 1 + … divides first: brackets around all that stands below the line."),
    ({"gate": lambda a: 1 / np.exp(-a)}, "The sigmoid has 1 + exp(-a) below the line."),
    *(({"blocks": {(matrix, block): other}},
       f"As if {BLOCKS[block]} read the block of {BLOCKS[other]} in {matrix}: the blocks are z, r, candidate.")
      for matrix in ("W_x", "W_h", "b") for block in "zrc" for other in "zrc" if other != block),
    *(({"blocks": _blocks_of(matrix, order)}, f"The blocks of {matrix} are in another order: z, r, candidate.")
      for matrix in ("W_x", "W_h", "b") for order in itertools.permutations("zrc")),
]  # fmt: skip


# The marks of the sentences in exercise 2, and why.
FIGURES = {
    "a": (True, "the dashed line is who does not read the question; the bar of LSTM-f lies right of that line."),
    "b": (False, "MUT1 has the highest mean, but its bar overlaps others: five seeds do not decide between them."),
    "c": (False, "the paper's numbers have up to 8 digits, ours one or two: these are two different tasks."),
    "d": (True, "the bars of tanh and LSTM-f overlap almost wholly: a narrow gap decides nothing."),
    "e": (False, "they have equally many parameters; a cell with fewer gates has more units."),
    "f": (False, "the bars say how seeds differ. A choice on test data flatters results: that is no matter of width."),
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
        if not checks.is_mark(mark):
            raise NotYet(f"read_figures: the mark of {letter}: {checks.no_mark(mark)}.")
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
        answer = checks.as_array(checks.run(residual, given, layers), x.shape, "residual", {
            (count + n, *x.shape): "return the top alone, not what stands at every height" for n in (0, 1)
        })  # fmt: skip
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
    def stack(step, layers=layers, begin=x):
        return reduce(step, layers, begin)

    def plus(v, f):
        return v + f(v)

    def dense():
        read = [x]
        for layer in layers:
            read.append(sum(read) + layer(read[-1]))
        return read[-1]

    def plain_below():
        """x, and what each layer of a plain stack makes."""
        made = [x]
        for layer in layers:
            made.append(layer(made[-1]))
        return made

    def every_second(first):
        return stack(lambda v, n: layers[n](v) + (v if n % 2 == first else 0), range(len(layers)))

    every = "A sum at every second layer only: add at every layer."
    twice = "Each layer is asked once: top + layer(top)."
    checks.expect_close(answer, stack(plus), "the top of the stack", [
        (stack(lambda v, f: x + f(v)), "The bug is still there: add what went into this layer, not the lowest input."),
        (stack(lambda v, f: f(v)), "That is the plain stack: add what went into a layer to what comes out."),
        (stack(lambda v, f: v + f(x)), "Every layer reads the sum below it, not the input of the lowest."),
        (stack(lambda v, f: f(v)) + x, "One sum at the end is not enough: add at every layer."),
        (layers[-1](stack(plus, layers[:-1])), "The highest layer is not summed: what goes into it is added, too."),
        (stack(plus, layers[1:], layers[0](x)), "The lowest layer is not summed: what goes into it is added, too."),
        (stack(plus, layers[:-1]), "The highest layer is missing: the loop goes through all layers."),
        (stack(plus, layers[1:]), "The lowest layer is missing: the loop goes through all layers."),
        (stack(plus, layers[::-1]), "The layers come lowest first: go through them as they stand."),
        (dense(), "Add what went into this layer alone, not what went into all below: the sum has that already."),
        (sum(plain_below()), "Each layer reads the sum below it, not what the layer below made alone."),
        (sum(plain_below()[1:]), "Each layer reads the sum below it, not what the layer below made alone."),
        (stack(lambda v, f: (v + f(v)) / 2), "The sum, not the mean."),
        (stack(lambda v, f: v * f(v)), "A sum, not a product."),
        (stack(lambda v, f: v - f(v)), "Add, do not subtract."),
        (stack(lambda v, f: f(v) - v), "Add, do not subtract."),
        (stack(lambda v, f: v + f(f(v))), twice),
        (stack(lambda v, f: f(v) + f(f(v))), twice),
        (stack(lambda v, f: f(v + f(v))), twice),
        (stack(lambda v, f: v + 2 * f(v)), "The layer counts once in the sum, not twice."),
        (stack(lambda v, f: 2 * v + f(v)), "What went into the layer counts once in the sum, not twice."),
        (stack(lambda v, f: v + x + f(v)), "x is added once, below: the sum that goes into a layer has it already."),
        (stack(lambda v, f: f(v + x)), "Add what goes in to what comes *out* of the layer, not x to what goes in."),
        (stack(lambda v, f: v + f(v + x)), "The layer reads the sum below it, in which x is already."),
        (stack(lambda v, f: v + f(v - x)), "The layer reads the whole sum below it, x too."),
        (stack(lambda v, f: np.tanh(v + f(v))), "Nothing is done to the sum: the tanh is inside the layers."),
        (stack(lambda v, f: np.maximum(v + f(v), 0)), "Nothing is done to the sum: no relu."),
        (every_second(0), every),
        (every_second(1), every),
        (stack(lambda v, n: v + n, range(len(layers))), "Those are the numbers of the layers, which no one calls."),
        (plus(x, layers[0]), "That is the lowest layer alone: return after the loop, not in it."),
        (plus(x, layers[-1]), "That is the highest layer alone: each reads the sum that the one below it left."),
        (sum(plus(x, layer) for layer in layers), "Each layer reads the sum below it, not the input of the lowest."),
        (stack(plus) + x, "x is in it twice: the lowest layer's sum has it already."),
        (stack(plus) - x, "x is missing: the lowest layer's input is added, too."),
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
    if all(old is new for old, new in zip(states, after, strict=True)):
        raise NotYet("my_cell: call hands on the old state, so nothing is remembered: return h_t, [h_t].")
    if all(np.array_equal(old, new) for old, new in zip(states, after, strict=True)):
        raise NotYet(
            "my_cell: after a step the state is what it was, so nothing is remembered: as if a gate stood at 1 and let "
            "nothing new in, or as if call handed on the old state."
        )
    _check_what_it_reads(cell, x_t, states, [h_t, *after])
    try:
        cell.call(keras.KerasTensor(shape), [keras.KerasTensor(shape) for _ in states])
    except Exception as error:
        if "KerasTensor" in str(error) and {"np", "numpy"} & {
            *getattr(getattr(cell.call, "__code__", None), "co_names", ())
        }:
            raise NotYet(
                "my_cell: no gradient passes through NumPy: in call write ops.tanh, not np.tanh, and so on."
            ) from None


def _check_what_it_reads(cell, x_t, states, made):
    """NotYet if what a step makes does not depend on x_t, or if a text of the batch depends on the others."""

    def step(x_t, states):
        h_t, after = cell.call(x_t, list(states))
        return [np.array(each) for each in (h_t, *([after] if keras.ops.is_tensor(after) else after))]

    made = [np.array(each) for each in made]
    if not all(map(np.array_equal, made, step(x_t, states))):
        return  # it draws
    if all(map(np.array_equal, made, step(keras.ops.flip(x_t, axis=0), states))):
        raise NotYet("my_cell: with another x_t a step makes the same: let it read x_t, through self.W_x.")
    alone = step(x_t[:1], [state[:1] for state in states])
    if any(np.abs(each[:1] - one).max() > 1e-4 for each, one in zip(made, alone, strict=True)):
        raise NotYet(
            "my_cell: what it makes of a text depends on the other texts of the batch: rows are texts, so no mean, sum "
            "or softmax over axis 0."
        )


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
    bias = getattr(cell, "b", None)
    if bias is not None and (there := keras.ops.convert_to_numpy(bias)).shape != tuple(bias.shape):
        return f"its initializer gives the bias {there.size} numbers, {bias.shape[-1]} are needed."
    blocks = cell.blocks if isinstance(cell, Cell) else 1
    if isinstance(blocks, int) and blocks > 1:
        rows_cut = f"({8 // blocks}, {blocks * cell.units})"
        if rows_cut in mistakes.explain(error, ""):
            return "rows are texts, and they are cut there: ops.split(…, axis=-1) cuts columns."
    unsaid = isinstance(cell, Cell) and type(cell).blocks is Cell.blocks
    if unsaid and (mistakes.MISFIT.search(said) or "split" in said):
        return "the matrices have one block of columns: say in the class how many it needs, such as blocks = 2."
    return mistakes.explain(error, "call")


def check_own_cell(my_cell) -> None:
    """units -> a cell: fewer weights than an LSTM, bounded, all weights used, a gradient that survives 30 steps."""
    units, steps = 16, 31
    before = None
    for width in (9, units):  # one that a student may have fixed, and one that nobody has
        cell = checks.run(my_cell, width)
        if cell is before:
            raise NotYet("my_cell: it returns the same cell at every call: make a new one each time, of `units` units.")
        before = cell
        if isinstance(cell, keras.layers.RNN):
            kind = type(cell).__name__
            raise NotYet(f"my_cell: {kind} is a layer, which has the loop over steps in it: return a cell, one step.")
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
