"""Build the notebooks: lessons/NN_name.py -> notebooks/ (students) and notebooks/solutions/ (instructors), executed.

    python -m tools.build            those whose lesson changed, or what it uses (tools/dependencies.py)
    python -m tools.build --all      all of them
    python -m tools.build --check    say which are out of date, change nothing

The stages: `cells` reads a lesson, `edition` makes the student edition with nbgrader's preprocessor, `execute` runs it.
`both` runs the solved edition whole, and of the students' only what differs. In the students', what gives the answer to
a guess is absent until it is run: JupyterLab shows the first line of what is folded.
"""

from __future__ import annotations

import argparse
import base64
import copy
import hashlib
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib import machine, results
from course_lib.errors import CourseError
from tools.dependencies import Reach

if TYPE_CHECKING:  # importing it takes a second, which `--help` shall not take
    import nbformat

ROOT = Path(__file__).resolve().parents[1]
LESSONS, NOTEBOOKS = ROOT / "lessons", ROOT / "notebooks"
EDITIONS = {"student": NOTEBOOKS, "solutions": NOTEBOOKS / "solutions"}
SET_UP = "set-up"  # the grade_id of a lesson's first code cell
GUESS, ANSWER = "guess", "answer"  # tags: of the cell where a number is typed, and of those that tell it
UNTIL_RUN = "until-run"  # tag, in the students' edition: of cells whose output is not there before they are run
DETAILS = "<details><summary>Open this when you have guessed.</summary>\n\n{}\n\n</details>"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def lessons() -> list[str]:
    """The lessons' names, in order."""
    return sorted(path.stem for path in LESSONS.glob("[0-9]*.py"))


def cells(name: str) -> nbformat.NotebookNode:
    """A lesson's source as a notebook, solutions in, not executed, with stable cell ids."""
    import jupytext

    notebook = jupytext.read(LESSONS / f"{name}.py", fmt="py:percent")
    # Exercises need the set-up: locked, nbgrader restores it, and nobody loses points for having changed it.
    next(cell for cell in notebook.cells if cell.cell_type == "code").metadata.nbgrader = {"grade_id": SET_UP}
    for position, cell in enumerate(notebook.cells):
        cell.id = hashlib.sha256(f"{position}\n{cell.source}".encode()).hexdigest()[:12]
        cell.metadata.pop("lines_to_next_cell", None)
        cell.metadata.setdefault("slideshow", {"slide_type": "skip"})  # what is not marked is on no slide
        if grade := cell.metadata.get("nbgrader"):
            # Sources say what an author has to choose; the rest of nbgrader's metadata follows from it.
            graded, set_up = "points" in grade, grade["grade_id"] == SET_UP
            full = {"schema_version": 3, "grade": graded, "task": False}
            full |= {"solution": not (graded or set_up), "locked": graded or set_up}
            cell.metadata.nbgrader = full | dict(grade)
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return notebook


