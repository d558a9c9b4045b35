"""Seeding, training with one progress bar, and probes that measure how far back a gradient reaches."""

import contextlib
import itertools
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from course_lib.backend import keras
from course_lib.errors import CourseError
from course_lib.metrics import log_p_of_targets
from course_lib.text import PAD_ID


def set_seed(seed: int) -> None:
    """Seed Python, NumPy, TensorFlow and Keras."""
    keras.utils.set_random_seed(seed)


@keras.saving.register_keras_serializable(package="course_lib")
def next_token_loss(targets, logits):
    """Mean cross-entropy of the next token, nats: targets (B, T), logits (B, T, V). <pad> (0) does not count.

    As SparseCategoricalCrossentropy(from_logits=True, ignore_class=0), in fewer passes over the logits.
    """
    ops = keras.ops
    logits = ops.cast(logits, "float32")
    each = ops.sparse_categorical_crossentropy(targets, logits, from_logits=True)
    counts = ops.cast(ops.not_equal(targets, PAD_ID), "float32")
    return ops.sum(each * counts) / ops.maximum(ops.sum(counts), 1.0)


@keras.saving.register_keras_serializable(package="course_lib")
def verdict_loss(targets, logits):
    """Mean cross-entropy of yes or no, nats: targets 1, 0, or -1 where none counts, logits; (B,) or (B, T)."""
    ops = keras.ops
    logits, targets = ops.cast(logits, "float32"), ops.cast(targets, "float32")
    counts = ops.cast(targets >= 0, "float32")
    each = ops.softplus(logits) - targets * logits
    return ops.sum(each * counts) / ops.maximum(ops.sum(counts), 1.0)


@keras.saving.register_keras_serializable(package="course_lib")
def gaussian_loss(targets, said):
    """Mean of -log p of numbers under normal distributions, nats a number: targets (...), NaN where none counts;
    said (..., 2), means and log standard deviations.
    """
    ops = keras.ops
    said, targets = ops.cast(said, "float32"), ops.cast(targets, "float32")
    counts = ops.cast(ops.logical_not(ops.isnan(targets)), "float32")
    mean, log_sd = said[..., 0], said[..., 1]
    missed = (ops.where(counts > 0, targets, mean) - mean) * ops.exp(-log_sd)
    each = log_sd + 0.5 * ops.square(missed) + 0.5 * np.log(2 * np.pi)
    return ops.sum(each * counts) / ops.maximum(ops.sum(counts), 1.0)


@keras.saving.register_keras_serializable(package="course_lib")
def ctc_loss(targets, logits):
    """-log p of texts by all their paths (Graves et al. 2006), nats a letter: targets (B, U), logits (B, T, K).

    As `ctc.loss_and_gradient`, many texts at once; 0 is the blank, and stands behind a text's end. All have T frames:
    where a sound is over, the logits must leave only the blank. Both sweeps are one loop, over twice the texts.
    """
    ops = keras.ops
    targets, logits = ops.cast(targets, "int32"), ops.cast(logits, "float32")
    B, U, K = ops.shape(targets)[0], ops.shape(targets)[1], logits.shape[-1]
    blanks = ops.zeros((B, U + 1, 1), "int32")
    letters = ops.concatenate([targets, targets[:, :1] * 0], axis=1)[:, :, None]
    states = ops.reshape(ops.concatenate([blanks, letters], axis=2), (B, 2 * U + 2))[:, :-1]  # (B, S)
    symbols = ops.one_hot(states, K, dtype="float32")  # (B, S, K)
    log_p = ops.log_softmax(logits)
    emitted = ops.transpose(ops.matmul(symbols, ops.transpose(log_p, (0, 2, 1))), (2, 0, 1))  # (T, B, S)
    both = ops.concatenate([emitted, ops.flip(emitted, axis=(0, 2))], axis=1)  # the second half back from the end
    order = ops.concatenate([states, ops.flip(states, axis=1)], axis=0)  # (2B, S)
    never = -1e30
    earlier = ops.pad(order, ((0, 0), (2, 0)))[:, :-2]
    skip = ops.where(ops.logical_and(order != 0, order != earlier), 0.0, never)
    lengths = ops.sum(ops.cast(targets != 0, "int32"), axis=1)
    last = 2 * lengths  # the blank behind the last letter
    places = ops.arange(2 * U + 1)[None]
    start = ops.concatenate([0 * last, 2 * U - last], axis=0)[:, None]
    before = ops.where(places == start, 0.0, never)  # (2B, S)

    def shifted(v, by):
        return ops.pad(v, ((0, 0), (by, 0)), constant_values=never)[:, :-by]

    def step(before, emitted_t):
        ways = ops.stack([before, shifted(before, 1), ops.maximum(shifted(before, 2) + skip, never)])
        alpha = ops.maximum(ops.logsumexp(ways, axis=0) + emitted_t, never)
        return alpha, alpha

    _, alpha = ops.scan(step, before, both)  # (T, 2B, S)
    beta = ops.flip(alpha[:, B:] - both[:, B:], axis=(0, 2))  # before a frame's own symbol is counted
    total = ops.logsumexp(ops.where(ops.logical_or(places == last[:, None], places == last[:, None] - 1),
                                    alpha[-1, :B], never), axis=-1)  # fmt: skip
    here = ops.transpose(ops.exp(ops.minimum(alpha[:, :B] + beta - total[:, None], 0.0)), (1, 0, 2))  # (B, T, S)
    gradient = ops.stop_gradient(ops.exp(log_p) - ops.matmul(here, symbols))
    counted = ops.cast(ops.maximum(ops.sum(lengths), 1), "float32")
    moved = ops.sum(gradient * (logits - ops.stop_gradient(logits)))  # 0, with the gradient of the sum
    return (ops.stop_gradient(-ops.sum(total)) + moved) / counted


