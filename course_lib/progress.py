"""Which exercises are solved, tried or untouched: read from the saved notebooks in work/. Nothing is sent anywhere.

An exercise is untouched while its answer is as it was handed out, solved if its check last printed ✓, else tried.
"""

import html
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.doctor import work_folder
from course_lib.errors import CourseError
from course_lib.installation import ROOT

SOLVED, TRIED, UNTOUCHED = "✓", "✗", "○"
WORDS = {SOLVED: "solved", TRIED: "tried", UNTOUCHED: "untouched"}
BETTER = (UNTOUCHED, TRIED, SOLVED)  # of two copies of a lesson, the further one counts
LESSON = re.compile(r"(\d\d_\w+?)(?:\.new\d*)?\.ipynb")  # the names that `make lab` gives


@dataclass
class Exercise:
    """An exercise, as it was handed out, and how far it is."""

    title: str
    check: tuple[str, str]  # grade_id and source of the cell that checks
    answer: tuple[str, str]
    state: str = UNTOUCHED
    said: str = ""  # by the check, if it is not solved yet


@dataclass
class Lesson:
    """A lesson and its exercises."""

    name: str
    title: str
    exercises: list[Exercise]
    is_there: bool = False

    @property
    def solved(self) -> str:
        """How many exercises are."""
        return f"{sum(each.state == SOLVED for each in self.exercises)} of {len(self.exercises)}"

    @property
    def marks(self) -> str:
        """One sign an exercise."""
        return " ".join(each.state for each in self.exercises)


@dataclass
class Progress:
    """All lessons, and what there is to say about files that are no lesson, or cannot be read."""

    lessons: list[Lesson]
    remarks: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """How many exercises are solved, and with which one to go on."""
        every = [(lesson, each) for lesson in self.lessons for each in lesson.exercises]
        solved = sum(each.state == SOLVED for _, each in every)
        left = next(((lesson, each) for lesson, each in every if each.state != SOLVED), None)
        go_on = f"Next: lesson {left[0].name[:2]}, {left[1].title}." if left else "That is all of them."
        return f"{solved} of {len(every)} exercises solved. {go_on}"

    def __str__(self) -> str:
        """As a terminal shows it."""
        lines = [self.summary, "   ".join(f"{mark} {word}" for mark, word in WORDS.items()), ""]
        wide = max((len(lesson.title) for lesson in self.lessons), default=0)
        for lesson in self.lessons:
            lines.append(f"{lesson.name[:2]}  {lesson.title:{wide}}  {lesson.marks}")
            lines += [f"      {each.title}: {each.said}" for each in lesson.exercises if each.said]
        return "\n".join([*lines, *([""] if self.remarks else []), *self.remarks])

    def _repr_html_(self) -> str:
        """As a notebook shows it, with links to the lessons beside it."""

        def row(lesson: Lesson) -> str:
            link = f'<a href="{html.escape(lesson.name)}.ipynb">{html.escape(lesson.title)}</a>'
            each = "<br>".join(
                f'<span title="{WORDS[one.state]}">{one.state}</span> {html.escape(one.title)}'
                + (f'<br><span style="opacity: 0.65">{html.escape(one.said)}</span>' if one.said else "")
                for one in lesson.exercises
            )
            cells = (lesson.name[:2], link if lesson.is_there else html.escape(lesson.title), lesson.solved, each)
            return (
                "<tr>" + "".join(f'<td style="text-align: left; vertical-align: top">{c}</td>' for c in cells) + "</tr>"
            )

        marks = "   ".join(f"{mark} {word}" for mark, word in WORDS.items())
        head = "".join(f'<th style="text-align: left">{c}</th>' for c in ("", "lesson", "solved", "exercises"))
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self.remarks)
        return (
            f"<p><b>{html.escape(self.summary)}</b></p><p>{marks}</p>"
            f"<table><tr>{head}</tr>{''.join(map(row, self.lessons))}</table>{remarks}"
        )


