"""What decoders are made of: conditionings, attention, output layers, each a Keras layer that can be taken by itself.

What an encoder hands over is a dictionary, `encoded`:

    context (B, C): what it remembers at the end
    annotations (P, T, D): one vector h_t for each place of what it has read, for attention
    mask (P, T): True where there is something

B, the rows of words, is P or a multiple: then every B / P rows that follow one another read the same annotations.
"""

import inspect

from course_lib.attention import attend
from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.layers import GRU, LSTM
from course_lib.text import EOS_ID, PAD_ID

layers, ops = keras.layers, keras.ops
RECURRENT = {"rnn": layers.SimpleRNN, "gru": GRU, "lstm": LSTM}


def recurrent(cell: str, units: int, **kwargs):
    """A recurrent layer by name: (B, T, D) -> all outputs (B, T, units), and the last states.

    CourseError if there is none of the name.
    """
    if cell not in RECURRENT:
        raise CourseError(f"cell: expected one of {', '.join(RECURRENT)}, got {cell!r}.")
    return RECURRENT[cell](units, return_sequences=True, return_state=True, **kwargs)


class Composed(keras.layers.Layer):
    """A layer that keeps each argument it was made with as an attribute of the same name, and is saved with them."""

    def get_config(self):
        """The arguments it was made with."""
        _, *names, _ = inspect.signature(type(self).__init__).parameters  # but self and kwargs
        return super().get_config() | {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in names}

    @classmethod
    def from_config(cls, config):
        """From `get_config`."""
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


def _beside(v, c):
    """v (B, J, D) and c of each step (B, J, C), or of all (B, C) -> (B, J, D + C)."""
    return ops.concatenate([v, c if len(c.shape) == 3 else _repeated(c, v)], axis=-1)


def _added(v, c):
    """v (B, J, D) and c of each step (B, J, D), or of all (B, D) -> (B, J, D)."""
    return v + (c if len(c.shape) == 3 else c[:, None])


def _repeated(c, like):
    """(B, C) -> (B, J, C), J as in `like` (B, J, ...)."""
    return ops.repeat(c[:, None], ops.shape(like)[1], axis=1)


# -- conditioning: where the context enters ----------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="course_lib")
class Conditioning(Composed):
    """Where the context enters. By itself: the memory starts empty, as in Chan et al. 2016 (Listen, attend and spell).

    reads: what the memory reads at step j. "words": x_j = y_{j-1}; "context": x_j = context, so it is not told which
    words it has said; "both": x_j = [y_{j-1}; context], with a plain RNN h = tanh(W_xh y + W_hh h + W_vh context).
    CourseError if reads is none of these.
    """

    def __init__(self, reads="words", **kwargs):
        super().__init__(**kwargs)
        if reads not in ("words", "context", "both"):
            raise CourseError(f"reads: expected words, context or both, got {reads!r}.")
        self.reads = reads

    def start(self, memory, context):
        """The states of the memory before the first word, each (B, its width), from the context (B, C)."""
        return list(memory.get_initial_state(ops.shape(context)[0]))

    def inputs(self, y, context):
        """x of every step from the vectors of the words before: y (B, J, E), context (B, C) -> (B, J, ...)."""
        if self.reads == "words":
            return y
        return _repeated(context, y) if self.reads == "context" else _beside(y, context)


@keras.saving.register_keras_serializable(package="course_lib")
class InitialState(Conditioning):
    """s_0 = tanh(W context), an LSTM's c_0 = W' context: Cho et al. 2014, appendix A.1; Sutskever et al. 2014, eq. 1.

    made_by: one layer for each state of the memory, (B, C) -> (B, its width).
    """

    def __init__(self, made_by, reads="words", **kwargs):
        super().__init__(reads, **kwargs)
        self.made_by = made_by

    def start(self, memory, context):
        """As of every conditioning."""
        return [layer(context) for layer in self.made_by]


