"""Recurrent cells under Keras's cell contract: usable in `keras.layers.RNN`, on any Keras backend.

A cell has `call(x_t, states) -> (output, new_states)` and `state_size`; `keras.layers.RNN` runs it over the sequence.
"""

import numpy as np

from course_lib.backend import keras
from course_lib.errors import CourseError

ops = keras.ops


class Cell(keras.layers.Layer):
    """What all cells share: the weights W_x (D, blocks·H), W_h (H, blocks·H), b (blocks·H,), and saving.

    A cell says how many column `blocks` its matrices have (one number, or one each for W_x, W_h and b) and which
    `states` it carries, and computes one step. CourseError if units is no whole number, or below 1.
    """

    blocks: int | tuple[int, int, int] = 1
    biases = 1  # how many biases a block has
    states: tuple[str, ...] = ("h",)

    def __init__(
        self,
        units,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(units, (int, np.integer)) or units < 1:
            raise CourseError(f"units: expected a whole number, 1 or more, got {units!r}.")
        self.units = self.output_size = int(units)
        self.state_size = [self.units] * len(self.states) if len(self.states) > 1 else self.units
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, input_shape):
        """Make the weights; input_shape (B, D)."""
        blocks = self.blocks if isinstance(self.blocks, tuple) else (self.blocks,) * 3
        x, h, b = (count * self.units for count in blocks)
        self.W_x = self.add_weight(shape=(input_shape[-1], x), initializer=self.kernel_initializer, name="W_x")
        self.W_h = self.add_weight(shape=(self.units, h), initializer=self.recurrent_initializer, name="W_h")
        shape = (b,) if self.biases == 1 else (self.biases, b)
        self.b = self.add_weight(shape=shape, initializer=self.bias_initializer, name="b")

    def _adds_its_input(self, input_shape):
        """For cells whose equations add x_t itself to a vector of width H."""
        if input_shape[-1] != self.units:
            raise CourseError(
                f"{type(self).__name__}({self.units}) adds x_t to its memory, so x_t must have {self.units} numbers, "
                f"it has {input_shape[-1]}: put an Embedding or a Dense layer of {self.units} units before it."
            )

    def get_config(self):
        """What is needed to make the cell again."""
        names = ("kernel_initializer", "recurrent_initializer", "bias_initializer")
        saved = {name: keras.initializers.serialize(getattr(self, name)) for name in names}
        return super().get_config() | {"units": self.units} | saved


@keras.saving.register_keras_serializable(package="course_lib")
class SimpleRNNCell(Cell):
    """One step of the vanilla RNN: Elman 1990, with a bias; `activation` is tanh, or ReLU as in Le et al. 2015.

    x_t (B, D), h_prev (B, H) -> h_t (B, H). W_x (D, H), W_h (H, H), b (H,).
    """

    def __init__(self, units, activation="tanh", **kwargs):
        super().__init__(units, **kwargs)
        self.activation = keras.activations.get(activation)

    def call(self, x_t, states):
        """h_t = tanh(W_x x_t + W_h h_{t-1} + b)."""
        (h_prev,) = states
        h_t = self.activation(x_t @ self.W_x + h_prev @ self.W_h + self.b)
        return h_t, [h_t]

    def get_config(self):
        """With the activation."""
        return super().get_config() | {"activation": keras.activations.serialize(self.activation)}


@keras.saving.register_keras_serializable(package="course_lib")
class LSTMCell(Cell):
    """One step of an LSTM: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; no peepholes.

    x_t (B, D), h_prev and c_prev (B, H) -> h_t, c_t (B, H). W_x (D, 4H), W_h (H, 4H), b (4H,); blocks i, f, g, o.
    """

    blocks = 4
    states = ("h", "c")

    def __init__(self, units, bias_initializer=None, **kwargs):
        super().__init__(units, bias_initializer=bias_initializer or ForgetBias(1.0), **kwargs)

    def call(self, x_t, states):
        """The six equations of the LSTM."""
        h_prev, c_prev = states
        i, f, g, o = ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 4, axis=-1)  # (B, H) each
        i = ops.sigmoid(i)  # write?
        f = ops.sigmoid(f)  # keep?
        g = ops.tanh(g)  # what to write
        o = ops.sigmoid(o)  # show?
        c_t = f * c_prev + i * g
        h_t = o * ops.tanh(c_t)
        return h_t, [h_t, c_t]


