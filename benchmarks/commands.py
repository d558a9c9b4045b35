"""How long the long commands take on this machine: rows of commands.csv, by which each of them says it beforehand.

    python -m benchmarks.commands                          those of tables: two runs of each, about 6 minutes
    python -m benchmarks.commands "flickr8k train"         one task, or several, by name; whole commands take as long
    python -m benchmarks.commands --slow lag.csv           as on one core without AVX-512, though there is more

A row says the seconds of one run (for language_model, of one update). Nothing of what it makes is kept. The rows of two
cores with AVX-512 are what whole runs took, rounded, when the stored tables were made; those of tools.* and of other
benchmarks, which write tables of their own, are entered by hand.
"""

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from course_lib import machine, results
from course_lib.errors import CourseError
from experiments.common import provenance
from experiments.common.command_line import CommandLine

TABLE = results.FOLDERS[1] / "commands.csv"
# Two runs of each table, made side by side as `fill` makes them.
KEYS = {
    "lag.csv": [("LSTM, b = 2", 50, 0), ("RNN, orthogonal", 200, 0)],
    "characters.csv": [("the lesson's", 0), ("windows of 32", 0)],
    "next_word.csv": [("RNN", 0), ("window of 16 words", 0)],
    "align.csv": [
        ("initial state", "after", "additive", "gru", "both", 0),
        ("initial state", "", "", "gru", "both", 0),
    ],
    "captions.csv": [("pretrained", "lstm", "initial state", 0), ("pretrained", "rnn", "every input", 0)],
    "look.csv": [("soft", 0), ("hard", 0)],
    "cell_zoo_select.csv": [("arithmetic", "LSTM", 0.015, 0), ("xml", "MUT1", 0.015, 0)],
    "cell_zoo.csv": [("arithmetic", "LSTM", 0.015, 1), ("xml", "MUT1", 0.015, 1)],
}
COMMANDS = {  # what is timed, and how many runs it is
    "flickr8k train": (("flickr8k", "train", "--features={}/features"), 1),
    "flickr8k train --attention after": (("flickr8k", "train", "--attention=after", "--features={}/features"), 1),
    "translate train": (("translate", "train"), 1),
    "language_model": (("language_model", "--steps=300"), 300),
}


def of_a_table(name: str) -> float:
    """Seconds a run, two under way at a time, as everywhere."""
    from experiments import align, captions, cell_zoo, characters, lag, look, next_word
    from experiments.common.runs import in_processes

    modules = {"lag": lag, "characters": characters, "next_word": next_word, "align": align, "captions": captions,
               "look": look}  # fmt: skip
    stem = Path(name).stem
    run = (
        modules[stem].run if stem in modules else partial(cell_zoo.run, validate="select" in stem, size=cell_zoo.SMALL)
    )
    begun = time.monotonic()
    in_processes(KEYS[name], run, store=lambda *_: None)
    return (time.monotonic() - begun) / len(KEYS[name])


def of_a_command(name: str) -> float:
    """Seconds a run of a command, made from nothing in a folder that is thrown away."""
    (module, *arguments), runs = COMMANDS[name]
    with tempfile.TemporaryDirectory() as folder:
        given = [argument.format(folder) for argument in arguments]
        given += [f"--out={folder}/out", f"--results={folder}/table.csv"]
        begun = time.monotonic()
        subprocess.run([sys.executable, "-m", f"experiments.{module}", *given], check=True)
        return (time.monotonic() - begun) / runs


def measure(tasks: list[str], slow: bool) -> None:
    """Time the tasks; a row each. CourseError for a task that is not known."""
    if unknown := [task for task in tasks if task not in {**KEYS, **COMMANDS}]:
        raise CourseError(f"{unknown[0]!r} is not timed: choose of {', '.join([*KEYS, *COMMANDS])}.")
    if slow:
        machine.as_a_slow_one([sys.executable, "-m", "benchmarks.commands", *tasks])
        return
    for task in tasks or KEYS:
        seconds = of_a_table(task) if task in KEYS else of_a_command(task)
        row = {"task": task, "processor": machine.processor(), "cores": machine.cores(),
               "gflops": round(machine.gflops()), "seconds": float(f"{seconds:.3g}")}  # fmt: skip
        provenance.store(TABLE, [row], ["task", "processor", "cores"], "benchmarks.commands:measure", list(row))
        print(row, flush=True)


def main(arguments=None) -> int:
    """The command line."""
    line = CommandLine(__doc__, measure)
    line.option("tasks", nargs="*", metavar="TASK", help=f"of {', '.join([*KEYS, *COMMANDS])}; default: the tables")
    line.option("--slow", action="store_true", help="as on one core without AVX-512")
    return line.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