def edition(notebook: nbformat.NotebookNode, which: str) -> nbformat.NotebookNode:
    """One edition of a lesson: the student's has its solutions cleared, and checks that may fail."""
    notebook = copy.deepcopy(notebook)
    if which == "student":
        from nbgrader.preprocessors import ClearSolutions

        notebook, _ = ClearSolutions().preprocess(notebook, {})
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade"):
                cell.metadata.tags = [*cell.metadata.get("tags", []), "raises-exception"]
            # The stub of an answer that is no function would end *Run All*: its check says that it is blank.
            cell.source = re.sub(r"^(# YOUR CODE HERE)\nraise NotImplementedError\(\)$", r"\1", cell.source, flags=re.M)
        fold(notebook)
    else:
        for cell in notebook.cells:
            # The markers are for the preprocessor, not for readers.
            cell.source = re.sub(r"^\s*### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.MULTILINE)
    return notebook


def fold(notebook: nbformat.NotebookNode) -> None:
    """Take away, in place, what gives a guess away: outputs from a guess to its answer; texts tagged `answer` are shut.

    A text tagged `answer` may stand behind the answer, too. CourseError if a guess has no answer behind it, or an
    answer no guess before it.
    """
    waiting: list[str] = []  # the guesses that have not been answered yet
    asked = False
    for cell in notebook.cells:
        tags, is_code = cell.metadata.get("tags", []), cell.cell_type == "code"
        first_line = cell.source.partition("\n")[0]
        asked = asked or GUESS in tags
        if ANSWER in tags and not (waiting if is_code else asked):
            raise CourseError(f"a cell tagged {ANSWER} has no cell tagged {GUESS} before it: {first_line}")
        if is_code and waiting:
            # What the solved edition shows is compared by nbval there.
            cell.metadata.tags = [*dict.fromkeys([*tags, "nbval-ignore-output", UNTIL_RUN])]
            cell.outputs, cell.execution_count = [], None
        elif ANSWER in tags and not is_code:
            cell.source = DETAILS.format(cell.source.strip())
        if GUESS in tags:
            waiting.append(first_line)
        elif ANSWER in tags and is_code:
            waiting.pop()
    if waiting:
        raise CourseError(f"a cell tagged {GUESS} has no cell tagged {ANSWER} behind it: {waiting[0]}")


def environment(threads: int) -> dict[str, str]:
    """The environment in which notebooks are built and checked: UTF-8, no progress bars, a given number of threads."""
    count = str(threads)  # operations side by side; inside each, one thread: course_lib/backend.py
    names = ("TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    # nbgrader calls alembic by its bare name, so the environment's programs must be found.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    fixed = {"COURSE_PROGRESS": "0", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT), "PATH": path}
    return os.environ | fixed | dict.fromkeys(names, count)


def execute(notebook: nbformat.NotebookNode, env: dict[str, str], **options) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom and keep its outputs, without what differs between runs."""
    from nbclient import NotebookClient

    options = {"timeout": None, "record_timing": False, "store_widget_state": False, "kernel_name": "python3"} | options
    # The kernel listens on loopback only: its warning about unencrypted traffic is not for us.
    options |= {"extra_arguments": ["--IPKernelApp.log_level=40"], "resources": {"metadata": {"path": str(ROOT)}}}
    client = NotebookClient(notebook, **options)
    client.execute(env=env)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
        if GUESS in cell.metadata.get("tags", []):
            for (
                output
            ) in cell.outputs:  # nobody can type into the field of a kernel that has ended: the question is kept
                output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    notebook.metadata.language_info = {"name": "python"}
    return notebook


def is_exercise(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is an exercise's answer or its check: what differs between the editions."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", SET_UP) != SET_UP


def exercises_only(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The set-up cell and the exercises with their texts: by design they need nothing else of a lesson."""
    import nbformat

    kept, text = [], None
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader"):
            kept += [text, cell] if text and is_exercise(cell) else [cell]
        text = cell if cell.cell_type == "markdown" else None
    return nbformat.from_dict(notebook | {"cells": kept})


def both(name: str, threads: int = 1) -> dict[str, nbformat.NotebookNode]:
    """Both editions of a lesson, executed. What does not depend on the exercises is run once, in the solved edition."""
    lesson, env = cells(name), environment(threads)
    student, solved = edition(lesson, "student"), execute(edition(lesson, "solutions"), env)
    blank = {cell.id: cell for cell in execute(exercises_only(student), env).cells}
    for cell, same in zip(student.cells, solved.cells, strict=True):
        if cell.cell_type == "code" and UNTIL_RUN not in cell.metadata.get("tags", []):
            ran = blank[cell.id] if is_exercise(cell) else same
            cell.outputs, cell.execution_count = copy.deepcopy(ran.outputs), same.execution_count
            for output in cell.outputs:
                if "execution_count" in output:
                    output.execution_count = cell.execution_count
    student.metadata = copy.deepcopy(solved.metadata)
    return {"student": student, "solutions": solved}


# -- what is out of date -----------------------------------------------------------------------------------------------

STAGES = [("tools.build", stage) for stage in ("cells", "both")]  # what a notebook depends on beside its lesson


def fingerprint(name: str) -> str:
    """A hash of all that a lesson's outputs depend on, written into the notebook: a change is seen on any machine."""
    source = (LESSONS / f"{name}.py").read_bytes().replace(b"\r\n", b"\n")
    return Reach(ROOT).start(source.decode("utf-8"), STAGES).digest(source)[:16]


def is_current(name: str) -> bool:
    """Whether both editions of a lesson were built from what is here now."""
    import nbformat

    paths, built_from = [folder / f"{name}.ipynb" for folder in EDITIONS.values()], fingerprint(name)
    return all(
        path.is_file() and nbformat.read(path, 4).metadata.get("course", {}).get("built_from") == built_from
        for path in paths
    )


def longest_first(names: list[str]) -> list[str]:
    """The lessons in the order in which two at a time end together; those never measured before the others."""
    seconds = {row["lesson"]: row["seconds"] for row in results.read("lesson_times.csv")}
    return sorted(names, key=lambda name: -seconds.get(name, float("inf")))


def build(name: str) -> list[Path]:
    """Build both editions of one lesson and write them."""
    import nbformat

    paths = []
    for which, notebook in both(name).items():
        notebook.metadata.course = {"built_from": fingerprint(name), "edition": which}
        paths.append(EDITIONS[which] / f"{name}.ipynb")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        nbformat.validate(notebook)
        nbformat.write(notebook, paths[-1])
        if which == "solutions":
            save_pictures(notebook)
    return paths


def save_pictures(notebook: nbformat.NotebookNode) -> None:
    """Write the figure of each cell tagged picture-NAME to docs/NAME.png, for the README."""
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("picture-"):
                (image,) = [o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})]
                (ROOT / "docs").mkdir(exist_ok=True)
                (ROOT / "docs" / f"{tag.removeprefix('picture-')}.png").write_bytes(base64.b64decode(image))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser("python -m tools.build", description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="such as 01; default: all that changed")
    parser.add_argument("--all", action="store_true", help="also what did not change")
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    options = parser.parse_args()
    chosen = [n for n in lessons() if not options.lessons or any(n.startswith(p) for p in options.lessons)]
    todo = [n for n in chosen if options.all or not is_current(n)]
    if options.check:
        print(
            "\n".join(f"{name} is out of date: run make notebooks" for name in todo) or "all notebooks are up to date"
        )
        return 1 if todo else 0
    if todo:
        print(f"{len(todo)} to build{machine.about_seconds(machine.lesson_seconds_here(todo, 2))}.", flush=True)
    with ThreadPoolExecutor(2) as pool:
        jobs = {name: pool.submit(build, name) for name in longest_first(todo)}
        failed = 0
        for name, job in jobs.items():
            try:
                print("\n".join(f"built {path.relative_to(ROOT)}" for path in job.result()), flush=True)
            except Exception as error:  # one lesson's failure must not hide the others'
                failed += 1
                print(f"FAILED {name}:\n{error}", file=sys.stderr, flush=True)
    if not todo:
        print("nothing to do: every notebook is up to date")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
