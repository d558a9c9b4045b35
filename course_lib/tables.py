"""Tables as CSV files: read, written whole or not at all, brought up to date by their keys, printed."""

import csv
import io
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import locked, write_atomically


def read_rows(path: Path, expected: Iterable[str] = ()) -> list[dict]:
    """The rows of a table as they stand there, every value as text; none if there is no table yet.

    expected: columns without which it is another table, a CourseError.
    """
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and not set(expected) <= rows[0].keys():
        raise CourseError(_other_columns(path, rows[0]))
    return rows


def _other_columns(path, columns):
    return f"{path} has other columns ({', '.join(columns)}): move it away, or give another file."


def number(value: str) -> float | str | None:
    """A value of a table: a float where it is one, None where there is none."""
    try:
        return float(value) if value else None
    except ValueError:
        return value


def write(path: Path, rows: list[dict], columns: Iterable[str] | None = None) -> None:
    """Write a table, whole or not at all. columns: default, those of all rows in order of appearance.

    CourseError if it cannot be written, or if a row has other columns.
    """
    columns = list(columns or dict.fromkeys(name for row in rows for name in row))
    if others := sorted({name for row in rows for name in row} - set(columns)):
        raise CourseError(_other_columns(path, others))
    content = io.StringIO(newline="")
    writer = csv.DictWriter(content, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content.getvalue())
    except OSError as error:
        raise CourseError(f"cannot write {path} ({error.strerror}): make room, or give another place.") from None


def upsert(
    path: Path,
    rows: list[dict],
    key: Sequence[str],
    columns: Iterable[str] | None = None,
    order: Callable[[dict], Any] | None = None,
) -> None:
    """Write rows into a table, in the place of those with the same values in columns `key`, or behind all.

    Values are compared as they stand in the file. Several rows may share a key: together they replace what is there
    under it. columns: default, those of the table and then new ones. order: what all rows are sorted by (`by_columns`).
    One process at a time: others wait. CourseError if the table lacks a column of the key.
    """

    def by_key(rows):
        found = {}
        for row in rows:
            found.setdefault(tuple("" if row[name] is None else str(row[name]) for name in key), []).append(row)
        return found

    with locked(path.with_name(f".{path.name}.lock")):
        there = by_key(read_rows(path, key)) | by_key(rows)
        table = [row for same in there.values() for row in same]
        write(path, sorted(table, key=order) if order else table, columns)


def by_columns(*names: str) -> Callable[[dict], Any]:
    """An order for `upsert`: by these columns, numbers as numbers, before text."""

    def order(row):
        values = [number(str(row[name])) for name in names]
        return [(isinstance(value, str), value or 0) for value in values]

    return order


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
