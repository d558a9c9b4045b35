"""An encoder reads one sentence into vectors, a decoder says another from them: five ways to hand the vectors over.

Every decoder gives the scores of all steps at once, told the true words so far (`call`), and of one step (`step`).
"""

from course_lib.attention import AdditiveScore, attend
from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.layers import GRU, LSTM

layers, ops = keras.layers, keras.ops
RECURRENT = {"rnn": layers.SimpleRNN, "gru": GRU, "lstm": LSTM}


def _recurrent(cell, units, **kwargs):
    if cell not in RECURRENT:
        raise CourseError(f"cell: expected one of {', '.join(RECURRENT)}, got {cell!r}.")
    return RECURRENT[cell](units, return_sequences=True, return_state=True, **kwargs)


class _Configured(keras.layers.Layer):
    """A layer that keeps what it was made with."""

    def __init__(self, settings, **kwargs):
        super().__init__(**kwargs)
        self.settings = settings

    def get_config(self):
        """The arguments it was made with."""
        return super().get_config() | self.settings


@keras.saving.register_keras_serializable(package="course_lib")
class Encoder(_Configured):
    """Words (B, T), 0 where there is none -> {"places": (B, T, D), "context": (B, C), "mask": (B, T)}.

    places: h_t, what the memory says after each word. context: all that is remembered at the end, of an LSTM h and c.
    direction: "forward"; "backward", the source reversed (Sutskever et al. 2014, section 3.3); "both", two memories, D
    twice the units (Bahdanau et al. 2015, section 3.2).
    """

    def __init__(self, words, embedding, units, cell="gru", direction="both", dropout=0.0, **kwargs):
        settings = {"words": words, "embedding": embedding, "units": units, "cell": cell, "direction": direction}
        super().__init__(settings | {"dropout": dropout}, **kwargs)
        ways = {"forward": [False], "backward": [True], "both": [False, True]}.get(direction)
        if ways is None:
            raise CourseError(f"direction: expected forward, backward or both, got {direction!r}.")
        self.embedding = layers.Embedding(words, embedding, name="embedding")
        self.drop = layers.Dropout(dropout)
        self.memories = [
            _recurrent(cell, units, go_backwards=back, name="backward" if back else "forward") for back in ways
        ]

    def example(self):
        """A sentence of one word."""
        return ops.ones((1, 1), "int32")

    def build(self, words_shape):
        """Make every weight."""
        self.embedding.build(words_shape)
        for memory in self.memories:
            memory.build((None, None, self.settings["embedding"]))

    def call(self, words, training=None):
        """Read every word; what is no word leaves the memory as it is."""
        mask = ops.not_equal(words, 0)  # (B, T)
        x = self.drop(self.embedding(words), training=training)  # (B, T, E)
        said, remembered = [], []
        for memory in self.memories:
            h, *states = memory(x, mask=mask, training=training)
            said.append(ops.flip(h, axis=1) if memory.go_backwards else h)  # each h_t back to its place
            remembered += states
        return {"places": ops.concatenate(said, -1), "context": ops.concatenate(remembered, -1), "mask": mask}


