"""The page of progress: which exercises are solved, tried, untouched, whatever was done to the notebooks."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib import __main__ as command
from course_lib import progress
from course_lib.errors import CourseError
from course_lib.progress import SOLVED, TRIED, UNTOUCHED
from tools import build, lab

BLANK = "def {0}(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
NAMES = "one", "two", "three"


def cell(source, grade_id, grade, outputs=()):
    grade = {"grade_id": grade_id, "grade": grade, "solution": not grade, "locked": grade, "schema_version": 3}
    return new_code_cell(source, metadata={"nbgrader": grade}, outputs=list(outputs))


def lesson(name, ids=NAMES):
    cells = [new_markdown_cell(f"# {name[:2]} · Lesson {name}"), new_code_cell("import numpy")]
    for number, each in enumerate(ids, 1):
        blank = new_output("error", ename="NotYet", evalue=f"{each} is still blank", traceback=[])
        cells += [new_markdown_cell(f"#### {number} · Exercise {each}\n\nDo it."),
                  cell(BLANK.format(each), each, False),
                  cell(f"check({each})", f"{each}-check", True, [blank])]  # fmt: skip
    return new_notebook(cells=cells)


@pytest.fixture
def folders(tmp_path):
    source, work = tmp_path / "notebooks", tmp_path / "work"
    source.mkdir()
    nbformat.write(lesson("00_a"), source / "00_a.ipynb")
    nbformat.write(lesson("01_b", ("four", "five")), source / "01_b.ipynb")
    (source / "progress.ipynb").write_bytes((build.NOTEBOOKS / "progress.ipynb").read_bytes())
    lab.fill(work, source)
    return work, source


def change(path, name, output=None, answer="def f(x):\n    return 1", to=None):
    """Write an answer, and what its check then showed."""
    notebook = nbformat.read(path, 4)
    at = next(i for i, c in enumerate(notebook.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == name)
    notebook.cells[at].source = answer
    if output != "as before":
        notebook.cells[at + 1].outputs = [output] if output else []
    nbformat.write(notebook, to or path)


RIGHT = new_output("stream", text="✓ it is right\n")
WRONG = new_output("error", ename="NotYet", evalue="one: not yet. Look at <b> again.", traceback=[])


def states(work, source):
    return ["".join(each.state for each in lesson.exercises) for lesson in progress.read(work, source).lessons]


def test_untouched_tried_solved(folders):
    work, _ = folders
    assert states(*folders) == [UNTOUCHED * 3, UNTOUCHED * 2]
    change(work / "00_a.ipynb", "one", WRONG)
    change(work / "00_a.ipynb", "two", RIGHT)
    change(work / "00_a.ipynb", "three", None)
    assert states(*folders) == [TRIED + SOLVED + TRIED, UNTOUCHED * 2]
    found = progress.read(*folders)
    text, page = str(found), found._repr_html_()
    assert found.summary == "1 of 5 exercises solved. Next: lesson 00, 1 · Exercise one."
    assert "00  Lesson 00_a  ✗ ✓ ✗\n      1 · Exercise one: one: not yet. Look at <b> again.\n" in text
    assert "3 · Exercise three: its check was not run since, or the notebook not saved." in text
    assert "Look at &lt;b&gt; again." in page and '<a href="00_a.ipynb">Lesson 00_a</a>' in page and "1 of 3" in page
    assert found.remarks == []


def test_an_answer_taken_back_is_untouched_and_all_solved_is_said(folders):
    work, _ = folders
    change(work / "00_a.ipynb", "one", RIGHT, answer=BLANK.format("one"))
    assert states(*folders)[0] == UNTOUCHED * 3
    for file, names in (("00_a.ipynb", NAMES), ("01_b.ipynb", ("four", "five"))):
        for name in names:
            change(work / file, name, RIGHT)
    assert progress.read(*folders).summary == "5 of 5 exercises solved. That is all of them."


def test_of_two_copies_the_further_one_counts_and_a_renamed_one_is_said(folders):
    work, source = folders
    change(work / "00_a.ipynb", "one", RIGHT)
    change(source / "00_a.ipynb", "two", WRONG, to=work / "00_a.new.ipynb")
    change(work / "01_b.ipynb", "five", RIGHT)
    (work / "01_b.ipynb").rename(work / "my second.ipynb")
    assert states(*folders) == [SOLVED + TRIED + UNTOUCHED, UNTOUCHED + SOLVED]
    assert progress.read(*folders).remarks == [
        "my second.ipynb was renamed: it counts for lesson 01.",
        "Lesson 01 is not in work/: `make lab` puts it there.",
    ]


def test_metadata_that_was_lost_loses_nothing(folders):
    work, _ = folders
    change(work / "00_a.ipynb", "two", RIGHT)
    notebook = nbformat.read(work / "00_a.ipynb", 4)
    for each in notebook.cells:
        each.metadata.clear()
    nbformat.write(notebook, work / "00_a.ipynb")
    assert states(*folders)[0] == UNTOUCHED + SOLVED + UNTOUCHED


@pytest.mark.parametrize(
    "raw", [b"", b"{ half a file", b"[]", b"3", b'{"cells": 3}', b"\xff\xfe\x00", b'{"nbformat": 4}']
)
def test_a_broken_notebook_is_one_line(folders, raw):
    work, _ = folders
    (work / "00_a.ipynb").write_bytes(raw)
    change(work / "01_b.ipynb", "four", RIGHT)
    found = progress.read(*folders)
    assert len([line for line in found.remarks if "00_a.ipynb" in line]) == 1
    assert "SOLVED" not in str(found) and states(*folders)[1] == SOLVED + UNTOUCHED


@pytest.mark.parametrize("strange", [
    {"cells": []}, {"cells": [None, 3, {}, {"cell_type": "code"}]},
    {"cells": [{"cell_type": "code", "source": ["check(one)", 3], "metadata": 3, "outputs": [7, {"text": None}]}]},
    {"cells": [{"source": "check(one)", "metadata": {"nbgrader": [1]}, "outputs": None}]},
])  # fmt: skip
def test_strange_cells_end_nothing(folders, strange):
    work, _ = folders
    (work / "00_a.ipynb").write_text(json.dumps(strange))
    assert len(str(progress.read(*folders)).splitlines()) < 12


def test_other_notebooks_are_nobodys_business(folders):
    work, _ = folders
    nbformat.write(new_notebook(cells=[new_code_cell("1 + 1")]), work / "notes.ipynb")
    assert progress.read(*folders).remarks == []


def test_the_command(folders, monkeypatch, capsys):
    work, _ = folders
    monkeypatch.setenv("COURSE_WORK", str(work))
    assert command.main(["progress"]) == 0
    assert "exercises solved. Next: lesson 00, " in capsys.readouterr().out
    monkeypatch.setenv("COURSE_WORK", str(work / "nowhere"))
    assert command.main(["progress"]) == 1
    assert "`make lab` makes it" in capsys.readouterr().err
    with pytest.raises(CourseError):
        progress.read(work / "nowhere")


def test_every_exercise_of_every_lesson_is_known_by_its_title(tmp_path):
    lab.fill(tmp_path)
    found = progress.read(tmp_path)
    assert found.remarks == [] and [each.name for each in found.lessons] == build.lessons()
    for each in found.lessons:
        assert all(one.title[0].isdigit() and one.state == UNTOUCHED for one in each.exercises), each.name
        assert "01_predict" not in each.title
    solved = progress.read(build.EDITIONS["solutions"])
    assert all(one.state == SOLVED for each in solved.lessons for one in each.exercises)


def test_the_page_is_handed_out_and_runs(folders):
    work, _ = folders
    page = nbformat.read(work / "progress.ipynb", 4)
    nbformat.validate(page)
    env = build.environment(1) | {"COURSE_WORK": str(work)}
    (output,) = build.execute(page, env).cells[1].outputs
    assert "exercises solved" in output.data["text/html"] and "exercises solved" not in output.data["text/plain"][:20]
