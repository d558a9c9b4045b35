"""Every cell of `course_lib.cells.ZOO` on the tasks of Jozefowicz, Zaremba & Sutskever 2015, at equal size.

    python -m experiments.cell_zoo                                  all cells, both tasks: 50 minutes on two cores
    python -m experiments.cell_zoo --cells LSTM GRU --tasks xml --seeds 2

For each cell and task: one run for each learning rate, judged on validation data; then a run for each seed with the
best of them, judged on test data, which no choice has seen. A row a run, in results/cell_zoo_select.csv and
cell_zoo.csv; a run that is there is not repeated, so it can be stopped, even killed, at any time.

On a cluster, at full size, through Keras Tuner's chief and workers (`pip install keras-tuner`); the same
command on every machine, with these set:

    KERASTUNER_ORACLE_IP=chief-machine KERASTUNER_ORACLE_PORT=8000 KERASTUNER_TUNER_ID=chief   (or worker0, …)
    python -m experiments.cell_zoo --cluster SHARED_FOLDER

The chief hands out runs: every cell, task, learning rate and seed. It and any worker may be stopped and started again.
Each worker writes its own rows in SHARED_FOLDER; `--collect SHARED_FOLDER` makes the two tables of them there.
"""

import os
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from course_lib import results, tables
from course_lib.errors import CourseError
from course_lib.worlds import arithmetic, xml
from experiments.common.cluster import through_keras_tuner
from experiments.common.command_line import CommandLine, check_counts
from experiments.common.runs import fill

SELECT, FINAL = "cell_zoo_select.csv", "cell_zoo.csv"
TASKS = ["arithmetic", "xml"]
KEY = ["task", "cell", "learning_rate", "seed"]
COLUMNS = [*KEY, "accuracy", "nats", "units", "parameters", "steps", "seconds"]
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


SMALL = Size(2, 3, (2, 5), 60, 40_000, {"arithmetic": 1000, "xml": 500}, 64, (0.006, 0.015, 0.04, 0.1), 5)
FULL = Size(
    8, 3, (2, 10), 200, 1_000_000, {"arithmetic": 50_000, "xml": 50_000}, 64, (0.001, 0.003, 0.01, 0.03, 0.1), 10
)


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


def trained(task: str, cell: str, learning_rate: float, seed: int, size: Size):
    """A network after its training, or None if it grew without bounds; and what is known about it: part of a row."""
    from course_lib import training
    from course_lib.backend import keras
    from course_lib.models.language_model import matched_units

    keras.utils.clear_session()  # of the run before
    units = matched_units(lambda units: network(cell, units, task), size.parameters)
    steps = size.steps[task]
    training.set_seed(seed)
    inputs, targets = data(task, size, TRAIN, seed)
    model = network(cell, units, task)
    training.compile_for_training(model, steps, learning_rate, optimizer="muon")
    rng = np.random.default_rng(seed)

    def batches():
        while True:
            chosen = rng.integers(len(inputs), size=size.batch)
            yield inputs[chosen], targets[chosen]

    about = {"units": units, "parameters": model.count_params(), "steps": steps}
    try:
        training.fit(model, batches(), steps, f"{task}, {cell}, seed {seed}")
    except CourseError as error:
        print(f"{task}, {cell}, learning rate {learning_rate}: {error}", flush=True)
        return None, about
    return model, about


def judged(model, task: str, seed: int, validate: bool, size: Size) -> dict:
    """Share of next characters right, and their mean cross-entropy, where an answer is asked for."""
    from course_lib import training
    from course_lib.metrics import log_p_of_targets

    if model is None:
        return {"accuracy": 0.0, "nats": None}  # nobody's choice, and a row like any other
    inputs, targets = data(task, size, TEST, (VALIDATION_SEED if validate else 2 * VALIDATION_SEED) + seed)
    logits, asked = training.logits(model, inputs), targets > 0
    accuracy = float((logits.argmax(axis=-1) == targets)[asked].mean())
    nats = float(-log_p_of_targets(logits, targets)[asked].mean())
    return {"accuracy": round(accuracy, 4), "nats": round(nats, 4)}


def run(task: str, cell: str, learning_rate: float, seed: int, validate: bool, size: Size = SMALL) -> dict:
    """Train one network and judge it: the rest of a row."""
    start = time.monotonic()
    model, about = trained(task, cell, learning_rate, seed, size)
    return judged(model, task, seed, validate, size) | about | {"seconds": round(time.monotonic() - start, 1)}


def best_rates(rows: list[dict]) -> dict[tuple[str, str], str]:
    """(task, cell) -> the learning rate with the best mean accuracy on validation data."""
    found = {}
    for row in rows:
        found.setdefault((row["task"], row["cell"]), {}).setdefault(row["learning_rate"], []).append(
            float(row["accuracy"])
        )
    return {key: max(by_rate, key=lambda rate: np.mean(by_rate[rate])) for key, by_rate in found.items()}