class Decoder(_Configured):
    """s_j = f(s_{j-1}, x_j), from s_0 = tanh(W context): Cho et al. 2014, appendix A.1. What x_j and the scores are
    made of, `inputs` and `outputs` say. An LSTM's c_0 is W' context.
    """  # fmt: skip

    attentive = False  # whether a step has weights

    def __init__(self, words, embedding, units, cell="gru", dropout=0.0, **kwargs):
        settings = {"words": words, "embedding": embedding, "units": units, "cell": cell, "dropout": dropout}
        super().__init__(settings, **kwargs)
        self.embedding = layers.Embedding(words, embedding, name="embedding")
        self.initial = [layers.Dense(units, "tanh", name="h_0")]
        if cell == "lstm":
            self.initial.append(layers.Dense(units, name="c_0"))
        self.memory = _recurrent(cell, units, name="memory")
        self.drop = layers.Dropout(dropout)
        self.readout = layers.Dense(words, name="readout")

    def build(self, words_shape, encoded_shape):
        """Make every weight, by saying one word about nothing."""
        nothing = {name: ops.zeros((1, *shape[1:]) if name == "context" else (1, 1, *shape[2:]))
                   for name, shape in encoded_shape.items() if name != "mask"}  # fmt: skip
        nothing["mask"] = ops.ones((1, 1), "bool")
        self.built = True  # so that it may be called, in the precision it will be called in
        self(ops.ones((1, 1), "int32"), nothing)

    def prepare(self, encoded):
        """What can be computed once for all steps."""
        return encoded

    def start(self, encoded):
        """The states before the first word."""
        return [dense(encoded["context"]) for dense in self.initial]

    def inputs(self, y, encoded):
        """x of every step from the vectors of the words before, y (B, J, E)."""
        raise NotImplementedError

    def outputs(self, s, y, encoded, training=None):
        """Memories s (B, J, units), words before y (B, J, E) -> scores (B, J, words), weights (B, J, T) or None."""
        return self.readout(self.drop(s, training=training)), None

    def call(self, words, encoded, training=None):
        """All steps at once, told the true words before: (B, J) -> scores (B, J, words), weights (B, J, T) or None."""
        y = self.drop(self.embedding(words), training=training)  # (B, J, E)
        s, *_ = self.memory(self.inputs(y, encoded), initial_state=self.start(encoded), training=training)
        return self.outputs(s, y, self.prepare(encoded), training)

    def step(self, word, states, encoded):
        """One step from `prepare`d vectors: the word before (B,) -> scores (B, words), weights or None, states."""
        y = self.embedding(word)[:, None]  # (B, 1, E)
        s, states = self.memory.cell(self.inputs(y, encoded)[:, 0], states)
        scores, weights = self.outputs(s[:, None], y, encoded)
        return scores[:, 0], None if weights is None else weights[:, 0], states


def _repeated(vector, like):
    """(B, C) -> (B, J, C), J as in `like` (B, J, ...)."""
    return ops.repeat(vector[:, None], ops.shape(like)[1], axis=1)


