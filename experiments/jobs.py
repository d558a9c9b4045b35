"""Many small runs, a row of a table each: resumable, in two processes with one thread each.

Recurrent networks of a lesson's size gain nothing from a second thread, so two at a time do more.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from course_lib import tables
from course_lib.errors import CourseError

STOPPED = "stopped; what has been saved is kept: give the same command to go on."


def work_through(
    jobs: list[tuple], run: Callable[..., dict], result: Path, columns: list[str], prepare: Callable | None = None
) -> int:
    """`run(*job) -> row` for every job that has no row in the table yet, and `prepare()` before the first of them;
    0, or 1 if a process failed or was stopped.

    The first columns name the job. A row is written when its run ends, so this can be stopped at any time, even killed,
    and loses only the runs that were under way. At the end the rows stand in the order of the jobs, others behind them.
    The two processes are started as this one was, with COURSE_PART set, and end in here.
    """
    part, _, table = os.environ.get("COURSE_PART", "").partition(" ")
    if not part:
        _write(jobs, result, columns)  # the header has to be there before two processes append
        missing = len(_missing(jobs, result, columns))
        if not missing:
            print(f"{result}: all {len(jobs)} runs are in there. To make them again, move the file away.")
            return 0
        print(f"{result}: {missing} of {len(jobs)} runs to make.", flush=True)
        one_thread = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")
        command = [sys.executable, *sys.orig_argv[1:]]
        parts = [os.environ | one_thread | {"COURSE_PART": f"{part} {result.name}"} for part in "01"]
        try:
            if prepare:
                prepare()
            failed = any_failed([subprocess.Popen(command, env=env) for env in parts])
        except KeyboardInterrupt:
            print(STOPPED, file=sys.stderr)
            failed = True
        _write(jobs, result, columns)
        return int(failed)
    if table != result.name:  # a command with several tables: this process was started for another one
        return 0
    try:
        for i, job in _missing(jobs, result, columns):
            if i % 2 == int(part):
                row = dict(zip(columns, job, strict=False)) | run(*job)
                append(result, row, columns)
                print(row, flush=True)
    except KeyboardInterrupt:
        sys.exit(1)
    sys.exit(0)  # what comes after this table is for the process that waits for both


def any_failed(processes: list[subprocess.Popen]) -> bool:
    """When all have ended. Ctrl-C ends them, too; KeyboardInterrupt is raised when it has."""
    try:
        return any([process.wait() for process in processes])
    except KeyboardInterrupt:
        for process in processes:
            process.wait()
        raise


def append(result: Path, row: dict, columns: list[str]) -> None:
    """Write one more row, whole or not at all; the header before the first."""
    if not result.is_file():
        tables.write(result, [], columns)
    with open(result, "a", encoding="utf-8", newline="") as file:  # one line, written at once when closed
        csv.DictWriter(file, columns, lineterminator="\n").writerow(row)


def _stored(result, names):
    return {tuple(row[name] for name in names): row for row in tables.read_rows(result)}


def _missing(jobs, result, columns):
    """(place among all, job) of those that have no row."""
    done = _stored(result, columns[: len(jobs[0])])
    return [(i, job) for i, job in enumerate(jobs) if tuple(map(str, job)) not in done]


def _write(jobs, result, columns):
    rows = _stored(result, columns[: len(jobs[0])])
    first = [rows.pop(key) for job in jobs if (key := tuple(map(str, job))) in rows]
    tables.write(result, [*first, *rows.values()], columns)


def read_settings(recipe: type, given: list[str]) -> dict:
    """NAME=VALUE pairs as fields of a dataclass with defaults, each of its own type. "seed" has its own option."""
    types, result = {field.name: type(field.default) for field in fields(recipe) if field.name != "seed"}, {}
    for pair in given:
        name, _, value = pair.partition("=")
        try:
            result[name] = types[name](value)
        except (KeyError, ValueError):
            raise CourseError(
                f"--set {pair}: expected NAME=VALUE with a number and one of the names {', '.join(types)}."
            ) from None
    return result
