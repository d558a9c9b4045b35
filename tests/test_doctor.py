"""The doctor has a cross for everything that is broken, and says how to mend it; ticks are for what is well."""

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from course_lib import __main__ as command
from course_lib import bundled, doctor, installation
from course_lib.datasets.fetch import cache_folder
from tools.build import ROOT


def cross(check) -> str:
    """What a check finds wrong, with the remedy."""
    right, found, remedy = doctor.examine(check)
    assert not right, found
    assert remedy
    return f"{found}. To mend it: {remedy}"


def well(check) -> str:
    right, found, _ = doctor.examine(check)
    assert right, found
    return found


def run(*arguments, **environment) -> subprocess.CompletedProcess:
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, encoding="utf-8")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A course whose environment is this one, as far as paths tell."""
    (tmp_path / "requirements.lock").write_text("")
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    monkeypatch.setattr(doctor, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "work"))
    (tmp_path / ".venv").mkdir()
    return tmp_path


@pytest.mark.skipif(installation.ENVIRONMENT.is_symlink(), reason="the environment is another folder's")
def test_all_is_well_here():
    finished = run("-m", "course_lib", "doctor")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert [line[0] for line in finished.stdout.splitlines()] == ["✓"] * len(doctor.CHECKS)


def test_a_cross_ends_with_1_and_stands_with_its_remedy(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", [lambda: (True, "fine", ""), lambda: (False, "broken", "do this")])
    assert command.main(["doctor"]) == 1
    assert capsys.readouterr().out == "✓ fine\n✗ broken\n  To mend it: do this.\n"


# -- Python, environment, packages -------------------------------------------------------------------------------------


def test_another_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    assert "install Python 3.11" in cross(doctor._check_python)


@pytest.mark.parametrize(
    ("stamp", "found"),
    [
        (None, "the set-up of .venv was not finished"),
        ("\udcff", "the set-up of .venv was not finished"),
        ("", "set up by an earlier version of the course"),
        ("/another/folder\n123\n", "renamed or copied: .venv was set up in /another/folder"),
        ("{ROOT}\n123\n", "requirements.lock has changed since"),
    ],
)
def test_an_environment_of_another_folder_or_other_pins(checkout, stamp, found):
    if stamp is not None:
        (checkout / ".venv" / ".installed").write_text(stamp.format(ROOT=checkout), errors="surrogateescape")
    assert found in cross(doctor._check_environment)
    assert "make lab" in cross(doctor._check_environment)
    (checkout / ".venv" / ".installed").write_text(installation.stamp())
    well(doctor._check_environment)


def test_another_python_than_the_environment_s_is_well_only_with_all_packages(checkout, monkeypatch):
    monkeypatch.setattr(sys, "prefix", "/usr")
    assert "environment: /usr" in well(doctor._check_environment)
    (checkout / "requirements.lock").write_text("nowhere-to-be-found==1.0\n")
    assert "-m course_lib doctor" in cross(doctor._check_environment)
    assert "nowhere-to-be-found is missing" in cross(doctor._check_packages)
    assert f"{sys.executable} -m pip install -r requirements.lock" in cross(doctor._check_packages)


def test_packages_that_are_missing_or_others(checkout):
    pins = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lock = checkout / "requirements.lock"
    lock.write_text(pins)
    well(doctor._check_packages)
    lock.write_text("numpy==1.0\nnot-there==2.0\nnor-this==3.0 ; python_version < '3'\nnor-that==1 ; os_name != 'x'\n")
    found = cross(doctor._check_packages)
    assert "numpy is 2." in found and "tried with 1.0" in found
    assert "not-there is missing" in found and "nor-that is missing" in found and "nor-this" not in found
    lock.write_text("".join(f"missing-{i}==1\n" for i in range(9)))
    assert "missing-4 is missing and 4 more" in cross(doctor._check_packages)


def test_packages_of_another_program_that_come_first(tmp_path, monkeypatch):
    (tmp_path / "keras.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    assert f"keras comes from {tmp_path}. To mend it: unset PYTHONPATH" in cross(doctor._check_packages)


def test_a_plain_python_without_packages_gets_sentences(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)  # with data there, a plain Python can list them
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "plain"], check=True)
    python = installation.python_of(tmp_path / "plain")
    finished = subprocess.run([python, "-m", "course_lib", "doctor"], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert (finished.returncode, finished.stderr) == (1, "")
    for found in (
        "packages: absl-py is missing",
        "TensorFlow does not run: ModuleNotFoundError",
        "kernel: Jupyter is not",
    ):
        assert f"✗ {found}" in finished.stdout
    finished = subprocess.run([python, "-m", "course_lib", "data"], cwd=ROOT, capture_output=True, encoding="utf-8")
    assert finished.returncode == 1 and "Traceback" not in finished.stderr


def test_a_course_that_comes_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    well(doctor._check_course)
    for copy in ("old", "new"):
        (tmp_path / copy / "course_lib").mkdir(parents=True)
        (tmp_path / copy / "course_lib" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path / "new")  # a notebook there, and this course: the old folder's
    assert f"comes from {ROOT}, not from {tmp_path / 'new'}" in cross(doctor._check_course)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "old"))
    assert f"comes from {tmp_path / 'old'}, not from {ROOT}" in cross(doctor._check_course)


def test_a_course_that_cannot_be_imported(tmp_path, monkeypatch):
    (tmp_path / "course_lib").mkdir()
    (tmp_path / "course_lib" / "__init__.py").write_text("import nothing_of_that_name")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "cannot be imported" in cross(doctor._check_course)


# -- what is in the way ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["random.py", "keras.py", "numpy/__init__.py", "course_lib.py", "tqdm.py"])
def test_a_file_of_a_student_s_that_hides_a_module(checkout, name):
    work = checkout / "work"
    for harmless in ("my_answers.py", "test.py", "keras.txt", "random.ipynb", "json/notes.txt"):
        (work / harmless).parent.mkdir(exist_ok=True, parents=True)
        (work / harmless).touch()
    well(doctor._check_files)
    (work / name).parent.mkdir(exist_ok=True)
    (work / name).touch()
    assert str(Path("work", name.split("/")[0])) in cross(doctor._check_files)
    assert "another name" in cross(doctor._check_files)


def test_a_file_beside_the_course_hides_a_module_but_not_from_the_doctor(tmp_path):
    for folder in ("course_lib", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    for name in ("random.py", "re.py", "keras.py"):
        (tmp_path / name).write_text("raise SystemExit('the student’s file runs')")
    command = [sys.executable, "-m", "course_lib", "doctor"]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert "✗ files: keras.py, random.py, re.py hide the modules" in finished.stdout
    assert "bundled data: complete" in finished.stdout


@pytest.mark.parametrize("variable", ["COURSE_WORK", "COURSE_CACHE"])
def test_a_file_where_a_folder_should_be(tmp_path, monkeypatch, variable):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        monkeypatch.setenv(variable, str(path))
        found = cross(doctor._check_folders)
        assert f"{tmp_path / 'file'} is a file, where a folder should be" in found and variable in found
    monkeypatch.setenv(variable, str(tmp_path / "not" / "there" / "yet"))
    well(doctor._check_folders)
    assert not (tmp_path / "not").exists()


@pytest.mark.skipif(os.name == "nt", reason="a home is found otherwise there")
def test_a_home_is_meant_by_its_sign_and_nobody_needs_one(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COURSE_WORK", "~/lessons")  # as a file of settings has it, which no shell reads
    monkeypatch.setenv("COURSE_CACHE", "~/kept")
    assert doctor.work_folder() == tmp_path / "lessons" and cache_folder() == tmp_path / "kept"
    monkeypatch.delenv("KERAS_HOME", raising=False)
    assert installation.keras_file() == tmp_path / ".keras" / "keras.json"
    import pwd

    def nobody(_):
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)  # a number without a name, as in a container
    monkeypatch.delenv("HOME")
    assert installation.foreign_settings() == [f"{name}={os.environ[name]}" for name in installation.odd_variables()]
    assert installation.keras_file() == Path("/tmp/.keras/keras.json")


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "", "# numpy", "numpy>=2", "numpy=="])
def test_a_list_of_pins_that_was_damaged(checkout, line):
    (checkout / "requirements.lock").write_text(f"{line}\n")
    assert f"packages: a line of requirements.lock, {line!r}, is no pin. To mend it:" in cross(doctor._check_packages)


def test_no_room_no_right_to_write_and_no_public_sets(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    assert "COURSE_DATA is" in cross(doctor._check_folders)
    monkeypatch.delenv("COURSE_DATA")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**6))
    assert "is full: 0.0 GB are free" in cross(doctor._check_folders)

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(installation.tempfile, "TemporaryFile", refuse)
    assert "nothing can be written in" in cross(doctor._check_folders)
    assert "Permission denied" in cross(doctor._check_folders)


def test_a_kernel_of_another_environment(tmp_path, monkeypatch):
    well(doctor._check_kernel)
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {"argv": ["/another/python", "-m", "ipykernel_launcher"], "display_name": "Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert "kernel: /another/python" in cross(doctor._check_kernel)
    assert f"move {kernel} away" in cross(doctor._check_kernel)
    spec["argv"][0] = sys.executable
    (kernel / "kernel.json").write_text(json.dumps(spec))
    well(doctor._check_kernel)


# -- Keras, TensorFlow, memory, data -----------------------------------------------------------------------------------

USED = """
from course_lib.backend import keras
print(keras.config.backend(), keras.layers.Dense(1).compute_dtype, keras.config.image_data_format())
model = keras.Sequential([keras.layers.Dense(1)])
print(len(model.predict(keras.ops.ones((9, 1)), batch_size=1, verbose=0)))
import course_lib.layers
"""


def test_foreign_settings_are_said_and_not_used(tmp_path, monkeypatch):
    foreign = {"backend": "jax", "floatx": "float16", "image_data_format": "channels_first", "epsilon": 0.1}
    (tmp_path / "keras.json").write_text(json.dumps(foreign))
    given = {"KERAS_BACKEND": "torch", "KERAS_MAX_STEPS_PER_EPOCH": "2", "TF_NUM_INTRAOP_THREADS": "two"}
    given |= {"KERAS_HOME": str(tmp_path), "TF_NUM_INTEROP_THREADS": "", "OMP_NUM_THREADS": "-3"}
    finished = run("-c", USED, **given)
    assert finished.stdout == "tensorflow float32 channels_last\n9\n", finished.stderr
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    said = doctor.installation.foreign_settings()
    assert len(said) == 8 and f"floatx float16 of {tmp_path / 'keras.json'}" in said


@pytest.mark.parametrize("name", ["keras.py", "numpy.py", "json.py"])
def test_a_file_that_hides_a_module_is_named_where_keras_is_imported(tmp_path, name):
    """Not Keras's file of settings, which is there and well."""
    (tmp_path / "keras.json").write_text("{}")
    (tmp_path / name).write_text("mine = 1")
    code = "from course_lib.backend import keras"
    env = os.environ | {"PYTHONPATH": str(ROOT), "KERAS_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, encoding="utf-8")
    told = f"CourseError: Keras cannot be imported: {tmp_path / name} hides the module of that name. Give it another"
    assert told in done.stderr and "keras.json" not in done.stderr


def test_another_backend_for_the_course(tmp_path, monkeypatch):
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    for name, value in {"COURSE_BACKEND": "jax", "KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    assert installation.foreign_settings() == []  # it is used
    assert "COURSE_BACKEND is jax: no lesson runs on it. To mend it: unset" in cross(doctor._check_tensorflow)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert installation.foreign_settings() == ["KERAS_BACKEND=tensorflow"]
    finished = run("-c", "from course_lib.backend import keras", COURSE_BACKEND="nonsense")
    assert "Keras cannot be imported on COURSE_BACKEND=nonsense" in finished.stderr
    assert "unset that variable" in finished.stderr and "move that file" not in finished.stderr


@pytest.mark.parametrize("value", ["", "two", "-1", "1.5", "100000", " 2"])
def test_threads_that_are_no_number(monkeypatch, value):
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", value)
    assert installation.odd_variables() == ["TF_NUM_INTEROP_THREADS"]
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "16")
    assert installation.odd_variables() == []


@pytest.mark.parametrize("settings", ["[1]", '{"floatx": "float128"}'])
def test_settings_that_keras_cannot_read(tmp_path, monkeypatch, settings):
    (tmp_path / "keras.json").write_text(settings)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    found = cross(doctor._check_tensorflow)
    assert "move that file away. To mend it: do that" in found
    assert "TensorFlow does not run: Keras cannot be imported" in found and str(tmp_path / "keras.json") in found


@pytest.mark.parametrize(
    ("keras", "found"),
    [("raise ImportError('half a file')", "ImportError: half a file"), ("import os; os.abort()", "it ended with")],
)
def test_a_tensorflow_that_cannot_run(tmp_path, monkeypatch, keras, found):
    (tmp_path / "keras.py").write_text(keras)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    monkeypatch.setenv("XLA_FLAGS", "--odd")
    assert found in cross(doctor._check_tensorflow)
    remedy = cross(doctor._check_tensorflow)
    assert "delete .venv, then run `make lab`" in remedy
    assert "without the variables" in remedy and "XLA_FLAGS" in remedy


def test_too_little_memory(monkeypatch):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: namedtuple("memory", "available")(1e9))
    assert "3 GB are needed" in cross(doctor._check_memory)


def test_changed_and_missing_files(tmp_path, monkeypatch):
    shutil.copytree(bundled.DATA, tmp_path / "data")
    monkeypatch.setattr(bundled, "DATA", tmp_path / "data")
    (tmp_path / "data" / "language" / "heldout.txt").write_text("changed")
    (tmp_path / "data" / "language" / "train.txt").unlink()
    found = cross(doctor._check_data)
    assert "language/heldout.txt was changed" in found and "language/train.txt is missing" in found
    assert "run `make data`" in found
    (tmp_path / "data" / "README.md").unlink()
    assert "data/README.md is missing" in cross(doctor._check_data)
