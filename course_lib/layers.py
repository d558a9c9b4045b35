"""`LSTM`, `GRU` and `RNN`: what keras.layers has under these names, with a backward pass written by hand.

Backpropagation through time as lesson 02 derives it. The pass forward projects the inputs of all steps in one product;
its loop has the product U h and the gates. The loop of the pass backward has the product with U transposed; what it
finds at each step, dz_t, gives each weight's gradient in one product over all steps: dW = sum over t of dz_t x_t^T.
Automatic differentiation makes a product, and a sum of matrices, for each weight at each step instead.

In equations vectors are columns, in the code rows: dW = x^T dz. Steps stand before texts, (T, B, ·): what a step reads
and writes is one piece of memory, and all steps are the rows of one product. A large batch is cut into LANES parts,
which run side by side, each on a core: two loops hand nothing over to each other, two threads in one product do so at
every step.
"""

import functools
import os
from typing import NamedTuple

from course_lib import cells
from course_lib.backend import keras
from course_lib.errors import CourseError

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    from tensorflow.python.eager import forwardprop_util  # there is no public way to ask these two
    from tensorflow.python.saved_model import save_context

    raw = tf.raw_ops
else:
    tf = None  # every layer does what Keras's does

LANES = int(os.environ.get("TF_NUM_INTEROP_THREADS", 0)) or os.cpu_count() or 1
WORTH_A_LANE = 2**19  # numbers in U times texts, for each lane: below that, a loop more costs more than it saves


# -- a step of each network, forward and back --------------------------------------------------------------------------


def _d_sigmoid(y, dy):
    return raw.SigmoidGrad(y=y, dy=dy)


def _d_tanh(y, dy):
    return raw.TanhGrad(y=y, dy=dy)


def _room(M):
    """How many idle columns a matrix gets. Where its rows are a multiple of 2 KB apart, the numbers of a column share
    few places in the cache, and TensorFlow's product takes up to twice as long.
    """  # fmt: skip
    return 16 if M.shape[1] * M.dtype.size % 2048 == 0 else 0


def _roomy(M):
    """(n, columns) -> (n, columns and room)."""
    return tf.pad(M, [(0, 0), (0, _room(M))]) if _room(M) else M


def _product(a, M, columns):
    """a M without the room of M."""
    product = a @ M
    return product if M.shape[1] == columns else product[:, :columns]


def _column_sums(M):
    """(n, columns) -> (columns,), as a product: tf.reduce_sum takes two to eight times as long."""
    return (tf.ones((1, tf.shape(M)[0]), M.dtype) @ M)[0]


class _Steps:
    """What the steps share: U (H, blocks·H) with its room, and transposed; how blocks are cut and joined; B texts."""

    def __init__(self, U, b_h, B):
        self.H, self.blocks, self.room = U.shape[0], U.shape[1] // U.shape[0], _room(U)
        self.b_h, self.idle = _roomy(b_h[None]), tf.zeros((B, self.room), U.dtype)
        self.hold(U)

    def hold(self, U):
        """U as `step` and `back` multiply by it: z and dz have room, too."""
        self.U = _roomy(U)
        self.U_T = _roomy(tf.transpose(self.U))

    def columns(self, blocks):
        """Of an array of so many blocks."""
        return blocks * self.H + (self.room if blocks == self.blocks else 0)

    def apart(self, z):
        """(B, blocks·H and room) -> the blocks (B, H)."""
        return tf.split(z, [self.H] * self.blocks + [self.room], 1)[: self.blocks]

    def together(self, *blocks):
        """The other way round."""
        return tf.concat([*blocks, self.idle], 1)