def compile_for_training(
    model, steps: int | None, learning_rate=3e-3, warm_up=100, clip=1.0, loss=None, optimizer="adam", ns_steps=6
) -> None:
    """Adam or Muon; the rate rises for `warm_up` steps and falls to zero on a cosine; gradients clipped to norm `clip`.

    steps=None: a rate that stays; `model.optimizer.learning_rate = …` sets another at any time.

    optimizer: "adam", with beta_2 = 0.99: it adapts within a hundred steps when gradients grow, as they do when a
    network suddenly finds a far dependency. "muon" (Jordan et al. 2024, scaled as in Liu et al. 2025): the same for
    embedding, read-out and biases; the step of every other matrix is made orthogonal: equally far in every direction,
    nearly, by `ns_steps` rounds of an iteration (Newton and Schulz) that cost as much as the network if that is small.

    The loss is the mean cross-entropy of the next token in nats, where <pad> (0) does not count, or `loss`. CourseError
    if the optimizer is neither.
    """
    rate = learning_rate
    if steps is not None:
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, max(steps - warm_up, 1), warmup_target=learning_rate, warmup_steps=warm_up
        )
    if optimizer == "muon":
        chosen = keras.optimizers.Muon(
            rate, adam_beta_2=0.99, weight_decay=0.0, adam_weight_decay=0.0, global_clipnorm=clip,
            ns_steps=ns_steps,
            exclude_layers=["embedding", "readout", "/([bp]|bias)$"],  # nor biases and peepholes in two rows
        )  # fmt: skip
    elif optimizer == "adam":
        chosen = keras.optimizers.Adam(rate, beta_2=0.99, global_clipnorm=clip)
    else:
        raise CourseError(f"optimizer: expected 'adam' or 'muon', got {optimizer!r}.")
    model.compile(optimizer=chosen, loss=loss or next_token_loss)


def progress(iterable: Iterable, total: int | None, description: str):
    """One compact progress bar, in JupyterLab and in a terminal; silent when COURSE_PROGRESS=0 (builds, nbval)."""
    from tqdm.auto import tqdm

    tqdm.set_lock(threading.RLock())  # its own is shared by processes: one that is ended would leave a semaphore behind
    silent = os.environ.get("COURSE_PROGRESS") == "0"
    return tqdm(iterable, total=total, desc=description, disable=silent, leave=False, file=sys.stdout)


def fit(model, batches: Iterator, steps: int | None, description: str = "training", every: int = 50) -> np.ndarray:
    """Train for `steps` batches from an endless iterator, or (None) until they end; returns the loss, averaged over
    every `every` steps.

    May be called again to go on: optimizer, schedule and batches continue where they are. Interrupting it
    (Kernel > Interrupt) keeps what was learned. CourseError if the loss is not finite.
    """
    losses, recent = [], []
    bar = progress(itertools.islice(batches, steps), steps, description)

    def keep():
        loss = float(np.mean(recent))
        if not np.isfinite(loss):
            raise CourseError(f"the loss is {loss} after {step} steps: lower the learning rate and start again.")
        losses.append(loss)
        recent.clear()
        bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)

    for step, (inputs, targets) in enumerate(bar, 1):
        recent.append(np.ravel(model.train_on_batch(inputs, targets))[0])  # of several outputs, the first is their sum
        model.reset_metrics()  # this batch alone, whatever this version of Keras adds up
        if step % every == 0:
            keep()
    if recent:
        keep()
    return np.array(losses)


