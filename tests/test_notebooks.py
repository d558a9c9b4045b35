"""The built notebooks are what their sources say, and what a reader may expect of them."""

import ast
import json
import re
import textwrap
from collections import Counter

import nbformat
import pytest

from course_lib import claims, results
from tools import build

LESSONS = build.lessons()
README = (build.ROOT / "README.md").read_text(encoding="utf-8")
BOTH = [(name, which) for name in LESSONS for which in build.EDITIONS]


def read(name, which):
    return nbformat.read(build.EDITIONS[which] / f"{name}.ipynb", 4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def printed(cell):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def shown_claims(name):
    """(sentence, kind) of each claim in a lesson's solved notebook, in order, each once."""
    shown = [
        o.data["text/plain"]
        for c in code_cells(read(name, "solutions"))
        for o in c.outputs
        if o.output_type == "display_data"
    ]
    lines = [line for line in shown if line[:2] in {f"{mark} " for mark in claims.KINDS}]
    found = [(re.sub(r" \[measured [^\]]*\]| · \S+\.csv$", "", line[2:]), claims.KINDS[line[0]]) for line in lines]
    return list(dict.fromkeys(found))


def stripped(cells):
    return [(c.id, c.cell_type, c.source, c.metadata) for c in cells]


@pytest.mark.parametrize(("name", "which"), BOTH)
def test_a_notebook_has_the_cells_of_its_lesson(name, which):
    assert stripped(read(name, which).cells) == stripped(build.edition(build.cells(name), which).cells)


@pytest.mark.parametrize("name", LESSONS)
def test_a_notebook_was_built_from_what_is_here(name):
    assert build.is_current(name), f"{name} is out of date: run make notebooks"


@pytest.mark.parametrize(("name", "which"), BOTH)
def test_every_code_cell_was_run_in_order(name, which):
    cells = code_cells(read(name, which))
    for count, cell in enumerate(cells, start=1):
        if build.UNTIL_RUN in tags(cell):  # it would give a guess away: test_folding.py
            assert which == "student" and cell.execution_count is None and not cell.outputs
        else:
            assert cell.execution_count == count


@pytest.mark.parametrize(("name", "which"), BOTH)
def test_errors_stand_only_where_an_exercise_is_blank(name, which):
    for cell in code_cells(read(name, which)):
        is_check = bool(cell.metadata.get("nbgrader", {}).get("grade"))
        errors = [o for o in cell.outputs if o.output_type == "error"]
        assert ("raises-exception" in tags(cell)) == (is_check and which == "student")
        if is_check and which == "student":
            assert [o.ename for o in errors] == ["NotYet"]
            assert len(errors[0].traceback) == 1  # "… is still blank", or what is wrong with code that is to be mended
        else:
            assert not errors


@pytest.mark.parametrize("name", LESSONS)
def test_students_see_what_the_solved_edition_shows(name):
    """All cells but the exercises and their checks, with their outputs: so these are run once, in one edition."""
    solved, student = read(name, "solutions").cells, read(name, "student").cells
    assert [cell.id for cell in student] == [cell.id for cell in solved]
    exercises = {cell.id for cell in solved if build.is_exercise(cell)}
    assert exercises
    for cell, same in zip(student, solved, strict=True):
        assert build.UNTIL_RUN not in tags(same)
        if build.UNTIL_RUN in tags(cell):  # what gives a guess away is absent, or shut: test_folding.py
            assert cell.source == same.source
        elif cell.cell_type == "markdown" and build.ANSWER in tags(cell):
            assert cell.source == build.DETAILS.format(same.source)
        else:
            assert cell.id in exercises or cell == same


@pytest.mark.parametrize("name", LESSONS)
def test_no_solution_is_handed_out(name):
    for line in (build.LESSONS / f"{name}.py").read_text(encoding="utf-8").split("### BEGIN SOLUTION")[1:]:
        body = textwrap.dedent(line.split("### END SOLUTION")[0]).strip()
        for cell in code_cells(read(name, "student")):
            assert body not in textwrap.dedent(cell.source)
    markers = [c for which in build.EDITIONS for c in code_cells(read(name, which)) if "SOLUTION" in c.source]
    assert not markers
    blanks = [c for c in code_cells(read(name, "student")) if "# YOUR CODE HERE" in c.source]
    assert 1 <= len(blanks) <= 6


@pytest.mark.parametrize(("name", "which"), BOTH)
def test_form(name, which):
    notebook = read(name, which)
    for cell in code_cells(notebook):
        longest = 35 if re.search(r"^class ", cell.source, re.MULTILINE) else 25
        assert len(cell.source.splitlines()) <= longest, cell.source[:60]
        assert not cell.source.rstrip().endswith(";")
        assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*|lib:[a-z_.]+", tag) for tag in tags(cell))
        assert not any(o.get("name") == "stderr" for o in cell.outputs)
        if "plotting.figure" in cell.source:
            assert cell.source.rstrip().endswith("plt.show()")
            is_absent = build.UNTIL_RUN in tags(cell)
            assert is_absent or any("image/png" in o.get("data", {}) for o in cell.outputs)
    raw = json.dumps(notebook)
    assert not re.search(r"/(root|home|Users|work/main|tmp)/", raw)
    assert len(raw) < 3_000_000
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_lesson_shows_is_what_the_package_has(name):
    for cell in code_cells(build.cells(name)):
        for tag in tags(cell):
            if tag.startswith("lib:"):
                module = build.ROOT / "course_lib" / (tag.removeprefix("lib:").replace(".", "/") + ".py")
                source = module.read_text(encoding="utf-8")
                shown = {n.name: ast.get_source_segment(cell.source, n) for n in ast.parse(cell.source).body}
                there = {
                    n.name: ast.get_source_segment(source, n)
                    for n in ast.parse(source).body
                    if isinstance(n, (ast.FunctionDef, ast.ClassDef))
                }
                assert shown
                for function, text in shown.items():
                    assert there[function] == text


@pytest.mark.stored
@pytest.mark.parametrize("name", LESSONS)
def test_every_claim_was_tried_under_five_seeds(name):
    stored = {row["claim"]: row for row in results.read("claims.csv") if row["lesson"] == name}
    assert [(claim, row["kind"]) for claim, row in stored.items()] == shown_claims(name)
    for claim, row in stored.items():
        assert row["seeds"] >= 5
        if row["relation"]:
            # Room for the next seed: the worst of five stands away from its bound by a quarter of what seeds differ by.
            room = row["margin"] * (abs(row["bound"]) or 1)
            assert room > 0, claim
            assert room >= 0.25 * row["spread"], f"{claim}: margin {room:.3g}, spread {row['spread']:.3g}"


def test_readme_counts_the_claims_of_each_kind():
    counted = Counter(kind for name in LESSONS for _, kind in shown_claims(name))
    said = re.search(r"(\d+) claims: (\d+) live, (\d+) stored, (\d+) that must be", " ".join(README.split()))
    assert said
    assert [int(n) for n in said.groups()] == [counted.total(), *(counted[kind] for kind in claims.KINDS.values())]


def stated_run_times(name):
    """Seconds on two cores with AVX-512 and on one without, as a lesson's first cell says them."""
    said = re.search(
        r"\*\*Run time:\*\* about (\d+) seconds? on two processor cores with AVX-512, about (\d+) on one without",
        build.cells(name).cells[0].source,
    )
    assert said, (
        "a lesson's first cell says: **Run time:** about N seconds on two processor cores with AVX-512, about …"
    )
    return int(said[1]), int(said[2])


@pytest.mark.stored
@pytest.mark.parametrize("name", LESSONS)
def test_the_run_times_a_lesson_states_are_the_measured_ones(name):
    rows = [row for row in results.read("lesson_times.csv") if row["lesson"] == name]
    for kind, cores, stated in zip(("AVX-512", "AVX2"), (2, 1), stated_run_times(name), strict=True):
        (measured,) = (row for row in rows if (row["processor"], row["cores"]) == (kind, cores))
        assert abs(stated - measured["seconds"]) <= max(5, 0.15 * measured["seconds"])
        assert measured["seconds"] <= 90 or kind == "AVX2"
        assert measured["peak_memory_gb"] <= 2


def test_the_readme_lists_every_lesson_with_the_run_times_it_states():
    readme = (build.ROOT / "README.md").read_text(encoding="utf-8")
    for name in LESSONS:
        fast, slow = stated_run_times(name)
        assert re.search(rf"^\| {name[:2]} \| .+ \| {fast} s \| {slow} s \|$", readme, re.MULTILINE), name
