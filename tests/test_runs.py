"""Tables of many runs: each made by whichever process is free; stopped, killed, gone on with, refused in a sentence."""

import os
import signal
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from course_lib import tables
from experiments.common.command_line import STOPPED
from experiments.common.runs import _starting, in_processes

ROOT = Path(__file__).parents[1]
SCRIPT = """
import signal, sys, time
from pathlib import Path

from course_lib import tables
from course_lib.errors import CourseError
from experiments.common.command_line import CommandLine
from experiments.common.runs import fill


def run(number):
    time.sleep(float(sys.argv[2]))
    while sys.argv[3:] == ["last"] and number == 0 and len(tables.read_rows(Path(sys.argv[1]))) < 7:
        time.sleep(0.05)  # every other run is made meanwhile
    if sys.argv[3:] == [str(number)]:
        raise CourseError(f"run {number} cannot be.")
    return {"square": number**2}


def main():
    table = Path(sys.argv[1])
    if sys.argv[3:] == ["full"]:
        def write_bytes(path, content):
            raise OSError(28, "No space left on device")

        Path.write_bytes = write_bytes
    fill(table, [(i,) for i in range(8)], ["number", "square"], run, lambda: print("prepared", flush=True))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background commands ignore it
    sys.exit(CommandLine("python -m squares", main).run([]))
"""
SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals for other processes")


@pytest.fixture
def start(tmp_path):
    """(seconds of a run, the run that fails, ...) -> the process that fills tmp_path/squares.csv."""
    script = tmp_path / "squares.py"
    script.write_text(SCRIPT, encoding="utf-8")
    started = []

    def start(*arguments):
        command = [sys.executable, str(script), str(tmp_path / "squares.csv"), *map(str, arguments)]
        started.append(subprocess.Popen(
            command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        ))  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def rows(tmp_path):
    return [(int(row["number"]), int(row["square"])) for row in tables.read_rows(tmp_path / "squares.csv")]


def wait_for_rows(tmp_path, count):
    for _ in range(12000):
        if len(rows(tmp_path)) >= count:
            return
        time.sleep(0.05)
    raise AssertionError("no row came")


def ended(process, code, error=""):
    said, errors = process.communicate()
    assert (process.returncode, errors) == (code, error), said
    return said


ALL = [(i, i**2) for i in range(8)]


@SIGNALS
@pytest.mark.parametrize("group", [True, False])
def test_stopped_gone_on_with_and_done(start, tmp_path, group):
    first = start(0.4)
    wait_for_rows(tmp_path, 2)
    (os.killpg if group else os.kill)(first.pid, signal.SIGINT)  # by Ctrl-C, or by a supervisor
    assert "8 of 8 runs to make.\nprepared" in ended(first, 1, STOPPED + "\n")
    there = rows(tmp_path)
    assert 2 <= len(there) < 8

    said = ended(start(0), 0)
    assert f"{8 - len(there)} of 8 runs to make.\nprepared" in said
    assert rows(tmp_path) == ALL  # in the order of the keys, whoever was first

    said = ended(start(0), 0)
    assert said.startswith(f"{tmp_path / 'squares.csv'}: all 8 runs are in there.")
    assert "prepared" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["provenance.csv", "squares.csv", "squares.py"]


@SIGNALS
def test_ctrl_c_while_a_process_is_started_is_heard_afterwards():
    before, ended = signal.signal(signal.SIGINT, signal.default_int_handler), False
    try:
        with pytest.raises(KeyboardInterrupt), _starting():
            get_context("spawn").Process(target=time.sleep, args=(0,)).start()  # its helper must not undo it
            signal.raise_signal(signal.SIGINT)  # to this thread: others may be there
            ended = True
        assert ended
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_next_run_goes_to_whoever_is_free(start, tmp_path):
    said = ended(start(0, "last"), 0)
    assert said.splitlines()[-1] == str({"number": 0, "square": 0})
    assert rows(tmp_path) == ALL


@SIGNALS
def test_killed_its_processes_end_and_it_goes_on(start, tmp_path):
    import psutil

    first = start(0.5)
    wait_for_rows(tmp_path, 2)
    own = psutil.Process(first.pid).children(recursive=True)
    first.send_signal(signal.SIGKILL)  # this one alone
    gone, alive = psutil.wait_procs(own, timeout=600)
    assert len(gone) >= 2 and not alive
    before = len(rows(tmp_path))
    assert 2 <= before < 8
    assert f"{8 - before} of 8 runs to make." in ended(start(0), 0)
    assert rows(tmp_path) == ALL


@SIGNALS
def test_a_killed_process_is_said_and_the_others_rows_stay(start, tmp_path):
    import psutil

    first = start(0.5)
    wait_for_rows(tmp_path, 1)
    workers = [p for p in psutil.Process(first.pid).children() if "spawn_main" in " ".join(p.cmdline())]
    assert len(workers) == 2
    workers[0].kill()
    _, error = first.communicate()
    assert first.returncode == 1
    assert error == "a process ended before its run did; what has been saved is kept: give the same command to go on.\n"
    assert 1 <= len(rows(tmp_path)) < 8
    ended(start(0), 0)
    assert rows(tmp_path) == ALL


def test_a_run_that_fails_is_one_sentence_and_the_one_beside_it_is_kept(start, tmp_path):
    ended(start(0.3, 3), 1, "run 3 cannot be.\n")
    assert {1, 2} <= set(dict(rows(tmp_path))) and 3 not in dict(rows(tmp_path)) and 7 not in dict(rows(tmp_path))


def test_a_second_process_on_the_same_table_is_refused(start, tmp_path):
    first = start(0.5)
    wait_for_rows(tmp_path, 1)
    ended(start(0), 1, f"another process is filling {tmp_path / 'squares.csv'}: wait for it.\n")
    ended(first, 0)
    assert rows(tmp_path) == ALL


def test_a_full_disk_is_one_sentence_and_loses_nothing(start, tmp_path):
    tables.write(tmp_path / "squares.csv", [{"number": 5, "square": 25}])
    ended(start(0, "full"), 1, f"cannot write {tmp_path / 'squares.csv'} (No space left on device): make room, or give "
                               "another place.\n")  # fmt: skip
    assert rows(tmp_path) == [(5, 25)]
    ended(start(0), 0)
    assert rows(tmp_path) == ALL


def test_started_processes_draw_no_bars_and_those_of_others_are_left_alone(monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    other = get_context("spawn").Process(target=time.sleep, args=(600,))
    other.start()

    def stop(_, value):
        assert value == "0"
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            in_processes([("COURSE_PROGRESS",)], os.getenv, stop)
        other.join(1)
        assert other.is_alive() and "COURSE_PROGRESS" not in os.environ
    finally:
        other.kill()
        other.join()


def test_a_table_with_other_columns_is_refused_before_a_run(start, tmp_path):
    tables.write(tmp_path / "squares.csv", [{"number": 5, "cube": 125}])
    refusal = f"{tmp_path / 'squares.csv'} has other columns than number, square: move it away, or give another.\n"
    assert not ended(start(0), 1, refusal)


def test_a_folder_that_cannot_be_written(start, tmp_path):
    (tmp_path / "squares.csv").mkdir()  # as good as read-only, for root, too
    _, error = start(0).communicate()
    assert error.startswith(f"cannot write {tmp_path / 'squares.csv'} (") and len(error.splitlines()) == 1
