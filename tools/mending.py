"""What students hand in, mended: copies that nbgrader can grade, and what there was to mend (`tools.submissions`).

Students' own files are only read. A mended notebook has each cell that nbgrader knows of exactly once, as it was handed
out but for the answers; every other cell is the student's, in the student's order.
"""

import ast
import importlib.machinery
import importlib.util
import json
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_locked, is_solution, parse_utc

from course_lib.errors import CourseError
from tools.grading import CUT, STUDENTS

REMARKS = "remarks_{}.json"  # in COURSE/mended: what `mend` has to say, for `report`


@dataclass
class Cell:
    """What is kept of a student's cell: its text, its kind, and what nbgrader called it."""

    source: str
    kind: str = "code"
    name: str | None = None


class Remarks(dict[str, list[str]]):
    """What there is to say about a notebook: what happened -> to which cells."""

    def add(self, what: str, *names: str) -> None:
        """Say it of some cells; of none, nothing."""
        if names:
            self.setdefault(what, []).extend(names)

    def lines(self) -> list[str]:
        """One piece of text for each kind of thing."""
        return [f"{what}: {', '.join(dict.fromkeys(names))}" for what, names in self.items()]


def read(path: Path) -> list[Cell]:
    """A student's notebook, of any version. CourseError with a few words if it is none."""
    try:
        raw = path.read_bytes()
        if not raw.strip(b"\0 \t\r\n"):
            raise CourseError("an empty file")
        # Of one that an editor saved in another encoding, only what is not ASCII is lost: never code that counts.
        encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        notebook = json.loads(raw.decode(encoding, errors="replace"))
        # Only what is needed is looked at: nbformat refuses cells that a person reads without trouble, and prints them.
        sheets = [notebook] if "cells" in notebook else notebook["worksheets"]  # format 4, or 3 and 2
        return [_read_cell(cell) for sheet in sheets for cell in sheet["cells"] if isinstance(cell, dict)]
    except CourseError:
        raise
    except OSError as error:
        raise CourseError(f"it cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise CourseError(f"no notebook, or cut off: no JSON from line {error.lineno} on") from None
    except Exception as error:  # the libraries' errors on bytes that anybody may have made
        raise CourseError(f"no notebook: {type(error).__name__}: {str(error)[:60]}") from None


def _read_cell(cell: dict) -> Cell:
    """A cell of a notebook's JSON; what is missing or odd in it voids no other."""
    source = cell.get("source", cell.get("input")) or ""  # format 3 has `input` where there is code
    source = source if isinstance(source, str) else "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    grade = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = grade.get("grade_id") if isinstance(grade, dict) else None
    source = source.encode(errors="replace").decode()  # lone surrogates cannot be written
    kind = "code" if cell.get("cell_type", "code") == "code" else "markdown"
    return Cell(source, kind, name if isinstance(name, str) else None)


def bound(source: str) -> set[str]:
    """The names that code defines at its top level; the code may have syntax errors."""
    found = re.findall(r"^(?:async +def|def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)", source, re.MULTILINE)
    return {a or b for a, b in found}


def compiles(source: str) -> bool:
    """Whether a cell is Python, IPython's magics and its await outside of functions included."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        compile(TransformerManager().transform_cell(source), "a cell", "exec", flags)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: too many brackets
        return False
    return True


def text(source: str) -> list[str]:
    """A source's lines, for a comparison that no blank at a line's end disturbs."""
    return [line.rstrip() for line in source.strip().splitlines()]


@dataclass
class Lesson:
    """A lesson as it was handed out; `known`: the cells that nbgrader knows of, by name, in order."""

    name: str
    notebook: NotebookNode
    known: dict[str, NotebookNode] = field(init=False)

    def __post_init__(self) -> None:
        self.known = {c.metadata.nbgrader.grade_id: c for c in self.notebook.cells if is_locked(c) or is_solution(c)}
        self._own = {tuple(text(cell.source)) for cell in self.notebook.cells}

    def is_own(self, source: str) -> bool:
        """Whether this is one of the lesson's cells, unchanged."""
        return tuple(text(source)) in self._own

    def names(self, *kinds) -> list[str]:
        """The names of the cells of some kinds (nbgrader.utils.is_grade, is_solution)."""
        return [name for name, cell in self.known.items() if any(kind(cell) for kind in kinds)]

    def locked(self, cell: Cell) -> str | None:
        """The name of the set-up or check that a student's cell is, by its name or its text."""
        alike = [n for n, c in self.known.items() if is_locked(c) and text(c.source) == text(cell.source)]
        return next((n for n in [cell.name, *alike] if n in self.known and is_locked(self.known[n])), None)

    def is_blank(self, name: str, cell: Cell) -> bool:
        """Whether a student's cell is the answer `name` as it was handed out."""
        return text(cell.source) == text(self.known[name].source)

    def answer(self, name: str, cells: list[Cell]) -> list[int]:
        """Where the answer `name` is in a student's cells: by its name, else by what it defines; the written ones."""
        defines = bound(self.known[name].source)
        named = [i for i, c in enumerate(cells) if c.name == name and c.source.strip() and not self.locked(c)]
        alike = [
            i
            for i, c in enumerate(cells)
            if c.kind == "code" and defines and defines <= bound(c.source)
            if self.is_blank(name, c) or not self.is_own(c.source)
        ]
        written = [[i for i in found if not self.is_blank(name, cells[i])] for found in (named, alike)]
        return written[0] or written[1] or named[-1:] or alike[-1:]

    def written(self, cells: list[Cell]) -> int:
        """How many answers a student's cells hold that are not blank."""
        return sum(
            any(not self.is_blank(name, cells[i]) for i in self.answer(name, cells)) for name in self.names(is_solution)
        )

    def shared(self, cells: list[Cell]) -> int:
        """How many answers and checks of this lesson a student's cells hold."""
        checks = {self.locked(cell) for cell in cells} & set(self.names(is_grade))
        return len(checks) + sum(bool(self.answer(name, cells)) for name in self.names(is_solution))


def mend(lesson: Lesson, cells: list[Cell]) -> tuple[NotebookNode, list[str]]:
    """A student's cells -> a notebook that nbgrader can grade, and what was mended."""
    mending = _Mending(lesson, cells)
    mending.take_out_locked()
    mending.find_answers()
    notebook = mending.put_together(mending.cells_behind())
    if touches_checks(lesson, cells):
        mending.said.add("sets names of the checks (put back before each), read it", *sorted(check_modules(lesson)))
    return notebook, mending.said.lines()


class _Mending:
    """A notebook while it is mended, step by step in the order of `mend`. Numbers are places in the student's cells."""

    def __init__(self, lesson: Lesson, cells: list[Cell]):
        self.lesson, self.cells, self.said = lesson, cells, Remarks()
        self.kept: list[Cell | None] = list(cells)  # what becomes of each cell; None: it is left out
        self.marks: dict[str, list[int]] = {name: [] for name in lesson.names(is_locked)}  # where the student has them
        self.places: dict[str, int] = {}  # where an answer is complete
        self.shared: dict[str, NotebookNode] = {}  # in place of an answer that is in another's cell

    def take_out_locked(self) -> None:
        """Set-up and checks go, for the originals to come in; what a student wrote into one stays as a cell."""
        for i, cell in enumerate(self.cells):
            if name := self.lesson.locked(cell):
                self.marks[name].append(i)
                if text(cell.source) == text(self.lesson.known[name].source):
                    self.kept[i] = None
                elif cell.source.strip():
                    self.said.add("changed, the original is graded", name)
        self.said.add("missing, restored", *(name for name, at in self.marks.items() if not at))
        self.said.add("more than once", *(name for name, at in self.marks.items() if len(at) > 1))

    def find_answers(self) -> None:
        """Each answer has one cell, the last in which it is; the blank ones beside it go."""
        for name in self.lesson.names(is_solution):
            taken = set(self.places.values())
            at = self.lesson.answer(name, self.cells)
            at = [i for i in at if i not in taken] or at[-1:]  # not another's, unless there is no other
            for i, cell in enumerate(self.cells):
                if i not in taken and i not in at and (cell.name == name or self.lesson.is_blank(name, cell)):
                    self.kept[i] = None
            if not at:
                self.said.add("missing", name)
                continue
            self.places[name] = at[-1]
            if at[-1] in taken:
                self.said.add("in the cell of another answer", name)
                self.shared[name] = nbformat.from_dict(self.lesson.known[name] | {"source": "# answered above"})
            else:
                self._settle(name, at)

    def _settle(self, name: str, at: list[int]) -> None:
        """Make an answer that lies in some cells a code cell of its name, in the last one's place."""
        last, source = self.cells[at[-1]], self._joined(name, at)
        self.kept[at[-1]] = Cell(source, "code", name)
        if last.name != name:
            self.said.add("without its nbgrader name, found by what it defines", name)
        if last.kind != "code":
            self.said.add("no code cell, run as one", name)
        if not compiles(source):
            self.said.add("syntax error", name)

    def _joined(self, name: str, at: list[int]) -> str:
        """The text of an answer's last cell; of all, where one was split and they are Python only together."""
        parts = [self.cells[i].source for i in at]
        if len(parts) == 1:
            return parts[0]
        torn = any(not compiles(part) or part.lstrip("\n")[0].isspace() for part in parts)
        if not (torn and compiles("\n".join(parts))):
            self.said.add(f"{len(at)} times, run in order, the last counts", name)
            return parts[-1]
        for i in at[:-1]:
            self.kept[i] = None
        self.said.add(f"split, {len(at)} parts put together", name)
        return "\n".join(parts)

    def cells_behind(self) -> dict[int, list[str]]:
        """Which checks, and answers that the student has in no cell of their own, come behind which cell; -1: first.

        A check stays where the student has it if that is behind its answer; else it comes before the next such cell.
        """
        behind: dict[int, list[str]] = {}
        fixed = {i for at in [*self.marks.values(), list(self.places.values())] for i in at}
        here, answers = -1, []
        for name in self.lesson.names(is_grade, is_solution):
            if is_solution(self.lesson.known[name]):
                answers.append(name)
                continue
            earliest = max((self.places[a] for a in answers if a in self.places), default=-1)
            later = [i for i in self.marks[name] if i > earliest]
            if later:
                here = later[0]
            elif earliest >= 0:
                here = next((i for i in range(earliest + 1, len(self.cells)) if i in fixed), len(self.cells)) - 1
                if self.marks[name]:
                    self.said.add("before its answer, moved behind it", name)
            away = [a for a in answers if a not in self.places or a in self.shared]
            behind.setdefault(here, []).extend([*away, name])
            answers = []
        return behind

    def put_together(self, behind: dict[int, list[str]]) -> NotebookNode:
        """The notebook: the set-up, the student's cells that are kept, and behind each what belongs there."""
        originals = self.lesson.known | self.shared
        set_up = [name for name in self.marks if name not in self.lesson.names(is_grade)]
        made = [originals[name] for name in [*set_up, *behind.get(-1, [])]]
        for i, cell in enumerate(self.kept):
            if cell is not None:
                made.append(_as_node(self.lesson, cell, is_answer=self.places.get(cell.name or "") == i))
            made += [originals[name] for name in behind.get(i, [])]
        made = [nbformat.from_dict(cell | {"id": f"cell-{number}"}) for number, cell in enumerate(made)]
        return nbformat.from_dict(self.lesson.notebook | {"cells": made})


def _as_node(lesson: Lesson, cell: Cell, is_answer: bool) -> NotebookNode:
    """A student's cell as a notebook's: an answer has the metadata it was handed out with."""
    if is_answer:
        return nbformat.from_dict(lesson.known[cell.name] | {"source": cell.source})
    if cell.kind == "markdown":
        return nbformat.v4.new_markdown_cell(cell.source)
    return nbformat.v4.new_code_cell(cell.source, metadata={} if lesson.is_own(cell.source) else {"tags": [STUDENTS]})


def check_modules(lesson: Lesson) -> set[str]:
    """The modules whose functions a lesson's checks call, such as lesson_01."""
    return {lesson.known[name].source.split(".")[0] for name in lesson.names(is_grade)}


def touches_checks(lesson: Lesson, cells: list[Cell]) -> bool:
    """Whether a student's code names the checks' modules on the left of an assignment, or defines a check."""
    names = "|".join(map(re.escape, sorted(check_modules(lesson) | {"checks", "np", "numpy"})))
    pattern = rf"^\s*(?:{names})(?:\.\w+)*\s*=(?!=)|setattr\(.*\b(?:{names})\b|^(?:def|class) check_\w+"
    written = (cell.source for cell in cells if cell.kind == "code" and not lesson.is_own(cell.source))
    return any(re.search(pattern, source, re.MULTILINE) for source in written)


# -- a class -----------------------------------------------------------------------------------------------------------


def released(course: Path, assignment: str) -> list[Lesson]:
    """The lessons of an assignment, as handed out. CourseError if there are none."""
    paths = sorted((course / "release" / assignment).glob("*.ipynb"))
    if not paths:
        raise CourseError(
            f"{course / 'release' / assignment} has no notebook: run `nbgrader generate_assignment {assignment}` in "
            f"{course} first."
        )
    return [Lesson(path.stem, nbformat.read(path, 4)) for path in paths]


def students(course: Path) -> list[str]:
    """Everybody with a folder in COURSE/submitted."""
    folder = course / "submitted"
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name[0] != ".") if folder.is_dir() else []


