"""Which tests begin first, and what nbval does not compare."""

import os

# Kernels that pytest starts inherit this: progress bars are for people.
os.environ.setdefault("COURSE_PROGRESS", "0")

# The files that take longest, so that two processes end together.
LONGEST = ("flickr8k", "cell_zoo", "nbgrader", "shakespeare", "layers", "translate", "language_model", "pretrain",
           "layering", "align", "encoder_decoder", "captioner", "sabotage", "vision", "browser")  # fmt: skip


def pytest_collection_modifyitems(items):
    """Put the longest files first; the others keep their order."""
    rank = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


def pytest_collectstart(collector):
    """Tell nbval what not to compare: warnings differ between machines, a PNG between font libraries.

    What is plotted is asserted instead.
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr", "image/png")
