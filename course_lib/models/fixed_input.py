"""Networks without a memory: they see a fixed number of words, or only how often each came."""

from course_lib.backend import keras

layers = keras.layers


def window_model(vocabulary_size, size, embedding=32, hidden=128):
    """The last `size` words side by side: tokens (B, size) -> logits (B, V). Bengio et al. 2003, eq 1, no direct links.

    Every place of the window has weights of its own.
    """
    tokens = keras.Input((size,), dtype="int32", name="tokens")  # (B, K)
    x = layers.Embedding(vocabulary_size, embedding, name="embedding")(tokens)  # (B, K, D)
    x = layers.Flatten()(x)  # (B, K·D)
    h = layers.Dense(hidden, activation="tanh", name="hidden")(x)  # (B, H)
    return keras.Model(tokens, layers.Dense(vocabulary_size, name="readout")(h), name="window_model")


def bag_of_words_model(vocabulary_size, hidden=128):
    """How often each word has come so far: counts (B, V) -> logits (B, V). The order is lost before the first layer."""
    counts = keras.Input((vocabulary_size,), name="counts")  # (B, V)
    h = layers.Dense(hidden, activation="tanh", name="hidden")(counts)  # (B, H)
    return keras.Model(counts, layers.Dense(vocabulary_size, name="readout")(h), name="bag_of_words_model")