# -- an LSTM with something missing ----------------------------------------------------------------------------------
# Greff et al. 2017 (their LSTM has peepholes, these have none) and Jozefowicz et al. 2015. Biases start at 0.


@keras.saving.register_keras_serializable(package="course_lib")
class NoForgetGateCell(Cell):
    """LSTM-f (Greff et al.: NFG): f = 1, the LSTM of 1997. What is written stays. Blocks i, g, o."""

    blocks = 3
    states = ("h", "c")

    def call(self, x_t, states):
        """c_t = c_{t-1} + i g."""
        h_prev, c_prev = states
        i, g, o = ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 3, axis=-1)
        c_t = c_prev + ops.sigmoid(i) * ops.tanh(g)
        h_t = ops.sigmoid(o) * ops.tanh(c_t)
        return h_t, [h_t, c_t]


@keras.saving.register_keras_serializable(package="course_lib")
class NoInputGateCell(Cell):
    """LSTM-i (Greff et al.: NIG): i = 1. Everything is written. Blocks f, g, o."""

    blocks = 3
    states = ("h", "c")

    def call(self, x_t, states):
        """c_t = f c_{t-1} + g."""
        h_prev, c_prev = states
        f, g, o = ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 3, axis=-1)
        c_t = ops.sigmoid(f) * c_prev + ops.tanh(g)
        h_t = ops.sigmoid(o) * ops.tanh(c_t)
        return h_t, [h_t, c_t]


@keras.saving.register_keras_serializable(package="course_lib")
class NoOutputGateCell(Cell):
    """LSTM-o (Greff et al.: NOG): o = 1. Everything is shown. Blocks i, f, g."""

    blocks = 3
    states = ("h", "c")

    def call(self, x_t, states):
        """h_t = tanh(c_t)."""
        h_prev, c_prev = states
        i, f, g = ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 3, axis=-1)
        c_t = ops.sigmoid(f) * c_prev + ops.sigmoid(i) * ops.tanh(g)
        h_t = ops.tanh(c_t)
        return h_t, [h_t, c_t]


@keras.saving.register_keras_serializable(package="course_lib")
class NoOutputActivationCell(LSTMCell):
    """Greff et al.'s NOAF: the memory is shown as it is, however large. Blocks i, f, g, o."""

    def call(self, x_t, states):
        """h_t = o c_t."""
        h_prev, c_prev = states
        i, f, g, o = ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 4, axis=-1)
        c_t = ops.sigmoid(f) * c_prev + ops.sigmoid(i) * ops.tanh(g)
        h_t = ops.sigmoid(o) * c_t
        return h_t, [h_t, c_t]


@keras.saving.register_keras_serializable(package="course_lib")
class CoupledGatesCell(Cell):
    """Greff et al.'s CIFG: f = 1 - i, something new is written only where something old is given up. Blocks i, g, o."""

    blocks = 3
    states = ("h", "c")

    def call(self, x_t, states):
        """c_t = (1 - i) c_{t-1} + i g."""
        h_prev, c_prev = states
        i, g, o = ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 3, axis=-1)
        i = ops.sigmoid(i)
        c_t = (1 - i) * c_prev + i * ops.tanh(g)
        h_t = ops.sigmoid(o) * ops.tanh(c_t)
        return h_t, [h_t, c_t]


