"""Where the stored tables of the lessons lie, which experiments and benchmarks write and lessons read."""

from pathlib import Path

from course_lib.errors import CourseError
from course_lib.tables import number, read_rows

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "experiments" / "results", ROOT / "benchmarks")


def read(name: str) -> list[dict]:
    """The rows of a stored table; numbers as floats, empty fields as None. CourseError if it is not there."""
    for folder in FOLDERS:
        if (folder / name).is_file():
            return [{key: number(value) for key, value in row.items()} for row in read_rows(folder / name)]
    raise CourseError(f"there is no stored result {name!r}. Run `git checkout experiments/results benchmarks`.")
