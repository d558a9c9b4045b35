"""Stored results: the CSV files that experiments and benchmarks write and lessons read."""

import csv
import statistics
from collections.abc import Iterable
from pathlib import Path

from course_lib.errors import CourseError

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "experiments" / "results", ROOT / "benchmarks")


def _number(value: str):
    try:
        return float(value) if value else None
    except ValueError:
        return value


def read(name: str) -> list[dict]:
    """The rows of a stored table; numbers as floats, empty fields as None. CourseError if it is not there."""
    for folder in FOLDERS:
        if (folder / name).is_file():
            return [{key: _number(value) for key, value in row.items()} for row in read_rows(folder / name)]
    raise CourseError(f"there is no stored result {name!r}. Run `git checkout experiments/results benchmarks`.")


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
    temporary = path.with_suffix(".tmp")
    with open(temporary, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    temporary.replace(path)


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