@keras.saving.register_keras_serializable(package="course_lib")
class PeepholeLSTMCell(LSTMCell):
    """The gates see the memory: Gers & Schmidhuber 2000; here Graves 2013, eqs 7-11, the LSTM of Greff et al.

    Blocks i, f, g, o, and p (3, H): how much each unit's own memory counts in its i, f and o.
    """

    def build(self, input_shape):
        """With p, which starts at 0."""
        super().build(input_shape)
        self.p = self.add_weight(shape=(3, self.units), initializer="zeros", name="p")

    def call(self, x_t, states):
        """i and f see c_{t-1}, o sees c_t."""
        h_prev, c_prev = states
        i, f, g, o = ops.split(x_t @ self.W_x + h_prev @ self.W_h + self.b, 4, axis=-1)
        i = ops.sigmoid(i + self.p[0] * c_prev)  # eq 7
        f = ops.sigmoid(f + self.p[1] * c_prev)  # eq 8
        c_t = f * c_prev + i * ops.tanh(g)  # eq 9
        o = ops.sigmoid(o + self.p[2] * c_t)  # eq 10
        h_t = o * ops.tanh(c_t)  # eq 11
        return h_t, [h_t, c_t]


# -- one memory instead of two ---------------------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="course_lib")
class GRUCell(Cell):
    """One step of a gated recurrent unit: Cho et al. 2014, eqs 5-8. Blocks z, r, candidate.

    z = 1 keeps the old state (as Keras; Chung et al. 2014 swap it). reset_after: r works on the product h U, not on h,
    as Keras does by default; then b is (2, 3H), one for what is read and one for the memory.
    """

    blocks = 3

    def __init__(self, units, reset_after=False, **kwargs):
        super().__init__(units, **kwargs)
        self.reset_after = reset_after
        self.biases = 2 if reset_after else 1

    def call(self, x_t, states):
        """h_t = z h_{t-1} + (1 - z) tanh(...)."""
        (h_prev,) = states
        if self.reset_after:
            x_z, x_r, x_c = ops.split(x_t @ self.W_x + self.b[0], 3, axis=-1)
            h_z, h_r, h_c = ops.split(h_prev @ self.W_h + self.b[1], 3, axis=-1)
        else:
            x_z, x_r, x_c = ops.split(x_t @ self.W_x + self.b, 3, axis=-1)
            U_z, U_r, U_c = ops.split(self.W_h, 3, axis=-1)
            h_z, h_r = h_prev @ U_z, h_prev @ U_r
        r = ops.sigmoid(x_r + h_r)  # read, eq 5
        z = ops.sigmoid(x_z + h_z)  # keep, eq 6
        c = ops.tanh(x_c + (r * h_c if self.reset_after else (r * h_prev) @ U_c))  # candidate, eq 8
        h_t = z * h_prev + (1 - z) * c  # eq 7
        return h_t, [h_t]

    def get_config(self):
        """With the order of reset and product."""
        return super().get_config() | {"reset_after": self.reset_after}


@keras.saving.register_keras_serializable(package="course_lib")
class MUT1Cell(Cell):
    """The first of the three best that a search by mutation found: Jozefowicz et al. 2015, MUT1.

    x_t must be as wide as h. z = 1 takes the new state. W_x: blocks z, r; W_h: r, candidate; b: z, r, candidate.
    """

    blocks = 2, 2, 3

    def build(self, input_shape):
        """CourseError unless x_t is as wide as h, D = H."""
        self._adds_its_input(input_shape)
        super().build(input_shape)

    def call(self, x_t, states):
        """h_t = tanh(U (r h_{t-1}) + tanh(x_t) + b) z + h_{t-1} (1 - z); z does not see the memory.

        x_t (B, H), h_prev (B, H) -> h_t (B, H).
        """
        (h_prev,) = states
        b_z, b_r, b_c = ops.split(self.b, 3)
        x_z, x_r = ops.split(x_t @ self.W_x, 2, axis=-1)
        U_r, U_c = ops.split(self.W_h, 2, axis=-1)
        z = ops.sigmoid(x_z + b_z)
        r = ops.sigmoid(x_r + h_prev @ U_r + b_r)
        h_t = ops.tanh((r * h_prev) @ U_c + ops.tanh(x_t) + b_c) * z + h_prev * (1 - z)
        return h_t, [h_t]


