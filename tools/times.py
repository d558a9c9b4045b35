"""`make times`: run every lesson alone on both cores; store run time and peak memory in benchmarks/lesson_times.csv.

python -m tools.times            all lessons, three times each
python -m tools.times 02 03      these; the other lessons' rows stay
"""

import csv
import sys
import threading
import time

import psutil

from tools.build import ROOT, cells, edition, environment, execute, lessons

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
    repeats, chosen = 3, [n for n in lessons() if not sys.argv[1:] or n.startswith(tuple(sys.argv[1:]))]
    rows = []
    if RESULT.is_file():
        with open(RESULT, encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["lesson"] in set(lessons()) - set(chosen)]
    for name in chosen:
        runs = sorted((measure(name) for _ in range(repeats)), key=lambda run: run["seconds"])
        rows.append(runs[len(runs) // 2] | {"runs": repeats, "cores": psutil.cpu_count()})
        print(rows[-1], flush=True)
    with open(RESULT, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["lesson"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
