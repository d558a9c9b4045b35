"""The nbgrader round trip: release, submit, autograde. The solved edition gets full marks, the blank one none."""

import subprocess
import sys

import nbformat
import pytest

from tools import build

EXERCISE_CELLS_ONLY = {"00_start_here": False}  # a short lesson is graded whole


def exercises(name: str, which: str) -> nbformat.NotebookNode:
    """A lesson's edition; of a long one the set-up cell and the exercises, which by design need nothing else."""
    notebook = build.edition(build.cells(name), which)
    if EXERCISE_CELLS_ONLY.get(name, True):
        code = [c for c in notebook.cells if c.cell_type == "code"]
        notebook.cells = [code[0], *(c for c in code if c.metadata.get("nbgrader"))]
    return notebook


@pytest.fixture(scope="module", params=build.lessons())
def marks(request, tmp_path_factory):
    """{student: (score, max score)} of a lesson, graded by nbgrader's own command line."""
    name, course = request.param, tmp_path_factory.mktemp("course")
    folders = {"source": "solutions", "submitted/solved": "solutions", "submitted/blank": "student"}
    for folder, which in folders.items():
        (course / folder / "ps").mkdir(parents=True)
        nbformat.write(exercises(name, which), course / folder / "ps" / f"{name}.ipynb")
    # What students get comes from the source with its markers.
    source = build.cells(name)
    source.cells = [c for c in source.cells if c.id in {cell.id for cell in exercises(name, "solutions").cells}]
    nbformat.write(source, course / "source" / "ps" / f"{name}.ipynb")
    (course / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "seq"\nc.ExecutePreprocessor.timeout = 600\n'
    )
    env = build.environment(1) | {"JUPYTER_CONFIG_DIR": str(course / "config")}

    def nbgrader(*arguments):
        finished = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=course,
            env=env,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert finished.returncode == 0, finished.stderr[-3000:]

    nbgrader("generate_assignment", "ps")
    released = nbformat.read(course / "release" / "ps" / f"{name}.ipynb", 4)
    assert any("raise NotImplementedError" in c.source for c in released.cells)
    nbgrader("autograde", "ps")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        result = {s.student.id: (s.score, s.max_score) for s in gradebook.assignment_submissions("ps")}
    return result


def test_the_solved_edition_gets_full_marks_and_the_blank_one_none(marks):
    assert marks["solved"][1] > 0
    assert marks["solved"][0] == marks["solved"][1]
    assert marks["blank"] == (0, marks["solved"][1])