@keras.saving.register_keras_serializable(package="course_lib")
class RepeatDecoder(Decoder):
    """x_j = context: the encoded vector, repeated for each step. It is not told which words it has said."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.embedding.trainable = False  # says how many steps there are, and nothing else

    def inputs(self, y, encoded):
        """(B, J, C)."""
        return _repeated(encoded["context"], y)


@keras.saving.register_keras_serializable(package="course_lib")
class InitialStateDecoder(Decoder):
    """x_j = y_{j-1}: the encoded vector is the start and nothing else, as in Sutskever et al. 2014, eq. 1."""

    def inputs(self, y, encoded):
        """(B, J, E)."""
        return y


@keras.saving.register_keras_serializable(package="course_lib")
class EachStepDecoder(Decoder):
    """x_j = [y_{j-1}; context]: with cell "rnn", h = tanh(W_xh x + W_hh h + W_vh context)."""

    def inputs(self, y, encoded):
        """(B, J, E + C)."""
        return ops.concatenate([y, _repeated(encoded["context"], y)], axis=-1)


@keras.saving.register_keras_serializable(package="course_lib")
class EveryStepDecoder(EachStepDecoder):
    """x_j = [y_{j-1}; context], and the output sees all three: Cho et al. 2014, appendix A.1.

    scores = W maxout(O_s s_j + O_y y_{j-1} + O_c context), where maxout takes the larger one of every two numbers.
    """

    def __init__(self, *args, maxout=None, **kwargs):
        """maxout: how many numbers maxout leaves; as many as `units` if it is left out."""
        super().__init__(*args, **kwargs)
        self.settings["maxout"] = maxout or self.settings["units"]
        self.both = layers.Dense(2 * self.settings["maxout"], name="maxout")

    def outputs(self, s, y, encoded, training=None):
        """With the maxout layer, and without weights."""
        return self.deep_output(s, y, _repeated(encoded["context"], y), training), None

    def deep_output(self, s, y, c, training=None):
        """(B, J, units), (B, J, E), (B, J, C) -> scores (B, J, words)."""
        return self.say(self.both(ops.concatenate([s, y, c], axis=-1)), training)

    def say(self, t, training=None):
        """(B, J, 2 maxout) -> scores (B, J, words), by the larger one of every two numbers."""
        t = ops.max(ops.reshape(t, (*ops.shape(t)[:2], self.settings["maxout"], 2)), axis=-1)
        return self.readout(self.drop(t, training=training))


class _Attentive:
    """A decoder with a score function: places are matched with a memory."""

    attentive = True

    def __init__(self, *args, score=None, **kwargs):
        if isinstance(score, dict):
            score = keras.saving.deserialize_keras_object(score)
        super().__init__(*args, **kwargs)
        self.score = score or AdditiveScore(self.settings["units"])

    def get_config(self):
        """With the score function."""
        return super().get_config() | {"score": keras.saving.serialize_keras_object(self.score)}

    def prepare(self, encoded):
        """With `keys`: the part of the score that depends on the places alone."""
        if not self.score.built:
            self.score.build([(None, None, self.settings["units"]), encoded["places"].shape])
        return encoded | {"keys": self.score.prepare(encoded["places"])}

    def read(self, s, encoded):
        """Memories (B, J, units) -> contexts c_j (B, J, D), weights (B, J, T)."""
        return attend(self.score.compare(s, encoded["keys"]), encoded["places"], encoded["mask"])


@keras.saving.register_keras_serializable(package="course_lib")
class AttentionAfterDecoder(_Attentive, Decoder):
    """x_j = y_{j-1}; then s_j reads: scores = W tanh(W_c [c_j; s_j]). Luong et al. 2015, eqs 5 and 6, without input
    feeding, so that the memory needs no reading: all steps of all sentences are matched at once.
    """  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.combine = layers.Dense(self.settings["units"], "tanh", name="combine")

    def inputs(self, y, encoded):
        """(B, J, E)."""
        return y

    def outputs(self, s, y, encoded, training=None):
        """With the weights of each step."""
        c, weights = self.read(s, encoded)
        t = self.combine(ops.concatenate([c, s], axis=-1))
        return self.readout(self.drop(t, training=training)), weights


@keras.saving.register_keras_serializable(package="course_lib")
class AttentionBeforeDecoder(_Attentive, EveryStepDecoder):
    """s_{j-1} reads; then x_j = [y_{j-1}; c_j]: Bahdanau et al. 2015, appendix A.2.2. One step after another.

    The output is Cho's with c_j for the context. (The paper's sees s_{j-1}, ours s_j.)
    """

    def turn(self, y, states, encoded):
        """One step: y (B, E) -> c_j (B, D), weights (B, T), states, of which the first is s_j (B, units)."""
        c, weights = self.read(states[0][:, None], encoded)
        _, states = self.memory.cell(ops.concatenate([y, c[:, 0]], axis=-1), states)
        return c[:, 0], weights[:, 0], states

    def call(self, words, encoded, training=None):
        """As every decoder's, step by step."""
        encoded = self.prepare(encoded)
        y = self.drop(self.embedding(words), training=training)  # (B, J, E)

        def turn(before, y_j):
            c, weights, states = self.turn(y_j, before[:-2], encoded)
            now = [*states, c, weights]
            return now, now

        start = self.start(encoded)
        _, T, D = ops.shape(encoded["places"])
        nothing_read = [ops.zeros((ops.shape(words)[0], n), encoded["places"].dtype) for n in (D, T)]
        _, steps = ops.scan(turn, [*start, *nothing_read], ops.transpose(y, (1, 0, 2)))
        s, *_, c, weights = (ops.transpose(v, (1, 0, 2)) for v in steps)  # (B, J, ...)
        return self.deep_output(s, y, c, training), weights

    def step(self, word, states, encoded):
        """As every decoder's."""
        y = self.embedding(word)
        c, weights, states = self.turn(y, states, encoded)
        return self.deep_output(states[0][:, None], y[:, None], c[:, None])[:, 0], weights, states


