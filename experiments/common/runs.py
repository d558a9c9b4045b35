"""Many runs, a row of a table each: resumable, each made by whichever process is free.

Three parts that know nothing of each other. A `RunQueue` says which runs have no row yet, and stores rows. `run`, the
experiment's own, makes one: `run(*key) -> row`. An executor, `(keys, run, store)`, brings them together: `in_processes`
on this machine, `cluster.through_keras_tuner` on many. `fill` is all three, `command` has a command line, too.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
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
    keys, errors = iter(keys), []
    with _started(run, processes, threads) as idle:
        busy = {}  # connection -> the key it works on

        def hand_out(connection):
            key = None if errors else next(keys, None)
            if key is not None:
                with contextlib.suppress(OSError):  # it has died: said when it is waited for
                    connection.send(key)
                busy[connection] = key

        for connection in idle:
            hand_out(connection)
        while busy:
            ready: list[Any] = wait(list(busy))
            for connection in ready:
                key = busy.pop(connection)
                try:
                    answer = connection.recv()
                except (EOFError, OSError):
                    errors.append(CourseError(FAILED))
                    continue
                if isinstance(answer, CourseError):
                    errors.append(answer)
                else:
                    store(key, answer)
                hand_out(connection)
    if errors:
        raise errors[0]


@contextlib.contextmanager
def _started(run, processes, threads) -> Iterator[list[Connection]]:
    """A connection to each of some new processes; they are ended when it is left."""
    context, started, connections = multiprocessing.get_context("spawn"), [], []
    environment = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"), str(threads))
    try:
        with _environment(**environment, TF_NUM_INTEROP_THREADS="1"), _ctrl_c_ignored():
            for _ in range(processes):
                ours, theirs = context.Pipe()
                started.append(context.Process(target=_work, args=(theirs, run), daemon=True))
                started[-1].start()
                theirs.close()
                connections.append(ours)
        yield connections
        for connection in connections:
            connection.close()  # each ends by itself
        for process in started:
            process.join(10)
    finally:
        for process in started:
            process.terminate()
            process.join()


def _work(connection: Connection, run: Callable) -> None:
    """What a started process does: runs, until there are no more. Ctrl-C is for the one that started it."""
    from tqdm.auto import tqdm

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tqdm.set_lock(threading.RLock())  # its own, for several processes, is missed when one is ended
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # the connection was closed
        while True:
            key = connection.recv()
            try:
                answer = run(*key)
            except CourseError as error:
                answer = error
            connection.send(answer)


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
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
