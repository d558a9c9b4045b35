"""The nbgrader round trip: release, submit, autograde. The solved edition gets full marks, the blank one none."""

import os
import subprocess
import sys

import nbformat
import pytest

from tools import build
from tools.release import exercises_only

# Lesson 00 is graded whole. Of the longer ones the exercises alone, as INSTRUCTORS.md offers; nbval runs them whole.
# COURSE_GRADE_WHOLE=1 grades every lesson whole.
WHOLE = build.lessons() if os.environ.get("COURSE_GRADE_WHOLE") else ["00_start_here"]


def submission(name: str, which: str) -> nbformat.NotebookNode:
    notebook = build.edition(build.cells(name), which)
    return notebook if name in WHOLE else exercises_only(notebook)


@pytest.fixture(scope="module", params=build.lessons())
def marks(request, tmp_path_factory):
    """{student: (score, max score)} of a lesson, graded by nbgrader's own command line."""
    name, course = request.param, tmp_path_factory.mktemp("course")
    env = build.environment(1) | {"JUPYTER_CONFIG_DIR": str(course / "config")}

    def run(*arguments, cwd=course):
        finished = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=900
        )
        assert finished.returncode == 0, finished.stderr[-3000:]

    whole = [] if name in WHOLE else ["--exercises-only"]
    run("tools.release", name, str(course / "source" / "ps"), *whole, cwd=build.ROOT)
    for student, which in (("solved", "solutions"), ("blank", "student")):
        path = course / "submitted" / student / "ps" / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(submission(name, which), path)
    settings = 'c = get_config()\nc.CourseDirectory.course_id = "seq"\nc.Execute.timeout = 900\n'
    (course / "nbgrader_config.py").write_text(settings)

    run("nbgrader", "generate_assignment", "ps")
    released = nbformat.read(course / "release" / "ps" / f"{name}.ipynb", 4)
    assert any("raise NotImplementedError" in c.source for c in released.cells)
    assert not any("SOLUTION" in c.source for c in released.cells)
    run("nbgrader", "autograde", "ps")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {s.student.id: (s.score, s.max_score) for s in gradebook.assignment_submissions("ps")}


def test_the_solved_edition_gets_full_marks_and_the_blank_one_none(marks):
    full = marks["solved"][1]
    assert full > 0
    assert marks == {"solved": (full, full), "blank": (0, full)}
