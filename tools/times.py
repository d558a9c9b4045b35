"""`make times`: run every lesson alone on both cores; store run time and peak memory in benchmarks/lesson_times.csv.

The cells that one waits for longer than SLOW seconds are kept in benchmarks/cell_times.csv.

python -m tools.times            all lessons, three times each
python -m tools.times 02 03      these; the other lessons' rows stay
"""

import argparse
import datetime
import statistics
import sys
import threading
import time

import psutil

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
        execute(notebook, environment(psutil.cpu_count()), record_timing=True)
    finally:
        done.set()
        watcher.join()
    seconds = round(time.monotonic() - start, 1)
    return {"lesson": name, "seconds": seconds, "peak_memory_gb": round(peak / 1e9, 2), "cells": waits(notebook)}


def main() -> int:
    """Each chosen lesson three times; the median run is kept."""
    parser = argparse.ArgumentParser("python -m tools.times", description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="such as 01; default: all")
    names, rows, slow = chosen(parser.parse_args().lessons), [], []
    for name in names:
        runs = sorted((measure(name) for _ in range(REPEATS)), key=lambda run: run["seconds"])
        parts = [run.pop("cells") for run in runs]
        rows.append(runs[len(runs) // 2] | {"runs": REPEATS, "cores": psutil.cpu_count()})
        print(rows[-1], flush=True)
        for number, line in parts[0]:
            seconds = round(statistics.median(part[number, line] for part in parts), 1)
            if seconds >= SLOW:
                slow.append({"lesson": name, "cell": number, "seconds": seconds, "begins": line})
    update(RESULT, list(rows[0]), names, rows)
    update(CELLS, ["lesson", "cell", "seconds", "begins"], names, slow)
    return 0


if __name__ == "__main__":
    sys.exit(main())
