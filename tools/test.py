"""`make test`: ruff, mypy, the unit tests, and nbval on the notebooks, two at a time, the longest first.

python -m tools.test           everything; of the students' edition what differs from the solved one
python -m tools.test --all     everything; both editions whole
python -m tools.test --unit    ruff, mypy and the unit tests alone
"""

import argparse
import os
import subprocess
import sys
import time

from course_lib import doctor
from tools.build import EDITIONS, ROOT, environment, exercises_only, lessons, longest_first

TWO = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")  # files in the order given, conftest.py's, or ours
REDUCED = ROOT / ".cache" / "exercises"  # the students' notebooks, cut down to the set-up and the exercises


def run(title: str, *command: str) -> bool:
    """Run one part, print how long it took; True if it passed."""
    print(f"── {title}", flush=True)
    start = time.monotonic()
    # Warnings about a changed public file and the like are the tests' business; progress bars are nobody's.
    passed = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment(threads=1)).returncode == 0
    print(f"── {title}: {'passed' if passed else 'FAILED'} in {time.monotonic() - start:.0f} s\n", flush=True)
    return passed


def notebooks(whole: bool) -> list[str]:
    """The notebooks to run. A test holds the other cells of the students' edition equal to the solved one's."""
    import nbformat

    names = longest_first(lessons())
    if whole:
        return [str(folder / f"{name}.ipynb") for name in names for folder in EDITIONS.values()]
    REDUCED.mkdir(parents=True, exist_ok=True)
    for name in names:
        notebook = nbformat.read(EDITIONS["student"] / f"{name}.ipynb", 4)
        nbformat.write(exercises_only(notebook), REDUCED / f"{name}.ipynb")
    return [str(folder / f"{name}.ipynb") for folder in (EDITIONS["solutions"], REDUCED) for name in names]


def main() -> int:
    """Run all parts even if one fails, so that one run tells everything; none where the machine is not ready."""
    parser = argparse.ArgumentParser("python -m tools.test", description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="both editions of the lessons whole")
    parser.add_argument("--unit", action="store_true", help="ruff, mypy and the unit tests alone")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)  # as the tests have it
    if wrong := doctor.complaints():
        print("\n".join(wrong), file=sys.stderr)
        return 1
    parts = [
        ("style", "ruff", "check", "."),
        ("format", "ruff", "format", "--check", "."),
        ("types", "mypy"),
        ("unit tests", "pytest", "-q", *TWO, "tests"),
    ]
    if not options.unit:
        nbval = ("--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg")
        parts.append(("notebooks", "pytest", "-q", *TWO, *nbval, *notebooks(options.all)))
    return 0 if all([run(*part) for part in parts]) else 1


if __name__ == "__main__":
    sys.exit(main())
