"""Checks of lesson 05."""

import numpy as np

from course_lib import checks, training
from course_lib.backend import keras
from course_lib.cells import LSTMCell
from course_lib.checks import NotYet
from course_lib.errors import CourseError
from course_lib.numpy_rnn import sigmoid


def check_count_weights(count_weights) -> None:
    """(D, H) -> how many numbers a vanilla RNN, a GRU and an LSTM have."""
    for D, H in ((3, 5), (40, 16)):
        answer = checks.as_array(checks.run(count_weights, D, H), (3,), "count_weights")
        one = H * (D + H + 1)
        for got, blocks, name in zip(answer, (1, 3, 4), ("a vanilla RNN", "a GRU", "an LSTM"), strict=True):
            checks.expect_close(got, blocks * one, f"the weights of {name} with D = {D}, H = {H}", [
                (blocks * H * (D + H), "The biases are missing: H a block."),
                (blocks * H * (D + 1), "The matrix from memory to memory is missing: H times H a block."),
                (blocks * H * D, "That is W_x alone: W_h and b come on top."),
                (one, "That is one block. Count the gates and the candidate: each is a block."),
                ((blocks - 1) * one, "One block too few: the candidate has weights, too."),
            ])  # fmt: skip
    checks.solved("count_weights knows what a gate costs")


def check_gru_step(gru_step) -> None:
    """One step of a GRU, reset before the product: -> h_t (B, H)."""
    rng = np.random.default_rng(3)
    B, D, H = 2, 3, 4
    x_t, h_prev, W_x, W_h, b = (rng.normal(size=s) for s in [(B, D), (B, H), (D, 3 * H), (H, 3 * H), (3 * H,)])
    turned = {(B, 3 * H): "split the columns into three blocks, z, r and the candidate"}
    answer = checks.as_array(
        checks.run(gru_step, *(a.copy() for a in (x_t, h_prev, W_x, W_h, b))), (B, H), "gru_step", turned
    )

    def step(order="zrc", reset="before", keep=True, squash=np.tanh):
        x, U = (dict(zip(order, np.split(m, 3, axis=1), strict=True)) for m in (x_t @ W_x + b, W_h))
        z, r = (sigmoid(x[gate] + h_prev @ U[gate]) for gate in "zr")
        read = {"before": (r * h_prev) @ U["c"], "after": r * (h_prev @ U["c"]), "never": h_prev @ U["c"]}[reset]
        c = squash(x["c"] + read)
        return z * h_prev + (1 - z) * c if keep else (1 - z) * h_prev + z * c

    checks.expect_close(answer, step(), "h_t", [
        (step(keep=False), "z and 1 - z have changed places: here z keeps the old memory."),
        (step(reset="after"), "That resets after the product. Here r is applied to h_prev, before W_h."),
        (step(reset="never"), "The candidate reads the whole of h_prev: multiply h_prev by r first."),
        (step(order="rzc"), "The blocks are in another order: z, r, candidate."),
        (step(squash=sigmoid), "The candidate goes through tanh, not through a sigmoid."),
        (step(squash=lambda a: a), "The candidate goes through tanh."),
    ])  # fmt: skip
    checks.solved("gru_step mixes old and new")


def check_residual(residual) -> None:
    """(x, layers) -> what comes out at the top of a residual stack."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(2, 3, 4))
    layers = [lambda v, W=W: np.tanh(v @ W) for W in rng.normal(size=(3, 4, 4))]
    answer = checks.as_array(checks.run(residual, x.copy(), layers), x.shape, "residual")

    def stack(step):
        value = x
        for layer in layers:
            value = step(value, layer)
        return value

    checks.expect_close(answer, stack(lambda v, f: v + f(v)), "the top of the stack", [
        (stack(lambda v, f: f(v)), "That is the plain stack: add what went into a layer to what comes out."),
        (stack(lambda v, f: v + f(x)), "Every layer reads the sum below it, not the input of the lowest."),
        (stack(lambda v, f: f(v)) + x, "One sum at the end is not enough: add at every layer."),
        (stack(lambda v, f: x + f(v)), "Add what went into this layer, not the input of the lowest."),
    ])  # fmt: skip
    checks.solved("residual adds at every layer")


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
