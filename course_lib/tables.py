"""Tables as CSV files: read, written whole or not at all, brought up to date by their keys, printed."""

import csv
import io
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from course_lib.files import locked, write_atomically


def read_rows(path: Path) -> list[dict]:
    """The rows of a table as they stand there, every value as text; none if there is no table yet."""
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict], columns: Iterable[str] | None = None) -> None:
    """Write a table, whole or not at all. columns: default, those of all rows in order of appearance."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(columns or dict.fromkeys(name for row in rows for name in row))
    content = io.StringIO(newline="")
    writer = csv.DictWriter(content, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, content.getvalue())


def upsert(path: Path, rows: list[dict], key: Sequence[str], columns: Iterable[str] | None = None) -> None:
    """Write rows into a table, each in the place of the one with the same values in columns `key`, or behind all.

    Values are compared as they stand in the file. columns: default, those of the table and then new ones. One process
    at a time: others wait.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(f".{path.name}.lock")):
        there = {tuple(row[name] for name in key): row for row in read_rows(path)}
        there |= {tuple(str(row[name]) for name in key): row for row in rows}
        write(path, list(there.values()), columns)


def medians(rows: list[dict], by: str) -> dict[str, dict]:
    """For every value of column `by`, in order of appearance, the median of each column of numbers."""
    groups = {}
    for row in rows:
        groups.setdefault(row[by], []).append(row)
    result = {}
    for name, group in groups.items():
        columns = [c for c in group[0] if all(isinstance(row[c], float) for row in group)]
        result[name] = {c: statistics.median(row[c] for row in group) for c in columns}
    return result


def print_table(header: Iterable[str], rows: Iterable[Iterable]) -> None:
    """Print a table, first column left, the others right; None is printed as a dash."""
    lines = [list(map(str, header)), *([("–" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print(
            line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True)), sep="  "
        )