def mend_student(lessons: list[Lesson], folder: Path, target: Path) -> list[str]:
    """Write a mended copy of what a student handed in (all that is in `folder`) and return what there is to say."""
    shutil.rmtree(target, ignore_errors=True)
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and not _is_clutter(p.relative_to(folder))]
    if not files:
        return ["nothing was handed in"]
    said, handed_in = [], {}
    for place in (path.relative_to(folder) for path in files):
        if ".ipynb" not in place.name.lower():
            if left_out := _copied(folder, place, target, {f"{lesson.name}.ipynb" for lesson in lessons}):
                said.append(f"{place}: left out, {left_out}")
            continue
        try:
            handed_in[place] = read(folder / place)
        except CourseError as error:
            said.append(f"{place}: {error}")
    of = _lessons_of(handed_in, lessons)
    said += [f"{place}: no notebook of this assignment" for place in handed_in if place not in of]
    for lesson in lessons:
        expected = Path(f"{lesson.name}.ipynb")
        found = sorted(
            (place for place in of if of[place] is lesson),
            key=lambda p: (lesson.written(handed_in[p]), p == expected, (folder / p).stat().st_mtime),
        )
        notebook, mended = mend(lesson, handed_in[found[-1]] if found else [])
        target.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target / expected)
        if not found:
            there = ", ".join(str(p.relative_to(folder)) for p in files[:5])
            said.append(f"{lesson.name} not handed in: graded blank (there is {there})")
            continue
        if found[-1] != expected:
            said.append(f"{expected} was handed in as {found[-1]}")
        if others := ", ".join(map(str, found[:-1])):
            said.append(f"{found[-1]} was graded (most answers), not {others}")
        said += [f"{lesson.name}: {line}" for line in mended] if len(lessons) > 1 else mended
    return said


