"""python -m course_lib doctor | data | fetch NAME"""

import argparse
import importlib.metadata
import platform
import re
import sys
from pathlib import Path

from course_lib import bundled
from course_lib.console import print_utf8
from course_lib.datasets import REGISTRY
from course_lib.datasets.fetch import fetch, find, sha256
from course_lib.errors import CourseError

ROOT = Path(__file__).resolve().parents[1]
NEEDED_MEMORY_GB = 3


def _check_python():
    version = sys.version_info
    right = (3, 11) <= version[:2] <= (3, 13)
    return right, f"Python {platform.python_version()}", "install Python 3.11, 3.12 or 3.13, then run `make lab`"


def _check_packages():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins, wrong = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)), []
    for name in ("keras", "matplotlib", "numpy", "pooch", "psutil", "tensorflow", "tqdm"):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if version != pins[name]:
            wrong.append(f"{name} is {version}, tried with {pins[name]}")
    return not wrong, f"packages: {', '.join(wrong) or 'as pinned'}", "run `pip install -r requirements.lock`"


def _check_memory():
    import psutil

    free = psutil.virtual_memory().available / 1e9
    return (
        free >= NEEDED_MEMORY_GB,
        f"memory: {free:.1f} GB free",
        f"close other programs: {NEEDED_MEMORY_GB} GB are needed",
    )


def _check_data():
    wrong = []
    for name, expected in bundled.checksums().items():
        file = bundled.DATA / name
        if not file.is_file():
            wrong.append(f"{name} is missing")
        elif sha256(file) != expected:
            wrong.append(f"{name} was changed")
    return not wrong, f"bundled data: {', '.join(wrong) or 'complete and unchanged'}", "run `make data`"


CHECKS = (_check_python, _check_packages, _check_memory, _check_data)


def doctor() -> bool:
    """Check this machine and the bundled files, print what is found and how to mend it; True if all is well."""
    well = True
    for check in CHECKS:
        try:
            right, found, remedy = check()
        except (CourseError, OSError) as error:
            right, found, remedy = False, str(error), "get a fresh copy of the course"
        print(f"✓ {found}" if right else f"✗ {found}\n  To mend it: {remedy}.")
        well &= right
    return well


def list_data() -> None:
    """Print the public data sets: size, licence, and where the file is on this machine."""
    for entry in REGISTRY.values():
        place = find(entry.name)
        print(f"{entry.name:12}  {entry.bytes / 1e6:6.1f} MB  {entry.title} ({entry.licence})")
        print(f"{'':12}  {place or 'not here yet: python -m course_lib fetch ' + entry.name}")
    print("Any UTF-8 text file of yours: python -m experiments.language_model --text FILE")


def main(arguments=None) -> int:
    """The command line. Returns 0 if all is well, 1 if something is to be mended."""
    parser = argparse.ArgumentParser(prog="python -m course_lib")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="check this machine and say how to mend what is wrong")
    commands.add_parser("data", help="list the public data sets")
    commands.add_parser("fetch", help="download a public data set").add_argument("name")
    options = parser.parse_args(arguments)
    try:
        if options.command == "doctor":
            return 0 if doctor() else 1
        if options.command == "data":
            list_data()
        else:
            print(fetch(options.name))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    print_utf8()
    sys.exit(main())
