"""Texts from a network, one token after another, many at once in one compiled loop: drawn, or searched for."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_lib.errors import CourseError
from course_lib.models.language_model import chain
from course_lib.quiet import keras
from course_lib.text import BOS, EOS, PAD, UNK, Vocabulary, to_rows

ops = keras.ops


def adjust(scores, temperature=1.0, top_k=None, top_p=None):
    """Scores (B, V) as they are before a token is drawn; what must not be drawn gets -inf.

    First divided by the temperature; then only the top_k best stay (Fan et al. 2018); then only the nucleus: the fewest
    best tokens whose probabilities reach top_p together (Holtzman et al. 2020, eqs 2 and 3). Equals stay together.
    """
    scores = scores / temperature
    if top_k is not None:
        best_first = ops.flip(ops.sort(scores, axis=-1), axis=-1)
        scores = ops.where(scores < best_first[:, top_k - 1 : top_k], -np.inf, scores)
    if top_p is not None:
        best_first = ops.flip(ops.sort(scores, axis=-1), axis=-1)
        p = ops.softmax(best_first)
        before = ops.cumsum(p, axis=-1) - p  # the probability of all that is better
        nucleus = ops.where(before < top_p, best_first, np.inf)  # the best is always in it
        scores = ops.where(scores < ops.min(nucleus, axis=-1, keepdims=True), -np.inf, scores)
    return scores


class Writer:
    """Lets a language model write. Its loop is compiled at the first call; later training of the model is seen.

    model: layer upon layer from tokens to scores, recurrent layers with a cell among them. vocabulary: what it was
    trained with. <pad>, <unk> and <bos> are never written.
    """

    def __init__(self, model, vocabulary: Vocabulary):
        self.vocabulary, self.layers = vocabulary, chain(model)
        if model.output_shape[-1] != len(vocabulary):
            raise CourseError(
                f"the model scores {model.output_shape[-1]} tokens, the vocabulary has {len(vocabulary)}."
            )
        self._loops = {}  # one for each combination of top_k and top_p

    def __call__(
        self, prompts: Sequence[Sequence[str]], steps: int, *, temperature=1.0, top_k=None, top_p=None, stop=EOS, seed=0
    ) -> list[list[str]]:
        """What follows each prompt: at most `steps` tokens a text, up to the token `stop`, which is left out.

        prompts: one a text, of any lengths; a string for characters. stop=None: they go on for all steps, and any <eos>
        they say on the way is left out.
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
        settings = {"temperature": np.float32(temperature)}
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
        never = tf.constant([-np.inf if word in (PAD, UNK, BOS) else 0.0 for word in self.vocabulary.words])

        def step(t, token, states, over, written):
            x, states, after = token, list(states), []
            for layer in self.layers:
                if isinstance(layer, keras.layers.RNN):
                    x, state = layer.cell(x, states.pop(0))  # the recurrence, once
                    after.append(state)
                else:
                    x = layer(x, training=False) if isinstance(layer, keras.layers.Dropout) else layer(x)
            scores = adjust(x + never, **settings)  # (B, V)
            drawn = tf.random.stateless_categorical(scores, 1, seed=tf.stack([seed, t]), dtype=tf.int32)[:, 0]
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


class Translation(NamedTuple):
    """words; score: log p of all of them and <eos>, divided by their number ** alpha; weights (words + 1, T) or None.

    Row j of the weights belongs to word j, the last row to <eos>; column t to word t of the sentence. finished: <eos>
    came before the steps ran out; if not, the last row is that of the last word.
    """

    words: list[str]
    score: float
    weights: np.ndarray | None
    finished: bool


def _check_words(part, layer, vocabulary):
    if layer.settings["words"] != len(vocabulary):
        raise CourseError(
            f"the {part} was made for {layer.settings['words']} words, this vocabulary has {len(vocabulary)}: "
            "give the one it was trained with."
        )


