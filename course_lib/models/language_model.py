"""Recurrent language models: read a word or a character, change the memory, score everything that may come next."""

import json
import re
from collections.abc import Callable

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.layers import RNN

layers = keras.layers


def rnn_language_model(vocabulary_size, embedding=64, hidden=192):
    """The vanilla RNN language model: tokens (B, T) -> logits of the next word (B, T, V), before the softmax.

    h_t = tanh(W_x x_t + W_h h_{t-1} + b_h), y_t = W_y h_t + b_y; after Mikolov et al. 2010, eqs 1-3, with tanh.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
    x = layers.Embedding(vocabulary_size, embedding, name="embedding")(tokens)  # (B, T, D)
    h = layers.SimpleRNN(hidden, return_sequences=True, name="memory")(x)  # (B, T, H)
    logits = layers.Dense(vocabulary_size, name="readout")(h)  # (B, T, V)
    return keras.Model(tokens, logits, name="rnn_language_model")


def language_model(vocabulary_size, cell, embedding=64, dropout=0.0):
    """Any cell as a language model: tokens (B, T) -> logits of the next token (B, T, V), before the softmax.

    cell: under Keras's contract, such as `cells.LSTMCell(256)`. dropout: on what the memory says, not on the memory
    itself; Zaremba et al. 2014. The vectors of the embedding start with numbers of size 1, far above Keras's 0.05: what
    is read is heard from the first step on.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")  # (B, T)
    loud = keras.initializers.RandomNormal(stddev=1.0)
    x = layers.Embedding(vocabulary_size, embedding, embeddings_initializer=loud, name="embedding")(tokens)  # (B, T, D)
    h = RNN(cell, return_sequences=True, name="memory")(x)  # (B, T, H)
    if dropout:
        h = layers.Dropout(dropout, name="dropout")(h)
    logits = layers.Dense(vocabulary_size, name="readout")(h)  # (B, T, V)
    return keras.Model(tokens, logits, name="language_model")


def chain(model) -> list:
    """The layers of a model that is layer upon layer, a recurrent one among them, from the first after its input.

    CourseError for any other: step by step, such a model could not be run one layer after the other.
    """
    entries = model.get_config().get("layers", [])
    feeds = [re.findall(r'"keras_history": \["([^"]*)"', json.dumps(e.get("inbound_nodes", ""))) for e in entries]
    straight = feeds == [[], *([before["name"]] for before in entries[:-1])]
    if not straight or not any(isinstance(layer, layers.RNN) for layer in model.layers):
        raise CourseError(
            f"{model.name}: expected layer upon layer, a recurrent one among them, as language_model has."
        )
    return model.layers[1:]


def stateful(model, batch_size):
    """The same network, with the same weights, whose memory goes on from batch to batch: row b where row b ended.

    model: layer upon layer, as `language_model`. To begin anew: `reset_states()` of its recurrent layers.
    """
    x = tokens = keras.Input((None,), batch_size=batch_size, dtype="int32", name="tokens")
    for layer in chain(model):
        if isinstance(layer, layers.RNN):  # a new loop around the same cell
            layer = RNN(layer.cell, return_sequences=True, stateful=True, name=layer.name)
        x = layer(x)
    return keras.Model(tokens, x, name=f"stateful_{model.name}")


def matched_units(build: Callable, parameters: int) -> int:
    """The units with which `build(units)` comes closest to so many parameters, from below; at least 1."""
    low, high = 1, 2
    while build(high).count_params() <= parameters:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if build(middle).count_params() <= parameters else (low, middle)
    return low