def read(work: Path | None = None, source: Path = ROOT / "notebooks") -> Progress:
    """Look through the notebooks in `work` (the student's folder). CourseError if it is not there."""
    work = work_folder() if work is None else work
    if not work.is_dir():
        raise CourseError(f"there is no folder {work}: `make lab` makes it, and puts the lessons there.")
    lessons = [_handed_out(path) for path in sorted(source.glob("[0-9]*.ipynb"))]
    progress = Progress([lesson for lesson in lessons if lesson.exercises])
    for path in sorted(work.glob("*.ipynb")):
        try:
            cells = _cells(path)
        except OSError as error:
            progress.remarks.append(f"{path.name} cannot be read: {error.strerror}.")
            continue
        except (ValueError, KeyError, TypeError, AttributeError):
            progress.remarks.append(
                f"{path.name} cannot be read: it is no notebook, or cut off. Rename it, `make lab`."
            )
            continue
        _count(progress, path, cells)
    for lesson in progress.lessons:
        if not lesson.is_there:
            progress.remarks.append(f"Lesson {lesson.name[:2]} is not in {work.name}/: `make lab` puts it there.")
    return progress


def _count(progress: Progress, path: Path, cells: list[dict]) -> None:
    """Take over what one file of the student's says."""
    found = {lesson.name: _found(lesson, cells) for lesson in progress.lessons}
    name = max(found, key=lambda each: len(found[each]), default="")
    by_name = LESSON.fullmatch(path.name)
    if not name or not found[name]:
        if by_name:
            progress.remarks.append(f"{path.name} has none of the exercises of its lesson.")
        return
    (lesson,) = (each for each in progress.lessons if each.name == name)
    if by_name and by_name[1] == name:
        lesson.is_there = True
    else:
        progress.remarks.append(f"{path.name} was renamed: it counts for lesson {name[:2]}.")
    for exercise, (state, said) in found[name]:
        if BETTER.index(state) >= BETTER.index(exercise.state):
            exercise.state, exercise.said = state, said


def _found(lesson: Lesson, cells: list[dict]) -> list[tuple[Exercise, tuple[str, str]]]:
    """The exercises of a lesson that are in a notebook, each with its state."""
    found = []
    for exercise in lesson.exercises:
        places = [i for i, cell in enumerate(cells) if _grade(cell).get("grade_id") == exercise.check[0]]
        places = places or [i for i, cell in enumerate(cells) if _source(cell).strip() == exercise.check[1].strip()]
        if not places:
            continue
        answers = [cell for cell in cells if _grade(cell).get("grade_id") == exercise.answer[0]]
        answer = _source((answers or cells[: places[-1]] or [{}])[-1])
        found.append((exercise, _state(exercise, answer, cells[places[-1]])))
    return found


def _state(exercise: Exercise, answer: str, check: dict) -> tuple[str, str]:
    """How far an exercise is, and what its check said."""
    if answer.split() == exercise.answer[1].split():
        return UNTOUCHED, ""
    outputs = [output for output in check.get("outputs") or [] if isinstance(output, dict)]
    for output in outputs:
        if output.get("output_type") == "error":
            said = str(output.get("evalue", "")).strip().splitlines() or [str(output.get("ename"))]
            return TRIED, said[0][:200]
    if any(_joined(output.get("text", "")).lstrip().startswith(SOLVED) for output in outputs):
        return SOLVED, ""
    return TRIED, "its check was not run since, or the notebook not saved."


def _cells(path: Path) -> list[dict]:
    """The code and texts of a notebook. ValueError, KeyError or TypeError if it is none."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if isinstance(cell, dict)]


def _joined(text) -> str:
    return text if isinstance(text, str) else "".join(line for line in text or () if isinstance(line, str))


def _source(cell: dict) -> str:
    return _joined(cell.get("source", ""))


def _grade(cell: dict) -> dict:
    metadata = cell.get("metadata")
    grade = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return grade if isinstance(grade, dict) else {}


def _handed_out(path: Path) -> Lesson:
    """A lesson as students get it."""
    cells = _cells(path)
    title = re.search(r"^# (?:\d+ · )?(.+)$", _source(cells[0]), re.M)
    lesson, heading, answer = Lesson(path.stem, title[1] if title else path.stem, []), "", ("", "")
    for cell in cells:
        grade = _grade(cell)
        if cell.get("cell_type") == "markdown":
            heading = (re.findall(r"^##+ (\d+ · .+)$", _source(cell), re.M) or [heading])[-1]
        elif grade.get("grade"):
            name = heading or grade["grade_id"].removesuffix("-check")
            lesson.exercises.append(Exercise(name, (grade["grade_id"], _source(cell)), answer))
            heading = ""
        elif grade.get("solution"):
            answer = grade["grade_id"], _source(cell)
    return lesson
