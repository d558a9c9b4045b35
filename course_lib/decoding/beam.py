"""The best sentence or caption there is to be found: beam search, for many inputs at once in one compiled loop."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course_lib.batching import padded_sounds
from course_lib.decoding.sampling import adjust_logits, never_said
from course_lib.errors import CourseError
from course_lib.text import BOS_ID, EOS_ID, PAD, Vocabulary, to_rows


class Hypothesis(NamedTuple):
    """words; score: log p of all of them and <eos>, divided by their number ** alpha; weights (words + 1, T) or None.

    Row j of the weights belongs to word j, the last row to <eos>; column t to word t of the sentence. finished: <eos>
    came before the steps ran out; if not, the last row is that of the last word.
    """

    words: list[str]
    score: float
    weights: np.ndarray | None
    finished: bool


def _check_words(part, layer, vocabulary):
    if layer.words != len(vocabulary):
        raise CourseError(
            f"the {part} was made for {layer.words} words, this vocabulary has {len(vocabulary)}: "
            "give the one it was trained with."
        )


def _check_search(beam, longest):
    if beam < 1 or beam != int(beam):
        raise CourseError(f"beam: expected a whole number, 1 or more, got {beam}.")
    if longest is not None and longest < 1:
        raise CourseError(f"longest: expected 1 word or more, got {longest}.")


class BeamSearch:
    """Beam search with an EncoderDecoder, for many inputs at once. Compiled at the first call of each width."""

    def __init__(self, model, target: Vocabulary):
        _check_words("decoder", model.decoder, target)
        self.model, self.target = model, target
        self._searches = {}

    def _best(self, inputs, beam, alpha, steps):
        """What the encoder reads (B, ...) -> what is said, read back from the search's parents."""
        any_length = inputs.dtype == np.int32 or getattr(self.model.encoder, "any_length", False)
        like = (None, None, *inputs.shape[2:]) if any_length else (None, *inputs.shape[1:])
        if (beam, like) not in self._searches:
            import tensorflow as tf

            shapes = tf.TensorSpec(like, inputs.dtype), tf.TensorSpec((), tf.float32), tf.TensorSpec((), tf.int32)
            search = functools.partial(self._search, beam)
            self._searches[beam, like] = tf.function(search, input_signature=shapes, autograph=False)
        search = self._searches[beam, like](inputs, np.float32(alpha), np.int32(steps))
        words, parents, weights, score, length, over = search
        words, parents, score, length, over = (v.numpy() for v in (words, parents, score, length, over))
        weights = None if weights is None else weights.numpy()
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
            yield Hypothesis(said, float(score_b), np.array(read[::-1][:n]) if read else None, bool(finished))

    def _search(self, K, inputs, alpha, steps):
        """inputs (B, ...) -> words, parents (J, B, K), weights (J, B, K, T) or None, score, length, over (B, K)."""
        import tensorflow as tf

        decoder, V = self.model.decoder, len(self.target)
        encoded = self.model.encoder(inputs)
        B, T = tf.shape(inputs)[0], tf.shape(encoded["annotations"])[1]
        states = decoder.start(encoded)  # B rows; from here on, K rows for each sentence
        encoded = {name: tf.repeat(v, K, axis=0) for name, v in decoder.prepare(encoded).items()}
        states = [tf.repeat(state, K, axis=0) for state in states]
        never = never_said(self.target)
        rest = tf.constant([0.0 if word == PAD else -np.inf for word in self.target.words])  # behind <eos>: nothing
        has_weights = decoder.attends

        def step(j, word, states, log_p, length, over, words, parents, weights):
            logits, read, states = decoder.step(word, states, encoded)
            p = tf.reshape(tf.nn.log_softmax(logits) + never, (B, K, V))
            after = log_p[:, :, None] + tf.where(over[:, :, None], rest, p)  # (B, K, V)
            longer = tf.where(over, length, length + 1)
            rank = after / tf.cast(longer, tf.float32)[:, :, None] ** alpha
            _, best = tf.math.top_k(tf.reshape(rank, (B, K * V)), K)  # (B, K)
            parent, word = best // V, best % V
            log_p = tf.gather(tf.reshape(after, (B, K * V)), best, batch_dims=1)
            over, length = (tf.gather(v, parent, batch_dims=1) for v in (over, longer))
            over |= word == EOS_ID
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
        start = tf.constant(0), tf.fill((B * K,), BOS_ID), states, log_p, length, over, *kept
        j, _, _, log_p, length, over, *kept = tf.while_loop(going_on, step, start)
        words, parents = (array.gather(tf.range(j)) for array in kept[:2])
        weights = kept[2].gather(tf.range(j)) if has_weights else None
        return words, parents, weights, log_p / tf.cast(length, tf.float32) ** alpha, length, over


