"""The files under data/ that come with the course, and their sha256."""

import re
from pathlib import Path

from course_lib.errors import CourseError

DATA = Path(__file__).resolve().parents[1] / "data"
_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \|.*\| `(?P<sha256>[0-9a-f]{64})` \|$", re.MULTILINE)


def path(name: str) -> Path:
    """The path of a bundled file, such as 'language/heldout.txt'. CourseError if it is missing."""
    found = DATA / name
    if not found.is_file():
        raise CourseError(f"data/{name} is missing. Run `make data`, or `git checkout data`, to bring it back.")
    return found


def checksums() -> dict[str, str]:
    """name -> sha256, as data/README.md states them."""
    return {row["name"]: row["sha256"] for row in _ROW.finditer(path("README.md").read_text(encoding="utf-8"))}
