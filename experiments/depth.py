"""Six layers or one, on lesson 05's sums: each stack under five learning rates, on seeds the lesson does not use.

    python -m experiments.depth        about ten minutes; writes experiments/results/depth.csv

A row is one run, as in the lesson: the share of the answers' characters that are right, and the seconds of training.
It may be stopped and goes on.
"""

import sys
import time
from functools import partial

import numpy as np

from course_lib import results
from course_lib.worlds.arithmetic import ALPHABET, ArithmeticWorld
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill

TABLE = results.FOLDERS[0] / "depth.csv"
SEEDS, RATES = range(100, 103), (0.005, 0.01, 0.02, 0.04, 0.08)
UPDATES = {"plain": 200, "residual": 200, "one layer": 450}  # of about the same time
DEPTH, UNITS, LENGTH, TRAIN, TEST = 6, 32, 40, 20_000, 3000
KEYS = [(stack, rate, seed) for seed in SEEDS for stack in UPDATES for rate in RATES]
COLUMNS = ["stack", "learning_rate", "seed", "accuracy", "parameters", "updates", "train_seconds"]


def network(stack: str):
    """Six LSTMs of 32 units, summed or not, or one of as many parameters."""
    from course_lib.cells import ZOO
    from course_lib.models.deep import deep_language_model
    from course_lib.models.language_model import matched_units

    def deep(units, depth, residual=False):
        return deep_language_model(1 + len(ALPHABET), [ZOO["LSTM-b"](units) for _ in range(depth)], units, residual)

    if stack == "one layer":
        return deep(matched_units(lambda units: deep(units, 1), deep(UNITS, DEPTH).count_params()), 1)
    return deep(UNITS, DEPTH, stack == "residual")


def run(stack: str, learning_rate: float, seed: int) -> dict:
    """Train one and judge it on exercises drawn anew."""
    from course_lib import training

    world, rng = ArithmeticWorld(digits=1, distractors=3), np.random.default_rng(seed)
    train, test = (world.rows(world.sample(n, s), LENGTH) for n, s in ((TRAIN, seed), (TEST, 1000 + seed)))

    def batches():
        while True:
            chosen = rng.integers(len(train[0]), size=64)
            yield train[0][chosen], train[1][chosen]

    training.set_seed(seed)
    model, updates = network(stack), UPDATES[stack]
    training.compile_for_training(model, updates, learning_rate, warm_up=50)
    begun = time.monotonic()
    training.fit(model, batches(), updates, f"{stack}, rate {learning_rate}")
    seconds = time.monotonic() - begun
    right = (training.logits(model, test[0]).argmax(axis=-1) == test[1])[test[1] > 0].mean()
    return {
        "accuracy": round(float(right), 4), "parameters": model.count_params(), "updates": updates,
        "train_seconds": round(seconds, 1),
    }  # fmt: skip


fills = partial(fill, keys=KEYS, columns=COLUMNS, run=run, timed=False)
main = CommandLine(__doc__, fills).results(TABLE).run

if __name__ == "__main__":
    sys.exit(main())
