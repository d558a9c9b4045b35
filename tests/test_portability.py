"""The course runs where there is only what Windows has, and with `python -O`."""

import ast
import os
import subprocess
import sys

import pytest

from tools.build import ROOT

PACKAGES = ("course_lib", "experiments", "tools", "benchmarks")
FILES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
IMPORT_ALL = """
import importlib, sys
import psutil  # asks for `resource` only where it is
for name in ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None  # importing it fails from here on
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def python(*arguments, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | environment, capture_output=True, timeout=300
    )


def test_no_import_needs_what_only_posix_has():
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in FILES]
    finished = python("-O", "-c", IMPORT_ALL, *names)
    assert finished.returncode == 0, finished.stderr.decode()


@pytest.mark.parametrize("path", FILES, ids=str)
def test_nothing_is_validated_by_assert(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)], "python -O leaves it out"


def test_tests_that_need_signals_of_posix_are_skipped_elsewhere():
    found = 0
    for path in (ROOT / "tests").glob("test_*.py"):
        if path.name == "test_portability.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            ast.unparse(node.targets[0]): ast.unparse(node.value) for node in tree.body if isinstance(node, ast.Assign)
        }
        for node in ast.walk(tree):
            source = ast.unparse(node) if isinstance(node, ast.FunctionDef) else ""
            if any(word in source for word in ("killpg", "SIGKILL", "send_signal(")):
                found += 1
                marks = [named.get(ast.unparse(mark), ast.unparse(mark)) for mark in node.decorator_list]
                assert any("win32" in mark for mark in marks), f"{path.name}: {node.name}"
    assert found >= 4


@pytest.mark.parametrize("command", [
    ("-m", "course_lib", "doctor"),
    ("-c", "from tools import test; test.run('the platform', 'platform')"),
    ("-c", "import experiments; print('¿Dónde está? → Πού είναι; ✓')"),
])  # fmt: skip
def test_a_pipe_in_a_code_page_stops_no_command(command):
    finished = python(*command, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert finished.stderr == b""
    assert {"✓", "─"} & set(finished.stdout.decode("utf-8"))
