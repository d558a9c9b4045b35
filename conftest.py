"""nbval: standard error is not compared; TensorFlow's and the interpreter's warnings differ between machines."""

import os

# Kernels that pytest starts inherit this: progress bars are for people.
os.environ.setdefault("COURSE_PROGRESS", "0")


def pytest_collectstart(collector):
    """Tell nbval what not to compare. A PNG differs between font libraries; the plotted data are asserted instead."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr", "image/png")
