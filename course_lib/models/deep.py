"""Recurrent layers upon each other: deep along depth, with or without a way around each layer."""

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.layers import RNN

layers = keras.layers


def deep_language_model(vocabulary_size, cells, embedding, residual=False):
    """A stack of recurrent layers, lowest first: tokens (B, T) -> logits of the next token (B, T, V).

    x^0 = embedding of the tokens; h^l = RNN_l(x^{l-1}). Plain (Graves 2013, eqs 1-3, without skips): x^l = h^l.
    residual: x^l = x^{l-1} + h^l, as in Google's translation system (Wu et al. 2016, eq. 6); what a layer hands to its
    own next step is h^l, not the sum. Every cell, and the embedding, then has the same width. Layers are named
    "memory_1" (lowest), "memory_2", …
    """
    if not cells:
        raise CourseError("deep_language_model: expected one cell or more, lowest first.")
    widths = {cell.output_size for cell in cells}
    if residual and widths != {embedding}:
        raise CourseError(f"a sum needs equal widths: the embedding has {embedding}, the cells have {sorted(widths)}.")
    tokens = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
    loud = keras.initializers.RandomNormal(stddev=1.0)
    x = layers.Embedding(vocabulary_size, embedding, embeddings_initializer=loud, name="embedding")(tokens)  # (B, T, D)
    for depth, cell in enumerate(cells, 1):
        h = RNN(cell, return_sequences=True, name=f"memory_{depth}")(x)  # (B, T, H)
        x = layers.add([x, h]) if residual else h
    return keras.Model(tokens, layers.Dense(vocabulary_size, name="readout")(x), name="deep_language_model")
