"""Every cell of `course_lib.cells.ZOO` on the tasks of Jozefowicz, Zaremba & Sutskever 2015, at equal size.

    python -m experiments.cell_zoo                                  all cells, both tasks: MINUTES on two cores
    python -m experiments.cell_zoo --cells LSTM GRU --tasks xml --seeds 2

For each cell and task: one run for each learning rate, judged on validation data; then a run for each seed with the
best of them, judged on test data, which no choice has seen. A row a run, in results/cell_zoo_select.csv and
cell_zoo.csv; a run that is there is not repeated, so it can be stopped, even killed, at any time.

On a cluster, at full size, through Keras Tuner's chief and workers (needs `pip install course-lib[cluster]`); the same
command on every machine, with these set:

    KERASTUNER_ORACLE_IP=chief-machine KERASTUNER_ORACLE_PORT=8000 KERASTUNER_TUNER_ID=chief   (or worker0, …)
    python -m experiments.cell_zoo --cluster SHARED_FOLDER

The chief hands out runs: every cell, task, learning rate and seed. It and any worker may be stopped and started again.
Each worker writes its own rows in SHARED_FOLDER; `--collect SHARED_FOLDER` makes the two tables of them.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib import results
from course_lib.errors import CourseError
from course_lib.worlds import arithmetic, xml
from experiments.jobs import work_through

RESULTS = Path(__file__).parent / "results"
SELECT, FINAL = "cell_zoo_select.csv", "cell_zoo.csv"
COLUMNS = ["task", "cell", "learning_rate", "seed", "accuracy", "nats", "units", "parameters", "steps", "seconds"]
VALIDATION_SEED = 1_000_000
TRAIN, TEST = 40_000, 4000  # exercises, or texts of tags


@dataclass(frozen=True)
class Size:
    """How large the study is."""

    digits: int
    distractors: int
    names: tuple  # shortest and longest name of a tag
    length: int  # characters in a row
    parameters: int  # of a network, embedding and read-out included
    steps: dict  # task -> updates
    batch: int
    rates: tuple
    seeds: int


SMALL = Size(2, 3, (2, 5), 60, 40_000, {"arithmetic": 1000, "xml": 500}, 64, (0.006, 0.015, 0.04), 5)
FULL = Size(8, 3, (2, 10), 200, 1_000_000, {"arithmetic": 50_000, "xml": 50_000}, 64, (0.001, 0.003, 0.01, 0.02), 10)


def data(task: str, size: Size, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets (count, T); 0 where nothing is asked."""
    if task == "arithmetic":
        world = arithmetic.ArithmeticWorld(size.digits, size.distractors)
    else:
        world = xml.XmlWorld(*size.names)
    return world.rows(world.sample(count, seed), size.length)


def network(cell: str, units: int, task: str):
    """A language model around a cell; what it reads is as wide as its memory, as MUT1 and MUT2 ask."""
    from course_lib.cells import ZOO
    from course_lib.models.language_model import language_model

    alphabet = arithmetic.ALPHABET if task == "arithmetic" else xml.ALPHABET
    return language_model(1 + len(alphabet), ZOO[cell](units), embedding=units)


def matched_units(cell: str, task: str, parameters: int) -> int:
    """The units with which the network comes closest to so many parameters, from below."""
    low, high = 1, 2
    while network(cell, high, task).count_params() <= parameters:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if network(cell, middle, task).count_params() <= parameters else (low, middle)
    return low


def run(task: str, cell: str, learning_rate: float, seed: int, validate: bool, size: Size = SMALL) -> dict:
    """Train one network and judge it on the next character: the rest of a row."""
    from course_lib import training
    from course_lib.metrics import log_p_of_targets
    from course_lib.quiet import keras

    start = time.monotonic()
    keras.utils.clear_session()  # of the run before
    units = matched_units(cell, task, size.parameters)
    training.set_seed(seed)
    inputs, targets = data(task, size, TRAIN, seed)
    model = network(cell, units, task)
    steps = size.steps[task]
    training.compile_for_training(model, steps, learning_rate, optimizer="muon")
    rng = np.random.default_rng(seed)

    def batches():
        while True:
            chosen = rng.integers(len(inputs), size=size.batch)
            yield inputs[chosen], targets[chosen]

    try:
        training.fit(model, batches(), steps, f"{task}, {cell}, seed {seed}")
    except CourseError as error:  # it grew without bounds: no choice for anybody, and a row like any other
        print(f"{task}, {cell}, learning rate {learning_rate}: {error}", flush=True)
        return {"accuracy": 0.0, "units": units, "parameters": model.count_params(), "steps": steps}
    inputs, targets = data(task, size, TEST, (VALIDATION_SEED if validate else 2 * VALIDATION_SEED) + seed)
    scores = training.scores(model, inputs)
    asked = targets > 0
    row = {
        "accuracy": round(float((scores.argmax(axis=-1) == targets)[asked].mean()), 4),
        "nats": round(float(-log_p_of_targets(scores, targets)[asked].mean()), 4),
    }
    row |= {"units": units, "parameters": model.count_params(), "steps": steps}
    return row | {"seconds": round(time.monotonic() - start, 1)}


def best_rates(rows: list[dict]) -> dict[tuple[str, str], str]:
    """(task, cell) -> the learning rate with the best mean accuracy on validation data."""
    found = {}
    for row in rows:
        found.setdefault((row["task"], row["cell"]), {}).setdefault(row["learning_rate"], []).append(
            float(row["accuracy"])
        )
    return {key: max(by_rate, key=lambda rate: np.mean(by_rate[rate])) for key, by_rate in found.items()}


def on_this_machine(tasks, cells, seeds: int, folder: Path) -> int:
    """Choose the learning rates, then run the seeds; two runs at a time."""
    jobs = [(task, cell, rate, 0) for task in tasks for cell in cells for rate in SMALL.rates]
    failed = work_through(jobs, lambda *job: run(*job, validate=True), folder / SELECT, COLUMNS)
    rates = best_rates(results.read_rows(folder / SELECT))
    jobs = [(task, cell, float(rates[task, cell]), seed) for task in tasks for cell in cells for seed in range(seeds)]
    return failed or work_through(jobs, lambda *job: run(*job, validate=False), folder / FINAL, COLUMNS)


def main(arguments=None) -> int:
    """The command line."""
    from course_lib.cells import ZOO

    parser = argparse.ArgumentParser(prog="python -m experiments.cell_zoo", description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="*", choices=list(ZOO), default=list(ZOO), metavar="CELL")
    parser.add_argument("--tasks", nargs="*", choices=["arithmetic", "xml"], default=["arithmetic", "xml"])
    parser.add_argument("--seeds", type=int, default=SMALL.seeds)
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder for the tables")
    options = parser.parse_args(arguments)
    try:
        return on_this_machine(options.tasks, options.cells, options.seeds, options.out)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    os.environ.setdefault("COURSE_PROGRESS", "0")
    sys.exit(main())
