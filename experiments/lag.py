"""How far back does each network learn? Share right against lag, for lessons 02 and 03.

    python -m experiments.lag                       every cell, start and lag, five seeds: about 25 minutes on two cores
    python -m experiments.lag --models "LSTM, b = 3" --lags 100 --seeds 1

The task: `worlds/lag.py`, Recall. Every cell begins loud and quiet: with large and with small input weights. For each
cell and start the learning rate is chosen at two lags, on a seed of its own; then there is a run for each lag and seed
with the chosen one. Updates, batches, units, optimizer and the number of rates tried are the same for all. A row a
run, in results/lag_select.csv and lag.csv; a run that is there is not repeated, so it can be stopped at any time.
"""

import sys
import time
from itertools import product
from pathlib import Path

import numpy as np

from course_lib import results, tables
from course_lib.errors import CourseError
from course_lib.worlds.lag import Recall
from experiments.common.command_line import CommandLine, check_counts
from experiments.common.runs import fill

SELECT, FINAL = "lag_select.csv", "lag.csv"
KEY = ["model", "start", "lag", "learning_rate", "seed"]
COLUMNS = [*KEY, "accuracy", "loss_nats", "updates", "seconds"]
UNITS, BATCH, UPDATES, TEST = 64, 64, 600, 2000
LAGS = [10, 20, 50, 100]
RATES, SELECT_LAGS, SELECT_SEED = [1e-3, 3e-3, 1e-2], [20, 100], 100
# Size of the entries of W_x: what a token adds to a unit's sum. Le, Jaitly & Hinton 2015 begin quieter still, at 0.001;
# at a lag of 50 that made no difference (seed 100, rate 0.003; ReLU and identity, orthogonal, LSTM with b = 3: 1.00).
STARTS = {"loud": 0.5, "quiet": 0.01}


def cells(start: str, lag: int) -> dict:
    """A new cell of each kind: {name: function making it}."""
    from course_lib import cells as c
    from course_lib.backend import keras

    normal = keras.initializers.RandomNormal
    reads = normal(stddev=STARTS[start])

    def rnn(recurrent, activation="tanh"):
        return lambda: c.SimpleRNNCell(UNITS, activation, kernel_initializer=reads, recurrent_initializer=recurrent)

    def lstm(bias):
        return lambda: c.LSTMCell(UNITS, kernel_initializer=reads, bias_initializer=bias)

    return {
        "RNN, Gaussian": rnn(normal(stddev=UNITS**-0.5)),
        "RNN, orthogonal": rnn("orthogonal"),
        "RNN, ReLU and identity": rnn("identity", "relu"),  # Le et al.: units that begin by copying themselves
        "LSTM, b = 1": lstm(c.ForgetBias(1)),
        "LSTM, b = 3": lstm(c.ForgetBias(3)),
        "LSTM, chrono": lstm(c.ChronoBias(lag)),
    }


def run(name: str, start: str, lag: int, learning_rate: float, seed: int) -> dict:
    """Train one network at one lag: its share right on sequences it has never met; 0 if it grew without bounds."""
    from course_lib import training
    from course_lib.backend import keras
    from course_lib.models.reader import reader

    begun = time.monotonic()
    keras.utils.clear_session()  # of the run before
    training.set_seed(seed)
    task = Recall(lag)
    model = reader(cells(start, lag)[name](), task.symbols, vocabulary_size=task.vocabulary_size)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    training.compile_for_training(model, UPDATES, learning_rate, warm_up=50, loss=loss)
    try:
        training.fit(model, task.batches(BATCH, seed), UPDATES)
    except CourseError as error:
        print(f"{name}, {start}, lag {lag}, learning rate {learning_rate}: {error}", flush=True)
        judged = {"accuracy": 0.0, "loss_nats": None}
    else:
        tokens, answers = task.sample(TEST, np.random.default_rng(10_000 + seed))
        logits = training.logits(model, tokens)
        right = float((logits.argmax(axis=-1) == answers).mean())
        judged = {"accuracy": right, "loss_nats": round(float(loss(answers, logits)), 4)}
    return judged | {"updates": UPDATES, "seconds": round(time.monotonic() - begun, 1)}


def best_rates(rows: list[dict]) -> dict[tuple[str, str], float]:
    """(model, start) -> the rate with the best mean share right; among equals (to a hundredth) the lowest mean loss."""
    found: dict = {}
    for row in rows:
        by_rate = found.setdefault((row["model"], row["start"]), {})
        judged = float(row["accuracy"]), -float(row["loss_nats"] or "inf")
        by_rate.setdefault(float(row["learning_rate"]), []).append(judged)

    def score(runs):
        accuracy, gain = np.mean(runs, axis=0)
        return round(accuracy, 2), gain

    return {case: max(by_rate, key=lambda rate: score(by_rate[rate])) for case, by_rate in found.items()}


def make(models: list[str] | None, lags: list[int], seeds: int, out: Path) -> None:
    """Choose the rates of some models, then make their runs at some lags."""
    check_counts(seeds=seeds, lags=min(lags))
    known = list(cells("loud", LAGS[0]))
    if unknown := set(models or ()) - set(known):
        raise CourseError(f"--models: there is no {sorted(unknown)}; there are {known}.")
    cases = list(product([name for name in known if not models or name in models], STARTS))
    keys = [(*case, lag, rate, SELECT_SEED) for lag in SELECT_LAGS for case in cases for rate in RATES]
    fill(out / SELECT, keys, COLUMNS, run)
    rates = best_rates(tables.read_rows(out / SELECT))
    keys = [(*case, lag, rates[case], seed) for lag in lags for case in cases for seed in range(seeds)]
    fill(out / FINAL, keys, COLUMNS, run)


def main(arguments=None) -> int:
    """The command line."""
    line = CommandLine(__doc__, make)
    line.option("--models", nargs="+", help="default: all")
    line.option("--lags", nargs="+", type=int, default=LAGS)
    line.option("--seeds", type=int, default=5)
    line.out(results.FOLDERS[0], help="the folder for the tables")
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
