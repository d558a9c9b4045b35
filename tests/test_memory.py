"""Memory is told in GB, whatever the system counts in."""

import subprocess
import sys

import numpy as np
import pytest

from course_lib.memory import held_memory_gb


def test_what_is_held_grows_by_what_is_filled_and_shrinks_again():
    code = """
import numpy as np
from course_lib.memory import held_memory_gb, peak_memory_gb
before = held_memory_gb()
filled = np.ones(300_000_000, np.uint8)
within, peak = held_memory_gb(), peak_memory_gb()
del filled
print(before, within, peak, held_memory_gb())
"""  # in a new process: in this one, TensorFlow may keep what is given back
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    before, within, peak, after = map(float, finished.stdout.split())
    assert within - before == pytest.approx(0.3, abs=0.03)
    assert peak >= within
    assert after - before == pytest.approx(0, abs=0.03)


def test_the_peak_stays_and_is_the_process_s_own():
    ballast = np.ones(600_000_000, np.uint8)  # of the parent: it must not count below
    code = "import numpy as np; from course_lib.memory import peak_memory_gb; before = peak_memory_gb()\n"
    code += "np.ones(500_000_000, np.uint8); print(before, peak_memory_gb())"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    before, peak = map(float, finished.stdout.split())
    assert ballast.nbytes > 5e8 and before < 0.3
    assert 0.5 <= peak < 0.8


def test_pages_of_files_are_not_held(tmp_path):
    rows = np.memmap(tmp_path / "rows", np.uint8, "w+", shape=(200_000_000,))
    rows[:] = 1
    rows.flush()
    before = held_memory_gb()
    rows = np.memmap(tmp_path / "rows", np.uint8, "r")
    assert rows[::4096].sum() > 0
    assert held_memory_gb() - before < 0.03
