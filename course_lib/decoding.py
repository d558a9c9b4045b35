"""Texts from a language model, one token after another."""

import numpy as np

from course_lib.errors import CourseError
from course_lib.metrics import log_softmax


def sample_token(scores: np.ndarray, rng: np.random.Generator, temperature: float = 1.0, top_k: int | None = None):
    """Draw one token a row from softmax(scores / temperature), among the top_k best: (B, V) -> (B,).

    temperature 0 takes the best token.
    """
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise CourseError(f"expected temperature >= 0 and top_k >= 1, got {temperature} and {top_k}.")
    if temperature == 0:
        return scores.argmax(axis=-1)
    if top_k is not None and top_k < scores.shape[-1]:
        limit = np.partition(scores, -top_k, axis=-1)[:, -top_k, None]
        scores = np.where(scores >= limit, scores, -np.inf)
    log_p = log_softmax(scores.astype(float) / temperature)
    return (log_p + rng.gumbel(size=log_p.shape)).argmax(axis=-1)  # the Gumbel-max trick: an exact draw


def generate(model, prompt, steps: int, *, count=1, temperature=1.0, top_k=None, stop=None, forbid=(), seed=0):
    """Let a recurrent language model write: ids of `count` texts, (count, at most steps), without the prompt.

    model: has the layers 'embedding', 'memory' and 'readout', as `rnn_language_model`. prompt: ids to read first.
    stop: an id after which a text is over (it is followed by 0). forbid: ids never to say.
    """
    from course_lib.quiet import keras

    if not len(prompt):
        raise CourseError("generating starts from at least one token: give a prompt, such as [vocabulary['<bos>']].")
    embedding, memory, readout = (model.get_layer(name) for name in ("embedding", "memory", "readout"))
    rng, states, written = np.random.default_rng(seed), memory.get_initial_state(count), []
    states = list(states) if isinstance(states, (list, tuple)) else [states]
    alive = np.ones(count, bool)
    for position in range(len(prompt) + steps - 1):
        token = np.full(count, prompt[position]) if position < len(prompt) else written[-1]
        output, states = memory.cell(embedding(token), states)  # the recurrence, once
        if position < len(prompt) - 1:
            continue
        scores = np.array(keras.ops.convert_to_numpy(readout(output)))
        scores[:, list(forbid)] = -np.inf
        written.append(np.where(alive, sample_token(scores, rng, temperature, top_k), 0))
        if stop is not None:
            alive &= written[-1] != stop
            if not alive.any():
                break
    return np.stack(written, axis=1) if written else np.zeros((count, 0), int)
