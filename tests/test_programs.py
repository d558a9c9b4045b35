"""Programs from the grammar parse and define their names; the checks find what is wrong; the stated truth is true."""

import ast
import math
from collections import Counter

import pytest

from course_lib.errors import CourseError
from course_lib.worlds import programs
from course_lib.worlds.grammar import GrammarError
from course_lib.worlds.programs import ProgramWorld, parses, undefined_names


@pytest.fixture(scope="module")
def drawn():
    return [program.text for program in ProgramWorld().sample(1500, seed=3)]


def test_every_program_parses_and_defines_its_names(drawn):
    assert all(parses(text) for text in drawn)
    assert not any(undefined_names(text) for text in drawn)


def test_they_are_what_the_lesson_says(drawn):
    kinds = Counter(type(node).__name__ for text in drawn for node in ast.walk(ast.parse(text)))
    assert min(kinds[k] for k in ("FunctionDef", "For", "If", "List", "Call", "BinOp", "Assign", "AugAssign")) > 100
    assert any("        " in text for text in drawn)  # blocks in blocks
    assert any("((" in text or "))" in text for text in drawn)
    assert len(set(drawn)) > 0.99 * len(drawn)
    assert max(map(len, drawn)) < 600


def test_the_same_seed_gives_the_same_programs():
    world = ProgramWorld()
    assert world.sample(20, seed=1) == ProgramWorld().sample(20, seed=1)
    assert world.sample(20, seed=1) != world.sample(20, seed=2)


TINY = """
start = "PP"
[sets.v]
a = {}
b = {}
[rules]
PP = ["3: <new:v> = 1 <line> QQ", "1: pass <line>"]
QQ = ["2: <old:v> = 2 <line>", "1: <new:v> = <old:v> <line>", "1: if <old:v> : <indent> <new:v> = 3 <line> <dedent>"]
"""


def test_the_stated_probability_is_how_often_a_program_comes():
    programs_drawn = ProgramWorld(TINY).sample(20_000, seed=0)
    stated = {p.text: math.exp(p.log_p) for p in programs_drawn}
    assert math.isclose(sum(stated.values()), 1)  # every program there is has come, and each is made in one way
    counts = Counter(p.text for p in programs_drawn)
    assert all(abs(counts[text] / 20_000 - p) < 0.015 for text, p in stated.items())
    assert stated["pass\n"] == pytest.approx(0.25)
    assert stated["a = 1\nif a:\n    b = 3\n"] == pytest.approx(0.75 / 2 / 4)


def test_no_program_is_made_in_two_ways():
    found = {}
    for text, log_p in ProgramWorld().sample(6000, seed=1):
        assert found.setdefault(text, log_p) == pytest.approx(log_p, abs=1e-9)
    assert len(found) < 6000  # some did come twice


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x = 1\nprint(x)\n", []),
        ("print(x)\nx = 1\n", ["x"]),
        ("x = y + x\n", ["y", "x"]),
        ("def f(n):\n    return n + m\nprint(f(2))\n", ["m"]),
        ("def f(n):\n    return n\nprint(n)\n", ["n"]),
        ("for i in range(3):\n    print(i)\n", []),
        ("x = 1\ndef f():\n    x += 1\n    return x\n", ["x"]),
        ("[k for k in range(3)]\n", []),
    ],
)
def test_undefined_names(text, names):
    assert undefined_names(text) == names


@pytest.mark.parametrize(
    "text", ["", "\n", "# no\n", "x = (1\n", "if x:\nprint(x)\n", " x = 1\n", "x = \0", "x = 08\n", "(" * 500 + "1"]
)
def test_what_does_not_parse(text):
    assert not parses(text)
    with pytest.raises(CourseError, match="ask `parses` first"):
        undefined_names(text)


def test_nothing_is_run(tmp_path):
    harmful = f"open({str(tmp_path / 'made')!r}, 'w')\n"
    assert parses(harmful)
    assert undefined_names(harmful) == []
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('PP = ["x = <old:v> <line>"]', "every alternative asks for a name"),
        ('PP = ["<new:v> <new:v> <new:v> <line>"]', "there is no name left in .sets.v."),
        ('PP = ["<new:v>= 1 <line>"]', "is a word by itself; put a space"),
        ('PP = ["x = 1<line>"]', "is a word by itself; put a space"),
        ('PP = ["<new:w> <line>"]', "there is no set 'w'"),
        ('PP = ["PP"]', "comes back to itself"),
        ('PP = ["x PP"]', "comes back to itself"),
        ('PP = ["x = 1"]', "ended inside a line"),
        ('PP = ["if x : <indent> x <line>"]', "ended inside a line or a block"),
        ('PP = ["x <line> <dedent>"]', "once for each <indent>"),
    ],
)
def test_grammars_that_cannot_be_carried_out(rules, sentence):
    with pytest.raises(GrammarError, match=sentence):
        ProgramWorld(f'start = "PP"\n[sets.v]\na = {{}}\nb = {{}}\n[rules]\n{rules}').sample(1, seed=0)


def test_the_bundled_grammar_is_data():
    text = programs.GRAMMAR_FILE.read_text(encoding="utf-8").replace('"+", "-", "*"', '"%"')
    assert all("+ " not in p.text.replace("+=", "") for p in ProgramWorld(text).sample(200, seed=0))
