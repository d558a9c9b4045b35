"""What memory this process holds and held, in GB of 10^9 bytes, the same on Linux, macOS and Windows."""

import re
import sys
from pathlib import Path


def peak_memory_gb() -> float:
    """The most this process has held so far, pages of files included."""
    if sys.platform == "linux":  # getrusage counts what the parent held before it started this process, too
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        (kib,) = re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        return int(kib) * 1024 / 1e9
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e9
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9  # bytes on macOS


def held_memory_gb() -> float:
    """What this process holds now, without pages of files, which are given back when room is needed."""
    import psutil

    if sys.platform == "linux":
        held = psutil.Process().memory_info()
        return (held.rss - held.shared) / 1e9
    return psutil.Process().memory_full_info().uss / 1e9