@keras.saving.register_keras_serializable(package="course_lib")
class MUT2Cell(Cell):
    """Jozefowicz et al. 2015, MUT2. x_t must be as wide as h.

    z = 1 takes the new state. W_x: blocks z, candidate; W_h and b: z, r, candidate.
    """

    blocks = 2, 3, 3

    def build(self, input_shape):
        """CourseError unless x_t is as wide as h, D = H."""
        self._adds_its_input(input_shape)
        super().build(input_shape)

    def call(self, x_t, states):
        """As a GRU, but x_t enters r as it is: x_t (B, H), h_prev (B, H) -> h_t (B, H)."""
        (h_prev,) = states
        b_z, b_r, b_c = ops.split(self.b, 3)
        x_z, x_c = ops.split(x_t @ self.W_x, 2, axis=-1)
        U_z, U_r, U_c = ops.split(self.W_h, 3, axis=-1)
        z = ops.sigmoid(x_z + h_prev @ U_z + b_z)
        r = ops.sigmoid(x_t + h_prev @ U_r + b_r)
        h_t = ops.tanh((r * h_prev) @ U_c + x_c + b_c) * z + h_prev * (1 - z)
        return h_t, [h_t]


@keras.saving.register_keras_serializable(package="course_lib")
class MUT3Cell(Cell):
    """Jozefowicz et al. 2015, MUT3. z = 1 takes the new state. Blocks z, r, candidate."""

    blocks = 3

    def call(self, x_t, states):
        """As a GRU, but z sees tanh(h_{t-1})."""
        (h_prev,) = states
        x_z, x_r, x_c = ops.split(x_t @ self.W_x + self.b, 3, axis=-1)
        U_z, U_r, U_c = ops.split(self.W_h, 3, axis=-1)
        z = ops.sigmoid(x_z + ops.tanh(h_prev) @ U_z)
        r = ops.sigmoid(x_r + h_prev @ U_r)
        h_t = ops.tanh((r * h_prev) @ U_c + x_c) * z + h_prev * (1 - z)
        return h_t, [h_t]


# -- found by a network, and deep in time ----------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="course_lib")
class NASCell(Cell):
    """The cell that a network found by trying thousands: Zoph & Le 2017, as published for Penn Treebank.

    A tree: 8 leaves of x_t and h_{t-1}, joined in pairs. Blocks: the leaves, from left to right.
    """

    blocks = 8
    states = ("h", "c")

    def call(self, x_t, states):
        """Eight leaves, four pairs, two, one."""
        h_prev, c_prev = states
        x = ops.split(x_t @ self.W_x, 8, axis=-1)
        h = ops.split(h_prev @ self.W_h + self.b, 8, axis=-1)
        pair_1 = ops.tanh(ops.sigmoid(x[0] + h[0]) * ops.relu(x[1] + h[1]))
        pair_2 = ops.tanh(ops.sigmoid(x[2] + h[2]) + ops.relu(x[3] * h[3]))
        pair_3 = ops.tanh(ops.tanh(x[4] + h[4]) * ops.sigmoid(x[5] + h[5]))
        pair_4 = ops.sigmoid(ops.tanh(x[6] + h[6]) + ops.sigmoid(x[7] + h[7]))
        c_t = ops.tanh(pair_1 + c_prev) * pair_2  # the memory enters here
        h_t = ops.tanh(c_t * ops.tanh(pair_3 + pair_4))
        return h_t, [h_t, c_t]


