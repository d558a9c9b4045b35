"""Many runs, a row of a table each: resumable, each made by whichever process is free.

Three parts that know nothing of each other. `run`, the experiment's own, makes a row: `run(*key)`. `store(key, row)`
keeps it. An executor, `(keys, run, store)`, brings them together: `in_processes` on this machine,
`cluster.through_keras_tuner` on many. `fill` is all three, for the runs that have no row yet.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import active_children, get_context, parent_process, resource_tracker
from pathlib import Path
from typing import Any

from course_lib import machine, tables
from course_lib.errors import CourseError
from course_lib.files import locked
from experiments.common import provenance

THREADS = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"  # of a started process
FAILED = "a process ended before its run did; what has been saved is kept: give the same command to go on."


def fill(
    results: Path,
    keys: Sequence[tuple],
    columns: Sequence[str],
    run: Callable[..., dict],
    prepare: Callable[[], Any] | None = None,
    timed: bool = True,
) -> None:
    """Make the runs that have no row in the table `results` yet; `prepare()` before the first of them.

    keys: of the runs, under the first of the columns; rows stand in their order, others behind them. run: a function of
    a module (or a partial of one): processes are handed it. A row is stored, and what made it is recorded, when its run
    ends, so this can be stopped at any time, even killed, and loses only the runs that were under way. timed: the runs
    are those whose seconds benchmarks/commands.csv has, under the table's name: about how long they take here is said.
    CourseError if another process fills the table, or if a run failed.
    """
    names, rank = columns[: len(keys[0])], {tuple(map(str, key)): i for i, key in enumerate(keys)}

    def place(row):
        return rank.get(tuple(str(row[name]) for name in names), len(keys))

    def missing():
        rows = tables.read_rows(results)
        if rows and set(rows[0]) != set(columns):
            raise CourseError(f"{results} has other columns than {', '.join(columns)}: move it away, or give another.")
        done = set(map(place, rows))
        return [key for key in keys if rank[tuple(map(str, key))] not in done]

    def store(key, row):
        row = dict(zip(names, key, strict=True)) | row
        provenance.store(results, [row], names, made_by, columns, place)
        print(row, flush=True)

    if not missing():
        print(f"{results}: all {len(keys)} runs are in there. To make them again, move the file away.")
        return
    refusal = f"another process is filling {results}: wait for it."
    with locked(results.with_name(f".{results.name}.runs.lock"), refusal):
        left, made_by = missing(), provenance.name_of(run)
        provenance.code(made_by)  # as it is now, whatever is changed while the runs are made
        how_long = machine.about(results.name, len(left)) if timed else ""
        print(f"{results}: {len(left)} of {len(keys)} runs to make{how_long}.", flush=True)
        if prepare:
            prepare()
        in_processes(left, run, store)


def in_processes(
    keys: Iterable[tuple], run: Callable[..., Any], store: Callable[[tuple, Any], None], processes: int = 2
) -> None:
    """`run(*key)` in other processes, the next key to whichever is free; `store(key, what it returned)` here.

    Recurrent networks of a lesson's size gain nothing from a second thread, so two at a time do more. The processes are
    new ones, started as on every system (no fork), and end with this one, even if it is killed. A CourseError of a run
    is raised here when what was under way beside it has ended and is stored.
    """
    others = active_children()
    pool, left, under_way, error = ProcessPoolExecutor(processes, get_context("spawn"), _begin), iter(keys), {}, None

    def hand_out(count):
        with _starting():  # the pool starts a process when it is handed more than it has processes
            under_way.update({pool.submit(run, *key): key for key in islice(left, count)})

    try:
        hand_out(processes)
        while under_way:
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                key = under_way.pop(future)
                try:
                    store(key, future.result())
                except CourseError as mistake:
                    error = error or mistake
            if not error:
                hand_out(len(done))
    except BrokenProcessPool:
        raise CourseError(FAILED) from None
    except BaseException:
        for process in active_children():
            if process not in others:
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
def _starting() -> Iterator[None]:
    """Processes started inside have one thread and draw no progress bar: they would write over each other's.

    They never hear of Ctrl-C, not even while they import (POSIX); this one hears of it at the end.
    """
    given = dict.fromkeys(THREADS, "1") | {"COURSE_PROGRESS": "0"}
    before = {name: os.environ[name] for name in given if name in os.environ}
    os.environ |= given
    with _deaf_children():
        try:
            yield
        finally:
            for name in given:
                os.environ.pop(name)
            os.environ |= before


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Ctrl-C is held back, not ignored, which would lose it; a process started inside holds it back for good."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start would end the holding back
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
