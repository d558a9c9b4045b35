"""The files a stranger's machine is set up from agree with each other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import check_python
from tools.build import ROOT
from tools.environment import environment

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_environment_yml_has_the_same_pins():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment(LOCK, with_course=True)
    assert (ROOT / "binder" / "environment.yml").read_text(encoding="utf-8") == environment(LOCK, with_course=False)


def test_every_line_of_the_lock_is_one_version_with_or_without_a_marker():
    for line in LOCK.splitlines():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; .+)?", line), line
    assert "sys_platform == 'darwin'" in LOCK
    assert "os_name == 'nt'" in LOCK


def test_the_lock_has_everything_the_project_asks_for():
    locked = {line.split("==")[0].lower() for line in LOCK.splitlines()}
    extras = PROJECT["optional-dependencies"].values()
    for requirement in [*PROJECT["dependencies"], *(r for extra in extras for r in extra)]:
        assert re.match(r"[a-z0-9-]+", requirement.lower())[0] in locked


def test_what_is_installed_here_is_what_is_locked():
    frozen = subprocess.run([sys.executable, "-m", "pip", "freeze"], capture_output=True, text=True).stdout
    installed = {m[1].lower().replace("_", "-"): m[2] for m in re.finditer(r"^([\w.-]+)==(\S+)$", frozen, re.MULTILINE)}
    for name in ("tensorflow", "keras", "numpy", "matplotlib", "nbval", "jupyterlab"):
        assert re.search(rf"^{name}=={re.escape(installed[name])}( |$)", LOCK, re.MULTILINE), name


@pytest.mark.parametrize(("version", "good"), [((3, 10), 0), ((3, 11), 1), ((3, 13, 2), 1), ((3, 14), 0), ((2, 7), 0)])
def test_a_wrong_python_is_refused_in_one_sentence(version, good):
    complaint = check_python.complaint(version)
    assert (complaint is None) == bool(good)
    if complaint:
        assert f"this is {version[0]}.{version[1]}" in complaint


def test_the_oldest_and_newest_python_are_the_same_everywhere():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert (check_python.OLDEST, check_python.NEWEST) == ((3, 11), (3, 13))
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    for part in ("3.11", "3.12", "3.13", "ubuntu-latest", "macos-latest", "windows-latest"):
        assert part in workflow


def test_no_file_names_an_index_or_a_folder_of_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in (".png", ".h5", ".npz") or not path.is_file() or path == Path(__file__).resolve():
            continue
        content = path.read_text(encoding="utf-8")
        for wrong in ("--index-url", "--extra-index", "--find-links", "/root/", "/home/", "/work/main"):
            assert wrong not in content, f"{name} has {wrong}"
