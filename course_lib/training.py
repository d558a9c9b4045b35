"""Seeding, and training with one progress bar."""

import os
import sys
from collections.abc import Iterable, Iterator

import numpy as np

from course_lib.errors import CourseError
from course_lib.metrics import log_p_of_targets
from course_lib.quiet import keras


def set_seed(seed: int) -> None:
    """Seed Python, NumPy, TensorFlow and Keras."""
    keras.utils.set_random_seed(seed)


def compile_for_training(model, steps: int, learning_rate=3e-3, warm_up=100, clip=1.0) -> None:
    """Adam, its rate rising for `warm_up` steps and falling to zero on a cosine; gradients clipped to norm `clip`.

    beta_2 = 0.99: Adam adapts within a hundred steps when gradients grow, as they do when a network suddenly finds
    a far dependency.

    The loss is the mean cross-entropy of the next token in nats; <pad> (0) does not count.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warm_up, 1), warmup_target=learning_rate, warmup_steps=warm_up
    )
    model.compile(
        optimizer=keras.optimizers.Adam(rate, beta_2=0.99, global_clipnorm=clip),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0),
    )


def progress(iterable: Iterable, total: int, description: str):
    """One compact progress bar, in JupyterLab and in a terminal; silent when COURSE_PROGRESS=0 (builds, nbval)."""
    from tqdm.auto import tqdm

    silent = os.environ.get("COURSE_PROGRESS") == "0"
    return tqdm(iterable, total=total, desc=description, disable=silent, leave=False, file=sys.stdout)


def fit(model, batches: Iterator, steps: int, description: str = "training", every: int = 50) -> np.ndarray:
    """Train for `steps` batches from an endless iterator; returns the loss, averaged over every `every` steps.

    May be called again to go on: optimizer, schedule and batches continue where they are. Interrupting it
    (Kernel > Interrupt) keeps what was learned.
    """
    losses = []
    bar = progress(range(1, steps + 1), steps, description)
    for step in bar:
        inputs, targets = next(batches)
        loss = model.train_on_batch(inputs, targets)  # the running mean since the last reset
        if step % every == 0 or step == steps:
            if not np.isfinite(loss):
                raise CourseError(f"the loss is {loss} after {step} steps: lower the learning rate and start again.")
            losses.append(float(loss))
            model.reset_metrics()
            bar.set_postfix_str(f"loss {loss:.3f}")
    return np.array(losses)


def scores(model, inputs, batch_size: int = 250) -> np.ndarray:
    """The model's scores for many inputs (N, ...) -> (N, ..., V), a batch at a time."""
    parts = [model(inputs[i : i + batch_size]) for i in range(0, len(inputs), batch_size)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def log_probabilities(model, rows: np.ndarray) -> np.ndarray:
    """log p of every next word of texts (N, L) from `to_rows`: (N, L - 1), nats; 0 where there is padding."""
    targets = rows[:, 1:]
    return np.where(targets != 0, log_p_of_targets(scores(model, rows[:, :-1]), targets), 0.0)