@keras.saving.register_keras_serializable(package="course_lib")
class FirstInput(Conditioning):
    """The context is the first word that is read, before <bos>: Vinyals et al. 2015, eqs 10 and 11.

    made_by: a layer that makes a word's vector of it, (B, C) -> (B, E).
    """

    def __init__(self, made_by, reads="words", **kwargs):
        super().__init__(reads, **kwargs)
        self.made_by = made_by

    def start(self, memory, context):
        """The states after one step from an empty memory."""
        _, states = memory.cell(self.made_by(context), super().start(memory, context))
        return list(states)


# -- attention: a read of the annotations ------------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="course_lib")
class Attention(Composed):
    """A read of the annotations: c_j = sum over t of a_jt h_t, a_j = softmax over t of score(query, h_t).

    score: one of `course_lib.attention`. when: "after" the step, the query is s_j, and all steps are matched at once
    (Luong et al. 2015, without input feeding); "before" it, the query is s_{j-1}, and c_j enters the memory beside x_j
    (Bahdanau et al. 2015, appendix A.2.2). Either way c_j goes to the output layer.
    gate: None, or a layer (B, J, units) -> (B, J, 1), what c_j is multiplied with: Xu et al. 2015, section 4.2.1.
    doubly_stochastic: lambda of their eq. 14, lambda * sum over t of (1 - sum over words j of a_jt)^2, a sentence.
    CourseError if when is neither.
    """

    carries = 0  # how many states of its own go from one step to the next, behind the memory's

    def __init__(self, score, when="after", gate=None, doubly_stochastic=0.0, **kwargs):
        super().__init__(**kwargs)
        if when not in ("before", "after"):
            raise CourseError(f"when: expected before or after, got {when!r}.")
        self.score, self.when, self.gate, self.doubly_stochastic = score, when, gate, doubly_stochastic

    def build(self, query_shape, annotations_shape):
        """Make every weight: (..., units), (..., D)."""
        if not self.score.built:  # it may have been loaded
            self.score.build([query_shape, annotations_shape])
        if self.gate is not None and not self.gate.built:
            self.gate.build(query_shape)

    def prepare(self, encoded):
        """With `keys`: the part of the score that depends on the annotations alone."""
        return encoded | {"keys": self.score.prepare(encoded["annotations"])}

    def read(self, query, encoded, training=None):
        """Queries (B, J, units), `prepare`d vectors -> c (B, J, D), weights (B, J, T)."""
        c, weights = self.look(query, encoded)
        return self.gated(c, query), weights

    def look(self, query, encoded):
        """What `read` gives, without the gate."""
        annotations = encoded["annotations"]
        grouped = ops.reshape(query, (ops.shape(annotations)[0], -1, query.shape[-1]))  # (P, B / P * J, units)
        found = attend(self.score.compare(grouped, encoded["keys"]), annotations, encoded["mask"])
        return tuple(ops.reshape(v, (*ops.shape(query)[:2], ops.shape(v)[-1])) for v in found)

    def gated(self, c, query):
        """c (B, J, D) as far as the gate lets it through."""
        return c if self.gate is None else c * self.gate(query)

    def penalty(self, words, weights):
        """Eq. 14 from the words before (B, J) and the weights (B, J, T): a number for each word, as the loss is."""
        spoken = ops.cast((words != PAD_ID) & (words != EOS_ID), weights.dtype)  # behind <eos> nothing is said
        seen = ops.sum(weights * spoken[:, :, None], axis=1)  # (B, T)
        words_said = ops.cast(ops.maximum(ops.sum(spoken), 1), "float32")
        return self.doubly_stochastic * ops.sum(ops.cast((1 - seen) ** 2, "float32")) / words_said


