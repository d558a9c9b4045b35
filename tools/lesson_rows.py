"""The tables that keep rows for every lesson: measure some lessons anew, keep the others' rows."""

from pathlib import Path

from course_lib import tables
from tools.build import lessons


def chosen(prefixes: list[str]) -> list[str]:
    """The lessons whose names begin with one of the prefixes, such as 01; all of them if there are none."""
    return [name for name in lessons() if not prefixes or name.startswith(tuple(prefixes))]


def update(path: Path, columns: list[str], measured: list[str], rows: list[dict], **machine) -> None:
    """Put `rows` in place of those of the measured lessons; rows of lessons that are gone go, too.

    machine: columns, such as cores=2; rows of another kind of machine stay.
    """

    def stays(row):
        others = any(row.get(name) != str(value) for name, value in machine.items())
        return row["lesson"] in lessons() and (others or row["lesson"] not in measured)

    kept = [row for row in tables.read_rows(path) if stays(row)]
    tables.write(path, sorted([*kept, *rows], key=lambda row: row["lesson"]), columns)
