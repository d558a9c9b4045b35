"""What may import what, and that nothing heavy is imported before it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "course_lib"
# In the direction data flows: each may import from those in groups before its own.
ORDER = [
    ["errors", "installation"],
    ["backend", "bundled", "console", "files", "memory"],
    ["tables"],
    ["results"],
    ["machine"],
    ["worlds", "datasets"],
    ["text"],
    ["batching", "metrics", "features", "subwords"],
    ["numpy_rnn", "ctc"],
    ["cells", "attention", "vision", "audio"],
    ["layers"],
    ["models"],
    ["decoding"],
    ["training"],
    ["explain"],
    ["checkpoint"],
    ["claims"],
    ["plotting"],
    ["mistakes"],
    ["checks", "guesses", "widgets"],
    ["demos", "exercises"],
    ["doctor"],
    ["progress"],
    ["__main__", "__init__"],
]
RANK = {name: rank for rank, group in enumerate(ORDER) for name in group}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_with_the_data(path):
    part = part_of(path)
    for name in imported(path):
        pieces = name.split(".")
        if pieces[0] == "course_lib" and len(pieces) > 1 and pieces[1] in RANK and pieces[1] != part:
            assert RANK[pieces[1]] < RANK[part], f"{part} may not import {pieces[1]}"
        if pieces[0] == "matplotlib":
            assert part == "plotting"
        if pieces[0] in ("tensorflow", "keras"):
            heavy = ("batching", "cells", "layers", "attention", "vision", "models", "decoding", "training", "explain")
            assert part in ("backend", "checkpoint", *heavy)


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_the_light_modules_do_not_load_tensorflow():
    modules = (
        "course_lib, course_lib.text, course_lib.metrics, course_lib.numpy_rnn, course_lib.claims, course_lib.checks"
    )
    modules += ", course_lib.worlds.language, course_lib.models.ngram, course_lib.datasets.fetch, course_lib.results"
    modules += ", course_lib.worlds.lag, course_lib.worlds.nesting"
    code = f"import sys, {modules}; sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'matplotlib')))"
    assert run(code).returncode == 0


def test_importing_the_package_is_quick():
    code = "import time; t = time.perf_counter(); import course_lib; print(time.perf_counter() - t)"
    assert min(float(run(code).stdout) for _ in range(3)) < 0.2


def test_importing_tensorflow_through_the_course_writes_nothing():
    finished = run("import course_lib.models.fixed_input, keras; keras.ops.ones((1, 3)) @ keras.ops.ones((3, 2))")
    assert finished.returncode == 0
    assert finished.stdout + finished.stderr == ""


def test_what_imports_tensorflow_at_its_top_imports_the_backend_before():
    using = 0
    for path in PACKAGE.rglob("*.py"):
        top = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if part_of(path) != "backend"]
        top = [inner for node in top for inner in (node.body if isinstance(node, ast.If) else [node])]
        names = [getattr(node, "module", None) or node.names[0].name for node in top
                 if isinstance(node, ast.Import | ast.ImportFrom)]  # fmt: skip
        heavy = [i for i, name in enumerate(names) if name.split(".")[0] in ("keras", "tensorflow")]
        using += bool(heavy)
        assert not heavy or "course_lib.backend" in names[: heavy[0]], path
    assert using  # layers.py