@keras.saving.register_keras_serializable(package="course_lib")
class LocationAttention(Attention):
    """As Attention before the step, and it knows where it looked last: Chorowski et al. 2015, eqs 8 and 9.

    e_jt = v · tanh(W s_{j-1} + V h_t + U f_jt), f_j = F * a_{j-1}: a convolution of the last step's weights, `filters`
    numbers for each place, from `width` places around it. score: an AdditiveScore; the rest is as there.

    window: None, or how many places away from where most of the last weight was it may look: their section 2.3, for
    speaking; sounds are heard in order, so what is further off is another place that sounds alike. It can be set at any
    time, before a search is made.
    """

    carries = 1

    def __init__(self, score, filters=10, width=31, window=None, **kwargs):
        super().__init__(score, "before", **kwargs)
        self.filters, self.width, self.window = filters, width, window
        self.places = layers.Conv1D(filters, width, padding="same", use_bias=False, name="places")
        self.told = layers.Dense(score.units, use_bias=False, name="told")

    def build(self, query_shape, annotations_shape):
        """With F and U."""
        super().build(query_shape, annotations_shape)
        self.places.build((None, None, 1))
        self.told.build((None, None, self.filters))

    def look(self, query, encoded):
        """encoded: with `last` (B, T), the weights of the step before; 0 before the first."""
        last = encoded["last"]
        keys = encoded["keys"] + self.told(self.places(last[:, :, None]))
        mask = encoded["mask"]
        if self.window is not None:
            places = ops.arange(ops.shape(last)[1])
            near = ops.abs(places[None] - ops.argmax(last, axis=1)[:, None]) <= self.window
            mask = ops.logical_and(mask, near)  # before the first step: near the first place
        return super().look(query, encoded | {"keys": keys, "mask": mask})


@keras.saving.register_keras_serializable(package="course_lib")
class HardAttention(Attention):
    """As Attention after the step, but c_j is *one* annotation, drawn by the weights: Xu et al. 2015, section 4.1.

    In training half of the sentences read all annotations, weighted, instead (there, too); what was drawn is kept for
    `surrogate_loss`. When it speaks, it takes the annotation with the largest weight. entropy: lambda_e of eq. 12, how
    much even weights are rewarded, so that it does not look at one place only, too early.
    """

    def __init__(self, score, gate=None, doubly_stochastic=0.0, entropy=0.01, **kwargs):
        super().__init__(score, "after", gate, doubly_stochastic, **kwargs)
        self.entropy = entropy
        self.expected = layers.Dense(1, name="expected")  # log p of word j after a draw, as s_j expects it
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, query_shape, annotations_shape):
        """With the baseline's."""
        super().build(query_shape, annotations_shape)
        self.expected.build(query_shape)

    def read(self, query, encoded, training=None):
        """In training by chance."""
        soft, weights = self.look(query, encoded)
        if not training:
            return self.gated(self.one(ops.argmax(weights, axis=-1), encoded), query), weights
        p = ops.cast(weights, "float32")
        log_p = ops.log(p + 1e-10)
        chance = keras.random.uniform(ops.shape(log_p), 1e-6, 1 - 1e-6, dtype="float32", seed=self.seed_generator)
        chosen = ops.argmax(log_p - ops.log(-ops.log(chance)), axis=-1)  # Gumbel: each as often as it is probable
        hard = keras.random.uniform((ops.shape(query)[0], 1), dtype="float32", seed=self.seed_generator) < 0.5  # (B, 1)
        self.drawn = {
            "log_p": ops.take_along_axis(log_p, chosen[..., None], axis=-1)[..., 0],  # all (B, J), but `hard`
            "hard": hard,
            "expected": ops.cast(self.expected(ops.stop_gradient(query))[..., 0], "float32"),
            "entropy": -ops.sum(p * log_p, axis=-1),
        }
        return self.gated(ops.where(hard[..., None], self.one(chosen, encoded), soft), query), weights

    def one(self, chosen, encoded):
        """Numbers of annotations (B, J) -> those annotations (B, J, D)."""
        annotations = encoded["annotations"]
        which = ops.one_hot(chosen, ops.shape(annotations)[1], dtype=annotations.dtype)  # (B, J, T)
        grouped = ops.reshape(which, (ops.shape(annotations)[0], -1, ops.shape(annotations)[1]))
        return ops.reshape(grouped @ annotations, (*ops.shape(chosen), annotations.shape[-1]))

    def surrogate_loss(self, words, logits):
        """What training adds to the loss, from the words said (B, J) and their logits: Xu et al. 2015, eq. 12.

        A look that made its word more probable than expected gets more probable itself: REINFORCE (Williams 1992). The
        baseline is what s_j expects, learned from sentences that drew, a number for each word (there: one moving
        average for all). In our order a look changes its own word only, so log p of that word is all its reward.
        """
        drawn, counts = self.drawn, ops.cast(ops.not_equal(words, PAD_ID), "float32")
        reward = -ops.sparse_categorical_crossentropy(words, ops.cast(logits, "float32"), from_logits=True)
        better = ops.stop_gradient(reward) - drawn["expected"]
        learned = ops.cast(drawn["hard"], "float32") * (better**2 - ops.stop_gradient(better) * drawn["log_p"])
        each = learned - self.entropy * drawn["entropy"]
        return ops.sum(each * counts) / ops.maximum(ops.sum(counts), 1.0)


