"""Look after .venv: make it where there is none, mend it where it is of another folder, Python or set of pins.

    python tools/set_up.py

`make lab` and the others begin with this; where all is well it says nothing. Runs on any Python from 3.6 on, and finds
one that the course can use. An environment that was moved needs no network.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def load(name):
    """A module of this folder's course_lib, whatever `import course_lib` would find."""
    spec = importlib.util.spec_from_file_location(name, str(ROOT / "course_lib" / (name + ".py")))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


installation = load("installation")
ENVIRONMENT, python_of = installation.ENVIRONMENT, installation.python_of

NEEDED_GB = 3
# What settings of other programs may do to a new Python, and to pip.
VARIABLES = {
    **{name: value for name, value in os.environ.items() if name not in installation.PYTHON_VARIABLES},
    "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONIOENCODING": "utf-8",
}  # fmt: skip
for name in ("PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__"):
    VARIABLES.pop(name, None)


def output(*command):
    """What a command prints, or None if it fails."""
    try:
        done = subprocess.run(command, env=VARIABLES, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


def complaint():
    """Why the environment cannot be used as it is, in one clause, or None."""
    if not os.path.lexists(str(ENVIRONMENT)):
        return "there is none yet"
    found = output(str(python_of(ENVIRONMENT)), str(Path(__file__).resolve()), "--inside")
    if found is None:
        return "the Python that .venv was made with does not run any more"
    return found or None


def inside():
    """The same, asked by the environment's own Python."""
    version = made_with()
    if version is None:
        return "pyvenv.cfg of .venv names no version of Python"
    if version != sys.version_info[:2]:
        return "the Python of .venv was {}.{} and is {}.{} now".format(*version, *sys.version_info[:2])
    wrong = installation.stamp_complaint(ENVIRONMENT)
    if wrong:
        return wrong
    packages = installation.wrong_packages()
    if not packages:
        return ""
    return f"packages of .venv are not as in requirements.lock: {', '.join(packages[:3])} ({len(packages)} in all)"


def made_with():
    """The version (major, minor) of the Python that .venv was made with, or None."""
    try:
        for line in (ENVIRONMENT / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() in ("version", "version_info"):
                return tuple(int(number) for number in value.split(".")[:2])
    except (OSError, ValueError):
        pass
    return None


def pythons():
    """The Pythons here that can run the course: (version, command), the one that runs this first."""
    own = getattr(sys, "_base_executable", None) or sys.executable
    minors = range(installation.NEWEST[1], installation.OLDEST[1] - 1, -1)
    commands = [[own], *([f"python3.{minor}"] for minor in minors)]
    if os.name == "nt":
        commands += [["py", f"-3.{minor}"] for minor in minors]
    ask = "import ensurepip, sys, venv; print(*sys.version_info[:2])"
    for command in commands:
        found = output(*command, "-c", ask)
        version = tuple(int(number) for number in found.split()) if found else (0, 0)
        if not installation.python_complaint(version):
            yield version, command


def choose(wanted):
    """A Python of the wanted version, so that what is installed can stay; else the first; SystemExit if none fits."""
    found = list(pythons())
    if found:
        return next((python for python in found if python[0] == wanted), found[0])
    wrong = installation.python_complaint(sys.version_info)
    if wrong:
        raise SystemExit(wrong)
    raise SystemExit(
        "This Python lacks its modules venv and ensurepip. On Debian and Ubuntu, install them "
        "(apt install python3-venv); elsewhere, install Python from python.org. Then give the same command again."
    )


def run(*command):
    """Run a part of the set-up; SystemExit with one sentence if it fails."""
    if subprocess.run(command, env=VARIABLES, cwd=str(ROOT)).returncode:
        raise SystemExit(
            "The environment in .venv could not be set up: the lines above say why. With a network, room on the disk "
            "and the right to write there, give the same command again."
        )


def build():
    """Make or mend the environment; SystemExit with one sentence where that is for a person to do."""
    stamped = ENVIRONMENT / ".installed"
    if os.path.lexists(str(ENVIRONMENT)) and not ENVIRONMENT.is_dir():
        raise SystemExit(f"{ENVIRONMENT} is no folder, but the environment's place: move it away.")
    shared = ENVIRONMENT.resolve().parent
    if shared != ROOT and (shared / "requirements.lock").exists():
        raise SystemExit(f"{ENVIRONMENT} is a link to the environment of {shared}: remove the link.")
    old = made_with()
    if ENVIRONMENT.is_dir() and not old and any(ENVIRONMENT.iterdir()) and not stamped.exists():
        raise SystemExit(f"{ENVIRONMENT} holds something that is no environment: move it away.")
    wrong = installation.folder_complaint(ENVIRONMENT)
    if wrong:
        raise SystemExit(f"The environment cannot be set up: {wrong}.")
    version, python = choose(old)
    anew = version != old
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if anew and free < NEEDED_GB:
        raise SystemExit(f"The environment needs {NEEDED_GB} GB of disk; {free:.1f} GB are free here. Make room.")
    if stamped.exists():
        stamped.unlink()
    if anew:
        print("Setting up in .venv: this takes a few minutes and about 3 GB.", flush=True)
    elif os.name != "nt":
        for link in (ENVIRONMENT / "bin").glob("python*"):  # `venv` leaves links as they are, to whatever they lead
            link.unlink()
    run(*python, "-m", "venv", *(["--clear"] if anew else []), str(ENVIRONMENT))
    inner = str(python_of(ENVIRONMENT))
    run(inner, "-m", "pip", "install", "--quiet", "-r", "requirements.lock")
    run(inner, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    run(inner, str(Path(__file__).resolve()), "--programs")
    stamped.write_text(installation.stamp(), encoding="utf-8")


def write_programs():
    """Write the environment's programs (jupyter, nbgrader, …) anew: each names its Python by the full path."""
    from importlib.metadata import distributions

    from distlib.scripts import ScriptMaker

    maker = ScriptMaker(None, str(Path(sys.executable).parent))
    maker.executable, maker.variants, maker.clobber = sys.executable, {""}, True
    for entry in (entry for installed in distributions() for entry in installed.entry_points):
        if entry.group == "console_scripts":
            maker.make(f"{entry.name} = {entry.value}")


def main():
    """The command line: 0, or SystemExit with one sentence."""
    load("console").print_utf8()
    parser = argparse.ArgumentParser("python tools/set_up.py", description=__doc__.splitlines()[0])
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # of complaint()
    parser.add_argument("--programs", action="store_true", help=argparse.SUPPRESS)  # of build()
    options = parser.parse_args()
    if options.inside:
        print(inside())
    elif options.programs:
        write_programs()
    else:
        hidden = installation.hiding_complaint(ROOT)
        if hidden:
            raise SystemExit(f"{hidden}: give it another name.")
        wrong = complaint()
        if wrong:
            print(f"The environment has to be set up: {wrong}.", flush=True)
            build()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped; give the same command to go on.")
    except OSError as error:
        sys.exit(f"The environment in .venv cannot be set up: {error}.")
