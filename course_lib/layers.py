"""`LSTM`, `GRU` and `RNN`: what keras.layers has under these names, with a backward pass written by hand.

Backpropagation through time as lesson 02 derives it. The pass forward projects the inputs of all steps in one product;
its loop has the product U h and the gates. The loop of the pass backward has the product with U transposed; what it
finds at each step, dz_t, gives each weight's gradient in one product over all steps: dW = sum over t of dz_t x_t^T.
Automatic differentiation makes a product, and a sum of matrices, for each weight at each step instead.

Inside, everything is in columns, (H, B), as in the equations. TensorFlow's product on a CPU is fastest so, and a block
of gates is one piece of memory. A large batch is cut into LANES parts, which run side by side, each on a core: two
loops hand nothing over to each other, two threads in one product do so at every step.
"""

import functools
import os
from typing import NamedTuple

from course_lib import cells
from course_lib.errors import CourseError
from course_lib.quiet import keras

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    raw = tf.raw_ops
else:
    tf = None  # every layer does what Keras's does

LANES = int(os.environ.get("TF_NUM_INTEROP_THREADS", 0)) or os.cpu_count() or 1
WORTH_A_LANE = 2**19  # numbers in U times columns, for each lane: below that, a loop more costs more than it saves


# -- a step of each network, forward and back --------------------------------------------------------------------------


class LSTMSteps:
    """h and c; blocks i, f, o, g: three sigmoids, then the tanh. Hochreiter & Schmidhuber 1997; Gers et al. 2000."""

    states, needed = 2, 1  # how many; of which of them, c, `back` needs the values
    keeps = (3, 1)  # arrays `step` keeps for `back`, each so many times H rows
    finds = (4,)  # arrays `back` finds for `weights`

    def __init__(self, U, b_h):
        self.U, self.H = U, U.shape[0]
        self.U_T = tf.transpose(U)  # (4H, H)

    def step(self, z, states):
        """z = W x_t + b (4H, B) -> the states after the step, what to keep."""
        h, c = states
        gates, g = tf.split(z + self.U_T @ h, [3 * self.H, self.H])
        gates, g = tf.sigmoid(gates), tf.tanh(g)
        i, f, o = tf.split(gates, 3)
        c = f * c + i * g
        return (o * tf.tanh(c), c), (gates, g)

    def back(self, kept, c_before, c, d_states):
        """dE/d(h, c) after a step -> dE/d(h, c) before it, and dE/dz."""
        (gates, g), (dh, dc) = kept, d_states
        i, f, o = tf.split(gates, 3)
        tanh_c = tf.tanh(c)
        dc += raw.TanhGrad(y=tanh_c, dy=dh * o)
        d_gates = raw.SigmoidGrad(y=gates, dy=tf.concat([dc * g, dc * c_before, dh * tanh_c], 0))
        dz = tf.concat([d_gates, raw.TanhGrad(y=g, dy=dc * i)], 0)
        return (self.U @ dz, dc * f), (dz,)

    def weights(self, found, h):
        """Over all steps, dz (4H, T·B) and the h before each (H, T·B) -> dz, dE/dU, dE/db_h."""
        return found[0], tf.transpose(tf.matmul(found[0], h, transpose_b=True)), None


