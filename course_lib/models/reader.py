"""Networks that read a sequence and answer: once, at its end (many to one), or at every step (many to many)."""

import numpy as np

from course_lib.attention import attend
from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.layers import RNN
from course_lib.models.decoder_parts import recurrent
from course_lib.text import PAD_ID, UNK_ID

layers, ops = keras.layers, keras.ops
POOLINGS = ("last", "mean", "max", "attention", "every step")


def reader(cell, outputs, vocabulary_size=None, features=None, embedding=None, every_step=False):
    """A cell that reads, and a read-out of its h: (B, T) tokens or (B, T, D) numbers -> logits (B, outputs).

    cell: any under Keras's contract. vocabulary_size: for tokens, read one-hot, or looked up in a table of vectors of
    width `embedding`; features: D, for numbers. every_step: an answer at every step, (B, T, outputs).
    CourseError if the cell is none, or not one of vocabulary_size and features is given.
    """
    if not (callable(getattr(cell, "call", None)) and hasattr(cell, "state_size")):
        raise CourseError(f"cell: expected call(x_t, states) and state_size (Keras's contract), got {cell!r}.")
    if (vocabulary_size is None) == (features is None):
        raise CourseError("reader: expected either vocabulary_size or features, got both or neither.")
    if vocabulary_size is not None:
        inputs = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
        table = embedding and keras.layers.Embedding(vocabulary_size, embedding, name="embedding")
        x = table(inputs) if table else keras.ops.one_hot(inputs, vocabulary_size)  # (B, T, D) or (B, T, V)
    else:
        inputs = x = keras.Input((None, features), name="numbers")  # (B, T, D)
    h = RNN(cell, return_sequences=every_step, name="memory")(x)  # (B, T, H) or (B, H)
    return keras.Model(inputs, keras.layers.Dense(outputs, name="readout")(h), name="reader")


