"""The nbgrader round trip: release, submit, autograde. The solved edition gets full marks, the blank one none."""

import os
import subprocess
import sys

import nbformat
import pytest

from tools import build, release

# Lesson 00 is graded whole. Of the longer ones the exercises alone, as INSTRUCTORS.md offers; nbval runs them whole.
# COURSE_GRADE_WHOLE=1 grades every lesson whole.
WHOLE = build.lessons() if os.environ.get("COURSE_GRADE_WHOLE") else ["00_start_here"]


def submission(name: str, which: str) -> nbformat.NotebookNode:
    notebook = build.edition(build.cells(name), which)
    return notebook if name in WHOLE else build.exercises_only(notebook)


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """{lesson: {student: (score, max score)}}, graded by nbgrader's own command line, all lessons in one go."""
    course = tmp_path_factory.mktemp("course")
    env = build.environment(1) | {"JUPYTER_CONFIG_DIR": str(course / "config")}

    def run(*arguments):
        finished = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=course, env=env, capture_output=True, text=True
        )
        assert finished.returncode == 0, finished.stderr[-3000:]

    for name in build.lessons():
        whole = [] if name in WHOLE else ["--exercises-only"]
        assert release.main([name, str(course / "source" / "ps"), *whole]) == 0
        for student, which in (("solved", "solutions"), ("blank", "student")):
            path = course / "submitted" / student / "ps" / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(submission(name, which), path)
    settings = 'c = get_config()\nc.CourseDirectory.course_id = "seq"\nc.Execute.timeout = None\n'
    (course / "nbgrader_config.py").write_text(settings)

    run("nbgrader", "generate_assignment", "ps")
    for name in build.lessons():
        released = nbformat.read(course / "release" / "ps" / f"{name}.ipynb", 4)
        assert any("raise NotImplementedError" in c.source for c in released.cells)
        assert not any("SOLUTION" in c.source for c in released.cells)
    run("nbgrader", "autograde", "ps")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        graded = [part for s in gradebook.assignment_submissions("ps") for part in s.notebooks]
        return {name: {part.student.id: (part.score, part.max_score) for part in graded if part.name == name}
                for name in build.lessons()}  # fmt: skip


@pytest.mark.parametrize("name", build.lessons())
def test_the_solved_edition_gets_full_marks_and_the_blank_one_none(marks, name):
    full = marks[name]["solved"][1]
    assert full > 0
    assert marks[name] == {"solved": (full, full), "blank": (0, full)}
