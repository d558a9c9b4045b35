"""Tokens per second of the NumPy networks of lessons 02 and 03 and of Keras, on the same model: about 1 minute.

    python -m benchmarks.numpy_keras

Forward, backward and update of a character model (one-hot input, a read-out at every step, Adam) on batches of
BATCH rows of STEPS characters. NumPy in float64, as the lessons use it, and Keras in float32, as it comes. The two take
turns, REPEATS times, and the median is kept; written to benchmarks/numpy_keras.csv.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np

from course_lib import machine, numpy_rnn, tables
from experiments.common import provenance
from experiments.common.command_line import CommandLine

RESULT = Path(__file__).with_suffix(".csv")
BATCH, STEPS, LETTERS, REPEATS, UPDATES = 32, 50, 65, 7, 6


def numpy_update(kind: str, units: int, ids: np.ndarray):
    """A function that makes one update of the NumPy model."""
    model = numpy_rnn.SequenceModel(kind, LETTERS, units, LETTERS)
    one_hot, optimizer = np.eye(LETTERS), numpy_rnn.Adam()

    def update():
        x, memory = one_hot[ids[:, :-1]], model.start(BATCH)
        _, gradients, _ = model.loss_and_gradients(x, ids[:, 1:], memory)
        optimizer.update(model.parameters, gradients)

    return update


def keras_update(kind: str, units: int, ids: np.ndarray):
    """A function that makes one update of the Keras model."""
    from course_lib.backend import keras

    layer = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM}[kind]
    tokens = keras.Input((STEPS,), dtype="int32")
    h = layer(units, return_sequences=True)(keras.ops.one_hot(tokens, LETTERS))
    model = keras.Model(tokens, keras.layers.Dense(LETTERS)(h))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return lambda: model.train_on_batch(ids[:, :-1], ids[:, 1:])


def measure() -> None:
    """Both, in turns."""
    print(f"{REPEATS} repeats{machine.about('benchmarks.numpy_keras')}.", flush=True)
    ids = np.random.default_rng(0).integers(LETTERS, size=(BATCH, STEPS + 1))
    rows = []
    for kind, name in (("rnn", "vanilla RNN"), ("lstm", "LSTM")):
        for units in (64, 256):
            updates = {"numpy": numpy_update(kind, units, ids), "keras": keras_update(kind, units, ids)}
            times = {which: [] for which in updates}
            for update in updates.values():  # tracing, caches
                update()
                update()
            for _ in range(REPEATS):
                for which, update in updates.items():
                    start = time.perf_counter()
                    for _ in range(UPDATES):
                        update()
                    times[which].append((time.perf_counter() - start) / UPDATES)
            rate = {which: round(BATCH * STEPS / statistics.median(t)) for which, t in times.items()}
            rows.append({"cell": name, "units": units, "batch": BATCH, "steps": STEPS} | rate)
            print(rows[-1], flush=True)
    tables.write(RESULT, rows)
    provenance.record(RESULT, "benchmarks.numpy_keras:measure", len(rows))


main = CommandLine(__doc__, measure).run

if __name__ == "__main__":
    sys.exit(main())
