"""What a machine can do is measured, and times elsewhere are told from it."""

import re
import subprocess
import sys
import time

import numpy as np
import pytest

from benchmarks import commands
from course_lib import machine, results, tables
from experiments.captioning.recipe import Recipe, is_stored, read
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


@pytest.mark.parametrize(
    ("flags", "kind", "precision"),
    [
        ("fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile", "AVX-512", "mixed_bfloat16"),
        ("fpu avx2 avx512f avx512_bf16", "AVX-512", "float32"),
        ("fpu avx2", "AVX2", "float32"),
        (None, machine.platform.machine(), "float32"),
    ],
)
def test_the_processor_decides_about_the_precision(tmp_path, monkeypatch, flags, kind, precision):
    path = tmp_path / "cpuinfo"
    if flags:
        path.write_text(f"flags : {flags}\n")
    monkeypatch.setattr(machine, "Path", lambda _: path)
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    assert (machine.processor(), machine.fast_precision()) == (kind, precision)
    for attention in ("", "after"):
        own = {"conditioning": "initial state", "attention": attention}
        assert read(Recipe, [], **own).precision == ("float32" if attention else precision)
        assert read(Recipe, ["precision=mixed_bfloat16"], **own).precision == "mixed_bfloat16"
        assert is_stored(read(Recipe, [], **own, seed=3))
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert machine.fast_precision() == "float32"


def test_a_slow_machine_is_one_to_every_library(monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    check = "import os; from course_lib import machine as m; "
    check += "assert m.WITHOUT_AVX512.items() <= os.environ.items(); assert m.processor() == 'AVX2'; "
    check += "assert m.cores() == 1 or not hasattr(os, 'sched_getaffinity')"
    before = machine.cores()
    assert machine.as_a_slow_one([sys.executable, "-c", check]) == 0
    assert machine.cores() == before
    loaded = "import sys, course_lib.machine; sys.exit('numpy' in sys.modules)"  # it reads its variable only then
    assert subprocess.run([sys.executable, "-c", loaded]).returncode == 0


def test_lessons_say_how_long_they_take_together(monkeypatch):
    rows = [{"lesson": name, "gflops": 300.0, "seconds": s} for name, s in (("01", 40.0), ("02", 60.0), ("03", 7.0))]
    monkeypatch.setattr(results, "read", {"lesson_times.csv": rows}.get)
    monkeypatch.setattr(machine, "gflops", lambda: 300)
    assert machine.lesson_seconds_here(["01", "02", "a new one"]) == pytest.approx(100)
    for cores, seconds in ((1, 100), (2, 50), (8, 50)):
        monkeypatch.setattr(machine, "cores", lambda cores=cores: cores)
        assert machine.lesson_seconds_here(["01", "02"], at_a_time=2) == pytest.approx(seconds)


@pytest.mark.stored
def test_every_long_command_has_its_time():
    timed = {row["task"] for row in results.read("commands.csv")}
    told = {
        task
        for folder in ("benchmarks", "experiments", "tools")
        for path in (results.ROOT / folder).rglob("*.py")
        for task in re.findall(r"""about\(['"]([\w.-]+(?: \w+)*)['"]""", path.read_text(encoding="utf-8"))
    }
    assert {*commands.KEYS, *commands.COMMANDS, *told} <= timed
    programs = {f"benchmarks.{path.stem}" for path in (results.ROOT / "benchmarks").glob("*.py")}
    assert programs - told == {"benchmarks.__init__", "benchmarks.commands"}
    assert {"tools.pretrain", "language_model", "translate train"} <= told