DECODERS = {
    "repeat": RepeatDecoder,
    "start": InitialStateDecoder,
    "every step": EveryStepDecoder,
    "attention after": AttentionAfterDecoder,
    "attention before": AttentionBeforeDecoder,
}


@keras.saving.register_keras_serializable(package="course_lib")
class EncoderDecoder(keras.Model):
    """Sentences (B, T) and the words before, from <bos> (B, J) -> scores of the word of each step (B, J, words)."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        encoded = encoder(encoder.example())  # every weight now, so that they can be loaded
        decoder.build((None, None), {name: v.shape for name, v in encoded.items()})
        self.built = True

    def call(self, inputs, training=None):
        """Teacher forcing: the decoder is told the true words."""
        sentences, words_before = inputs
        return self.decoder(words_before, self.encode(sentences, words_before, training), training=training)[0]

    def align(self, sentences, words_before):
        """The weights of every step (B, J, T), or None: row j belongs to the word that is *said* at step j."""
        return self.decoder(words_before, self.encode(sentences, words_before))[1]

    def encode(self, sentences, words_before, training=None):
        """What the encoder says for each row of words."""
        return self.encoder(sentences, training=training)

    def get_config(self):
        """The two parts."""
        parts = {"encoder": self.encoder, "decoder": self.decoder}
        return {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()} | {"name": self.name}

    @classmethod
    def from_config(cls, config):
        """From `get_config`."""
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("encoder", "decoder")}
        return cls(**parts, name=config["name"])


class Ensemble:
    """Several trained models that say one sentence together: each step's probabilities are their mean.

    For search alone; it stands in for an EncoderDecoder there. All read the same inputs and say the same words.
    """

    def __init__(self, models):
        self.models = list(models)
        self.decoder = self
        self.settings, self.attentive = self.models[0].decoder.settings, self.models[0].decoder.attentive

    def encoder(self, inputs):
        """What each encoder says, numbered."""
        parts = [model.encoder(inputs) for model in self.models]
        return {f"{i} {name}": v for i, part in enumerate(parts) for name, v in part.items()} | {
            "places": parts[0]["places"]
        }

    def _of(self, i, encoded):
        return {name.split()[1]: v for name, v in encoded.items() if name.startswith(f"{i} ")}

    def prepare(self, encoded):
        """As every decoder's."""
        parts = [model.decoder.prepare(self._of(i, encoded)) for i, model in enumerate(self.models)]
        return {f"{i} {name}": v for i, part in enumerate(parts) for name, v in part.items()}

    def start(self, encoded):
        """The states of all, one behind the other."""
        states = [list(model.decoder.start(self._of(i, encoded))) for i, model in enumerate(self.models)]
        self.counts = list(map(len, states))
        return [state for own in states for state in own]

    def step(self, word, states, encoded):
        """The word before (B,) -> log of the mean probability (B, words), mean weights or None, states."""
        p, read, after, begin = [], [], [], 0
        for i, (model, count) in enumerate(zip(self.models, self.counts, strict=True)):
            scores, weights, new = model.decoder.step(word, states[begin : begin + count], self._of(i, encoded))
            p.append(ops.softmax(scores))
            read.append(weights)
            after += list(new)
            begin += count
        weights = None if read[0] is None else sum(read) / len(read)
        return ops.log(sum(p) / len(p) + 1e-30), weights, after


def encoder_decoder(
    source_words, target_words, hand_over="attention after", score=None, embedding=64, encoder_units=128, units=192,
    cell="gru", direction="both", dropout=0.0,
):  # fmt: skip
    """An EncoderDecoder. hand_over: one of DECODERS. score: a score function, for the two with attention."""
    if hand_over not in DECODERS:
        raise CourseError(f"hand_over: expected one of {', '.join(DECODERS)}, got {hand_over!r}.")
    more = {"score": score} if hand_over.startswith("attention") else {}
    if score is not None and not more:
        raise CourseError(f"a score function needs attention; hand_over is {hand_over!r}.")
    encoder = Encoder(source_words, embedding, encoder_units, cell, direction, dropout)
    return EncoderDecoder(encoder, DECODERS[hand_over](target_words, embedding, units, cell, dropout, **more))