def _check_search(beam, longest):
    if beam < 1 or beam != int(beam):
        raise CourseError(f"beam: expected a whole number, 1 or more, got {beam}.")
    if longest is not None and longest < 1:
        raise CourseError(f"longest: expected 1 word or more, got {longest}.")


class _Search:
    """Beam search with an EncoderDecoder, for many inputs at once. Compiled at the first call of each width."""

    def __init__(self, model, target: Vocabulary):
        _check_words("decoder", model.decoder, target)
        self.model, self.target = model, target
        self._searches = {}

    def _best(self, inputs, beam, alpha, steps):
        """What the encoder reads (B, ...) -> what is said, read back from the search's parents."""
        like = (None,) * inputs.ndim if inputs.dtype == np.int32 else (None, *inputs.shape[1:])
        if (beam, like) not in self._searches:
            import tensorflow as tf

            shapes = tf.TensorSpec(like, inputs.dtype), tf.TensorSpec((), tf.float32), tf.TensorSpec((), tf.int32)
            self._searches[beam, like] = tf.function(
                lambda *args: self._search(beam, *args), input_signature=shapes, autograph=False
            )
        search = self._searches[beam, like](inputs, np.float32(alpha), np.int32(steps))
        words, parents, weights, score, length, over = (None if v is None else v.numpy() for v in search)
        for b in range(len(inputs)):
            place, said, read = score[b].argmax(), [], []
            best = score[b, place], length[b, place], over[b, place]
            for j in reversed(range(len(words))):
                said.append(words[j, b, place])
                place = parents[j, b, place]
                if weights is not None:
                    read.append(weights[j, b, place])  # of the step that said the word: before it was ranked
            score_b, n, finished = best
            said = self.target.decode(said[::-1][: n - finished])
            yield Translation(said, float(score_b), np.array(read[::-1][:n]) if read else None, bool(finished))

    def _search(self, K, inputs, alpha, steps):
        """inputs (B, ...) -> words, parents (J, B, K), weights (J, B, K, T) or None, score, length, over (B, K)."""
        import tensorflow as tf

        decoder, V = self.model.decoder, len(self.target)
        encoded = self.model.encoder(inputs)
        B, T = tf.shape(inputs)[0], tf.shape(encoded["places"])[1]
        states = decoder.start(encoded)  # B rows; from here on, K rows for each sentence
        encoded = {name: tf.repeat(v, K, axis=0) for name, v in decoder.prepare(encoded).items()}
        states = [tf.repeat(state, K, axis=0) for state in states]
        never = tf.constant([-np.inf if word in (PAD, UNK, BOS) else 0.0 for word in self.target.words])
        rest = tf.constant([0.0 if word == PAD else -np.inf for word in self.target.words])  # behind <eos>: nothing
        has_weights = decoder.attentive

        def step(j, word, states, log_p, length, over, words, parents, weights):
            scores, read, states = decoder.step(word, states, encoded)
            p = tf.reshape(tf.nn.log_softmax(scores) + never, (B, K, V))
            after = log_p[:, :, None] + tf.where(over[:, :, None], rest, p)  # (B, K, V)
            longer = tf.where(over, length, length + 1)
            rank = after / tf.cast(longer, tf.float32)[:, :, None] ** alpha
            _, best = tf.math.top_k(tf.reshape(rank, (B, K * V)), K)  # (B, K)
            parent, word = best // V, best % V
            log_p = tf.gather(tf.reshape(after, (B, K * V)), best, batch_dims=1)
            over, length = (tf.gather(v, parent, batch_dims=1) for v in (over, longer))
            over |= word == 3
            rows = tf.reshape(parent + K * tf.range(B)[:, None], (-1,))
            states = [tf.gather(state, rows) for state in states]
            words, parents = words.write(j, word), parents.write(j, parent)
            if has_weights:
                weights = weights.write(j, tf.reshape(read, (B, K, T)))
            return j + 1, tf.reshape(word, (-1,)), states, log_p, length, over, words, parents, weights

        def going_on(j, word, states, log_p, length, over, *_):
            return (j < steps) & ~tf.reduce_all(over)

        first = tf.constant([0.0] + [-np.inf] * (K - 1))  # all beams begin alike: one of them counts
        log_p = tf.tile(first[None], (B, 1))
        length, over = tf.zeros((B, K), tf.int32), tf.zeros((B, K), bool)
        kept = [tf.TensorArray(kind, steps, element_shape=(None, K)) for kind in (tf.int32, tf.int32)]
        kept.append(tf.TensorArray(tf.float32, steps, element_shape=(None, K, None)))
        start = tf.constant(0), tf.fill((B * K,), 2), states, log_p, length, over, *kept
        j, _, _, log_p, length, over, *kept = tf.while_loop(going_on, step, start)
        words, parents = (array.gather(tf.range(j)) for array in kept[:2])
        weights = kept[2].gather(tf.range(j)) if has_weights else None
        return words, parents, weights, log_p / tf.cast(length, tf.float32) ** alpha, length, over


