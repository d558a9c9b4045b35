"""Recurrent language models: read a word, change the memory, score every next word."""

from course_lib.quiet import keras

layers = keras.layers


def rnn_language_model(vocabulary_size, embedding=64, hidden=192):
    """The vanilla RNN language model: tokens (B, T) -> scores of the next word (B, T, V), before the softmax.

    h_t = tanh(W_x x_t + W_h h_{t-1} + b_h), y_t = W_y h_t + b_y; after Mikolov et al. 2010, eqs 1-3, with tanh.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
    x = layers.Embedding(vocabulary_size, embedding, name="embedding")(tokens)  # (B, T, D)
    h = layers.SimpleRNN(hidden, return_sequences=True, name="memory")(x)  # (B, T, H)
    scores = layers.Dense(vocabulary_size, name="readout")(h)  # (B, T, V)
    return keras.Model(tokens, scores, name="rnn_language_model")