def _lessons_of(handed_in: dict[Path, list[Cell]], lessons: list[Lesson]) -> dict[Path, Lesson]:
    """The lesson of each notebook: whose answers and checks it holds most of, whatever its name. Of some, none."""
    found = {}
    for place, cells in handed_in.items():
        best = max(lessons, key=lambda lesson: (lesson.shared(cells), lesson.name == place.stem))
        if best.shared(cells):
            found[place] = best
    return found


def _copied(folder: Path, place: Path, target: Path, notebooks: set[str]) -> str | None:
    """Copy a file that is no notebook to where the mended ones will lie; why it is left out, or None."""
    if module := _hidden_by(folder, place):
        return f"it would hide the module {module}"
    if place.parts[0] in notebooks:
        return f"its folder has the name of the notebook {place.parts[0]}"
    try:
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / place, target / place)
    except OSError as error:
        return f"it cannot be copied: {error.strerror}"
    return None


def _is_clutter(place: Path) -> bool:
    """Whether a file was left by a program (checkpoints, hidden files, a Mac's zip), not handed in."""
    return (
        any(part[0] == "." or part in ("__pycache__", "__MACOSX") for part in place.parts)
        or place.name == "timestamp.txt"
    )


def _hidden_by(folder: Path, place: Path) -> str | None:
    """The installed module in whose place Python would import a student's file, which then ends every kernel."""
    first = place.parts[0]
    if len(place.parts) > 1 and not (folder / first / "__init__.py").is_file():
        return None
    if len(place.parts) == 1 and not first.endswith(tuple(importlib.machinery.all_suffixes())):
        return None
    module = first.split(".")[0]
    return module if module in sys.modules or (module.isidentifier() and importlib.util.find_spec(module)) else None


