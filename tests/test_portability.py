"""The course runs where there is only what Windows has, and with `python -O`."""

import ast
import os
import subprocess
import sys
from pathlib import PureWindowsPath

import pytest

from course_lib import doctor, installation
from tools.build import ROOT

PACKAGES = ("course_lib", "experiments", "tools", "benchmarks")
FILES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
IMPORT_ALL = """
import importlib, sys
# They ask which system it is before they import what only POSIX has.
import IPython, nbgrader.preprocessors, psutil
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


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252"])
@pytest.mark.parametrize("command", [
    ("-m", "course_lib", "data"),
    ("-c", "import sys; from course_lib import doctor; doctor.CHECKS = [lambda: (True, 'Straße → ✓', '')]; "
           "from course_lib.__main__ import main; from course_lib.console import print_utf8; print_utf8(); "
           "main(['doctor']); print('\\udcff', file=sys.stderr if len(sys.argv) > 1 else sys.stdout)"),
    ("-m", "tools.lab", "--fill-only"),
    ("-c", "from tools import test; test.run('the platform', 'platform')"),
    ("-c", "import experiments; print('¿Dónde está? → Πού είναι; ✓')"),
])  # fmt: skip
def test_a_pipe_in_a_code_page_stops_no_command(command, encoding, tmp_path):
    work = str(tmp_path / "Übungen → ✓")
    finished = python(*command, PYTHONIOENCODING=encoding, PYTHONUTF8="0", COURSE_WORK=work, COURSE_DATA="")
    assert (finished.returncode, finished.stderr) == (0, b"")
    finished.stdout.decode("utf-8")


# -- paths of Windows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "moved"), [
    (r"C:\Users\Zoë\course", False), (r"c:\users\zoë\course", False), (r"D:\Users\Zoë\course", True),
    (r"C:\Users\Zoë\course - Copy", True), (r"\\server\share\course", True),
])  # fmt: skip
def test_a_moved_folder_is_known_by_its_path_on_windows(tmp_path, monkeypatch, folder, moved):
    (tmp_path / ".installed").write_text(f"{folder}\npins\n", encoding="utf-8")
    monkeypatch.setattr(installation, "ROOT", PureWindowsPath(r"C:\Users\Zoë\course"))
    monkeypatch.setattr(installation, "stamp", lambda: "\npins\n")
    assert bool(installation.stamp_complaint(tmp_path)) == moved


@pytest.mark.parametrize(("program", "own"), [
    ("python", True), ("python3.exe", True), (r"C:\course\.venv\Scripts\python.exe", True),
    (r"c:\COURSE\.venv\scripts\python.exe", True), (r"C:\other\.venv\Scripts\python.exe", False),
    (r"C:\course\.venv\Scripts\xeus.exe", False), ("xeus", False), (r"D:\python.exe", False),
])  # fmt: skip
def test_a_kernel_of_this_environment_is_known_on_windows(program, own):
    python = PureWindowsPath(r"C:\course\.venv\Scripts\python.exe")
    assert doctor._starts(PureWindowsPath(program), python) == own


def test_the_environment_s_python_on_windows(monkeypatch):
    monkeypatch.setattr(installation.os, "name", "nt")
    python = installation.python_of(PureWindowsPath(r"C:\course\.venv"))
    assert str(python) == r"C:\course\.venv\Scripts\python.exe"


def test_every_file_of_the_course_can_be_there_on_windows():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8").stdout
    names = [name for name in listed.split("\0") if name]
    assert len({name.lower() for name in names}) == len(names) > 100
    for part in {part for name in names for part in name.split("/")}:
        assert not set(part) & set('<>:"\\|?*') and not part.endswith((".", " ")), part
        assert part.split(".")[0].lower() not in ("con", "prn", "aux", "nul", "com1", "lpt1"), part
