"""A column of numbers, in order of time, from a file of columns: CSV, with a comma, semicolon or tab between them."""

import csv
import itertools
import re
from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np

from course_lib.datasets.plain_text import read_lines
from course_lib.errors import CourseError

GAPS = {"", "na", "n/a", "nan", "null", "none", "-", "?", "."}  # how files write that a number is missing
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([ T][\d:.]+Z?)?)?)?")  # as ISO 8601 has it, so that text sorts as time


class Column(NamedTuple):
    """A column: its name, its numbers (N,), NaN where there is a gap, and a sentence for every kind of odd line."""

    name: str
    numbers: np.ndarray
    problems: list[str]


def read_column(path, column: str | None = None) -> Column:
    """The numbers of a column, from the first that is there to the last.

    column: its name, upper or lower case, or its number from 1; not needed where only one holds numbers. What stands
    between columns is found; a first row without a number in it names them. A decimal comma is read as a point. A gap
    (an empty cell, NaN, NA, …), text, or a line that is too short leaves NaN. If another column's dates show that the
    newest row comes first, the rows are turned round. CourseError if the file cannot be read, or the column is not
    there, has no numbers, or is not said and several have.
    """
    rows, between = _rows(path)
    names = _names(rows)
    body = rows[1:] if names else rows
    width = max(len(row) for _, row in rows)
    names = [*names, *(f"column {i + 1}" for i in range(len(names), width))]
    place = _place(path, names, body, column)
    cells = [(line, row[place].strip() if place < len(row) else None) for line, row in body]
    numbers, problems = _numbers(cells, between)
    there = np.flatnonzero(~np.isnan(numbers))
    if not len(there):
        raise CourseError(
            f"{path}: no number in {names[place]!r}, the first line there says {cells[0][1]!r}; {_those(names, body)}."
            if cells
            else f"{path} has one row and no numbers: expected a number a line."
        )
    if _newest_first(body, place):
        numbers, there = numbers[::-1], np.flatnonzero(~np.isnan(numbers[::-1]))
        problems.append("the newest row comes first: turned round")
    numbers = numbers[there[0] : there[-1] + 1]
    if gaps := int(np.isnan(numbers).sum()):
        problems.append(f"gaps: {gaps} of {len(numbers)} numbers are missing")
    return Column(names[place], numbers, problems)


def _rows(path):
    """(line, cells) of every line that says something, and what is between cells."""
    lines = [(i, line) for i, line in enumerate(read_lines(path), 1) if not line.startswith("#")]
    while lines and not lines[-1][1].strip():
        lines.pop()
    said = [line for _, line in lines if line.strip()]
    if not said:
        raise CourseError(f"{path} is empty but for comments: expected a number a line.")

    def share(mark):
        """How many lines are cut into as many cells as most are, if there are several."""
        (cells, count), *_ = Counter(len(row) for row in csv.reader(said[:1000], delimiter=mark)).most_common(1)
        return count if cells > 1 else 0

    try:
        between = max("\t;,", key=share)  # the first of these if they are equal
        if share(between) == 0:
            return [(i, [line]) for i, line in lines], ""  # one column, where an empty line is a gap
        return [(i, row) for i, line in lines for row in csv.reader([line], delimiter=between) if line.strip()], between
    except csv.Error as error:
        raise CourseError(f"{path} cannot be cut into columns ({error}): save it as CSV again.") from None


def _value(cell):
    """A cell's number; NaN for a gap, None for text."""
    if cell.casefold() in GAPS:
        return np.nan
    cell = cell.replace("\N{MINUS SIGN}", "-")
    return float(cell.replace(",", ".")) if _NUMBER.fullmatch(cell) else None


def _is_number(cell):
    value = _value(cell.strip())
    return value is not None and not np.isnan(value)


def _names(rows):
    """The names of the columns, none if the first row has a number."""
    first = [cell.strip() for cell in rows[0][1]]
    return [] if any(map(_is_number, first)) or not any(first) else first


def _with_numbers(body, width):
    return [i for i in range(width) if any(i < len(row) and _is_number(row[i]) for _, row in body)]


def _those(names, body):
    found = [names[i] for i in _with_numbers(body, len(names))]
    return f"columns with numbers: {', '.join(found)}" if found else "no column has numbers"


def _place(path, names, body, column):
    if column is None:
        found = _with_numbers(body, len(names))
        if len(found) == 1:
            return found[0]
        raise CourseError(f"{path}: say which column, --column NAME; {_those(names, body)}.")
    wanted = column.strip()
    for same in (str, str.casefold):
        found = [i for i, name in enumerate(names) if same(name) == same(wanted)]
        if len(found) > 1:
            numbers = ", ".join(str(i + 1) for i in found)
            raise CourseError(f"{path}: {len(found)} columns are called {column!r}: give the number of one, {numbers}.")
        if found:
            return found[0]
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    raise CourseError(f"{path}: there is no column {column!r}; {_those(names, body)}.")


def _numbers(cells, between):
    """Numbers (N,) of (line, cell), and what is odd about them."""
    numbers, odd, commas = np.full(len(cells), np.nan), defaultdict(list), []
    for i, (line, cell) in enumerate(cells):
        if cell is None:
            odd["that are too short"].append(f"line {line}")
            continue
        value = _value(cell)
        if value is None or np.isinf(value):
            odd["without a number"].append(f"line {line}, {cell[:20]!r}")
            continue
        numbers[i] = value
        if "," in cell:
            commas.append(f"{cell} in line {line} as {numbers[i]:g}")
    problems = [f"lines {what}: {len(found)}, the first is {found[0]}" for what, found in odd.items()]
    if commas:
        problems.append(f"decimal commas: {len(commas)} numbers are read with one, the first {commas[0]}")
    return numbers, problems


def _newest_first(body, place):
    """Whether dates or years of another column fall from row to row."""
    for i in range(max((len(row) for _, row in body), default=0)):
        values = [row[i].strip() for _, row in body if i != place and i < len(row) and row[i].strip()]
        if len(values) > 2 and all(map(_DATE.fullmatch, values)):
            return all(later < earlier for earlier, later in itertools.pairwise(values))
    return False
