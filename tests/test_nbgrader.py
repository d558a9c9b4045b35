"""A class of students whose notebooks are broken in every way we know of, graded by nbgrader's own commands.

Nobody's notebook ends the grading, everybody gets the points a person would give, and the instructor a line about it.
"""

import contextlib
import csv
import io
import json
import os
import random
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.nbgraderformat import MetadataValidator

from tools import build, mending, release, submissions

TINY = '''
# %% [markdown]
# # A small assignment, of real exercises that need no TensorFlow

# %%
import numpy as np

from course_lib import text
from course_lib.exercises import lesson_00, lesson_01

# %% [markdown]
# Exercise 1


# %% nbgrader={"grade_id": "words"}
def count_words(sentence):
    """The number of words."""
    ### BEGIN SOLUTION
    return sum(token.isalpha() for token in text.tokenize(sentence))
    ### END SOLUTION


# %% nbgrader={"grade_id": "words-check", "points": 1}
lesson_00.check_count_words(count_words)

# %% [markdown]
# Exercise 2


# %% nbgrader={"grade_id": "perplexity"}
def perplexity_of(given):
    """The perplexity."""
    ### BEGIN SOLUTION
    return np.exp(-np.mean(np.log(given)))
    ### END SOLUTION


# %% nbgrader={"grade_id": "perplexity-check", "points": 2}
lesson_01.check_perplexity(perplexity_of)

# %% [markdown]
# Exercise 3


# %% nbgrader={"grade_id": "step"}
def rnn_step(x_t, h_prev, W_x, W_h, b):
    """One step."""
    ### BEGIN SOLUTION
    return np.tanh(x_t @ W_x + h_prev @ W_h + b)
    ### END SOLUTION


# %% nbgrader={"grade_id": "step-check", "points": 4}
lesson_01.check_rnn_step(rnn_step)
'''
NAME = "77_small"
FILE = f"{NAME}.ipynb"
ALL = 7
OTHER = "88_other"


# -- what students do to a notebook ------------------------------------------------------------------------------------
# Each gets a notebook with everything solved, and changes it in place (or returns {file name: bytes}).


