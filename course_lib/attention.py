"""Score functions, how well a query matches each place of a text, and the read that follows: softmax, weighted sum.

All work on every query at once: queries (B, J, Q) and keys (B, T, K) -> scores (B, J, T).
"""

from course_lib.backend import keras
from course_lib.errors import CourseError

ops = keras.ops


def attend(scores, values, mask=None):
    """scores (B, J, T), values (B, T, D), mask (B, T), True for words -> reads (B, J, D), weights (B, J, T).

    weights = softmax of the scores over the places of the mask; read = sum of the values, weighted: Bahdanau et al.
    2015, eqs 5 and 6. A text without a word reads 0.
    """
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
    if mask is not None:
        weights = weights * ops.cast(mask, scores.dtype)[:, None, :]  # 0 where there is no word
    weights = weights / ops.maximum(ops.sum(weights, axis=-1, keepdims=True), 1e-9)
    return weights @ values, weights


class Score(keras.layers.Layer):
    """What all score functions share: `call([queries, keys])`."""

    same_width = False

    def build(self, input_shape):
        """Check the widths, and make what the function needs.

        CourseError if a score that takes one width is given two.
        """
        queries, keys = (shape[-1] for shape in input_shape)
        if self.same_width and queries != keys:
            raise CourseError(
                f"{type(self).__name__} compares vectors of one width; queries have {queries} numbers, keys {keys}: "
                "use BilinearScore or AdditiveScore, or put a Dense layer before one of them."
            )
        self.make(queries, keys)

    def make(self, queries: int, keys: int):
        """The weights, for queries and keys of these widths."""

    def call(self, inputs):
        """[queries (B, J, Q), keys (B, T, K)] -> scores (B, J, T)."""
        queries, keys = inputs
        return self.compare(queries, self.prepare(keys))

    def prepare(self, keys):
        """The part that depends on the keys alone, for a loop over queries to compute it once."""
        return keys

    def compare(self, queries, prepared):
        """Scores (B, J, T) from `prepare`d keys."""
        raise NotImplementedError

    def compute_mask(self, inputs, mask=None):
        """None: which places there are is told to `attend`."""

    def compute_output_shape(self, input_shape):
        """(B, J, T)."""
        queries, keys = input_shape
        return (*queries[:-1], keys[-2])


@keras.saving.register_keras_serializable(package="course_lib")
class DotScore(Score):
    """z · h: Luong et al. 2015, section 3.1, dot. No weights."""

    same_width = True

    def compare(self, z, h):
        """(B, J, D), (B, T, D) -> (B, J, T)."""
        return z @ ops.transpose(h, (0, 2, 1))


@keras.saving.register_keras_serializable(package="course_lib")
class ScaledDotScore(Score):
    """z · h / sqrt(D): Vaswani et al. 2017, eq. 1. No weights."""

    same_width = True

    def compare(self, z, h):
        """(B, J, D), (B, T, D) -> (B, J, T)."""
        return z @ ops.transpose(h, (0, 2, 1)) / h.shape[-1] ** 0.5


@keras.saving.register_keras_serializable(package="course_lib")
class CosineScore(Score):
    """gamma cos(q, h): Graves, Wayne & Danihelka 2014, eqs 5 and 6; there each step chooses its own, here it is one.

    A cosine lies between -1 and 1, so by itself the best of T places would get at most e^2 times the weight of the
    worst: a large gamma makes it sharp. It starts at 4. (Here z: the queries; log_beta: log(gamma).)
    """

    same_width = True

    def make(self, queries, keys):
        """log(gamma), one number."""
        self.log_beta = self.add_weight(shape=(), initializer=keras.initializers.Constant(1.386), name="log_beta")

    def prepare(self, h):
        """Length 1; 0 stays 0, with a gradient."""
        return h / ops.sqrt(ops.sum(h * h, axis=-1, keepdims=True) + 1e-12)

    def compare(self, z, h):
        """(B, J, D), (B, T, D) of length 1 -> (B, J, T)."""
        return ops.exp(self.log_beta) * (self.prepare(z) @ ops.transpose(h, (0, 2, 1)))


@keras.saving.register_keras_serializable(package="course_lib")
class BilinearScore(Score):
    """zᵀ W h: Luong et al. 2015, section 3.1, general. W (Q, K) starts small: at first all places count alike."""

    def make(self, queries, keys):
        """W."""
        small = keras.initializers.RandomNormal(stddev=0.01)
        self.W = self.add_weight(shape=(queries, keys), initializer=small, name="W")

    def compare(self, z, h):
        """(B, J, Q), (B, T, K) -> (B, J, T)."""
        return ops.matmul(z, self.W) @ ops.transpose(h, (0, 2, 1))


@keras.saving.register_keras_serializable(package="course_lib")
class AdditiveScore(Score):
    """v · tanh(W z + U h): Bahdanau et al. 2015, appendix A.1.2. W (Q, units), U (K, units), v (units,).

    They start small, v at 0 (appendix B.1): at first all places count alike. CourseError: less than one unit.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise CourseError(f"units: expected 1 or more, got {units}.")
        self.units = units

    def make(self, queries, keys):
        """W, U and v."""
        small = keras.initializers.RandomNormal(stddev=0.001)
        self.W = self.add_weight(shape=(queries, self.units), initializer=small, name="W")
        self.U = self.add_weight(shape=(keys, self.units), initializer=small, name="U")
        self.v = self.add_weight(shape=(self.units,), initializer="zeros", name="v")

    def prepare(self, h):
        """U h."""
        return ops.matmul(h, self.U)  # with `@` the gradient would be one product a sentence

    def compare(self, z, Uh):
        """(B, J, Q), (B, T, units) -> (B, J, T)."""
        both = ops.tanh(ops.matmul(z, self.W)[:, :, None, :] + Uh[:, None, :, :])  # (B, J, T, units)
        return ops.sum(both * self.v, axis=-1)

    def get_config(self):
        """With the units."""
        return super().get_config() | {"units": self.units}
