"""Tables of many runs: stopped by Ctrl-C in one sentence, gone on with, and told when there is nothing left to do."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_lib import tables
from experiments.jobs import STOPPED

ROOT = Path(__file__).parents[1]
SCRIPT = """
import signal, sys, time
from pathlib import Path
from experiments.jobs import work_through

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background commands ignore it

def run(number):
    time.sleep(0.2)
    return {"square": number**2}

table = Path(sys.argv[1])
sys.exit(work_through([(i,) for i in range(8)], run, table, ["number", "square"], lambda: print("prepared")))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_stopped_gone_on_with_and_done(tmp_path):
    script, table = tmp_path / "squares.py", tmp_path / "squares.csv"
    script.write_text(SCRIPT, encoding="utf-8")
    command = {
        "args": [sys.executable, str(script), str(table)], "env": os.environ | {"PYTHONPATH": str(ROOT)},
        "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True,
    }  # fmt: skip
    first = subprocess.Popen(**command)
    for _ in range(600):
        if {"0", "1"} <= {row["number"] for row in tables.read_rows(table)}:  # both processes are at work
            break
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGINT)
    said, error = first.communicate(timeout=30)
    assert first.returncode == 1
    assert "8 of 8 runs to make." in said
    assert error.splitlines() == [STOPPED]
    there = len(tables.read_rows(table))
    assert 2 <= there < 8

    second = subprocess.Popen(**command)
    said, error = second.communicate(timeout=60)
    assert (second.returncode, error) == (0, "")
    assert f"{8 - there} of 8 runs to make.\nprepared" in said
    assert [(row["number"], row["square"]) for row in tables.read_rows(table)] == [
        (str(i), str(i**2)) for i in range(8)
    ]

    third = subprocess.Popen(**command)
    said, error = third.communicate(timeout=60)
    assert (third.returncode, error) == (0, "")
    assert said.startswith(f"{table}: all 8 runs are in there.")
    assert "prepared" not in said