def place(notebook, name):
    return next(i for i, c in enumerate(notebook.cells) if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def cell(notebook, name):
    return notebook.cells[place(notebook, name)]


def as_bytes(notebook):
    return json.dumps(notebook).encode()


def unsolved(source):
    return source.split('"""\n')[0] + '"""\n    # YOUR CODE HERE\n    raise NotImplementedError()'


def blank(notebook, *names):
    for name in names or ("words", "perplexity", "step"):
        cell(notebook, name).source = unsolved(cell(notebook, name).source)


def nothing_wrong(notebook):
    pass


def one_wrong(notebook):
    cell(notebook, "words").source = "def count_words(sentence):\n    return len(sentence)"


def warns(notebook):
    """A right answer that warns: nbgrader gives 0 for text on standard error."""
    source = cell(notebook, "words").source
    cell(notebook, "words").source = source.replace(
        "    return", "    import warnings; warnings.warn('slow')\n    return"
    )


def duplicated(notebook):
    notebook.cells.insert(place(notebook, "words"), cell(notebook, "words"))


def duplicated_blank_last(notebook):
    copy = nbformat.from_dict(dict(cell(notebook, "step")))
    copy.source = unsolved(copy.source)
    notebook.cells.insert(place(notebook, "step") + 1, copy)


def duplicated_check(notebook):
    notebook.cells.append(cell(notebook, "words-check"))


def split(notebook):
    at = place(notebook, "words")
    answer = notebook.cells[at]
    first, second = answer.source.split("    return")
    rest = nbformat.from_dict(answer | {"source": "    return" + second})
    answer.source = first.rstrip()
    notebook.cells.insert(at + 1, rest)


def split_helper(notebook):
    at = place(notebook, "perplexity")
    helper = nbformat.from_dict(notebook.cells[at] | {"source": "def mean(x):\n    return sum(x) / len(x)"})
    notebook.cells[at].source = "def perplexity_of(given):\n    return np.exp(-mean(np.log(given)))"
    notebook.cells.insert(at, helper)


def reordered(notebook):
    notebook.cells.reverse()


def renamed(notebook):
    cell(notebook, "words").metadata.nbgrader.grade_id = "my-words"
    cell(notebook, "step-check").metadata.nbgrader.grade_id = "words"


def stripped(notebook):
    notebook.metadata.clear()
    for each in notebook.cells:
        each.metadata.clear()


def foreign_schema(notebook):
    cell(notebook, "words").metadata.nbgrader.schema_version = 99
    cell(notebook, "step").metadata.nbgrader.schema_version = 1
    cell(notebook, "perplexity").metadata.nbgrader = "yes"


def no_set_up(notebook):
    del notebook.cells[place(notebook, "set-up")]


def added_to_set_up(notebook):
    cell(notebook, "set-up").source += "\nimport math"
    cell(
        notebook, "words"
    ).source = "def count_words(s):\n    return math.floor(sum(t.isalpha() for t in text.tokenize(s)))"


def no_checks(notebook):
    for name in ("words-check", "perplexity-check", "step-check"):
        del notebook.cells[place(notebook, name)]


def no_answer(notebook):
    del notebook.cells[place(notebook, "perplexity")]
    del notebook.cells[place(notebook, "perplexity-check")]


def no_code(notebook):
    notebook.cells = [c for c in notebook.cells if c.cell_type != "code"]


def edited_check(notebook):
    blank(notebook, "step")
    cell(notebook, "step-check").source = "print('✓ all is well')"


def answer_in_check(notebook):
    solved = cell(notebook, "step").source
    blank(notebook, "step")
    check = cell(notebook, "step-check")
    check.source = solved + "\n" + check.source


def answer_elsewhere(notebook):
    solved = cell(notebook, "step").source
    blank(notebook, "step")
    notebook.cells.insert(place(notebook, "step"), new_code_cell(solved))


def all_in_one(notebook):
    cell(notebook, "words").source += "\n\n" + cell(notebook, "step").source
    blank(notebook, "step")


def redefines_checks(notebook):
    cell(notebook, "words").source = (
        "def count_words(s):\n    return 0\n\nlesson_00.check_count_words = lambda f: print('✓')\n"
        "from course_lib import checks\nchecks.expect_close = lambda *a, **k: None"
    )
    cell(notebook, "perplexity").source = "def perplexity_of(given):\n    return 1.0"


def rebinds_by_chance(notebook):
    notebook.cells.insert(place(notebook, "words"), new_code_cell("text = 'a note'\nlesson_01 = 1"))


def endless(notebook):
    cell(notebook, "perplexity").source = "def perplexity_of(given):\n    while True:\n        pass"


def endless_and_deaf(notebook):
    deaf = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    notebook.cells.insert(place(notebook, "words"), new_code_cell(deaf))


def kills_kernel(notebook):
    cell(notebook, "perplexity").source = "import os\ndef perplexity_of(given):\n    os._exit(1)"


def quits(notebook):
    notebook.cells.insert(place(notebook, "perplexity"), new_code_cell("quit()"))
    notebook.cells.insert(place(notebook, "words"), new_code_cell("exit()"))


def breaks_kernel(notebook):
    """Every later cell would get no answer."""
    notebook.cells.insert(place(notebook, "words"), new_code_cell("import sys\nsys.stdout.close()\nsys.stdout = None"))


def crashes(notebook):
    cell(notebook, "words").source = "def count_words(s):\n    import ctypes; ctypes.string_at(0)"


def asks(notebook):
    cell(notebook, "words").source = "n = int(input('How many? '))\ndef count_words(s):\n    return n"


def writes_much(notebook):
    notebook.cells.insert(place(notebook, "words"), new_code_cell("print('x' * 100_000_000)\n'y' * 100_000_000"))
    source = cell(notebook, "step").source
    cell(notebook, "step").source = source.replace("    return", "    print('line\\n' * 1_000_000)\n    return")


def writes_without_end(notebook):
    cell(notebook, "perplexity").source = "def perplexity_of(given):\n    while True:\n        print('x' * 1000)"


def huge(notebook):
    cell(notebook, "words").outputs = [nbformat.v4.new_output("stream", name="stdout", text="x" * 100_000_000)]


def goes_elsewhere(notebook):
    notebook.cells.insert(place(notebook, "words"), new_code_cell(
        "import os, shutil, tempfile\nshutil.rmtree('.', ignore_errors=True)\nos.chdir(tempfile.mkdtemp())\n"
        "os.rmdir(os.getcwd())"))  # fmt: skip


def magic(notebook):
    notebook.cells.insert(place(notebook, "words"), new_code_cell("%matplotlib inline\n%time 1 + 1\n!echo hello"))
    cell(notebook, "words").source += "\n\n%timeit -n1 -r1 count_words('a b')"


def syntax_error(notebook):
    cell(notebook, "perplexity").source = "def perplexity_of(given)\n    return 1"


def no_code_cell(notebook):
    answer = cell(notebook, "step")
    notebook.cells[place(notebook, "step")] = new_markdown_cell(answer.source, metadata=answer.metadata)


def skips_checks(notebook):
    blank(notebook)
    for name in ("words-check", "perplexity-check", "step-check"):
        cell(notebook, name).metadata.tags = ["skip-execution", "raises-exception"]


def not_json(notebook):
    return {FILE: as_bytes(notebook)[:1500]}


def empty_file(notebook):
    return {FILE: b""}


def copy1(notebook):
    return {f"{NAME}-Copy1.ipynb": as_bytes(notebook)}


def downloaded_twice(notebook):
    solved = as_bytes(notebook)
    blank(notebook, "words")
    return {f"{NAME.upper()} (1).IPYNB": solved, FILE: as_bytes(notebook)}


def in_a_folder(notebook):
    return {f"ps1/{FILE}": as_bytes(notebook), f"__MACOSX/._{FILE}": b"\0\5\26\7", f".ipynb_checkpoints/{FILE}": b"?"}


def other_lesson(notebook):
    other = nbformat.v4.new_notebook(cells=[new_code_cell("def clip(x):\n    return x")])
    return {f"{OTHER}.ipynb": as_bytes(other)}


def other_lesson_with_this_name(notebook):
    return {FILE: other_lesson(notebook)[f"{OTHER}.ipynb"]}


def old_format(notebook):
    return {FILE: as_bytes(nbformat.convert(notebook, 3))}


def byte_order_mark(notebook):
    return {FILE: b"\xef\xbb\xbf" + as_bytes(notebook)}


def only_a_pdf(notebook):
    return {"answers.pdf": b"%PDF-1.4"}


def helper_file(notebook):
    source = cell(notebook, "words").source
    cell(notebook, "words").source = "from mine import count_words"
    return {FILE: as_bytes(notebook), "mine.py": ("from course_lib import text\n" + source).encode()}


def file_that_hides_a_module(notebook):
    hides = {"numpy.py": b"raise SystemExit", "random/__init__.py": b"oops", "data/mine.csv": b"1,2"}
    return {FILE: as_bytes(notebook), **hides}


def other_encoding(notebook):
    cell(notebook, "words").source = "# für\n" + cell(notebook, "words").source
    return {FILE: json.dumps(notebook, ensure_ascii=False).encode("latin-1")}


def fills_memory(notebook):
    full = "def count_words(s):\n    full = []\n    while True:\n        full.append(bytearray(10_000_000_000))"
    cell(notebook, "words").source = full


def deletes_what_others_have(notebook):
    delete = f"import pathlib\nfor path in pathlib.Path('../..').glob('*/*/{FILE}'):\n    path.unlink()"
    notebook.cells.insert(place(notebook, "words"), new_code_cell(delete))


def folder_named_like_the_notebook(notebook):
    return {f"{FILE}/{FILE}": as_bytes(notebook), f"{FILE}/mine.csv": b"1,2"}


def damaged_cells(notebook):
    """What other programs leave out, or leave behind."""
    damaged = [None, 7, {}, {"cell_type": "code", "source": None}, {"source": ["1 +", None, " 1"]}]
    cells = [dict(each) for each in notebook.cells]
    for each in cells:
        each.pop("cell_type" if each["cell_type"] == "code" else "metadata", None)
    return {FILE: json.dumps({"cells": [*damaged, *cells]}).encode()}


def awaits(notebook):
    cell(notebook, "words").source += "\n\nimport asyncio\nawait asyncio.sleep(0)"


def other_spellings(notebook):
    """An answer that is a lambda with a type, and one between comments, in cells that lost their names."""
    words, step = cell(notebook, "words"), cell(notebook, "step")
    words.source = "count_words: object = lambda given: sum(token.isalpha() for token in text.tokenize(given))"
    step.source = "# mine\n\n\n" + step.source + "\n# the end"
    words.metadata, step.metadata = {}, {}


def code_as_text(notebook):
    """Saved by an editor that knows no notebooks: one string a cell, no metadata at all, tabs for blanks."""
    lines = "def rnn_step(x_t, h_prev, W_x, W_h, b):\n\treturn np.tanh(x_t @ W_x + h_prev @ W_h + b)"
    cell(notebook, "step").source = lines
    cells = [{"cell_type": c.cell_type, "source": c.source} for c in notebook.cells]
    return {FILE: json.dumps({"cells": cells}).encode()}


def nothing(notebook):
    return {}


# student: (what was done, points of 7, what the instructor is told; None: nothing)
CLASS = {
    "adam": (nothing_wrong, 7, None),
    "Bärbel Groß": (duplicated, 7, "2 times, run in order, the last counts: words"),
    "cem": (split, 7, "split, 2 parts put together: words"),
    "dan": (reordered, 7, "before its answer, moved behind it: words-check, perplexity-check, step-check"),
    "dora": (renamed, 7, "without its nbgrader name, found by what it defines: words"),
    "eda": (stripped, 7, "without its nbgrader name, found by what it defines: words, perplexity, step"),
    "eve": (no_set_up, 7, "missing, restored: set-up"),
    "finn": (no_checks, 7, "missing, restored: words-check, perplexity-check, step-check"),
    "ines": (redefines_checks, 4, "sets names of the checks"),
    "jan": (rebinds_by_chance, 7, "sets names of the checks"),
    "kai": (endless, 5, "out of time: perplexity-check"),
    "kim": (endless_and_deaf, 7, "ended the kernel or could not be stopped, left out: a cell of theirs"),
    "lea": (kills_kernel, 5, "ended the kernel or could not be stopped, left out: perplexity-check"),
    "leo": (quits, 7, None),
    "lio": (breaks_kernel, 7, "ended the kernel or could not be stopped, left out: a cell of theirs"),
    "liv": (crashes, 6, "ended the kernel or could not be stopped, left out: words-check"),
    "mac": (fills_memory, 6, "out of memory: words-check"),
    "max": (asks, 6, None),
    "mia": (writes_much, 7, "too much output, cut: a cell of theirs, step-check"),
    "moe": (writes_without_end, 5, "out of time: perplexity-check"),
    "nia": (huge, 7, None),
    "nils": (goes_elsewhere, 7, None),
    "noa": (magic, 7, None),
    "olaf": (syntax_error, 5, "syntax error: perplexity"),
    "ove": (skips_checks, 0, None),
    "pam": (not_json, 0, "no notebook, or cut off"),
    "paul": (empty_file, 0, "an empty file"),
    "pia": (copy1, 7, f"was handed in as {NAME}-Copy1.ipynb"),
    "quinn": (downloaded_twice, 7, f"{NAME.upper()} (1).IPYNB was graded (most answers), not {FILE}"),
    "rosa": (other_lesson, 0, f"{OTHER}.ipynb: no notebook of this assignment"),
    "sam": (old_format, 7, None),
    "uma": (helper_file, 7, None),
    "ute": (nothing, 0, "nothing was handed in"),
    "vera": (warns, 7, None),
    "will": (one_wrong, 6, None),
    "yan": (awaits, 7, None),
    "zed": (deletes_what_others_have, 7, None),
}
# What needs no kernel to be tried: the mended copy's cells are run here.
MORE = [
    (duplicated_blank_last, 7, None),
    (duplicated_check, 7, "more than once: words-check"),
    (split_helper, 7, "2 times, run in order, the last counts: perplexity"),
    (foreign_schema, 7, "without its nbgrader name, found by what it defines: perplexity"),
    (added_to_set_up, 7, "changed, the original is graded: set-up"),
    (no_answer, 5, "missing: perplexity"),
    (no_code, 0, "not handed in: graded blank"),
    (edited_check, 3, "changed, the original is graded: step-check"),
    (answer_in_check, 7, "changed, the original is graded: step-check"),
    (all_in_one, 7, "in the cell of another answer: step"),
    (answer_elsewhere, 7, "without its nbgrader name, found by what it defines: step"),
    (no_code_cell, 7, "no code cell, run as one: step"),
    (in_a_folder, 7, f"was handed in as ps1/{FILE}"),
    (other_lesson_with_this_name, 0, f"{FILE}: no notebook of this assignment"),
    (byte_order_mark, 7, None),
    (other_encoding, 7, None),
    (file_that_hides_a_module, 7, "random/__init__.py: left out, it would hide the module random"),
    (folder_named_like_the_notebook, 7, f"mine.csv: left out, its folder has the name of the notebook {FILE}"),
    (damaged_cells, 7, None),
    (other_spellings, 7, "without its nbgrader name, found by what it defines: words, step"),
    (code_as_text, 7, "without its nbgrader name, found by what it defines: words, perplexity, step"),
    (only_a_pdf, 0, "not handed in: graded blank"),
]


def nbgrader(course, *arguments):
    env = build.environment(1) | {"JUPYTER_CONFIG_DIR": str(course / "config")}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The small assignment's source."""
    path = tmp_path_factory.mktemp("lessons") / f"{NAME}.py"
    path.write_text(TINY.lstrip())
    return path


def editions(source):
    """The small assignment as handed out, and solved."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "LESSONS", source.parent)
        return [build.edition(build.cells(source.stem), which) for which in ("student", "solutions")]


def hand_in(source, change, folder):
    solved = editions(source)[1]
    files = change(solved)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for name, content in ({FILE: as_bytes(solved)} if files is None else files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


# -- graded by nbgrader ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory, small):
    """The class, released to, handed in and graded, with feedback and the table of points."""
    folder = tmp_path_factory.mktemp("my course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "LESSONS", small.parent)
        assert release.main([NAME, str(folder / "source" / "ps1")]) == 0
    settings = folder / "nbgrader_config.py"
    settings.write_text(re.sub("(answer_seconds =) 20", r"\1 3", settings.read_text()))
    nbgrader(folder, "generate_assignment", "ps1")
    for student, (change, _, _) in CLASS.items():
        hand_in(small, change, folder / "submitted" / student / "ps1")
    before = {p: p.read_bytes() for p in (folder / "submitted").rglob("*") if p.is_file()}
    assert submissions.main(["mend", str(folder), "ps1"]) == 0
    nbgrader(folder, "autograde", "ps1")
    nbgrader(folder, "generate_feedback", "ps1")
    nbgrader(folder, "export")
    assert {p: p.read_bytes() for p in (folder / "submitted").rglob("*") if p.is_file()} == before
    return folder


@pytest.fixture(scope="module")
def table(course):
    with open(course / "grades.csv", encoding="utf-8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def told(course):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert submissions.main(["report", str(course), "ps1"]) == 0
    print(out.getvalue())  # pytest -s shows it
    return dict(line.split(": ", 1) for line in out.getvalue().splitlines())


@pytest.mark.parametrize("student", [s for s in CLASS if CLASS[s][0] is not nothing])
def test_everybody_gets_the_points_a_person_would_give(course, table, student):
    assert float(table[student]["score"]) == CLASS[student][1]
    assert float(table[student]["max_score"]) == ALL
    assert (course / "feedback" / student / "ps1" / f"{NAME}.html").stat().st_size < 5_000_000
    assert (course / "autograded" / student / "ps1" / FILE).stat().st_size < 5_000_000


@pytest.mark.parametrize("student", CLASS)
def test_the_instructor_is_told_in_one_line(told, student):
    change, points, expected = CLASS[student]
    if expected is None:
        assert student not in told
    else:
        assert expected in told[student]
        assert told[student].endswith("no points" if change is nothing else f"{points} of {ALL} points")


# -- graded here: the mended copy alone --------------------------------------------------------------------------------


def points(notebook):
    """The points of a notebook whose cells harm nobody, run in this process."""
    names, total = {}, 0
    for each in notebook.cells:
        if each.cell_type == "code":
            try:
                exec(each.source, names)
            except Exception:
                continue
            total += each.metadata.get("nbgrader", {}).get("points", 0)
    return total


@pytest.mark.parametrize(("change", "expected", "said"), MORE, ids=[row[0].__name__ for row in MORE])
def test_what_is_mended_gets_the_points_a_person_would_give(small, tmp_path, change, expected, said):
    handed_out = editions(small)[0]
    hand_in(small, change, tmp_path / "submitted")
    lesson = mending.Lesson(NAME, handed_out)
    remarks = mending.mend_student([lesson], tmp_path / "submitted", tmp_path / "mended")
    mended = nbformat.read(tmp_path / "mended" / FILE, 4)
    assert not list((tmp_path / "mended").rglob("*.py"))
    assert points(mended) == expected
    assert (said in "; ".join(remarks)) if said else remarks == []
    kept = [c.metadata.nbgrader.grade_id for c in mended.cells if "nbgrader" in c.metadata]
    assert sorted(kept) == sorted(lesson.known)
    for each in mended.cells:
        if each.metadata.get("nbgrader", {}).get("locked"):
            assert each.source == lesson.known[each.metadata.nbgrader.grade_id].source


def test_a_file_that_cannot_be_copied_costs_nobody_the_notebook(small, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mending.shutil, "copy2", refuse)
    hand_in(small, helper_file, tmp_path / "submitted")
    lesson = mending.Lesson(NAME, editions(small)[0])
    said = mending.mend_student([lesson], tmp_path / "submitted", tmp_path / "mended")
    assert said == ["mine.py: left out, it cannot be copied: Permission denied"]
    assert (tmp_path / "mended" / FILE).is_file()


def test_names_that_nbgrader_would_not_find_are_changed_and_nobody_gets_another_s(small, tmp_path):
    (tmp_path / "release" / "ps1").mkdir(parents=True)
    nbformat.write(editions(small)[0], tmp_path / "release" / "ps1" / FILE)
    for student, change in (("ann [1]", nothing_wrong), ("ann _1_", no_answer), ("ann ]1[", one_wrong)):
        hand_in(small, change, tmp_path / "submitted" / student / "ps1")
    said = mending.mend_class(tmp_path, "ps1")
    given = {name: points(nbformat.read(tmp_path / "mended" / name / "ps1" / FILE, 4)) for name in said}
    assert given == {"ann _1__": 7, "ann _1___": 6, "ann _1_": 5}
    assert said["ann _1__"] == ["graded under this name, handed in as ann [1]"]


# -- the lessons -------------------------------------------------------------------------------------------------------

# Lesson 00 is graded whole. Of the longer ones the exercises alone, as INSTRUCTORS.md offers; nbval runs them whole.
# COURSE_GRADE_WHOLE=1 grades every lesson whole.
WHOLE = build.lessons() if os.environ.get("COURSE_GRADE_WHOLE") else ["00_start_here"]
BLANK = build.lessons()[:2]  # one without TensorFlow, one with it: what a blank check says is in every built notebook


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """{lesson: {student: (score, max score)}}, all lessons in one assignment."""
    from nbgrader.api import Gradebook

    folder = tmp_path_factory.mktemp("course")
    for name in build.lessons():
        whole = [] if name in WHOLE else ["--exercises-only"]
        assert release.main([name, str(folder / "source" / "ps"), *whole]) == 0
        for student, which in (("solved", "solutions"), ("blank", "student"), ("torn", "solutions")):
            if student == "solved" or name in BLANK:
                notebook = build.edition(build.cells(name), which)
                notebook = notebook if name in WHOLE else build.exercises_only(notebook)
                if student == "torn":
                    no_set_up(notebook)
                    notebook.cells.reverse()
                    notebook.cells.append(notebook.cells[0])
                path = folder / "submitted" / student / "ps" / f"{name}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(as_bytes(notebook))
    nbgrader(folder, "generate_assignment", "ps")
    for name in build.lessons():
        released = nbformat.read(folder / "release" / "ps" / f"{name}.ipynb", 4)
        assert any("raise NotImplementedError" in c.source for c in released.cells)
        assert not any("SOLUTION" in c.source for c in released.cells)
    assert submissions.main(["mend", str(folder), "ps"]) == 0
    remove = [
        p for s in ("blank", "torn") for n in build.lessons()[2:] for p in (folder / "mended" / s).rglob(f"{n}.*")
    ]
    for path in remove:  # not handed in: mended as blank, which costs time here
        path.unlink()
    nbgrader(folder, "autograde", "ps")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        graded = [part for s in gradebook.assignment_submissions("ps") for part in s.notebooks]
        return {name: {part.student.id: (part.score, part.max_score) for part in graded if part.name == name}
                for name in build.lessons()}  # fmt: skip


@pytest.mark.parametrize("name", build.lessons())
def test_the_solved_edition_gets_full_marks_and_the_blank_one_none(marks, name):
    full = marks[name]["solved"][1]
    assert full > 0
    assert marks[name]["solved"] == (full, full)
    assert marks[name]["blank"] == (0, full)
    assert marks[name]["torn"] == (full if name in BLANK else 0, full)


def shaken(notebook, rng):
    """A notebook after a few random accidents."""
    for _ in range(rng.randint(1, 6)):
        cells, at = notebook.cells, rng.randrange(len(notebook.cells) or 1)
        if not cells:
            return
        each, accident = cells[at], rng.randrange(8)
        if accident == 0:
            del cells[at]
        elif accident == 1:
            cells.insert(rng.randrange(len(cells) + 1), nbformat.from_dict(dict(each)))
        elif accident == 2:
            rng.shuffle(cells)
        elif accident == 3:
            cut = rng.randrange(len(each.source) + 1)
            cells.insert(at + 1, nbformat.from_dict(each | {"source": each.source[cut:]}))
            each.source = each.source[:cut]
        elif accident == 4:
            each.metadata = rng.choice([{}, None, {"nbgrader": 3}, {"nbgrader": {"grade_id": rng.choice(NAMES)}}])
        elif accident == 5:
            each.source = each.source.replace(rng.choice("( \n:d"), rng.choice(["", "\0", "\ud800", "(" * 300]), 2)
        elif accident == 6:
            each.cell_type = rng.choice(["code", "markdown", "raw"])
        else:
            each.source = "".join(chr(rng.randrange(32, 0x3000)) for _ in range(rng.randrange(30)))


NAMES = ["set-up", "words", "words-check", "perplexity", "perplexity-check", "step", "step-check", "", 7, None]


def test_any_notebook_is_mended_and_nothing_a_student_wrote_is_lost(small, tmp_path):
    handed_out, solved = editions(small)
    lesson = mending.Lesson(NAME, handed_out)
    for seed in range(int(os.environ.get("COURSE_ACCIDENTS", "150"))):
        rng = random.Random(seed)
        notebook = json.loads(json.dumps(solved), object_hook=nbformat.NotebookNode)
        shaken(notebook, rng)
        (tmp_path / FILE).write_bytes(as_bytes(notebook))
        cells = mending.read(tmp_path / FILE)
        mended, _ = mending.mend(lesson, cells)
        nbformat.validate(mended)  # raises
        MetadataValidator().validate_nb(mended)
        kept = [c.metadata.nbgrader.grade_id for c in mended.cells if "nbgrader" in c.metadata]
        assert sorted(kept) == sorted(lesson.known), seed
        for each in mended.cells:
            if each.metadata.get("nbgrader", {}).get("locked"):
                assert each.source == lesson.known[each.metadata.nbgrader.grade_id].source
        order = [n for n in kept if n.endswith("check") or n in ("words", "perplexity", "step")]
        assert all(order.index(n) < order.index(f"{n}-check") for n in ("words", "perplexity", "step")), seed
        there = {line.strip() for each in mended.cells for line in each.source.splitlines()}
        assert {line.strip() for each in cells for line in each.source.splitlines()} <= there | {""}, seed
