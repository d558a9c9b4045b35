"""Which tests begin first, what nbval does not compare, and that no test writes over the stored tables."""

import os
from pathlib import Path

import pytest

# Kernels that pytest starts inherit this: progress bars are for people.
os.environ.setdefault("COURSE_PROGRESS", "0")

# The files that take longest, so that two processes end together.
LONGEST = ("nbgrader", "layers_table", "flickr8k", "translate", "cell_zoo", "layers", "shakespeare", "setup", "align",
           "language_model", "command_line", "browser", "pretrain", "encoder_decoder", "captioner", "vision", "doctor",
           "sabotage", "layering")  # fmt: skip


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


@pytest.fixture(scope="session", autouse=True)
def stored_tables_stay():
    """No test writes over what a run of hours has measured."""
    folder = Path(__file__).with_name("experiments") / "results"
    before = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    yield
    after = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    assert sorted(before) == sorted(after), f"tests made or removed a file of {folder}"
    changed = [name for name in before if before[name] != after[name]]
    assert not changed, f"tests wrote over {changed} in {folder}: give the command --results or --out"