class GRUSteps:
    """h; blocks z, r, candidate. Cho et al. 2014, eqs 5-8."""

    states, needed = 1, 0
    keeps = (2, 1)
    finds = (3, 1)

    def __init__(self, U, b_h):
        self.H = U.shape[0]
        self.gates, self.candidate = tf.split(U, [2 * self.H, self.H], 1)
        self.gates_T, self.candidate_T = tf.transpose(self.gates), tf.transpose(self.candidate)

    def step(self, z, states):
        """As of the LSTM."""
        (h,) = states
        gates, candidate = tf.split(z, [2 * self.H, self.H])
        gates = tf.sigmoid(gates + self.gates_T @ h)
        keep, r = tf.split(gates, 2)
        candidate = tf.tanh(candidate + self.candidate_T @ (r * h))
        return (candidate + keep * (h - candidate),), (gates, candidate)

    def back(self, kept, h, _, d_states):
        """As of the LSTM; and what the candidate read."""
        (gates, candidate), (dh,) = kept, d_states
        keep, r = tf.split(gates, 2)
        d_candidate = raw.TanhGrad(y=candidate, dy=dh - dh * keep)
        d_read = self.candidate @ d_candidate  # dE/d(r h)
        d_gates = raw.SigmoidGrad(y=gates, dy=tf.concat([dh * (h - candidate), d_read * h], 0))
        dh = dh * keep + d_read * r + self.gates @ d_gates
        return (dh,), (tf.concat([d_gates, d_candidate], 0), r * h)

    def weights(self, found, h):
        """As of the LSTM."""
        dz, read = found
        d_gates, d_candidate = tf.split(dz, [2 * self.H, self.H])
        d_U = [tf.matmul(d_gates, h, transpose_b=True), tf.matmul(d_candidate, read, transpose_b=True)]
        return dz, tf.transpose(tf.concat(d_U, 0)), None


class ResetAfterGRUSteps(GRUSteps):
    """r stands behind the product, r (U h + b_h), as Keras has it."""

    keeps = (2, 1, 1)

    def __init__(self, U, b_h):
        self.U, self.H, self.b_h = U, U.shape[0], b_h[:, None]
        self.U_T = tf.transpose(U)

    def step(self, z, states):
        """As of the LSTM."""
        (h,) = states
        x_gates, x_candidate = tf.split(z, [2 * self.H, self.H])
        h_gates, h_candidate = tf.split(self.U_T @ h + self.b_h, [2 * self.H, self.H])
        gates = tf.sigmoid(x_gates + h_gates)
        keep, r = tf.split(gates, 2)
        candidate = tf.tanh(x_candidate + r * h_candidate)
        return (candidate + keep * (h - candidate),), (gates, candidate, h_candidate)

    def back(self, kept, h, _, d_states):
        """As of the LSTM; and dE/d(U h + b_h) of the candidate."""
        (gates, candidate, h_candidate), (dh,) = kept, d_states
        keep, r = tf.split(gates, 2)
        d_candidate = raw.TanhGrad(y=candidate, dy=dh - dh * keep)
        d_gates = raw.SigmoidGrad(y=gates, dy=tf.concat([dh * (h - candidate), d_candidate * h_candidate], 0))
        d_product = d_candidate * r
        dh = dh * keep + self.U @ tf.concat([d_gates, d_product], 0)
        return (dh,), (tf.concat([d_gates, d_candidate], 0), d_product)

    def weights(self, found, h):
        """As of the LSTM."""
        d_product = tf.concat([found[0][: 2 * self.H], found[1]], 0)
        return found[0], tf.transpose(tf.matmul(d_product, h, transpose_b=True)), tf.reduce_sum(d_product, 1)


# -- all steps ---------------------------------------------------------------------------------------------------------


class How(NamedTuple):
    """What a layer's graph depends on: the equations; whether every output is asked for; whether outputs are 0 where
    there is no word; in how many parts, side by side, the inputs are projected.
    """  # fmt: skip

    network: type
    every: bool
    zeros: bool
    parts: int


