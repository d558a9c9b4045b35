"""Write a lesson, with solution markers, as the source of an nbgrader assignment.

python -m tools.release 01 FOLDER                    the whole lesson
python -m tools.release 01 FOLDER --exercises-only   its set-up cell and its exercises, for quick grading
"""

import argparse
import sys
from pathlib import Path

from tools.build import cells, exercises_only, lessons


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
    return 0


if __name__ == "__main__":
    sys.exit(main())
