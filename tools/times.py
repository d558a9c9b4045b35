"""`make times`: run every lesson alone on both cores; store run time and peak memory in benchmarks/lesson_times.csv.

The cells that one waits for longer than SLOW seconds are kept in benchmarks/cell_times.csv.

python -m tools.times            all lessons, three times each
python -m tools.times 02 03      these; the other lessons' rows stay
python -m tools.times --slow     as on one core without AVX-512, once each, in rows of their own
"""

import argparse
import datetime
import statistics
import sys
import threading
import time

import psutil

from course_lib import machine
from tools.build import ROOT, cells, edition, environment, execute
from tools.lesson_rows import chosen, update

RESULT = ROOT / "benchmarks" / "lesson_times.csv"
CELLS = RESULT.with_name("cell_times.csv")
SLOW, REPEATS = 1.0, 3


def waits(notebook) -> dict[tuple[int, str], float]:
    """The number of every cell that ran and its first line -> the seconds it took."""
    found = {}
    for number, cell in enumerate(notebook.cells):
        if times := cell.metadata.get("execution"):
            begun, done = (datetime.datetime.fromisoformat(times[name].replace("Z", "+00:00"))
                           for name in ("iopub.execute_input", "shell.execute_reply"))  # fmt: skip
            found[number, cell.source.strip().splitlines()[0]] = (done - begun).total_seconds()
    return found


def measure(name: str) -> dict:
    """Wall-clock seconds of a lesson, the peak memory of its kernel, GB, and of every cell the seconds."""
    peak, done = 0, threading.Event()

    def watch():
        nonlocal peak
        while not done.wait(0.25):
            for child in psutil.Process().children(recursive=True):
                try:
                    peak = max(peak, child.memory_info().rss)
                except psutil.Error:  # it ended between the two calls
                    continue

    notebook = edition(cells(name), "solutions")
    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    try:
        execute(notebook, environment(machine.cores()), record_timing=True)
    finally:
        done.set()
        watcher.join()
    seconds = round(time.monotonic() - start, 1)
    return {"lesson": name, "seconds": seconds, "peak_memory_gb": round(peak / 1e9, 2), "cells": waits(notebook)}


def main() -> int:
    """Each chosen lesson three times; the median run is kept."""
    parser = argparse.ArgumentParser("python -m tools.times", description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="such as 01; default: all")
    parser.add_argument("--slow", action="store_true", help="as on one core without AVX-512, once each")
    options = parser.parse_args()
    if options.slow:
        return machine.as_a_slow_one([sys.executable, "-m", "tools.times", *options.lessons])
    here = {"processor": machine.processor(), "cores": machine.cores()}
    repeats = REPEATS if here["cores"] > 1 else 1
    names, rows, slow = chosen(options.lessons), [], []
    seconds = machine.lesson_seconds_here(names) * repeats
    print(f"{len(names)} lessons, {repeats} times{machine.about_seconds(seconds)}.", flush=True)
    for name in names:
        runs = sorted((measure(name) for _ in range(repeats)), key=lambda run: run["seconds"])
        parts = [run.pop("cells") for run in runs]
        rows.append(runs[len(runs) // 2] | {"runs": repeats} | here | {"gflops": round(machine.gflops())})
        print(rows[-1], flush=True)
        for number, line in parts[0]:
            seconds = round(statistics.median(part[number, line] for part in parts), 1)
            if seconds >= SLOW:
                slow.append({"lesson": name, "cell": number, "seconds": seconds} | here | {"begins": line})
        update(RESULT, list(rows[0]), names[: len(rows)], rows, **here)
    update(CELLS, ["lesson", "cell", "seconds", *here, "begins"], names, slow, **here)
    return 0


if __name__ == "__main__":
    sys.exit(main())
