"""Checks of the machine on which the course shall run: `doctor` makes all, `make lab` and `make test` those in ABOUT.

A check returns whether all is well, what was found, and how to mend it.
"""

import importlib.util
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from course_lib import bundled, installation
from course_lib.errors import CourseError
from course_lib.installation import ENVIRONMENT, KERAS, ROOT

NEEDED_MEMORY_GB = 3
SET_UP = "run `make lab`, or without make `python tools/set_up.py`"
PINS = f"run `{sys.executable} -m pip install -r requirements.lock`"
Found = tuple[bool, str, str]


def work_folder() -> Path:
    """Where students' lessons lie: COURSE_WORK, or work/ of the course."""
    return Path(os.environ.get("COURSE_WORK") or ROOT / "work").expanduser()


def _python(code: str, cwd) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, encoding="utf-8", errors="replace")


def _check_python() -> Found:
    wrong = installation.python_complaint(sys.version_info)
    return not wrong, f"Python {platform.python_version()}", "install Python 3.11, 3.12 or 3.13, then run `make lab`"


def _in_environment() -> bool:
    return Path(sys.prefix).resolve() == ENVIRONMENT.resolve()


def _check_environment() -> Found:
    if not os.path.lexists(ENVIRONMENT):  # conda's, or another one made by hand
        return True, "environment: not .venv, but another one", ""
    if not _in_environment():
        python = installation.python_of(ENVIRONMENT)
        right = not installation.wrong_packages()
        return right, f"environment: {sys.prefix}, not the course's .venv", f"run `{python} -m course_lib doctor`"
    wrong = installation.stamp_complaint(ENVIRONMENT)
    return not wrong, f"environment: {wrong or 'of this folder'}", SET_UP


def _check_packages() -> Found:
    wrong = installation.wrong_packages()
    for name in ("keras", "matplotlib", "numpy", "tensorflow"):
        spec = importlib.util.find_spec(name)
        home = Path(sysconfig.get_path("platlib")).resolve()
        if spec and spec.origin and not {home, ROOT, work_folder()} & set(Path(spec.origin).resolve().parents):
            return False, f"packages: {name} comes from {Path(spec.origin).parent}", "unset PYTHONPATH"
    shown = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
    return not wrong, f"packages: {shown or 'as pinned'}", SET_UP if _in_environment() else PINS


def _check_course() -> Found:
    """A notebook imports the course that it lies in, and so does a program that is run elsewhere."""
    run = _python("import course_lib; print(course_lib.__file__)", cwd=sys.prefix)
    if run.returncode:
        return False, "course_lib: cannot be imported outside of this folder", SET_UP
    here = next((folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "course_lib").is_dir()), ROOT)
    found = Path(run.stdout.strip()).resolve().parents[1]
    for folder in (found, ROOT):
        if folder != here.resolve():
            return False, f"course_lib: comes from {folder}, not from {here}", f"in {here} {SET_UP}"
    return True, "course_lib: of this folder", ""


def _check_files() -> Found:
    packages = sysconfig.get_path("purelib")
    wrong = [installation.hiding_complaint(folder, packages) for folder in {ROOT, work_folder().absolute()}]
    return not any(wrong), f"files: {'; '.join(filter(None, wrong)) or 'none hides a module'}", "give it another name"


def _check_folders() -> Found:
    folders = [work_folder(), ROOT / ".cache"]
    if importlib.util.find_spec("pooch"):
        from course_lib.datasets.fetch import cache_folder

        folders.append(cache_folder())
    wrong = [complaint for complaint in map(installation.folder_complaint, folders) if complaint]
    data = os.environ.get("COURSE_DATA")
    if data and not Path(data).is_dir():
        wrong.append(f"COURSE_DATA is {data!r}, which is not a folder")
    remedy = "mend that, or name others with COURSE_WORK (lessons), COURSE_CACHE (downloads), COURSE_DATA (public sets)"
    return not wrong, f"folders: {'; '.join(dict.fromkeys(wrong)) or 'can be written, with room'}", remedy


def _check_kernel() -> Found:
    if not importlib.util.find_spec("jupyter_client"):
        return False, "kernel: Jupyter is not installed", SET_UP
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        kernel = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        return False, "kernel: there is no python3", SET_UP
    program = kernel.argv[0]
    own = _starts(Path(program), Path(sys.executable))
    return (
        own,
        f"kernel: {'of this environment' if own else program}",
        f"move {kernel.resource_dir} away, it is another Python's",
    )