@keras.saving.register_keras_serializable(package="course_lib")
class VerdictReader(keras.Model):
    """Reads words, gives a verdict: tokens (B, T), 0 where there is no word -> logits of "good" (B,), log odds in nats.

    cell: "rnn", "gru" or "lstm". direction: "forward", "backward", or "both", two memories side by side, H twice the
    units (Schuster & Paliwal 1997). pooling, what is made of the memories h_t: "last", the one after all words, in
    each direction; "mean" and "max" over the words, number by number; "attention", their sum with the weights
    softmax(v · tanh(W h_t + b)) over the words (Yang et al. 2016, eqs 5-7); "every step", none: logits (B, T), the
    verdict after each word, 0 where there is no word. dropout: on word vectors and memories. word_dropout: in
    training, so many words are read as <unk>, so that <unk> is learned where no word is unknown. loudness: the standard
    deviation of the word vectors at the start; 1: what is read is heard from the first step on.

    Places without a word, in front, behind or between, change nothing. CourseError if a setting is none of these, or,
    outside a compiled graph, a row has no word.
    """

    def __init__(
        self, words, pooling="last", cell="lstm", direction="forward", embedding=32, units=64, dropout=0.0,
        word_dropout=0.0, loudness=1.0, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.settings = {"words": words, "pooling": pooling, "cell": cell, "direction": direction}
        self.settings |= {"embedding": embedding, "units": units, "dropout": dropout}
        self.settings |= {"word_dropout": word_dropout, "loudness": loudness}
        backwards = {"forward": [False], "backward": [True], "both": [False, True]}.get(direction)
        if backwards is None:
            raise CourseError(f"direction: expected forward, backward or both, got {direction!r}.")
        if pooling not in POOLINGS:
            raise CourseError(f"pooling: expected one of {', '.join(POOLINGS)}, got {pooling!r}.")
        self.pooling = pooling
        loud = keras.initializers.RandomNormal(stddev=loudness)
        self.embedding = layers.Embedding(words, embedding, embeddings_initializer=loud, name="embedding")
        self.drop = layers.Dropout(dropout)
        self.word_dropout, self.seeds = word_dropout, keras.random.SeedGenerator()
        self.memories = [
            recurrent(cell, units, go_backwards=back, name="backward" if back else "forward") for back in backwards
        ]
        if pooling == "attention":
            self.match = layers.Dense(units, activation="tanh", name="match")
            self.score = layers.Dense(1, use_bias=False, name="score")
        self.readout = layers.Dense(1, name="readout")
        self(ops.ones((1, 1), "int32"))  # every weight now, so that they can be loaded

    def embed(self, tokens):
        """Tokens (B, T) -> the vectors they are read as (B, T, D), and where there is a word (B, T).

        CourseError if a row has no word.
        """
        mask = ops.not_equal(tokens, PAD_ID)
        if hasattr(mask, "numpy") and not (words := ops.convert_to_numpy(mask).any(axis=1)).all():
            raise CourseError(f"row {int(words.argmin())} has no word: give every row one at least.")
        return self.embedding(tokens), mask

    def remember(self, vectors, mask, training=None):
        """Vectors (B, T, D), mask (B, T) -> the memory after each word (B, T, H), after all (B, H).

        A backward memory's h_t has read the words from t on.
        """
        each, last = [], []
        for memory in self.memories:
            h, after, *_ = memory(self.drop(vectors, training=training), mask=mask, training=training)
            each.append(ops.flip(h, axis=1) if memory.go_backwards else h)
            last.append(after)
        return ops.concatenate(each, -1), ops.concatenate(last, -1)

    def read(self, vectors, mask, training=None):
        """From vectors (B, T, D) and mask (B, T), as `embed` gives them, -> logits, as a call. For explanations."""
        h, last = (self.drop(memory, training=training) for memory in self.remember(vectors, mask, training))
        there = ops.cast(mask, h.dtype)[:, :, None]  # (B, T, 1)
        if self.pooling == "every step":
            return (self.readout(h) * there)[:, :, 0]
        if self.pooling == "mean":
            pooled = ops.sum(h * there, axis=1) / ops.maximum(ops.sum(there, axis=1), 1.0)
        elif self.pooling == "max":
            pooled = ops.max(ops.where(mask[:, :, None], h, -1e9), axis=1)
        elif self.pooling == "attention":
            pooled = self._attend(h, mask)[0][:, 0]
        else:
            pooled = last
        return self.readout(pooled)[:, 0]

    def call(self, tokens, training=None):
        """The verdict's logits."""
        if training and self.word_dropout:
            dropped = keras.random.uniform(ops.shape(tokens), seed=self.seeds) < self.word_dropout
            tokens = ops.where(ops.logical_and(dropped, ops.not_equal(tokens, PAD_ID)), UNK_ID, tokens)
        vectors, mask = self.embed(tokens)
        return self.read(vectors, mask, training)

    def _attend(self, h, mask):
        scores = ops.transpose(self.score(self.match(h)), (0, 2, 1))  # (B, 1, T)
        return attend(scores, h, mask)

    def weights_of_words(self, tokens):
        """The attention weight of each word (B, T), 0 where there is none; each row's sum is 1.

        CourseError if the network does not attend, or a row has no word.
        """
        if self.pooling != "attention":
            raise CourseError(f"this reader has no attention; its pooling is {self.pooling!r}.")
        vectors, mask = self.embed(tokens)
        return self._attend(self.remember(vectors, mask)[0], mask)[1][:, 0]

    def get_config(self):
        """The arguments it was made with."""
        return self.settings | {"name": self.name}


@keras.saving.register_keras_serializable(package="course_lib")
class Committee(keras.Model):
    """Readers of the same words that answer together: the mean of their logits (B,), nats.

    members: readers, or the settings of each, as its `get_config` gives them. `embed` and `read` as a VerdictReader has
    them, the members' vectors side by side, so that every way of `explain` but attention works. CourseError if there is
    none.
    """

    def __init__(self, members, **kwargs):
        super().__init__(**kwargs)
        if not members:
            raise CourseError("members: expected at least one reader, or its settings, got none.")
        self.members = [
            member if isinstance(member, VerdictReader) else VerdictReader.from_config(member) for member in members
        ]
        self(ops.ones((1, 1), "int32"))

    def embed(self, tokens):
        """Tokens (B, T) -> the members' vectors side by side (B, T, sum of D), and where there is a word (B, T)."""
        embedded = [member.embed(tokens) for member in self.members]
        return ops.concatenate([vectors for vectors, _ in embedded], axis=-1), embedded[0][1]

    def read(self, vectors, mask):
        """From what `embed` gives -> logits (B,)."""
        ends = np.cumsum([member.settings["embedding"] for member in self.members])[:-1]
        parts = zip(self.members, ops.split(vectors, ends.tolist(), axis=-1), strict=True)
        return ops.mean(ops.stack([member.read(part, mask) for member, part in parts]), axis=0)

    def call(self, tokens, training=None):
        """The verdict's logits; of members that are trained already: training changes nothing."""
        return ops.mean(ops.stack([member(tokens) for member in self.members]), axis=0)

    def get_config(self):
        """The arguments it was made with."""
        return {"members": [member.get_config() for member in self.members], "name": self.name}