class LSTMSteps(_Steps):
    """h and c; blocks i, f, g, o: sigmoids, but for g, a tanh. Hochreiter & Schmidhuber 1997; Gers et al. 2000."""

    states, needed = 2, 1  # how many; of which of them, c, `back` needs the values
    keeps = 4  # arrays (B, H) `step` keeps for `back`
    finds = (4,)  # blocks in each array `back` finds for `weights`

    def step(self, z, states):
        """z = W x_t + b (B, 4H and room) -> the states after the step, what to keep."""
        h, c = states
        i, f, g, o = self.apart(z + h @ self.U)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        return (o * tf.tanh(c), c), (i, f, g, o)

    def back(self, kept, c_before, c, d_states):
        """dE/d(h, c) after a step -> dE/d(h, c) before it, and dE/dz."""
        (i, f, g, o), (dh, dc) = kept, d_states
        tanh_c = tf.tanh(c)
        dc += _d_tanh(tanh_c, dh * o)
        di, df = _d_sigmoid(i, dc * g), _d_sigmoid(f, dc * c_before)
        dg, do = _d_tanh(g, dc * i), _d_sigmoid(o, dh * tanh_c)
        dz = self.together(di, df, dg, do)
        return (_product(dz, self.U_T, self.H), dc * f), (dz,)

    def weights(self, found, h):
        """Over all steps, dz (T·B, 4H and room) and the h before each (T·B, H) -> dz, dE/dU, dE/db_h."""
        return found[0], tf.matmul(h, found[0], transpose_a=True), None


class GRUSteps(_Steps):
    """h; blocks z, r, candidate. Cho et al. 2014, eqs 5-8."""

    states, needed = 1, 0
    keeps = 3
    finds = (3, 1)

    def hold(self, U):
        """In two parts: the candidate reads r h."""
        gates, candidate = tf.split(U, [2 * self.H, self.H], 1)
        self.gates, self.candidate = _roomy(gates), _roomy(candidate)
        self.gates_T, self.candidate_T = _roomy(tf.transpose(gates)), _roomy(tf.transpose(candidate))

    def step(self, z, states):
        """As of the LSTM."""
        (h,) = states
        x_keep, x_r, x_candidate = self.apart(z)
        h_keep, h_r = tf.split(_product(h, self.gates, 2 * self.H), 2, 1)
        keep, r = tf.sigmoid(x_keep + h_keep), tf.sigmoid(x_r + h_r)
        candidate = tf.tanh(x_candidate + _product(r * h, self.candidate, self.H))
        return (candidate + keep * (h - candidate),), (keep, r, candidate)

    def back(self, kept, h, _, d_states):
        """As of the LSTM; and what the candidate read."""
        (keep, r, candidate), (dh,) = kept, d_states
        d_candidate = _d_tanh(candidate, dh - dh * keep)
        d_read = _product(d_candidate, self.candidate_T, self.H)  # dE/d(r h)
        d_keep, d_r = _d_sigmoid(keep, dh * (h - candidate)), _d_sigmoid(r, d_read * h)
        dh = dh * keep + d_read * r + _product(tf.concat([d_keep, d_r], 1), self.gates_T, self.H)
        return (dh,), (self.together(d_keep, d_r, d_candidate), r * h)

    def weights(self, found, h):
        """As of the LSTM."""
        dz, read = found
        d_gates, d_candidate = tf.split(dz, [2 * self.H, self.H + self.room], 1)
        d_U = [tf.matmul(h, d_gates, transpose_a=True), tf.matmul(read, d_candidate, transpose_a=True)]
        return dz, tf.concat(d_U, 1), None


class ResetAfterGRUSteps(_Steps):
    """r stands behind the product, r (U h + b_h), as Keras has it."""

    states, needed = 1, 0
    keeps = 4
    finds = (3, 3)

    def step(self, z, states):
        """As of the LSTM."""
        (h,) = states
        x_keep, x_r, x_candidate = self.apart(z)
        h_keep, h_r, h_candidate = self.apart(h @ self.U + self.b_h)
        keep, r = tf.sigmoid(x_keep + h_keep), tf.sigmoid(x_r + h_r)
        candidate = tf.tanh(x_candidate + r * h_candidate)
        return (candidate + keep * (h - candidate),), (keep, r, candidate, h_candidate)

    def back(self, kept, h, _, d_states):
        """As of the LSTM; and dE/d(U h + b_h)."""
        (keep, r, candidate, h_candidate), (dh,) = kept, d_states
        d_candidate = _d_tanh(candidate, dh - dh * keep)
        d_keep, d_r = _d_sigmoid(keep, dh * (h - candidate)), _d_sigmoid(r, d_candidate * h_candidate)
        d_product = self.together(d_keep, d_r, d_candidate * r)
        dh = dh * keep + _product(d_product, self.U_T, self.H)
        return (dh,), (self.together(d_keep, d_r, d_candidate), d_product)

    def weights(self, found, h):
        """As of the LSTM."""
        dz, d_product = found
        return dz, tf.matmul(h, d_product, transpose_a=True), _column_sums(d_product)


