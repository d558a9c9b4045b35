"""Write a lesson, with solution markers, as the source of an nbgrader assignment, and nbgrader's settings.

python -m tools.release 01 FOLDER                    the whole lesson
python -m tools.release 01 FOLDER --exercises-only   its set-up cell and its exercises, for quick grading
"""

import argparse
import sys
from pathlib import Path

from tools.build import ROOT, cells, exercises_only, lessons

SETTINGS = """# nbgrader's settings for this course. Written once by tools.release; change what you like.
import sys

sys.path.append({root!r})  # the course's repository
from nbgrader import preprocessors
from tools import grading

c = get_config()
c.CourseDirectory.course_id = {course!r}
# What is graded are the copies that `python -m tools.submissions mend` makes; students' own files stay as they are.
if "autograde" in sys.argv:
    c.CourseDirectory.submitted_directory = "mended"

c.OverwriteCells.add_missing_cells = True
c.Execute.answer_seconds = 20  # for a check, or a cell of a student's; after each that ran out of time, half
c.Execute.lesson_seconds = 600  # for a cell of the lesson's: a whole lesson trains for up to a minute in one
c.Execute.max_characters = 1_000_000  # of output a cell
c.LimitOutput.max_lines = 1000
c.Autograde.autograde_preprocessors = [
    grading.Execute,  # nbgrader's own, but that no student's code can stop it
    preprocessors.IgnorePattern,
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    preprocessors.LimitOutput,
    preprocessors.SaveAutoGrades,
    preprocessors.AssignLatePenalties,
    preprocessors.CheckCellMetadata,
]
"""


def write_settings(course: Path) -> str:
    """Write nbgrader_config.py into a course folder unless there is one, and say which."""
    path = course / "nbgrader_config.py"
    if path.exists():
        return f"kept {path}"
    path.write_text(SETTINGS.format(root=str(ROOT), course=course.resolve().name), encoding="utf-8")
    return f"wrote {path}"


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser("python -m tools.release", description=__doc__.splitlines()[0])
    parser.add_argument("lesson", help="such as 01")
    parser.add_argument("folder", type=Path, help="such as my_course/source/ps1")
    parser.add_argument("--exercises-only", action="store_true")
    options = parser.parse_args(arguments)
    import nbformat

    names = [name for name in lessons() if name.startswith(options.lesson)]
    if len(names) != 1:
        print(f"there is no one lesson {options.lesson!r}; there are {', '.join(lessons())}", file=sys.stderr)
        return 1
    notebook = cells(names[0])
    options.folder.mkdir(parents=True, exist_ok=True)
    path = options.folder / f"{names[0]}.ipynb"
    nbformat.write(exercises_only(notebook) if options.exercises_only else notebook, path)
    print(f"wrote {path}")
    if options.folder.resolve().parent.name == "source":
        print(write_settings(options.folder.resolve().parents[1]))
    else:
        print(f"no nbgrader_config.py: {options.folder} is not in a folder named source", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
