"""What the commands print, on every system."""

import io
import sys


def print_utf8() -> None:
    """Set standard output and error to UTF-8: a pipe of Windows has a code page, whose lack of a ✓ ends the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not a notebook's
            stream.reconfigure(encoding="utf-8")
