"""An encoder reads one sentence into vectors, a decoder says another from them."""

from course_lib.attention import AdditiveScore
from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.models.decoder_parts import Attention, Combine, HardAttention, Maxout, recurrent
from course_lib.models.decoders import Decoder, check_names, parts
from course_lib.text import PAD_ID

layers, ops = keras.layers, keras.ops


@keras.saving.register_keras_serializable(package="course_lib")
class Encoder(keras.layers.Layer):
    """Words (B, T), 0 where there is none -> {"annotations": (B, T, D), "context": (B, C), "mask": (B, T)}.

    annotations: h_t, what the memory says after each word. context: all that is remembered at the end, of an LSTM h and
    c. direction: "forward"; "backward", the source reversed (Sutskever et al. 2014, section 3.3); "both", two memories,
    D twice the units (Bahdanau et al. 2015, section 3.2). CourseError if direction is none of these.
    """

    def __init__(self, words, embedding, units, cell="gru", direction="both", dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.settings = {"words": words, "embedding": embedding, "units": units, "cell": cell, "direction": direction}
        self.settings["dropout"] = dropout
        backwards = {"forward": [False], "backward": [True], "both": [False, True]}.get(direction)
        if backwards is None:
            raise CourseError(f"direction: expected forward, backward or both, got {direction!r}.")
        self.embedding = layers.Embedding(words, embedding, name="embedding")
        self.drop = layers.Dropout(dropout)
        self.memories = [
            recurrent(cell, units, go_backwards=back, name="backward" if back else "forward") for back in backwards
        ]

    @property
    def words(self):
        """How many words it can read."""
        return self.settings["words"]

    def get_config(self):
        """The arguments it was made with."""
        return super().get_config() | self.settings

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
        mask = ops.not_equal(words, PAD_ID)  # (B, T)
        x = self.drop(self.embedding(words), training=training)  # (B, T, E)
        said, remembered = [], []
        for memory in self.memories:
            h, *states = memory(x, mask=mask, training=training)
            said.append(ops.flip(h, axis=1) if memory.go_backwards else h)  # each h_t back to its place
            remembered += states
        return {"annotations": ops.concatenate(said, -1), "context": ops.concatenate(remembered, -1), "mask": mask}


@keras.saving.register_keras_serializable(package="course_lib")
class EncoderDecoder(keras.Model):
    """Sentences (B, T) and the words before, from <bos> (B, J) -> logits of the word of each step (B, J, words)."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        encoded = encoder(encoder.example())  # every weight now, so that they can be loaded
        decoder.build((None, None), {name: v.shape for name, v in encoded.items()})
        self.built = True

    @property
    def attends(self):
        """Whether its steps have weights."""
        return self.decoder.attends

    def call(self, inputs, training=None):
        """Teacher forcing: the decoder is told the true words."""
        sentences, words_before = inputs
        return self.decoder(words_before, self.encode(sentences, words_before, training), training=training)[0]

    def align(self, sentences, words_before):
        """The weights of every step (B, J, T), or None: row j belongs to the word that is *said* at step j."""
        return self.decoder(words_before, self.encode(sentences, words_before))[1]

    def encode(self, sentences, words_before, training=None):
        """What the encoder says for each row of words, as in `models.decoder_parts`."""
        return self.encoder(sentences, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """What the logits cost, and in training what hard attention's draws do."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if training and isinstance(self.decoder.attention, HardAttention):
            loss = loss + self.decoder.attention.surrogate_loss(y, y_pred)
        return loss

    def get_config(self):
        """The two parts."""
        both = {"encoder": self.encoder, "decoder": self.decoder}
        return {name: keras.saving.serialize_keras_object(part) for name, part in both.items()} | {"name": self.name}

    @classmethod
    def from_config(cls, config):
        """From `get_config`."""
        both = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("encoder", "decoder")}
        return cls(**both, name=config["name"])


class Ensemble:
    """Several trained models that say one sentence together: each step's probabilities are their mean.

    For search alone; it stands in for an EncoderDecoder there. All read the same inputs and say the same words.
    """

    def __init__(self, models):
        self.models = list(models)
        self.decoder = self
        self.words, self.attends = self.models[0].decoder.words, self.models[0].attends

    def encoder(self, inputs):
        """What each encoder says, numbered."""
        encoded = [model.encoder(inputs) for model in self.models]
        return {f"{i} {name}": v for i, part in enumerate(encoded) for name, v in part.items()} | {
            "annotations": encoded[0]["annotations"]
        }

    def _of(self, i, encoded):
        return {name.split()[1]: v for name, v in encoded.items() if name.startswith(f"{i} ")}

    def prepare(self, encoded):
        """As every decoder's."""
        prepared = [model.decoder.prepare(self._of(i, encoded)) for i, model in enumerate(self.models)]
        return {f"{i} {name}": v for i, part in enumerate(prepared) for name, v in part.items()}

    def start(self, encoded):
        """The states of all, one behind the other."""
        states = [list(model.decoder.start(self._of(i, encoded))) for i, model in enumerate(self.models)]
        self.counts = list(map(len, states))
        return [state for own in states for state in own]

    def step(self, word, states, encoded):
        """The word before (B,) -> log of the mean probability (B, words), mean weights or None, states."""
        p, read, after, begin = [], [], [], 0
        for i, (model, count) in enumerate(zip(self.models, self.counts, strict=True)):
            logits, weights, new = model.decoder.step(word, states[begin : begin + count], self._of(i, encoded))
            p.append(ops.softmax(logits))
            read.append(weights)
            after += list(new)
            begin += count
        weights = None if read[0] is None else sum(read) / len(read)
        return ops.log(sum(p) / len(p) + 1e-30), weights, after


def encoder_decoder(
    source_words, target_words, conditioning="initial state", attention=None, score=None, embedding=64,
    encoder_units=128, units=192, cell="gru", direction="both", dropout=0.0,
):  # fmt: skip
    """An EncoderDecoder. conditioning: where the context enters, one of `decoders.CONDITIONINGS`.

    attention: None, "after" the step (Luong et al. 2015, eqs 5 and 6) or "before" it (Bahdanau et al. 2015, appendix
    A.2.2), by a score function, `score`; left out, AdditiveScore. CourseError if the settings do not go together.
    """
    check_names(conditioning, attention)
    if score is not None and attention is None:
        raise CourseError("a score function needs attention; attention is None.")
    encoder = Encoder(source_words, embedding, encoder_units, cell, direction, dropout)
    made = parts(target_words, embedding, units, cell, dropout, conditioning)
    if attention is not None:
        made["output_layer"] = Combine(units) if attention == "after" else Maxout(units)
        made["attention"] = Attention(score or AdditiveScore(units), attention)
    return EncoderDecoder(encoder, Decoder(**made))