class Translator(_Search):
    """Sentences to sentences.

    source, target: the vocabularies the model was trained with. <pad>, <unk> and <bos> are never said.
    """

    def __init__(self, model, source: Vocabulary, target: Vocabulary):
        _check_words("encoder", model.encoder, source)
        super().__init__(model, target)
        self.source = source

    def __call__(
        self, sentences: Sequence[Sequence[str]], beam=1, alpha=1.0, longest=None, batch_size=100, unknown="error"
    ) -> list[Translation]:
        """The best translation found of each sentence (a list of words). beam=1: greedy, the best word each time.

        Kept are the `beam` beginnings with the best log p / length ** alpha; a finished one stays as it is. alpha: 0
        prefers short ones; 1 is the mean of a word. longest: words at most, left out: twice the sentence and 10.
        unknown: as in Vocabulary.encode.
        """
        _check_search(beam, longest)
        if not all(map(len, sentences)):
            raise CourseError("an empty sentence cannot be translated: leave it out.")
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))  # like lengths together
        found = [None] * len(order)
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            rows = to_rows([sentences[i] for i in chosen], self.source, marks=False, unknown=unknown)
            steps = longest + 1 if longest else 2 * rows.shape[1] + 10
            for i, best in zip(chosen, self._best(rows, beam, alpha, steps), strict=True):
                weights = None if best.weights is None else best.weights[:, : len(sentences[i])]
                found[i] = best._replace(weights=weights)
        return found


class Describer(_Search):
    """Pictures, as vectors, to captions. target: the vocabulary the captioner was trained with."""

    def __call__(self, features: np.ndarray, beam=1, alpha=1.0, longest=30, batch_size=100) -> list[Translation]:
        """The best caption found of each picture (N, ...), as `Translator` does. longest: words at most."""
        _check_search(beam, longest)
        found = []
        for start in range(0, len(features), batch_size):
            part = np.asarray(features[start : start + batch_size], np.float32)
            found += self._best(part, beam, alpha, longest + 1)
        return found

    def sample(self, features: np.ndarray, temperature=1.0, seed=0, longest=30) -> list[list[str]]:
        """A caption of each picture (N, ...), every word drawn with its probability, as `Writer` draws."""
        import tensorflow as tf

        decoder = self.model.decoder
        encoded = self.model.encoder(np.asarray(features, np.float32))
        states, encoded = decoder.start(encoded), decoder.prepare(encoded)
        never = tf.constant([-np.inf if word in (PAD, UNK, BOS) else 0.0 for word in self.target.words])
        word, said = tf.fill((len(features),), 2), []
        for j in range(longest):
            scores, _, states = decoder.step(word, states, encoded)
            scores = adjust(scores + never, temperature)
            word = tf.random.stateless_categorical(scores, 1, seed=(seed, j), dtype=tf.int32)[:, 0]
            said.append(word.numpy())
        return [self.target.decode(row[: row.index(3)] if 3 in row else row) for row in np.transpose(said).tolist()]
