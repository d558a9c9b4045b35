"""How far back does each network learn? Share right against lag, for lessons 02 and 03.

    python -m experiments.lag                       every model, every lag, five seeds: about 40 minutes on two cores
    python -m experiments.lag --models "LSTM, b = 2" --lags 100 --seeds 1

Every run has the same number of updates, batches, units and the same optimizer; only the cell and its start differ.
The task: `worlds/lag.py`, Recall. Results go to results/lag.csv, a row a run; runs already there are not repeated, so
it can be stopped at any time.
"""

import sys
import time
from pathlib import Path

import numpy as np

from course_lib import results
from course_lib.errors import CourseError
from course_lib.worlds.lag import Recall
from experiments.common.command_line import CommandLine, check_counts
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "lag.csv"
COLUMNS = ["model", "lag", "seed", "accuracy", "loss_nats", "updates", "seconds"]
UNITS, BATCH, UPDATES, LEARNING_RATE, TEST = 64, 64, 600, 3e-3, 2000
LAGS = [10, 20, 50, 100, 200, 400]


def cells(lag: int) -> dict:
    """A new cell of each kind: {name: function making it}."""
    from course_lib import cells as c
    from course_lib.backend import keras

    normal = keras.initializers.RandomNormal
    # Every token moves the memory by a random vector with entries of size 1/2. (With Keras's quieter start tanh units
    # stay near 0, and a plain RNN now and then learns a far lag: the Gaussian one reached .55 at 200 in 1 seed of 5.)
    reads = normal(stddev=0.5)
    lstm = {
        f"LSTM, b = {b}": lambda b=b: c.LSTMCell(UNITS, kernel_initializer=reads, bias_initializer=c.ForgetBias(b))
        for b in range(4)
    }
    return {
        "RNN, Gaussian": lambda: c.SimpleRNNCell(
            UNITS, kernel_initializer=reads, recurrent_initializer=normal(stddev=UNITS**-0.5)
        ),
        "RNN, orthogonal": lambda: c.SimpleRNNCell(UNITS, kernel_initializer=reads, recurrent_initializer="orthogonal"),
        # Le, Jaitly & Hinton 2015: rectified units that begin by copying themselves, and small inputs.
        "RNN, ReLU and identity": lambda: c.SimpleRNNCell(
            UNITS, activation="relu", recurrent_initializer="identity", kernel_initializer=normal(stddev=0.01)
        ),
        **lstm,
        "LSTM, chrono": lambda: c.LSTMCell(UNITS, kernel_initializer=reads, bias_initializer=c.ChronoBias(lag)),
    }


def run(name: str, lag: int, seed: int) -> dict:
    """Train one model at one lag: its share right on sequences it has never met."""
    from course_lib import training
    from course_lib.backend import keras
    from course_lib.models.reader import reader

    start = time.monotonic()
    training.set_seed(seed)
    task = Recall(lag)
    model = reader(cells(lag)[name](), task.symbols, vocabulary_size=task.vocabulary_size)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    training.compile_for_training(model, UPDATES, LEARNING_RATE, warm_up=50, loss=loss)
    training.fit(model, task.batches(BATCH, seed), UPDATES)
    tokens, answers = task.sample(TEST, np.random.default_rng(10_000 + seed))
    logits = training.logits(model, tokens)
    error = float(loss(answers, logits))
    right = float((logits.argmax(axis=-1) == answers).mean())
    seconds = round(time.monotonic() - start, 1)
    return {"accuracy": right, "loss_nats": round(error, 4), "updates": UPDATES, "seconds": seconds}


def make(models: list[str] | None, lags: list[int], seeds: int, results: Path) -> None:
    """The runs of some models at some lags."""
    check_counts(seeds=seeds, lags=min(lags))
    known = list(cells(LAGS[0]))
    if unknown := set(models or ()) - set(known):
        raise CourseError(f"--models: there is no {sorted(unknown)}; there are {known}.")
    names = [name for name in known if not models or name in models]
    fill(results, [(name, lag, seed) for name in names for lag in lags for seed in range(seeds)], COLUMNS, run)


def main(arguments=None) -> int:
    """The command line."""
    line = CommandLine(__doc__, make)
    line.option("--models", nargs="+", help="default: all")
    line.option("--lags", nargs="+", type=int, default=LAGS)
    line.option("--seeds", type=int, default=5)
    line.results(TABLE)
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
