"""The checks of the notebooks can fail: each kind of damage, planted in a copy, must be found."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from course_lib.claims import ClaimBroken
from tools import build

LESSON = "00_start_here"


@pytest.fixture
def planted(tmp_path):
    """A copy of a built notebook to damage, and nbval as `make test` runs it."""
    shutil.copy(build.ROOT / "conftest.py", tmp_path)
    shutil.copy(build.ROOT / "tests" / "nbval_sanitize.cfg", tmp_path)
    path = tmp_path / f"{LESSON}.ipynb"

    def run(damage) -> subprocess.CompletedProcess:
        notebook = nbformat.read(build.EDITIONS["solutions"] / path.name, 4)
        damage([cell for cell in notebook.cells if cell.cell_type == "code"])
        nbformat.write(notebook, path)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
        command += ["--nbval-sanitize-with", "nbval_sanitize.cfg", path.name]
        return subprocess.run(command, cwd=tmp_path, env=build.environment(1), capture_output=True, text=True)

    return run


def claim_cell(cells):
    return next(cell for cell in cells if "\nclaim(" in cell.source and "import" not in cell.source)


def printed(cells):
    """What the first cell prints whose outputs are compared."""
    compared = (cell for cell in cells if "nbval-ignore-output" not in cell.metadata.get("tags", []))
    return next(o for cell in compared for o in cell.outputs if o.output_type == "stream")


def test_an_undamaged_copy_passes(planted):
    assert planted(lambda cells: None).returncode == 0


def test_a_changed_output_is_found(planted):
    def damage(cells):
        printed(cells).text += "and one line more\n"

    finished = planted(damage)
    assert finished.returncode == 1
    assert "mismatch" in finished.stdout


@pytest.mark.parametrize(
    ("kind", "old", "new", "code"),
    [
        ("text/html", "3 %", "4 %", 1),
        ("text/plain", "3 %", "4 %", 1),
        ("text/html", "at most 0.03", "at most 0.05", 0),
        ("text/plain", "[measured ", "[measured 0", 0),
    ],
)
def test_of_a_claim_all_is_compared_but_what_was_measured(planted, kind, old, new, code):
    def damage(cells):
        (shown,) = (o.data for o in claim_cell(cells).outputs if o.output_type == "display_data")
        assert old in shown[kind]
        shown[kind] = shown[kind].replace(old, new)

    assert planted(damage).returncode == code


def test_a_broken_claim_is_found(planted):
    def damage(cells):
        cell = claim_cell(cells)
        cell.source = cell.source.replace("0.03", "-1")

    finished = planted(damage)
    assert finished.returncode == 1
    assert ClaimBroken.__name__ in finished.stdout


@pytest.fixture
def copied(monkeypatch, tmp_path):
    """lessons/ and notebooks/ as copies that may be damaged, in place of the real ones."""
    shutil.copytree(build.LESSONS, tmp_path / "lessons")
    shutil.copytree(build.NOTEBOOKS, tmp_path / "notebooks")
    monkeypatch.setattr(build, "LESSONS", tmp_path / "lessons")
    folders = {"student": tmp_path / "notebooks", "solutions": tmp_path / "notebooks" / "solutions"}
    monkeypatch.setattr(build, "EDITIONS", folders)
    return tmp_path


def test_a_null_count_is_found(copied):
    from test_notebooks import test_every_code_cell_was_run_in_order as check

    check(LESSON, "student")
    path = copied / "notebooks" / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, 4)
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    last.execution_count = None
    nbformat.write(notebook, path)
    with pytest.raises(AssertionError):
        check(LESSON, "student")


def test_a_lesson_edited_but_not_rebuilt_is_found(copied):
    from test_notebooks import test_a_notebook_has_the_cells_of_its_lesson as check

    check(LESSON, "student")
    source = copied / "lessons" / f"{LESSON}.py"
    source.write_text(
        source.read_text(encoding="utf-8").replace("Say the number", "say the number") + "\n# %%\n1 + 1\n",
        encoding="utf-8",
    )
    with pytest.raises(AssertionError):
        check(LESSON, "student")


def test_a_changed_part_of_the_package_is_found(monkeypatch):
    from pathlib import Path

    assert build.is_current(LESSON)
    read = Path.read_bytes
    grammar, old, new = build.ROOT / "course_lib" / "worlds" / "grammar.py", b'END = "<eos>"', b'END = "<end>"'
    assert old in read(grammar)
    changed = lambda self: read(self).replace(old, new) if self == grammar else read(self)  # noqa: E731
    monkeypatch.setattr(Path, "read_bytes", changed)
    assert not build.is_current(LESSON)


def test_an_output_that_only_students_see_is_found(copied):
    from test_notebooks import test_students_see_what_the_solved_edition_shows as check

    check(LESSON)
    path = copied / "notebooks" / f"{LESSON}.ipynb"
    notebook = nbformat.read(path, 4)
    printed([cell for cell in notebook.cells if cell.cell_type == "code"]).text += "and one line more\n"
    nbformat.write(notebook, path)
    with pytest.raises(AssertionError):
        check(LESSON)


def test_a_leaked_solution_is_found(copied):
    from test_notebooks import test_no_solution_is_handed_out as check

    check(LESSON)
    shutil.copy(copied / "notebooks" / "solutions" / f"{LESSON}.ipynb", copied / "notebooks" / f"{LESSON}.ipynb")
    with pytest.raises(AssertionError):
        check(LESSON)
