"""`make times`: run every lesson alone on both cores; store run time and peak memory in benchmarks/lesson_times.csv.

python -m tools.times            all lessons, three times each
python -m tools.times 02 03      these; the other lessons' rows stay
"""

import sys
import threading
import time

import psutil

from tools.build import ROOT, cells, edition, environment, execute
from tools.lesson_rows import chosen, update

RESULT = ROOT / "benchmarks" / "lesson_times.csv"


def measure(name: str) -> dict:
    """Wall-clock seconds of a lesson and the peak memory of its kernel, GB."""
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
        execute(notebook, environment(psutil.cpu_count()))
    finally:
        done.set()
        watcher.join()
    return {"lesson": name, "seconds": round(time.monotonic() - start, 1), "peak_memory_gb": round(peak / 1e9, 2)}


def main() -> int:
    """Each chosen lesson three times; the median run is kept."""
    repeats, names, rows = 3, chosen(sys.argv[1:]), []
    for name in names:
        runs = sorted((measure(name) for _ in range(repeats)), key=lambda run: run["seconds"])
        rows.append(runs[len(runs) // 2] | {"runs": repeats, "cores": psutil.cpu_count()})
        print(rows[-1], flush=True)
    update(RESULT, list(rows[0]), names, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
