"""What gives a guess away is folded in the students' edition, and nowhere else; nothing else changes by it."""

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


def folded(cells):
    return [(cell.source, *cell.metadata["jupyter"]) for cell in cells if "jupyter" in cell.metadata]


def test_all_between_a_guess_and_its_answer_is_folded():
    student = build.edition(guessed(), "student")
    assert folded(student.cells) == [
        ("measure()", "outputs_hidden"),
        ("It is 3, as you see.", "source_hidden"),
        ("guess.answer(3, because='…')", "outputs_hidden"),
        ("Three, because …", "source_hidden"),
    ]
    nbformat.validate(student)


def test_the_solved_edition_and_the_outputs_stay():
    solved, student = (build.edition(guessed(), which) for which in ("solutions", "student"))
    assert folded(solved.cells) == []
    for one, other in zip(solved.cells, student.cells, strict=True):
        assert one.source == other.source and one.get("outputs") == other.get("outputs")


def test_two_guesses_are_folded_up_to_the_second_answer():
    cells = [code("a", "guess"), code("b", "guess"), code("c"), code("d", "answer"), code("e"), code("f", "answer"),
             code("g"), code("h", "guess"), code("i", "answer"), code("j")]  # fmt: skip
    student = build.edition(notebook(*cells), "student")
    assert [source for source, _ in folded(student.cells)] == ["b", "c", "d", "e", "f", "i"]


@pytest.mark.parametrize(("cells", "said"), [
    ([code("guess = ask('x')", "guess"), code("x")], "guess has no cell tagged answer behind it: guess = ask"),
    ([code("x"), code("guess.answer(3)", "answer")], "answer has no cell tagged guess before it: guess.answer"),
    ([text("It is 3.", "answer"), code("x")], "answer has no cell tagged guess before it: It is 3"),
])  # fmt: skip
def test_a_guess_without_an_answer_is_one_sentence(cells, said):
    with pytest.raises(CourseError, match=said) as error:
        build.edition(notebook(*cells), "student")
    assert "\n" not in str(error.value)


def test_folding_or_unfolding_is_not_editing(tmp_path):
    paths = [tmp_path / "folded.ipynb", tmp_path / "open.ipynb"]
    for path, which in zip(paths, ("student", "solutions"), strict=True):
        nbformat.write(build.edition(guessed(), which), path)
    assert paths[0].read_text() != paths[1].read_text()
    assert lab.digest(paths[0]) == lab.digest(paths[1])


def test_the_exercises_alone_are_the_same_as_without_folding():
    exercise = {"nbgrader": {"grade_id": "x", "solution": True, "grade": False, "locked": False, "schema_version": 3}}
    lesson = guessed()
    lesson.cells[0].metadata.nbgrader = {"grade_id": build.SET_UP, "solution": False, "grade": False}
    solved = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    lesson.cells += [text("#### 1 · An exercise"), code(solved, **exercise)]
    alone = build.exercises_only(build.edition(lesson, "student"))
    assert [cell.source.split("\n")[0] for cell in alone.cells] == ["import numpy", "#### 1 · An exercise", "def f():"]
    assert folded(alone.cells) == []


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
