"""The files a stranger's machine is set up from agree with each other."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from course_lib import installation
from tools import set_up
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


def test_the_way_without_make_is_run_step_by_step_on_windows():
    (way,) = re.findall(r"- \*\*No `make`\?\*\*(.+?)\n- ", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    commands = re.findall(r"`(py -.+?|\.venv\\Scripts\\python -m .+?)`", way)
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))["jobs"]
    job = jobs["without-make"]
    assert job["runs-on"] == "windows-latest" and job["defaults"]["run"]["shell"] == "pwsh"
    steps = [step["run"] for step in job["steps"] if "run" in step]
    assert len(commands) == 2
    for command, step in zip(commands, steps, strict=False):
        assert step.removesuffix(" --fill-only") == command


def test_what_is_installed_here_is_what_is_locked():
    frozen = subprocess.run([sys.executable, "-m", "pip", "freeze"], capture_output=True, text=True).stdout
    installed = {m[1].lower().replace("_", "-"): m[2] for m in re.finditer(r"^([\w.-]+)==(\S+)$", frozen, re.MULTILINE)}
    for name in ("tensorflow", "keras", "numpy", "matplotlib", "nbval", "jupyterlab"):
        assert re.search(rf"^{name}=={re.escape(installed[name])}( |$)", LOCK, re.MULTILINE), name


@pytest.mark.parametrize(("version", "good"), [((3, 10), 0), ((3, 11), 1), ((3, 13, 2), 1), ((3, 14), 0), ((2, 7), 0)])
def test_a_wrong_python_is_refused_in_one_sentence(version, good):
    complaint = installation.python_complaint(version)
    assert (complaint is None) == bool(good)
    if complaint:
        assert f"this is {version[0]}.{version[1]}" in complaint


def test_the_oldest_and_newest_python_are_the_same_everywhere():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert (installation.OLDEST, installation.NEWEST) == ((3, 11), (3, 13))
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    for part in ("3.11", "3.12", "3.13", "ubuntu-latest", "macos-latest", "windows-latest"):
        assert part in workflow


# -- the environment is made or mended ---------------------------------------------------------------------------------

FILES = ("tools/set_up.py", "course_lib/__init__.py", "course_lib/console.py", "course_lib/installation.py", "Makefile")
VERSION = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def checkout(tmp_path):
    """A small course with an environment of its own, which has the packages of this one."""
    folder = tmp_path / "course"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "requirements.lock").write_text(re.search(r"^packaging==.+\n", LOCK, re.MULTILINE)[0])
    project = '[project]\nname = "course-lib"\nversion = "1"\n[tool.setuptools]\npackages = ["course_lib"]\n'
    (folder / "pyproject.toml").write_text(project)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    (site,) = (folder / ".venv").rglob("site-packages")
    (site / "packages.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")
    stamp(folder)
    return folder


def stamp(folder):
    code = "from course_lib.installation import ENVIRONMENT, stamp; (ENVIRONMENT / '.installed').write_text(stamp())"
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=os.environ | {"PYTHONPATH": ""}, check=True)


def look(folder) -> subprocess.CompletedProcess:
    """tools/set_up.py, which tells what it would run, and runs nothing."""
    code = "import sys; sys.path.insert(0, 'tools'); import set_up; set_up.run = lambda *c: print('RUN', *c); "
    code += "sys.argv[1:] = []; sys.exit(set_up.main())"
    env = os.environ | {"PYTHONPATH": ""}
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, encoding="utf-8")


def says(folder, sentence, anew):
    done = look(folder)
    assert (done.returncode, done.stderr) == (0, "")
    said, *rest = done.stdout.splitlines()
    runs = [line for line in rest if line.startswith("RUN")]
    assert sentence in said
    assert ("--clear" in runs[0]) == anew
    for part, line in zip(("-m venv", "-r requirements.lock", "--editable .", "--programs"), runs, strict=True):
        assert part in line


def test_an_environment_that_is_right_is_left_alone_without_a_word(checkout):
    done = look(checkout)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_environment_yet(checkout):
    shutil.rmtree(checkout / ".venv")
    (checkout / ".venv").mkdir()
    says(checkout, "does not run any more", anew=True)
    shutil.rmtree(checkout / ".venv")
    done = look(checkout)  # nothing is made, so that there is no place for the stamp
    assert done.stdout.startswith("The environment has to be set up: there is none yet.\nSetting up in .venv")


def test_a_set_up_that_was_not_finished(checkout):
    (checkout / ".venv" / ".installed").unlink()
    says(checkout, "the set-up of .venv was not finished", anew=False)


@pytest.mark.parametrize("how", ["rename", "copytree"])
def test_a_renamed_or_copied_folder(checkout, how):
    other = checkout.with_name("other, with ümlaut")
    if how == "rename":
        checkout.rename(other)
    else:
        shutil.copytree(checkout, other, symlinks=True)
    says(other, f"this folder was renamed or copied: .venv was set up in {checkout}", anew=False)


@pytest.mark.parametrize("stamped", [False, True])
def test_other_pins_and_missing_packages(checkout, stamped):
    (checkout / "requirements.lock").write_text("packaging==1.0\nnot-there==2.0\n")
    if not stamped:
        says(checkout, "requirements.lock has changed since .venv was set up", anew=False)
        return
    stamp(checkout)
    says(checkout, "packages of .venv are not as in requirements.lock: packaging is", anew=False)


@pytest.mark.skipif(os.name == "nt", reason="environments there have no links")
def test_a_python_that_is_gone(checkout):
    for link in (checkout / ".venv" / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python")
    says(checkout, "the Python that .venv was made with does not run any more", anew=False)
    assert not [*(checkout / ".venv" / "bin").glob("python*")]  # `venv` would leave a link, wherever it leads


def test_a_python_that_was_upgraded_to_another_version(checkout):
    settings = checkout / ".venv" / "pyvenv.cfg"
    settings.write_text(re.sub(r"(?m)^version = .*", "version = 3.2.1", settings.read_text()))
    says(checkout, f"the Python of .venv was 3.2 and is {VERSION} now", anew=True)


def test_an_environment_whose_settings_were_changed(checkout):
    settings = checkout / ".venv" / "pyvenv.cfg"
    settings.write_text(re.sub(r"(?m)^version.+$", "", settings.read_text()))
    says(checkout, "pyvenv.cfg of .venv names no version of Python", anew=True)


def test_pins_that_were_damaged_are_no_dead_python(checkout):
    (checkout / "requirements.lock").write_text("<<<<<<< HEAD\npackaging==1.0\n=======\n")
    stamp(checkout)
    says(checkout, "not as in requirements.lock: a line of requirements.lock, '<<<<<<< HEAD', is no pin", anew=False)


def test_what_is_for_a_person_to_do(checkout, tmp_path):
    environment = checkout / ".venv"
    environment.rename(tmp_path / "kept")
    environment.touch()
    assert "is no folder, but the environment's place: move it away." in look(checkout).stderr
    environment.unlink()
    environment.mkdir()
    (environment / "my thesis.txt").touch()
    assert "holds something that is no environment: move it away." in look(checkout).stderr
    assert (environment / "my thesis.txt").exists()
    (checkout / "random.py").touch()
    command = [sys.executable, "tools/set_up.py"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, encoding="utf-8")
    assert done.returncode == 1
    assert done.stderr.startswith("random.py hides the module of that name: give")


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_to_the_environment_of_another_folder_is_not_mended(checkout, tmp_path):
    shutil.copytree(checkout, tmp_path / "second", symlinks=True, ignore=lambda *_: [".venv"])
    (tmp_path / "second" / ".venv").symlink_to(checkout / ".venv")
    done = look(tmp_path / "second")
    assert done.returncode == 1 and f"is a link to the environment of {checkout}" in done.stderr


def test_no_room_and_no_right_to_write(monkeypatch, checkout):
    monkeypatch.setattr(set_up, "ROOT", checkout)
    monkeypatch.setattr(set_up, "ENVIRONMENT", checkout / "new")
    monkeypatch.setattr(set_up, "run", lambda *_: pytest.fail("it was begun"))
    monkeypatch.setattr(set_up.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, 10**9))
    with pytest.raises(SystemExit, match="needs 3 GB of disk; 1.0 GB are free here. Make room."):
        set_up.build()
    monkeypatch.setattr(set_up, "ENVIRONMENT", checkout / "Makefile" / "new")
    with pytest.raises(SystemExit, match="Makefile is a file, where a folder should be"):
        set_up.build()


def test_a_part_that_fails_ends_with_one_sentence():
    with pytest.raises(SystemExit, match="the lines above say why"):
        set_up.run(sys.executable, "-c", "raise SystemExit(1)")


def test_a_python_is_found_that_can_be_used(monkeypatch):
    answers = {"own": "3 9", "python3.13": None, "python3.12": "3 12", "python3.11": "3 11"}
    monkeypatch.setattr(sys, "_base_executable", "own")
    monkeypatch.setattr(set_up, "output", lambda python, *_: answers.get(python))
    assert set_up.choose(None) == ((3, 12), ["python3.12"])
    assert set_up.choose((3, 11)) == ((3, 11), ["python3.11"])
    answers["own"] = "3 13"
    assert set_up.choose(None) == ((3, 13), ["own"])
    answers.clear()
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        set_up.choose(None)
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    with pytest.raises(SystemExit, match="needs Python 3.11 to 3.13, this is 3.9"):
        set_up.choose(None)


@pytest.mark.parametrize("name", ["tools/set_up.py", "course_lib/__main__.py", "course_lib/installation.py",
                                  "course_lib/console.py", "course_lib/__init__.py"])  # fmt: skip
def test_what_speaks_on_an_old_python_can_be_read_there(name):
    ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.skipif(not shutil.which("make"), reason="README has a way without")
def test_a_renamed_folder_is_mended_by_the_command_that_is_named(checkout):
    new = checkout.rename(checkout.with_name("renamed"))
    python, odd = installation.python_of(new / ".venv"), {"PYTHONHOME": "/nowhere", "PYTHONPATH": "/nowhere"}
    odd |= {"PIP_NO_INDEX": "1", "PIP_USER": "1", "PIP_TARGET": "/nowhere"}  # and without a network
    making = ["make", "--no-print-directory", "ready", f"PYTHON={sys.executable}"]
    done = subprocess.run(making, cwd=new, env=os.environ | odd, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    told = f"this folder was renamed or copied: .venv was set up in {checkout}"
    assert done.stdout == f"The environment has to be set up: {told}.\n"
    code = "import course_lib; print(course_lib.__file__)"
    found = subprocess.run(
        [python, "-c", code], cwd="/", env={"PATH": ""}, capture_output=True, encoding="utf-8"
    ).stdout
    assert Path(found.strip()) == new / "course_lib" / "__init__.py"
    assert str(new) in (python.parent / "jupyter").read_text(encoding="utf-8", errors="replace")
    again = subprocess.run(making, cwd=new, env=os.environ | odd, capture_output=True, encoding="utf-8")
    assert (again.returncode, again.stdout) == (0, "")


def test_no_file_names_an_index_or_a_folder_of_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in (".png", ".h5", ".npz") or not path.is_file() or path == Path(__file__).resolve():
            continue
        content = path.read_text(encoding="utf-8")
        for wrong in ("--index-url", "--extra-index", "--find-links", "/root/", "/home/", "/work/main"):
            assert wrong not in content, f"{name} has {wrong}"
