"""The recurrent networks of the lessons in NumPy, written to be read beside the equations. Imports NumPy only."""

import numpy as np


def rnn_forward(x, W_x, W_h, b, h_0):
    """The vanilla RNN, h_t = tanh(W_x x_t + W_h h_{t-1} + b), for a batch; Elman 1990, with b as in Keras.

    x (B, T, D), W_x (D, H), W_h (H, H), b (H,), h_0 (B, H) -> h (B, T, H). Rows are vectors, so W stands on the right.
    """
    h_t, states = h_0, []
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_x + h_t @ W_h + b)  # (B, H): the same W_x, W_h, b at every t
        states.append(h_t)
    return np.stack(states, axis=1)  # (B, T, H)
