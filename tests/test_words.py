"""Words are held to claims: titles, headings, captions of README; what a table says is not told as live."""

import ast
import re
from pathlib import Path

import pytest

from tools import build

LESSONS = build.lessons()
# Headings and titles that a person has read as stating nothing that could be found to be false.
NEUTRAL = set(Path(__file__).with_name("neutral_words.txt").read_text(encoding="utf-8").splitlines())
READS_A_TABLE = "results.read"


def code(name: str) -> ast.Module:
    return ast.parse("\n".join(c.source for c in build.cells(name).cells if c.cell_type == "code"))


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == name]


def words(node: ast.expr) -> str:
    """A sentence in the source; what is computed of an f-string is an ellipsis."""
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "…" for v in node.values)
    assert isinstance(node, ast.Constant), ast.unparse(node)
    return node.value


def sentences(tree: ast.AST) -> set[str]:
    """Those of a lesson's claims."""
    return {words(call.args[0]).lower() for kind in ("claim", "must_be") for call in calls(tree, kind)}


def neutral_titles(tree: ast.AST) -> set[str]:
    """What stands over a lesson's figures and is no claim; a name is a loop's, over words of the lesson."""
    given = [k.value for title in calls(tree, "plotting.title") for k in title.keywords if k.arg == "neutral"]
    return {words(value) for value in given if not isinstance(value, ast.Name)}


def headings(name: str) -> set[str]:
    """A lesson's, but for those of its exercises, which have numbers."""
    return {heading for cell in build.cells(name).cells if cell.cell_type == "markdown"
            for heading in re.findall(r"^##+ (?!\d+ ·)(.+)$", cell.source, re.M)}  # fmt: skip


@pytest.mark.parametrize("name", LESSONS)
def test_a_title_is_a_claim_or_known_to_be_neutral(name):
    tree = code(name)
    assert neutral_titles(tree) - NEUTRAL == set()
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Attribute) and node.attr in ("set_title", "suptitle"))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".set"):
            assert not any(k.arg == "title" for k in node.keywords)


@pytest.mark.parametrize("name", LESSONS[1:])
def test_a_lesson_has_three_titles_that_say_something(name):
    claimed = [call for call in calls(code(name), "plotting.title") if len(call.args) > 1]
    assert len(claimed) >= 3


@pytest.mark.parametrize("name", LESSONS)
def test_a_heading_is_a_claim_or_known_to_be_neutral(name):
    claimed = sentences(code(name))
    assert {heading for heading in headings(name) - NEUTRAL if heading.lower() not in claimed} == set()


def test_a_caption_of_readme_is_a_claim_or_known_to_be_neutral():
    claimed = set().union(*(sentences(code(name)) for name in LESSONS))
    for caption in re.findall(r"!\[([^\]]*)\]", (build.ROOT / "README.md").read_text(encoding="utf-8")):
        *_, said = caption.split(": ", 1)
        assert said.lower() in claimed or said in NEUTRAL, said


def test_no_neutral_word_is_left_over():
    there = set().union(*(neutral_titles(code(name)) | headings(name) for name in LESSONS))
    assert sorted(NEUTRAL - there) == []


def stored_names(tree: ast.Module) -> list[tuple[ast.Call, bool]]:
    """Each claim of a lesson, and whether what it compares comes from a stored table."""
    stored: set[str] = set()
    found = []

    def is_stored(*nodes: ast.AST) -> bool:
        return any(
            (isinstance(n, ast.Name) and n.id in stored)
            or (isinstance(n, ast.Attribute) and ast.unparse(n) == READS_A_TABLE)
            for node in nodes
            for n in ast.walk(node)
        )

    def bind(target: ast.expr, is_so: bool):
        changed = isinstance(target, (ast.Subscript, ast.Attribute, ast.Starred))  # part of it
        for n in ast.walk(target):
            if isinstance(n, ast.Name):
                if is_so:
                    stored.add(n.id)
                elif not changed:
                    stored.discard(n.id)

    def visit(statement: ast.stmt):
        for n in ast.walk(statement):
            if isinstance(n, ast.comprehension):
                bind(n.target, is_stored(n.iter))
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            own = {n.arg for n in ast.walk(statement) if isinstance(n, ast.arg)}
            own |= {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            hidden = stored & own
            stored.difference_update(hidden)
            (stored.add if is_stored(*statement.body) else stored.discard)(statement.name)
            stored.update(hidden)
            return
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                bind(target, is_stored(statement.value))
        elif isinstance(statement, ast.AugAssign) and is_stored(statement.value):
            bind(statement.target, True)
        elif isinstance(statement, ast.For):
            bind(statement.target, is_stored(statement.iter))
        bodies = [b for field in ("body", "orelse", "finalbody") for b in getattr(statement, field, [])]
        for each in bodies:
            visit(each)
        if not bodies:
            for call in (c for kind in ("claim", "must_be") for c in calls(statement, kind)):
                compared = [*call.args[1:], *(k.value for k in call.keywords if k.arg != "table")]
                found.append((call, is_stored(*compared)))

    for statement in tree.body:
        visit(statement)
    return found


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_table_says_is_not_told_as_live(name):
    for call, stored in stored_names(code(name)):
        table = [k.value for k in call.keywords if k.arg == "table"]
        assert bool(table) == stored, f"{words(call.args[0])}: {'stored' if stored else 'live'}"
        for each in table:
            file = words(each)
            assert any((build.ROOT / folder / file).is_file() for folder in ("experiments/results", "benchmarks"))


def test_a_table_is_followed_to_the_claim():
    source = """
rows = results.read("a.csv")
best = max(row["x"] for row in rows)
def lowest(name):
    return min(row[name] for row in rows)
for low in [lowest("x")]:
    claim("one", at_least(low, 1))
claim("two", at_least(measured, best))
rows = measure()
claim("three", at_least(rows[0], 1))
"""
    found = stored_names(ast.parse(source))
    assert [(call.args[0].value, stored) for call, stored in found] == [("one", True), ("two", True), ("three", False)]
