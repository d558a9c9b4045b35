"""Mend what students hand in before nbgrader grades it, and say afterwards what was wrong and what was given.

python -m tools.submissions mend COURSE ps1      before `nbgrader autograde ps1`: writes COURSE/mended
python -m tools.submissions report COURSE ps1    after it: a line for each student about whom there is something to say

Students' own files, in COURSE/submitted, are only read. A mended notebook has each cell that nbgrader knows of exactly
once, as it was handed out but for the answers; every other cell is the student's, in the student's order.
"""

import argparse
import sys
from pathlib import Path

from course_lib.errors import CourseError


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        "python -m tools.submissions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("what", choices=["mend", "report"])
    parser.add_argument("course", type=Path, help="the course folder, such as ../my_course")
    parser.add_argument("assignment", help="such as ps1")
    options = parser.parse_args(arguments)
    from tools import mending  # and with it nbgrader, which --help need not wait for

    try:
        if options.what == "report":
            print("\n".join(mending.report(options.course, options.assignment)))
            return 0
        said = mending.mend_class(options.course, options.assignment)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    for student, remarks in said.items():
        if remarks:
            print(f"{student}: {'; '.join(remarks)}")
    print(f"{len(said)} students, copies in {options.course / 'mended'}; next: nbgrader autograde {options.assignment}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
