"""Texts drawn from a language model, one token after another, many at once in one compiled loop."""

from collections.abc import Sequence

import numpy as np

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.models.language_model import chain
from course_lib.text import BOS, EOS, PAD, UNK, Vocabulary

ops = keras.ops


def adjust_logits(logits, temperature=1.0, top_k=None, top_p=None):
    """Logits (B, V) as they are before a token is drawn; what must not be drawn gets -inf.

    First divided by the temperature; then only the top_k best stay (Fan et al. 2018); then only the nucleus: the fewest
    best tokens whose probabilities reach top_p together (Holtzman et al. 2020, eqs 2 and 3). Equals stay together.
    """
    logits = logits / temperature
    if top_k is not None:
        best_first = ops.flip(ops.sort(logits, axis=-1), axis=-1)
        logits = ops.where(logits < best_first[:, top_k - 1 : top_k], -np.inf, logits)
    if top_p is not None:
        best_first = ops.flip(ops.sort(logits, axis=-1), axis=-1)
        p = ops.softmax(best_first)
        before = ops.cumsum(p, axis=-1) - p  # the probability of all that is better
        inside = (before < top_p) | (top_p >= 1)  # of all, also what rounding puts behind 1
        nucleus = ops.where(inside, best_first, np.inf)  # the best is always in it
        logits = ops.where(logits < ops.min(nucleus, axis=-1, keepdims=True), -np.inf, logits)
    return logits


def never_said(vocabulary: Vocabulary) -> np.ndarray:
    """What is added to logits so that nobody says <pad>, <unk> or <bos>: (V,), -inf for them and 0 for the rest."""
    return np.array([-np.inf if word in (PAD, UNK, BOS) else 0.0 for word in vocabulary.words], np.float32)


class TextGenerator:
    """Lets a language model write. Its loop is compiled at the first call; later training of the model is seen.

    model: layer upon layer from tokens to logits, recurrent layers with a cell among them. vocabulary: what it was
    trained with. <pad>, <unk> and <bos> are never written. CourseError if their sizes differ.
    """

    def __init__(self, model, vocabulary: Vocabulary):
        self.vocabulary, self.layers = vocabulary, chain(model)
        if model.output_shape[-1] != len(vocabulary):
            raise CourseError(
                f"the model has {model.output_shape[-1]} logits, the vocabulary has {len(vocabulary)} tokens."
            )
        self._loops = {}  # one for each combination of top_k and top_p

    def __call__(
        self, prompts: Sequence[Sequence[str]], steps: int, *, temperature=1.0, top_k=None, top_p=None, stop=EOS, seed=0
    ) -> list[list[str]]:
        """What follows each prompt: at most `steps` tokens a text, up to the token `stop`, which is left out.

        prompts: one a text, of any lengths; a string for characters. stop=None: they go on for all steps, and any <eos>
        they say on the way is left out. CourseError if a prompt is empty or a setting is out of its range.
        """
        ids = [self.vocabulary.encode(prompt) for prompt in prompts]
        if not ids or not min(map(len, ids)):
            raise CourseError("writing starts from at least one token for each text: give prompts such as ['<bos>'].")
        if steps < 1:
            raise CourseError(f"steps: expected 1 or more, got {steps}.")
        if not temperature > 0:
            raise CourseError(
                f"expected a temperature above 0, got {temperature}. For the best token each time: top_k=1."
            )
        if top_k is not None and not (top_k >= 1 and top_k == int(top_k)):
            raise CourseError(f"top_k: expected a whole number, 1 or more, got {top_k}.")
        if top_p is not None and not 0 < top_p <= 1:
            raise CourseError(f"top_p: expected a probability above 0 and at most 1, got {top_p}.")
        lengths = np.array([len(row) for row in ids], np.int32)
        tokens = np.zeros((len(ids), lengths.max() + steps), np.int32)
        for row, prompt in zip(tokens, ids, strict=True):
            row[: len(prompt)] = prompt
        end = -1 if stop is None else self.vocabulary[stop]
        settings: dict = {"temperature": np.float32(temperature)}
        if top_k is not None:
            settings["top_k"] = np.int32(min(top_k, len(self.vocabulary)))
        if top_p is not None:
            settings["top_p"] = np.float32(top_p)
        settings = {name: ops.convert_to_tensor(value) for name, value in settings.items()}
        loop = self._compiled({name: value.dtype for name, value in settings.items()})
        tokens = loop(tokens, lengths, np.array(end, np.int32), np.array(seed, np.int32), settings).numpy()
        texts = [row[length : length + steps].tolist() for row, length in zip(tokens, lengths, strict=True)]
        return [self.vocabulary.decode(text[: text.index(end)] if end in text else text) for text in texts]

    def _compiled(self, settings):
        """The loop for these settings {name: type}, traced once for texts of any number and length."""
        import tensorflow as tf

        if tuple(settings) not in self._loops:
            number, scalars = tf.TensorSpec((), tf.int32), {n: tf.TensorSpec((), kind) for n, kind in settings.items()}
            shapes = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.int32), number, number, scalars
            self._loops[tuple(settings)] = tf.function(self._write, input_signature=shapes, autograph=False)
        return self._loops[tuple(settings)]

    def _write(self, tokens, lengths, end, seed, settings):
        """tokens (B, L), of which the first `lengths` (B,) are given -> (B, L), all written; 0 behind an end."""
        import tensorflow as tf

        count, total = tf.shape(tokens)[0], tf.shape(tokens)[1]
        never = never_said(self.vocabulary)

        def step(t, token, states, over, written):
            x, states, after = token, list(states), []
            for layer in self.layers:
                if isinstance(layer, keras.layers.RNN):
                    x, state = layer.cell(x, states.pop(0))  # the recurrence, once
                    after.append(state)
                else:
                    x = layer(x, training=False) if isinstance(layer, keras.layers.Dropout) else layer(x)
            logits = adjust_logits(x + never, **settings)  # (B, V)
            drawn = tf.random.stateless_categorical(logits, 1, seed=tf.stack([seed, t]), dtype=tf.int32)[:, 0]
            given = t + 1 < lengths
            token = tf.where(given, tokens[:, t + 1], tf.where(over, 0, drawn))
            over |= ~given & (token == end)
            return t + 1, token, after, over, written.write(t + 1, token)

        def going_on(t, token, states, over, written):
            return (t + 1 < total) & ~tf.reduce_all(over)

        states = [list(layer.get_initial_state(count)) for layer in self.layers if isinstance(layer, keras.layers.RNN)]
        written = tf.TensorArray(tf.int32, total, element_shape=(None,)).write(0, tokens[:, 0])
        start = tf.constant(0), tokens[:, 0], states, tf.zeros_like(lengths, bool), written
        t, *_, written = tf.while_loop(going_on, step, start)
        columns = tf.range(total)
        filled = tf.where(columns <= t, columns, 0)
        return tf.where(columns <= t, tf.transpose(written.gather(filled)), 0)
