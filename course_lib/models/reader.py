"""Networks that read a sequence and answer: once, at its end (many to one), or at every step (many to many)."""

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.layers import RNN


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
