"""Which command, which code and when made a stored table: lines of `provenance.csv`, beside the table.

    table, command, code, processor, date, rows

Written by what writes the table, never by hand. A line is for so many rows of a table; they add up to all it has, so
rows that came another way are seen. `code` is a digest of the sources and data that the making function reaches, by
name (`tools/dependencies.py`), not a commit: it stays what it is when history is rewritten, and it is another only if
something that can change a row has changed.
"""

import datetime
import functools
import importlib.util
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from course_lib import machine, tables
from course_lib.files import locked

FILE = "provenance.csv"
COLUMNS = ["table", "command", "code", "processor", "date", "rows"]


def lines_of(table: Path) -> list[dict]:
    """What is known of a table, the oldest rows first."""
    return [line for line in tables.read_rows(table.with_name(FILE), COLUMNS) if line["table"] == table.name]


def store(
    table: Path,
    rows: list[dict],
    key: Sequence[str],
    made_by: str,
    columns: Iterable[str] | None = None,
    order: Callable[[dict], Any] | None = None,
) -> None:
    """Write rows into a table, as `tables.upsert` does, and record what made them, unless they stood there before."""
    before = table.read_bytes() if table.is_file() else b""
    tables.upsert(table, rows, key, columns, order)
    if table.read_bytes() != before:
        record(table, made_by, len(rows))


def record(table: Path, made_by: str, rows: int) -> None:
    """Say what made the `rows` rows that were just written into a table. made_by: the function, as `module:function`.

    Of rows whose place they took, no more is said: those of the same command and the longest there first.
    """
    new = {"command": command(), "code": code(made_by), "processor": machine.processor()}
    provenance = table.with_name(FILE)
    with locked(provenance.with_name(f".{FILE}.lock")):
        lines = [line | {"rows": int(line["rows"])} for line in lines_of(table)]
        gone = sum(line["rows"] for line in lines) + rows - len(tables.read_rows(table))
        for line in sorted(lines, key=lambda line: line["command"] != new["command"]):
            less = max(min(line["rows"], gone), 0)
            line["rows"], gone = line["rows"] - less, gone - less
        rows += sum(line["rows"] for line in lines if new.items() <= line.items())
        lines = [line for line in lines if line["rows"] and not new.items() <= line.items()]
        lines.append(new | {"table": table.name, "date": f"{datetime.date.today()}", "rows": rows})
        stays = [line for line in tables.read_rows(provenance) if line["table"] != table.name]
        tables.write(provenance, sorted([*stays, *lines], key=lambda line: line["table"]), COLUMNS)


def command() -> str:
    """The command that this process was started with; of paths, which are this machine's, the last part."""
    spec = sys.modules["__main__"].__spec__
    name = f"python -m {spec.name}" if spec else f"python {Path(sys.argv[0]).name}"
    return " ".join([name, *(shlex.quote(re.sub(r"[^=]*[/\\]", "", part)) for part in sys.argv[1:])])


def name_of(function: Callable) -> str:
    """A function, or a partial of one, as `module:function`; of the module that is the program, with its real name."""
    function = getattr(function, "func", function)
    module = function.__module__
    if module == "__main__":
        spec = sys.modules[module].__spec__
        module = spec.name if spec else Path(sys.argv[0]).stem
    return f"{module}:{function.__name__}"


@functools.cache
def code(function: str, root: Path | None = None) -> str:
    """A digest of all that `module:function` reaches, as it stands; stored tables, which it may fill, left out.

    root: the folder its package lies in; default, where it is imported from.
    """
    from tools.dependencies import Reach

    module, name = function.split(":")
    if root is None:
        spec = importlib.util.find_spec(module.split(".")[0])
        root = Path(spec.origin).parents[spec.origin.endswith("__init__.py")] if spec and spec.origin else Path()
    reach = Reach(root).start("", [(module, name)])
    reach.files = {path for path in reach.files if path.parent.name not in ("results", "benchmarks")}
    return reach.digest()[:12]
