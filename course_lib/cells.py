"""Recurrent cells under Keras's cell contract: usable in `keras.layers.RNN`, on any Keras backend.

A cell has `call(x_t, states) -> (output, new_states)` and `state_size`; `keras.layers.RNN` runs it over the sequence.
"""

import numpy as np

from course_lib.errors import CourseError
from course_lib.quiet import keras

ops = keras.ops


class Cell(keras.layers.Layer):
    """What all cells share: the weights W_x (D, blocks·H), W_h (H, blocks·H), b (blocks·H,), and saving.

    A cell says how many column `blocks` its matrices have and which `states` it carries, and computes one step.
    """

    blocks = 1
    states = ("h",)

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
        width = self.blocks * self.units
        self.W_x = self.add_weight(shape=(input_shape[-1], width), initializer=self.kernel_initializer, name="W_x")
        self.W_h = self.add_weight(shape=(self.units, width), initializer=self.recurrent_initializer, name="W_h")
        self.b = self.add_weight(shape=(width,), initializer=self.bias_initializer, name="b")

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
    the units' memories are spread evenly over the lags that may matter. For LSTMCell, as ForgetBias.
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