def check_settings(table: Path, tasks: list[str], cells: list[str], size: Size) -> None:
    """CourseError if a table holds runs of these cells with another number of updates or parameters."""
    for row in tables.read_rows(table):
        if row.get("task") in tasks and row.get("cell") in cells:
            as_large = 0.9 * size.parameters < int(row.get("parameters") or 0) <= size.parameters
            if not as_large or row.get("steps") != str(size.steps[row["task"]]):
                raise CourseError(f"{table} was made with other settings (--size, --steps): give --out FOLDER.")


def on_this_machine(tasks: list[str], cells: list[str], size: Size, out: Path) -> None:
    """Choose the learning rates, then run the seeds."""
    for name in (SELECT, FINAL):
        check_settings(out / name, tasks, cells, size)
    timed = replace(size, seeds=SMALL.seeds) == SMALL
    keys = [(*case, 0) for case in product(tasks, cells, size.rates)]
    fill(out / SELECT, keys, COLUMNS, partial(run, validate=True, size=size), timed=timed)
    rates = best_rates(tables.read_rows(out / SELECT))
    seeds = range(1, size.seeds + 1)  # seed 0 has chosen the rate
    keys = [(*case, float(rates[case]), seed) for case in product(tasks, cells) for seed in seeds]
    fill(out / FINAL, keys, COLUMNS, partial(run, validate=False, size=size), timed=timed)


def run_for_both(task: str, cell: str, learning_rate: float, seed: int, size: Size) -> dict[str, dict]:
    """Train one network, judge it for both tables: which rates are best is not known before all have ended."""
    start = time.monotonic()
    model, about = trained(task, cell, learning_rate, seed, size)
    about |= {"seconds": round(time.monotonic() - start, 1)}
    return {table: judged(model, task, seed, table == SELECT, size) | about for table in (SELECT, FINAL)}


def on_a_cluster(tasks: list[str], cells: list[str], size: Size, folder: Path) -> None:
    """Every cell, task, learning rate and seed; each worker has two tables of its own."""
    keys = [(*case, seed) for seed in range(size.seeds) for case in product(tasks, cells, size.rates)]

    def store(key, rows):
        for table, row in rows.items():
            row = dict(zip(KEY, key, strict=True)) | row
            tables.upsert(folder / f"{os.environ['KERASTUNER_TUNER_ID']}-{table}", [row], KEY, COLUMNS)

    through_keras_tuner(folder, keys, partial(run_for_both, size=size), store)


def collect(folder: Path, out: Path) -> None:
    """The two tables of all workers' rows: of the second, the rows with the best learning rate."""
    for name in (SELECT, FINAL):
        rows = [row for path in sorted(folder.glob(f"*-{name}")) for row in tables.read_rows(path)]
        if not rows:
            raise CourseError(f"--collect {folder}: no rows there yet. Is it the folder the workers were given?")
        rows = list({tuple(row[column] for column in KEY): row for row in rows}.values())  # once each
        if name == SELECT:
            rates = best_rates(rows)
        else:
            rows = [row for row in rows if row["learning_rate"] == rates[row["task"], row["cell"]]]
        tables.write(out / name, rows, COLUMNS)
        print(f"{out / name}: {len(rows)} runs.")


def make(
    cells: list[str] | None,
    tasks: list[str],
    size: str | None,
    seeds: int | None,
    steps: int | None,
    out: Path | None,
    cluster: Path | None,
    gathered: Path | None,
) -> None:
    """What the command line asks for."""
    from course_lib.cells import ZOO

    cells = cells or list(ZOO)
    if unknown := [cell for cell in cells if cell not in ZOO]:
        raise CourseError(f"--cells {unknown[0]}: expected some of {', '.join(ZOO)}.")
    chosen = FULL if (size or ("full" if cluster else "small")) == "full" else SMALL
    check_counts(seeds=seeds, steps=steps)
    chosen = replace(
        chosen, seeds=seeds or chosen.seeds, steps=dict.fromkeys(chosen.steps, steps) if steps else chosen.steps
    )
    if gathered:
        collect(gathered, out or gathered)
    elif cluster:
        on_a_cluster(tasks, cells, chosen, cluster)
    else:
        on_this_machine(tasks, cells, chosen, out or results.FOLDERS[0])


def main(arguments=None) -> int:
    """The command line."""
    line = CommandLine(__doc__, make)
    line.option("--cells", nargs="+", metavar="CELL", help="names of course_lib.cells.ZOO; default: all")
    line.option("--tasks", nargs="+", choices=TASKS, default=TASKS)
    line.option("--size", choices=["small", "full"], help="default: small, on a cluster full")
    line.option("--seeds", type=int, help="another number of seeds")
    line.option("--steps", type=int, help="another number of updates")
    line.out(help="the folder for the tables; default: experiments/results, of a cluster's rows that of the rows")
    line.option("--cluster", type=Path, metavar="FOLDER", help="be Keras Tuner's chief or a worker; see above")
    line.option("--collect", type=Path, metavar="FOLDER", dest="gathered", help="make the tables of a cluster's rows")
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