class Translator(BeamSearch):
    """Sentences to sentences.

    source, target: the vocabularies the model was trained with. <pad>, <unk> and <bos> are never said.
    """

    def __init__(self, model, source: Vocabulary, target: Vocabulary):
        _check_words("encoder", model.encoder, source)
        super().__init__(model, target)
        self.source = source

    def __call__(
        self, sentences: Sequence[Sequence[str]], beam=1, alpha=1.0, longest=None, batch_size=100, unknown="error"
    ) -> list[Hypothesis]:
        """The best translation found of each sentence (a list of words). beam=1: greedy, the best word each time.

        Kept are the `beam` beginnings with the best log p / length ** alpha; a finished one stays as it is. alpha: 0
        prefers short ones; 1 is the mean of a word. longest: words at most, left out: twice the sentence and 10.
        unknown: as in Vocabulary.encode. CourseError if a sentence is empty or a setting is out of its range.
        """
        _check_search(beam, longest)
        if not all(map(len, sentences)):
            raise CourseError("an empty sentence cannot be translated: leave it out.")
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))  # like lengths together
        found: list = [None] * len(order)
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            rows = to_rows([sentences[i] for i in chosen], self.source, marks=False, unknown=unknown)
            steps = longest + 1 if longest else 2 * rows.shape[1] + 10
            for i, best in zip(chosen, self._best(rows, beam, alpha, steps), strict=True):
                weights = None if best.weights is None else best.weights[:, : len(sentences[i])]
                found[i] = best._replace(weights=weights)
        return found


class CaptionGenerator(BeamSearch):
    """Pictures, as vectors, to captions. target: the vocabulary the captioner was trained with."""

    def __call__(self, features: np.ndarray, beam=1, alpha=1.0, longest=30, batch_size=100) -> list[Hypothesis]:
        """The best caption found of each picture (N, ...), as `Translator` does. longest: words at most."""
        _check_search(beam, longest)
        found = []
        for start in range(0, len(features), batch_size):
            part = np.asarray(features[start : start + batch_size], np.float32)
            found += self._best(part, beam, alpha, longest + 1)
        return found

    def sample(self, features: np.ndarray, temperature=1.0, seed=0, longest=30) -> list[list[str]]:
        """A caption of each picture (N, ...), every word drawn with its probability, as `TextGenerator` draws."""
        import tensorflow as tf

        decoder = self.model.decoder
        encoded = self.model.encoder(np.asarray(features, np.float32))
        states, encoded = decoder.start(encoded), decoder.prepare(encoded)
        never = never_said(self.target)
        word, said = tf.fill((len(features),), BOS_ID), []
        for j in range(longest):
            logits, _, states = decoder.step(word, states, encoded)
            logits = adjust_logits(logits + never, temperature)
            word = tf.random.stateless_categorical(logits, 1, seed=(seed, j), dtype=tf.int32)[:, 0]
            said.append(word.numpy())
        rows = np.transpose(said).tolist()
        return [self.target.decode(row[: row.index(EOS_ID)] if EOS_ID in row else row) for row in rows]


class Transcriber(BeamSearch):
    """Sounds, each frames (T, bands), to what is said in them. target: the letters the speller was trained with."""

    def __call__(self, sounds, beam=1, alpha=1.0, longest=100, batch_size=50) -> list[Hypothesis]:
        """The best text found of each sound, as `Translator` does; column t of the weights is place t of the sound.

        longest: letters at most. CourseError if there is no sound, one is empty, or a setting is out of its range.
        """
        _check_search(beam, longest)
        order = sorted(range(len(sounds)), key=lambda i: len(sounds[i]))
        found: list = [None] * len(order)
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            frames = padded_sounds([sounds[i] for i in chosen])
            for i, best in zip(chosen, self._best(frames, beam, alpha, longest + 1), strict=True):
                places = -(-len(sounds[i]) // self.model.encoder.shrinks)
                weights = None if best.weights is None else best.weights[:, :places]
                found[i] = best._replace(weights=weights)
        return found