# -- output layers: what the read-out reads ----------------------------------------------------------------------------
# From the memory s (B, J, units), the words before y (B, J, E), and c (B, J, D), what was read, or, without attention,
# (B, C), the context.


@keras.saving.register_keras_serializable(package="course_lib")
class Maxout(Composed):
    """t_j = maxout(O_s s_j + O_y y_{j-1} + O_c c_j), the larger one of every two: Cho et al. 2014, appendix A.1.

    -> (B, J, pieces). The same in Bahdanau et al. 2015, appendix A.2.2 (whose output sees s_{j-1}, ours s_j); with
    another function it is the deep output of Xu et al. 2015, eq. 7. separate_context: O_c is a layer of its own, and
    for a context (B, C), O_c c is computed once for all steps.
    """

    def __init__(self, pieces, separate_context=False, **kwargs):
        super().__init__(**kwargs)
        self.pieces, self.separate_context = pieces, separate_context
        self.pairs = layers.Dense(2 * pieces, name="maxout")
        self.seen = layers.Dense(2 * pieces, use_bias=False, name="seen") if separate_context else None

    def build(self, s_shape, y_shape, c_shape):
        """Make every weight."""
        width = s_shape[-1] + y_shape[-1] + (0 if self.separate_context else c_shape[-1])
        self.pairs.build((None, None, width))
        if self.seen:
            self.seen.build(c_shape)

    def call(self, s, y, c):
        """-> (B, J, pieces)."""
        both = ops.concatenate([s, y], axis=-1)
        t = _added(self.pairs(both), self.seen(c)) if self.seen else self.pairs(_beside(both, c))
        return ops.max(ops.reshape(t, (*ops.shape(t)[:2], self.pieces, 2)), axis=-1)


@keras.saving.register_keras_serializable(package="course_lib")
class Combine(Composed):
    """t_j = tanh(W_c [c_j; s_j]), c_j what was read: Luong et al. 2015, eq. 5. -> (B, J, units)."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.combine = layers.Dense(units, "tanh", name="combine")

    def build(self, s_shape, y_shape, c_shape):
        """Make every weight."""
        self.combine.build((None, None, c_shape[-1] + s_shape[-1]))

    def call(self, s, y, c):
        """-> (B, J, units)."""
        return self.combine(ops.concatenate([c, s], axis=-1))


@keras.saving.register_keras_serializable(package="course_lib")
class Sum(Composed):
    """t_j = s_j + L c_j, L small at first. -> (B, J, units), as wide as s_j. y_{j-1} comes through the memory alone."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        small = keras.initializers.RandomNormal(stddev=0.01)
        self.seen = layers.Dense(units, kernel_initializer=small, name="seen")

    def build(self, s_shape, y_shape, c_shape):
        """Make every weight."""
        self.seen.build(c_shape)

    def call(self, s, y, c):
        """-> (B, J, units)."""
        return _added(s, self.seen(c))
