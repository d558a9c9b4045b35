"""Decoders, composed: they say one word after another, from what an encoder has read.

A `Decoder` is put together from an embedding, a conditioning, a memory, an attention, an output layer and a read-out.
Each is a Keras layer that can be taken by itself. What an encoder hands over is a dictionary, `encoded`:

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


class _Composed(keras.layers.Layer):
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
class Conditioning(_Composed):
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
class Attention(_Composed):
    """A read of the annotations: c_j = sum over t of a_jt h_t, a_j = softmax over t of score(query, h_t).

    score: one of `course_lib.attention`. when: "after" the step, the query is s_j, and all steps are matched at once
    (Luong et al. 2015, without input feeding); "before" it, the query is s_{j-1}, and c_j enters the memory beside x_j
    (Bahdanau et al. 2015, appendix A.2.2). Either way c_j goes to the output layer.
    gate: None, or a layer (B, J, units) -> (B, J, 1), what c_j is multiplied with: Xu et al. 2015, section 4.2.1.
    doubly_stochastic: lambda of their eq. 14, lambda * sum over t of (1 - sum over words j of a_jt)^2, a sentence.
    CourseError if when is neither.
    """

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
class HardAttention(Attention):
    """As Attention after the step, but c_j is *one* annotation, drawn by the weights: Xu et al. 2015, section 4.1.

    In training half of the sentences read all annotations, weighted, instead (there, too); what was drawn is kept for
    `surrogate_loss`. When it speaks, it takes the annotation with the largest weight.
    """

    ENTROPY = 0.01  # lambda_e of eq. 12: how much it is kept from looking at one place only, too early

    def __init__(self, score, gate=None, doubly_stochastic=0.0, **kwargs):
        super().__init__(score, "after", gate, doubly_stochastic, **kwargs)
        self.expected = layers.Dense(1, name="expected")  # log p of word j, as s_j expects it: the baseline
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

        A look that made its word more probable than expected gets more probable itself: REINFORCE (Williams 1992) with
        a learned baseline. In our order a look changes its own word only, so log p of that word is all its reward.
        """
        drawn, counts = self.drawn, ops.cast(ops.not_equal(words, PAD_ID), "float32")
        reward = -ops.sparse_categorical_crossentropy(words, ops.cast(logits, "float32"), from_logits=True)
        better = ops.stop_gradient(reward) - drawn["expected"]
        gain = ops.stop_gradient(better) * drawn["log_p"] * ops.cast(drawn["hard"], "float32")
        each = -gain + better**2 - self.ENTROPY * drawn["entropy"]
        return ops.sum(each * counts) / ops.maximum(ops.sum(counts), 1.0)


# -- output layers: what the read-out reads ----------------------------------------------------------------------------
# From the memory s (B, J, units), the words before y (B, J, E), and c (B, J, D), what was read, or, without attention,
# (B, C), the context.


@keras.saving.register_keras_serializable(package="course_lib")
class Maxout(_Composed):
    """t_j = maxout(O_s s_j + O_y y_{j-1} + O_c c_j), the larger one of every two: Cho et al. 2014, appendix A.1.

    -> (B, J, pieces). The same in Bahdanau et al. 2015, appendix A.2.2 (whose output sees s_{j-1}, ours s_j); with
    another function it is the deep output of Xu et al. 2015, eq. 7. context_apart: O_c is a layer of its own, and for a
    context (B, C), O_c c is computed once for all steps.
    """

    def __init__(self, pieces, context_apart=False, **kwargs):
        super().__init__(**kwargs)
        self.pieces, self.context_apart = pieces, context_apart
        self.pairs = layers.Dense(2 * pieces, name="maxout")
        self.seen = layers.Dense(2 * pieces, use_bias=False, name="seen") if context_apart else None

    def build(self, s_shape, y_shape, c_shape):
        """Make every weight."""
        width = s_shape[-1] + y_shape[-1] + (0 if self.context_apart else c_shape[-1])
        self.pairs.build((None, None, width))
        if self.seen:
            self.seen.build(c_shape)

    def call(self, s, y, c):
        """-> (B, J, pieces)."""
        both = ops.concatenate([s, y], axis=-1)
        t = _added(self.pairs(both), self.seen(c)) if self.seen else self.pairs(_beside(both, c))
        return ops.max(ops.reshape(t, (*ops.shape(t)[:2], self.pieces, 2)), axis=-1)