def _projected(W, x, parts):
    """W^T x: (D, blocks·H), (D, T·B) -> (blocks·H, T·B)."""
    rows = W.shape[1]
    pieces = tf.split(tf.transpose(W), [(rows + part) // parts for part in range(parts)])
    return tf.concat([piece @ x for piece in pieces], 0) if parts > 1 else pieces[0] @ x


def _list(steps, dtype):
    """Room for one array of each step. They are read without a copy."""
    return raw.TensorListReserve(element_shape=tf.constant([-1, -1]), num_elements=steps, element_dtype=dtype)


def _write(arrays, t, array):
    return raw.TensorListSetItem(input_handle=arrays, index=t, item=array)


def _read(arrays, t, shape, dtype):
    one = raw.TensorListGetItem(input_handle=arrays, index=t, element_shape=tf.constant([-1, -1]), element_dtype=dtype)
    return tf.ensure_shape(one, shape)


def _all(arrays, rows, dtype):
    """(T, rows, B)."""
    return raw.TensorListStack(input_handle=arrays, element_shape=tf.constant([rows, -1]), element_dtype=dtype)


def _side_by_side(array):
    """(T, rows, B) -> (rows, T·B)."""
    return tf.reshape(tf.transpose(array, (1, 0, 2)), (array.shape[1], -1))


def _columns(*arrays):
    """B, if one of the arrays (B, ...) knows it; else None. Within a loop all must know it, or none."""
    return next((array.shape[0] for array in arrays if array.shape[0] is not None), None)


def _words(mask, dtype, B):
    """(B, T) -> (T, 1, B): 1 where there is a word."""
    return tf.ensure_shape(tf.transpose(tf.cast(mask, dtype))[:, None], (mask.shape[1], 1, B))


def _forward(how, x, states, W, U, b, b_h, mask):
    """x (B, T, D), states (B, H), mask (B, T) or None -> outputs (B, T, H), or the last (B, 1, H) if not `how.every`;
    the states at the end; what `_backward` needs.

    Where there is no word the states stay, and so does the output (0 before the first word); with `how.zeros` it is 0.
    """  # fmt: skip
    dtype, steps, B = x.dtype, tf.shape(x)[1], _columns(x, *states)
    N, shape = how.network(U, b_h), (U.shape[0], B)
    z = _projected(W, tf.reshape(tf.transpose(x, (2, 1, 0)), (x.shape[2], -1)), how.parts) + b[:, None]  # (4H, T·B)
    z = tf.ensure_shape(tf.reshape(z, (W.shape[1], steps, -1)), (W.shape[1], x.shape[1], B))
    words = None if mask is None else _words(mask, dtype, B)

    def step(t, states, output, lists):
        new, kept = N.step(tf.gather(z, t, axis=1), states)
        if words is None:
            states, said = new, ()
        else:
            m = words[t]
            states = tuple(s + m * (n - s) for n, s in zip(new, states, strict=True))
            output = m * new[0] if how.zeros else output + m * (new[0] - output)
            said = (output,)
        arrays = (*kept, *states, *said)
        return t + 1, states, output, tuple(_write(one, t, array) for one, array in zip(lists, arrays, strict=True))

    states = tuple(tf.ensure_shape(tf.transpose(s), shape) for s in states)
    count = len(N.keeps) + N.states + (words is not None)
    begin = (0, states, tf.zeros_like(states[0]), tuple(_list(steps, dtype) for _ in range(count)))
    _, last, output, lists = tf.while_loop(lambda t, *_: t < steps, step, begin, parallel_iterations=1)
    kept, after = lists[: len(N.keeps)], lists[len(N.keeps) :][: N.states]
    h = _all(after[0], N.H, dtype)
    if how.every:
        outputs = h if words is None else _all(lists[-1], N.H, dtype)
    else:
        outputs = (last[0] if words is None else output)[None]
    remembered = (*kept, after[N.needed], h, last[N.needed])
    return tf.transpose(outputs, (2, 0, 1)), tuple(tf.transpose(s) for s in last), remembered


def _backward(how, x, states, W, U, b_h, mask, remembered, d_outputs, d_last):
    """dE/d(outputs, states at the end) -> dE/d of x, states, W, U, b, b_h."""
    dtype, steps, B = x.dtype, tf.shape(x)[1], _columns(x, *states, d_outputs, *d_last)
    N, shape = how.network(U, b_h), (U.shape[0], B)
    *kept, after, h, now = remembered
    states = tuple(tf.ensure_shape(tf.transpose(s), shape) for s in states)
    # What was before step t: entry t - 1 of `after`; of step 0, where that is the last, what was at the beginning.
    before = _write(raw.TensorListResize(input_handle=after, size=steps + 1), steps, states[N.needed])
    words = None if mask is None else _words(mask, dtype, B)
    d_outputs = tf.ensure_shape(tf.transpose(d_outputs, (1, 2, 0)), (None, *shape))  # (T or 1, H, B)

    def step(t, d_states, owed, now, lists):
        saved = tuple(_read(one, t, (rows * N.H, shape[1]), dtype) for one, rows in zip(kept, N.keeps, strict=True))
        then = _read(before, tf.math.floormod(t - 1, steps + 1), shape, dtype)
        if words is None:
            d_new = (d_states[0] + tf.gather(d_outputs, t), *d_states[1:]) if how.every else d_states
            d_before, found = N.back(saved, then, now, d_new)
        else:  # the state before it, and the output before it, are owed what went past this step
            m = words[t]
            owed = owed + tf.gather(d_outputs, t) if how.every else owed
            d_new = (m * (d_states[0] + owed), *(m * d for d in d_states[1:]))
            d_before, found = N.back(saved, then, now, d_new)
            d_before = tuple(d + stays - m * stays for d, stays in zip(d_before, d_states, strict=True))
            owed = tf.zeros_like(owed) if how.zeros else owed - m * owed
        return t - 1, d_before, owed, then, tuple(_write(o, t, a) for o, a in zip(lists, found, strict=True))

    d_states = tuple(tf.ensure_shape(tf.transpose(d), shape) for d in d_last)
    owed = tf.zeros_like(d_states[0])
    if not how.every and words is None:
        d_states = (d_states[0] + d_outputs[0], *d_states[1:])
    elif not how.every:
        owed = d_outputs[0]
    begin = (steps - 1, d_states, owed, tf.ensure_shape(now, shape), tuple(_list(steps, dtype) for _ in N.finds))
    _, d_states, _, _, lists = tf.while_loop(lambda t, *_: t >= 0, step, begin, parallel_iterations=1)
    found = [_side_by_side(_all(one, rows * N.H, dtype)) for one, rows in zip(lists, N.finds, strict=True)]
    h = tf.concat([states[0][None], h[:-1]], 0)  # before each step
    dz, dU, db_h = N.weights(found, _side_by_side(h))
    dW = tf.transpose(dz @ tf.reshape(tf.transpose(x, (1, 0, 2)), (-1, x.shape[2])))
    dx = tf.transpose(tf.reshape(W @ dz, (x.shape[2], steps, -1)), (2, 1, 0))
    db_h = tf.zeros_like(b_h) if db_h is None else db_h
    return dx, tuple(tf.transpose(d) for d in d_states), dW, dU, tf.reduce_sum(dz, 1), db_h


@functools.cache
def _compiled(function, *sizes):
    """Fast outside a compiled model, too. One for every D and H; texts and steps may be any number."""
    return tf.function(function, reduce_retracing=True, autograph=False)


def _run(how, x, states, W, U, b, b_h, mask):
    """x (B, T, D), states (B, H), W (D, blocks·H), U (H, blocks·H), b, b_h (blocks·H,), mask (B, T) or None ->
    outputs (B, T, H), or the last (B, 1, H) if not `how.every`; the states at the end.
    """  # fmt: skip

    @tf.custom_gradient
    def run(x, W, U, b, b_h, *states):
        forward, backward = (_compiled(function, *W.shape, *U.shape) for function in (_forward, _backward))
        outputs, last, remembered = forward(how, x, states, W, U, b, b_h, mask)

        def gradient(d_outputs, *d_last):
            @tf.custom_gradient
            def once(d_outputs, x, W, U, b_h, *more):
                d_last, states = more[: len(last)], more[len(last) :]
                result = backward(how, x, states, W, U, b_h, mask, remembered, d_outputs, d_last)
                dx, d_states, *d_weights = result
                return (dx, *d_weights, *d_states), _no_second

            return once(d_outputs, x, W, U, b_h, *d_last, *states)

        return (outputs, *last), gradient

    outputs, *last = run(x, W, U, b, b_h, *states)
    return outputs, last


def _no_second(*_):
    raise CourseError(
        "a gradient of a gradient was asked of a fast recurrent layer, whose backward pass is written by hand: "
        "use the layer of keras.layers, or unroll=True."
    )


def _in_lanes(network, every, zeros, x, states, W, U, b, b_h, mask):
    """`_run`, a large batch in parts side by side; of a small one the projection alone."""
    lanes = LANES
    if x.shape[0] is not None:
        lanes = min(LANES, x.shape[0] * U.shape[0] * U.shape[1] // WORTH_A_LANE)
    if lanes < 2:
        return _run(How(network, every, zeros, LANES), x, states, W, U, b, b_h, mask)
    texts = tf.shape(x)[0] if x.shape[0] is None else x.shape[0]
    sizes = [(texts + lane) // lanes for lane in range(lanes)]
    arrays = [x, *states, *([] if mask is None else [mask])]
    parts = [tf.split(array, sizes) for array in arrays]
    how, results = How(network, every, zeros, 1), []
    for part in zip(*parts, strict=True):
        one, past = part[0], part[1 : 1 + len(states)]
        results.append(_run(how, one, past, W, U, b, b_h, None if mask is None else part[-1]))
    outputs, last = zip(*results, strict=True)
    return tf.concat(outputs, 0), [tf.concat(s, 0) for s in zip(*last, strict=True)]


# -- the layers --------------------------------------------------------------------------------------------------------


def _network(cell, training):
    """A cell's equations, as above, and its W, U, b, b_h; None for a cell that is not among them."""
    if type(cell) in (keras.layers.LSTMCell, keras.layers.GRUCell):
        functions = (cell.activation, cell.recurrent_activation)
        if functions != (keras.activations.tanh, keras.activations.sigmoid):
            return None
        if training and (cell.dropout or cell.recurrent_dropout):
            return None
        W, U, b = cell.kernel, cell.recurrent_kernel, cell.bias
    elif type(cell) in (cells.LSTMCell, cells.GRUCell):
        W, U, b = cell.W_x, cell.W_h, cell.b
    else:
        return None
    W, U = tf.convert_to_tensor(W), tf.convert_to_tensor(U)
    b = tf.zeros(U.shape[1], U.dtype) if b is None else tf.convert_to_tensor(b)
    if isinstance(cell, (keras.layers.GRUCell, cells.GRUCell)):
        if not cell.reset_after:
            return GRUSteps, W, U, b, tf.zeros_like(b)
        b, b_h = tf.unstack(b) if b.shape.rank == 2 else (b, tf.zeros_like(b))
        return ResetAfterGRUSteps, W, U, b, b_h
    (W, U, b) = (tf.concat([i, f, o, g], -1) for i, f, g, o in (tf.split(weight, 4, -1) for weight in (W, U, b)))
    return LSTMSteps, W, U, b, tf.zeros_like(b)


class _Fast:
    """What differs from Keras's layers: the loop."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.supports_jit = False

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """(B, T, D) -> the last output (B, H), outputs (B, T, H), or (B, 1, H) of the last alone, states."""
        ours = tf and not self.unroll and sequences.dtype in (tf.float32, tf.float64)  # 16 bits are not faster so
        network = _network(self.cell, training) if ours else None
        if network is None:
            return super().inner_loop(sequences, initial_state, mask, training=training)
        equations, *weights = network
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if self.go_backwards:
            sequences, mask = tf.reverse(sequences, [1]), None if mask is None else tf.reverse(mask, [1])
        zeros, states = bool(self.zero_output_for_mask), keras.tree.flatten(initial_state)
        outputs, last = _in_lanes(equations, self.return_sequences, zeros, sequences, states, *weights, mask)
        outputs.set_shape((sequences.shape[0], sequences.shape[1] if self.return_sequences else 1, states[0].shape[1]))
        for state in last:
            state.set_shape((sequences.shape[0], states[0].shape[1]))
        return outputs[:, -1], outputs, last


@keras.saving.register_keras_serializable(package="course_lib")
class RNN(_Fast, keras.layers.RNN):
    """keras.layers.RNN, fast around an LSTMCell or a GRUCell, of `cells` or of Keras."""


@keras.saving.register_keras_serializable(package="course_lib")
class LSTM(_Fast, keras.layers.LSTM):
    """keras.layers.LSTM: the same arguments, weights and results."""


@keras.saving.register_keras_serializable(package="course_lib")
class GRU(_Fast, keras.layers.GRU):
    """keras.layers.GRU: the same arguments, weights and results."""