def mend_class(course: Path, assignment: str) -> dict[str, list[str]]:
    """Mend every student's submission -> what there is to say about each; one student's never ends it.

    CourseError if the assignment was not released.
    """
    lessons, said, everybody = released(course, assignment), {}, students(course)
    for folder in everybody:
        student = re.sub(r"[][*?]", "_", folder)  # nbgrader takes these for patterns, and finds nothing
        while student != folder and student in [*everybody, *said]:
            student += "_"
        source, target = course / "submitted" / folder / assignment, course / "mended" / student / assignment
        try:
            said[student] = mend_student(lessons, source, target)
            if student != folder:
                said[student].append(f"graded under this name, handed in as {folder}")
        except Exception as error:  # whatever it is, the others are graded
            said[student] = [f"could not be mended: {type(error).__name__}: {error}"]
        try:  # when it was handed in, if nbgrader collected it
            if (source / "timestamp.txt").is_file() and target.is_dir():
                parse_utc((source / "timestamp.txt").read_text(encoding="utf-8").strip())
                shutil.copy2(source / "timestamp.txt", target)
        except (ValueError, OverflowError):  # dateutil's
            said[student].append("timestamp.txt holds no time: not used")
    (course / "mended").mkdir(exist_ok=True)
    (course / "mended" / REMARKS.format(assignment)).write_text(
        json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    return said


# -- what was given ----------------------------------------------------------------------------------------------------


def happened(path: Path) -> list[str]:
    """What an autograded notebook shows that its points alone do not say."""
    said = Remarks()
    for cell in nbformat.read(path, 4).cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or "a cell of theirs"
        for output in cell.get("outputs", []):
            if output.get("ename") == "CellTimeoutError":
                said.add("out of time", name)
            elif "MemoryError" in f"{output.get('ename')} {output.get('evalue')}":
                said.add("out of memory", name)
            elif output.get("ename") == "KernelDied":
                said.add("ended the kernel or could not be stopped, left out", name)
            elif output.get("text", "").endswith(CUT) or "... Output truncated ..." in output.get("text", "")[-30:]:
                said.add("too much output, cut", name)
    return said.lines()


def report(course: Path, assignment: str) -> list[str]:
    """A line for each student about whom there is something to say: who, what, and the points given.

    CourseError if `mend` has not been run.
    """
    from nbgrader.api import Gradebook, MissingEntry

    remarks = course / "mended" / REMARKS.format(assignment)
    if not remarks.is_file():
        raise CourseError(f"{remarks} is not there: run `python -m tools.submissions mend` first.")
    lines, well = [], 0
    with Gradebook(f"sqlite:///{(course / 'gradebook.db').resolve()}") as gradebook:
        for student, said in json.loads(remarks.read_text(encoding="utf-8")).items():
            folder = course / "autograded" / student / assignment
            for path in sorted(folder.glob("*.ipynb")):
                said += happened(path)
            try:
                graded = gradebook.find_submission(assignment, student)
                points = f"{graded.score:g} of {graded.max_score:g} points"
            except MissingEntry:
                points = "no points"
            if not folder.is_dir() and said != ["nothing was handed in"]:
                said.append("not graded by nbgrader: see the log of autograde")
            well += not said
            if said:
                lines.append(f"{student}: {'; '.join(dict.fromkeys(said))}. {points}")
    return [*lines, f"{well} other students: graded as handed in"]