def _starts(program: PurePath, python: PurePath) -> bool:
    """Whether the program that a kernel names starts this Python: Jupyter takes a bare `python` for its own."""
    if len(program.parts) == 1:
        return program.stem.startswith("python")
    return program.parent == python.parent and program.stem.startswith("python")


def _check_memory() -> Found:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    return (
        free >= NEEDED_MEMORY_GB,
        f"memory: {free:.1f} GB free",
        f"close other programs: {NEEDED_MEMORY_GB} GB are needed",
    )


def _check_processor() -> Found:
    """Nothing can be wrong with it: it says which of a lesson's two run times is nearer to this machine's."""
    from course_lib import machine, results

    rows = sorted(results.read("lesson_times.csv"), key=lambda row: row["gflops"])  # one of each kind: its quietest
    known = {row["processor"]: f"{row['gflops']:.0f}" for row in rows}
    stated = " and ".join(reversed(known.values()))
    return True, f"processor: {machine.told_machine()} (the lessons' run times are of {stated})", ""


def _check_data() -> Found:
    from course_lib.datasets.fetch import sha256

    wrong = []
    for name, expected in bundled.checksums().items():
        file = bundled.DATA / name
        if not file.is_file():
            wrong.append(f"{name} is missing")
        elif sha256(file) != expected:
            wrong.append(f"{name} was changed")
    return not wrong, f"bundled data: {', '.join(wrong) or 'complete and unchanged'}", "run `make data`"


TRIAL = """
import sys
sys.path.append(sys.path.pop(0))  # what hides modules in this folder is another check's
from course_lib.errors import CourseError
try:
    from course_lib.backend import keras
except CourseError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
import tensorflow as tf
one = keras.ops.ones((2, 2))
if float(keras.ops.sum(one @ one)) != 8:
    raise SystemExit("a product of matrices is wrong")
print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}")
"""


def _check_tensorflow() -> Found:
    """In a process of its own: TensorFlow can end it."""
    if installation.backend() != KERAS["backend"]:
        return False, f"COURSE_BACKEND is {installation.backend()}: no lesson runs on it", "unset COURSE_BACKEND"
    ignored = installation.foreign_settings()
    run = _python(TRIAL, cwd=ROOT)
    if run.returncode == 0:
        found = run.stdout.strip().splitlines()[-1]
        return True, found + (f" (not used in the course: {', '.join(ignored)})" if ignored else ""), ""
    lines = [line for line in run.stderr.splitlines() if line.strip()]
    reason = lines[-1].rstrip(".") if run.returncode in (1, 3) and lines else f"it ended with {run.returncode}"
    given = [name for name in os.environ if name.startswith(("TF_", "XLA_", "KERAS_", "MPLBACKEND"))]
    if run.returncode == 3:
        remedy = "do that"
    elif installation.wrong_packages():
        remedy = SET_UP if _in_environment() else PINS
    else:  # pip takes what is damaged for installed
        remedy = "delete .venv, then " + SET_UP
        remedy += f"; but first try it without the variables {', '.join(given)}" if given else ""
    return False, f"TensorFlow does not run: {reason}", remedy


ABOUT: Sequence[Callable[[], Found]] = (
    _check_python, _check_environment, _check_packages, _check_course, _check_files, _check_folders, _check_kernel,
)  # fmt: skip
CHECKS = (*ABOUT, _check_memory, _check_processor, _check_data, _check_tensorflow)


def examine(check: Callable[[], Found]) -> Found:
    """The result of a check, whatever happens in it."""
    try:
        return check()
    except ImportError as error:
        return False, f"{check.__name__[7:]}: {error}", SET_UP
    except (CourseError, OSError) as error:
        return False, str(error), "get a fresh copy of the course"


def complaints() -> list[str]:
    """One sentence for each thing of ABOUT that is not well."""
    found = [examine(check) for check in ABOUT]
    return [f"{what}. To mend it: {remedy}." for well, what, remedy in found if not well]


def doctor() -> bool:
    """Check this machine and the bundled files, print what is found and how to mend it; True if all is well."""
    well = True
    for check in CHECKS:
        right, found, remedy = examine(check)
        print(f"✓ {found}" if right else f"✗ {found}\n  To mend it: {remedy}.")
        well &= right
    return well
