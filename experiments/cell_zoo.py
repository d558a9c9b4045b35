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
Each worker writes its own rows in SHARED_FOLDER; `--collect SHARED_FOLDER` makes the two tables of them.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from course_lib import tables
from course_lib.errors import CourseError
from course_lib.worlds import arithmetic, xml
from experiments.jobs import append, work_through

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
    scores, asked = training.logits(model, inputs), targets > 0
    accuracy = float((scores.argmax(axis=-1) == targets)[asked].mean())
    nats = float(-log_p_of_targets(scores, targets)[asked].mean())
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


def on_this_machine(tasks, cells, size: Size, folder: Path) -> int:
    """Choose the learning rates, then run the seeds; two runs at a time."""
    jobs = [(task, cell, rate, 0) for task in tasks for cell in cells for rate in size.rates]
    if work_through(jobs, lambda *job: run(*job, validate=True, size=size), folder / SELECT, COLUMNS):
        return 1
    rates = best_rates(tables.read_rows(folder / SELECT))
    seeds = range(1, size.seeds + 1)  # seed 0 has chosen the rate
    jobs = [(task, cell, float(rates[task, cell]), seed) for task in tasks for cell in cells for seed in seeds]
    return work_through(jobs, lambda *job: run(*job, validate=False, size=size), folder / FINAL, COLUMNS)


# -- on a cluster ------------------------------------------------------------------------------------------------------


def on_a_cluster(tasks, cells, size: Size, folder: Path) -> int:
    """Be the chief or a worker, as KERASTUNER_TUNER_ID says, until every run is done."""
    missing = [name for name in ("IP", "PORT") if f"KERASTUNER_ORACLE_{name}" not in os.environ]
    me = os.environ.get("KERASTUNER_TUNER_ID")
    if missing or not me:
        raise CourseError(
            "--cluster: set KERASTUNER_ORACLE_IP, KERASTUNER_ORACLE_PORT and KERASTUNER_TUNER_ID (chief, worker0, …)."
        )
    try:
        import keras_tuner
        from keras_tuner.engine.base_tuner import BaseTuner
    except ImportError:
        raise CourseError("--cluster needs Keras Tuner: pip install keras-tuner.") from None

    jobs = [
        {"task": task, "cell": cell, "learning_rate": rate, "seed": seed}
        for seed in range(size.seeds) for task in tasks for cell in cells for rate in size.rates
    ]  # fmt: skip

    class InOrder(keras_tuner.Oracle):
        """Hands out the jobs. (Keras Tuner's own grid knows the next one only when another has ended.)"""

        def populate_space(self, trial_id):
            if len(self.start_order) >= len(jobs):
                return {"status": "STOPPED", "values": None}
            return {"status": "RUNNING", "values": jobs[len(self.start_order)]}

        def save(self):
            """As a whole or not at all, so that the chief may be killed, too."""
            path = Path(self._get_oracle_fname())
            path.with_suffix(".tmp").write_text(json.dumps(self.get_state()), encoding="utf-8")
            path.with_suffix(".tmp").replace(path)

    class Worker(BaseTuner):
        """Runs what it is given, and writes its rows before it says that it is done."""

        def run_trial(self, trial):
            job, start = dict(trial.hyperparameters.values), time.monotonic()
            model, about = trained(**job, size=size)
            about |= {"seconds": round(time.monotonic() - start, 1)}
            for table, validate in ((SELECT, True), (FINAL, False)):
                row = job | judged(model, job["task"], job["seed"], validate, size) | about
                append(folder / f"{me}-{table}", row, COLUMNS)
            return {"accuracy": row["accuracy"]}

        def save(self):
            """Only the chief has something to keep; a killed worker would leave half a file."""
            if me == "chief":
                super().save()

    space = keras_tuner.HyperParameters()
    for name in jobs[0]:
        space.Choice(name, list(dict.fromkeys(job[name] for job in jobs)))
    oracle = InOrder(keras_tuner.Objective("accuracy", "max"), hyperparameters=space, allow_new_entries=False)
    Worker(oracle, directory=str(folder), project_name="keras_tuner").search()
    return 0


def collect(folder: Path, out: Path) -> int:
    """The two tables of all workers' rows: of the second, the rows with the best learning rate."""
    tables = []
    for table in (SELECT, FINAL):
        rows = [row for path in sorted(folder.glob(f"*-{table}")) for row in tables.read_rows(path)]
        tables.append(list({tuple(row[name] for name in COLUMNS[:4]): row for row in rows}.values()))  # once each
    if not tables[0]:
        raise CourseError(f"--collect {folder}: no rows there yet. Is it the folder the workers were given?")
    rates = best_rates(tables[0])
    tables[1] = [row for row in tables[1] if row["learning_rate"] == rates[row["task"], row["cell"]]]
    for name, rows in zip((SELECT, FINAL), tables, strict=True):
        tables.write(out / name, rows, COLUMNS)
    print(f"{len(tables[0])} runs in {folder}; {len(tables[1])} with the best learning rates. The tables are in {out}.")
    return 0


def main(arguments=None) -> int:
    """The command line."""
    from course_lib.cells import ZOO

    parser = argparse.ArgumentParser(prog="python -m experiments.cell_zoo", description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="*", choices=list(ZOO), default=list(ZOO), metavar="CELL")
    parser.add_argument("--tasks", nargs="*", choices=["arithmetic", "xml"], default=["arithmetic", "xml"])
    parser.add_argument("--size", choices=["small", "full"], help="default: small, on a cluster full")
    parser.add_argument("--seeds", type=int, help="another number of seeds")
    parser.add_argument("--steps", type=int, help="another number of updates")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder for the tables")
    parser.add_argument("--cluster", type=Path, metavar="FOLDER", help="be Keras Tuner's chief or a worker; see above")
    parser.add_argument("--collect", type=Path, metavar="FOLDER", help="make the tables of a cluster's rows")
    options = parser.parse_args(arguments)
    size = FULL if (options.size or ("full" if options.cluster else "small")) == "full" else SMALL
    try:
        for name in ("seeds", "steps"):
            if (number := getattr(options, name)) is not None:
                if number < 1:
                    raise CourseError(f"--{name} is {number}: expected 1 or more.")
                size = replace(size, **{name: dict.fromkeys(size.steps, number) if name == "steps" else number})
        if options.collect:
            return collect(options.collect, options.out)
        if options.cluster:
            return on_a_cluster(options.tasks, options.cells, size, options.cluster)
        return on_this_machine(options.tasks, options.cells, size, options.out)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    os.environ.setdefault("COURSE_PROGRESS", "0")
    sys.exit(main())