@keras.saving.register_keras_serializable(package="course_lib")
class Combine(_Composed):
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
class Sum(_Composed):
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


# -- the whole ---------------------------------------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="course_lib")
class Decoder(_Composed):
    """s_j = f(s_{j-1}, x_j), logits of word j = W t_j: of all steps, told the true words (`call`), or of one (`step`).

    embedding: the words before, (B, J) -> y (B, J, E). conditioning: where the memory starts, and x_j. memory: a
    recurrent layer that returns all outputs and the last states; its first state is s. attention: None, or what reads
    c_j. output_layer: t_j from s_j, y_{j-1} and c_j; None: t_j = s_j. readout: t (B, J, ...) -> logits (B, J, words).
    dropout: a layer for y and t. CourseError if nothing would see what attention reads.
    """

    def __init__(
        self, embedding, conditioning, memory, readout, dropout, attention=None, output_layer=None, **kwargs
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.embedding, self.conditioning, self.memory = embedding, conditioning, memory
        self.attention, self.output_layer, self.readout, self.dropout = attention, output_layer, readout, dropout
        self.before = self.attends and attention.when == "before"
        if self.attends and not self.before and output_layer is None:
            raise CourseError("attention after the step needs an output layer: nothing else sees what was read.")

    @property
    def attends(self):
        """Whether a step has weights."""
        return self.attention is not None

    @property
    def words(self):
        """How many words it can say."""
        return self.readout.units

    def build(self, words_shape, encoded_shape):
        """Make every weight, by saying one word about nothing."""
        if self.attends and not self.attention.built:
            self.attention.build((None, None, self.memory.cell.output_size), encoded_shape["annotations"])
        nothing = {name: ops.zeros((1, *shape[1:]) if name == "context" else (1, 1, *shape[2:]))
                   for name, shape in encoded_shape.items() if name != "mask"}  # fmt: skip
        nothing["mask"] = ops.ones((1, 1), "bool")
        self.built = True  # so that it may be called, in the precision it will be called in
        self(ops.ones((1, 1), "int32"), nothing)

    def prepare(self, encoded):
        """What can be computed once for all steps: `encoded`, and more."""
        return self.attention.prepare(encoded) if self.attends else encoded

    def start(self, encoded):
        """The states before the first word, each (B, its width)."""
        return self.conditioning.start(self.memory, encoded["context"])

    def call(self, words, encoded, training=None):
        """All steps, told the true words before (B, J) -> logits (B, J, words), weights (B, J, T) or None."""
        encoded = self.prepare(encoded)
        y = self.dropout(self.embedding(words), training=training)  # (B, J, E)
        if self.before:
            s, c, weights = self._one_after_another(y, encoded)
        else:
            x = self.conditioning.inputs(y, encoded["context"])
            s, *_ = self.memory(x, initial_state=self.start(encoded), training=training)
            c, weights = self._read(s, encoded, training)
        if training and self.attends and self.attention.doubly_stochastic:
            self.add_loss(self.attention.penalty(words, weights))
        return self._logits(s, y, c, training), weights

    def step(self, word, states, encoded):
        """One step from `prepare`d vectors: the word before (B,) -> logits (B, words), weights or None, states."""
        y = self.embedding(word)[:, None]  # (B, 1, E)
        s, c, weights, states = self._turn(y, states, encoded)
        return self._logits(s, y, c)[:, 0], None if weights is None else weights[:, 0], states

    def _turn(self, y, states, encoded):
        """One step: y (B, 1, E) -> s (B, 1, units); c and weights, of one step as `_read` gives them; states."""
        x = self.conditioning.inputs(y, encoded["context"])
        if self.before:
            c, weights = self._read(states[0][:, None], encoded)
            x = ops.concatenate([x, c], axis=-1)
        s, states = self.memory.cell(x[:, 0], states)
        s = s[:, None]
        if not self.before:
            c, weights = self._read(s, encoded)
        return s, c, weights, states

    def _one_after_another(self, y, encoded):
        """y (B, J, E) -> s (B, J, units), c (B, J, D), weights (B, J, T), each step after the one before it."""

        def turn(before, y_j):
            _, c, weights, states = self._turn(y_j[:, None], before[:-2], encoded)
            now = [*states, c[:, 0], weights[:, 0]]
            return now, now

        _, T, D = ops.shape(encoded["annotations"])
        nothing_read = [ops.zeros((ops.shape(y)[0], n), encoded["annotations"].dtype) for n in (D, T)]
        _, steps = ops.scan(turn, [*self.start(encoded), *nothing_read], ops.transpose(y, (1, 0, 2)))
        s, *_, c, weights = (ops.transpose(v, (1, 0, 2)) for v in steps)
        return s, c, weights

    def _read(self, query, encoded, training=None):
        """Queries (B, J, units) -> c (B, J, D), weights (B, J, T); without attention the context (B, C), None."""
        return self.attention.read(query, encoded, training) if self.attends else (encoded["context"], None)

    def _logits(self, s, y, c, training=None):
        t = s if self.output_layer is None else self.output_layer(s, y, c)
        return self.readout(self.dropout(t, training=training))


# -- by name -----------------------------------------------------------------------------------------------------------

READS = {  # conditioning -> what the memory reads
    "repeat": "context",
    "initial state": "words",
    "first input": "words",
    "initial state and output": "words",
    "every input": "both",
    "every input and output": "both",
}
CONDITIONINGS = tuple(READS)


def check_names(conditioning: str, attention: str | None, attentions=("after", "before")) -> None:
    """CourseError if one of the two is not known, or they do not go together."""
    if conditioning not in CONDITIONINGS:
        raise CourseError(f"conditioning: expected one of {', '.join(map(repr, CONDITIONINGS))}, got {conditioning!r}.")
    if attention is not None and attention not in attentions:
        raise CourseError(f"attention: expected None or one of {', '.join(map(repr, attentions))}, got {attention!r}.")
    if attention is not None and conditioning != "initial state":
        raise CourseError(f"attention goes with conditioning 'initial state', got {conditioning!r}.")


def parts(words, embedding, units, cell, dropout, conditioning, maxout=None) -> dict:
    """The parts of a Decoder without attention, by the names of its arguments; conditioning: one of CONDITIONINGS.

    "initial state": s_0 = tanh(W context), and nothing else; "repeat": and x_j = context; "every input": and x_j =
    [y_{j-1}; context]; "… and output": and the output sees it, by Maxout of `maxout` numbers, left out: `units`.
    "first input": it is the first word that is read.
    """
    # In this order, the layers for the start even if there are none: a seed starts all networks that are compared alike
    made = {"embedding": layers.Embedding(words, embedding, trainable=conditioning != "repeat", name="embedding")}
    start = [layers.Dense(units, "tanh", name="h_0")]
    if cell == "lstm":
        start.append(layers.Dense(units, name="c_0"))
    made["memory"] = recurrent(cell, units, name="memory")
    made["dropout"] = layers.Dropout(dropout)
    made["readout"] = layers.Dense(words, name="readout")
    reads = READS[conditioning]
    if conditioning == "first input":
        made["conditioning"] = FirstInput(layers.Dense(embedding, name="image"), reads)
    else:
        made["conditioning"] = InitialState(start, reads)
    if conditioning.endswith("and output"):
        made["output_layer"] = Maxout(maxout or units, context_apart=conditioning == "initial state and output")
    return made