@keras.saving.register_keras_serializable(package="course_lib")
class DeepTransitionCell(Cell):
    """Several tanh layers from h_{t-1} to h_t: Pascanu et al. 2014, section 3.3, the deep transition RNN.

    W_x (D, H), depth matrices W_h0, W_h1, … (H, H), b (depth, H): x_t enters the first. depth = 1 is the vanilla RNN.
    CourseError if depth is below 1.
    """

    def __init__(self, units, depth=3, **kwargs):
        super().__init__(units, **kwargs)
        if depth < 1:
            raise CourseError(f"depth: expected 1 or more, got {depth}.")
        self.depth = depth

    def build(self, input_shape):
        """Each matrix has a start of its own."""
        H = self.units
        self.W_x = self.add_weight(shape=(input_shape[-1], H), initializer=self.kernel_initializer, name="W_x")
        self.W_h = [
            self.add_weight(shape=(H, H), initializer=self.recurrent_initializer.clone(), name=f"W_h{k}")
            for k in range(self.depth)
        ]
        self.b = self.add_weight(shape=(self.depth, H), initializer=self.bias_initializer, name="b")

    def call(self, x_t, states):
        """h_t = tanh(U_L … tanh(U_1 h_{t-1} + W_x x_t + b_1) … + b_L)."""
        (h,) = states
        for k in range(self.depth):
            h = ops.tanh(h @ self.W_h[k] + self.b[k] + (x_t @ self.W_x if k == 0 else 0.0))
        return h, [h]

    def get_config(self):
        """With the depth."""
        return super().get_config() | {"depth": self.depth}


# -- where the forget gate starts --------------------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="course_lib")
class ForgetBias(keras.initializers.Initializer):
    """A bias for the blocks i, f, g, o, zero but for the forget gate's: Gers et al. 2000; Jozefowicz et al. 2015.

    For `LSTMCell`, and for keras.layers.LSTM(bias_initializer=..., unit_forget_bias=False).
    """

    def __init__(self, value):
        self.value = float(value)

    def __call__(self, shape, dtype=None):
        """(4H,)."""
        units = shape[0] // 4
        return ops.concatenate(
            [ops.zeros(units, dtype), ops.full((units,), self.value, dtype), ops.zeros(2 * units, dtype)]
        )

    def get_config(self):
        """The value."""
        return {"value": self.value}


@keras.saving.register_keras_serializable(package="course_lib")
class ChronoBias(keras.initializers.Initializer):
    """Forget gates for memories of 2 to `longest` steps: b_f = log U(1, longest - 1), b_i = -b_f.

    Tallec & Ollivier 2018, section 2. A gate that stays at sigmoid(b_f) keeps a value for about 1 + exp(b_f) steps, so
    the units' memories are spread evenly over the lags that may matter. For LSTMCell, as ForgetBias. CourseError if
    longest is 2 or less.
    """

    def __init__(self, longest, seed=None):
        if longest <= 2:
            raise CourseError(f"longest: expected more than 2 steps, got {longest}.")
        self.longest, self.seed = longest, seed

    def __call__(self, shape, dtype=None):
        """(4H,)."""
        units = shape[0] // 4
        spread = keras.random.uniform((units,), 1.0, self.longest - 1.0, dtype=dtype, seed=self.seed)
        b_f = ops.log(spread)
        return ops.concatenate([-b_f, b_f, ops.zeros(2 * units, dtype)])

    def get_config(self):
        """The longest memory and the seed."""
        return {"longest": self.longest, "seed": self.seed}


# {name: units -> cell}; the names of Jozefowicz et al. 2015, then others. Every bias starts at 0, but LSTM-b's.
ZOO = {
    "Tanh": SimpleRNNCell,
    "LSTM": lambda units: LSTMCell(units, bias_initializer="zeros"),
    "LSTM-f": NoForgetGateCell,
    "LSTM-i": NoInputGateCell,
    "LSTM-o": NoOutputGateCell,
    "LSTM-b": lambda units: LSTMCell(units, bias_initializer=ForgetBias(1.0)),
    "GRU": GRUCell,
    "MUT1": MUT1Cell,
    "MUT2": MUT2Cell,
    "MUT3": MUT3Cell,
    "no output tanh": lambda units: NoOutputActivationCell(units, bias_initializer="zeros"),
    "coupled gates": CoupledGatesCell,
    "peepholes": lambda units: PeepholeLSTMCell(units, bias_initializer="zeros"),
    "GRU, reset after": lambda units: GRUCell(units, reset_after=True),
    "NASCell": NASCell,
}
