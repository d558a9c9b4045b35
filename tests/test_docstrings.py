"""A public function that raises says so, unless a lesson shows it: there, the text around it does."""

import ast
import builtins
from collections.abc import Iterator
from functools import cache

import pytest

from tools import build

PACKAGE = build.ROOT / "course_lib"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "exercises")


@cache
def shown() -> set[str]:
    """The names of what lessons show of the package."""
    cells = [cell for name in build.lessons() for cell in build.cells(name).cells]
    cells = [cell for cell in cells if any(tag.startswith("lib:") for tag in cell.metadata.get("tags", []))]
    return {node.name for cell in cells for node in ast.parse(cell.source).body if hasattr(node, "name")}


def own(node: ast.AST) -> Iterator[ast.AST]:
    """What a function does itself, without functions in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            yield child
            yield from own(child)


def public(tree: ast.Module) -> Iterator[tuple[str, str, ast.FunctionDef]]:
    """Name, docstring and body of functions and methods; of `__init__`, the class's docstring counts, too."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, ast.get_docstring(node) or "", node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name in ("__init__", "__call__"):
                    both = (ast.get_docstring(node) or "") + (ast.get_docstring(method) or "")
                    yield f"{node.name}.{method.name}", both, method
                elif isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    yield f"{node.name}.{method.name}", ast.get_docstring(method) or "", method


def raises(function: ast.FunctionDef) -> set[str]:
    raised = (node.exc for node in own(function) if isinstance(node, ast.Raise))
    names = {ast.unparse(error.func) for error in raised if isinstance(error, ast.Call)}
    return {name for name in names if name.isidentifier() and not hasattr(builtins, name)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_function_says_what_it_raises(path):
    silent = [
        f"{name}: {error}"
        for name, docstring, function in public(ast.parse(path.read_text(encoding="utf-8")))
        if name.split(".")[0] not in shown()
        for error in raises(function)
        if error not in docstring
    ]
    assert not silent
