"""What gives a guess away is absent or shut in the students' edition, and nowhere else; nothing else changes by it."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.errors import CourseError
from tools import build, lab


def code(source, *tags, **metadata):
    outputs = [new_output("stream", text="shown\n")]
    return new_code_cell(source, metadata={"tags": list(tags)} | metadata, outputs=outputs, execution_count=1)


def text(source, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def notebook(*cells):
    return new_notebook(cells=list(cells), metadata={"kernelspec": build.KERNEL})


def guessed():
    return notebook(
        code("import numpy"), text("What will it be?"), code("guess = ask('x')", "guess"), text("How it is measured."),
        code("measure()"), text("It is 3, as you see.", "answer"), code("guess.answer(3, because='…')", "answer"),
        code("plot()"), text("Three, because …", "answer"), text("Later."),
    )  # fmt: skip


def absent(cells):
    """The cells without output, and whether all that says so is there."""
    found = [cell for cell in cells if build.UNTIL_RUN in cell.metadata.get("tags", [])]
    assert all(not c.outputs and c.execution_count is None and "nbval-ignore-output" in c.metadata.tags for c in found)
    return [cell.source for cell in found]


def test_all_between_a_guess_and_its_answer_is_absent():
    student = build.edition(guessed(), "student")
    assert absent(student.cells) == ["measure()", "guess.answer(3, because='…')"]
    shut = [cell.source.splitlines() for cell in student.cells if cell.source.startswith("<details>")]
    assert [lines[2] for lines in shut] == ["It is 3, as you see.", "Three, because …"]
    assert all(lines[-1] == "</details>" and lines[1] == lines[-2] == "" for lines in shut)
    nbformat.validate(student)


def test_the_solved_edition_and_all_else_stay():
    lesson = guessed()
    solved, student = (build.edition(lesson, which) for which in ("solutions", "student"))
    assert solved.cells == lesson.cells
    for one, other in zip(solved.cells, student.cells, strict=True):
        if other.source not in absent(student.cells) and not other.source.startswith("<details>"):
            assert one == other


def test_two_guesses_wait_for_the_second_answer():
    cells = [code("a", "guess"), code("b", "guess"), code("c"), code("d", "answer"), code("e"), code("f", "answer"),
             code("g"), code("h", "guess"), code("i", "answer"), code("j")]  # fmt: skip
    student = build.edition(notebook(*cells), "student")
    assert absent(student.cells) == ["b", "c", "d", "e", "f", "i"]


@pytest.mark.parametrize(("cells", "said"), [
    ([code("guess = ask('x')", "guess"), code("x")], "guess has no cell tagged answer behind it: guess = ask"),
    ([code("x"), code("guess.answer(3)", "answer")], "answer has no cell tagged guess before it: guess.answer"),
    ([text("It is 3.", "answer"), code("x")], "answer has no cell tagged guess before it: It is 3"),
])  # fmt: skip
def test_a_guess_without_an_answer_is_one_sentence(cells, said):
    with pytest.raises(CourseError, match=said) as error:
        build.edition(notebook(*cells), "student")
    assert "\n" not in str(error.value)


def test_running_a_cell_is_not_editing(tmp_path):
    student = build.edition(guessed(), "student")
    nbformat.write(student, tmp_path / "before.ipynb")
    student.cells[4].outputs = [new_output("stream", text="3")]
    nbformat.write(student, tmp_path / "after.ipynb")
    assert lab.digest(tmp_path / "before.ipynb") == lab.digest(tmp_path / "after.ipynb")


def test_both_editions_as_they_are_built(tmp_path, monkeypatch):
    source = """# %% [markdown]
# # 88 · A guess

# %%
from course_lib.exercises import lesson_00
from course_lib.guesses import ask

# %% tags=["nbval-ignore-output", "guess"]
guess = ask("x")

# %%
print(3)

# %% tags=["nbval-ignore-output", "answer"]
guess.answer(3, because="It is.")

# %% nbgrader={"grade_id": "words"}
def count(text):
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% nbgrader={"grade_id": "words-check", "points": 1}
assert callable(count)
"""
    (tmp_path / "88_guess.py").write_text(source)
    monkeypatch.setattr(build, "LESSONS", tmp_path)
    built = build.both("88_guess")
    cells = {which: [c for c in notebook.cells if c.cell_type == "code"] for which, notebook in built.items()}
    assert [c.execution_count for c in cells["solutions"]] == [1, 2, 3, 4, 5, 6]
    assert [c.execution_count for c in cells["student"]] == [1, 2, None, None, 5, 6]
    assert [len(c.outputs) for c in cells["solutions"]] == [0, 1, 1, 1, 0, 0]
    assert [len(c.outputs) for c in cells["student"]] == [0, 1, 0, 0, 0, 0]
    assert "until-run" not in str(built["solutions"])


def test_the_exercises_alone_are_the_same_as_without_folding():
    exercise = {"nbgrader": {"grade_id": "x", "solution": True, "grade": False, "locked": False, "schema_version": 3}}
    lesson = guessed()
    lesson.cells[0].metadata.nbgrader = {"grade_id": build.SET_UP, "solution": False, "grade": False}
    solved = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    lesson.cells += [text("#### 1 · An exercise"), code(solved, **exercise)]
    alone = build.exercises_only(build.edition(lesson, "student"))
    assert [cell.source.split("\n")[0] for cell in alone.cells] == ["import numpy", "#### 1 · An exercise", "def f():"]
    assert absent(alone.cells) == []


def test_the_stub_of_an_answer_that_is_a_variable_ends_nothing():
    exercise = {"nbgrader": {"grade_id": "x", "solution": True, "grade": False, "locked": False, "schema_version": 3}}
    number = "guess = ...\n### BEGIN SOLUTION\nguess = 1\n### END SOLUTION"
    function = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    cells = build.edition(notebook(code(number, **exercise), code(function, **exercise)), "student").cells
    assert cells[0].source == "guess = ...\n# YOUR CODE HERE"
    assert cells[1].source == "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def test_the_question_is_kept_where_nobody_can_type():
    lesson = notebook(
        new_code_cell("from course_lib.guesses import ask\nguess = ask('x')", metadata={"tags": ["guess"]})
    )
    (output,) = build.execute(lesson, build.environment(1)).cells[0].outputs
    assert dict(output.data) == {"text/plain": "Your guess, before you read on: x?"}


@pytest.mark.parametrize("name", build.lessons())
def test_every_lesson_can_be_folded(name):
    build.edition(build.cells(name), "student")
