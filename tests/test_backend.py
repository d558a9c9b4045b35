"""A kernel keeps memory while cells run, and gives it back when it is idle."""

import asyncio
import ctypes
import platform

import psutil
import pytest

from course_lib import backend


class Shell:
    """IPython's events, as far as the course listens to them."""

    def __init__(self):
        self.events, self.of = self, {}

    def register(self, event, function):
        self.of[event] = function

    def run_cell(self, megabytes):
        self.of["pre_run_cell"](None)
        left_behind = [bytearray(b"1") * 2**16 for _ in range(16 * megabytes)]
        last = bytearray(b"1") * 2**16  # lies above the others: without a trim nothing below it is given back
        del left_behind
        self.of["post_run_cell"](None)
        return last


def held():
    return psutil.Process().memory_info().rss / 2**20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other systems' malloc is left as it is")
@pytest.mark.parametrize("idle", [True, False])
def test_what_cells_leave_behind_is_given_back_once_the_kernel_is_idle(monkeypatch, idle):
    async def kernel():
        backend._give_back_when_idle(shell)
        kept = [shell.run_cell(400)]
        before = held()
        if not idle:  # the next cell begins before the time is up
            kept.append(shell.run_cell(0))
            shell.of["pre_run_cell"](None)
        await asyncio.sleep(0.01)
        return before - held()

    shell = Shell()
    monkeypatch.setattr(backend, "IDLE", 0.0)
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    given_back = asyncio.run(kernel())
    assert given_back > 300 if idle else given_back < 10