# -- all steps ---------------------------------------------------------------------------------------------------------


class How(NamedTuple):
    """What a layer's graph depends on: the equations; whether every output is asked for; whether outputs are 0 where
    there is no word; in how many parts, side by side, the inputs are projected.
    """  # fmt: skip

    network: type
    every: bool
    zeros: bool
    parts: int


def _sizes(n, parts):
    """n in so many parts, as equal as can be."""
    return [(n + part) // parts for part in range(parts)]


def _projected(W, b, x, parts):
    """x W + b: (n, D) -> (n, blocks·H and room)."""
    W, b = _roomy(W), _roomy(b[None])[0]
    pieces = tf.split(x, _sizes(tf.shape(x)[0], parts))
    return tf.concat([tf.nn.bias_add(piece @ W, b) for piece in pieces], 0)


def _list(steps, dtype):
    """Places for one array of each step. They are read without a copy."""
    return raw.TensorListReserve(element_shape=tf.constant([-1, -1]), num_elements=steps, element_dtype=dtype)


def _write(arrays, t, array):
    return raw.TensorListSetItem(input_handle=arrays, index=t, item=array)


def _read(arrays, t, columns, dtype):
    shape = tf.constant([-1, columns])
    return raw.TensorListGetItem(input_handle=arrays, index=t, element_shape=shape, element_dtype=dtype)


def _all(arrays, columns, dtype):
    """(T, B, columns)."""
    return raw.TensorListStack(input_handle=arrays, element_shape=tf.constant([-1, columns]), element_dtype=dtype)


def _choice(word, a, b):
    """word (B,), a and b (B, H) -> the rows of a where there is a word, else of b: 64 x 256 in 10 us, tf.where 16."""
    return raw.Select(condition=word, x=a, y=b)


def _loop(step, t, go_on, stride, arrays, lists):
    """`step` from t on, on arrays (B, H) and lists."""
    scalar = tf.TensorShape(())
    shapes = [tf.TensorShape((None, array.shape[1])) for array in arrays]  # B is known or not; a loop must not care
    return tf.while_loop(
        lambda t, *_: go_on(t), lambda t, arrays, lists: (t + stride, *step(t, arrays, lists)), (t, arrays, lists),
        shape_invariants=(scalar, shapes, [scalar] * len(lists)), parallel_iterations=1,
    )[1:]  # fmt: skip


def _forward(how, x, states, W, U, b, b_h, mask):
    """x (B, T, D), states (B, H), mask (B, T) or None -> outputs (B, T, H), or the last (B, 1, H) if not `how.every`;
    the states at the end; what `_backward` needs.

    Where there is no word the states stay, and so does the output (0 before the first word); with `how.zeros` it is 0.
    """  # fmt: skip
    dtype, B, steps = x.dtype, tf.shape(x)[0], tf.shape(x)[1]
    N = how.network(U, b_h, B)
    x = tf.transpose(x, (1, 0, 2))
    z = _projected(W, b, tf.reshape(x, (-1, x.shape[2])), how.parts)
    z = tf.reshape(z, (steps, -1, z.shape[1]))
    words = None if mask is None else tf.transpose(mask)
    nothing = tf.zeros_like(states[0])

    def step(t, arrays, lists):
        states, output = arrays[: N.states], arrays[N.states :]
        new, kept = N.step(z[t], states)
        if words is not None:
            output = [_choice(words[t], new[0], nothing if how.zeros else output[0])]
            new = [_choice(words[t], n, s) for n, s in zip(new, states, strict=True)]
        write = [(t + 1, state) for state in new] + [(t, array) for array in (*kept, *output)]
        return [*new, *output], [_write(one, *what) for one, what in zip(lists, write, strict=True)]

    lists = [_write(_list(steps + 1, dtype), 0, state) for state in states]
    output = [] if words is None else [nothing]
    lists += [_list(steps, dtype) for _ in range(N.keeps + len(output))]
    arrays, lists = _loop(step, 0, lambda t: t < steps, 1, [*states, *output], lists)
    h, last = _all(lists[0], N.H, dtype), arrays[: N.states]  # h: T + 1 of them
    if not how.every:
        outputs = arrays[N.states if output else 0][None]
    else:
        outputs = _all(lists[-1], N.H, dtype) if output else h[1:]
    kept = lists[N.states : N.states + N.keeps]
    return tf.transpose(outputs, (1, 0, 2)), tuple(last), (*kept, lists[N.needed], h, last[N.needed])


def _backward(how, x, W, U, b_h, mask, remembered, d_outputs, d_last):
    """dE/d(outputs, states at the end) -> dE/d of x, states, W, U, b, b_h."""
    dtype, B, steps = x.dtype, tf.shape(x)[0], tf.shape(x)[1]
    N = how.network(U, b_h, B)
    *kept, before, h, now = remembered
    words = None if mask is None else tf.transpose(mask)
    nothing = tf.zeros_like(d_last[0])
    d_outputs = tf.transpose(d_outputs, (1, 0, 2))  # (T or 1, B, H)

    def step(t, arrays, lists):
        now, d_states, owed = arrays[0], arrays[1 : 1 + N.states], arrays[1 + N.states :]
        saved, then = [_read(one, t, N.H, dtype) for one in kept], _read(before, t, N.H, dtype)
        if words is None:
            d_h = d_states[0] + d_outputs[t] if how.every else d_states[0]
            d_before, found = N.back(saved, then, now, [d_h, *d_states[1:]])
        else:  # the state before it, and the output before it, are owed what went past this step
            word, due = words[t], owed[0] + d_outputs[t] if how.every else owed[0]
            d_new = [_choice(word, d, nothing) for d in (d_states[0] + due, *d_states[1:])]  # 0 times NaN is NaN
            d_before, found = N.back(saved, then, now, d_new)
            d_before = [_choice(word, d, stays) for d, stays in zip(d_before, d_states, strict=True)]
            owed = [nothing if how.zeros else _choice(word, nothing, due)]
        return [then, *d_before, *owed], [_write(one, t, array) for one, array in zip(lists, found, strict=True)]

    owed = nothing if how.every else d_outputs[0]
    d_states, owed = ([d_last[0] + owed, *d_last[1:]], []) if mask is None else (d_last, [owed])
    arrays, lists = [now, *d_states, *owed], [_list(steps, dtype) for _ in N.finds]
    arrays, lists = _loop(step, steps - 1, lambda t: t >= 0, -1, arrays, lists)
    found = [_all(one, N.columns(blocks), dtype) for one, blocks in zip(lists, N.finds, strict=True)]
    x, h, *found = (tf.reshape(array, (-1, array.shape[2])) for array in (tf.transpose(x, (1, 0, 2)), h[:-1], *found))
    dz, dU, db_h = N.weights(found, h)
    dW, db = tf.matmul(x, dz, transpose_a=True), _column_sums(dz)
    dx = tf.reshape(tf.matmul(dz, _roomy(W), transpose_b=True), (steps, -1, x.shape[1]))
    db_h = tf.zeros_like(db) if db_h is None else db_h
    dW, dU, db, db_h = (d[..., : W.shape[1]] for d in (dW, dU, db, db_h))
    return tf.transpose(dx, (1, 0, 2)), tuple(arrays[1 : 1 + N.states]), dW, dU, db, db_h


@functools.cache
def _compiled(function, how, *key):
    """Fast outside a compiled model, too. One for everything but texts and steps, which may be any number."""
    return tf.function(functools.partial(function, how), reduce_retracing=True, autograph=False)


def _run(how, x, states, W, U, b, b_h, mask):
    """x (B, T, D), states (B, H), W (D, blocks·H), U (H, blocks·H), b, b_h (blocks·H,), mask (B, T) or None ->
    outputs (B, T, H), or the last (B, 1, H) if not `how.every`; the states at the end. CourseError for a forward-mode
    derivative inside a graph.
    """  # fmt: skip
    given = [tf.convert_to_tensor(one) for one in (x, W, U, b, b_h, *states)]  # a layer's own states are variables
    if not tf.executing_eagerly() and forwardprop_util.pack_tangents(given).tangents:  # TensorFlow would make them 0
        raise CourseError(
            "tf.autodiff.ForwardAccumulator was used around a recurrent layer inside a tf.function, where TensorFlow "
            "has no forward-mode derivative of a loop: use it around the call of the tf.function."
        )

    @tf.custom_gradient
    def run(*inputs):
        key = how, x.dtype, mask is None, *W.shape, *U.shape
        forward, backward = (_compiled(function, *key) for function in (_forward, _backward))
        held = [tf.stop_gradient(one) for one in inputs]  # nothing but `gradient` differentiates
        outputs, last, remembered = forward(held[0], held[5:], *held[1:5], mask)

        def gradient(*slices):
            d_results = [tf.convert_to_tensor(d) for d in slices]  # of a state gathered from, it comes in slices
            if save_context.in_save_context():  # a file can hold what `inputs` give, not what is remembered
                return _automatic(how, inputs, mask, d_results)

            @tf.custom_gradient
            def once(*given):
                d_outputs, *d_last = [tf.stop_gradient(d) for d in given[: len(d_results)]]
                dx, d_states, *d_weights = backward(*held[:3], held[4], mask, remembered, d_outputs, d_last)
                here = [tf.identity(one) for one in given]  # in this graph, which need not be that of `inputs`
                mask_here = None if mask is None else tf.identity(mask)

                def second(*d_found):
                    d_results_here, inputs_here = here[: len(d_results)], here[len(d_results) :]
                    both = zip(inputs_here, d_found, strict=True)
                    d_gradients = [tf.zeros_like(one) if d is None else d for one, d in both]
                    return _compiled(_second, *key)(inputs_here, mask_here, d_results_here, d_gradients)

                return (dx, *d_weights, *d_states), second

            return once(*d_results, *inputs)

        return (outputs, *last), gradient

    outputs, *last = run(*given)
    return outputs, last


def _automatic(how, inputs, mask, d_results):
    """What `_backward` finds, by automatic differentiation: slower, but it can be saved, and differentiated again."""
    x, W, U, b, b_h, *states = inputs
    outputs, last, _ = _forward(how, x, states, W, U, b, b_h, mask)
    return tf.gradients([outputs, *last], inputs, d_results, unconnected_gradients="zero")


def _second(how, inputs, mask, d_results, d_gradients):
    """dE/d(what `_backward` finds) -> dE/d(d_results, inputs). Forward-mode differentiation asks for it, too."""
    gradients = _automatic(how, inputs, mask, d_results)
    return tf.gradients(gradients, [*d_results, *inputs], d_gradients, unconnected_gradients="zero")


def _in_lanes(how, x, states, W, U, b, b_h, mask):
    """`_run`, a large batch in parts side by side, and one of unknown size; of a small one the projection alone."""
    lanes = LANES
    if x.shape[0] is not None:
        lanes = min(LANES, x.shape[0] * U.shape[0] * U.shape[1] // WORTH_A_LANE)
    if lanes < 2:
        return _run(how, x, states, W, U, b, b_h, mask)
    texts = tf.shape(x)[0] if x.shape[0] is None else x.shape[0]
    arrays = [x, *states, *([] if mask is None else [mask])]
    parts = [tf.split(array, _sizes(texts, lanes)) for array in arrays]
    how, results = how._replace(parts=1), []
    for part in zip(*parts, strict=True):
        past = part[1 : 1 + len(states)]
        results.append(_run(how, part[0], past, W, U, b, b_h, None if mask is None else part[-1]))
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
    return LSTMSteps, W, U, b, tf.zeros_like(b)


def _is_of(mask, shape):
    """Whether a mask is of a shape, as far as both are known; one for all texts is not."""
    if mask.shape.rank is None or not mask.shape.is_compatible_with(shape):
        return False
    return mask.shape[0] != 1 or shape[0] == 1


def _misfit(mask, x, units):
    """What is wrong with a mask, in a sentence; None if it may fit x (B, T, ...) and states (B, *units)."""
    B, T = x.shape[:2]
    if hasattr(mask, "shape"):
        fitting = [(n, T, *last) for n in (B, 1) for last in ((), (1,), units)]
        if mask.dtype != "string" and any(mask.shape.is_compatible_with(shape) for shape in fitting):
            return None
        got = f"of shape {mask.shape} and type {mask.dtype.name}"
    else:
        got = f"a {type(mask).__name__}"
    return (
        f"The mask of a recurrent layer is {got}; expected is a tensor of booleans of shape ({B}, {T}), for each text "
        "and step whether there is a word: cut it, pad it or transpose it as the texts were, or give mask=None."
    )


class _Fast(keras.layers.RNN):
    """What differs from Keras's layers: the loop. TFLite does not take it: convert the model (`from_keras_model`), of
    which Keras's loop is saved, rather than a tf.function traced before.
    """  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.supports_jit = False

    def _is_ours(self, x, states, mask):
        """Whether the loop above can take them."""
        if not tf or self.unroll or x.dtype not in (tf.float32, tf.float64):  # 16 bits are not faster so
            return False
        if save_context.in_save_context() or getattr(self, "use_cudnn", None) is True:  # Keras knows what to save, say
            return False
        if mask is not None and not (_is_of(mask, x.shape[:2]) or _is_of(mask, (*x.shape[:2], 1))):
            return False
        return all(state.dtype == x.dtype and state.shape[:1].is_compatible_with(x.shape[:1]) for state in states)

    def _by_keras(self, sequences, initial_state, mask, training, misfit):
        """Keras's loop; where it refuses a mask, CourseError: its own errors do not say that it is the mask."""
        try:
            steps = sequences.shape[1] or 0
            if misfit and (mask.dtype == "string" or (mask.shape[1] or steps) < steps):
                raise IndexError  # a graph would find out when it runs
            return super().inner_loop(sequences, initial_state, mask, training=training)
        except Exception as error:
            if misfit:
                raise CourseError(misfit) from error
            raise

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """(B, T, D) -> the last output (B, H), outputs (B, T, H), or (B, 1, H) of the last alone, states."""
        states = keras.tree.flatten(initial_state)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        misfit = _misfit(mask, sequences, states[0].shape[1:]) if tf and mask is not None else None
        network = None if misfit or not self._is_ours(sequences, states, mask) else _network(self.cell, training)
        if network is None:
            return self._by_keras(sequences, initial_state, mask, training, misfit)
        equations, W, U, b, b_h = network
        if mask is not None:
            mask = tf.cast(mask if mask.shape.rank == 2 else mask[:, :, 0], "bool")
            mask = tf.broadcast_to(mask, tf.shape(sequences)[:2])
            sequences = tf.where(mask[:, :, None], sequences, 0)  # 0 times what is not finite would not be 0
        if self.go_backwards:
            sequences, mask = tf.reverse(sequences, [1]), None if mask is None else tf.reverse(mask, [1])
        how = How(equations, self.return_sequences, bool(self.zero_output_for_mask), LANES)
        outputs, last = _in_lanes(how, sequences, states, W, U, b, b_h, mask)
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
