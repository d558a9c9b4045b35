"""What a machine can do is measured, and times elsewhere are told from it."""

import time

import numpy as np
import pytest

from benchmarks import commands
from course_lib import machine, results, tables
from experiments.common.runs import fill


@pytest.fixture
def known(monkeypatch):
    """Two machines, one four times as fast as the other in products; and this one's speed, to be set."""
    columns = "task", "gflops", "seconds"
    timed = ("both.csv", 300.0, 100.0), ("both.csv", 75.0, 200.0), ("one.csv", 300.0, 60.0)
    rows = [dict(zip(columns, row, strict=True)) for row in timed]
    monkeypatch.setattr(results, "read", {"commands.csv": rows}.get)
    return lambda speed: monkeypatch.setattr(machine, "gflops", lambda: speed)


@pytest.mark.parametrize(("speed", "seconds"), [(300, 100), (75, 200), (150, 2**0.5 * 100), (18.75, 400)])
def test_between_two_known_machines(known, speed, seconds):
    known(speed)
    assert machine.seconds_here("both.csv") == pytest.approx(seconds)


def test_from_one_known_machine(known):
    known(300)
    assert machine.seconds_here("one.csv") == pytest.approx(60)
    known(75)
    assert machine.seconds_here("one.csv") == pytest.approx(60 * 4**machine.POWER)
    assert machine.seconds_here("none.csv") is None and machine.about("none.csv", 3) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(2, "10 s"), (84, "80 s"), (100, "2 minutes"), (1500, "25 minutes"), (9000, "2.5 hours")]
)
def test_a_time_in_words(seconds, words):
    assert machine.told(seconds) == words


def test_a_table_says_how_long_what_is_missing_takes(known, tmp_path, capsys, monkeypatch):
    known(75)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setattr(machine, "cores", lambda: 2)
    table = tmp_path / "both.csv"
    tables.write(table, [{"number": n, "square": n * n} for n in range(3)])
    fill(table, [(n,) for n in range(4)], ["number", "square"], square)
    said = "1 of 4 runs to make, about 3 minutes on this machine (2 cores, AVX2, 75 GFLOP/s)."
    assert said in capsys.readouterr().out
    fill(table, [(4,)], ["number", "square"], square, timed=False)
    assert "1 of 1 runs to make." in capsys.readouterr().out


def square(number):
    return {"square": number**2}


def test_the_speed_is_that_of_a_product():
    a = np.ones((512, 512), np.float32)
    begun, done = time.perf_counter(), 0
    while time.perf_counter() < begun + 0.3:
        a @ a
        done += 1
    mean = done * 2 * 512**3 / (time.perf_counter() - begun) / 1e9
    assert machine.gflops(0.3, 512) > mean / 2
    assert machine.gflops(0.3, 512) == machine.gflops(0.3, 512)  # measured once a process


@pytest.mark.stored
def test_every_long_command_has_its_time():
    timed = {row["task"] for row in results.read("commands.csv")}
    assert {*commands.KEYS, *commands.COMMANDS} <= timed
