"""Decoders, composed of their parts: they say one word after another, from what an encoder has read."""

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.models.decoder_parts import Composed, FirstInput, InitialState, Maxout, recurrent

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable(package="course_lib")
class Decoder(Composed):
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
        self.carries = attention.carries if self.attends else 0
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
        """The states before the first word, each (B, its width); behind the memory's, the weights of the last step."""
        nowhere = [ops.cast(ops.zeros_like(encoded["mask"]), encoded["annotations"].dtype)] * self.carries
        return [*self.conditioning.start(self.memory, encoded["context"]), *nowhere]

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
        if self.carries:
            *states, last = states
            encoded = encoded | {"last": last}
        if self.before:
            c, weights = self._read(states[0][:, None], encoded)
            x = ops.concatenate([x, c], axis=-1)
        s, states = self.memory.cell(x[:, 0], states)
        s = s[:, None]
        if not self.before:
            c, weights = self._read(s, encoded)
        return s, c, weights, [*states, weights[:, 0]] if self.carries else states

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
        made["output_layer"] = Maxout(maxout or units, separate_context=conditioning == "initial state and output")
    return made
