"""Which word decided: scores of every word of a text, by five ways to explain a network's verdict.

A model here is any with `embed`, tokens (B, T) -> vectors (B, T, D) and mask (B, T), and `read`, from those to logits
(B,), such as `models.reader.VerdictReader` with every pooling but "every step". rows: (B, T) as `text.to_rows` makes
them, 0 where there is no word. Every function gives (B, T), 0 where there is no word. Where nothing else is said it is
in the unit of the logits, nats of log odds: above 0, the word speaks for a good verdict.
"""

import numpy as np

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.text import PAD_ID


def leave_one_out(model, rows, batch_size: int = 1000) -> np.ndarray:
    """The logit of the text less that of the text without the word (erasure; Li, Monroe & Jurafsky 2016).

    The word is taken out and the text closes up. One reading for each word. CourseError if a text has fewer than two
    words: nothing would be left of it.
    """
    rows = _texts(rows)
    words = rows != PAD_ID
    if (words.sum(axis=1) < 2).any():
        short = int(words.sum(axis=1).argmin())
        raise CourseError(f"row {short} has fewer than two words: without one, nothing is left to read.")
    text, place = np.nonzero(words)
    without = rows[text]
    without[np.arange(len(text)), place] = PAD_ID
    order = np.argsort(without == PAD_ID, axis=1, kind="stable")  # words in front, in their order
    without = np.take_along_axis(without, order, axis=1)
    result = np.zeros(rows.shape)
    result[text, place] = _logits(model, rows, batch_size)[text] - _logits(model, without, batch_size)
    return result


def gradient_norm(model, rows) -> np.ndarray:
    """The length of the logit's gradient in the word's vector x_t, never negative: nats per unit of x_t.

    Simonyan et al. 2014, section 3, for images; Li et al. 2016 for words. CourseError if Keras does not run on
    TensorFlow.
    """
    rows = _texts(rows)
    vectors, mask = _embedded(model, rows)
    return np.linalg.norm(_gradient(model, vectors, mask), axis=-1) * (rows != PAD_ID)


def gradient_times_input(model, rows) -> np.ndarray:
    """The logit's gradient in x_t, times x_t: what a line along the gradient would lose if x_t were 0.

    Denil et al. 2014; Shrikumar et al. 2017. CourseError if Keras does not run on TensorFlow.
    """
    rows = _texts(rows)
    vectors, mask = _embedded(model, rows)
    return (_gradient(model, vectors, mask) * vectors).sum(axis=-1) * (rows != PAD_ID)


def integrated_gradients(model, rows, steps: int = 50) -> np.ndarray:
    """x_t times the mean gradient on the straight way from vectors that are all 0 to those of the text.

    Sundararajan et al. 2017, eq. 1, at the middles of `steps` equal pieces. Complete (their proposition 1): the scores
    of a text sum to its logit less that of as many words whose vectors are 0, as near as the pieces are short.
    CourseError if Keras does not run on TensorFlow, or steps is below 1.
    """
    if steps < 1:
        raise CourseError(f"steps: expected 1 or more, got {steps}.")
    rows = _texts(rows)
    vectors, mask = _embedded(model, rows)
    total = np.zeros(vectors.shape)
    for way in (np.arange(steps) + 0.5) / steps:
        total += _gradient(model, (way * vectors).astype(vectors.dtype), mask)
    return (total / steps * vectors).sum(axis=-1) * (rows != PAD_ID)


def attention_weight(model, rows) -> np.ndarray:
    """The weight that attention gives the word, 0 to 1; a text's sum is 1. Of a model with `weights_of_words`.

    CourseError if the model does not attend.
    """
    if not hasattr(model, "weights_of_words"):
        raise CourseError(f"{type(model).__name__} has no attention: expected a model with weights_of_words.")
    return keras.ops.convert_to_numpy(model.weights_of_words(_texts(rows))).astype(float)


def _texts(rows):
    rows = np.asarray(rows)
    if rows.ndim != 2 or not len(rows) or not np.issubdtype(rows.dtype, np.integer):
        raise CourseError(f"rows: expected integers (B, T), one text a row, got {rows.dtype} {rows.shape}.")
    if not (rows != PAD_ID).any(axis=1).all():
        raise CourseError(f"row {int((rows != PAD_ID).any(axis=1).argmin())} has no word: leave it out.")
    return rows


def _embedded(model, rows):
    vectors, mask = model.embed(rows)
    return keras.ops.convert_to_numpy(vectors), mask


def _logits(model, rows, batch_size):
    parts = [model.read(*model.embed(rows[i : i + batch_size])) for i in range(0, len(rows), batch_size)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts]).astype(float)


def _gradient(model, vectors, mask):
    """Of each text's logit in its own vectors: (B, T, D)."""
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        raise CourseError(f"the gradients need Keras on TensorFlow, this is {keras.backend.backend()}.")
    x = tf.convert_to_tensor(vectors)
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = model.read(x, mask)
        if len(logits.shape) != 1:
            raise CourseError(f"expected one logit a text, (B,), got {tuple(logits.shape)}: ask one verdict, not each.")
        total = tf.reduce_sum(logits)  # texts do not meet in a sum: each keeps its own gradient
    return tape.gradient(total, x).numpy().astype(float)