def logits(model, inputs, batch_size: int = 250) -> np.ndarray:
    """What a model says of many inputs (N, ...), before any softmax: logits (N, ..., V), a batch at a time."""
    parts = [model(inputs[i : i + batch_size]) for i in range(0, len(inputs), batch_size)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def log_probabilities(model, rows: np.ndarray) -> np.ndarray:
    """log p of every next word of texts (N, L) from `to_rows`: (N, L - 1), nats; 0 where there is padding."""
    targets = rows[:, 1:]
    return np.where(targets != PAD_ID, log_p_of_targets(logits(model, rows[:, :-1]), targets), 0.0)


def teacher_forced_nats(model, inputs: np.ndarray, rows: np.ndarray, batch_size: int = 100) -> float:
    """Cross-entropy under teacher forcing, nats a word: rows of words (N, L) from `to_rows`, each by a model that reads
    one of `inputs` (N, ...) and the true words before.
    """
    total = 0.0
    for start in range(0, len(rows), batch_size):
        part = rows[start : start + batch_size]
        p = log_p_of_targets(np.array(model((inputs[start : start + batch_size], part[:, :-1]))), part[:, 1:])
        total -= p[part[:, 1:] != PAD_ID].sum()
    return float(total / (rows[:, 1:] != PAD_ID).sum())


def stream_log_probabilities(model, ids: np.ndarray, rows: int = 100, context: int = 100) -> np.ndarray:
    """log p of every token of a long tape (N,) but the first: (N - 1,), nats.

    Read in `rows` side by side; each begins `context` tokens early, on its neighbour's end, so that every token but the
    first of the tape is met by a memory that has read at least so much, or all there is. CourseError if the tape is
    shorter than two tokens.
    """
    if len(ids) < 2:
        raise CourseError(f"a tape needs two tokens, one to read and one to predict; this one has {len(ids)}.")
    count = len(ids) - 1
    length = -(-count // min(rows, count))
    ends = np.minimum(np.arange(length, count + length, length), count)  # the last row may overlap with its neighbour
    width = min(length + context, count)
    begins = np.maximum(ends - width, 0)  # the first rows have no more to read before them
    places = begins[:, None] + np.arange(width)  # (rows, width): what is read
    given = log_p_of_targets(logits(model, ids[places], batch_size=rows), ids[places + 1])
    result = np.empty(count)
    for row, begin, end in zip(given, begins, ends, strict=True):
        first = max(end - length, 0)
        result[first:end] = row[first - begin : end - begin]
    return result


def state_gradient_norms(model, inputs, error: Callable) -> dict[str, dict[str, np.ndarray]]:
    """‖∂E/∂h_k‖ for every step k and every recurrent layer of a Keras model, in one backward pass.

    inputs: what the model takes, B texts. error(outputs) -> E, one number a text (B,), such as the loss of step t.
    -> {layer: {"h": (B, T)}}, for an LSTM with "c"; a stack of cells is told apart as "memory/0", "memory/1". The
    derivative is the total one: along every path from h_k to E, through later steps and through layers above. It is 0
    where a mask says there is no word. For any cell under Keras's contract. CourseError if Keras does not run on
    TensorFlow, or the model has no recurrent layer.
    """
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        raise CourseError(f"the gradient probes need Keras on TensorFlow, this is {keras.backend.backend()}.")
    recurrent = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.RNN)]
    if not recurrent:
        raise CourseError(f"{model.name} has no recurrent layer: expected a model with a keras.layers.RNN, LSTM, ….")
    states, lengths = {}, {}  # layer -> for every step, the states after it; layer -> T

    def recording(step, name):
        def call(x_t, *args, **kwargs):
            output, after = step(x_t, *args, **kwargs)
            states.setdefault(name, []).append(list(after) if isinstance(after, (list, tuple)) else [after])
            return output, after

        return call

    def measuring(run, name):
        def call(sequence, *args, **kwargs):
            lengths[name] = sequence.shape[1]
            return run(sequence, *args, **kwargs)

        return call

    with contextlib.ExitStack() as undo:
        for layer in recurrent:
            # Unrolled and eager, the loop over time runs in Python: each state is a tensor the tape can be asked about.
            undo.callback(setattr, layer, "unroll", layer.unroll)
            layer.unroll = True
            undo.callback(layer.__dict__.pop, "call")
            layer.call = measuring(layer.call, layer.name)
            cells = layer.cell.cells if isinstance(layer.cell, keras.layers.StackedRNNCells) else [layer.cell]
            for i, cell in enumerate(cells):
                name = layer.name if len(cells) == 1 else f"{layer.name}/{i}"
                undo.callback(cell.__dict__.pop, "call")
                cell.call = recording(cell.call, name)
        with tf.GradientTape() as tape:
            E = tf.reduce_sum(error(model(inputs)))  # texts do not meet in a sum: each keeps its own gradient
        gradients = tape.gradient(E, states, unconnected_gradients="zero")
    result = {}
    backwards = {layer.name for layer in recurrent if layer.go_backwards}
    for name, steps in gradients.items():
        layer = name.split("/")[0]
        steps = steps[-lengths[layer] :]  # Keras may call a cell once more, to see the shape of its output
        norms = np.array([[np.linalg.norm(g, axis=-1) for g in step] for step in steps])  # (T, states, B)
        norms = norms[::-1] if layer in backwards else norms
        result[name] = {letter: norms[:, i].T for i, letter in zip(range(norms.shape[1]), "hcdefg", strict=False)}
    return result
