"""What the course is installed in, held against what it needs: Python, the environment, the pins, what is in the way.

`tools/set_up.py` asks before the environment is there, on whatever Python comes first: only the standard library is
imported, and nothing is written that Python 3.6 cannot read.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 13)
OWN = {"course_lib", "experiments", "tools", "benchmarks", "tests"}
PYTHON_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP")
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
SHORTER = ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")  # these cut every `fit` and `predict` short
KERAS = {"backend": "tensorflow", "floatx": "float32", "image_data_format": "channels_last", "epsilon": 1e-7}


def python_complaint(version):
    """What is wrong with a Python version (major, minor), or None."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return None
    return (
        "The course needs Python {}.{} to {}.{}, this is {}.{}. Install one of them and run: make PYTHON=python3.12 lab"
    ).format(*(OLDEST + NEWEST + tuple(version[:2])))


# -- the environment ---------------------------------------------------------------------------------------------------


def python_of(environment):
    """The path of an environment's Python."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def stamp():
    """What tools/set_up.py writes into a finished environment: another folder or other pins, another stamp."""
    pins = hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()
    return f"{ROOT}\n{pins}\n"


def stamp_complaint(environment):
    """What an environment's stamp tells against it, or None."""
    try:
        found = (environment / ".installed").read_text(encoding="utf-8")
    except (OSError, ValueError):  # ValueError: it is no text
        return "the set-up of .venv was not finished"
    folder, *rest = found.splitlines() or [""]
    if not rest:
        return ".venv was set up by an earlier version of the course"
    if type(ROOT)(folder) != ROOT:
        return f"this folder was renamed or copied: .venv was set up in {folder}"
    return None if rest == stamp().splitlines()[1:] else "requirements.lock has changed since .venv was set up"


def wrong_packages():
    """One clause for each package of requirements.lock that is missing in this Python, or has another version."""
    from importlib.metadata import PackageNotFoundError, version

    def pin(line):
        name, _, right = line.partition(" ;")[0].partition("==")
        if not re.fullmatch("[A-Za-z0-9._-]+", name) or not right:
            return f"a line of requirements.lock, {line[:40]!r}, is no pin"
        try:
            found = version(name)
        except PackageNotFoundError:
            return f"{name} is missing"
        return None if found == right else f"{name} is {found}, tried with {right}"

    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    everywhere = [line for line in lines if " ;" not in line]
    wrong = [pin(line) for line in everywhere]
    if "packaging is missing" not in wrong:
        from packaging.markers import Marker

        conditional = [line for line in lines if " ;" in line]
        wrong += [pin(line) for line in conditional if Marker(line.partition(" ;")[2]).evaluate()]
    return [clause for clause in wrong if clause]


# -- what is in the way ------------------------------------------------------------------------------------------------


def hiding_files(folder, site_packages=None):
    """Files of a folder that are imported in place of Python's own modules, the course's or installed ones."""
    names = set(getattr(sys, "stdlib_module_names", ())) - {"test"}  # which nobody imports
    if site_packages:
        names |= {path.stem for path in Path(site_packages).glob("*.py")}
        names |= {path.parent.name for path in Path(site_packages).glob("*/__init__.py")}
    names = names - OWN if folder == ROOT else names | OWN
    found = [path for path in folder.glob("*.py") if path.stem in names]
    return sorted(found + [path.parent for path in folder.glob("*/__init__.py") if path.parent.name in names])


def hiding_complaint(folder, site_packages=None):
    """One sentence if files of a folder hide modules, or None. A folder that is not there hides nothing."""
    found = hiding_files(folder, site_packages) if folder.is_dir() else []
    if not found:
        return None
    shown = ", ".join(str(path.relative_to(ROOT) if ROOT in path.parents else path) for path in found)
    return f"{shown} {'hides the module' if len(found) == 1 else 'hide the modules'} of that name"


def odd_variables():
    """Variables whose values say nothing to TensorFlow, or that shorten what Keras does: the course does without."""
    odd = [name for name in THREADS if not re.fullmatch("[0-9]{1,3}", os.environ.get(name, "1"))]
    return odd + [name for name in SHORTER if name in os.environ]


def foreign_settings():
    """One clause for each setting of this machine that the course does not use."""
    found = [f"{name}={os.environ[name]}" for name in odd_variables()]
    if os.environ.get("KERAS_BACKEND", "tensorflow") not in ("", backend()):
        found.append(f"KERAS_BACKEND={os.environ['KERAS_BACKEND']}")
    file = keras_file()
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        used = {**KERAS, "backend": backend()}
        found += [f"{name} {given[name]} of {file}" for name in used if given.get(name, used[name]) != used[name]]
    except (OSError, ValueError, AttributeError):  # Keras says what is wrong, if anything is
        pass
    return found


def backend():
    """What Keras runs on: TensorFlow, unless COURSE_BACKEND names another one, which runs the cells and no lesson."""
    return os.environ.get("COURSE_BACKEND") or KERAS["backend"]


def keras_file():
    """Where Keras reads its settings: as it says in keras/src/backend/config.py, also for who has no home."""
    try:
        home = Path.home()
    except RuntimeError:  # a user who is a number without a name, as in a container
        home = Path("/tmp")
    folder = (home if os.access(str(home), os.W_OK) else Path("/tmp")) / ".keras"
    return Path(os.environ.get("KERAS_HOME", str(folder))) / "keras.json"


def folder_complaint(folder):
    """Why nothing can be written in a folder, which need not be there yet; or None. Nothing is left there."""
    there = folder
    while not os.path.lexists(str(there)) and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return f"{there} is a file, where a folder should be: move it away"
    try:
        with tempfile.TemporaryFile(dir=str(there)) as file:
            file.write(b" " * 65536)
        free = shutil.disk_usage(str(there)).free
    except OSError as error:
        return f"nothing can be written in {there} ({error.strerror})"
    return None if free >= 2e8 else f"the disk of {there} is full: {free / 1e9:.1f} GB are free"
