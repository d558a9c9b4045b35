"""What the commands print, on every system."""

import sys


def print_utf8():
    """Set standard output and error to UTF-8: a pipe of Windows has a code page, whose lack of a ✓ ends the program.

    What UTF-8 cannot say, such as half a character in a file's name, is printed as `\\udcff`.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a notebook's has none
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")
