"""Many runs, a row of a table each: resumable, each made by whichever process is free.

Three parts that know nothing of each other. A `RunQueue` says which runs have no row yet, and stores rows. `run`, the
experiment's own, makes one: `run(*key) -> row`. An executor, `(keys, run, store)`, brings them together: `in_processes`
on this machine, `cluster.through_keras_tuner` on many. `fill` is all three, `command` has a command line, too.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from typing import Any

from course_lib import tables
from course_lib.errors import CourseError
from course_lib.files import locked
from experiments.common.command_line import CommandLine

FAILED = "a process ended before its run did; what has been saved is kept: give the same command to go on."


class RunQueue:
    """The runs of a table: the first columns are the key of a run. As a context, it keeps others from the table."""

    def __init__(self, table: Path, keys: Sequence[tuple], columns: Sequence[str]):
        self.table, self.keys, self.columns = Path(table), list(keys), list(columns)
        self.names = self.columns[: len(self.keys[0])]
        self._rank = {tuple(map(str, key)): i for i, key in enumerate(self.keys)}

    def missing(self) -> list[tuple]:
        """The keys of the runs that have no row, in order."""
        done = {self._text(row) for row in tables.read_rows(self.table)}
        return [key for key in self.keys if tuple(map(str, key)) not in done]

    def store(self, key: tuple, row: dict) -> None:
        """Keep the row of a run; rows stand in the order of the keys, others behind them."""
        row = dict(zip(self.names, key, strict=True)) | row
        tables.upsert(
            self.table, [row], self.names, self.columns, lambda row: self._rank.get(self._text(row), len(self.keys))
        )

    def _text(self, row):
        return tuple(str(row[name]) for name in self.names)

    def __enter__(self) -> "RunQueue":
        self._lock = locked(
            self.table.with_name(f".{self.table.name}.runs.lock"),
            f"another process is filling {self.table}: wait for it.",
        )
        self._lock.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._lock.__exit__(*error)


def fill(
    table: Path,
    keys: Sequence[tuple],
    columns: Sequence[str],
    run: Callable[..., dict],
    prepare: Callable[[], Any] | None = None,
) -> None:
    """Make the runs that have no row in the table yet; `prepare()` before the first of them.

    run: a function of a module (or a partial of one): processes are handed it. A row is stored when its run ends, so
    this can be stopped at any time, even killed, and loses only the runs that were under way. CourseError if another
    process fills the table, or if a run failed.
    """
    queue = RunQueue(table, keys, columns)
    if not queue.missing():
        print(f"{table}: all {len(keys)} runs are in there. To make them again, move the file away.")
        return
    with queue:
        missing = queue.missing()
        print(f"{table}: {len(missing)} of {len(keys)} runs to make.", flush=True)
        if prepare:
            prepare()

        def store(key, row):
            queue.store(key, row)
            print(dict(zip(queue.names, key, strict=True)) | row, flush=True)

        with _environment(COURSE_PROGRESS=os.environ.get("COURSE_PROGRESS", "0")):  # rows are the progress
            in_processes(missing, run, store)


def command(
    doc: str,
    table: Path,
    keys: Sequence[tuple],
    columns: Sequence[str],
    run: Callable[..., dict],
    prepare: Callable[[], Any] | None = None,
) -> Callable[..., int]:
    """The command line of an experiment that fills one table: `main = command(__doc__, TABLE, KEYS, COLUMNS, run)`."""

    def main(arguments: Sequence[str] | None = None) -> int:
        line = CommandLine(doc, lambda results: fill(results, keys, columns, run, prepare))
        line.results(table)
        return line.run(arguments)

    return main


def in_processes(
    keys: Iterable[tuple],
    run: Callable[..., Any],
    store: Callable[[tuple, Any], None],
    processes: int = 2,
    threads: int = 1,
) -> None:
    """`run(*key)` in other processes, the next key to whichever is free; `store(key, what it returned)` here.

    Recurrent networks of a lesson's size gain nothing from a second thread, so two at a time do more. The processes are
    new ones, started as on every system (no fork), and end with this one, even if it is killed. A CourseError of a run
    is raised here when what was under way beside it has ended and is stored.
    """
    environment = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"), str(threads))
    pool, left, under_way, error = ProcessPoolExecutor(processes, get_context("spawn"), _begin), iter(keys), {}, None
    try:
        with _environment(**environment, TF_NUM_INTEROP_THREADS="1"), _ctrl_c_ignored():
            under_way = {pool.submit(run, *key): key for key in islice(left, processes)}
        while under_way:
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                key = under_way.pop(future)
                try:
                    store(key, future.result())
                except CourseError as mistake:
                    error = error or mistake
            if not error:
                under_way |= {pool.submit(run, *key): key for key in islice(left, len(done))}
    except BrokenProcessPool:
        raise CourseError(FAILED) from None
    except BaseException:
        for process in active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown()
    if error:
        raise error


def _begin() -> None:
    """What a started process does first. Ctrl-C is for the one that started it."""
    from tqdm.auto import tqdm

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tqdm.set_lock(threading.RLock())  # its own, for several processes, is missed when one is ended
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
    os._exit(1)


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Environment variables for the processes that are started inside."""
    before = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    """Processes that are started inside never hear of it, not even while they import (POSIX)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
