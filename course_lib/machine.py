"""What this machine can do, and about how long a command takes here: told from what it took on machines that are known.

Machines differ fourfold in matrix products, and so in all that trains.
"""

import functools
import math
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

from course_lib import results

# A recurrent network does not only multiply: seconds go with (GFLOP/s) ** -POWER. Where a command was timed on two
# kinds of machine, its own power is taken.
POWER = 0.7
# As on a processor without AVX-512: for oneDNN, for TensorFlow, which leaves oneDNN alone there and whose 16-bit
# products end the process where oneDNN lacks AVX-512, and for NumPy. Each is read when the library is loaded.
WITHOUT_AVX512 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "TF_ENABLE_ONEDNN_OPTS": "0", "OPENBLAS_CORETYPE": "Haswell"}


def processor() -> str:
    """The kind of processor, as far as products of matrices go: AVX-512, AVX2, or its architecture."""
    if os.environ.get("ONEDNN_MAX_CPU_ISA") == WITHOUT_AVX512["ONEDNN_MAX_CPU_ISA"]:
        return "AVX2"
    flags = _flags()
    return "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else platform.machine()


def fast_precision() -> str:
    """The policy of Keras with which products are fastest: 16 bits only where there are units for them (AMX).

    A training step of the captioner with AVX-512 and its instructions for bfloat16, but without AMX, took 0.7 s of a
    core in 32 bits, 1.0 s in 16. Without AVX-512 those of 16 bits gain nothing, either.
    """
    return "mixed_bfloat16" if processor() == "AVX-512" and "amx_bf16" in _flags() else "float32"


def _flags() -> set[str]:
    """What Linux says that the processor can do; elsewhere nothing."""
    try:
        return set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return set()


def as_a_slow_one(command: list[str]) -> int:
    """Run a command on one core (where the system can say so) and without AVX-512 -> its code."""
    environment = os.environ | WITHOUT_AVX512
    if not hasattr(os, "sched_setaffinity"):
        return subprocess.run(command, env=environment).returncode
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [max(before)])  # what is started inherits it
    try:
        return subprocess.run(command, env=environment).returncode
    finally:
        os.sched_setaffinity(0, before)


def cores() -> int:
    """How many of the processor's cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def gflops(seconds: float = 1.0, size: int = 1024) -> float:
    """Speed of products of two float32 matrices (size, size) in NumPy, GFLOP/s: a high one of those done in that time.

    Whatever else runs on the machine only ever makes one slower.
    """
    import numpy as np  # what hides AVX-512 can be set until here

    a = np.random.default_rng(0).standard_normal((size, size), np.float32)
    end, found = time.perf_counter() + seconds, []
    while time.perf_counter() < end or len(found) < 3:
        begun = time.perf_counter()
        a @ a
        found.append(2 * size**3 / (time.perf_counter() - begun) / 1e9)
    return statistics.quantiles(found, n=10)[-1]


def seconds_here(task: str) -> float | None:
    """About how long one run of a command takes here, by benchmarks/commands.csv; None if it is not in there."""
    rows = [row for row in results.read("commands.csv") if row["task"] == task]
    return _scaled(rows) if rows else None


def lesson_seconds_here(lessons: list[str], at_a_time: int = 1) -> float:
    """About how long these lessons take here, so many at a time, by benchmarks/lesson_times.csv."""
    times = results.read("lesson_times.csv")
    of = {name: [row for row in times if row["lesson"] == name] for name in lessons}
    return sum(_scaled(rows) for rows in of.values() if rows) / min(at_a_time, cores())


def _scaled(rows: list[dict]) -> float:
    """Seconds here of what took these rows' `seconds` on machines of these rows' `gflops`."""
    known = sorted((row["gflops"], row["seconds"]) for row in rows)
    (slow, long), (fast, short) = known[0], known[-1]
    power = math.log(long / short) / math.log(fast / slow) if fast > slow else POWER
    return short * (fast / gflops()) ** power


def told(seconds: float) -> str:
    """A time as one says it beforehand: '40 s', '12 minutes', '1.5 hours'."""
    if seconds < 90:
        return f"{max(round(seconds, -1), 10):.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def told_machine() -> str:
    """What this machine is: '2 cores, AVX2, 88 GFLOP/s'."""
    return f"{cores()} core{'s' if cores() > 1 else ''}, {processor()}, {gflops():.0f} GFLOP/s"


def about(task: str, runs: float = 1) -> str:
    """', about 12 minutes on this machine (2 cores, AVX2, 88 GFLOP/s)' for so many runs; '' if none was ever timed."""
    seconds = seconds_here(task)
    return about_seconds(runs * seconds) if seconds else ""


def about_seconds(seconds: float) -> str:
    """The same for a time that is known."""
    return f", about {told(seconds)} on this machine ({told_machine()})"
